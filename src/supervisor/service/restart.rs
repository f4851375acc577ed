//! How long to wait before an automatic restart, and how many starts are too many.
//!
//! Pure: times are arguments. Times are counted from any fixed point of the monotonic clock.

use crate::unit::model::StartLimit;
use crate::unit::value::Timeout;
use std::time::Duration;

/// The starts of the current window of `StartLimitIntervalSec=` (systemd's `RateLimit`).
///
/// A window opens with a start and stays open for the interval; every start in it counts, those by
/// hand and those refused too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// When the window was opened.
    pub begin: Option<Duration>,
    /// How many starts it has seen, counted up to one more than the burst.
    pub starts: u32,
}

/// May the service be started?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Yes.
    Granted,
    /// No: `StartLimitBurst=` is used up.
    Refused,
}

impl Window {
    /// Counts a start at `now`.
    #[must_use]
    pub fn take(self, limit: StartLimit, now: Duration) -> (Self, Permit) {
        if limit.interval.is_zero() || limit.burst == 0 {
            return (self, Permit::Granted);
        }
        let open = self.begin.is_some_and(|b| now.saturating_sub(b) <= limit.interval);
        if !open {
            return (Self { begin: Some(now), starts: 1 }, Permit::Granted);
        }
        let starts = self.starts.saturating_add(1).min(limit.burst.saturating_add(1));
        let permit = if starts <= limit.burst { Permit::Granted } else { Permit::Refused };
        (Self { starts, ..self }, permit)
    }

    /// Was the last start refused?
    #[must_use]
    pub fn is_used_up(self, limit: StartLimit) -> bool {
        limit.burst > 0 && self.starts > limit.burst
    }
}

/// What `RestartSec=`, `RestartSteps=` and `RestartMaxDelaySec=` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// `RestartSec=`.
    pub first: Duration,
    /// `RestartSteps=`; 0 for a constant delay.
    pub steps: u32,
    /// `RestartMaxDelaySec=`.
    pub max: Timeout,
}

impl Backoff {
    /// The delay before restart number `n + 1`, `n` restarts having been made
    /// (`service_restart_usec_next` of systemd 254).
    #[must_use]
    pub fn delay(self, n: u32) -> Duration {
        let Timeout::After(max) = self.max else { return self.first };
        if self.steps == 0 || self.first.is_zero() || self.first >= max {
            return self.first;
        }
        if n >= self.steps {
            return max;
        }
        let ratio = max.as_secs_f64() / self.first.as_secs_f64();
        let grown = self.first.as_secs_f64() * ratio.powf(f64::from(n) / f64::from(self.steps));
        Duration::try_from_secs_f64(grown).map_or(max, |d| d.min(max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: StartLimit = StartLimit { interval: Duration::from_secs(10), burst: 3 };

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn the_burst_is_granted_and_the_next_is_refused_until_the_window_closes() {
        let mut w = Window::default();
        let mut answers = Vec::new();
        for t in [100, 101, 102, 103, 110, 111] {
            let (next, permit) = w.take(LIMIT, at(t));
            w = next;
            answers.push(permit);
        }
        let (y, n) = (Permit::Granted, Permit::Refused);
        assert_eq!(answers, [y, y, y, n, n, y]);
    }

    #[test]
    fn an_interval_or_a_burst_of_nothing_turns_the_limit_off() {
        for limit in [StartLimit { interval: at(0), burst: 3 }, StartLimit { interval: at(9), burst: 0 }] {
            let mut w = Window::default();
            for _ in 0..50 {
                let (next, permit) = w.take(limit, at(1));
                assert_eq!(permit, Permit::Granted);
                w = next;
            }
        }
    }

    #[test]
    fn delays_grow_geometrically_to_the_maximum() {
        let b = Backoff { first: at(1), steps: 4, max: Timeout::After(at(16)) };
        let secs: Vec<u64> = (0..7).map(|n| b.delay(n).as_secs_f64().round() as u64).collect();
        assert_eq!(secs, [1, 2, 4, 8, 16, 16, 16]);
    }

    #[test]
    fn without_steps_or_maximum_the_delay_is_constant() {
        for b in [
            Backoff { first: at(5), steps: 0, max: Timeout::After(at(60)) },
            Backoff { first: at(5), steps: 3, max: Timeout::Never },
            Backoff { first: at(5), steps: 3, max: Timeout::After(at(2)) },
        ] {
            assert_eq!(b.delay(9), at(5), "{b:?}");
        }
    }

    proptest! {
        #[test]
        fn a_delay_lies_between_the_first_and_the_maximum(first in 0u64..5000, steps in 0u32..20, max in 0u64..100_000, n in 0u32..1000) {
            let b = Backoff { first: Duration::from_millis(first), steps, max: Timeout::After(Duration::from_millis(max)) };
            let d = b.delay(n);
            prop_assert!(d >= b.first.min(Duration::from_millis(max)));
            prop_assert!(d <= b.first.max(Duration::from_millis(max)));
        }
    }
}
