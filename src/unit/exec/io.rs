//! LOGGING AND STANDARD INPUT/OUTPUT: `StandardInput=`, `StandardOutput=`, `StandardError=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem};
use serde::{Deserialize, Serialize};

/// The three standard descriptors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Io {
    /// `StandardInput=`.
    pub stdin: Input,
    /// `StandardOutput=`.
    pub stdout: Output,
    /// `StandardError=`.
    pub stderr: Output,
}

impl Default for Io {
    fn default() -> Self {
        Self { stdin: Input::Null, stdout: Output::Journal, stderr: Output::Inherit }
    }
}

/// Where input comes from, as far as that can be met without sockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// /dev/null
    Null,
    /// The console.
    Tty,
    /// An absolute path.
    File(String),
    /// These bytes.
    Data(Vec<u8>),
}

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Standard output: /dev/null. Standard error: where standard output goes.
    Inherit,
    /// /dev/null
    Null,
    /// The console.
    Tty,
    /// `journal`, `syslog`, `kmsg`: the log of the unit.
    Journal,
    /// The same `+console`.
    JournalConsole,
    /// An absolute path, written from its beginning.
    File(String),
    /// Written at its end.
    Append(String),
    /// Emptied before.
    Truncate(String),
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "StandardError",
        property: "StandardError",
        read: |c, l| {
            c.io.stderr = output(l)?;
            Ok(())
        },
        show: |c| show_output(&c.io.stderr),
    },
    Field {
        name: "StandardInput",
        property: "StandardInput",
        read: |c, l| {
            c.io.stdin = input(l)?;
            Ok(())
        },
        show: |c| match &c.io.stdin {
            Input::Null => "null".into(),
            Input::Tty => "tty".into(),
            Input::File(path) => format!("file:{path}"),
            Input::Data(_) => "data".into(),
        },
    },
    Field {
        name: "StandardOutput",
        property: "StandardOutput",
        read: |c, l| {
            c.io.stdout = output(l)?;
            Ok(())
        },
        show: |c| show_output(&c.io.stdout),
    },
];

const NO_DESCRIPTORS: &str = "amr passes no file descriptors";

/// `socket`, `fd` and `fd:NAME`.
fn is_passed(text: &str) -> bool {
    text == "socket" || text == "fd" || text.starts_with("fd:")
}

fn input(l: &Line<'_>) -> Result<Input, ValueProblem> {
    Ok(match l.text {
        "null" => Input::Null,
        "tty" | "tty-force" | "tty-fail" => Input::Tty,
        "data" => Input::Data(Vec::new()),
        text if is_passed(text) => {
            l.unapplied(NO_DESCRIPTORS);
            Input::Null
        }
        text => match text.strip_prefix("file:") {
            Some(path) => Input::File(l.absolute("file:".len(), path)?),
            None => return Err(l.no_value()),
        },
    })
}

fn output(l: &Line<'_>) -> Result<Output, ValueProblem> {
    Ok(match l.text {
        "inherit" => Output::Inherit,
        "null" => Output::Null,
        "tty" => Output::Tty,
        "journal" | "kmsg" | "syslog" => Output::Journal,
        "journal+console" | "kmsg+console" | "syslog+console" => Output::JournalConsole,
        text if is_passed(text) => {
            l.unapplied(NO_DESCRIPTORS);
            Output::Journal
        }
        text => match text.split_once(':') {
            Some(("file", path)) => Output::File(l.absolute("file:".len(), path)?),
            Some(("append", path)) => Output::Append(l.absolute("append:".len(), path)?),
            Some(("truncate", path)) => Output::Truncate(l.absolute("truncate:".len(), path)?),
            _ => return Err(l.no_value()),
        },
    })
}

fn show_output(output: &Output) -> String {
    match output {
        Output::Inherit => "inherit".into(),
        Output::Null => "null".into(),
        Output::Tty => "tty".into(),
        Output::Journal => "journal".into(),
        Output::JournalConsole => "journal+console".into(),
        Output::File(path) => format!("file:{path}"),
        Output::Append(path) => format!("append:{path}"),
        Output::Truncate(path) => format!("truncate:{path}"),
    }
}
