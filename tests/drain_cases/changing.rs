//! What changes while it is read: a registry, and a log.

use crate::tree::{A, Tree};
use amr::drain::judge::verdict::Verdict;
use amr::drain::report;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Changes a registry all the time, never to one that has acknowledged the last line.
fn disturb(path: &Path, folder: bool, states: &[String], stop: &AtomicBool) {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let state = &states[turn % states.len()];
        let new = path.with_extension("new");
        match turn % 5 {
            0 => fs::write(path, &state[..state.len() * 2 / 3]).unwrap(),
            1 => drop(fs::remove_file(path)),
            2 => fs::write(path, "").unwrap(),
            _ => {
                fs::write(&new, state).unwrap();
                fs::rename(&new, path).unwrap();
            }
        }
        if folder && turn % 7 == 0 {
            let checkpoint = path.with_file_name("9.json");
            fs::write(&checkpoint, "[\n]").unwrap();
            fs::remove_file(&checkpoint).unwrap();
        }
    }
}

#[test]
fn a_registry_that_changes_while_it_is_read_never_drains() {
    for folder in [false, true] {
        let mut tree = Tree::new(if folder { "changes-memlog" } else { "changes" });
        tree.input("log", "");
        let id = tree.file(A, "a\nb\n");
        let mut states: Vec<String> =
            [0, 2].map(|offset| format!("[{}]", Tree::array_state(A, id, offset))).into();
        let mut path = tree.root.join("var/lib/filebeat/registry");
        if folder {
            tree.log_state(A, id, 2);
            states = vec![tree.log.clone()];
            path = path.join("filebeat/log.json");
        } else {
            tree.put("/var/lib/filebeat/registry", &states[0]);
        }
        tree.lay();
        let stop = Arc::new(AtomicBool::new(false));
        let (ended, at) = (Arc::clone(&stop), path.clone());
        let writer = std::thread::spawn(move || disturb(&at, folder, &states, &ended));
        let mut verdicts = BTreeMap::new();
        for _ in 0..200 {
            match tree.look() {
                Ok((verdict, _)) => *verdicts.entry(format!("{verdict:?}")).or_insert(0) += 1,
                Err(error) => {
                    assert!(error.contains("/var/lib/filebeat/registry"), "{error}");
                    *verdicts.entry("error".to_owned()).or_insert(0) += 1;
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
    }
}

/// Changes a log all the time: it grows, is cut back, and another file takes its name. There is always
/// a line in it that is not acknowledged, behind blank ones without end.
fn rotate(path: &Path, base: &[u8], stop: &AtomicBool) {
    let new = path.with_extension("new");
    while !stop.load(Ordering::Relaxed) {
        let mut file = fs::File::options().append(true).open(path).unwrap();
        for _ in 0..8 {
            file.write_all(b"\n\nc\n").unwrap();
        }
        file.set_len(base.len() as u64).unwrap();
        fs::write(&new, base).unwrap();
        fs::rename(&new, path).unwrap();
    }
}

#[test]
fn a_log_that_changes_while_it_is_judged_never_drains() {
    let mut tree = Tree::new("changing-log");
    tree.input("log", "");
    let base = [b"a\n".as_slice(), &[b'\n'; 200_000], b"b\n"].concat();
    let id = tree.file(A, &base);
    tree.log_state(A, id, 2);
    tree.lay();
    let stop = Arc::new(AtomicBool::new(false));
    let (ended, at) = (Arc::clone(&stop), tree.root.join(&A[1..]));
    let writer = std::thread::spawn(move || rotate(&at, &base, &ended));
    let mut verdicts = BTreeMap::new();
    for _ in 0..200 {
        let (verdict, report) = tree.look().unwrap();
        if !matches!(verdict, Verdict::Drained | Verdict::Settled) {
            // A folder that changes each time it is read is named in place of the file.
            assert!(report::text(&report).contains("/var/log/app"), "{}", report::text(&report));
        }
        *verdicts.entry(format!("{verdict:?}")).or_insert(0) += 1;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
}

/// A folder on the way to the files has another name each time that one looks. No state tells of it.
#[test]
fn a_folder_that_is_renamed_while_it_is_looked_for_never_drains() {
    let mut tree = Tree::new("renamed-folder");
    tree.inputs = "- type: log\n  paths: ['/var/log/app/*/*.log']\n".to_owned();
    tree.file("/var/log/app/one/a.log", "a\n");
    tree.log_state("/var/log/app/one/gone.log", (1, 1), 2);
    tree.lay();
    let names = ["one", "two"].map(|name| tree.root.join("var/log/app").join(name));
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    let writer = std::thread::spawn(move || {
        let mut turn = 0;
        while !ended.load(Ordering::Relaxed) {
            fs::rename(&names[turn % 2], &names[(turn + 1) % 2]).unwrap();
            turn += 1;
            // Older kernels tell times apart by the tick.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    let mut verdicts = BTreeMap::new();
    for _ in 0..400 {
        *verdicts.entry(format!("{:?}", tree.look().unwrap().0)).or_insert(0) += 1;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(!verdicts.contains_key("Drained") && !verdicts.contains_key("Settled"), "{verdicts:?}");
}
