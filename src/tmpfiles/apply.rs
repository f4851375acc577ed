//! Does what was planned, a line at a time, by the safe ways of `os` alone; or looks what would be done.
//! One line that fails does not keep the others.

use super::line::{Act, Entry, Line, OwnerValue};
use super::plan::origin;
use crate::os::error::{Error, escape};
use crate::os::ids::{Ids, id_number};
use crate::os::root::{FileKind, InTheWay, PermValue, Perms, Placed, Root};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use strings::pattern::{any_of_braces, has_wildcard};

/// Modes of what is made without one.
const FOLDER: u32 = 0o755;

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// `path:line` of the line.
    pub origin: String,
    /// What it is about: `folder '/run/x' (0755, web:web)`.
    pub what: String,
    /// How that ended; `Err` is a sentence with its remedy.
    pub end: Result<Placed, String>,
    /// Is a failure none, as the line says?
    pub may_fail: bool,
}

/// Do it, or only look?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Mode {
    Do,
    DryRun,
}

/// Does the lines in order.
#[must_use]
pub fn apply(root: &Root, steps: &[Entry], mode: Mode) -> Vec<Applied> {
    let ids = Ids::new(root);
    steps.iter().flat_map(|entry| one(root, &ids, entry, mode)).collect()
}

fn one(root: &Root, ids: &Ids, entry: &Entry, mode: Mode) -> Vec<Applied> {
    let line = &entry.line;
    let done = |path: &Path, end| Applied {
        origin: origin(entry),
        what: describe(line, path),
        end,
        may_fail: line.may_fail,
    };
    let perms = match perms(ids, line) {
        Ok(perms) => perms,
        Err(why) => return vec![done(&line.path, Err(why))],
    };
    if line.act != Act::Settle {
        let end = match mode {
            Mode::Do => place(root, line, &perms),
            Mode::DryRun => preview(root, line, &perms),
        };
        return vec![done(&line.path, end.map_err(|e| e.to_string()))];
    }
    let found = match matching(root, &line.path) {
        Ok(found) => found,
        Err(e) => return vec![done(&line.path, Err(e.to_string()))],
    };
    let settled = found.into_iter().map(|path| {
        let end = match mode {
            Mode::Do => root.settle(&path, &perms),
            Mode::DryRun => root.lstat(&path).map(|stat| {
                let now = (stat.uid, stat.gid, stat.mode);
                if perms.resolve(&stat, false) == now { Placed::Kept } else { Placed::Changed }
            }),
        };
        done(&path, end.map_err(|e| e.to_string()))
    });
    settled.collect()
}

fn place(root: &Root, line: &Line, perms: &Perms) -> Result<Placed, Error> {
    let way = |goes: bool| if goes { InTheWay::Goes } else { InTheWay::Stays };
    let argument = line.argument.as_deref().unwrap_or_default();
    match line.act {
        Act::Folder => root.place_dir(&line.path, perms, FOLDER, way(line.replace)),
        Act::File => root.place_file(&line.path, argument, line.force, perms, way(line.replace)),
        Act::Link => root.place_link(&line.path, &target(line), perms, way(line.force || line.replace)),
        Act::Settle | Act::Nothing => Ok(Placed::Kept),
    }
}

/// What `place` would come to.
fn preview(root: &Root, line: &Line, perms: &Perms) -> Result<Placed, Error> {
    let follow = line.act == Act::Folder;
    let found = if follow { root.stat(&line.path) } else { root.lstat(&line.path) };
    let stat = match found {
        Err(e) if e.is_not_found() => return Ok(Placed::Made),
        found => found?,
    };
    let wanted = match line.act {
        Act::File => FileKind::Regular,
        Act::Link => FileKind::Symlink,
        Act::Folder | Act::Settle | Act::Nothing => FileKind::Dir,
    };
    if stat.kind != wanted {
        let cause = "something else is there";
        let goes = line.replace || (line.force && line.act == Act::Link);
        let kind = std::io::ErrorKind::AlreadyExists;
        return match line.act {
            _ if goes => Ok(Placed::Made),
            Act::Link => Ok(Placed::Left),
            Act::Folder | Act::File | Act::Settle | Act::Nothing => {
                Err(Error::other("create", root.outer(&line.path), kind, cause))
            }
        };
    }
    if line.act == Act::Link && root.read_link(&line.path)? != target(line) {
        return Ok(if line.force || line.replace { Placed::Changed } else { Placed::Left });
    }
    let now = (stat.uid, stat.gid, stat.mode);
    let (uid, gid, mode) = perms.resolve(&stat, false);
    let mode = if line.act == Act::Link { stat.mode } else { mode };
    let same = (uid, gid, mode) == now && !(line.act == Act::File && line.force);
    Ok(if same { Placed::Kept } else { Placed::Changed })
}

/// Where a link leads.
fn target(line: &Line) -> PathBuf {
    match &line.argument {
        Some(bytes) => PathBuf::from(OsStr::from_bytes(bytes)),
        None => Path::new("/usr/share/factory").join(line.path.strip_prefix("/").unwrap_or(&line.path)),
    }
}

/// The users and groups as numbers.
fn perms(ids: &Ids, line: &Line) -> Result<Perms, String> {
    let number = |what: &str,
                  given: &Option<OwnerValue<String>>,
                  known: &dyn Fn(&str) -> Result<Option<u32>, Error>| {
        let Some(given) = given else { return Ok(None) };
        let value = match id_number(&given.value) {
            Some(number) => number,
            None => known(&given.value).map_err(|e| e.to_string())?.ok_or_else(|| {
                format!(
                    "{what} '{}' does not exist; hint: install its package, or 'amr sysusers' where sysusers.d has it",
                    escape(OsStr::new(&given.value))
                )
            })?,
        };
        Ok::<_, String>(Some(PermValue { value, only_new: given.only_new }))
    };
    Ok(Perms {
        uid: number("user", &line.user, &|name| Ok(ids.user(name)?.map(|user| user.uid)))?,
        gid: number("group", &line.group, &|name| Ok(ids.group(name)?.map(|group| group.gid)))?,
        mode: line.mode.as_ref().map(|mode| PermValue { value: mode.value, only_new: mode.only_new }),
        masked: line.masked,
    })
}

/// What a path of `z` matches.
fn matching(root: &Root, path: &Path) -> Result<Vec<PathBuf>, Error> {
    let Some(text) = path.to_str() else { return Ok(vec![path.to_owned()]) };
    let (mut found, mut failed) = (Vec::new(), None);
    any_of_braces(text, &mut |text| {
        if has_wildcard(text) {
            match root.glob(text) {
                Ok(paths) => found.extend(paths),
                Err(e) => failed = Some(e),
            }
        } else if root.lstat(Path::new(text)).is_ok() {
            found.push(PathBuf::from(text));
        }
        failed.is_some()
    });
    if let Some(e) = failed {
        return Err(e);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What a line is about, for people.
fn describe(line: &Line, path: &Path) -> String {
    let kind = match line.act {
        Act::Folder => "folder ",
        Act::File => "file ",
        Act::Link => "link ",
        Act::Settle | Act::Nothing => "",
    };
    let name = |given: &Option<OwnerValue<String>>| {
        given.as_ref().map_or("-", |given| given.value.as_str()).to_owned()
    };
    let mut text = format!("{kind}'{}'", escape(path.as_os_str()));
    if line.act == Act::Link {
        text.push_str(&format!(" -> '{}'", escape(target(line).as_os_str())));
    }
    let mode = line.mode.as_ref().map_or_else(|| "-".to_owned(), |mode| format!("{:04o}", mode.value));
    let owner = format!("{}:{}", name(&line.user), name(&line.group));
    if mode != "-" || owner != "-:-" {
        text.push_str(&format!(" ({mode}, {})", escape(OsStr::new(&owner))));
    }
    text
}
