//! The variables that tell a process of the service's state at the moment of its start.

use crate::exec::Variables;
use crate::os::root::Root;
use crate::service::machine::{Role, Slot};
use crate::service::plan::Plan;
use crate::unit::model::NotifyAccess;
use crate::unit::value::Timeout;
use std::path::{Path, PathBuf};

/// What the supervisor knows at the moment of a spawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// `INVOCATION_ID`.
    pub(super) invocation_id: String,
    /// The main process.
    pub(super) main_pid: Option<i32>,
    /// `Result=` so far.
    pub(super) result: &'static str,
    /// How the main process ended: `exited`, `killed`, `dumped`; and the code or the signal's name.
    pub(super) exit: Option<(&'static str, String)>,
    /// NOTIFY_SOCKET, as the host sees it.
    pub(super) notify: Option<PathBuf>,
    /// WATCHDOG_USEC.
    pub(super) watchdog: Option<Timeout>,
}

/// Those of a command.
pub(super) fn of(plan: &Plan, root: &Root, known: &Known, slot: Slot, role: Role) -> Variables {
    let mut e = Variables::default();
    e.set("INVOCATION_ID", &known.invocation_id);
    let main = role == Role::Main || slot == Slot::Start;
    let told = match plan.service.notify_access {
        NotifyAccess::None => false,
        NotifyAccess::Main => main,
        NotifyAccess::Exec | NotifyAccess::All => true,
    };
    if let Some(socket) = known.notify.as_ref().filter(|_| told) {
        e.set("NOTIFY_SOCKET", socket.display().to_string());
    }
    if let (true, Some(Timeout::After(time))) = (main, known.watchdog) {
        e.set("WATCHDOG_USEC", time.as_micros().to_string());
    }
    if let (false, Some(pid)) = (main, known.main_pid) {
        e.set("MAINPID", pid.to_string());
    }
    if let Some(path) = &plan.service.pid_file {
        e.set("PIDFILE", root.outer(Path::new(path)).display().to_string());
    }
    if matches!(slot, Slot::Stop | Slot::StopPost) {
        e.set("SERVICE_RESULT", known.result);
        if let Some((code, status)) = &known.exit {
            e.set("EXIT_CODE", *code);
            e.set("EXIT_STATUS", status);
        }
    }
    e
}
