//! What the service reports through its notify socket, and who may.

use super::{Clock, Process, Supervisor};
use crate::os::clock;
use crate::os::proc::{Identity, ProcessId};
use crate::os::socket::{Message, NotifySocket, Received};
use crate::supervisor::core::events::AFTER_FAILURE;
use crate::supervisor::core::notify::{self, Reported, ToKeep, Watchdog};
use crate::supervisor::service::machine::{Event, State};
use crate::unit::model::{NotifyAccess, ServiceType};
use crate::unit::value::Timeout;
use std::time::Duration;

/// So many children that close what came with messages may be there at a time.
const HOLDERS: usize = 8;

impl Supervisor {
    /// Nothing is read of what floods it, nor while those who close what came with messages hang.
    pub(super) fn reads_notify(&self) -> bool {
        self.events.timers.deadline(Clock::Notify).is_none() && self.holders.len() < HOLDERS
    }

    /// As many messages as the budget has; then signals, commands and timers have their turn.
    pub(super) fn read_notify(&mut self) {
        let begun = clock::now();
        while self.reads_notify() {
            if let Some(until) = self.budget.take(clock::now(), begun) {
                self.events.timers.arm(Clock::Notify, until);
                break;
            }
            self.keep_next();
            match self.notify.as_ref().map(NotifySocket::receive) {
                Some(Ok(Some(arrival))) => self.arrived(arrival),
                Some(Err(e)) => {
                    log::warn!("{e}");
                    self.events.timers.arm(Clock::Notify, clock::now().saturating_add(AFTER_FAILURE));
                }
                Some(Ok(None)) | None => break,
            }
        }
        self.publish();
    }

    fn arrived(&mut self, arrival: Received) {
        if let Some(holder) = arrival.holder {
            self.set_apart(holder);
            self.holders.push(holder);
        }
        if let Some(message) = arrival.message.filter(|message| self.may_notify(message)) {
            self.apply_notice(&message);
        }
    }

    /// `NotifyAccess=`, by who the kernel says the sender is. One that has ended before its words
    /// were read is believed if it still can be placed.
    pub(super) fn may_notify(&mut self, message: &Message) -> bool {
        let Some(pid) = message.pid else { return false };
        let main = self.main.as_ref().map(Process::pid) == Some(pid);
        let control = self.control.as_ref().map(Process::pid) == Some(pid);
        match self.plan.service.notify_access {
            NotifyAccess::None => false,
            NotifyAccess::Main => main,
            NotifyAccess::Exec => main || control,
            NotifyAccess::All => main || control || self.is_ours(pid),
        }
    }

    fn apply_notice(&mut self, message: &Message) {
        let n = notify::parse(&message.bytes);
        if let Some(pid) = n.main_pid.filter(|_| self.machine.state.main_may_move()) {
            self.move_main(pid, message.uid);
        }
        let answers = n.said_at.is_some_and(|at| at >= self.reload_signal_at);
        let notify_reload = self.policy.kind == ServiceType::NotifyReload;
        match n.state {
            Some(Reported::Ready | Reported::Reloading) if notify_reload && n.reloaded => {
                self.queue.extend([Event::Reloading { answers }, Event::Ready]);
            }
            Some(Reported::Ready) => self.queue.push_back(Event::Ready),
            Some(Reported::Reloading) => self.queue.push_back(Event::Reloading { answers }),
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
            // Of many at once one is as good.
            Some(Watchdog::Ping) if self.queue.back() == Some(&Event::Ping) => {}
            Some(Watchdog::Ping) => self.queue.push_back(Event::Ping),
            Some(Watchdog::Trigger) => self.queue.push_back(Event::WatchdogExpired),
            None => {}
        }
        if let Some(time) = n.extend {
            self.extend(time);
        }
        if let Some(ToKeep::Remove(name)) = n.to_keep {
            self.forget_kept(&name);
        }
    }

    /// EXTEND_TIMEOUT_USEC=: what is armed ends no earlier than this.
    fn extend(&mut self, time: Duration) {
        if self.machine.state == State::AutoRestart || self.hurry {
            return;
        }
        let until = clock::now().saturating_add(time);
        for clock in [Clock::Phase, Clock::Watchdog] {
            if self.events.timers.deadline(clock).is_some_and(|at| at < until) {
                self.events.timers.arm(clock, until);
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
            Some(Process::child(identity))
        } else {
            self.stranger(&identity)
        };
        if let Some(process) = process.filter(|_| !stat.is_zombie()) {
            self.set_main(process);
            self.queue.push_back(Event::MainMoved);
        }
    }
}
