//! Trees as the distributions leave them.

use super::*;
use crate::os::root::Sync;
use crate::os::root::tests::Scratch;

fn tree(files: &[(&str, &str)], links: &[(&str, &str)]) -> (Scratch, Root) {
    let scratch = Scratch::new();
    let root = scratch.root();
    for (path, text) in files {
        root.create_dir_all(Path::new(path).parent().unwrap(), 0o755).unwrap();
        root.write_atomic(Path::new(path), text.as_bytes(), 0o755, Sync::No).unwrap();
    }
    for (path, target) in links {
        root.create_dir_all(Path::new(path).parent().unwrap(), 0o755).unwrap();
        root.symlink_atomic(Path::new(target), Path::new(path)).unwrap();
    }
    (scratch, root)
}

#[test]
fn amazon_linux_ami() {
    let (_scratch, root) = tree(
        &[
            ("/sbin/init", ""),
            ("/sbin/initctl", ""),
            ("/etc/init/rc.conf", ""),
            ("/etc/system-release", "Amazon Linux AMI release 2017.03"),
            ("/etc/os-release", "NAME=\"Amazon Linux AMI\"\nID=\"amzn\"\nID_LIKE=\"rhel fedora\"\n"),
            ("/var/run/utmp", ""),
        ],
        &[],
    );
    assert_eq!((init(&root), family(&root), systemd_version(&root)), (Init::Upstart, Family::RedHat, None));
    assert_eq!(runtime(&root).dir, Path::new("/var/run"));
    assert_eq!(runlevels(&root, None), None);
    assert_eq!(runlevels(&root, Some("6")).unwrap().current, '6');
    assert_eq!(runlevels(&root, Some("unknown")), None);
    // utmp is empty: init's file says it.
    root.write_atomic(Path::new("/var/run/runlevel"), b"N 3\n", 0o644, Sync::No).unwrap();
    assert_eq!(runlevels(&root, None).unwrap().current, '3');
}

#[test]
fn el6_and_amazon_linux_2() {
    let (_scratch, el6) = tree(&[("/etc/redhat-release", ""), ("/sbin/init", "")], &[]);
    assert_eq!((init(&el6), family(&el6)), (Init::Sysvinit, Family::RedHat));
    let program = "x\0systemd shutdown\0systemd 219\0systemd 7x\0";
    let (_scratch, al2) = tree(
        &[
            ("/usr/lib/systemd/systemd", program),
            ("/run/x", ""),
            ("/usr/lib/os-release", "ID_LIKE='centos rhel fedora'"),
        ],
        &[("/sbin/init", "/usr/lib/systemd/systemd")],
    );
    assert_eq!((init(&al2), family(&al2), systemd_version(&al2)), (Init::Systemd, Family::RedHat, Some(219)));
    assert_eq!(runtime(&al2).dir, Path::new("/run"));
}

#[test]
fn debian_with_either_init() {
    let library = ("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
    let files = [library, ("/sbin/init", ""), ("/etc/inittab", ""), ("/etc/os-release", "ID=debian")];
    let (_scratch, root) = tree(&files, &[]);
    assert_eq!((init(&root), family(&root)), (Init::Sysvinit, Family::Debian));
    assert_eq!(systemd_version(&root), Some(252));
    assert!(!called_by_systemd(&root, 1));
    root.create_dir_all(Path::new("/run/systemd/system"), 0o755).unwrap();
    assert_eq!(init(&root), Init::Systemd);
    assert!(called_by_systemd(&root, 1) && !called_by_systemd(&root, 2));
}

#[test]
fn the_host_answers_by_what_runs() {
    let host = Root::host().unwrap();
    let comm = text(&host, "/proc/1/comm").unwrap();
    if !booted_with_systemd(&host) && comm.trim() != "init" {
        assert_eq!(init(&host), Init::Other, "{comm}");
    }
}

#[test]
fn a_folder_that_came_into_being_decides_nothing() {
    let at = |dir: &'static str, other: Option<&'static str>| Runtime {
        dir: Path::new(dir),
        other: other.map(Path::new),
    };
    let (_scratch, old) = tree(&[("/var/run/utmp", "")], &[]);
    assert_eq!(runtime(&old), at("/var/run", None));
    old.create_dir(Path::new("/run"), 0o755).unwrap();
    assert_eq!(runtime(&old), at("/var/run", Some("/run")));
    // An image of a container: nothing is mounted, the link says it.
    let (_scratch, image) = tree(&[("/run/lock/x", "")], &[("/var/run", "/run")]);
    assert_eq!(runtime(&image), at("/run", None));
    let (_scratch, image) = tree(&[("/var/run/utmp", "")], &[("/run", "var/run")]);
    assert_eq!(runtime(&image), at("/run", None));
    // Before anything is mounted or made.
    let (_scratch, image) = tree(&[], &[("/var/run", "/run")]);
    assert_eq!(runtime(&image), at("/run", None));
    let (_scratch, bare) = tree(&[], &[]);
    assert_eq!(runtime(&bare), at("/var/run", None));
    // What cannot be looked at is not absent.
    let (_scratch, circle) = tree(&[("/var/run/utmp", "")], &[("/run", "run")]);
    assert_eq!(runtime(&circle), at("/run", None));
    let (_scratch, circle) = tree(&[("/run/utmp", "")], &[("/var/run", "run")]);
    assert_eq!(runtime(&circle), at("/run", None));
}
