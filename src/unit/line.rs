//! One assignment on its way into a description: words with their places, specifiers, small parsers, and
//! trouble that knows where in the value it is. Pure.

use super::merge::Setting;
use super::model::{Keyword, Origin};
use super::name::UnitName;
use super::specifier::{self, Facts, HostFacts};
use super::value::words::{self, Escapes, Word};
use super::value::{Timeout, ValueError, boolean, mode, number, path, time};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// An assignment, and what is to be said of it beside its value.
#[derive(Debug)]
pub struct Line<'a> {
    pub(super) setting: Setting<'a>,
    /// The directive.
    pub key: &'a str,
    /// The value, joined and trimmed.
    pub text: &'a str,
    facts: &'a Facts,
    unit: UnitName,
    remarks: RefCell<Vec<Remark>>,
}

/// What a line makes one say although it counts.
#[derive(Debug)]
pub(super) enum Remark {
    /// A part of it does not count.
    Trouble(ValueProblem),
    /// It counts, and this is what is doubtful about it, and the remedy.
    Advice(String, Option<String>),
    /// So of a part of it.
    Note(ValueError),
    /// It asks for something that amr does not apply; why.
    Unapplied(&'static str),
}

/// Why a value does not count.
#[derive(Debug)]
pub struct ValueProblem {
    /// Offset in the value, in bytes. So with the length.
    pub at: usize,
    /// Of the part that it is about.
    pub len: usize,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Does systemd 252 refuse the unit for it?
    pub fatal: bool,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<ValueError> for ValueProblem {
    fn from(e: ValueError) -> Self {
        Self { at: e.at, len: e.len, message: e.message, fatal: false, hint: None }
    }
}

impl ValueProblem {
    /// About a part of the value.
    #[must_use]
    pub fn new(at: usize, part: &str, message: impl Into<String>) -> Self {
        Self { at, len: part.len(), message: message.into(), fatal: false, hint: None }
    }

    /// The same; systemd 252 refuses the unit for it.
    #[must_use]
    pub fn fatal(self) -> Self {
        Self { fatal: true, ..self }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, as seen from a value in which the word begins at `at`.
    #[must_use]
    pub fn within(self, at: usize) -> Self {
        Self { at: self.at + at, ..self }
    }
}

impl<'a> Line<'a> {
    pub(super) fn new(setting: Setting<'a>, facts: &'a Facts, unit: &UnitName) -> Self {
        let (key, text) = (&*setting.assignment.key, &*setting.assignment.value.text);
        Self { setting, key, text, facts, unit: unit.clone(), remarks: RefCell::default() }
    }

    /// What was said of it.
    pub(super) fn into_remarks(self) -> Vec<Remark> {
        self.remarks.into_inner()
    }

    /// A part of the value does not count, which does not spoil the rest.
    pub fn warn(&self, trouble: ValueProblem) {
        self.remarks.borrow_mut().push(Remark::Trouble(trouble));
    }

    /// The value counts and is doubtful.
    pub fn advise(&self, message: &str, hint: &str) {
        let advice = Remark::Advice(message.to_owned(), Some(hint.to_owned()));
        self.remarks.borrow_mut().push(advice);
    }

    /// A part of the value counts and is doubtful.
    pub fn note(&self, note: ValueError) {
        self.remarks.borrow_mut().push(Remark::Note(note));
    }

    /// amr does not apply what it asks for.
    pub fn unapplied(&self, why: &'static str) {
        self.remarks.borrow_mut().push(Remark::Unapplied(why));
    }

    /// The place of a part of the value.
    #[must_use]
    pub fn origin(&self, at: usize, len: usize) -> Origin {
        Origin {
            path: Arc::clone(&self.setting.source.path),
            span: self.setting.assignment.value.span(at, len),
        }
    }

    /// About the whole value.
    #[must_use]
    pub fn trouble(&self, message: impl Into<String>) -> ValueProblem {
        ValueProblem::new(0, self.text, message)
    }

    /// The words of a list, quotes undone and backslashes kept, each with its place.
    pub fn words(&self) -> Result<Vec<Word<'a>>, ValueProblem> {
        let (words, _) = words::split_with(self.text, Escapes::Literal)?;
        Ok(words)
    }

    /// A switch.
    pub fn boolean(&self) -> Result<bool, ValueProblem> {
        Ok(boolean::parse(self.text)?)
    }

    /// A time span; `infinity` is never.
    pub fn time(&self) -> Result<Timeout, ValueProblem> {
        Ok(time::parse(self.text)?)
    }

    /// A time of which 0 means never (`parse_sec_fix_0`).
    pub fn time_or_never(&self) -> Result<Timeout, ValueProblem> {
        Ok(match self.time()? {
            Timeout::After(Duration::ZERO) => Timeout::Never,
            time @ (Timeout::After(_) | Timeout::Never) => time,
        })
    }

    /// A time as a plain duration; `infinity` is the longest there is.
    pub fn duration(&self) -> Result<Duration, ValueProblem> {
        Ok(match self.time()? {
            Timeout::After(d) => d,
            Timeout::Never => Duration::MAX,
        })
    }

    /// A whole number.
    pub fn number(&self) -> Result<u32, ValueProblem> {
        let number = number::parse_u64(self.text).ok().and_then(|n| n.try_into().ok());
        number.ok_or_else(|| self.trouble(format!("'{}' is not a whole number from 0", self.text)))
    }

    /// A number in a range; an empty value restores the default.
    pub fn integer(&self, min: i32, max: i32) -> Result<Option<i32>, ValueProblem> {
        if self.text.is_empty() {
            return Ok(None);
        }
        let number = number::parse_i32(self.text).filter(|n| (min..=max).contains(n));
        number.map(Some).ok_or_else(|| {
            self.trouble(format!("{}= goes from {min} to {max}, not '{}'", self.key, self.text))
        })
    }

    /// Permission bits.
    pub fn mode(&self) -> Result<u32, ValueProblem> {
        Ok(mode::parse(self.text)?)
    }

    /// A leading `-`, and what follows.
    #[must_use]
    pub fn optional(&self) -> (bool, &'a str) {
        self.text.strip_prefix('-').map_or((false, self.text), |rest| (true, rest))
    }

    /// The value is none of those that the directive takes.
    #[must_use]
    pub fn no_value(&self) -> ValueProblem {
        self.trouble(format!("'{}' is not a value of {}=", self.text, self.key))
    }

    /// What the host has, of which a value may be a part.
    #[must_use]
    pub fn host(&self) -> &HostFacts {
        &self.facts.host
    }

    /// Expands specifiers.
    pub fn specifiers(&self, text: &str) -> Result<String, ValueError> {
        specifier::expand(text, self.facts, &self.unit)
    }

    /// Expands specifiers in a part of the value that begins at `at`.
    pub fn expand(&self, at: usize, text: &str) -> Result<String, ValueProblem> {
        self.specifiers(text).map_err(|e| ValueProblem::from(e).within(at))
    }

    /// Expands specifiers in the name of a unit.
    pub fn expand_name(&self, at: usize, text: &str) -> Result<String, ValueProblem> {
        specifier::expand_name(text, self.facts, &self.unit).map_err(|e| ValueProblem::from(e).within(at))
    }

    /// An absolute path, specifiers expanded, without doubled slashes and `..`.
    pub fn absolute(&self, at: usize, text: &str) -> Result<String, ValueProblem> {
        let expanded = self.expand(at, text)?;
        path::absolute(&expanded).map_err(|e| ValueProblem::new(at, text, e.message))
    }

    /// The whole value as such a path; an empty one takes back what was said.
    pub fn absolute_or_none(&self) -> Result<Option<String>, ValueProblem> {
        if self.text.is_empty() { Ok(None) } else { self.absolute(0, self.text).map(Some) }
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, ValueProblem> {
        choices.iter().find(|(word, _)| *word == self.text).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.no_value().hint(format!("one of: {}", words.join(", ")))
        })
    }

    /// One of the words of a type.
    ///
    /// # Errors
    /// It is none of them.
    pub fn keyword<T: Keyword>(&self) -> Result<T, ValueProblem> {
        self.choice(T::KEYWORDS)
    }
}

/// Takes a value over; the old one stays where the new one cannot be read.
///
/// # Errors
/// Those of the value.
pub fn set<T>(place: &mut T, value: Result<T, ValueProblem>) -> Result<(), ValueProblem> {
    *place = value?;
    Ok(())
}
