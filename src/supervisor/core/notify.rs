//! What a service reports about itself: the datagrams of sd_notify(3).
//!
//! Tolerant as systemd is: a line that means nothing is passed over, the last one of several
//! states wins. Pure.

use crate::unit::value::descriptor;
use std::time::Duration;

/// The longest STATUS= that is kept, in bytes.
const STATUS_MAX: usize = 1024;

/// One datagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// READY=1, RELOADING=1 or STOPPING=1: the last of them.
    pub state: Option<Reported>,
    /// STATUS=, without control characters; empty to take it back.
    pub status: Option<String>,
    /// ERRNO=.
    pub errno: Option<i32>,
    /// MAINPID=.
    pub main_pid: Option<i32>,
    /// WATCHDOG=.
    pub watchdog: Option<Watchdog>,
    /// WATCHDOG_USEC=: the time between two pings from now on.
    pub watchdog_time: Option<Duration>,
    /// RELOADING=1 and READY=1 at once: it has read its configuration already (253).
    pub reloaded: bool,
    /// MONOTONIC_USEC=: when it was said, by that clock (253).
    pub said_at: Option<Duration>,
    /// EXTEND_TIMEOUT_USEC=: from now.
    pub extend: Option<Duration>,
    /// FDSTORE=1 or FDSTOREREMOVE=1, which wins over the first.
    pub to_keep: Option<ToKeep>,
}

/// What becomes of descriptors that are kept for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToKeep {
    /// Those of the message come to them.
    Add {
        /// FDNAME=.
        name: String,
        /// Unless FDPOLL=0: they go when they are closed at their other end.
        watched: bool,
    },
    /// Those of this name go.
    Remove(String),
}

/// The name of descriptors that come without one.
const STORED: &str = "stored";

/// What the service says that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reported {
    Ready,
    Reloading,
    Stopping,
}

/// WATCHDOG=.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watchdog {
    /// `1`: alive.
    Ping,
    /// `trigger`: act as if the time were over.
    Trigger,
}

/// How much of what a service reports is read: of each [`WINDOW`] as many messages, and as long, as keep
/// a supervisor from being kept busy. What is too much waits in the kernel's queue, and its sender there.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// When the window began.
    since: Duration,
    taken: u32,
}

/// What a budget is for.
const WINDOW: Duration = Duration::from_millis(100);
/// So many messages of each window are read: a thousand a second.
const MESSAGES: u32 = 100;
/// A turn takes no longer than this: some messages take a look at all processes.
const SPELL: Duration = Duration::from_millis(20);

impl Budget {
    /// Takes one message's share; `Some` with the time of the next window where none is left. `now` and
    /// `begun`, when the first message of this turn was taken, are times since boot.
    pub fn take(&mut self, now: Duration, begun: Duration) -> Option<Duration> {
        if now.saturating_sub(begun) >= SPELL {
            return Some(begun.saturating_add(WINDOW));
        }
        if now.saturating_sub(self.since) >= WINDOW {
            *self = Self { since: now, taken: 0 };
        }
        if self.taken == MESSAGES {
            return Some(self.since.saturating_add(WINDOW));
        }
        self.taken += 1;
        None
    }
}

/// Reads a datagram.
#[must_use]
pub fn parse(bytes: &[u8]) -> Notice {
    let mut n = Notice::default();
    for line in bytes.split(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line);
        let Some((key, value)) = text.split_once('=') else { continue };
        match (key, value) {
            ("READY", "1") => n.state = Some(Reported::Ready),
            ("RELOADING", "1") => n.state = Some(Reported::Reloading),
            ("STOPPING", "1") => n.state = Some(Reported::Stopping),
            ("STATUS", text) => n.status = Some(clean(text)),
            ("ERRNO", number) => n.errno = number.parse().ok().filter(|e| *e >= 0),
            ("MAINPID", pid) => n.main_pid = pid.parse().ok().filter(|p| *p > 0),
            ("WATCHDOG", "1") => n.watchdog = Some(Watchdog::Ping),
            ("WATCHDOG", "trigger") => n.watchdog = Some(Watchdog::Trigger),
            ("WATCHDOG_USEC", time) => n.watchdog_time = micros(time),
            ("MONOTONIC_USEC", time) => n.said_at = micros(time),
            ("EXTEND_TIMEOUT_USEC", time) => n.extend = micros(time),
            (_, _) => {}
        }
    }
    let says = |text: &[u8]| bytes.split(|b| *b == b'\n').any(|line| line == text);
    n.reloaded = says(b"RELOADING=1") && says(b"READY=1");
    n.to_keep = to_keep(bytes);
    n
}

/// `service_notify_message`: the first FDNAME= counts; one that is no name is passed over, and removes nothing.
fn to_keep(bytes: &[u8]) -> Option<ToKeep> {
    let lines = || bytes.split(|b| *b == b'\n');
    let says = |text: &[u8]| lines().any(|line| line == text);
    let name = lines().find_map(|line| line.strip_prefix(b"FDNAME="));
    let name = name
        .and_then(|name| std::str::from_utf8(name).ok())
        .filter(|name| name.is_empty() || descriptor::is_name(name));
    if says(b"FDSTOREREMOVE=1") {
        return name.map(|name| ToKeep::Remove(name.to_owned()));
    }
    let add = || ToKeep::Add { name: name.unwrap_or(STORED).to_owned(), watched: !says(b"FDPOLL=0") };
    says(b"FDSTORE=1").then(add)
}

/// Numbers only: "infinity" is refused, as by systemd.
fn micros(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|t: &u64| *t > 0).map(Duration::from_micros)
}

fn clean(text: &str) -> String {
    let mut kept = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if kept.len() + c.len_utf8() > STATUS_MAX {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_has_its_share_of_each_window() {
        let ms = Duration::from_millis;
        let mut budget = Budget::default();
        let mut taken = |now, begun| budget.take(ms(now), ms(begun));
        (0..100).for_each(|_| assert_eq!(taken(1000, 1000), None));
        assert_eq!(taken(1001, 1000), Some(ms(1100)));
        assert_eq!(taken(1099, 1099), Some(ms(1100)));
        assert_eq!(taken(1100, 1100), None);
        // A turn that takes long is ended before its messages are used up.
        assert_eq!(taken(1119, 1100), None);
        assert_eq!(taken(1120, 1100), Some(ms(1200)));
    }
    use proptest::prelude::*;

    #[test]
    fn reads_what_daemons_send() {
        let n = parse(
            b"READY=1\nSTATUS=all good\nMAINPID=42\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=2000000\nX_MORE=1\n",
        );
        assert_eq!(n.state, Some(Reported::Ready));
        assert_eq!(n.status.as_deref(), Some("all good"));
        assert_eq!((n.main_pid, n.watchdog), (Some(42), Some(Watchdog::Ping)));
        assert_eq!(n.extend, Some(Duration::from_secs(2)));
    }

    #[test]
    fn the_last_state_wins_and_nonsense_is_passed_over() {
        assert_eq!(parse(b"READY=1\nSTOPPING=1").state, Some(Reported::Stopping));
        let odd = b"READY=0\nMAINPID=-1\nMAINPID=x\nEXTEND_TIMEOUT_USEC=infinity\nREADY\n\n=\n\xff=\xff";
        assert_eq!(parse(odd), Notice::default());
    }

    #[test]
    fn descriptors_are_kept_by_name() {
        let add = |name: &str, watched| Some(ToKeep::Add { name: name.to_owned(), watched });
        for (text, right) in [
            ("FDSTORE=1", add("stored", true)),
            ("READY=1\nFDSTORE=1\nFDNAME=a b\nFDNAME=c", add("a b", true)),
            ("FDNAME=x\nFDPOLL=0\nFDSTORE=1", add("x", false)),
            ("FDSTORE=1\nFDNAME=a:b\nFDPOLL=1", add("stored", true)),
            ("FDSTORE=1\nFDNAME=", add("", true)),
            ("FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=a", Some(ToKeep::Remove("a".to_owned()))),
            ("FDSTORE=1\nFDSTOREREMOVE=1", None),
            ("FDSTOREREMOVE=1\nFDNAME=\u{7f}", None),
            ("FDSTORE=2\nFDNAME=a", None),
        ] {
            assert_eq!(parse(text.as_bytes()).to_keep, right, "{text}");
        }
    }

    #[test]
    fn a_status_cannot_draw_on_the_terminal() {
        assert_eq!(parse(b"STATUS=a\x1b[31mb\tc").status.as_deref(), Some("a[31mbc"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let n = parse(&bytes);
            prop_assert!(n.status.is_none_or(|s| s.len() <= STATUS_MAX));
        }
    }
}
