//! Everything that a process needs until exec, in the form that the kernel takes: made before the
//! fork, since the child cannot allocate.

use super::spec::{Credentials, Cwd, Spec, Stdio};
use crate::os::features::Features;
use crate::os::proc::{Proc, ProcessId};
use crate::os::root::Root;
use crate::os::{limits, signal, sys};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The most digits that a pid can have.
pub(super) const PID_DIGITS: usize = 10;

/// A [`Spec`] in the form that the kernel takes, made before the fork.
pub(super) struct Prepared {
    pub program: CString,
    pub argv: CStringArray,
    pub env: CStringArray,
    /// Room for `NAME=PID`, filled with zeroes behind the `=`; `env` leads here, too.
    pub pid_variables: Vec<Vec<u8>>,
    /// Descriptors to copy: from, to. All `from` are `base` or more.
    pub targets: Vec<(RawFd, RawFd)>,
    pub base: RawFd,
    pub pipe: RawFd,
    pub cwd: Option<CString>,
    pub cwd_fd: Option<RawFd>,
    pub cwd_missing_ok: bool,
    pub cgroup: Option<RawFd>,
    /// Source and target of each.
    pub binds: Vec<(CString, CString)>,
    /// What to close, where the kernel cannot close a range.
    pub close: Option<Vec<RawFd>>,
    pub limits: Vec<(u32, u64, u64)>,
    pub oom: Option<Vec<u8>>,
    pub affinity: Option<[u64; 16]>,
    pub credentials: Option<Credentials>,
    pub umask: Option<u32>,
    pub nice: Option<i32>,
    pub scheduler: Option<(i32, i32)>,
    pub bounding_set: Option<u64>,
    pub no_new_privileges: bool,
    pub ignore_sigpipe: bool,
    /// The signals whose action is not the default one: bit 0 is signal 1.
    pub actions: u64,
    pub new_session: bool,
    pub own_keyring: bool,
    /// Keeps the copies open until after the fork.
    pub _lifted: Vec<OwnedFd>,
}

impl Prepared {
    /// Prepares; `exec_pipe` is where the process says what failed before exec.
    pub(super) fn new(spec: &Spec, features: &Features, exec_pipe: OwnedFd) -> nix::Result<Prepared> {
        let mut lifted = Lifted::above(spec.fds.len())?;
        let targets = targets(spec, &mut lifted)?;
        let (cwd, cwd_fd, cwd_missing_ok) = match &spec.cwd {
            Cwd::Keep => (None, None, false),
            Cwd::Path { path, missing_ok } => (Some(c_path(path)?), None, *missing_ok),
            Cwd::Fd(fd) => (None, Some(lifted.number(fd.as_fd())?), false),
        };
        let binds = spec.binds.iter().map(|b| Ok((c_path(&b.source)?, c_path(&b.target)?)));
        let cgroup = spec.cgroup.as_ref().map(|fd| lifted.number(fd.as_fd())).transpose()?;
        let pipe = lifted.number(exec_pipe.as_fd())?;
        lifted.open.push(exec_pipe);
        let env =
            spec.env.iter().map(|(name, value)| c_string([name.as_bytes(), b"=", value.as_bytes()].concat()));
        let room = |name: &&str| [name.as_bytes(), b"=", &[0; PID_DIGITS + 1]].concat();
        let pid_variables: Vec<Vec<u8>> = spec.pid_variables.iter().map(room).collect();
        Ok(Prepared {
            program: c_path(&spec.program)?,
            argv: CStringArray::new(spec.argv.iter().map(|w| c_string(w.clone().into_vec())))?,
            env: CStringArray::new(env)?.and(&pid_variables),
            pid_variables,
            targets,
            base: lifted.base,
            pipe,
            cwd,
            cwd_fd,
            cwd_missing_ok,
            cgroup,
            binds: binds.collect::<nix::Result<_>>()?,
            close: if features.close_range { None } else { Some(open_descriptors()) },
            limits: spec.limits.iter().map(|l| (limits::number(l.resource), l.soft, l.hard)).collect(),
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
            own_keyring: spec.own_keyring,
            _lifted: lifted.open,
        })
    }
}

/// Which descriptor becomes which: from, to.
fn targets(spec: &Spec, lifted: &mut Lifted) -> nix::Result<Vec<(RawFd, RawFd)>> {
    let mut targets = Vec::new();
    let mut null = None;
    for (stdio, number) in spec.stdio.iter().zip(0..) {
        match stdio {
            Stdio::Inherit => {}
            Stdio::Null => {
                let from = match null {
                    Some(from) => from,
                    None => *null.insert(lifted.null()?),
                };
                targets.push((from, number));
            }
            Stdio::Fd(fd) => targets.push((lifted.number(fd.as_fd())?, number)),
        }
    }
    for (fd, number) in spec.fds.iter().zip(3..) {
        targets.push((lifted.number(fd.as_fd())?, number));
    }
    Ok(targets)
}

/// Copies of descriptors above those that the process gets: so that filling 0, 1, 2, 3 … in the child
/// cannot overwrite one that is still needed.
struct Lifted {
    /// The first number that the process itself does not get.
    base: RawFd,
    open: Vec<OwnedFd>,
}

impl Lifted {
    /// For a process that gets so many descriptors beside the standard ones.
    fn above(fds: usize) -> nix::Result<Lifted> {
        let base = i32::try_from(fds).map_err(|_| Errno::EMFILE)?.saturating_add(3);
        Ok(Lifted { base, open: Vec::new() })
    }

    /// The number, `base` or more, under which this descriptor is open until after the fork.
    fn number(&mut self, fd: BorrowedFd<'_>) -> nix::Result<RawFd> {
        if fd.as_raw_fd() >= self.base {
            return Ok(fd.as_raw_fd());
        }
        let copy = sys::dup_above(fd, self.base)?;
        let number = copy.as_raw_fd();
        self.open.push(copy);
        Ok(number)
    }

    fn null(&mut self) -> nix::Result<RawFd> {
        let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let null = nix::fcntl::open("/dev/null", flags, nix::sys::stat::Mode::empty())?;
        let number = self.number(null.as_fd())?;
        self.open.push(null);
        Ok(number)
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

    pub(super) fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

fn c_path(path: &Path) -> nix::Result<CString> {
    c_string(path.as_os_str().as_bytes().to_vec())
}

fn c_string(bytes: Vec<u8>) -> nix::Result<CString> {
    CString::new(bytes).map_err(|_| Errno::EINVAL)
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
