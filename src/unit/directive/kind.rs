//! The sorts of value that directives take, and the words by which the table names them.

/// What sort of value a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Address,
    Bool,
    BusName,
    Calendar,
    Capabilities,
    Check,
    Choice,
    Choices,
    Command,
    Cpus,
    Credential,
    DeviceValue,
    Directories,
    Duration,
    Environment,
    EnvironmentFile,
    Int,
    Mode,
    Path,
    PathCheck,
    Paths,
    Percent,
    Rlimit,
    Signal,
    Size,
    Statuses,
    Text,
    /// A duration of which 0 means infinity.
    Timeout,
    Uint,
    Unit,
    Units,
    Uris,
    User,
    Users,
    Variables,
    WorkingDirectory,
}

const KINDS: [(&str, Kind); 36] = [
    ("address", Kind::Address),
    ("bool", Kind::Bool),
    ("bus-name", Kind::BusName),
    ("calendar", Kind::Calendar),
    ("capabilities", Kind::Capabilities),
    ("check", Kind::Check),
    ("choice", Kind::Choice),
    ("choices", Kind::Choices),
    ("command", Kind::Command),
    ("cpus", Kind::Cpus),
    ("credential", Kind::Credential),
    ("device-value", Kind::DeviceValue),
    ("directories", Kind::Directories),
    ("duration", Kind::Duration),
    ("environment", Kind::Environment),
    ("environment-file", Kind::EnvironmentFile),
    ("int", Kind::Int),
    ("mode", Kind::Mode),
    ("path", Kind::Path),
    ("path-check", Kind::PathCheck),
    ("paths", Kind::Paths),
    ("percent", Kind::Percent),
    ("rlimit", Kind::Rlimit),
    ("signal", Kind::Signal),
    ("size", Kind::Size),
    ("statuses", Kind::Statuses),
    ("text", Kind::Text),
    ("timeout", Kind::Timeout),
    ("uint", Kind::Uint),
    ("unit", Kind::Unit),
    ("units", Kind::Units),
    ("uris", Kind::Uris),
    ("user", Kind::User),
    ("users", Kind::Users),
    ("variables", Kind::Variables),
    ("working-directory", Kind::WorkingDirectory),
];

impl Kind {
    /// The kind that the table names so.
    pub(super) fn of_word(word: &str) -> Option<Kind> {
        KINDS.iter().find(|(w, _)| *w == word).map(|(_, kind)| *kind)
    }
}
