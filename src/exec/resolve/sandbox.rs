//! What a process has of its own, or sees less of: the namespaces, the view of the file system, the profile.

use super::{Refused, Request, Step, at, note};
use crate::exec::credentials;
use crate::exec::private_tmp;
use crate::exec::spaces::{self, Missing};
use crate::exec::stage::Stage;
use crate::exec::view::{self, Entry, HostPaths};
use crate::os::capability;
use crate::os::ids::Credentials;
use crate::os::process;
use crate::os::spaces::{Seen, Space};
use crate::unit::exec::process::Profile;
use crate::unit::exec::{ApplyMode, ExecContext};
use crate::unit::model::ExecPrivilege;
use std::borrow::Cow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// Why this user, or a host that is a folder, gets none of what the kernel gives.
fn denied(request: &Request<'_>) -> Option<&'static str> {
    match request.mode {
        ApplyMode::BestEffort => Some("needs root"),
        ApplyMode::Strict => (!request.root.is_host()).then_some("is not applied below a folder"),
    }
}

/// A namespace that the run shares, which lines with `+` are in as well.
pub(super) fn space(
    request: &Request<'_>,
    space: Space,
    not_applied: &mut Vec<String>,
) -> Step<Option<Arc<OwnedFd>>> {
    let Some(asked) = spaces::asked(request.context, space) else { return Ok(None) };
    if let Some(why) = denied(request) {
        note(not_applied, &format!("{asked}= {why}"));
        return Ok(None);
    }
    match request.spaces.get(request.context, space, request.root) {
        Ok(held) => Ok(Some(held)),
        Err(Missing::Without(errno)) => {
            note(not_applied, &format!("{asked}= is not applied: {}", errno.desc()));
            Ok(None)
        }
        Err(Missing::Failed(stage, errno)) => Err(Refused::At(stage, format!("{asked}=: {}", errno.desc()))),
    }
}

/// `PrivateUsers=`: root and the service's user are seen. Where the kernel forbids it the process fails.
pub(super) fn users(request: &Request<'_>, own: &Credentials, not_applied: &mut Vec<String>) -> Option<Seen> {
    if !request.context.is_on("PrivateUsers") || request.command.privilege == ExecPrivilege::Full {
        return None;
    }
    if let Some(why) = denied(request) {
        note(not_applied, &format!("PrivateUsers= {why}"));
        return None;
    }
    // Others than oneself need a right to be mapped.
    let seen = |id: u32, right: u32| {
        if id == 0 || !capability::is_effective(right) { vec![0] } else { vec![0, id] }
    };
    Some(Seen { users: seen(own.uid, capability::SETUID), groups: seen(own.gid, capability::SETGID) })
}

/// `AppArmorProfile=`, where the kernel holds programs to such profiles (`mac_apparmor_use`).
pub(super) fn apparmor(request: &Request<'_>, not_applied: &mut Vec<String>) -> Option<Profile> {
    let wanted = request.context.process.apparmor.clone()?;
    if request.command.privilege == ExecPrivilege::Full {
        return None;
    }
    let lacks =
        || (!process::has_apparmor(request.root)).then_some("needs AppArmor, which this kernel lacks");
    let why = denied(request).or_else(lacks);
    match why {
        None => Some(wanted),
        Some(why) => {
            note(not_applied, &format!("AppArmorProfile= {why}"));
            None
        }
    }
}

/// What the unit says of this line's view: a line with `+` keeps but the root, and so with
/// `RootDirectoryStartOnly=` others than `ExecStart=` lose it.
fn context<'a>(request: &'a Request<'_>) -> Cow<'a, ExecContext> {
    let mut context = Cow::Borrowed(request.context);
    if request.command.at_host_root {
        context.to_mut().mounts.leave_root();
    }
    if request.command.privilege == ExecPrivilege::Full {
        context.to_mut().drop_sandbox();
    }
    context
}

/// The folder that this line sees as its root.
pub(super) fn root<'a>(request: &Request<'a>) -> Option<&'a Path> {
    request.context.mounts.root().filter(|_| !request.command.at_host_root)
}

/// What it sees of the file system. A process below a folder root sees the host's, which is not for amr to
/// cover there.
pub(super) fn view(request: &Request<'_>, not_applied: &mut Vec<String>) -> Step<Option<Vec<Entry>>> {
    let context = context(request);
    if !view::is_wanted(&context) {
        return Ok(None);
    }
    let why =
        denied(request).or_else(|| (!request.features.mount_namespace).then_some("needs a mount namespace"));
    let Some(why) = why else {
        let own = if context.mounts.private_tmp {
            private_tmp::make(request.root, request.unit, request.invocation).map_err(at(Stage::Namespace))?
        } else {
            Vec::new()
        };
        let notify = request.notify.map(|socket| request.root.outer(socket.path()));
        let runtime = request.places.runtime;
        let folder = credentials::folder(runtime, request.unit);
        let credentials = (!context.credentials.is_empty()).then_some(folder.as_path());
        let host_paths = HostPaths { own: &own, runtime, notify: notify.as_deref(), credentials };
        return Ok(Some(view::entries(&context, &host_paths)));
    };
    if request.mode == ApplyMode::Strict && view::is_needed(&context) {
        let names = view::names(&context).join("= ");
        return Err(Refused::At(Stage::Namespace, format!("{names}= {why}")));
    }
    view::names(&context).iter().for_each(|name| note(not_applied, &format!("{name}= {why}")));
    Ok(None)
}
