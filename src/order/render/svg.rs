//! A plan as a picture: one row for each step, time from left to right, one column for each wave.
//! A bar reaches to the first step that waits for it; a line leads on to that step where the drain
//! has to do with it. Below stand the findings. Needs no style sheet and no script. Pure.

use super::{Show, shown};
use crate::order::check::{Finding, Report};
use crate::order::obstacle::{Gravity, Obstacle};
use crate::order::step::{Fate, Limit, Plan, Role, Step, span};
use std::collections::HashMap;
use std::fmt::Write as _;

const LABEL: f64 = 250.0;
const CHART: f64 = 620.0;
const LIMIT: f64 = 130.0;
const MARGIN: f64 = 28.0;
const ROW: f64 = 34.0;
const BAR: f64 = 18.0;
const HEAD: f64 = 118.0;
const INK: &str = "#1c2430";
const FAINT: &str = "#6b7686";
const RULE: &str = "#e6eaf0";
const GOOD: &str = "#1a7f4b";
const BAD: &str = "#c4314b";

/// Above this many steps only the relevant ones are drawn.
const MANY: usize = 60;

/// The colour of a role.
pub(super) fn colour(role: Role) -> &'static str {
    match role {
        Role::Writer => "#4f83e0",
        Role::Drain => "#23a566",
        Role::Shipper => "#f0a02b",
        Role::Network => "#8a78d6",
        Role::Other => "#c5ccd8",
    }
}

/// One drawn row.
struct Row<'a> {
    at: usize,
    step: &'a Step,
    from: usize,
    to: usize,
}

/// The picture.
#[must_use]
pub fn plan(plan: &Plan, report: &Report) -> String {
    let show = if plan.steps.len() > MANY { Show::Relevant } else { Show::All };
    let (rows, columns) = rows(plan, show);
    let width = MARGIN + LABEL + CHART + LIMIT + MARGIN;
    let body = ROW * count(rows.len());
    let foot = 44.0 + 42.0 * count(report.findings.len());
    let height = HEAD + body + 54.0 + foot;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"'Inter','Segoe UI','Helvetica Neue','DejaVu Sans',sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    head(&mut out, plan, report, width);
    grid(&mut out, columns, body);
    for (line, row) in rows.iter().enumerate() {
        draw(&mut out, row, line, columns, width);
        if is_in_danger(row.step, report) {
            mark(&mut out, (x(row.from, columns) + 14.0, y(line) + ROW / 2.0));
        }
    }
    arrows(&mut out, &rows, columns);
    legend(&mut out, HEAD + body + 34.0);
    findings(&mut out, report, HEAD + body + 84.0);
    out.push_str("</svg>\n");
    out
}

#[allow(clippy::cast_precision_loss, reason = "counts of rows and columns of a picture")]
fn count(n: usize) -> f64 {
    n as f64
}

/// The rows, and how many columns they need: waves without a drawn step take no room.
fn rows(plan: &Plan, show: Show) -> (Vec<Row<'_>>, usize) {
    let kept = shown(plan, show);
    let steps: Vec<(usize, &Step)> =
        kept.into_iter().filter_map(|at| plan.steps.get(at).map(|s| (at, s))).collect();
    let mut waves: Vec<usize> = steps.iter().map(|(_, s)| s.wave).collect();
    waves.sort_unstable();
    waves.dedup();
    let column = |wave: usize| waves.partition_point(|w| *w < wave);
    let mut ends: Vec<Option<usize>> = vec![None; plan.steps.len()];
    for (_, step) in &steps {
        for wait in &step.waits {
            if let Some(end) = ends.get_mut(wait.on) {
                let here = column(step.wave);
                *end = Some(end.map_or(here, |e| e.min(here)));
            }
        }
    }
    let rows: Vec<Row> = steps
        .into_iter()
        .map(|(at, step)| {
            let from = column(step.wave);
            let end = ends.get(at).copied().flatten();
            Row { at, step, from, to: end.unwrap_or(from + 1).max(from + 1) }
        })
        .collect();
    (rows, waves.len().max(1))
}

fn x(column: usize, columns: usize) -> f64 {
    MARGIN + LABEL + CHART * count(column) / count(columns)
}

fn y(line: usize) -> f64 {
    HEAD + ROW * count(line)
}

fn text(out: &mut String, at: (f64, f64), size: u32, fill: &str, extra: &str, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{fill}\"{extra}>{}</text>",
        at.0,
        at.1,
        escape(words)
    );
}

fn head(out: &mut String, plan: &Plan, report: &Report, width: f64) {
    let title = match plan.way.title() {
        way if plan.way.is_down() => format!("What stops, and when: {way}"),
        way => format!("What starts, and when: {way}"),
    };
    text(out, (MARGIN, 44.0), 22, INK, " font-weight=\"700\"", &title);
    let steps = plan.steps.iter().filter(|s| s.fate == Fate::Runs).count();
    let kind =
        if plan.is_serial() { "one after the other" } else { "side by side where nothing orders them" };
    let sub = format!("{}, {steps} steps, {kind}", plan.init.title());
    text(out, (MARGIN, 68.0), 13, FAINT, "", &sub);
    let drains = plan.steps.iter().any(|s| s.role == Role::Drain) || !report.findings.is_empty();
    if plan.way.is_down() && drains {
        let (fill, words) = if report.is_good() {
            (GOOD, "the drain runs in time and in order")
        } else {
            (BAD, "the drain is in danger")
        };
        let room = 7.6 * count(words.len()) + 30.0;
        let left = width - MARGIN - room;
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"26\" width=\"{room:.1}\" height=\"30\" rx=\"15\" fill=\"{fill}\"/>"
        );
        let middle = " font-weight=\"600\" text-anchor=\"middle\"";
        text(out, (left + room / 2.0, 46.0), 13, "#ffffff", middle, words);
    }
    let small = " letter-spacing=\"0.6\"";
    text(out, (MARGIN, HEAD - 12.0), 11, FAINT, small, "STEP");
    text(out, (MARGIN + LABEL, HEAD - 12.0), 11, FAINT, small, "TIME");
    let right = " letter-spacing=\"0.6\" text-anchor=\"end\"";
    text(out, (width - MARGIN, HEAD - 12.0), 11, FAINT, right, "LIMIT");
}

fn grid(out: &mut String, columns: usize, body: f64) {
    for column in 0..=columns {
        let x = x(column, columns);
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{HEAD}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{RULE}\"/>",
            HEAD + body
        );
    }
}

fn draw(out: &mut String, row: &Row, line: usize, columns: usize, width: f64) {
    let (top, middle) = (y(line), y(line) + ROW / 2.0);
    let _ = writeln!(
        out,
        "<line x1=\"{MARGIN}\" y1=\"{top:.1}\" x2=\"{:.1}\" y2=\"{top:.1}\" stroke=\"{RULE}\"/>",
        width - MARGIN
    );
    let skipped = row.step.fate == Fate::Skipped;
    let ink = if skipped || row.step.role == Role::Other { FAINT } else { INK };
    let weight = if row.step.role == Role::Drain { " font-weight=\"700\"" } else { "" };
    let number = if skipped { "–".to_owned() } else { (row.at + 1).to_string() };
    text(out, (MARGIN + 22.0, middle + 4.5), 12, FAINT, " text-anchor=\"end\"", &number);
    text(out, (MARGIN + 34.0, middle + 4.5), 13, ink, weight, &shorten(&row.step.shown, 26));
    bar(out, row, middle, columns);
    let limit = match (row.step.fate, row.step.limit) {
        (Fate::Skipped, _) => "skipped".to_owned(),
        (Fate::Runs, Limit::None) => "none".to_owned(),
        (Fate::Runs, Limit::After(limit)) => span(limit),
    };
    text(out, (width - MARGIN, middle + 4.5), 12, FAINT, " text-anchor=\"end\"", &limit);
}

fn bar(out: &mut String, row: &Row, middle: f64, columns: usize) {
    let (from, to) = (x(row.from, columns) + 3.0, x(row.to, columns) - 3.0);
    let room = (to - from).max(4.0);
    let fill = colour(row.step.role);
    let look = match row.step.fate {
        Fate::Runs => format!("fill=\"{fill}\""),
        Fate::Skipped => {
            format!("fill=\"#ffffff\" stroke=\"{fill}\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"")
        }
    };
    let why: Vec<String> = row.step.obstacles.iter().map(|o| o.sentence()).collect();
    let tip = format!("{} {}. {}", row.step.act.as_str(), row.step.shown, why.join("; "));
    let _ = writeln!(
        out,
        "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{room:.1}\" height=\"{BAR}\" rx=\"5\" {look}><title>{}</title></rect>",
        middle - BAR / 2.0,
        escape(&tip)
    );
}

/// Has it a fatal obstacle of its own, or is it the drain and something around it is wrong?
fn is_in_danger(step: &Step, report: &Report) -> bool {
    let fatal = |o: &Obstacle| o.gravity() == Gravity::Fatal;
    let around = |f: &Finding| f.name == step.name && fatal(&f.obstacle);
    let drain = step.role == Role::Drain && report.findings.iter().any(around);
    step.obstacles.iter().any(fatal) || drain
}

fn mark(out: &mut String, (x, y): (f64, f64)) {
    let _ = writeln!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7.5\" fill=\"{BAD}\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>"
    );
    text(out, (x, y + 4.0), 11, "#ffffff", " font-weight=\"700\" text-anchor=\"middle\"", "!");
}

/// From the end of a bar down or up to the beginning of one that waits for it.
fn arrows(out: &mut String, rows: &[Row], columns: usize) {
    let lines: HashMap<usize, usize> = rows.iter().enumerate().map(|(line, row)| (row.at, line)).collect();
    for (line, row) in rows.iter().enumerate() {
        for wait in &row.step.waits {
            let Some((up, first)) = lines.get(&wait.on).and_then(|l| Some((*l, rows.get(*l)?))) else {
                continue;
            };
            if row.step.role == Role::Other || first.step.role == Role::Other {
                continue;
            }
            let (x1, y1) = (x(first.to, columns) - 3.0, y(up) + ROW / 2.0);
            let (x2, y2) = (x(row.from, columns) + 3.0, y(line) + ROW / 2.0);
            let turn = (x1 + x2) / 2.0;
            let _ = writeln!(
                out,
                "<path d=\"M{x1:.1} {y1:.1} C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}\" fill=\"none\" \
                 stroke=\"{INK}\" stroke-opacity=\"0.45\" stroke-width=\"1.4\"><title>{}</title></path>",
                turn + 12.0,
                turn - 12.0,
                escape(&wait.why)
            );
        }
    }
}

fn legend(out: &mut String, top: f64) {
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
}

fn findings(out: &mut String, report: &Report, top: f64) {
    if report.findings.is_empty() {
        text(out, (MARGIN, top), 13, FAINT, "", "nothing stands in the way");
    }
    for (line, finding) in report.findings.iter().enumerate() {
        let y = top + 42.0 * count(line);
        let fill = match finding.obstacle.gravity() {
            Gravity::Fatal => BAD,
            Gravity::Note => "#8a94a3",
        };
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\"/>",
            MARGIN + 5.0,
            y - 4.5
        );
        let words = format!("{}: {}", finding.name, finding.obstacle.sentence());
        text(out, (MARGIN + 20.0, y), 13, INK, "", &shorten(&words, 140));
        let hint = format!("remedy: {}", finding.remedy());
        text(out, (MARGIN + 20.0, y + 17.0), 12, FAINT, "", &shorten(&hint, 150));
    }
}

/// At most `most` characters; the last is an ellipsis where more were there.
fn shorten(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let kept: String = words.chars().take(most - 1).collect();
    format!("{kept}…")
}

/// Text that XML takes: markup escaped, characters that it forbids replaced.
fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
