//! Where the `log` macros of the drivers go: a command's to standard error, a supervisor's, which has no
//! terminal, to the system's log.
//!
//! Levels are set for the whole program (`--log-level`, `AMR_LOG`); `warn` is the usual one.

use crate::cli::out;
use crate::os::syslog;
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Where the words go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Standard error.
    Stderr,
    /// /dev/log, else the kernel's log.
    System,
}

static STDERR: Logger = Logger { sink: Sink::Stderr };
static SYSTEM: Logger = Logger { sink: Sink::System };

struct Logger {
    sink: Sink,
}

/// Installs it. A level that means nothing leaves the usual one.
pub fn install(sink: Sink, wanted: Option<&str>) {
    let logger = match sink {
        Sink::Stderr => &STDERR,
        Sink::System => &SYSTEM,
    };
    if log::set_logger(logger).is_ok() {
        log::set_max_level(LevelFilter::Warn);
        wanted.map(level);
    }
}

/// Sets the level by its name; false where it is none.
pub fn level(name: &str) -> bool {
    match name.parse() {
        Ok(filter) => {
            log::set_max_level(filter);
            true
        }
        Err(_) => false,
    }
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

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        match self.sink {
            Sink::Stderr => out::mutter(&format!("amr: {}\n", out::escape(&text))),
            Sink::System => {
                // A log that nobody takes is no reason to stop working.
                let _ = syslog::send(priority(record.level()), &text);
            }
        }
    }

    fn flush(&self) {}
}
