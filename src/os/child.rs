//! Other programs of the host, and this program anew: plain children by the standard library, which is at
//! home among threads. What the processes of services are started with is `crate::exec`.
#![allow(unsafe_code)]

use super::error::{Error, Result};
use super::features::Features;
use super::proc::{Proc, ProcessId};
use super::root::{OFlag, Root, Stat};
use super::wait::{self, Exit};
use super::{poll, signal, sys};
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio as Std};
use std::sync::Arc;
use std::time::Duration;

/// A child to be. The default runs nothing useful: set `program` and `argv`.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// What execve(2) gets: an outer path.
    pub program: PathBuf,
    /// The words, `argv[0]` included.
    pub argv: Vec<OsString>,
    /// The whole environment; nothing else is passed.
    pub env: Vec<(OsString, OsString)>,
    /// An outer path; `None`: this process's own.
    pub cwd: Option<PathBuf>,
    /// Standard input, output and error.
    pub stdio: [Stdio; 3],
    /// Become descriptors 3, 4, … of the process; it has no others.
    pub fds: Vec<Arc<OwnedFd>>,
    /// `None`: as in this process.
    pub umask: Option<u32>,
    /// setsid(2): no terminal, a process group of its own.
    pub new_session: bool,
}

/// One of the three standard descriptors.
#[derive(Clone, Debug, Default)]
pub enum Stdio {
    /// /dev/null.
    #[default]
    Null,
    /// This process's own.
    Inherit,
    /// An open file.
    Fd(Arc<OwnedFd>),
}

impl Spec {
    /// This program anew as a process that outlives its caller: a session of its own, cwd `/`, no
    /// terminal, an empty environment, standard descriptors from /dev/null, `fds` from 3 on (a plan,
    /// a pipe to say that it is ready).
    pub fn detached(program: PathBuf, argv: Vec<OsString>, fds: Vec<Arc<OwnedFd>>) -> Spec {
        let cwd = Some(PathBuf::from("/"));
        Spec { program, argv, fds, cwd, new_session: true, umask: Some(0o022), ..Spec::default() }
    }
}

/// A child: its number is its own until it is reaped.
#[derive(Debug)]
pub struct Spawned {
    /// Its number.
    pub pid: ProcessId,
}

impl Spawned {
    /// A descriptor that becomes readable when the process has ended, where the kernel has that.
    pub fn pidfd(&self, features: &Features) -> Option<OwnedFd> {
        if features.pidfd { sys::pidfd_open(self.pid.get()).ok() } else { None }
    }
}

/// Starts it; returns when its program is executed. Signals have their default actions in it and none is
/// blocked.
///
/// # Errors
/// It could not be executed; there is no process then.
#[allow(clippy::disallowed_methods)]
pub fn spawn(spec: &Spec) -> Result<Spawned> {
    let fail = |e: std::io::Error| Error::new("start", spec.program.as_path(), e);
    let mut command = Command::new(&spec.program);
    if let Some((name, words)) = spec.argv.split_first() {
        command.arg0(name).args(words);
    }
    command.env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    let [stdin, stdout, stderr] = &spec.stdio;
    command.stdin(standard(stdin).map_err(fail)?);
    command.stdout(standard(stdout).map_err(fail)?);
    command.stderr(standard(stderr).map_err(fail)?);
    if let Some(folder) = &spec.cwd {
        command.current_dir(folder);
    }
    let passed = PassedFds::new(&spec.fds).map_err(fail)?;
    let (targets, strays, umask, session) =
        (passed.targets(), open_descriptors(), spec.umask, spec.new_session);
    let prepare = move || {
        signal::default_actions();
        signal::unblock_all()?;
        if session {
            sys::setsid()?;
        }
        if let Some(umask) = umask {
            sys::umask(umask);
        }
        strays.iter().for_each(|fd| sys::mark_close_on_exec(*fd));
        targets.iter().try_for_each(|(from, to)| sys::dup_onto(*from, *to))?;
        Ok(())
    };
    // SAFETY: between fork and exec it makes system calls on memory that was made before, and no others.
    unsafe { command.pre_exec(prepare) };
    let child = signal::blocked(|| command.spawn()).map_err(|e| fail(e.into()))?.map_err(fail)?;
    drop(passed);
    let pid = i32::try_from(child.id()).ok().and_then(ProcessId::new);
    Ok(Spawned {
        pid: pid.ok_or_else(|| Error::new("start", spec.program.as_path(), nix::errno::Errno::ECHILD))?,
    })
}

fn standard(stdio: &Stdio) -> std::io::Result<Std> {
    Ok(match stdio {
        Stdio::Null => Std::null(),
        Stdio::Inherit => Std::inherit(),
        Stdio::Fd(fd) => Std::from(fd.try_clone()?),
    })
}

/// Descriptors on their way to 3, 4, …: copies above those numbers, and the numbers themselves taken, so
/// that nothing which the standard library opens for the child has one of them.
struct PassedFds {
    lifted: Vec<OwnedFd>,
    _taken: Vec<OwnedFd>,
}

/// The first number that is passed.
const FIRST: RawFd = 3;

impl PassedFds {
    fn new(fds: &[Arc<OwnedFd>]) -> std::io::Result<PassedFds> {
        let behind = FIRST.saturating_add(RawFd::try_from(fds.len()).unwrap_or(RawFd::MAX));
        let lift = |fd: &Arc<OwnedFd>| Ok(sys::dup_above(std::os::fd::AsFd::as_fd(fd), behind)?);
        let lifted: Vec<OwnedFd> = fds.iter().map(lift).collect::<std::io::Result<_>>()?;
        let mut taken = Vec::new();
        while let Some(first) = lifted.first() {
            let copy = sys::dup_above(std::os::fd::AsFd::as_fd(first), FIRST)?;
            if copy.as_raw_fd() >= behind {
                break;
            }
            taken.push(copy);
        }
        Ok(PassedFds { lifted, _taken: taken })
    }

    fn targets(&self) -> Vec<(RawFd, RawFd)> {
        self.lifted.iter().map(AsRawFd::as_raw_fd).zip(FIRST..).collect()
    }
}

/// What is open now: descriptors of ours are close-on-exec from birth, those that we inherited need not
/// be. Without /proc: what could be, within reason.
fn open_descriptors() -> Vec<RawFd> {
    let listed = Root::host().and_then(|host| Proc::new(host).fds(ProcessId::own()));
    listed.unwrap_or_else(|_| (FIRST..4096).collect()).into_iter().filter(|fd| *fd >= FIRST).collect()
}

/// Takes over a descriptor that this program was started with ([`Spec::fds`]: 3, 4, …). Before this
/// process opens anything itself, since a number that was not passed would then be something else.
pub fn inherited(number: i32) -> Result<OwnedFd> {
    sys::take_inherited(number).map_err(|e| Error::new("take over", format!("descriptor {number}"), e))
}

/// Runs a program of the host and returns its exit code; 1 where a signal ended it.
///
/// # Errors
/// It cannot be started.
pub fn to_end(spec: &Spec, features: &Features) -> Result<u8> {
    let child = spawn(spec)?;
    let pidfd = child.pidfd(features);
    loop {
        if let Some(reaped) = wait::reap(child.pid)? {
            return Ok(match reaped.exit {
                Exit::Exited(code) => u8::try_from(code).unwrap_or(1),
                Exit::Killed(_) | Exit::Dumped(_) => 1,
            });
        }
        // Through the pidfd where there is one, else a look now and then.
        let fds: Vec<_> = pidfd.iter().map(|fd| (fd.as_fd(), poll::Interest::Read)).collect();
        let nap = if fds.is_empty() { Some(Duration::from_millis(10)) } else { None };
        poll::wait(&fds, nap)?;
    }
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

/// A file without a name that holds `bytes`, positioned at its start: to hand them to a process. In
/// memory where the kernel can, else made in `folder` and unlinked at once.
pub fn plan_file(bytes: &[u8], features: &Features, root: &Root, folder: &Path) -> Result<OwnedFd> {
    use std::io::{Seek, Write};
    let memory = if features.memfd { sys::memfd_create(c"amr-plan").ok() } else { None };
    let mut file = if let Some(memory) = memory {
        File::from(memory)
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

#[cfg(test)]
mod tests;
