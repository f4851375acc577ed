//! `PrivateTmp=`, `ProtectSystem=` and their kin: a view of the file system of its own. What the host mounts
//! later is seen in it, what is mounted in it is not seen outside.

mod devices;

use super::{Applied, StepDone, StepError};
use crate::exec::process::Process;
use crate::exec::view::{self, Entry, Mode};
use crate::os::error::Errno;
use crate::os::mounts::{self, Flags, Place, Point};
use crate::os::process;
use crate::unit::exec::mounts::Propagation;
use std::path::{Path, PathBuf};

/// A kernel without such views, or a container that forbids them, is what systemd's apply_mount_namespace
/// goes on without, unless the service sees something else by it than it is to see.
pub(super) fn namespace(p: &Process) -> Applied {
    let Some(view) = &p.view else { return Ok(StepDone::Fully) };
    match process::own_mounts() {
        Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL))
            if !view::is_needed(&p.context) =>
        {
            return Ok(StepDone::Without(errno));
        }
        done => done?,
    }
    let own = p.own_folder.as_path();
    View::find(view, own)?.apply()?;
    let propagation = match p.context.mounts.propagation {
        None | Some(Propagation::Shared) => Flags::MS_SHARED,
        Some(Propagation::Slave) => Flags::MS_SLAVE,
        Some(Propagation::Private) => Flags::MS_PRIVATE,
    };
    process::umask(p.context.process.umask);
    mounts::propagate(propagation)?;
    Ok(StepDone::Fully)
}

/// The entries with what is seen in their places, which was found while nothing was covered.
struct View<'a> {
    all: Vec<(Entry, Option<Place>)>,
    own: &'a Path,
}

impl View<'_> {
    fn find<'a>(entries: &[Entry], own: &'a Path) -> Result<View<'a>, StepError> {
        let mut found = Vec::new();
        for entry in entries {
            let mut entry = entry.clone();
            // Where links lead decides which entry stands below which.
            // What covers a place, or is seen elsewhere, is root's to choose: a link of the service's would have
            // programs of root's see another /etc, or the service what it may not enter.
            let find = if covers(entry.mode) { Place::safe } else { Place::find };
            match find(&entry.path) {
                Ok(place) => entry.path = place.path,
                Err(Errno::ENOENT) if is_made(entry.mode) => {}
                Err(Errno::ENOENT | Errno::ENOTDIR) if entry.optional => continue,
                Err(errno) => return Err(fault(errno, &entry.path)),
            }
            found.push(entry);
        }
        view::normalize(&mut found);
        // Above the root folder of a process it would see nothing of it.
        if let Some(root) = found.iter().find(|e| covers(e.mode) && e.path == Path::new("/")) {
            return Err(fault(Errno::EOPNOTSUPP, &root.path));
        }
        let mut all = Vec::new();
        for entry in found {
            let source = match entry.source.as_deref().map(Place::safe) {
                None => None,
                Some(Ok(place)) => Some(place),
                Some(Err(Errno::ENOENT)) if entry.optional => continue,
                Some(Err(errno)) => return Err(fault(errno, entry.source.as_deref().unwrap_or(&entry.path))),
            };
            let source = if entry.mode == Mode::Inaccessible {
                let node =
                    mounts::place(&entry.path).and_then(|place| mounts::empty_node(own, place.is_folder()?));
                Some(node.map_err(|errno| fault(errno, &entry.path))?)
            } else {
                source
            };
            all.push((entry, source));
        }
        Ok(View { all, own })
    }

    fn apply(&self) -> Result<(), StepError> {
        // What is made has the rights that are meant.
        process::umask(0);
        let mut table = mounts::table()?;
        for (entry, source) in &self.all {
            match self.mount(entry, source.as_ref(), &table) {
                // It lies below what is empty, or without it, by now.
                Err(Errno::ENOENT) if entry.optional => continue,
                done => done.map_err(|errno| fault(errno, &entry.path))?,
            }
            // What covers others makes it another table; what is seen in its own place does not.
            if covers(entry.mode) {
                table = mounts::table()?;
            }
        }
        let table = mounts::table()?;
        for (entry, _) in self.all.iter().filter(|(entry, _)| entry.read_only) {
            self.flip(entry, &table, Flags::MS_RDONLY, Flags::empty())
                .map_err(|errno| fault(errno, &entry.path))?;
        }
        // As they are by now.
        let table = mounts::table()?;
        for (entry, _) in self.all.iter().filter(|(entry, _)| entry.no_exec || entry.exec) {
            let (set, clear) = if entry.no_exec {
                (Flags::MS_NOEXEC, Flags::empty())
            } else {
                (Flags::empty(), Flags::MS_NOEXEC)
            };
            self.flip(entry, &table, set, clear).map_err(|errno| fault(errno, &entry.path))?;
        }
        Ok(())
    }

    fn mount(&self, entry: &Entry, source: Option<&Place>, table: &[Point]) -> Result<(), Errno> {
        match entry.mode {
            Mode::ReadOnly | Mode::ReadWrite | Mode::ReadWriteImplicit | Mode::Exec | Mode::NoExec => {
                mounts::make_point(&entry.path, table)
            }
            Mode::Bind | Mode::BindRecursive | Mode::PrivateTmp | Mode::Inaccessible => {
                let source = source.ok_or(Errno::ENOENT)?;
                if entry.mode == Mode::Inaccessible {
                    mounts::uncover(&entry.path, table);
                }
                if entry.mode != Mode::Inaccessible
                    && mounts::place(&entry.path).is_err_and(|e| e == Errno::ENOENT)
                {
                    mounts::make_like(&entry.path, source)?;
                }
                mounts::place(&entry.path)?.cover(source, entry.mode != Mode::Bind)
            }
            Mode::Tmpfs => {
                if mounts::place(&entry.path).is_err_and(|e| e == Errno::ENOENT) {
                    mounts::make_like(&entry.path, &Place::find(self.own)?)?;
                }
                let (flags, options) = split(&entry.options);
                mounts::place(&entry.path)?.fill("tmpfs", flags, &options)
            }
            Mode::Queues => {
                if mounts::place(&entry.path).is_err_and(|e| e == Errno::ENOENT) {
                    mounts::make_like(&entry.path, &Place::find(self.own)?)?;
                }
                let flags = Flags::MS_NOSUID | Flags::MS_NODEV | Flags::MS_NOEXEC | Flags::MS_RELATIME;
                mounts::uncover(&entry.path, table);
                mounts::place(&entry.path)?.fill("mqueue", flags, "")
            }
            Mode::PrivateDev => devices::mount(&entry.path),
            Mode::Proc => {
                let flags = Flags::MS_NOSUID | Flags::MS_NOEXEC | Flags::MS_NODEV;
                let place = mounts::place(&entry.path)?;
                match place.fill("proc", flags, &entry.options) {
                    // Before Linux 5.8 what is hidden would be hidden from the host as well.
                    Err(Errno::EINVAL) => place.fill("proc", flags, ""),
                    done => done,
                }
            }
        }
    }

    /// Flags of all that is mounted there and below, but for what another entry is about.
    fn flip(&self, entry: &Entry, table: &[Point], set: Flags, clear: Flags) -> Result<(), Errno> {
        let alone = matches!(entry.mode, Mode::Tmpfs | Mode::PrivateDev);
        let others: Vec<&PathBuf> = self
            .all
            .iter()
            .map(|(other, _)| &other.path)
            .filter(|path| path.starts_with(&entry.path) && **path != entry.path)
            .collect();
        let is_others = |path: &Path| others.iter().any(|other| path.starts_with(other));
        for (n, point) in table.iter().enumerate() {
            let meant = if alone { point.path == entry.path } else { point.path.starts_with(&entry.path) };
            // Of several at a place the last is the one that is seen.
            let covered = table.iter().skip(n + 1).any(|later| later.path == point.path);
            if meant && !covered && !is_others(&point.path) {
                mounts::change(point, set, clear)?;
            }
        }
        Ok(())
    }
}

/// Is something else seen there?
fn covers(mode: Mode) -> bool {
    is_made(mode) || matches!(mode, Mode::Inaccessible | Mode::PrivateDev | Mode::Proc)
}

/// Is the place made where it is missing?
fn is_made(mode: Mode) -> bool {
    matches!(mode, Mode::Bind | Mode::BindRecursive | Mode::PrivateTmp | Mode::Queues | Mode::Tmpfs)
}

/// What all file systems have, and what this one is told.
fn split(options: &str) -> (Flags, String) {
    let mut flags = Flags::empty();
    let mut rest = Vec::new();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match mounts::flag(option) {
            none if none.is_empty() => rest.push(option),
            flag => flags |= flag,
        }
    }
    (flags, rest.join(","))
}

fn fault(errno: Errno, path: &Path) -> StepError {
    StepError::about(errno, path.display().to_string())
}
