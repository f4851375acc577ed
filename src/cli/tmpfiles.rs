//! `amr tmpfiles`: creates what tmpfiles.d(5) lists.
//!
//! Where systemd-tmpfiles is installed it does the work.

use crate::cli::args::Tmpfiles;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::tmpfiles::{failure, program, read, spec};
use crate::job::units;
use crate::os::child::{Stdio, to_end};
use crate::os::root::Placed;
use crate::tmpfiles::apply::{Applied, Mode, apply};
use crate::tmpfiles::plan::{Plan, When, origin, plan};
use crate::tmpfiles::point::Points;
use crate::unit::finding;
use crate::unit::model::Unit;

/// sysexits.h, as systemd-tmpfiles ends when a line cannot be read.
const DATA_ERROR: u8 = 65;

/// Does all lines, or those that units need.
pub fn run(ctx: &Context, args: &Tmpfiles) -> Answered {
    if !args.dry_run {
        ask::needs_root(ctx)?;
    }
    if !args.dry_run
        && args.units.is_empty()
        && let Some(answered) = run_systemd_tmpfiles(ctx, args.boot)
    {
        return answered;
    }
    let points = points(ctx, &args.units)?;
    let mut said = read(ctx, &|_| true);
    if !args.units.is_empty() {
        said.entries.retain(|entry| points.iter().any(|p| p.has(entry)));
    }
    let when = if args.boot { When::Boot } else { When::Later };
    let planned = plan(std::mem::take(&mut said.entries), when, &ctx.state_dir.runtime_dir);
    said.troubles.iter().for_each(|what| out::print_error("tmpfiles", what, None));
    said.findings.iter().for_each(|f| out::print_error("tmpfiles", &finding::render(f), None));
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Do };
    let done = apply(&ctx.root, &planned.steps, mode);
    if args.dry_run || args.verbose {
        out::print_raw(&listing(&planned, &done));
    }
    let failures: Vec<String> = done.iter().filter_map(failure).collect();
    failures.iter().for_each(|what| out::print_error("tmpfiles", what, None));
    let trouble = !failures.is_empty() || !said.troubles.is_empty();
    Ok(answer(trouble, !said.findings.is_empty()))
}

/// For lines some of which failed, or cannot be read.
pub(super) fn answer(failed: bool, unreadable: bool) -> Answer {
    match (failed, unreadable) {
        (true, _) => Answer::Told(Class::Failed),
        (false, true) => Answer::Told(Class::NotConfigured),
        (false, false) => Answer::Done,
    }
}

/// What the units point to.
fn points(ctx: &Context, typed: &[String]) -> Result<Vec<Points>, Refused> {
    let names = ask::typed(ctx, typed)?;
    let loaded: Vec<Unit> = names.iter().map(|name| ask::load(ctx, name)).collect();
    if let Some(what) = loaded.iter().find_map(units::refusal) {
        return Err(Refused::new(Class::NotConfigured, what));
    }
    Ok(loaded.iter().map(|unit| Points::from_unit(unit, &ctx.state_dir.runtime_dir)).collect())
}

/// A line for each that is done, and for each that is passed over.
fn listing(planned: &Plan, done: &[Applied]) -> String {
    let mut text = String::new();
    for one in done {
        let word = match &one.end {
            Ok(Placed::Made) => "create",
            Ok(Placed::Changed) => "change",
            Ok(Placed::Kept) => "keep",
            Ok(Placed::Left) => "leave what is there for",
            Err(_) => "fail",
        };
        text.push_str(&format!("{}: {word} {}\n", one.origin, one.what));
    }
    for (entry, why) in &planned.passed {
        text.push_str(&format!("{}: pass over '{}': {why}\n", origin(entry), out::escape(&entry.text)));
    }
    text
}

/// systemd-tmpfiles with all lines, where it is installed.
fn run_systemd_tmpfiles(ctx: &Context, boot: bool) -> Option<Answered> {
    let program = program(ctx)?;
    let words: &[&str] = if boot { &["--create", "--boot"] } else { &["--create"] };
    let stdio = [Stdio::Null, Stdio::Inherit, Stdio::Inherit];
    Some(match to_end(&spec(program, words, stdio), &ctx.features()) {
        Ok(code) => Ok(answer(code != 0 && code != DATA_ERROR, code == DATA_ERROR)),
        Err(e) => Err(Refused::new(Class::Failed, e.to_string())),
    })
}
