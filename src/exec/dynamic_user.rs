//! `DynamicUser=`: a user that is there while the unit runs (`dynamic_user_realize` and `pick_uid` of systemd 252).
//!
//! Its number is that of the directories that the unit has already, or follows from the name; where that is
//! taken, it is another. Units of one name have one number. A supervisor holds it; one that takes over from a
//! lost one finds it by the name. docs/decisions/dynamic-users.md.

use super::resolve::{Refused, Request};
use super::spaces::Spaces;
use super::stage::Stage;
use crate::os::error::Error;
use crate::os::ids::Ids;
use crate::os::ipc::{self, Owner};
use crate::os::name_lock::{NAME_MAX, NameLock};
use crate::os::proc::Proc;
use crate::os::root::{Existing, Reader, Root};
use crate::unit::exec::ExecContext;
use crate::unit::exec::directories::{Kind, PRIVATE};
use crate::unit::value::dynamic::{self, NUMBERS};
use std::path::{Path, PathBuf};

/// Of the numbers that are held, in amr's own folder.
const FOLDER: &str = "users";

/// How many numbers are tried.
const TRIES: u32 = 100;

/// A number that is held.
#[derive(Debug)]
pub struct DynamicUser {
    /// Of the user, and of its group.
    pub id: u32,
    held: NameLock,
}

impl DynamicUser {
    /// One for a name that no database has.
    ///
    /// # Errors
    /// Files cannot be made, or none of a hundred numbers is free.
    pub fn acquire(request: &Request<'_>, name: &str) -> Result<DynamicUser, Refused> {
        let fail = |e: Error| Refused::At(Stage::User, e.to_string());
        let (root, folder) = (request.root, request.places.own.join(FOLDER));
        root.safe_dir(&folder, 0o700, None, Existing::Own).map_err(fail)?;
        let had = known(root, &folder, name).into_iter().chain(owners(request));
        let reckoned = (0..TRIES).map(|round| dynamic::number(name, round));
        for id in had.chain(reckoned).filter(|id| NUMBERS.contains(id)) {
            let file = folder.join(id.to_string());
            if let Some(held) = NameLock::take(root, &file, name, &|| !is_taken(root, id)).map_err(fail)? {
                return Ok(DynamicUser { id, held });
            }
        }
        Err(Refused::At(Stage::User, format!("no number is free for the dynamic user '{name}'")))
    }
}

/// Those of a run whose supervisor was lost, for the one that takes over: held again before they are another's.
pub fn take_over(context: &ExecContext, root: &Root, own: &Path, spaces: &Spaces) {
    let identity = &context.identity;
    let folder = own.join(FOLDER);
    let group = identity.group.as_ref().filter(|group| Some(*group) != identity.user.as_ref());
    for (name, cell) in [(identity.user.as_ref(), &spaces.user), (group, &spaces.group)] {
        let Some(name) = name.filter(|_| identity.dynamic) else { continue };
        for id in known(root, &folder, name) {
            match NameLock::take(root, &folder.join(id.to_string()), name, &|| false) {
                Ok(Some(held)) => _ = cell.set(DynamicUser { id, held }),
                Ok(None) => {}
                Err(e) => log::warn!("{e}"),
            }
        }
    }
}

/// Numbers that a name has, with another unit or since a supervisor was lost.
fn known(root: &Root, folder: &Path, name: &str) -> Vec<u32> {
    let entries = root.list(folder).unwrap_or_default();
    let read = |file: &str| root.safe_read(&folder.join(file), NAME_MAX, Reader::Amr);
    let is_its = |file: &str| read(file).is_ok_and(|(text, _)| text == name.as_bytes());
    let number = |entry: crate::os::root::Entry| {
        let file = entry.name.to_str()?;
        if is_its(file) { file.parse().ok() } else { None }
    };
    entries.into_iter().filter_map(number).collect()
}

/// Of the directories that the unit has already: so they need not be given to somebody else.
fn owners(request: &Request<'_>) -> Vec<u32> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Configuration) {
        let above = request.places.above(kind);
        let above = if request.context.is_private(kind) { above.join(PRIVATE) } else { above.to_owned() };
        paths.extend(request.context.directories.set(kind).names.iter().map(|name| above.join(name)));
    }
    paths.iter().filter_map(|path| request.root.lstat(path).ok()).map(|stat| stat.uid).collect()
}

/// Is it somebody's already, by a database, an object or a process?
fn is_taken(root: &Root, id: u32) -> bool {
    let (ids, number) = (Ids::new(root), id.to_string());
    !matches!((ids.user(&number), ids.group(&number)), (Ok(None), Ok(None)))
        || [Owner::User(id), Owner::Group(id)].into_iter().any(|owner| ipc::is_used(root, owner))
        || lives(root, id)
}

/// `RemoveIPC=`: what the user of a run has left goes, unless somebody still lives as that user, or another unit has
/// it, who may need it. systemd looks at units alone. What is of the group and of another user goes with a dynamic
/// user only, whose group is nobody else's.
pub fn remove_ipc(context: &ExecContext, root: &Root, spaces: &Spaces) {
    let identity = &context.identity;
    if !identity.remove_ipc {
        return;
    }
    let dynamic = [&spaces.user, &spaces.group].map(|cell| cell.get());
    if dynamic.iter().all(|user| user.is_none()) {
        let user = identity.user.as_deref().and_then(|name| Ids::new(root).user(name).ok()?);
        if let Some(id) = user.map(|user| user.uid).filter(|id| *id != 0 && !lives(root, *id)) {
            ipc::remove(root, Owner::User(id));
        }
    }
    for DynamicUser { id, held } in dynamic.into_iter().flatten() {
        if held.alone() && !lives(root, *id) {
            ipc::remove(root, Owner::User(*id));
            ipc::remove(root, Owner::Group(*id));
        }
    }
}

/// Does a process of this user live? Where nobody knows, one does.
fn lives(root: &Root, id: u32) -> bool {
    let proc = Proc::new(root.clone());
    // A zombie with other threads has some that live.
    let has_ended =
        |pid| proc.stat(pid).is_ok_and(|stat| stat.is_zombie()) && proc.has_one_thread(pid).unwrap_or(false);
    let is_its = |pid| match proc.users(pid) {
        Ok(users) => users.contains(&id) && !has_ended(pid),
        Err(e) => !e.is_not_found(),
    };
    proc.pids().map_or(true, |pids| pids.into_iter().any(is_its))
}
