//! The groups of the service: the one that tells its processes from others, and those of the controllers
//! that its unit demands something of (`crate::cgroup`).

use super::{Supervisor, processes};
use crate::cgroup::{Groups, Unit};
use crate::os::cgroup::Group;
use crate::os::root::Root;
use crate::os::tracking::Tracking;
use crate::supervisor::core::state_dir::Privilege;
use crate::supervisor::core::store::mark;
use crate::supervisor::service::status::{Record, TrackingMark};

/// Those of controllers that the supervisor before this one left.
pub(super) fn of_record(host: &Root, old: Option<&Record>) -> Groups {
    Groups::at(host, old.into_iter().flat_map(|r| &r.tracking.controllers))
}

impl Supervisor {
    /// The group of tracking; `None` where there is none.
    pub(super) fn group(&self) -> Option<&Group> {
        match &self.tracking {
            Tracking::Cgroup(group) => Some(group),
            Tracking::Subreaper(_) => None,
        }
    }

    /// Has the controllers know the unit and what it demands; before the first process of a run. Once for each
    /// supervisor: a restart is for the same demands.
    pub(super) fn realize_groups(&mut self) {
        if std::mem::replace(&mut self.realized, true) {
            return;
        }
        let resources = &self.plan.service.resources;
        let name = match processes::group_name(&self.plan, &self.state_dir) {
            Ok(_) if self.state_dir.privilege != Privilege::Root => {
                Err("only root may limit groups".to_owned())
            }
            Ok(_) if !self.features.cgroup => Err("control groups are switched off".to_owned()),
            name => name.map_err(|e| e.to_string()),
        };
        let (groups, not_applied) = match name {
            Ok(name) => {
                let tracking = self.group().map(|group| (group, self.before));
                let unit = Unit { host: &self.host, name: &name, tracking, resources };
                self.groups.clone().realized(&unit)
            }
            Err(why) => (Groups::default(), crate::cgroup::nothing_of(resources, &why)),
        };
        self.groups = groups;
        self.group_oom_kills = self.oom_kills_of_group();
        for sentence in not_applied {
            if !self.record.not_applied.contains(&sentence) {
                log::warn!("'{}': {sentence}", self.plan.unit);
                self.record.not_applied.push(sentence);
            }
        }
    }

    /// For the record.
    pub(super) fn tracking_mark(&self) -> TrackingMark {
        let controllers = self.groups.marks().collect();
        match &self.tracking {
            Tracking::Cgroup(group) => {
                let (dir, version) = group.dir();
                let kin = Vec::new();
                TrackingMark { cgroup: Some(dir.to_owned()), unified: version.is_unified(), kin, controllers }
            }
            Tracking::Subreaper(kin) => {
                let kin = kin.seen().iter().map(mark).collect();
                TrackingMark { kin, controllers, ..TrackingMark::default() }
            }
        }
    }

    /// How many of its processes the OOM killer has ended, where a controller tells.
    pub(super) fn oom_kills_of_group(&self) -> Option<u64> {
        self.groups.oom_kills(&self.host, self.group().map(|group| group.dir().0))
    }
}
