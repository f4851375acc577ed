//! A lock between processes: a file that only its owner can open, locked with flock(2).
//!
//! Whoever could open the file could hold up others, so it is made with mode 0600, and it is gone
//! when the lock is. A file that somebody removed or replaced meanwhile is no lock: after locking,
//! the name must still lead to the file that was opened.

use super::error::{Error, Result};
use super::root::{Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    root: Root,
    path: PathBuf,
    _held: Flock<File>,
}

impl Lock {
    /// Waits until nobody else holds the lock at `inner`, and takes it.
    ///
    /// # Errors
    /// Where the file cannot be made or locked.
    pub fn wait(root: &Root, inner: &Path) -> Result<Lock> {
        loop {
            let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW;
            let file = root.open_with(inner, flags, 0o600)?;
            let fail = |e: Errno| Error::new("lock", root.outer(inner), e);
            let held = loop_on_eintr(file).map_err(fail)?;
            let opened = Stat::of(&*held).map_err(|e| Error::new("lock", root.outer(inner), e))?;
            match root.lstat(inner) {
                Ok(named) if named.same_file(&opened) => {
                    return Ok(Lock { root: root.clone(), path: inner.to_owned(), _held: held });
                }
                Ok(_) => {}
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e),
            }
        }
    }
}

fn loop_on_eintr(mut file: File) -> std::result::Result<Flock<File>, Errno> {
    loop {
        match Flock::lock(file, FlockArg::LockExclusive) {
            Err((again, Errno::EINTR)) => file = again,
            outcome => return outcome.map_err(|(_, e)| e),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still held here, so that nobody else's file goes. A file left behind does no harm.
        let _ = self.root.remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_at_a_time_and_gone_afterwards() {
        let scratch = Scratch::new();
        let inside = AtomicU32::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..50 {
                        let lock = Lock::wait(&scratch.root(), Path::new("/x.lock")).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                        drop(lock);
                    }
                });
            }
        });
        assert!(!scratch.root().exists(Path::new("/x.lock")));
    }

    #[test]
    fn a_link_is_refused() {
        let scratch = Scratch::new();
        scratch.root().symlink_atomic(Path::new("/secret"), Path::new("/x.lock")).unwrap();
        assert!(Lock::wait(&scratch.root(), Path::new("/x.lock")).is_err());
    }
}
