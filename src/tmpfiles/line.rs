//! A line of tmpfiles.d(5), as systemd 252.39 reads it: six fields in quotes or not, with C escapes, and
//! the rest of the line as it stands. Pure.

use super::lines;
use crate::unit::model::{Finding, Origin};
use crate::unit::specifier::{self, Facts};
use crate::unit::value::words::{self, Escapes, Word};
use crate::unit::value::{ValueError, base64, mode, time};
use std::path::{Path, PathBuf};

/// The types that 252 knows.
const TYPES: &str = "fFwdDevqQpLcbCxXrRzZtThHaA";

/// The specifiers that 252 knows here.
const SPECIFIERS: &str = "abBCgGhHlLmoStTuUvVwW";

/// What a line has amr do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// `d` and `D`: a folder.
    Folder,
    /// `f`, and `F`, which is `f+`: a file.
    File,
    /// `L`: a link.
    Link,
    /// `z`: owner and mode of what matches.
    Settle,
    /// Any other type: nothing.
    Nothing,
}

/// A user, a group or a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerValue<T> {
    /// A name or number; octal bits.
    pub value: T,
    /// `:`: only for what is made anew.
    pub only_new: bool,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Line {
    /// The type's letter.
    pub letter: char,
    /// What amr does for it.
    pub act: Act,
    /// `+`: over what is there. `F` has it, too.
    pub force: bool,
    /// `!`: at boot only.
    pub boot: bool,
    /// `-`: a failure is no error.
    pub may_fail: bool,
    /// `=`: what has another kind makes room.
    pub replace: bool,
    /// `^`: the argument names a credential, which amr has none of.
    pub credential: bool,
    /// Specifiers expanded, simplified, /var/run as /run.
    pub path: PathBuf,
    /// Permission bits, 0 to 07777; none where the line leaves them to the type.
    pub mode: Option<OwnerValue<u32>>,
    /// `~`: of the mode only what the old one has.
    pub masked: bool,
    /// Whose it becomes, by name or number.
    pub user: Option<OwnerValue<String>>,
    /// Which group's.
    pub group: Option<OwnerValue<String>>,
    /// The age, which counts for cleaning alone.
    pub age: Option<String>,
    /// The contents of a file, the target of a link; as it stands for other types.
    pub argument: Option<Vec<u8>>,
}

/// A line with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub line: Line,
    /// File, line and column it was read from.
    pub origin: Origin,
    /// As it is written.
    pub text: String,
}

/// Reads a file: its lines, and what is wrong with others.
#[must_use]
pub fn read(path: &Path, bytes: &[u8], facts: &Facts) -> (Vec<Entry>, Vec<Finding>) {
    const FIELDS: &str = "see tmpfiles.d(5): TYPE PATH MODE USER GROUP AGE ARGUMENT";
    let (read, findings) = lines::read(path, bytes, FIELDS, &|text| parse(text, facts));
    let entries = read.into_iter().map(|(line, origin, text)| Entry { line, origin, text });
    (entries.collect(), findings)
}

/// Reads one line without blanks around it.
///
/// # Errors
/// Whatever 252 refuses.
pub fn parse(text: &str, facts: &Facts) -> Result<Line, ValueError> {
    let (mut fields, mut from) = (Vec::new(), 0);
    while fields.len() < 6
        && let Some(step) = words::next(text, from, Escapes::Strict)?
    {
        fields.push(step.word);
        from = step.next;
    }
    let mut fields = fields.into_iter();
    let (Some(kind), Some(path)) = (fields.next(), fields.next()) else {
        return Err(ValueError::whole(text, "it has no path"));
    };
    let mut line = kind_of(&kind)?;
    line.path = path_of(&path, facts)?;
    let mut next = || fields.next().filter(|word| !is_dash(&word.text));
    if let Some(word) = next() {
        let (given, masked) = mode_of(&word)?;
        (line.mode, line.masked) = (Some(given), masked);
    }
    line.user = next().map(|word| owner_of(&word, facts)).transpose()?;
    line.group = next().map(|word| owner_of(&word, facts)).transpose()?;
    line.age = next().map(|word| age_of(&word)).transpose()?;
    let rest = text.get(from..).unwrap_or_default();
    if is_dash(rest) && line.credential {
        return Err(ValueError::new(kind.at, kind.len, "'^' asks for a credential, and none is named"));
    }
    if !is_dash(rest) {
        let base64 = kind.text.chars().skip(1).any(|c| c == '~');
        line.argument = argument_of(&mut line, rest, base64, facts).map_err(|e| e.shifted(from))?;
    }
    Ok(line)
}

/// Nothing given.
fn is_dash(word: &str) -> bool {
    matches!(word, "" | "-")
}

fn kind_of(word: &Word<'_>) -> Result<Line, ValueError> {
    let fail = |message: String| ValueError::new(word.at, word.len, message);
    let mut letters = word.text.chars();
    let letter = letters.next().ok_or_else(|| fail("the type is missing".to_owned()))?;
    let mut modifiers = String::new();
    for modifier in letters {
        if !"!+-=~^".contains(modifier) || modifiers.contains(modifier) {
            return Err(fail(format!("unknown modifiers in type '{}'", word.text)));
        }
        modifiers.push(modifier);
    }
    if !TYPES.contains(letter) {
        return Err(fail(format!("unknown type '{letter}'")));
    }
    if modifiers.contains('~') && matches!(letter, 'L' | 'C' | 'c' | 'b') {
        return Err(fail(format!("'~' (base64) is not for type '{letter}'")));
    }
    let act = match letter {
        'd' | 'D' => Act::Folder,
        'f' | 'F' => Act::File,
        'L' => Act::Link,
        'z' => Act::Settle,
        _ => Act::Nothing,
    };
    Ok(Line {
        letter,
        act,
        force: modifiers.contains('+') || letter == 'F',
        boot: modifiers.contains('!'),
        may_fail: modifiers.contains('-'),
        replace: modifiers.contains('='),
        credential: modifiers.contains('^'),
        path: PathBuf::new(),
        mode: None,
        masked: false,
        user: None,
        group: None,
        age: None,
        argument: None,
    })
}

fn path_of(word: &Word<'_>, facts: &Facts) -> Result<PathBuf, ValueError> {
    let fail = |message: String| ValueError::new(word.at, word.len, message);
    let expanded = expand(word, facts)?;
    if !expanded.starts_with('/') {
        return Err(fail(format!("the path '{expanded}' is not absolute")));
    }
    // `.` and double slashes go by themselves.
    let path: PathBuf = Path::new(&expanded).components().collect();
    if path.components().any(|part| part.as_os_str() == "..") {
        return Err(fail(format!("the path '{expanded}' has '..' in it")));
    }
    // As systemd: what packages of old say of /var/run is meant for /run.
    Ok(path.strip_prefix("/var/run").map_or_else(|_| path.clone(), |rest| Path::new("/run").join(rest)))
}

fn expand(word: &Word<'_>, facts: &Facts) -> Result<String, ValueError> {
    specifier::expand_among(SPECIFIERS, &word.text, facts)
        .map_err(|e| ValueError::new(word.at, word.len, e.message))
}

fn mode_of(word: &Word<'_>) -> Result<(OwnerValue<u32>, bool), ValueError> {
    let digits = word.text.trim_start_matches(['~', ':']);
    let marks = word.text.get(..word.text.len().saturating_sub(digits.len())).unwrap_or_default();
    let bits = mode::parse(digits).map_err(|e| ValueError::new(word.at, word.len, e.message))?;
    Ok((OwnerValue { value: bits, only_new: marks.contains(':') }, marks.contains('~')))
}

fn owner_of(word: &Word<'_>, facts: &Facts) -> Result<OwnerValue<String>, ValueError> {
    let expanded = expand(word, facts)?;
    let name = expanded.strip_prefix(':');
    let only_new = name.is_some();
    let name = name.unwrap_or(&expanded).to_owned();
    if name.is_empty() {
        return Err(ValueError::new(word.at, word.len, "the name is missing"));
    }
    Ok(OwnerValue { value: name, only_new })
}

/// Checked as 252 does, and not used: nothing is cleaned.
fn age_of(word: &Word<'_>) -> Result<String, ValueError> {
    let span = word.text.strip_prefix('~').unwrap_or(&word.text);
    let span = match span.split_once(':') {
        Some((by, span)) if !by.is_empty() && by.chars().all(|c| "aAbBcCmM".contains(c)) => span,
        Some(_) | None => span,
    };
    match time::parse(span) {
        Ok(_) => Ok(word.text.clone().into_owned()),
        Err(e) => Err(ValueError::new(word.at, word.len, format!("invalid age: {}", e.message))),
    }
}

fn argument_of(
    line: &mut Line,
    rest: &str,
    base64: bool,
    facts: &Facts,
) -> Result<Option<Vec<u8>>, ValueError> {
    let whole = |message: &str| ValueError::whole(rest, message);
    match line.act {
        Act::File if base64 => {
            base64::decode(rest).map(Some).map_err(|_| whole("the argument is not base64"))
        }
        Act::File | Act::Link => {
            let bytes = words::unescape_all(rest)?;
            if !bytes.contains(&b'%') {
                return Ok(Some(bytes));
            }
            let text = String::from_utf8(bytes)
                .map_err(|_| whole("its escapes make text that is not UTF-8, in which '%' says nothing"))?;
            let expanded = specifier::expand_among(SPECIFIERS, &text, facts);
            expanded.map(|text| Some(text.into_bytes())).map_err(|e| whole(&e.message))
        }
        // 252 says so and goes on.
        Act::Folder | Act::Settle => Ok(None),
        Act::Nothing => Ok(Some(rest.as_bytes().to_vec())),
    }
}
