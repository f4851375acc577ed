//! The texts of passwd(5), group(5), shadow(5) and gshadow(5) with what is added to them. Every byte of what
//! they have stays, but for lists of members that grow. Pure.

use super::plan::{NewGroup, NewUser, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// Locked, and no hash at that.
const LOCKED: &str = "!*";

/// The four texts; `None` where the host has no such file, which it then does not get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Texts {
    pub passwd: Vec<u8>,
    pub group: Vec<u8>,
    pub shadow: Option<Vec<u8>>,
    pub gshadow: Option<Vec<u8>>,
}

impl Texts {
    /// With what the plan adds. `today` is the number of days since 1970, `nologin` the shell of those who
    /// have none.
    #[must_use]
    pub fn with(&self, plan: &Plan, today: u64, nologin: &str) -> Self {
        let secret = if self.shadow.is_some() { "x" } else { LOCKED };
        let passwd: Vec<String> = plan.users.iter().map(|user| passwd_line(user, secret, nologin)).collect();
        let members = |group: &NewGroup| {
            let names = plan.members.get(&group.name).map(|names| names.iter().cloned().collect::<Vec<_>>());
            names.unwrap_or_default().join(",")
        };
        let group = plan.groups.iter().map(|g| format!("{}:x:{}:{}", g.name, g.gid, members(g)));
        let shadow = plan.users.iter().map(|user| format!("{}:{LOCKED}:{today}::::::", user.name));
        let gshadow = plan.groups.iter().map(|g| format!("{}:{LOCKED}::{}", g.name, members(g)));
        Self {
            passwd: with_lines(&self.passwd, &passwd),
            group: with_lines(&with_members(&self.group, &plan.members), &group.collect::<Vec<_>>()),
            shadow: self.shadow.as_ref().map(|text| with_lines(text, &shadow.collect::<Vec<_>>())),
            gshadow: self
                .gshadow
                .as_ref()
                .map(|text| with_lines(&with_members(text, &plan.members), &gshadow.collect::<Vec<_>>())),
        }
    }
}

fn passwd_line(user: &NewUser, secret: &str, nologin: &str) -> String {
    let NewUser { name, uid, gid, gecos, home, shell } = user;
    let (home, shell) = (home.as_deref(), shell.as_deref());
    let (home, shell) = if *uid == 0 {
        (home.unwrap_or("/root"), shell.unwrap_or("/bin/sh"))
    } else {
        (home.unwrap_or("/"), shell.unwrap_or(nologin))
    };
    format!("{name}:{secret}:{uid}:{gid}:{gecos}:{home}:{shell}")
}

/// New lines behind all others, but before those that have NIS asked (`+`, `-`), which end a search.
fn with_lines(text: &[u8], new: &[String]) -> Vec<u8> {
    if new.is_empty() {
        return text.to_vec();
    }
    let (mut out, mut pending) = (Vec::with_capacity(text.len().saturating_add(256)), new.iter());
    let mut put = |out: &mut Vec<u8>| {
        if !out.is_empty() && !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        for line in pending.by_ref() {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
    };
    for line in text.split_inclusive(|b| *b == b'\n') {
        if matches!(line.first(), Some(b'+' | b'-')) {
            put(&mut out);
        }
        out.extend_from_slice(line);
    }
    put(&mut out);
    out
}

/// The last field of a group's line with those who are missing.
fn with_members(text: &[u8], members: &BTreeMap<String, BTreeSet<String>>) -> Vec<u8> {
    let lines = text.split_inclusive(|b| *b == b'\n').map(|line| {
        let changed = std::str::from_utf8(line).ok().and_then(|line| grown(line, members));
        changed.map_or_else(|| line.to_vec(), String::into_bytes)
    });
    lines.flatten().collect()
}

/// `None` where nobody is missing.
fn grown(line: &str, members: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let bare = line.strip_suffix('\n').unwrap_or(line);
    let wanted = members.get(bare.split(':').next()?)?;
    let (head, list) = bare.rsplit_once(':').filter(|_| bare.matches(':').count() == 3)?;
    let mut names: BTreeSet<&str> = list.split(',').filter(|name| !name.is_empty()).collect();
    let before = names.len();
    names.extend(wanted.iter().map(String::as_str));
    let end = line.get(bare.len()..)?;
    let list = names.iter().copied().collect::<Vec<_>>().join(",");
    (names.len() > before).then(|| format!("{head}:{list}{end}"))
}
