//! The control socket: requests as they come ([`message`](crate::supervisor::service::message)), and those who wait
//! for an end.

use super::Supervisor;
use crate::os::error::Result;
use crate::supervisor::core::control::{Caller, Waiting};
use crate::supervisor::core::version::FIRST;
use crate::supervisor::service::machine::{Event, Machine, ServiceResult, Slot, StopKind};
use crate::supervisor::service::message::{Reply, Request, Who};
use crate::supervisor::service::plan::FirstAction;
use crate::supervisor::service::status::Record;
use crate::unit::model::StartLimit;
use std::os::fd::BorrowedFd;

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Start,
    Stop,
    Reload,
}

/// Can whoever asked see to those whom an end concerns?
fn takes_over(caller: &Caller) -> bool {
    caller.version() > FIRST
}

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    all: Waiting<End>,
    /// The first who waits for a stop sees to those whom it concerns.
    is_theirs: bool,
}

impl Waiters {
    /// Whoever sent the plan.
    pub(super) fn add_starter(&mut self, caller: Caller, first_action: FirstAction) {
        self.all.push(if first_action == FirstAction::Stop { End::Stop } else { End::Start }, caller);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A command that has asked for the stop and is still there knows which other jobs are under way, and
    /// lets reactions wait for them, as systemd's queue does. `false` where there is none.
    pub(super) fn takes_over(&mut self) -> bool {
        self.all.forget_gone();
        self.is_theirs = self.all.has(End::Stop, takes_over);
        self.is_theirs
    }

    /// Does anybody wait for the end of a start?
    pub(super) fn await_start(&self) -> bool {
        self.all.has(End::Start, |_| true)
    }

    /// The connections: one that becomes readable has been given up.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.fds()
    }

    pub(super) fn forget_gone(&mut self) {
        self.all.forget_gone();
    }

    fn reply(&mut self, end: End, reply: &Reply) {
        self.all.reply(end, &reply.text());
    }

    pub(super) fn started(&mut self) {
        self.reply(End::Start, &Reply::Started);
    }

    pub(super) fn reloaded(&mut self, result: ServiceResult) {
        self.reply(End::Reload, &Reply::Reloaded(result));
    }

    /// A stop is over, and a start follows that somebody waits for.
    pub(super) fn stopped(&mut self, machine: &Machine) {
        self.reloaded(machine.result);
        if std::mem::take(&mut self.is_theirs)
            && let Some(mut first) = self.all.take(End::Stop, takes_over)
        {
            first.reply(&Reply::StoppedYours(machine.result).text());
        }
        self.reply(End::Stop, &Reply::Stopped(machine.result));
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
        self.reply(End::Start, &start);
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
        while let Some((packet, connection)) = self.commands.next(&self.plan.unit)? {
            let (version, request) = Request::decode(&packet);
            self.request(request, Caller::connection(connection, version));
        }
        Ok(())
    }

    fn request(&mut self, request: std::result::Result<Request, Reply>, mut caller: Caller) {
        match request {
            Ok(Request::Start) => self.asked_to_start(caller),
            Ok(Request::Stop) => self.asked_to_stop(caller, StopKind::Stop),
            Ok(Request::StopForRestart) => self.asked_to_stop(caller, StopKind::Restart),
            Ok(Request::Reload) => self.asked_to_reload(caller),
            Ok(Request::Kill(signal, who)) => {
                let reply = self.asked_to_kill(signal, who).map_or_else(Reply::Refused, |()| Reply::Ok);
                caller.reply(&reply.text());
            }
            Ok(Request::ResetFailed) => {
                self.queue.push_back(Event::ResetFailed);
                caller.reply(&Reply::Ok.text());
            }
            Ok(Request::Concerns) => {
                self.plan.reaction.bound = true;
                caller.reply(&Reply::Ok.text());
            }
            Ok(Request::Replan) => {
                let reply = self.replan().map_or_else(|e| Reply::Refused(e.to_string()), |()| Reply::Ok);
                caller.reply(&reply.text());
            }
            Err(reply) => caller.reply(&reply.text()),
        }
    }

    fn asked_to_start(&mut self, mut caller: Caller) {
        let state = self.machine.state;
        let stop_queued = self.queue.iter().any(|e| matches!(e, Event::Stop(_)));
        if state.is_active() && !stop_queued {
            caller.reply(&Reply::Started.text());
        } else if state.is_stopping() || state.is_over() || stop_queued {
            caller.reply(&Reply::Later.text());
        } else {
            self.waiters.all.push(End::Start, caller);
        }
    }

    fn asked_to_stop(&mut self, caller: Caller, kind: StopKind) {
        self.waiters.all.push(End::Stop, caller);
        self.start_pending = false;
        self.queue.push_back(Event::Stop(kind));
    }

    fn asked_to_reload(&mut self, mut caller: Caller) {
        let can = !self.policy.commands(Slot::Reload).is_empty()
            || self.policy.kind == crate::unit::model::ServiceType::NotifyReload;
        if !can {
            caller.reply(&Reply::Refused("it has no ExecReload=".to_owned()).text());
        } else if !self.machine.state.is_active() {
            caller.reply(&Reply::Refused("it is not active".to_owned()).text());
        } else {
            self.waiters.all.push(End::Reload, caller);
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
        if sent == 0 { Err("no such process is running".to_owned()) } else { Ok(()) }
    }
}
