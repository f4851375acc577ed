//! What the machine wants to know of the world at an event, looked up only where it can matter.

use super::{Clock, Supervisor};
use crate::os::clock;
use crate::supervisor::service::machine::{Event, Facts, State, Want};
use crate::unit::model::ServiceType;
use std::time::Duration;

impl Supervisor {
    /// It waits for an automatic restart whose time has come, and nobody waits for an answer: the next
    /// record tells of the new process.
    pub(super) fn restarts_at_once(&self) -> bool {
        self.machine.state == State::AutoRestart
            && self.events.timers.deadline(Clock::Phase).is_some_and(|at| at <= clock::now())
            && self.waiters.is_empty()
    }

    /// What the machine is told beside the event.
    pub(super) fn facts(&mut self, event: Event) -> Facts {
        let mut facts = Facts { now: clock::now(), ..Facts::default() };
        if !matches!(event, Event::Ping | Event::Spawned(_) | Event::Executed) {
            facts.others = self.others_live();
        }
        let asks = self.asks_for_main(event);
        if asks {
            self.candidate = self.find_main();
        }
        facts.found = if matches!(event, Event::Adopted(_)) {
            self.main.is_some()
        } else {
            asks && self.candidate.is_some()
        };
        // It keeps from restarts, which are for what is wanted up.
        facts.going_down = self.machine.want == Want::Up
            && matches!(
                event,
                Event::MainExit(_)
                    | Event::ControlExit(_)
                    | Event::GroupEmpty
                    | Event::NotSignalled
                    | Event::Timeout
                    | Event::SpawnFailed(_)
            )
            && self.going_down(facts.now);
        facts.unmet = event == Event::Timeout
            && self.machine.state == State::AutoRestart
            && !facts.going_down
            && !self.checks_met();
        facts
    }

    /// Is the host in runlevel 0 or 6? What was read a moment ago still counts: an exit and the restart
    /// that it leads to are often that close.
    pub(super) fn going_down(&mut self, now: Duration) -> bool {
        const MOMENT: Duration = Duration::from_millis(20);
        if let Some((read, down)) = self.going_down
            && now.saturating_sub(read) < MOMENT
        {
            return down;
        }
        let down = crate::host::going_down(&self.state_dir.root);
        self.going_down = Some((now, down));
        down
    }

    /// Does the machine want to know now which process PID file or guess name?
    fn asks_for_main(&self, event: Event) -> bool {
        let forking = self.policy.kind == ServiceType::Forking;
        let asking = matches!(self.machine.state, State::Start | State::StartPost | State::Reload);
        matches!(event, Event::ControlExit(_)) && forking && asking
            || matches!(event, Event::MainExit(_)) && self.policy.pid_file
            || matches!(event, Event::PidFile)
    }
}
