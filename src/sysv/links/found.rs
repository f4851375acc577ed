//! What is found in `/etc/rcN.d`: each service's links by level, and what is wrong with them.
//!
//! Pure.

use super::{Link, LinkAction, shown};
use crate::sysv::level::{Levels, Priority, Runlevel};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What a name in `/etc/rcN.d` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A symbolic link with this text.
    Link(OsString),
    /// A file or a folder; rc runs a file as it would a link.
    NotALink,
    /// Nobody looked.
    Unread,
}

/// One name found in one level, of a service that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The runlevel in whose folder it lies.
    pub level: Runlevel,
    /// `S` or `K`.
    pub turn: LinkAction,
    /// The two digits.
    pub priority: Priority,
    /// Where it leads to, or what stands in a link's place.
    pub target: Target,
}

impl Entry {
    /// The whole link of this service.
    #[must_use]
    pub fn link(&self, name: &OsStr) -> Link {
        Link { turn: self.turn, priority: self.priority, name: name.to_owned() }
    }
}

/// Everything found in the seven folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundLinks {
    by_name: HashMap<OsString, Vec<Entry>>,
    missing: Levels,
}

impl FoundLinks {
    /// Notes a name in a level's folder; names that are no links of rc's are passed over.
    pub fn add(&mut self, level: Runlevel, file: &OsStr, target: Target) {
        let Some((turn, priority, name)) = Link::parts(file) else { return };
        let entry = Entry { level, turn, priority, target };
        match self.by_name.get_mut(name) {
            Some(entries) => entries.push(entry),
            None => {
                let mut entries = Vec::with_capacity(Runlevel::ALL.len());
                entries.push(entry);
                self.by_name.insert(name.to_owned(), entries);
            }
        }
    }

    /// Puts the links of each service in order: by level, K before S, by number.
    pub fn sort(&mut self) {
        let key = |e: &Entry| (e.level, e.turn, e.priority);
        self.by_name.values_mut().for_each(|entries| entries.sort_by_key(key));
    }

    /// Notes that a level has no folder.
    pub fn add_missing(&mut self, level: Runlevel) {
        self.missing = self.missing.with(level);
    }

    /// The levels without a folder.
    #[must_use]
    pub fn missing(&self) -> Levels {
        self.missing
    }

    /// All that belongs to a service.
    #[must_use]
    pub fn links_of(&self, name: &OsStr) -> &[Entry] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The same, to note what the names are.
    pub fn of_mut(&mut self, name: &OsStr) -> &mut [Entry] {
        self.by_name.get_mut(name).map_or(&mut [], Vec::as_mut_slice)
    }

    /// How many services have a link.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Has none a link?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Every service that has a link and is as asked for, in order.
    pub fn names(&self, is_wanted: impl Fn(&OsStr) -> bool) -> Vec<&OsStr> {
        let names = self.by_name.keys().map(OsString::as_os_str);
        let mut names: Vec<&OsStr> = names.filter(|name| is_wanted(name)).collect();
        names.sort_unstable();
        names
    }

    /// Where a service has a link of any kind.
    #[must_use]
    pub fn configured(&self, name: &OsStr) -> Levels {
        self.links_of(name).iter().map(|e| e.level).collect()
    }

    /// Where it has an S link. (With several links in one level the real chkconfig answers by
    /// chance; rc runs each of them, so that an S link starts it.)
    #[must_use]
    pub fn on(&self, name: &OsStr) -> Levels {
        on(self.links_of(name))
    }

    /// What is wrong with a service's links, one sentence each: several in one level, names that
    /// are no links, links that lead elsewhere.
    #[must_use]
    pub fn faults(&self, name: &OsStr) -> Vec<String> {
        let mut said = Vec::new();
        let all = self.links_of(name);
        if are_plain(all) {
            return said;
        }
        for level in Runlevel::ALL {
            let here = || all.iter().filter(|e| e.level == level);
            if here().nth(1).is_some() {
                let files = here().map(|e| shown(&e.link(name).file())).collect::<Vec<_>>().join(", ");
                said.push(format!(
                    "{} has more than one link for '{}': {files}",
                    level.folder(),
                    shown(name)
                ));
            }
            for entry in here() {
                let path = || format!("{}/{}", level.folder(), shown(&entry.link(name).file()));
                match &entry.target {
                    Target::Link(text) if leads_to(text, name) => {}
                    Target::Unread => {}
                    Target::Link(text) => said.push(format!("'{}' leads to '{}'", path(), shown(text))),
                    Target::NotALink => said.push(format!("'{}' is not a link", path())),
                }
            }
        }
        said
    }
}

/// Is this text a link to the script of that name in some `init.d`?
fn leads_to(text: &OsStr, name: &OsStr) -> bool {
    let Some(folder) = text.as_bytes().strip_suffix(name.as_bytes()) else { return false };
    folder.ends_with(b"/init.d/")
}

/// Where one of a service's links is an S link.
#[must_use]
pub fn on(links: &[Entry]) -> Levels {
    links.iter().filter(|e| e.turn == LinkAction::Start).map(|e| e.level).collect()
}

/// At most one in each level, and nobody looked where they lead: nothing can be said against them.
#[must_use]
pub fn are_plain(links: &[Entry]) -> bool {
    links.windows(2).all(|two| !matches!(two, [a, b] if a.level == b.level))
        && links.iter().all(|e| e.target == Target::Unread)
}
