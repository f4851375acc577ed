//! `PrivateTmp=`, `ProtectSystem=` and their kin: a view of the file system of its own. What the host mounts
//! later is seen in it, what is mounted in it is not seen outside.

mod devices;

use super::{Applied, StepDone, StepError};
use crate::exec::process::Process;
use crate::exec::view::{self, Entry, Mode};
use crate::os::error::Errno;
use crate::os::mounts::{self, Flags, OpenPath, Point};
use crate::os::process;
use crate::unit::exec::mounts::Propagation;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A kernel without such views, or a container that forbids them, is what systemd's apply_mount_namespace
/// goes on without, unless the service sees something else by it than it is to see.
pub(super) fn namespace(p: &Process) -> Applied {
    let Some(view) = &p.view else { return Ok(StepDone::Fully) };
    let is_needed = p.root.is_some() || view::is_needed(&p.context);
    match process::own_mounts() {
        Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EINVAL)) if !is_needed => {
            return Ok(StepDone::Without(errno));
        }
        done => done?,
    }
    mounts::begin()?;
    // What is mounted over a root folder that is no mount point would not be seen by those who are in it.
    if !mounts::is_point(&mounts::table()?, Path::new("/")) {
        match mounts::enter_root(&OpenPath::find(Path::new("/"))?, &mounts::root_folder(&p.own_folder)?) {
            Err(errno @ Errno::EINVAL) if !is_needed => {
                mounts::end()?;
                return Ok(StepDone::Without(errno));
            }
            done => done?,
        }
    }
    let done = View::find(p, view)?.apply()?;
    mounts::end()?;
    let propagation = match p.context.mounts.propagation {
        None | Some(Propagation::Shared) => Flags::MS_SHARED,
        Some(Propagation::Slave) => Flags::MS_SLAVE,
        Some(Propagation::Private) => Flags::MS_PRIVATE,
    };
    process::umask(p.context.process.umask);
    mounts::propagate(propagation)?;
    Ok(done)
}

/// Where there is no view, only the root is another.
pub(super) fn root(p: &Process) -> Applied {
    if let Some(root) = p.root.as_deref().filter(|_| p.view.is_none()) {
        process::chroot(root).map_err(|errno| fault(errno, root))?;
    }
    Ok(StepDone::Fully)
}

/// The entries, and what of the host is seen in their places: found while nothing was covered, and the root was
/// still the host's.
struct View {
    all: Vec<Entry>,
    sources: BTreeMap<PathBuf, Result<OpenPath, Errno>>,
    /// What nobody reads or enters, a file and a folder.
    nodes: Option<[OpenPath; 2]>,
    devices: Option<devices::HostDevices>,
    /// A folder, like which others are made.
    folder: OpenPath,
    /// Can a /proc have options of its own?
    proc_options: bool,
}

impl View {
    fn find(p: &Process, entries: &[Entry]) -> Result<View, StepError> {
        let (root, own) = (p.root.as_deref(), p.own_folder.as_path());
        let sources = entries.iter().filter_map(|entry| entry.source.clone());
        let any = |mode| entries.iter().any(|entry| entry.mode == mode);
        let nodes = any(Mode::Inaccessible).then(|| mounts::empty_nodes(own)).transpose();
        let mut view = View {
            all: Vec::new(),
            sources: sources.map(|source| (source.clone(), OpenPath::safe(&source))).collect(),
            nodes: nodes.map_err(|errno| fault(errno, own))?,
            devices: any(Mode::PrivateDev).then(devices::HostDevices::find),
            folder: OpenPath::find(own).map_err(|errno| fault(errno, own))?,
            proc_options: p.proc_options,
        };
        if let Some(root) = root {
            let enter = || mounts::enter_root(&OpenPath::safe(root)?, &mounts::root_folder(own)?);
            enter().map_err(|errno| fault(errno, root))?;
        }
        view.all = view.places(entries)?;
        Ok(view)
    }

    /// Where the entries lead, below the root that is there by now.
    fn places(&self, entries: &[Entry]) -> Result<Vec<Entry>, StepError> {
        let mut found = Vec::new();
        for entry in entries {
            let mut entry = entry.clone();
            if entry.mode == Mode::Link {
                found.push(entry);
                continue;
            }
            // Where links lead decides which entry stands below which.
            // What covers a place, or is seen elsewhere, is root's to choose: a link of the service's would have
            // programs of root's see another /etc, or the service what it may not enter.
            let find = if covers(entry.mode) { OpenPath::safe } else { OpenPath::find };
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
            match self.source(&entry) {
                Err(Errno::ENOENT) if entry.optional => {}
                Err(errno) => return Err(fault(errno, entry.source.as_deref().unwrap_or(&entry.path))),
                Ok(_) => all.push(entry),
            }
        }
        Ok(all)
    }

    /// What is seen in the place of an entry, if it is something of the host.
    fn source(&self, entry: &Entry) -> Result<Option<&OpenPath>, Errno> {
        let source = entry
            .source
            .as_ref()
            .filter(|_| entry.mode != Mode::Link)
            .and_then(|source| self.sources.get(source));
        source.map(|found| found.as_ref().map_err(|errno| *errno)).transpose()
    }

    fn apply(&self) -> Applied {
        // What is made has the rights that are meant.
        process::umask(0);
        let mut table = mounts::table()?;
        let mut covered: Vec<&Path> = Vec::new();
        let mut all_done = StepDone::Fully;
        for entry in &self.all {
            // What covers others makes it another table from there on; what is seen in its own place does not.
            if covered.iter().any(|above| entry.path.starts_with(above)) {
                table = mounts::table()?;
                covered.clear();
            }
            match self.mount(entry, &table) {
                // It lies below what is empty, or without it, by now.
                Err(Errno::ENOENT) if entry.optional => continue,
                done => {
                    let done = done.map_err(|errno| fault(errno, &entry.path))?;
                    all_done = if done == StepDone::Fully { all_done } else { done };
                }
            }
            if covers(entry.mode) {
                covered.push(&entry.path);
            }
        }
        self.flip_all(|entry| entry.read_only.then_some((Flags::MS_RDONLY, Flags::empty())))?;
        self.flip_all(|entry| match (entry.no_exec, entry.exec) {
            (true, _) => Some((Flags::MS_NOEXEC, Flags::empty())),
            (false, true) => Some((Flags::empty(), Flags::MS_NOEXEC)),
            (false, false) => None,
        })?;
        self.flip_all(|entry| entry.no_suid.then_some((Flags::MS_NOSUID, Flags::empty())))?;
        Ok(all_done)
    }

    /// Sets and clears the flags that `flags` has for an entry, on what is mounted by now.
    fn flip_all(&self, flags: impl Fn(&Entry) -> Option<(Flags, Flags)>) -> Result<(), StepError> {
        let meant: Vec<_> = self.all.iter().filter_map(|entry| Some((entry, flags(entry)?))).collect();
        if meant.is_empty() {
            return Ok(());
        }
        let table = mounts::seen(mounts::table()?);
        for (entry, (set, clear)) in meant {
            self.flip(entry, &table, set, clear).map_err(|errno| fault(errno, &entry.path))?;
        }
        Ok(())
    }

    /// Makes what is missing where something is to be mounted.
    fn make(&self, entry: &Entry, source: &OpenPath) -> Result<OpenPath, Errno> {
        match mounts::place(&entry.path) {
            Err(Errno::ENOENT) => {
                mounts::make_like(&entry.path, source)?;
                mounts::place(&entry.path)
            }
            place => place,
        }
    }

    fn mount(&self, entry: &Entry, table: &[Point]) -> Result<StepDone, Errno> {
        match entry.mode {
            Mode::ReadOnly | Mode::ReadWrite | Mode::ReadWriteImplicit | Mode::Exec | Mode::NoExec => {
                mounts::make_point(&entry.path, table)?;
            }
            Mode::Inaccessible => {
                mounts::uncover(&entry.path, table);
                let place = mounts::place(&entry.path)?;
                let [file, folder] = self.nodes.as_ref().ok_or(Errno::ENOENT)?;
                place.cover(if place.is_folder()? { folder } else { file }, false)?;
            }
            Mode::HostApi | Mode::Run if mounts::is_point(table, &entry.path) => {}
            Mode::Bind | Mode::BindRecursive | Mode::PrivateTmp | Mode::HostApi => {
                let source = self.source(entry)?.ok_or(Errno::ENOENT)?;
                self.make(entry, source)?.cover(source, entry.mode != Mode::Bind)?;
            }
            Mode::Tmpfs | Mode::Run => {
                let (flags, options) = split(&entry.options);
                self.make(entry, &self.folder)?.fill("tmpfs", flags, &options)?;
            }
            Mode::Link => {
                mounts::make_safe_link(entry.source.as_deref().ok_or(Errno::ENOENT)?, &entry.path)?;
            }
            Mode::Queues => {
                mounts::uncover(&entry.path, table);
                let flags = Flags::MS_NOSUID | Flags::MS_NODEV | Flags::MS_NOEXEC | Flags::MS_RELATIME;
                self.make(entry, &self.folder)?.fill("mqueue", flags, "")?;
            }
            Mode::PrivateDev => {
                self.make(entry, &self.folder)?;
                self.devices.as_ref().ok_or(Errno::ENOENT)?.mount(&entry.path)?;
            }
            Mode::Proc => {
                mounts::uncover(&entry.path, table);
                let flags = Flags::MS_NOSUID | Flags::MS_NOEXEC | Flags::MS_NODEV;
                let place = self.make(entry, &self.folder)?;
                let options = if self.proc_options { &*entry.options } else { "" };
                match place.fill("proc", flags, options) {
                    // Before Linux 5.8 what is hidden would be hidden from the host as well.
                    Err(Errno::EINVAL) => place.fill("proc", flags, "")?,
                    done if options == entry.options => return done.map(|()| StepDone::Fully),
                    done => done?,
                }
                let part = format!("{} of /proc", entry.options);
                return Ok(StepDone::But(StepError::about(Errno::EOPNOTSUPP, part)));
            }
        }
        Ok(StepDone::Fully)
    }

    /// Flags of all that is mounted there and below, but for what another entry is about.
    fn flip(&self, entry: &Entry, table: &[Point], set: Flags, clear: Flags) -> Result<(), Errno> {
        let alone = matches!(entry.mode, Mode::Tmpfs | Mode::PrivateDev);
        let others: Vec<&PathBuf> = self
            .all
            .iter()
            .map(|other| &other.path)
            .filter(|path| path.starts_with(&entry.path) && **path != entry.path)
            .collect();
        let is_others = |path: &Path| others.iter().any(|other| path.starts_with(other));
        for point in table {
            let meant = if alone { point.path == entry.path } else { point.path.starts_with(&entry.path) };
            if meant && !is_others(&point.path) {
                mounts::change(point, set, clear)?;
            }
        }
        Ok(())
    }
}

/// Is something else seen there?
fn covers(mode: Mode) -> bool {
    is_made(mode) || mode == Mode::Inaccessible
}

/// Is the place made where it is missing?
fn is_made(mode: Mode) -> bool {
    match mode {
        Mode::Bind | Mode::BindRecursive | Mode::PrivateTmp | Mode::PrivateDev | Mode::Proc => true,
        Mode::Queues | Mode::HostApi | Mode::Tmpfs | Mode::Run => true,
        Mode::Inaccessible | Mode::ReadOnly | Mode::ReadWrite | Mode::ReadWriteImplicit => false,
        Mode::Exec | Mode::NoExec | Mode::Link => false,
    }
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
