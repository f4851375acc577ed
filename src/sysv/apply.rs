//! Reads what chkconfig's commands need of a tree, and takes the steps they decide on.
//!
//! Promises: all steps or none (a failure puts everything back and says so); a service is never
//! without a link in between; two writers wait for each other; nothing outside of `/etc/rcN.d` is
//! written but a lock file that is gone at the end.

mod insserv;
mod read;

use super::chkconfig::{Command, Decision, Env, Outcome, Privilege, decide, file_of};
use super::header::SEARCHED;
use super::level::Runlevel;
use super::links::{FoundLinks, Link, Step, shown};
use super::lsb::{self, BlockError};
use crate::os::error::Error;
use crate::os::lock::TransientLock;
use crate::os::root::{FileKind, Root, Sync};
use read::{read, read_links, read_targets};
use std::ffi::OsStr;
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
pub fn lock(root: &Root) -> Result<TransientLock, Error> {
    TransientLock::wait(root, Path::new(LOCK))
}

/// All links of the tree; where they lead is read for `names` alone.
#[must_use]
pub fn links<'n>(root: &Root, names: impl IntoIterator<Item = &'n OsStr>) -> FoundLinks {
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
