//! Standard descriptors, the terminal among them, and that the process has no others but those passed to it.

use super::{Applied, StepDone, fully};
use crate::exec::process::{Process, TerminalClaim};
use crate::os::{process, tty};

pub(super) fn stdin(p: &Process) -> Applied {
    let [stdin, _, _] = &p.stdio;
    if let (Some(claim), Some(tty)) = (p.terminal, stdin) {
        match claim {
            TerminalClaim::Wait => tty::take_when_free(tty)?,
            TerminalClaim::Force | TerminalClaim::Fail => tty::take(tty, claim == TerminalClaim::Force)?,
        }
    }
    stdin.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stdin(fd)))
}

/// A terminal that is read is the user's (`chown_terminal`).
pub(super) fn terminal(p: &Process) -> Applied {
    let ([stdin, _, _], Some(uid)) = (&p.stdio, p.terminal_owner) else { return Ok(StepDone::Fully) };
    stdin.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(tty::give(fd, uid)))
}

pub(super) fn stdout(p: &Process) -> Applied {
    let [_, stdout, _] = &p.stdio;
    stdout.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stdout(fd)))
}

pub(super) fn stderr(p: &Process) -> Applied {
    let [_, _, stderr] = &p.stdio;
    stderr.as_ref().map_or(Ok(StepDone::Fully), |fd| fully(process::become_stderr(fd)))
}

/// Every descriptor of ours is close-on-exec from birth; this is for those that we inherited ourselves. Those that are
/// passed on keep their flags: `NonBlocking=` is about the sockets of socket units (`flags_fds`).
pub(super) fn descriptors(p: &Process) -> Applied {
    process::keep_standard_descriptors(p.close_range)?;
    fully(p.passed.arrive())
}
