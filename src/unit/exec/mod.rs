//! What each process of a service gets (systemd.exec(5)): the one description, which the loader fills,
//! the plan carries and `show` prints. Pure.
//!
//! One file for each area of the manual page. It holds the area's fields with systemd's defaults, and
//! for each directive a [`Field`]: how a line of a unit is read into the description, and how `show`
//! prints it. What else is known of a directive stands in its row of the table (`directive/exec.tsv`);
//! how it is applied, in the step that the row names (`crate::exec::steps`). Switches, numbers and words
//! that a step takes as they are have no field: their rows say all ([`plain`]).

pub mod capabilities;
pub mod credentials;
pub mod descriptors;
pub mod directories;
pub mod environment;
pub mod identity;
pub mod io;
pub mod limits;
pub mod log;
pub mod mounts;
pub mod plain;
pub mod process;
pub mod scheduling;
pub mod spaces;
pub mod syscalls;
pub mod terminal;

use super::line::{Line, ValueProblem};
use super::value;
use serde::{Deserialize, Serialize};

/// The whole of it. Its default is a service that sets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecContext {
    /// Its user and groups.
    pub identity: identity::Identity,
    /// Its variables, and where its program is searched.
    pub environment: environment::Environment,
    /// Its standard descriptors.
    pub io: io::Io,
    /// How its output is told of.
    pub log: log::Logging,
    /// Which terminal it has, and what is done to that before and after.
    pub terminal: terminal::Terminal,
    /// How much it may use.
    pub limits: limits::Limits,
    /// When and where it runs.
    pub scheduling: scheduling::Scheduling,
    /// Other attributes that the kernel keeps of it.
    pub process: process::Process,
    /// What it may do.
    pub capabilities: capabilities::Capabilities,
    /// The directories that are made for it.
    pub directories: directories::Directories,
    /// What is put where it alone reads it.
    pub credentials: credentials::Credentials,
    /// What it sees of the file system.
    pub mounts: mounts::Mounts,
    /// The namespaces of others that it is in.
    pub spaces: spaces::Spaces,
    /// What it may ask of the kernel.
    pub system_calls: syscalls::SystemCalls,
    /// What needs no words of its own.
    pub plain: plain::Plain,
}

impl ExecContext {
    /// Is a switch on of which the row says all?
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.plain.get(name).is_some_and(|is| is != 0)
    }

    /// Do directories of a kind lie where only root comes to them, as their owner is somebody else by and by
    /// (`exec_directory_is_private`)?
    #[must_use]
    pub fn is_private(&self, kind: directories::Kind) -> bool {
        use directories::{Kind, Preserve};
        self.identity.dynamic
            && match kind {
                Kind::Configuration => false,
                Kind::Runtime => self.directories.runtime_preserve != Preserve::No,
                Kind::State | Kind::Cache | Kind::Logs => true,
            }
    }

    /// What `DynamicUser=` brings along: such a user can leave nothing behind that would be another's by and by
    /// (`unit_patch_contexts`). `prefix` is the unit's name without its ending and instance.
    pub(in crate::unit) fn imply_dynamic_user(&mut self, prefix: &str) {
        if !self.identity.dynamic {
            return;
        }
        let user = self.identity.user.get_or_insert_with(|| value::dynamic::user_of(prefix)).clone();
        self.identity.group.get_or_insert(user);
        self.identity.remove_ipc = true;
        self.mounts.private_tmp = true;
        self.mounts.system = mounts::ProtectSystem::Strict;
        if self.mounts.home == mounts::ProtectHome::No {
            self.mounts.home = mounts::ProtectHome::ReadOnly;
        }
        self.capabilities.no_new_privileges = true;
        self.plain.turn_on("RestrictSUIDSGID");
    }

    /// Without what a line with `+` is spared.
    pub fn drop_sandbox(&mut self) {
        self.capabilities = capabilities::Capabilities::default();
        self.system_calls = syscalls::SystemCalls::default();
        self.mounts.keep_root();
        SWITCHES.iter().for_each(|name| self.plain.remove(name));
    }
}

/// Switches of the sandbox of which the row says all.
const SWITCHES: [&str; 12] = [
    "PrivateDevices",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "PrivateMounts",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "RestrictRealtime",
    "RestrictSUIDSGID",
];

/// What to do with settings that this user may not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApplyMode {
    /// Fail with systemd's exit code.
    Strict,
    /// Leave out what needs root, and list it in the record.
    BestEffort,
}

/// How one directive is read and shown.
#[derive(Clone, Copy, Debug)]
pub struct Field<C = ExecContext> {
    /// The directive.
    pub name: &'static str,
    /// The property that shows it.
    pub property: &'static str,
    /// Reads the value of a line; what stood before stays where it cannot be read.
    pub read: fn(&mut C, &Line<'_>) -> Result<(), ValueProblem>,
    /// The value as systemctl show prints it.
    pub show: fn(&C) -> String,
}

/// All of them, by area.
pub const FIELDS: [&[Field]; 14] = [
    identity::FIELDS,
    environment::FIELDS,
    io::FIELDS,
    limits::FIELDS,
    log::FIELDS,
    scheduling::FIELDS,
    process::FIELDS,
    capabilities::FIELDS,
    credentials::FIELDS,
    directories::FIELDS,
    mounts::FIELDS,
    spaces::FIELDS,
    syscalls::FIELDS,
    terminal::FIELDS,
];

/// The field of a directive.
#[must_use]
pub fn field(name: &str) -> Option<&'static Field> {
    // Most names differ in length already.
    let is_it = |field: &&Field| field.name.len() == name.len() && field.name == name;
    FIELDS.iter().find_map(|fields| fields.iter().find(is_it))
}
