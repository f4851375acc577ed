//! The last step: defaults that hang on other settings (`service_add_extras`), dependencies by
//! default, and what systemd 252 refuses about a service as a whole (`service_verify`).

use super::{Draft, ServiceDraft};
use crate::unit::finding::Id;
use crate::unit::merge::{Setting, settings};
use crate::unit::model::{
    Body, DepKind, Dependency, ExecCommand, ExecPrivilege, ExitType, Finding, HostAction, LoadState,
    NotifyAccess, Origin, Restart, ServiceType, Severity, Unit,
};
use crate::unit::name::{UnitKind, UnitName};
use crate::unit::syntax::physical_line;
use crate::unit::value::{Span, Timeout};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// So many dependencies are compared with one another; a set would cost more.
const FEW: usize = 24;

/// What was read becomes the unit.
pub(super) fn settle(mut draft: Draft<'_>) -> Unit {
    if draft.unit.name.kind() == UnitKind::Service {
        draft.service.service.context.imply_dynamic_user(draft.unit.name.prefix());
        defaults(&mut draft.service);
        verify(&mut draft);
        draft.unit.body = Body::Service(draft.service.service);
    }
    let mut unit = draft.unit;
    by_default(&mut unit);
    drop_doubles(&mut unit.deps);
    unit
}

/// Keeps the first of each kind and name.
fn drop_doubles(deps: &mut Vec<Dependency>) {
    let is_same = |a: &Dependency, b: &Dependency| a.kind == b.kind && a.on == b.on;
    if deps.len() <= FEW {
        let mut at = 0;
        while let Some((before, dep)) = deps.get(..at).zip(deps.get(at)) {
            if before.iter().any(|b| is_same(b, dep)) {
                deps.remove(at);
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut seen = HashSet::new();
    let is_first: Vec<bool> = deps.iter().map(|d| seen.insert((d.kind, &d.on))).collect();
    let mut is_first = is_first.into_iter();
    deps.retain(|_| is_first.next().unwrap_or(true));
}

/// Rights that nobody has use for whom a switch keeps from what they are for (`unit_patch_contexts`).
const FOR_NOTHING: [(&str, u64); 4] = [
    ("PrivateDevices", 1 << 27 | 1 << 17),
    ("ProtectKernelModules", 1 << 16),
    ("ProtectKernelLogs", 1 << 34),
    ("ProtectClock", 1 << 25 | 1 << 35),
];

fn defaults(draft: &mut ServiceDraft) {
    let service = &mut draft.service;
    let for_nothing = FOR_NOTHING.iter().filter(|(name, _)| service.context.is_on(name));
    let for_nothing = for_nothing.fold(0, |all, (_, rights)| all | rights);
    if for_nothing != 0 {
        let set = &mut service.context.capabilities.bounding_set;
        *set = Some(set.unwrap_or(u64::MAX) & !for_nothing);
    }
    if service.context.is_on("PrivateDevices") {
        service.resources.imply_closed_devices();
    }
    service.kind = match draft.kind {
        Some(kind) => kind,
        None if service.bus_name.is_some() => ServiceType::Dbus,
        None if service.exec.start.is_empty() => ServiceType::Oneshot,
        None => ServiceType::Simple,
    };
    let oneshot = service.kind == ServiceType::Oneshot;
    service.timeout_start =
        draft.timeout_start.unwrap_or(if oneshot { Timeout::Never } else { service.timeout_start });
    service.timeout_abort = draft.timeout_abort.unwrap_or(service.timeout_stop);
    if service.notify_access == NotifyAccess::None
        && (matches!(service.kind, ServiceType::Notify | ServiceType::NotifyReload)
            || service.watchdog != Timeout::Never
            || service.store_max > 0)
    {
        service.notify_access = NotifyAccess::Main;
    }
    let exec = &mut service.exec;
    let others = [
        &mut exec.condition,
        &mut exec.start_pre,
        &mut exec.start_post,
        &mut exec.reload,
        &mut exec.stop,
        &mut exec.stop_post,
    ];
    for command in others.into_iter().flatten() {
        if draft.permissions_start_only && command.privilege == ExecPrivilege::Normal {
            command.privilege = ExecPrivilege::Full;
        }
        command.at_host_root = service.root_directory_start_only;
    }
}

/// `DefaultDependencies=` (systemd.service(5), systemd.target(5)).
fn by_default(unit: &mut Unit) {
    if !unit.default_dependencies {
        return;
    }
    // Parsed once: thousands of services have the same.
    static OWN: OnceLock<Option<[UnitName; 3]>> = OnceLock::new();
    let parse = || {
        let [sysinit, basic, shutdown] =
            ["sysinit.target", "basic.target", "shutdown.target"].map(UnitName::parse);
        Some([sysinit.ok()?, basic.ok()?, shutdown.ok()?])
    };
    let Some([sysinit, basic, shutdown]) = OWN.get_or_init(parse) else { return };
    let edges: &[(DepKind, &UnitName)] = match unit.name.kind() {
        UnitKind::Service => &[
            (DepKind::Requires, sysinit),
            (DepKind::After, sysinit),
            (DepKind::After, basic),
            (DepKind::Conflicts, shutdown),
            (DepKind::Before, shutdown),
        ],
        UnitKind::Target => &[(DepKind::Conflicts, shutdown), (DepKind::Before, shutdown)],
        UnitKind::Socket
        | UnitKind::Device
        | UnitKind::Mount
        | UnitKind::Automount
        | UnitKind::Swap
        | UnitKind::Timer
        | UnitKind::Path
        | UnitKind::Slice
        | UnitKind::Scope => &[],
    };
    for (kind, on) in edges.iter().filter(|(_, on)| **on != unit.name) {
        unit.deps.push(Dependency { kind: *kind, on: (*on).clone(), origin: None });
    }
}

/// `service_verify`: each fault with the place that an operator would change.
fn verify(draft: &mut Draft<'_>) {
    let service = &draft.service.service;
    let (oneshot, start, stop) =
        (service.kind == ServiceType::Oneshot, service.exec.start.len(), service.exec.stop.len());
    let (restart, force, rest) = (service.restart, service.restart_force.clone(), service.remain_after_exit);
    let action = draft.unit.actions.success != HostAction::None;
    let second: Option<Origin> = service.exec.start.get(1).map(|c: &ExecCommand| c.origin.clone());
    if start == 0 && stop == 0 && !action {
        draft.fault("Service", "service has no ExecStart=, ExecStop= or SuccessAction=");
    } else if start == 0 && !oneshot {
        draft.fault("Type", "service has no ExecStart=, which only Type=oneshot may lack");
    } else if start == 0 && !rest && !action {
        draft.fault("ExecStop", "service has no ExecStart= and no RemainAfterExit=yes");
    }
    if draft.service.service.kind == ServiceType::Dbus && draft.service.service.bus_name.is_none() {
        draft.fault("Type", "Type=dbus needs BusName=");
    }
    if start > 1 && !oneshot {
        let message = "service has more than one ExecStart=, which only Type=oneshot may have";
        draft.fault_at(second, message, Some("clear the ones before with an empty ExecStart= first"));
    }
    if oneshot && draft.service.service.exit_type == ExitType::Cgroup {
        draft.fault("ExitType", "Type=oneshot cannot have ExitType=cgroup");
    }
    if oneshot && matches!(restart, Restart::Always | Restart::OnSuccess) {
        draft.fault("Restart", "Type=oneshot cannot have Restart=always or on-success");
    }
    if oneshot && !(force.codes.is_empty() && force.signals.is_empty()) {
        draft.fault("RestartForceExitStatus", "Type=oneshot cannot have RestartForceExitStatus=");
    }
    if oneshot && draft.service.service.runtime_max != Timeout::Never {
        let origin = draft.origin_of("RuntimeMaxSec");
        let message = "RuntimeMaxSec= has no effect with Type=oneshot, ignoring";
        draft.report((Id::NoEffect, Severity::Warning), origin, message, None);
    }
}

impl Draft<'_> {
    /// The last assignment of a key of `[Service]`, or the file.
    fn origin_of(&self, key: &str) -> Option<Origin> {
        let is_it = |s: &Setting<'_>| s.section == "Service" && s.assignment.key == key;
        let assignment = settings(self.sources)
            .filter(is_it)
            .last()
            .map(|s| Origin { path: Arc::clone(&s.source.path), span: s.assignment.value.full_span() });
        assignment.or_else(|| {
            self.unit.fragment.as_deref().map(|path| Origin { path: path.into(), span: Span::default() })
        })
    }

    fn fault(&mut self, key: &str, message: &str) {
        let origin = self.origin_of(key);
        self.fault_at(origin, message, None);
    }

    fn fault_at(&mut self, origin: Option<Origin>, message: &str, hint: Option<&str>) {
        self.refuse(LoadState::BadSetting);
        self.report((Id::BadService, Severity::Error), origin, message, hint);
    }

    fn report(
        &mut self,
        (id, severity): (Id, Severity),
        origin: Option<Origin>,
        message: &str,
        hint: Option<&str>,
    ) {
        let source = origin.as_ref().and_then(|o| self.sources.iter().find(|s| s.path == o.path));
        let line = match (&origin, source) {
            (Some(origin), Some(source)) if origin.span.line > 0 => {
                physical_line(source.bytes, origin.span.line)
            }
            _ => String::new(),
        };
        let (message, hint) = (message.to_owned(), hint.map(str::to_owned));
        self.unit.findings.push(Finding { id, severity, origin, line, message, hint });
    }
}
