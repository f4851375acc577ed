//! The files of the table: compiled in as text, a line for each directive, found by binary search and
//! parsed only when asked for. So the table costs its own bytes and no relocations.

use std::cmp::Ordering;

/// A section of unit files.
#[derive(Debug)]
pub(super) struct Section {
    /// Without brackets.
    pub name: &'static str,
    pub groups: &'static [Group],
    /// A word for why nothing in it has an effect, whatever the rows say.
    pub unused: Option<&'static str>,
}

/// What one page of systemd's manual describes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub name: &'static str,
    text: &'static str,
    /// Where in the text each row begins.
    starts: &'static [u16],
}

macro_rules! group {
    ($name:literal) => {{
        const TEXT: &str = include_str!(concat!($name, ".tsv"));
        const STARTS: [u16; count(TEXT)] = starts(TEXT);
        Group { name: $name, text: TEXT, starts: &STARTS }
    }};
}

const UNIT: Group = group!("unit");
const INSTALL: Group = group!("install");
const SERVICE: Group = group!("service");
const EXEC: Group = group!("exec");
const KILL: Group = group!("kill");
const CGROUP: Group = group!("cgroup");
const SOCKET: Group = group!("socket");
const TIMER: Group = group!("timer");

pub(super) const SECTIONS: &[Section] = &[
    Section { name: "Install", groups: &[INSTALL], unused: None },
    Section { name: "Service", groups: &[SERVICE, EXEC, KILL, CGROUP], unused: None },
    Section { name: "Socket", groups: &[SOCKET, EXEC, KILL, CGROUP], unused: Some("sockets") },
    Section { name: "Timer", groups: &[TIMER], unused: Some("timers") },
    Section { name: "Unit", groups: &[UNIT], unused: None },
];

impl Section {
    pub fn find(name: &str) -> Option<&'static Section> {
        SECTIONS.iter().find(|section| section.name == name)
    }
}

impl Group {
    /// The row of a name.
    pub fn line(&self, name: &str) -> Option<&'static str> {
        let found = self.starts.binary_search_by(|start| {
            let row = self.text.get(usize::from(*start)..).unwrap_or_default();
            compare(row.as_bytes(), name.as_bytes())
        });
        self.text.get(usize::from(*self.starts.get(found.ok()?)?)..)?.lines().next()
    }

    pub fn lines(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.text.lines()
    }
}

/// The first column of what begins at `row`, against a name. A tab is less than every letter, so that a
/// column that is the beginning of the name comes before it.
fn compare(row: &[u8], name: &[u8]) -> Ordering {
    let (column, rest) = row.split_at(name.len().min(row.len()));
    let longer = if rest.first() == Some(&b'\t') { Ordering::Equal } else { Ordering::Greater };
    column.cmp(name).then(longer)
}

/// How many lines there are.
#[allow(clippy::indexing_slicing)]
const fn count(text: &str) -> usize {
    let (bytes, mut at, mut lines) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        lines += (bytes[at] == b'\n') as usize;
        at += 1;
    }
    lines
}

/// Where each of them begins.
#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]
const fn starts<const ROWS: usize>(text: &str) -> [u16; ROWS] {
    assert!(text.len() <= u16::MAX as usize);
    let (bytes, mut starts, mut row, mut at) = (text.as_bytes(), [0; ROWS], 1, 0);
    while row < ROWS {
        at += 1;
        if bytes[at - 1] == b'\n' {
            starts[row] = at as u16;
            row += 1;
        }
    }
    starts
}
