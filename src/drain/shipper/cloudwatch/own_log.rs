//! What the CloudWatch agent says of itself: the end of its own log. It has no counters to be asked for.
//! A driver: it reads files.

use super::evidence::testimony;
use crate::drain::cursor::Timestamp;
use crate::drain::judge::facts::Doubt;
use crate::drain::shipper::interface::{Counters, EvidenceSource, LogEvidence};
use crate::drain::shipper::log_end::log_end;
use crate::os::clock;
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use crate::os::worker::within;
use std::path::Path;
use std::time::Duration;

/// Where the agent logs by default (`agent.logfile`).
const LOG: &str = "/opt/aws/amazon-cloudwatch-agent/logs/amazon-cloudwatch-agent.log";

/// The agent's own log.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnLog;

impl EvidenceSource for OwnLog {
    fn log(&self, root: &Root, limit: Duration) -> LogEvidence {
        let tree = root.clone();
        let text = within(limit, move || log_end(&tree, Path::new(LOG))).flatten();
        let told = text.map(|text| testimony(&text)).unwrap_or_default();
        let now = Timestamp(i64::try_from(clock::realtime().as_nanos()).unwrap_or(i64::MAX));
        LogEvidence { trouble: told.trouble.filter(|trouble| trouble.is_fresh(now)), ..told }
    }

    fn counters(&self, _: &Root, _: ProcessId) -> Result<Option<Counters>, String> {
        Ok(None)
    }

    /// Batches are in its memory alone.
    fn delivery_doubt(&self, _: &Root) -> Option<Doubt> {
        None
    }
}
