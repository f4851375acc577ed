//! A probe of what may hang in the kernel, as a file system whose server is gone does: by a child, for a process
//! of one thread that has others to answer meanwhile.

use super::clock;
use super::error::Result;
use super::fork::{self, BROKEN};
use super::inherited::only_descriptors;
use super::kill;
use super::pipe::{PipeEvent, Reports};
use super::poll::{Interest, wait};
use super::proc::ProcessId;
use nix::sys::signal::Signal;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// What came of it.
#[derive(Debug)]
pub struct Probe {
    /// The process that does it, or has done it: whoever reaps this process's children buries it.
    pub child: ProcessId,
    /// The lines that it told.
    pub told: Vec<Vec<u8>>,
    /// Did it come to its end, and was all of it heard?
    pub is_whole: bool,
}

/// Has a child probe, and hears what it tells for as long as `limit`; then it is killed. It holds nothing that this
/// process has open but `kept`, so that nobody waits for a lock or a socket with it. `ranges`: as for
/// [`only_descriptors`].
///
/// # Errors
/// There is no process to be had.
pub fn probe(
    limit: Duration,
    kept: Option<BorrowedFd<'_>>,
    ranges: bool,
    body: impl FnOnce(&Reports),
) -> Result<Probe> {
    let until = clock::now().saturating_add(limit);
    let reports = Reports::new(0)?;
    let child = fork::child(None, |_| {
        let own: Vec<_> = kept.into_iter().chain([reports.as_fd()]).collect();
        if only_descriptors(&own, ranges).is_err() {
            return BROKEN;
        }
        body(&reports);
        0
    })?;
    let mut reader = reports.into_reader();
    let mut told = Vec::new();
    let is_whole = loop {
        match reader.read_line() {
            PipeEvent::Line(line) => told.push(line),
            PipeEvent::End => break true,
            PipeEvent::Nothing => {
                let left = until.saturating_sub(clock::now());
                // Whatever keeps this one from hearing: the child is there, and is not to be forgotten.
                if wait(&[(reader.as_fd(), Interest::Read)], Some(left)).map_or(true, |ends| ends.is_empty())
                {
                    break false;
                }
            }
        }
    };
    if !is_whole {
        let _ = kill::child(child, Signal::SIGKILL as i32);
    }
    Ok(Probe { child, told, is_whole })
}
