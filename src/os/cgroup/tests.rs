use super::*;
use crate::os::child::{Spec, spawn};
use crate::os::clock;
use crate::os::root::tests::Scratch;
use std::sync::Arc;
use std::time::Duration;

/// A family of three processes in the group is seen, killed and gone.
fn life_of_a_group(group: &Group, features: &Features) {
    group.create().unwrap();
    assert!(group.is_empty().unwrap());
    let spec = Spec {
        program: "/bin/sh".into(),
        // As the step `control-group` does it.
        argv: ["sh", "-c", "echo 0 >&3; setsid sleep 60 & sleep 60 & wait"].map(Into::into).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        fds: vec![Arc::new(group.procs().unwrap())],
        ..Spec::default()
    };
    let pid = spawn(&spec).unwrap().pid;
    until("three processes", || group.pids().unwrap().len() == 3);
    assert!(!group.is_empty().unwrap());
    assert!(group.remove().is_err(), "it is not empty");
    assert_eq!(group.kill_all(libc::SIGCONT, &[pid], features).unwrap(), 2);
    assert!(group.kill_all(libc::SIGKILL, &[], features).unwrap() >= 3);
    until("the end of the shell", || crate::os::wait::reap(pid).unwrap().is_some());
    until("an empty group", || group.is_empty().unwrap());
    until("the group to go", || group.remove().is_ok());
    assert!(!group.exists() && group.is_empty().unwrap() && group.pids().unwrap().is_empty());
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = clock::now() + Duration::from_secs(20);
    while !done() {
        assert!(clock::now() < deadline, "no {what}");
        crate::os::poll::wait(&[], Some(Duration::from_millis(2))).unwrap();
    }
}

#[test]
fn own_hierarchy() {
    let host = Root::host().unwrap();
    let scratch = Scratch::new();
    // One name for all runs: the kernel may keep an unmounted hierarchy for a while.
    let name = "amrtest";
    let Some(hierarchy) = Hierarchy::mount_own(&host, &scratch.0, name) else {
        println!("left out: no hierarchy of cgroup v1 can be mounted here");
        return;
    };
    let (mount, version) = hierarchy.describe();
    assert_eq!(version, Version::V1);
    let features = Features::detect(None).unwrap();
    let again = Hierarchy::find(&host, &features, &scratch.0, name).unwrap().unwrap();
    assert_eq!(again.describe().0, mount, "found again, not mounted twice");
    life_of_a_group(&again.group(&format!("a@{}.service", std::process::id())), &features);
    // Another run may still use them, and a child that another test is just forking may hold a
    // descriptor in them.
    until("the end of its use", || {
        let _ = host.remove_dir(&mount.join("amr"));
        nix::mount::umount(mount).is_ok()
    });
    let _ = host.remove_dir(mount);
    let off = Features::detect(Some("no-cgroup")).unwrap();
    assert!(Hierarchy::find(&host, &off, &scratch.0, name).unwrap().is_none());
}

#[test]
fn unified_hierarchy_with_and_without_its_kill_file() {
    let host = Root::host().unwrap();
    let scratch = Scratch::new();
    let features = Features::detect(None).unwrap();
    let Some(hierarchy) = hierarchy::unified(&host) else {
        println!("left out: no writable cgroup2 here");
        return;
    };
    let unit = format!("{}.service", scratch.0.file_name().unwrap().to_str().unwrap());
    let group = hierarchy.group(&unit);
    assert!(group.events().is_some_and(|path| path.ends_with("cgroup.events")));
    life_of_a_group(&group, &features);
    life_of_a_group(&group, &Features::detect(Some("no-cgroup-kill")).unwrap());
}

#[test]
fn the_root_group_is_known_by_its_namespace_and_its_path() {
    let host = Root::host().unwrap();
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/cgroup").unwrap_or_default();
    let want = namespace == Path::new("cgroup:[4026531835]") && own.lines().any(|line| line == "0::/");
    assert_eq!(is_in_root_group(&host), want);
    // Where /proc does not say, it is not believed.
    let scratch = Scratch::new();
    assert!(!is_in_root_group(&scratch.root()));
}
