//! Any cut of a valid `log.json` gives a state that was once true: the one after the operations that
//! are whole in it, as a model that knows nothing of the reader has it.
#![no_main]

use amr::drain::shipper::filebeat::memlog::{Memlog, Step};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|input: (u16, Vec<(u8, u8)>)| {
    let (cut, operations) = input;
    let (mut text, mut truth) = (String::new(), BTreeMap::new());
    // Where each operation ends, and what was true then.
    let mut states = vec![(0, truth.clone())];
    for (id, &(file, offset)) in (1..).zip(&operations) {
        // Few files, so that most are set again and some removed.
        let (file, remove) = (file % 16, file >= 192);
        let key = format!("filebeat::logs::native::{file}-1");
        if remove {
            truth.remove(&u64::from(file));
            text += &format!("{{\"op\":\"remove\",\"id\":{id}}}\n{{\"k\":\"{key}\"}}");
        } else {
            truth.insert(u64::from(file), u64::from(offset));
            text += &format!("{{\"op\":\"set\",\"id\":{id}}}\n{{\"k\":\"{key}\",\"v\":{{\"offset\":{offset}}}}}");
        }
        states.push((text.len(), truth.clone()));
        text.push('\n');
    }
    let cut = usize::from(cut) % (text.len() + 1);
    let whole = states.iter().rev().find(|(end, _)| *end <= cut).expect("the empty log is whole");
    let mut store = Memlog::new();
    let step = store.feed(&text.as_bytes()[..cut]).expect("a slice does not fail");
    assert!(matches!(step, Step::Taken(_)), "{step:?}");
    let cursors = store.positions().cursors.iter();
    let found: BTreeMap<u64, u64> =
        cursors.map(|cursor| (cursor.seen.expect("a native key").ino, cursor.acknowledged.prefix())).collect();
    assert_eq!(found, whole.1);
    assert!(store.positions().faults.is_empty());
});
