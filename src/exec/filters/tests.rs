use super::*;
use crate::unit::build::{Input, build};
use crate::unit::merge::Source;
use crate::unit::model::Body;
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::path::Path;

fn context(lines: &str) -> ExecContext {
    let text = format!("[Service]\nExecStart=/bin/true\n{lines}\n");
    let input = Input {
        name: UnitName::parse("x.service").unwrap(),
        aliases: Vec::new(),
        fragment: Some("/x.service".into()),
        sources: vec![Source::new(Path::new("/x.service"), text.as_bytes())],
        dropins: Vec::new(),
        links: Vec::new(),
    };
    let unit = build(input, &Facts::default());
    assert!(unit.findings.is_empty(), "{:?}", unit.findings);
    let Body::Service(service) = unit.body else { panic!("a service") };
    *service.context
}

/// The last kind is the processor's own: (answer to these, to all else, how many).
fn own(filters: &[Filter]) -> Vec<(Action, Action, usize)> {
    let own = caller(*Arch::local(std::env::consts::ARCH).last().unwrap());
    let of_own = filters.iter().filter(|f| f.caller == own);
    of_own.map(|f| (f.matched, f.otherwise, f.rules.len())).collect()
}

#[test]
fn nothing_asked_nothing_filtered() {
    let context = context("");
    assert!(
        of_calls(&context, 0).is_empty() && of_families(&context).is_empty() && callers(&context).is_none()
    );
    assert!(!any(&context));
}

#[test]
fn a_list_of_what_may_be_called() {
    let context = context(
        "SystemCallFilter=@module\nSystemCallFilter=~init_module\nSystemCallFilter=~delete_module:EILSEQ",
    );
    let filters = own(&of_calls(&context, 0));
    let [(Action::Allow, Action::Kill, some), (Action::Errno(84), Action::Allow, 1)] = filters[..] else {
        panic!("{filters:?}")
    };
    // @default and the two that are left.
    assert!((30..70).contains(&some), "{some}");
}

#[test]
fn a_list_of_what_may_not_be_called() {
    let context = context(
        "SystemCallErrorNumber=EACCES\nSystemCallFilter=~@swap reboot:EBUSY uname:kill\nSystemCallFilter=swapon",
    );
    let filters = own(&of_calls(&context, 0));
    // The order of answers is that of the strictness of none: each call has one.
    assert_eq!(
        filters,
        [
            (Action::Errno(13), Action::Allow, 1),
            (Action::Errno(16), Action::Allow, 1),
            (Action::Kill, Action::Allow, 1),
        ]
    );
}

#[test]
fn all_that_is_forbidden_stands_in_one_filter() {
    let lines = "MemoryDenyWriteExecute=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes\nLockPersonality=yes\nRestrictNamespaces=user mnt";
    let filters = own(&of_calls(&context(lines), 0));
    assert!(matches!(filters[..], [(ENOSYS, Action::Allow, 2), (EPERM, Action::Allow, 15..)]), "{filters:?}");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn other_kinds_of_program_are_filtered_until_they_may_not_run() {
    let all = context("SystemCallFilter=~socket\nRestrictAddressFamilies=AF_UNIX");
    let filters = of_calls(&all, 0);
    assert_eq!(
        filters.iter().map(|f| f.caller).collect::<Vec<_>>(),
        [Caller::I386, Caller::X32, Caller::X86_64]
    );
    // 32 bits of x86: by its own number, and through socketcall.
    let through = vec![vec![when(0, Test::Equal, 1)]];
    assert_eq!(filters[0].rules, BTreeMap::from([(359, Vec::new()), (102, through)]));
    assert_eq!(filters[1].rules, BTreeMap::from([(0x4000_0000 | 41, Vec::new())]));
    assert_eq!(of_families(&all).len(), 2);
    let native = context("SystemCallFilter=~socket\nSystemCallArchitectures=native");
    assert_eq!(callers(&native), Some(vec![Caller::X86_64]));
    assert_eq!(of_calls(&native, 0).len(), 1);
    let with_x86 = context("SystemCallArchitectures=x86 arm");
    assert_eq!(callers(&with_x86), Some(vec![Caller::I386, Caller::X86_64]));
}

#[test]
fn families() {
    let rules =
        |lines: &str| of_families(&context(lines)).pop().map(|f| f.rules.into_values().next().unwrap());
    let equal = |n| vec![when(0, Test::Equal, n)];
    assert_eq!(rules("RestrictAddressFamilies=~AF_INET AF_INET6"), Some(vec![equal(2), equal(10)]));
    assert_eq!(
        rules("RestrictAddressFamilies=AF_UNIX AF_AX25"),
        Some(vec![vec![when(0, Test::Below, 1)], vec![when(0, Test::Above, 3)], equal(2),])
    );
    assert_eq!(rules("RestrictAddressFamilies=none"), Some(Vec::new()));
    assert_eq!(rules("RestrictAddressFamilies=~AF_INET\nRestrictAddressFamilies=AF_INET"), None);
}

/// What the longest list comes to fits into the kernel.
#[test]
fn every_group_can_be_installed() {
    for group in crate::unit::value::syscall::groups() {
        for sign in ["", "~"] {
            let context = context(&format!("SystemCallFilter={sign}{group}"));
            for filter in of_calls(&context, 0) {
                assert!(filter.check().is_ok(), "{sign}{group}: {filter:?}");
            }
        }
    }
}
