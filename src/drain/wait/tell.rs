//! What a waiting drain tells and keeps: movement, excuses, its phases with their reports.
//!
//! The verdict is told when its report is on the disk. So that this takes no time, the last report is
//! written over a file that was made and synced in advance; it then takes the place of the interim
//! one. A drain that was told to give up has no time: it tells, then syncs.
//!
//! A driver: it writes reports.

use super::one::One;
use super::{Json, Link, Waiting};
use crate::drain::judge::moment::Moment;
use crate::drain::judge::verdict::{Judgement, Verdict};
use crate::drain::look::{moment, wall};
use crate::drain::report::keep::{self, Prepared};
use crate::drain::report::{self, Report, Stage};
use crate::drain::wait::news::{News, Phase, Summary};
use crate::drain::wait::pace::OnStall;
use crate::os::root::Sync;
use std::io;
use std::path::PathBuf;

impl Waiting<'_> {
    /// How things stand, by the positions as they are now.
    pub(super) fn tell(&mut self, link: &mut Link) -> io::Result<()> {
        self.told = moment();
        let mut summary = self.summary(self.worst());
        let gained = self.shippers.iter().map(One::gained).fold(0, u64::saturating_add);
        summary.bytes = summary.bytes.saturating_sub(gained);
        link.send(&News::Moved(summary))
    }

    pub(super) fn excuses(&mut self, link: &mut Link) -> io::Result<()> {
        for excuse in self.watches.excuses() {
            if self.said.insert(excuse.to_owned()) {
                link.send(&News::Note(format!("polling, since {excuse}")))?;
            }
        }
        Ok(())
    }

    /// When the next phase begins by time alone.
    pub(super) fn next_phase(&self) -> Moment {
        let ahead = |phase, at: Moment| (!self.phases.contains(&phase)).then_some(at);
        let soft = ahead(Phase::SoFar, self.soft());
        let stalled = self.stalls().and_then(|at| ahead(Phase::Stalled, at));
        [soft, stalled].into_iter().flatten().min().unwrap_or(self.deadline).min(self.deadline)
    }

    fn soft(&self) -> Moment {
        self.started.after(self.task.policy.soft)
    }

    fn stalls(&self) -> Option<Moment> {
        match self.task.policy.on_stall {
            OnStall::Fail => None,
            OnStall::Wait => {
                let moved = self.shippers.iter().filter_map(|one| one.history.moved()).max()?;
                Some(moved.after(self.task.policy.stall))
            }
        }
    }

    pub(super) fn phases_due(&mut self, link: &mut Link) -> io::Result<()> {
        let now = moment();
        for (phase, at) in [(Phase::SoFar, Some(self.soft())), (Phase::Stalled, self.stalls())] {
            if at.is_some_and(|at| now >= at) && !self.phases.contains(&phase) {
                // Positions may have moved since the last look.
                self.look();
                if phase == Phase::Stalled && self.stalls().is_some_and(|at| at > now) {
                    continue;
                }
                self.phase(phase, self.summary(self.worst()), Sync::Yes, link)?;
            }
        }
        Ok(())
    }

    /// Keeps a report and tells. With [`Sync::No`] it is told first, and synced then.
    pub(super) fn phase(
        &mut self,
        phase: Phase,
        summary: Summary,
        sync: Sync,
        link: &mut Link,
    ) -> io::Result<()> {
        self.phases.push(phase);
        // Where there is nothing to wait for the last report follows at once.
        if phase == Phase::Started && matches!(self.judgement(), Judgement::Final(_)) {
            return link.send(&News::Phase { phase, summary, report: None, json: None });
        }
        let stage = if phase == Phase::Ended { Stage::Final } else { Stage::Interim };
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.code() == summary.code);
        let report = self.report(stage, verdict.unwrap_or(Verdict::CannotTell));
        let written = self.keep(phase, &report, sync, link)?;
        let kept = written.first().map(|path| path.display().to_string());
        let json =
            if self.task.json == Json::Wanted && stage == Stage::Final { Some(report.json()) } else { None };
        link.send(&News::Phase { phase, summary, report: kept, json })?;
        match (stage, sync) {
            (Stage::Interim, _) => self.prepare(written.first()),
            (Stage::Final, Sync::Yes) => {}
            // It cannot be told any more that this failed: the process that speaks has gone on.
            (Stage::Final, Sync::No) => {
                written.iter().for_each(|path| drop(keep::sync(&self.task.root, path)));
            }
        }
        Ok(())
    }

    /// Keeps a report where it is wanted; says what cannot be kept.
    fn keep(
        &mut self,
        phase: Phase,
        report: &Report,
        sync: Sync,
        link: &mut Link,
    ) -> io::Result<Vec<PathBuf>> {
        let (root, mut written) = (&self.task.root, Vec::new());
        let inputs: Vec<_> = self.shippers.iter().flat_map(|one| one.last.inputs.clone()).collect();
        if let Some(wanted) = &self.task.folder {
            let (folder, note) = keep::folder(wanted, &inputs);
            if let Some(note) = note.filter(|note| self.said.insert(note.clone())) {
                link.send(&News::Note(note))?;
            }
            let prepared = self.prepared.as_ref().filter(|_| phase == Phase::Ended);
            let finished = prepared.and_then(|prepared| prepared.finish(root, report, sync).ok());
            let name = (&*self.at, self.task.pid);
            let kept = finished.map_or_else(|| keep::write(root, folder, report, name, sync), Ok);
            match kept {
                Ok(path) => {
                    if let Err(error) = keep::log(root, folder, &report.line()) {
                        link.send(&News::Note(error.to_string()))?;
                    }
                    written.push(path);
                }
                Err(error) => link.send(&News::Note(error.to_string()))?,
            }
        }
        if let Some(path) = &self.task.file {
            match keep::write_asked(root, path, report, &inputs, sync) {
                Ok(()) => written.push(path.clone()),
                Err(error) => link.send(&News::Note(error.to_string()))?,
            }
        }
        Ok(written)
    }

    /// Makes room for the last report in advance. Without it that one takes longer, no more.
    fn prepare(&mut self, interim: Option<&PathBuf>) {
        let Some(interim) = interim.filter(|path| Some(*path) != self.task.file.as_ref()) else { return };
        self.prepared = Prepared::make(&self.task.root, interim).ok();
    }

    pub(super) fn report(&self, stage: Stage, verdict: Verdict) -> Report {
        let left = self.shippers.iter().map(|one| one.last.left).fold(0, u64::saturating_add);
        let shippers = self.shippers.iter().map(One::report).collect();
        report::whole(wall(), stage, verdict, left, shippers)
    }
}
