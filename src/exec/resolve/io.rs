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
    let stdin = match &io.stdin {
        Input::Null => null(),
        Input::Tty => console(root),
        Input::File(path) => stream(root.safe_input(Path::new(path), user)),
        Input::Data(bytes) => stream(plan_file(bytes, request.features, root, request.places.own)),
    };
    let stdout = output(request, &io.stdout, None, user).map_err(at(Stage::Stdout))?;
    let stderr = output(request, &io.stderr, Some(&stdout), user).map_err(at(Stage::Stderr))?;
    Ok([stdin.map_err(at(Stage::Stdin))?, stdout, stderr])
}

fn output(
    request: &Request<'_>,
    wanted: &Output,
    inherited: Option<&Stream>,
    user: &Credentials,
) -> Result<Stream, Error> {
    let root = request.root;
    let file = |path: &String, how| stream(root.safe_output(Path::new(path), how, user));
    match wanted {
        Output::Inherit => inherited.map_or_else(null, |stream| Ok(stream.clone())),
        Output::Null => null(),
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
