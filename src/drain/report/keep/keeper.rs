//! Keeps the reports of one drain for the half that looks, which may not write: that half says what and
//! whether the shipper would take it, this one knows where.
//!
//! A driver: it writes files.

use super::{DEBUG_SIZE, ELSEWHERE, Error, LOG_SIZE, Prepared, log, sync, write};
use crate::drain::report::{Report, Stage};
use crate::os::error::escape;
use crate::os::opener::ExtraHandler;
use crate::os::root::{Root, Sync};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// A report, whose bytes stand behind the order.
    Report {
        /// Whether it is the last one.
        stage: Stage,
        /// Where it must not lie.
        folder: ReportPlace,
        /// Where the file of `--report` must not lie.
        file: ReportPlace,
        /// Whether it is on the disk when the answer comes.
        sync: bool,
        /// Its line for the log; none of one that nobody waited for.
        line: Option<String>,
    },
    /// Lines for the log alone, of a drain that tells each step.
    Lines {
        /// Where the log must not lie.
        folder: ReportPlace,
        /// The lines.
        lines: Vec<String>,
    },
}

/// Whether the shipper would take a report from where it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportPlace {
    /// It would not.
    Wanted,
    /// It would.
    NotThere,
}

/// What was kept, and what is to be said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The files, that in the folder first.
    pub paths: Vec<String>,
    /// What failed, each as a sentence: a report that is not kept is no error of the drain.
    pub notes: Vec<String>,
}

/// Keeps the reports of one drain.
#[derive(Debug)]
pub struct Keeper {
    /// Where paths lead: `/`, or the folder of `--root`.
    pub root: Root,
    /// The folder for reports; `None` keeps none.
    pub folder: Option<PathBuf>,
    /// A file for the report beside it.
    pub file: Option<PathBuf>,
    /// When the drain began, and its process: the report's name.
    pub name: (String, u32),
    /// Room for the last one.
    pub prepared: Option<Prepared>,
    /// What is to be synced when it was told.
    pub unsynced: Vec<PathBuf>,
    /// The interim report beside which room is to be made.
    pub interim: Option<PathBuf>,
    /// In bytes; more at debug level.
    pub log_size: u64,
}

/// Whether a drain of this process keeps a report there: in its folder, or the one in its place, by the name that
/// [`write`] gives; or in the file of `--report`.
#[must_use]
pub fn is_of_drain(path: &Path, folder: Option<&Path>, file: Option<&Path>, pid: u32) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let time = name.strip_prefix("drain-").and_then(|rest| rest.strip_suffix(&format!("-{pid}.json")));
    let named =
        time.is_some_and(|time| time.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'));
    let above = path.parent();
    file == Some(path)
        || (named && folder.is_some() && (above == folder || above == Some(Path::new(ELSEWHERE))))
}

impl ReportPlace {
    /// The folder that is wanted, or the one in its place.
    fn choose(self, wanted: &Path) -> &Path {
        match self {
            Self::Wanted => wanted,
            Self::NotThere => Path::new(ELSEWHERE),
        }
    }
}

impl Keeper {
    /// Keeps nothing yet.
    #[must_use]
    pub fn new(root: Root, folder: Option<PathBuf>, file: Option<PathBuf>, name: (String, u32)) -> Self {
        let (prepared, unsynced, interim) = (None, Vec::new(), None);
        Self { root, folder, file, name, prepared, unsynced, interim, log_size: LOG_SIZE }
    }

    /// Keeps what is ordered.
    pub fn keep(&mut self, order: &Order, report: &[u8]) -> Kept {
        let mut kept = Kept::default();
        match order {
            Order::Lines { folder, lines } => {
                self.log_size = DEBUG_SIZE;
                let folder = self.folder.as_deref().map(|wanted| folder.choose(wanted));
                let failed = folder.and_then(|folder| log(&self.root, folder, lines, self.log_size).err());
                kept.notes.extend(failed.map(|error| error.to_string()));
            }
            Order::Report { stage, folder, file, sync, line } => {
                let sync = if *sync { Sync::Yes } else { Sync::No };
                self.in_folder(*stage, *folder, report, sync, line.as_deref(), &mut kept);
                let aside = self.folder.as_deref().map(|wanted| folder.choose(wanted));
                self.in_file(*file, aside, report, sync, &mut kept);
                if sync == Sync::No {
                    self.unsynced.extend(kept.paths.iter().map(PathBuf::from));
                }
            }
        }
        kept
    }

    fn in_folder(
        &mut self,
        stage: Stage,
        place: ReportPlace,
        report: &[u8],
        sync: Sync,
        line: Option<&str>,
        kept: &mut Kept,
    ) {
        let Some(wanted) = &self.folder else { return };
        let folder = place.choose(wanted);
        let prepared = self.prepared.as_ref().filter(|_| stage == Stage::Final);
        let finished = prepared.and_then(|prepared| prepared.finish(&self.root, report, sync).ok());
        let name = (&*self.name.0, self.name.1);
        let written = finished.map_or_else(|| write(&self.root, folder, report, name, sync), Ok);
        match written {
            Ok(path) => {
                let line = line.map(|line| [line.to_owned()]);
                let logged = line.and_then(|line| log(&self.root, folder, &line, self.log_size).err());
                kept.notes.extend(logged.map(|error| error.to_string()));
                kept.paths.push(path.display().to_string());
                self.interim = (stage == Stage::Interim).then_some(path);
            }
            Err(error) => kept.notes.push(error.to_string()),
        }
    }

    /// `aside`: where reports are kept, and a temporary name of this one may stay that a killed process leaves.
    fn in_file(&self, place: ReportPlace, aside: Option<&Path>, report: &[u8], sync: Sync, kept: &mut Kept) {
        let Some(path) = &self.file else { return };
        let written = match place {
            ReportPlace::Wanted => {
                self.root.write_named(path, report, (0o640, sync), aside).map_err(Error::Os)
            }
            ReportPlace::NotThere => Err(Error::Taken(escape(path.as_os_str()))),
        };
        match written {
            Ok(()) => kept.paths.push(path.display().to_string()),
            Err(error) => kept.notes.push(error.to_string()),
        }
    }
}

impl ExtraHandler for Keeper {
    fn answer(&mut self, asked: &[u8]) -> Vec<u8> {
        // The order is one line; the report stands behind it.
        let end = asked.iter().position(|byte| *byte == b'\n').unwrap_or(asked.len());
        let (order, report) = asked.split_at(end);
        let kept = match serde_json::from_slice(order) {
            Ok(order) => self.keep(&order, report.get(1..).unwrap_or_default()),
            Err(error) => Kept { notes: vec![format!("cannot keep a report: {error}")], ..Kept::default() },
        };
        // Into memory, and no type here has a value without a form: it does not fail.
        serde_json::to_vec(&kept).unwrap_or_default()
    }

    /// Syncs what was told before it was, and makes room for the last report. Without that it takes longer,
    /// no more.
    fn afterwards(&mut self) {
        for path in std::mem::take(&mut self.unsynced) {
            // It cannot be told any more that this failed: the process that speaks has gone on.
            drop(sync(&self.root, &path));
        }
        if let Some(interim) = self.interim.take() {
            self.prepared = Prepared::make(&self.root, &interim).ok();
        }
    }
}

impl Order {
    /// As it is asked, with the report behind it.
    #[must_use]
    pub fn with(&self, report: Option<&Report>) -> Vec<u8> {
        // As above.
        let mut order = serde_json::to_vec(self).unwrap_or_default();
        order.push(b'\n');
        report.into_iter().for_each(|report| report.add_to(&mut order));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lies_where_the_drain_keeps_it_and_nowhere_else() {
        let folder = Path::new("/var/log/amr-drain");
        let of = |path: &str| is_of_drain(Path::new(path), Some(folder), Some(Path::new("/srv/r.json")), 7);
        for (path, own) in [
            ("/var/log/amr-drain/drain-2026-01-01T000000Z-7.json", true),
            ("/var/lib/amr-drain/drain-2026-01-01T000000Z-7.json", true),
            ("/srv/r.json", true),
            ("/var/log/amr-drain/drain-2026-01-01T000000Z-8.json", false),
            ("/var/log/amr-drain/../../../etc/drain-2026-7.json", false),
            ("/var/log/amr-drain/drain-a.b-7.json", false),
            ("/etc/cron.d/drain-2026-01-01T000000Z-7.json", false),
            ("/etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(of(path), own, "{path}");
        }
        let name = super::super::name("2026-01-01T00:00:00Z", 7);
        assert!(of(folder.join(name).to_str().unwrap()));
        assert!(!is_of_drain(Path::new("/var/lib/amr-drain/drain-2026-7.json"), None, None, 7));
    }
}
