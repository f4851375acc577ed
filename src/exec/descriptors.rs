//! Descriptors that are passed to the main process besides its standard ones, from 3 on: those that it has handed
//! over to be kept, the latest first, then what `OpenFile=` opens (systemd's `service_collect_fds`, sd_listen_fds(3)).

use super::environment::Variables;
use super::resolve::{Refused, Request};
use super::stage::Stage;
use crate::os::error::Errno;
use crate::os::ids::Credentials;
use crate::os::rights;
use crate::os::root::Passed as How;
use crate::os::socket::{Keeper, fetch};
use crate::unit::exec::descriptors::{Access, OpenFile};
use std::cell::RefCell;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

/// What the unit and its last run have for a process.
#[derive(Clone, Copy, Default)]
pub struct Passing<'a> {
    /// `OpenFile=`.
    pub files: &'a [OpenFile],
    /// Who keeps descriptors, and their names, the eldest first.
    pub kept: Option<(&'a Keeper, &'a [String])>,
    /// The supervisor's own that must not live on in a process whose end may hang: its lock, its sockets.
    pub own: &'a [BorrowedFd<'a>],
}

/// What a process is to have.
#[derive(Debug, Default)]
pub struct Passed {
    /// The way to those that are kept, and how many they are.
    kept: Option<(OwnedFd, usize)>,
    /// Until the process has them at their numbers.
    files: RefCell<Vec<OwnedFd>>,
    names: Vec<String>,
    own: Vec<RawFd>,
}

impl Passed {
    /// Opens what is to be opened.
    ///
    /// # Errors
    /// It cannot be opened, and the unit does not say `graceful`.
    pub(super) fn open(request: &Request<'_>, user: &Credentials) -> Result<Passed, Refused> {
        let passing = request.passing;
        let mut passed = Passed::default();
        if let Some((keeper, names)) = passing.kept.filter(|(_, names)| !names.is_empty()) {
            let channel = keeper.channel().map_err(|e| Refused::At(Stage::Fds, e.to_string()))?;
            passed.kept = Some((channel, names.len()));
            passed.names.extend(names.iter().rev().cloned());
            passed.own.extend(passing.own.iter().map(AsRawFd::as_raw_fd));
        }
        for file in passing.files {
            let how = match file.access {
                Access::Both => How::Both,
                Access::ReadOnly => How::ReadOnly,
                Access::Append => How::Append,
                Access::Truncate => How::Truncate,
            };
            match request.root.safe_passed(Path::new(&file.path), how, user) {
                Ok(fd) => {
                    passed.files.borrow_mut().push(fd);
                    passed.names.push(file.name.clone());
                }
                Err(e) if file.graceful => log::debug!("{e}"),
                Err(e) => return Err(Refused::At(Stage::Fds, e.to_string())),
            }
        }
        Ok(passed)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// By which the process knows of them.
    pub(super) fn tell(&self, e: &mut Variables) {
        if self.count() > 0 {
            e.set("LISTEN_FDS", self.count().to_string());
            e.set("LISTEN_FDNAMES", self.names.join(":"));
        }
    }

    /// Puts them where a program expects them. In the child, which gives up first what others would wait for if its
    /// own end hangs in one of them.
    pub(super) fn arrive(&self) -> Result<(), Errno> {
        if self.count() == 0 {
            return Ok(());
        }
        let mut all = Vec::new();
        if let Some((channel, count)) = &self.kept {
            rights::give_up(&self.own);
            all = fetch(channel, &vec![true; *count])?;
            all.reverse();
        }
        all.append(&mut self.files.borrow_mut());
        rights::pass(all)
    }
}
