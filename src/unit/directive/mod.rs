//! The table of every directive that systemd 183 to 260 has had in `[Unit]`, `[Service]`,
//! `[Install]`, `[Socket]` and `[Timer]`, and what amr does with each. Pure.
//!
//! The rows stand in one file for each group of directives (`exec.tsv`, `kill.tsv`, ...), as systemd's
//! manual pages have them; a section is made of groups, so that what [Service] and [Socket] share is
//! written once ([`table`]). Columns, separated by tabs:
//!
//! `name since known kind shape default property amr how removed replaced_by older notes`
//!
//! * `since`: first systemd that parses the name; 0 for before 184.
//! * `known`: three letters for the systemd of EL7 (219), 252 and 260: `y` yes, `n` unknown,
//!   `w` parsed and ignored with a warning.
//! * `shape`: `list`, `append`, or `scalar`; `reset` for a scalar that an empty value resets though it does
//!   not with others of its kind.
//! * `default`, `property`: of what is honoured: the property of `amr show` that shows it (`=` for one of
//!   the same name) and what that says of a service that does not set it.
//! * `amr`, `how`: `step` with the name of the step before exec that applies it, `by` with the part of
//!   amr that does, or `ignored` and `refused` with a word for the reason.
//! * `notes`: more about the values. Where a step takes the value as it is (`unit/exec/plain.rs`), the values:
//!   `0..7`, or `none=0,realtime=1` for words with the numbers that `show` prints.
//!
//! The loader, `show`, the manual page and docs/directives.md all go by this table; tests/directives.rs
//! holds that nothing is called honoured without a step or an owner, a default, a property and a case.

mod kind;
mod table;

pub use kind::Kind;
use table::{Group, SECTIONS, Section};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    /// `Service`, without brackets.
    pub section: &'static str,
    /// The page of systemd's manual that has it: `exec` for systemd.exec(5).
    pub group: &'static str,
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
    /// Does an empty value restore the default, though it does not with others of this kind?
    pub reset: bool,
    /// What [`Directive::property`] says where it is not set.
    pub default: &'static str,
    /// The property of `amr show` that shows it; none for what has no effect, and for [Install].
    pub property: Option<&'static str>,
    /// What amr does with it.
    pub amr: Support,
    /// When and how it was removed, renamed or superseded.
    pub removed: Option<&'static str>,
    /// What to write instead.
    pub replaced_by: Option<&'static str>,
    /// What does the same, or nearly, for older versions.
    pub older: Option<&'static str>,
    /// More about its values: names with the version that brought them.
    pub notes: Option<&'static str>,
}

impl Directive {
    /// Does an empty value restore the default? Where it does not, it is no value of the directive, which
    /// is said, and the one before it stays; a list that only grows has nothing added.
    ///
    /// Strings, paths and numbers with a sign can be unset; switches, words to choose from, modes, times,
    /// limits and signals cannot, but for those whose row says so.
    #[must_use]
    pub fn is_reset_by_empty(&self) -> bool {
        match (self.shape, self.kind) {
            (Shape::List, _) => true,
            (Shape::Append, _) => false,
            (Shape::Scalar, Kind::Int | Kind::Path | Kind::Text | Kind::User | Kind::WorkingDirectory) => {
                true
            }
            (Shape::Scalar, _) => self.reset,
        }
    }
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

/// What a second assignment does; what an empty one does says [`Directive::is_reset_by_empty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The last one wins.
    Scalar,
    /// They add up; empty clears those before.
    List,
    /// They add up and cannot be cleared (`After=`, `Requires=` and their kin).
    Append,
}

/// What amr does with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As systemd 252.
    Honoured(AppliedBy),
    /// Nothing, and says so; why.
    Ignored(&'static str),
    /// Does not load the unit, as running it without would be worse; why.
    Refused(&'static str),
}

/// Who applies a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedBy {
    /// The step of this name, on the way of each process to exec.
    Step(&'static str),
    /// A part of amr that is not about one process: `machine`, `transaction`, ...
    Part(&'static str),
}

/// Why a directive has no effect: the table's word and the sentence.
const REASONS: [(&str, &str); 24] = [
    ("attribute", "amr does not set this attribute of the process"),
    ("cgroup", "amr does not apply this of control groups"),
    ("credentials", "amr decrypts no credentials, and the service would run without"),
    ("fields", "a line of a unit's log, or of syslog, has no fields besides its text"),
    ("gadgets", "amr sets up no USB functions"),
    ("images", "amr does not mount images"),
    ("input", "amr writes no utmp records for services"),
    ("import", "amr has no credentials of its own to pass on"),
    ("isolate", "amr has no isolate"),
    ("job-mode", "units of OnFailure= and OnSuccess= are always started with mode replace"),
    ("journal", "there is no journal; output goes to the log of the unit"),
    ("mounts", "amr has no mount units"),
    ("namespaces", "the namespaces of a unit are its own"),
    ("no-effect", "has no effect under amr"),
    ("pam", "amr opens no PAM session, and the service would run without its limits and credentials"),
    ("power", "the host's own reboot and poweroff take neither words nor a status"),
    ("quota", "amr sets no quota on directories"),
    ("record", "the record of a unit stays until reset-failed"),
    ("runlevels", "amr enables units through links of the runlevels"),
    ("sandbox", "amr does not apply this of the sandbox"),
    ("sockets", "amr does not open sockets for services"),
    ("store", "descriptors that are kept end with the service, as by systemd 252"),
    ("systemd", "has no effect outside systemd"),
    ("timers", "amr does not run timers"),
];

/// The row of a directive; names are case-sensitive, as systemd's are.
#[must_use]
pub fn find(section: &str, name: &str) -> Option<Directive> {
    let section = Section::find(section)?;
    section.groups.iter().find_map(|group| parse(section, group, group.line(name)?))
}

/// All rows, by section and group.
pub fn all() -> impl Iterator<Item = Directive> {
    SECTIONS.iter().flat_map(rows)
}

fn rows(section: &'static Section) -> impl Iterator<Item = Directive> {
    section
        .groups
        .iter()
        .flat_map(move |group| group.lines().filter_map(move |line| parse(section, group, line)))
}

/// Is there any row of this section?
#[must_use]
pub fn has_section(section: &str) -> bool {
    Section::find(section).is_some()
}

/// The name in `section` that `typo` is most likely meant to be: at most two letters apart (one
/// for short names), or the same but for upper and lower case.
#[must_use]
pub fn nearest(section: &str, typo: &str) -> Option<&'static str> {
    let allowed = if typo.len() < 6 { 1 } else { 2 };
    rows(Section::find(section)?)
        .filter(|d| d.in_252 != Known::No)
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
    let others = SECTIONS.iter().map(|s| s.name).filter(move |other| *other != section);
    others.filter(move |other| find(other, name).is_some_and(|d| d.in_252 != Known::No))
}

fn parse(section: &'static Section, group: &'static Group, line: &'static str) -> Option<Directive> {
    let mut columns = line.split('\t');
    let mut next = || columns.next();
    let name = next()?;
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
    let kind = Kind::of_word(next()?)?;
    let (shape, reset) = match next()? {
        "list" => (Shape::List, false),
        "append" => (Shape::Append, false),
        word => (Shape::Scalar, word == "reset"),
    };
    let default = next()?;
    let property = match next()? {
        "" => None,
        "=" => Some(name),
        other => Some(other),
    };
    let amr = match (next()?, next()?, section.unused) {
        (_, _, Some(why)) => Support::Ignored(reason(why)?),
        ("step", step, None) => Support::Honoured(AppliedBy::Step(step)),
        ("by", part, None) => Support::Honoured(AppliedBy::Part(part)),
        ("refused", why, None) => Support::Refused(reason(why)?),
        (_, why, None) => Support::Ignored(reason(why)?),
    };
    let mut text = || columns.next().filter(|s| !s.is_empty());
    let (removed, replaced_by, older, notes) = (text(), text(), text(), text());
    Some(Directive {
        section: section.name,
        group: group.name,
        name,
        since,
        in_219,
        in_252,
        in_260,
        kind,
        shape,
        reset,
        default,
        property,
        amr,
        removed,
        replaced_by,
        older,
        notes,
    })
}

fn reason(word: &str) -> Option<&'static str> {
    REASONS.iter().find(|(w, _)| *w == word).map(|(_, why)| *why)
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
        for section in SECTIONS {
            let lines: Vec<_> = section.groups.iter().flat_map(|group| group.lines()).collect();
            assert_eq!(rows(section).count(), lines.len(), "[{}]", section.name);
            let names: std::collections::BTreeSet<_> = rows(section).map(|row| row.name).collect();
            assert_eq!(names.len(), lines.len(), "[{}]", section.name);
            for group in section.groups {
                let names: Vec<_> = group.lines().map(|line| line.split('\t').next().unwrap()).collect();
                assert!(names.is_sorted(), "{}.tsv", group.name);
            }
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
                Support::Honoured(AppliedBy::Step(by) | AppliedBy::Part(by)) => {
                    assert!(!by.is_empty(), "{}", row.name)
                }
                Support::Ignored(why) | Support::Refused(why) => assert!(!why.is_empty(), "{}", row.name),
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
