//! What happens outside, turned into events of the machine: one poll(2), no wake-up without cause.

use super::{Clock, Supervisor};
use crate::exec::stage::ExecState;
use crate::os::clock;
use crate::os::error::Result;
use crate::os::kmsg;
use crate::os::poll::{self, Interest};
use crate::os::proc::{Identity, Life, ProcessId};
use crate::os::socket::{Arrival, Message, NotifySocket};
use crate::os::wait;
use crate::supervisor::service::machine::{Event, Exit, Main, Role, State, StopKind};
use crate::supervisor::service::notify::{self, Reported, Watchdog};
use crate::unit::model::NotifyAccess;
use crate::unit::value::Timeout;
use std::os::fd::AsFd;
use std::time::Duration;

/// What a descriptor that is ready belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Signals,
    Notify,
    Listener,
    Output,
    PidFile,
    /// Exec pipe or pidfd.
    Process(Role),
    Waiter,
}

/// By number, as the machine has it.
const SIGKILL: i32 = 9;

/// So many children that close what came with messages may be there at a time.
const HOLDERS: usize = 8;

/// After a look that failed: a message that could not be read stays where it is, and so does a child that ended.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl Supervisor {
    /// Sleeps until something happens, and queues what it means.
    pub(super) fn wait(&mut self) -> Result<()> {
        // A handler that found no memory has woken nobody: what it noted is looked for as well.
        let noted = self.signals.take();
        let mut limit = self.timers.timeout(clock::now());
        let missed = std::mem::take(&mut self.missed);
        if missed {
            limit = Some(limit.map_or(AFTER_FAILURE, |limit| limit.min(AFTER_FAILURE)));
        }
        if !noted.is_empty() {
            limit = Some(Duration::ZERO);
        }
        // What was seen holds as long as nobody sleeps.
        self.deserted &= limit.is_some_and(|limit| limit.is_zero());
        // What was noted counts, whether or not there is sleep.
        let ready = match self.sleep(limit) {
            Ok(ready) => ready,
            Err(e) => {
                self.read_signals(noted)?;
                return Err(e);
            }
        };
        let has = |source| ready.contains(&source);
        if has(Source::Notify) {
            self.read_notify();
        }
        for role in [Role::Main, Role::Control] {
            if has(Source::Process(role)) {
                self.look_at(role);
            }
        }
        if has(Source::Signals) || !noted.is_empty() || missed {
            self.read_signals(noted)?;
        }
        if has(Source::PidFile) {
            if let Some(watcher) = &self.watcher {
                watcher.changes()?;
            }
            self.queue.push_back(Event::PidFile);
        }
        if has(Source::Output)
            && let Some(output) = &mut self.output
        {
            output.pump();
        }
        if has(Source::Listener) {
            self.accept()?;
        }
        if has(Source::Waiter) {
            self.waiters.forget_gone();
        }
        self.read_clock();
        Ok(())
    }

    fn sleep(&self, limit: Option<Duration>) -> Result<Vec<Source>> {
        let mut sources = vec![Source::Signals, Source::Listener];
        let read = Interest::Read;
        let mut fds = vec![(self.signals.as_fd(), read), (self.listener.as_fd(), read)];
        if let Some(notify) = self.notify.as_ref().filter(|_| self.reads_notify()) {
            sources.push(Source::Notify);
            fds.push((notify.as_fd(), read));
        }
        if let Some(output) = &self.output {
            sources.push(Source::Output);
            fds.push((output.as_fd(), read));
        }
        if let Some(watcher) = &self.watcher {
            sources.push(Source::PidFile);
            fds.push((watcher.as_fd(), read));
        }
        for (process, role) in [(&self.main, Role::Main), (&self.control, Role::Control)] {
            let Some(process) = process else { continue };
            if let Some(pipe) = &process.exec {
                sources.push(Source::Process(role));
                fds.push((pipe.as_fd(), read));
            }
            if let Some(fd) = process.target.as_ref().and_then(crate::os::kill::Target::pidfd) {
                sources.push(Source::Process(role));
                fds.push((fd, read));
            }
        }
        for fd in self.waiters.fds() {
            sources.push(Source::Waiter);
            fds.push((fd, read));
        }
        let Some(ready) = poll::wait_or_signal(&fds, limit)? else { return Ok(vec![Source::Signals]) };
        Ok(ready.into_iter().filter_map(|i| sources.get(i).copied()).collect())
    }

    fn read_signals(&mut self, noted: Vec<i32>) -> Result<()> {
        for signal in noted.into_iter().chain(self.signals.take()) {
            if signal == crate::os::signal::Signal::SIGTERM as i32
                || signal == crate::os::signal::Signal::SIGINT as i32
            {
                self.hurry = self.foreground == super::Foreground::No;
                self.start_pending = false;
                self.queue.push_back(Event::Stop(StopKind::Stop));
                self.shorten();
            }
        }
        self.reap()
    }

    /// What was armed before the hurry began counts for no longer than the hurry allows.
    fn shorten(&mut self) {
        let latest = clock::now().saturating_add(self.within(Duration::MAX));
        let stopping = self.machine.state.is_stopping();
        if stopping && self.timers.deadline(Clock::Phase).is_none_or(|at| at > latest) {
            self.timers.arm(Clock::Phase, latest);
        }
    }

    /// Takes note of every child that has ended, the exec of each first.
    fn reap(&mut self) -> Result<()> {
        while let Some(pid) = wait::peek()? {
            for role in [Role::Main, Role::Control] {
                if self.process(role).is_some_and(|p| p.pid() == pid && p.target.is_none()) {
                    self.look_at(role);
                }
            }
            // Before it is reaped its number still says who it was.
            let Some(reaped) = wait::reap(pid)? else { continue };
            if let crate::os::tracking::Tracking::Subreaper(kin) = &mut self.tracking {
                kin.forget_apart(pid);
            }
            self.holders.retain(|holder| *holder != pid);
            self.ended(pid, reaped.exit);
        }
        self.look_at_group();
        Ok(())
    }

    fn ended(&mut self, pid: ProcessId, exit: wait::Exit) {
        let told = match exit {
            wait::Exit::Exited(code) => Exit::Code(u8::try_from(code).unwrap_or(u8::MAX)),
            wait::Exit::Killed(signal) => Exit::Signal(signal),
            wait::Exit::Dumped(signal) => Exit::Dumped(signal),
        };
        if self.main.as_ref().is_some_and(|p| p.pid() == pid) {
            // A kill that nobody here asked for may be the kernel's.
            let sudden = told == Exit::Signal(SIGKILL) && self.machine.state.is_active();
            if sudden && self.is_oom_kill(pid) {
                self.queue.push_back(Event::OomKill);
            }
            self.main_ended(Some(exit), told);
        } else if self.control.as_ref().is_some_and(|p| p.pid() == pid) {
            self.control = None;
            let (code, status) = exit.code_and_status();
            let at = super::actions::moment();
            self.record.command_ended(pid.get(), code, status, at);
            self.queue.push_back(Event::ControlExit(told));
        }
    }

    /// Was it the OOM killer? A memory controller that knows the unit tells; else the kernel's log.
    fn is_oom_kill(&mut self, pid: ProcessId) -> bool {
        let (before, now) = (self.group_oom_kills, self.oom_kills_of_group());
        self.group_oom_kills = now;
        match (before, now) {
            (Some(before), Some(now)) => now > before,
            _ => self.oom_killer_was_here() && kmsg::oom_killed(&self.host, pid),
        }
    }

    /// Has the OOM killer ended anybody since the main process was seen alive? The kernel's log, where
    /// it says whom, takes long to read.
    fn oom_killer_was_here(&mut self) -> bool {
        let now = kmsg::oom_kills(&self.host);
        let before = std::mem::replace(&mut self.oom_kills, now);
        before.is_none() || before != now
    }

    /// What [`Self::oom_killer_was_here`] compares with; counts only while the main process lives.
    pub(super) fn count_oom_kills(&mut self) {
        if self.oom_kills.is_some() {
            return;
        }
        let now = kmsg::oom_kills(&self.host);
        if matches!(wait::peek(), Ok(None)) {
            self.oom_kills = now;
        }
    }

    /// Keeps how the main process ended, for the record and for stop commands.
    pub(super) fn main_ended(&mut self, exit: Option<wait::Exit>, told: Exit) {
        self.main = None;
        self.exit = exit;
        let (code, status) = exit.map_or((0, 0), wait::Exit::code_and_status);
        let at = super::actions::moment();
        let r = &mut self.record;
        (r.exec_main_code, r.exec_main_status, r.exec_main_exit) = (code, status, at);
        r.command_ended(r.exec_main_pid, code, status, at);
        self.queue.push_back(Event::MainExit(told));
    }

    pub(super) fn process(&mut self, role: Role) -> Option<&mut super::Process> {
        match role {
            Role::Main => self.main.as_mut(),
            Role::Control => self.control.as_mut(),
        }
    }

    /// The exec pipe or the pidfd of a process has something to say.
    fn look_at(&mut self, role: Role) {
        let Some(process) = self.process(role) else { return };
        if let Some((state, notices)) = process.exec_state() {
            for notice in
                notices.into_iter().filter(|n| !self.record.not_applied.contains(n)).collect::<Vec<_>>()
            {
                self.record.not_applied.push(notice);
            }
            match state {
                ExecState::Done if role == Role::Main => self.queue.push_back(Event::Executed),
                ExecState::Failed(failure) => self.record.exec_failure = Some(failure.to_string()),
                ExecState::Done | ExecState::Pending => {}
            }
        }
        self.look_at_stranger(role);
    }

    /// One that is not our child has ended when it is a zombie or gone; nobody says how.
    fn look_at_stranger(&mut self, role: Role) {
        let Some(identity) = self.process(role).filter(|p| p.target.is_some()).map(|p| p.identity.clone())
        else {
            return;
        };
        if matches!(self.proc.life(&identity, &self.boot), Ok(Life::Running)) {
            return;
        }
        match role {
            Role::Main => self.main_ended(None, Exit::Unknown),
            Role::Control => {
                self.control = None;
                self.queue.push_back(Event::ControlExit(Exit::Unknown));
            }
        }
        self.look_at_group();
    }

    /// Is anybody left, where that matters?
    fn look_at_group(&mut self) {
        if self.main.is_some() || self.control.is_some() {
            return;
        }
        let state = self.machine.state;
        let matters = state.is_stopping()
            || matches!(state, State::Start | State::StartPost)
            || (state == State::Running && self.machine.main != Main::Alive);
        if matters && !self.others_live() {
            self.queue.push_back(Event::GroupEmpty);
        }
    }

    fn read_clock(&mut self) {
        for clock in self.timers.expired(clock::now()) {
            match clock {
                Clock::Phase => self.queue.push_back(Event::Timeout),
                Clock::Watchdog => self.queue.push_back(Event::WatchdogExpired),
                Clock::Notify => {}
                Clock::PidFile => {
                    let outcome = self.write_pid_file();
                    self.note_failure(outcome);
                }
                Clock::Look => {
                    self.look_at_stranger(Role::Main);
                    self.look_at_stranger(Role::Control);
                    self.look_at_group();
                    if self.machine.awaits_pid_file {
                        self.queue.push_back(Event::PidFile);
                    }
                }
            }
        }
    }

    /// Nothing is read of what floods it, nor while those who close what came with messages hang.
    fn reads_notify(&self) -> bool {
        self.timers.deadline(Clock::Notify).is_none() && self.holders.len() < HOLDERS
    }

    /// As many messages as the budget has; then signals, commands and timers have their turn.
    fn read_notify(&mut self) {
        let begun = clock::now();
        while self.reads_notify() {
            if let Some(until) = self.budget.take(clock::now(), begun) {
                self.timers.arm(Clock::Notify, until);
                break;
            }
            match self.notify.as_ref().map(NotifySocket::receive) {
                Some(Ok(Some(arrival))) => self.arrived(arrival),
                Some(Err(e)) => {
                    log::warn!("{e}");
                    self.timers.arm(Clock::Notify, clock::now().saturating_add(AFTER_FAILURE));
                }
                Some(Ok(None)) | None => break,
            }
        }
        self.publish();
    }

    fn arrived(&mut self, arrival: Arrival) {
        if let Some(holder) = arrival.holder {
            self.set_apart(holder);
            self.holders.push(holder);
        }
        if let Some(message) = arrival.message.filter(|message| self.may_speak(message)) {
            self.heed(&message);
        }
    }

    /// `NotifyAccess=`, by who the kernel says the sender is. One that has ended before its words
    /// were read is believed if it still can be placed.
    fn may_speak(&mut self, message: &Message) -> bool {
        let Some(pid) = message.pid else { return false };
        let main = self.main.as_ref().map(super::Process::pid) == Some(pid);
        let control = self.control.as_ref().map(super::Process::pid) == Some(pid);
        match self.plan.service.notify_access {
            NotifyAccess::None => false,
            NotifyAccess::Main => main,
            NotifyAccess::Exec => main || control,
            NotifyAccess::All => main || control || self.is_ours(pid),
        }
    }

    fn heed(&mut self, message: &Message) {
        let n = notify::parse(&message.bytes);
        if let Some(pid) = n.main_pid.filter(|_| self.machine.state.main_may_move()) {
            self.move_main(pid, message.uid);
        }
        match n.state {
            Some(Reported::Ready) => self.queue.push_back(Event::Ready),
            Some(Reported::Reloading) => self.queue.push_back(Event::Reloading),
            Some(Reported::Stopping) => self.queue.push_back(Event::Stopping),
            None => {}
        }
        if let Some(text) = n.status {
            self.record.status_text = text;
        }
        if let Some(errno) = n.errno {
            self.record.status_errno = errno;
        }
        if let Some(time) = n.watchdog_time {
            self.watchdog = Timeout::After(time);
            self.queue.push_back(Event::Ping);
        }
        match n.watchdog {
            Some(Watchdog::Ping) => self.queue.push_back(Event::Ping),
            Some(Watchdog::Trigger) => self.queue.push_back(Event::WatchdogExpired),
            None => {}
        }
        if let Some(time) = n.extend {
            self.extend(time);
        }
    }

    /// EXTEND_TIMEOUT_USEC=: what is armed ends no earlier than this.
    fn extend(&mut self, time: Duration) {
        if self.machine.state == State::AutoRestart || self.hurry {
            return;
        }
        let until = clock::now().saturating_add(time);
        for clock in [Clock::Phase, Clock::Watchdog] {
            if self.timers.deadline(clock).is_some_and(|at| at < until) {
                self.timers.arm(clock, until);
            }
        }
    }

    /// MAINPID=: a living process of the service; another one only if root says so.
    fn move_main(&mut self, pid: i32, uid: u32) {
        let Some(pid) = ProcessId::new(pid).filter(|p| p.get() != 1 && *p != ProcessId::own()) else {
            return;
        };
        let same = self.main.as_ref().is_some_and(|m| m.pid() == pid);
        let owned = self.is_ours(pid);
        if same || !(owned || uid == 0) {
            return;
        }
        let Ok(stat) = self.proc.stat(pid) else { return };
        let identity = Identity { pid, start_time: stat.start_time, boot_id: self.boot.clone() };
        let process = if stat.ppid == ProcessId::own().get() {
            Some(super::Process::child(identity))
        } else {
            self.stranger(&identity)
        };
        if let Some(process) = process.filter(|_| !stat.is_zombie()) {
            self.set_main(process);
            self.queue.push_back(Event::MainMoved);
        }
    }
}
