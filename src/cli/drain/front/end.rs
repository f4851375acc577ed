//! How a drain ends: its last words, its hook, and the last report where the other half does not answer.

use super::{Front, Link, REWRITE, REWRITE_ORDERED};
use crate::cli::drain::{parts, words};
use crate::cli::exit::Answer;
use crate::drain::inspect::wall;
use crate::drain::judge::verdict::Verdict;
use crate::drain::report::keep;
use crate::drain::report::{Report, Stage, rfc3339, whole};
use crate::drain::wait::message::Summary;
use crate::os::clock;
use crate::os::fork::{self, Side};
use crate::os::poll::{self, Interest};
use crate::os::root::Sync;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// No interim report that is made a last one is larger.
const LARGEST: u64 = 64 << 20;

impl Front<'_> {
    pub(super) fn took(&self) -> String {
        words::span(clock::now().saturating_sub(self.started))
    }

    pub(super) fn end(&mut self, summary: &Summary) {
        let took = clock::now().saturating_sub(self.started);
        let level = if summary.code == Verdict::Drained.code() { 6 } else { 4 };
        let text = words::end(summary, took, self.report.as_deref());
        self.audience.line(&text, level);
        self.audience.status(&text);
        self.ended = Some(Answer::Verdict(summary.code));
        // Its words are this one's: they are handed on to a command.
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.code() == summary.code);
        self.hook(verdict.unwrap_or(Verdict::CannotTell).words(), Some(summary.code));
    }

    pub(super) fn hook(&mut self, verdict: &str, code: Option<u8>) {
        let Some(hook) = &self.hook else { return };
        let report = self.report.as_deref().unwrap_or_default();
        match hook.start(verdict, code, report) {
            Ok(run) => self.hooks.push(run),
            Err(error) => self.audience.note(&error.to_string()),
        }
        // The hook's time is asked for at once.
        self.extended = None;
    }

    /// The other half has not answered: what it last knew is the answer.
    pub(super) fn without_the_other_half(&mut self) {
        let verdict = Verdict::GaveUp;
        let look = if self.begun { "the last look" } else { "the first look" };
        let mut because = format!("{look} at the files was not over in time, as where a file system hangs");
        if !self.summary.because.is_empty() {
            because = format!("{because}; {}", self.summary.because);
        }
        let kept = self.finish_report(verdict);
        if self.ended.is_some() {
            // It has answered meanwhile.
            return;
        }
        if !kept {
            because.push_str("; nor could the last report be written");
        }
        let known = self.summary.clone();
        let summary = Summary { verdict: verdict.words().to_owned(), code: verdict.code(), because, ..known };
        self.giving_up.get_or_insert(clock::now());
        self.end(&summary);
    }

    /// Makes the last interim report the final one, in a process that may hang instead of this one.
    /// Whether it was done in time.
    fn finish_report(&mut self, verdict: Verdict) -> bool {
        match fork::fork_pair() {
            Ok(Side::Child(mut link)) => {
                let _ = parts::apart(self.task, &[link.as_fd()]);
                let (report, interim) = self.last_report(verdict);
                if let Ok(path) = self.rewrite(&report) {
                    // The other one has gone on where one of these fails.
                    let _ = link.write(b"x");
                    self.rewrite_file(&report, interim.as_deref());
                    path.iter().for_each(|path| drop(keep::sync(&self.task.root, path)));
                }
                fork::leave();
            }
            Ok(Side::Parent(writes, link)) => {
                self.rewrites = Some(writes);
                self.is_finished(link)
            }
            Err(_) => false,
        }
    }

    /// Waits for the process that writes to say so, or for the other half to answer late: on a busy host it may be
    /// either.
    fn is_finished(&mut self, mut writes: UnixStream) -> bool {
        let until = match self.giving_up {
            Some(asked) => asked.saturating_add(REWRITE_ORDERED),
            None => clock::now().saturating_add(REWRITE),
        };
        while self.ended.is_none() {
            let mut fds = vec![(writes.as_fd(), Interest::Read)];
            if self.open == Link::Open {
                fds.push((self.link.as_fd(), Interest::Read));
            }
            let ready = poll::wait(&fds, Some(until.saturating_sub(clock::now()))).unwrap_or_default();
            if ready.is_empty() {
                return false;
            }
            if ready.contains(&0) {
                return writes.read(&mut [0]).is_ok_and(|got| got > 0);
            }
            if self.messages().is_err() {
                self.open = Link::Closed;
            }
        }
        true
    }

    /// The last report with this verdict, and the interim one that it is made from.
    fn last_report(&self, verdict: Verdict) -> (Report, Option<Vec<u8>>) {
        let interim =
            self.report.as_ref().and_then(|path| self.task.root.read(Path::new(path), LARGEST).ok());
        let none = || {
            let Summary { bytes, most, .. } = self.summary.clone();
            whole(wall(), Stage::Final, verdict, bytes, most, Vec::new())
        };
        let mut report = interim.as_deref().and_then(|text| Report::parse(text).ok()).unwrap_or_else(none);
        report.stage = Stage::Final;
        verdict.words().clone_into(&mut report.verdict);
        report.code = verdict.code();
        (report, interim)
    }

    fn rewrite(&self, report: &Report) -> Result<Option<PathBuf>, keep::Error> {
        let root = &self.task.root;
        match (&self.report, &self.task.folder) {
            (Some(path), folder) => {
                let path = PathBuf::from(path);
                keep::replace(root, &path, folder.as_deref(), report).map(|()| Some(path))
            }
            (None, Some(folder)) => {
                let name = (&*rfc3339(wall()), self.task.pid);
                keep::write(root, folder, &report.bytes(), name, Sync::No).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// The file of `--report` likewise, where it holds the same interim report.
    fn rewrite_file(&self, report: &Report, interim: Option<&[u8]>) {
        let Some(file) = &self.task.file else { return };
        let held = self.task.root.read(file, LARGEST).ok();
        if held.is_some() && held.as_deref() == interim {
            // There is nobody to tell: the first one is kept.
            let (bytes, folder) = (report.bytes(), self.task.folder.as_deref());
            drop(self.task.root.write_named(file, &bytes, (0o640, Sync::No), folder));
        }
    }
}
