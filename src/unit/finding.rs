//! A finding: what is wrong or doubtful, with a word that stays the same ([`Id`]), how grave it is, where,
//! and what to do. The loader of units and the check of a shutdown's order find, and all that prints JSON prints
//! them alike. Pure.
//!
//! The operator reads `path:line:col: message`, the line, a caret under the place, a hint.
//!
//! The caret stands under the right character whatever the line holds: tabs stay tabs, wide
//! characters count two columns, combining ones none, and control characters are shown escaped, so
//! that a hostile file cannot write to the terminal.

mod id;

pub use id::{Id, RETIRED};

use super::model::Origin;
use super::value::Span;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Has not the effect that it seems to have.
    Warning,
    /// Of a unit: systemd 252 refuses it. Of a hook: it does not run, is cut short, or runs at the wrong
    /// moment.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something wrong or doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What, as a word.
    pub id: Id,
    /// How grave.
    pub severity: Severity,
    /// Where; `None` for the unit as a whole.
    pub origin: Option<Origin>,
    /// The physical line as it stands in the file, for the caret.
    pub line: String,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// What to do about it, if known.
    pub hint: Option<String>,
}

/// For machines: `id`, `severity`, `path`, `line` and `column` from 1 where they are known, `message`, `hint`.
#[must_use]
pub fn to_json(finding: &Finding) -> Value {
    let span = finding.origin.as_ref().map(|o| o.span);
    let known = |n: u32| (n > 0).then_some(n);
    json!({
        "id": finding.id.as_str(),
        "severity": finding.severity.as_str(),
        "path": finding.origin.as_ref().map(|o| o.path.display().to_string()),
        "line": span.and_then(|s| known(s.line)),
        "column": span.and_then(|s| known(s.col)),
        "message": finding.message,
        "hint": finding.hint,
    })
}

/// Longest part of a line that is shown, in columns.
const SHOWN: usize = 160;

/// The whole text, without a final newline. Paths are those inside the root.
#[must_use]
pub fn render(finding: &Finding) -> String {
    let mut out = String::new();
    if let Some(Origin { path, span }) = &finding.origin {
        out.push_str(&place(path, *span));
    }
    out.push_str(&escape(&finding.message));
    if let Some(origin) = &finding.origin
        && !finding.line.is_empty()
    {
        out.push_str(&excerpt(&finding.line, origin.span));
    }
    if let Some(hint) = &finding.hint {
        let _ = write!(out, "\nhint: {}", escape(hint));
    }
    out
}

/// `path:line:col: `, without what is unknown (0).
fn place(path: &Path, span: Span) -> String {
    let path = escape(&path.to_string_lossy());
    match (span.line, span.col) {
        (0, _) => format!("{path}: "),
        (line, 0) => format!("{path}:{line}: "),
        (line, col) => format!("{path}:{line}:{col}: "),
    }
}

/// The line and below it the caret, each on a line of its own, indented by four.
fn excerpt(line: &str, span: Span) -> String {
    let start = usize::try_from(span.col).unwrap_or(usize::MAX).saturating_sub(1);
    let end = start.saturating_add(usize::try_from(span.len).unwrap_or(0));
    let (mut shown, mut pad, mut marks) = (String::new(), String::new(), 0);
    let (mut columns, mut cut) = (0, false);
    for (at, c) in line.trim_end_matches(['\r', '\n']).char_indices() {
        // Far right carets move the window: what is left of it is dropped.
        if at + SHOWN / 2 < start && start > SHOWN {
            cut = true;
            continue;
        }
        if columns > SHOWN {
            shown.push('…');
            break;
        }
        let text = visible(c);
        let width: usize = text.chars().map(width).sum();
        if at + c.len_utf8() <= start {
            pad.push_str(&if c == '\t' { "\t".to_owned() } else { " ".repeat(width) });
        } else if at < end {
            marks += width.max(1);
        }
        columns += width;
        shown.push_str(&text);
    }
    let lead = if cut { ("…", " ") } else { ("", "") };
    let marks = "~".repeat(marks.saturating_sub(1));
    format!("\n    {}{shown}\n    {}{pad}^{marks}", lead.0, lead.1)
}

/// A name or message with its control characters escaped.
fn escape(text: &str) -> String {
    strings::escape(text.as_bytes(), &[])
}

fn visible(c: char) -> String {
    if c == '\t' { c.to_string() } else { escape(c.encode_utf8(&mut [0; 4])) }
}

/// Columns of a terminal; East Asian wide characters take two, combining ones none.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x200b..=0x200d
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str, col: u32, len: u32) -> String {
        render(&Finding {
            id: Id::BadValue,
            severity: Severity::Warning,
            origin: Some(Origin {
                path: std::path::Path::new("/etc/a.service").into(),
                span: Span { line: 3, col, len },
            }),
            line: line.to_owned(),
            message: "odd".to_owned(),
            hint: None,
        })
    }

    #[test]
    fn the_place_the_line_and_the_caret() {
        assert_eq!(
            show("Restart=alwasy", 9, 6),
            "/etc/a.service:3:9: odd\n    Restart=alwasy\n            ^~~~~~"
        );
        assert_eq!(show("A=", 3, 0), "/etc/a.service:3:3: odd\n    A=\n      ^");
    }

    #[test]
    fn tabs_stay_tabs_and_wide_characters_count_two() {
        assert_eq!(show("\tA=\tb", 5, 1), "/etc/a.service:3:5: odd\n    \tA=\tb\n    \t  \t^");
        assert_eq!(show("日=本x", 5, 3), "/etc/a.service:3:5: odd\n    日=本x\n       ^~");
        assert_eq!(show("é=x", 4, 1), "/etc/a.service:3:4: odd\n    é=x\n      ^");
    }

    #[test]
    fn control_characters_are_shown_not_sent() {
        let text = show("A=\u{1b}[2Jx", 7, 1);
        assert!(!text.contains('\u{1b}'));
        assert_eq!(text, "/etc/a.service:3:7: odd\n    A=\\u{1b}[2Jx\n               ^");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_caret() {
        let line = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
        let text = show(&line, 5001, 1);
        let mut lines = text.lines().skip(1);
        let (shown, caret) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(shown.chars().count() < 200);
        assert_eq!(shown.chars().position(|c| c == 'X'), caret.chars().position(|c| c == '^'));
    }

    #[test]
    fn without_a_place_only_the_sentence_and_the_hint() {
        let finding = Finding {
            id: Id::BadService,
            severity: Severity::Error,
            origin: None,
            line: String::new(),
            message: "has no ExecStart=".into(),
            hint: Some("add one".into()),
        };
        assert_eq!(render(&finding), "has no ExecStart=\nhint: add one");
    }
}
