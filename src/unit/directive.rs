//! The table of every directive that systemd 183 to 260 has had in `[Unit]`, `[Service]`,
//! `[Install]`, `[Socket]` and `[Timer]`, and what amr does with each. Pure.
//!
//! The rows stand in `directive/directives.tsv`, which is compiled in as text: one line for each
//! directive, sorted by section and name, found by binary search and parsed only when asked for.
//! So the table costs its own bytes and no relocations. Columns, separated by tabs:
//!
//! `section name since known kind shape amr why removed replaced_by older notes`
//!
//! * `since`: first systemd that parses the name; 0 for before 184.
//! * `known`: three letters for the systemd of EL7 (219), 252 and 260: `y` yes, `n` unknown,
//!   `w` parsed and ignored with a warning.
//! * `amr`, `why`: `honoured`, `ignored` or `refused`, and the reason of the last two, a word for
//!   each sentence.
//!
//! The loader, the linter and the manual page all read this table; a test holds that a row is
//! marked `honoured` exactly when the loader has an arm for it.

use std::cmp::Ordering;

const TABLE: &str = include_str!("directive/directives.tsv");

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    /// `Service`, without brackets.
    pub section: &'static str,
    /// The name left of the `=`.
    pub name: &'static str,
    /// The first systemd that has it under this name.
    pub since: Since,
    /// In systemd 219 of RHEL 7 and Amazon Linux 2.
    pub in_219: Known,
    /// In systemd 252, whose behaviour is amr's.
    pub in_252: Known,
    /// In systemd 260.
    pub in_260: Known,
    /// What the value is.
    pub kind: Kind,
    /// What a second assignment does.
    pub shape: Shape,
    /// What amr does with it.
    pub amr: Amr,
    /// When and how it was removed, renamed or superseded.
    pub removed: Option<&'static str>,
    /// What to write instead.
    pub replaced_by: Option<&'static str>,
    /// What does the same, or nearly, for older versions.
    pub older: Option<&'static str>,
    /// More about its values: names with the version that brought them.
    pub notes: Option<&'static str>,
}

/// The first version with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Since {
    /// Older than the oldest version looked at.
    Before184,
    /// This one.
    V(u16),
}

/// Does a version know a directive?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has an effect.
    Yes,
    /// It is an unknown key.
    No,
    /// It is parsed and ignored with a warning.
    Ignored,
}

/// What a second assignment does, and what an empty one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The last one wins; empty restores the default.
    Scalar,
    /// They add up; empty clears those before.
    List,
    /// They add up and cannot be cleared (`After=`, `Requires=` and their kin).
    Append,
}

/// What amr does with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amr {
    /// As systemd 252.
    Honoured,
    /// Nothing, and says so; why.
    Ignored(&'static str),
    /// Does not load the unit, as running it without would be worse; why.
    Refused(&'static str),
}

/// What sort of value a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Address,
    Bool,
    Calendar,
    Capabilities,
    Check,
    Choice,
    Choices,
    Command,
    Cpus,
    Credential,
    DeviceValue,
    Directories,
    Duration,
    Environment,
    EnvironmentFile,
    Int,
    Mode,
    Path,
    PathCheck,
    Paths,
    Percent,
    Rlimit,
    Signal,
    Size,
    Statuses,
    Text,
    /// A duration of which 0 means infinity.
    Timeout,
    Uint,
    Unit,
    Units,
    Uris,
    User,
    Users,
    Variables,
    WorkingDirectory,
}

const KINDS: [(&str, Kind); 35] = [
    ("address", Kind::Address),
    ("bool", Kind::Bool),
    ("calendar", Kind::Calendar),
    ("capabilities", Kind::Capabilities),
    ("check", Kind::Check),
    ("choice", Kind::Choice),
    ("choices", Kind::Choices),
    ("command", Kind::Command),
    ("cpus", Kind::Cpus),
    ("credential", Kind::Credential),
    ("device-value", Kind::DeviceValue),
    ("directories", Kind::Directories),
    ("duration", Kind::Duration),
    ("environment", Kind::Environment),
    ("environment-file", Kind::EnvironmentFile),
    ("int", Kind::Int),
    ("mode", Kind::Mode),
    ("path", Kind::Path),
    ("path-check", Kind::PathCheck),
    ("paths", Kind::Paths),
    ("percent", Kind::Percent),
    ("rlimit", Kind::Rlimit),
    ("signal", Kind::Signal),
    ("size", Kind::Size),
    ("statuses", Kind::Statuses),
    ("text", Kind::Text),
    ("timeout", Kind::Timeout),
    ("uint", Kind::Uint),
    ("unit", Kind::Unit),
    ("units", Kind::Units),
    ("uris", Kind::Uris),
    ("user", Kind::User),
    ("users", Kind::Users),
    ("variables", Kind::Variables),
    ("working-directory", Kind::WorkingDirectory),
];

/// Why a directive has no effect: the table's word and the sentence.
const REASONS: [(&str, &str); 26] = [
    ("attribute", "amr does not set this attribute of the process"),
    ("bus", "amr does not use a message bus"),
    ("cgroup", "amr sets no control group limits"),
    ("credentials", "amr passes no credentials"),
    ("descriptors", "amr passes no file descriptors"),
    ("dynamic-user", "without a dynamic user the service would run as root"),
    ("images", "amr does not mount images"),
    ("input", "amr gives no terminal or embedded input to services"),
    ("isolate", "amr has no isolate"),
    ("job-mode", "units of OnFailure= and OnSuccess= are always started with mode replace"),
    ("job-timeout", "amr limits the whole job by JobTimeoutSec= only"),
    ("journal", "there is no journal; output goes to the log of the unit"),
    ("mounts", "amr has no mount units"),
    ("namespaces", "amr makes no namespaces"),
    ("no-effect", "has no effect under amr"),
    ("pam", "amr opens no PAM session"),
    ("power", "amr does not reboot or power off the host for a unit"),
    ("quota", "amr sets no quota on directories"),
    ("record", "the record of a unit stays until reset-failed"),
    ("root", "amr does not change the root of a service"),
    ("runlevels", "amr enables units through links of the runlevels"),
    ("sandbox", "amr applies no sandbox"),
    ("sockets", "amr does not open sockets for services"),
    ("systemd", "has no effect outside systemd"),
    ("test", "amr cannot evaluate this test"),
    ("timers", "amr does not run timers"),
];

/// How many rows there are.
const ROWS: usize = 771;

/// Where in the table each row begins.
static STARTS: [u16; ROWS] = starts();

/// A test holds that the table has so many rows, and no more bytes than 16 bits count.
#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]
const fn starts() -> [u16; ROWS] {
    let (bytes, mut starts, mut row, mut at) = (TABLE.as_bytes(), [0; ROWS], 1, 0);
    while at < bytes.len() && row < ROWS {
        at += 1;
        if bytes[at - 1] == b'\n' {
            starts[row] = at as u16;
            row += 1;
        }
    }
    starts
}

/// The row of a directive; names are case-sensitive, as systemd's are.
#[must_use]
pub fn find(section: &str, name: &str) -> Option<Directive> {
    let mut rows = STARTS.as_slice();
    while let Some((before, after)) = rows.split_at_checked(rows.len() / 2) {
        let (start, behind) = after.split_first()?;
        let from = TABLE.get(usize::from(*start)..)?;
        match compare(from.as_bytes(), section.as_bytes(), name.as_bytes()) {
            Ordering::Equal => return parse(from.lines().next()?),
            Ordering::Less => rows = behind,
            Ordering::Greater => rows = before,
        }
    }
    None
}

/// All rows, sorted by section and name.
pub fn all() -> impl Iterator<Item = Directive> {
    TABLE.lines().filter_map(parse)
}

/// Is there any row of this section?
#[must_use]
pub fn has_section(section: &str) -> bool {
    all().any(|d| d.section == section)
}

/// The name in `section` that `typo` is most likely meant to be: at most two letters apart (one
/// for short names), or the same but for upper and lower case.
#[must_use]
pub fn nearest(section: &str, typo: &str) -> Option<&'static str> {
    let allowed = if typo.len() < 6 { 1 } else { 2 };
    all()
        .filter(|d| d.section == section && d.in_252 != Known::No)
        .map(|d| {
            let away = if d.name.eq_ignore_ascii_case(typo) { 0 } else { distance(d.name, typo) };
            (away, d.name)
        })
        .filter(|(away, _)| *away <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// The sections other than `section` that have a directive of this name.
pub fn sections_with<'a>(name: &'a str, section: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    all().filter(move |d| d.name == name && d.section != section && d.in_252 != Known::No).map(|d| d.section)
}

/// The first two columns of what begins at `from`, against section and name.
fn compare(from: &[u8], section: &[u8], name: &[u8]) -> Ordering {
    let (order, rest) = column(from, section);
    order.then_with(|| column(rest, name).0)
}

/// One column against a word, and what stands behind it. A tab is less than every letter, so that a
/// column that is the beginning of the word comes before it.
fn column<'a>(from: &'a [u8], word: &[u8]) -> (Ordering, &'a [u8]) {
    let (own, rest) = from.split_at(word.len().min(from.len()));
    match (own.cmp(word), rest) {
        (Ordering::Equal, [b'\t', rest @ ..]) => (Ordering::Equal, rest),
        (Ordering::Equal, _) => (Ordering::Greater, rest),
        (order @ (Ordering::Less | Ordering::Greater), _) => (order, rest),
    }
}

fn parse(line: &'static str) -> Option<Directive> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let (section, name) = (next()?, next()?);
    let since = match next()?.parse().ok()? {
        0 => Since::Before184,
        v => Since::V(v),
    };
    let mut known = next()?.bytes().map(|b| match b {
        b'y' => Known::Yes,
        b'w' => Known::Ignored,
        _ => Known::No,
    });
    let (in_219, in_252, in_260) = (known.next()?, known.next()?, known.next()?);
    let word = next()?;
    let kind = KINDS.iter().find(|(w, _)| *w == word)?.1;
    let shape = match next()? {
        "list" => Shape::List,
        "append" => Shape::Append,
        _ => Shape::Scalar,
    };
    let (amr, word) = (next()?, next()?);
    let why = REASONS.iter().find(|(w, _)| *w == word).map(|(_, why)| *why);
    let amr = match amr {
        "honoured" => Amr::Honoured,
        "refused" => Amr::Refused(why?),
        _ => Amr::Ignored(why?),
    };
    let mut text = || columns.next().filter(|s| !s.is_empty());
    let (removed, replaced_by, older, notes) = (text(), text(), text(), text());
    Some(Directive {
        section,
        name,
        since,
        in_219,
        in_252,
        in_260,
        kind,
        shape,
        amr,
        removed,
        replaced_by,
        older,
        notes,
    })
}

/// Levenshtein's distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row_and_they_are_sorted_and_unique() {
        let rows: Vec<_> = all().collect();
        assert_eq!(rows.len(), TABLE.lines().count());
        assert_eq!(rows.len(), ROWS);
        assert!(TABLE.len() <= usize::from(u16::MAX));
        for pair in rows.windows(2) {
            assert!((pair[0].section, pair[0].name) < (pair[1].section, pair[1].name), "{pair:?}");
        }
    }

    #[test]
    fn each_row_is_found_and_nothing_else_is() {
        for row in all() {
            assert_eq!(find(row.section, row.name), Some(row));
        }
        for (section, name) in
            [("Unit", "Restart"), ("", ""), ("Service", "execstart"), ("Zzz", "Zzz"), ("Aaa", "A")]
        {
            assert_eq!(find(section, name), None);
        }
    }

    #[test]
    fn every_reason_is_given() {
        for row in all() {
            match row.amr {
                Amr::Honoured => {}
                Amr::Ignored(why) | Amr::Refused(why) => assert!(!why.is_empty(), "{}", row.name),
            }
            assert!(
                row.in_252 != Known::No || row.since > Since::V(252) || row.removed.is_some(),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn facts_about_versions() {
        let row = find("Unit", "StartLimitIntervalSec").unwrap();
        assert_eq!((row.since, row.in_219, row.in_252), (Since::V(230), Known::No, Known::Yes));
        assert_eq!(find("Service", "TasksMax").unwrap().in_219, Known::Yes, "EL7 has a backport");
        assert_eq!(find("Unit", "After").unwrap().shape, Shape::Append);
        assert_eq!(find("Service", "MemoryLimit").unwrap().in_260, Known::Ignored);
    }

    #[test]
    fn typing_errors_find_their_directive() {
        assert_eq!(nearest("Unit", "Descrption"), Some("Description"));
        assert_eq!(nearest("Service", "execstart"), Some("ExecStart"));
        assert_eq!(nearest("Service", "UnknownDirective"), None);
        assert_eq!(nearest("Unit", "Wnats"), None);
        assert_eq!(nearest("Unit", "Want"), Some("Wants"));
        assert_eq!(sections_with("WantedBy", "Unit").collect::<Vec<_>>(), ["Install"]);
    }

    #[test]
    fn distances() {
        for (a, b, d) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("User", "Users", 1), ("ab", "ba", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (d, d));
        }
    }
}
