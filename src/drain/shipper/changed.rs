//! What a running shipper has read of its configuration, and what lies there now: not the same where it was changed
//! since.
//!
//! Contents and their time can be set (`cp -p`, `mv` of an older file), the time of that (ctime) cannot: the later
//! one counts. A driver: it reads `/proc` and files.

use super::Found;
use super::host::Host;
use crate::drain::cursor::Timestamp;
use crate::os::error::escape;
use crate::os::proc::ProcessId;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file may be written in the second in which its reader begins, and when that was is known to a second.
const BEGINNING: Duration = Duration::from_secs(2);

/// So many places are named.
const NAMED: usize = 3;

/// The mark of an executable that was replaced or removed, behind its path.
const DELETED: &str = " (deleted)";

impl Host {
    /// Why the files of a configuration are not those that its process has read, as a sentence with the remedy:
    /// they, or folders of such files, were changed since that began. What it reads again by itself counts as read.
    #[must_use]
    pub(in crate::drain) fn changed_configuration(&self, found: &Found) -> Option<String> {
        let began = found.began?;
        let changed = |path: &Path| found.root.changed(path).map(|time| (time, path.to_owned()));
        let mut places: Vec<String> = found
            .sources
            .iter()
            .filter(|source| !source.reread)
            // Where it is missing, the folder knows when it was taken away.
            .filter_map(|source| source.path.ancestors().find_map(changed))
            .filter(|(time, _)| is_after(*time, began))
            .map(|(_, path)| format!("'{}'", escape(path.as_os_str())))
            .collect();
        places.sort_unstable();
        places.dedup();
        let more = places.len().saturating_sub(NAMED);
        places.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let places = places.join(", ");
        let what = "these were changed after its process began, which has not read them since";
        (!places.is_empty()).then(|| format!("{what}: {places}{more}; restart the shipper"))
    }

    /// Why a process is not of the program that lies there, as a sentence with the remedy: its version, and what
    /// its modules take, are those of another one.
    #[must_use]
    pub(in crate::drain) fn changed_program(&self, found: &Found) -> Option<String> {
        let pid = found.process?;
        let exe = self.proc.exe(pid).ok()?;
        let lies = without_mark(&exe);
        if lies == exe && !self.is_program_newer(pid, found.began) {
            return None;
        }
        let name = escape(lies.as_os_str());
        let what = "runs a program that was changed, replaced or removed since it began";
        Some(format!("process {pid} {what}: '{name}'; restart the shipper"))
    }

    fn is_program_newer(&self, pid: ProcessId, began: Option<Timestamp>) -> bool {
        // The very file that it runs, also where the path leads to another one in its mount namespace. That link
        // itself is as old as the last look at it.
        let program = self.root.stat(Path::new(&format!("/proc/{pid}/exe"))).ok();
        program.zip(began).is_some_and(|(stat, began)| is_after(stat.changed(), began))
    }
}

/// The path of an executable that was replaced since its process began.
pub(super) fn without_mark(exe: &Path) -> PathBuf {
    let text = exe.to_str().and_then(|text| text.strip_suffix(DELETED));
    text.map_or_else(|| exe.to_owned(), PathBuf::from)
}

fn is_after(time: (i64, u32), began: Timestamp) -> bool {
    let time = time.0.saturating_mul(1_000_000_000).saturating_add(i64::from(time.1));
    let margin = i64::try_from(BEGINNING.as_nanos()).unwrap_or(i64::MAX);
    time > began.0.saturating_add(margin)
}
