//! What a root promises: nothing leads out of it.

#![allow(clippy::disallowed_methods)]

use super::*;
use proptest::prelude::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of this test's own; the tree is `DIR/root`, and `DIR/secret` lies outside of it.
pub(crate) struct Scratch(pub PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("amr-root-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(dir.join("root")).unwrap();
        std::fs::write(dir.join("secret"), "secret").unwrap();
        Scratch(dir)
    }
    pub(crate) fn root(&self) -> Root {
        Root::at(&self.0.join("root")).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn p(s: &str) -> &Path {
    Path::new(s)
}

#[test]
fn follows_links_inside_and_never_out() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let tree = scratch.0.join("root");
    root.create_dir_all(p("/etc/deep"), 0o755).unwrap();
    root.write_atomic(p("/etc/secret"), b"inside", 0o600, Sync::No).unwrap();
    root.write_atomic(p("secret"), b"top", 0o600, Sync::Yes).unwrap();
    symlink("/secret", tree.join("etc/abs")).unwrap();
    symlink("../../../../secret", tree.join("etc/deep/up")).unwrap();
    symlink("..", tree.join("etc/deep/parent")).unwrap();
    symlink("loop", tree.join("loop")).unwrap();
    assert_eq!(root.read(p("/etc/abs"), 99).unwrap(), b"top");
    assert_eq!(root.read(p("/etc/deep/up"), 99).unwrap(), b"top");
    assert_eq!(root.read(p("/etc/deep/parent/secret"), 99).unwrap(), b"inside");
    assert_eq!(root.read(p("../../secret"), 99).unwrap(), b"top");
    assert_eq!(root.resolve(p("/etc/deep/parent/./abs")).unwrap(), p("/secret"));
    assert_eq!(root.resolve(p("/")).unwrap(), p("/"));
    assert_eq!(root.read(p("/loop"), 9).unwrap_err().errno(), Some(libc::ELOOP));
    assert_eq!(root.read(p("/secret/x"), 9).unwrap_err().errno(), Some(libc::ENOTDIR));
    assert_eq!(root.lstat(p("/etc/abs")).unwrap().kind, FileKind::Symlink);
    assert_eq!(root.read_link(p("/etc/abs")).unwrap(), p("/secret"));
}

#[test]
fn a_hostile_link_as_target_is_replaced_not_followed() {
    let scratch = Scratch::new();
    let root = scratch.root();
    symlink(scratch.0.join("secret"), scratch.0.join("root/log")).unwrap();
    root.write_atomic(p("/log"), b"mine", 0o640, Sync::No).unwrap();
    assert_eq!(std::fs::read(scratch.0.join("secret")).unwrap(), b"secret");
    assert_eq!(root.lstat(p("/log")).unwrap().mode, 0o640);
    root.create_dir_all(p("/again"), 0o755).unwrap();
    for (text, mode) in [("one", 0o640), ("two", 0o600)] {
        root.write_atomic(p("/again/log"), text.as_bytes(), mode, Sync::No).unwrap();
        assert_eq!(root.read(p("/again/log"), 9).unwrap(), text.as_bytes());
        assert_eq!(root.lstat(p("/again/log")).unwrap().mode, mode);
        assert_eq!(root.list(p("/again")).unwrap().len(), 1, "no name is left over");
    }
    symlink(&scratch.0, scratch.0.join("root/out")).unwrap();
    let refused = root.open_with(p("/out"), OFlag::O_RDONLY | OFlag::O_NOFOLLOW, 0).unwrap_err();
    assert_eq!(refused.errno(), Some(libc::ELOOP));
    root.remove_dir_all(p("/out")).unwrap();
    assert!(scratch.0.join("secret").exists());
}

/// The names that came to a folder while something was done.
fn names_made(folder: &Path, what: impl FnOnce()) -> Vec<OsString> {
    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
    let watch = Inotify::init(InitFlags::IN_NONBLOCK).unwrap();
    watch.add_watch(folder, AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO).unwrap();
    what();
    watch.read_events().unwrap_or_default().into_iter().filter_map(|event| event.name).collect()
}

#[test]
fn beside_a_file_that_a_person_named_no_name_is_ever_made() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let tree = scratch.0.join("root");
    for folder in ["/asked", "/own"] {
        root.create_dir_all(p(folder), 0o755).unwrap();
    }
    for (text, aside) in
        [("new", None), ("again", None), ("from aside", Some(p("/own"))), ("lost", Some(p("/none")))]
    {
        for sync in [Sync::No, Sync::Yes] {
            let write = || root.write_named(p("/asked/r"), text.as_bytes(), (0o640, sync), aside).unwrap();
            assert_eq!(names_made(&tree.join("asked"), write), ["r"], "{text}");
            assert_eq!(root.read(p("/asked/r"), 99).unwrap(), text.as_bytes());
            assert_eq!(root.lstat(p("/asked/r")).unwrap().mode, 0o640);
        }
    }
    assert!(root.list(p("/own")).unwrap().is_empty());
    root.symlink_atomic(p("r"), p("/asked/link")).unwrap();
    for taken in ["/asked", "/asked/link"] {
        let refused = root.write_named(p(taken), b"x", (0o640, Sync::No), Some(p("/own"))).unwrap_err();
        assert_eq!(refused.cause(), "it is not a regular file", "{taken}");
    }
    // Where there are no files without a name.
    let place = root.place("write", p("/asked/r")).unwrap();
    let own = root.open_dir(p("/own")).unwrap();
    for (aside, made) in [(Some(&own), 1), (None, 2)] {
        let write = || super::write::write_with_name(&place, aside, b"whole", 0o640, Sync::Yes).unwrap();
        assert_eq!(names_made(&tree.join("asked"), write).len(), made);
        assert_eq!(root.read(p("/asked/r"), 99).unwrap(), b"whole");
    }
    assert!(root.list(p("/own")).unwrap().is_empty());
}

#[test]
fn host_and_folder_roots_agree_on_nofollow() {
    let scratch = Scratch::new();
    let host = Root::at(p("/")).unwrap();
    assert!(host.is_host() && host.outer(p("etc")) == p("/etc"));
    symlink(scratch.0.join("secret"), scratch.0.join("link")).unwrap();
    let link = scratch.0.join("link");
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW;
    assert_eq!(host.open_with(&link, flags, 0).unwrap_err().errno(), Some(libc::ELOOP));
    assert_eq!(host.read(&link, 99).unwrap(), b"secret");
    assert_eq!(host.resolve(&link).unwrap(), host.resolve(&scratch.0.join("secret")).unwrap());
    host.symlink_atomic(p("other"), &link).unwrap();
    assert_eq!(host.read_link(&link).unwrap(), p("other"));
    assert_eq!(host.lstat(&link).unwrap().kind, FileKind::Symlink);
}

#[test]
fn only_regular_files_are_read_and_only_whole_ones() {
    let scratch = Scratch::new();
    let root = scratch.root();
    root.make_fifo(p("/fifo"), 0o600).unwrap();
    let e = root.read(p("/fifo"), 10).unwrap_err();
    assert!(e.to_string().ends_with("/root/fifo': it is not a regular file"), "{e}");
    assert_eq!(root.open(p("/")).unwrap_err().errno(), Some(libc::EISDIR));
    root.write_atomic(p("/big"), &[b'x'; 11], 0o600, Sync::No).unwrap();
    assert!(root.read(p("/big"), 11).is_ok());
    assert_eq!(root.read(p("/big"), 10).unwrap_err().cause(), "it is larger than 10 bytes");
    assert!(root.read(p("/none"), 10).unwrap_err().is_not_found());
    let nul = Path::new(OsStr::from_bytes(b"/a\0b"));
    assert_eq!(root.read(nul, 10).unwrap_err().errno(), Some(libc::EINVAL));
    assert!(!Root::host().unwrap().read(p("/proc/self/stat"), 4096).unwrap().is_empty());
}

#[test]
fn lists_and_matches_any_name() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let raw = OsStr::from_bytes(b"\xff.conf");
    root.create_dir_all(p("/d/sub.conf"), 0o700).unwrap();
    for name in [raw, OsStr::new("b.conf"), OsStr::new("a.conf"), OsStr::new(".h.conf"), OsStr::new("a*b")] {
        root.write_atomic(&p("/d").join(name), b"", 0o644, Sync::No).unwrap();
    }
    let names: Vec<_> = root.list(p("/d")).unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(
        names,
        [
            OsStr::new(".h.conf"),
            OsStr::new("a*b"),
            OsStr::new("a.conf"),
            OsStr::new("b.conf"),
            OsStr::new("sub.conf"),
            raw
        ]
    );
    let found = root.glob("/d/*.conf").unwrap();
    assert_eq!(found, [p("/d/a.conf"), p("/d/b.conf"), p("/d/sub.conf"), &p("/d").join(raw)]);
    assert_eq!(root.glob("/d/a\\*b").unwrap(), [p("/d/a*b")]);
    assert_eq!(root.glob("/d/a\\**").unwrap(), [p("/d/a*b")]);
    assert_eq!(root.glob("/*/[^a.]*.conf").unwrap().len(), 3);
    assert_eq!(root.glob("/*/.h**").unwrap(), [p("/d/.h.conf")]);
    assert_eq!(root.glob("/none/*").unwrap(), Vec::<PathBuf>::new());
    assert!(root.glob("/d/[a").is_err());
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let root = scratch.root();
    root.create_dir_all(p("/d/taken/x"), 0o711).unwrap();
    assert_eq!(root.stat(p("/d/taken")).unwrap().mode, 0o711);
    assert!(root.write_atomic(p("/d/taken"), b"x", 0o600, Sync::No).is_err());
    assert!(root.symlink_atomic(p("x"), p("/d/taken")).is_err());
    assert_eq!(root.list(p("/d")).unwrap().len(), 1);
    assert_eq!(root.create_dir_all(p("/d/taken/x"), 0o700).map_err(|e| e.errno()), Ok(()));
    assert!(root.is_trusted_dir(p("/d")).unwrap());
    root.chmod(p("/d"), 0o775).unwrap();
    assert!(!root.is_trusted_dir(p("/d")).unwrap());
    root.symlink_atomic(p("taken"), p("/d/link")).unwrap();
    assert!(!root.is_trusted_dir(p("/d/link")).unwrap());
    assert_eq!(root.chmod(p("/d/link"), 0o777).unwrap_err().errno(), Some(libc::ELOOP));
    root.remove_dir_all(p("/d")).unwrap();
    assert!(!root.exists(p("/d")));
}

/// A path of names, `..` and `.`; sometimes absolute, sometimes pointing at the secret outside.
fn paths() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "c", "..", ".", "secret"]);
    (any::<bool>(), prop::collection::vec(part, 1..8))
        .prop_map(|(abs, parts)| format!("{}{}", if abs { "/" } else { "" }, parts.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn random_link_farms_never_leave_the_tree(
        links in prop::collection::vec((prop::sample::select(vec!["a", "b", "c", "a/b", "b/a", "a/c"]), paths()), 0..8),
        asked in prop::collection::vec(paths(), 1..8),
    ) {
        let scratch = Scratch::new();
        let root = scratch.root();
        let tree = scratch.0.join("root");
        for (name, target) in &links {
            // Made only where the way to it is a real folder: the test itself must not step out.
            let parent = Path::new(name).parent().map(|d| tree.join(d)).unwrap_or(tree.clone());
            if parent.symlink_metadata().is_ok_and(|m| m.is_dir()) {
                let _ = if target.len() % 3 == 0 { std::fs::create_dir(tree.join(name)) }
                    else { symlink(target, tree.join(name)) };
            }
        }
        for path in &asked {
            let path = Path::new(path);
            if let Ok(found) = root.resolve(path) {
                let real = std::fs::canonicalize(tree.join(found.strip_prefix("/").unwrap())).unwrap();
                prop_assert!(real.starts_with(std::fs::canonicalize(&tree).unwrap()), "{real:?}");
            }
            prop_assert!(!matches!(root.read(path, 99), Ok(bytes) if bytes == b"secret"));
            let _ = root.write_atomic(path, b"inside", 0o600, Sync::No);
            let _ = root.create_dir_all(path, 0o700);
            let _ = root.remove_dir_all(path);
        }
        prop_assert_eq!(std::fs::read(scratch.0.join("secret")).unwrap(), b"secret");
        prop_assert_eq!(std::fs::read_dir(&scratch.0).unwrap().count(), 2);
    }
}

#[test]
fn the_quick_way_leads_where_the_walk_leads() {
    let scratch = Scratch::new();
    let root = scratch.root();
    let tree = scratch.0.join("root");
    root.create_dir_all(p("/etc/deep"), 0o755).unwrap();
    root.write_atomic(p("/etc/file"), b"inside", 0o600, Sync::No).unwrap();
    symlink("/etc", tree.join("abs")).unwrap();
    symlink("../../../..", tree.join("etc/deep/up")).unwrap();
    symlink("/etc/file", tree.join("last")).unwrap();
    symlink("nowhere", tree.join("dangling")).unwrap();
    let fd = root.inner.fd.as_ref().unwrap().as_fd();
    for path in [
        "/etc/file",
        "etc/deep/../file",
        "/abs/file",
        "/abs/deep/up/etc/file",
        "../../etc/file",
        "/abs/new",
        "/last",
        "file",
        "/missing/x",
        "/dangling/x",
        "/etc/file/x",
        "/",
        "/etc/..",
    ] {
        for last in [Last::Follow, Last::Keep] {
            let Some(quick) = walk::quick(fd, p(path), last) else { continue };
            let slow = walk::walk(fd, p(path), last).map(|(place, _)| place);
            match (quick, slow) {
                (Ok(quick), Ok(slow)) => {
                    let (a, b) = (Stat::from_fd(&quick.dir).unwrap(), Stat::from_fd(&slow.dir).unwrap());
                    assert!(a.same_file(&b) && quick.name == slow.name, "{path}");
                }
                (quick, slow) => assert_eq!(quick.err(), slow.err(), "{path}"),
            }
        }
    }
}
