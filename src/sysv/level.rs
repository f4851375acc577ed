//! Runlevels, sets of them, and the two-digit numbers in the names of links. Pure.

use std::fmt;

/// A runlevel that chkconfig knows, 0 to 6, or Debian's S, which is unknown to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Runlevel(u8);

impl Runlevel {
    /// All seven, in order.
    pub const ALL: [Self; 7] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];

    /// S, in which Debian's scripts run once at boot. It is in no set that is gone through or written.
    pub const BOOT: Self = Self(7);

    /// The runlevel of a number, if it is one of the seven.
    #[must_use]
    pub fn new(n: u8) -> Option<Self> {
        (n <= 6).then_some(Self(n))
    }

    /// 0 to 6; 7 for S.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// Its place in an array of seven.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// `/etc/rc3.d`, chkconfig's own spelling; on Red Hat's family a link into `/etc/rc.d`.
    #[must_use]
    pub fn folder(self) -> String {
        format!("/etc/rc{self}.d")
    }
}

impl fmt::Display for Runlevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::BOOT { f.write_str("S") } else { write!(f, "{}", self.0) }
    }
}

/// A set of runlevels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Levels(u8);

impl Levels {
    /// No runlevel: `-` in a header.
    pub const NONE: Self = Self(0);
    /// 2, 3, 4 and 5: what `on` and `off` mean without `--level`.
    pub const MULTI_USER: Self = Self(0b0011_1100);
    /// 0, 1 and 6: where a host without services goes.
    pub const DOWN: Self = Self(0b0100_0011);
    /// 0 to 6.
    pub const ALL: Self = Self(0b0111_1111);

    /// Digits 0 to 6 in any order, repeats allowed (chkconfig's `parseLevels`); `None` for an
    /// empty word or any other character.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        if word.is_empty() {
            return None;
        }
        word.iter().try_fold(Self::NONE, |set, digit| {
            Runlevel::new(digit.checked_sub(b'0')?).map(|level| set.with(level))
        })
    }

    /// Is `level` in it?
    #[must_use]
    pub fn contains(self, level: Runlevel) -> bool {
        self.0 & (1 << level.0) != 0
    }

    /// The set with `level`.
    #[must_use]
    pub fn with(self, level: Runlevel) -> Self {
        Self(self.0 | 1 << level.0)
    }

    /// The set without `level`.
    #[must_use]
    pub fn without(self, level: Runlevel) -> Self {
        Self(self.0 & !(1 << level.0))
    }

    /// All that are in one of the two.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All that are here and not in `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// All that are in both.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Is each of these in `other` too? True for the empty set.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// No runlevel at all?
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Those in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Runlevel> {
        Runlevel::ALL.into_iter().filter(move |level| self.contains(*level))
    }

    /// The digits with `between` between them: `2345`, `2 3 4 5`; empty for none.
    #[must_use]
    pub fn digits(self, between: &str) -> String {
        self.iter().map(|l| l.to_string()).collect::<Vec<_>>().join(between)
    }
}

impl FromIterator<Runlevel> for Levels {
    fn from_iter<I: IntoIterator<Item = Runlevel>>(levels: I) -> Self {
        levels.into_iter().fold(Self::NONE, Self::with)
    }
}

/// As a header has it: `2345`, or `-` for none.
impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() { f.write_str("-") } else { f.write_str(&self.digits("")) }
    }
}

/// The number in the name of a link, 0 to 99; rc runs them in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Priority(u8);

impl Priority {
    /// Where an LSB script without numbers starts from.
    pub const MIDDLE: Self = Self(50);

    /// The priority of a number, if it has at most two digits.
    #[must_use]
    pub fn new(n: u8) -> Option<Self> {
        (n <= 99).then_some(Self(n))
    }

    /// 0 to 99.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// The lowest that is at least `self` and comes after `other`; 99 is the end of the road.
    #[must_use]
    pub fn later_than(self, other: Self) -> Self {
        Self(self.0.max(other.0.saturating_add(1)).min(99))
    }

    /// The highest that is at most `self` and comes before `other`; 0 is the end of the road.
    #[must_use]
    pub fn earlier_than(self, other: Self) -> Self {
        Self(self.0.min(other.0.saturating_sub(1)))
    }
}

/// Two digits, as in the name of a link.
impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_levels() {
        assert_eq!(Levels::parse(b"2345"), Some(Levels::MULTI_USER));
        assert_eq!(Levels::parse(b"5324455"), Some(Levels::MULTI_USER));
        assert_eq!(Levels::parse(b"0123456"), Some(Levels::ALL));
        for bad in [b"".as_slice(), b"-", b"7", b"23x", b"2,3", b"S", b"\xff"] {
            assert_eq!(Levels::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Levels::MULTI_USER.to_string(), "2345");
        assert_eq!(Levels::NONE.to_string(), "-");
        assert_eq!(Levels::ALL.minus(Levels::MULTI_USER).digits(" "), "0 1 6");
        assert_eq!(Levels::MULTI_USER.common(Levels(0b0001_0010)).to_string(), "4");
    }

    #[test]
    fn priorities_stop_at_both_ends() {
        let p = |n| Priority::new(n).unwrap();
        assert_eq!(p(50).later_than(p(60)), p(61));
        assert_eq!(p(50).later_than(p(50)), p(51));
        assert_eq!(p(50).later_than(p(10)), p(50));
        assert_eq!(p(99).later_than(p(99)), p(99));
        assert_eq!(p(50).earlier_than(p(40)), p(39));
        assert_eq!(p(0).earlier_than(p(0)), p(0));
        assert_eq!(p(7).to_string(), "07");
        assert_eq!(Priority::new(100), None);
    }
}
