//! Where the `log` macros of the drivers go: env_logger with a target of ours, since a supervisor has no
//! terminal and a drain no time. A command's words go to standard error, with the `<N>` of the level before
//! them where that is the journal's stream; a supervisor's go to /dev/log, else to the kernel's log.
//!
//! One level counts for the whole program (`--log-level`, `AMR_LOG`); `warn` is the usual one.
//!
//! Promises: a message never waits for whoever reads. What finds no room is dropped, and the next message
//! that finds some says how many were.

use crate::cli::out;
use crate::os::{poll, syslog};
use log::{Level, LevelFilter};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;

/// Where the words go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard error, for people.
    Terminal,
    /// Standard error, which journald reads.
    Journal,
    /// /dev/log, else the kernel's log.
    System,
}

/// The names of levels, as a hint has them.
pub const LEVELS: &str = "use off, error, warn, info, debug or trace";

/// What a pipe takes at once where it takes anything (`PIPE_BUF`): a longer message is cut there.
const LONGEST: usize = 4096;

/// Installs it. A level that means nothing leaves the usual one, and is said.
pub fn install(target: Target, wanted: Option<&str>) {
    let mut builder = env_logger::Builder::new();
    // What is let through is `log`'s own maximum, which can still be changed.
    builder.filter_level(LevelFilter::Trace);
    builder.format(move |out, record| {
        let (level, text) = (record.level(), record.args().to_string());
        match target {
            Target::Terminal => writeln!(out, "amr: {}", out::escape(&text)),
            Target::Journal => writeln!(out, "<{}>amr: {}", priority(level), out::escape(&text)),
            Target::System => write!(out, "<{}>{text}", priority(level)),
        }
    });
    let sink: Box<dyn Write + Send> = match target {
        Target::Terminal | Target::Journal => Box::new(NonBlocking { to: io::stderr(), dropped: 0 }),
        Target::System => Box::new(System),
    };
    builder.target(env_logger::Target::Pipe(sink));
    if builder.try_init().is_err() {
        return;
    }
    log::set_max_level(LevelFilter::Warn);
    if let Some(Err(what)) = wanted.map(level) {
        log::warn!("{what} in AMR_LOG, using 'warn'; {LEVELS}");
    }
}

/// Sets the level by its name.
///
/// # Errors
/// It is the name of none; says so.
pub fn level(name: &str) -> Result<(), String> {
    let level = name.parse().map_err(|_| format!("invalid log level '{}'", out::escape(name)))?;
    log::set_max_level(level);
    Ok(())
}

/// syslog's number for a level.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Writes whole messages where there is room for one, and drops them elsewhere.
struct NonBlocking<W> {
    to: W,
    dropped: u64,
}

impl<W: Write + AsFd> NonBlocking<W> {
    fn has_room(&self) -> bool {
        let to = [(self.to.as_fd(), poll::Interest::Write)];
        poll::wait(&to, Some(Duration::ZERO)).is_ok_and(|ready| !ready.is_empty())
    }

    /// A reader that went away is no reason to stop working.
    fn put(&mut self, message: &[u8]) {
        match message.get(..LONGEST) {
            Some(beginning) if message.len() > LONGEST => {
                let mut cut = beginning.to_vec();
                cut.splice(LONGEST.saturating_sub(4).., *b"...\n");
                let _ = self.to.write_all(&cut);
            }
            Some(_) | None => {
                let _ = self.to.write_all(message);
            }
        }
    }
}

/// One call is one message: env_logger makes each whole before it writes.
impl<W: Write + AsFd> Write for NonBlocking<W> {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        if !self.has_room() {
            self.dropped = self.dropped.saturating_add(1);
            return Ok(message.len());
        }
        if self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            self.put(format!("amr: {dropped} messages dropped: standard error took none\n").as_bytes());
            if !self.has_room() {
                self.dropped = 1;
                return Ok(message.len());
            }
        }
        self.put(message);
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The system's log; a message begins with its priority, `<N>`.
struct System;

impl Write for System {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(message);
        if let Some((priority, text)) = text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            // A log that nobody takes is no reason to stop working.
            let _ = syslog::send(priority.parse().unwrap_or_default(), text);
        }
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;

    #[test]
    fn a_reader_that_does_not_read_is_not_waited_for() {
        let (reader, writer) = io::pipe().unwrap();
        let mut log = NonBlocking { to: writer, dropped: 0 };
        let message = [b'x'; 1000];
        for _ in 0..100 {
            log.write_all(&message).unwrap();
        }
        assert!(log.dropped > 0 && log.dropped < 100, "{}", log.dropped);
        let dropped = log.dropped;
        let mut reader = File::from(std::os::fd::OwnedFd::from(reader));
        let mut taken = vec![0; (100 - usize::try_from(dropped).unwrap()) * message.len()];
        reader.read_exact(&mut taken).unwrap();
        log.write_all(b"amr: here again\n").unwrap();
        log.write_all(&[b'y'; 9000]).unwrap();
        drop(log);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        let said = format!("amr: {dropped} messages dropped: standard error took none\namr: here again\n");
        let long = rest.strip_prefix(&said).unwrap();
        assert!(long.len() == LONGEST && long.ends_with("y...\n"), "{}", long.len());
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        NonBlocking { to: writer, dropped: 0 }.write_all(b"amr: x\n").unwrap();
    }

    #[test]
    fn names_of_levels() {
        assert_eq!(level("loud\n").unwrap_err(), "invalid log level 'loud\\n'");
        assert!(level("Warn").is_ok());
    }
}
