//! What this process may not open: it asks the one that may ([`Opener`]), where it has one.

use super::{Error, Last, OFlag, Result, Root, RootView, Stat};
use crate::os::opener::{Opener, RootedPath, Text};
use nix::errno::Errno;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path that this process was refused, and whom to ask.
pub(super) struct RefusedPath<'r> {
    opener: &'r Opener,
    place: RootedPath,
    inner: &'r Path,
}

impl RefusedPath<'_> {
    pub(super) fn open(self, flags: OFlag) -> nix::Result<OwnedFd> {
        self.opener.open(self.place, flags.bits())
    }

    pub(super) fn stat(self, last: Last) -> nix::Result<Stat> {
        self.opener.stat(self.place, last == Last::Follow)
    }

    pub(super) fn link(self) -> nix::Result<PathBuf> {
        if self.place.elsewhere.is_some() {
            return Err(Errno::EACCES);
        }
        self.opener.links(&[self.inner])?.pop().unwrap_or(Err(Errno::EPROTO))
    }
}

impl Root {
    /// The same root, for a process that has given up its rights and asks for what it may not open.
    #[must_use]
    pub fn with_opener(&self, opener: Opener) -> Root {
        self.seen_by(Arc::new(opener), RootView::Same)
    }

    fn seen_by(&self, opener: Arc<Opener>, seen: RootView) -> Root {
        let inner = &self.inner;
        // A descriptor that cannot be copied leaves the root without: what it refuses is then unknown.
        let fd = inner.fd.as_ref().map(OwnedFd::try_clone).transpose();
        match fd {
            Ok(fd) => Root {
                inner: Arc::new(super::Inner {
                    fd,
                    prefix: inner.prefix.clone(),
                    top: inner.top,
                    opener: Some((opener, seen)),
                }),
            },
            Err(_) => self.clone(),
        }
    }

    /// Where the paths of a process lead that lives in another mount namespace or below another root.
    ///
    /// # Errors
    /// It cannot be looked into.
    pub fn of_process(&self, folder: &Path) -> Result<Root> {
        let Some((opener, _)) = &self.inner.opener else { return Root::elsewhere(folder) };
        let fd = self.open_dir(folder)?;
        let top = Stat::from_fd(&fd).map_err(|error| Error::new("examine", folder, error))?;
        let opener = Some((Arc::clone(opener), RootView::ByPrefix));
        let inner = super::Inner { fd: Some(fd), prefix: folder.to_owned(), top: Some(top), opener };
        Ok(Root { inner: Arc::new(inner) })
    }

    /// Whom to ask.
    #[must_use]
    pub fn opener(&self) -> Option<&Opener> {
        self.inner.opener.as_ref().map(|(opener, _)| &**opener)
    }

    /// What many links say, as [`Root::read_link`].
    pub fn read_links(&self, inner: &[PathBuf]) -> Vec<Result<PathBuf>> {
        let paths: Vec<&Path> = inner.iter().map(PathBuf::as_path).collect();
        let links = self.opener().and_then(|opener| opener.links(&paths).ok());
        match links.filter(|links| links.len() == inner.len()) {
            Some(links) => {
                let said = links.into_iter().zip(inner);
                said.map(|(link, path)| link.map_err(|e| self.error("read link", path, e))).collect()
            }
            None => inner.iter().map(|path| self.read_link(path)).collect(),
        }
    }

    /// What was found out, or what the process says that may do more.
    pub(super) fn or_refused<T>(
        &self,
        own: Result<T>,
        inner: &Path,
        ask: impl FnOnce(RefusedPath<'_>) -> nix::Result<T>,
    ) -> Result<T> {
        let (Err(error), Some((opener, seen))) = (&own, &self.inner.opener) else { return own };
        let is_refused = match error.errno() {
            Some(libc::EACCES | libc::EPERM) => true,
            // Where processes of others are hidden (`hidepid=`) they are not found.
            Some(libc::ENOENT) => self.is_host() && is_of_process(inner),
            Some(_) | None => false,
        };
        if !is_refused {
            return own;
        }
        let elsewhere = (*seen == RootView::ByPrefix).then(|| Text::from(self.prefix()));
        let asked = RefusedPath { opener, place: RootedPath { elsewhere, path: Text::from(inner) }, inner };
        // What it was refused stays the reason where the other process does not answer.
        match ask(asked) {
            Err(Errno::ETIMEDOUT) => own,
            other => other.map_err(|e| Error::new(error.verb(), self.outer(inner), e)),
        }
    }
}

fn is_of_process(path: &Path) -> bool {
    let name = path.strip_prefix("/proc").ok().and_then(|path| path.iter().next());
    name.is_some_and(|name| name.as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
}
