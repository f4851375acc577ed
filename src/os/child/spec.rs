//! What a process is to be: all that systemd sets up before exec and amr does as well, and no more.

use crate::unit::value::limits::Resource;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
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
    /// A session keyring of its own, which belongs to its user. Where the kernel has no keys, or a
    /// container forbids them, there is none.
    pub own_keyring: bool,
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

impl Credentials {
    /// Of this process.
    #[must_use]
    pub fn own() -> Self {
        Self {
            uid: nix::unistd::geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            groups: nix::unistd::getgroups().unwrap_or_default().into_iter().map(|g| g.as_raw()).collect(),
        }
    }
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
