use super::file::{Limits, LogFile, rotated};
use super::query::{self, Query, boot_note};
use super::read::{Boot, Part, follow, path_of, read};
use super::stamp::LINE_MAX;
use crate::os::root::Root;
use crate::unit::value::utc::Utc;
use std::path::{Path, PathBuf};

const NOW: Utc = Utc(1_709_210_096_000_000); // 2024-02-29T12:34:56Z
const SMALL: Limits = Limits { size: 100, keep: 2 };

struct TempFolder {
    dir: PathBuf,
    root: Root,
}

impl TempFolder {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("amr-log-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let root = Root::at(&dir).unwrap();
        Self { dir, root }
    }

    fn lines(&self, path: &Path, part: &Part<'_>) -> Vec<String> {
        let mut out = Vec::new();
        read(&self.root, path, part, &mut |l| out.push(String::from_utf8_lossy(&l[28..]).into_owned()))
            .unwrap();
        out
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn all() -> Part<'static> {
    Part { query: Query::default(), last: None, boot: None, whole: false }
}

#[test]
fn every_line_survives_rotation_whole_and_in_order() {
    let place = TempFolder::new("rotate");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, Limits { size: 100, keep: 50 }).unwrap();
    let mut written = Vec::new();
    for n in 0..40 {
        // In pieces that end within lines.
        let line = format!("line {n} of this log\n");
        let (a, b) = line.split_at(7);
        log.append(NOW, a.as_bytes());
        log.append(NOW, b.as_bytes());
        written.push(line.trim_end().to_owned());
    }
    assert_eq!(place.lines(&path, &all()), written);
    assert!(place.root.exists(&rotated(&path, 5)), "no rotation happened");
    let last = Part { last: Some(3), ..all() };
    assert_eq!(place.lines(&path, &last), written[37..]);
}

#[test]
fn only_as_many_as_wanted_are_kept_and_the_newest_survive() {
    let place = TempFolder::new("keep");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, SMALL).unwrap();
    for n in 0..100 {
        log.append(NOW, format!("{n:03}\n").as_bytes());
    }
    assert!(place.root.exists(&rotated(&path, 2)) && !place.root.exists(&rotated(&path, 3)));
    let lines = place.lines(&path, &all());
    assert_eq!(lines.last().unwrap(), "099");
    assert!(lines.windows(2).all(|w| w[0] < w[1]));
}

#[test]
fn a_big_piece_is_rotated_at_line_ends() {
    let place = TempFolder::new("big");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, Limits { size: 1000, keep: 100 }).unwrap();
    let text: String = (0..200).map(|n| format!("{n:04}\n")).collect();
    log.append(NOW, text.as_bytes());
    assert_eq!(place.lines(&path, &all()), text.lines().collect::<Vec<_>>());
    assert!(place.root.exists(&rotated(&path, 1)));
}

#[test]
fn an_unfinished_line_goes_on_after_the_supervisor_was_replaced() {
    let place = TempFolder::new("mid");
    let path = path_of(Path::new("/"), "a.service");
    LogFile::open(&place.root, &path, SMALL).unwrap().append(NOW, b"first ha");
    LogFile::open(&place.root, &path, SMALL).unwrap().append(NOW, b"lf\n");
    LogFile::open(&place.root, &path, SMALL).unwrap().note(NOW, "a note\x1b[31m");
    assert_eq!(place.lines(&path, &all()), ["first half", "a note [31m"]);
}

/// The lines of a log, cut where they are too long, whole in each file, and what each begins with.
fn heads(place: &TempFolder, path: &Path, keep: u32) -> Vec<String> {
    let mut heads = Vec::new();
    for n in (0..=keep).rev() {
        let bytes = std::fs::read(place.root.outer(&rotated(path, n))).unwrap_or_default();
        let lines = bytes.split_inclusive(|b| *b == b'\n').map(|l| {
            assert!(l.len() <= 28 + LINE_MAX + 1, "{}", l.len());
            String::from_utf8_lossy(&l[..l.len().min(28)]).trim_end().to_owned()
        });
        heads.extend(lines);
    }
    heads
}

#[test]
fn a_line_without_end_is_cut_and_rotated_and_read_as_one() {
    let place = TempFolder::new("endless");
    let path = path_of(Path::new("/"), "a.service");
    let limits = Limits { size: 100_000, keep: 50 };
    let mut log = LogFile::open(&place.root, &path, limits).unwrap();
    let piece = vec![b'x'; 70_001];
    (0..10).for_each(|_| log.append(NOW, &piece));
    log.append(NOW, b"\nnext\n");
    for n in 0..=50 {
        let size = place.root.stat(&rotated(&path, n)).map_or(0, |s| s.size);
        assert!(size <= limits.size + LINE_MAX as u64 + 28, "{n}: {size}");
    }
    assert!(place.root.exists(&rotated(&path, 4)));
    let marks: String = heads(&place, &path, 50).iter().map(|h| h.chars().nth(27).unwrap_or(' ')).collect();
    assert_eq!(marks, format!(" {} ", "+".repeat(14)));
    let lines = place.lines(&path, &all());
    assert_eq!(lines, ["x".repeat(700_010), "next".to_owned()]);
    assert_eq!(place.lines(&path, &Part { last: Some(1), ..all() }), ["next"]);
}

/// Whatever a service writes, each line that is printed begins with a stamp of amr's, and only amr's.
#[test]
fn no_line_can_be_forged() {
    let forged = b"2001-01-01T00:00:00.000000Z <0>kernel: forged\n";
    let offsets = [LINE_MAX, LINE_MAX - 28, (1 << 20) - 28, 1 << 20, (16 << 20) - 28];
    for (n, filler) in offsets.into_iter().flat_map(|o| [o - 1, o, o + 1]).enumerate() {
        let place = TempFolder::new(&format!("forged-{n}"));
        let path = path_of(Path::new("/"), "a.service");
        let mut log = LogFile::open(&place.root, &path, Limits { size: 1 << 20, keep: 40 }).unwrap();
        log.append(NOW, &[vec![b'A'; filler], forged.to_vec()].concat());
        let mut print = |line: &[u8]| {
            assert!(line.starts_with(b"2024-02-29T12:34:56.000000Z"), "{filler}");
            assert!(query::line(line).priority == 6);
        };
        read(&place.root, &path, &all(), &mut print).unwrap();
        let until = Query { until: Some(Utc(NOW.0 - 1)), ..Query::default() };
        read(&place.root, &path, &Part { query: until, ..all() }, &mut |_| panic!("{filler}")).unwrap();
    }
}

#[test]
fn what_has_not_ended_is_followed_as_one_line() {
    let place = TempFolder::new("unfinished");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, Limits { size: 1 << 20, keep: 9 }).unwrap();
    let mut seen = Vec::new();
    let mut print = |l: &[u8]| seen.push(String::from_utf8_lossy(&l[28..]).into_owned());
    log.append(NOW, b"one\nha");
    let mut end = read(&place.root, &path, &Part { whole: true, ..all() }, &mut print).unwrap();
    log.append(NOW, b"2001-01-01T00:00:00.000000Z lf\n");
    end = follow(&place.root, &path, end, &Query::default(), &mut print).unwrap();
    for _ in 0..3 {
        log.append(NOW, &[b'x'; LINE_MAX]);
        end = follow(&place.root, &path, end, &Query::default(), &mut print).unwrap();
    }
    log.append(NOW, b"\n");
    follow(&place.root, &path, end, &Query::default(), &mut print).unwrap();
    let long = "x".repeat(3 * LINE_MAX);
    assert!(seen == ["one", "ha2001-01-01T00:00:00.000000Z lf", &long], "{}", seen.len());
}

#[test]
fn a_link_in_place_of_the_log_is_refused() {
    let place = TempFolder::new("link");
    std::fs::write(place.dir.join("victim"), "precious").unwrap();
    std::os::unix::fs::symlink("victim", place.dir.join("a.service.log")).unwrap();
    let error = LogFile::open(&place.root, Path::new("/a.service.log"), SMALL).unwrap_err();
    assert!(error.to_string().contains("a.service.log"), "{error}");
    assert_eq!(std::fs::read(place.dir.join("victim")).unwrap(), b"precious");
}

/// On a tmpfs of 64 KiB: nothing blocks, whole lines only, and the count of what was lost is said.
#[test]
fn a_full_disk_drops_lines_counts_them_and_says_so() {
    let place = TempFolder::new("full");
    let small = place.dir.join("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "none"])
        .arg(&small)
        .status()
        .is_ok_and(|s| s.success());
    if !mounted {
        println!("left out: a tmpfs cannot be mounted here (needs root)");
        return;
    }
    let path = Path::new("/small/a.service.log");
    let mut log = LogFile::open(&place.root, path, Limits { size: 1 << 20, keep: 1 }).unwrap();
    for n in 0..2000 {
        log.append(NOW, format!("line number {n:05}, sixty bytes with stamp\n").as_bytes());
    }
    let dropped = log.dropped();
    assert!(dropped > 500, "{dropped}");
    let before = place.lines(path, &all());
    assert_eq!(before.len() as u64 + dropped, 2000);
    // Room again: the count comes first.
    std::fs::OpenOptions::new().write(true).open(small.join("a.service.log")).unwrap().set_len(0).unwrap();
    log.append(NOW, b"room again\n");
    let after = place.lines(path, &all());
    drop(log);
    let _ = std::process::Command::new("umount").arg(&small).status();
    assert_eq!(
        after,
        [format!("<4>amr: {dropped} lines were lost here, the disk was full"), "room again".to_owned()]
    );
}

#[test]
fn boots_are_told_apart_without_a_clock() {
    let place = TempFolder::new("boot");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, Limits { size: 1 << 20, keep: 1 }).unwrap();
    log.append(NOW, b"before there were marks\n");
    let since = |id, seen_to| place.lines(&path, &Part { boot: Some(Boot { id, seen_to }), ..all() });
    assert_eq!(since("one", false), Vec::<String>::new(), "nobody knows");
    assert_eq!(since("one", true), ["before there were marks"], "the log was begun in this boot");
    log.note(NOW, &boot_note("one"));
    log.append(NOW, b"old\n");
    assert_eq!(since("one", true), ["old"]);
    log.note(NOW, &boot_note("two"));
    log.append(Utc(0), b"the clock was not set yet\n");
    log.note(NOW, &boot_note("two"));
    log.append(NOW, b"new\n");
    assert_eq!(since("two", true), ["the clock was not set yet", "new"]);
    assert_eq!(since("three", true), Vec::<String>::new());
}

#[test]
fn following_crosses_rotations() {
    let place = TempFolder::new("follow");
    let path = path_of(Path::new("/"), "a.service");
    let mut log = LogFile::open(&place.root, &path, Limits { size: 80, keep: 50 }).unwrap();
    log.append(NOW, b"before\n");
    let mut seen = Vec::new();
    let mut end = read(&place.root, &path, &all(), &mut |_| {}).unwrap();
    for n in 0..30 {
        log.append(NOW, format!("n{n}\nhalf").as_bytes());
        let mut print = |l: &[u8]| seen.push(String::from_utf8_lossy(&l[28..]).into_owned());
        end = follow(&place.root, &path, end, &Query::default(), &mut print).unwrap();
        log.append(NOW, b" whole\n");
    }
    let mut print = |l: &[u8]| seen.push(String::from_utf8_lossy(&l[28..]).into_owned());
    follow(&place.root, &path, end, &Query::default(), &mut print).unwrap();
    let wanted: Vec<_> = (0..30).flat_map(|n| [format!("n{n}"), "half whole".to_owned()]).collect();
    assert_eq!(seen, wanted);
}
