//! A pipe through which a child says lines until it executes another program or ends.

use super::error::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Both ends, before the fork.
#[derive(Debug)]
pub struct Reports {
    reader: OwnedFd,
    writer: File,
}

impl Reports {
    /// A new one; exec closes it.
    pub fn new() -> Result<Reports> {
        let ends = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK);
        let (reader, writer) = ends.map_err(|e| Error::new("make", "pipe", e))?;
        Ok(Reports { reader, writer: File::from(writer) })
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

/// The reading end; poll it for readability.
#[derive(Debug)]
pub struct Reader {
    fd: OwnedFd,
    bytes: Vec<u8>,
}

/// What there is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Without its end.
    Line(Vec<u8>),
    /// The other end is closed.
    End,
    /// Not yet.
    Nothing,
}

impl Reader {
    /// The next line, without blocking.
    pub fn read_line(&mut self) -> Said {
        let mut chunk = [0_u8; 1024];
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.bytes) {
                let rest = self.bytes.split_off(at.saturating_add(1));
                let mut line = std::mem::replace(&mut self.bytes, rest);
                line.pop();
                return Said::Line(line);
            }
            match nix::unistd::read(&self.fd, &mut chunk) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Said::Nothing,
                Ok(0) | Err(_) => return Said::End,
                Ok(n) => self.bytes.extend(chunk.iter().take(n)),
            }
        }
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
        let reports = Reports::new().unwrap();
        reports.send(b"one");
        reports.send(&[b'x'; 3000]);
        let mut reader = reports.into_reader();
        assert_eq!(reader.read_line(), Said::Line(b"one".to_vec()));
        assert_eq!(reader.read_line(), Said::Line(vec![b'x'; 3000]));
        assert_eq!(reader.read_line(), Said::End);
        let open = Reports::new().unwrap();
        let keep = open.writer.try_clone().unwrap();
        let mut reader = open.into_reader();
        assert_eq!(reader.read_line(), Said::Nothing);
        drop(keep);
        assert_eq!(reader.read_line(), Said::End);
    }
}
