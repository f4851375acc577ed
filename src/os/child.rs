//! Starting a process: everything is prepared before the fork, and between fork and exec only
//! async-signal-safe calls run (`between.rs`).
//!
//! What fails there comes back through a close-on-exec pipe as a stage and an error number; the
//! pipe's end without such a record means that exec was done. The caller polls the pipe, so that it
//! never blocks. The order of the stages and their exit codes are those of systemd's exec_child.
#![allow(unsafe_code)]

mod between;
mod stage;
#[cfg(test)]
mod tests;

pub use stage::{ExecPipe, ExecState, Failure, Stage};

use super::error::{Error, Result};
use super::features::Features;
use super::proc::{Proc, ProcessId};
use super::root::{Root, Stat};
use super::{signal, sys};
use crate::unit::model::Resource;
use between::Prepared;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything about a process to be. The default runs nothing useful: set `program` and `argv`.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// What execve(2) gets: an outer path.
    pub program: PathBuf,
    /// The words, `argv[0]` included.
    pub argv: Vec<OsString>,
    /// The whole environment; nothing else is passed.
    pub env: Vec<(OsString, OsString)>,
    /// Variables besides that hold the process's own number, which only the process itself knows.
    pub pid_variables: Vec<&'static str>,
    /// Entered as the new user.
    pub cwd: Cwd,
    /// Standard input, output and error.
    pub stdio: [Stdio; 3],
    /// Become descriptors 3, 4, … of the process.
    pub fds: Vec<Arc<OwnedFd>>,
    /// `None`: those of this process.
    pub credentials: Option<Credentials>,
    /// As far as the kernel lets them be raised; what it refuses comes back as a notice.
    pub limits: Vec<Limit>,
    /// `None`: as in this process. So with all that follow.
    pub umask: Option<u32>,
    /// -20 to 19.
    pub nice: Option<i32>,
    /// -1000 to 1000.
    pub oom_score_adjust: Option<i32>,
    /// The scheduler's policy and priority, sched(7).
    pub scheduler: Option<Scheduler>,
    /// The CPUs it may run on; empty for all.
    pub cpu_affinity: Vec<u32>,
    /// A mask of the capabilities to keep in the bounding and the inheritable set.
    pub capability_bounding_set: Option<u64>,
    /// PR_SET_NO_NEW_PRIVS.
    pub no_new_privileges: bool,
    /// SIGPIPE is ignored; all other signals get their default action and none is blocked.
    pub ignore_sigpipe: bool,
    /// setsid(2): no terminal, a process group of its own.
    pub new_session: bool,
    /// The `cgroup.procs` (v1: also `tasks`) file to enter, opened for writing.
    pub cgroup: Option<Arc<OwnedFd>>,
    /// The folder of that group, where it is of the unified hierarchy: the process is born in it if
    /// the kernel can do that.
    pub cgroup_folder: Option<Arc<OwnedFd>>,
    /// Mounted in this order in a mount namespace of the process's own; empty: no such namespace.
    /// Where the kernel or a container allows none, this comes back as a notice, as with systemd.
    pub binds: Vec<Bind>,
    /// Whose memory it has until exec.
    pub memory: Memory,
}

/// Whose memory a process has between fork and exec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// A copy: this process goes on at once, whatever the new one waits for.
    #[default]
    Copied,
    /// This process's own, which waits until exec is done or has failed. Cheaper the more memory there
    /// is; for a process whose way to exec leads past nothing that could hang.
    Borrowed,
}

/// A folder that is seen in the place of another; both are outer paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// What is seen.
    pub source: PathBuf,
    /// Where.
    pub target: PathBuf,
}

/// A working directory.
#[derive(Clone, Debug, Default)]
pub enum Cwd {
    /// This process's own.
    #[default]
    Keep,
    /// An outer path.
    Path {
        /// Absolute.
        path: PathBuf,
        /// Stay in `/` if it cannot be entered because it is not there.
        missing_ok: bool,
    },
    /// An open folder; O_PATH will do.
    Fd(Arc<OwnedFd>),
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

/// Who the process is. Groups are exactly these: more than musl's 32 are possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// setrlimit(2); `u64::MAX` is infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which.
    pub resource: Resource,
    /// What signals and errors go by.
    pub soft: u64,
    /// How far the process may raise it.
    pub hard: u64,
}

/// sched_setscheduler(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduler {
    /// `SCHED_OTHER` 0, `SCHED_FIFO` 1, `SCHED_RR` 2, `SCHED_BATCH` 3, `SCHED_IDLE` 5.
    pub policy: i32,
    /// 1 to 99 for FIFO and RR, else 0.
    pub priority: i32,
}

/// A process that was forked. It is a child: its number is its own until it is reaped.
#[derive(Debug)]
pub struct Spawned {
    /// Its number.
    pub pid: ProcessId,
    /// Tells when exec was done or what failed before.
    pub exec: ExecPipe,
}

/// Forks; returns at once. An error here means that there is no process.
pub fn spawn(spec: &Spec, features: &Features) -> Result<Spawned> {
    let fail = |e: Errno| Error::new("start", spec.program.as_path(), e);
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(fail)?;
    let mut prepared = Prepared::new(spec, features, write_end).map_err(fail)?;
    let mut old_mask = SigSet::empty();
    // No handler of ours may run in the child before they are gone.
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut old_mask)).map_err(fail)?;
    // SAFETY: the child calls only async-signal-safe functions on memory made before the fork, and
    // ends in exec or _exit.
    let forked = unsafe { fork_for(spec, features, &mut prepared) };
    if let Ok(ForkResult::Child) = forked {
        between::run(&mut prepared);
    }
    let unblocked = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&old_mask), None);
    drop(prepared);
    let pid = match forked.map_err(fail)? {
        ForkResult::Parent { child } => ProcessId::new(child.as_raw()).ok_or_else(|| fail(Errno::ECHILD))?,
        // `run` does not return.
        ForkResult::Child => return Err(fail(Errno::ECHILD)),
    };
    unblocked.map_err(fail)?;
    Ok(Spawned { pid, exec: ExecPipe::new(read_end) })
}

impl Spawned {
    /// A descriptor that becomes readable when the process has ended, where the kernel has that.
    pub fn pidfd(&self, features: &Features) -> Option<OwnedFd> {
        if features.pidfd { sys::pidfd_open(self.pid.get()).ok() } else { None }
    }
}

/// Forks, into the group at once where kernel and hierarchy can do that.
///
/// # Safety
/// As `fork`: the child may only make system calls on memory that was prepared before.
unsafe fn fork_for(spec: &Spec, features: &Features, prepared: &mut Prepared) -> nix::Result<ForkResult> {
    if let Some(folder) = spec.cgroup_folder.as_ref().filter(|_| features.clone_into) {
        let procs = prepared.cgroup.take();
        // SAFETY: the caller's promise.
        match unsafe { sys::fork_into_cgroup(folder.as_fd()) } {
            Ok(0) => return Ok(ForkResult::Child),
            Ok(pid) => return Ok(ForkResult::Parent { child: Pid::from_raw(pid) }),
            // An old kernel, a filter, or a group that takes nobody: the usual way works or says why.
            Err(_) => prepared.cgroup = procs,
        }
    }
    match spec.memory {
        // SAFETY: the caller's promise.
        Memory::Copied => unsafe { fork() },
        Memory::Borrowed => borrow(prepared),
    }
}

/// Room for the child's stack: `between` needs some hundred bytes.
const BORROWED_STACK: usize = 64 << 10;

/// As posix_spawn does it: the child works on a stack of its own in this memory, and the kernel keeps
/// this thread waiting until it has executed or ended.
fn borrow(prepared: &mut Prepared) -> nix::Result<ForkResult> {
    extern "C" fn child(prepared: *mut libc::c_void) -> libc::c_int {
        // SAFETY: it is the `Prepared` below, which nobody else looks at meanwhile.
        between::run(unsafe { &mut *prepared.cast::<Prepared>() })
    }
    let mut stack: Vec<std::mem::MaybeUninit<u128>> = Vec::with_capacity(BORROWED_STACK / 16);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack's end, aligned to 16 bytes by its type; it grows down and is freed only after
    // the child has left it. All signals are blocked, so that no handler runs on it.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.capacity());
        libc::clone(child, top.cast(), flags, (&raw mut *prepared).cast())
    };
    Errno::result(pid).map(|pid| ForkResult::Parent { child: Pid::from_raw(pid) })
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

/// The most digits that a pid can have.
const PID_DIGITS: usize = 10;

/// The number that setrlimit(2) knows a limit by.
fn resource_number(resource: Resource) -> u32 {
    // glibc and musl give these constants different types.
    #[allow(clippy::unnecessary_cast)]
    let number = match resource {
        Resource::Cpu => libc::RLIMIT_CPU,
        Resource::Fsize => libc::RLIMIT_FSIZE,
        Resource::Data => libc::RLIMIT_DATA,
        Resource::Stack => libc::RLIMIT_STACK,
        Resource::Core => libc::RLIMIT_CORE,
        Resource::Rss => libc::RLIMIT_RSS,
        Resource::Nofile => libc::RLIMIT_NOFILE,
        Resource::As => libc::RLIMIT_AS,
        Resource::Nproc => libc::RLIMIT_NPROC,
        Resource::Memlock => libc::RLIMIT_MEMLOCK,
        Resource::Locks => libc::RLIMIT_LOCKS,
        Resource::Sigpending => libc::RLIMIT_SIGPENDING,
        Resource::Msgqueue => libc::RLIMIT_MSGQUEUE,
        Resource::Nice => libc::RLIMIT_NICE,
        Resource::Rtprio => libc::RLIMIT_RTPRIO,
        Resource::Rttime => libc::RLIMIT_RTTIME,
    } as u32;
    number
}

impl Prepared {
    fn new(spec: &Spec, features: &Features, exec_pipe: OwnedFd) -> nix::Result<Prepared> {
        // The first number that the process itself does not get.
        let base = i32::try_from(spec.fds.len()).map_err(|_| Errno::EMFILE)?.saturating_add(3);
        let mut lifted = Vec::new();
        let mut targets = Vec::new();
        let mut null = None;
        for (stdio, number) in spec.stdio.iter().zip(0..) {
            match stdio {
                Stdio::Inherit => {}
                Stdio::Null => {
                    let from = match null {
                        Some(from) => from,
                        None => *null.insert(lift_null(base, &mut lifted)?),
                    };
                    targets.push((from, number));
                }
                Stdio::Fd(fd) => targets.push((lift(fd.as_fd(), base, &mut lifted)?, number)),
            }
        }
        for (fd, number) in spec.fds.iter().zip(3..) {
            targets.push((lift(fd.as_fd(), base, &mut lifted)?, number));
        }
        let (cwd, cwd_fd, cwd_missing_ok) = match &spec.cwd {
            Cwd::Keep => (None, None, false),
            Cwd::Path { path, missing_ok } => {
                (Some(c_string(path.as_os_str().as_bytes().to_vec())?), None, *missing_ok)
            }
            Cwd::Fd(fd) => (None, Some(lift(fd.as_fd(), base, &mut lifted)?), false),
        };
        let path = |path: &Path| c_string(path.as_os_str().as_bytes().to_vec());
        let binds = spec.binds.iter().map(|b| Ok((path(&b.source)?, path(&b.target)?)));
        let binds = binds.collect::<nix::Result<_>>()?;
        let cgroup = spec.cgroup.as_ref().map(|fd| lift(fd.as_fd(), base, &mut lifted)).transpose()?;
        let pipe = lift(exec_pipe.as_fd(), base, &mut lifted)?;
        lifted.push(exec_pipe);
        let env =
            spec.env.iter().map(|(name, value)| c_string([name.as_bytes(), b"=", value.as_bytes()].concat()));
        let pid_variables: Vec<Vec<u8>> = spec
            .pid_variables
            .iter()
            .map(|name| [name.as_bytes(), b"=", &[0; PID_DIGITS + 1]].concat())
            .collect();
        Ok(Prepared {
            program: c_string(spec.program.as_os_str().as_bytes().to_vec())?,
            argv: CStringArray::new(spec.argv.iter().map(|w| c_string(w.clone().into_vec())))?,
            env: CStringArray::new(env)?.and(&pid_variables),
            pid_variables,
            targets,
            base,
            pipe,
            cwd,
            cwd_fd,
            cwd_missing_ok,
            cgroup,
            binds,
            close: if features.close_range { None } else { Some(open_descriptors()) },
            limits: spec.limits.iter().map(|l| (resource_number(l.resource), l.soft, l.hard)).collect(),
            oom: spec.oom_score_adjust.map(|n| n.to_string().into_bytes()),
            affinity: affinity_mask(&spec.cpu_affinity)?,
            credentials: spec.credentials.clone(),
            umask: spec.umask,
            nice: spec.nice,
            scheduler: spec.scheduler.map(|s| (s.policy, s.priority)),
            bounding_set: spec.capability_bounding_set,
            no_new_privileges: spec.no_new_privileges,
            ignore_sigpipe: spec.ignore_sigpipe,
            actions: signal::not_default(),
            new_session: spec.new_session,
            _lifted: lifted,
        })
    }
}

/// Strings and the array of pointers to them that execve(2) wants, ended by null.
pub(super) struct CStringArray {
    // The pointers lead into these.
    _strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl CStringArray {
    fn new(strings: impl Iterator<Item = nix::Result<CString>>) -> nix::Result<CStringArray> {
        let strings: Vec<CString> = strings.collect::<nix::Result<_>>()?;
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(CStringArray { _strings: strings, pointers })
    }

    /// Adds strings that their owner keeps, each ended by null.
    fn and(mut self, more: &[Vec<u8>]) -> CStringArray {
        self.pointers.pop();
        self.pointers.extend(more.iter().map(|s| s.as_ptr().cast::<libc::c_char>()));
        self.pointers.push(std::ptr::null());
        self
    }

    fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

fn c_string(bytes: Vec<u8>) -> nix::Result<CString> {
    CString::new(bytes).map_err(|_| Errno::EINVAL)
}

/// The number of a descriptor that is at least `base`: so that filling 0, 1, 2, 3 … in the child
/// cannot overwrite one that is still needed.
fn lift(fd: BorrowedFd<'_>, base: i32, lifted: &mut Vec<OwnedFd>) -> nix::Result<RawFd> {
    if fd.as_raw_fd() >= base {
        return Ok(fd.as_raw_fd());
    }
    let copy = sys::dup_above(fd, base)?;
    let number = copy.as_raw_fd();
    lifted.push(copy);
    Ok(number)
}

fn lift_null(base: i32, lifted: &mut Vec<OwnedFd>) -> nix::Result<RawFd> {
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    let null = nix::fcntl::open("/dev/null", flags, nix::sys::stat::Mode::empty())?;
    let number = lift(null.as_fd(), base, lifted)?;
    lifted.push(null);
    Ok(number)
}

/// What is open now, for kernels without close_range. Without /proc: what could be, within reason.
fn open_descriptors() -> Vec<RawFd> {
    let listed = Root::host().and_then(|host| Proc::new(host).fds(ProcessId::own()));
    listed.unwrap_or_else(|_| (3..4096).collect())
}

fn affinity_mask(cpus: &[u32]) -> nix::Result<Option<[u64; 16]>> {
    if cpus.is_empty() {
        return Ok(None);
    }
    let mut mask = [0_u64; 16];
    for &cpu in cpus {
        let word = usize::try_from(cpu / 64).ok().and_then(|index| mask.get_mut(index));
        *word.ok_or(Errno::EINVAL)? |= 1 << (cpu % 64);
    }
    Ok(Some(mask))
}
