//! The table of `--list`. Pure.

use super::command::Kind;
use super::env::{Env, Init};
use super::outcome::Outcome;
use super::refusal::{override_note, refuse};
use super::view::{Refusal, Script, View};
use super::xinetd::is_enabled;
use crate::sysv::level::{Levels, Runlevel};
use crate::sysv::links::{are_plain, on, push_shown, shown};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

const SYSTEMD_NOTE: &str = "
Note: This output shows SysV services only and does not include native
      systemd services. SysV configuration data might be overridden by native
      systemd configuration.

      If you want to list systemd services use 'systemctl list-unit-files'.
      To see services enabled on particular target use
      'systemctl list-dependencies [target]'.

";

/// All services that have a link in some level, sorted by the bytes of their names, then xinetd's
/// where xinetd is on.
pub(super) fn list(view: &View, env: &Env, kind: Kind) -> Outcome {
    let mut out = Outcome { stderr: systemd_note(env), ..Outcome::default() };
    if let Some(why) = view.no_scripts.as_ref().filter(|_| kind != Kind::Xinetd) {
        out.stderr += &format!("failed to open /etc/init.d: {why}\n");
        out.code = 1;
        return out;
    }
    if kind != Kind::Xinetd {
        let mut last = Columns::from_levels(Levels::NONE);
        for (name, script) in view.scripts.iter() {
            if is_listed(name) && !hidden(view, env, name) {
                list_row(view, name, script, &mut last, &mut out);
            }
        }
    }
    for name in view.orphans.iter().filter(|_| kind != Kind::Xinetd).map(|n| shown(n)) {
        out.notes.push(format!(
            "'{name}' has links but no script '/etc/init.d/{name}'; 'chkconfig --del {name}' removes them"
        ));
    }
    if kind != Kind::Xinetd {
        out.notes.extend(other_jobs(env));
    }
    let xinetd = OsStr::new("xinetd");
    if kind != Kind::Sysv && view.header(xinetd).is_ok() && !view.found.on(xinetd).is_empty() {
        out.stdout.push_str("\nxinetd based services:\n");
        for (name, file) in view.xinetd.iter().filter(|(name, _)| is_listed(name)) {
            let mut with_colon = name.clone();
            with_colon.push(":");
            out.stdout.push('\t');
            push_padded(&mut out.stdout, &with_colon);
            let _ = writeln!(out.stdout, "\t{}", on_off(is_enabled(file)));
        }
    }
    out
}

/// What starts and stops beside rc, which the table does not show.
fn other_jobs(env: &Env) -> Option<String> {
    let ours = |file: &str| file.starts_with("/etc/init/");
    let names: Vec<&str> =
        env.jobs.iter().filter(|j| ours(&j.file) && j.awaits.is_none()).map(|j| j.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!("upstart runs these jobs of /etc/init itself, whatever chkconfig says: {}", names.join(" "))
    })
}

/// A job of pid 1 in the place of a service that chkconfig does not know.
pub(super) fn job_note(env: &Env, name: &OsStr) -> Option<String> {
    let job = env.jobs.iter().find(|j| name == j.name.as_str())?;
    let events = |on: &str| if on.is_empty() { "nothing".to_owned() } else { format!("'{on}'") };
    Some(format!(
        "'{}' is a job of '{}': it starts on {}, stops on {}, and is killed {} s after that",
        job.name,
        job.file,
        events(&job.start_on),
        events(&job.stop_on),
        job.kill_timeout.as_secs()
    ))
}

fn list_row(view: &View, name: &OsStr, script: &Script, last: &mut Columns, out: &mut Outcome) {
    let refused = script.header_view().err();
    match &refused {
        None | Some(Refusal::Override(_)) => {}
        Some(Refusal::Unsupported(_) | Refusal::Unreadable(_)) => return,
    }
    let links = view.found.links_of(name);
    if !links.is_empty() {
        let on = on(links);
        if last.on != on {
            *last = Columns::from_levels(on);
        }
        push_padded(&mut out.stdout, name);
        out.stdout.push_str(&last.text);
        if !are_plain(links) {
            out.notes.extend(view.found.faults(name));
        }
    }
    if let Some(Refusal::Override(e)) = &refused {
        out.notes.push(override_note(name, e));
    }
}

/// One service.
pub(super) fn list_one(view: &View, env: &Env, name: &OsStr, kind: Kind) -> Outcome {
    let mut out = Outcome { stderr: systemd_note(env), ..Outcome::default() };
    if kind != Kind::Xinetd && hidden(view, env, name) {
        out.code = 1;
        return out;
    }
    if let Some(enabled) = xinetd_service(view, name, kind) {
        push_padded(&mut out.stdout, name);
        let _ = writeln!(out.stdout, "\t{}", on_off(enabled));
        return out;
    }
    let refusal = match view.header(name) {
        _ if kind == Kind::Xinetd => Some(Refusal::Unreadable("No such file or directory".to_owned())),
        Ok(_) => None,
        Err(Refusal::Override(e)) => {
            out.notes.push(override_note(name, &e));
            None
        }
        Err(e) => Some(e),
    };
    if let Some(refusal) = refusal {
        refuse(&mut out, name, &refusal);
        out.notes.extend(job_note(env, name));
    } else if view.found.configured(name).is_empty() {
        let name = shown(name);
        out.stderr += &format!(
            "service {name} supports chkconfig, but is not referenced in any runlevel \
             (run 'chkconfig --add {name}')\n"
        );
        out.code = 1;
    } else {
        push_padded(&mut out.stdout, name);
        out.stdout.push_str(&Columns::from_levels(view.found.on(name)).text);
        out.notes.extend(view.found.faults(name));
    }
    out
}

/// Is it one of xinetd's? A script of the same name comes first.
pub(super) fn xinetd_service(view: &View, name: &OsStr, kind: Kind) -> Option<bool> {
    let has_script = kind != Kind::Xinetd && view.scripts.has(name);
    if kind == Kind::Sysv || has_script { None } else { view.xinetd.get(name).map(|file| is_enabled(file)) }
}

/// Does the list pass the name over? (`readServices`; the executable bit does not count.)
#[must_use]
pub fn is_listed(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let backup = [b".rpmsave".as_slice(), b".rpmnew", b".rpmorig", b".swp"];
    !name.starts_with(b".")
        && !name.ends_with(b"~")
        && !name.ends_with(b",")
        && !backup.iter().any(|end| name.ends_with(end))
}

/// A native unit takes its place.
fn hidden(view: &View, env: &Env, name: &OsStr) -> bool {
    if env.init != Init::SystemdRunning {
        return false;
    }
    let mut unit = name.to_owned();
    unit.push(".service");
    view.units.contains(&unit)
}

fn systemd_note(env: &Env) -> String {
    match env.init {
        Init::Sysv => String::new(),
        Init::SystemdInstalled | Init::SystemdRunning => SYSTEMD_NOTE.to_owned(),
    }
}

/// What stands behind a name; the same for most services of a host.
struct Columns {
    on: Levels,
    text: String,
}

impl Columns {
    fn from_levels(on: Levels) -> Self {
        let column = |level: Runlevel| format!("\t{level}:{}", on_off(on.contains(level)));
        let text = Runlevel::ALL.into_iter().map(column).chain(["\n".to_owned()]).collect();
        Self { on, text }
    }
}

/// printf's `%-15s`, which counts bytes.
fn push_padded(out: &mut String, name: &OsStr) {
    let before = out.len();
    push_shown(out, name);
    out.push_str("               ".get(out.len() - before..).unwrap_or_default());
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// The file of a name in a folder; `None` for a name that would lead elsewhere.
#[must_use]
pub fn file_of(folder: &str, name: &OsStr) -> Option<OsString> {
    let bytes = name.as_encoded_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') || name == "." || name == ".." {
        return None;
    }
    let mut path = OsString::from(folder);
    path.push("/");
    path.push(name);
    Some(path)
}
