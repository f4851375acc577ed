//! A plan as a picture: one row for each step, time from left to right, one column for each wave.
//! A bar reaches to the first step that waits for it; an arrow leads on to that step where the drain
//! has to do with it. On the right stand the limits, drawn to one scale, with a mark at what the drain
//! may need; below the findings. Needs no style sheet and no script. Pure.

mod canvas;
mod foot;

pub(super) use self::canvas::colour;
use self::canvas::{
    ARROW, BAD, BAR, CORNER, FAINT, Frame, GOOD, HEAD, INK, LABEL, MARGIN, METER, ROW, RULE, WIDTH, count,
    escape, shorten, text,
};
use super::{Show, shown};
use crate::order::check::Report;
use crate::order::step::{Limit, OrderOptions, Plan, Role, Step, StepOutcome, span};
use crate::unit::finding::Severity;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Above this many steps only the relevant ones are drawn.
const MANY: usize = 60;

/// One drawn row.
struct Row<'a> {
    at: usize,
    step: &'a Step,
    from: usize,
    to: usize,
}

/// The steps of a plan as an SVG image, with their waits, limits and obstacles.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, options: &OrderOptions) -> String {
    let show = if plan.steps.len() > MANY { Show::Relevant } else { Show::All };
    let (rows, columns) = rows(plan, show);
    let limit = |row: &Row| match row.step.limit {
        Limit::After(limit) => Some(limit),
        Limit::None => None,
    };
    let frame = Frame::new(rows.iter().filter_map(limit), columns, options.needs);
    let body = ROW * count(rows.len());
    let mut below = String::new();
    let height = foot::findings(&mut below, report, HEAD + body + 84.0) + 20.0;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"'Inter','Segoe UI','Helvetica Neue','DejaVu Sans',sans-serif\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" \
         orient=\"auto\"><path d=\"M0 1 L7 4 L0 7 z\" fill=\"{ARROW}\"/></marker></defs>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    head(&mut out, plan, report);
    grid(&mut out, &frame, rows.len());
    // The arrows lie below the bars, so that no bar is crossed.
    arrows(&mut out, plan, &rows, &frame);
    for (line, row) in rows.iter().enumerate() {
        draw(&mut out, row, line, &frame);
        if is_in_danger(row.step, report) {
            mark(&mut out, (frame.x(row.from) + 14.0, y(line) + ROW / 2.0));
        }
    }
    foot::legend(&mut out, HEAD + body + 34.0, &frame);
    out.push_str(&below);
    out.push_str("</svg>\n");
    out
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

fn y(line: usize) -> f64 {
    HEAD + ROW * count(line)
}

fn head(out: &mut String, plan: &Plan, report: &Report) {
    let title = match plan.way.title() {
        way if plan.way.is_down() => format!("What stops, and when: {way}"),
        way => format!("What starts, and when: {way}"),
    };
    text(out, (MARGIN, 44.0), 22, INK, " font-weight=\"700\"", &title);
    let steps = plan.steps.iter().filter(|s| s.fate == StepOutcome::Runs).count();
    let kind =
        if plan.is_serial() { "one after the other" } else { "side by side where nothing orders them" };
    let sub = format!("{}, {steps} steps, {kind}", plan.init.title());
    text(out, (MARGIN, 68.0), 13, FAINT, "", &sub);
    let drains = plan.steps.iter().any(|s| s.role == Role::Drain) || !report.met.is_empty();
    if plan.way.is_down() && drains {
        let (fill, words) = if report.is_good() {
            (GOOD, "the drain runs in time and in order")
        } else {
            (BAD, "the drain is in danger")
        };
        let room = 7.6 * count(words.len()) + 30.0;
        let left = WIDTH - MARGIN - room;
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
    text(out, (WIDTH - MARGIN, HEAD - 12.0), 11, FAINT, right, "LIMIT");
}

fn grid(out: &mut String, frame: &Frame, rows: usize) {
    let body = ROW * count(rows);
    for row in 0..rows {
        let y = y(row);
        let _ = writeln!(
            out,
            "<line x1=\"{MARGIN}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"{RULE}\"/>",
            WIDTH - MARGIN
        );
    }

    for column in 0..=frame.columns {
        let x = frame.x(column);
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{HEAD}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{RULE}\"/>",
            HEAD + body
        );
    }
}

fn draw(out: &mut String, row: &Row, line: usize, frame: &Frame) {
    let middle = y(line) + ROW / 2.0;
    let skipped = row.step.fate == StepOutcome::Skipped;
    let ink = if skipped || row.step.role == Role::Other { FAINT } else { INK };
    let weight = if row.step.role == Role::Drain { " font-weight=\"700\"" } else { "" };
    let number = if skipped { "–".to_owned() } else { (row.at + 1).to_string() };
    text(out, (MARGIN + 22.0, middle + 4.5), 12, FAINT, " text-anchor=\"end\"", &number);
    text(out, (MARGIN + 34.0, middle + 4.5), 13, ink, weight, &shorten(&row.step.shown, 26));
    bar(out, row, middle, frame);
    let limit = match (row.step.fate, row.step.limit) {
        (StepOutcome::Skipped, _) => "skipped".to_owned(),
        (StepOutcome::Runs, Limit::None) => "none".to_owned(),
        (StepOutcome::Runs, Limit::After(limit)) => {
            meter(out, row.step, limit, middle, frame);
            span(limit)
        }
    };
    text(out, (WIDTH - MARGIN, middle + 4.5), 12, FAINT, " text-anchor=\"end\"", &limit);
}

/// The limit to scale; for the drain also what it may need: what lies behind the limit is cut off.
fn meter(out: &mut String, step: &Step, limit: Duration, middle: f64, frame: &Frame) {
    let left = frame.meter();
    let mut part = |from: f64, wide: f64, fill: &str| {
        let _ = writeln!(
            out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"6\" rx=\"2\" fill=\"{fill}\"/>",
            middle - 3.0
        );
    };
    part(left, METER - 16.0, RULE);
    let wide = frame.scaled(limit).max(2.0);
    part(left, wide, colour(step.role));
    let Some(needs) = frame.needs.filter(|_| step.role == Role::Drain) else { return };
    let end = frame.scaled(needs);
    if end > wide {
        part(left + wide, end - wide, BAD);
    }
    let x = left + end;
    let _ = writeln!(
        out,
        "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{INK}\" stroke-width=\"2\"/>",
        middle - 7.0,
        middle + 7.0
    );
}

fn bar(out: &mut String, row: &Row, middle: f64, frame: &Frame) {
    let (from, to) = (frame.x(row.from) + 3.0, frame.x(row.to) - 3.0);
    let room = (to - from).max(4.0);
    let fill = colour(row.step.role);
    let look = match row.step.fate {
        StepOutcome::Runs => format!("fill=\"{fill}\""),
        StepOutcome::Skipped => {
            format!("fill=\"#ffffff\" stroke=\"{fill}\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"")
        }
    };
    let why: Vec<String> = row.step.obstacles.iter().map(|o| o.sentence()).collect();
    let colon = if why.is_empty() { "" } else { ": " };
    let tip = format!("{} {}{colon}{}", row.step.act.as_str(), row.step.shown, why.join("; "));
    let _ = writeln!(
        out,
        "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{room:.1}\" height=\"{BAR}\" rx=\"5\" {look}><title>{}</title></rect>",
        middle - BAR / 2.0,
        escape(&tip)
    );
}

/// Does the report name it?
fn is_in_danger(step: &Step, report: &Report) -> bool {
    report.met.iter().any(|f| f.name == step.name && f.obstacle.severity() == Severity::Error)
}

fn mark(out: &mut String, (x, y): (f64, f64)) {
    let _ = writeln!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7.5\" fill=\"{BAD}\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>"
    );
    text(out, (x, y + 4.0), 11, "#ffffff", " font-weight=\"700\" text-anchor=\"middle\"", "!");
}

/// From the end of a bar down or up to the beginning of one that waits for it.
fn arrows(out: &mut String, plan: &Plan, rows: &[Row], frame: &Frame) {
    let lines: HashMap<usize, usize> = rows.iter().enumerate().map(|(line, row)| (row.at, line)).collect();
    for (line, row) in rows.iter().enumerate() {
        for wait in &row.step.waits {
            let Some((up, first)) = lines.get(&wait.on).and_then(|l| Some((*l, rows.get(*l)?))) else {
                continue;
            };
            if row.step.role == Role::Other || first.step.role == Role::Other {
                continue;
            }
            // Down from the end of the one bar, round a corner, into the beginning of the other.
            let down = if line > up { 1.0 } else { -1.0 };
            let (x1, y1) = (frame.x(first.to) - 11.0, y(up) + ROW / 2.0 + down * BAR / 2.0);
            let (x2, y2) = (frame.x(row.from) + 2.0, y(line) + ROW / 2.0);
            let _ = writeln!(
                out,
                "<path d=\"M{x1:.1} {y1:.1} V{:.1} Q{x1:.1} {y2:.1} {:.1} {y2:.1} H{x2:.1}\" fill=\"none\" \
                 stroke=\"{ARROW}\" stroke-width=\"1.4\" marker-end=\"url(#tip)\"><title>{}</title></path>",
                y2 - down * CORNER,
                x1 + CORNER,
                escape(&plan.why(wait))
            );
        }
    }
}
