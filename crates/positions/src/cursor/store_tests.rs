use super::super::Ttl;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const FILE: FileId = FileId { dev: 65024, ino: 10_010_940 };

#[test]
fn a_cursor_comes_back_as_it_was_put() {
    let ranges = [(0, 100), (200, u64::MAX)];
    let plain = Cursor::native(b"/var/log/app/a0.log", FILE, 7058);
    let fingerprint = Identity::Fingerprint { sha256: [7; 32], offset: 0, len: 64, growing: true };
    let all = [
        plain,
        Cursor { input_id: b"my-id", input: Input::Filestream, ttl: Ttl::New, ..plain },
        Cursor { meta: b"stream=stdout\n", ttl: Ttl::Unclaimed, updated: Some(Timestamp(-5)), ..plain },
        Cursor { identity: fingerprint, seen: None, ttl: Ttl::Deleted, ..plain },
        Cursor {
            identity: Identity::InodeMarker { ino: 3, marker: b"m::x" },
            acknowledged: Acknowledged::OffsetEof { offset: 9, eof: true },
            ttl: Ttl::For(Duration::from_secs(1800)),
            ..plain
        },
        Cursor {
            identity: Identity::Path,
            seen: None,
            acknowledged: Acknowledged::Ranges(&ranges),
            input: Input::CloudWatch,
            ..plain
        },
    ];
    let mut cursors = Cursors::default();
    for cursor in &all {
        cursors.add(cursor).unwrap();
    }
    assert_eq!(cursors.len(), all.len());
    assert_eq!(cursors.iter().collect::<Vec<_>>(), all);
    assert_eq!(cursors.folders(), 1);
    assert_eq!(cursors.folder(cursors.folder_of(0).unwrap()), b"/var/log/app/");
    assert_eq!(cursors.get(2).unwrap().stream(), Some(b"stdout".as_slice()));
    assert_eq!(cursors.get(0).unwrap().path(), b"/var/log/app/a0.log");
}

#[test]
fn a_name_that_no_file_has_is_refused() {
    let long = [b'x'; 70_000];
    let mut cursors = Cursors::default();
    assert_eq!(cursors.add(&Cursor::native(&long, FILE, 0)), Err(Full::LongName(70_000)));
    assert!(cursors.is_empty());
}

#[test]
fn the_table_of_paths_tells_two_files_apart() {
    let mut cursors = Cursors::default();
    for name in [b"/a", b"/b", b"/a"] {
        cursors
            .add(&Cursor { identity: Identity::Path, seen: None, ..Cursor::native(name, FILE, 0) })
            .unwrap();
    }
    assert_eq!(cursors.len(), 2);
}

proptest! {
    /// The table behaves as a map from (scope, id, inode) to the last offset.
    #[test]
    fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0u8..3, 0u64..12, 0u64..2, any::<u64>()), 0..200)) {
        let mut cursors = Cursors::default();
        let mut map = BTreeMap::new();
        for (set, scope, ino, dev, offset) in steps {
            let file = FileId { dev, ino };
            if set {
                cursors.set(&[scope], &Cursor::native(b"/x/y", file, offset)).unwrap();
                map.insert((scope, file), offset);
            } else {
                prop_assert_eq!(cursors.remove(&[scope], b"", &Identity::Inode(file)), map.remove(&(scope, file)).is_some());
            }
        }
        prop_assert_eq!(cursors.len(), map.len());
        for ((scope, file), offset) in map {
            let number = cursors.find(&[scope], b"", &Identity::Inode(file)).unwrap();
            prop_assert_eq!(cursors.get(number).unwrap().acknowledged, Acknowledged::Offset(offset));
        }
    }
}

#[test]
fn the_short_ways_see_what_the_long_one_sees() {
    let print = Identity::Fingerprint { sha256: [1; 32], offset: 0, len: 1024, growing: false };
    let plain = Cursor::native(b"/a/x.log", FILE, 1);
    let all = [
        plain,
        Cursor { identity: Identity::Path, seen: None, folder: b"/b/", ..plain },
        Cursor { input: Input::Stdin, folder: b"/c/", input_id: b"stdin", ..plain },
        Cursor { identity: print, seen: None, folder: b"/a/", ..plain },
    ];
    let mut cursors = Cursors::default();
    assert_eq!(cursors.by_print().count(), 0);
    for cursor in &all {
        cursors.add(cursor).unwrap();
    }
    assert_eq!(cursors.of_files().collect::<Vec<_>>(), [(0, Some(FILE)), (1, None), (3, None)]);
    assert_eq!(cursors.by_print().collect::<Vec<_>>(), all[3..]);
    let folders: Vec<&[u8]> = cursors.used_folders().map(|folder| cursors.folder(folder)).collect();
    assert_eq!(folders, [b"/a/", b"/b/", b"/c/"]);
    assert!(cursors.remove(b"", b"stdin", &Identity::Inode(FILE)));
    assert_eq!(cursors.used_folders().count(), 2);
}
