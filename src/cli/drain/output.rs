//! To whom a waiting drain speaks.
//!
//! * Two lines, the first and the last, to standard output and, where that is not the journal, to
//!   syslog.
//! * Progress on the terminal, or on the console where the hook asks for it.
//! * State and time to the service manager (`NOTIFY_SOCKET`).
//!
//! None of it may block: a terminal that was stopped, or a log daemon that is gone, holds up no drain.

use crate::cli::out;
use crate::os::error::escape;
use crate::os::poll::{self, Interest};
use crate::os::root::{FileKind, OFlag, Root, Stat};
use crate::os::{socket, term};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

/// How much more time systemd is asked for at once: what a drain that hangs costs at most.
const EXTENSION: Duration = Duration::from_secs(120);

/// A terminal is written to so often, one that cannot rewrite its line less often.
const LINES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// Where two lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    /// Standard output is the journal's.
    Journal,
    /// Standard output, and syslog.
    Syslog,
    /// Standard output alone.
    Output,
}

/// What is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputOptions {
    /// `--quiet`: nothing on standard output.
    pub quiet: bool,
    /// `--json`: standard output is for the report.
    pub json: bool,
    /// `--console`: progress on the console where there is no terminal.
    pub console: bool,
    /// Whether the host's log daemon is the right one to tell.
    pub syslog: bool,
}

/// Everybody who listens.
#[derive(Debug)]
pub struct Outputs {
    options: OutputOptions,
    log: Log,
    notify: Option<String>,
    console: Option<File>,
    /// Standard error is a terminal.
    terminal: bool,
    columns: Option<u16>,
    told: Option<Duration>,
    unfinished: bool,
}

impl Outputs {
    /// Looks who is there.
    pub fn new(options: OutputOptions, notify: Option<String>) -> Self {
        let terminal = term::is_terminal(std::io::stderr().as_fd());
        let console = (options.console && !terminal).then(console).flatten();
        let columns = if terminal { term::columns(std::io::stderr()) } else { None };
        let log = if Stat::from_fd(std::io::stdout()).is_ok_and(|stat| stat.kind == FileKind::Socket) {
            Log::Journal
        } else if options.syslog {
            Log::Syslog
        } else {
            Log::Output
        };
        Self { options, log, notify, console, terminal, columns, told: None, unfinished: false }
    }

    /// One of the two lines. `level` as in syslog(3).
    pub fn line(&mut self, text: &str, level: u8) {
        self.finish();
        let text = out::escape(text);
        if let Some(console) = &mut self.console {
            write(console, &format!("amr: drain: {text}\r\n"));
        }
        if self.log == Log::Syslog {
            // Facility daemon. A log that is gone or full is no reason to wait.
            let line = format!("<{}>amr[{}]: drain: {text}", 24 + u32::from(level), std::process::id());
            let _ = socket::notify("/dev/log", &line);
        }
        let prefix = if self.log == Log::Journal { format!("<{level}>") } else { String::new() };
        let line = format!("{prefix}amr: drain: {text}\n");
        match (self.options.quiet, self.options.json) {
            (true, _) => {}
            (false, false) if writable(std::io::stdout().as_fd()) => out::print_raw(&line),
            (false, true) if writable(std::io::stderr().as_fd()) => out::eprint_raw(&line),
            (false, _) => {}
        }
    }

    /// The progress line, if it is time for one.
    pub fn progress(&mut self, now: Duration, text: &str) {
        let [rewritten, new] = LINES;
        let pause = if self.columns.is_some() { rewritten } else { new };
        if self.told.is_some_and(|told| now < told.saturating_add(pause)) {
            return;
        }
        self.told = Some(now);
        let text = out::escape(text);
        if let Some(columns) = self.columns {
            let room = usize::from(columns).saturating_sub(1);
            let line: String = format!("amr: drain: {text}").chars().take(room).collect();
            self.unfinished = self.show(&format!("\r\x1b[K{line}"));
        } else {
            self.show(&format!("amr: drain: {text}\r\n"));
        }
    }

    /// Something worth knowing: to the terminal or console, else to standard error, but not into the
    /// journal.
    pub fn note(&mut self, text: &str) {
        self.finish();
        let line = format!("amr: drain: {}\r\n", out::escape(text));
        if self.show(&line) || self.log == Log::Journal || self.options.quiet {
            return;
        }
        if writable(std::io::stderr().as_fd()) {
            out::print_error("drain", &out::escape(text), None);
        }
    }

    /// A table that was asked for.
    pub fn table(&mut self, text: &str) {
        self.finish();
        if !self.show(&text.replace('\n', "\r\n")) && self.log != Log::Journal {
            out::eprint_raw(text);
        }
    }

    /// Tells the service manager how it goes.
    pub fn status(&self, text: &str) {
        self.notify_manager(&format!("STATUS={}", out::escape(text)));
    }

    /// Asks the service manager for time, while the drain has some itself. systemd knows the word
    /// since 236; older ones have a limit that is long enough from the start.
    pub fn extend(&self, left: Duration) {
        let more = left.saturating_add(Duration::from_secs(10)).min(EXTENSION);
        self.notify_manager(&format!("EXTEND_TIMEOUT_USEC={}", more.as_micros()));
    }

    /// Whether there is one.
    pub fn has_manager(&self) -> bool {
        self.notify.is_some()
    }

    fn notify_manager(&self, state: &str) {
        if let Some(address) = &self.notify {
            // Its queue is full, or it is gone: the next one may get through.
            let _ = socket::notify(address, state);
        }
    }

    fn show(&mut self, text: &str) -> bool {
        if let Some(console) = &mut self.console {
            return write(console, text);
        }
        let can = self.terminal && !self.options.quiet && writable(std::io::stderr().as_fd());
        if can {
            out::eprint_raw(text);
        }
        can
    }

    /// Ends a line that was to be rewritten.
    fn finish(&mut self) {
        if std::mem::take(&mut self.unfinished) {
            self.show("\r\x1b[K");
        }
    }
}

/// The path as it is printed.
pub fn shown(path: &Path) -> String {
    escape(path.as_os_str())
}

fn console() -> Option<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    Root::host().ok()?.open_with(Path::new("/dev/console"), flags, 0).ok()
}

/// Whether a write would not block.
fn writable(fd: BorrowedFd<'_>) -> bool {
    poll::wait(&[(fd, Interest::Write)], Some(Duration::ZERO)).is_ok_and(|ready| !ready.is_empty())
}

fn write(to: &mut File, text: &str) -> bool {
    writable(to.as_fd()) && to.write_all(text.as_bytes()).is_ok()
}
