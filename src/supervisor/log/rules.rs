//! Which lines of a stream are kept, and how urgent each is: `SyslogLevel=`, `SyslogLevelPrefix=`, `LogLevelMax=`
//! and the rate limit. Pure.
//!
//! What leaves says itself how urgent it is: a line has `<N>` before it unless it is of level 6. A stream arrives
//! in pieces that end anywhere; no more than the two bytes that may become such a mark wait for the next one.

use crate::unit::exec::ExecContext;
use crate::unit::exec::log::INFO;
use crate::unit::value::utc::Utc;
use std::time::Duration;

/// journald's own, where a unit says only one of the two.
const INTERVAL: Duration = Duration::from_secs(30);
const BURST: u32 = 10_000;

/// What is asked of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Of a line that does not say.
    pub level: u8,
    /// Does a line say by `<N>`?
    pub has_prefix: bool,
    /// What is less urgent goes.
    pub max: u8,
}

impl Rules {
    /// All lines pass as they are.
    const NONE: Rules = Rules { level: INFO, has_prefix: true, max: 7 };

    /// Those of a unit.
    #[must_use]
    pub fn new(context: &ExecContext) -> Self {
        let log = &context.log;
        Self { level: log.level, has_prefix: log.level_prefix, max: log.level_max.unwrap_or(7) }
    }

    /// Do all lines pass as they are?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Rules::NONE
    }
}

/// So many lines in a time, for each of journald's five kinds of urgency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: u32,
    pools: [Pool; 5],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pool {
    begun: Option<Utc>,
    passed: u32,
    dropped: u64,
}

impl Rate {
    /// That of a unit; `None`: all lines pass.
    #[must_use]
    pub fn new(context: &ExecContext) -> Option<Self> {
        let (interval, burst) = (context.log.rate_interval, context.log.rate_burst);
        let asked = !interval.is_zero() || burst > 0;
        asked.then(|| Self {
            interval: if interval.is_zero() { INTERVAL } else { interval },
            burst: if burst == 0 { BURST } else { burst },
            pools: [Pool::default(); 5],
        })
    }

    /// May a line pass (`journal_ratelimit_test`)? And how many of its kind have not before it.
    fn test(&mut self, now: Utc, level: u8) -> (bool, u64) {
        let kind = match level {
            0..=2 => 0,
            3 => 1,
            4 => 2,
            5 | 6 => 3,
            _ => 4,
        };
        let Some(pool) = self.pools.get_mut(kind) else { return (true, 0) };
        let since = now.before(self.interval);
        // A clock that was set back begins anew, too.
        if pool.begun.is_none_or(|begun| begun <= since || begun > now) {
            let dropped = std::mem::take(&mut pool.dropped);
            *pool = Pool { begun: Some(now), passed: 1, dropped: 0 };
            return (true, dropped);
        }
        if pool.passed < self.burst {
            pool.passed += 1;
            return (true, 0);
        }
        pool.dropped += 1;
        (false, 0)
    }
}

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinePosition {
    /// Before a line.
    Start,
    /// In one that is kept, or not.
    Within(bool),
}

/// Lets lines pass.
#[derive(Clone, Debug)]
pub struct Filter {
    rules: Rules,
    rate: Option<Rate>,
    place: LinePosition,
    /// The beginning of a line that may become a mark: `<` or `<N`.
    held: Vec<u8>,
}

impl Filter {
    /// By how urgent lines are: `SyslogLevel=`, `SyslogLevelPrefix=`, `LogLevelMax=`.
    #[must_use]
    pub fn by_rules(rules: Rules) -> Self {
        Self { rules, rate: None, place: LinePosition::Start, held: Vec::new() }
    }

    /// By a rate, of lines that say themselves how urgent they are.
    #[must_use]
    pub fn by_rate(rate: Rate) -> Self {
        Self { rules: Rules::NONE, rate: Some(rate), place: LinePosition::Start, held: Vec::new() }
    }

    /// What passes of a piece.
    pub fn pass(&mut self, now: Utc, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.place == LinePosition::Start {
                while let Some((first, behind)) = rest.split_first()
                    && may_become_mark(&self.held, *first)
                {
                    self.held.push(*first);
                    rest = behind;
                }
                if self.held.len() < 3 && rest.is_empty() {
                    return;
                }
                self.begin(now, out);
            }
            let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            if self.place == LinePosition::Within(true) {
                out.extend_from_slice(line);
            }
            if end.is_some() {
                self.place = LinePosition::Start;
            }
            rest = behind;
        }
    }

    /// A line begins with what is held.
    fn begin(&mut self, now: Utc, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let mark = match held.as_slice() {
            [b'<', n, b'>'] => Some(n - b'0'),
            _ => None,
        };
        let own = mark.filter(|_| self.rules.has_prefix);
        let level = own.unwrap_or(self.rules.level);
        let (passes, missing) = match &mut self.rate {
            _ if level > self.rules.max => (false, 0),
            Some(rate) => rate.test(now, level),
            None => (true, 0),
        };
        self.place = LinePosition::Within(passes);
        if missing > 0 {
            out.extend_from_slice(
                format!("<4>amr: {missing} lines were suppressed here by the rate limit\n").as_bytes(),
            );
        }
        if passes {
            if own.is_none() && (level != INFO || mark.is_some()) {
                out.extend_from_slice(format!("<{level}>").as_bytes());
            }
            out.extend_from_slice(&held);
        }
    }
}

/// Can a line that begins so begin with a mark?
fn may_become_mark(held: &[u8], next: u8) -> bool {
    match held {
        [] => next == b'<',
        [_] => (b'0'..=b'7').contains(&next),
        [_, _] => next == b'>',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Utc = Utc(1_709_210_096_000_000);

    fn passed(mut filter: Filter, pieces: &[&str]) -> String {
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| filter.pass(NOW, piece.as_bytes(), &mut out));
        String::from_utf8(out).unwrap()
    }

    fn rules(level: u8, has_prefix: bool, max: u8) -> Filter {
        Filter::by_rules(Rules { level, has_prefix, max })
    }

    #[test]
    fn what_is_less_urgent_goes_wherever_the_pieces_end() {
        let text = "<3>bad\nplain\n<7>chatter\n<x>odd\n\n<2";
        let want = "<3>bad\n";
        let whole = passed(rules(6, true, 4), &[text]);
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let pieces: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!((whole.as_str(), passed(rules(6, true, 4), &pieces).as_str()), (want, want));
        assert_eq!(passed(rules(6, true, 6), &pieces), "<3>bad\nplain\n<x>odd\n\n");
    }

    #[test]
    fn a_line_that_does_not_say_has_the_level_of_the_unit() {
        assert_eq!(passed(rules(4, true, 7), &["a\n<3>b\n<", "\n"]), "<4>a\n<3>b\n<4><\n");
        // Where the mark is text, it is behind one that is none.
        assert_eq!(passed(rules(6, false, 7), &["<3>b\nc\n"]), "<6><3>b\nc\n");
        assert_eq!(passed(rules(5, false, 4), &["<3>b\nc\n"]), "");
    }

    #[test]
    fn so_many_lines_of_a_kind_in_a_time() {
        let mut context = ExecContext::default();
        assert!(Rate::new(&context).is_none());
        context.log.rate_burst = 2;
        let mut filter = Filter::by_rate(Rate::new(&context).unwrap());
        let mut out = Vec::new();
        filter.pass(NOW, b"1\n2\n3\n<3>4\n5\n", &mut out);
        filter.pass(Utc(NOW.0 + 30_000_000), b"6\n", &mut out);
        let want = "1\n2\n<3>4\n<4>amr: 2 lines were suppressed here by the rate limit\n6\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
