//! What stands below the chart: the legend, and the findings with their remedies. Pure.

use super::canvas::{BAD, FAINT, Frame, INK, MARGIN, WIDTH, colour, count, shorten, text};
use crate::order::check::Report;
use crate::order::step::{Role, span};
use crate::unit::finding::Severity;
use std::fmt::Write as _;

/// What the colours and the meters mean.
pub(super) fn legend(out: &mut String, top: f64, frame: &Frame) {
    let mut left = MARGIN;
    for role in [Role::Writer, Role::Drain, Role::Shipper, Role::Network, Role::Other] {
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"14\" height=\"14\" rx=\"4\" fill=\"{}\"/>",
            top - 11.0,
            colour(role)
        );
        text(out, (left + 21.0, top), 12, FAINT, "", role.as_str());
        left += 48.0 + 7.0 * count(role.as_str().len());
    }
    let note = "dashed: passed over";
    text(out, (left + 6.0, top), 12, FAINT, "", note);
    let Some(longest) = frame.longest else { return };
    let mark = frame.needs.map(|n| format!("; mark: the drain may need {}", span(n))).unwrap_or_default();
    let words = format!("limits: 0 to {}{mark}", span(longest));
    text(out, (WIDTH - MARGIN, top), 12, FAINT, " text-anchor=\"end\"", &words);
}

/// Returns where the last line stands.
pub(super) fn findings(out: &mut String, report: &Report, top: f64) -> f64 {
    let mut y = top;
    if report.met.is_empty() {
        text(out, (MARGIN, y), 13, FAINT, "", "nothing stands in the way");
    }
    for finding in &report.met {
        let fill = match finding.obstacle.severity() {
            Severity::Error => BAD,
            Severity::Warning | Severity::Note => "#8a94a3",
        };
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\"/>",
            MARGIN + 5.0,
            y - 4.5
        );
        let words = format!("{}: {}", finding.name, finding.obstacle.sentence());
        for line in wrap(&words, 132) {
            text(out, (MARGIN + 20.0, y), 13, INK, "", &line);
            y += 18.0;
        }
        for line in wrap(&format!("remedy: {}", finding.remedy()), 146) {
            text(out, (MARGIN + 20.0, y), 12, FAINT, "", &line);
            y += 17.0;
        }
        y += 9.0;
    }
    y
}

/// Lines of at most `most` characters, broken at blanks where there are any.
fn wrap(words: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let room = most.saturating_sub(word.chars().count());
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() < room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| shorten(line, most)).collect()
}
