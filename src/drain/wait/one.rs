//! One shipper that is followed, and the files that are frozen when the drain starts.
//!
//! A driver: it reads files and `/proc`.

use super::Task;
use super::watches::Watches;
use crate::drain::cursor::{Cursors, FileId};
use crate::drain::inspect::{
    InspectOptions, Inspection, LIMIT, inspect, moment, positions_of, read_by, shippers_of,
};
use crate::drain::judge::history::History;
use crate::drain::judge::moment::Moment;
use crate::drain::judge::progress::Progress;
use crate::drain::judge::reason::Reason;
use crate::drain::judge::verdict::{Judgement, Verdict};
use crate::drain::report;
use crate::drain::shipper::{Counters, Found, PositionSource, trouble};
use crate::drain::wait::pace::{Behind, Freeze, Goals, Mark};
use crate::os::opener::OpenFile;
use crate::os::proc::Proc;
use crate::os::root::{FileKind, Root};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// A shipper that has ended may be started again by its supervisor: so long it is waited for.
const RESTART: Duration = Duration::from_secs(1);

/// Log daemons, by the name of their process.
const DAEMONS: [&str; 8] =
    ["rsyslogd", "syslogd", "syslog-ng", "systemd-journal", "auditd", "klogd", "minilogd", "in:imuxsock"];

/// One shipper that is followed.
pub(super) struct One {
    pub(super) found: Found,
    pub(super) source: Box<dyn PositionSource>,
    pub(super) history: History,
    pub(super) behind: Behind,
    pub(super) last: Inspection,
    pub(super) fault: Option<String>,
    pub(super) dead_since: Option<Moment>,
    /// Its counters when its output last took something.
    pub(super) took: Option<Counters>,
}

impl One {
    pub(super) fn refresh_positions(&mut self) {
        self.fault = self.source.refresh().err().map(|error| error.to_string());
        if self.fault.is_some()
            && let Ok(source) = positions_of(&self.found, LIMIT)
        {
            self.source = source;
            self.fault = None;
        }
    }

    /// A configuration that has changed is read again: the shipper may have read it again, too.
    pub(super) fn configured_again(&mut self, task: &Task) {
        if !self.found.is_outdated() {
            return;
        }
        let now = shippers_of(&task.root, &task.options).unwrap_or_default();
        if let Some(found) = now.into_iter().find(|found| found.is_same(&self.found)) {
            let Found { process, started, began, .. } = self.found;
            self.found = Found { process, started, began, ..found };
        }
    }

    /// A shipper that has ended may have been started again.
    pub(super) fn find_again(&mut self, task: &Task, watches: &mut Watches) {
        if self.found.runs(&Proc::new(task.root.clone())) {
            self.dead_since = None;
            return;
        }
        let now = shippers_of(&task.root, &task.options).unwrap_or_default();
        let same = |found: &Found| found.is_same(&self.found) && found.process.is_some();
        if let Some(found) = now.into_iter().find(same) {
            self.found = found;
            self.dead_since = None;
            watches.process(&task.root, &task.features, &self.found);
        } else if self.found.process.is_some() {
            self.dead_since.get_or_insert(moment());
        }
    }

    /// What seems to be dead may be run under another name by whoever has its logs open.
    pub(super) fn find_reader(&mut self, task: &Task, watches: &mut Watches) -> bool {
        let read = |one: &Self| read_by(&task.root, &task.options, &one.found, one.history.files());
        let Some(found) = Some(&*self).filter(|one| one.last.seems_dead()).and_then(read) else {
            return false;
        };
        self.found = found;
        if self.found.runs(&Proc::new(task.root.clone())) {
            self.dead_since = None;
            watches.process(&task.root, &task.features, &self.found);
        }
        true
    }

    pub(super) fn judge(&mut self, task: &Task, terms: &InspectOptions<'_>) {
        let positions = self.source.positions();
        match inspect(&task.root, &self.found, &task.options, positions, &mut self.history, terms) {
            Ok(last) => self.last = last,
            Err(error) => self.fault = Some(error.to_string()),
        }
        self.counted();
        let now = moment();
        let deadline = terms.deadline.unwrap_or(now);
        if self.fault.is_some() {
            self.last.verdict = self.last.verdict.max(Verdict::CannotTell);
            self.last.judgement =
                if now < deadline { Judgement::Wait } else { Judgement::Final(self.last.verdict) };
        }
        let restart = self.dead_since.map(|since| since.after(RESTART)).filter(|until| *until > now);
        if let Some(until) = restart.filter(|_| self.last.judgement == Judgement::Final(Verdict::ShipperDead))
        {
            self.last.judgement = Judgement::Wait;
            self.last.due = until.min(deadline);
        }
        self.behind = behind(self.history.files(), &*self.source);
    }

    /// What its counters say of its output, where its log says nothing.
    pub(super) fn counted(&mut self) {
        let Some(now) = self.last.counters else { return };
        let anew = match self.took {
            None => now.acknowledged > 0,
            Some(took) => now.acknowledged != took.acknowledged || now.failed < took.failed,
        };
        if self.last.report.trouble.is_none() {
            self.last.report.trouble = trouble::failing(self.took, now);
        }
        if anew {
            self.took = Some(now);
        }
    }

    pub(super) fn report(&self) -> report::ShipperReport {
        let mut report = self.last.report.clone();
        report.files = report::files(self.history.files());
        report.doubts.extend(self.fault.clone());
        report
    }

    /// How many bytes were acknowledged since the last look.
    pub(super) fn gained(&self) -> u64 {
        let cursors = &self.source.positions().cursors;
        self.behind.gained(|mark| position(cursors, mark))
    }
}

/// The files that are behind, with the numbers of their states.
pub(super) fn behind(files: &[Progress], source: &dyn PositionSource) -> Behind {
    let cursors = &source.positions().cursors;
    let mut numbers: HashMap<FileId, Vec<u32>> = HashMap::new();
    let late = |file: &&Progress| file.reason == Reason::Behind;
    files.iter().filter(late).for_each(|file| drop(numbers.insert(file.file, Vec::new())));
    if !numbers.is_empty() {
        for number in cursors.numbers() {
            let file = cursors.get(number).and_then(|cursor| cursor.seen);
            if let Some(all) = file.and_then(|file| numbers.get_mut(&file)) {
                all.push(number);
            }
        }
    }
    Behind::from_files(files, |file, input_id| {
        let mut all = numbers.get(&file)?.iter().copied();
        let of_input = |number: &u32| cursors.get(*number).is_some_and(|it| it.input_id == input_id);
        let number = all.find(of_input)?;
        // Of two states, as of a container's streams, it is not told which one is meant.
        if all.any(|number| of_input(&number)) { None } else { Some(number) }
    })
}

/// The acknowledged bytes of a state, if its number is still this file's.
pub(super) fn position(cursors: &Cursors, mark: &Mark) -> Option<u64> {
    let cursor = cursors.get(mark.number)?;
    (cursor.seen == Some(mark.file)).then(|| cursor.acknowledged.prefix())
}

pub(super) fn freeze(task: &Task, goals: &mut Goals, shippers: &[One]) {
    let files = shippers.iter().flat_map(|one| one.history.files());
    match task.policy.freeze {
        Freeze::None => {}
        Freeze::All => files.for_each(|file| goals.freeze(file)),
        Freeze::Auto => {
            let written = written_by_daemons(&task.root);
            files.filter(|file| written.contains(&file.file)).for_each(|file| goals.freeze(file));
        }
    }
}

/// The files that log daemons hold open for writing.
fn written_by_daemons(root: &Root) -> BTreeSet<FileId> {
    let proc = Proc::new(root.clone());
    let daemons = proc.all().unwrap_or_default();
    let daemons = daemons.iter().filter(|stat| DAEMONS.iter().any(|name| name.as_bytes() == stat.comm));
    let mut files = BTreeSet::new();
    for pid in daemons.map(|stat| stat.pid) {
        for OpenFile { info, stat, .. } in proc.open_files(pid).unwrap_or_default() {
            if info.is_writable() && stat.kind == FileKind::Regular {
                files.insert(FileId { dev: stat.dev, ino: stat.ino });
            }
        }
    }
    files
}
