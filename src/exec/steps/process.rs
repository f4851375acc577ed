//! Signals, session, control group, OOM score, filter of core dumps, persona, umask, working directory.

use super::{Applied, StepDone, StepError, fully, unless_forbidden};
use crate::exec::process::Process;
use crate::os::error::Errno;
use crate::os::fork::Born;
use crate::os::ids::Supplementary;
use crate::os::{process, signal};
use crate::unit::exec::process::Personality;

/// Default actions first, then the mask: else a handler of ours could run here.
pub(super) fn signals(p: &Process) -> Applied {
    signal::default_actions();
    if p.context.process.ignore_sigpipe {
        signal::ignore(signal::Signal::SIGPIPE);
    }
    fully(signal::unblock_all())
}

pub(super) fn session(_p: &Process) -> Applied {
    fully(process::setsid())
}

/// "0" stands for the writer. What tells it from others must be had; what limits it systemd goes on without.
pub(super) fn control_group(p: &Process) -> Applied {
    let is_in_group = p.birth.get().is_some_and(|birth| birth.born == Born::InGroup);
    if let (Some(group), false) = (&p.group, is_in_group) {
        group.enter().map_err(|e| e.number())?;
    }
    let shut = p.controllers.iter().filter_map(|file| process::write_all(file, b"0").err()).next();
    Ok(shut.map_or(StepDone::Fully, StepDone::Without))
}

/// Lowering needs CAP_SYS_RESOURCE, which a container may lack.
pub(super) fn oom_score(p: &Process) -> Applied {
    let Some(score) = p.context.process.oom_score_adjust.or(p.oom_score) else { return Ok(StepDone::Fully) };
    unless_forbidden(process::set_oom_score(score))
}

/// `CoredumpFilter=`. Where one may not write it systemd goes on.
pub(super) fn coredump_filter(p: &Process) -> Applied {
    let Some(filter) = p.context.process.coredump_filter else { return Ok(StepDone::Fully) };
    unless_forbidden(process::set_coredump_filter(filter))
}

/// `Personality=`.
pub(super) fn personality(p: &Process) -> Applied {
    let Some(personality) = p.context.process.personality else { return Ok(StepDone::Fully) };
    fully(process::set_persona(personality == Personality::Secondary))
}

/// `ProtectHostname=`: the host's name is one's own to change. Without such namespaces systemd goes on; the
/// calls are forbidden besides.
pub(super) fn hostname(p: &Process) -> Applied {
    if !p.context.is_on("ProtectHostname") {
        return Ok(StepDone::Fully);
    }
    match process::own_hostname() {
        Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL)) => {
            Ok(StepDone::Without(errno))
        }
        done => fully(done),
    }
}

pub(super) fn umask(p: &Process) -> Applied {
    process::umask(p.context.process.umask);
    Ok(StepDone::Fully)
}

/// As the new user, who may be the only one that can enter it.
pub(super) fn working_directory(p: &Process) -> Applied {
    let Some(path) = &p.working_directory else { return Ok(StepDone::Fully) };
    let fault = |errno| StepError::about(errno, path.display().to_string());
    let entered = match &p.enters_as {
        Some(user) => {
            let own_users = p.users.is_some();
            let groups = if own_users { Supplementary::Fixed } else { Supplementary::Taken };
            // The kernel forgets who is to end with whom where a process takes another user's rights, and by these it
            // may be led to what never answers.
            let stays = || p.birth.get().map_or(Ok(()), |birth| birth.parent.die_with());
            user.with_rights(groups, || stays().and_then(|()| process::chdir(path)))
        }
        None => process::chdir(path),
    };
    match entered {
        Err(Errno::ENOENT) if p.context.process.working_directory.missing_ok() => {
            process::chdir(std::path::Path::new("/")).map_err(fault)?;
        }
        done => done.map_err(fault)?,
    }
    Ok(StepDone::Fully)
}
