//! What a supervisor has whatever its plan says: nothing of whoever typed the command, its own identity, and
//! the protection from the kernel's search for memory.

use super::events::Events;
use crate::os::clock::BootId;
use crate::os::error::Result;
use crate::os::fresh::{self, CleanState};
use crate::os::proc::{Identity, Proc, ProcessId};
use crate::os::root::{OFlag, Root};
use crate::os::tracking;
use std::io::Write;
use std::path::Path;

/// Supervisors are the last that the kernel kills for want of memory.
const OOM_SCORE: &str = "-1000";

/// The ground that a supervisor stands on.
#[derive(Debug)]
pub struct Base<C: Ord + Copy> {
    /// The host's own root.
    pub host: Root,
    /// The id of this boot, for records.
    pub boot: BootId,
    /// What wakes it.
    pub events: Events<C>,
    /// This process; `None` where /proc does not tell.
    pub own: Option<Identity>,
    /// The score that what it starts is to have, where that is not this process's own.
    pub oom_score: Option<i32>,
    /// What could not be made clean, and the limits of what it starts.
    pub fresh: CleanState,
}

impl<C: Ord + Copy> Base<C> {
    /// Makes this process a supervisor. For one with a single thread, before it starts anything.
    ///
    /// # Errors
    /// The kernel says no.
    pub fn new() -> Result<Self> {
        let host = Root::host()?;
        let fresh = fresh::reset_process(&host);
        let boot = BootId::read(&host)?;
        let events = Events::watch()?;
        tracking::become_subreaper()?;
        let own = Proc::new(host.clone()).identity(ProcessId::own(), &boot).ok();
        let oom_score = protect(&host);
        Ok(Self { host, boot, events, own, oom_score, fresh })
    }
}

/// Protects this process from the kernel's search for memory, as far as it may; returns the score that
/// what it starts is to have, where that is not this process's own: the first process's, but for the
/// protection that one may have given itself.
fn protect(host: &Root) -> Option<i32> {
    let own = Path::new("/proc/self/oom_score_adj");
    let score = |path: &Path| -> Option<i32> {
        String::from_utf8_lossy(&host.read_kernel(path, 64).ok()?).trim().parse().ok()
    };
    let usual = score(Path::new("/proc/1/oom_score_adj")).unwrap_or(0).max(0);
    let set = |text: &str| host.open_with(own, OFlag::O_WRONLY, 0).ok()?.write_all(text.as_bytes()).ok();
    if set(OOM_SCORE).is_none() {
        // Not this caller's either, at least.
        let _ = (score(own) != Some(usual)).then(|| set(&usual.to_string()));
    }
    (score(own) != Some(usual)).then_some(usual)
}
