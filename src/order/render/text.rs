//! A plan and its report as lines of text. Pure.

use super::{Show, shown};
use crate::order::check::Report;
use crate::order::step::{Act, Limit, Plan, Role, StepOutcome, span};
use crate::unit::finding::Severity;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// As many numbers of steps fit on a line.
const MANY: usize = 8;

/// One line for each step, then what is missing, then the findings with their remedies and a verdict.
#[must_use]
pub fn plan(plan: &Plan, report: &Report, show: Show) -> String {
    let mut out = format!("{}, {}\n", plan.way.title(), plan.init.title());
    let steps = shown(plan, show);
    let absent = || plan.absent.iter().filter(|a| show == Show::All || a.role != Role::Other);
    let names = steps.iter().filter_map(|at| plan.steps.get(*at)).map(|s| s.shown.as_str());
    let wide = names.chain(absent().map(|a| a.name.as_str())).map(|n| n.chars().count()).max().unwrap_or(0);
    for at in &steps {
        let Some(step) = plan.steps.get(*at) else { continue };
        let number = match step.fate {
            StepOutcome::Runs => (at + 1).to_string(),
            StepOutcome::Skipped => "-".to_owned(),
        };
        let role = if step.role == Role::Other { "" } else { step.role.as_str() };
        let limit = match (step.fate, step.limit) {
            (StepOutcome::Skipped, _) if step.act == Act::Start && step.obstacles.is_empty() => {
                "already up".to_owned()
            }
            (StepOutcome::Skipped, _) => "skipped".to_owned(),
            (StepOutcome::Runs, Limit::None) => "no limit".to_owned(),
            (StepOutcome::Runs, Limit::After(limit)) => format!("at most {}", span(limit)),
        };
        // Writing to a String cannot fail.
        let _ =
            write!(out, "{number:>4}  {:<5}  {:<wide$}  {role:<7}  {limit}", step.act.as_str(), step.shown);
        let waits: Vec<String> = step.waits.iter().map(|w| (w.on + 1).to_string()).collect();
        if !waits.is_empty() && !plan.is_serial() {
            let more = match waits.len().checked_sub(MANY) {
                None | Some(0) => String::new(),
                Some(more) => format!(" and {more} more"),
            };
            let _ = write!(out, ", after {}{more}", waits.get(..MANY).unwrap_or(&waits).join(" "));
        }
        out.push('\n');
        for obstacle in &step.obstacles {
            let _ = writeln!(out, "{:>4}  {:<5}  {}", "", "", obstacle.sentence());
        }
    }
    for absent in absent() {
        let why: Vec<String> = absent.obstacles.iter().map(|o| o.sentence()).collect();
        let _ = writeln!(
            out,
            "   -         {:<wide$}  {:<7}  {}",
            absent.name,
            absent.role.as_str(),
            why.join("; ")
        );
    }
    out.push_str(&findings(report));
    out.push_str(&verdict(plan, report));
    out
}

/// Does the drain run? Nothing where there is none, or where nothing stops.
fn verdict(plan: &Plan, report: &Report) -> String {
    let of_steps = plan.steps.iter().filter(|s| s.role == Role::Drain).map(|s| s.name.as_str());
    let of_absent = plan.absent.iter().filter(|a| a.role == Role::Drain).map(|a| a.name.as_str());
    let drains = of_steps.chain(of_absent).collect::<BTreeSet<_>>();
    if drains.is_empty() || !plan.way.is_down() {
        return String::new();
    }
    let names = drains.into_iter().collect::<Vec<_>>().join(", ");
    let errors = report.met.iter().filter(|f| f.obstacle.severity() == Severity::Error).count();
    match errors {
        0 => format!("good: {names} runs in time and in order\n"),
        1 => format!("not good: {names} is in danger, for the one error above\n"),
        many => format!("not good: {names} is in danger, for the {many} errors above\n"),
    }
}

/// The findings, each with its remedy.
#[must_use]
pub fn findings(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.met {
        let word = finding.obstacle.severity().as_str();
        let _ = writeln!(out, "{word}: {}\n  hint: {}", finding.sentence(), finding.remedy());
    }
    out
}
