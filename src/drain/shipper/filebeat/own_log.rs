//! What Filebeat says of itself while it is asked: its counters over HTTP where it listens, else the
//! end of the newest file in `path.logs`.
//!
//! Only where it logs to files; what goes to the journal is not read. A log that cannot be read says
//! nothing, and silence proves nothing. A driver: it reads files and talks.

use super::config::{Config, Http, Queue, Setting};
use super::evidence::{self, LogDigest};
use super::{disk_queue, http};
use crate::drain::cursor::Timestamp;
use crate::drain::judge::facts::Doubt;
use crate::drain::shipper::interface::{Counters, EvidenceSource, LogEvidence};
use crate::drain::shipper::listener::OwnListener;
use crate::drain::shipper::log_end::log_end;
use crate::os::clock;
use crate::os::proc::ProcessId;
use crate::os::root::{FileKind, Root, Stat};
use crate::os::worker::within;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the packages set `path.logs` to.
const FOLDER: &str = "/var/log/filebeat";

/// The counters are on this host: an answer takes milliseconds.
const HTTP_LIMIT: Duration = Duration::from_secs(1);

/// Where one Filebeat speaks of itself.
#[derive(Clone, Debug)]
pub(super) struct SelfReport {
    http: Setting<Http>,
    folder: PathBuf,
    queues: Vec<Queue>,
    unanswered: bool,
    data: PathBuf,
}

impl SelfReport {
    pub(super) fn new(config: Config, data: &Path) -> Self {
        let folder = folder(&config);
        let (queues, unanswered) = (config.queues, config.unanswered);
        Self { folder, http: config.http, queues, unanswered, data: data.to_owned() }
    }
}

impl EvidenceSource for SelfReport {
    fn log(&self, root: &Root, limit: Duration) -> LogEvidence {
        let (tree, folder) = (root.clone(), self.folder.clone());
        let text = within(limit, move || end(&tree, &folder)).flatten();
        let said = text.map(|text| LogDigest::parse(&text)).unwrap_or_default();
        let now = Timestamp(i64::try_from(clock::realtime().as_nanos()).unwrap_or(i64::MAX));
        LogEvidence {
            in_flight: said.metrics.and_then(|(at, counters)| Some((counters.in_flight()?, at))),
            notes: said.notes(),
            trouble: said.trouble.filter(|trouble| trouble.is_fresh(now)),
            refused: said.refused,
        }
    }

    fn counters(&self, root: &Root, process: ProcessId) -> Result<Option<Counters>, String> {
        let Setting::Set(http) = &self.http else { return Ok(None) };
        let Some(endpoint) = http::Endpoint::parse(&http.host, http.port) else { return Ok(None) };
        // Below a folder that stands for `/` each process is what it seems.
        let own = root.is_host().then_some(OwnListener { root, process });
        match http::stats(&endpoint, root.opener(), own, HTTP_LIMIT) {
            Ok(body) => Ok(evidence::stats(&body).and_then(counted)),
            Err(http::Error::Io(_)) => Ok(None),
            Err(error @ http::Error::Another(_)) => {
                Err(format!("counters at {endpoint} are not believed: {error}"))
            }
        }
    }

    fn delivery_doubt(&self, root: &Root) -> Option<Doubt> {
        let queues = self.queues.iter().filter_map(|queue| disk_queue::doubt(queue, &self.data, root));
        let unanswered = || {
            let what = "its output takes what was sent for delivered (output.kafka.required_acks: 0)";
            self.unanswered.then(|| Doubt::Positions(what.to_owned()))
        };
        // What is never known counts more than what a later look may find shipped: it is not waited for.
        let doubts: Vec<Doubt> = queues.chain(unanswered()).collect();
        let passes = |doubt: &&Doubt| matches!(doubt, Doubt::KeptBack(_));
        doubts.iter().find(|doubt| !passes(doubt)).or(doubts.first()).cloned()
    }
}

/// As the drain takes them; `None` where they do not say what is in flight.
fn counted(said: evidence::Counters) -> Option<Counters> {
    Some(Counters {
        active: said.in_flight()?,
        dropped: said.dropped.unwrap_or(0),
        acknowledged: said.acknowledged.unwrap_or(0),
        failed: said.failed.unwrap_or(0),
    })
}

/// `path.logs`, by default `logs` below the home folder.
fn folder(config: &Config) -> PathBuf {
    let home = config.home.set().map(Path::new);
    match (&config.logs, home) {
        (Setting::Set(path), Some(home)) => home.join(path),
        (Setting::Set(path), None) => PathBuf::from(path),
        (Setting::Default, Some(home)) => home.join("logs"),
        (Setting::Default, None) | (Setting::Unknown(_), _) => PathBuf::from(FOLDER),
    }
}

/// The end of the newest file there, from the beginning of a line on. Rotated ones have other names
/// in each version: `filebeat`, `filebeat.1`; `filebeat-20260101.ndjson`, `filebeat-20260101-1.ndjson`.
fn end(root: &Root, folder: &Path) -> Option<String> {
    let own = |name: &[u8]| name.starts_with(b"filebeat");
    let entries = root.list(folder).ok()?.into_iter();
    let files = entries
        .filter(|entry| entry.kind == FileKind::Regular && own(entry.name.as_encoded_bytes()))
        .filter_map(|entry| {
            let path = folder.join(&entry.name);
            Some((root.lstat(&path).ok()?, path))
        });
    let (_, path): (Stat, PathBuf) = files.max_by_key(|(stat, _)| stat.mtime)?;
    log_end(root, &path)
}
