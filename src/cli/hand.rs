//! The hand door: what a person or a configuration manager types. Speaks systemctl(1)'s exit codes.

use crate::cli::args::{Amr, FamilyArg, Kill, Names, Verb, Whom};
use crate::cli::door::CallerEnv;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{
    ask, cgroups, chkconfig, demo, drain, enable, logger, logs, order, out, reaction, reload, run, scripts,
    security, show, start, sysusers, tmpfiles,
};
use crate::job::context::Context;
use crate::job::{explain, units};
use crate::order::transaction::Verb as Job;
use crate::supervisor::client;
use crate::sysv::chkconfig::Family;
use crate::sysv::initd::Spec as Script;
use crate::unit::model::LoadState;
use crate::unit::name::UnitName;
use crate::unit::value::signal;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Parses `argv` and does it; the verb comes with what it answers.
// Its frame is none of a supervisor's, which lives in the same `main`.
#[inline(never)]
pub fn run(argv: Vec<OsString>, caller_env: &CallerEnv) -> (String, Answered) {
    let start_up = |answered| ("start-up".to_owned(), answered);
    let parsed = Amr::command().try_get_matches_from(argv).and_then(|matches| {
        let verb = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((verb, Amr::from_arg_matches(&matches)?))
    });
    let (word, args) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => {
            let text = e.render().to_string();
            if e.use_stderr() {
                out::eprint_raw(&text);
                return start_up(Ok(Answer::Told(Class::Usage)));
            }
            out::print_raw(&text);
            return start_up(Ok(Answer::Done));
        }
    };
    if let Some(level) = &args.log_level
        && let Err(what) = logger::level(level)
    {
        let hint = Some(logger::LEVELS.to_owned());
        return start_up(Err(Refused { class: Class::Usage, what, hint }));
    }
    let ctx = match Context::new(&args.root, caller_env.unit_path.as_deref(), caller_env.switches.clone()) {
        Ok(ctx) => ctx,
        Err(what) => return start_up(Err(Refused::new(Class::Failed, what))),
    };
    let mut asked = args.verb;
    if ctx.root.is_host() {
        if let Verb::Drain(d) = &mut asked {
            from_here(&mut [&mut d.registry, &mut d.config, &mut d.report, &mut d.reports]);
        }
        if let Verb::Order(o) = &mut asked {
            from_here(&mut [&mut o.state, &mut o.svg]);
        }
    }
    (word, verb(&ctx, asked, caller_env))
}

/// Relative paths begin in the working folder, as everywhere. (With `--root` every path begins there.)
fn from_here(typed: &mut [&mut Option<PathBuf>]) {
    for path in typed.iter_mut().filter_map(|path| path.as_mut()) {
        if path.as_path() != Path::new("-")
            && let Ok(whole) = std::path::absolute(&path)
        {
            *path = whole;
        }
    }
}

fn verb(ctx: &Context, verb: Verb, caller_env: &CallerEnv) -> Answered {
    match verb {
        Verb::Start(j) => start::run(ctx, Job::Start, &j, caller_env),
        Verb::Stop(j) => start::run(ctx, Job::Stop, &j, caller_env),
        Verb::Restart(j) => start::run(ctx, Job::Restart, &j, caller_env),
        Verb::TryRestart(j) => start::run(ctx, Job::TryRestart, &j, caller_env),
        Verb::Reload(j) => start::run(ctx, Job::Reload, &j, caller_env),
        Verb::ReloadOrRestart(j) => start::run(ctx, Job::ReloadOrRestart, &j, caller_env),
        Verb::TryReloadOrRestart(j) => start::run(ctx, Job::TryReloadOrRestart, &j, caller_env),
        Verb::Kill(k) => kill(ctx, &k),
        Verb::Status(s) => show::status::run(ctx, &s),
        Verb::IsActive(n) => show::state::is_active(ctx, &n),
        Verb::IsFailed(n) => show::state::is_failed(ctx, &n),
        Verb::ResetFailed(n) => reset_failed(ctx, &n),
        Verb::Show(s) => show::properties::run(ctx, &s),
        Verb::Cat(n) => show::cat::run(ctx, &n),
        Verb::Security(s) => security::run(ctx, &s),
        Verb::ListUnits(l) => show::list::units(ctx, &l),
        Verb::ListUnitFiles(l) => show::list::files(ctx, &l),
        Verb::ListDependencies(d) => show::list::dependencies(ctx, &d),
        Verb::DaemonReload => reload::run(ctx, caller_env),
        Verb::Run(r) => run::foreground(ctx, &r),
        Verb::Logs(l) => logs::run(ctx, &l),
        Verb::Drain(d) => drain::run(ctx, &d, caller_env),
        Verb::Order(o) => order::run(ctx, &o, caller_env),
        Verb::Enable(u) => enable::run(ctx, enable::Change::Enable, &u, caller_env),
        Verb::Disable(u) => enable::run(ctx, enable::Change::Disable, &u, caller_env),
        Verb::Reenable(u) => enable::run(ctx, enable::Change::Reenable, &u, caller_env),
        Verb::IsEnabled(n) => enable::is_enabled(ctx, &n, caller_env),
        Verb::Chkconfig(c) => chkconfig::in_tree(ctx, "chkconfig", &c.words, caller_env),
        Verb::Initd(i) => print_script(ctx, &i.print, i.family),
        Verb::Cgroups(c) => cgroups::run(ctx, &c),
        Verb::Tmpfiles(t) => tmpfiles::run(ctx, &t),
        Verb::Sysusers(s) => sysusers::run(ctx, &s),
        Verb::Demo(d) => demo::run(&d),
        Verb::StandIn { role } => demo::run_stub(&role),
        Verb::Reaction { unit, ending } => reaction::run(ctx, &unit, &ending),
    }
}

fn kill(ctx: &Context, args: &Kill) -> Answered {
    let signal = signal::parse(&args.signal).map_err(|e| Refused::new(Class::Usage, e.to_string()))?;
    let names = ask::typed(ctx, &args.units)?;
    ask::needs_root(ctx)?;
    let who = match args.kill_whom {
        Whom::Main => client::Who::Main,
        Whom::Control => client::Who::Control,
        Whom::All => client::Who::All,
    };
    let options = client::Options { switches: ctx.switches.clone(), ..client::Options::default() };
    let mut class = Class::Ok;
    for name in names {
        let sent = units::load_one(ctx, &name)
            .and_then(|unit| client::kill(&ctx.state_dir, &unit, &options, signal.0, who));
        if let Err(e) = sent {
            out::print_error("kill", &e.to_string(), None);
            class = explain::client_error(&e).class();
        }
    }
    Ok(class.into())
}

fn reset_failed(ctx: &Context, args: &Names) -> Answered {
    let recorded = client::recorded(&ctx.state_dir).map_err(|e| ask::unseen(&e))?;
    let names = if args.units.is_empty() { recorded.clone() } else { ask::typed(ctx, &args.units)? };
    ask::needs_root(ctx)?;
    let mut class = Class::Ok;
    for name in names {
        if !recorded.contains(&name) && ask::load(ctx, &name).load == LoadState::NotFound {
            out::print_error("reset-failed", &format!("unit '{name}' not found"), None);
            class = Class::Failed;
        } else if let Err(e) = client::reset_failed(&ctx.state_dir, &name) {
            out::print_error("reset-failed", &e.to_string(), None);
            class = Class::Failed;
        }
    }
    Ok(class.into())
}

fn print_script(ctx: &Context, name: &str, family: Option<FamilyArg>) -> Answered {
    let family = match family {
        Some(FamilyArg::Redhat) => Family::RedHat,
        Some(FamilyArg::Debian) => Family::Debian,
        None => chkconfig::family_of(ctx),
    };
    let stem = name.strip_suffix(".service").unwrap_or(name);
    let shipped = Script::shipped_as(stem);
    let unit = UnitName::parse_or_service(stem).ok().map(|name| ask::load(ctx, &name));
    let described = unit.as_ref().and_then(|unit| unit.description.as_deref());
    let spec = shipped.map_or_else(|| Script::new(stem, described.unwrap_or(stem)), Ok);
    let is_script = |name: &str| ctx.root.stat(&Path::new(scripts::FOLDER).join(name)).is_ok();
    let placed = spec.map(|spec| match &unit {
        Some(unit) => spec.placed(&unit.deps, is_script),
        None => spec,
    });
    match placed.and_then(|spec| spec.print(family)) {
        Ok(text) => {
            out::print_raw(&text);
            Ok(Answer::Done)
        }
        Err(e) => Err(Refused::new(Class::Usage, e.to_string())),
    }
}
