//! What root does not do for others. Folders and files of other users are made here by chown(2), which takes
//! root, as the hostile suite does (tests/e2e/hostile.sh); an ordinary user has no such neighbours.

#![allow(clippy::disallowed_methods)]

mod trees;

use super::*;
use crate::os::ids::Credentials;
use crate::os::root::Sync;
use crate::os::root::tests::Scratch;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

const SVC: u32 = 61_001;
const OTHER: u32 = 61_002;

/// A tree as root finds it: `/var/web` is the service's, all else root's.
struct Host {
    scratch: Scratch,
    root: Root,
}

impl Host {
    /// `None`, and said, for an ordinary user.
    fn new() -> Option<Host> {
        let scratch = Scratch::new();
        let top = scratch.0.join("root");
        fs::create_dir_all(top.join("var/web")).unwrap();
        for dir in [&scratch.0, &top, &top.join("var"), &top.join("var/web")] {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        }
        if !nix::unistd::geteuid().is_root() {
            println!("left out: files of other users need root");
            return None;
        }
        chown(top.join("var/web"), Some(SVC), Some(SVC)).unwrap();
        let root = scratch.root();
        Some(Host { scratch, root })
    }

    fn at(&self, inner: &str) -> PathBuf {
        self.scratch.0.join("root").join(inner.trim_start_matches('/'))
    }

    fn put(&self, inner: &str, text: &str, uid: u32, mode: u32) {
        fs::write(self.at(inner), text).unwrap();
        chown(self.at(inner), Some(uid), Some(uid)).unwrap();
        fs::set_permissions(self.at(inner), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn link(&self, target: &str, inner: &str, uid: u32) {
        symlink(target, self.at(inner)).unwrap();
        std::os::unix::fs::lchown(self.at(inner), Some(uid), Some(uid)).unwrap();
    }

    fn output(&self, inner: &str, how: Output) -> Result<fs::File> {
        self.root.safe_output(Path::new(inner), how, 0o644, &svc())
    }

    fn read(&self, inner: &str, reader: Reader<'_>) -> Result<(Vec<u8>, Author)> {
        self.root.safe_read(Path::new(inner), 1000, reader)
    }
}

fn svc() -> Credentials {
    Credentials { uid: SVC, gid: SVC, groups: Vec::new() }
}

fn says<T>(outcome: Result<T>, words: &str) {
    let text = outcome.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains(words), "'{text}' does not say '{words}'");
}

#[test]
fn a_link_leads_only_where_root_alone_says() {
    let Some(host) = Host::new() else { return };
    host.put("/secret", "s", 0, 0o600);
    fs::create_dir(host.at("/run")).unwrap();
    host.put("/run/pid", "7", 0, 0o644);
    host.link("../run", "/var/run", 0);
    assert_eq!(host.read("/var/run/pid", Reader::Amr).unwrap(), (b"7".to_vec(), Author::Root));
    host.link("/secret", "/var/web/mine", SVC);
    host.link("/secret", "/var/web/roots", 0);
    host.link("/secret", "/var/svcs", SVC);
    for link in ["/var/web/mine", "/var/web/roots", "/var/svcs"] {
        says(host.read(link, Reader::Amr), "is a link that others than root can change");
        says(host.output(link, Output::Truncate), "is a link that others than root can change");
    }
    assert_eq!(fs::read(host.at("/secret")).unwrap(), b"s");
    // A component in the middle, and a folder that a group can write.
    host.link("/run", "/var/web/dir", SVC);
    says(host.read("/var/web/dir/pid", Reader::Amr), "'/");
    says(host.output("/var/web/dir/new", Output::Append), "is a link");
    assert!(!host.at("/run/new").exists());
    fs::set_permissions(host.at("/var"), fs::Permissions::from_mode(0o775)).unwrap();
    says(host.read("/var/run/pid", Reader::Amr), "is a link");
}

#[test]
fn output_goes_into_files_of_root_and_the_service_alone() {
    let Some(host) = Host::new() else { return };
    // Made: root's, and not cut when opened again.
    write!(host.output("/var/web/out", Output::Append).unwrap(), "one").unwrap();
    write!(host.output("/var/web/out", Output::Append).unwrap(), "two").unwrap();
    assert_eq!(fs::read(host.at("/var/web/out")).unwrap(), b"onetwo");
    assert_eq!(fs::metadata(host.at("/var/web/out")).unwrap().uid(), 0);
    write!(host.output("/var/web/out", Output::Over).unwrap(), "TEN").unwrap();
    assert_eq!(fs::read(host.at("/var/web/out")).unwrap(), b"TENtwo");
    drop(host.output("/var/web/out", Output::Truncate).unwrap());
    assert_eq!(fs::metadata(host.at("/var/web/out")).unwrap().len(), 0);
    host.put("/var/web/own", "x", SVC, 0o600);
    drop(host.output("/var/web/own", Output::Truncate).unwrap());
    host.put("/var/web/others", "x", OTHER, 0o666);
    says(host.output("/var/web/others", Output::Truncate), "it belongs to user 61002");
    // A second name for a file of root's.
    host.put("/secret", "s", 0, 0o600);
    fs::hard_link(host.at("/secret"), host.at("/var/web/hard")).unwrap();
    says(host.output("/var/web/hard", Output::Truncate), "it has 2 names");
    assert_eq!(fs::read(host.at("/secret")).unwrap(), b"s");
    // A FIFO never waits; where root put it, its reader counts.
    for (inner, words) in [("/var/web/fifo", "it is not a regular file"), ("/var/fifo", "that nobody reads")]
    {
        host.root.make_fifo(Path::new(inner), 0o666).unwrap();
        says(host.output(inner, Output::Append), words);
    }
    let reader = host.root.safe_input(Path::new("/var/fifo"), &svc()).unwrap();
    write!(host.output("/var/fifo", Output::Append).unwrap(), "hello").unwrap();
    let mut five = [0; 5];
    (&reader).read_exact(&mut five).unwrap();
    assert_eq!(&five, b"hello");
    says(host.output("/var/web", Output::Append), "Is a directory");
}

#[test]
fn input_is_what_the_service_could_read_itself() {
    let Some(host) = Host::new() else { return };
    host.put("/var/secret", "s", 0, 0o600);
    host.put("/var/web/secret", "s", 0, 0o600);
    host.put("/var/web/open", "o", 0, 0o644);
    host.put("/var/web/own", "w", SVC, 0o600);
    let user = svc();
    let read = |inner: &str| host.read(inner, Reader::User(&user));
    // Only root could put it there: systemd hands it out as well.
    assert_eq!(read("/var/secret").unwrap(), (b"s".to_vec(), Author::Root));
    says(read("/var/web/secret"), "user 61001 may not read it");
    says(host.root.safe_input(Path::new("/var/web/secret"), &user).map(drop), "may not read it");
    assert_eq!(read("/var/web/open").unwrap(), (b"o".to_vec(), Author::Others));
    assert_eq!(read("/var/web/own").unwrap(), (b"w".to_vec(), Author::Others));
    host.put("/var/own", "w", SVC, 0o600);
    assert_eq!(read("/var/own").unwrap().1, Author::Others);
    host.put("/var/world", "w", 0, 0o666);
    assert_eq!(read("/var/world").unwrap().1, Author::Others);
    says(host.read("/var/web/none", Reader::Amr), "No such file");
    assert!(host.read("/var/none/none", Reader::Amr).unwrap_err().is_not_found());
}

#[test]
fn folders_are_made_given_and_refused() {
    let Some(host) = Host::new() else { return };
    let make =
        |inner: &str, existing| host.root.safe_dir(Path::new(inner), 0o750, Some((SVC, SVC)), existing);
    let is =
        |inner: &str| fs::symlink_metadata(host.at(inner)).map(|m| (m.uid(), m.mode() & 0o7777)).unwrap();
    make("/var/lib/web/deep/er", Existing::Adopt).unwrap();
    assert_eq!((is("/var/lib/web"), is("/var/lib/web/deep/er")), ((0, 0o755), (SVC, 0o750)));
    // In the service's own folder, and again.
    for _ in 0..2 {
        make("/var/web/conf/d", Existing::Adopt).unwrap();
        assert_eq!((is("/var/web/conf"), is("/var/web/conf/d")), ((0, 0o755), (SVC, 0o750)));
        make("/var/web/sub", Existing::Adopt).unwrap();
        assert_eq!(is("/var/web/sub"), (SVC, 0o750));
    }
    let left: Vec<_> = fs::read_dir(host.at("/var/web")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    // A folder that was another user's becomes the service's where root put it.
    chown(host.at("/var/lib/web/deep/er"), Some(OTHER), None).unwrap();
    make("/var/lib/web/deep/er", Existing::Adopt).unwrap();
    // But not what may have been moved there.
    fs::create_dir(host.at("/var/web/moved")).unwrap();
    says(make("/var/web/moved", Existing::Adopt), "it belongs to user 0");
    assert_eq!(is("/var/web/moved").0, 0);
    make("/var/web/moved", Existing::Keep).unwrap();
    host.link("/var", "/var/web/link", SVC);
    says(make("/var/web/link/cron.d", Existing::Adopt), "is a link");
    says(make("/var/web/link", Existing::Adopt), "is a link");
    assert!(!host.at("/var/cron.d").exists());
    host.put("/var/web/file", "", SVC, 0o644);
    says(make("/var/web/file", Existing::Adopt), "Not a directory");
    assert_eq!(is("/var"), (0, 0o755));
}

#[test]
fn in_tmp_only_roots_own_is_taken() {
    let Some(host) = Host::new() else { return };
    fs::create_dir(host.at("/tmp")).unwrap();
    fs::set_permissions(host.at("/tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    let own = |inner: &str| host.root.safe_dir(Path::new(inner), 0o700, None, Existing::Own);
    own("/tmp/ours").unwrap();
    own("/tmp/ours/tmp").unwrap();
    fs::create_dir(host.at("/tmp/planted")).unwrap();
    chown(host.at("/tmp/planted"), Some(OTHER), None).unwrap();
    says(own("/tmp/planted"), "it belongs to user 61002");
    says(host.root.remove_dir_all(Path::new("/tmp/planted")), "it belongs to user 61002");
    // Where nobody lives as that user, only root could lead elsewhere; whatever others put in the way.
    fs::write(host.at("/tmp/planted/file"), "x").unwrap();
    let gone = |user| host.root.remove_dir_all_of(user, Path::new("/tmp/planted"));
    says(gone(OTHER + 1), "it belongs to user 61002");
    host.put("/tmp/.amr-removed-planted", "1", OTHER + 1, 0o644);
    gone(OTHER).unwrap();
    assert_eq!(
        (host.at("/tmp/planted").exists(), host.at("/tmp/.amr-removed-planted").exists()),
        (false, true)
    );
    host.link("/var", "/tmp/link", 0);
    says(own("/tmp/link"), "is a link");
    host.put("/tmp/pid", "1", OTHER, 0o644);
    says(host.root.safe_remove_file(Path::new("/tmp/pid")), "it is not theirs");
    host.root.remove_dir_all(Path::new("/tmp/ours")).unwrap();
    assert!(!host.at("/tmp/ours").exists());
}

#[test]
fn only_where_root_is_alone_is_written() {
    let Some(host) = Host::new() else { return };
    let (web, var) = (Path::new("/var/web/x.pid"), Path::new("/var/x.pid"));
    host.root.safe_write(var, b"1\n", 0o644, Sync::No).unwrap();
    host.root.safe_remove_file(var).unwrap();
    says(host.root.safe_write(web, b"1\n", 0o644, Sync::No), "others than root can change");
    host.put("/var/web/x.pid", "1", 0, 0o644);
    host.root.safe_remove_file(web).unwrap();
    host.root.safe_remove_file(web).unwrap();
    // A folder of root's that the service moved into the place.
    fs::create_dir(host.at("/var/web/dir")).unwrap();
    host.put("/var/web/dir/x.pid", "1", 0, 0o644);
    says(host.root.safe_remove_file(Path::new("/var/web/dir/x.pid")), "it is not theirs");
    fs::create_dir(host.at("/var/web/dir/empty")).unwrap();
    says(host.root.safe_remove_dir(Path::new("/var/web/dir/empty")), "it is not theirs");
    says(host.root.safe_remove_dir(Path::new("/var/web")), "Directory not empty");
    fs::create_dir(host.at("/var/empty")).unwrap();
    host.root.safe_remove_dir(Path::new("/var/empty")).unwrap();
    assert!(!host.at("/var/empty").exists());
    for dir in ["/var/a", "/var/web/b"] {
        fs::create_dir(host.at(dir)).unwrap();
    }
    let moves = |from: &str, to: &str| host.root.safe_move(Path::new(from), Path::new(to));
    says(moves("/var/a", "/var/web/a"), "others than root can change");
    says(moves("/var/web/b", "/var/b"), "others than root can change");
    says(moves("/var/a", "/var/web"), "Directory not empty");
    host.put("/var/file", "1", 0, 0o644);
    says(moves("/var/a", "/var/file"), "something is there");
    moves("/var/a", "/var/b").unwrap();
    assert!(host.at("/var/b").is_dir() && !host.at("/var/a").exists());
    assert!(host.root.is_alone(var).unwrap() && !host.root.is_alone(web).unwrap());
    assert!(host.root.is_alone(Path::new("/gone/x.pid")).unwrap_err().is_not_found());
}

/// While a middle component is a folder at one moment and a link at the next, nothing gets behind the link.
#[test]
fn a_swap_meanwhile_wins_nothing() {
    let Some(host) = Host::new() else { return };
    fs::create_dir(host.at("/etc")).unwrap();
    host.put("/etc/env", "secret", 0, 0o644);
    fs::create_dir(host.at("/var/web/a")).unwrap();
    host.put("/var/web/a/env", "mine", SVC, 0o644);
    chown(host.at("/var/web/a"), Some(SVC), Some(SVC)).unwrap();
    host.link("/etc", "/var/web/b", SVC);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let web = fs::File::open(host.at("/var/web")).unwrap();
        let done = &done;
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let web = std::os::fd::AsFd::as_fd(&web);
                crate::os::sys::exchange((web, "a".as_ref()), (web, "b".as_ref())).unwrap();
            }
        });
        let (mut got, mut refused) = (0, 0);
        for n in 0..20_000 {
            match host.read("/var/web/a/env", Reader::Amr) {
                Ok((bytes, author)) => {
                    assert_eq!((bytes, author), (b"mine".to_vec(), Author::Others));
                    got += 1;
                }
                Err(_) => refused += 1,
            }
            let _ = host.output("/var/web/a/new", Output::Append);
            let _ = host.root.safe_dir(Path::new("/var/web/a/d/e"), 0o755, Some((SVC, SVC)), Existing::Adopt);
            let _ = host.root.safe_remove_file(Path::new("/var/web/a/env2"));
            if n > 200 && got > 50 && refused > 50 {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let names: Vec<_> = fs::read_dir(host.at("/etc")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["env"]);
    assert_eq!(fs::metadata(host.at("/etc")).unwrap().uid(), 0);
}

#[test]
fn what_is_held_or_made_to_be_mounted_on_is_where_root_said() {
    let Some(host) = Host::new() else { return };
    fs::create_dir_all(host.at("/etc/app")).unwrap();
    host.link("/etc", "/var/web/link", SVC);
    host.link("/var/web", "/srv", 0);
    let held = |path: &str| host.root.safe_hold(Path::new(path));
    says(held("/var/web/link/app"), "is a link that others than root can change");
    says(held("/var/web/link"), "is a link that others than root can change");
    assert!(held("/var/web/none").is_err_and(|e| e.is_not_found()));
    for (path, real) in [("/", "/"), ("/etc/app", "/etc/app"), ("/srv", "/var/web")] {
        let (fd, wanted) = (held(path).unwrap(), fs::metadata(host.at(real)).unwrap());
        assert_eq!(crate::os::root::Stat::from_fd(&fd).unwrap().ino, wanted.ino(), "{path}");
    }
    says(host.root.safe_empty_file(Path::new("/var/web/link/new")), "others than root can change");
    assert!(!host.at("/etc/new").exists());
    host.root.safe_empty_file(Path::new("/srv/a/new")).unwrap();
    let made = fs::metadata(host.at("/var/web/a/new")).unwrap();
    assert_eq!((made.uid(), made.mode() & 0o7022, made.len()), (0, 0, 0));
}

/// Several commands begin at once and none of them finds the folder there.
#[test]
fn who_makes_a_folder_at_the_same_time_is_no_error() {
    let Some(host) = Host::new() else { return };
    let root = &host.root;
    for round in 0..200 {
        let path = PathBuf::from(format!("/var/lib/round{round}/units"));
        let make = || root.safe_dir(&path, 0o755, None, Existing::Adopt).map(drop);
        std::thread::scope(|threads| {
            let all = [0; 4].map(|_| threads.spawn(make));
            all.into_iter().for_each(|made| made.join().unwrap().unwrap());
        });
    }
}
