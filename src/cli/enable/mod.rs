//! `amr enable`, `disable`, `reenable` and `is-enabled`: on a SysV host an init script and links from
//! [Install], rc's for runlevels and those that systemctl would make for other units; with systemd what systemctl
//! does; where there is neither, all the links that systemctl would make.
//!
//! Promises: all or nothing (a failure leaves scripts and links as they were, and says so); other
//! people's scripts are never written, only linked.

mod links;
mod numbers;
mod plan_links;
mod request;
pub mod state;
mod steps;
mod upstart;

pub use self::request::Change;
use self::request::Request;
use crate::cli::args::{Jobs, Names, UnitFiles};
use crate::cli::door::CallerEnv;
use crate::cli::exit::{self, Answer, Answered, Class, Refused};
use crate::cli::{ask, chkconfig, handover, out, reload, scripts, start};
use crate::host::{Init, init};
use crate::job::context::Context;
use crate::order::transaction::Verb as Job;
use crate::sysv::apply;
use crate::unit::name::UnitName;

/// Does it.
pub fn run(ctx: &Context, change: Change, args: &UnitFiles, caller_env: &CallerEnv) -> Answered {
    let verb = change.as_str();
    let names = ask::typed(ctx, &args.units)?;
    if !args.dry_run {
        ask::needs_root(ctx)?;
    }
    let options = Options { now: args.now, no_reload: args.no_reload, dry: args.dry_run };
    if let Some(answered) = by_systemctl(ctx, verb, options, &names, caller_env) {
        return answered;
    }
    // Held while reading too, so that two commands do not decide on what the other changes.
    let lock = if args.dry_run { None } else { Some(apply::lock(&ctx.root)) };
    if let Some(Err(e)) = &lock {
        return Err(Refused::new(Class::Failed, e.to_string()));
    }
    let done = Request::new(ctx, change, chkconfig::env(ctx, "chkconfig"), &names)
        .and_then(|request| steps::carry_out(request, args.dry_run));
    drop(lock);
    done?;
    if !args.dry_run && !args.no_reload && ctx.root.is_host() {
        // As systemctl's do (docs/decisions/daemon-reload.md).
        reload::all(ctx, verb, reload::Reported::Failures)?;
    }
    Ok(if args.now && !args.dry_run { now(ctx, change, &names, caller_env) } else { Answer::Done })
}

fn now(ctx: &Context, change: Change, names: &[UnitName], caller_env: &CallerEnv) -> Answer {
    let job = match change {
        Change::Enable => Job::Start,
        Change::Disable => Job::Stop,
        Change::Reenable => Job::Restart,
    };
    let jobs = Jobs {
        units: names.iter().map(UnitName::to_string).collect(),
        dry_run: false,
        no_wait: false,
        timeout: None,
        strict: false,
        ignore_dependencies: false,
        json: false,
    };
    start::run(ctx, job, &jobs, caller_env)
        .unwrap_or_else(|refused| exit::print_refused(job.as_str(), &refused))
}

/// How it was asked for.
#[derive(Clone, Copy, Default)]
struct Options {
    now: bool,
    no_reload: bool,
    dry: bool,
}

/// Where systemd is the init, of the host or of the tree, systemctl knows best.
fn by_systemctl(
    ctx: &Context,
    verb: &str,
    asked: Options,
    names: &[UnitName],
    caller_env: &CallerEnv,
) -> Option<Answered> {
    let in_tree = !ctx.root.is_host() && init(&ctx.root) == Init::Systemd;
    if !in_tree && !ask::hands_over(ctx, caller_env) {
        return None;
    }
    let mut options = Vec::new();
    if in_tree {
        options.push(format!("--root={}", ctx.root.prefix().display()));
    } else if asked.now {
        options.push("--now".to_owned());
    }
    if asked.no_reload {
        options.push("--no-reload".to_owned());
    }
    let names: Vec<String> = names.iter().map(UnitName::to_string).collect();
    if asked.dry {
        out::print_raw(&format!(
            "run systemctl {}\n",
            [options, vec![verb.to_owned()], names].concat().join(" ")
        ));
        return Some(Ok(Answer::Done));
    }
    Some(handover::unit_files(&ctx.features(), &options, verb, &names))
}

/// Prints a word for each unit; exit 0 if one is enabled or needs no enabling.
pub fn is_enabled(ctx: &Context, args: &Names, caller_env: &CallerEnv) -> Answered {
    let names = ask::typed(ctx, &args.units)?;
    if let Some(answered) = by_systemctl(ctx, "is-enabled", Options::default(), &names, caller_env) {
        return answered;
    }
    let enabled = state::Enabled::read(ctx);
    let there = scripts::read(&ctx.root);
    let mut is_any = false;
    for name in names {
        let script = there.iter().find(|s| s.name == name.stem());
        let known = enabled.unit(&name, &ask::load(ctx, &name));
        let Some(state) = known.or_else(|| script.map(|_| enabled.script(&name))) else {
            out::print_error("is-enabled", &format!("unit '{name}' not found"), None);
            continue;
        };
        is_any |= state.is_good();
        if !args.quiet {
            out::print_raw(&format!("{}\n", state.as_str()));
        }
    }
    Ok(if is_any { Answer::Done } else { Answer::No })
}
