//! `amr tmpfiles`: creates what tmpfiles.d(5) lists.
//!
//! Where systemd-tmpfiles is installed it does the work.

use crate::cli::args::Tmpfiles;
use crate::cli::exit::Class;
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::tmpfiles::{failure, program, read, spec};
use crate::job::units;
use crate::os::child::{Stdio, to_end};
use crate::os::root::Placed;
use crate::tmpfiles::apply::{Done, Mode, apply};
use crate::tmpfiles::plan::{Plan, When, origin, plan};
use crate::tmpfiles::point::Points;
use crate::unit::finding;
use crate::unit::model::Unit;

/// sysexits.h, as systemd-tmpfiles ends when a line cannot be read.
const DATA_ERROR: u8 = 65;

/// Does all lines, or those that units need.
pub fn run(ctx: &Context, args: &Tmpfiles) -> u8 {
    if !args.dry_run
        && let Some(code) = ask::needs_root(ctx, "tmpfiles")
    {
        return code;
    }
    if !args.dry_run
        && args.units.is_empty()
        && let Some(code) = all_by_systemd(ctx, args.boot)
    {
        return code;
    }
    let points = match points(ctx, &args.units) {
        Ok(points) => points,
        Err(code) => return code,
    };
    let mut said = read(ctx, &|_| true);
    if !args.units.is_empty() {
        said.entries.retain(|entry| points.iter().any(|p| p.has(entry)));
    }
    let when = if args.boot { When::Boot } else { When::Later };
    let planned = plan(std::mem::take(&mut said.entries), when, &ctx.place.runtime_dir);
    said.troubles.iter().for_each(|what| out::complain("tmpfiles", what, None));
    said.findings.iter().for_each(|f| out::complain("tmpfiles", &finding::render(f), None));
    let mode = if args.dry_run { Mode::Look } else { Mode::Do };
    let done = apply(&ctx.root, &planned.steps, mode);
    if args.dry_run || args.verbose {
        out::say(&listing(&planned, &done));
    }
    let failures: Vec<String> = done.iter().filter_map(failure).collect();
    failures.iter().for_each(|what| out::complain("tmpfiles", what, None));
    if !failures.is_empty() || !said.troubles.is_empty() {
        Class::Failed.hand()
    } else if !said.findings.is_empty() {
        Class::NotConfigured.hand()
    } else {
        0
    }
}

/// What the units point to; the exit code where one cannot be used.
fn points(ctx: &Context, typed: &[String]) -> Result<Vec<Points>, u8> {
    let names = ask::typed(ctx, typed, "tmpfiles")?;
    let loaded: Vec<Unit> = names.iter().map(|name| ask::load(ctx, name)).collect();
    if let Some(what) = loaded.iter().find_map(units::refusal) {
        out::complain("tmpfiles", &what, None);
        return Err(Class::NotConfigured.hand());
    }
    Ok(loaded.iter().map(|unit| Points::of(unit, &ctx.place.runtime_dir)).collect())
}

/// A line for each that is done, and for each that is passed over.
fn listing(planned: &Plan, done: &[Done]) -> String {
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

/// systemd-tmpfiles with all lines; its exit code as amr's.
fn all_by_systemd(ctx: &Context, boot: bool) -> Option<u8> {
    let program = program(ctx)?;
    let words: &[&str] = if boot { &["--create", "--boot"] } else { &["--create"] };
    let stdio = [Stdio::Null, Stdio::Inherit, Stdio::Inherit];
    Some(match to_end(&spec(program, words, stdio), &ctx.features()) {
        Ok(0) => 0,
        Ok(DATA_ERROR) => Class::NotConfigured.hand(),
        Ok(_) => Class::Failed.hand(),
        Err(e) => {
            out::complain("tmpfiles", &e.to_string(), None);
            Class::Failed.hand()
        }
    })
}
