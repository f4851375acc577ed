//! Directives of which their row in the table says all: switches, numbers in a range, and words that stand for
//! numbers. Each is kept as a number under its name, from where its step takes it; so such a directive is a
//! row and a step, and nothing is written here for it. Pure.

use crate::unit::directive::{self, AppliedBy, Directive, Kind, Support};
use crate::unit::line::{Line, ValueProblem};
use crate::unit::value::boolean::yes_no;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was set of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plain(BTreeMap<String, i32>);

/// Is all of it in its row? So are those that a step applies and that have no field of their own.
#[must_use]
pub fn is_plain(row: &Directive) -> bool {
    matches!(row.amr, Support::Honoured(AppliedBy::Step(_))) && super::field(row.name).is_none()
}

/// The rows of all of them.
pub fn rows() -> impl Iterator<Item = Directive> {
    directive::all().filter(is_plain)
}

impl Plain {
    /// What the unit says; `None` where it says nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<i32> {
        self.0.get(name).copied()
    }

    /// As if the unit had switched it on.
    pub(in crate::unit) fn turn_on(&mut self, name: &'static str) {
        self.0.insert(name.to_owned(), 1);
    }

    /// As if nothing were said of it.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Takes a line over; what stood before stays where it cannot be read.
    pub(in crate::unit) fn read(&mut self, row: &Directive, l: &Line<'_>) -> Result<(), ValueProblem> {
        if l.text.is_empty() && row.is_reset_by_empty() {
            self.0.remove(row.name);
            return Ok(());
        }
        let values = Values::from_row(row);
        let value = match (row.kind, values) {
            (Kind::Bool, _) => l.boolean()?.into(),
            (_, Values::Range(min, max)) => l.integer(min, max)?.ok_or_else(|| l.no_value())?,
            // A word may be written as its number.
            (_, Values::Words(words)) => match l.text.parse() {
                Ok(number) if words.iter().any(|(_, n)| *n == number) => number,
                Ok(_) | Err(_) => l.choice(&words)?,
            },
        };
        self.0.insert(row.name.to_owned(), value);
        Ok(())
    }

    /// As systemctl show prints it: a switch in words, all else as its number.
    #[must_use]
    pub fn show(&self, row: &Directive) -> String {
        match self.get(row.name) {
            None => row.default.to_owned(),
            Some(value) if row.kind == Kind::Bool => yes_no(value != 0),
            Some(value) => value.to_string(),
        }
    }
}

/// What the notes of a row say of its values.
#[derive(Debug, PartialEq, Eq)]
enum Values {
    /// `0..7`
    Range(i32, i32),
    /// `none=0,realtime=1`
    Words(Vec<(&'static str, i32)>),
}

impl Values {
    fn from_row(row: &Directive) -> Values {
        let notes = row.notes.unwrap_or_default();
        let range =
            notes.split_once("..").and_then(|(min, max)| Some((min.parse().ok()?, max.parse().ok()?)));
        if let Some((min, max)) = range {
            return Values::Range(min, max);
        }
        let word = |pair: &'static str| pair.split_once('=').and_then(|(w, n)| Some((w, n.parse().ok()?)));
        Values::Words(notes.split(',').filter_map(word).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plain row says what its values are, and its default is one of them.
    #[test]
    fn each_row_says_its_values() {
        for row in rows() {
            let default = match (row.kind, Values::from_row(&row)) {
                (Kind::Bool, _) => row.default == "no" || row.default == "yes",
                (_, Values::Range(min, max)) => (min..=max).contains(&row.default.parse().unwrap()),
                (_, Values::Words(words)) => words.iter().any(|(_, n)| n.to_string() == row.default),
            };
            assert!(default, "{}= is '{}'", row.name, row.default);
        }
    }
}
