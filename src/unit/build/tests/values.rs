//! Values of directives, one by one.

use super::*;

#[test]
fn inline_comments_are_pointed_at_also_where_the_value_parses() {
    let (unit, _) =
        service("Restart=always # keep it up\nSuccessExitStatus=3 # three\nExecStop=/bin/true a # b");
    let at: Vec<_> = unit
        .findings
        .iter()
        .filter(|f| f.message.contains("comment"))
        .map(|f| (f.severity, f.origin.as_ref().unwrap().span.line, f.origin.as_ref().unwrap().span.col))
        .collect();
    assert_eq!(at, [(Severity::Warning, 3, 16), (Severity::Warning, 4, 21), (Severity::Note, 5, 22)]);
    let text =
        crate::unit::finding::render(unit.findings.iter().find(|f| f.message.contains("comment")).unwrap());
    assert_eq!(
        text,
        "/u:3:16: a comment behind a value is part of the value\n    Restart=always # keep it up\n                   \
         ^~~~~~~~~~~~\nhint: move it to a line of its own"
    );
    let unit = self::unit("[Unit]\nDescription=C # and F#\n[Service]\nExecStart=/bin/a\n");
    assert!(unit.findings.is_empty());
}

#[test]
fn dependencies_with_specifiers_templates_and_mistakes() {
    let text = "[Unit]\nAfter=x@%i.service y@.service b\nBindTo=z.service\nPartOf=f@q.service\n[Service]\nExecStart=/bin/a %I\n";
    let unit = unit_of("f@q.service", &[("/f@.service", text)]);
    assert!(has(&unit, DepKind::After, "x@q.service") && has(&unit, DepKind::After, "y@q.service"));
    assert!(has(&unit, DepKind::BindsTo, "z.service"));
    assert_eq!(unit.findings.len(), 2, "{:?}", messages(&unit));
    assert_eq!(unit.findings[0].origin.as_ref().unwrap().span, Span { line: 2, col: 31, len: 1 });
    let Body::Service(s) = &unit.body else { panic!() };
    assert_eq!(s.exec.start[0].argv, ["/bin/a", "q"]);
}

#[test]
fn execution_settings() {
    let (unit, s) = service(
        "User=nobody\nGroup=60\nSupplementaryGroups=a b\nWorkingDirectory=-/no//such/\nUMask=027\nCPUAffinity=0-1,4\n\
         CPUAffinity=9\nCapabilityBoundingSet=CAP_CHOWN cap_kill\nIgnoreSIGPIPE=no\nRuntimeDirectory=a/b c\n\
         RuntimeDirectoryMode=0710\nRuntimeDirectoryPreserve=restart\nEnvironmentFile=-/etc/x*.conf\n\
         StandardInput=file:/x\nStandardOutput=append:/var//log/y\nStandardError=syslog+console\nLimitNOFILE=10:20\n\
         OOMScoreAdjust=-5\nNoNewPrivileges=1\nPIDFile=foo.pid\nPermissionsStartOnly=yes\nExecStartPre=/bin/pre\nExecStop=!/bin/stop",
    );
    assert!(unit.findings.is_empty(), "{:?}", messages(&unit));
    let c = &s.context;
    assert_eq!((c.identity.user.as_deref(), c.identity.group.as_deref()), (Some("nobody"), Some("60")));
    assert_eq!(c.identity.supplementary_groups, ["a", "b"]);
    let folder = WorkingDirectory::Path { path: "/no/such".into(), missing_ok: true };
    assert_eq!((&c.process.working_directory, c.process.umask), (&folder, 0o027));
    assert_eq!(c.scheduling.cpu_affinity, [0, 1, 4, 9]);
    assert_eq!(c.capabilities.bounding_set, Some(1 | 1 << 5));
    let runtime = c.directories.set(DirKind::Runtime);
    assert_eq!((runtime.names.join(" "), runtime.mode), ("a/b c".into(), 0o710));
    assert_eq!(c.directories.runtime_preserve, Preserve::Restart);
    assert!(c.environment.files[0].missing_ok && c.environment.files[0].path == "/etc/x*.conf");
    assert_eq!(
        (&c.io.stdin, &c.io.stdout),
        (&io::Input::File("/x".into()), &io::Output::Append("/var/log/y".into()))
    );
    assert_eq!(c.io.stderr, io::Output::SyslogConsole);
    assert_eq!((c.process.oom_score_adjust, c.capabilities.no_new_privileges), (Some(-5), true));
    assert_eq!(s.pid_file.as_deref(), Some("/run/foo.pid"));
    assert_eq!(s.exec.start_pre[0].privilege, ExecPrivilege::Full, "PermissionsStartOnly=");
    assert_eq!(s.exec.start[0].privilege, ExecPrivilege::Normal);
    assert_eq!(s.exec.stop[0].privilege, ExecPrivilege::NoUser);
}

/// Each line as a 252.39 takes it, by its own verifier.
#[test]
fn values_that_look_like_others() {
    let (unit, s) = service(
        "KillMode=mixed\nKillMode=\nStandardOutput=null\nStandardOutput=\nLimitNOFILE=77:88\nLimitNOFILE=\n\
         Nice=010\nOOMScoreAdjust=-0x10\nTimeoutAbortSec=0\nRestartSec=5\u{3bc}s\nCapabilityBoundingSet=\"CAP_CHOWN\" 5",
    );
    assert_eq!((unit.load, unit.findings.len()), (LoadState::Loaded, 2), "{:?}", messages(&unit));
    let c = &s.context;
    assert_eq!((s.kill.mode, &c.io.stdout), (KillMode::ControlGroup, &io::Output::Null));
    assert_eq!(c.limits.0.values().map(|l| l.hard).collect::<Vec<_>>(), [88]);
    assert_eq!((c.scheduling.nice, c.process.oom_score_adjust), (Some(8), Some(-16)));
    assert_eq!((s.timeout_abort, s.restart_sec), (Timeout::After(Duration::ZERO), Duration::from_micros(5)));
    assert_eq!(c.capabilities.bounding_set, Some(1 | 1 << 5));
    let text = "[Unit]\nAfter=\"foo.service\"\nWants='b.service'\nConditionPathExists=! /etc/passwd\n\
                ConditionPathExists=| /x\nConditionHost=! a\n[Service]\nExecStart=/bin/a\nSuccessExitStatus=\"1\"\n\
                SupplementaryGroups=\"a b\"\n";
    let unit = self::unit(text);
    assert_eq!(unit.findings.len(), 5, "{:?}", messages(&unit));
    assert!(!unit.deps.iter().any(|d| d.origin.is_some()));
    let host = unit.conditions.iter().map(|c| (c.test.as_str(), c.negate, c.value.as_str()));
    assert_eq!(host.collect::<Vec<_>>(), [("Host", true, "a")]);
    let Body::Service(s) = &unit.body else { panic!() };
    assert_eq!(s.context.identity.supplementary_groups, ["\"a", "b\""]);
}

#[test]
fn capability_lines_merge_as_in_252() {
    let set = |lines: &str| service(lines).1.context.capabilities.bounding_set;
    assert_eq!(set("CapabilityBoundingSet="), Some(0));
    assert_eq!(set("CapabilityBoundingSet=~"), None);
    assert_eq!(set("CapabilityBoundingSet=~CAP_CHOWN"), Some(!1));
    assert_eq!(set("CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL"), Some(1 | 1 << 5));
    assert_eq!(
        set("CapabilityBoundingSet=CAP_CHOWN CAP_KILL\nCapabilityBoundingSet=~CAP_CHOWN"),
        Some(1 << 5)
    );
}

#[test]
fn socket_sections_and_kinds_without_a_table_are_kept_as_unapplied() {
    let socket = unit_of("a.socket", &[("/s", "[Socket]\nListenStream=/run/x\nListenStrem=/y\n")]);
    assert_eq!((socket.unapplied.len(), socket.findings.len()), (1, 1));
    let mount = unit_of("a.mount", &[("/m", "[Mount]\nWhat=/dev/x\n")]);
    assert_eq!((mount.load, mount.unapplied.len(), mount.findings.len()), (LoadState::Loaded, 1, 0));
}

/// The recording of 252's own verifier on single assignments (column msg_252).
#[test]
fn single_values_are_accepted_and_rejected_as_by_252() {
    // Rows on which amr differs on purpose, and why.
    let aside = [
        ("Type=dbus", "252's verifier prints nothing here of the BusName= that it lacks"),
        (
            "After=a.service b",
            "252's verifier prints nothing here, yet cannot use the name; amr warns, as 219 does",
        ),
        ("After=a", "the same"),
        ("Type=notify-reload", "of 253; amr does as that does"),
    ];
    let (mut tested, mut not_read) = (0, 0);
    for row in include_str!("../../../../tests/data/values_check.tsv").lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let (section, assignment, said) = (columns[0], columns[1], columns[3]);
        let key = assignment.split('=').next().unwrap();
        // Values of directives that amr does not apply are not looked into.
        let read = directive::find(section, key).is_none_or(|d| matches!(d.amr, Support::Honoured(_)));
        if !read || aside.iter().any(|(a, _)| *a == assignment) {
            not_read += 1;
            continue;
        }
        let accepted = ["ok", "Unit uses", "Standard output type", "Ignoring unknown escape"]
            .iter()
            .any(|s| said.starts_with(s));
        let unit = unit(&format!("[{section}]\n{assignment}\n[Service]\nExecStart=/bin/true\n"));
        let rejected =
            unit.findings.iter().any(|f| f.severity == Severity::Error || f.message.ends_with(", ignoring"));
        assert_eq!(!rejected, accepted, "{assignment}: {:?}; 252: {said}", messages(&unit));
        let fatal = said.contains("bad unit file setting");
        assert_eq!(unit.load == LoadState::BadSetting, fatal, "{assignment}: {:?}", messages(&unit));
        tested += 1;
    }
    // Those that are not read become fewer with each directive that amr applies.
    assert!(tested >= 106, "only {tested} tested, {not_read} aside");
}

/// A plan that was cut could not be read: the start must say where, and what to do.
#[test]
fn standard_input_is_refused_where_a_plan_cannot_hold_it() {
    let lines = |count: usize| {
        let line = format!("StandardInputText={}\n", "x".repeat(700_000));
        unit(&format!("[Service]\nExecStart=/bin/true\n{}StandardInputText=short\n", line.repeat(count)))
    };
    assert_eq!(lines(11).load, LoadState::Loaded);
    let long = lines(12);
    assert_eq!(long.load, LoadState::BadSetting);
    let told: Vec<_> =
        long.findings.iter().map(|f| (f.origin.as_ref().unwrap().span.line, f.message.as_str())).collect();
    assert_eq!(told, [(14, "standard input is longer than 8 MiB, which amr does not pass on"); 1]);
    assert!(long.findings[0].hint.as_deref().unwrap().contains("StandardInput=file:PATH"));
}

/// Whatever stands in the file: a unit comes out, and each finding has a place in it.
mod any_text {
    use super::*;
    use proptest::prelude::*;

    fn lines() -> impl Strategy<Value = String> {
        let keys: Vec<_> = directive::all()
            .filter(|d| d.section == "Service" && d.kind != Kind::Command)
            .map(|d| d.name)
            .collect();
        let line = (prop::sample::select(keys), "[ -~]{0,24}").prop_map(|(k, v)| format!("{k}={v}\n"));
        prop::collection::vec(line, 0..12)
            .prop_map(|l| format!("[Service]\nExecStart=/bin/true\n{}", l.concat()))
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            unit(&text);
        }

        #[test]
        fn findings_have_places(text in lines()) {
            let unit = unit(&text);
            for finding in &unit.findings {
                let span = finding.origin.as_ref().unwrap().span;
                let line = text.lines().nth((span.line as usize).saturating_sub(1)).unwrap_or("");
                prop_assert!(span.col as usize + span.len as usize <= line.len() + 1, "{finding:?}");
            }
        }
    }
}
