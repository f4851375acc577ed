//! A number that belongs to a name as long as one of those who go by that name holds it: a file, called like the
//! number, with the name in it. They share a lock; who finds none can have the number for another name.

use super::error::{Error, Result};
use super::poll;
use super::root::{Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whoever takes a number that is new has its lock alone while it looks whether the number is free; it is tried so
/// often, a millisecond apart.
const TRIES: u32 = 500;

/// The longest name, in bytes.
pub const NAME_MAX: u64 = 512;

/// A number that is held; it is free again when the last of its name is dropped.
#[derive(Debug)]
pub struct NameLock {
    root: Root,
    path: PathBuf,
    name: Vec<u8>,
    held: Flock<File>,
}

impl NameLock {
    /// Takes the number of which this is the file. `None` where it is another name's, also one that nobody holds any
    /// more, as a killed supervisor leaves it: what is that one's lies around still. And where it is nobody's, but
    /// not free.
    ///
    /// # Errors
    /// The file cannot be made, read or locked.
    pub fn take(
        root: &Root,
        path: &Path,
        name: &str,
        is_free: &dyn Fn() -> bool,
    ) -> Result<Option<NameLock>> {
        let fail = |e: std::io::Error| Error::new("lock", root.outer(path), e);
        for _ in 0..TRIES {
            let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
            let file = root.open_with(path, flags, 0o600)?;
            // Whoever held it to look would keep its last from taking it along.
            let first = name_in(&file).map_err(fail)?;
            if !first.is_empty() && first != name.as_bytes() {
                return Ok(None);
            }
            let held = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Err((file, Errno::EWOULDBLOCK)) => Flock::lock(file, FlockArg::LockSharedNonblock),
                locked => locked,
            };
            match held {
                Ok(held) => {
                    let (root, path, name) = (root.clone(), path.to_owned(), name.as_bytes().to_vec());
                    let lock = NameLock { root, path, name, held };
                    if lock.is_there()? {
                        return Ok(lock.settle(is_free)?.then_some(lock));
                    }
                }
                Err((_, Errno::EWOULDBLOCK)) => {}
                Err((_, e)) => return Err(fail(e.into())),
            }
            poll::wait(&[], Some(Duration::from_millis(1)))?;
        }
        Ok(None)
    }

    fn fail(&self, e: std::io::Error) -> Error {
        Error::new("lock", self.root.outer(&self.path), e)
    }

    /// Is the file still the one of the number? The last one of a name takes it along.
    fn is_there(&self) -> Result<bool> {
        let here = Stat::from_fd(&*self.held).map_err(|e| self.fail(e))?;
        Ok(self.root.lstat(&self.path).is_ok_and(|there| there.same_file(&here)))
    }

    fn name_on_file(&self) -> Result<Vec<u8>> {
        name_in(&self.held).map_err(|e| self.fail(e))
    }

    /// Writes the name where there is none, and lets others of the name in. Is it its name's?
    fn settle(&self, is_free: &dyn Fn() -> bool) -> Result<bool> {
        // Who shares the lock finds the name of who came first.
        if self.name_on_file()?.is_empty() && self.alone() && self.name_on_file()?.is_empty() && is_free() {
            (&*self.held).write_all(&self.name).map_err(|e| self.fail(e))?;
        }
        self.held.relock(FlockArg::LockShared).map_err(|e| self.fail(e.into()))?;
        // The kernel gives up the one lock before it gives the other.
        Ok(self.is_there()? && self.name_on_file()? == self.name)
    }

    /// Does nobody else hold the number? Then nobody else can take it before this is dropped; else this no longer
    /// holds it, but those others do.
    #[must_use]
    pub fn alone(&self) -> bool {
        self.held.relock(FlockArg::LockExclusiveNonblock).is_ok()
    }
}

impl Drop for NameLock {
    fn drop(&mut self) {
        // The last one of the name takes the file along.
        let is_its = || self.name_on_file().is_ok_and(|name| name.is_empty() || name == self.name);
        if self.alone()
            && is_its()
            && self.is_there().unwrap_or(false)
            && let Err(e) = self.root.remove_file_if_there(&self.path)
        {
            log::warn!("{e}");
        }
    }
}

fn name_in(mut file: &File) -> std::io::Result<Vec<u8>> {
    let mut name = Vec::new();
    file.rewind()?;
    file.take(NAME_MAX).read_to_end(&mut name)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;

    #[test]
    fn a_number_is_of_one_name_and_free_again_after_its_last() {
        let scratch = Scratch::new();
        let (root, path) = (scratch.root(), Path::new("/61184"));
        let take = |name: &str, is_free: bool| NameLock::take(&root, path, name, &|| is_free).unwrap();
        assert!(take("web", false).is_none());
        assert!(!root.exists(path), "nobody has it");
        let first = take("web", true).unwrap();
        assert!(take("other", true).is_none());
        // Whatever is its by now is its own.
        let second = take("web", false).unwrap();
        drop(first);
        assert!(take("other", true).is_none());
        let third = take("web", false).unwrap();
        assert!(!third.alone());
        drop(third);
        assert!(second.alone());
        drop(second);
        assert!(!root.exists(path));
        // One that nobody holds any more, as a killed supervisor leaves it, with files that are its.
        root.write_atomic(path, b"web", 0o600, crate::os::root::Sync::No).unwrap();
        assert!(take("other", true).is_none() && root.exists(path));
        drop(take("web", false).unwrap());
        assert!(take("other", true).is_some());
    }

    #[test]
    fn those_who_come_at_once_agree() {
        let scratch = Scratch::new();
        let (root, path) = (&scratch.root(), Path::new("/61185"));
        let holders = std::sync::atomic::AtomicI32::new(0);
        std::thread::scope(|scope| {
            for (name, sign) in [("a", 1), ("a", 1), ("b", -1), ("b", -1)] {
                let holders = &holders;
                scope.spawn(move || {
                    for _ in 0..200 {
                        let Some(held) = NameLock::take(root, path, name, &|| true).unwrap() else {
                            continue;
                        };
                        let before = holders.fetch_add(sign, std::sync::atomic::Ordering::SeqCst);
                        assert!(before * sign >= 0, "two names have it");
                        holders.fetch_sub(sign, std::sync::atomic::Ordering::SeqCst);
                        drop(held);
                    }
                });
            }
        });
        assert!(!root.exists(path));
    }
}
