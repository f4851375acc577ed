//! Which processes a drain takes for a shipper, and who else could have a say in what it reads of one.
//!
//! The one place that decides this: every way to find a process (its name, the lock of a data folder, a registry
//! that it has open) asks [`Host::takes`]. A driver: it reads `/proc` and unit files.

use super::Found;
use super::changed::without_mark;
use super::host::Host;
use crate::drain::judge::belief::{Users, is_believed};
use crate::drain::judge::check::Checks;
use crate::os::error::escape;
use crate::os::ids::{Ids, effective_uid};
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use crate::unit::load::{Loader, search_path};
use crate::unit::model::{Body, LoadState, Service};
use crate::unit::name::UnitName;
use crate::unit::specifier::Facts;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// So many processes that are not believed, and so many places that others can change, are named.
const NAMED: usize = 3;

/// Whose drain it is, and what that user has said.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The user id that has called amr, not that of the process that looks.
    pub user: u32,
    /// `--registry`.
    pub registry: Option<PathBuf>,
}

impl Default for Asker {
    fn default() -> Self {
        Self { user: effective_uid(), registry: None }
    }
}

/// What was found out of users on the way.
#[derive(Debug, Default)]
pub(super) struct Known {
    units: RefCell<BTreeMap<&'static [&'static str], BTreeSet<u32>>>,
    refused: RefCell<BTreeMap<ProcessId, u32>>,
}

impl Host {
    /// Whether this process is taken for a shipper. By a drain of root's of this very host one of root's is, one
    /// of the user of a unit that runs these programs, and one of an owner of the registries that root
    /// has named. To any other drain, and below a folder that stands for `/`, each is what it seems.
    #[must_use]
    pub fn takes(
        &self,
        pid: ProcessId,
        programs: &'static [&'static str],
        owners: impl FnOnce() -> BTreeSet<u32>,
    ) -> bool {
        if !self.root.is_host() || self.asker.user != 0 {
            return true;
        }
        // Where that cannot be seen it has ended.
        let ids = self.proc.users(pid).unwrap_or_default();
        let believed = |users: &Users| is_believed(&ids, users, Checks::ALL);
        let taken = believed(&Users::default())
            || believed(&Users { owners: owners(), units: BTreeSet::new() })
            || believed(&Users { owners: BTreeSet::new(), units: self.unit_users(programs) });
        if let Some(user) = ids.first().filter(|_| !taken) {
            self.known.refused.borrow_mut().insert(pid, *user);
        }
        taken
    }

    /// The owners of registries, as far as root alone says where they lie.
    #[must_use]
    pub fn owners(&self, named: &[&Found]) -> BTreeSet<u32> {
        let by_root =
            |found: &&&Found| found.sources.iter().all(|source| self.is_roots(&found.root, &source.path));
        named
            .iter()
            .filter(by_root)
            .filter_map(|found| Some(found.root.stat(&found.positions).ok()?.uid))
            .collect()
    }

    /// The processes that were not taken, in words; none where all were.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let refused = self.known.refused.borrow();
        let named: Vec<String> =
            refused.iter().take(NAMED).map(|(pid, user)| format!("process {pid} of user {user}")).collect();
        let more = refused.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let what = "not taken for the shipper: not root's, nor of the owner of a registry that root has named \
                    (--registry), nor of the User= of a unit that runs it";
        (!named.is_empty()).then(|| format!("{}{more}: {what}", named.join(", ")))
    }

    /// What others than the asker, root and the shipper's own user could have put in the place of its program,
    /// its configuration or its registry; each is a sentence with the remedy.
    #[must_use]
    pub fn changeable(&self, found: &Found) -> Vec<String> {
        let own = found.process.and_then(|pid| self.proc.users(pid).ok()).unwrap_or_default();
        let trusted: Vec<u32> = [0, self.asker.user].into_iter().chain(own).collect();
        let places = places(self, found);
        let mut all = others(found, &places, &trusted);
        if found.process.is_none() && !all.is_empty() {
            let units = self.unit_users(found.shipper.programs());
            all = others(found, &places, &trusted.into_iter().chain(units).collect::<Vec<_>>());
        }
        all
    }

    fn unit_users(&self, programs: &'static [&'static str]) -> BTreeSet<u32> {
        let mut known = self.known.units.borrow_mut();
        known.entry(programs).or_insert_with(|| unit_users(&self.root, programs)).clone()
    }

    /// Whether root alone can change what lies there.
    pub(super) fn is_roots(&self, root: &Root, path: &Path) -> bool {
        root.others(path, &[0]).is_none()
    }
}

/// What a shipper is made of: each place, and what lies there.
fn places(host: &Host, found: &Found) -> Vec<(&'static str, PathBuf)> {
    let program = found.process.and_then(|pid| host.proc.exe(pid).ok()).filter(|exe| exe.is_absolute());
    let program = program.map(|exe| ("program", without_mark(&exe)));
    let configuration = found.sources.iter().map(|source| ("configuration", source.path.clone()));
    let registry = found.shipper.written(&found.positions).into_iter().map(|path| ("registry", path));
    program.into_iter().chain(configuration).chain(registry).collect()
}

/// Those of them that others than these users can change.
fn others(found: &Found, places: &[(&'static str, PathBuf)], trusted: &[u32]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let other = |(what, path): &(&'static str, PathBuf)| {
        let other = found.root.others(path, trusted).filter(|other| seen.insert(other.at.clone()))?;
        let (path, at) = (escape(path.as_os_str()), escape(other.at.as_os_str()));
        Some(format!(
            "{other}, and so can the shipper's {what} '{path}'; let root alone own and write it \
             (chown root '{at}', chmod go-w '{at}'), or keep the {what} elsewhere"
        ))
    };
    places.iter().filter_map(other).take(NAMED).collect()
}

/// `User=` of the units that run these programs, by their command or by their own name.
fn unit_users(root: &Root, names: &[&str]) -> BTreeSet<u32> {
    let facts = Facts::default();
    let loader = Loader::new(root, &search_path(None), &facts);
    let ids = Ids::new(root);
    let mut users = BTreeSet::new();
    for file in loader.list_unit_files() {
        let unit = loader.load(&file.name);
        let Body::Service(service) = &unit.body else { continue };
        if unit.load == LoadState::Loaded && runs(service, &unit.name, names) {
            let user = service.context.identity.user.as_deref();
            let number = |user: &str| user.parse().ok().or_else(|| Some(ids.user(user).ok()??.uid));
            users.extend(user.and_then(number));
        }
    }
    users
}

/// `filebeat.service`, `filebeat-app.service`, `filebeat@.service`, and whatever executes one.
fn runs(service: &Service, name: &UnitName, names: &[&str]) -> bool {
    let by_name = |own: &&str| {
        let rest = name.prefix().strip_prefix(own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let by_command = |own: &&str| {
        service
            .exec
            .start
            .iter()
            .any(|command| Path::new(&command.path).file_name().is_some_and(|it| it == *own))
    };
    names.iter().any(|own| by_name(own) || by_command(own))
}
