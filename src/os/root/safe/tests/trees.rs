//! Whole trees: removed, listed, given to a user.

use super::*;

#[test]
fn a_tree_goes_whatever_is_in_it() {
    let Some(host) = Host::new() else { return };
    let top = host.at("/var/run/web");
    fs::create_dir_all(top.join("a/b/c")).unwrap();
    fs::create_dir_all(top.join("empty")).unwrap();
    host.put("/var/kept", "kept", 0, 0o644);
    symlink("/", top.join("a/root")).unwrap();
    symlink(host.at("/var"), top.join("a/b/var")).unwrap();
    fs::hard_link(host.at("/var/kept"), top.join("a/b/c/kept")).unwrap();
    for n in 0..3000 {
        fs::write(top.join(format!("a/b/file-{n}")), "").unwrap();
    }
    chown(&top, Some(SVC), None).unwrap();
    // Left by one that was killed.
    fs::create_dir_all(host.at("/var/run/.amr-removed-web/0/x")).unwrap();
    fs::set_permissions(host.at("/var/run/.amr-removed-web"), fs::Permissions::from_mode(0o700)).unwrap();
    host.root.remove_dir_all(Path::new("/var/run/web")).unwrap();
    assert_eq!(fs::read_dir(host.at("/var/run")).unwrap().count(), 0);
    assert_eq!(fs::read(host.at("/var/kept")).unwrap(), b"kept");
    host.root.remove_dir_all(Path::new("/var/run/web")).unwrap();
    // A link in the place of the folder goes itself.
    symlink("/var", host.at("/var/run/web")).unwrap();
    host.root.remove_dir_all(Path::new("/var/run/web")).unwrap();
    assert!(host.at("/var").exists() && !host.at("/var/run/web").is_symlink());
    // In the service's folder only what is the service's.
    fs::create_dir_all(host.at("/var/web/roots/x")).unwrap();
    says(host.root.remove_dir_all(Path::new("/var/web/roots")), "it belongs to user 0");
    chown(host.at("/var/web/roots"), Some(SVC), None).unwrap();
    host.root.remove_dir_all(Path::new("/var/web/roots")).unwrap();
    assert_eq!(fs::read_dir(host.at("/var/web")).unwrap().count(), 0);
}

#[test]
fn what_a_removal_did_not_come_to_goes_with_the_next() {
    let Some(host) = Host::new() else { return };
    let fill = |inner: &str| {
        fs::create_dir_all(host.at(inner).join("a/b")).unwrap();
        chown(host.at(inner), Some(SVC), None).unwrap();
    };
    let left = |inner: &str| fs::read_dir(host.at(inner)).unwrap().count();
    fs::create_dir(host.at("/var/run")).unwrap();
    fill("/var/run/web");
    let late = host.root.remove_dir_all_within(Path::new("/var/run/web"), None, std::time::Duration::ZERO);
    says(late, "/var/run/.amr-removed-web'");
    assert_eq!(left("/var/run"), 1);
    // The folder itself need not be there again.
    host.root.remove_dir_all(Path::new("/var/run/web")).unwrap();
    assert_eq!(left("/var/run"), 0);
    // In the service's folder what lies there is nobody's for sure: it stays, and is in nobody's way.
    fill("/var/web/own");
    let late = host.root.remove_dir_all_within(Path::new("/var/web/own"), None, std::time::Duration::ZERO);
    says(late, "/var/web/.amr-removed-own'");
    fill("/var/web/own");
    host.root.remove_dir_all(Path::new("/var/web/own")).unwrap();
    assert_eq!(left("/var/web"), 1);
}

#[test]
fn a_user_is_listed_what_the_user_could_list() {
    let Some(host) = Host::new() else { return };
    fs::create_dir_all(host.at("/secret")).unwrap();
    host.put("/secret/a.env", "A=1", 0, 0o600);
    host.put("/var/web/b.env", "B=1", SVC, 0o600);
    let glob = |pattern: &str| host.root.safe_glob(pattern, &svc());
    assert_eq!(glob("/v?r/web/*.env").unwrap(), [Path::new("/var/web/b.env")]);
    assert_eq!(glob("/var/none/*.env").unwrap(), Vec::<PathBuf>::new());
    host.link("/secret", "/var/web/conf", SVC);
    says(glob("/var/web/conf/*.env"), "is a link that others than root can change");
    // A folder of root's in the service's; one that root alone leads to is root's to name.
    fs::create_dir(host.at("/var/web/roots")).unwrap();
    fs::set_permissions(host.at("/var/web/roots"), fs::Permissions::from_mode(0o700)).unwrap();
    says(glob("/var/web/roots/*"), "may not list it");
    fs::set_permissions(host.at("/secret"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(glob("/secret/*.env").unwrap(), [Path::new("/secret/a.env")]);
    // Without a pattern it is for whoever opens it to tell.
    assert_eq!(glob("/var/web/conf/a.env").unwrap(), [Path::new("/var/web/conf/a.env")]);
}

#[test]
fn output_has_the_mode_that_the_unit_says() {
    let Some(host) = Host::new() else { return };
    for (name, mode) in [("a", 0o600), ("b", 0o664), ("c", 0o666)] {
        let inner = format!("/var/{name}");
        drop(host.root.safe_output(Path::new(&inner), Output::Over, mode, &svc()).unwrap());
        assert_eq!(fs::metadata(host.at(&inner)).unwrap().mode() & 0o7777, mode);
        // One that is there keeps its own.
        drop(host.root.safe_output(Path::new(&inner), Output::Over, 0o640, &svc()).unwrap());
        assert_eq!(fs::metadata(host.at(&inner)).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn a_tree_changes_hands_and_nothing_beside_it() {
    let Some(host) = Host::new() else { return };
    let owner = |inner: &str| {
        let stat = fs::symlink_metadata(host.at(inner)).unwrap();
        (stat.uid(), stat.gid())
    };
    let set_up =
        |gid: u32| host.root.safe_dir(Path::new("/var/lib/app"), 0o750, Some((SVC, gid)), Existing::Adopt);
    fs::create_dir_all(host.at("/var/lib/app/a/b/c")).unwrap();
    host.put("/var/secret", "s", 0, 0o600);
    host.put("/var/lib/app/file", "", 0, 0o4755);
    host.put("/var/lib/app/a/b/c/deep", "", OTHER, 0o600);
    host.link("/var/secret", "/var/lib/app/a/link", OTHER);
    fs::hard_link(host.at("/var/secret"), host.at("/var/lib/app/a/b/hard")).unwrap();
    let kept = set_up(SVC).unwrap();
    assert_eq!(kept, [Path::new("/var/lib/app/a/b/hard")]);
    for inner in ["", "/file", "/a", "/a/b", "/a/b/c", "/a/b/c/deep", "/a/link"] {
        assert_eq!(owner(&format!("/var/lib/app{inner}")), (SVC, SVC), "{inner}");
    }
    assert_eq!(owner("/var/secret"), (0, 0));
    assert_eq!(fs::metadata(host.at("/var/lib/app/file")).unwrap().mode() & 0o7777, 0o755);
    // What is the owner's already is not entered.
    host.put("/var/lib/app/roots", "", 0, 0o600);
    assert_eq!(set_up(SVC).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(owner("/var/lib/app/roots"), (0, 0));
    // Another group is no way to what is not the owner's.
    set_up(OTHER).unwrap();
    assert_eq!((owner("/var/lib/app/file"), owner("/var/lib/app/roots")), ((SVC, OTHER), (0, 0)));
}

#[test]
fn a_deep_tree_changes_hands_with_few_descriptors() {
    let Some(host) = Host::new() else { return };
    let top = host.at("/var/deep");
    fs::create_dir(&top).unwrap();
    let mut dir = OwnedFd::from(fs::File::open(&top).unwrap());
    for _ in 0..3_000 {
        nix::sys::stat::mkdirat(&dir, "d", Mode::S_IRWXU).unwrap();
        dir = openat(&dir, "d", OFlag::O_RDONLY | OFlag::O_DIRECTORY, Mode::empty()).unwrap();
    }
    host.root.safe_dir(Path::new("/var/deep"), 0o755, Some((SVC, SVC)), Existing::Adopt).unwrap();
    assert_eq!(stat(&dir).unwrap().uid, SVC);
    drop(dir);
    host.root.remove_dir_all(Path::new("/var/deep")).unwrap();
}

#[test]
fn depth_costs_no_descriptors() {
    let Some(host) = Host::new() else { return };
    let top = host.at("/var/deep");
    fs::create_dir(&top).unwrap();
    chown(&top, Some(SVC), None).unwrap();
    let mut dir = OwnedFd::from(fs::File::open(&top).unwrap());
    for _ in 0..2_000 {
        nix::sys::stat::mkdirat(&dir, "d", Mode::S_IRWXU).unwrap();
        dir = openat(&dir, "d", OFlag::O_RDONLY | OFlag::O_DIRECTORY, Mode::empty()).unwrap();
    }
    drop(dir);
    host.root.remove_dir_all(Path::new("/var/deep")).unwrap();
    assert!(!top.exists());
}

#[test]
fn one_who_goes_on_filling_gets_an_end_and_no_way_out() {
    let Some(host) = Host::new() else { return };
    let top = host.at("/var/full");
    fs::create_dir(&top).unwrap();
    chown(&top, Some(SVC), None).unwrap();
    host.put("/var/kept", "kept", 0, 0o644);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let inside = fs::File::open(&top).unwrap();
        let done = &done;
        scope.spawn(move || {
            for n in 0..20_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("d{n}");
                let _ = nix::sys::stat::mkdirat(&inside, name.as_str(), Mode::S_IRWXU);
                let _ = nix::unistd::symlinkat("../kept", &inside, format!("l{n}").as_str());
            }
        });
        // Either it is gone, or it says that it is not.
        let outcome = host.root.remove_dir_all(Path::new("/var/full"));
        done.store(true, Ordering::Relaxed);
        assert!(!top.exists(), "{outcome:?}");
    });
    assert_eq!(fs::read(host.at("/var/kept")).unwrap(), b"kept");
}
