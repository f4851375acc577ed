//! Expressions that compare: `>=4.14`, `<>5`, `$=4.*` (systemd's parse_order). Pure.

use crate::unit::value::words::{self, Escapes};
use std::cmp::Ordering;
use strings::pattern::Pattern;

/// What two values are asked to be to one another.
#[derive(Clone, Copy)]
pub(super) enum Operator {
    /// `$=`: a pattern of the shell.
    Matches,
    /// `!$=`
    MatchesNot,
    /// `=` between texts.
    Same,
    /// `!=` between texts.
    Other,
    /// Any of these orders.
    Ordered(&'static [Ordering]),
}

const ORDERS: [(&str, &[Ordering]); 6] = [
    ("<>", &[Ordering::Less, Ordering::Greater]),
    ("<=", &[Ordering::Less, Ordering::Equal]),
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("<", &[Ordering::Less]),
    (">", &[Ordering::Greater]),
    ("==", &[Ordering::Equal]),
];

/// The characters of operators, at the first of which a field's name ends.
const CHARACTERS: &[char] = &['$', '!', '<', '>', '='];

/// The operator at the beginning, where `=` and `!=` compare texts, and what follows it.
fn operator(text: &str) -> Option<(Operator, &str)> {
    let texts = [("!$=", Operator::MatchesNot), ("$=", Operator::Matches), ("!=", Operator::Other)];
    let orders = ORDERS.into_iter().map(|(mark, orders)| (mark, Operator::Ordered(orders)));
    let mut all = texts.into_iter().chain(orders).chain([("=", Operator::Same)]);
    all.find_map(|(mark, is)| Some((is, text.strip_prefix(mark)?)))
}

/// A number, after an operator or, without one, as the least that it may be; `read` reads the right side.
pub(super) fn number<N: Ord>(actual: &N, text: &str, read: impl Fn(&str) -> Option<N>) -> Option<bool> {
    let (wanted, rest): (&[Ordering], &str) = match operator(text) {
        None => (&[Ordering::Greater, Ordering::Equal], text),
        Some((Operator::Ordered(orders), rest)) => (orders, rest),
        Some((Operator::Same, rest)) => (&[Ordering::Equal], rest),
        Some((Operator::Other, rest)) => (&[Ordering::Less, Ordering::Greater], rest),
        Some((Operator::Matches | Operator::MatchesNot, _)) => return None,
    };
    Some(wanted.contains(&actual.cmp(&read(rest.trim())?)))
}

/// A version that must meet all expressions, each of which may stand in quotes; one without an operator is
/// a pattern. `None` where an expression cannot be read.
pub(super) fn version(actual: &str, expressions: &str) -> Option<bool> {
    let mut from = 0;
    let mut first = true;
    while let Some(step) = words::next(expressions, from, Escapes::Dropped).ok()? {
        from = step.next;
        let word = step.word.text.trim().to_owned();
        let (how, rest) = operator(&word).unwrap_or((Operator::Matches, &word));
        let mut wanted = rest.trim_start().to_owned();
        if wanted.is_empty() {
            // A blank may stand behind the operator, of the first alone.
            let next = words::next(expressions, from, Escapes::Dropped).ok()?.filter(|_| first)?;
            from = next.next;
            wanted = next.word.text.into_owned();
        }
        if !meets(how, actual, &wanted) {
            return Some(false);
        }
        first = false;
    }
    Some(true)
}

/// `NAME>=VALUE` in its three parts.
pub(super) fn parts(expression: &str) -> Option<(&str, Operator, &str)> {
    let (name, rest) = expression.split_at(expression.find(CHARACTERS)?);
    let (how, wanted) = operator(rest)?;
    Some((name, how, wanted))
}

/// Does a value that may be missing meet it? A missing one is no text, and the oldest version.
pub(super) fn meets_or_lacks(how: Operator, actual: Option<&str>, wanted: &str) -> bool {
    match (how, actual) {
        (Operator::Same, None) => false,
        (Operator::Other, None) => true,
        (_, actual) => meets(how, actual.unwrap_or_default(), wanted),
    }
}

pub(super) fn meets(how: Operator, actual: &str, wanted: &str) -> bool {
    let matches = || Pattern::new(wanted).is_ok_and(|pattern| pattern.matches(actual));
    match how {
        Operator::Matches => matches(),
        Operator::MatchesNot => !matches(),
        Operator::Same => actual == wanted,
        Operator::Other => actual != wanted,
        Operator::Ordered(orders) => orders.contains(&versions(actual, wanted)),
    }
}

/// Which of two versions is newer (`strverscmp_improved`): `~` is older than the end, `-`, `^` and `.` than
/// what may stand there else, in this order; numbers are newer than letters, and go by their value.
pub(super) fn versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let skipped = |text: &'_ str| text.trim_start_matches(|c: char| !is_part(c)).len();
        (a, b) = (tail(a, skipped(a)), tail(b, skipped(b)));
        // The marks, with the end between the first and the others.
        for mark in ['~', '\0', '-', '^', '.'] {
            if mark == '\0' {
                if a.is_empty() || b.is_empty() {
                    return a.len().min(1).cmp(&b.len().min(1));
                }
                continue;
            }
            match (a.strip_prefix(mark), b.strip_prefix(mark)) {
                (None, None) => {}
                (Some(x), Some(y)) => (a, b) = (x, y),
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
            }
        }
        let digits = |c: char| c.is_ascii_digit();
        let numbers = a.starts_with(digits) || b.starts_with(digits);
        let is_in = |c: char| if numbers { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
        let rest = |text: &'_ str| text.trim_start_matches(is_in).len();
        let (rest_a, rest_b) = (rest(a), rest(b));
        let (x, y) = (head(a, rest_a), head(b, rest_b));
        let order = if numbers { by_value(x, y) } else { x.cmp(y) };
        if order.is_ne() {
            return order;
        }
        (a, b) = (tail(a, rest_a), tail(b, rest_b));
    }
}

/// Digits by the number that they are; none are less than any.
fn by_value(a: &str, b: &str) -> Ordering {
    let given = (!a.is_empty()).cmp(&!b.is_empty());
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    given.then(a.len().cmp(&b.len())).then_with(|| a.cmp(b))
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '~' | '-' | '^' | '.')
}

/// The last `length` bytes.
fn tail(text: &str, length: usize) -> &str {
    text.get(text.len().saturating_sub(length)..).unwrap_or_default()
}

/// What comes before them.
fn head(text: &str, length: usize) -> &str {
    text.get(..text.len().saturating_sub(length)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_by_age() {
        for (a, b, order) in [
            ("4.9", "4.10", Ordering::Less),
            ("4.14", "4.14", Ordering::Equal),
            ("4.14.1", "4.14", Ordering::Greater),
            ("5", "4.99-x", Ordering::Greater),
            ("4.9.1-rc", "4.9.1-1", Ordering::Less),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0-2", "1.0", Ordering::Greater),
            ("123-9", "123.1-1", Ordering::Less),
            ("1^a", "1.1", Ordering::Less),
            ("00123", "123", Ordering::Equal),
            ("abcde", "abc", Ordering::Greater),
            ("1_2", "1.2", Ordering::Greater),
            ("", "1", Ordering::Less),
            ("", "", Ordering::Equal),
        ] {
            assert_eq!(versions(a, b), order, "{a} {b}");
            assert_eq!(versions(b, a), order.reverse(), "{b} {a}");
        }
    }
}
