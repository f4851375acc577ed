//! Has this host rebooted or powered off by its own programs, for a unit that asks for it
//! (systemd's emergency-action.c).
//!
//! `reboot` and `poweroff` of sysvinit and upstart take the host down in order, through shutdown(8) and the
//! scripts of the runlevel; with `-f` they do it at once. There is nothing between: systemd's `-force`, which
//! still kills what runs, and `-immediate` are the same here. The init of this host is not amr, so that `exit`
//! is a power-off, as systemd takes it outside of containers.

use crate::os::child::{self, Spec};
use crate::os::clock;
use crate::os::error::{self, Error};
use crate::os::poll;
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use crate::os::wait::{self, Exit};
use crate::unit::model::{HostAction, Keyword};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Where its programs are.
const FOLDERS: [&str; 3] = ["/sbin", "/usr/sbin", "/usr/bin"];

/// The program of an action, and whether it is to be forced.
fn program(action: HostAction) -> Option<(&'static str, bool)> {
    Some(match action {
        HostAction::None => return None,
        HostAction::Reboot => ("reboot", false),
        HostAction::RebootForce | HostAction::RebootImmediate => ("reboot", true),
        HostAction::Poweroff | HostAction::Exit => ("poweroff", false),
        HostAction::PoweroffForce | HostAction::PoweroffImmediate | HostAction::ExitForce => {
            ("poweroff", true)
        }
    })
}

/// Starts what it takes; nothing for no action.
///
/// # Errors
/// The root is not this host, or the host has no such program, or it cannot be executed.
pub fn carry_out(root: &Root, action: HostAction) -> error::Result<Option<ProcessId>> {
    let Some((name, force)) = program(action) else { return Ok(None) };
    let cannot = |why: &str| Error::other("run", name, io::ErrorKind::NotFound, why);
    if !root.is_host() {
        return Err(cannot("the unit is not one of this host"));
    }
    let found = FOLDERS.into_iter().map(|folder| Path::new(folder).join(name)).find(|path| root.exists(path));
    let path = found.ok_or_else(|| cannot("this host has no such program"))?;
    let argv = [name].into_iter().chain(force.then_some("-f")).map(Into::into).collect();
    let env = vec![("PATH".into(), "/sbin:/usr/sbin:/bin:/usr/bin".into())];
    let spec = Spec { env, ..Spec::detached(path, argv, Vec::new()) };
    Ok(Some(child::spawn(&spec)?.pid))
}

/// How long a program of an action is waited for. It returns when the init has been told.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The same, for one who has nothing else to do: nothing while the host goes down anyway, and the program is waited for,
/// [`PATIENCE`] at most.
///
/// # Errors
/// In words: it cannot be started, or it failed.
pub fn carry_out_whole(root: &Root, action: HostAction) -> Result<(), String> {
    if action == HostAction::None || super::going_down(root) {
        return Ok(());
    }
    let until = clock::now().saturating_add(PATIENCE);
    let wait_for = |program| loop {
        match wait::reap(program)? {
            Some(reaped) => return Ok(failure(reaped.exit)),
            None if clock::now() < until => drop(poll::wait(&[], Some(Duration::from_millis(10)))?),
            None => return Ok(None),
        }
    };
    let done = carry_out(root, action).and_then(|program| program.map_or(Ok(None), wait_for));
    match done.unwrap_or_else(|e| Some(e.to_string())) {
        Some(why) => Err(complaint(action, &why)),
        None => Ok(()),
    }
}

/// That an action did not come to what it is for.
#[must_use]
pub fn complaint(action: HostAction, why: &str) -> String {
    format!("{} of the host: {why}", action.as_str())
}

/// In words what is wrong with an end.
#[must_use]
pub fn failure(exit: Exit) -> Option<String> {
    (exit != Exit::Exited(0)).then(|| format!("its program {exit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_program() {
        let said: Vec<_> = HostAction::KEYWORDS.iter().map(|(_, action)| program(*action)).collect();
        let (reboot, off) = (Some(("reboot", false)), Some(("poweroff", false)));
        let (now, off_now) = (Some(("reboot", true)), Some(("poweroff", true)));
        assert_eq!(said, [None, reboot, now, now, off, off_now, off_now, off, off_now]);
    }

    #[test]
    fn another_tree_than_the_hosts_does_nothing_to_the_host() {
        let dir = std::env::temp_dir().join(format!("amr-power-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("sbin")).unwrap();
        std::fs::write(dir.join("sbin/reboot"), "").unwrap();
        let refused = carry_out(&Root::at(&dir).unwrap(), HostAction::Reboot);
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(refused.unwrap_err().to_string().contains("not one of this host"));
    }
}
