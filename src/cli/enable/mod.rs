//! `amr enable`, `disable`, `reenable` and `is-enabled`: on a SysV host an init script and links from
//! [Install], with systemd what systemctl does; where there is neither, the links that systemctl would make.
//!
//! Promises: all or nothing (a failure leaves scripts and links as they were, and says so); other
//! people's scripts are never written, only linked.

mod numbers;
mod steps;
mod upstart;
mod wants;

use crate::cli::args::{Jobs, Names, UnitFiles};
use crate::cli::door::Surroundings;
use crate::cli::exit::Class;
use crate::cli::scripts::{self, Owner, Script};
use crate::cli::{ask, chkconfig, handover, out, start};
use crate::host::{Init, init};
use crate::job::context::Context;
use crate::job::units;
use crate::order::transaction::Verb as Job;
use crate::sysv::apply;
use crate::sysv::chkconfig::Env;
use crate::sysv::install::{self, Enablement, UnitFileState};
use crate::unit::load::Loader;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Links from [Install]; what is there stays.
    Enable,
    /// No level starts it.
    Disable,
    /// Links from [Install] as it is now.
    Reenable,
}

impl Change {
    fn as_str(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Reenable => "reenable",
        }
    }
}

/// A script that is to be linked.
struct Wanted {
    /// Its name in init.d.
    script: String,
    /// What it runs; `None` for a script without a unit.
    unit: Option<Unit>,
    /// What [Install] asks for.
    install: Option<Enablement>,
}

/// A request on a SysV host.
struct Request<'a> {
    ctx: &'a Context,
    change: Change,
    env: Env,
    scripts: BTreeMap<String, Script>,
    wanted: Vec<Wanted>,
    notes: Vec<String>,
}

/// Does it.
pub fn run(ctx: &Context, change: Change, args: &UnitFiles, around: &Surroundings) -> u8 {
    let verb = change.as_str();
    let names = match ask::typed(ctx, &args.units, verb) {
        Ok(names) => names,
        Err(code) => return code,
    };
    if !args.dry_run
        && let Some(code) = ask::needs_root(ctx, verb)
    {
        return code;
    }
    if let Some(code) = by_systemctl(ctx, verb, args.now, args.dry_run, &names, around) {
        return code;
    }
    // Held while reading too, so that two commands do not decide on what the other changes.
    let lock = if args.dry_run { None } else { Some(apply::lock(&ctx.root)) };
    if let Some(Err(e)) = &lock {
        out::complain(verb, &e.to_string(), None);
        return Class::Failed.hand();
    }
    let done = if has_scripts(ctx) {
        Request::new(ctx, change, chkconfig::env(ctx, "chkconfig"), &names)
            .and_then(|request| steps::carry_out(request, args.dry_run))
    } else {
        wants::carry_out(ctx, change, &names, args.dry_run)
    };
    drop(lock);
    if let Err(refused) = done {
        out::complain(verb, &refused.what, refused.hint.as_deref());
        return refused.class.hand();
    }
    if args.now && !args.dry_run { now(ctx, change, &names, around) } else { 0 }
}

/// Is this a host of init scripts? An image for containers has none.
fn has_scripts(ctx: &Context) -> bool {
    ctx.root.is_dir(Path::new(scripts::FOLDER))
}

fn now(ctx: &Context, change: Change, names: &[UnitName], around: &Surroundings) -> u8 {
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
    start::run(ctx, job, &jobs, around)
}

/// Where systemd is the init, of the host or of the tree, systemctl knows best.
fn by_systemctl(
    ctx: &Context,
    verb: &str,
    now: bool,
    dry: bool,
    names: &[UnitName],
    around: &Surroundings,
) -> Option<u8> {
    let in_tree = !ctx.root.is_host() && init(&ctx.root) == Init::Systemd;
    if !in_tree && !ask::hands_over(ctx, around) {
        return None;
    }
    let mut options = Vec::new();
    if in_tree {
        options.push(format!("--root={}", ctx.root.prefix().display()));
    } else if now {
        options.push("--now".to_owned());
    }
    let names: Vec<String> = names.iter().map(UnitName::to_string).collect();
    if dry {
        out::say(&format!("run systemctl {}\n", [options, vec![verb.to_owned()], names].concat().join(" ")));
        return Some(0);
    }
    Some(handover::unit_files(&ctx.features(), &options, verb, &names).unwrap_or_else(|refused| {
        out::complain(verb, &refused.what, refused.hint.as_deref());
        refused.class.hand()
    }))
}

/// Prints a word for each unit; exit 0 if one is enabled or needs no enabling.
pub fn is_enabled(ctx: &Context, args: &Names, around: &Surroundings) -> u8 {
    let names = match ask::typed(ctx, &args.units, "is-enabled") {
        Ok(names) => names,
        Err(code) => return code,
    };
    if let Some(code) = by_systemctl(ctx, "is-enabled", false, false, &names, around) {
        return code;
    }
    let found = apply::links(&ctx.root, []);
    let there = scripts::read(&ctx.root);
    let mut is_any = false;
    for name in names {
        let unit = ask::load(ctx, &name);
        let script = there.iter().find(|s| s.name == name.stem());
        let is_masked = unit.load == LoadState::Masked;
        let state = match (unit.load, script) {
            (LoadState::NotFound, None) => {
                out::complain("is-enabled", &format!("unit '{name}' not found"), None);
                continue;
            }
            // A script of its own: off is off.
            (LoadState::NotFound, Some(_)) if found.on(OsStr::new(name.stem())).is_empty() => {
                UnitFileState::Disabled
            }
            _ if !is_masked && !has_scripts(ctx) && wants::is_enabled(&ctx.root, &unit) => {
                UnitFileState::Enabled
            }
            _ => install::state(&found, OsStr::new(name.stem()), &unit.install, is_masked),
        };
        is_any |= matches!(state, UnitFileState::Enabled | UnitFileState::Static);
        if !args.quiet {
            out::say(&format!("{}\n", state.as_str()));
        }
    }
    if is_any { 0 } else { Class::Failed.hand() }
}

/// Refusals have the hand door's codes.
type Done<T> = Result<T, crate::job::outcome::Refused>;

fn refuse<T>(class: Class, what: impl Into<String>, hint: Option<&str>) -> Done<T> {
    Err(crate::job::outcome::Refused { class, what: what.into(), hint: hint.map(str::to_owned) })
}

/// Calls `each` with each unit once: those named, and behind each what it returns, its `Also=`.
fn with_also(names: &[UnitName], mut each: impl FnMut(&UnitName) -> Done<Vec<UnitName>>) -> Done<()> {
    let mut waiting: Vec<UnitName> = names.iter().rev().cloned().collect();
    let mut seen: Vec<UnitName> = Vec::new();
    while let Some(name) = waiting.pop() {
        if !seen.contains(&name) {
            waiting.extend(each(&name)?.into_iter().rev());
            seen.push(name);
        }
    }
    Ok(())
}

impl<'a> Request<'a> {
    fn new(ctx: &'a Context, change: Change, env: Env, names: &[UnitName]) -> Done<Self> {
        let scripts = BTreeMap::from_iter(scripts::read(&ctx.root).into_iter().map(|s| (s.name.clone(), s)));
        let mut request = Self { ctx, change, env, scripts, wanted: Vec::new(), notes: Vec::new() };
        let facts = ctx.facts();
        let loader = Loader::new(&ctx.root, &ctx.unit_paths, &facts);
        with_also(names, |name| request.add(&loader, name))?;
        Ok(request)
    }

    /// Adds a unit with its aliases; what [Install] wants along with it is returned.
    fn add(&mut self, loader: &Loader, name: &UnitName) -> Done<Vec<UnitName>> {
        let mut unit = loader.load(name);
        if unit.load == LoadState::NotFound && self.scripts.contains_key(name.stem()) {
            self.wanted.push(Wanted { script: name.stem().to_owned(), unit: None, install: None });
            return Ok(Vec::new());
        }
        if let Some(what) = units::refusal(&unit) {
            let gone = unit.load == LoadState::NotFound;
            return refuse(if gone { Class::Failed } else { Class::NotConfigured }, what, None);
        }
        let asked = match install::enablement(name, &unit.install) {
            Ok(asked) => asked,
            Err(install::InstallError::Nothing(name)) => {
                // As systemctl: said, and no failure.
                self.notes.push(install::InstallError::Nothing(name).to_string());
                return Ok(Vec::new());
            }
            Err(e) => return refuse(Class::Failed, e.to_string(), None),
        };
        if asked.unit != unit.name && asked.unit != *name {
            unit = loader.load(&asked.unit);
        }
        for target in &asked.without_level {
            self.notes
                .push(format!("'{target}' stands for no runlevel: '{}' is not started for it", asked.unit));
        }
        let also = asked.also.clone();
        let names = std::iter::once(&asked.unit).chain(&asked.aliases);
        let scripts: Vec<String> = names.map(|n| n.stem().to_owned()).collect();
        for script in scripts {
            self.wanted.push(Wanted { script, unit: Some(unit.clone()), install: Some(asked.clone()) });
        }
        Ok(also)
    }

    /// Is it somebody else's script?
    fn is_foreign(&self, wanted: &Wanted) -> bool {
        wanted.unit.is_none() || self.scripts.get(&wanted.script).is_some_and(|s| s.owner == Owner::Other)
    }
}
