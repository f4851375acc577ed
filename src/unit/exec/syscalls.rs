//! SYSTEM CALL FILTERING, and what of SANDBOXING is done by filters of system calls: `SystemCallFilter=` and
//! its kin, `RestrictNamespaces=`, `RestrictAddressFamilies=`.
//!
//! Lists of calls are kept as they are written, which is short; [`CallList::resolved`] says what they come to.

use super::Field;
use crate::unit::line::{Line, ValueProblem};
use crate::unit::value::syscall::{self, OTHER_ARCHITECTURES, Refusal};
use crate::unit::value::{address_family, boolean, errno, words};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What it may ask of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemCalls {
    /// `SystemCallFilter=`.
    pub filter: CallList,
    /// `SystemCallErrorNumber=`: what a call gets that the list says nothing more of.
    pub refusal: Refusal,
    /// `SystemCallLog=`.
    pub log: CallList,
    /// `SystemCallArchitectures=`: names, sorted; empty for all. The processor's own is never refused.
    pub architectures: BTreeSet<String>,
    /// `RestrictNamespaces=`: the flags of clone(2) that it may use; `None` for all.
    pub namespaces: Option<u32>,
    /// `RestrictAddressFamilies=`.
    pub families: Families,
}

impl Default for SystemCalls {
    fn default() -> Self {
        Self {
            filter: CallList::default(),
            refusal: Refusal::Kill,
            log: CallList::default(),
            architectures: BTreeSet::new(),
            namespaces: None,
            families: Families::default(),
        }
    }
}

/// A list of calls, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallList {
    /// Is it those that are meant, or all but those? `None`: there is no list. The first line decides.
    pub sense: Option<Sense>,
    entries: Vec<Entry>,
}

/// What stands on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sense {
    /// What counts.
    These,
    /// What does not.
    AllBut,
}

/// A word of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// A call or a group.
    name: String,
    /// From a line with `~`.
    inverted: bool,
    /// `name:EPERM`
    refusal: Option<Refusal>,
}

impl CallList {
    /// Each call that is on it, with what it gets where that is said of it alone
    /// (`seccomp_parse_syscall_filter`).
    #[must_use]
    pub fn resolved(&self) -> BTreeMap<&'static str, Option<Refusal>> {
        let mut calls = BTreeMap::new();
        let these = self.sense == Some(Sense::These);
        for entry in &self.entries {
            for call in syscall::members(&entry.name) {
                if entry.inverted != these || entry.refusal.is_some() {
                    calls.insert(call, entry.refusal);
                } else {
                    calls.remove(call);
                }
            }
        }
        calls
    }

    /// Takes a line over; empty: there is no list. A list of what may be called begins with `@default`.
    fn read(&mut self, l: &Line<'_>, defaults: &str) -> Result<(), ValueProblem> {
        if l.text.is_empty() {
            *self = CallList::default();
            return Ok(());
        }
        let (inverted, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
        if self.sense.is_none() {
            self.sense = Some(if inverted { Sense::AllBut } else { Sense::These });
            if !inverted && !defaults.is_empty() {
                self.entries.push(Entry { name: defaults.into(), inverted, refusal: None });
            }
        }
        for word in words::split_bare(text) {
            match entry(&word.text, inverted) {
                Ok(entry) => self.entries.push(entry),
                Err(why) => {
                    let at = word.at + l.text.len() - text.len();
                    l.warn(ValueProblem::new(at, &word.text, why));
                }
            }
        }
        Ok(())
    }

    /// As systemctl prints it: no list is all but none, and what has an error is not among what may be called.
    fn show(&self) -> String {
        let these = self.sense == Some(Sense::These);
        let call = |(name, refusal): (&str, Option<Refusal>)| match refusal {
            Some(_) if these => None,
            Some(refusal) => Some(format!("{name}:{}", refusal.show())),
            None => Some(name.to_owned()),
        };
        let calls: Vec<_> = self.resolved().into_iter().filter_map(call).collect();
        let mark = if self.sense == Some(Sense::These) { "" } else { "~" };
        format!("{mark}{}", calls.join(" "))
    }
}

fn entry(word: &str, inverted: bool) -> Result<Entry, String> {
    let (name, refusal) = match word.split_once(':') {
        Some((name, refusal)) => {
            let unknown =
                || format!("unknown error '{refusal}': expected a name of errno(3), a number or 'kill'");
            (name, Some(Refusal::parse(refusal).ok_or_else(unknown)?))
        }
        None => (word, None),
    };
    if refusal.is_some() && !inverted {
        return Err("an error needs '~': calls that are allowed do not fail".into());
    }
    if name.starts_with('@') && !syscall::is_group(name) {
        return Err(format!("unknown group of system calls '{name}'"));
    }
    if !name.starts_with('@') && !syscall::is_known(name) {
        return Err(format!("unknown system call '{name}'"));
    }
    Ok(Entry { name: name.to_owned(), inverted, refusal })
}

/// `RestrictAddressFamilies=`, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Families {
    /// `None`: there is no list. The first line decides.
    pub sense: Option<Sense>,
    /// What stands on it.
    pub listed: BTreeSet<u32>,
}

impl Families {
    /// Does it refuse any?
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.sense == Some(Sense::These) || !self.listed.is_empty()
    }

    fn read(&mut self, l: &Line<'_>) -> Result<(), ValueProblem> {
        match l.text {
            "" => *self = Families::default(),
            "none" => *self = Families { sense: Some(Sense::These), listed: BTreeSet::new() },
            _ => self.add(l),
        }
        Ok(())
    }

    fn add(&mut self, l: &Line<'_>) {
        let (inverted, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
        let sense = *self.sense.get_or_insert(if inverted { Sense::AllBut } else { Sense::These });
        for word in words::split_relaxed(text) {
            match address_family::parse(&word.text) {
                Some(family) if inverted == (sense == Sense::AllBut) => _ = self.listed.insert(family),
                Some(family) => _ = self.listed.remove(&family),
                None => {
                    let why = format!("unknown address family '{}'", word.text);
                    l.warn(ValueProblem::new(word.at + l.text.len() - text.len(), &word.text, why));
                }
            }
        }
    }

    fn show(&self) -> String {
        let mut names: Vec<_> =
            self.listed.iter().filter_map(|family| address_family::name(*family)).collect();
        names.sort_unstable();
        let mark = if self.sense == Some(Sense::These) { "" } else { "~" };
        format!("{mark}{}", names.join(" "))
    }
}

/// Names of namespaces with their flags of clone(2), in systemd's order (`namespace_flag_map`).
pub const NAMESPACES: [(&str, u32); 7] = [
    ("cgroup", 0x0200_0000),
    ("ipc", 0x0800_0000),
    ("net", 0x4000_0000),
    ("mnt", 0x0002_0000),
    ("pid", 0x2000_0000),
    ("user", 0x1000_0000),
    ("uts", 0x0400_0000),
];

/// All of them.
pub const ALL_NAMESPACES: u32 = 0x7e02_0000;

/// As `config_parse_namespace_flags`: a switch, or those that it may make and enter.
fn namespaces(allowed: &mut Option<u32>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        *allowed = None;
        return Ok(());
    }
    if let Ok(none) = boolean::parse(l.text) {
        *allowed = Some(if none { 0 } else { ALL_NAMESPACES });
        return Ok(());
    }
    let (inverted, text) = l.text.strip_prefix('~').map_or((false, l.text), |rest| (true, rest));
    let mut flags = 0;
    for word in words::split_bare(text) {
        let known = NAMESPACES.iter().find(|(name, _)| *name == word.text);
        let Some((_, flag)) = known else {
            let at = word.at + l.text.len() - text.len();
            return Err(ValueProblem::new(
                at,
                &word.text,
                format!("unknown kind of namespace '{}'", word.text),
            ));
        };
        flags |= flag;
    }
    *allowed = Some(match (*allowed, inverted) {
        (None, false) => flags,
        (None, true) => ALL_NAMESPACES & !flags,
        (Some(before), false) => before | flags,
        (Some(before), true) => before & !flags,
    });
    Ok(())
}

fn show_namespaces(allowed: Option<u32>) -> String {
    match allowed.unwrap_or(ALL_NAMESPACES) {
        ALL_NAMESPACES => "no".into(),
        0 => "yes".into(),
        some => {
            let names = NAMESPACES.iter().filter(|(_, flag)| some & flag != 0);
            names.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
        }
    }
}

fn architectures(names: &mut BTreeSet<String>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        names.clear();
    }
    for word in words::split_relaxed(l.text) {
        let local = ["x86", "x86-64", "x32", "arm64"].contains(&&*word.text);
        if local || OTHER_ARCHITECTURES.contains(&&*word.text) {
            names.insert(word.text.into_owned());
        } else {
            l.warn(ValueProblem::new(word.at, &word.text, format!("unknown architecture '{}'", word.text)));
        }
    }
    Ok(())
}

fn refusal(refusal: &mut Refusal, l: &Line<'_>) -> Result<(), ValueProblem> {
    *refusal = match l.text {
        "" | "kill" => Refusal::Kill,
        text => match errno::parse(text) {
            Some(number) if number > 0 => Refusal::Errno(number),
            Some(_) | None => return Err(l.no_value().hint("the name or number of an error, or kill")),
        },
    };
    Ok(())
}

/// As the bus carries `kill`: SECCOMP_ERROR_NUMBER_KILL.
const KILL_NUMBER: i32 = i32::MAX - 1;

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "RestrictAddressFamilies",
        property: "RestrictAddressFamilies",
        read: |c, l| c.system_calls.families.read(l),
        show: |c| c.system_calls.families.show(),
    },
    Field {
        name: "RestrictNamespaces",
        property: "RestrictNamespaces",
        read: |c, l| namespaces(&mut c.system_calls.namespaces, l),
        show: |c| show_namespaces(c.system_calls.namespaces),
    },
    Field {
        name: "SystemCallArchitectures",
        property: "SystemCallArchitectures",
        read: |c, l| architectures(&mut c.system_calls.architectures, l),
        show: |c| c.system_calls.architectures.iter().cloned().collect::<Vec<_>>().join(" "),
    },
    Field {
        name: "SystemCallErrorNumber",
        property: "SystemCallErrorNumber",
        read: |c, l| refusal(&mut c.system_calls.refusal, l),
        show: |c| match c.system_calls.refusal {
            Refusal::Kill => KILL_NUMBER.to_string(),
            Refusal::Errno(number) => number.to_string(),
        },
    },
    Field {
        name: "SystemCallFilter",
        property: "SystemCallFilter",
        read: |c, l| c.system_calls.filter.read(l, "@default"),
        show: |c| c.system_calls.filter.show(),
    },
    Field {
        name: "SystemCallLog",
        property: "SystemCallLog",
        read: |c, l| c.system_calls.log.read(l, ""),
        show: |c| c.system_calls.log.show(),
    },
];
