//! One assignment on its way through an arm: words with their places, small parsers, and trouble
//! that knows where in the value it is.

use super::Draft;
use crate::unit::merge::Setting;
use crate::unit::model::{Origin, Severity};
use crate::unit::specifier;
use crate::unit::value::words::{self, Escapes, Word};
use crate::unit::value::{Timeout, ValueError, boolean, path, time};
use std::sync::Arc;
use std::time::Duration;

/// An assignment.
pub(super) struct Line<'a> {
    pub setting: Setting<'a>,
    pub key: &'a str,
    /// The value, joined and trimmed.
    pub text: &'a str,
}

/// Why a value does not count.
#[derive(Debug)]
pub(super) struct Trouble {
    pub at: usize,
    pub len: usize,
    pub message: String,
    /// Does systemd 252 refuse the unit for it?
    pub fatal: bool,
    pub hint: Option<String>,
}

impl From<ValueError> for Trouble {
    fn from(e: ValueError) -> Self {
        Self { at: e.at, len: e.len, message: e.message, fatal: false, hint: None }
    }
}

impl Trouble {
    /// About a part of the value.
    pub fn new(at: usize, part: &str, message: impl Into<String>) -> Self {
        Self { at, len: part.len(), message: message.into(), fatal: false, hint: None }
    }

    pub fn fatal(self) -> Self {
        Self { fatal: true, ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, as seen from a value in which the word begins at `at`.
    pub fn within(self, at: usize) -> Self {
        Self { at: self.at + at, ..self }
    }
}

impl<'a> Line<'a> {
    pub fn new(setting: Setting<'a>) -> Self {
        Self { setting, key: &setting.assignment.key, text: &setting.assignment.value.text }
    }

    /// The place of a part of the value.
    pub fn origin(&self, at: usize, len: usize) -> Origin {
        Origin {
            path: Arc::clone(&self.setting.source.path),
            span: self.setting.assignment.value.span(at, len),
        }
    }

    /// About the whole value.
    pub fn trouble(&self, message: impl Into<String>) -> Trouble {
        Trouble::new(0, self.text, message)
    }

    /// The words of a list, quotes undone and backslashes kept, each with its place.
    pub fn words(&self) -> Result<Vec<Word<'a>>, Trouble> {
        let (words, _) = words::split_with(self.text, Escapes::Literal)?;
        Ok(words)
    }

    pub fn boolean(&self) -> Result<bool, Trouble> {
        Ok(boolean::parse(self.text)?)
    }

    pub fn time(&self) -> Result<Timeout, Trouble> {
        Ok(time::parse(self.text)?)
    }

    /// A time of which 0 means never (`parse_sec_fix_0`).
    pub fn time_or_never(&self) -> Result<Timeout, Trouble> {
        Ok(match self.time()? {
            Timeout::After(Duration::ZERO) => Timeout::Never,
            time @ (Timeout::After(_) | Timeout::Never) => time,
        })
    }

    /// A time as a plain duration; `infinity` is the longest there is.
    pub fn duration(&self) -> Result<Duration, Trouble> {
        Ok(match self.time()? {
            Timeout::After(d) => d,
            Timeout::Never => Duration::MAX,
        })
    }

    pub fn number(&self) -> Result<u32, Trouble> {
        self.text.parse().map_err(|_| self.trouble(format!("'{}' is not a whole number from 0", self.text)))
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Trouble> {
        choices.iter().find(|(word, _)| *word == self.text).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.trouble(format!("'{}' is not a value of {}=", self.text, self.key))
                .hint(format!("one of: {}", words.join(", ")))
        })
    }
}

impl Draft<'_> {
    /// Expands specifiers in a part of a value that begins at `at`.
    pub fn expand(&self, at: usize, text: &str) -> Result<String, Trouble> {
        specifier::expand(text, self.facts, &self.unit.name).map_err(|e| Trouble::from(e).within(at))
    }

    /// Expands specifiers in the name of a unit.
    pub fn expand_name(&self, at: usize, text: &str) -> Result<String, Trouble> {
        specifier::expand_name(text, self.facts, &self.unit.name).map_err(|e| Trouble::from(e).within(at))
    }

    /// An absolute path, specifiers expanded, without doubled slashes and `..`.
    pub fn absolute(&self, at: usize, text: &str) -> Result<String, Trouble> {
        let expanded = self.expand(at, text)?;
        path::absolute(&expanded).map_err(|e| Trouble::new(at, text, e.message))
    }

    /// Trouble with a part of a value that does not spoil the rest.
    pub fn warn(&mut self, line: &Line<'_>, trouble: Trouble) {
        self.trouble(line, trouble);
    }

    /// A remark on a value that counts.
    pub fn remark(&mut self, line: &Line<'_>, severity: Severity, message: String, hint: Option<String>) {
        let span = line.origin(0, line.text.len()).span;
        self.find(line.setting.source, span, severity, message, hint);
    }
}

/// Takes a value over; the old one stays where the new one cannot be read.
pub(super) fn set<T>(place: &mut T, value: Result<T, Trouble>) -> Result<(), Trouble> {
    *place = value?;
    Ok(())
}
