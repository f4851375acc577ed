//! What each test answers on a tree.

mod machine;

use super::*;
use crate::unit::load::tests::Tree;
use crate::unit::model::Origin;
use crate::unit::specifier::{HostFacts, LazyFacts, User};
use crate::unit::value::Span;

/// `|!Test=value`
fn check(text: &str) -> Check {
    let (trigger, text) = text.strip_prefix('|').map_or((false, text), |t| (true, t));
    let (negate, text) = text.strip_prefix('!').map_or((false, text), |t| (true, t));
    let (test, value) = text.split_once('=').unwrap();
    let origin = Origin { path: Path::new("/u").into(), span: Span::default() };
    Check { test: test.into(), trigger, negate, value: value.into(), origin }
}

fn facts() -> Facts {
    let host = HostFacts {
        host_name: Some("Web-1.example".into()),
        machine_id: Some("0123456789abcdef0123456789abcdef".into()),
        kernel_release: Some("4.9.38-16.35.amzn1.x86_64".into()),
        architecture: Some("x86-64".into()),
        environment: vec![("PATH".into(), "/bin".into())],
        ..HostFacts::default()
    };
    Facts { host: LazyFacts::when_needed(|| host), user: Some(User::default()), ..Facts::default() }
}

#[test]
fn single_tests() {
    let tree = Tree::new(&[
        ("/d/full/x", "data"),
        ("/d/hidden/.x", ""),
        ("/d/link", "-> /d/full"),
        ("/d/dangling", "-> /nowhere"),
        ("/d/empty", ""),
        ("/proc/cmdline", "root=/dev/xvda quiet amr.mode=x\n"),
        (
            "/proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /d/full ro,nosuid - ext4 /dev/b rw\n",
        ),
    ]);
    for (text, holds) in [
        ("PathExists=/d/link", true),
        ("PathExists=/d/dangling", false),
        ("!PathExists=/d/dangling", true),
        ("PathExistsGlob=/d/f*/x", true),
        ("PathExistsGlob=/d/z*", false),
        ("PathExistsGlob=/d/{z,f*}/{y,x}", true),
        ("PathExistsGlob=/d/{z,y}", false),
        ("PathIsDirectory=/d/link", true),
        ("PathIsDirectory=/d/empty", false),
        ("PathIsSymbolicLink=/d/dangling", true),
        ("PathIsSymbolicLink=/d/full", false),
        ("PathIsMountPoint=/d/full", true),
        ("PathIsMountPoint=/d", false),
        ("PathIsMountPoint=/", true),
        ("PathIsReadWrite=/d/link/x", false),
        ("PathIsReadWrite=/d/empty", true),
        ("PathIsReadWrite=/nowhere", false),
        ("DirectoryNotEmpty=/d/full", true),
        ("DirectoryNotEmpty=/d/hidden", false),
        ("DirectoryNotEmpty=/nowhere", false),
        ("!DirectoryNotEmpty=/nowhere", true),
        ("FileNotEmpty=/d/full/x", true),
        ("FileNotEmpty=/d/empty", false),
        ("FileIsExecutable=/d/full/x", false),
        ("FileIsExecutable=/d/full", false),
        ("Host=web-*", true),
        ("Host=web", false),
        ("Host=01234567-89AB-cdef-0123-456789abcdef", true),
        ("KernelCommandLine=quiet", true),
        ("KernelCommandLine=amr.mode", true),
        ("KernelCommandLine=amr.mode=y", false),
        ("KernelCommandLine=amr", false),
        ("KernelVersion=>=4.9", true),
        ("KernelVersion=>= 4.10", false),
        ("KernelVersion=>4 <5", true),
        ("KernelVersion=>= 4 < 5", false),
        ("KernelVersion=\">= 4\" \" < 5 \"", true),
        ("KernelVersion=4.9.38-16.35.amzn1.x86_64", true),
        ("KernelVersion==4.9.38-16.35.amzn1.x86_64", true),
        ("KernelVersion==4.9.38", false),
        ("KernelVersion=!$=4.8.*", true),
        ("Version=kernel >=4.9", true),
        ("Version=>=4.10", false),
        ("!Version=systemd >=1", false),
        ("KernelVersion=4.9.*", true),
        ("KernelVersion=!=4.9.38", true),
        ("Architecture=x86-64", true),
        ("Architecture=native", true),
        ("Architecture=arm64", false),
        ("FirstBoot=no", true),
        ("FirstBoot=yes", false),
        ("FirstBoot=perhaps", false),
        ("User=root", true),
        ("User=0", true),
        ("User=@system", true),
        ("User=nobody", false),
        ("Group=root", true),
        ("Group=99", false),
        ("Environment=PATH", true),
        ("Environment=PATH=/bin", true),
        ("Environment=PATH=/sbin", false),
        ("!Environment=NOSUCH", true),
    ] {
        assert_eq!(unmet(&tree.root, &facts(), &[check(text)]).is_none(), holds, "{text}");
    }
}

#[test]
fn all_plain_ones_and_one_of_the_triggers() {
    let tree = Tree::new(&[("/yes", "x")]);
    let holds = |texts: &[&str]| {
        let checks: Vec<_> = texts.iter().map(|t| check(t)).collect();
        unmet(&tree.root, &facts(), &checks).is_none()
    };
    assert!(holds(&[]));
    assert!(holds(&["PathExists=/yes", "|PathExists=/no", "|PathExists=/yes"]));
    assert!(!holds(&["PathExists=/yes", "|PathExists=/no", "|!PathExists=/yes"]));
    assert!(!holds(&["PathExists=/no", "|PathExists=/yes"]));
    assert!(!holds(&["Unheard=x"]) && !holds(&["!Unheard=x"]), "what cannot be told has failed");
}
