//! A unit's groups: made and told what the unit demands, entered by its processes (`crate::exec`), removed.

use super::controllers::{Attribute, Controller, Devices, Write};
use super::hierarchy::Hierarchies;
use super::{accounting, device, devices};
use crate::os::cgroup::{Group, Made, Version};
use crate::os::error::Error;
use crate::os::root::Root;
use crate::unit::cgroup::Resources;
use crate::unit::value::raw_path;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The groups of a unit that controllers of this host know it by, without the one that tells its processes
/// from others.
#[derive(Clone, Debug, Default)]
pub struct Groups(Vec<Group>);

/// One of them, for a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMark {
    /// Its folder, an outer path.
    #[serde(with = "raw_path")]
    pub dir: PathBuf,
    /// Of the unified hierarchy?
    pub unified: bool,
}

/// Whose groups they are.
#[derive(Debug)]
pub struct Unit<'a> {
    /// Where the hierarchies of the host are mounted.
    pub host: &'a Root,
    /// What its groups are called.
    pub name: &'a str,
    /// The group that tells its processes from others, if there is one, and whether it was there.
    pub tracking: Option<(&'a Group, Made)>,
    /// What it demands.
    pub resources: &'a Resources,
}

/// All that a unit demands, as sentences that it does not get it.
#[must_use]
pub fn nothing_of(resources: &Resources, why: &str) -> Vec<String> {
    let mut all = Vec::new();
    Controller::ALL.into_iter().for_each(|controller| note_missing(&mut all, controller, resources, why));
    all
}

/// Nothing that a unit asks of a controller can be had.
fn note_missing(not_applied: &mut Vec<String>, controller: Controller, resources: &Resources, why: &str) {
    controller.lines(resources).iter().for_each(|line| note(not_applied, line, why));
}

/// Once: a quota is written in two files.
fn note(not_applied: &mut Vec<String>, said: &str, why: &str) {
    let said = format!("{said} is not applied: ");
    if !not_applied.iter().any(|sentence| sentence.starts_with(&said)) {
        not_applied.push(said + why);
    }
}

impl Groups {
    /// Those that a record names.
    #[must_use]
    pub fn at<'m>(host: &Root, marks: impl IntoIterator<Item = &'m GroupMark>) -> Groups {
        let group = |mark: &GroupMark| Group::at(host, mark.dir.clone(), Version::from_unified(mark.unified));
        Groups(marks.into_iter().map(group).collect())
    }

    /// For a record.
    pub fn marks(&self) -> impl Iterator<Item = GroupMark> + '_ {
        self.0.iter().map(|group| {
            let (dir, version) = group.dir();
            GroupMark { dir: dir.to_owned(), unified: version.is_unified() }
        })
    }

    /// For those who enter them.
    #[must_use]
    pub fn list(&self) -> &[Group] {
        &self.0
    }

    /// The groups that the unit's demands ask for, and what cannot be applied, each as a sentence. What
    /// these groups were told before, for an earlier run, is taken back.
    #[must_use]
    pub fn realized(self, unit: &Unit<'_>) -> (Groups, Vec<String>) {
        let wanted: Vec<_> = Controller::ALL.into_iter().filter(|c| c.is_wanted(unit.resources)).collect();
        let used =
            unit.tracking.is_some_and(|(group, made)| made == Made::Before && group.dir().1 == Version::V2);
        if wanted.is_empty() && self.0.is_empty() && !used {
            return (Self::default(), Vec::new());
        }
        let mut work = Realization { unit, groups: Vec::new(), not_applied: Vec::new() };
        match Hierarchies::read(unit.host) {
            Err(e) => wanted.iter().for_each(|c| work.note_missing(*c, &e.to_string())),
            Ok(hierarchies) => wanted.iter().for_each(|c| work.apply(&hierarchies, *c)),
        }
        for (group, _) in unit.tracking.iter().filter(|_| used) {
            release(unit.host, group, |c| !wanted.contains(&c));
        }
        let kept = |group: &Group| work.groups.iter().any(|(g, _)| g.dir() == group.dir());
        for group in self.0.iter().filter(|group| !kept(group)) {
            release(unit.host, group, |_| true);
            // Whoever still lives in it is not the new run's.
            let _ = group.remove();
        }
        (Groups(work.groups.into_iter().map(|(group, _)| group).collect()), work.not_applied)
    }

    /// Removes them, after the last process has gone.
    ///
    /// # Errors
    /// The first of them; the others are removed all the same.
    pub fn remove(&mut self) -> Result<(), Error> {
        let removed = std::mem::take(&mut self.0).into_iter().map(|group| group.remove());
        removed.fold(Ok(()), Result::and)
    }

    /// How many processes of the unit the OOM killer has ended; `None` where no controller tells.
    #[must_use]
    pub fn oom_kills(&self, host: &Root, tracking: Option<&Path>) -> Option<u64> {
        let own = self.0.iter().map(|group| group.dir().0);
        tracking.into_iter().chain(own).find_map(|dir| accounting::oom_kills(host, dir))
    }
}

/// No limit for those who are still in it.
fn release(host: &Root, group: &Group, of: impl Fn(Controller) -> bool) {
    let nothing = Resources::default();
    for controller in Controller::ALL.into_iter().filter(|controller| of(*controller)) {
        for write in controller.attributes(&nothing, group.dir().1).into_iter().filter_map(|d| d.how.ok()) {
            // Most groups have few of the controllers.
            let _ = carry_out(host, group, &write);
        }
    }
    if of(Controller::Devices) {
        devices::release(group);
    }
}

/// Writes a value, for each of the devices that it is about.
fn carry_out(host: &Root, group: &Group, write: &Write) -> Result<(), String> {
    let done = match &write.devices {
        Devices::None => set(group, write.file, &write.value),
        Devices::Of(path) => device::disk(host, path)
            .and_then(|(major, minor)| set(group, write.file, &format!("{major}:{minor} {}", write.value))),
        Devices::Listed => {
            let text = group.get(write.file).unwrap_or_default();
            let mut devices =
                text.lines().filter_map(|line| line.split_once(' ')).filter(|(d, _)| d.contains(':'));
            devices.try_for_each(|(device, _)| set(group, write.file, &format!("{device} {}", write.value)))
        }
    };
    let Some(or) = &write.or else { return done };
    // Whichever scheduler is there; what its file says counts more than that the other has none.
    match (carry_out(host, group, or), done) {
        (Ok(()), _) | (_, Ok(())) => Ok(()),
        (Err(why), Err(_)) if group.get(or.file).is_ok() => Err(why),
        (Err(_), Err(why)) => Err(why),
    }
}

fn set(group: &Group, file: &str, value: &str) -> Result<(), String> {
    group
        .set(file, value)
        .map_err(|e| if e.is_not_found() { format!("this kernel has no {file}") } else { e.to_string() })
}

/// The groups so far.
struct Realization<'a> {
    unit: &'a Unit<'a>,
    groups: Vec<(Group, Made)>,
    not_applied: Vec<String>,
}

impl Realization<'_> {
    fn apply(&mut self, hierarchies: &Hierarchies, controller: Controller) {
        let Some(mount) = hierarchies.mount_of(controller) else {
            let name = controller.name(Version::V1).unwrap_or_default();
            return self.note_missing(controller, &format!("no mounted hierarchy has the {name} controller"));
        };
        let (group, made) = match hierarchies.group(mount, self.unit.name, controller) {
            Ok(found) => found,
            Err(e) => return self.note_missing(controller, &e.to_string()),
        };
        let made = self.take(&group, made);
        for attribute in controller.attributes(self.unit.resources, mount.version) {
            self.set(&group, made, attribute);
        }
        if controller == Controller::Devices {
            self.limit_devices(&group);
        }
    }

    fn limit_devices(&mut self, group: &Group) {
        let (rules, unknown) = devices::rules(self.unit.host, &self.unit.resources.devices);
        for (line, why) in unknown {
            note(&mut self.not_applied, &line, &why);
        }
        if let Err(e) = devices::limit(group, &rules) {
            self.note_missing(Controller::Devices, &e.to_string());
        }
    }

    /// Takes note of a group, and knows whether it is new to this run: one that two controllers share, and
    /// the one of tracking, are there when they are asked for.
    fn take(&mut self, group: &Group, made: Made) -> Made {
        if let Some((_, made)) = self.unit.tracking.filter(|(tracking, _)| tracking.dir() == group.dir()) {
            return made;
        }
        if let Some((_, made)) = self.groups.iter().find(|(known, _)| known.dir() == group.dir()) {
            return *made;
        }
        self.groups.push((group.clone(), made));
        made
    }

    /// Sets an attribute; those of a new group have the kernel's defaults already.
    fn set(&mut self, group: &Group, made: Made, attribute: Attribute) {
        if attribute.said.is_none() && made == Made::New {
            return;
        }
        let outcome = match attribute.how {
            Ok(write) => carry_out(self.unit.host, group, &write),
            Err(why) => Err(why.to_owned()),
        };
        if let (Some(said), Err(why)) = (attribute.said, outcome) {
            note(&mut self.not_applied, &said, &why);
        }
    }

    fn note_missing(&mut self, controller: Controller, why: &str) {
        note_missing(&mut self.not_applied, controller, self.unit.resources, why);
    }
}
