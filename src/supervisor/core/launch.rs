//! How a supervisor comes to be: this program executed anew (`amr supervise --plan-fd 3`), so that nothing of
//! reading units stays in its memory. It reads its plan from one pipe and tells through another how the start
//! went.

use super::frame::frame;
use super::plan::PLAN_LIMIT;
use super::version::FIRST;
use crate::os::child::{self, Spec};
use crate::os::error::{Error, Result};
use crate::os::fifo::{self, Side};
use crate::os::root::Root;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// The descriptor through which a supervisor tells its starter how the start went.
pub const REPORT_FD: i32 = 4;

/// A supervisor that waits for its plan.
#[derive(Debug)]
pub struct Launched {
    /// Where it reads the plan, to the end.
    pub plan: File,
    /// From which its answers are read: that it is up, or why not.
    pub report: File,
}

/// Starts a supervisor, which then waits for its plan. `program` is the amr to run; `None` for this one.
///
/// # Errors
/// The kernel says no.
pub fn launch(program: Option<&Path>) -> Result<Launched> {
    let (plan_end, plan) = fifo::pipe(Side::Writer)?;
    let (report, report_end) = fifo::pipe(Side::Reader)?;
    let program = match program {
        Some(path) => path.to_owned(),
        None => child::own_executable(&Root::host()?)?,
    };
    let argv = ["amr", "supervise", "--plan-fd", "3"].map(Into::into).to_vec();
    debug_assert_eq!(REPORT_FD, 4);
    let fds = vec![Arc::new(plan_end), Arc::new(report_end)];
    child::spawn(&Spec::detached(program, argv, fds))?;
    Ok(Launched { plan: File::from(plan), report: File::from(report) })
}

/// What a supervisor was started with.
#[derive(Debug)]
pub struct Inherited {
    /// Where its plan comes from.
    pub plan: Result<OwnedFd>,
    /// Whoever waits for its report; `None` where nobody does.
    pub starter: Option<File>,
}

/// Takes over the descriptors that [`launch`] gave, before anything else is opened, since the numbers could
/// else be something of ours.
#[must_use]
pub fn inherited(plan_fd: i32) -> Inherited {
    let plan = child::inherited(plan_fd);
    Inherited { plan, starter: child::inherited(REPORT_FD).ok().map(File::from) }
}

/// The bytes of the plan; `None` where nothing was sent: the supervisor is not needed after all.
///
/// # Errors
/// They cannot be read.
#[inline(never)]
pub fn read_plan(fd: OwnedFd) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(4096);
    File::from(fd).take(PLAN_LIMIT).read_to_end(&mut bytes).map_err(|e| Error::new("read", "plan", e))?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// Tells the starter of a supervisor that did not come to have a unit. There may be no plan that told its
/// version, and it may have gone.
pub fn report(pipe: &mut File, words: &str) {
    let mut line = frame(FIRST, words);
    line.push('\n');
    let _ = pipe.write_all(line.as_bytes());
}
