//! `amr run`: a unit once in the foreground, and the hidden verb of the supervisor.

use crate::cli::args::Run;
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::{ask, out};
use crate::job::context::Context;
use crate::job::{explain, tmpfiles, units};
use crate::order::transaction::{TransactionError, Verb};
use crate::supervisor::core::state_dir::{Privilege, StateDir};
use crate::supervisor::service::plan::{ApplyMode, FirstAction, Plan, PlanInput};
use crate::supervisor::service::run;
use crate::unit::load::Loader;
use crate::unit::model::{LoadState, Unit};
use crate::unit::name::UnitName;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `supervise --plan-fd N`.
pub fn supervise(words: &[OsString]) -> Answered {
    let fd = match words {
        [option, fd] if option == "--plan-fd" => fd.to_str().and_then(|fd| fd.parse().ok()),
        _ => None,
    };
    match fd.map(run::supervise) {
        Some(Ok(())) => Ok(Answer::Done),
        Some(Err(_)) => Ok(Answer::Told(Class::Failed)),
        None => Ok(Answer::Told(Class::Usage)),
    }
}

/// Runs it, and exits as its main process did: its status, 128 and the signal, or systemd's 2xx
/// where a step before exec failed.
pub fn foreground(ctx: &Context, args: &Run) -> Answered {
    let unit = usable(ctx, args)?;
    tmpfiles::before_start(ctx, &unit).iter().for_each(|what| out::print_error("run", what, None));
    // Where nobody else's files are touched: an ordinary user may try a unit too.
    let scratch = (!ctx.is_root && ctx.root.is_host())
        .then(|| std::env::temp_dir().join(format!("amr-run-{}", std::process::id())));
    let mut place = ctx.state_dir.clone();
    if let Some(dir) = &scratch {
        place = StateDir {
            run_dir: dir.join("run"),
            log_dir: dir.join("log"),
            privilege: Privilege::User,
            ..place
        };
    }
    let extras = PlanInput {
        mode: if ctx.is_root { ApplyMode::Strict } else { ApplyMode::BestEffort },
        files: place.marks(unit.fragment.iter().chain(&unit.dropins)),
        paths: place.paths(unit.name.as_str()),
        lock_name: None,
        switches: ctx.switches.clone(),
        bound: false,
        monitored: None,
        await_exec: false,
    };
    let ended = Plan::new(&unit, extras, FirstAction::Start).map_err(|e| e.to_string());
    let ended = ended.and_then(|plan| run::foreground(plan).map_err(|e| e.to_string()));
    if let Some(dir) = &scratch {
        let _ = ctx.root.remove_dir_all(dir);
    }
    match ended {
        Ok(ended) => {
            ended
                .record
                .not_applied
                .iter()
                .for_each(|n| out::print_error("run", &format!("not applied: {n}"), None));
            let failure = explain::failure(&ended.record);
            if !failure.is_empty() {
                out::print_error("run", &format!("'{}': {failure}", unit.name), None);
            }
            Ok(Answer::program(code(&ended.record)))
        }
        Err(what) => Err(Refused::new(Class::Failed, what)),
    }
}

/// The unit, where it can be run: what is wrong with it is said.
fn usable(ctx: &Context, args: &Run) -> Result<Unit, Refused> {
    let unit = find(ctx, &args.unit).map_err(|what| Refused::new(Class::NotConfigured, what))?;
    if let Some(what) = units::refusal(&unit) {
        let is_missing = unit.load == LoadState::NotFound;
        return Err(Refused::new(if is_missing { Class::NotInstalled } else { Class::NotConfigured }, what));
    }
    if unit.name.is_template() {
        let (verb, unit) = (Verb::Start, unit.name);
        return Err(Refused::new(
            Class::NotConfigured,
            TransactionError::MissingInstance { verb, unit }.to_string(),
        ));
    }
    if let Some(line) = units::unapplied_line(&unit) {
        out::print_error("run", &line, None);
        if args.strict {
            return Err(Refused::new(Class::NotConfigured, "refused, as --strict asks"));
        }
    }
    ask::print_findings("run", &units::findings(ctx, &unit));
    if args.strict && !units::others_write(ctx, &unit).is_empty() {
        return Err(Refused::new(Class::NotConfigured, "refused, as --strict asks"));
    }
    Ok(unit)
}

fn code(record: &crate::supervisor::service::status::Record) -> u8 {
    let status = u8::try_from(record.exec_main_status).unwrap_or(1);
    let code = match record.exec_main_code {
        1 => status,
        2 | 3 => 128_u8.saturating_add(status),
        _ => 0,
    };
    // A main process may end well and the unit fail all the same: it never said that it was ready.
    if code == 0 { u8::from(record.service_result().is_failure()) } else { code }
}

/// A unit by name from the search path, or a file by its path (as the host sees it).
fn find(ctx: &Context, word: &str) -> Result<Unit, String> {
    if !word.contains('/') {
        let name = UnitName::parse_or_service(word).map_err(|e| e.to_string())?;
        return Ok(ask::load(ctx, &name));
    }
    let path = std::path::absolute(Path::new(word)).map_err(|e| format!("cannot find '{word}': {e}"))?;
    let inner: PathBuf = match path.strip_prefix(ctx.root.prefix()) {
        Ok(rest) => Path::new("/").join(rest),
        Err(_) => {
            return Err(format!("'{word}' does not lie below the root '{}'", ctx.root.prefix().display()));
        }
    };
    ctx.root.stat(&inner).map_err(|e| e.to_string())?;
    let facts = ctx.facts();
    Loader::new(&ctx.root, &[], &facts).load_file(&inner).map_err(|e| e.to_string())
}
