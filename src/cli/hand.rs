//! The hand door: what a person or a configuration manager types. Speaks systemctl(1)'s exit codes.

use crate::cli::args::{Amr, FamilyArg, Jobs, Kill, Names, Verb, Whom};
use crate::cli::context::Context;
use crate::cli::door::Surroundings;
use crate::cli::exit::Class;
use crate::cli::jobs::{self, Options, Outcome, Report};
use crate::cli::{
    chkconfig, demo, drain, enable, explain, handover, logger, logs, order, out, reaction, run, scripts,
    show, sysusers, tmpfiles, units,
};
use crate::host::init;
use crate::order::transaction::{JobKind, Verb as Job};
use crate::os::child::{Spec, own_executable, spawn};
use crate::os::root::Root;
use crate::service::client;
use crate::sysv::chkconfig::Family;
use crate::sysv::initd::Spec as Script;
use crate::unit::load::Loader;
use crate::unit::model::{Finding, LoadState, Unit};
use crate::unit::name::UnitName;
use crate::unit::value::{Timeout, signal, time};
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
        Verb::Start(j) => jobs_verb(ctx, Job::Start, &j, around),
        Verb::Stop(j) => jobs_verb(ctx, Job::Stop, &j, around),
        Verb::Restart(j) => jobs_verb(ctx, Job::Restart, &j, around),
        Verb::TryRestart(j) => jobs_verb(ctx, Job::TryRestart, &j, around),
        Verb::Reload(j) => jobs_verb(ctx, Job::Reload, &j, around),
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

/// What the user typed, as names of units.
///
/// # Errors
/// The exit code, when it was complained about.
pub fn typed(ctx: &Context, words: &[String], verb: &str) -> Result<Vec<UnitName>, u8> {
    let known = || {
        let facts = ctx.facts();
        let mut names = client::recorded(&ctx.place)?;
        let files = Loader::new(&ctx.root, &ctx.unit_paths, &facts).list_unit_files();
        names.extend(files.into_iter().map(|f| f.name).filter(|n| !n.is_template()));
        names.sort();
        names.dedup();
        Ok(names)
    };
    units::names(words, &known).map_err(|what| {
        out::complain(verb, &out::escape(&what), None);
        Class::Usage.hand()
    })
}

/// What runs cannot be seen: said, and the code for it.
fn unseen(verb: &str, error: &client::ClientError) -> u8 {
    out::complain(verb, &format!("cannot see what runs: {error}"), None);
    Class::Failed.hand()
}

/// One unit from disk.
#[must_use]
pub fn load(ctx: &Context, name: &UnitName) -> Unit {
    Loader::new(&ctx.root, &ctx.unit_paths, &ctx.facts()).load(name)
}

/// Must this go to systemctl? On the host itself where systemd runs, unless told not to.
pub fn hands_over(ctx: &Context, around: &Surroundings) -> bool {
    ctx.root.is_host() && init::booted_with_systemd(&ctx.root) && !around.wishes.skip
}

/// Only root may change the host itself.
pub fn needs_root(ctx: &Context, verb: &str) -> Option<u8> {
    (ctx.root.is_host() && !ctx.is_root).then(|| {
        out::complain(verb, "only root may", Some("sudo, or --root DIR for a folder of your own"));
        Class::Privilege.hand()
    })
}

/// start, stop and their kin.
pub fn jobs_verb(ctx: &Context, job: Job, args: &Jobs, around: &Surroundings) -> u8 {
    let verb = job.as_str();
    let units = match typed(ctx, &args.units, verb) {
        Ok(units) => units,
        Err(code) => return code,
    };
    if hands_over(ctx, around) && !args.dry_run {
        let names: Vec<String> = units.iter().map(UnitName::to_string).collect();
        return handover::systemctl(&ctx.features(), verb, &names, around.wishes).unwrap_or_else(|refused| {
            out::complain(verb, &refused.what, refused.hint.as_deref());
            refused.class.hand()
        });
    }
    let mut options =
        Options { strict: args.strict, ignore_dependencies: args.ignore_dependencies, ..Options::default() };
    match args.timeout.as_deref().map(time::parse).transpose() {
        Ok(Some(Timeout::After(t))) => options.timeout = Some(t),
        Ok(Some(Timeout::Never) | None) => {}
        Err(e) => {
            out::complain(verb, &format!("--timeout: {e}"), None);
            return Class::Usage.hand();
        }
    }
    if !args.dry_run
        && let Some(code) = needs_root(ctx, verb)
    {
        return code;
    }
    let (units, left) = if units.len() > 1 || args.units.iter().any(|word| units::is_pattern(word)) {
        jobs::several::choose(ctx, job, &args.units, units)
    } else {
        (units, 0)
    };
    let anchors: Vec<(Job, UnitName)> = units.into_iter().map(|u| (job, u)).collect();
    let planned = match jobs::plan(ctx, &anchors, &options) {
        Ok(planned) => planned,
        Err(refused) => {
            out::complain(verb, &refused.what, refused.hint.as_deref());
            return refused.class.hand();
        }
    };
    if args.dry_run {
        let text = if args.json {
            format!("{:#}\n", planned.transaction.to_json())
        } else {
            planned.transaction.to_text()
        };
        out::say(&text);
        return left;
    }
    if !args.json {
        warn_of_writers(verb, &planned.others_write(ctx));
    }
    if args.no_wait {
        return in_background(ctx, verb, &anchors, args, around).max(left);
    }
    if !args.json {
        planned.notes().iter().chain(&planned.unapplied()).for_each(|note| out::complain(verb, note, None));
    }
    let down = if job == Job::Stop { planned.with_parts(&anchors) } else { Vec::new() };
    let reports = planned.execute(ctx, &options, &|| {}, &mut |report| {
        if !args.json {
            tell(ctx, verb, report);
        }
    });
    if args.json {
        out::say(&format!("{:#}\n", show::jobs_json(&reports)));
    }
    match verdict(&reports, &anchors) {
        0 => clear(ctx, verb, &down).max(left),
        code => code,
    }
}

/// Removes what those that are down left behind, as their scripts would; the exit code.
fn clear(ctx: &Context, verb: &str, down: &[UnitName]) -> u8 {
    let mut code = 0;
    for unit in down {
        let is_script = ctx.root.exists(&Path::new(scripts::FOLDER).join(unit.stem()));
        if is_script && let Err(e) = jobs::stale::clear(ctx, unit, unit.stem()) {
            out::complain(verb, &e.to_string(), None);
            code = Class::Failed.hand();
        }
    }
    code
}

/// Says what others can write.
pub fn warn_of_writers(verb: &str, findings: &[Finding]) {
    findings.iter().for_each(|f| out::complain(verb, &units::in_one_line(f), f.hint.as_deref()));
}

/// The same command as a process of its own, which nobody waits for: the order of its jobs is kept.
fn in_background(
    ctx: &Context,
    verb: &str,
    anchors: &[(Job, UnitName)],
    args: &Jobs,
    around: &Surroundings,
) -> u8 {
    let mut argv: Vec<OsString> = vec!["amr".into(), "--root".into(), ctx.root.prefix().into(), verb.into()];
    if args.ignore_dependencies {
        argv.push("--ignore-dependencies".into());
    }
    argv.extend(anchors.iter().map(|(_, name)| OsString::from(name.as_str())));
    let env = [("AMR_FEATURES", &around.switches), ("SYSTEMD_UNIT_PATH", &around.unit_path)];
    let env = env.into_iter().filter_map(|(k, v)| Some((k.into(), v.as_ref()?.into()))).collect();
    let spawned = Root::host().and_then(|host| own_executable(&host)).and_then(|program| {
        let spec = Spec { env, ..Spec::detached(program, argv, Vec::new()) };
        spawn(&spec)
    });
    match spawned {
        Ok(_) => 0,
        Err(e) => {
            out::complain(verb, &e.to_string(), None);
            Class::Failed.hand()
        }
    }
}

/// What was asked for decides; what was only pulled in by Wants= does not.
fn verdict(reports: &[Report], anchors: &[(Job, UnitName)]) -> u8 {
    let asked =
        |r: &&Report| anchors.iter().any(|(_, n)| *n == r.unit) || !matches!(r.outcome, Outcome::Failed(..));
    let bad = reports.iter().filter(asked).map(|r| r.outcome.class()).find(|c| *c != Class::Ok);
    bad.map_or(0, |class| match class {
        Class::NotConfigured => class.hand(),
        Class::Privilege => class.hand(),
        Class::Ok
        | Class::Failed
        | Class::Usage
        | Class::Unimplemented
        | Class::NotInstalled
        | Class::NotRunning => 1,
    })
}

fn tell(ctx: &Context, verb: &str, report: &Report) {
    let unit = &report.unit;
    let hint = matches!(report.kind, JobKind::Start | JobKind::RestartStart)
        .then(|| format!("amr status {unit}; amr logs {unit}"));
    match &report.outcome {
        Outcome::Done => {}
        Outcome::Skipped(why) => out::complain(verb, &format!("'{unit}' was skipped: {why}"), None),
        Outcome::Failed(_, why) => out::complain(verb, &format!("'{unit}' failed: {why}"), hint.as_deref()),
        Outcome::Dependency(on) => {
            out::complain(verb, &format!("'{unit}' was left, since '{on}' failed"), None)
        }
        Outcome::TimedOut => {
            out::complain(verb, &format!("'{unit}' is not done in the time given; it goes on"), None)
        }
    }
    let _ = ctx;
}

fn kill(ctx: &Context, args: &Kill) -> u8 {
    let number = match signal::parse(&args.signal) {
        Ok(signal) => signal.0,
        Err(e) => {
            out::complain("kill", &e.to_string(), None);
            return Class::Usage.hand();
        }
    };
    let names = match typed(ctx, &args.units, "kill") {
        Ok(names) => names,
        Err(code) => return code,
    };
    if let Some(code) = needs_root(ctx, "kill") {
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
        Err(e) => return unseen("reset-failed", &e),
    };
    let names =
        if args.units.is_empty() { Ok(recorded.clone()) } else { typed(ctx, &args.units, "reset-failed") };
    let names = match names {
        Ok(names) => names,
        Err(code) => return code,
    };
    if let Some(code) = needs_root(ctx, "reset-failed") {
        return code;
    }
    let mut code = 0;
    for name in names {
        if !recorded.contains(&name) && load(ctx, &name).load == LoadState::NotFound {
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
    let unit = UnitName::parse_or_service(stem).ok().map(|name| load(ctx, &name));
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
