//! The filters of system calls. They come last, as nothing else is to be done behind them: the program is made
//! ready, and the parent knows of the process.

use super::{Applied, Step, StepDone, fully, step};
use crate::exec::filters;
use crate::exec::process::Process;
use crate::exec::stage::Stage;
use crate::os::error::Errno;
use crate::os::limits::{Limit, Resource};
use crate::os::process;
use crate::os::seccomp::{self, Action, Caller, Filter};

/// They follow one another, and exec follows them.
pub(super) const STEPS: &[Step] = &[
    step("address-families", Stage::AddressFamilies, address_families),
    step("system-calls", Stage::Seccomp, system_calls),
];

/// `RestrictRealtime=`: no priority either, unless the unit has a limit of its own.
pub(super) fn realtime_limit(p: &Process) -> Applied {
    let own =
        p.context.limits.0.keys().any(|resource| *resource == crate::unit::value::limits::Resource::Rtprio);
    if own || p.context.plain.get("RestrictRealtime").is_none_or(|asked| asked == 0) {
        return Ok(StepDone::Fully);
    }
    fully(Limit { resource: Resource::RLIMIT_RTPRIO, soft: 0, hard: 0 }.apply().map(drop))
}

fn address_families(p: &Process) -> Applied {
    let filters = filters::of_families(&p.context);
    if filters.is_empty() { Ok(StepDone::Fully) } else { install(p, None, &filters) }
}

fn system_calls(p: &Process) -> Applied {
    if !filters::any(&p.context) {
        return Ok(StepDone::Fully);
    }
    let mut filters = filters::of_calls(&p.context, process::persona()?);
    // An older kernel would end the process for what it is to log.
    let logs = |f: &Filter| [f.matched, f.otherwise].contains(&Action::Log);
    let unlogged = filters.iter().any(logs) && !seccomp::can_log();
    if unlogged {
        filters.retain(|filter| !logs(filter));
    }
    let callers = filters::callers(&p.context);
    let done = install(p, callers.as_deref(), &filters)?;
    Ok(if unlogged && done == StepDone::Fully { StepDone::Without(Errno::EOPNOTSUPP) } else { done })
}

/// A kernel without filters is what systemd goes on without; so it does with one of them that the kernel does
/// not take, but for want of a right or of memory.
fn install(p: &Process, callers: Option<&[Caller]>, filters: &[Filter]) -> Applied {
    if !p.seccomp || !seccomp::is_available() {
        return Ok(StepDone::Without(Errno::ENOSYS));
    }
    let mut done = StepDone::Fully;
    let callers = callers.map(seccomp::restrict_callers);
    for installed in callers.into_iter().chain(filters.iter().map(Filter::install)) {
        match installed {
            Ok(()) => {}
            Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOMEM | Errno::EFAULT)) => {
                return Err(errno.into());
            }
            Err(errno) => done = StepDone::Without(errno),
        }
    }
    Ok(done)
}
