//! Pipes between a child before exec and its parent: one through which the child says lines until it
//! executes another program or ends, and one by which the parent holds it back.

use super::error::{Error, Result, errno};
use super::rights;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Both ends, before the fork.
#[derive(Debug)]
pub struct Reports {
    reader: OwnedFd,
    writer: File,
}

impl Reports {
    /// A new one; exec closes it. The child's end leaves room for so many descriptors that are passed on.
    pub fn new(passed: usize) -> Result<Reports> {
        let ends = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK);
        let (reader, writer) = ends.map_err(|e| Error::new("make", "pipe", e))?;
        Ok(Reports { reader, writer: File::from(beside(writer, passed)?) })
    }

    /// The child's side: a line. With no reader there is nobody to tell.
    pub fn send(&self, line: &[u8]) {
        let _ = (&self.writer).write_all(&[line, b"\n"].concat());
    }

    /// The parent's side: the other end is the child's alone from now on.
    #[must_use]
    pub fn into_reader(self) -> Reader {
        Reader { fd: self.reader, bytes: Vec::new() }
    }
}

/// An end that is not where passed descriptors go.
fn beside(end: OwnedFd, passed: usize) -> Result<OwnedFd> {
    if passed == 0 {
        return Ok(end);
    }
    rights::out_of_the_way(end, passed).map_err(|e| Error::new("make", "pipe", e))
}

/// The reading end; poll it for readability.
#[derive(Debug)]
pub struct Reader {
    fd: OwnedFd,
    bytes: Vec<u8>,
}

/// What there is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PipeEvent {
    /// Without its end.
    Line(Vec<u8>),
    /// The other end is closed.
    End,
    /// Not yet.
    Nothing,
}

impl Reader {
    /// The next line, without blocking.
    pub fn read_line(&mut self) -> PipeEvent {
        let mut chunk = [0_u8; 1024];
        loop {
            if let Some(at) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(at.saturating_add(1));
                let mut line = std::mem::replace(&mut self.bytes, rest);
                line.pop();
                return PipeEvent::Line(line);
            }
            match nix::unistd::read(&self.fd, &mut chunk) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return PipeEvent::Nothing,
                Ok(0) | Err(_) => return PipeEvent::End,
                Ok(n) => self.bytes.extend(chunk.iter().take(n)),
            }
        }
    }
}

/// Holds a child back until its parent has written down that there is one. A child whose parent ends
/// before that ends as well: nobody would know of it.
#[derive(Debug)]
pub struct Gate {
    reader: File,
    /// `None` in the child, which would else wait for itself.
    writer: Option<File>,
}

impl Gate {
    /// A new one; exec closes it. Both ends leave room for so many descriptors that are passed on.
    pub fn new(passed: usize) -> Result<Gate> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(|e| Error::new("make", "pipe", e))?;
        let (reader, writer) = (beside(reader, passed)?, beside(writer, passed)?);
        Ok(Gate { reader: File::from(reader), writer: Some(File::from(writer)) })
    }

    /// The child's side: waits. May it go on? `false` where the parent has ended.
    ///
    /// # Errors
    /// There is no telling.
    pub fn pass(&mut self) -> nix::Result<bool> {
        self.writer = None;
        let mut word = [0_u8; 1];
        // It tries again where a signal came between.
        match self.reader.read_exact(&mut word) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(errno(&e)),
        }
    }

    /// The parent's side.
    #[must_use]
    pub fn into_opener(self) -> Opener {
        Opener { writer: self.writer }
    }
}

/// Lets the child go on; dropped without that, it has the child end.
#[derive(Debug)]
pub struct Opener {
    writer: Option<File>,
}

impl Opener {
    /// Lets it go on. One that was killed meanwhile is no matter.
    pub fn open(self) {
        let _ = self.writer.map(|mut writer| writer.write_all(b"!"));
    }
}

impl AsFd for Reports {
    /// The child's side.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.writer.as_fd()
    }
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_then_the_end() {
        let reports = Reports::new(0).unwrap();
        reports.send(b"one");
        reports.send(&[b'x'; 3000]);
        let mut reader = reports.into_reader();
        assert_eq!(reader.read_line(), PipeEvent::Line(b"one".to_vec()));
        assert_eq!(reader.read_line(), PipeEvent::Line(vec![b'x'; 3000]));
        assert_eq!(reader.read_line(), PipeEvent::End);
        let open = Reports::new(0).unwrap();
        let keep = open.writer.try_clone().unwrap();
        let mut reader = open.into_reader();
        assert_eq!(reader.read_line(), PipeEvent::Nothing);
        drop(keep);
        assert_eq!(reader.read_line(), PipeEvent::End);
    }

    #[test]
    fn a_gate_opens_by_a_word_alone() {
        for opened in [true, false] {
            let mut theirs = Gate::new(0).unwrap();
            let ours = Opener { writer: theirs.writer.take() };
            if opened {
                ours.open();
            } else {
                drop(ours);
            }
            assert_eq!(theirs.pass(), Ok(opened));
        }
    }
}
