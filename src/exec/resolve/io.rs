//! The files that become the standard descriptors.

use super::{Refused, Request, Step, Streams, at};
use crate::exec::process::TerminalClaim;
use crate::exec::stage::Stage;
use crate::os::child::plan_file;
use crate::os::error::Error;
use crate::os::ids::Credentials;
use crate::os::root::{OFlag, Output as How, Root};
use crate::os::tty;
use crate::unit::exec::ExecContext;
use crate::unit::exec::io::{Input, Output, Streams as Said};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

type Stream = Option<Arc<OwnedFd>>;

/// Input, output and error; and how the process takes its terminal, where input is one.
pub(super) struct Files {
    pub(super) stdio: [Stream; 3],
    pub(super) terminal: Option<TerminalClaim>,
}

/// Opens them.
pub(super) fn open(request: &Request<'_>, user: &Credentials) -> Step<Files> {
    if request.streams == Streams::Own {
        return Ok(Files { stdio: [None, None, None], terminal: None });
    }
    let (io, root) = (request.context.io.streams(), request.root);
    make_ready(request.context, root);
    let terminal = match io.stdin {
        _ if !request.terminal => None,
        Input::Tty => Some(TerminalClaim::Wait),
        Input::TtyForce => Some(TerminalClaim::Force),
        Input::TtyFail => Some(TerminalClaim::Fail),
        Input::Null | Input::File(_) | Input::Data | Input::Socket | Input::Fd(_) => None,
    };
    let is_input =
        |output: &Output| matches!((io.stdin, output), (Input::File(a), Output::File(b)) if a == b);
    let stdin = match io.stdin {
        Input::Null => null(),
        Input::Data if request.context.io.data.0.is_empty() => null(),
        Input::Socket => return Err(no_socket()),
        Input::Tty | Input::TtyForce | Input::TtyFail if terminal.is_some() => tty(request),
        Input::Tty | Input::TtyForce | Input::TtyFail => null(),
        Input::File(path) if is_input(io.stdout) || is_input(io.stderr) => {
            stream(root.safe_input_output(Path::new(path), mode(request), user))
        }
        Input::File(path) => stream(root.safe_input(Path::new(path), user)),
        Input::Data => {
            let bytes = &request.context.io.data.0;
            stream(plan_file(bytes, request.features, root, request.places.own))
        }
        Input::Fd(name) => return Err(not_passed(name)),
    };
    let stdin = stdin.map_err(at(Stage::Stdin))?;
    let opener = Opener { request, io, user, stdin, takes: terminal.is_some() };
    let stdout = opener.output(io.stdout, Stage::Stdout)?;
    // One open file for both, so that neither writes over the other: can_inherit_stderr_from_stdout.
    let stderr = if *io.stderr == Output::Inherit || io.stderr == io.stdout {
        stdout.clone()
    } else {
        opener.output(io.stderr, Stage::Stderr)?
    };
    Ok(Files { stdio: [opener.stdin, stdout, stderr], terminal })
}

/// Nothing passes descriptors: it is as if none of that name had been passed.
fn not_passed(name: &str) -> Refused {
    Refused::Resources(format!(
        "no descriptor '{name}' is passed to it: amr does not open sockets for services"
    ))
}

fn no_socket() -> Refused {
    Refused::Resources("no socket is passed to it: amr does not open sockets for services".into())
}

/// Of files that are made.
fn mode(request: &Request<'_>) -> u32 {
    0o666 & !request.context.process.umask
}

/// Opens outputs beside an input that is open.
struct Opener<'a> {
    request: &'a Request<'a>,
    io: Said<'a>,
    user: &'a Credentials,
    stdin: Stream,
    /// Is input the terminal itself?
    takes: bool,
}

impl Opener<'_> {
    fn output(&self, wanted: &Output, stage: Stage) -> Step<Stream> {
        let root = self.request.root;
        let file = |path: &String, how| {
            stream(root.safe_output(Path::new(path), how, mode(self.request), self.user))
        };
        let opened = match wanted {
            Output::Inherit => self.inherited(),
            Output::Socket => return Err(no_socket()),
            Output::Null => null(),
            Output::Tty if self.takes => Ok(self.stdin.clone()),
            Output::Tty => tty(self.request),
            Output::File(path) if *self.io.stdin == Input::File(path.clone()) => Ok(self.stdin.clone()),
            Output::File(path) => file(path, How::Over),
            Output::Append(path) => file(path, How::Append),
            Output::Truncate(path) => file(path, How::Truncate),
            Output::Fd(name) => return Err(not_passed(name)),
            Output::Journal
            | Output::JournalConsole
            | Output::Kmsg
            | Output::KmsgConsole
            | Output::Syslog
            | Output::SyslogConsole => {
                self.request.log.as_ref().map_or_else(null, |log| Ok(Some(Arc::clone(log))))
            }
        };
        opened.map_err(at(stage))
    }

    /// Where input comes from, if one can write there; the terminal also where this command does not read it.
    fn inherited(&self) -> Result<Stream, Error> {
        match self.io.stdin {
            Input::Tty | Input::TtyForce | Input::TtyFail if !self.takes => tty(self.request),
            Input::Null | Input::Data => null(),
            Input::Tty | Input::TtyForce | Input::TtyFail | Input::File(_) | Input::Socket | Input::Fd(_) => {
                Ok(self.stdin.clone())
            }
        }
    }
}

fn null() -> Result<Stream, Error> {
    stream(Root::host()?.open_with(Path::new("/dev/null"), OFlag::O_RDWR | OFlag::O_NOCTTY, 0))
}

fn tty(request: &Request<'_>) -> Result<Stream, Error> {
    stream(request.root.safe_device(Path::new(request.context.terminal.path())))
}

fn stream<F: Into<OwnedFd>>(file: Result<F, Error>) -> Result<Stream, Error> {
    Ok(Some(Arc::new(file?.into())))
}

/// The terminal of a unit that has ended: made ready for whoever is next, and root's again
/// (`exec_context_revert_tty`).
pub fn leave(context: &ExecContext, root: &Root) {
    if context.has_terminal() {
        make_ready(context, root);
        let path = Path::new(context.terminal.path());
        if let Err(e) = root.safe_device(path).map(tty::give_back) {
            log::debug!("{e}");
        }
    }
}

/// `TTYVHangup=`, `TTYReset=`, `TTYRows=`, `TTYColumns=` and `TTYVTDisallocate=`, before anything of it is open
/// (`exec_context_tty_reset`). What cannot be done is left: whoever needs the terminal will say so.
fn make_ready(context: &ExecContext, root: &Root) {
    let (rows, columns) = (context.terminal.rows, context.terminal.columns);
    let path = Path::new(context.terminal.path());
    let each = |wanted: bool, change: &dyn Fn(&OwnedFd) -> crate::os::tty::Done| {
        if wanted && let Err(e) = root.safe_device(path).map(|tty| change(&tty.into())) {
            log::debug!("{e}");
        }
    };
    each(context.is_on("TTYVHangup"), &|tty| tty::hang_up(tty));
    each(context.is_on("TTYReset"), &|tty| tty::reset(tty));
    each(rows.is_some() || columns.is_some(), &|tty| tty::set_size(tty, rows, columns));
    each(context.is_on("TTYVTDisallocate"), &|tty| disallocate(tty, path, root));
}

/// Frees a virtual console, or empties what is none or is in use (`vt_disallocate`).
fn disallocate(tty: &OwnedFd, path: &Path, root: &Root) -> tty::Done {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let console: Option<u32> = name.strip_prefix("tty").and_then(|number| number.parse().ok());
    let any =
        console.filter(|n| *n > 0).and_then(|n| Some((n, root.safe_device(Path::new("/dev/tty0")).ok()?)));
    match any {
        Some((number, any)) if tty::free_console(&any, number).is_ok() => Ok(()),
        found => tty::clear(tty, found.is_some()),
    }
}
