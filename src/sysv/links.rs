//! The links in `/etc/rcN.d`: their names, what is found there, what is wanted, and the steps
//! from the one to the other. Pure; `apply` reads and writes them.
//!
//! A plan makes before it removes, so that a service is never without a link in between.

use super::level::{Levels, Priority, Runlevel};
use crate::hash::Map;
use crate::sort;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What a link asks rc for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    /// `K`: stop on entering the level.
    Stop,
    /// `S`: start on entering the level.
    Start,
}

impl Turn {
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
    pub turn: Turn,
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
    fn parts(file: &OsStr) -> Option<(Turn, Priority, &OsStr)> {
        let (letter, tens, ones, name) = match file.as_bytes() {
            [letter, tens, ones, name @ ..] if !name.is_empty() => (letter, tens, ones, name),
            _ => return None,
        };
        let turn = match letter {
            b'K' => Turn::Stop,
            b'S' => Turn::Start,
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
    /// Where.
    pub level: Runlevel,
    /// `S` or `K`.
    pub turn: Turn,
    /// The two digits.
    pub priority: Priority,
    /// What it is.
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
pub struct Found {
    by_name: Map<OsString, Vec<Entry>>,
    missing: Levels,
}

impl Found {
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
        self.by_name.values_mut().for_each(|entries| sort::by_key(entries, key));
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
    pub fn of(&self, name: &OsStr) -> &[Entry] {
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
        sort::slice(&mut names);
        names
    }

    /// Where a service has a link of any kind.
    #[must_use]
    pub fn configured(&self, name: &OsStr) -> Levels {
        self.of(name).iter().map(|e| e.level).collect()
    }

    /// Where it has an S link. (With several links in one level the real chkconfig answers by
    /// chance; rc runs each of them, so that an S link starts it.)
    #[must_use]
    pub fn on(&self, name: &OsStr) -> Levels {
        on(self.of(name))
    }

    /// What is wrong with a service's links, one sentence each: several in one level, names that
    /// are no links, links that lead elsewhere.
    #[must_use]
    pub fn faults(&self, name: &OsStr) -> Vec<String> {
        let mut said = Vec::new();
        let all = self.of(name);
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
        /// The link.
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
    found: &Found,
    name: &OsStr,
    wanted: impl IntoIterator<Item = (Runlevel, Turn, Priority)>,
) -> Vec<Step> {
    let mut make = Vec::new();
    let mut remove = Vec::new();
    for (level, turn, priority) in wanted {
        let link = || Link { turn, priority, name: name.to_owned() };
        let mut here = false;
        for entry in found.of(name).iter().filter(|e| e.level == level) {
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
pub fn plan_removal(found: &Found, name: &OsStr) -> Vec<Step> {
    let remove = |e: &Entry| Step::Remove { level: e.level, link: e.link(name) };
    found.of(name).iter().map(remove).collect()
}

/// Where one of a service's links is an S link.
#[must_use]
pub fn on(links: &[Entry]) -> Levels {
    links.iter().filter(|e| e.turn == Turn::Start).map(|e| e.level).collect()
}

/// At most one in each level, and nobody looked where they lead: nothing can be said against them.
#[must_use]
pub fn are_plain(links: &[Entry]) -> bool {
    links.windows(2).all(|two| !matches!(two, [a, b] if a.level == b.level))
        && links.iter().all(|e| e.target == Target::Unread)
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
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
        }
        out.extend(chunk.invalid().iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(n: u8) -> Runlevel {
        Runlevel::new(n).unwrap()
    }

    fn p(n: u8) -> Priority {
        Priority::new(n).unwrap()
    }

    #[test]
    fn names_of_links() {
        let link = Link::parse(OsStr::new("S05S10foo")).unwrap();
        assert_eq!(
            (link.turn, link.priority, link.name.as_os_str()),
            (Turn::Start, p(5), OsStr::new("S10foo"))
        );
        assert_eq!((link.file(), link.target()), ("S05S10foo".into(), "../init.d/S10foo".into()));
        for no in ["S10", "S1foo", "s10foo", "X10foo", "README", "", "K-1foo"] {
            assert_eq!(Link::parse(OsStr::new(no)), None, "{no}");
        }
        // chkconfig's own corrupt `K100NAME` reads as K10 of '0NAME' (sysv.md 1.4).
        assert_eq!(Link::parse(OsStr::new("K100web")).unwrap().name, "0web");
        assert_eq!(Link::parse(OsStr::new("S-1web")), None);
    }

    #[test]
    fn makes_before_it_removes() {
        let name = OsStr::new("web");
        let mut found = Found::default();
        let good = Target::Link("../init.d/web".into());
        found.add(level(3), OsStr::new("K80web"), good.clone());
        found.add(level(3), OsStr::new("S10web"), good.clone());
        found.add(level(5), OsStr::new("S20web"), good.clone());
        found.add(level(4), OsStr::new("S20web"), Target::NotALink);
        found.add(level(5), OsStr::new("S20webbing"), good);
        let wanted = [3, 4, 5].map(|n| (level(n), Turn::Start, p(20)));
        let link = Link { turn: Turn::Start, priority: p(20), name: "web".into() };
        let old = |file: &str| Link::parse(OsStr::new(file)).unwrap();
        assert_eq!(
            plan(&found, name, wanted),
            [
                Step::Make { level: level(3), link: link.clone() },
                Step::Make { level: level(4), link },
                Step::Remove { level: level(3), link: old("K80web") },
                Step::Remove { level: level(3), link: old("S10web") },
            ]
        );
        assert_eq!(plan_removal(&found, name).len(), 4);
        assert_eq!(found.on(name).to_string(), "345");
        let faults = found.faults(name);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert_eq!(faults[0], "/etc/rc3.d has more than one link for 'web': K80web, S10web");
        assert_eq!(faults[1], "'/etc/rc4.d/S20web' is not a link");
    }

    #[test]
    fn links_that_lead_elsewhere() {
        let mut found = Found::default();
        for (n, to) in
            [(1, "../init.d/web"), (2, "/etc/rc.d/init.d/web"), (3, "../init.d/other"), (4, "xinit.d/web")]
        {
            found.add(level(n), OsStr::new("K20web"), Target::Link(to.into()));
        }
        let faults = found.faults(OsStr::new("web"));
        assert_eq!(
            faults,
            ["'/etc/rc3.d/K20web' leads to '../init.d/other'", "'/etc/rc4.d/K20web' leads to 'xinit.d/web'"]
        );
    }

    #[test]
    fn names_are_shown_safely() {
        assert_eq!(shown(OsStr::new("t_space name")), "t_space name");
        assert_eq!(shown(OsStr::from_bytes(b"a\nb\x1b\xffc")), "a\\nb\\u{1b}\\xffc");
    }
}
