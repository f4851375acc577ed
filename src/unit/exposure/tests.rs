use super::*;
use crate::unit::build::{Input, build};
use crate::unit::merge::Source;
use crate::unit::model::Body;
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::collections::BTreeMap;
use std::path::Path;

/// A host that applies everything.
const WHOLE: Host = Host {
    processor: "x86_64",
    mounts: true,
    networks: true,
    users: true,
    hostnames: true,
    filters: true,
    devices: true,
    addresses: true,
};

fn assessed(lines: &str, host: &Host) -> Exposure {
    let text = format!("[Service]\nExecStart=/bin/sleep 1000\n{lines}\n");
    let sources = vec![Source::new(Path::new("/u"), text.as_bytes())];
    let name = UnitName::parse("a.service").unwrap();
    let fragment = Some("/u".into());
    let input =
        Input { name, aliases: Vec::new(), fragment, dropins: Vec::new(), sources, links: Vec::new() };
    let unit = build(input, &Facts::default());
    let Body::Service(service) = &unit.body else { panic!("a service") };
    assess(&unit, service, host)
}

const FULL: &str = "User=nobody
Group=nogroup
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectSystem=strict
ProcSubset=pid
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallFilter=@system-service
DevicePolicy=closed
IPAddressDeny=any
IPAddressAllow=localhost
UMask=0027";

/// Marks and parts as systemd-analyze of 252.39 printed them of these units on x86-64.
#[test]
fn each_item_weighs_what_252_says() {
    for (lines, recorded, overall, level) in [
        ("", include_str!("../../../tests/data/security-plain.tsv"), 96, "UNSAFE"),
        (FULL, include_str!("../../../tests/data/security-full.tsv"), 35, "OK"),
    ] {
        let exposure = assessed(lines, &WHOLE);
        let row = |item: &Assessed| {
            let mark = item.kept.map_or("-", |kept| if kept { "✓" } else { "✗" });
            (item.name, (mark, format!("{}.{}", item.exposure / 10, item.exposure % 10)))
        };
        let ours: BTreeMap<_, _> = exposure.items.iter().map(row).collect();
        let right = recorded.lines().map(|line| {
            let words: Vec<_> = line.split('\t').collect();
            (words[1], (words[0], words[2].to_owned()))
        });
        assert_eq!(ours, right.collect());
        assert_eq!((exposure.overall, exposure.asked, exposure.level()), (overall, overall, level));
    }
}

#[test]
fn what_the_host_does_not_apply_protects_nothing() {
    let host = Host { filters: false, addresses: false, ..WHOLE };
    let exposure = assessed(FULL, &host);
    assert_eq!(exposure.asked, 35);
    assert!(exposure.overall > 35);
    let left: Vec<_> = exposure.items.iter().filter(|item| item.not_applied).collect();
    assert!(left.iter().any(|item| item.name == "IPAddressDeny=" && item.kept == Some(false)));
    assert!(left.iter().any(|item| item.name == "SystemCallFilter=~@swap"));
    assert!(left.iter().all(|item| item.what.starts_with("not applied here")));
    // Nothing is taken away that nobody asked for.
    assert!(!left.iter().any(|item| item.name == "SystemCallArchitectures="));
    // The worst first.
    assert!(exposure.items.is_sorted_by_key(|item| std::cmp::Reverse(item.exposure)));
}

#[test]
fn values_between_all_and_nothing() {
    let of = |lines: &str, name: &str| {
        let exposure = assessed(lines, &WHOLE);
        let item = exposure.items.into_iter().find(|item| item.name == name).unwrap();
        (item.kept, item.exposure)
    };
    for (lines, name, right) in [
        ("User=web", "User=/DynamicUser=", (Some(true), 0)),
        ("DynamicUser=yes", "RemoveIPC=", (Some(true), 0)),
        ("User=web", "RemoveIPC=", (Some(false), 1)),
        ("", "RemoveIPC=", (None, 0)),
        ("User=web\nSupplementaryGroups=adm", "SupplementaryGroups=", (Some(false), 1)),
        ("ProtectHome=read-only", "ProtectHome=", (Some(false), 1)),
        ("ProtectHome=tmpfs", "PrivateMounts=", (Some(true), 0)),
        ("ProtectClock=yes", "CapabilityBoundingSet=~CAP_SYS_TIME", (Some(true), 0)),
        ("RestrictNamespaces=user", "RestrictNamespaces=~user", (Some(false), 3)),
        ("RestrictNamespaces=~user", "RestrictNamespaces=~user", (Some(true), 0)),
        ("RestrictNamespaces=user", "RestrictNamespaces=~mnt", (Some(true), 0)),
        ("RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies=~AF_UNIX", (Some(false), 1)),
        ("RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies=~…", (Some(true), 0)),
        ("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=~AF_PACKET", (Some(true), 0)),
        ("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=~…", (Some(false), 3)),
        ("RestrictAddressFamilies=none", "RestrictAddressFamilies=~AF_(INET|INET6)", (Some(true), 0)),
        ("SystemCallArchitectures=native", "SystemCallArchitectures=", (Some(true), 0)),
        ("SystemCallArchitectures=native x86", "SystemCallArchitectures=", (Some(false), 2)),
        ("SystemCallFilter=~@mount", "SystemCallFilter=~@mount", (Some(true), 0)),
        ("SystemCallFilter=~@mount", "SystemCallFilter=~@reboot", (Some(false), 2)),
        ("DeviceAllow=/dev/null", "DeviceAllow=", (Some(false), 2)),
        ("DevicePolicy=closed\nDeviceAllow=/dev/null", "DeviceAllow=", (Some(false), 1)),
        ("IPAddressDeny=any", "IPAddressDeny=", (Some(true), 0)),
        ("UMask=0077", "UMask=", (Some(true), 0)),
        ("NotifyAccess=all", "NotifyAccess=", (Some(false), 2)),
        ("[Unit]\nDefaultDependencies=no", "ProtectHome=", (None, 0)),
    ] {
        assert_eq!(of(lines, name), right, "{lines} {name}");
    }
}
