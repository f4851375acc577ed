//! What is printed and drawn of a plan.

use super::*;

#[test]
fn a_host_set_up_by_hand_loses_its_logs_to_the_old_link() {
    // K30 for the hook in rc3, rc0 and rc6; K40 for filebeat in rc3 and rc6 only, its old K02 left
    // behind in rc0.
    let mut host = host(
        &["K02filebeat", "K15app", "K30drain", "K90network", "S00killall", "S01halt"],
        &["app", "drain", "filebeat", "network"],
    );
    let six = ["K15app", "K30drain", "K40filebeat", "K90network", "S00killall", "S01reboot"];
    host.levels.insert(6, crate::order::sysv::tests::links(&six));
    host.levels.get_mut(&3).unwrap().extend(crate::order::sysv::tests::links(&["K30drain", "K40filebeat"]));
    let off = sysv::plan(&host, Transition::PowerOff, &options());
    assert_eq!(ids(&check(&off, &options())), ["shipper-stops-first", "kill-link-in-start-level"]);
    let reboot = sysv::plan(&host, Transition::Reboot, &options());
    assert!(check(&reboot, &options()).is_good());
    assert!(matches!(why::why(&reboot, "drain", "filebeat"), why::Answer::Chain(_)));
    assert!(matches!(why::why(&off, "drain", "filebeat"), why::Answer::Reversed(_)));
}

#[test]
fn an_extended_stop_needs_the_right_notify_access_and_version() {
    let short = |access: NotifyAccess| {
        on_systemd(|f| {
            f.options.extends_timeout = true;
            let service = service_mut(drain(f));
            service.timeout_stop = Timeout::After(Duration::from_secs(90));
            service.notify_access = access;
        })
    };
    assert!(short(NotifyAccess::All).is_good());
    assert!(short(NotifyAccess::Exec).is_good());
    assert_eq!(ids(&short(NotifyAccess::Main)), ["stop-limit-short"]);
    assert_eq!(ids(&short(NotifyAccess::None)), ["stop-limit-short"]);
}

#[test]
fn without_an_edge_nothing_is_sure() {
    let report = on_systemd(|f| without(f, "drain", "filebeat"));
    let text = render::text::findings(&report);
    assert!(text.contains("the shipper 'filebeat' may stop before the drain has ended"), "{text}");
    assert!(text.contains("hint: put After=filebeat.service into [Unit] of drain.service"), "{text}");
}

#[test]
fn why_prints_the_chain_with_its_lines() {
    let (plan, _) = systemd_with(|f| without(f, "drain", "network.target"));
    let text = why::why(&plan, "app", "network").to_text("app", "network");
    for part in [
        "app.service -> drain.service: drain.service Before=app.service (/etc/systemd/system/drain.service:3)",
        "drain.service -> filebeat.service: drain.service After=filebeat.service",
        "filebeat.service -> network.target: filebeat.service After=network.target",
        "network.target -> network.service: network.service Before=network.target",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(why::why(&plan, "nobody", "app"), why::Answer::NoStep("nobody".to_owned()));
    assert_eq!(
        why::why(&plan, "app", "drain").to_json().pointer("/order").and_then(Value::as_str),
        Some("before")
    );
}

#[test]
fn what_is_drawn_is_well_formed_whatever_the_names() {
    let mut h = good();
    down(&mut h).push(sysv::Link {
        name: "K77<&\"\u{7}>".to_owned(),
        target: LinkTarget::Script("x".to_owned()),
        executable: true,
    });
    let plan = sysv::plan(&h, Transition::PowerOff, &options());
    let report = check(&plan, &options());
    let svg = render::svg::plan(&plan, &report, &options());
    assert!(!svg.contains('\u{7}') && svg.contains("&lt;&amp;&quot;"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    assert!(!render::dot::plan(&plan, render::Show::All).contains('\u{7}'));
    let json = render::json::plan(&plan, &report, render::Show::Relevant);
    assert_eq!(json.pointer("/good"), Some(&Value::Bool(true)));
    assert_eq!(json.pointer("/steps/1/name").and_then(Value::as_str), Some("drain"));
    let text = render::text::plan(&plan, &report, render::Show::Relevant);
    assert!(text.contains("2  stop   K30drain "), "{text}");
}

#[test]
fn a_boot_starts_the_network_first() {
    let graph = std::rc::Rc::new(Graph::new(
        units()
            .into_iter()
            .chain([unit("multi-user.target Wants=app,drain,filebeat,network"), empty(&name("idle"))])
            .collect(),
    ));
    let down = |_: &UnitName| Activity::Inactive;
    let host = SystemdHost {
        graph: &graph,
        version: 252,
        active: &down,
        scripts: vec![],
        default_stop: Duration::from_secs(90),
        job_timeout: None,
        default_target: name("multi-user.target"),
    };
    let plan = systemd::plan(&host, Transition::Boot, &options()).unwrap();
    let order: Vec<&str> = plan.steps.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(order, ["multi-user.target", "network", "network.target", "filebeat", "drain", "app"]);
}
