//! PROCESS PROPERTIES and PATHS: `UMask=`, `OOMScoreAdjust=`, `IgnoreSIGPIPE=`, `WorkingDirectory=`,
//! `CoredumpFilter=`, `Personality=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::boolean::yes_no;
use serde::{Deserialize, Serialize};

/// What the kernel keeps of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// `WorkingDirectory=`.
    pub working_directory: WorkingDirectory,
    /// `UMask=`.
    pub umask: u32,
    /// `OOMScoreAdjust=`: -1000, the last that is killed for memory, to 1000.
    pub oom_score_adjust: Option<i32>,
    /// `IgnoreSIGPIPE=`.
    pub ignore_sigpipe: bool,
    /// `KeyringMode=`.
    pub keyring: Keyring,
    /// `AppArmorProfile=`.
    pub apparmor: Option<Profile>,
    /// `CoredumpFilter=`: what of its memory the kernel dumps, core(5), a bit each; `None`: the host's.
    pub coredump_filter: Option<u64>,
    /// `Personality=`; `None`: the host's.
    pub personality: Option<Personality>,
}

/// The machine that uname(2) tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Personality {
    /// That of the kernel.
    Native,
    /// Its 32-bit one.
    Secondary,
}

/// By systemd's names of architectures.
const PERSONALITIES: [(&str, Personality); 2] = if cfg!(target_arch = "aarch64") {
    [("arm64", Personality::Native), ("arm", Personality::Secondary)]
} else {
    [("x86-64", Personality::Native), ("x86", Personality::Secondary)]
};

/// The kinds of memory by the number of their bit (`coredump_filter_table`).
const DUMPED: [&str; 9] = [
    "private-anonymous",
    "shared-anonymous",
    "private-file-backed",
    "shared-file-backed",
    "elf-headers",
    "private-huge",
    "shared-huge",
    "private-dax",
    "shared-dax",
];

/// What the kernel dumps unless told otherwise.
const COREDUMP_FILTER: u64 = 0x33;

/// Whose keys it has at hand, keyrings(7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keyring {
    /// Those of the supervisor.
    Inherit,
    /// Its own.
    #[default]
    Private,
    /// Its own and its user's.
    Shared,
}

const KEYRINGS: [(&str, Keyring); 3] =
    [("inherit", Keyring::Inherit), ("private", Keyring::Private), ("shared", Keyring::Shared)];

impl Default for Process {
    fn default() -> Self {
        Self {
            working_directory: WorkingDirectory::Root,
            umask: 0o022,
            oom_score_adjust: None,
            ignore_sigpipe: true,
            keyring: Keyring::default(),
            apparmor: None,
            coredump_filter: None,
            personality: None,
        }
    }
}

/// What AppArmor holds it to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// As it is loaded.
    pub name: String,
    /// Leading `-`: without it where it cannot be had.
    pub optional: bool,
}

/// Where it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkingDirectory {
    /// Not set: `/`.
    Root,
    /// `~`, the user's.
    Home {
        /// Leading `-`.
        missing_ok: bool,
    },
    /// A path that the unit names.
    Path {
        /// Absolute.
        path: String,
        /// Leading `-`.
        missing_ok: bool,
    },
}

impl WorkingDirectory {
    /// Does it begin elsewhere where this is not there?
    #[must_use]
    pub fn missing_ok(&self) -> bool {
        matches!(self, Self::Home { missing_ok: true } | Self::Path { missing_ok: true, .. })
    }
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "AppArmorProfile",
        property: "AppArmorProfile",
        read: |c, l| {
            let (optional, text) = l.optional();
            c.process.apparmor = match text {
                "" => None,
                text => Some(Profile { name: l.expand(l.text.len() - text.len(), text)?, optional }),
            };
            Ok(())
        },
        show: |c| {
            let show = |p: &Profile| format!("{}{}", if p.optional { "-" } else { "" }, p.name);
            c.process.apparmor.as_ref().map_or_else(String::new, show)
        },
    },
    Field {
        name: "CoredumpFilter",
        property: "CoredumpFilter",
        read: |c, l| coredump_filter(&mut c.process.coredump_filter, l),
        show: |c| format!("{:#x}", c.process.coredump_filter.unwrap_or(COREDUMP_FILTER)),
    },
    Field {
        name: "IgnoreSIGPIPE",
        property: "IgnoreSIGPIPE",
        read: |c, l| set(&mut c.process.ignore_sigpipe, l.boolean()),
        show: |c| yes_no(c.process.ignore_sigpipe),
    },
    Field {
        name: "KeyringMode",
        property: "KeyringMode",
        read: |c, l| set(&mut c.process.keyring, l.choice(&KEYRINGS)),
        show: |c| {
            let is = c.process.keyring;
            KEYRINGS.iter().find(|(_, mode)| *mode == is).map_or("", |(name, _)| *name).to_owned()
        },
    },
    Field {
        name: "OOMScoreAdjust",
        property: "OOMScoreAdjust",
        read: |c, l| set(&mut c.process.oom_score_adjust, l.integer(-1000, 1000)),
        show: |c| c.process.oom_score_adjust.unwrap_or(0).to_string(),
    },
    Field {
        name: "Personality",
        property: "Personality",
        read: |c, l| {
            let reset = l.text.is_empty();
            set(&mut c.process.personality, if reset { Ok(None) } else { l.choice(&PERSONALITIES).map(Some) })
        },
        show: |c| {
            let is = c.process.personality;
            PERSONALITIES.iter().find(|(_, p)| Some(*p) == is).map_or("", |(name, _)| *name).to_owned()
        },
    },
    Field {
        name: "UMask",
        property: "UMask",
        read: |c, l| set(&mut c.process.umask, l.mode()),
        show: |c| format!("{:04o}", c.process.umask),
    },
    Field {
        name: "WorkingDirectory",
        property: "WorkingDirectory",
        read: |c, l| set(&mut c.process.working_directory, working_directory(l)),
        show: |c| {
            let path = match &c.process.working_directory {
                WorkingDirectory::Root => "",
                WorkingDirectory::Home { .. } => "~",
                WorkingDirectory::Path { path, .. } => path,
            };
            format!("{}{path}", if c.process.working_directory.missing_ok() { "!" } else { "" })
        },
    },
];

/// Names and hexadecimal numbers add up; a word that is neither spoils the line.
fn coredump_filter(filter: &mut Option<u64>, l: &Line<'_>) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        *filter = None;
        return Ok(());
    }
    let mut bits = 0;
    for word in l.words()? {
        let name = &*word.text;
        let bit = DUMPED.iter().position(|known| *known == name).map(|bit| 1_u64 << bit);
        let number = || u64::from_str_radix(name.strip_prefix("0x").unwrap_or(name), 16).ok();
        bits |= match name {
            "default" => COREDUMP_FILTER,
            "all" => u32::MAX.into(),
            _ => bit.or_else(number).ok_or_else(|| {
                ValueProblem::new(word.at, name, format!("unknown coredump filter '{name}'"))
                    .hint(format!("one of: {}, default, all, or a number in hexadecimal", DUMPED.join(", ")))
            })?,
        };
    }
    *filter = Some(filter.unwrap_or(0) | bits);
    Ok(())
}

/// As `config_parse_working_directory`: what cannot be used is fatal, unless it may be missing.
fn working_directory(l: &Line<'_>) -> Result<WorkingDirectory, ValueProblem> {
    let (missing_ok, text) = l.optional();
    match text {
        "" => Ok(WorkingDirectory::Root),
        "~" => Ok(WorkingDirectory::Home { missing_ok }),
        text => match l.absolute(l.text.len() - text.len(), text) {
            Ok(path) => Ok(WorkingDirectory::Path { path, missing_ok }),
            Err(trouble) if missing_ok => Err(trouble),
            Err(trouble) => Err(trouble.fatal()),
        },
    }
}
