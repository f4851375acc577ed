//! `--exec`: a command that is told the verdict and where the report lies, to alert or to upload what
//! is left. It runs without a shell and for a limited time, which a process of its own keeps ([`guard`]).

use super::guard::{GRACE, guard};
use crate::os::child::Spec;
use crate::os::clock;
use crate::os::error::Error;
use crate::os::features::Features;
use crate::os::fork::{self, Side};
use crate::os::proc::ProcessId;
use crate::os::root::{FileKind, Root};
use crate::unit::value::words;
use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The command.
#[derive(Clone, Debug)]
pub struct Hook {
    program: PathBuf,
    words: Vec<OsString>,
    limit: Duration,
    features: Features,
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
    pub fn parse(text: &str, limit: Duration, root: &Root, features: Features) -> Result<Self, Refused> {
        let words = words::split(text).map_err(|error| Refused::Words(error.message))?;
        let words: Vec<OsString> = words.into_iter().map(|word| word.text.into_owned().into()).collect();
        let program = PathBuf::from(words.first().cloned().unwrap_or_default());
        let runs = |path: &Path| {
            root.stat(path).is_ok_and(|stat| stat.kind == FileKind::Regular && stat.mode & 0o111 != 0)
        };
        if !program.is_absolute() || !runs(&program) {
            return Err(Refused::Program(super::output::shown(&program)));
        }
        Ok(Self { program: root.outer(&program), words, limit, features })
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
        let (program, limit) = (self.program.clone(), clock::now().saturating_add(self.limit));
        let spec = Spec { program, argv, env, new_session: true, ..Spec::default() };
        match fork::fork_pair()? {
            Side::Child(link) => {
                guard(spec, limit, link, &self.features);
                fork::leave();
            }
            Side::Parent(guard, link) => {
                let failed = |error| Error::new("start", "second process", error);
                link.set_nonblocking(true).map_err(failed)?;
                Ok(Run { guard, link, said: Vec::new(), ends: limit.saturating_add(LATE) })
            }
        }
    }
}

/// How long after the limit the guard may take to say that the command was killed.
const LATE: Duration = GRACE.saturating_mul(2);

/// A hook that runs.
#[derive(Debug)]
pub struct Run {
    guard: ProcessId,
    link: UnixStream,
    said: Vec<u8>,
    ends: Duration,
}

impl AsFd for Run {
    /// Readable when there is something to say of it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}

impl Run {
    /// When it is over at the latest.
    pub fn ends(&self) -> Duration {
        self.ends
    }

    /// Whether it is over. What is said of it is a note.
    pub fn over(&mut self, now: Duration) -> Option<Option<String>> {
        let mut block = [0; 512];
        let closed = loop {
            match self.link.read(&mut block) {
                Ok(0) => break true,
                Ok(got) => self.said.extend(block.iter().take(got)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break error.kind() != ErrorKind::WouldBlock,
            }
        };
        if let Some(end) = self.said.iter().position(|byte| *byte == b'\n') {
            let said = String::from_utf8_lossy(self.said.get(..end).unwrap_or_default()).into_owned();
            return Some((!said.is_empty()).then_some(said));
        }
        if !closed && now < self.ends {
            return None;
        }
        // It ends with its own limit, if it lives.
        Some(Some(format!(
            "what became of the command of --exec is not known: process {} does not say",
            self.guard
        )))
    }
}
