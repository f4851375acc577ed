//! The variables that tell a process of the service's state at the moment of its start.

use crate::exec::Variables;
use crate::os::root::Root;
use crate::os::signal;
use crate::supervisor::core::mark::Moment;
use crate::supervisor::service::machine::{Role, Slot};
use crate::supervisor::service::plan::Plan;
use crate::supervisor::service::status::Record;
use crate::unit::model::NotifyAccess;
use crate::unit::value::Timeout;
use std::path::{Path, PathBuf};

/// What the supervisor knows at the moment of a spawn.
#[derive(Clone, Debug, Default)]
pub(super) struct RunFacts {
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
    /// The record of the unit whose end this one is started for.
    pub(super) monitored: Option<Record>,
}

/// Those of a command.
pub(super) fn for_command(plan: &Plan, root: &Root, known: &RunFacts, slot: Slot, role: Role) -> Variables {
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
    if let (Slot::StartPre | Slot::Start, Some(record)) = (slot, &known.monitored) {
        monitor(&mut e, record);
    }
    e
}

/// What `OnFailure=` and `OnSuccess=` tell of the service that they are about, as 252 does (`service_spawn`).
fn monitor(e: &mut Variables, record: &Record) {
    e.set("MONITOR_SERVICE_RESULT", record.service_result().as_str());
    if record.exec_main_pid > 0 && record.exec_main_exit != Moment::default() {
        let signal = || signal::name(record.exec_main_status).into_owned();
        let (code, status) = match record.exec_main_code {
            1 => ("exited", record.exec_main_status.to_string()),
            2 => ("killed", signal()),
            _ => ("dumped", signal()),
        };
        e.set("MONITOR_EXIT_CODE", code);
        e.set("MONITOR_EXIT_STATUS", status);
    }
    if !record.invocation_id.is_empty() {
        e.set("MONITOR_INVOCATION_ID", &record.invocation_id);
    }
    e.set("MONITOR_UNIT", &record.unit);
}
