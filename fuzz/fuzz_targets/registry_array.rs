//! Any bytes as a registry of 1.x to 7.8: it ends, and what is cut claims no more than the whole.
#![no_main]

use amr::drain::cursor::Generation;
use amr::drain::shipper::filebeat::registry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let read = |text| registry::read(text, 0, "registry", Generation::Array).expect("a slice does not fail");
    let whole = read(text);
    if whole.faults.is_empty() {
        // A valid registry that is cut is seen to be cut, unless only white space is gone.
        let end = text.trim_ascii_end().len();
        for cut in [end / 2, end.saturating_sub(1)] {
            if cut < end {
                let part = read(&text[..cut]);
                assert!(!part.faults.is_empty());
                assert!(part.cursors.len() <= whole.cursors.len());
            }
        }
    }
});
