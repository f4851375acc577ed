//! The commands of a run: which was started when, how it ended, and by which of them the run failed. It is
//! what systemctl(1) shows as `Process:` lines and inside `ExecStart=`. Pure.

use super::Record;
use crate::supervisor::core::mark::Moment;
use crate::supervisor::service::machine::{Event, Slot};
use crate::unit::model::ExecCommand;
use serde::{Deserialize, Serialize};

/// No more of a command line is kept, in bytes.
const LINE_MAX: usize = 512;

/// No more commands of a run are kept: a record stays small, whatever a unit holds.
const KEPT: usize = 64;

/// One command, as it was last run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandMark {
    /// The directive that has it: `ExecStartPre`.
    pub directive: String,
    /// Which of its commands, from 0.
    pub index: usize,
    /// Its words as the unit has them, variables not expanded.
    pub line: String,
    /// 0 where a step before the fork failed.
    pub pid: i32,
    /// When it was started.
    pub start: Moment,
    /// When it ended.
    pub exit: Moment,
    /// How it ended, as [`Record::exec_main_code`].
    pub code: i32,
    /// Exit code or signal.
    pub status: i32,
    /// The run, or the reload, failed by it.
    pub failed: bool,
}

impl CommandMark {
    /// A command that was started just now.
    #[must_use]
    pub fn new(slot: Slot, index: usize, command: &ExecCommand, pid: i32, start: Moment) -> Self {
        let directive = slot.directive().to_owned();
        Self { directive, index, line: line(command), pid, start, ..Self::default() }
    }

    /// `ExecStartPre=/bin/false`.
    #[must_use]
    pub fn assignment(&self) -> String {
        format!("{}={}", self.directive, self.line)
    }

    /// Has it come to an end?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.exit != Moment::default()
    }

    /// It was this command of the unit, as the unit has it now.
    #[must_use]
    pub fn is_of(&self, directive: &str, index: usize, command: &ExecCommand) -> bool {
        self.directive == directive && self.index == index && self.line == line(command)
    }
}

/// The words with blanks between them, not longer than [`LINE_MAX`].
fn line(command: &ExecCommand) -> String {
    let mut line = command.argv.join(" ");
    if line.len() > LINE_MAX {
        let end = (0..=LINE_MAX).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}

impl Record {
    /// A command was started. What it did when it was run before is forgotten.
    pub fn command_started(&mut self, mark: CommandMark) {
        self.commands.retain(|c| c.directive != mark.directive || c.index != mark.index);
        if self.commands.len() >= KEPT {
            let spare = self.commands.iter().position(|c| c.is_over() && !c.failed).unwrap_or(0);
            self.commands.remove(spare);
        }
        self.commands.push(mark);
    }

    /// The process of a command has ended. `code` and `status` are those of [`CommandMark`].
    pub fn command_ended(&mut self, pid: i32, code: i32, status: i32, at: Moment) {
        if let Some(mark) = self.commands.iter_mut().rev().find(|c| c.pid == pid && !c.is_over()) {
            (mark.code, mark.status, mark.exit) = (code, status, at);
        }
    }

    /// The run failed by this event; `sub` is the state in which that was.
    pub fn blame(&mut self, event: Event, sub: &str) {
        sub.clone_into(&mut self.failed_in);
        let (main, control) = (self.exec_main_pid, self.control.map(|c| c.pid));
        let living = control.or(self.main.map(|m| m.pid));
        let is_it = |c: &&mut CommandMark| match event {
            Event::MainExit(_) => c.is_over() && (c.pid == main || c.pid == 0),
            Event::ControlExit(_) => c.is_over() && c.pid != main,
            Event::SpawnFailed(_) => c.pid == 0,
            Event::NotSignalled | Event::Timeout | Event::WatchdogExpired | Event::OomKill => {
                living == Some(c.pid)
            }
            Event::Start
            | Event::Stop(_)
            | Event::Reload
            | Event::ResetFailed
            | Event::Adopted(_)
            | Event::Spawned(_)
            | Event::Executed
            | Event::GroupEmpty
            | Event::PidFile
            | Event::MainMoved
            | Event::Ready
            | Event::Reloading { .. }
            | Event::BusName(_)
            | Event::Stopping
            | Event::Ping => c.directive == Slot::Start.directive(),
        };
        // Of several that could be it, the one that ended last.
        if let Some(mark) = self.commands.iter_mut().filter(is_it).max_by_key(|c| c.exit.mono) {
            mark.failed = true;
        }
    }

    /// The command by which the run failed, where it was by one.
    #[must_use]
    pub fn failed_command(&self) -> Option<&CommandMark> {
        self.commands.iter().rev().find(|c| c.failed)
    }

    /// The command by which the last reload failed, where it was by one that ended.
    #[must_use]
    pub fn failed_reload(&self) -> Option<&CommandMark> {
        let is_it = |c: &&CommandMark| {
            c.directive == Slot::Reload.directive() && c.is_over() && (c.code, c.status) != (1, 0)
        };
        self.commands.iter().filter(is_it).max_by_key(|c| c.exit.mono)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::service::machine::Exit;
    use crate::unit::build::{Input, build};
    use crate::unit::merge::Source;
    use crate::unit::model::{Body, Service};
    use crate::unit::name::UnitName;
    use crate::unit::specifier::Facts;
    use std::path::Path;

    fn service(text: &str) -> Box<Service> {
        let unit = build(
            Input {
                name: UnitName::parse("x.service").unwrap(),
                aliases: Vec::new(),
                fragment: None,
                sources: vec![Source::new(Path::new("/x.service"), text.as_bytes())],
                dropins: Vec::new(),
                links: Vec::new(),
            },
            &Facts::default(),
        );
        match unit.body {
            Body::Service(service) => service,
            Body::Other => panic!("it is a service"),
        }
    }

    fn at(mono: u64) -> Moment {
        Moment { real: mono, mono }
    }

    #[test]
    fn the_command_that_failed_first_is_named() {
        let s =
            service("[Service]\nExecStartPre=/bin/false a $B\nExecStart=/bin/true\nExecStopPost=/bin/x\n");
        let mut r = Record::default();
        r.command_started(CommandMark::new(Slot::StartPre, 0, &s.exec.start_pre[0], 7, at(1)));
        r.command_ended(7, 1, 1, at(2));
        r.blame(Event::ControlExit(Exit::Code(1)), "start-pre");
        r.command_started(CommandMark::new(Slot::StopPost, 0, &s.exec.stop_post[0], 8, at(3)));
        r.command_ended(8, 1, 2, at(4));
        let failed = r.failed_command().unwrap();
        assert_eq!(failed.assignment(), "ExecStartPre=/bin/false a $B");
        assert_eq!((failed.code, failed.status, r.failed_in.as_str()), (1, 1, "start-pre"));
        assert!(failed.is_of("ExecStartPre", 0, &s.exec.start_pre[0]));
        assert!(!failed.is_of("ExecStartPre", 0, &s.exec.start[0]), "the unit has another one now");
    }

    #[test]
    fn a_time_limit_is_about_the_process_that_lives() {
        let s = service("[Service]\nExecStart=/bin/true\nExecReload=/bin/false\n");
        let mut r = Record { exec_main_pid: 7, ..Record::default() };
        r.main = Some(crate::supervisor::core::mark::ProcessMark { pid: 7, start_time: 1 });
        r.command_started(CommandMark::new(Slot::Start, 0, &s.exec.start[0], 7, at(1)));
        r.blame(Event::Timeout, "running");
        assert_eq!(r.failed_command().unwrap().directive, "ExecStart");
        assert!(r.failed_reload().is_none());
        r.command_started(CommandMark::new(Slot::Reload, 0, &s.exec.reload[0], 8, at(2)));
        r.command_ended(8, 1, 1, at(3));
        assert_eq!(r.failed_reload().unwrap().assignment(), "ExecReload=/bin/false");
        r.command_started(CommandMark::new(Slot::Reload, 0, &s.exec.reload[0], 9, at(4)));
        r.command_ended(9, 1, 0, at(5));
        assert!(r.failed_reload().is_none(), "the last one went well");
    }

    #[test]
    fn a_record_stays_small() {
        let long = format!("[Service]\nExecStart=/bin/x {}\n", "ä".repeat(4000));
        let s = service(&long);
        let mut r = Record::default();
        for index in 0..1000 {
            r.command_started(CommandMark::new(Slot::StartPre, index, &s.exec.start[0], 1, at(1)));
        }
        assert_eq!(r.commands.len(), KEPT);
        assert!(r.commands.iter().all(|c| c.line.len() <= LINE_MAX + '…'.len_utf8()));
    }
}
