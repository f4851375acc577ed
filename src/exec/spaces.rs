//! `PrivateNetwork=`, `PrivateIPC=`, their `...NamespacePath=`, and the numbers of `DynamicUser=`: what all processes
//! of a run share, from its first command to its last. So an interface that `ExecStartPre=` makes is there for
//! `ExecStart=`.
//!
//! The supervisor holds them; whoever takes over from a lost one finds them at the main process.

use super::dynamic_user::DynamicUser;
use super::stage::Stage;
use crate::os::error::Errno;
use crate::os::proc::ProcessId;
use crate::os::root::Root;
use crate::os::spaces::Space;
use crate::unit::exec::ExecContext;
use std::cell::OnceCell;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// Those of a run, made when its first process is.
#[derive(Debug, Default)]
pub struct Spaces {
    network: OnceCell<Arc<OwnedFd>>,
    ipc: OnceCell<Arc<OwnedFd>>,
    pub(super) user: OnceCell<DynamicUser>,
    /// Of a `Group=` of another name.
    pub(super) group: OnceCell<DynamicUser>,
}

/// Why a process does not get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// systemd goes on without: a kernel that has none, a container that forbids it.
    Without(Errno),
    /// The process fails.
    Failed(Stage, Errno),
}

/// The directives of a kind of namespace: by which it is new, and by which one is named.
const fn directives(space: Space) -> (&'static str, &'static str) {
    match space {
        Space::Network => ("PrivateNetwork", "NetworkNamespacePath"),
        Space::Ipc => ("PrivateIPC", "IPCNamespacePath"),
    }
}

/// The directive of the unit that asks for one.
#[must_use]
pub fn asked(context: &ExecContext, space: Space) -> Option<&'static str> {
    let (own, named) = directives(space);
    match path(context, space) {
        Some(_) => Some(named),
        None => context.is_on(own).then_some(own),
    }
}

fn path(context: &ExecContext, space: Space) -> Option<&Path> {
    let named = match space {
        Space::Network => &context.spaces.network,
        Space::Ipc => &context.spaces.ipc,
    };
    named.as_deref().map(Path::new)
}

/// The one that a file stands for, where others than root lead nowhere else.
fn named(root: &Root, path: &Path) -> Result<OwnedFd, Errno> {
    // A process's own is a link that the kernel alone follows.
    if path.starts_with("/proc") && path.parent().is_some_and(|above| above.ends_with("ns")) {
        return Space::at(path);
    }
    let held = root.safe_hold(path).map_err(|e| e.errno().map_or(Errno::EACCES, Errno::from_raw))?;
    Space::held(&held)
}

impl Spaces {
    /// Those in which a process of the run is already.
    #[must_use]
    pub fn of_process(context: &ExecContext, process: ProcessId) -> Spaces {
        let spaces = Spaces::default();
        for space in [Space::Network, Space::Ipc] {
            if let (Some(_), Ok(found)) = (asked(context, space), space.of_process(process)) {
                let _ = spaces.cell(space).set(Arc::new(found));
            }
        }
        spaces
    }

    fn cell(&self, space: Space) -> &OnceCell<Arc<OwnedFd>> {
        match space {
            Space::Network => &self.network,
            Space::Ipc => &self.ipc,
        }
    }

    /// The one that a unit asks for, which it does.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn get(&self, context: &ExecContext, space: Space, root: &Root) -> Result<Arc<OwnedFd>, Missing> {
        let cell = self.cell(space);
        if let Some(held) = cell.get() {
            return Ok(Arc::clone(held));
        }
        let stage = match space {
            Space::Network => Stage::Network,
            Space::Ipc => Stage::Namespace,
        };
        let found = match path(context, space) {
            Some(_) if !space.is_known() => Err(Missing::Failed(stage, Errno::EOPNOTSUPP)),
            Some(path) => named(root, path).map_err(|errno| Missing::Failed(stage, errno)),
            None if !space.is_known() => Err(Missing::Without(Errno::EOPNOTSUPP)),
            None => space.make().map_err(|errno| {
                if errno == Errno::EPERM { Missing::Without(errno) } else { Missing::Failed(stage, errno) }
            }),
        };
        found.map(|found| Arc::clone(cell.get_or_init(|| Arc::new(found))))
    }
}
