//! Which processes belong to a service: by a group of the kernel, or by kinship.
//!
//! Kinship: the supervisor is child subreaper, so that whatever its service forks stays below it.
//! On top of that, processes that were once seen are remembered, and while one of them lives, all of
//! its session is ours: that is what is left after the supervisor's own death. A process that leaves
//! session and parents between two looks, after such a death, escapes: the price of having no cgroup.

use super::cgroup::Group;
use super::clock::BootId;
use super::error::{Error, Result};
use super::features::Features;
use super::kill::Target;
use super::proc::{Identity, Proc, ProcStat, ProcessId};
use super::sys;
use std::collections::{BTreeMap, BTreeSet};

/// A signal is sent to newcomers in at most this many passes.
const PASSES: u32 = 100;

/// How a service's processes are told from others.
#[derive(Debug)]
pub enum Tracking {
    /// They are in this group.
    Cgroup(Group),
    /// They are relatives.
    Subreaper(Descendants),
}

/// The relatives of a supervisor.
#[derive(Clone, Debug)]
pub struct Descendants {
    proc: Proc,
    boot_id: BootId,
    supervisor: Option<ProcessId>,
    apart: BTreeSet<ProcessId>,
    seen: BTreeMap<ProcessId, u64>,
    /// It began with what a dead supervisor left, which is not below this one.
    adopted: bool,
}

impl Tracking {
    /// All processes of the service that have not ended, sorted.
    pub fn pids(&mut self) -> Result<Vec<ProcessId>> {
        match self {
            Tracking::Cgroup(group) => group.pids(),
            Tracking::Subreaper(kin) => Ok(kin.scan()?.iter().map(|stat| stat.pid).collect()),
        }
    }

    /// Are there none?
    pub fn is_empty(&mut self) -> Result<bool> {
        match self {
            Tracking::Cgroup(group) => group.is_empty(),
            Tracking::Subreaper(kin) => Ok(kin.has_only(&[]) || kin.scan()?.is_empty()),
        }
    }

    /// Is there anybody besides these (and the supervisor)?
    pub fn has_others(&mut self, known: &[ProcessId]) -> Result<bool> {
        if let Tracking::Subreaper(kin) = self
            && kin.has_only(known)
        {
            return Ok(false);
        }
        Ok(self.pids()?.iter().any(|pid| !known.contains(pid) && *pid != ProcessId::own()))
    }

    /// Sends a signal to all, newcomers included, except `spared`. Returns to how many.
    /// One that may not be signalled is an error, told after all others got theirs.
    pub fn kill_all(&mut self, signal: i32, spared: &[ProcessId], features: &Features) -> Result<usize> {
        match self {
            Tracking::Cgroup(group) => group.kill_all(signal, spared, features),
            Tracking::Subreaper(kin) => kin.kill_all(signal, spared, features),
        }
    }

    /// Clears up after the last process has gone.
    pub fn remove(&mut self) -> Result<()> {
        match self {
            Tracking::Cgroup(group) => group.remove(),
            Tracking::Subreaper(_) => Ok(()),
        }
    }
}

/// Makes this process the one that orphans below it come to. For every supervisor, whatever the
/// tracking: it is how it learns of the end of daemons that forked away.
pub fn become_subreaper() -> Result<()> {
    sys::become_subreaper().map_err(|e| Error::new("become", "child subreaper", e))
}

impl Descendants {
    /// Of a supervisor, which must be subreaper.
    pub fn new(supervisor: ProcessId, proc: Proc, boot_id: BootId) -> Descendants {
        let (apart, seen) = (BTreeSet::new(), BTreeMap::new());
        Descendants { proc, boot_id, supervisor: Some(supervisor), apart, seen, adopted: false }
    }

    /// Those that a dead supervisor left: by what its record says.
    pub fn adopt(seen: &[Identity], proc: Proc, boot_id: BootId) -> Descendants {
        let of_this_boot = seen.iter().filter(|identity| identity.boot_id == boot_id);
        let seen =
            of_this_boot.map(|identity| (identity.pid, identity.start_time)).collect::<BTreeMap<_, _>>();
        Descendants { proc, boot_id, supervisor: None, apart: BTreeSet::new(), seen, adopted: true }
    }

    /// The one that takes over: what it forks from now on is kin, too.
    #[must_use]
    pub fn taken_over_by(self, supervisor: ProcessId) -> Descendants {
        Descendants { supervisor: Some(supervisor), ..self }
    }

    /// A child of the supervisor that is not the service's, with all below it: a transaction that
    /// it carries out.
    pub fn set_apart(&mut self, pid: ProcessId) {
        self.apart.insert(pid);
    }

    /// It was reaped.
    pub fn forget_apart(&mut self, pid: ProcessId) {
        self.apart.remove(&pid);
    }

    /// For the record, as of the last look.
    pub fn seen(&self) -> Vec<Identity> {
        let identity = |(&pid, &start_time)| Identity { pid, start_time, boot_id: self.boot_id.clone() };
        self.seen.iter().map(identity).collect()
    }

    /// Proves, where that is cheap, that nobody lives besides these: they have no children, and the
    /// supervisor has none but them. An orphan of theirs would come to the supervisor, whose list is
    /// read last and loses nobody meanwhile, as only the supervisor itself reaps. `false` proves nothing.
    fn has_only(&mut self, known: &[ProcessId]) -> bool {
        if self.adopted || !self.apart.is_empty() || self.supervisor != Some(ProcessId::own()) {
            return false;
        }
        let childless = |pid: &ProcessId| self.proc.only_children(*pid).is_some_and(|c| c.is_empty());
        let only = known.iter().all(childless)
            && self.proc.only_children(ProcessId::own()).is_some_and(|c| c.iter().all(|c| known.contains(c)));
        if only {
            self.seen.retain(|pid, _| known.contains(pid));
        }
        only
    }

    /// Looks at all processes and remembers the relatives; those that have ended are not counted.
    pub fn scan(&mut self) -> Result<Vec<ProcStat>> {
        let all = self.proc.all()?;
        let apart = descendants(&all, self.apart.iter().copied(), &BTreeSet::new());
        let below = match self.supervisor {
            Some(pid) => descendants(&all, [pid], &apart),
            None => BTreeSet::new(),
        };
        let own = self.supervisor.and_then(|pid| all.iter().find(|stat| stat.pid == pid));
        let own_session = own.map(|stat| stat.session);
        // A session's number stays taken while it has a member, so one with a member that was seen
        // cannot be somebody else's.
        let was_seen = |stat: &&ProcStat| self.seen.get(&stat.pid) == Some(&stat.start_time);
        let sessions = all.iter().filter(was_seen).map(|s| s.session);
        let sessions = sessions.filter(|s| *s > 0 && Some(*s) != own_session).collect::<BTreeSet<_>>();
        let is_kin = |stat: &&ProcStat| {
            below.contains(&stat.pid) || sessions.contains(&stat.session) || was_seen(stat)
        };
        let excluded = |pid| self.supervisor == Some(pid) || apart.contains(&pid);
        let mut kin: Vec<ProcStat> = all.iter().filter(|s| !excluded(s.pid) && is_kin(s)).cloned().collect();
        // What descends from one of them is kin too, wherever it has gone by session.
        let ours: Vec<ProcessId> = kin.iter().map(|stat| stat.pid).collect();
        let below = descendants(&all, ours.iter().copied(), &apart);
        kin.extend(all.into_iter().filter(|s| below.contains(&s.pid) && !ours.contains(&s.pid)));
        kin.retain(|stat| !stat.is_zombie());
        kin.sort_unstable_by_key(|stat| stat.pid);
        self.seen = kin.iter().map(|stat| (stat.pid, stat.start_time)).collect();
        Ok(kin)
    }

    fn kill_all(&mut self, signal: i32, spared: &[ProcessId], features: &Features) -> Result<usize> {
        if self.has_only(spared) {
            return Ok(0);
        }
        let mut told: BTreeSet<(ProcessId, u64)> = BTreeSet::new();
        let mut failed = None;
        for _ in 0..PASSES {
            let kin = self.scan()?;
            let fresh: Vec<_> = kin
                .iter()
                .filter(|stat| !spared.contains(&stat.pid) && told.insert((stat.pid, stat.start_time)))
                .collect();
            if fresh.is_empty() {
                break;
            }
            for stat in fresh {
                let identity =
                    Identity { pid: stat.pid, start_time: stat.start_time, boot_id: self.boot_id.clone() };
                // Gone meanwhile is as good.
                let outcome = Target::open(&identity, &self.boot_id, &self.proc, features)
                    .and_then(|target| target.map(|t| t.send(signal, &self.boot_id, &self.proc)).transpose());
                failed = failed.or(outcome.err());
            }
        }
        failed.map_or(Ok(told.len()), Err)
    }
}

/// `roots` and everything below them, except what lies below `without`.
fn descendants(
    all: &[ProcStat],
    roots: impl IntoIterator<Item = ProcessId>,
    without: &BTreeSet<ProcessId>,
) -> BTreeSet<ProcessId> {
    let mut children: BTreeMap<i32, Vec<ProcessId>> = BTreeMap::new();
    for stat in all {
        children.entry(stat.ppid).or_default().push(stat.pid);
    }
    let mut found = BTreeSet::new();
    let mut pending: Vec<ProcessId> = roots.into_iter().collect();
    while let Some(pid) = pending.pop() {
        if !without.contains(&pid) && found.insert(pid) {
            pending.extend(children.get(&pid.get()).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::os::child::{Spec, spawn};
    use crate::os::clock;
    use crate::os::root::Root;
    use crate::os::wait::reap_any;
    use std::time::Duration;

    /// Set in the process that this test starts: a subreaper whose children are this test's alone.
    const INNER: &str = "AMR_TEST_TRACKING_INNER";

    #[test]
    fn relatives_are_found_killed_and_remembered() {
        if std::env::var(INNER).is_ok() {
            return inner();
        }
        for switch in ["", "no-pidfd"] {
            let status = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "os::tracking::tests::relatives_are_found_killed_and_remembered"])
                .arg("--nocapture")
                .env(INNER, switch)
                .status()
                .unwrap();
            assert!(status.success());
        }
    }

    fn shell(script: &str) -> ProcessId {
        let spec = Spec {
            program: "/bin/sh".into(),
            argv: ["sh", "-c", script].map(Into::into).to_vec(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            new_session: true,
            ..Spec::default()
        };
        spawn(&spec).unwrap().pid
    }

    fn inner() {
        let features = Features::detect(std::env::var(INNER).ok().as_deref()).unwrap();
        let host = Root::host().unwrap();
        let boot = BootId::read(&host).unwrap();
        let proc = Proc::new(host);
        become_subreaper().unwrap();
        nobody_but_one(Descendants::new(ProcessId::own(), proc.clone(), boot.clone()), &features);
        let aside = shell("sleep 60 & wait");
        // Forks away twice and ends, as a daemon does: the sleep is an orphan in a session of its own.
        shell("(setsid sh -c 'sleep 61 & sleep 62' &) & sleep 63 & exit 0");
        let mut kin = Descendants::new(ProcessId::own(), proc.clone(), boot.clone());
        kin.set_apart(aside);
        until(|| {
            while reap_any().unwrap().is_some() {}
            let names: Vec<_> = kin.scan().unwrap().into_iter().map(|s| s.comm).collect();
            names.len() == 4 && names.iter().filter(|n| n.as_slice() == b"sleep").count() == 3
        });
        assert!(!kin.seen().iter().any(|i| i.pid == aside || i.pid == ProcessId::own()));
        // As after the supervisor's death: by the record alone.
        let adopted = Descendants::adopt(&kin.seen(), proc.clone(), boot.clone());
        let mut tracking = Tracking::Subreaper(adopted);
        assert_eq!(tracking.pids().unwrap(), kin.seen().iter().map(|i| i.pid).collect::<Vec<_>>());
        let mut tracking = Tracking::Subreaper(kin);
        assert_eq!(tracking.kill_all(libc::SIGKILL, &[], &features).unwrap(), 4);
        until(|| {
            while reap_any().unwrap().is_some() {}
            tracking.is_empty().unwrap()
        });
        assert!(proc.stat(aside).is_ok(), "what was set apart lives");
        let mut rest = Tracking::Subreaper(Descendants::new(ProcessId::own(), proc, boot));
        assert_eq!(rest.kill_all(libc::SIGKILL, &[], &features).unwrap(), 2);
        rest.remove().unwrap();
    }

    /// Nobody at first, nobody besides an only child, and not so any more once that has one itself.
    fn nobody_but_one(kin: Descendants, features: &Features) {
        let child = shell("exec sleep 60");
        let mut tracking = Tracking::Subreaper(kin);
        assert!(tracking.has_others(&[]).unwrap() && !tracking.has_others(&[child]).unwrap());
        assert_eq!(tracking.kill_all(libc::SIGKILL, &[child], features).unwrap(), 0);
        assert_eq!(tracking.kill_all(libc::SIGKILL, &[], features).unwrap(), 1);
        until(|| reap_any().unwrap().is_some());
        assert!(tracking.is_empty().unwrap() && !tracking.has_others(&[]).unwrap());
        let parent = shell("sleep 60 & wait");
        until(|| tracking.has_others(&[parent]).unwrap());
        assert_eq!(tracking.kill_all(libc::SIGKILL, &[], features).unwrap(), 2);
        until(|| {
            while reap_any().unwrap().is_some() {}
            tracking.is_empty().unwrap()
        });
    }

    fn until(mut done: impl FnMut() -> bool) {
        let deadline = clock::now() + Duration::from_secs(20);
        while !done() {
            assert!(clock::now() < deadline, "it did not come");
            crate::os::poll::wait(&[], Some(Duration::from_millis(2))).unwrap();
        }
    }
}
