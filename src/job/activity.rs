//! What a unit does now.

use super::context::Context;
use super::explain;
use crate::order::special;
use crate::order::transaction::Activity;
use crate::supervisor::client::{self, ClientError};
use crate::unit::load::is_mount_point;
use crate::unit::name::{UnitKind, UnitName};
use crate::unit::value::escape::unescape_path;
use std::path::Path;

/// Special targets that stand for ways down, or for a host that is not fully up; the others are up.
const DOWN: [&str; 13] = [
    "ctrl-alt-del.target",
    "emergency.target",
    "exit.target",
    "final.target",
    "halt.target",
    "kexec.target",
    "poweroff.target",
    "reboot.target",
    "rescue.target",
    "runlevel0.target",
    "runlevel6.target",
    "shutdown.target",
    "umount.target",
];

/// What a unit does now, by its record; special targets are up, and of mounts the kernel knows.
///
/// # Errors
/// It cannot be seen: never taken for a unit that is down.
pub fn inspect(ctx: &Context, name: &UnitName) -> Result<Activity, ClientError> {
    if special::is_built_in(name) {
        let down = DOWN.contains(&name.as_str());
        return Ok(if down { Activity::Inactive } else { Activity::Active });
    }
    if name.kind() == UnitKind::Mount {
        let point = unescape_path(name.stem()).ok();
        let up = point.and_then(|point| is_mount_point(&ctx.root, Path::new(&point))).unwrap_or(false);
        return Ok(if up { Activity::Active } else { Activity::Inactive });
    }
    let record = client::status(&ctx.state_dir, name)?;
    Ok(record.map_or(Activity::Inactive, |record| explain::activity(record.state())))
}

/// The kinds of unit that amr starts and stops.
#[must_use]
pub fn is_run(kind: UnitKind) -> bool {
    match kind {
        UnitKind::Service | UnitKind::Target | UnitKind::Slice => true,
        UnitKind::Socket
        | UnitKind::Device
        | UnitKind::Mount
        | UnitKind::Automount
        | UnitKind::Swap
        | UnitKind::Timer
        | UnitKind::Path
        | UnitKind::Scope => false,
    }
}
