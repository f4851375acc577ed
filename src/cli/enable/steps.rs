//! From what is wanted to scripts and links, all or nothing.

use super::links::{self, LinkBefore, LinkStep};
use super::request::{Change, Changed, LinkRequest, Request, has_scripts, refuse};
use super::{numbers, plan_links, upstart};
use crate::cli::exit::Answer;
use crate::cli::exit::Class;
use crate::cli::scripts::{FOLDER, Script};
use crate::cli::{chkconfig as door, out};
use crate::os::root::{Root, Sync};
use crate::sysv::apply;
use crate::sysv::chkconfig::{Command, Decision, Family, HandOver, Redirect, State, Strictness};
use crate::sysv::initd::{Spec, SpecError};
use crate::sysv::install::{disabled, enabled, pulled_in};
use crate::sysv::level::Levels;
use crate::sysv::links::{FoundLinks, Step, plan};
use crate::sysv::lsb;
use crate::sysv::priority::Numbers;
use crate::unit::name::UnitName;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What is to be done.
#[derive(Default)]
struct Plan {
    /// Scripts and jobs of upstart's to write or remove.
    files: Vec<Written>,
    /// Links of runlevels.
    steps: Vec<Step>,
    /// Links of other units, and other names.
    links: Vec<LinkStep>,
    /// Programs of the host that make the links in our place (Debian).
    hand_over: Vec<HandOver>,
}

/// A file that is to be as it says.
struct Written {
    path: PathBuf,
    /// `None`: it goes.
    text: Option<String>,
    mode: u32,
}

impl Written {
    fn script(name: &str, text: String) -> Self {
        Self { path: Path::new(FOLDER).join(name), text: Some(text), mode: 0o755 }
    }
}

pub(super) fn carry_out(mut request: Request, is_dry: bool) -> Changed<()> {
    let mut planned = Plan { links: plan_links::plan(&request)?, ..Plan::default() };
    if has_scripts(request.ctx) {
        scripts(&mut request, &mut planned)?;
    } else {
        request.wanted.clear();
    }
    let verb = request.change.as_str();
    request.notes.iter().for_each(|note| out::print_error(verb, note, None));
    if is_dry {
        show(&planned);
    } else {
        apply_all(&request, planned)?;
    }
    if !has_scripts(request.ctx) && request.change != Change::Disable && !request.linked.is_empty() {
        let names = request.linked.iter().filter_map(|unit| unit.names.first());
        let names = names.map(UnitName::as_str).collect::<Vec<_>>().join(" ");
        let what = "there is no /etc/init.d here: only a systemd that boots this tree follows the links";
        out::print_error(verb, what, Some(&format!("in a container, start it with 'amr start {names}'")));
    }
    Ok(())
}

/// Plans the scripts and the links of the runlevels.
fn scripts(request: &mut Request, planned: &mut Plan) -> Changed<()> {
    let names: Vec<OsString> = request.scripts.keys().map(OsString::from).collect();
    let mut found = apply::links(&request.ctx.root, names.iter().map(OsString::as_os_str));
    let numbered = match (request.change, request.env.family) {
        (Change::Enable | Change::Reenable, Family::RedHat) => numbers::numbers(request, &found)?,
        (Change::Enable | Change::Reenable, Family::Debian) | (Change::Disable, _) => BTreeMap::new(),
    };
    for at in 0..request.wanted.len() {
        let Some(wanted) = request.wanted.get(at) else { continue };
        if request.is_foreign(wanted) {
            let name = wanted.script.clone();
            foreign(request, &name, at, planned)?;
        } else {
            ours(request, wanted, &numbered, &mut found, planned)?;
        }
    }
    neighbours(request, &numbered, &found, planned)?;
    for job in upstart::wanted(request) {
        if job.text.is_some() {
            let what = "keeps upstart from stopping the shipper before the hook has ended";
            let note = format!("'{}' {what}; start it with 'initctl start {}'", job.path.display(), job.name);
            request.notes.push(note);
        }
        planned.files.push(Written { path: job.path, text: job.text, mode: 0o644 });
    }
    Ok(())
}

/// A script of ours: its text and its links.
fn ours(
    request: &Request,
    wanted: &LinkRequest,
    numbered: &BTreeMap<String, Numbers>,
    found: &mut FoundLinks,
    planned: &mut Plan,
) -> Changed<()> {
    let there = request.scripts.get(&wanted.script);
    let name = OsStr::new(&wanted.script);
    let levels = wanted.install.as_ref().map_or(Levels::NONE, |i| i.levels);
    if request.change == Change::Disable {
        let Some(script) = there else { return Ok(()) };
        let numbers = script.header.as_ref().and_then(Numbers::of_header);
        return match (request.env.family, numbers) {
            (Family::RedHat, Some(numbers)) => {
                planned.steps.extend(plan(found, name, disabled(numbers)));
                Ok(())
            }
            // Nor does it disable that.
            (Family::Debian, _) if starts_nowhere(script) => Ok(()),
            (Family::RedHat, None) | (Family::Debian, _) => {
                let off = set(&wanted.script, State::Off, None);
                add(planned, apply::preview(&request.ctx.root, &off, &request.env))
            }
        };
    }
    let own = || Numbers::of_header(there?.header.as_ref()?);
    let numbers = numbered.get(&wanted.script).copied().or_else(own);
    let text = script(request, wanted, levels, numbers)?;
    let is_new = there.is_none_or(|s| s.bytes != text.as_bytes() || !s.executable);
    if is_new && !there.is_some_and(|s| s.overridden) {
        planned.files.push(Written::script(&wanted.script, text));
    }
    match (request.env.family, numbers) {
        (Family::RedHat, Some(numbers)) if levels.is_empty() => {
            planned.steps.extend(pulled_in(found, name, numbers));
        }
        (Family::RedHat, Some(numbers)) => planned.steps.extend(plan(found, name, enabled(levels, numbers))),
        (Family::RedHat, None) | (Family::Debian, _) => {}
    }
    Ok(())
}

/// Is there no level in which insserv would start it?
fn starts_nowhere(script: &Script) -> bool {
    lsb::parse(&script.bytes).is_ok_and(|b| b.default_start.levels.is_empty() && !b.default_start.boot)
}

/// The text of a script: the shipped one's words where amr ships it, else the unit's.
fn script(
    request: &Request,
    wanted: &LinkRequest,
    levels: Levels,
    numbers: Option<Numbers>,
) -> Changed<String> {
    let shipped = Spec::shipped_as(&wanted.script);
    let unit = wanted.unit.as_ref();
    let described = unit.and_then(|u| u.description.as_deref()).unwrap_or(&wanted.script);
    let spec = shipped.map_or_else(|| Spec::new(&wanted.script, described.trim_end_matches('\\')), Ok);
    let text = spec.and_then(|mut spec| {
        spec.levels = levels;
        spec.is_pulled_in = levels.is_empty();
        if let Some(unit) = unit {
            spec.unit = unit.name.clone();
            spec = spec.placed(&unit.deps, |name| request.scripts.contains_key(name));
        }
        if let Some(numbers) = numbers {
            (spec.start, spec.stop) = (numbers.start, numbers.stop);
        }
        spec.print(request.env.family)
    });
    text.or_else(|e: SpecError| refuse(Class::Failed, e.to_string(), None))
}

/// Somebody else's script is only linked, as chkconfig links it.
fn foreign(request: &mut Request, name: &str, at: usize, planned: &mut Plan) -> Changed<()> {
    let install = request.wanted.get(at).and_then(|w| w.install.as_ref());
    let levels = install.map(|i| i.levels).filter(|l| !l.is_empty());
    if install.is_some() {
        request.notes.push(format!("'{FOLDER}/{name}' is not amr's: it is linked and stays as it is"));
    }
    let state = if request.change == Change::Disable { State::Off } else { State::On };
    let levels = levels.filter(|_| state == State::On);
    let root = &request.ctx.root;
    if state == State::On {
        let name = OsString::from(name);
        add(
            planned,
            apply::preview(root, &Command::Add { name, strictness: Strictness::Lax }, &request.env),
        )?;
    }
    add(planned, apply::preview(root, &set(name, state, levels), &request.env))
}

fn set(name: &str, state: State, levels: Option<Levels>) -> Command {
    Command::Set { name: OsString::from(name), levels, state, redirect: Redirect::Forbidden }
}

/// Takes over what chkconfig would do.
fn add(planned: &mut Plan, decision: Decision) -> Changed<()> {
    if decision.outcome.code != 0 {
        return refuse(Class::Failed, decision.outcome.stderr.trim_end().to_owned(), None);
    }
    for step in decision.steps {
        if !planned.steps.contains(&step) {
            planned.steps.push(step);
        }
    }
    planned.hand_over.extend(decision.outcome.hand_over);
    Ok(())
}

/// Others of ours whose numbers had to move.
fn neighbours(
    request: &Request,
    numbered: &BTreeMap<String, Numbers>,
    found: &FoundLinks,
    planned: &mut Plan,
) -> Changed<()> {
    for (name, numbers) in numbered.iter().filter(|(n, _)| !request.wanted.iter().any(|w| w.script == **n)) {
        let Some(there) = request.scripts.get(name) else { continue };
        let Some(header) = there.header.as_ref() else { continue };
        if (header.start, header.stop) == (Some(numbers.start), Some(numbers.stop)) {
            continue;
        }
        let text = String::from_utf8_lossy(&there.bytes);
        let line = there.place.1;
        let new = format!("# chkconfig: {} {} {}", header.levels, numbers.start.get(), numbers.stop.get());
        let lines = text.lines().zip(1_u32..).map(|(l, n)| if n == line { new.as_str() } else { l });
        planned.files.push(Written::script(name, lines.map(|l| format!("{l}\n")).collect()));
        let on = found.on(OsStr::new(name));
        planned.steps.extend(plan(found, OsStr::new(name), enabled(on, *numbers)));
    }
    Ok(())
}

fn show(planned: &Plan) {
    for file in &planned.files {
        let verb = if file.text.is_some() { "write" } else { "remove" };
        out::print_raw(&format!("{verb} {}\n", file.path.display()));
    }
    planned.links.iter().for_each(|step| out::print_raw(&format!("{step}\n")));
    planned.steps.iter().for_each(|step| out::print_raw(&format!("{step}\n")));
    planned.hand_over.iter().for_each(|call| out::print_raw(&format!("run {call}\n")));
}

/// A script as it was before.
struct ScriptBefore {
    path: PathBuf,
    bytes: Option<(Vec<u8>, u32)>,
}

fn apply_all(request: &Request, mut planned: Plan) -> Changed<()> {
    let root = &request.ctx.root;
    let (mut before, mut links_before): (_, Vec<LinkBefore>) = (Vec::new(), Vec::new());
    let done = write(root, &planned.files, &mut before)
        .and_then(|()| debian(request, &mut planned))
        .and_then(|()| links::take(root, &planned.links, &mut links_before))
        .and_then(|()| {
            apply::take(root, &planned.steps).map_err(|f| match f.left.as_slice() {
                [] => f.message,
                left => format!("{}; not all could be put back: {}", f.message, left.join("; ")),
            })
        })
        .and_then(|()| hand_over(request, &planned.hand_over));
    let Err(what) = done else {
        links::tidy_all(root, &planned.links);
        return Ok(());
    };
    let links = links_before.iter().rev().map(|b| links::put_back(root, b));
    let files = before.iter().rev().map(|b| put_back(root, b));
    let left: Vec<String> = links.chain(files).filter_map(Result::err).collect();
    match left.as_slice() {
        [] => refuse(Class::Failed, what, Some("nothing was changed")),
        left => {
            refuse(Class::Failed, format!("{what}; not all could be put back: {}", left.join("; ")), None)
        }
    }
}

fn write(root: &Root, files: &[Written], before: &mut Vec<ScriptBefore>) -> Result<(), String> {
    for Written { path, text, mode } in files {
        let bytes = match root.stat(path) {
            Ok(stat) => Some((root.read(path, 16 << 20).map_err(|e| e.to_string())?, stat.mode)),
            Err(_) => None,
        };
        before.push(ScriptBefore { path: path.clone(), bytes });
        let done = match text {
            Some(text) => root.write_atomic(path, text.as_bytes(), *mode, Sync::Yes),
            None => root.remove_file_if_there(path),
        };
        done.map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// On Debian the numbers come from the LSB blocks, so the links are planned with the scripts in place.
fn debian(request: &Request, planned: &mut Plan) -> Result<(), String> {
    if request.env.family != Family::Debian || request.change == Change::Disable {
        return Ok(());
    }
    let found = apply::links(&request.ctx.root, []);
    for wanted in request.wanted.iter().filter(|w| !request.is_foreign(w)) {
        let levels = wanted.install.as_ref().map_or(Levels::NONE, |i| i.levels);
        let add_it = Command::Add { name: OsString::from(&wanted.script), strictness: Strictness::Lax };
        let is_on_elsewhere = !found.on(OsStr::new(&wanted.script)).minus(levels).is_empty();
        let commands = if request.change == Change::Reenable && is_on_elsewhere {
            vec![set(&wanted.script, State::Reset, None)]
        } else if levels.is_empty() {
            // update-rc.d enables nothing that no level is to start.
            vec![add_it]
        } else {
            vec![add_it, set(&wanted.script, State::On, None)]
        };
        for command in commands {
            let decision = apply::preview(&request.ctx.root, &command, &request.env);
            let is_tree = decision.outcome.hand_over.is_empty();
            add(planned, decision).map_err(|refused| refused.what)?;
            if is_tree {
                break;
            }
        }
    }
    Ok(())
}

fn hand_over(request: &Request, calls: &[HandOver]) -> Result<(), String> {
    match calls.iter().find(|call| door::hand_over(request.ctx, call) != Answer::Done) {
        Some(call) => Err(format!("'{call}' failed")),
        None => Ok(()),
    }
}

fn put_back(root: &Root, before: &ScriptBefore) -> Result<(), String> {
    let done = match &before.bytes {
        Some((bytes, mode)) => root.write_atomic(&before.path, bytes, *mode, Sync::Yes),
        None => root.remove_file_if_there(&before.path),
    };
    done.map_err(|e| e.to_string())
}
