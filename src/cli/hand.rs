//! The hand door: what a person or a configuration manager types. Speaks systemctl(1)'s exit codes.

use crate::cli::args::{Amr, FamilyArg, Kill, Names, Verb, Whom};
use crate::cli::door::Surroundings;
use crate::cli::exit::Class;
use crate::cli::{
    ask, chkconfig, demo, drain, enable, logger, logs, order, out, reaction, run, scripts, show, start,
    sysusers, tmpfiles,
};
use crate::job::context::Context;
use crate::job::{explain, units};
use crate::order::transaction::Verb as Job;
use crate::service::client;
use crate::sysv::chkconfig::Family;
use crate::sysv::initd::Spec as Script;
use crate::unit::model::LoadState;
use crate::unit::name::UnitName;
use crate::unit::value::signal;
use clap::Parser;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Parses `argv` and does it. Returns the exit code.
pub fn run(argv: Vec<OsString>, around: &Surroundings) -> u8 {
    let args = match Amr::try_parse_from(argv) {
        Ok(args) => args,
        Err(e) => {
            let text = e.render().to_string();
            if e.use_stderr() {
                out::mutter(&text);
                return Class::Usage.hand();
            }
            out::say(&text);
            return 0;
        }
    };
    if let Some(level) = &args.log_level
        && let Err(what) = logger::level(level)
    {
        out::complain("start-up", &what, Some(logger::LEVELS));
        return Class::Usage.hand();
    }
    let ctx = match Context::new(&args.root, around.unit_path.as_deref(), around.switches.clone()) {
        Ok(ctx) => ctx,
        Err(what) => {
            out::complain("start-up", &what, None);
            return Class::Failed.hand();
        }
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
    verb(&ctx, asked, around)
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

fn verb(ctx: &Context, verb: Verb, around: &Surroundings) -> u8 {
    match verb {
        Verb::Start(j) => start::run(ctx, Job::Start, &j, around),
        Verb::Stop(j) => start::run(ctx, Job::Stop, &j, around),
        Verb::Restart(j) => start::run(ctx, Job::Restart, &j, around),
        Verb::TryRestart(j) => start::run(ctx, Job::TryRestart, &j, around),
        Verb::Reload(j) => start::run(ctx, Job::Reload, &j, around),
        Verb::ReloadOrRestart(j) => start::run(ctx, Job::ReloadOrRestart, &j, around),
        Verb::TryReloadOrRestart(j) => start::run(ctx, Job::TryReloadOrRestart, &j, around),
        Verb::Kill(k) => kill(ctx, &k),
        Verb::Status(s) => show::status::run(ctx, &s),
        Verb::IsActive(n) => show::state::is_active(ctx, &n),
        Verb::IsFailed(n) => show::state::is_failed(ctx, &n),
        Verb::ResetFailed(n) => reset_failed(ctx, &n),
        Verb::Show(s) => show::properties::run(ctx, &s),
        Verb::Cat(n) => show::cat::run(ctx, &n),
        Verb::ListUnits(l) => show::list::units(ctx, &l),
        Verb::ListUnitFiles(l) => show::list::files(ctx, &l),
        Verb::ListDependencies(d) => show::list::dependencies(ctx, &d),
        Verb::DaemonReload => 0,
        Verb::Run(r) => run::foreground(ctx, &r),
        Verb::Logs(l) => logs::run(ctx, &l),
        Verb::Drain(d) => drain::run(ctx, &d, around),
        Verb::Order(o) => order::run(ctx, &o, around),
        Verb::Enable(u) => enable::run(ctx, enable::Change::Enable, &u, around),
        Verb::Disable(u) => enable::run(ctx, enable::Change::Disable, &u, around),
        Verb::Reenable(u) => enable::run(ctx, enable::Change::Reenable, &u, around),
        Verb::IsEnabled(n) => enable::is_enabled(ctx, &n, around),
        Verb::Chkconfig(c) => chkconfig::in_tree(ctx, "chkconfig", &c.words, around),
        Verb::Initd(i) => print_script(ctx, &i.print, i.family),
        Verb::Tmpfiles(t) => tmpfiles::run(ctx, &t),
        Verb::Sysusers(s) => sysusers::run(ctx, &s),
        Verb::Demo(d) => demo::run(&d),
        Verb::StandIn { role } => demo::stand_in(&role),
        Verb::Reaction { unit, ending } => reaction::run(ctx, &unit, &ending),
    }
}

fn kill(ctx: &Context, args: &Kill) -> u8 {
    let number = match signal::parse(&args.signal) {
        Ok(signal) => signal.0,
        Err(e) => {
            out::complain("kill", &e.to_string(), None);
            return Class::Usage.hand();
        }
    };
    let names = match ask::typed(ctx, &args.units, "kill") {
        Ok(names) => names,
        Err(code) => return code,
    };
    if let Some(code) = ask::needs_root(ctx, "kill") {
        return code;
    }
    let who = match args.kill_whom {
        Whom::Main => client::Who::Main,
        Whom::Control => client::Who::Control,
        Whom::All => client::Who::All,
    };
    let options = client::Options { switches: ctx.switches.clone(), ..client::Options::default() };
    let mut code = 0;
    for name in names {
        let sent = units::load_one(ctx, &name)
            .and_then(|unit| client::kill(&ctx.place, &unit, &options, number, who));
        if let Err(e) = sent {
            out::complain("kill", &e.to_string(), None);
            code = explain::client_error(&e).class().hand();
        }
    }
    code
}

fn reset_failed(ctx: &Context, args: &Names) -> u8 {
    let recorded = match client::recorded(&ctx.place) {
        Ok(recorded) => recorded,
        Err(e) => return ask::unseen("reset-failed", &e),
    };
    let names = if args.units.is_empty() {
        Ok(recorded.clone())
    } else {
        ask::typed(ctx, &args.units, "reset-failed")
    };
    let names = match names {
        Ok(names) => names,
        Err(code) => return code,
    };
    if let Some(code) = ask::needs_root(ctx, "reset-failed") {
        return code;
    }
    let mut code = 0;
    for name in names {
        if !recorded.contains(&name) && ask::load(ctx, &name).load == LoadState::NotFound {
            out::complain("reset-failed", &format!("unit '{name}' not found"), None);
            code = Class::Failed.hand();
        } else if let Err(e) = client::reset_failed(&ctx.place, &name) {
            out::complain("reset-failed", &e.to_string(), None);
            code = Class::Failed.hand();
        }
    }
    code
}

fn print_script(ctx: &Context, name: &str, family: Option<FamilyArg>) -> u8 {
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
            out::say(&text);
            0
        }
        Err(e) => {
            out::complain("initd", &e.to_string(), None);
            Class::Usage.hand()
        }
    }
}
