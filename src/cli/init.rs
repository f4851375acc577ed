//! The init door: `amr initd PATH VERB [MEMBER]...`, as the kernel calls the interpreter of a script.
//!
//! Parsed by hand, as it must cost nothing. It speaks LSB's exit codes and the sentences of the
//! family's own scripts. The script's path says which root is meant: a script at
//! `/mnt/image/etc/init.d/x` is about the tree `/mnt/image` and touches nothing else.

mod status;

use crate::cli::dialect::{self, Act, Dialect, Stage};
use crate::cli::door::CallerEnv;
use crate::cli::exit::{Answer, Answered, Class, Refused, Running, print_refused};
use crate::cli::handover;
use crate::cli::{ask, out};
use crate::host::{family, init as host_init};
use crate::job::context::Context;
use crate::job::execute::execute;
use crate::job::outcome::{Outcome, Report};
use crate::job::plan::{self, Options, Started};
use crate::job::{activity, stale, units};
use crate::order::transaction::{JobKind, Verb as Job};
use crate::os::root::Root;
use crate::supervisor::client;
use crate::sysv::{door, header};
use crate::unit::model::{DepKind, Unit};
use crate::unit::name::UnitName;
use std::cell::OnceCell;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One call of a script.
struct Call {
    path: PathBuf,
    name: String,
    unit: UnitName,
    /// Looked up when there is something to say.
    dialect: OnceCell<Dialect>,
    ctx: Context,
}

/// `words` are what stands behind `initd`.
// Its frame is none of a supervisor's, which lives in the same `main`.
#[inline(never)]
pub fn run(words: &[OsString], caller_env: &CallerEnv) -> Answered {
    let Some(path) = words.first() else {
        out::eprint_raw(
            "Usage: amr initd PATH VERB [MEMBER]...\n       amr initd --print NAME [--family redhat|debian]\n",
        );
        return Ok(Answer::Told(Class::Usage));
    };
    let call = Call::new(path, caller_env).map_err(|(class, what)| Refused::new(class, what))?;
    let Some(verb) = words.get(1).and_then(|w| door::Verb::parse(w)) else {
        let (text, class) = dialect::usage(call.dialect(), &call.path.to_string_lossy(), &[]);
        out::eprint_raw(&text);
        return Ok(class.into());
    };
    let members: Vec<String> = words.iter().skip(2).map(|w| w.to_string_lossy().into_owned()).collect();
    if call.ctx.root.is_host() && host_init::booted_with_systemd(&call.ctx.root) && !caller_env.hand_over.skip
    {
        return call.hand_over(verb, &members, caller_env);
    }
    match verb {
        door::Verb::Status => call.status(&members),
        door::Verb::Start
        | door::Verb::Stop
        | door::Verb::Restart
        | door::Verb::TryRestart
        | door::Verb::Reload
        | door::Verb::ForceReload => call.jobs(verb, &members),
    }
}

/// A script that was written on another system: the kernel takes the end of its first line for a part of
/// the word.
pub fn carriage_return(words: &[OsString]) -> Answered {
    let path = words.first().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let what = format!("the first line of '{path}' ends in CR LF, so that its word is 'initd\\r'");
    let hint = Some(format!("sed -i 's/\\r$//' '{path}'"));
    let refused = Refused { class: Class::NotConfigured, what, hint };
    match words.get(1).and_then(|w| door::Verb::parse(w)) {
        Some(door::Verb::Status) => {
            print_refused("initd", &refused);
            Ok(Answer::Status(Running::Unknown))
        }
        _ => Err(refused),
    }
}

/// The root that a script's path names: what stands before `/etc/`; `/` for the usual folders.
fn root_of(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let at = bytes.windows(5).rposition(|w| w == b"/etc/").filter(|at| *at > 0);
    match at.and_then(|at| bytes.get(..at)) {
        Some(prefix) => PathBuf::from(OsStr::from_bytes(prefix)),
        None => PathBuf::from("/"),
    }
}

/// What a verb asks for.
fn job_of(verb: door::Verb) -> Job {
    match verb {
        door::Verb::Start => Job::Start,
        door::Verb::Stop | door::Verb::Status => Job::Stop,
        door::Verb::Restart => Job::Restart,
        door::Verb::TryRestart => Job::TryRestart,
        door::Verb::Reload => Job::Reload,
        door::Verb::ForceReload => Job::TryReloadOrRestart,
    }
}

impl Call {
    fn new(path: &OsStr, caller_env: &CallerEnv) -> Result<Self, (Class, String)> {
        let path = PathBuf::from(path);
        // `./S95web` in rc3.d: the folder that says what the name means is the working one.
        let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let Some(name) = door::service_name(whole.as_os_str()) else {
            return Err((Class::Usage, format!("'{}' names no service", path.display())));
        };
        let ctx = Context::new(&root_of(&whole), None, caller_env.switches.clone())
            .map_err(|e| (Class::Failed, e))?;
        // The script as the host sees it: whoever called us has just read it.
        let bytes = Root::host().and_then(|host| host.read_head(&whole, header::SEARCHED));
        let bytes = bytes.map_err(|e| (Class::NotInstalled, e.to_string()))?;
        let unit = match header::unit_line(&bytes) {
            Some(unit) => UnitName::parse_or_service(unit),
            None => UnitName::parse_or_service(name),
        };
        let unit = unit.map_err(|e| (Class::NotConfigured, format!("{}: {e}", path.display())))?;
        Ok(Self { name: name.to_owned(), unit, dialect: OnceCell::new(), ctx, path })
    }

    /// How scripts of this host talk.
    fn dialect(&self) -> Dialect {
        *self.dialect.get_or_init(|| match family::family(&self.ctx.root) {
            family::Family::Debian => Dialect::Debian,
            family::Family::RedHat | family::Family::Other => Dialect::RedHat,
        })
    }

    /// systemd is the init: its own systemctl does it, or, where systemd itself called, nobody.
    fn hand_over(&self, verb: door::Verb, members: &[String], caller_env: &CallerEnv) -> Answered {
        let called = host_init::called_by_systemd(&self.ctx.root, caller_env.parent);
        if called && self.unit.stem() == self.name {
            let what = format!(
                "systemd calls the script of '{}', for which it has no unit file of its own",
                self.name
            );
            let hint =
                format!("install {} in /etc/systemd/system and run systemctl daemon-reload", self.unit);
            // Not NotConfigured, which is 6: units made of LSB scripts have SuccessExitStatus=5 6.
            return Err(Refused { class: Class::Failed, what, hint: Some(hint) });
        }
        let units: Vec<String> = if members.is_empty() {
            vec![self.unit.to_string()]
        } else {
            members
                .iter()
                .map(|m| UnitName::parse_or_service(m).map_or_else(|_| m.clone(), |n| n.to_string()))
                .collect()
        };
        let masked = |unit: &String| handover::ask(unit, "LoadState").as_deref() == Some("masked");
        if self.dialect() == Dialect::Debian && verb != door::Verb::Status && units.iter().any(masked) {
            out::print_error("initd", &format!("'{}' is masked, ignoring", self.unit), None);
            return Ok(Answer::Done);
        }
        let word = match verb {
            door::Verb::ForceReload => "reload-or-restart",
            door::Verb::Start
            | door::Verb::Stop
            | door::Verb::Restart
            | door::Verb::TryRestart
            | door::Verb::Reload
            | door::Verb::Status => verb.as_str(),
        };
        handover::systemctl(&self.ctx.features(), word, &units, caller_env.hand_over)
    }

    /// The units that the words behind the verb name, or the script's own. Members must be part of it: where
    /// one is not, that is said.
    fn chosen(&self, members: &[String]) -> Result<Vec<UnitName>, Answer> {
        if members.is_empty() {
            return Ok(vec![self.unit.clone()]);
        }
        let known = self.members();
        let mut chosen = Vec::new();
        for word in members {
            match UnitName::parse_or_service(word) {
                Ok(name) if known.contains(&name) || name == self.unit => chosen.push(name),
                Ok(_) | Err(_) => {
                    out::print_error("initd", &format!("'{word}' is not a member of '{}'", self.unit), None);
                    let stems: Vec<String> = known.iter().map(|n| n.stem().to_owned()).collect();
                    out::eprint_raw(&dialect::usage(self.dialect(), &self.path.to_string_lossy(), &stems).0);
                    return Err(Answer::Told(Class::Usage));
                }
            }
        }
        Ok(chosen)
    }

    /// The services that the unit wants or requires and that are part of it.
    fn members(&self) -> Vec<UnitName> {
        let loaded = units::load(&self.ctx, &self.ctx.facts(), std::slice::from_ref(&self.unit), &[]);
        // Nothing runs under another name where nothing recorded is asked for.
        let set = loaded.unwrap_or_default();
        let Some(unit) = set.get(&self.unit) else { return Vec::new() };
        let pulled = unit
            .deps
            .iter()
            .filter(|d| matches!(d.kind, DepKind::Wants | DepKind::Requires | DepKind::BindsTo));
        let part_of = |other: &&UnitName| {
            set.get(other)
                .is_some_and(|u: &Unit| u.deps.iter().any(|d| d.kind == DepKind::PartOf && d.on == self.unit))
        };
        let mut names: Vec<UnitName> = pulled.map(|d| &d.on).filter(part_of).cloned().collect();
        names.dedup();
        names
    }

    fn jobs(&self, verb: door::Verb, members: &[String]) -> Answered {
        if self.ctx.root.is_host() && !self.ctx.is_root {
            return Err(Refused::new(
                Class::Privilege,
                format!("cannot {} '{}': only root may", verb.as_str(), self.name),
            ));
        }
        let units = match self.chosen(members) {
            Ok(units) => units,
            Err(answer) => return Ok(answer),
        };
        let job = job_of(verb);
        if verb == door::Verb::Reload {
            self.refuse_reload(&units)?;
        }
        let anchors: Vec<(Job, UnitName)> = units.into_iter().map(|u| (job, u)).collect();
        let options = self.options(job);
        let planned = match plan::compute(&self.ctx, &anchors, &options) {
            Ok(planned) => planned,
            Err(refused) if job == Job::Stop => {
                print_refused("initd", &refused);
                // What it left when it ran goes with it, though there is no unit to stop any more.
                self.clear(&anchors.into_iter().map(|(_, name)| name).collect::<Vec<_>>());
                return Ok(refused.class.into());
            }
            Err(refused) => return Err(refused),
        };
        let notes = planned.notes(&self.ctx);
        notes.iter().chain(&planned.unapplied()).for_each(|note| out::print_error("initd", note, None));
        ask::print_findings("initd", &planned.findings(&self.ctx));
        let typed = planned.typed(&anchors);
        // A unit goes by the name of the script that was called, or by that which was typed.
        let name_of = |unit: &UnitName| match typed.get(unit).unwrap_or(unit) {
            typed if *typed == self.unit => self.name.clone(),
            typed => typed.stem().to_owned(),
        };
        let stage = if out::on_terminal() { Stage::Terminal } else { Stage::Plain };
        let down = if job == Job::Stop { planned.with_parts(&anchors) } else { Vec::new() };
        if planned.transaction.jobs.is_empty() {
            let cleared = self.clear(&down);
            self.print_unchanged(stage, job, cleared == Class::Ok);
            return Ok(cleared.into());
        }
        let meanwhile = || {
            self.dialect();
        };
        let mut tell = |report: &Report| self.print_report(stage, &name_of(&report.unit), report);
        let reports = execute(planned, &self.ctx, &options, &meanwhile, &mut tell);
        // A member that is only wanted may fail without its umbrella failing, but a script that printed
        // FAILED does not end with 0.
        let bad = reports.iter().map(|r| r.outcome.class()).find(|c| *c != Class::Ok);
        Ok(bad.unwrap_or_else(|| self.clear(&down)).into())
    }

    /// An init script's lock goes by the script's name, and OK is said when the program runs.
    fn options(&self, job: Job) -> Options {
        // It comes up on another CPU while the units are read here.
        let ahead = if job == Job::Start {
            client::ahead(&self.ctx.state_dir, &self.unit)
        } else {
            client::Prestarted::default()
        };
        let lock = Some((self.unit.clone(), self.name.clone()));
        Options { lock, started: Started::Executed, ahead, ..Options::default() }
    }

    /// What is down cannot be reloaded.
    fn refuse_reload(&self, units: &[UnitName]) -> Result<(), Refused> {
        for unit in units {
            match activity::inspect(&self.ctx, unit) {
                Ok(activity) if !activity.is_inactive() => {}
                Ok(_) => {
                    let what = format!("cannot reload '{}': it is not running", self.name);
                    return Err(Refused::new(Class::NotRunning, what));
                }
                Err(e) => return Err(ask::unseen(&e)),
            }
        }
        Ok(())
    }

    /// Removes what those that are down left behind.
    fn clear(&self, down: &[UnitName]) -> Class {
        let mut class = Class::Ok;
        for unit in down {
            let script = if *unit == self.unit { &self.name } else { unit.stem() };
            if let Err(e) = stale::clear(&self.ctx, unit, script) {
                out::print_error("initd", &e.to_string(), None);
                class = Class::Failed;
            }
        }
        class
    }

    /// It is so already. Where there is nothing to restart there is nothing to say.
    fn print_unchanged(&self, stage: Stage, job: Job, good: bool) {
        let act = match job {
            Job::Start => Act::Start,
            Job::Stop => Act::Stop,
            Job::VerifyActive
            | Job::Restart
            | Job::TryRestart
            | Job::Reload
            | Job::TryReload
            | Job::ReloadOrStart
            | Job::ReloadOrRestart
            | Job::TryReloadOrRestart => return,
        };
        out::print_raw(&dialect::job(self.dialect(), stage, act, &self.name, "", good));
    }

    fn print_report(&self, stage: Stage, name: &str, report: &Report) {
        let act = match report.kind {
            JobKind::Stop | JobKind::RestartStop => Act::Stop,
            JobKind::Start | JobKind::RestartStart => Act::Start,
            JobKind::Reload => Act::Reload,
            JobKind::VerifyActive => return,
        };
        let good = report.outcome.is_good();
        out::print_raw(&dialect::job(self.dialect(), stage, act, name, &report.description, good));
        match &report.outcome {
            Outcome::Done => {}
            Outcome::Skipped(why) => out::print_error("initd", &format!("'{name}' was skipped: {why}"), None),
            Outcome::Failed(_, why) => out::print_error("initd", &format!("'{name}': {why}"), None),
            Outcome::Dependency(on) => {
                out::print_error("initd", &format!("'{name}' was not started, since '{on}' failed"), None);
            }
            Outcome::TimedOut => out::print_error("initd", &format!("'{name}': no answer in time"), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_root() {
        for (path, root) in [
            ("/etc/init.d/x", "/"),
            ("/etc/rc.d/rc0.d/K30x", "/"),
            ("/mnt/image/etc/init.d/x", "/mnt/image"),
            ("/tmp/etc/t/etc/rc.d/init.d/x", "/tmp/etc/t"),
            ("x", "/"),
        ] {
            assert_eq!(root_of(Path::new(path)), Path::new(root), "{path}");
        }
    }
}
