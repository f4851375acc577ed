//! Lock files: one holder at a time, freed by the kernel when the holder ends, however it ends.
//!
//! flock(2) on a file that is never removed, so that two processes cannot hold "the" lock on two
//! files of the same name. The holder writes its pid into it, for people and for `who`.

use super::clock;
use super::error::{Error, Result};
use super::poll;
use super::root::{Root, Stat};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, Flock, FlockArg, OFlag, fcntl};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a taken lock is tried again, a millisecond apart: one who looks at it
/// ([`Lock::is_held`]) has it for some microseconds.
const LOOKERS: u32 = 5;

/// A lock that is held until this is dropped, or until the last process that inherited its
/// descriptor has ended.
#[derive(Debug)]
pub struct Lock {
    held: Flock<File>,
}

impl Lock {
    /// Takes it, or says that somebody else has it (`None`). Outlasts those who only look.
    pub fn try_take(root: &Root, path: &Path) -> Result<Option<Lock>> {
        for _ in 0..LOOKERS {
            if let Some(lock) = Lock::take(root, path, FlockArg::LockExclusiveNonblock)? {
                return Ok(Some(lock));
            }
            poll::wait(&[], Some(Duration::from_millis(1)))?;
        }
        Ok(None)
    }

    /// One that was inherited, taken before through the same descriptor.
    pub fn inherited(fd: OwnedFd) -> Result<Option<Lock>> {
        match Flock::lock(File::from(fd), FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Some(Lock { held })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, e)) => Err(Error::new("lock", "inherited descriptor", e)),
        }
    }

    /// Takes it, waiting for as long as it takes.
    pub fn wait(root: &Root, path: &Path) -> Result<Lock> {
        loop {
            if let Some(lock) = Lock::take(root, path, FlockArg::LockExclusive)? {
                return Ok(lock);
            }
        }
    }

    /// Is it held now? Looks by way of a shared lock that is let go at once.
    pub fn is_held(root: &Root, path: &Path) -> Result<bool> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = match root.open_with(path, flags, 0) {
            Err(e) if e.is_not_found() => return Ok(false),
            opened => opened?,
        };
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(_) => Ok(false),
            Err((_, Errno::EWOULDBLOCK)) => Ok(true),
            Err((_, e)) => Err(Error::new("lock", root.outer(path), e)),
        }
    }

    /// The pid that the last holder wrote. By number alone: not to be signalled.
    pub fn who(root: &Root, path: &Path) -> Option<i32> {
        let bytes = root.read(path, 64).ok()?;
        String::from_utf8_lossy(&bytes).trim().parse().ok()
    }

    fn take(root: &Root, path: &Path, how: FlockArg) -> Result<Option<Lock>> {
        let fail = |e: std::io::Error| Error::new("lock", root.outer(path), e);
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        // Whoever can open it can hold it: nobody but the owner.
        let file = root.open_with(path, flags, 0o600)?;
        match Flock::lock(file, how) {
            Ok(mut held) => {
                let pid = format!("{}\n", std::process::id());
                // Never cut to nothing first: ext4 then writes the file out when it is closed.
                held.write_all(pid.as_bytes()).map_err(fail)?;
                held.set_len(pid.len() as u64).map_err(fail)?;
                Ok(Some(Lock { held }))
            }
            Err((_, Errno::EWOULDBLOCK | Errno::EINTR)) => Ok(None),
            Err((_, e)) => Err(fail(e.into())),
        }
    }
}

impl std::os::fd::AsFd for Lock {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.held.as_fd()
    }
}

/// A lock whose file is gone when the lock is, for folders that are other people's. A file that somebody
/// removed or replaced meanwhile is no lock: after locking, the name must still lead to the file opened.
#[derive(Debug)]
pub struct TransientLock {
    root: Root,
    path: PathBuf,
    _held: Flock<File>,
}

impl TransientLock {
    /// Waits until nobody else holds the lock at `inner`, and takes it.
    ///
    /// # Errors
    /// Where the file cannot be made or locked.
    pub fn wait(root: &Root, inner: &Path) -> Result<TransientLock> {
        loop {
            let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW;
            let file = root.open_with(inner, flags, 0o600)?;
            let fail = |e: Errno| Error::new("lock", root.outer(inner), e);
            let held = loop_on_eintr(file).map_err(fail)?;
            let opened = Stat::from_fd(&*held).map_err(|e| Error::new("lock", root.outer(inner), e))?;
            match root.lstat(inner) {
                Ok(named) if named.same_file(&opened) => {
                    return Ok(TransientLock { root: root.clone(), path: inner.to_owned(), _held: held });
                }
                Ok(_) => {}
                Err(e) if e.is_not_found() => {}
                Err(e) => return Err(e),
            }
        }
    }
}

/// The lock that everybody takes who changes passwd(5) and its kin, lckpwdf(3): a record lock.
#[derive(Debug)]
pub struct PasswdLock {
    /// Closing any descriptor of this file in this process lets it go.
    _held: File,
}

impl PasswdLock {
    /// As long as lckpwdf(3) waits.
    const PATIENCE: Duration = Duration::from_secs(15);

    /// Waits until nobody else has it, for 15 seconds at most.
    ///
    /// # Errors
    /// The file cannot be made, or somebody still has it.
    pub fn take(root: &Root) -> Result<PasswdLock> {
        let path = Path::new("/etc/.pwd.lock");
        let file = root.safe_own_file(path, OFlag::O_WRONLY, 0o600)?;
        let whole = libc::flock {
            l_type: libc::c_short::try_from(libc::F_WRLCK).unwrap_or(1),
            l_whence: libc::c_short::try_from(libc::SEEK_SET).unwrap_or(0),
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        let until = clock::now().saturating_add(Self::PATIENCE);
        loop {
            match fcntl(&file, FcntlArg::F_SETLK(&whole)) {
                Ok(_) => return Ok(PasswdLock { _held: file }),
                Err(Errno::EAGAIN | Errno::EACCES | Errno::EINTR) if clock::now() < until => {
                    poll::wait(&[], Some(Duration::from_millis(50)))?;
                }
                Err(Errno::EAGAIN | Errno::EACCES) => {
                    let cause = "another program that changes users has it; hint: wait until passwd, useradd or vipw has ended";
                    let kind = std::io::ErrorKind::WouldBlock;
                    return Err(Error::other("lock", root.outer(path), kind, cause));
                }
                Err(e) => return Err(Error::new("lock", root.outer(path), e)),
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

impl Drop for TransientLock {
    fn drop(&mut self) {
        // Still held here, so that nobody else's file goes. A file left behind does no harm.
        let _ = self.root.remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::root::tests::Scratch;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_holder_at_a_time() {
        let scratch = Scratch::new();
        let root = scratch.root();
        let path = Path::new("/lock");
        assert!(!Lock::is_held(&root, path).unwrap());
        let lock = Lock::try_take(&root, path).unwrap().unwrap();
        assert!(Lock::is_held(&root, path).unwrap());
        assert!(Lock::try_take(&root, path).unwrap().is_none());
        assert_eq!(Lock::who(&root, path), Some(std::process::id().cast_signed()));
        let handed_on = lock.as_fd().try_clone_to_owned().unwrap();
        drop(lock);
        let lock = Lock::inherited(handed_on).unwrap().unwrap();
        assert!(Lock::is_held(&root, path).unwrap(), "it goes with the descriptor");
        drop(lock);
        assert!(!Lock::is_held(&root, path).unwrap());
        drop(Lock::wait(&root, path).unwrap());
        root.symlink_atomic(Path::new("/elsewhere"), path).unwrap();
        assert!(Lock::try_take(&root, path).is_err(), "a link is not followed");
    }

    #[test]
    fn one_at_a_time_and_gone_afterwards() {
        let scratch = Scratch::new();
        let inside = AtomicU32::new(0);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..50 {
                        let lock = TransientLock::wait(&scratch.root(), Path::new("/x.lock")).unwrap();
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
        assert!(TransientLock::wait(&scratch.root(), Path::new("/x.lock")).is_err());
    }
}
