//! `--exec`: a command that is told the verdict and where the report lies, to alert or to upload what
//! is left. It runs without a shell and for a limited time.

use crate::os::child::{Spawned, Spec, Stdio, spawn};
use crate::os::clock;
use crate::os::error::Error;
use crate::os::root::{FileKind, Root};
use crate::os::{kill, wait};
use crate::unit::value::words;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The command.
#[derive(Clone, Debug)]
pub struct Hook {
    program: PathBuf,
    words: Vec<OsString>,
    limit: Duration,
}

/// Why it is no command.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be split in words.
    #[error("cannot take --exec: {0}")]
    Words(String),
    /// Its program cannot be run.
    #[error("cannot take --exec: '{0}' is not the absolute path of an executable file")]
    Program(String),
}

/// Where programs of hooks look for others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Hook {
    /// From the words of the option, quoted as in `ExecStart=`.
    pub fn parse(text: &str, limit: Duration, root: &Root) -> Result<Self, Refused> {
        let words = words::split(text).map_err(|error| Refused::Words(error.message))?;
        let words: Vec<OsString> = words.into_iter().map(|word| word.text.into_owned().into()).collect();
        let program = PathBuf::from(words.first().cloned().unwrap_or_default());
        let runs = |path: &Path| {
            root.stat(path).is_ok_and(|stat| stat.kind == FileKind::Regular && stat.mode & 0o111 != 0)
        };
        if !program.is_absolute() || !runs(&program) {
            return Err(Refused::Program(super::output::shown(&program)));
        }
        Ok(Self { program: root.outer(&program), words, limit })
    }

    /// Starts it with the verdict and the report's path behind its own words.
    pub fn start(&self, verdict: &str, code: Option<u8>, report: &str) -> Result<Run, Error> {
        let word = verdict.replace(' ', "-");
        let mut argv = self.words.clone();
        argv.extend([OsString::from(&word), OsString::from(report)]);
        let mut env: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), PATH.into()),
            ("AMR_DRAIN_VERDICT".into(), word.into()),
            ("AMR_DRAIN_REPORT".into(), report.into()),
        ];
        env.extend(code.map(|code| ("AMR_DRAIN_CODE".into(), code.to_string().into())));
        let spec = Spec {
            program: self.program.clone(),
            argv,
            env,
            stdio: [Stdio::Null, Stdio::Inherit, Stdio::Inherit],
            new_session: true,
            ..Spec::default()
        };
        Ok(Run { child: spawn(&spec)?, ends: clock::now().saturating_add(self.limit) })
    }
}

/// A hook that runs.
#[derive(Debug)]
pub struct Run {
    child: Spawned,
    ends: Duration,
}

impl Run {
    /// Its limit.
    pub fn ends(&self) -> Duration {
        self.ends
    }

    /// Whether it is over. Past its limit it is killed, with what it started. What it says of itself
    /// is a note.
    pub fn over(&mut self, now: Duration) -> Option<Option<String>> {
        match wait::reap(self.child.pid) {
            Ok(Some(reaped)) if reaped.exit == wait::Exit::Exited(0) => Some(None),
            Ok(Some(reaped)) => Some(Some(format!("the command of --exec failed: {}", reaped.exit))),
            Err(error) => Some(Some(error.to_string())),
            Ok(None) if now < self.ends => None,
            Ok(None) => {
                // Its group is its own session's; unreaped, the number is still its own.
                let _ = kill::group(self.child.pid, 9);
                Some(Some("the command of --exec took too long and was killed".to_owned()))
            }
        }
    }
}
