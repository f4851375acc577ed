//! A transaction as `--dry-run` prints it and as JSON. Pure.

use super::{JobReason, Transaction};
use crate::order::graph::SourceLocation;
use serde_json::{Value, json};
use std::fmt::Write as _;

impl Transaction {
    /// The indexes from this job up to what was asked for, this job first.
    #[must_use]
    pub fn chain(&self, job: usize) -> Vec<usize> {
        let mut chain = vec![job];
        let mut at = job;
        while let Some(JobReason::Pulled { by, .. }) = self.jobs.get(at).map(|j| &j.because) {
            if chain.contains(by) {
                break;
            }
            chain.push(*by);
            at = *by;
        }
        chain
    }

    /// Why this job is there, in one clause: `Requires of app.service (/etc/…/app.service:4)`.
    #[must_use]
    pub fn reason(&self, job: usize) -> String {
        match self.jobs.get(job).map(|j| &j.because) {
            Some(JobReason::Asked) | None => "asked for".to_owned(),
            Some(JobReason::Isolated) => "nothing that stays needs it".to_owned(),
            Some(JobReason::Pulled { by, relation, origin }) => {
                let unit = self.jobs.get(*by).map_or("", |j| j.unit.as_str());
                let place = origin
                    .as_ref()
                    .map_or_else(|| "by default".to_owned(), |o| SourceLocation(o).to_string());
                format!("{} of {unit} ({place})", relation.as_str())
            }
        }
    }

    /// One line for each job, in order, and then the notes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let wide = self.jobs.iter().map(|j| j.unit.as_str().len()).max().unwrap_or(0);
        let mut out = String::new();
        for (at, job) in self.jobs.iter().enumerate() {
            let waits: Vec<String> = job.waits_for.iter().map(|w| (w + 1).to_string()).collect();
            let after = if waits.is_empty() { String::new() } else { format!(", after {}", waits.join(" ")) };
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "{:>3}  {:<15}  {:<wide$}  {}{after}",
                at + 1,
                job.kind.as_str(),
                job.unit.as_str(),
                self.reason(at)
            );
        }
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        out
    }

    /// `{"jobs": […], "notes": […]}`; jobs refer to one another by position from 0.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let job = |(at, job): (usize, &super::Job)| {
            let because = match &job.because {
                JobReason::Asked => json!({ "asked": true }),
                JobReason::Isolated => json!({ "isolated": true }),
                JobReason::Pulled { by, relation, origin } => json!({
                    "job": by,
                    "relation": relation.as_str(),
                    "file": origin.as_ref().map(|o| o.path.display().to_string()),
                    "line": origin.as_ref().map(|o| o.span.line),
                }),
            };
            json!({
                "number": at,
                "unit": job.unit.as_str(),
                "job": job.kind.as_str(),
                "waits_for": job.waits_for,
                "because": because,
            })
        };
        let notes: Vec<String> = self.notes.iter().map(ToString::to_string).collect();
        json!({ "jobs": self.jobs.iter().enumerate().map(job).collect::<Vec<_>>(), "notes": notes })
    }
}
