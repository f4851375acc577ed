use super::*;
use crate::cursor::{Acknowledged, FileId, Identity, Input, Ttl};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn log_key(ino: u64) -> String {
    format!("filebeat::logs::native::{ino}-1")
}

fn set(id: u64, ino: u64, offset: u64) -> String {
    format!(
        "{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"{}\",\"v\":{{\"ttl\":-1,\"source\":\"/l/{ino}\",\
         \"FileStateOS\":{{\"inode\":{ino},\"device\":1}},\"offset\":{offset},\"timestamp\":[7,1795212674]}}}}\n",
        log_key(ino)
    )
}

fn remove(id: u64, ino: u64) -> String {
    format!("{{\"op\":\"remove\",\"id\":{id}}}\n{{\"k\":\"{}\"}}\n", log_key(ino))
}

fn checkpoint(states: &BTreeMap<u64, u64>) -> String {
    let entries: Vec<String> = states
        .iter()
        .map(|(ino, offset)| {
            format!("{{\"_key\":\"{}\",\"source\":\"/l/{ino}\",\"offset\":{offset}}}", log_key(*ino))
        })
        .collect();
    format!("[\n{}\n]\n", entries.join(",\n"))
}

fn offsets(positions: &Positions) -> BTreeMap<u64, u64> {
    positions.cursors.iter().map(|cursor| (cursor.seen.unwrap().ino, cursor.acknowledged.prefix())).collect()
}

fn fed(log: &str) -> Memlog {
    let mut store = Memlog::new();
    assert!(matches!(store.feed(log.as_bytes()).unwrap(), Step::Taken(_)), "{log}");
    store
}

#[test]
fn operations_set_and_remove() {
    let store = fed(&[set(1, 7, 10), set(2, 8, 20), set(3, 7, 30), remove(4, 8)].concat());
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 30)]));
    assert_eq!((store.last(), store.checkpoint()), (4, 0));
    assert!(store.positions().faults.is_empty());
}

#[test]
fn newlines_and_case_mean_nothing() {
    let store =
        fed("{ \"OP\":\"set\",\n\"ID\":1 }{\"V\":{\"OFFSET\":3},\"K\":\"filebeat::logs::native::7-1\"}");
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 3)]));
}

#[test]
fn operations_up_to_the_checkpoint_are_older_than_it() {
    let text = checkpoint(&BTreeMap::from([(7, 50), (8, 60)]));
    let mut store = Memlog::from_checkpoint(text.as_bytes(), text.len() as u64, 4).unwrap();
    let log = [set(3, 7, 10), remove(4, 8), set(5, 8, 70)].concat();
    assert_eq!(store.feed(log.as_bytes()).unwrap(), Step::Taken(3));
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 50), (8, 70)]));
    assert_eq!(store.offset(), log.len() as u64 - 1, "the last newline belongs to the next operation");
}

#[test]
fn a_gap_disagrees_and_nothing_of_it_is_taken() {
    let mut store = Memlog::new();
    let log = [set(1, 7, 10), set(3, 7, 30)].concat();
    let Step::Disagrees(fault) = store.feed(log.as_bytes()).unwrap() else { panic!("a gap was taken") };
    assert_eq!(fault.kind, FaultKind::Sequence { last: 1, found: 3 });
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 10)]));
    assert!(store.positions().faults.is_empty());
    store.accept(fault);
    assert_eq!(store.positions().faults.count(), 1);
    assert_eq!(store.feed(set(2, 7, 20).as_bytes()).unwrap(), Step::Taken(0), "it reads no further");
}

#[test]
fn a_log_that_was_truncated_and_written_anew_disagrees() {
    let mut store = fed(&[set(1, 7, 10), set(2, 7, 20)].concat());
    // The new life of the log, read from where the old one ended.
    let new = (10..20).map(|id| set(id, 7, id)).collect::<String>();
    let rest = &new.as_bytes()[usize::try_from(store.offset()).unwrap()..];
    assert!(matches!(store.feed(rest).unwrap(), Step::Disagrees(_)));
}

#[test]
fn a_torn_tail_is_a_note_until_its_rest_is_there() {
    let log = [set(1, 7, 10), set(2, 7, 20)].concat();
    let mut store = fed(&log[..log.len() - 9]);
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 10)]));
    let note = store.positions().notes[0].to_string();
    assert!(note.contains("half-written operation at byte 1"), "{note}");
    let rest = &log.as_bytes()[usize::try_from(store.offset()).unwrap()..];
    assert_eq!(store.feed(rest).unwrap(), Step::Taken(1));
    assert_eq!(offsets(store.positions()), BTreeMap::from([(7, 20)]));
    assert!(store.positions().notes.is_empty());
}

#[test]
fn damage_names_file_and_byte() {
    for (log, fault) in [
        ("\0\0\0", "log.json: byte 0: expected '{', found '\\u{0}'"),
        (
            "{\"op\":\"swap\",\"id\":1}{}",
            "log.json: byte 0: unknown operation 'swap', expected 'set' or 'remove'",
        ),
        ("{\"op\":\"set\"}{}", "log.json: byte 0: the state lacks 'id'"),
        ("{\"op\":\"set\",\"id\":-1}{}", "log.json: byte 0: the state lacks 'id'"),
        ("{\"id\":1}{}", "log.json: byte 0: the state lacks 'op'"),
        ("[]", "log.json: byte 0: expected '{', found '['"),
    ] {
        let Step::Disagrees(found) = Memlog::new().feed(log.as_bytes()).unwrap() else { panic!("{log}") };
        assert!(found.to_string().starts_with(fault), "{found}");
    }
    for text in ["", "\0", "[{\"_key\":\"x", "[7]", "[] 1", "{}", "[{}]"] {
        let store = Memlog::from_checkpoint(text.as_bytes(), text.len() as u64, 9).unwrap();
        let fault = store.positions().faults.first()[0].to_string();
        assert!(fault.starts_with("9.json: byte "), "{text}: {fault}");
    }
}

#[test]
fn every_kind_of_value() {
    let digest = "00".repeat(32);
    let values = [
        (
            format!("filestream::i::fingerprint::{digest}"),
            r#"{"ttl":-1,"updated":[0,1],"cursor":{"offset":64,"eof":false},"meta":{"source":"/l/f","identifier_name":"fingerprint","fingerprint_len":64}}"#,
        ),
        (
            "filestream::i::native::7-1".into(),
            r#"{"ttl":0,"updated":[281470681743360,18446744011573954816],"cursor":null,"meta":{"source":"","identifier_name":"native"}}"#,
        ),
        (
            "filestream::i::native::8-1".into(),
            r#"{"ttl":0,"updated":[0,1795212674],"cursor":null,"meta":{"source":"/l/8"}}"#,
        ),
        (
            "filestream::i::path::/l/z.gz".into(),
            r#"{"ttl":1800000000000,"updated":[0,1],"cursor":{"offset":90,"eof":true},"meta":{"source":"/l/z.gz"}}"#,
        ),
        (
            "filebeat::logs::1b59052b95e61943-native::9-1".into(),
            r#"{"source":"/l/c","offset":3,"ttl":-2,"type":"container","meta":{"stream":"stderr"},"FileStateOS":{"inode":9,"device":1}}"#,
        ),
        (
            "filebeat::logs::path::/l/p".into(),
            r#"{"source":"/l/p","offset":4,"ttl":-1,"type":"log","FileStateOS":{"inode":5,"device":1}}"#,
        ),
        (
            "filebeat::logs::inode_marker::6-m".into(),
            r#"{"source":"/l/m","offset":5,"ttl":-1,"FileStateOS":{"inode":6,"device":1}}"#,
        ),
        ("journald::j::LOCAL_SYSTEM_JOURNAL".into(), r#"{"cursor":{"position":"s=1;i=2"},"ttl":0}"#),
    ];
    let mut log = String::new();
    for (id, (key, value)) in values.iter().enumerate() {
        let _ = writeln!(log, "{{\"op\":\"set\",\"id\":{}}}\n{{\"k\":\"{key}\",\"v\":{value}}}", id + 1);
    }
    let store = fed(&log);
    assert!(store.positions().faults.is_empty(), "{:?}", store.positions().faults);
    let all: Vec<_> = store.positions().cursors.iter().collect();
    assert!(matches!(all[0].identity, Identity::Fingerprint { len: 64, growing: true, .. }));
    assert_eq!(all[0].acknowledged, Acknowledged::OffsetEof { offset: 64, eof: false });
    assert_eq!(
        (all[1].ttl, all[1].acknowledged, all[1].path()),
        (Ttl::New, Acknowledged::Nothing, Vec::new())
    );
    assert_eq!(all[2].ttl, Ttl::Deleted);
    assert_eq!((all[3].identity, all[3].seen), (Identity::Path, None));
    assert_eq!(all[3].acknowledged, Acknowledged::OffsetEof { offset: 90, eof: true });
    assert_eq!((all[4].input, all[4].stream()), (Input::Container, Some(b"stderr".as_slice())));
    assert_eq!((all[5].identity, all[5].seen), (Identity::Path, Some(FileId { dev: 1, ino: 5 })));
    assert!(matches!(all[6].identity, Identity::InodeMarker { ino: 6, marker: b"m" }));
    assert_eq!(store.positions().not_files.len(), 1);
    assert_eq!(&*store.positions().not_files[0].kind, b"journald");
}

#[test]
fn a_key_and_a_value_that_name_two_files() {
    let log = set(1, 7, 10).replace("\"inode\":7", "\"inode\":8");
    assert_eq!(fed(&log).positions().faults.count(), 1);
}

#[test]
fn transaction_numbers_wrap() {
    assert!(at_most(1, 1) && at_most(1, 2) && !at_most(2, 1));
    assert!(at_most((1 << 63) - 1, 1));
}

/// One step of a writer: a state set or removed.
type Operation = (bool, u64, u64);

fn written(operations: &[Operation]) -> (String, Vec<BTreeMap<u64, u64>>) {
    let mut log = String::new();
    let mut states = BTreeMap::new();
    let mut history = vec![states.clone()];
    for ((is_set, ino, offset), id) in operations.iter().zip(1..) {
        if *is_set {
            log += &set(id, *ino, *offset);
            states.insert(*ino, *offset);
        } else {
            log += &remove(id, *ino);
            states.remove(ino);
        }
        history.push(states.clone());
    }
    (log, history)
}

proptest! {
    /// Any cut of a valid log gives a state that was once true, and no fault.
    #[test]
    fn any_cut_was_once_true(
        operations in prop::collection::vec((prop::bool::weighted(0.8), 1u64..6, 0u64..1000), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let (log, history) = written(&operations);
        let cut = cut.index(log.len() + 1);
        let mut store = Memlog::new();
        let taken = store.feed(&log.as_bytes()[..cut]).unwrap();
        prop_assert!(matches!(taken, Step::Taken(_)));
        prop_assert!(store.positions().faults.is_empty());
        let last = usize::try_from(store.last()).unwrap();
        prop_assert_eq!(&offsets(store.positions()), &history[last]);
        // The rest gives the end, wherever the cut was.
        store.feed(&log.as_bytes()[usize::try_from(store.offset()).unwrap()..]).unwrap();
        prop_assert_eq!(&offsets(store.positions()), &history[operations.len()]);
    }

    /// A checkpoint in the middle changes nothing, whether the log was truncated already or not.
    #[test]
    fn a_checkpoint_changes_nothing(
        operations in prop::collection::vec((prop::bool::weighted(0.8), 1u64..6, 0u64..1000), 1..20),
        at in any::<prop::sample::Index>(),
        truncated in any::<bool>(),
    ) {
        let (log, history) = written(&operations);
        let at = at.index(operations.len() + 1);
        let start = written(&operations[..at]).0.len();
        let text = checkpoint(&history[at]);
        let mut store = Memlog::from_checkpoint(text.as_bytes(), text.len() as u64, at as u64).unwrap();
        prop_assert!(store.positions().faults.is_empty(), "{:?}", store.positions().faults);
        let rest = if truncated { &log[start..] } else { &log[..] };
        prop_assert!(matches!(store.feed(rest.as_bytes()).unwrap(), Step::Taken(_)));
        prop_assert_eq!(&offsets(store.positions()), &history[operations.len()]);
    }

    #[test]
    fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Memlog::new().feed(&text[..]);
        let _ = Memlog::from_checkpoint(&text[..], 0, 1);
    }
}

proptest! {
    /// A source with an escape in it is copied piece by piece, one without lies in the text as it is. Inputs, devices and suffixes differ in the key alone.
    #[test]
    fn an_escape_changes_nothing(
        states in prop::collection::vec((0..9_u64, 0..3_u64, 0..50_u64, 0..4_usize, 0..3_usize, 0..5_usize), 1..40),
    ) {
        let text = |slash: &str| {
            let all = states.iter().map(|&(ino, dev, offset, ttl, id, kind)| {
                let (ttl, id) = ([-1, -2, 0, 60_000_000_000_i64][ttl], ["a", "b", "native::"][id]);
                let key = [
                    format!("filestream::{id}::native::{ino}-{dev}"),
                    format!("filestream::{id}::native::{ino}-{dev}-copy"),
                    format!("filestream::{id}::path::/l/{ino}"),
                    format!("filebeat::logs::native::{ino}-{dev}"),
                    format!("filebeat::logs::native::{}-{dev}", ino * 10_000_019),
                ];
                let file = if kind > 2 && offset > 25 { format!(r#","FileStateOS":{{"inode":{ino},"device":{dev}}}"#) } else { String::new() };
                format!(
                    r#"{{"_key":"{}","ttl":{ttl},"updated":[{offset},1795212685],"cursor":{{"offset":{offset}}},"meta":{{"source":"{slash}l/{ino}","identifier_name":"native"}}{file}}}"#,
                    key[kind]
                )
            });
            format!("[{}]", all.collect::<Vec<_>>().join(","))
        };
        let read = |text: &str| Memlog::from_checkpoint(text.as_bytes(), 0, 9).unwrap().into_positions();
        let (plain, escaped) = (read(&text("/")), read(&text("\\u002f")));
        prop_assert_eq!(plain.faults.count(), escaped.faults.count());
        prop_assert_eq!(plain.cursors.iter().collect::<Vec<_>>(), escaped.cursors.iter().collect::<Vec<_>>());
    }
}
