//! The files that become the standard descriptors.

use super::{Request, Step, Streams, at};
use crate::exec::stage::Stage;
use crate::os::child::plan_file;
use crate::os::error::Error;
use crate::os::ids::Credentials;
use crate::os::root::{OFlag, Output as How, Root};
use crate::unit::exec::io::{Input, Output};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

type Stream = Option<Arc<OwnedFd>>;

/// Input, output and error.
pub(super) fn open(request: &Request<'_>, user: &Credentials) -> Step<[Stream; 3]> {
    if request.streams == Streams::Own {
        return Ok([None, None, None]);
    }
    let (io, root) = (&request.context.io, request.root);
    let is_input =
        |output: &Output| matches!((&io.stdin, output), (Input::File(a), Output::File(b)) if a == b);
    let stdin = match &io.stdin {
        Input::Null => null(),
        Input::Tty => console(root),
        Input::File(path) if is_input(&io.stdout) || is_input(&io.stderr) => {
            stream(root.safe_input_output(Path::new(path), mode(request), user))
        }
        Input::File(path) => stream(root.safe_input(Path::new(path), user)),
        Input::Data(bytes) => stream(plan_file(bytes, request.features, root, request.places.own)),
    };
    let stdin = stdin.map_err(at(Stage::Stdin))?;
    let out =
        |wanted: &Output| if is_input(wanted) { Ok(stdin.clone()) } else { output(request, wanted, user) };
    let stdout = out(&io.stdout).map_err(at(Stage::Stdout))?;
    // One open file for both, so that neither writes over the other: can_inherit_stderr_from_stdout.
    let stderr = if io.stderr == Output::Inherit || io.stderr == io.stdout {
        stdout.clone()
    } else {
        out(&io.stderr).map_err(at(Stage::Stderr))?
    };
    Ok([stdin, stdout, stderr])
}

/// Of files that are made.
fn mode(request: &Request<'_>) -> u32 {
    0o666 & !request.context.process.umask
}

fn output(request: &Request<'_>, wanted: &Output, user: &Credentials) -> Result<Stream, Error> {
    let root = request.root;
    let file = |path: &String, how| stream(root.safe_output(Path::new(path), how, mode(request), user));
    match wanted {
        Output::Inherit | Output::Null => null(),
        Output::Tty => console(root),
        Output::Journal | Output::JournalConsole => {
            request.log.as_ref().map_or_else(null, |log| Ok(Some(Arc::clone(log))))
        }
        Output::File(path) => file(path, How::Over),
        Output::Append(path) => file(path, How::Append),
        Output::Truncate(path) => file(path, How::Truncate),
    }
}

fn null() -> Result<Stream, Error> {
    stream(Root::host()?.open_with(Path::new("/dev/null"), OFlag::O_RDWR | OFlag::O_NOCTTY, 0))
}

fn console(root: &Root) -> Result<Stream, Error> {
    stream(root.safe_device(Path::new("/dev/console")))
}

fn stream<F: Into<OwnedFd>>(file: Result<F, Error>) -> Result<Stream, Error> {
    Ok(Some(Arc::new(file?.into())))
}
