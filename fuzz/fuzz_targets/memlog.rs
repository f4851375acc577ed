//! Any bytes as `log.json` and as a checkpoint; and any cut of a log gives a state that was once
//! true: feeding it in two pieces ends where feeding it at once does.
#![no_main]

use amr::drain::shipper::filebeat::memlog::{Memlog, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, text) = input;
    let _ = Memlog::from_checkpoint(text, 0, 7);
    let mut whole = Memlog::new();
    let end = whole.feed(text).expect("a slice does not fail");
    let cut = cut % (text.len() + 1);
    let mut pieces = Memlog::new();
    let first = pieces.feed(&text[..cut]).expect("a slice does not fail");
    assert!(pieces.last() <= whole.last(), "a cut is no state of the future");
    if matches!(first, Step::Taken(_)) {
        let from = usize::try_from(pieces.offset()).expect("it lies in a slice");
        let second = pieces.feed(&text[from..]).expect("a slice does not fail");
        assert_eq!(matches!(end, Step::Taken(_)), matches!(second, Step::Taken(_)));
        assert_eq!(pieces.last(), whole.last());
        assert!(pieces.positions().cursors.iter().eq(whole.positions().cursors.iter()));
    }
});
