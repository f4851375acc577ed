//! What a waiting drain tells and keeps: movement, excuses, its phases with their reports.
//!
//! The verdict is told when its report is on the disk. So that this takes no time, the last report is
//! written over a file that was made and synced in advance; it then takes the place of the interim
//! one. A drain that was told to give up has no time: it tells, then the report is synced.
//!
//! A driver: it has reports written.

use super::one::One;
use super::{Json, Link, StepReports, Task, Waiting};
use crate::drain::inspect::{moment, wall};
use crate::drain::judge::moment::Moment;
use crate::drain::judge::rules::InputRules;
use crate::drain::judge::verdict::{Judgement, Verdict};
use crate::drain::report::keep::{self, Kept, Order, ReportPlace};
use crate::drain::report::{self, Report, Stage};
use crate::drain::wait::message::{Message, Phase, Summary};
use crate::drain::wait::pace::OnStall;
use crate::os::opener::Opener;
use crate::os::root::Sync;
use std::io;
use std::time::Duration;

impl Waiting<'_> {
    /// How things stand, by the positions as they are now.
    pub(super) fn report_progress(&mut self, link: &mut Link) -> io::Result<()> {
        self.told = moment();
        let mut summary = self.summary(self.worst());
        let gained = self.shippers.iter().map(One::gained).fold(0, u64::saturating_add);
        summary.bytes = summary.bytes.saturating_sub(gained);
        link.send(&Message::Moved(summary))
    }

    /// Has the steps of files told, where they are to be.
    pub(super) fn steps(&mut self, link: &mut Link) -> io::Result<()> {
        if self.task.steps == StepReports::Not
            || self.task.folder.is_none()
            || !self.phases.contains(&Phase::Started)
        {
            return Ok(());
        }
        let files = self.shippers.iter().flat_map(|one| one.history.files());
        let lines = self.steps.take(files, wall());
        if lines.is_empty() {
            return Ok(());
        }
        let inputs: Vec<_> = self.shippers.iter().flat_map(|one| one.last.inputs.clone()).collect();
        for note in log_lines(self.task, lines, &inputs) {
            if self.said.insert(note.clone()) {
                link.send(&Message::Note(note))?;
            }
        }
        Ok(())
    }

    pub(super) fn report_warnings(&mut self, link: &mut Link) -> io::Result<()> {
        for excuse in self.watches.warnings() {
            if self.said.insert(excuse.to_owned()) {
                link.send(&Message::Note(format!("polling, since {excuse}")))?;
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
                let allowed = self.task.policy.stall;
                let stall = self.shippers.iter().map(|one| one.found.latency.stall(allowed)).max();
                Some(moved.after(stall.unwrap_or(allowed)))
            }
        }
    }

    pub(super) fn phases_due(&mut self, link: &mut Link) -> io::Result<()> {
        let now = moment();
        for (phase, at) in [(Phase::SoFar, Some(self.soft())), (Phase::Stalled, self.stalls())] {
            if at.is_some_and(|at| now >= at) && !self.phases.contains(&phase) {
                // Positions may have moved since the last look.
                self.judge_all();
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
            return link.send(&Message::Phase { phase, summary, report: None, json: None });
        }
        let stage = if phase == Phase::Ended { Stage::Final } else { Stage::Interim };
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.code() == summary.code);
        let report = self.report(stage, verdict.unwrap_or(Verdict::CannotTell));
        let kept = self.keep(&report, sync, link)?;
        if stage == Stage::Final {
            close_opener(self.task);
        }
        let json =
            if self.task.json == Json::Wanted && stage == Stage::Final { Some(report.json()) } else { None };
        link.send(&Message::Phase { phase, summary, report: kept, json })
    }

    /// Has a report kept where it is wanted, and says what cannot be kept. Where it is, if it is.
    fn keep(&mut self, report: &Report, sync: Sync, link: &mut Link) -> io::Result<Option<String>> {
        let inputs: Vec<_> = self.shippers.iter().flat_map(|one| one.last.inputs.clone()).collect();
        let Kept { paths, notes } = keep(self.task, report, Some(report::line(report)), &inputs, sync);
        for note in notes {
            if self.said.insert(note.clone()) {
                link.send(&Message::Note(note))?;
            }
        }
        Ok(paths.into_iter().next())
    }

    pub(super) fn report(&self, stage: Stage, verdict: Verdict) -> Report {
        let left = self.shippers.iter().map(|one| one.last.left).fold(0, u64::saturating_add);
        let shippers = self.shippers.iter().map(One::report).collect();
        let files = self.shippers.iter().flat_map(|one| one.history.files());
        report::whole(wall(), stage, verdict, left, report::largest_lag(files), shippers)
    }
}

/// How long a disk may take to have a report.
const LIMIT: Duration = Duration::from_secs(60);

/// Has a report kept by the process that may write. What the shipper would take is not put there.
pub(super) fn keep(
    task: &Task,
    report: &Report,
    line: Option<String>,
    inputs: &[InputRules],
    sync: Sync,
) -> Kept {
    if task.folder.is_none() && task.file.is_none() {
        return Kept::default();
    }
    let note = task.folder.as_ref().and_then(|wanted| keep::folder(wanted, inputs).1);
    let taken = task.file.as_ref().is_some_and(|path| keep::is_asked_taken(&task.root, path, inputs));
    let place = |taken| if taken { ReportPlace::NotThere } else { ReportPlace::Wanted };
    let order = Order::Report {
        stage: report.stage,
        folder: place(note.is_some()),
        file: place(taken),
        sync: sync == Sync::Yes,
        line,
    };
    let mut kept = ordered(task, &order.with(Some(report)));
    kept.notes.extend(note);
    kept
}

/// Has lines added to the log; what is to be said of it.
fn log_lines(task: &Task, lines: Vec<String>, inputs: &[InputRules]) -> Vec<String> {
    let taken = task.folder.as_ref().is_some_and(|wanted| keep::folder(wanted, inputs).1.is_some());
    let folder = if taken { ReportPlace::NotThere } else { ReportPlace::Wanted };
    ordered(task, &Order::Lines { folder, lines }.with(None)).notes
}

/// The process that opens and writes is not asked any more: it ends while the verdict is told.
pub(super) fn close_opener(task: &Task) {
    task.root.opener().into_iter().for_each(Opener::close);
}

fn ordered(task: &Task, order: &[u8]) -> Kept {
    let said = task.root.opener().and_then(|opener| opener.extra(order, LIMIT));
    let kept = said.and_then(|said| serde_json::from_slice(&said).ok());
    kept.unwrap_or_else(|| Kept {
        notes: vec!["cannot keep a report: the process that writes it does not answer".to_owned()],
        ..Kept::default()
    })
}
