//! The streaming reader takes what serde_json takes, whatever the pieces it comes in, and ends.
#![no_main]

use positions::json::{Next, Reader};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

/// Gives one byte at a time, so that every token meets the end of the buffer.
struct Bytes<'a>(&'a [u8]);

impl Read for Bytes<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), room.first_mut()) {
            (Some((byte, rest)), Some(place)) => {
                *place = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

fn taken(source: &mut dyn Read) -> Result<(), String> {
    let mut reader = Reader::new(source, 0);
    reader.skip().map_err(|error| error.to_string())?;
    match reader.peek() {
        Ok(Next::End) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fuzz_target!(|text: &[u8]| {
    let whole = taken(&mut &text[..]);
    assert_eq!(whole, taken(&mut Bytes(text)));
    // It takes bytes that are no UTF-8 and lone surrogates, which its peer does not.
    if text.is_ascii() && !text.windows(2).any(|pair| pair == b"\\u") && text.len() < 100 {
        let peer = serde_json::from_slice::<serde_json::Value>(text);
        if peer.is_ok() {
            assert!(whole.is_ok(), "{whole:?}");
        }
    }
});
