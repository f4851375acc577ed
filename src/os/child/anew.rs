//! This program executed anew, as a process that outlives its caller: by which path, with which
//! descriptors, and how it takes them over.

use super::spec::{Cwd, Memory, Spec};
use crate::os::error::{Error, Result};
use crate::os::features::Features;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::{Root, Stat};
use crate::os::sys;
use nix::fcntl::OFlag;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Spec {
    /// This program anew as a process that outlives its caller: a session of its own, cwd `/`, no
    /// terminal, an empty environment, standard descriptors from /dev/null, `fds` from 3 on (a plan,
    /// a pipe to say that it is ready).
    pub fn detached(program: PathBuf, argv: Vec<OsString>, fds: Vec<Arc<OwnedFd>>) -> Spec {
        Spec {
            program,
            argv,
            fds,
            cwd: Cwd::Path { path: PathBuf::from("/"), missing_ok: false },
            new_session: true,
            umask: Some(0o022),
            memory: Memory::Borrowed,
            ..Spec::default()
        }
    }
}

/// Takes over a descriptor that this program was started with ([`Spec::fds`]: 3, 4, …). Before this
/// process opens anything itself, since a number that was not passed would then be something else.
pub fn inherited(number: i32) -> Result<OwnedFd> {
    sys::take_inherited(number).map_err(|e| Error::new("take over", format!("descriptor {number}"), e))
}

/// The path by which this program can be started again: the file's own where it is still there,
/// else the kernel's link to it, which also works after an upgrade has replaced the file.
pub fn own_executable(host: &Root) -> Result<PathBuf> {
    let link = Path::new("/proc/self/exe");
    let path = Proc::new(host.clone()).exe(ProcessId::own())?;
    let same = |a: Stat, b: Stat| a.same_file(&b);
    match (host.stat(link), host.stat(&path)) {
        (Ok(running), Ok(named)) if same(running, named) => Ok(path),
        _ => Ok(link.to_owned()),
    }
}

/// A file without a name that holds `bytes`, positioned at its start: to hand a plan to a process.
/// In memory where the kernel can, else made in `folder` and unlinked at once.
pub fn plan_file(bytes: &[u8], features: &Features, root: &Root, folder: &Path) -> Result<OwnedFd> {
    use std::io::{Seek, Write};
    let memory = if features.memfd { sys::memfd_create(c"amr-plan").ok() } else { None };
    let mut file = if let Some(memory) = memory {
        std::fs::File::from(memory)
    } else {
        let path = folder.join(format!(".plan-{}", std::process::id()));
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        // Left by a process that had this number and was killed between the two calls.
        root.remove_file_if_there(&path)?;
        let file = root.open_with(&path, flags, 0o600)?;
        root.remove_file(&path)?;
        file
    };
    let outcome = file.write_all(bytes).and_then(|()| file.rewind());
    outcome.map_err(|e| Error::new("write", "plan", e))?;
    Ok(OwnedFd::from(file))
}
