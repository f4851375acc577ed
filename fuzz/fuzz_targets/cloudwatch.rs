//! Any bytes as a state of the CloudWatch agent: it ends, and what it claims is in order and ends where
//! its first line says.
#![no_main]

use amr::drain::cursor::{Acknowledged, Generation, Positions};
use amr::drain::shipper::cloudwatch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    // As it is, and with a path that its name allows.
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let named = [first, b"\n/x\n", text.get(first.len() + 1..).unwrap_or_default()].concat();
    for text in [text, &named] {
        let mut positions = Positions::new(Generation::CloudWatch);
        cloudwatch::read("_x", text, &mut positions);
        for cursor in positions.cursors.iter() {
            let Acknowledged::Ranges(ranges) = cursor.acknowledged else { panic!("ranges") };
            assert!(ranges.windows(2).all(|two| two[0].1 < two[1].0));
            let end = ranges.last().map_or(0, |(_, end)| *end).to_string();
            assert_eq!(
                std::str::from_utf8(first).unwrap().trim_start_matches('0'),
                end.trim_start_matches('0')
            );
        }
    }
});
