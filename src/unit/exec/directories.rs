//! SANDBOXING, the directories of a service: `RuntimeDirectory=` and its kin, their modes, and
//! `RuntimeDirectoryPreserve=`.

use super::{ExecContext, Field};
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::{boolean, path};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The folder above those of dynamic users, which only root enters; systemd's own.
pub const PRIVATE: &str = "private";

/// The directories that are made before a command starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Directories {
    /// By kind, in systemd's order.
    sets: [DirectorySet; 5],
    /// `RuntimeDirectoryPreserve=`.
    pub runtime_preserve: Preserve,
}

/// Those of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirectorySet {
    /// Relative to the kind's place.
    pub names: Vec<String>,
    /// `NAME:LINK`: names, each with the link that leads to it, which lies at the same place.
    pub links: Vec<(String, String)>,
    /// `RuntimeDirectoryMode=` and its kin.
    pub mode: u32,
}

impl Default for DirectorySet {
    fn default() -> Self {
        Self { names: Vec::new(), links: Vec::new(), mode: 0o755 }
    }
}

/// What a directory is for. In the order in which systemd makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Gone with the run.
    Runtime,
    /// What must not be lost.
    State,
    /// What can be made again.
    Cache,
    /// `LogsDirectory=`, below /var/log.
    Logs,
    /// Made, and left to root.
    Configuration,
}

impl Kind {
    /// In the order in which systemd makes them.
    pub const ALL: [Kind; 5] = [Kind::Runtime, Kind::State, Kind::Cache, Kind::Logs, Kind::Configuration];

    /// Directive, place above, and the variable that names the directories.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Kind::Runtime => ("RuntimeDirectory", "/run", "RUNTIME_DIRECTORY"),
            Kind::State => ("StateDirectory", "/var/lib", "STATE_DIRECTORY"),
            Kind::Cache => ("CacheDirectory", "/var/cache", "CACHE_DIRECTORY"),
            Kind::Logs => ("LogsDirectory", "/var/log", "LOGS_DIRECTORY"),
            Kind::Configuration => ("ConfigurationDirectory", "/etc", "CONFIGURATION_DIRECTORY"),
        }
    }

    /// The place above.
    #[must_use]
    pub fn above(self) -> &'static str {
        self.words().1
    }
}

impl Directories {
    /// Those of a kind.
    #[must_use]
    pub fn set(&self, kind: Kind) -> &DirectorySet {
        let [runtime, state, cache, logs, configuration] = &self.sets;
        match kind {
            Kind::Runtime => runtime,
            Kind::State => state,
            Kind::Cache => cache,
            Kind::Logs => logs,
            Kind::Configuration => configuration,
        }
    }

    /// The same, to change.
    pub fn of_mut(&mut self, kind: Kind) -> &mut DirectorySet {
        let [runtime, state, cache, logs, configuration] = &mut self.sets;
        match kind {
            Kind::Runtime => runtime,
            Kind::State => state,
            Kind::Cache => cache,
            Kind::Logs => logs,
            Kind::Configuration => configuration,
        }
    }
}

/// `RuntimeDirectoryPreserve=`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preserve {
    /// They go with each end.
    #[default]
    No,
    /// They stay over a restart.
    Restart,
    /// They stay.
    Yes,
}

macro_rules! names {
    ($name:literal, $kind:ident) => {
        Field {
            name: $name,
            property: $name,
            read: |c, l| names(c, l, Kind::$kind),
            show: |c| c.directories.set(Kind::$kind).names.join(" "),
        }
    };
}

macro_rules! mode {
    ($name:literal, $kind:ident) => {
        Field {
            name: $name,
            property: $name,
            read: |c, l| set(&mut c.directories.of_mut(Kind::$kind).mode, l.mode()),
            show: |c| format!("{:04o}", c.directories.set(Kind::$kind).mode),
        }
    };
}

pub(super) const FIELDS: &[Field] = &[
    names!("CacheDirectory", Cache),
    mode!("CacheDirectoryMode", Cache),
    names!("ConfigurationDirectory", Configuration),
    mode!("ConfigurationDirectoryMode", Configuration),
    names!("LogsDirectory", Logs),
    mode!("LogsDirectoryMode", Logs),
    names!("RuntimeDirectory", Runtime),
    mode!("RuntimeDirectoryMode", Runtime),
    names!("StateDirectory", State),
    mode!("StateDirectoryMode", State),
    Field {
        name: "RuntimeDirectoryPreserve",
        property: "RuntimeDirectoryPreserve",
        read: |c, l| {
            c.directories.runtime_preserve = match l.text {
                "restart" => Preserve::Restart,
                text if boolean::parse(text)? => Preserve::Yes,
                _ => Preserve::No,
            };
            Ok(())
        },
        show: |c| match c.directories.runtime_preserve {
            Preserve::No => "no".into(),
            Preserve::Restart => "restart".into(),
            Preserve::Yes => "yes".into(),
        },
    },
];

/// Relative names, `..` not among them.
fn names(c: &mut ExecContext, l: &Line<'_>, kind: Kind) -> Result<(), ValueProblem> {
    let set = c.directories.of_mut(kind);
    if l.text.is_empty() {
        set.names.clear();
        set.links.clear();
    }
    for word in l.words()? {
        // More of them say nothing, and empty ones are none (`extract_first_word`).
        let mut parts = word.text.split(':').filter(|part| !part.is_empty());
        let (name, link) = (parts.next().unwrap_or_default(), parts.next());
        if link.is_some() && kind == Kind::Configuration {
            let what = "systemd makes no links to directories of configuration";
            l.warn(ValueProblem::new(word.at, &word.text, what));
            continue;
        }
        let checked = |text: &str| -> Result<String, ValueProblem> {
            let expanded = l.expand(word.at, text)?;
            let name =
                path::relative(&expanded).map_err(|e| ValueProblem::new(word.at, &word.text, e.message))?;
            if Path::new(&name).starts_with(PRIVATE) {
                return Err(ValueProblem::new(word.at, &word.text, "'private' is systemd's own folder"));
            }
            Ok(name)
        };
        match (checked(name), link.map(checked).transpose()) {
            (Ok(name), Ok(link)) => {
                if let Some(link) = link {
                    set.links.push((name.clone(), link));
                }
                if !set.names.contains(&name) {
                    set.names.push(name);
                }
            }
            (Err(trouble), _) | (_, Err(trouble)) => l.warn(trouble),
        }
    }
    // So they are made and named, whatever their order in the unit (`exec_directory_sort`).
    set.names.sort();
    Ok(())
}
