//! Environment: the lists in `Environment=`, `UnsetEnvironment=`, and the files of
//! `EnvironmentFile=` as systemd 252 reads them (`parse_env_file_internal`). Pure.

use super::words::{self, Escapes};
use super::{Expand, ValueError};

#[cfg(test)]
mod tests;

/// What a file of assignments says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Name and value; each name once, where it first stood, with its last value.
    pub vars: Vec<(String, String)>,
    /// Line (from 1) and what was left out of it, or looks wrong.
    pub notes: Vec<(u32, String)>,
    /// Line and reason where systemd reads nothing of such a file: bytes that are not UTF-8, or NUL.
    /// `vars` is empty then. The start fails, unless `-` stands in front of the path.
    pub refused: Option<(u32, String)>,
}

/// What was taken from a list, and what was ignored.
pub type Parsed<T> = (Vec<T>, Vec<ValueError>);

/// Is it the name of a variable: letters, digits and underscores, no digit first?
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads `Environment=`: words of the form `NAME=value`, specifiers expanded in each. The second list
/// holds the words that systemd ignores.
///
/// # Errors
/// The first word cannot be split off, so that nothing of the value is taken.
pub fn parse_assignments(value: &str, expand: Expand<'_>) -> Result<Parsed<(String, String)>, ValueError> {
    let mut vars = Vec::new();
    let ignored = each_word(value, Escapes::Strict, expand, |word| match assignment(word) {
        Some((name, value)) => {
            set(&mut vars, name, value);
            true
        }
        None => false,
    })?;
    let ignored = ignored.into_iter().map(|bad| bad.describe("is not an assignment: expected NAME=value"));
    Ok((vars, ignored.collect()))
}

/// A word as systemctl prints it: in quotes where a shell would take it for something else.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !"\"'\\`$*?[]{}()<>|&;!#~".contains(c);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    let mut out = String::from('"');
    for c in word.chars() {
        if "\"\\`$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Reads `UnsetEnvironment=`: names, and assignments that must match as a whole.
///
/// # Errors
/// As [`parse_assignments`].
pub fn parse_unset(value: &str, expand: Expand<'_>) -> Result<Parsed<String>, ValueError> {
    let accepts = |word: &str| is_name(word) || assignment(word).is_some();
    names(value, Escapes::Strict, expand, "is neither the name of a variable nor an assignment", &accepts)
}

fn names(
    value: &str,
    escapes: Escapes,
    expand: Expand<'_>,
    why: &str,
    accepts: &dyn Fn(&str) -> bool,
) -> Result<Parsed<String>, ValueError> {
    let mut found: Vec<String> = Vec::new();
    let ignored = each_word(value, escapes, expand, |word| {
        let good = accepts(word);
        if good && !found.iter().any(|f| f == word) {
            found.push(word.to_owned());
        }
        good
    })?;
    Ok((found, ignored.into_iter().map(|bad| bad.describe(why)).collect()))
}

/// A word that was not taken.
enum WordError {
    /// It is not what the list holds.
    Word { at: usize, len: usize, text: String },
    /// It could not be read.
    Error(ValueError),
}

impl WordError {
    fn describe(self, why: &str) -> ValueError {
        match self {
            Self::Word { at, len, text } => ValueError::new(at, len, format!("'{text}' {why}")),
            Self::Error(e) => e,
        }
    }
}

/// Calls `take` for each word; the words that it refuses are given back.
fn each_word(
    value: &str,
    escapes: Escapes,
    expand: Expand<'_>,
    mut take: impl FnMut(&str) -> bool,
) -> Result<Vec<WordError>, ValueError> {
    let (mut ignored, mut from) = (Vec::new(), 0);
    loop {
        let word = match words::next(value, from, escapes) {
            Ok(Some(step)) => {
                from = step.next;
                step.word
            }
            Ok(None) => return Ok(ignored),
            Err(e) if from == 0 => return Err(e),
            Err(mut e) => {
                e.message.push_str(", ignoring the rest of the line");
                ignored.push(WordError::Error(e));
                return Ok(ignored);
            }
        };
        match expand(&word.text) {
            Ok(text) if take(&text) => {}
            Ok(text) => ignored.push(WordError::Word { at: word.at, len: word.len, text }),
            Err(e) => ignored.push(WordError::Error(ValueError::new(word.at, word.len, e.message))),
        }
    }
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    word.split_once('=').filter(|(name, _)| is_name(name))
}

/// Sets a variable where it already stands, or at the end.
fn set(vars: &mut Vec<(String, String)>, name: &str, value: &str) {
    match vars.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => value.clone_into(old),
        None => vars.push((name.to_owned(), value.to_owned())),
    }
}

/// Reads a file of assignments. Never fails: see [`EnvFile`].
#[must_use]
pub fn parse_file(bytes: &[u8]) -> EnvFile {
    let mut reader = Reader::default();
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        let line = bytes.iter().take(at).filter(|b| **b == b'\n').count();
        reader.refuse(u32::try_from(line).unwrap_or(u32::MAX).saturating_add(1), "the file holds a NUL byte");
        return reader.file;
    }
    let mut rest = bytes;
    while let [c, behind @ ..] = rest {
        reader.byte(*c);
        // A carriage return and the line feed behind it are one end of line.
        if *c == b'\n' || (*c == b'\r' && behind.first() != Some(&b'\n')) {
            reader.line = reader.line.saturating_add(1);
        }
        rest = behind;
    }
    reader.end();
    reader.file
}

/// Where in an assignment the reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// In front of a name or comment.
    #[default]
    PreKey,
    Key,
    /// Behind the `=`, or behind a closing quote.
    PreValue,
    Value,
    ValueEscape,
    SingleQuote,
    DoubleQuote,
    DoubleQuoteEscape,
    Comment,
    CommentEscape,
}

struct Reader {
    file: EnvFile,
    state: State,
    line: u32,
    /// Where the name stands.
    key_line: u32,
    key: Vec<u8>,
    value: Vec<u8>,
    /// Length of the value without the blanks at its end that were not quoted.
    trimmed: Option<usize>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            file: EnvFile::default(),
            state: State::default(),
            line: 1,
            key_line: 1,
            key: Vec::new(),
            value: Vec::new(),
            trimmed: None,
        }
    }
}

fn ends_line(c: u8) -> bool {
    matches!(c, b'\n' | b'\r')
}

impl Reader {
    fn byte(&mut self, c: u8) {
        self.state = match self.state {
            State::PreKey => self.pre_key(c),
            State::Key => self.in_key(c),
            State::PreValue => self.pre_value(c),
            State::Value => self.in_value(c),
            State::ValueEscape => {
                if !ends_line(c) {
                    self.value.push(c);
                }
                State::Value
            }
            State::SingleQuote => self.quoted(c, b'\'', State::SingleQuote),
            State::DoubleQuote if c == b'\\' => State::DoubleQuoteEscape,
            State::DoubleQuote => self.quoted(c, b'"', State::DoubleQuote),
            State::DoubleQuoteEscape => self.escaped_in_quotes(c),
            // Until systemd 253 a backslash in a comment takes the end of its line along.
            State::Comment if c == b'\\' => State::CommentEscape,
            State::Comment if ends_line(c) => State::PreKey,
            State::Comment | State::CommentEscape => State::Comment,
        };
    }

    fn pre_key(&mut self, c: u8) -> State {
        if matches!(c, b'#' | b';') {
            return State::Comment;
        }
        if words::is_blank(c) {
            return State::PreKey;
        }
        self.key_line = self.line;
        self.key = vec![c];
        self.value.clear();
        self.trimmed = None;
        State::Key
    }

    fn in_key(&mut self, c: u8) -> State {
        if ends_line(c) {
            self.note("no '=' in the line, ignoring it");
            return State::PreKey;
        }
        if c == b'=' {
            return State::PreValue;
        }
        self.key.push(c);
        State::Key
    }

    fn pre_value(&mut self, c: u8) -> State {
        match c {
            b'\n' | b'\r' => {
                self.push();
                State::PreKey
            }
            b'\'' => State::SingleQuote,
            b'"' => State::DoubleQuote,
            b'\\' => State::ValueEscape,
            b' ' | b'\t' => State::PreValue,
            _ => {
                self.value.push(c);
                State::Value
            }
        }
    }

    fn in_value(&mut self, c: u8) -> State {
        if ends_line(c) {
            self.trim();
            self.push();
            return State::PreKey;
        }
        if c == b'\\' {
            self.trimmed = None;
            return State::ValueEscape;
        }
        if words::is_blank(c) {
            self.trimmed.get_or_insert(self.value.len());
        } else {
            self.trimmed = None;
        }
        self.value.push(c);
        State::Value
    }

    fn quoted(&mut self, c: u8, quote: u8, inside: State) -> State {
        if c == quote {
            return State::PreValue;
        }
        self.value.push(c);
        inside
    }

    /// As in a shell: a backslash escapes `"`, `\`, `` ` ``, `$` and the end of a line, and stays
    /// in front of anything else.
    fn escaped_in_quotes(&mut self, c: u8) -> State {
        match c {
            b'"' | b'\\' | b'`' | b'$' => self.value.push(c),
            b'\n' => {}
            _ => self.value.extend([b'\\', c]),
        }
        State::DoubleQuote
    }

    fn end(&mut self) {
        match self.state {
            State::PreKey | State::Comment | State::CommentEscape => {}
            State::Key => self.note("no '=' in the line, ignoring it"),
            State::Value => {
                self.trim();
                self.push();
            }
            State::PreValue | State::ValueEscape => self.push(),
            State::SingleQuote | State::DoubleQuote | State::DoubleQuoteEscape => {
                self.note("the quote in this value is never closed: it reaches to the end of the file");
                self.push();
            }
        }
    }

    fn trim(&mut self) {
        if let Some(len) = self.trimmed.take() {
            self.value.truncate(len);
        }
    }

    fn push(&mut self) {
        let (key, value) = (std::mem::take(&mut self.key), std::mem::take(&mut self.value));
        if self.file.refused.is_some() {
            return;
        }
        let (Ok(key), Ok(value)) = (String::from_utf8(key), String::from_utf8(value)) else {
            return self.refuse(self.key_line, "the assignment is not valid UTF-8");
        };
        let key = key.trim_end_matches([' ', '\t', '\n', '\r']);
        if is_name(key) {
            set(&mut self.file.vars, key, &value);
        } else {
            self.note(&format!(
                "'{}' is not the name of a variable, ignoring the assignment",
                strings::escape(key.as_bytes(), &['\''])
            ));
        }
    }

    fn note(&mut self, message: &str) {
        self.file.notes.push((self.key_line, message.to_owned()));
    }

    fn refuse(&mut self, line: u32, why: &str) {
        self.file.vars.clear();
        self.file.refused = Some((line, why.to_owned()));
    }
}
