use super::*;
use crate::drain::cursor::Timestamp;
use crate::drain::judge::glob::Pattern;
use crate::drain::judge::verdict::Verdict;
use crate::drain::report::{Stage, whole};

struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> (Self, Root) {
        let path = std::env::temp_dir().join(format!("amr-keep-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let root = Root::at(&path).unwrap();
        (Self(path), root)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn report(left: u64) -> Report {
    whole(Timestamp(0), Stage::Final, Verdict::GaveUp, left, None, Vec::new())
}

#[test]
fn the_last_ones_are_kept_and_the_newest_is_read_back() {
    let (_tree, root) = Tree::new("last");
    let folder = Path::new(FOLDER);
    assert_eq!(last(&root, folder).unwrap(), None);
    root.create_dir_all(folder, 0o755).unwrap();
    root.write_atomic(&folder.join("notes.txt"), b"mine", 0o600, Sync::No).unwrap();
    for day in 1..=25 {
        let at = format!("2026-01-{day:02}T00:00:00Z");
        write(&root, folder, &report(day).bytes(), (&at, 7), Sync::Yes).unwrap();
    }
    assert_eq!(reports(&root, folder).unwrap().len(), KEPT);
    assert_eq!(last(&root, folder).unwrap(), Some(report(25)));
    assert!(root.exists(&folder.join("notes.txt")), "only reports are removed");
    // A later report of the same drain takes the place of the earlier one.
    let path = write(&root, folder, &report(26).bytes(), ("2026-01-25T00:00:00Z", 7), Sync::No).unwrap();
    sync(&root, &path).unwrap();
    assert_eq!(path, folder.join("drain-2026-01-25T000000Z-7.json"));
    assert_eq!(
        (reports(&root, folder).unwrap().len(), last(&root, folder).unwrap()),
        (KEPT, Some(report(26)))
    );
}

#[test]
fn what_a_killed_process_left_goes_with_the_next_drain() {
    let (_tree, root) = Tree::new("left");
    let folder = Path::new(FOLDER);
    root.create_dir_all(folder, 0o755).unwrap();
    for name in [".amr-7-0.tmp", ".amr-8-1.tmp", "mine.tmp", ".amr-notes"] {
        root.write_atomic(&folder.join(name), b"x", 0o640, Sync::No).unwrap();
    }
    let hours = |count: u64| clock::realtime() - Duration::from_secs(count * 3600);
    assert_eq!(left_behind(&root, folder, clock::realtime()).unwrap(), [] as [PathBuf; 0]);
    for name in [".amr-7-0.tmp", "mine.tmp", ".amr-notes"] {
        let file = root.open_with(&folder.join(name), OFlag::O_WRONLY, 0).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + hours(2)).unwrap();
    }
    write(&root, folder, &report(1).bytes(), ("2026-01-25T00:00:00Z", 7), Sync::No).unwrap();
    let names: Vec<_> = root.list(folder).unwrap().into_iter().map(|entry| entry.name).collect();
    let there = |name: &str| names.iter().any(|own| own == name);
    assert!(!there(".amr-7-0.tmp"), "{names:?}");
    assert!(there(".amr-8-1.tmp") && there("mine.tmp") && there(".amr-notes"), "{names:?}");
}

/// As the disk may look after a power failure: the last report synced, its new name not.
#[test]
fn the_last_report_is_found_wherever_the_power_failed() {
    let (_tree, root) = Tree::new("prepared");
    let folder = Path::new(FOLDER);
    let interim = Report { stage: Stage::Interim, ..report(300) };
    let path = write(&root, folder, &interim.bytes(), ("2026-01-25T00:00:00Z", 7), Sync::Yes).unwrap();
    let text = root.read(&path, 1 << 20).unwrap();
    let prepared = Prepared::make(&root, &path).unwrap();
    assert_eq!(last(&root, folder).unwrap(), Some(interim.clone()), "nothing is in it yet");
    assert_eq!(prepared.finish(&root, &report(20).bytes(), Sync::Yes).unwrap(), path);
    assert_eq!(last(&root, folder).unwrap(), Some(report(20)));
    let whole = root.read(&path, 1 << 20).unwrap();
    assert_eq!(root.list(folder).unwrap().len(), 1, "no other file is left");
    let [half, full] = [whole.len() / 2, whole.len()].map(|len| [&whole[..len], b"\n\n"].concat());
    root.write_atomic(&path, &text, 0o640, Sync::No).unwrap();
    for (there, found) in [(half, interim), (full, report(20))] {
        root.write_atomic(&hidden(&path), &there, 0o640, Sync::No).unwrap();
        assert_eq!(last(&root, folder).unwrap(), Some(found));
    }
}

#[test]
fn a_report_that_has_outgrown_its_room_is_kept_all_the_same() {
    let (_tree, root) = Tree::new("outgrown");
    let path = write(&root, Path::new(FOLDER), &report(1).bytes(), ("t", 7), Sync::No).unwrap();
    let prepared = Prepared::make(&root, &path).unwrap();
    let large = Report { amr: "x".repeat(50_000), ..report(2) };
    prepared.finish(&root, &large.bytes(), Sync::Yes).unwrap();
    assert_eq!(last(&root, Path::new(FOLDER)).unwrap(), Some(large));
}

#[test]
fn the_log_has_a_line_for_each_phase_and_does_not_grow_for_ever() {
    let (_tree, root) = Tree::new("log");
    let folder = Path::new("/l");
    root.create_dir_all(folder, 0o755).unwrap();
    let log = |line: &str| log(&root, folder, &[line.to_owned()], LOG_SIZE).unwrap();
    log("one");
    log("two");
    assert_eq!(root.read(&folder.join(LOG), 100).unwrap(), b"one\ntwo\n");
    log(&"x".repeat(70_000));
    log("three");
    assert_eq!(root.read(&folder.join(LOG), 100).unwrap(), b"three\n");
    assert_eq!(root.read(&folder.join("drain.1.log"), 1 << 20).unwrap().len(), 70_009);
}

#[test]
fn what_is_no_report_is_an_error_that_names_the_file() {
    let (_tree, root) = Tree::new("malformed");
    let folder = Path::new("/r");
    root.create_dir_all(folder, 0o755).unwrap();
    root.write_atomic(&folder.join("drain-x.json"), b"{\"schema\":1,", 0o600, Sync::No).unwrap();
    let error = last(&root, folder).unwrap_err().to_string();
    assert!(error.contains("/r/drain-x.json") && error.contains("line 1"), "{error}");
}

#[test]
fn a_report_is_not_kept_where_it_would_be_shipped() {
    let asked = |pattern: &str| vec![InputRules::asked(Pattern::parse(pattern, true).unwrap())];
    let wanted = Path::new(FOLDER);
    assert_eq!(folder(wanted, &asked("/var/log/*.log")), (wanted, None));
    for taken in [
        "/var/log/*/*.log",
        "/var/log/**",
        "/var/log/*/*.json",
        "/var/log/amr-drain/drain-*",
        "/var/log/*/.d*",
        "/var/log/*/*.tmp",
    ] {
        let (elsewhere, note) = folder(wanted, &asked(taken));
        assert_eq!(elsewhere, Path::new(ELSEWHERE), "{taken}");
        assert!(
            note.unwrap()
                .contains("'/var/lib/amr-drain', since the shipper takes files from '/var/log/amr-drain'")
        );
    }
}
