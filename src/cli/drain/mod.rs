//! `amr drain`: waits until every byte is shipped ([`front`]); with `--once` the judgement as it is now,
//! its report printed and kept.

mod front;
mod guard;
mod hook;
mod output;
mod parts;
mod words;

use crate::cli::args::{Drain, FreezeArg, OnStallArg};
use crate::cli::door::CallerEnv;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::out;
use crate::drain::inspect::{self, Options};
use crate::drain::judge::file::ShortFiles;
use crate::drain::report::{self, Report, keep};
use crate::drain::wait::pace::{Freeze, OnStall, Policy};
use crate::drain::wait::{Json, StepReports, Task};
use crate::job::context::Context;
use crate::os::ids::effective_uid;
use crate::unit::value::Timeout;
use crate::unit::value::time;
use hook::Hook;
use output::{OutputOptions, Outputs};
use std::path::Path;
use std::time::Duration;

/// Where the hook that ships keeps its reports.
const HOOK: &str = "/var/log/shutdown-filebeat";

/// Judges, or shows the last judgement.
pub fn run(ctx: &Context, args: &Drain, caller_env: &CallerEnv) -> Answered {
    if args.last {
        return last(ctx, args);
    }
    match task(ctx, args) {
        Ok((task, _)) if args.once => front::once(&task, args.quiet),
        Ok((task, hook)) => {
            let options = OutputOptions {
                quiet: args.quiet,
                json: args.json,
                console: args.console,
                syslog: ctx.is_root && ctx.root.is_host(),
            };
            front::run(&task, Outputs::new(options, caller_env.notify.clone()), hook)
        }
        Err(what) => Err(Refused::new(Class::Usage, what)),
    }
}

/// What is to be waited for, and the command that is told.
fn task(ctx: &Context, args: &Drain) -> Result<(Task, Option<Hook>), String> {
    let limit = span("--exec-timeout", &args.exec_timeout)?;
    let hook = args.exec.as_deref().map(|text| Hook::parse(text, limit, &ctx.root, ctx.features()));
    let hook = hook.transpose().map_err(|refused| refused.to_string())?;
    let policy = Policy {
        timeout: span("--timeout", &args.timeout)?,
        soft: span("--soft-timeout", &args.soft_timeout)?,
        settle: args.settle.as_deref().map(|text| span("--settle", text)).transpose()?,
        stall: span("--stall", &args.stall)?,
        on_stall: match args.on_stall {
            OnStallArg::Wait => OnStall::Wait,
            OnStallArg::Fail => OnStall::Fail,
        },
        freeze: match args.freeze {
            FreezeArg::Auto => Freeze::Auto,
            FreezeArg::All => Freeze::All,
            FreezeArg::None => Freeze::None,
        },
    };
    let task = Task {
        root: ctx.root.clone(),
        features: ctx.features(),
        options: Options { limit: Some(limit_of(policy.timeout)), ..options(args) },
        policy,
        folder: folder(ctx, args).map(Path::to_path_buf),
        file: args.report.clone(),
        steps: if log::log_enabled!(log::Level::Debug) { StepReports::Each } else { StepReports::Not },
        json: if args.json { Json::Wanted } else { Json::Unwanted },
        pid: std::process::id(),
    };
    Ok((task, hook))
}

fn span(option: &str, text: &str) -> Result<Duration, String> {
    match time::parse(text) {
        Ok(Timeout::After(span)) => Ok(span),
        Ok(Timeout::Never) => Err(format!("cannot take {option}: a drain has an end")),
        Err(error) => Err(format!("cannot take {option} '{}': {error}", out::escape(text))),
    }
}

/// Where reports are kept: nowhere, where that would touch a host that is not the caller's.
fn folder<'a>(ctx: &Context, args: &'a Drain) -> Option<&'a Path> {
    let own = ctx.is_root || !ctx.root.is_host();
    args.reports.as_deref().or(own.then_some(Path::new(keep::FOLDER)))
}

/// How long one folder or file may take: several that hang must not take all the time there is.
fn limit_of(timeout: Duration) -> Duration {
    inspect::LIMIT.min(timeout / 4)
}

fn options(args: &Drain) -> Options {
    Options {
        shipper: args.shipper(),
        registry: args.registry.clone(),
        config: args.config.clone(),
        logs: args.logs.clone(),
        short: args.ignore_short.then_some(ShortFiles::Ignored),
        user: Some(effective_uid()),
        limit: None,
    }
}

fn show(args: &Drain, report: &Report) {
    if args.quiet {
        return;
    }
    if !args.json {
        out::print_raw(&report::text(report));
        return;
    }
    out::print_raw(&report.json());
}

fn last(ctx: &Context, args: &Drain) -> Answered {
    let mut newest: Option<Report> = None;
    let own = args.reports.as_deref();
    for folder in own.into_iter().chain([keep::FOLDER, HOOK, keep::ELSEWHERE].map(Path::new)) {
        match keep::last(&ctx.root, folder) {
            // Times of one form sort as they follow one another.
            Ok(Some(report)) if newest.as_ref().is_none_or(|newest| newest.at < report.at) => {
                newest = Some(report);
            }
            Ok(_) => {}
            Err(e) => {
                return Err(Refused::new(Class::Failed, e.to_string()));
            }
        }
    }
    if let Some(report) = newest {
        show(args, &report);
        return Ok(Answer::Verdict(report.code));
    }
    let (folder, hook, elsewhere) = (keep::FOLDER, HOOK, keep::ELSEWHERE);
    let what = format!("no report was kept in '{folder}', '{hook}' or '{elsewhere}'");
    Err(Refused::new(Class::Failed, what))
}
