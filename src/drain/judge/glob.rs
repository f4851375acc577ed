//! Patterns of paths, and expressions that leave paths out.
//!
//! Patterns are Go's `filepath.Match` (`*`, `?`, `[a-z]`, `[^a-z]`, `\`): a `*` matches a leading dot
//! too, never a `/`. One component `**` stands for none to eight folders, if `recursive_glob` is on,
//! as it is by default; a second one is refused. Regular expressions
//! are Go's RE2; where the engine at hand lacks something of it the answer is [`Answer::Unknown`],
//! never a guess. Pure.

use regex_lite::Regex;

/// The folders that `**` stands for at most.
pub const DEPTH: usize = 8;

/// A pattern that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Two `**`.
    #[error("'{0}' has more than one '**'")]
    Doubled(String),
    /// A `[` without its end, or a `\` at the end.
    #[error("'{0}' has a '[' without its end, or a '\\' at its end")]
    Malformed(String),
    /// Relative to a folder that only the shipper's process knows.
    #[error("'{0}' is relative to the folder in which the shipper was started")]
    Relative(String),
}

/// One component of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A plain name, its escapes resolved.
    Name(String),
    /// A name with wildcards.
    Wild(String),
    /// `**`.
    Any,
}

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

impl Pattern {
    /// Reads an absolute pattern; `recursive`: `**` is a component of its own kind.
    ///
    /// # Errors
    /// It cannot be one.
    pub fn parse(text: &str, recursive: bool) -> Result<Self, PatternError> {
        let Some(rest) = text.strip_prefix('/') else { return Err(PatternError::Relative(text.into())) };
        let malformed = || PatternError::Malformed(text.into());
        let mut parts = Vec::new();
        // The path is cleaned: empty components and `.` go, `..` takes one back.
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                "**" if recursive && parts.contains(&Part::Any) => {
                    return Err(PatternError::Doubled(text.into()));
                }
                "**" if recursive => parts.push(Part::Any),
                _ if !part.contains(['*', '?', '[', '\\']) => parts.push(Part::Name(part.into())),
                _ => {
                    matches_part(part, b"").ok_or_else(malformed)?;
                    parts.push(Part::Wild(part.into()));
                }
            }
        }
        Ok(Self { text: text.into(), parts })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its components, for whoever walks the folders.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether an absolute path matches.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(b"/") else { return false };
        matches_parts(&self.parts, names(rest))
    }
}

impl Pattern {
    /// What this pattern is for the files of one folder, an absolute path.
    #[must_use]
    pub fn within(&self, folder: &[u8]) -> Within<'_> {
        match self.parts.split_last() {
            None => Within::Nothing,
            Some((Part::Any, _)) => Within::Paths(self),
            Some((last @ (Part::Name(_) | Part::Wild(_)), above)) => {
                if !matches_parts(above, names(folder)) {
                    return Within::Nothing;
                }
                match last {
                    Part::Wild(pattern) => one_star(pattern).map_or(Within::Names(last), Within::Ends),
                    Part::Name(_) | Part::Any => Within::Names(last),
                }
            }
        }
    }
}

/// A pattern as it stands in one folder: its other components need not be looked at for each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within<'p> {
    /// It takes no file there.
    Nothing,
    /// It takes those with such a name.
    Names(&'p Part),
    /// It takes those whose name begins and ends so.
    Ends((&'p str, &'p str)),
    /// It ends in `**`: the whole path has to be looked at.
    Paths(&'p Pattern),
}

impl Within<'_> {
    /// Whether it takes the file at `path`, whose last component is `name`.
    #[must_use]
    pub fn matches(&self, path: &[u8], name: &[u8]) -> bool {
        match self {
            Self::Nothing => false,
            Self::Names(part) => part.matches(name),
            Self::Ends(ends) => has_ends(name, *ends),
            Self::Paths(pattern) => pattern.matches(path),
        }
    }
}

fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty())
}

fn matches_parts<'p>(parts: &[Part], mut names: impl Iterator<Item = &'p [u8]> + Clone) -> bool {
    let Some((part, later)) = parts.split_first() else { return names.next().is_none() };
    match part {
        // No second one can follow, so this does not branch further.
        Part::Any => {
            for _ in 0..=DEPTH {
                if matches_parts(later, names.clone()) {
                    return true;
                }
                if names.next().is_none() {
                    return false;
                }
            }
            false
        }
        Part::Name(_) | Part::Wild(_) => {
            names.next().is_some_and(|name| part.matches(name)) && matches_parts(later, names)
        }
    }
}

impl Part {
    /// Whether one name matches; `**` matches any.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Name(own) => own.as_bytes() == name,
            Self::Wild(pattern) => match one_star(pattern) {
                Some(ends) => has_ends(name, ends),
                None => matches_part(pattern, name) == Some(true),
            },
            Self::Any => true,
        }
    }
}

/// Whether a name matches what [`one_star`] found: plain letters stand for their bytes wherever they are.
fn has_ends(name: &[u8], (start, end): (&str, &str)) -> bool {
    name.len() >= start.len().saturating_add(end.len())
        && name.starts_with(start.as_bytes())
        && name.ends_with(end.as_bytes())
}

/// What stands before and behind the star of the commonest kind of pattern: one star, and otherwise
/// ASCII letters that stand for themselves.
fn one_star(pattern: &str) -> Option<(&str, &str)> {
    let (start, end) = pattern.split_once('*')?;
    let plain = |text: &str| text.is_ascii() && !text.contains(['*', '?', '[', '\\']);
    (plain(start) && plain(end)).then_some((start, end))
}

/// Go's `filepath.Match` on one component; `None` for a malformed pattern.
fn matches_part(pattern: &str, name: &[u8]) -> Option<bool> {
    // One step back suffices: only the last star has to be tried at a later place.
    let (mut at, mut place) = (pattern, name);
    let mut star: Option<(&str, &[u8])> = None;
    let mut verdict = None;
    check(pattern)?;
    while verdict.is_none() {
        if let Some(rest) = at.strip_prefix('*') {
            star = Some((rest, place));
            at = rest;
            continue;
        }
        let stepped = match (at.is_empty(), place.is_empty()) {
            (true, true) => return Some(true),
            (true, false) | (false, true) => None,
            (false, false) => one(at, place)?,
        };
        (at, place, verdict) = match (stepped, star) {
            (Some((at, place)), _) => (at, place, None),
            (None, Some((after, from))) if !from.is_empty() => {
                let from = from.get(rune(from).1..).unwrap_or_default();
                star = Some((after, from));
                (after, from, None)
            }
            (None, _) => (at, place, Some(false)),
        };
    }
    verdict
}

/// Every piece of the pattern is well formed.
fn check(mut pattern: &str) -> Option<()> {
    while !pattern.is_empty() {
        pattern = match pattern.strip_prefix('*') {
            Some(rest) => rest,
            None => piece(pattern, None)?.0,
        };
    }
    Some(())
}

/// What is left of pattern and name after one piece matched; the inner `None` if it did not.
type Step<'a> = Option<(&'a str, &'a [u8])>;

fn one<'a>(pattern: &'a str, name: &'a [u8]) -> Option<Step<'a>> {
    let (letter, width) = rune(name);
    let (rest, matched) = piece(pattern, Some(letter))?;
    Some(matched.then(|| (rest, name.get(width..).unwrap_or_default())))
}

/// Takes one piece that is no star off the pattern and says whether it matches the letter.
fn piece(pattern: &str, letter: Option<char>) -> Option<(&str, bool)> {
    let mut letters = pattern.chars();
    match letters.next()? {
        '?' => Some((letters.as_str(), true)),
        '\\' => {
            let literal = letters.next()?;
            Some((letters.as_str(), letter == Some(literal)))
        }
        '[' => class(letters.as_str(), letter),
        literal => Some((letters.as_str(), letter == Some(literal))),
    }
}

/// `[a-z]` behind its bracket.
fn class(pattern: &str, letter: Option<char>) -> Option<(&str, bool)> {
    let mut rest = pattern.strip_prefix('^').unwrap_or(pattern);
    let negated = rest.len() != pattern.len();
    let mut found = false;
    let mut ranges = 0;
    loop {
        if let Some(after) = rest.strip_prefix(']').filter(|_| ranges > 0) {
            return Some((after, found != negated));
        }
        let (low, after) = class_letter(rest)?;
        let (high, after) = match after.strip_prefix('-') {
            Some(after) => class_letter(after)?,
            None => (low, after),
        };
        found |= letter.is_some_and(|letter| low <= letter && letter <= high);
        rest = after;
        ranges += 1;
    }
}

fn class_letter(text: &str) -> Option<(char, &str)> {
    let mut letters = text.chars();
    let letter = match letters.next()? {
        '-' | ']' => return None,
        '\\' => letters.next()?,
        letter => letter,
    };
    // As in Go, something has to follow it.
    (!letters.as_str().is_empty()).then_some((letter, letters.as_str()))
}

/// The first letter and its bytes; a byte that begins none counts as U+FFFD of one byte, as in Go.
fn rune(text: &[u8]) -> (char, usize) {
    let start = text.get(..text.len().min(4)).unwrap_or_default();
    let valid = match std::str::from_utf8(start) {
        Ok(valid) => valid,
        Err(error) => {
            std::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
    };
    valid.chars().next().map_or((char::REPLACEMENT_CHARACTER, 1), |letter| (letter, letter.len_utf8()))
}

/// Whether something holds, as far as that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That cannot be said.
    Unknown,
}

/// The expressions of `exclude_files` (or `include_files`).
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    known: Vec<Regex>,
    unknown: Vec<String>,
}

impl Expressions {
    /// Reads each expression; one that is not understood stays as unknown.
    #[must_use]
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for text in texts {
            match Regex::new(text).ok().filter(|_| is_the_same_in_re2(text)) {
                Some(regex) => all.known.push(regex),
                None => all.unknown.push(text.into()),
            }
        }
        all
    }

    /// Those that are not understood.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unknown.is_empty()
    }

    /// Whether one of them matches somewhere in the path.
    #[must_use]
    pub fn match_path(&self, path: &[u8]) -> Answer {
        if self.is_empty() {
            return Answer::No;
        }
        match std::str::from_utf8(path) {
            Ok(path) if self.known.iter().any(|regex| regex.is_match(path)) => Answer::Yes,
            Ok(_) if self.unknown.is_empty() => Answer::No,
            Ok(_) | Err(_) => Answer::Unknown,
        }
    }
}

/// What both engines take and mean otherwise: case folding beyond ASCII, and a flag that only one has.
fn is_the_same_in_re2(text: &str) -> bool {
    let folds = text.contains("(?") && !text.is_ascii();
    // The engine here takes `x` and `R` as flags, RE2 does not; `\<` and `\>` are anchors here alone.
    let flags = text.match_indices("(?").any(|(at, _)| {
        let flags = text.get(at + 2..).unwrap_or_default();
        let end = flags.find([':', ')', '<', 'P']).unwrap_or(flags.len());
        flags.get(..end).is_some_and(|flags| flags.contains(['x', 'R']))
    });
    !folds && !flags && !text.contains("\\<") && !text.contains("\\>") && !text.contains("\\b{")
}

#[cfg(test)]
mod tests;
