//! The lines of a file of tmpfiles.d(5) or sysusers.d(5), as systemd 252.39 finds them: a line ends at a line
//! feed or a NUL; blanks around it go; `#` alone begins a comment; a backslash at the end continues nothing.
//! One difference is meant: a line that is not UTF-8 is refused. Pure.

use crate::unit::finding::Id;
use crate::unit::model::{Finding, Origin, Severity};
use crate::unit::value::{Span, ValueError};
use std::path::Path;
use std::sync::Arc;

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// What was read, each with its place and its text, and what is wrong with other lines. `fields` is the hint
/// for those.
pub fn read<T>(
    path: &Path,
    bytes: &[u8],
    fields: &str,
    parse: &dyn Fn(&str) -> Result<T, ValueError>,
) -> (Vec<(T, Origin, String)>, Vec<Finding>) {
    let path: Arc<Path> = path.into();
    let (mut entries, mut findings) = (Vec::new(), Vec::new());
    for (number, raw) in (1..).zip(bytes.split(|b| matches!(b, b'\n' | 0))) {
        let whole = String::from_utf8_lossy(raw);
        let text = whole.trim_matches(BLANKS);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let lead = whole.len().saturating_sub(whole.trim_start_matches(BLANKS).len());
        let place = |at: usize, len: usize| {
            let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let span = Span { line: number, col: small(lead + at + 1), len: small(len) };
            Origin { path: path.clone(), span }
        };
        let parsed = match std::str::from_utf8(raw) {
            Ok(_) => parse(text),
            Err(_) => Err(ValueError::whole(text, "it is not UTF-8")),
        };
        match parsed {
            Ok(read) => entries.push((read, place(0, text.len()), text.to_owned())),
            Err(e) => findings.push(Finding {
                id: Id::BadLine,
                severity: Severity::Warning,
                origin: Some(place(e.at, e.len)),
                line: whole.clone().into_owned(),
                message: format!("{}, ignoring the line", e.message),
                hint: Some(fields.to_owned()),
            }),
        }
    }
    (entries, findings)
}
