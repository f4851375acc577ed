//! SANDBOXING, the file system: `PrivateTmp=`, `ProtectSystem=`, `ProtectHome=`, `ReadWritePaths=` and its kin,
//! `BindPaths=`, `TemporaryFileSystem=`, `ProtectProc=`, `ProcSubset=`, `MountFlags=`.

use super::{ExecContext, Field};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the process sees of the file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mounts {
    /// `RootDirectory=`.
    root: Option<String>,
    /// `MountAPIVFS=`; where it is not said, as a root of its own needs it.
    pub api: Option<bool>,
    /// `PrivateTmp=`: a /tmp and a /var/tmp of its own.
    pub private_tmp: bool,
    /// `ProtectSystem=`.
    pub system: ProtectSystem,
    /// `ProtectHome=`.
    pub home: ProtectHome,
    /// `ReadWritePaths=` and its kin.
    pub access: [Vec<AccessPath>; 5],
    /// `BindPaths=` and `BindReadOnlyPaths=`.
    pub binds: Vec<BindPath>,
    /// `TemporaryFileSystem=`: path and options of mount(8).
    pub temporary: Vec<(String, String)>,
    /// `ProtectProc=`: the word; `default` where there is none.
    pub proc: Option<String>,
    /// `ProcSubset=pid`.
    pub only_processes: bool,
    /// `MountFlags=`.
    pub propagation: Option<Propagation>,
}

/// `ProtectSystem=`: what is read-only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtectSystem {
    /// Nothing.
    #[default]
    No,
    /// /usr and /boot.
    Yes,
    /// /etc besides.
    Full,
    /// All but what other directives are about.
    Strict,
}

/// `ProtectHome=`: what is seen of /home, /root and /run/user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtectHome {
    /// Everything, as on the host.
    #[default]
    No,
    /// That they cannot be entered.
    Yes,
    /// Everything, and nothing can be written.
    ReadOnly,
    /// That they are empty.
    Tmpfs,
}

/// What is done about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `ReadWritePaths=`
    ReadWrite,
    /// `ReadOnlyPaths=`
    ReadOnly,
    /// `InaccessiblePaths=`
    Inaccessible,
    /// `ExecPaths=`
    Exec,
    /// `NoExecPaths=`
    NoExec,
}

impl Access {
    /// All, in systemd's order.
    pub const ALL: [Access; 5] =
        [Access::ReadWrite, Access::ReadOnly, Access::Inaccessible, Access::Exec, Access::NoExec];
}

/// A path of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPath {
    /// Absolute.
    pub path: String,
    /// Leading `-`: it may be missing.
    pub optional: bool,
    /// Leading `+`: meant below the root of the service, and not of the host.
    pub below_root: bool,
}

/// One of `BindPaths=` or `BindReadOnlyPaths=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindPath {
    /// Absolute, of the host.
    pub source: String,
    /// Where it is seen.
    pub target: String,
    /// `BindReadOnlyPaths=`.
    pub read_only: bool,
    /// Leading `-`: the source may be missing.
    pub optional: bool,
    /// With what is mounted below it.
    pub recursive: bool,
}

/// `MountFlags=`: whether mounts of the host are seen, and those of the service outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    /// The default: the host's are seen, and passed on to namespaces of the service's own.
    Shared,
    /// The host's are seen.
    Slave,
    /// None.
    Private,
}

impl Mounts {
    /// The folder that is seen as the root; `None`: that of the host.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref().filter(|root| *root != "/").map(Path::new)
    }

    /// /proc, /sys, /dev and /run are to be seen (`exec_context_get_effective_mount_apivfs`).
    #[must_use]
    pub fn has_api(&self) -> bool {
        self.api.unwrap_or(self.root().is_some())
    }

    /// As on the host's root.
    pub fn leave_root(&mut self) {
        self.root = None;
    }

    /// What is left of it for a line with `+`: another root, and what is bound into that.
    pub(super) fn keep_root(&mut self) {
        let kept = std::mem::take(self);
        if kept.root().is_some() {
            let (root, binds, temporary) = (kept.root, kept.binds, kept.temporary);
            *self = Mounts { root, binds, temporary, api: Some(false), ..Mounts::default() };
        }
    }

    /// The paths of a directive.
    #[must_use]
    pub fn paths(&self, access: Access) -> &[AccessPath] {
        self.access.get(access as usize).map_or(&[], Vec::as_slice)
    }
}

const SYSTEM: [(&str, ProtectSystem); 3] =
    [("full", ProtectSystem::Full), ("strict", ProtectSystem::Strict), ("yes", ProtectSystem::Yes)];
const HOME: [(&str, ProtectHome); 3] =
    [("read-only", ProtectHome::ReadOnly), ("tmpfs", ProtectHome::Tmpfs), ("yes", ProtectHome::Yes)];
const PROC: [(&str, &str); 4] = [
    ("default", "default"),
    ("noaccess", "noaccess"),
    ("invisible", "invisible"),
    ("ptraceable", "ptraceable"),
];
const PROPAGATION: [(&str, Propagation); 6] = [
    ("shared", Propagation::Shared),
    ("slave", Propagation::Slave),
    ("private", Propagation::Private),
    ("rshared", Propagation::Shared),
    ("rslave", Propagation::Slave),
    ("rprivate", Propagation::Private),
];

/// One of the words, or a switch that is one of them.
fn word<T: Copy + Default>(l: &Line<'_>, words: &[(&str, T)]) -> Result<T, ValueProblem> {
    match boolean::parse(l.text) {
        Ok(true) => Ok(words.iter().find(|(name, _)| *name == "yes").map_or_else(T::default, |(_, is)| *is)),
        Ok(false) => Ok(T::default()),
        Err(_) => l.choice(words),
    }
}

fn named<T: Copy + PartialEq>(words: &[(&'static str, T)], is: T) -> String {
    words.iter().find(|(_, value)| *value == is).map_or("no", |(name, _)| *name).to_owned()
}

/// `config_parse_namespace_path_strv`: paths with `-` or `+` before them; an empty value clears them.
fn places(c: &mut ExecContext, l: &Line<'_>, access: Access) -> Result<(), ValueProblem> {
    let Some(places) = c.mounts.access.get_mut(access as usize) else { return Ok(()) };
    if l.text.is_empty() {
        places.clear();
        return Ok(());
    }
    for found in l.words()? {
        let (optional, rest) =
            found.text.strip_prefix('-').map_or((false, &*found.text), |rest| (true, rest));
        let (below_root, rest) = rest.strip_prefix('+').map_or((false, rest), |rest| (true, rest));
        match l.absolute(found.at, rest) {
            Ok(path) => places.push(AccessPath { path, optional, below_root }),
            Err(trouble) => l.warn(trouble),
        }
    }
    Ok(())
}

fn show_places(c: &ExecContext, access: Access) -> String {
    let one = |place: &AccessPath| {
        let mark = |is: bool, mark: &'static str| if is { mark } else { "" };
        format!("{}{}{}", mark(place.optional, "-"), mark(place.below_root, "+"), place.path)
    };
    c.mounts.paths(access).iter().map(one).collect::<Vec<_>>().join(" ")
}

/// `config_parse_bind_paths`: `SOURCE[:TARGET[:rbind|norbind]]`; an empty value clears both lists.
fn binds(c: &mut ExecContext, l: &Line<'_>, read_only: bool) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        c.mounts.binds.clear();
        return Ok(());
    }
    for found in l.words()? {
        let trouble = |why: &str| ValueProblem::new(found.at, &found.text, why);
        let mut parts = found.text.split(':');
        let source = parts.next().unwrap_or_default();
        let (optional, source) = source.strip_prefix('-').map_or((false, source), |rest| (true, rest));
        let target = parts.next().filter(|target| !target.is_empty()).unwrap_or(source);
        let recursive = match parts.next() {
            None | Some("" | "rbind") => Ok(true),
            Some("norbind") => Ok(false),
            Some(_) => Err(trouble("a bind mount is rbind or norbind")),
        };
        let read = recursive.and_then(|recursive| {
            if parts.next().is_some() {
                return Err(trouble("a bind mount has at most three parts"));
            }
            let (source, target) = (l.absolute(found.at, source)?, l.absolute(found.at, target)?);
            Ok(BindPath { source, target, read_only, optional, recursive })
        });
        match read {
            Ok(bind) => c.mounts.binds.push(bind),
            Err(trouble) => l.warn(trouble),
        }
    }
    Ok(())
}

fn show_binds(c: &ExecContext, read_only: bool) -> String {
    let one = |bind: &BindPath| {
        let mark = if bind.optional { "-" } else { "" };
        let how = if bind.recursive { ":rbind" } else { "" };
        format!("{mark}{}:{}{how}", bind.source, bind.target)
    };
    c.mounts.binds.iter().filter(|bind| bind.read_only == read_only).map(one).collect::<Vec<_>>().join(" ")
}

/// `PATH[:OPTIONS]`.
fn temporary(c: &mut ExecContext, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        c.mounts.temporary.clear();
        return Ok(());
    }
    for found in l.words()? {
        let (place, options) = found.text.split_once(':').unwrap_or((&found.text, ""));
        let read = l.absolute(found.at, place).and_then(|path| Ok((path, l.expand(found.at, options)?)));
        match read {
            Ok(read) => c.mounts.temporary.push(read),
            Err(trouble) => l.warn(trouble),
        }
    }
    Ok(())
}

macro_rules! places {
    ($name:literal, $property:literal, $access:ident) => {
        Field {
            name: $name,
            property: $property,
            read: |c, l| places(c, l, Access::$access),
            show: |c| show_places(c, Access::$access),
        }
    };
}

/// Those that are about what it sees.
pub const FIELDS: &[Field] = &[
    Field {
        name: "RootDirectory",
        property: "RootDirectory",
        read: |c, l| {
            c.mounts.root = if l.text.is_empty() { None } else { Some(l.absolute(0, l.text)?) };
            Ok(())
        },
        show: |c| c.mounts.root.clone().unwrap_or_default(),
    },
    Field {
        name: "MountAPIVFS",
        property: "MountAPIVFS",
        read: |c, l| {
            c.mounts.api = if l.text.is_empty() { None } else { Some(l.boolean()?) };
            Ok(())
        },
        show: |c| boolean::yes_no(c.mounts.has_api()),
    },
    Field {
        name: "PrivateTmp",
        property: "PrivateTmp",
        read: |c, l| set(&mut c.mounts.private_tmp, l.boolean()),
        show: |c| boolean::yes_no(c.mounts.private_tmp),
    },
    Field {
        name: "ProtectSystem",
        property: "ProtectSystem",
        read: |c, l| set(&mut c.mounts.system, word(l, &SYSTEM)),
        show: |c| named(&SYSTEM, c.mounts.system),
    },
    Field {
        name: "ProtectHome",
        property: "ProtectHome",
        read: |c, l| set(&mut c.mounts.home, word(l, &HOME)),
        show: |c| named(&HOME, c.mounts.home),
    },
    Field {
        name: "ProtectProc",
        property: "ProtectProc",
        read: |c, l| {
            let word = l.choice(&PROC)?;
            c.mounts.proc = (word != "default").then(|| word.to_owned());
            Ok(())
        },
        show: |c| c.mounts.proc.clone().unwrap_or_else(|| "default".into()),
    },
    Field {
        name: "ProcSubset",
        property: "ProcSubset",
        read: |c, l| set(&mut c.mounts.only_processes, l.choice(&[("all", false), ("pid", true)])),
        show: |c| if c.mounts.only_processes { "pid" } else { "all" }.into(),
    },
    Field {
        name: "MountFlags",
        property: "MountFlags",
        read: |c, l| {
            c.mounts.propagation = match l.text {
                "" => None,
                _ => Some(l.choice(&PROPAGATION)?),
            };
            Ok(())
        },
        show: |c| c.mounts.propagation.map_or_else(String::new, |is| named(&PROPAGATION, is)),
    },
    Field {
        name: "BindPaths",
        property: "BindPaths",
        read: |c, l| binds(c, l, false),
        show: |c| show_binds(c, false),
    },
    Field {
        name: "BindReadOnlyPaths",
        property: "BindReadOnlyPaths",
        read: |c, l| binds(c, l, true),
        show: |c| show_binds(c, true),
    },
    Field {
        name: "TemporaryFileSystem",
        property: "TemporaryFileSystem",
        read: temporary,
        show: |c| {
            let one = |(path, options): &(String, String)| {
                if options.is_empty() { path.clone() } else { format!("{path}:{options}") }
            };
            c.mounts.temporary.iter().map(one).collect::<Vec<_>>().join(" ")
        },
    },
    places!("ReadWritePaths", "ReadWritePaths", ReadWrite),
    places!("ReadWriteDirectories", "ReadWritePaths", ReadWrite),
    places!("ReadOnlyPaths", "ReadOnlyPaths", ReadOnly),
    places!("ReadOnlyDirectories", "ReadOnlyPaths", ReadOnly),
    places!("InaccessiblePaths", "InaccessiblePaths", Inaccessible),
    places!("InaccessibleDirectories", "InaccessiblePaths", Inaccessible),
    places!("ExecPaths", "ExecPaths", Exec),
    places!("NoExecPaths", "NoExecPaths", NoExec),
];
