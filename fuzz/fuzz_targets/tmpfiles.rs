//! Any bytes are a file of tmpfiles.d(5): what is read has a place in it and an absolute path without `..`, what is
//! refused can be shown, and a plan keeps each line once. Any bytes are a file of sysusers.d(5), too.
#![no_main]

use amr::tmpfiles::line::read;
use amr::tmpfiles::plan::{When, plan};
use amr::tmpfiles::sysusers;
use amr::unit::finding::render;
use amr::unit::specifier::Facts;
use libfuzzer_sys::fuzz_target;
use std::path::{Component, Path};

fuzz_target!(|data: &[u8]| {
    let (entries, findings) = read(Path::new("/etc/tmpfiles.d/x.conf"), data, &Facts::default());
    for finding in &findings {
        assert!(!render(finding).is_empty());
    }
    for entry in &entries {
        assert!(entry.origin.span.line > 0 && entry.origin.span.col > 0);
        assert!(entry.line.path.is_absolute());
        assert!(entry.line.path.components().all(|part| part != Component::ParentDir));
        assert!(!entry.line.path.starts_with("/var/run"));
    }
    let (_, findings) = sysusers::line::read(Path::new("/etc/sysusers.d/x.conf"), data, &Facts::default());
    for finding in &findings {
        assert!(!render(finding).is_empty());
    }
    let count = entries.len();
    let planned = plan(entries, When::Boot, Path::new("/run"));
    assert_eq!(planned.steps.len() + planned.passed.len(), count);
});
