//! LOGGING AND STANDARD INPUT/OUTPUT: `StandardInput=`, `StandardOutput=`, `StandardError=`,
//! `StandardInputText=`, `StandardInputData=`.

use super::Field;
use crate::unit::line::{Line, ValueProblem, set};
use crate::unit::value::base64::{self, Bytes};
use crate::unit::value::{descriptor as fd, words};
use serde::{Deserialize, Serialize};

/// The three standard descriptors, as the unit has them; what they are says [`Io::streams`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Io {
    /// `StandardInput=`.
    pub stdin: Input,
    /// `StandardOutput=`.
    pub stdout: Output,
    /// `StandardError=`.
    pub stderr: Output,
    /// `StandardInputText=` and `StandardInputData=`, in their order.
    pub data: Bytes,
}

impl Default for Io {
    fn default() -> Self {
        Self { stdin: Input::Null, stdout: Output::Inherit, stderr: Output::Inherit, data: Bytes::default() }
    }
}

/// Where input comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// /dev/null
    Null,
    /// The terminal of the unit, once nobody else has it as its controlling one.
    Tty,
    /// It is taken away from others.
    TtyForce,
    /// Where another has it the process fails.
    TtyFail,
    /// An absolute path.
    File(String),
    /// What the unit itself says.
    Data,
    /// The connection that a socket unit passes.
    Socket,
    /// A descriptor that a socket unit passes, by its name.
    Fd(String),
}

impl Input {
    /// `tty`, `tty-force` or `tty-fail`?
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Input::Tty | Input::TtyForce | Input::TtyFail)
    }
}

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Standard output: where input comes from. Standard error: where standard output goes.
    Inherit,
    /// /dev/null
    Null,
    /// The terminal of the unit.
    Tty,
    /// The log of the unit.
    Journal,
    /// The log of the unit and /dev/console.
    JournalConsole,
    /// The log of the unit and that of the kernel.
    Kmsg,
    /// The log of the unit, that of the kernel and /dev/console.
    KmsgConsole,
    /// The log of the unit and the daemon that listens at /dev/log.
    Syslog,
    /// The log of the unit, the daemon that listens at /dev/log and /dev/console.
    SyslogConsole,
    /// An absolute path, written from its beginning.
    File(String),
    /// Written at its end.
    Append(String),
    /// Emptied before.
    Truncate(String),
    /// As with input.
    Socket,
    /// As with input.
    Fd(String),
}

impl Output {
    /// Does a person read it (`is_terminal_output`)?
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Output::Tty | Output::JournalConsole | Output::KmsgConsole | Output::SyslogConsole)
    }

    /// Does it go to the log of the unit?
    #[must_use]
    pub fn is_log(&self) -> bool {
        matches!(
            self,
            Output::Journal
                | Output::JournalConsole
                | Output::Kmsg
                | Output::KmsgConsole
                | Output::Syslog
                | Output::SyslogConsole
        )
    }
}

/// The standard descriptors once what is not said has been settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a Input,
    /// Standard output.
    pub stdout: &'a Output,
    /// Standard error.
    pub stderr: &'a Output,
}

impl Io {
    /// As `service_fix_stdio`: data is read where there is some and nothing else is said; what would inherit
    /// goes to the log, unless input comes from where output can go as well.
    #[must_use]
    pub fn streams(&self) -> Streams<'_> {
        let has_data = self.stdin == Input::Null && !self.data.0.is_empty();
        let stdin = if has_data { &Input::Data } else { &self.stdin };
        let two_ways = match stdin {
            Input::Tty | Input::TtyForce | Input::TtyFail | Input::Socket | Input::Fd(_) => true,
            Input::Null | Input::File(_) | Input::Data => false,
        };
        let to_log = self.stdout == Output::Inherit && !two_ways;
        let stdout = if to_log { &Output::Journal } else { &self.stdout };
        Streams { stdin, stdout, stderr: &self.stderr }
    }

    /// Does anything of it go to the log of the unit?
    #[must_use]
    pub fn writes_log(&self) -> bool {
        let Streams { stdout, stderr, .. } = self.streams();
        stdout.is_log() || stderr.is_log()
    }
}

pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "StandardError",
        property: "StandardError",
        read: |c, l| set(&mut c.io.stderr, output(l)),
        show: |c| show_output(c.io.streams().stderr),
    },
    Field {
        name: "StandardInput",
        property: "StandardInput",
        read: |c, l| set(&mut c.io.stdin, input(l)),
        show: |c| match c.io.streams().stdin {
            Input::Null => "null".into(),
            Input::Tty => "tty".into(),
            Input::TtyForce => "tty-force".into(),
            Input::TtyFail => "tty-fail".into(),
            Input::File(_) => "file".into(),
            Input::Data => "data".into(),
            Input::Socket => "socket".into(),
            Input::Fd(_) => "fd".into(),
        },
    },
    Field {
        name: "StandardInputData",
        property: "StandardInputData",
        read: |c, l| data(&mut c.io.data.0, l, |text| Ok(base64::decode(text)?)),
        show: |c| base64::encode(&c.io.data.0),
    },
    Field {
        name: "StandardInputText",
        property: "StandardInputData",
        read: |c, l| data(&mut c.io.data.0, l, |text| text_of(text, l)),
        show: |c| base64::encode(&c.io.data.0),
    },
    Field {
        name: "StandardOutput",
        property: "StandardOutput",
        read: |c, l| set(&mut c.io.stdout, output(l)),
        show: |c| show_output(c.io.streams().stdout),
    },
];

/// The most that a unit may say: a supervisor's plan, which is 16 MiB at most, holds it in base64. systemd takes 64 MiB
/// (`EXEC_STDIN_DATA_MAX`).
const DATA_MAX: usize = 8 << 20;

/// More data behind what was said before.
fn data(
    data: &mut Vec<u8>,
    l: &Line<'_>,
    read: impl Fn(&str) -> Result<Vec<u8>, ValueProblem>,
) -> Result<(), ValueProblem> {
    if l.text.is_empty() {
        data.clear();
        return Ok(());
    }
    let more = read(l.text)?;
    if data.len().saturating_add(more.len()) > DATA_MAX {
        let problem = l.trouble("standard input is longer than 8 MiB, which amr does not pass on").fatal();
        return Err(problem.hint("put it into a file and write StandardInput=file:PATH"));
    }
    data.extend(more);
    Ok(())
}

/// A line, whose escapes are undone before its specifiers.
fn text_of(text: &str, l: &Line<'_>) -> Result<Vec<u8>, ValueProblem> {
    let bytes = words::unescape_all(text)?;
    let text = String::from_utf8(bytes).map_err(|_| l.trouble("the text is not UTF-8"))?;
    let expanded = l.specifiers(&text).map_err(|e| l.trouble(e.message))?;
    Ok([expanded.as_bytes(), b"\n"].concat())
}

/// The name of a descriptor behind `fd`: `fd:NAME`; without one that of the stream.
fn descriptor(text: &str, stream: &str) -> Option<String> {
    let name = text.strip_prefix("fd")?;
    match name.strip_prefix(':') {
        Some("") => Some(stream.to_owned()),
        Some(name) => Some(name.to_owned()).filter(|name| fd::is_name(name)),
        None => name.is_empty().then(|| stream.to_owned()),
    }
}

fn input(l: &Line<'_>) -> Result<Input, ValueProblem> {
    Ok(match l.text {
        "null" => Input::Null,
        "tty" => Input::Tty,
        "tty-force" => Input::TtyForce,
        "tty-fail" => Input::TtyFail,
        "data" => Input::Data,
        "socket" => Input::Socket,
        text => match (text.strip_prefix("file:"), descriptor(text, "stdin")) {
            (Some(path), _) => Input::File(l.absolute("file:".len(), path)?),
            (None, Some(name)) => Input::Fd(name),
            (None, None) => return Err(l.no_value()),
        },
    })
}

fn output(l: &Line<'_>) -> Result<Output, ValueProblem> {
    let stream = if l.key == "StandardError" { "stderr" } else { "stdout" };
    Ok(match l.text {
        "inherit" => Output::Inherit,
        "null" => Output::Null,
        "tty" => Output::Tty,
        "journal" => Output::Journal,
        "journal+console" => Output::JournalConsole,
        "kmsg" => Output::Kmsg,
        "kmsg+console" => Output::KmsgConsole,
        "syslog" => Output::Syslog,
        "syslog+console" => Output::SyslogConsole,
        "socket" => Output::Socket,
        text => match (text.split_once(':'), descriptor(text, stream)) {
            (Some(("file", path)), _) => Output::File(l.absolute("file:".len(), path)?),
            (Some(("append", path)), _) => Output::Append(l.absolute("append:".len(), path)?),
            (Some(("truncate", path)), _) => Output::Truncate(l.absolute("truncate:".len(), path)?),
            (_, Some(name)) => Output::Fd(name),
            _ => return Err(l.no_value()),
        },
    })
}

/// `syslog` is shown as what systemd takes it for.
fn show_output(output: &Output) -> String {
    match output {
        Output::Inherit => "inherit".into(),
        Output::Null => "null".into(),
        Output::Tty => "tty".into(),
        Output::Journal | Output::Syslog => "journal".into(),
        Output::JournalConsole | Output::SyslogConsole => "journal+console".into(),
        Output::Kmsg => "kmsg".into(),
        Output::KmsgConsole => "kmsg+console".into(),
        Output::File(_) => "file".into(),
        Output::Append(_) => "append".into(),
        Output::Truncate(_) => "truncate".into(),
        Output::Socket => "socket".into(),
        Output::Fd(_) => "fd".into(),
    }
}
