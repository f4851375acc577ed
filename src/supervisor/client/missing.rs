//! The files by which others know a service that is up: what of them is not there, as it is now. rc stops what
//! has a lock, and tools go by the PID file.

use crate::os::clock;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::service::machine::State;
use crate::supervisor::service::pid_file;
use crate::supervisor::service::run::TIME_TO_LOOK;
use crate::supervisor::service::status::Record;
use crate::unit::model::{Body, Unit};
use std::path::Path;
use std::time::Duration;

/// What is missing, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// As a sentence.
    pub what: String,
    /// The remedy.
    pub hint: String,
}

/// After its time a file needs a moment to be written.
const MOMENT: Duration = Duration::from_secs(5);

/// Of a service that is up, by its record: why a file is not there that its supervisor could not write, else which
/// one somebody else has removed. The unit is asked for only where that counts.
#[must_use]
pub fn missing(place: &StateDir, record: &Record, unit: &dyn Fn() -> Unit) -> Option<Missing> {
    if !matches!(record.state(), State::Running | State::Exited | State::Reload)
        || record.supervisor.is_none()
    {
        return None;
    }
    if let Some(why) = &record.unwritten {
        let hint = "the service goes on; once it can be written it is, within 15 s".to_owned();
        return Some(Missing { what: why.clone(), hint });
    }
    let lock = record.lock.as_deref()?;
    let gone = |path: &Path| place.root.lstat(path).is_err_and(|e| e.is_not_found());
    let again = |path: &Path, who: &str| Missing {
        what: format!("'{}' is not there: {who}", path.display()),
        hint: format!("amr restart {} makes it anew", record.unit),
    };
    if gone(lock) {
        return Some(again(lock, "rc will not stop the service when the host goes down"));
    }
    let name = lock.file_name()?.to_str()?;
    let path = Path::new("/var/run").join(format!("{name}.pid"));
    let up = clock::now().saturating_sub(Duration::from_micros(record.active_enter.mono));
    let is_due = record.main.is_some() && up > TIME_TO_LOOK.saturating_add(MOMENT);
    if !is_due || !gone(&path) || !matches!(place.root.is_alone(&path), Ok(true)) {
        return None;
    }
    match unit().body {
        Body::Service(service) if !pid_file::is_the_programs(&service, name) => {
            Some(again(&path, "tools that look there take the service for down"))
        }
        Body::Service(_) | Body::Other => None,
    }
}
