//! Waits for what comes next: a change that is heard, an order, a time; and takes in what was heard.
//!
//! A driver: it waits.

use super::message::{Message, Order, Phase};
use super::{Link, Waiting};
use crate::drain::inspect::moment;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::verdict::Verdict;
use crate::drain::report::{self, Stage};
use crate::os::poll::{self, Interest};
use crate::os::root::Sync;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// Where something was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    Registry,
    Folders,
    Process(usize),
}

impl Waiting<'_> {
    /// Waits; true when the end was ordered and told.
    pub(super) fn sleep(&mut self, until: Moment, listening: bool, link: &mut Link) -> io::Result<bool> {
        let now = moment();
        let (mut fds, mut watches) = (vec![(link.stream.as_fd(), Interest::Read)], Vec::new());
        if listening {
            watches.extend(self.watches.registry_fd().map(|fd| (Watch::Registry, fd)));
            if !self.pace.is_scan_due() {
                watches.extend(self.watches.folder_fd().map(|fd| (Watch::Folders, fd)));
            }
            watches.extend(
                self.watches.process_fds().enumerate().map(|(place, fd)| (Watch::Process(place), fd)),
            );
            fds.extend(watches.iter().map(|(_, fd)| (*fd, Interest::Read)));
        }
        let left = Duration::from_nanos(until.0.saturating_sub(now.0));
        let ready =
            poll::wait(&fds, Some(left)).map_err(|error| io::Error::new(error.kind(), error.cause()))?;
        let ordered = ready.first() == Some(&0);
        let heard: Vec<Watch> = ready
            .iter()
            .filter_map(|place| watches.get(place.checked_sub(1)?))
            .map(|(watch, _)| *watch)
            .collect();
        self.apply_changes(&heard);
        if !ordered {
            return Ok(false);
        }
        for order in link.orders() {
            match order {
                Order::Table => {
                    let report = self.report(Stage::Interim, self.worst());
                    link.send(&Message::Table(report::text(&report)))?;
                }
                Order::GiveUp => {
                    self.phase(Phase::Ended, self.summary(Verdict::GaveUp), Sync::No, link)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn apply_changes(&mut self, watches: &[Watch]) {
        let now = moment();
        if watches.contains(&Watch::Registry) {
            self.registries_changed(now);
        }
        if watches.contains(&Watch::Folders) {
            let heard = self.watches.folder_changes();
            if heard.lost {
                self.pace.invalidate(now);
            } else if heard.any {
                self.pace.folders_changed(now);
            }
        }
        if self.watches.ended(|place| watches.contains(&Watch::Process(place))) {
            self.pace.invalidate(now);
        }
    }

    fn registries_changed(&mut self, now: Moment) {
        let heard = self.watches.registry_changes();
        if heard.any {
            self.pace.registry_changed();
        }
        if heard.lost {
            self.pace.invalidate(now);
            for one in &self.shippers {
                self.watches.registry(&one.found.root, one.source.folder());
            }
        }
    }
}
