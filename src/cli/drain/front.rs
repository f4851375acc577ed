//! The speaking process of a drain.
//!
//! It holds no files and looks at none, so that no file system can keep it from answering a signal:
//! another process ([`parts`]) looks and sends messages. SIGTERM and SIGINT end the drain within a tenth of
//! a second, SIGUSR1 prints the table. Where the one that looks does not answer at the deadline, its last
//! interim report is made the final one. Whatever the end, the others are ended, too.

mod end;

use super::hook::{Hook, Run};
use super::output::Outputs;
use super::parts::{self, ExitLimits, Freed};
use super::words::{self, Rate};
use crate::cli::exit::{Answer, Answered, Class, Refused};
use crate::cli::out;
use crate::drain::inspect::wall;
use crate::drain::judge::verdict::Verdict;
use crate::drain::report::{self, Stage, keep};
use crate::drain::wait::message::{Message, Order, Phase, Summary};
use crate::drain::wait::{self, Json, Task};
use crate::os::clock;
use crate::os::poll::{self, Interest};
use crate::os::proc::ProcessId;
use crate::os::signal::{Signal, Signals};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long the other half has to end when it is told to.
const GRACE: Duration = Duration::from_millis(30);

/// How long its last report may take to be made the final one, where time is up.
const REWRITE: Duration = Duration::from_millis(50);

/// The same where the end was ordered, from the order on: what is left of a tenth of a second when the others
/// have had the time to end. A report of what was known is worth more than a last look.
const REWRITE_ORDERED: Duration = Duration::from_millis(55);

/// How far past its deadline the other half may be before it counts as hanging: it takes a last look and has
/// the last report written.
const LATE: Duration = Duration::from_millis(250);

/// So many blocks of messages are read at a time.
const BLOCKS: u32 = 1024;

/// The longest message is a report of a million files.
const LONGEST: usize = 512 << 20;

/// How long one look may take: a registry of a million states on a slow disk takes one.
const ONCE: Duration = Duration::from_secs(120);

/// How often the service manager is asked for more time.
const EXTEND: Duration = Duration::from_secs(30);

/// Parts and waits.
pub fn run(task: &Task, audience: Outputs, hook: Option<Hook>) -> Answered {
    // Before there are others: those are ended by this one, not by a signal to all.
    let signals = Signals::watch(&parts::SIGNALS);
    let parted = signals.and_then(|signals| Ok((signals, parts::part(task, wait::run)?)));
    match parted {
        Ok((mut signals, (others, link))) => {
            let front = Front::new(task, audience, hook, link);
            let answer = match front {
                Ok(mut front) => {
                    let answer = front.run(&mut signals);
                    let ordered = front.giving_up.filter(|_| front.ordered).map(ExitLimits::ordered);
                    let patience = ordered.unwrap_or_else(|| ExitLimits::usual(Freed::Unawaited));
                    others.end(front.rewrites, patience);
                    answer
                }
                Err(error) => {
                    others.end(None, ExitLimits::usual(Freed::Unawaited));
                    Err(error)
                }
            };
            answer.map_err(|error| failed(&error))
        }
        Err(error) => Err(failed(&error.to_string())),
    }
}

/// Parts, and says the one answer; that none came, where a file system hangs.
pub fn once(task: &Task, quiet: bool) -> Answered {
    let limit = task.policy.timeout.min(ONCE);
    let until = clock::now().saturating_add(limit);
    let look = |task: &Task, link: UnixStream, kept: Vec<String>| wait::once(task, link, kept);
    let (others, link) = match parts::part(task, look) {
        Ok(parted) => parted,
        Err(error) => return Err(failed(&error.to_string())),
    };
    let mut answer = None;
    for line in BufReader::new(Until { link, until }).split(b'\n') {
        match line.map(|line| Message::parse(&line)) {
            Ok(Ok(Message::Answer { code: told, text })) => {
                answer = Some(Ok(Answer::Verdict(told)));
                if !quiet {
                    out::print_raw(&lines(&text));
                }
            }
            Ok(Ok(Message::Note(note))) => out::print_error("drain", &out::escape(&note), None),
            Ok(Ok(Message::Failed(what))) => answer = Some(Err(failed(&out::escape(&what)))),
            Ok(Ok(Message::Phase { .. } | Message::Moved(_) | Message::Table(_)) | Err(_)) | Err(_) => break,
        }
    }
    others.end(None, ExitLimits::usual(Freed::Awaited));
    answer.unwrap_or_else(|| {
        if clock::now() < until {
            return Err(failed("the process that looks at the files has died"));
        }
        let span = words::span(limit);
        let late = format!("the look at the files was not over within {span}, as where a file system hangs");
        out::print_error("drain", &late, None);
        let verdict = Verdict::CannotTell;
        let report = report::whole(wall(), Stage::Once, verdict, 0, None, Vec::new());
        if !quiet {
            out::print_raw(&if task.json == Json::Wanted { report.json() } else { report::text(&report) });
        }
        Ok(Answer::Verdict(verdict.code()))
    })
}

/// A stream whose reading ends then.
struct Until {
    link: UnixStream,
    until: Duration,
}

impl Read for Until {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = self.until.saturating_sub(clock::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.link.set_read_timeout(Some(left))?;
        self.link.read(into)
    }
}

/// Lines, each escaped once more: who wrote them has read what others wrote.
fn lines(text: &str) -> String {
    let one =
        |line: &str| format!("{}\n", line.chars().filter(|letter| !letter.is_control()).collect::<String>());
    text.lines().map(one).collect()
}

fn failed(what: &str) -> Refused {
    Refused::new(Class::Failed, what)
}

struct Front<'c> {
    task: &'c Task,
    audience: Outputs,
    hook: Option<Hook>,
    hooks: Vec<Run>,
    link: UnixStream,
    open: Link,
    unread: Vec<u8>,
    started: Duration,
    rate: Rate,
    summary: Summary,
    report: Option<String>,
    begun: bool,
    extended: Option<Duration>,
    giving_up: Option<Duration>,
    /// A signal ordered that.
    ordered: bool,
    ended: Option<Answer>,
    /// The process that makes the last interim report the final one.
    rewrites: Option<ProcessId>,
}

/// Whether more messages may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Open,
    Closed,
}

impl<'c> Front<'c> {
    fn new(task: &'c Task, audience: Outputs, hook: Option<Hook>, link: UnixStream) -> Result<Self, String> {
        link.set_nonblocking(true).map_err(|error| error.to_string())?;
        Ok(Self {
            task,
            audience,
            hook,
            hooks: Vec::new(),
            link,
            open: Link::Open,
            unread: Vec::new(),
            started: clock::now(),
            rate: Rate::default(),
            summary: Summary::default(),
            report: None,
            begun: false,
            extended: None,
            giving_up: None,
            ordered: false,
            ended: None,
            rewrites: None,
        })
    }

    fn run(&mut self, signals: &mut Signals) -> Result<Answer, String> {
        loop {
            let now = clock::now();
            self.extend(now);
            self.reap(now);
            match self.ended {
                Some(answer) if self.hooks.is_empty() || self.ordered => return Ok(answer),
                Some(_) => {}
                None if now >= self.longest_wait() => self.without_the_other_half(),
                None => {}
            }
            let mut fds = vec![(signals.as_fd(), Interest::Read)];
            let link = (self.open == Link::Open).then_some(fds.len());
            fds.extend(link.map(|_| (self.link.as_fd(), Interest::Read)));
            fds.extend(self.hooks.iter().map(|hook| (hook.as_fd(), Interest::Read)));
            let ready = poll::wait(&fds, Some(self.next(now))).map_err(|error| error.to_string())?;
            if ready.contains(&0) {
                self.signals(signals);
            }
            if link.is_some_and(|place| ready.contains(&place)) {
                self.messages()?;
            }
        }
    }

    /// When the other half must have answered.
    fn longest_wait(&self) -> Duration {
        let deadline = self.started.saturating_add(self.task.policy.timeout).saturating_add(LATE);
        self.giving_up.map_or(deadline, |asked| asked.saturating_add(GRACE))
    }

    /// How long nothing need be done.
    fn next(&self, now: Duration) -> Duration {
        let hooks = self.hooks.iter().map(Run::ends).min();
        let extend = self.extended.filter(|_| self.ended.is_none()).map(|at| at.saturating_add(EXTEND));
        let patience = self.ended.is_none().then(|| self.longest_wait());
        let next = [hooks, extend, patience].into_iter().flatten().min();
        match (self.ended, next) {
            (Some(_), None) => Duration::ZERO,
            (_, next) => next.map_or(Duration::MAX, |at| at.saturating_sub(now)),
        }
    }

    /// Time is asked for while the drain has some, and for the hooks after it.
    fn extend(&mut self, now: Duration) {
        let due = self.extended.is_none_or(|at| now >= at.saturating_add(EXTEND));
        if !self.audience.has_manager() || !due {
            return;
        }
        self.extended = Some(now);
        let hooks = self.hooks.iter().map(Run::ends).max().unwrap_or_default();
        let until = if self.ended.is_some() { hooks } else { self.longest_wait().max(hooks) };
        self.audience.extend(until.saturating_sub(now));
    }

    fn reap(&mut self, now: Duration) {
        let audience = &mut self.audience;
        self.hooks.retain_mut(|hook| match hook.over(now) {
            None => true,
            Some(said) => {
                said.into_iter().for_each(|said| audience.note(&said));
                false
            }
        });
    }

    fn signals(&mut self, signals: &mut Signals) {
        for signal in signals.take() {
            match Signal::try_from(signal) {
                Ok(Signal::SIGTERM | Signal::SIGINT) if !self.ordered => {
                    self.giving_up.get_or_insert(clock::now());
                    self.ordered = true;
                    self.order(Order::GiveUp);
                }
                Ok(Signal::SIGUSR1) => self.order(Order::Table),
                // SIGCHLD woke; that the terminal hangs up is no reason to stop.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn order(&mut self, order: Order) {
        // A half that is gone is noticed by its silence.
        let _ = self.link.write(&[order.byte()]);
    }

    fn messages(&mut self) -> Result<(), String> {
        let mut block = [0; 4096];
        // Some at a time: one that never ends must not keep this process from signals and its deadline.
        for _ in 0..BLOCKS {
            match self.link.read(&mut block) {
                Ok(0) => {
                    self.open = Link::Closed;
                    break;
                }
                Ok(got) => self.unread.extend(block.iter().take(got)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.open = Link::Closed;
                    break;
                }
            }
        }
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            match Message::parse(&line) {
                Ok(message) => self.print_message(message),
                Err(error) => return Err(format!("the half that looks made no sense: {error}")),
            }
        }
        self.unread.shrink_to_fit();
        if self.unread.len() > LONGEST {
            return Err("the half that looks made no sense: its message has no end".to_owned());
        }
        if self.open == Link::Closed && self.ended.is_none() {
            return Err("the process that looks at the files has died".to_owned());
        }
        Ok(())
    }

    fn print_message(&mut self, message: Message) {
        match message {
            Message::Phase { phase, summary, report, json } => self.phase(phase, summary, report, json),
            Message::Moved(summary) => self.moved(summary),
            Message::Note(text) => self.audience.note(&text),
            Message::Table(text) => self.audience.table(&lines(&text)),
            // Of the one who is asked once.
            Message::Answer { .. } => {}
            Message::Failed(what) => {
                self.audience.line(&format!("no verdict: {what}"), 3);
                self.ended = Some(Answer::Told(Class::Failed));
            }
        }
    }

    fn moved(&mut self, summary: Summary) {
        let now = clock::now();
        self.rate.at(now, summary.bytes);
        let text = words::progress(&summary, &self.rate);
        self.audience.progress(now, &text);
        self.audience.status(&text);
        self.summary = summary;
    }

    fn phase(&mut self, phase: Phase, summary: Summary, report: Option<String>, json: Option<String>) {
        // The half that looks has read what others wrote: root makes no file where it says.
        let kept = |path: &String| {
            let (folder, file) = (self.task.folder.as_deref(), self.task.file.as_deref());
            keep::is_of_drain(Path::new(path), folder, file, self.task.pid)
        };
        self.report = report.filter(kept).or(self.report.take());
        match phase {
            Phase::Started => {
                self.begun = true;
                self.audience.line(&words::begin(&summary, self.task.policy.timeout), 6);
                self.moved(summary);
            }
            Phase::SoFar => {
                let text = words::progress(&summary, &self.rate);
                self.audience.note(&format!("so far, after {}: {text}", self.took()));
                self.hook("so-far", None);
                self.moved(summary);
            }
            Phase::Stalled => {
                let because = &summary.because;
                self.audience.note(&format!("stalled after {}, waiting on: {because}", self.took()));
                self.moved(summary);
            }
            Phase::Ended => {
                self.end(&summary);
                json.into_iter().for_each(|json| out::print_raw(&lines(&json)));
            }
        }
    }
}
