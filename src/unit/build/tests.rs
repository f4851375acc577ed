mod values;

use super::*;
use crate::unit::directive::Kind;
use crate::unit::exec::directories::{Kind as DirKind, Preserve};
use crate::unit::exec::io;
use crate::unit::exec::process::WorkingDirectory;
use crate::unit::model::{DepKind, ExecPrivilege, KillMode, NotifyAccess, Restart, Service, ServiceType};
use crate::unit::specifier::{HostFacts, LazyFacts};
use crate::unit::value::Signal;
use crate::unit::value::Span;
use std::collections::BTreeSet;
use std::path::Path;

fn facts() -> Facts {
    let host = HostFacts { memory: Some(8 << 30), tasks: Some(32768), ..HostFacts::default() };
    let host = LazyFacts::when_needed(|| host);
    Facts { host, user: Some(crate::unit::specifier::User::default()), ..Facts::default() }
}

fn name(s: &str) -> UnitName {
    UnitName::parse(s).unwrap()
}

/// A unit of these files, the first of them its fragment.
fn unit_of(unit_name: &str, files: &[(&str, &str)]) -> Unit {
    let sources: Vec<_> = files.iter().map(|(p, text)| Source::new(Path::new(p), text.as_bytes())).collect();
    let input = Input {
        name: name(unit_name),
        aliases: Vec::new(),
        fragment: Some(files[0].0.into()),
        dropins: sources.iter().skip(1).map(|s| s.path.to_path_buf()).collect(),
        sources,
        links: Vec::new(),
    };
    build(input, &facts())
}

fn unit(text: &str) -> Unit {
    unit_of("a.service", &[("/u", text)])
}

/// A service with an `ExecStart=` and these lines more.
fn service(lines: &str) -> (Unit, Service) {
    let unit = unit(&format!("[Service]\nExecStart=/bin/true\n{lines}\n"));
    let Body::Service(service) = unit.body.clone() else { panic!("a service") };
    (unit, *service)
}

fn messages(unit: &Unit) -> Vec<String> {
    unit.findings.iter().map(|f| f.message.clone()).collect()
}

fn has(unit: &Unit, kind: DepKind, on: &str) -> bool {
    unit.deps.iter().any(|d| d.kind == kind && d.on.as_str() == on)
}

#[test]
fn a_row_is_honoured_exactly_when_there_is_an_arm() {
    let rows: BTreeSet<_> = directive::all()
        .filter(|d| matches!(d.amr, Support::Honoured(_)))
        .map(|d| (d.section.to_owned(), d.name.to_owned()))
        .collect();
    let mut arms_by_name = BTreeSet::new();
    for section in ["Unit", "Service", "Install", "Socket", "Timer"] {
        for (name, _) in arms(section).iter().copied().flatten() {
            assert!(arms_by_name.insert((section.to_owned(), (*name).to_owned())), "{name} twice");
        }
    }
    for field in exec::FIELDS.into_iter().flatten() {
        assert!(arms_by_name.insert(("Service".to_owned(), field.name.to_owned())), "{} twice", field.name);
    }
    for field in cgroup::FIELDS.into_iter().flatten() {
        assert!(arms_by_name.insert(("Service".to_owned(), field.name.to_owned())), "{} twice", field.name);
    }
    for row in exec::plain::rows() {
        assert!(arms_by_name.insert((row.section.to_owned(), row.name.to_owned())), "{} twice", row.name);
    }
    assert_eq!(rows, arms_by_name);
    let younger = directive::all().filter(|d| matches!(d.amr, Support::Honoured(_)) && d.in_252 == Known::No);
    assert_eq!(younger.map(|d| d.name).collect::<Vec<_>>(), YOUNGER);
}

#[test]
fn a_plain_service_has_the_defaults_of_252() {
    let (unit, s) = service("");
    assert_eq!((unit.load, unit.findings.len(), unit.unapplied.len()), (LoadState::Loaded, 0, 0));
    assert_eq!(
        (s.kind, s.restart, s.restart_sec),
        (ServiceType::Simple, Restart::No, Duration::from_millis(100))
    );
    let ninety = Timeout::After(Duration::from_secs(90));
    assert_eq!((s.timeout_start, s.timeout_stop, s.timeout_abort), (ninety, ninety, ninety));
    assert_eq!(
        (s.kill.mode, s.kill.signal, s.kill.final_signal),
        (KillMode::ControlGroup, Signal(15), Signal(9))
    );
    assert_eq!((s.notify_access, s.guess_main_pid, s.watchdog), (NotifyAccess::None, true, Timeout::Never));
    assert_eq!(unit.start_limit, StartLimit { interval: Duration::from_secs(10), burst: 5 });
    assert_eq!((s.context.process.umask, s.context.process.ignore_sigpipe), (0o022, true));
    assert_eq!(
        (&s.context.io.stdin, s.context.io.streams().stdout),
        (&io::Input::Null, &io::Output::Journal)
    );
    for (kind, on) in [
        (DepKind::Requires, "sysinit.target"),
        (DepKind::After, "sysinit.target"),
        (DepKind::After, "basic.target"),
        (DepKind::Conflicts, "shutdown.target"),
        (DepKind::Before, "shutdown.target"),
    ] {
        assert!(has(&unit, kind, on), "{kind:?} {on}");
    }
    assert_eq!(unit.deps.len(), 5);
}

#[test]
fn default_dependencies_can_be_turned_off_and_targets_have_their_own() {
    assert!(unit("[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/a\n").deps.is_empty());
    let target = unit_of("x.target", &[("/x", "[Unit]\nDescription=x\n")]);
    assert!(
        has(&target, DepKind::Conflicts, "shutdown.target")
            && has(&target, DepKind::Before, "shutdown.target")
    );
    assert_eq!(target.deps.len(), 2);
    assert!(unit_of("shutdown.target", &[("/x", "[Unit]\n")]).deps.is_empty());
}

#[test]
fn defaults_that_hang_on_other_settings() {
    assert_eq!(service("Type=oneshot").1.timeout_start, Timeout::Never);
    let (_, s) = service("Type=oneshot\nTimeoutStartSec=5");
    assert_eq!(s.timeout_start, Timeout::After(Duration::from_secs(5)));
    let (_, s) = service("TimeoutSec=7");
    let seven = Timeout::After(Duration::from_secs(7));
    assert_eq!((s.timeout_start, s.timeout_stop, s.timeout_abort), (seven, seven, seven));
    let (_, s) = service("TimeoutStartSec=0\nTimeoutStopSec=0\nTimeoutAbortSec=3");
    assert_eq!((s.timeout_start, s.timeout_stop), (Timeout::Never, Timeout::Never));
    assert_eq!(s.timeout_abort, Timeout::After(Duration::from_secs(3)));
    assert_eq!(service("Type=notify").1.notify_access, NotifyAccess::Main);
    assert_eq!(service("WatchdogSec=3").1.notify_access, NotifyAccess::Main);
    assert_eq!(service("Type=notify\nNotifyAccess=all").1.notify_access, NotifyAccess::All);
    let hook = unit("[Service]\nExecStop=/bin/true\nRemainAfterExit=yes\n");
    let Body::Service(s) = &hook.body else { panic!() };
    assert_eq!((hook.load, s.kind), (LoadState::Loaded, ServiceType::Oneshot));
}

#[test]
fn later_scalars_win_lists_add_up_and_an_empty_value_clears() {
    let dropin = "[Service]\nNice=3\nEnvironment=B=2\nExecStart=\nExecStart=/bin/b\nEnvironment=A=9\n";
    let unit = unit_of(
        "a.service",
        &[
            ("/u", "[Service]\nExecStart=/bin/a\nNice=1\nEnvironment=A=1\n[Unit]\nAfter=x.target\n"),
            ("/d", dropin),
            ("/e", "[Unit]\nAfter=\nAfter=y.target\n"),
        ],
    );
    let Body::Service(s) = &unit.body else { panic!() };
    assert_eq!(unit.load, LoadState::Loaded, "{:?}", unit.findings);
    assert_eq!(s.exec.start.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["/bin/b"]);
    assert_eq!((s.exec.start[0].origin.path.to_str(), s.exec.start[0].origin.span.line), (Some("/d"), 5));
    assert_eq!(s.context.scheduling.nice, Some(3));
    let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(s.context.environment.set, [own("A", "9"), own("B", "2")]);
    // After= cannot be cleared.
    assert!(has(&unit, DepKind::After, "x.target") && has(&unit, DepKind::After, "y.target"));
}

#[test]
fn what_252_refuses_about_a_service() {
    for (lines, line, words) in [
        ("[Unit]\nDescription=x", 0, "no ExecStart="),
        ("[Service]\nType=simple\nExecStop=/bin/x", 2, "only Type=oneshot may lack"),
        ("[Service]\nExecStop=/bin/x", 2, "no RemainAfterExit=yes"),
        ("[Service]\nExecStart=/bin/a\nExecStart=/bin/b", 3, "more than one ExecStart="),
        ("[Service]\nType=oneshot\nExecStart=/bin/a\nRestart=always", 4, "cannot have Restart=always"),
        ("[Service]\nType=oneshot\nExecStart=/bin/a\nRestartForceExitStatus=1", 4, "RestartForceExitStatus="),
        ("[Service]\nExecStart=/bin/a\nUser=a:b", 3, "not a valid name"),
        ("[Service]\nExecStart=/bin/a\nSupplementaryGroups=x /", 3, "not a valid name"),
        ("[Service]\nExecStart=/bin/a\nWorkingDirectory=rel", 3, "not an absolute path"),
        ("[Service]\nExecStart=/bin/echo %z", 2, "%z"),
        ("[Service]\nExecStart=/bin/echo \"open", 2, "quot"),
        ("[Service]\nExecStart=/bin/a\nType=dbus", 3, "needs BusName="),
        ("[Service]\nExecStart=/bin/a\nType=dbus\nBusName=org", 3, "needs BusName="),
        ("[Service]\nExecStart=/bin/a\nPAMName=x", 3, "PAMName="),
        ("[Service]\nExecStart=/bin/a\nRootImage=/x", 3, "cannot be applied"),
    ] {
        let unit = unit(lines);
        assert_eq!(unit.load, LoadState::BadSetting, "{lines}");
        let fault = unit.findings.iter().find(|f| f.severity == Severity::Error).unwrap();
        assert!(fault.message.contains(words), "{lines}: {}", fault.message);
        let origin = fault.origin.as_ref().unwrap();
        assert_eq!(origin.span.line, line, "{lines}");
        if line > 0 {
            assert_eq!(fault.line, lines.lines().nth(line as usize - 1).unwrap());
        }
    }
}

#[test]
fn all_faults_of_a_unit_are_found_at_once() {
    let unit = unit("[Service]\nUser=a:b\nWorkingDirectory=x\nExecStart=\n");
    assert_eq!(
        unit.findings.iter().filter(|f| f.severity == Severity::Error).count(),
        3,
        "{:?}",
        messages(&unit)
    );
}

#[test]
fn the_last_value_decides_whether_a_unit_is_refused() {
    for (first, last) in [("RootImage=/x", "RootImage=/"), ("Type=dbus", "Type=simple")] {
        assert_eq!(service(first).0.load, LoadState::BadSetting, "{first}");
        assert_eq!(service(&format!("{first}\n{last}")).0.load, LoadState::Loaded, "{last}");
    }
}

#[test]
fn what_252_only_warns_of() {
    let (unit, s) = service("RemainAfterExit=maybe\nNice=-21\nUMask=9\nRestart=alwasy\nEnvironment=FOO OK=1");
    assert_eq!(unit.load, LoadState::Loaded);
    assert_eq!(unit.findings.len(), 5, "{:?}", messages(&unit));
    assert!(
        unit.findings.iter().all(|f| f.severity == Severity::Warning && f.message.ends_with(", ignoring"))
    );
    assert_eq!((s.remain_after_exit, s.context.scheduling.nice, s.restart), (false, None, Restart::No));
    assert_eq!(s.context.environment.set.len(), 1);
}

#[test]
fn a_bad_header_is_an_error_and_a_line_without_equals_a_warning() {
    assert_eq!(unit("[Service]\nExecStart=/bin/a\n[Unit\n").load, LoadState::Error);
    let unit = unit("[Service]\nExecStart=/bin/a\nno equals\n");
    assert_eq!((unit.load, unit.findings.len()), (LoadState::Loaded, 1));
}

#[test]
fn unknown_keys_have_hints() {
    let text = "[Unit]\nDescrption=x\nX-Mine=1\nWantedBy=a.target\n[Service]\nExecStart=/bin/a\nDelegateSubgroup=direct\n\
                ControlGroup=x\nUnheardOf=1\nRestartSteps=3\n[Bogus]\nA=b\n[X-Mine]\nB=c\n[service]\n";
    let unit = unit(text);
    let seen: Vec<_> = unit.findings.iter().map(|f| (f.message.as_str(), f.hint.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("unknown section 'Bogus', ignoring what stands in it", None),
            (
                "unknown section 'service', ignoring what stands in it",
                Some("names of sections are case-sensitive: [Service]")
            ),
            ("unknown key 'Descrption' in section [Unit], ignoring", Some("did you mean Description=?")),
            ("unknown key 'WantedBy' in section [Unit], ignoring", Some("it belongs in [Install]")),
            (
                "unknown key 'DelegateSubgroup' in section [Service], ignoring",
                Some("known since systemd 254")
            ),
            (
                "unknown key 'ControlGroup' in section [Service], ignoring",
                Some("removed in 205; write Slice")
            ),
            ("unknown key 'UnheardOf' in section [Service], ignoring", None),
            ("RestartSteps= is known since systemd 254 only", None),
        ]
    );
}

#[test]
fn limits_are_numbers_or_parts_of_what_the_host_has() {
    let (_, service) = service(
        "MemoryMax=10%\nMemoryHigh=1.5G\nTasksMax=25%\nCPUQuota=15.5%\nCPUWeight=idle\nAllowedCPUs=0-1 3",
    );
    let (m, c) = (&service.resources.memory, &service.resources.cpu);
    assert_eq!((m.max, m.high, m.min), ((8 << 30) / 10 / 4096 * 4096, 3 << 29, 0));
    assert_eq!(
        (service.resources.tasks.max, c.quota, &c.cpus[..]),
        (Some(8192), Some(155_000), &[0, 1, 3][..])
    );
    assert_eq!(c.weight, Some(cgroup::cpu::Weight::Idle));
}

#[test]
fn a_device_and_its_value() {
    let (unit, service) = service(
        "IOReadBandwidthMax=/dev/sda 1.5M\nIOReadBandwidthMax=/dev/sda 2K\nIOReadBandwidthMax=/dev//sdb infinity\n\
         IODeviceWeight=/srv 50\nIODeviceLatencyTargetSec=/srv 1s 500ms\nBlockIOWeight=500\nIOWriteIOPSMax=/dev/sda 0\n\
         IODeviceWeight=/dev/sda\nDeviceAllow=/dev/null rw\nDeviceAllow=char-pts\nDeviceAllow=/etc/passwd r\n\
         DeviceAllow=/dev/zero x\nDeviceAllow=/dev/zero r w",
    );
    let (io, devices) = (&service.resources.io, &service.resources.devices);
    assert_eq!(io.read_bandwidth, [("/dev/sda".into(), 2_000), ("/dev/sdb".into(), u64::MAX)]);
    assert_eq!(io.device_weights, [("/srv".into(), 50)]);
    assert_eq!(io.latencies, [("/srv".into(), Duration::from_millis(1_500))]);
    assert_eq!((io.block.weight, io.write_operations.len()), (Some(500), 0));
    let allowed: Vec<_> = devices.allow.iter().map(|a| (&*a.device, &*a.access)).collect();
    assert_eq!(allowed, [("/dev/null", "rw"), ("char-pts", "")]);
    assert_eq!(
        messages(&unit),
        [
            "'0' is not a value of IOWriteIOPSMax=, ignoring",
            "IODeviceWeight= takes a device and a value, such as '/dev/sda 1M', ignoring",
            "'/etc/passwd' is neither below /dev nor block-NAME or char-NAME, ignoring",
            "'x' is not made of r, w and m, ignoring",
            "DeviceAllow= takes a device node and what of it is allowed: r, w, m, ignoring",
        ]
    );
}

#[test]
fn what_is_not_applied_is_kept() {
    let (unit, _) = service(
        "SELinuxContext=a\nSELinuxContext=b\nTimeoutCleanSec=9\nSlice=x.slice\nSlice=\nPrivateNetwork=no\nRestrictFileSystems=a\nRestrictFileSystems=b",
    );
    let kept: Vec<_> = unit.unapplied.iter().map(|u| (u.key.as_str(), u.value.as_str())).collect();
    assert_eq!(
        kept,
        [
            ("SELinuxContext", "b"),
            ("TimeoutCleanSec", "9"),
            ("RestrictFileSystems", "a"),
            ("RestrictFileSystems", "b")
        ]
    );
    assert!(unit.unapplied.iter().all(|u| !u.why.is_empty() && u.section == "Service"));
    assert!(unit.findings.is_empty());
}

#[test]
fn conditions_have_marks_and_an_empty_one_clears_its_family() {
    let unit = unit(
        "[Unit]\nConditionPathExists=|!/x y\nConditionVirtualization=| ! vm\nConditionNull=true\n[Service]\nExecStart=/bin/a\n",
    );
    // systemd has forgotten that one.
    assert_eq!(unit.conditions.len(), 2);
    let check = &unit.conditions[1];
    assert_eq!((check.trigger, check.negate, check.value.as_str()), (true, true, "vm"));
    let check = &unit.conditions[0];
    assert_eq!(
        (check.test.as_str(), check.trigger, check.negate, check.value.as_str()),
        ("PathExists", true, true, "/x y")
    );
    let cleared =
        self::unit("[Unit]\nAssertPathExists=/a\nAssertPathExists=\nAssertHost=b\n[Service]\nExecStart=/a\n");
    assert_eq!(cleared.asserts.iter().map(|c| c.test.as_str()).collect::<Vec<_>>(), ["Host"]);
}
