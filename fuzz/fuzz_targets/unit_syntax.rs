//! Any bytes are a unit file: printing gives them back, each byte of a value is where its span says,
//! and reading what was printed gives the same document.
#![no_main]

use amr::unit::syntax::{Document, Item, physical_line};
use amr::unit::value::env;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let document = Document::parse(data);
    let printed = document.print();
    assert_eq!(printed, data);
    assert_eq!(Document::parse(&printed), document);
    for item in &document.items {
        let Item::Assignment(assignment) = item else { continue };
        let text = &assignment.value.text;
        for (offset, _) in text.char_indices() {
            let span = assignment.value.span(offset, 1);
            assert!(span.line > 0 && span.col > 0 && span.len == 1);
        }
        assert!(assignment.value.full_span().line > 0);
    }
    for fault in document.faults() {
        let _ = physical_line(data, fault.span.line);
    }
    for (name, _) in env::parse_file(data).vars {
        assert!(env::is_name(&name));
    }
});
