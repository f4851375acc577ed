//! What a run leaves behind, and whom its end concerns.

use super::Supervisor;
use super::spawn::Foreground;
use crate::exec;
use crate::exec::spaces::Spaces;
use crate::supervisor::service::machine::{ServiceResult, StopKind};
use crate::supervisor::service::plan::ApplyMode;
use crate::unit::exec::directories::{Kind, Preserve};
use crate::unit::model::RestartMode;

impl Supervisor {
    /// The end of a run: folders, PID files and the group go; those who wait are told; whoever is
    /// interested in the end is called.
    pub(super) fn over(&mut self, again: bool) {
        self.leave_host();
        self.drop_credentials();
        self.remove_runtime_directories(again);
        // The next run has its own, as with systemd. A number is free for others when nothing is left that is its.
        self.spaces = Spaces::default();
        for path in self.plan.pid_files() {
            self.note_failure(self.state_dir.root.safe_remove_file(&path));
        }
        self.remove_pid_file();
        self.remove_groups(again);
        if self.machine.result == ServiceResult::Resources
            && self.record.exec_failure.is_none()
            && self.others_live()
        {
            let why = "processes of an earlier run live on, which SendSIGKILL=no has spared";
            self.record.exec_failure = Some(why.to_owned());
        }
        // A main process that nothing could end is left behind.
        self.main = None;
        self.control = None;
        if !self.machine.state.is_over() && !self.waiters.is_empty() {
            self.publish();
            self.waiters.over(&self.machine, &self.record, self.policy.start_limit);
        }
        if !again {
            self.react();
        } else if self.plan.reaction.bound && self.plan.service.restart_mode == RestartMode::Normal {
            self.call_reaction("will-restart");
            self.restarting = true;
        }
    }

    /// Its own /tmp, its objects of IPC and its terminal.
    fn leave_host(&self) {
        let (context, root) = (&self.plan.service.context, &self.state_dir.root);
        if context.mounts.private_tmp {
            exec::remove_private_tmp(root, &self.plan.unit, &self.invocation_id);
        }
        if self.plan.mode == ApplyMode::Strict {
            exec::remove_ipc(context, root, &self.spaces);
        }
        // In the foreground its terminal is the caller's, whatever the unit says.
        if self.foreground == Foreground::No {
            exec::leave_terminal(context, root);
        }
    }

    /// `RuntimeDirectory=` with its links, unless `RuntimeDirectoryPreserve=` keeps it.
    fn remove_runtime_directories(&self, again: bool) {
        let directories = &self.plan.service.context.directories;
        let keep = match directories.runtime_preserve {
            Preserve::Yes => true,
            Preserve::Restart => again || self.machine.stop_kind == StopKind::Restart,
            Preserve::No => false,
        };
        if keep {
            return;
        }
        let (above, set) = (&self.plan.paths.runtime_dir, directories.set(Kind::Runtime));
        let root = &self.state_dir.root;
        let is_ours = |name: &str, link: &String| {
            root.read_link(&above.join(link)).is_ok_and(|to| to == exec::link_target(name, link))
        };
        for (_, link) in set.links.iter().filter(|(name, link)| is_ours(name, link)) {
            self.note_failure(root.safe_remove_file(&above.join(link)));
        }
        let hidden = self.plan.service.context.is_private(Kind::Runtime).then(|| above.join("private"));
        for above in [Some(above), hidden.as_ref()].into_iter().flatten() {
            set.names.iter().for_each(|name| self.note_failure(root.remove_dir_all(&above.join(name))));
        }
    }

    /// The start that waits for this end needs the group.
    fn remove_groups(&mut self, again: bool) {
        let last = !again && !self.start_pending;
        if last && (self.deserted || matches!(self.tracking.is_empty(), Ok(true))) {
            let removed = self.tracking.remove().and(self.groups.remove());
            self.note_failure(removed);
        }
    }

    /// Secrets of a run end with it; those of one that nobody saw end go before the next one begins.
    pub(super) fn drop_credentials(&mut self) {
        if !std::mem::take(&mut self.has_credentials) {
            return;
        }
        let folder = exec::credentials::folder(&self.plan.paths.runtime_dir, &self.plan.unit);
        self.note_failure(exec::credentials::remove(&self.state_dir.root, &folder));
    }
}
