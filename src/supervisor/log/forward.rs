//! Lines of a service on their way to others than its log: the daemon at /dev/log, the kernel's log, the console.
//!
//! Promise: nobody is waited for longer than half a second a turn. Who takes nothing, or is not there, misses lines; the
//! log of the unit has them.

use super::stamp::LINE_MAX;
use crate::os::clock;
use crate::os::error::Errno;
use crate::os::syslog::{self, Console, Daemon, WaitBudget};
use crate::unit::exec::ExecContext;
use crate::unit::exec::io::{Output, Streams};
use crate::unit::exec::log::INFO;
use std::time::Duration;

/// How long a daemon that took nothing is left alone, so that one that hangs costs next to nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Who else gets the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Others {
    syslog: bool,
    kmsg: bool,
    console: bool,
}

impl Others {
    /// Output and errors of a unit come through one pipe: whom one of them names gets both.
    fn new(context: &ExecContext) -> Self {
        let Streams { stdout, stderr, .. } = context.io.streams();
        let mut others = Others::default();
        for output in [stdout, stderr] {
            others.syslog |= matches!(output, Output::Syslog | Output::SyslogConsole);
            others.kmsg |= matches!(output, Output::Kmsg | Output::KmsgConsole);
            others.console |= output.is_log() && output.is_terminal();
        }
        others
    }
}

/// See the head of this file.
#[derive(Debug)]
pub struct Forward {
    others: Others,
    identifier: Option<String>,
    facility: u8,
    daemon: Option<Daemon>,
    console: Console,
    /// What is left of this turn's time for those who take lines late.
    budget: WaitBudget,
    /// Not before this time since boot.
    daemon_again: Duration,
    /// Lines that it did not take.
    missed: u64,
    /// Name and number of the process that writes.
    writer: (String, i32),
    /// Of a line that has not ended.
    line: Vec<u8>,
    /// The rest of a line that was too long passes nobody.
    cut: bool,
}

impl Forward {
    /// That of a unit; `None` where nobody else is to get anything.
    #[must_use]
    pub fn new(context: &ExecContext) -> Option<Self> {
        let others = Others::new(context);
        let identifier = context.log.identifier.clone();
        let facility = context.log.facility;
        (others != Others::default()).then(|| Self { others, identifier, facility, ..Self::empty() })
    }

    /// For nobody.
    fn empty() -> Self {
        Self {
            others: Others::default(),
            identifier: None,
            facility: 0,
            daemon: None,
            console: Console::default(),
            budget: WaitBudget::for_turn(),
            daemon_again: Duration::ZERO,
            missed: 0,
            writer: (String::new(), 0),
            line: Vec::new(),
            cut: false,
        }
    }

    /// Who writes from now on.
    pub fn written_by(&mut self, program: &str, pid: i32) {
        let name = program.rsplit('/').next().unwrap_or(program);
        self.writer = (name.to_owned(), pid);
    }

    /// A turn of the supervisor's loop begins, which has others to answer.
    pub fn begin_turn(&mut self) {
        self.budget = WaitBudget::for_turn();
    }

    /// Takes a piece; lines may be cut anywhere.
    pub fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            let budget = LINE_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(text.get(..budget).unwrap_or(text));
            if ends || self.line.len() >= LINE_MAX {
                let line = std::mem::take(&mut self.line);
                if !self.cut {
                    self.send(&line);
                }
                self.cut = !ends;
            }
        }
    }

    fn send(&mut self, line: &[u8]) {
        let (level, text) = match line {
            [b'<', n @ b'0'..=b'7', b'>', text @ ..] => (n - b'0', text),
            text => (INFO, text),
        };
        // As journald: a line of blanks says nothing.
        let text = text.trim_ascii_end();
        if text.is_empty() {
            return;
        }
        let name = self.identifier.as_deref().unwrap_or(&self.writer.0);
        let head = match self.writer.1 {
            0 => format!("{name}: "),
            pid => format!("{name}[{pid}]: "),
        };
        let said = [head.as_bytes(), text].concat();
        let marked =
            [format!("<{}>", u16::from(self.facility) << 3 | u16::from(level)).as_bytes(), &said].concat();
        if self.others.syslog {
            self.send_to_daemon(&marked);
        }
        if self.others.kmsg {
            syslog::to_kernel(&marked);
        }
        if self.others.console {
            self.console.write(&[said.as_slice(), b"\n"].concat());
        }
    }

    fn send_to_daemon(&mut self, message: &[u8]) {
        let now = clock::now();
        if now < self.daemon_again {
            self.missed = self.missed.saturating_add(1);
            return;
        }
        if self.missed > 0 {
            let facility = u16::from(self.facility) << 3;
            let note =
                format!("<{}>amr: {} lines are in the log of the unit alone", facility | 4, self.missed);
            if self.reach(note.as_bytes()) {
                self.missed = 0;
            }
        }
        if !self.reach(message) {
            self.missed = self.missed.saturating_add(1);
            self.daemon_again = clock::now().saturating_add(PAUSE);
        }
    }

    /// Sends it; to the one that listens now, where the one of before is gone.
    fn reach(&mut self, message: &[u8]) -> bool {
        for _ in 0..2 {
            let Some(mut daemon) = self.daemon.take().or_else(|| Daemon::new().ok()) else { return false };
            match daemon.send(message, &mut self.budget) {
                Ok(()) => {
                    self.daemon = Some(daemon);
                    return true;
                }
                Err(Errno::ECONNREFUSED | Errno::ECONNRESET | Errno::ENOTCONN | Errno::EPIPE) => {}
                Err(_) => {
                    self.daemon = Some(daemon);
                    return false;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use std::os::unix::net::UnixDatagram;

    /// Each line in time, and all together for much longer than a supervisor may be away.
    #[test]
    fn a_daemon_that_is_slow_holds_up_a_turn_for_half_a_second_at_most() {
        let scratch = Scratch::new();
        let path = scratch.0.join("log");
        let listener = UnixDatagram::bind(&path).unwrap();
        let mut forward = Forward {
            others: Others { syslog: true, ..Others::default() },
            daemon: Some(Daemon::at(&path).unwrap()),
            ..Forward::empty()
        };
        let reader = std::thread::spawn(move || {
            let mut message = [0; 100];
            let mut taken = 0_u32;
            while listener.recv(&mut message).unwrap() > 0 {
                taken += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            taken
        });
        let begun = clock::now();
        forward.begin_turn();
        (0..200).for_each(|_| forward.take(b"a line\n"));
        let took = clock::now().saturating_sub(begun);
        assert!(took < Duration::from_secs(5), "it took {took:?}");
        assert!(forward.missed > 100, "{} of 200 were missed", forward.missed);
        let end = UnixDatagram::unbound().unwrap();
        end.connect(&path).unwrap();
        end.send(&[]).unwrap();
        assert!(reader.join().unwrap() > 0);
    }
}
