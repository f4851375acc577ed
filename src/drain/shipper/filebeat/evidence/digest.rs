//! The end of Filebeat's log as a whole: what its lines, in their order, say of the process that wrote it last.
//!
//! Pure.

use super::{Counters, Entry, KEPT, Line, line};
use crate::drain::cursor::Timestamp;
use crate::drain::shipper::trouble::OutputTrouble;
use std::collections::BTreeSet;

/// What the end of a log says of the Filebeat that wrote it last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogDigest {
    /// The newest metrics line with a time.
    pub metrics: Option<(Timestamp, Counters)>,
    /// The files that it could not open.
    pub refused: BTreeSet<String>,
    /// How many lines speak of dropped events, and the last of them.
    pub dropped: Option<(u64, String)>,
    /// The last word about an output that does not answer.
    pub unreachable: Option<String>,
    /// Why nothing is taken, since the last sign that something is.
    pub trouble: Option<OutputTrouble>,
}

impl LogDigest {
    /// Reads the lines in their order. What was said before the last start is of another process.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut said = Self::default();
        for Line { at, word } in text.lines().filter_map(line) {
            match word {
                Entry::Metrics(counters) => {
                    // They are of the whole time since the ones before: only a trouble from then is over.
                    let before = said.metrics.map(|(at, _)| at);
                    if counters.acknowledged > Some(0)
                        && said.trouble.as_ref().and_then(OutputTrouble::last) < before
                    {
                        said.trouble = None;
                    }
                    said.metrics = at.map(|at| (at, counters));
                }
                Entry::Reached => said.trouble = None,
                Entry::Refused(path) => {
                    said.refused.insert(path);
                }
                Entry::Dropped(message) => {
                    let before = said.dropped.map_or(0, |(count, _)| count);
                    said.dropped = Some((before.saturating_add(1), message));
                }
                Entry::Unreachable { message, head } => {
                    said.trouble = Some(OutputTrouble::further(said.trouble, &message, &head, at));
                    said.unreachable = Some(message.chars().take(KEPT).collect());
                }
                Entry::Started(_) => said = Self { dropped: said.dropped, ..Self::default() },
            }
        }
        said
    }

    /// What of it is worth reporting.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let dropped = self.dropped.iter().map(|(count, message)| {
            format!("its log has {count} lines about dropped events, the last: '{message}'")
        });
        let trouble = self.unreachable.iter().map(|message| format!("its log says: '{message}'"));
        dropped.chain(trouble).collect()
    }
}
