//! The control socket: requests as they come ([`message`](crate::supervisor::service::message)), and those who wait
//! for an end.

use super::Supervisor;
use crate::os::error::Result;
use crate::os::ids;
use crate::os::socket::Connection;
use crate::supervisor::service::machine::{Event, Machine, ServiceResult, Slot, StopKind};
use crate::supervisor::service::message::{Reply, Request, Who};
use crate::supervisor::service::plan::{Errand, Plan};
use crate::supervisor::service::status::Record;
use crate::supervisor::service::version::FIRST;
use crate::unit::model::StartLimit;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// How long a request may take to arrive: its sender has connected and writes at once.
const PATIENCE: Duration = Duration::from_millis(200);

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Start,
    Stop,
    Reload,
}

/// Where the answer goes, and in which version.
#[derive(Debug)]
struct Ear {
    to: To,
    version: u32,
}

#[derive(Debug)]
enum To {
    Connection(Connection),
    /// The pipe of the command that started this supervisor.
    Pipe(File),
}

impl Ear {
    /// Can whoever asked see to those whom an end concerns?
    fn takes_over(&self) -> bool {
        self.version > FIRST
    }

    /// Whoever asked may have gone: that is no concern of the service.
    fn tell(&mut self, reply: &Reply) {
        let mut bytes = reply.encode(self.version);
        match &mut self.to {
            To::Connection(c) => drop(c.send(&bytes, Duration::ZERO)),
            To::Pipe(p) => {
                bytes.push(b'\n');
                // In one piece: whoever reads wakes up once.
                drop(p.write_all(&bytes));
            }
        }
    }
}

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    all: Vec<(What, Ear)>,
    /// The first who waits for a stop sees to those whom it concerns.
    is_theirs: bool,
}

impl Waiters {
    /// Whoever sent the plan.
    pub(super) fn add_starter(&mut self, pipe: File, plan: &Plan) {
        let what = if plan.errand == Errand::Stop { What::Stop } else { What::Start };
        self.all.push((what, Ear { to: To::Pipe(pipe), version: plan.version }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A command that has asked for the stop and is still there knows which other jobs are under way, and
    /// lets reactions wait for them, as systemd's queue does. `false` where there is none.
    pub(super) fn takes_over(&mut self) -> bool {
        self.forget_gone();
        self.is_theirs = self.all.iter().any(|(what, ear)| *what == What::Stop && ear.takes_over());
        self.is_theirs
    }

    /// Does anybody wait for the end of a start?
    pub(super) fn await_start(&self) -> bool {
        self.all.iter().any(|(what, _)| *what == What::Start)
    }

    /// The connections: one that becomes readable has been given up.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.iter().filter_map(|(_, ear)| match &ear.to {
            To::Connection(c) => Some(c.as_fd()),
            To::Pipe(_) => None,
        })
    }

    pub(super) fn forget_gone(&mut self) {
        self.all.retain(|(_, ear)| match &ear.to {
            To::Connection(c) => !c.receive(Duration::ZERO).is_ok_and(|bytes| bytes.is_empty()),
            To::Pipe(_) => true,
        });
    }

    fn tell(&mut self, which: What, reply: &Reply) {
        for (what, ear) in &mut self.all {
            if *what == which {
                ear.tell(reply);
            }
        }
        self.all.retain(|(what, _)| *what != which);
    }

    pub(super) fn started(&mut self) {
        self.tell(What::Start, &Reply::Started);
    }

    pub(super) fn reloaded(&mut self, result: ServiceResult) {
        self.tell(What::Reload, &Reply::Reloaded(result));
    }

    /// A stop is over, and a start follows that somebody waits for.
    pub(super) fn stopped(&mut self, machine: &Machine) {
        self.reloaded(machine.result);
        let first = self.all.iter().position(|(what, ear)| *what == What::Stop && ear.takes_over());
        if let (true, Some(at)) = (std::mem::take(&mut self.is_theirs), first) {
            let (_, mut ear) = self.all.remove(at);
            ear.tell(&Reply::StoppedYours(machine.result));
        }
        self.tell(What::Stop, &Reply::Stopped(machine.result));
    }

    /// A run is over: a start has failed, or was one that ends by itself.
    pub(super) fn over(&mut self, machine: &Machine, record: &Record, limit: StartLimit) {
        // What the start limit refuses leaves the result of the last run; who asked is told of the limit.
        let result =
            if machine.starts.is_used_up(limit) { ServiceResult::StartLimitHit } else { machine.result };
        let start = if result.is_failure() {
            Reply::Failed(result, record.exec_failure.clone().unwrap_or_default())
        } else {
            Reply::Done
        };
        self.tell(What::Start, &start);
        if machine.state.is_over() {
            self.stopped(machine);
        } else {
            self.reloaded(machine.result);
        }
    }

    /// Nobody is left without an answer when the supervisor goes.
    pub(super) fn answer_all(&mut self, machine: &Machine, record: &Record, limit: StartLimit) {
        self.over(machine, record, limit);
    }
}

impl Supervisor {
    pub(super) fn accept(&mut self) -> Result<()> {
        while let Some(connection) = self.listener.accept()? {
            let (_, uid, _) = connection.peer()?;
            if uid != 0 && uid != ids::effective_uid() {
                log::warn!("user {uid} may not command '{}': connection closed", self.plan.unit);
                continue;
            }
            match connection.receive(PATIENCE) {
                Ok(bytes) if !bytes.is_empty() => self.request(&bytes, connection),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn request(&mut self, packet: &[u8], connection: Connection) {
        let (version, request) = Request::decode(packet);
        let mut ear = Ear { to: To::Connection(connection), version };
        match request {
            Ok(Request::Start) => self.asked_to_start(ear),
            Ok(Request::Stop) => self.asked_to_stop(ear, StopKind::Stop),
            Ok(Request::StopForRestart) => self.asked_to_stop(ear, StopKind::Restart),
            Ok(Request::Reload) => self.asked_to_reload(ear),
            Ok(Request::Kill(signal, who)) => {
                let reply = self.asked_to_kill(signal, who).map_or_else(Reply::Refused, |()| Reply::Ok);
                ear.tell(&reply);
            }
            Ok(Request::ResetFailed) => {
                self.queue.push_back(Event::ResetFailed);
                ear.tell(&Reply::Ok);
            }
            Ok(Request::Concerns) => {
                self.plan.reaction.bound = true;
                ear.tell(&Reply::Ok);
            }
            Ok(Request::Replan) => {
                let reply = self.replan().map_or_else(|e| Reply::Refused(e.to_string()), |()| Reply::Ok);
                ear.tell(&reply);
            }
            Err(reply) => ear.tell(&reply),
        }
    }

    fn asked_to_start(&mut self, mut ear: Ear) {
        let state = self.machine.state;
        let stop_queued = self.queue.iter().any(|e| matches!(e, Event::Stop(_)));
        if state.is_active() && !stop_queued {
            ear.tell(&Reply::Started);
        } else if state.is_stopping() || state.is_over() || stop_queued {
            ear.tell(&Reply::Later);
        } else {
            self.waiters.all.push((What::Start, ear));
        }
    }

    fn asked_to_stop(&mut self, ear: Ear, kind: StopKind) {
        self.waiters.all.push((What::Stop, ear));
        self.start_pending = false;
        self.queue.push_back(Event::Stop(kind));
    }

    fn asked_to_reload(&mut self, mut ear: Ear) {
        let can = !self.policy.commands(Slot::Reload).is_empty()
            || self.policy.kind == crate::unit::model::ServiceType::NotifyReload;
        if !can {
            ear.tell(&Reply::Refused("it has no ExecReload=".to_owned()));
        } else if !self.machine.state.is_active() {
            ear.tell(&Reply::Refused("it is not active".to_owned()));
        } else {
            self.waiters.all.push((What::Reload, ear));
            self.queue.push_back(Event::Reload);
        }
    }

    fn asked_to_kill(&mut self, signal: i32, who: Who) -> std::result::Result<(), String> {
        if !(1..=64).contains(&signal) {
            return Err("not a signal".to_owned());
        }
        let (main, control, all) = (who != Who::Control, who != Who::Main, who == Who::All);
        let mut sent = 0_usize;
        for (wanted, process) in [(main, &self.main), (control, &self.control)] {
            if let (true, Some(process)) = (wanted, process) {
                self.signal(process, signal);
                sent += 1;
            }
        }
        if all {
            let spared = self.own_pids();
            sent += self.tracking.kill_all(signal, &spared, &self.features).map_err(|e| e.to_string())?;
        }
        if sent == 0 { Err("there is no such process".to_owned()) } else { Ok(()) }
    }
}
