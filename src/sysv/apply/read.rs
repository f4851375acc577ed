//! Reads of the host as much as a command of chkconfig needs.

use super::{CONFIGURATION_LIMIT, OVERRIDES, SCRIPTS, XINETD, path};
use crate::os::error::Error;
use crate::os::root::{FileKind, Root};
use crate::sysv::chkconfig::{
    Command, Env, Family, HandOverPolicy, Init, Kind, Script, View, file_of, is_listed,
};
use crate::sysv::header::{Keep, OverrideError, SEARCHED, scan, scan_for, whole_lines};
use crate::sysv::level::Runlevel;
use crate::sysv::links::{FoundLinks, Target};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Reads as much as the command needs.
///
/// # Errors
/// A folder of links is there and cannot be read: what is in it is not known, so nothing is decided.
pub(super) fn read(root: &Root, command: &Command, env: &Env) -> Result<View, Error> {
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
        let is_handed_over = view.update_rc_d && env.hand_over == HandOverPolicy::Allowed;
        super::insserv::read(root, command.name().filter(|_| is_handed_over), &mut view);
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

pub(super) fn names(root: &Root, folder: &str) -> Vec<std::ffi::OsString> {
    // A folder that cannot be read has nothing to say; chkconfig sees it the same way.
    root.list(Path::new(folder)).unwrap_or_default().into_iter().map(|e| e.name).collect()
}

/// All links of the seven levels and of those named, those that were put aside and left there, and why a
/// folder that is there could not be read.
pub(super) fn read_links(root: &Root, more: &[Runlevel]) -> (FoundLinks, Vec<PathBuf>, Option<Error>) {
    let (mut found, mut stale, mut unread) = (FoundLinks::default(), Vec::new(), None);
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
pub(super) fn read_targets(root: &Root, name: &OsStr, found: &mut FoundLinks) {
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
            .links_of(name)
            .iter()
            .all(|e| root.stat(&path(e.level, &e.link(name))).is_err_and(|e| e.is_not_found()))
    };
    // As on most hosts.
    if view.scripts.names().filter(|name| !view.found.links_of(name).is_empty()).count() == view.found.len() {
        return;
    }
    let without = view.found.names(|name| !view.scripts.has(name) && leads_nowhere(name));
    view.orphans = without.into_iter().map(OsStr::to_owned).collect();
}

fn read_all_scripts(root: &Root, keep: Keep, view: &mut View) {
    let overrides = names(root, OVERRIDES).into_iter().collect::<BTreeSet<_>>();
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
