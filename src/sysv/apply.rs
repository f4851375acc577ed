//! Reads what chkconfig's commands need of a tree, and takes the steps they decide on.
//!
//! Promises: all steps or none (a failure puts everything back and says so); a service is never
//! without a link in between; two writers wait for each other; nothing outside of `/etc/rcN.d` is
//! written but a lock file that is gone at the end.

mod insserv;

use super::chkconfig::{
    Command, Decision, Env, Family, HandingOver, Init, Kind, Outcome, Privilege, Script, View, decide,
    file_of, is_listed,
};
use super::header::{Keep, OverrideError, SEARCHED, scan, scan_for, whole_lines};
use super::level::Runlevel;
use super::links::{Found, Link, Step, Target, shown};
use super::lsb::{self, BlockError};
use crate::os::error::Error;
use crate::os::lock::PassingLock;
use crate::os::root::{FileKind, Root, Sync};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where init scripts are.
pub const SCRIPTS: &str = "/etc/init.d";
const OVERRIDES: &str = "/etc/chkconfig.d";
const XINETD: &str = "/etc/xinetd.d";
const LOCK: &str = "/etc/.amr-links.lock";

/// Configuration is small; what is larger is none.
const CONFIGURATION_LIMIT: u64 = 16 << 20;

/// Keeps other writers of links away while it lives.
///
/// # Errors
/// The lock file cannot be made.
pub fn lock(root: &Root) -> Result<PassingLock, Error> {
    PassingLock::wait(root, Path::new(LOCK))
}

/// All links of the tree; where they lead is read for `names` alone.
#[must_use]
pub fn links<'n>(root: &Root, names: impl IntoIterator<Item = &'n OsStr>) -> Found {
    let (mut found, ..) = read_links(root, &[]);
    names.into_iter().for_each(|name| read_targets(root, name, &mut found));
    found
}

/// Carries a command of chkconfig out in a tree.
pub fn execute(root: &Root, command: &Command, env: &Env) -> Outcome {
    // Held while reading too, so that two commands do not decide on what the other changes.
    let lock = (command.changes_links() && env.privilege == Privilege::Full).then(|| lock(root)).transpose();
    let Decision { mut outcome, steps, write, stale } = preview(root, command, env);
    if steps.is_empty() && write.is_none() {
        return outcome;
    }
    let taken = match lock {
        Ok(_held) => {
            // Nobody else is at it now. One that cannot be removed does no harm.
            stale.iter().for_each(|path| drop(root.remove_file(path)));
            take(root, &steps)
                .and_then(|()| write.map_or(Ok(()), |(path, bytes)| rewrite(root, &path, &bytes)))
        }
        Err(e) => Err(Failure { message: e.to_string(), left: Vec::new() }),
    };
    if let Err(failure) = taken {
        outcome.code = 1;
        (outcome.reload, outcome.reload_xinetd) = (false, false);
        outcome.stderr += &format!("{}\n", failure.message);
        outcome.notes.push(match failure.left.as_slice() {
            [] => "nothing was changed".to_owned(),
            left => format!("not all could be put back: {}", left.join("; ")),
        });
    }
    outcome
}

/// The answer to a command and its steps, without taking them (`--dry-run`).
pub fn preview(root: &Root, command: &Command, env: &Env) -> Decision {
    let mut view = match read(root, command, env) {
        Ok(view) => view,
        Err(e) => return refuse(format!("{e}\n")),
    };
    let mut decision = decide(command, &view, env);
    decision.stale = std::mem::take(&mut view.stale);
    // What was read of thousands of scripts is not taken apart piece by piece: the program ends here.
    std::mem::forget(view);
    decision
}

/// Nothing is done.
fn refuse(stderr: String) -> Decision {
    Decision { outcome: Outcome { stderr, code: 1, ..Outcome::default() }, ..Decision::default() }
}

/// What chkconfig and insserv make of the header of a script that is to be added, where it is not the
/// same (`--dry-run`). One without an LSB block is for chkconfig alone.
#[must_use]
pub fn differences(root: &Root, command: &Command) -> Vec<String> {
    let Command::Add { name, .. } = command else { return Vec::new() };
    let Some(file) = file_of(SCRIPTS, name) else { return Vec::new() };
    let bytes = root.read_head(Path::new(&file), SEARCHED).unwrap_or_default();
    if matches!(lsb::parse(&bytes), Err(BlockError::NoBlock)) {
        return Vec::new();
    }
    lsb::differences(&bytes).iter().map(|said| format!("'{}': {said}", shown(OsStr::new(&file)))).collect()
}

/// Reads as much as the command needs.
///
/// # Errors
/// A folder of links is there and cannot be read: what is in it is not known, so nothing is decided.
fn read(root: &Root, command: &Command, env: &Env) -> Result<View, Error> {
    let mut view = View::default();
    if *command == Command::Version {
        return Ok(view);
    }
    let is_debian = env.family == Family::Debian && command.changes_links();
    let (found, stale, unread) = read_links(root, if is_debian { &[Runlevel::BOOT] } else { &[] });
    if let Some(e) = unread {
        return Err(e);
    }
    (view.found, view.stale) = (found, stale);
    if env.init != Init::Sysv {
        for folder in ["/lib/systemd/system", "/etc/systemd/system"] {
            view.units.extend(names(root, folder));
        }
    }
    view.update_rc_d = env.family == Family::Debian && root.exists(Path::new("/usr/sbin/update-rc.d"));
    if let Some(name) = command.name() {
        read_script(root, name, &mut view);
        read_targets(root, name, &mut view.found);
        if !view.scripts.has(name) || matches!(command, Command::List { kind: Kind::Xinetd, .. }) {
            read_xinetd(root, name, &mut view);
        }
    }
    let moves_others =
        command.changes_links() && command.name().is_some_and(|name| view.depends_on_others(name));
    if command.needs_all() || moves_others || is_debian {
        let is_table = matches!(command, Command::List { .. });
        read_all_scripts(root, if is_table { Keep::Levels } else { Keep::Order }, &mut view);
    }
    if matches!(command, Command::List { name: None, .. }) {
        read_orphans(root, &mut view);
    }
    if is_debian {
        let is_handed_over = view.update_rc_d && env.hand_over == HandingOver::Allowed;
        insserv::read(root, command.name().filter(|_| is_handed_over), &mut view);
    }
    let xinetd = OsStr::new("xinetd");
    if !view.found.on(xinetd).is_empty() && !moves_others {
        read_script(root, xinetd, &mut view);
        if command.needs_all() {
            names(root, XINETD).iter().for_each(|name| read_xinetd(root, name, &mut view));
        }
    }
    Ok(view)
}

fn names(root: &Root, folder: &str) -> Vec<std::ffi::OsString> {
    // A folder that cannot be read has nothing to say; chkconfig sees it the same way.
    root.list(Path::new(folder)).unwrap_or_default().into_iter().map(|e| e.name).collect()
}

/// All links of the seven levels and of those named, those that were put aside and left there, and why a
/// folder that is there could not be read.
fn read_links(root: &Root, more: &[Runlevel]) -> (Found, Vec<PathBuf>, Option<Error>) {
    let (mut found, mut stale, mut unread) = (Found::default(), Vec::new(), None);
    for level in Runlevel::ALL.into_iter().chain(more.iter().copied()) {
        let folder = level.folder();
        let all = root.each_name(Path::new(&folder), &mut |name, kind| {
            let is_link = kind == FileKind::Symlink;
            if is_link && name.as_bytes().starts_with(b".amr-") {
                stale.push(Path::new(&folder).join(name));
            }
            found.add(level, name, if is_link { Target::Unread } else { Target::NotALink });
        });
        if let Err(e) = all {
            found.add_missing(level);
            if !e.is_not_found() {
                unread.get_or_insert(e);
            }
        }
    }
    found.sort();
    (found, stale, unread)
}

/// Looks where the links of one service lead.
fn read_targets(root: &Root, name: &OsStr, found: &mut Found) {
    for entry in found.of_mut(name) {
        if entry.target == Target::Unread
            && let Ok(text) = root.read_link(&path(entry.level, &entry.link(name)))
        {
            entry.target = Target::Link(text.into_os_string());
        }
    }
}

/// Services that have links, all of which lead nowhere.
fn read_orphans(root: &Root, view: &mut View) {
    let leads_nowhere = |name: &OsStr| {
        view.found
            .of(name)
            .iter()
            .all(|e| root.stat(&path(e.level, &e.link(name))).is_err_and(|e| e.is_not_found()))
    };
    // As on most hosts.
    if view.scripts.names().filter(|name| !view.found.of(name).is_empty()).count() == view.found.len() {
        return;
    }
    let without = view.found.names(|name| !view.scripts.has(name) && leads_nowhere(name));
    view.orphans = without.into_iter().map(OsStr::to_owned).collect();
}

fn read_all_scripts(root: &Root, keep: Keep, view: &mut View) {
    let overrides = BTreeSet::from_iter(names(root, OVERRIDES));
    let entries = match root.list(Path::new(SCRIPTS)) {
        Ok(entries) => entries,
        Err(e) => {
            view.no_scripts = Some(e.cause());
            return;
        }
    };
    let Ok(folder) = root.folder(Path::new(SCRIPTS)) else { return };
    let mut bytes = Vec::new();
    for entry in entries {
        let is_file = matches!(entry.kind, FileKind::Regular | FileKind::Symlink);
        if is_file && is_listed(&entry.name) {
            if overrides.contains(&entry.name) {
                read_script(root, &entry.name, view);
                continue;
            }
            // The one that is asked for was read before.
            if view.scripts.has(&entry.name) {
                continue;
            }
            let read = folder.read_head(&entry.name, entry.kind, SEARCHED, &mut bytes);
            if let Some(script) = read_as(read.map(|_| bytes.as_slice()), keep) {
                view.scripts.insert(entry.name, script);
            }
        }
    }
}

/// A script and its override.
fn read_script(root: &Root, name: &OsStr, view: &mut View) {
    let Some(mut script) = read_one(root, name) else { return };
    if let Script::Read { over, .. } = &mut script
        && let Some(file) = file_of(OVERRIDES, name)
    {
        match root.read(Path::new(&file), CONFIGURATION_LIMIT) {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => *over = Some(Box::new(scan(&bytes).map_err(OverrideError::from))),
            Err(e) if is_no_override(&e) => {}
            Err(e) => *over = Some(Box::new(Err(OverrideError::Unreadable(e.cause())))),
        }
    }
    view.scripts.insert(name.to_owned(), script);
}

/// Not there, a folder, which chkconfig cannot map and goes on without, or secret: who may not read it
/// may not write links either.
fn is_no_override(e: &Error) -> bool {
    use std::io::ErrorKind::{IsADirectory, PermissionDenied};
    e.is_not_found() || matches!(e.kind(), IsADirectory | PermissionDenied)
}

/// A script without its override; `None` where there is none.
fn read_one(root: &Root, name: &OsStr) -> Option<Script> {
    let file = file_of(SCRIPTS, name)?;
    match root.read_head(Path::new(&file), SEARCHED) {
        Ok(bytes) => read_as(Ok(&bytes), Keep::All),
        Err(e) => read_as(Err(e), Keep::All),
    }
}

/// The causes are those that chkconfig gives, which maps the file into memory: a folder is no device,
/// an empty file an invalid argument.
fn read_as(bytes: Result<&[u8], Error>, keep: Keep) -> Option<Script> {
    Some(match bytes {
        Ok([]) => Script::Unreadable("Invalid argument".to_owned()),
        Ok(bytes) => Script::Read { script: Box::new(scan_for(whole_lines(bytes), keep)), over: None },
        Err(e) if e.is_not_found() => return None,
        Err(e) if e.kind() == std::io::ErrorKind::IsADirectory => {
            Script::Unreadable("No such device".to_owned())
        }
        Err(e) => Script::Unreadable(e.cause()),
    })
}

fn read_xinetd(root: &Root, name: &OsStr, view: &mut View) {
    if let Some(file) = file_of(XINETD, name)
        && let Ok(bytes) = root.read(Path::new(&file), CONFIGURATION_LIMIT)
    {
        view.xinetd.insert(name.to_owned(), bytes);
    }
}

/// Writes a file again, with the mode that it has.
fn rewrite(root: &Root, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mode = root.stat(path).map(|stat| stat.mode & 0o7777);
    let written = mode.and_then(|mode| root.write_atomic(path, bytes, mode, Sync::Yes));
    written.map_err(|e| Failure { message: e.to_string(), left: Vec::new() })
}

/// Why the steps were not taken.
#[derive(Debug)]
pub struct Failure {
    /// What failed, in chkconfig's words.
    pub message: String,
    /// What could not be put back; empty means that everything is as it was.
    pub left: Vec<String>,
}

/// How to undo one thing done.
enum Undo {
    /// Remove what was made.
    Remove(PathBuf),
    /// Make the link again as it was.
    Relink(PathBuf, PathBuf),
    /// Put back what was moved aside.
    Back { aside: PathBuf, to: PathBuf },
}

/// Takes the steps, all or none.
///
/// # Errors
/// The first step that failed, after everything was put back.
pub fn take(root: &Root, steps: &[Step]) -> Result<(), Failure> {
    let mut done = Vec::new();
    for step in steps {
        if let Err(message) = take_one(root, step, &mut done) {
            let left = done.iter().rev().filter_map(|undo| put_back(root, undo).err()).map(|e| e.to_string());
            return Err(Failure { message, left: left.collect() });
        }
    }
    // Until here everything that went was only moved aside, under names that no rc looks at.
    let mut failed = None;
    let mut left = Vec::new();
    for undo in &done {
        if let Undo::Back { aside, .. } = undo
            && let Err(e) = root.remove_file(aside)
        {
            left.push(format!("'{}' is left over", shown(aside.as_os_str())));
            failed.get_or_insert(e);
        }
    }
    failed.map_or(Ok(()), |e| Err(Failure { message: e.to_string(), left }))
}

fn take_one(root: &Root, step: &Step, done: &mut Vec<Undo>) -> Result<(), String> {
    match step {
        Step::Make { level, link } => {
            let path = path(*level, link);
            make(root, &path, Path::new(&link.target()), *level, done)
                .map_err(|e| format!("failed to make symlink {}: {}", shown(path.as_os_str()), e.cause()))
        }
        Step::Remove { level, link } => {
            let path = path(*level, link);
            move_aside(root, &path, *level, done)
                .map_err(|e| format!("failed to remove {}: {}", shown(path.as_os_str()), e.cause()))
        }
    }
}

fn make(root: &Root, path: &Path, target: &Path, level: Runlevel, done: &mut Vec<Undo>) -> Result<(), Error> {
    let undo = match root.lstat(path) {
        Ok(stat) if stat.kind == FileKind::Symlink => Undo::Relink(path.to_owned(), root.read_link(path)?),
        // Only a link can be kept by its text; a file in the place of a link goes aside first.
        Ok(_) => {
            move_aside(root, path, level, done)?;
            Undo::Remove(path.to_owned())
        }
        Err(e) if e.is_not_found() => Undo::Remove(path.to_owned()),
        Err(e) => return Err(e),
    };
    root.symlink_atomic(target, path)?;
    done.push(undo);
    Ok(())
}

fn move_aside(root: &Root, path: &Path, level: Runlevel, done: &mut Vec<Undo>) -> Result<(), Error> {
    match root.lstat(path) {
        Ok(stat) if stat.kind == FileKind::Dir => {
            let cause = "it is a folder";
            return Err(Error::other("remove", root.outer(path), std::io::ErrorKind::IsADirectory, cause));
        }
        Ok(_) => {}
        // Somebody else was quicker; gone is gone.
        Err(e) if e.is_not_found() => return Ok(()),
        Err(e) => return Err(e),
    }
    let aside = Path::new(&level.folder()).join(format!(".amr-old-{}", done.len()));
    root.rename(path, &aside)?;
    done.push(Undo::Back { aside, to: path.to_owned() });
    Ok(())
}

fn put_back(root: &Root, undo: &Undo) -> Result<(), Error> {
    match undo {
        Undo::Remove(path) => root.remove_file_if_there(path),
        Undo::Relink(path, text) => root.symlink_atomic(text, path),
        Undo::Back { aside, to } => root.rename(aside, to),
    }
}

fn path(level: Runlevel, link: &Link) -> PathBuf {
    Path::new(&level.folder()).join(link.file())
}

#[cfg(test)]
mod tests;
