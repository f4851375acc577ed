//! A job that is being carried out: by a supervisor that was there, or by one that it has started.

use super::{Answer, BETWEEN, ClientError, Ended, Job, Options, PATIENCE, Result, is_left, plan, supervise};
use crate::os::clock;
use crate::os::error::Error;
use crate::os::lock::Lock;
use crate::os::poll::{self, Interest};
use crate::os::socket::Connection;
use crate::supervisor::core::state_dir::StateDir;
use crate::supervisor::core::version::VERSION;
use crate::supervisor::service::message::{Reply, Request};
use crate::supervisor::service::plan::{FirstAction, Plan, PlanError};
use crate::unit::model::Unit;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// A job that is being carried out. Several can be waited for at once: poll [`Pending::fd`], then
/// call [`Pending::advance`].
#[derive(Debug)]
pub struct Pending {
    state_dir: StateDir,
    unit: String,
    /// Needed only to start a supervisor: a unit whose files are gone or refused can still be stopped.
    plan: std::result::Result<Plan, PlanError>,
    options: Options,
    job: Job,
    source: Source,
    /// In which the supervisor is asked.
    version: u32,
    deadline: Option<Duration>,
    /// See [`Ended`].
    is_ours: bool,
}

#[derive(Debug)]
enum Source {
    /// Ask again: a supervisor is just coming or going.
    Again,
    /// The pipe of a supervisor that this job has started, and what has come through it.
    Pipe(File, Vec<u8>),
    /// A conversation with one that was there.
    Connection(Connection),
    /// A start that waits for the end of a stop.
    Behind(Connection),
    /// Nothing is left to wait for.
    Settled(Answer),
}

impl Pending {
    pub(super) fn new(state_dir: &StateDir, unit: &Unit, options: &Options, job: Job) -> Result<Self> {
        let first_action = match job {
            Job::Start => FirstAction::Start,
            Job::Stop | Job::StopForRestart => FirstAction::Stop,
            Job::Reload => FirstAction::Adopt,
        };
        let plan = plan(state_dir, unit, options, first_action);
        if job == Job::Start {
            plan.clone()?;
        }
        let mut pending = Self::with(state_dir, unit, plan, options, job, Source::Again);
        pending.begin()?;
        Ok(pending)
    }

    /// Has a new supervisor take over what a killed one left.
    pub(super) fn adopt(state_dir: &StateDir, unit: &Unit, options: &Options) -> Result<Self> {
        let plan = plan(state_dir, unit, options, FirstAction::Adopt)?;
        let pipe = supervise(&plan, options)?;
        Ok(Self::with(state_dir, unit, Ok(plan), options, Job::Start, Source::Pipe(pipe, Vec::new())))
    }

    fn with(
        state_dir: &StateDir,
        unit: &Unit,
        plan: std::result::Result<Plan, PlanError>,
        options: &Options,
        job: Job,
        source: Source,
    ) -> Self {
        Self {
            state_dir: state_dir.clone(),
            unit: unit.name.to_string(),
            plan,
            options: options.clone(),
            job,
            source,
            version: VERSION,
            deadline: options.timeout.map(|t| clock::now().saturating_add(t)),
            is_ours: false,
        }
    }

    /// Asks the supervisor that is there, or starts one.
    fn begin(&mut self) -> Result<()> {
        let files = self.state_dir.files(&self.unit);
        let request = self.job.request();
        // A start mostly finds nobody, the others somebody.
        let connection = if self.job == Job::Start { None } else { self.request(request) };
        // One that waits for its plan was started when nobody held the lock; it says if that has changed.
        let nobody = self.job == Job::Start && self.options.ahead.waits();
        if connection.is_some() || !nobody && Lock::is_held(&self.state_dir.root, &files.lock)? {
            let connection = connection.or_else(|| self.request(request));
            self.source = connection.map_or(Source::Again, Source::Connection);
            return Ok(());
        }
        self.source = match self.job {
            Job::Stop | Job::StopForRestart if !is_left(self.state_dir.record(&self.unit)?.as_ref())? => {
                self.clear_lock()?;
                Source::Settled(Answer::AlreadyDown)
            }
            Job::Reload => {
                let (unit, why) = (self.unit.clone(), "it is not active".to_owned());
                return Err(ClientError::Refused { unit, why });
            }
            Job::Start | Job::Stop | Job::StopForRestart => {
                let plan = self.plan.as_ref().map_err(Clone::clone)?;
                Source::Pipe(supervise(plan, &self.options)?, Vec::new())
            }
        };
        Ok(())
    }

    /// A connection on which the request was sent; `None` when nobody listens (yet, or any more).
    fn request(&self, request: Request) -> Option<Connection> {
        let path = self.state_dir.files(&self.unit).control;
        let connection = Connection::open(&self.state_dir.root, &path, PATIENCE).ok()?;
        connection.send(&request.encode(self.version), PATIENCE).ok()?;
        Some(connection)
    }

    /// The subsys lock of a service whose supervisor was killed and which then ended.
    fn clear_lock(&self) -> Result<()> {
        match self.state_dir.record(&self.unit)?.and_then(|r| r.lock) {
            Some(path) => Ok(self.state_dir.root.safe_remove_file(&path)?),
            None => Ok(()),
        }
    }

    /// Becomes readable when there may be something new; `None`: call [`Pending::advance`] again
    /// after a few milliseconds.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.source {
            Source::Pipe(file, _) => Some(file.as_fd()),
            Source::Connection(c) | Source::Behind(c) => Some(c.as_fd()),
            Source::Again | Source::Settled(_) => None,
        }
    }

    /// Name of the unit that the job is about.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Takes what has come, without waiting; `Some` when the job has ended.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn advance(&mut self) -> Result<Option<Ended>> {
        match std::mem::replace(&mut self.source, Source::Again) {
            Source::Again => self.begin()?,
            Source::Settled(answer) => {
                self.source = Source::Settled(answer.clone());
                return self.ended(answer).map(Some);
            }
            Source::Pipe(file, text) => self.read_pipe(file, text)?,
            Source::Connection(c) => self.read_connection(c)?,
            Source::Behind(c) => {
                if !is_ready(c.as_fd())? {
                    self.source = Source::Behind(c);
                }
            }
        }
        match &self.source {
            Source::Settled(answer) => self.ended(answer.clone()).map(Some),
            Source::Again | Source::Pipe(..) | Source::Connection(_) | Source::Behind(_) => Ok(None),
        }
    }

    fn read_pipe(&mut self, mut file: File, mut text: Vec<u8>) -> Result<()> {
        let mut buffer = [0_u8; 512];
        let n = match file.read(&mut buffer) {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                self.source = Source::Pipe(file, text);
                return Ok(());
            }
            read => read.map_err(|e| Error::new("read", "report pipe", e))?,
        };
        text.extend_from_slice(buffer.get(..n).unwrap_or_default());
        if text.contains(&b'\n') {
            return self.apply_reply(Reply::decode(&text));
        }
        if n == 0 {
            // It died before it could answer. What it left, if anything, is taken over.
            let why = "its supervisor ended before it answered".to_owned();
            return Err(ClientError::NotSupervised { unit: self.unit.clone(), why });
        }
        self.source = Source::Pipe(file, text);
        Ok(())
    }

    fn read_connection(&mut self, connection: Connection) -> Result<()> {
        if !is_ready(connection.as_fd())? {
            self.source = Source::Connection(connection);
            return Ok(());
        }
        let bytes = connection.receive(Duration::ZERO).unwrap_or_default();
        if bytes.is_empty() {
            // It has gone without an answer: ask again.
            return Ok(());
        }
        self.apply_reply(Reply::decode(&bytes))
    }

    fn apply_reply(&mut self, reply: Reply) -> Result<()> {
        let unit = self.unit.clone();
        self.is_ours = matches!(reply, Reply::StoppedYours(_));
        self.source = match reply {
            Reply::Started => Source::Settled(Answer::Started),
            Reply::Done => Source::Settled(Answer::Done),
            Reply::Failed(result, why) => Source::Settled(Answer::Failed(result, why)),
            Reply::Stopped(result) | Reply::StoppedYours(result) => Source::Settled(Answer::Stopped(result)),
            Reply::Reloaded(result) => Source::Settled(Answer::Reloaded(result)),
            // It goes down: stand behind those who wait for that, then begin anew.
            Reply::Later => self.request(Request::Stop).map_or(Source::Again, Source::Behind),
            Reply::Busy => Source::Again,
            Reply::Speaks(older) if older < self.version => {
                self.version = older;
                Source::Again
            }
            Reply::Refused(why) => return Err(ClientError::Refused { unit, why }),
            Reply::Error(why) => {
                // A folder that it refused is better told by the kind of trouble.
                self.state_dir.prepare(&self.unit)?;
                return Err(ClientError::NotSupervised { unit, why });
            }
            Reply::Ok | Reply::Speaks(_) => {
                let why = "its supervisor does not know the request".to_owned();
                return Err(ClientError::Refused { unit, why });
            }
        };
        Ok(())
    }

    fn ended(&self, answer: Answer) -> Result<Ended> {
        let record = match answer {
            Answer::Failed(..) => self.state_dir.record(&self.unit)?,
            Answer::Reloaded(result) if result.is_failure() => self.state_dir.record(&self.unit)?,
            Answer::Started
            | Answer::Done
            | Answer::Stopped(_)
            | Answer::AlreadyDown
            | Answer::Reloaded(_) => None,
        };
        Ok(Ended { answer, record, is_ours: self.is_ours })
    }

    /// Waits for the end of the job.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn finish(&mut self) -> Result<Ended> {
        loop {
            if let Some(ended) = self.advance()? {
                self.wait_for_exit()?;
                return Ok(ended);
            }
            let left = self.deadline.map(|d| d.saturating_sub(clock::now()));
            if left.is_some_and(|l| l.is_zero()) {
                return Err(ClientError::Timeout { unit: self.unit.clone() });
            }
            match self.fd() {
                Some(fd) => poll::wait(&[(fd, Interest::Read)], left)?,
                None => poll::wait(&[], Some(left.map_or(BETWEEN, |l| l.min(BETWEEN))))?,
            };
        }
    }

    /// After a stop the supervisor has nothing more to do than to go: a start that follows at once
    /// need not meet it.
    fn wait_for_exit(&self) -> Result<()> {
        if !self.job.is_stop() {
            return Ok(());
        }
        let deadline = clock::now().saturating_add(PATIENCE);
        let lock = self.state_dir.files(&self.unit).lock;
        while Lock::is_held(&self.state_dir.root, &lock)? && clock::now() < deadline {
            let over = self.state_dir.record(&self.unit)?.is_some_and(|r| r.state().is_over());
            if !over {
                return Ok(());
            }
            poll::wait(&[], Some(Duration::from_millis(1)))?;
        }
        Ok(())
    }
}

fn is_ready(fd: BorrowedFd<'_>) -> Result<bool> {
    Ok(!poll::wait(&[(fd, Interest::Read)], Some(Duration::ZERO))?.is_empty())
}
