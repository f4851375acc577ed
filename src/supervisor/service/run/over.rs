//! What a run leaves behind, and whom its end concerns.

use super::Supervisor;
use super::spawn::Foreground;
use crate::exec;
use crate::exec::spaces::Spaces;
use crate::supervisor::service::machine::{ServiceResult, StopKind};
use crate::supervisor::service::plan::ApplyMode;
use crate::unit::exec::directories::{Kind, Preserve};

impl Supervisor {
    /// The end of a run: folders, PID files and the group go; those who wait are told; whoever is
    /// interested in the end is called.
    pub(super) fn over(&mut self, again: bool) {
        let p = &self.plan.service;
        let keep = match p.context.directories.runtime_preserve {
            Preserve::Yes => true,
            Preserve::Restart => again || self.machine.stop_kind == StopKind::Restart,
            Preserve::No => false,
        };
        let mut gone = Vec::new();
        if !keep {
            let folder = |name: &String| self.plan.paths.runtime_dir.join(name);
            let set = p.context.directories.set(Kind::Runtime);
            gone.extend(set.names.iter().map(folder));
            if p.context.is_private(Kind::Runtime) {
                let hidden = self.plan.paths.runtime_dir.join("private");
                gone.extend(set.names.iter().map(|name| hidden.join(name)));
            }
            let root = &self.state_dir.root;
            let is_ours = |name: &str, link: &String| {
                root.read_link(&folder(link)).is_ok_and(|to| to == exec::link_target(name, link))
            };
            for (_, link) in set.links.iter().filter(|(name, link)| is_ours(name, link)) {
                self.note_failure(root.safe_remove_file(&folder(link)));
            }
        }
        if p.context.mounts.private_tmp {
            exec::remove_private_tmp(&self.state_dir.root, &self.plan.unit, &self.invocation_id);
        }
        if self.plan.mode == ApplyMode::Strict {
            exec::remove_ipc(&p.context, &self.state_dir.root, &self.spaces);
        }
        // In the foreground its terminal is the caller's, whatever the unit says.
        if self.foreground == Foreground::No {
            exec::leave_terminal(&p.context, &self.state_dir.root);
        }
        self.drop_credentials();
        for path in &gone {
            if let Err(e) = self.state_dir.root.remove_dir_all(path) {
                log::warn!("{e}");
            }
        }
        // The next run has its own, as with systemd. A number is free for others when nothing is left that is its.
        self.spaces = Spaces::default();
        for path in self.plan.pid_files() {
            self.note_failure(self.state_dir.root.safe_remove_file(&path));
        }
        self.remove_pid_file();
        // The start that waits for this end needs the group.
        let last = !again && !self.start_pending;
        if last && (self.deserted || matches!(self.tracking.is_empty(), Ok(true))) {
            let removed = self.tracking.remove().and(self.groups.remove());
            self.note_failure(removed);
        }
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
        } else if self.plan.reaction.bound {
            self.call_reaction("will-restart");
            self.restarting = true;
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
