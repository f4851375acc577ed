//! What happens outside, turned into events of the machine: one poll(2), no wake-up without cause.

use super::{Clock, Supervisor};
use crate::exec::stage::ExecState;
use crate::os::clock;
use crate::os::error::Result;
use crate::os::proc::{Life, ProcessId};
use crate::os::wait;
use crate::supervisor::core::events::{Sleep, Woken};
use crate::supervisor::core::store::moment;
use crate::supervisor::service::machine::{Event, Exit, Main, Role, State, StopKind};
use std::os::fd::AsFd;
use std::time::Duration;

/// What a descriptor that is ready belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Notify,
    Commands,
    Output,
    PidFile,
    Bus,
    Kept,
    /// Exec pipe or pidfd.
    Process(Role),
    Waiter,
}

/// By number, as the machine has it.
const SIGKILL: i32 = 9;

impl Supervisor {
    /// Sleeps until something happens, and queues what it means.
    pub(super) fn wait(&mut self) -> Result<()> {
        let nap = self.events.nap();
        // What was seen holds as long as nobody sleeps.
        self.deserted &= nap.is_none();
        // What was noted counts, whether or not there is sleep.
        let Woken { ready, signals } = match self.sleep(&nap) {
            Ok(woken) => woken,
            Err(e) => {
                self.read_signals(nap)?;
                return Err(e);
            }
        };
        let has = |source| ready.contains(&source);
        if has(Source::Notify) {
            self.read_notify();
        }
        if has(Source::Bus) {
            self.hear_bus();
        }
        if has(Source::Kept) {
            self.look_at_kept();
        }
        for role in [Role::Main, Role::Control] {
            if has(Source::Process(role)) {
                self.check_process(role);
            }
        }
        if signals {
            self.read_signals(nap)?;
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
        if has(Source::Commands) {
            self.accept()?;
        }
        if has(Source::Waiter) {
            self.waiters.forget_gone();
        }
        self.read_clock();
        Ok(())
    }

    fn sleep(&self, nap: &Sleep) -> Result<Woken<Source>> {
        let mut fds = vec![(self.commands.as_fd(), Source::Commands)];
        if let Some(notify) = self.notify.as_ref().filter(|_| self.reads_notify()) {
            fds.push((notify.as_fd(), Source::Notify));
        }
        if let Some(output) = &self.output {
            fds.push((output.as_fd(), Source::Output));
        }
        if let Some(watcher) = &self.watcher {
            fds.push((watcher.as_fd(), Source::PidFile));
        }
        if let Some(bus) = &self.bus {
            fds.push((bus.as_fd(), Source::Bus));
        }
        if let Some(keeper) = &self.store.keeper {
            fds.push((keeper.as_fd(), Source::Kept));
        }
        for (process, role) in [(&self.main, Role::Main), (&self.control, Role::Control)] {
            let Some(process) = process else { continue };
            if let Some(pipe) = &process.exec {
                fds.push((pipe.as_fd(), Source::Process(role)));
            }
            if let Some(fd) = process.target.as_ref().and_then(crate::os::kill::Target::pidfd) {
                fds.push((fd, Source::Process(role)));
            }
        }
        fds.extend(self.waiters.fds().map(|fd| (fd, Source::Waiter)));
        self.events.sleep(nap, &fds)
    }

    fn read_signals(&mut self, nap: Sleep) -> Result<()> {
        for signal in self.events.signals(nap) {
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
        if stopping && self.events.timers.deadline(Clock::Phase).is_none_or(|at| at > latest) {
            self.events.timers.arm(Clock::Phase, latest);
        }
    }

    /// Takes note of every child that has ended, the exec of each first.
    pub(super) fn reap(&mut self) -> Result<()> {
        while let Some(pid) = wait::peek()? {
            for role in [Role::Main, Role::Control] {
                if self.process(role).is_some_and(|p| p.pid() == pid && p.target.is_none()) {
                    self.check_process(role);
                }
            }
            // Before it is reaped its number still says who it was.
            let Some(reaped) = wait::reap(pid)? else { continue };
            if let crate::os::tracking::Tracking::Subreaper(kin) = &mut self.tracking {
                kin.forget_apart(pid);
            }
            self.holders.retain(|holder| *holder != pid);
            self.host_action_ended(pid, reaped.exit);
            self.ended(pid, reaped.exit);
        }
        self.check_group();
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
            let at = moment();
            self.record.command_ended(pid.get(), code, status, at);
            self.queue.push_back(Event::ControlExit(told));
        }
    }

    /// Was it the OOM killer? A memory controller that knows the unit tells; else the kernel's log.
    fn is_oom_kill(&mut self, pid: ProcessId) -> bool {
        let Some(before) = self.group_oom_kills else { return self.kernel_log.oom_killed(pid) };
        self.group_oom_kills = self.oom_kills_of_group();
        self.group_oom_kills.is_some_and(|now| now > before)
    }

    /// Keeps how the main process ended, for the record and for stop commands.
    pub(super) fn main_ended(&mut self, exit: Option<wait::Exit>, told: Exit) {
        self.main = None;
        self.exit = exit;
        let (code, status) = exit.map_or((0, 0), wait::Exit::code_and_status);
        let at = moment();
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
    fn check_process(&mut self, role: Role) {
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
        self.check_adopted(role);
    }

    /// One that is not our child has ended when it is a zombie or gone; nobody says how.
    fn check_adopted(&mut self, role: Role) {
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
        self.check_group();
    }

    /// Is anybody left, where that matters?
    fn check_group(&mut self) {
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
        for clock in self.events.timers.expired(clock::now()) {
            match clock {
                Clock::Phase => self.queue.push_back(Event::Timeout),
                Clock::Watchdog => self.queue.push_back(Event::WatchdogExpired),
                Clock::Notify => {}
                Clock::Bus => self.watch_bus(),
                Clock::Files => self.complete_files(),
                Clock::Poll => {
                    self.check_adopted(Role::Main);
                    self.check_adopted(Role::Control);
                    self.check_group();
                    if self.machine.awaits_pid_file {
                        self.queue.push_back(Event::PidFile);
                    }
                }
            }
        }
    }
}
