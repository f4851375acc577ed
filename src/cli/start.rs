//! `amr start`, `stop`, `restart` and their kin: a transaction from what was typed, and what became of it.

use crate::cli::args::Jobs;
use crate::cli::door::{CallerEnv, NOTED};
use crate::cli::exit::{Answered, Class, Refused};
use crate::cli::{ask, handover, out, scripts, show};
use crate::job::context::Context;
use crate::job::execute::execute;
use crate::job::outcome::{Outcome, Report};
use crate::job::plan::{self, Options, Planned};
use crate::job::{several, stale};
use crate::order::transaction::{JobKind, Verb as Job};
use crate::os::child::{Spec, own_executable, spawn};
use crate::os::root::Root;
use crate::unit::name::UnitName;
use crate::unit::value::{Timeout, time};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use strings::pattern::has_wildcard;

/// start, stop and their kin.
pub fn run(ctx: &Context, job: Job, args: &Jobs, caller_env: &CallerEnv) -> Answered {
    let verb = job.as_str();
    let units = ask::typed(ctx, &args.units)?;
    if ask::hands_over(ctx, caller_env) && !args.dry_run {
        let names: Vec<String> = units.iter().map(UnitName::to_string).collect();
        return handover::systemctl(&ctx.features(), verb, &names, caller_env.hand_over);
    }
    let options = options(args, caller_env)?;
    if !args.dry_run {
        ask::needs_root(ctx)?;
    }
    let (units, left) = if units.len() > 1 || args.units.iter().any(|word| has_wildcard(word)) {
        several::choose(ctx, job, &args.units, units)
    } else {
        (units, Vec::new())
    };
    left.iter().for_each(|l| out::print_error(verb, &l.what, None));
    let left = left.iter().rev().find(|l| l.class != Class::Ok).map_or(Class::Ok, |l| l.class);
    let anchors: Vec<(Job, UnitName)> = units.into_iter().map(|u| (job, u)).collect();
    let planned = plan::compute(ctx, &anchors, &options)?;
    if !args.json {
        ask::print_findings(verb, &planned.findings(ctx));
        planned.unapplied().iter().for_each(|line| out::print_error(verb, line, None));
    }
    if args.dry_run {
        print_plan(ctx, &planned, args.json);
        return Ok(left.into());
    }
    if args.no_wait {
        in_background(ctx, verb, (&anchors, &planned), args, caller_env)?;
        return Ok(left.into());
    }
    if !args.json {
        planned.notes(ctx).iter().for_each(|note| out::print_error(verb, note, None));
    }
    let down = if job == Job::Stop { planned.with_parts(&anchors) } else { Vec::new() };
    let typed = planned.typed(&anchors);
    let findings = if args.json { planned.findings_by_unit(ctx) } else { BTreeMap::new() };
    let reports = execute(planned, ctx, &options, &|| {}, &mut |report| {
        if !args.json {
            print_report(verb, typed.get(&report.unit).unwrap_or(&report.unit), report);
        }
    });
    if args.json {
        out::print_raw(&format!("{:#}\n", show::jobs_json(&reports, &findings)));
    }
    let class = verdict(&reports, &typed);
    Ok(if class == Class::Ok { clear(ctx, verb, &down).max(left) } else { class }.into())
}

fn options(args: &Jobs, caller_env: &CallerEnv) -> Result<Options, Refused> {
    let timeout = match args.timeout.as_deref().map(time::parse).transpose() {
        Ok(Some(Timeout::After(limit))) => Some(limit),
        Ok(Some(Timeout::Never) | None) => None,
        Err(e) => return Err(Refused::new(Class::Usage, format!("--timeout: {e}"))),
    };
    Ok(Options {
        strict: args.strict,
        ignore_dependencies: args.ignore_dependencies,
        noted: caller_env.noted,
        timeout,
        ..Options::default()
    })
}

/// What would be done (`--dry-run`).
fn print_plan(ctx: &Context, planned: &Planned, json: bool) {
    if !json {
        out::print_raw(&planned.transaction.to_text());
        return;
    }
    let mut value = planned.transaction.to_json();
    if let Some(members) = value.as_object_mut() {
        members.insert("findings".to_owned(), show::findings_json(&planned.findings(ctx)).into());
    }
    out::print_raw(&format!("{value:#}\n"));
}

/// Removes what those that are down left behind, as their scripts would.
fn clear(ctx: &Context, verb: &str, down: &[UnitName]) -> Class {
    let mut class = Class::Ok;
    for unit in down {
        let is_script = ctx.root.exists(&Path::new(scripts::FOLDER).join(unit.stem()));
        if is_script && let Err(e) = stale::clear(ctx, unit, unit.stem()) {
            out::print_error(verb, &e.to_string(), None);
            class = Class::Failed;
        }
    }
    class
}

/// The same command as a process of its own, which nobody waits for: the order of its jobs is kept, and whoever
/// asks for others from now on sees them.
fn in_background(
    ctx: &Context,
    verb: &str,
    (anchors, planned): (&[(Job, UnitName)], &Planned),
    args: &Jobs,
    caller_env: &CallerEnv,
) -> Result<(), Refused> {
    let mut argv: Vec<OsString> = vec!["amr".into(), "--root".into(), ctx.root.prefix().into(), verb.into()];
    if args.ignore_dependencies {
        argv.push("--ignore-dependencies".into());
    }
    argv.extend(anchors.iter().map(|(_, name)| OsString::from(name.as_str())));
    let noted = Some("1".to_owned());
    let env = [
        ("AMR_FEATURES", &caller_env.switches),
        ("SYSTEMD_UNIT_PATH", &caller_env.unit_path),
        (NOTED, &noted),
    ];
    let env = env.into_iter().filter_map(|(k, v)| Some((k.into(), v.as_ref()?.into()))).collect();
    let spawned = Root::host().and_then(|host| own_executable(&host)).and_then(|program| {
        let spec = Spec { env, ..Spec::detached(program, argv, Vec::new()) };
        spawn(&spec)
    });
    let spawned = spawned.map_err(|e| Refused::new(Class::Failed, e.to_string()))?;
    // One that has ended has no jobs left.
    if let Err(e) = planned.note_jobs(ctx, spawned.pid) {
        log::debug!("{e}");
    }
    Ok(())
}

/// What was asked for decides; what was only pulled in by Wants= does not.
fn verdict(reports: &[Report], typed: &BTreeMap<UnitName, UnitName>) -> Class {
    let asked = |r: &&Report| typed.contains_key(&r.unit) || !matches!(r.outcome, Outcome::Failed(..));
    let bad = reports.iter().filter(asked).map(|r| r.outcome.class()).find(|c| *c != Class::Ok);
    bad.map_or(Class::Ok, |class| match class {
        Class::NotConfigured | Class::Privilege => class,
        Class::Ok
        | Class::Failed
        | Class::Usage
        | Class::Unimplemented
        | Class::NotInstalled
        | Class::NotRunning => Class::Failed,
    })
}

/// What became of a unit, by the name under which it was asked for.
fn print_report(verb: &str, unit: &UnitName, report: &Report) {
    let hint = matches!(report.kind, JobKind::Start | JobKind::RestartStart)
        .then(|| format!("amr status {unit}; amr logs {unit}"));
    match &report.outcome {
        Outcome::Done => {}
        Outcome::Skipped(why) => out::print_error(verb, &format!("'{unit}' was skipped: {why}"), None),
        Outcome::Failed(_, why) => {
            out::print_error(verb, &format!("'{unit}' failed: {why}"), hint.as_deref())
        }
        Outcome::Dependency(on) => {
            out::print_error(verb, &format!("the job of '{unit}' was cancelled, since '{on}' failed"), None)
        }
        Outcome::TimedOut => out::print_error(
            verb,
            &format!("'{unit}' has not finished within the time given; it goes on"),
            None,
        ),
    }
}
