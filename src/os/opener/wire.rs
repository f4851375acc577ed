//! How a question and its answer are written: lengths, a JSON head, bytes; a descriptor comes with the
//! first byte of an answer.
#![allow(unsafe_code)]

use super::Request;
use crate::os::clock;
use crate::os::poll::{self, Interest};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// No question's head is longer: the paths of the executables of all processes.
const HEAD: usize = 16 << 20;

/// No report is longer: some 300 bytes for each of a million files.
const BODY: usize = 512 << 20;

/// Bytes, each written as the letter of its number: JSON knows text alone, and names are any bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(String);

impl From<&Path> for Text {
    fn from(path: &Path) -> Self {
        Self(path.as_os_str().as_bytes().iter().map(|byte| char::from(*byte)).collect())
    }
}

impl From<Text> for PathBuf {
    fn from(text: Text) -> Self {
        // Letters above are written by nobody, and mean no byte.
        let bytes = text.0.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?'));
        PathBuf::from(OsString::from_vec(bytes.collect()))
    }
}

/// What comes back from the process that opens: an error or a descriptor, and bytes.
#[derive(Debug)]
pub(super) struct Answer {
    /// Why there is none; 0 where there is.
    pub(super) errno: i32,
    pub(super) fd: Option<OwnedFd>,
    pub(super) body: Vec<u8>,
}

/// Asks and waits for the answer.
pub(super) fn ask(
    stream: &mut UnixStream,
    request: &Request,
    body: &[u8],
    limit: Duration,
) -> io::Result<Answer> {
    let deadline = clock::now().saturating_add(limit);
    let head = serde_json::to_vec(request)?;
    let lengths = [head.len() as u64, body.len() as u64].map(u64::to_le_bytes).concat();
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(&[lengths, head].concat())?;
    stream.write_all(body)?;
    wait(stream, deadline)?;
    let mut first = [0; 16];
    let (got, fd) = receive(stream.as_fd(), &mut first)?;
    stream.set_read_timeout(Some(limit))?;
    stream.read_exact(first.get_mut(got..).unwrap_or_default())?;
    let [errno, length] = numbers(first);
    let length = usize::try_from(length).ok().filter(|length| *length <= BODY);
    let mut body = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
    stream.read_exact(&mut body)?;
    Ok(Answer { errno: i32::try_from(errno).unwrap_or(libc::EPROTO), fd, body })
}

fn wait(stream: &UnixStream, deadline: Duration) -> io::Result<()> {
    let left = deadline.saturating_sub(clock::now());
    let ready = poll::wait(&[(stream.as_fd(), Interest::Read)], Some(left));
    match ready {
        Ok(ready) if ready.is_empty() => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), error.cause())),
    }
}

fn numbers(bytes: [u8; 16]) -> [u64; 2] {
    let number = |from: usize| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(bytes.iter().skip(from)).for_each(|(place, byte)| *place = *byte);
        u64::from_le_bytes(eight)
    };
    [number(0), number(8)]
}

/// The next question with what stands behind it; `None` where nobody asks any more.
pub(super) fn next(stream: &mut UnixStream) -> Option<(Request, Vec<u8>)> {
    let mut lengths = [0; 16];
    stream.read_exact(&mut lengths).ok()?;
    let [head, body] = numbers(lengths).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if head > HEAD || body > BODY {
        return None;
    }
    let (mut request, mut behind) = (vec![0; head], vec![0; body]);
    stream.read_exact(&mut request).ok()?;
    stream.read_exact(&mut behind).ok()?;
    Some((serde_json::from_slice(&request).ok()?, behind))
}

/// Answers with a descriptor, with bytes, or with why there is neither.
pub(super) fn answer(
    stream: &mut UnixStream,
    said: nix::Result<(Option<OwnedFd>, Vec<u8>)>,
) -> io::Result<()> {
    let (errno, (fd, body)) = match said {
        Ok(said) => (0, said),
        Err(errno) => (errno as i32, (None, Vec::new())),
    };
    let first = [u64::from(errno.unsigned_abs()), body.len() as u64].map(u64::to_le_bytes).concat();
    let fds: Vec<RawFd> = fd.iter().map(AsRawFd::as_raw_fd).collect();
    let control = [ControlMessage::ScmRights(&fds)];
    let control = if fds.is_empty() { &[][..] } else { &control[..] };
    let to: Option<&UnixAddr> = None;
    let sent = sendmsg(stream.as_raw_fd(), &[IoSlice::new(&first)], control, MsgFlags::MSG_NOSIGNAL, to)?;
    stream.write_all(first.get(sent..).unwrap_or_default())?;
    stream.write_all(&body)
}

/// The first bytes of an answer, and the descriptor that came with them.
fn receive(stream: BorrowedFd<'_>, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut room = nix::cmsg_space!(RawFd);
    let mut parts = [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(stream.as_raw_fd(), &mut parts, Some(&mut room), flags)?;
    let mut fd = None;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = control {
            for number in fds {
                // SAFETY: the kernel has just made this descriptor, close-on-exec, and nobody else knows it.
                fd = Some(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
    if message.bytes == 0 { Err(Errno::EPIPE.into()) } else { Ok((message.bytes, fd)) }
}
