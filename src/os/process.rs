//! What a process does to itself on its way to exec: nix where it has it. Errors are the kernel's.

use super::error::errno;
use super::proc::{Proc, ProcessId};
use super::root::Root;
use super::sys;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::ffi::{CString, OsStr, OsString};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::{AsFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub use super::sys::{join_new_session_keyring, link_user_keyring, set_io_priority, set_nice, setsid, umask};

/// Writes all of it at once.
pub fn write_all(file: impl AsFd, bytes: &[u8]) -> nix::Result<()> {
    let written = nix::unistd::write(file, bytes)?;
    if written == bytes.len() { Ok(()) } else { Err(Errno::EIO) }
}

/// What the kernel adds to its reckoning when memory is short: -1000 to 1000.
pub fn set_oom_score(score: i32) -> nix::Result<()> {
    write_own("/proc/self/oom_score_adj", &score.to_string())
}

/// What of its memory the kernel dumps, core(5).
pub fn set_coredump_filter(bits: u64) -> nix::Result<()> {
    write_own("/proc/self/coredump_filter", &format!("{bits:#x}"))
}

fn write_own(path: &str, text: &str) -> nix::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path).map_err(|e| errno(&e))?;
    file.write_all(text.as_bytes()).map_err(|e| errno(&e))
}

/// How the kernel lets it run, sched(7). `resets`: what it forks runs as usual.
pub fn set_scheduler(policy: i32, priority: i32, resets: bool) -> nix::Result<()> {
    let flag = if resets { libc::SCHED_RESET_ON_FORK } else { 0 };
    sys::set_scheduler(policy | flag, priority)
}

/// By how many nanoseconds its timers may be late; 0 for as many as its parent has.
pub fn set_timer_slack(nsec: u64) -> nix::Result<()> {
    const SET_TIMERSLACK: i32 = 29;
    let nsec = libc::c_ulong::try_from(nsec).unwrap_or(libc::c_ulong::MAX);
    sys::prctl(SET_TIMERSLACK, nsec, 0).map(drop)
}

/// The CPUs that it may run on.
pub fn set_cpus(cpus: &[u32]) -> nix::Result<()> {
    let mut mask: sys::Cpus = [0; 128];
    for &cpu in cpus {
        let word = usize::try_from(cpu / 64).ok().and_then(|index| mask.get_mut(index));
        *word.ok_or(Errno::EINVAL)? |= 1 << (cpu % 64);
    }
    sys::set_affinity(&mask)
}

/// Its root folder, and its working directory; by no link that others than root can change (ELOOP).
pub fn chroot(path: &Path) -> nix::Result<()> {
    let held = super::mounts::hold(path)?;
    nix::unistd::fchdir(held)?;
    nix::unistd::chroot(".")
}

/// Is this a file, and may it execute it? access(2) says so of a folder, too.
#[must_use]
pub fn is_executable(path: &Path) -> bool {
    use nix::sys::stat::{SFlag, stat};
    let is_file = |mode| SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG;
    stat(path).is_ok_and(|stat| is_file(stat.st_mode))
        && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

/// Its working directory.
pub fn chdir(path: &Path) -> nix::Result<()> {
    nix::unistd::chdir(path)
}

/// Descriptor 0.
pub fn become_stdin(fd: impl AsFd) -> nix::Result<()> {
    nix::unistd::dup2_stdin(fd)
}

/// Descriptor 1.
pub fn become_stdout(fd: impl AsFd) -> nix::Result<()> {
    nix::unistd::dup2_stdout(fd)
}

/// Descriptor 2.
pub fn become_stderr(fd: impl AsFd) -> nix::Result<()> {
    nix::unistd::dup2_stderr(fd)
}

/// Has exec close all descriptors but the first three: by a range of numbers where that is allowed and
/// the kernel can do it (Linux 5.11), else one by one.
pub fn keep_standard_descriptors(range: bool) -> nix::Result<()> {
    const FIRST: RawFd = 3;
    if range && sys::mark_range_close_on_exec(FIRST).is_ok() {
        return Ok(());
    }
    let listed = Root::host().and_then(|host| Proc::new(host).fds(ProcessId::own()));
    // Without /proc: what could be, within reason.
    let open = listed.unwrap_or_else(|_| (FIRST..4096).collect());
    open.into_iter().filter(|fd| *fd >= FIRST).for_each(sys::mark_close_on_exec);
    Ok(())
}

/// A view of the file system of its own, which sees what is mounted outside and is not seen there.
pub fn own_mounts() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    match mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none) {
        // It is no mount point: so one by one.
        Err(Errno::EINVAL) => {
            let own = super::mounts::table()?;
            own.iter().try_for_each(|point| match mount(none, &point.path, none, MsFlags::MS_SLAVE, none) {
                // It was taken away meanwhile.
                Err(Errno::ENOENT | Errno::EINVAL) => Ok(()),
                done => done,
            })
        }
        done => done,
    }
}

/// A name of the host of its own.
pub fn own_hostname() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWUTS)
}

/// No program that it executes has more rights than it: PR_SET_NO_NEW_PRIVS.
pub fn renounce_new_privileges() -> nix::Result<()> {
    nix::sys::prctl::set_no_new_privs()
}

/// Does the kernel hold programs to profiles of AppArmor (`mac_apparmor_use`)?
#[must_use]
pub fn has_apparmor(root: &Root) -> bool {
    let enabled = root.read_kernel(Path::new("/sys/module/apparmor/parameters/enabled"), 16);
    enabled.is_ok_and(|word| word.starts_with(b"Y"))
}

/// What AppArmor holds it to from the next exec on: a profile that is loaded (aa_change_onexec(3)).
///
/// # Errors
/// ENOENT: there is no such profile; EACCES: the present one does not allow it.
pub fn confine_at_exec(profile: &str) -> nix::Result<()> {
    // The second before Linux 5.8, or where AppArmor is the only one.
    let [own, shared] = ["apparmor/exec", "exec"].map(|file| format!("/proc/self/attr/{file}"));
    let write = |path: &str| OpenOptions::new().write(true).open(path).map_err(|e| errno(&e));
    let file = match write(&own) {
        Err(Errno::ENOENT) => write(&shared)?,
        file => file?,
    };
    write_all(&file, format!("exec {profile}").as_bytes())
}

/// The persona that programs take it for: PER_LINUX32 or PER_LINUX (`opinionated_personality`).
pub fn persona() -> nix::Result<u32> {
    Ok(if sys::personality(None)?.cast_unsigned() & 0xff == LINUX32 { LINUX32 } else { 0 })
}

/// PER_LINUX32.
const LINUX32: u32 = 8;

/// Takes a persona; what else personality(2) keeps stays (`safe_personality`).
pub fn set_persona(linux32: bool) -> nix::Result<()> {
    const PERSONA: u32 = 0xff;
    let had = sys::personality(None)?.cast_unsigned();
    sys::personality(Some(had & !PERSONA | if linux32 { LINUX32 } else { 0 })).map(drop)
}

/// What execve(2) gets, in the kernel's form.
#[derive(Debug)]
pub struct Image {
    program: CString,
    argv: Vec<CString>,
    env: Vec<CString>,
}

impl Image {
    /// Of a program, its words and its variables.
    ///
    /// # Errors
    /// One of them has a byte 0 in it.
    pub fn new(program: &Path, argv: &[OsString], env: &[(OsString, OsString)]) -> nix::Result<Image> {
        let argv = argv.iter().map(|word| c_string(word)).collect::<nix::Result<_>>()?;
        let pair = |(name, value): &(OsString, OsString)| {
            c_string(OsStr::from_bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
        };
        let env = env.iter().map(pair).collect::<nix::Result<_>>()?;
        Ok(Image { program: c_string(program.as_os_str())?, argv, env })
    }

    /// Becomes it, or says why not.
    #[must_use]
    pub fn execute(&self) -> Errno {
        let Err(errno) = nix::unistd::execve(&self.program, &self.argv, &self.env);
        errno
    }
}

fn c_string(text: &OsStr) -> nix::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| Errno::EINVAL)
}
