//! What lies where others can write proves nothing: whoever can put another program, configuration or registry in
//! its place could say that everything is shipped.

use crate::tree::{A, Tree};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report::{self, Report};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

const LINES: &str = "one line\nanother line\n";

/// A host on which everything is shipped but `left` bytes, with a configuration that includes another file.
fn shipped(name: &str, left: u64) -> Tree {
    let mut tree = Tree::new(name);
    tree.config("filebeat.config.inputs:\n  path: inputs.d/*.yml\n");
    tree.put("/etc/filebeat/inputs.d/app.yml", "- type: log\n  paths: [/var/log/app/*.log]\n");
    tree.put("/usr/share/filebeat/bin/filebeat", "");
    let id = tree.file(A, LINES);
    tree.log_state(A, id, LINES.len() as u64 - left);
    tree.lay();
    for file in
        ["etc/filebeat/filebeat.yml", "etc/filebeat/inputs.d/app.yml", "usr/share/filebeat/bin/filebeat"]
    {
        mode(&tree, file, 0o644);
    }
    let folders = ["etc/filebeat/inputs.d", "usr/share/filebeat/bin", "var/lib/filebeat/registry/filebeat"];
    for folder in folders.iter().flat_map(|folder| std::path::Path::new(folder).ancestors()) {
        mode(&tree, folder.to_str().unwrap(), 0o755);
    }
    tree
}

fn mode(tree: &Tree, path: &str, bits: u32) {
    fs::set_permissions(tree.root.join(path), Permissions::from_mode(bits)).unwrap();
}

fn judged(tree: &Tree) -> (Verdict, Report) {
    tree.look().unwrap()
}

#[test]
fn a_folder_that_others_can_write_is_a_doubt_with_the_remedy() {
    let tree = shipped("changeable", 0);
    let (verdict, report) = judged(&tree);
    assert_eq!(verdict, Verdict::Drained, "{}", report::text(&report));
    for (path, bits, what) in [
        ("", 0o777, "program '/usr/share/filebeat/bin/filebeat'"),
        ("etc", 0o777, "configuration '/etc/filebeat/filebeat.yml'"),
        ("etc/filebeat", 0o1777, "configuration '/etc/filebeat/filebeat.yml'"),
        ("etc/filebeat/filebeat.yml", 0o666, "configuration '/etc/filebeat/filebeat.yml'"),
        ("etc/filebeat/inputs.d", 0o777, "configuration '/etc/filebeat/inputs.d'"),
        ("etc/filebeat/inputs.d/app.yml", 0o646, "configuration '/etc/filebeat/inputs.d/app.yml'"),
        ("usr/share/filebeat", 0o777, "program '/usr/share/filebeat/bin/filebeat'"),
        ("usr/share/filebeat/bin", 0o1777, "program '/usr/share/filebeat/bin/filebeat'"),
        ("usr/share/filebeat/bin/filebeat", 0o757, "program '/usr/share/filebeat/bin/filebeat'"),
        ("var/lib/filebeat", 0o777, "registry '/var/lib/filebeat/registry'"),
        ("var/lib/filebeat/registry", 0o777, "registry '/var/lib/filebeat/registry'"),
        ("var/lib/filebeat/registry/filebeat", 0o777, "registry '/var/lib/filebeat/registry/filebeat'"),
    ] {
        let before = fs::metadata(tree.root.join(path)).unwrap().permissions().mode();
        mode(&tree, path, bits);
        let (verdict, report) = judged(&tree);
        let (text, json) = (report::text(&report), report.json());
        assert_eq!(verdict, Verdict::CannotTell, "{path}: {text}");
        let doubt = format!(
            "'/{path}' can be changed by everybody, and so can the shipper's {what}; let root alone own and write \
             it (chown root '/{path}', chmod go-w '/{path}'), or keep the {} elsewhere",
            what.split(' ').next().unwrap()
        );
        assert!(text.contains(&format!("doubt: {doubt}\n")), "{text}");
        assert!(json.contains(&doubt), "{json}");
        mode(&tree, path, before & 0o7777);
    }
    assert_eq!(judged(&tree).0, Verdict::Drained);
    // A sticky folder on the way: what lies in it is its owner's.
    mode(&tree, "var/lib", 0o1777);
    assert_eq!(judged(&tree).0, Verdict::Drained);
    mode(&tree, "var/lib", 0o755);
    // The way there counts, wherever it leads.
    fs::create_dir_all(tree.root.join("srv/fb")).unwrap();
    fs::rename(tree.root.join("etc/filebeat/inputs.d"), tree.root.join("srv/fb/inputs.d")).unwrap();
    symlink("/srv/fb/inputs.d", tree.root.join("etc/filebeat/inputs.d")).unwrap();
    mode(&tree, "srv", 0o755);
    mode(&tree, "srv/fb", 0o777);
    let (verdict, report) = judged(&tree);
    assert_eq!(verdict, Verdict::CannotTell);
    assert!(
        report::text(&report).contains("doubt: '/srv/fb' can be changed by everybody"),
        "{}",
        report::text(&report)
    );
}

#[test]
fn what_is_left_is_left_all_the_same() {
    let tree = shipped("changeable-left", 5);
    mode(&tree, "etc/filebeat", 0o777);
    let (verdict, report) = judged(&tree);
    assert_eq!((verdict, report.bytes_left), (Verdict::GaveUp, 5), "{}", report::text(&report));
    fs::remove_dir_all(tree.root.join("proc/42")).unwrap();
    assert_eq!(judged(&tree).0, Verdict::ShipperDead);
}

#[test]
fn files_of_another_user_are_his() {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: only root gives files away");
        return;
    }
    let tree = shipped("changeable-owner", 0);
    std::os::unix::fs::chown(tree.root.join("var/lib/filebeat"), Some(4242), None).unwrap();
    let (verdict, report) = judged(&tree);
    assert_eq!(verdict, Verdict::CannotTell);
    assert!(
        report::text(&report).contains("'/var/lib/filebeat' can be changed by user 4242"),
        "{}",
        report::text(&report)
    );
    // He runs the shipper.
    tree.put("/proc/42/status", "Name:\tfilebeat\nUid:\t4242\t4242\t4242\t4242\n");
    assert_eq!(judged(&tree).0, Verdict::Drained);
    // It has ended, and a unit says that it is his.
    fs::remove_dir_all(tree.root.join("proc/42")).unwrap();
    assert_eq!(judged(&tree).0, Verdict::CannotTell);
    for unit in ["filebeat", "ships"] {
        let path = format!("/etc/systemd/system/{unit}.service");
        tree.put(&path, "[Service]\nUser=4242\nExecStart=/usr/share/filebeat/bin/filebeat -e\n");
        assert_eq!(judged(&tree).0, Verdict::Drained, "{unit}");
        fs::remove_file(tree.root.join(&path[1..])).unwrap();
    }
    tree.put("/etc/systemd/system/web.service", "[Service]\nUser=4242\nExecStart=/usr/sbin/web\n");
    assert_eq!(judged(&tree).0, Verdict::CannotTell);
}
