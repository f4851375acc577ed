//! The links in `/etc/rcN.d`: their names, what is found there, what is wanted, and the steps
//! from the one to the other. Pure; `apply` reads and writes them.
//!
//! A plan makes before it removes, so that a service is never without a link in between.

mod found;

pub use found::{Entry, FoundLinks, Target, are_plain, on};

use super::level::{Priority, Runlevel};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What a link asks rc for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkAction {
    /// `K`: stop on entering the level.
    Stop,
    /// `S`: start on entering the level.
    Start,
}

impl LinkAction {
    /// `K` or `S`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Stop => 'K',
            Self::Start => 'S',
        }
    }
}

/// The name of a link, taken apart: `S95amr`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// `S` or `K`.
    pub turn: LinkAction,
    /// The two digits.
    pub priority: Priority,
    /// The service.
    pub name: OsString,
}

impl Link {
    /// Takes a file's name apart; `None` for what is no link of rc's (`[SK][0-9][0-9]NAME`).
    #[must_use]
    pub fn parse(file: &OsStr) -> Option<Self> {
        let (turn, priority, name) = Self::parts(file)?;
        Some(Self { turn, priority, name: name.to_owned() })
    }

    /// The same without a copy of the name: hosts have thousands of links.
    fn parts(file: &OsStr) -> Option<(LinkAction, Priority, &OsStr)> {
        let (letter, tens, ones, name) = match file.as_bytes() {
            [letter, tens, ones, name @ ..] if !name.is_empty() => (letter, tens, ones, name),
            _ => return None,
        };
        let turn = match letter {
            b'K' => LinkAction::Stop,
            b'S' => LinkAction::Start,
            _ => return None,
        };
        if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
            return None;
        }
        let priority = Priority::new((tens - b'0') * 10 + (ones - b'0'))?;
        Some((turn, priority, OsStr::from_bytes(name)))
    }

    /// Its name in the folder.
    #[must_use]
    pub fn file(&self) -> OsString {
        let mut file = format!("{}{}", self.turn.letter(), self.priority).into_bytes();
        file.extend_from_slice(self.name.as_bytes());
        OsString::from_vec(file)
    }

    /// What chkconfig makes it point to.
    #[must_use]
    pub fn target(&self) -> OsString {
        let mut target = b"../init.d/".to_vec();
        target.extend_from_slice(self.name.as_bytes());
        OsString::from_vec(target)
    }
}

/// One step on the way to the wanted links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the link, in place of whatever has its name.
    Make {
        /// Where.
        level: Runlevel,
        /// The link; [`Link::target`] is its text.
        link: Link,
    },
    /// Remove the name.
    Remove {
        /// Where.
        level: Runlevel,
        /// In the folder of its runlevel.
        link: Link,
    },
}

/// For `--dry-run`.
impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Make { level, link } => {
                write!(f, "link {}/{} -> {}", level.folder(), shown(&link.file()), shown(&link.target()))
            }
            Self::Remove { level, link } => write!(f, "remove {}/{}", level.folder(), shown(&link.file())),
        }
    }
}

/// The steps to exactly one link of `name` in each level that `wanted` names, as it says there;
/// other levels stay as they are.
pub fn plan(
    found: &FoundLinks,
    name: &OsStr,
    wanted: impl IntoIterator<Item = (Runlevel, LinkAction, Priority)>,
) -> Vec<Step> {
    let mut make = Vec::new();
    let mut remove = Vec::new();
    for (level, turn, priority) in wanted {
        let link = || Link { turn, priority, name: name.to_owned() };
        let mut here = false;
        for entry in found.links_of(name).iter().filter(|e| e.level == level) {
            if (entry.turn, entry.priority) != (turn, priority) {
                remove.push(Step::Remove { level, link: entry.link(name) });
            } else if entry.target == Target::Unread || entry.target == Target::Link(link().target()) {
                here = true;
            }
        }
        if !here {
            make.push(Step::Make { level, link: link() });
        }
    }
    make.append(&mut remove);
    make
}

/// The steps that leave no link of `name` in any level.
#[must_use]
pub fn plan_removal(found: &FoundLinks, name: &OsStr) -> Vec<Step> {
    let remove = |e: &Entry| Step::Remove { level: e.level, link: e.link(name) };
    found.links_of(name).iter().map(remove).collect()
}

/// A name from outside as text for a person: what cannot be printed is escaped, the rest stays.
#[must_use]
pub fn shown(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    push_shown(&mut out, name);
    out
}

/// The same, behind what is there already.
pub fn push_shown(out: &mut String, name: &OsStr) {
    // As nearly all names are.
    if let Some(plain) = name.to_str().filter(|_| name.as_bytes().iter().all(|b| matches!(b, b' '..=b'~'))) {
        return out.push_str(plain);
    }
    out.push_str(&strings::escape(name.as_bytes(), &[]));
}

#[cfg(test)]
mod tests;
