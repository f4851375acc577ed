//! `LimitCPU=` to `LimitRTTIME=`.

use super::{Applied, StepDone};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::limits::{Limit, Resource as Kernel};
use crate::unit::value::limits::Resource;

/// Those of the unit, and the host's where it says nothing. What may not be raised is set as near as can be.
pub(super) fn limits(p: &Process) -> Applied {
    let said = &p.context.limits.0;
    let said =
        said.iter().map(|(resource, l)| Limit { resource: kernel(*resource), soft: l.soft, hard: l.hard });
    let said: Vec<Limit> = said.collect();
    let silent = p.limits.iter().filter(|l| said.iter().all(|s| s.resource != l.resource));
    let mut all = true;
    for limit in silent.chain(&said) {
        all &= limit.apply()?;
    }
    Ok(if all { StepDone::Fully } else { StepDone::Without(Errno::EPERM) })
}

fn kernel(resource: Resource) -> Kernel {
    match resource {
        Resource::Cpu => Kernel::RLIMIT_CPU,
        Resource::Fsize => Kernel::RLIMIT_FSIZE,
        Resource::Data => Kernel::RLIMIT_DATA,
        Resource::Stack => Kernel::RLIMIT_STACK,
        Resource::Core => Kernel::RLIMIT_CORE,
        Resource::Rss => Kernel::RLIMIT_RSS,
        Resource::Nofile => Kernel::RLIMIT_NOFILE,
        Resource::As => Kernel::RLIMIT_AS,
        Resource::Nproc => Kernel::RLIMIT_NPROC,
        Resource::Memlock => Kernel::RLIMIT_MEMLOCK,
        Resource::Locks => Kernel::RLIMIT_LOCKS,
        Resource::Sigpending => Kernel::RLIMIT_SIGPENDING,
        Resource::Msgqueue => Kernel::RLIMIT_MSGQUEUE,
        Resource::Nice => Kernel::RLIMIT_NICE,
        Resource::Rtprio => Kernel::RLIMIT_RTPRIO,
        Resource::Rttime => Kernel::RLIMIT_RTTIME,
    }
}
