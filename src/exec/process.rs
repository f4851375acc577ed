//! What a process is to be, everything looked up that needs the host.

use super::descriptors::Passed;
use super::view::Entry;
use crate::os::cgroup::GroupEntry;
use crate::os::error::Errno;
use crate::os::fork::Birth;
use crate::os::ids::Credentials;
use crate::os::limits::Limit;
use crate::os::process::{self, Image};
use crate::os::spaces::Seen;
use crate::unit::exec::ExecContext;
use crate::unit::exec::process::Profile;
use std::cell::{Cell, OnceCell};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

/// The steps take from it what they need; see [`super::steps`].
#[derive(Debug)]
pub struct Process {
    /// The unit's description, less what this line of it or this user keeps away.
    pub context: ExecContext,
    /// The program as the unit names it.
    pub name: String,
    /// What execve(2) gets where there are no candidates: an outer path.
    pub program: PathBuf,
    /// Where it is looked for in the child, the first that can be executed; none: it is known.
    pub candidates: Vec<PathBuf>,
    /// The words, `argv[0]` included.
    pub argv: Vec<OsString>,
    /// The whole environment, but for the variables below.
    pub env: Vec<(OsString, OsString)>,
    /// Variables that hold the process's own number, which only the process itself knows.
    pub pid_variables: Vec<&'static str>,
    /// Input, output and error; `None`: those of the supervisor.
    pub stdio: [Option<Arc<OwnedFd>>; 3],
    /// Descriptors besides these.
    pub passed: Passed,
    /// How it takes the terminal that is its input; `None` where that is something else.
    pub terminal: Option<TerminalClaim>,
    /// Who gets that terminal, by `User=`.
    pub terminal_owner: Option<u32>,
    /// The control group that tells it from others.
    pub group: Option<GroupEntry>,
    /// Who made it, and whether in that group. Known in the child alone.
    pub birth: Cell<Option<Birth>>,
    /// The files of the groups of controllers that take whoever writes 0 to them.
    pub controllers: Vec<OwnedFd>,
    /// Where the unit says nothing; `None`: that of the supervisor. So with the limits.
    pub oom_score: Option<i32>,
    /// Limits where the unit says nothing.
    pub limits: Vec<Limit>,
    /// What it sees of the file system; `None`: what the host sees.
    pub view: Option<Vec<Entry>>,
    /// The folder that it sees as its root; `None`: the host's.
    pub root: Option<PathBuf>,
    /// The namespaces that it shares with the others of its run.
    pub network: Option<Arc<OwnedFd>>,
    /// The IPC namespace that it shares with the others of its run; `None`: the supervisor's own.
    pub ipc: Option<Arc<OwnedFd>>,
    /// Whom it sees, where it has users of its own.
    pub users: Option<Seen>,
    /// What AppArmor is to hold it to.
    pub apparmor: Option<Profile>,
    /// A folder of amr's own, for what nobody reads or enters.
    pub own_folder: PathBuf,
    /// `None`: those of the supervisor.
    pub credentials: Option<Credentials>,
    /// An outer path; `None`: that of the supervisor.
    pub working_directory: Option<PathBuf>,
    /// Who enters it, where that is not whom the process runs as.
    pub enters_as: Option<Credentials>,
    /// May descriptors be marked by a range of numbers?
    pub close_range: bool,
    /// Can a /proc have options of its own?
    pub proc_options: bool,
    /// May system calls be filtered?
    pub seccomp: bool,
    /// What execve(2) gets, once it is made ready.
    pub image: OnceCell<Result<Image, Errno>>,
}

impl Process {
    /// Has all that exec needs at hand, so that the filters of system calls are in nobody's way. In the child,
    /// whose number is part of it.
    pub fn ready(&self) -> &Result<Image, Errno> {
        self.image.get_or_init(|| {
            let own = std::process::id().to_string();
            let variables = self.pid_variables.iter().map(|name| (name.into(), own.clone().into()));
            let env: Vec<_> = self.env.iter().cloned().chain(variables).collect();
            // Never the bare name: that would be a file of the working directory, where others may have put one.
            let program = match self.candidates.as_slice() {
                [] => &self.program,
                all => all.iter().find(|path| process::is_executable(path)).ok_or(Errno::ENOENT)?,
            };
            Image::new(program, &self.argv, &env)
        })
    }
}

/// What to do where the terminal is another session's controlling one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalClaim {
    /// Wait until it is not.
    Wait,
    /// Take it away.
    Force,
    /// Fail (`StandardInput=tty-fail`).
    Fail,
}

/// A folder that is seen in the place of another; both are outer paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// What is seen.
    pub source: PathBuf,
    /// The folder in whose place it is seen.
    pub target: PathBuf,
}
