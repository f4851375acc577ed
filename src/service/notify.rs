//! What a service reports about itself: the datagrams of sd_notify(3).
//!
//! Tolerant as systemd is: a line that means nothing is passed over, the last one of several
//! states wins. Pure.

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
    /// EXTEND_TIMEOUT_USEC=: from now.
    pub extend: Option<Duration>,
}

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
            ("EXTEND_TIMEOUT_USEC", time) => n.extend = micros(time),
            (_, _) => {}
        }
    }
    n
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
