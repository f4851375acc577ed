//! The control socket: requests in one word, answers in one line, and those who wait for an end.
//!
//! | request | answers |
//! |---|---|
//! | `start` | `started`, `done` (over, and well), `failed RESULT`, `later` (it is going down) |
//! | `stop`, `stop-restart` | `stopped RESULT` |
//! | `reload` | `reloaded RESULT`, `refused WHY` |
//! | `kill SIGNAL main\|control\|all` | `ok`, `refused WHY` |
//! | `reset-failed` | `ok` |

use super::Supervisor;
use crate::os::error::Result;
use crate::os::ids;
use crate::os::socket::Connection;
use crate::service::machine::{Event, Machine, ServiceResult, Slot, StopKind};
use crate::service::plan::Errand;
use crate::service::status::Record;
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

/// Where the answer goes.
#[derive(Debug)]
enum Ear {
    Connection(Connection),
    /// The pipe of the command that started this supervisor.
    Pipe(File),
}

impl Ear {
    /// Whoever asked may have gone: that is no concern of the service.
    fn tell(&mut self, answer: &str) {
        match self {
            Self::Connection(c) => drop(c.send(answer.as_bytes(), Duration::ZERO)),
            // In one piece: whoever reads wakes up once.
            Self::Pipe(p) => drop(p.write_all(format!("{answer}\n").as_bytes())),
        }
    }
}

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    all: Vec<(What, Ear)>,
}

impl Waiters {
    pub(super) fn add_starter(&mut self, pipe: File, errand: Errand) {
        let what = if errand == Errand::Stop { What::Stop } else { What::Start };
        self.all.push((what, Ear::Pipe(pipe)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Does anybody wait for the end of a start?
    pub(super) fn await_start(&self) -> bool {
        self.all.iter().any(|(what, _)| *what == What::Start)
    }

    /// The connections: one that becomes readable has been given up.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.all.iter().filter_map(|(_, ear)| match ear {
            Ear::Connection(c) => Some(c.as_fd()),
            Ear::Pipe(_) => None,
        })
    }

    pub(super) fn forget_gone(&mut self) {
        self.all.retain(|(_, ear)| match ear {
            Ear::Connection(c) => !c.receive(Duration::ZERO).is_ok_and(|bytes| bytes.is_empty()),
            Ear::Pipe(_) => true,
        });
    }

    fn tell(&mut self, which: What, answer: &str) {
        for (what, ear) in &mut self.all {
            if *what == which {
                ear.tell(answer);
            }
        }
        self.all.retain(|(what, _)| *what != which);
    }

    pub(super) fn started(&mut self) {
        self.tell(What::Start, "started");
    }

    pub(super) fn reloaded(&mut self, result: ServiceResult) {
        self.tell(What::Reload, &format!("reloaded {}", result.as_str()));
    }

    /// A run is over: a start has failed, or was one that ends by itself.
    pub(super) fn over(&mut self, machine: &Machine, record: &Record, limit: StartLimit) {
        // What the start limit refuses leaves the result of the last run; who asked is told of the limit.
        let result =
            if machine.starts.is_used_up(limit) { ServiceResult::StartLimitHit } else { machine.result };
        let why = record.exec_failure.as_deref().unwrap_or_default();
        let start = match result {
            r if r.is_failure() => format!("failed {} {why}", r.as_str()),
            _ => "done".to_owned(),
        };
        self.tell(What::Start, start.trim_end());
        self.tell(What::Reload, &format!("reloaded {}", machine.result.as_str()));
        if machine.state.is_over() {
            self.tell(What::Stop, &format!("stopped {}", machine.result.as_str()));
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
                Ok(bytes) if !bytes.is_empty() => {
                    self.request(&String::from_utf8_lossy(&bytes), connection);
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn request(&mut self, text: &str, connection: Connection) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut ear = Ear::Connection(connection);
        match *words.as_slice() {
            ["start"] => self.asked_to_start(ear),
            ["stop"] => self.asked_to_stop(ear, StopKind::Stop),
            ["stop-restart"] => self.asked_to_stop(ear, StopKind::Restart),
            ["reload"] => self.asked_to_reload(ear),
            ["kill", signal, who] => {
                let answer = self.asked_to_kill(signal, who);
                ear.tell(&answer);
            }
            ["reset-failed"] => {
                self.queue.push_back(Event::ResetFailed);
                ear.tell("ok");
            }
            _ => ear.tell("refused unknown request"),
        }
    }

    fn asked_to_start(&mut self, mut ear: Ear) {
        let state = self.machine.state;
        let stop_queued = self.queue.iter().any(|e| matches!(e, Event::Stop(_)));
        if state.is_active() && !stop_queued {
            ear.tell("started");
        } else if state.is_stopping() || state.is_over() || stop_queued {
            ear.tell("later");
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
            ear.tell("refused it has no ExecReload=");
        } else if !self.machine.state.is_active() {
            ear.tell("refused it is not active");
        } else {
            self.waiters.all.push((What::Reload, ear));
            self.queue.push_back(Event::Reload);
        }
    }

    fn asked_to_kill(&mut self, signal: &str, who: &str) -> String {
        let Ok(signal) = signal.parse::<i32>() else { return "refused not a signal".into() };
        if !(1..=64).contains(&signal) {
            return "refused not a signal".into();
        }
        let (main, control, all) = (who != "control", who != "main", who == "all");
        let mut sent = 0_usize;
        for (wanted, process) in [(main, &self.main), (control, &self.control)] {
            if let (true, Some(process)) = (wanted, process) {
                self.signal(process, signal);
                sent += 1;
            }
        }
        if all {
            let spared = self.own_pids();
            match self.tracking.kill_all(signal, &spared, &self.features) {
                Ok(n) => sent += n,
                Err(e) => return format!("refused {e}"),
            }
        }
        if sent == 0 { "refused there is no such process".into() } else { "ok".into() }
    }
}
