use super::*;
use crate::cursor::{Acknowledged, FileId, Timestamp, Ttl};
use proptest::prelude::*;
use std::time::Duration;

fn parse(text: &[u8]) -> Positions {
    read(text, text.len() as u64, "registry", Generation::Array).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    parse(text.as_bytes()).faults.first().iter().map(ToString::to_string).collect()
}

fn state(rest: &str) -> String {
    format!(r#"[{{"source":"/l/a","FileStateOS":{{"inode":7,"device":1}}{rest}}}]"#)
}

#[test]
fn the_object_of_1_x() {
    // The second has no offset, as 1.2.2 wrote it; the third is the first one's inode under an old path.
    let text = br#"{"/l/a":{"source":"/l/a","offset":10,"FileStateOS":{"inode":7,"device":1}},
        "/l/b":{"FileStateOS":{"inode":8,"device":1}},
        "/l/c":{"source":"/l/c","offset":4,"FileStateOS":{"inode":7,"device":1}}}
"#;
    let positions = parse(text);
    assert_eq!(positions.generation, Generation::Object);
    assert!(positions.faults.is_empty(), "{:?}", positions.faults);
    assert_eq!(positions.notes, [Note::Duplicates(1)]);
    let cursors: Vec<_> = positions.cursors.iter().collect();
    assert_eq!(cursors[0].acknowledged, Acknowledged::Offset(10));
    assert_eq!(cursors[1].acknowledged, Acknowledged::Offset(0));
    assert_eq!(cursors[1].path(), b"/l/b");
}

#[test]
fn the_array_of_6_x_with_a_container_s_two_streams() {
    let text = br#"[
        {"source":"/l/c","offset":340,"timestamp":"2026-11-20T22:08:39Z","ttl":-1,"type":"docker",
         "meta":{"stream":"stdout"},"FileStateOS":{"inode":7,"device":1}},
        {"source":"/l/c","offset":544,"timestamp":"2026-11-20T22:08:40Z","ttl":-2,"type":"docker",
         "meta":{"stream":"stderr"},"FileStateOS":{"inode":7,"device":1}},
        {"source":"/l/x","offset":5,"timestamp":"2026-11-20T22:08:40Z","ttl":60000000000,"type":"log",
         "meta":{},"FileStateOS":{"inode":9,"device":1,"uid":0}}]"#;
    let positions = parse(text);
    assert!(positions.faults.is_empty(), "{:?}", positions.faults);
    let cursors: Vec<_> = positions.cursors.iter().collect();
    assert_eq!(cursors.len(), 3);
    assert_eq!((cursors[0].stream(), cursors[0].input), (Some(b"stdout".as_slice()), Input::Docker));
    assert_eq!((cursors[1].ttl, cursors[1].acknowledged.prefix()), (Ttl::Unclaimed, 544));
    assert_eq!((cursors[2].ttl, cursors[2].meta), (Ttl::For(Duration::from_secs(60)), b"".as_slice()));
    assert_eq!(cursors[0].updated, Some(Timestamp(1_795_212_519_000_000_000)));
}

#[test]
fn duplicates_of_6_3_1_are_merged() {
    let text = br#"[
        {"source":"/l/old","offset":9,"timestamp":"2026-11-20T22:08:39Z","ttl":-2,"FileStateOS":{"inode":7,"device":1}},
        {"source":"/l/new","offset":3,"timestamp":"2026-11-20T22:08:40Z","ttl":-1,"FileStateOS":{"inode":7,"device":1}},
        {"source":"/l/older","offset":1,"timestamp":"2026-11-20T22:08:38Z","ttl":-2,"FileStateOS":{"inode":7,"device":1}}]"#;
    let positions = parse(text);
    assert_eq!(positions.notes, [Note::Duplicates(2)]);
    let all: Vec<_> = positions.cursors.iter().collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].acknowledged, Acknowledged::Offset(9));
    assert_eq!((all[0].path(), all[0].ttl), (b"/l/new".to_vec(), Ttl::Never));
}

#[test]
fn names_are_taken_in_any_case_and_escapes_resolved() {
    let positions =
        parse(br#"[{"Source":"/l/\u00e9\n\ud83d\ude00","OFFSET":3,"filestateos":{"Inode":7,"Device":1}}]"#);
    let cursor = positions.cursors.get(0).unwrap();
    assert_eq!(cursor.path(), "/l/é\n😀".as_bytes());
    assert_eq!(cursor.seen, Some(FileId { dev: 1, ino: 7 }));
    assert_eq!(cursor.acknowledged, Acknowledged::Offset(3));
}

#[test]
fn damaged_files_name_their_byte() {
    for (text, fault) in [
        ("", "registry: byte 0: the file is empty or begins with NUL bytes, as a power loss leaves it"),
        ("\0\0", "registry: byte 0: the file is empty or begins with NUL bytes, as a power loss leaves it"),
        ("hello", "registry: byte 0: expected '[' or '{', found 'h'"),
        ("[] x", "registry: byte 3: expected the end of the file, found 'x'"),
        ("[]{}", "registry: byte 2: expected the end of the file, found '{'"),
        ("7", "registry: byte 0: expected '[' or '{', found '7'"),
        ("[7]", "registry: byte 1: 'state' has a value that it cannot have, it claims nothing"),
        ("[{}]", "registry: byte 1: the state lacks 'FileStateOS': it belongs to no file"),
        (r#"[{"source":"/l"#, "registry: byte 14: the text ends too soon"),
    ] {
        assert_eq!(faults(text), [fault], "{text}");
    }
}

#[test]
fn fields_that_cannot_be() {
    for (field, what) in [
        (r#","offset":-1"#, "'offset' has"),
        (r#","offset":9223372036854775808"#, "'offset' has"),
        (r#","offset":1e3"#, "'offset' has"),
        (r#","offset":"10""#, "'offset' has"),
        (r#","offset":null"#, "'offset' has"),
        (r#","offset":-1,"offset":10"#, "'offset' has"),
        (r#","offset":10,"offset":0"#, "'offset' occurs twice"),
        (r#","ttl":-3"#, "'ttl' has"),
        (r#","ttl":[]"#, "'ttl' has"),
        (r#","timestamp":"yesterday""#, "'timestamp' has"),
        (r#","timestamp":[1]"#, "'timestamp' has"),
        (r#","type":{}"#, "'type' has"),
        (r#","meta":7"#, "'meta' has"),
        (r#","source":7"#, "expected 'source' to be a string"),
        (r#","source":"/l/b""#, "'source' occurs twice"),
        (r#","FileStateOS":{"inode":8}"#, "'inode' occurs twice"),
        (r#","FileStateOS":[]"#, "'FileStateOS' has"),
    ] {
        let text = state(field);
        let found = faults(&text);
        assert!(found.first().is_some_and(|fault| fault.contains(what)), "{text}: {found:?}");
        for cursor in parse(text.as_bytes()).cursors.iter() {
            assert_eq!(cursor.acknowledged, Acknowledged::Offset(0), "{text}");
        }
    }
}

#[test]
fn an_empty_registry_has_no_fault() {
    for text in ["[]\n", "{}", "null\n"] {
        let positions = parse(text.as_bytes());
        assert!(positions.faults.is_empty() && positions.cursors.is_empty(), "{text}");
    }
}

proptest! {
    /// A registry cut anywhere but at its end has a fault, and no offset above the whole one's.
    #[test]
    fn a_cut_is_seen(offsets in prop::collection::vec(0u64..100_000, 1..6), cut in any::<prop::sample::Index>()) {
        let states: Vec<String> = offsets.iter().enumerate()
            .map(|(ino, offset)| format!(r#"{{"source":"/l/{ino}","offset":{offset},"FileStateOS":{{"inode":{ino},"device":1}}}}"#))
            .collect();
        let text = format!("[{}]", states.join(","));
        let part = &text.as_bytes()[..cut.index(text.len())];
        let positions = parse(part);
        prop_assert!(!positions.faults.is_empty());
        for cursor in positions.cursors.iter() {
            let ino = usize::try_from(cursor.seen.unwrap().ino).unwrap();
            prop_assert_eq!(cursor.acknowledged, Acknowledged::Offset(offsets[ino]));
        }
    }

    #[test]
    fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..200)) {
        parse(&text);
    }
}

proptest! {
    /// A source with an escape in it is copied piece by piece, one without lies in the text as it is. The
    /// table is the same, the duplicates in it merged in the same way.
    #[test]
    fn an_escape_changes_nothing(
        states in prop::collection::vec((0..9_u64, 0..3_u64, 0..50_u64, 0..4_usize, 0..3_usize, 0..60_u64), 1..40),
    ) {
        let text = |slash: &str| {
            let all = states.iter().map(|&(ino, dev, offset, ttl, meta, second)| {
                let (ttl, meta) = ([-1, -2, 0, 60_000_000_000_i64][ttl], ["null", r#"{"stream":"stdout"}"#, "{}"][meta]);
                let time = if second < 20 { "0001-01-01T00:00:00Z".into() } else { format!("2026-11-20T22:08:{second:02}Z") };
                format!(
                    r#"{{"source":"{slash}l/{ino}{second}","offset":{offset},"timestamp":"{time}","ttl":{ttl},"type":"log","meta":{meta},"FileStateOS":{{"inode":{ino},"device":{dev}}}}}"#
                )
            });
            format!("[{}]", all.collect::<Vec<_>>().join(","))
        };
        let (plain, escaped) = (parse(text("/").as_bytes()), parse(text("\\u002f").as_bytes()));
        prop_assert!(plain.faults.is_empty());
        prop_assert_eq!(plain.cursors.iter().collect::<Vec<_>>(), escaped.cursors.iter().collect::<Vec<_>>());
        prop_assert_eq!(plain.notes, escaped.notes);
    }
}
