//! Command lines: `ExecStart=` and its kin (systemd's `config_parse_exec`). Pure.
//!
//! Words are split first and specifiers expanded in each word afterwards, so that an expanded blank
//! does not make two words. Variables are not expanded here: see `expand`.

use super::words::{self, Escapes, Step, Word};
use super::{Expand, ValueError, path};
use crate::unit::model::ExecPrivilege;

#[cfg(test)]
mod tests;

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedCommand {
    /// Where it begins in the value, prefixes included.
    pub at: usize,
    /// Its length in the value.
    pub len: usize,
    /// An absolute path or a bare name, simplified.
    pub path: String,
    /// The words, `argv[0]` first.
    pub argv: Vec<String>,
    /// `-`
    pub ignore_failure: bool,
    /// `:`
    pub no_env_expand: bool,
    /// `+`, `!`, `!!`
    pub privilege: ExecPrivilege,
}

/// Reads a line of one or more commands; see [`parse_with_warnings`].
///
/// # Errors
/// What systemd 252 refuses the unit for.
pub fn parse(value: &str, expand: Expand<'_>) -> Result<Vec<ParsedCommand>, ValueError> {
    parse_with_warnings(value, expand).map(|(commands, _)| commands)
}

/// Reads a line of one or more commands, separated by a bare `;`.
///
/// The second list holds what systemd 252 only warns of: unknown escapes, and faults in a command
/// with the `-` prefix or in the quoting of its first word, both of which make it ignore the rest of
/// the line.
///
/// # Errors
/// What systemd 252 refuses the unit for (`bad-setting`): an empty or relative path, a folder, a
/// specifier that does not resolve, a quote that is never closed.
pub fn parse_with_warnings(
    value: &str,
    expand: Expand<'_>,
) -> Result<(Vec<ParsedCommand>, Vec<ValueError>), ValueError> {
    let mut line = Line { value, expand, at: 0, warnings: Vec::new() };
    let mut commands = Vec::new();
    loop {
        let first = match line.word() {
            Ok(Some(word)) => word,
            Ok(None) => break,
            Err(e) => {
                line.ignore_rest(e);
                break;
            }
        };
        if first.text == ";" {
            continue;
        }
        let prefixes = Prefixes::read(&first.text);
        match line.command(&first, &prefixes) {
            Ok((command, End::Semicolon)) => commands.push(command),
            Ok((command, End::Value)) => {
                commands.push(command);
                break;
            }
            Err(e) if prefixes.ignore_failure => {
                line.ignore_rest(e);
                break;
            }
            Err(e) => return Err(e),
        }
    }
    Ok((commands, line.warnings))
}

/// What ended a command.
enum End {
    Semicolon,
    Value,
}

/// The characters in front of a path.
#[derive(Default)]
struct Prefixes {
    ignore_failure: bool,
    own_argv0: bool,
    no_env_expand: bool,
    privilege: ExecPrivilege,
    len: usize,
}

impl Prefixes {
    /// Each counts once, in any order; `+`, `!` and `!!` exclude one another. The first character
    /// that does not count begins the path.
    fn read(word: &str) -> Self {
        let mut p = Self::default();
        for c in word.chars() {
            match (c, p.privilege) {
                ('-', _) if !p.ignore_failure => p.ignore_failure = true,
                ('@', _) if !p.own_argv0 => p.own_argv0 = true,
                (':', _) if !p.no_env_expand => p.no_env_expand = true,
                ('+', ExecPrivilege::Normal) => p.privilege = ExecPrivilege::Full,
                ('!', ExecPrivilege::Normal) => p.privilege = ExecPrivilege::NoUser,
                ('!', ExecPrivilege::NoUser) => p.privilege = ExecPrivilege::AmbientFallback,
                (_, _) => break,
            }
            p.len = p.len.saturating_add(1);
        }
        p
    }
}

struct Line<'a> {
    value: &'a str,
    expand: Expand<'a>,
    at: usize,
    warnings: Vec<ValueError>,
}

impl<'a> Line<'a> {
    fn word(&mut self) -> Result<Option<Word<'a>>, ValueError> {
        let Some(Step { word, next, warnings }) = words::next(self.value, self.at, Escapes::Relaxed)? else {
            return Ok(None);
        };
        self.at = next;
        self.warnings.extend(warnings);
        Ok(Some(word))
    }

    fn ignore_rest(&mut self, mut error: ValueError) {
        error.message.push_str(", ignoring the rest of the line");
        self.warnings.push(error);
    }

    fn command(&mut self, first: &Word<'_>, prefixes: &Prefixes) -> Result<(ParsedCommand, End), ValueError> {
        let written = first.text.get(prefixes.len..).unwrap_or_default();
        let resolved = self.resolve(first, prefixes.len)?;
        check_path(&resolved).map_err(|why| {
            let shown = if resolved.is_empty() { written } else { &resolved };
            ValueError::new(first.at, first.len, why.replace("{}", shown))
        })?;
        let mut argv = Vec::new();
        let path = path::simplify(&resolved);
        if !prefixes.own_argv0 {
            argv.push(resolved);
        }
        let mut end = first.at.saturating_add(first.len);
        let ended = loop {
            if self.separator("; ") {
                break End::Semicolon;
            }
            let at = self.at;
            if self.separator("\\; ") {
                argv.push(";".to_owned());
                end = at.saturating_add(2);
                continue;
            }
            let Some(word) = self.word()? else { break End::Value };
            argv.push(self.resolve(&word, 0)?);
            end = word.at.saturating_add(word.len);
        };
        if argv.is_empty() {
            let message = "the '@' prefix needs a second word, which becomes argv[0]";
            return Err(ValueError::new(first.at, first.len, message));
        }
        let command = ParsedCommand {
            at: first.at,
            len: end.saturating_sub(first.at),
            path,
            argv,
            ignore_failure: prefixes.ignore_failure,
            no_env_expand: prefixes.no_env_expand,
            privilege: prefixes.privilege,
        };
        Ok((command, ended))
    }

    /// Steps over a bare `;` or `\;`; `mark` ends in a blank, which the end of the value may replace.
    fn separator(&mut self, mark: &str) -> bool {
        let rest = self.value.get(self.at..).unwrap_or_default();
        let Some(behind) = rest.strip_prefix(mark.trim_end()) else { return false };
        if !behind.bytes().next().is_none_or(words::is_blank) {
            return false;
        }
        self.at = words::skip_blanks(self.value, self.value.len().saturating_sub(behind.len()));
        true
    }

    /// Expands the specifiers of a word behind its first `skip` bytes.
    fn resolve(&self, word: &Word<'_>, skip: usize) -> Result<String, ValueError> {
        (self.expand)(word.text.get(skip..).unwrap_or_default()).map_err(|e| {
            // Only a word without quotes and escapes has its offsets in the value.
            let end = word.at.saturating_add(word.len);
            if self.value.get(word.at..end) == Some(&*word.text) {
                e.shifted(word.at.saturating_add(skip))
            } else {
                ValueError { at: word.at, len: word.len, message: e.message }
            }
        })
    }
}

/// Why a path cannot be executed; `{}` stands for it.
fn check_path(resolved: &str) -> Result<(), &'static str> {
    let unsafe_char = |c: char| c.is_ascii_control() || matches!(c, '"' | '\'' | '\\');
    if resolved.is_empty() {
        Err("the path of the executable is missing")
    } else if resolved.contains(unsafe_char) {
        Err("the path of the executable '{}' holds quotes, backslashes or control characters")
    } else if resolved.ends_with('/') {
        Err("'{}' is a folder, not an executable")
    } else if path::is_absolute(resolved) && !path::is_valid(resolved) {
        Err("the path '{}', or a name in it, is too long")
    } else if !path::is_absolute(resolved) && !path::is_file_name(resolved) {
        Err("'{}' is neither an absolute path nor a bare name")
    } else {
        Ok(())
    }
}
