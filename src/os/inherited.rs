//! What a process has from its caller without having asked for it: descriptors and the environment.
#![allow(unsafe_code)]

use super::root::{OFlag, Root};
use super::sys;
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::path::Path;

/// Closes every descriptor but these, in a process that has forked and will never use what it had before; the
/// standard ones lead to /dev/null. Whoever waits for the end of a stream of the caller's does not wait for it.
/// `ranges`: by close_range(2), where the kernel has it.
///
/// # Errors
/// There is no /dev/null, or it cannot be found out what is open.
pub fn only_descriptors(kept: &[BorrowedFd<'_>], ranges: bool) -> nix::Result<()> {
    let host = Root::host().map_err(|_| Errno::EIO)?;
    let null = host.open_with(Path::new("/dev/null"), OFlag::O_RDWR, 0).map_err(|_| Errno::ENODEV)?;
    for standard in 0..=2 {
        // SAFETY: takes two integers; what the standard descriptors led to before is used by nobody.
        Errno::result(unsafe { libc::dup2(null.as_raw_fd(), standard) })?;
    }
    let mut kept: Vec<RawFd> = kept.iter().map(AsRawFd::as_raw_fd).chain(0..=2).collect();
    kept.sort_unstable();
    let ranges = ranges && sys::has_close_range();
    let open = if ranges { Vec::new() } else { open_descriptors(&host)? };
    drop(null);
    let ends = kept.iter().skip(1).copied().chain([RawFd::MAX]);
    for (last, next) in kept.iter().copied().zip(ends).filter(|(last, next)| next.saturating_sub(*last) > 1) {
        let (from, to) = (last.saturating_add(1).cast_unsigned(), next.saturating_sub(1).cast_unsigned());
        if ranges {
            // SAFETY: integers; the objects that own these descriptors are used no more (see above).
            Errno::result(unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) })?;
        }
        for fd in open.iter().filter(|fd| (from..=to).contains(&fd.cast_unsigned())) {
            // SAFETY: as above. One that is not open, as the one that read the list, is no error.
            unsafe { libc::close(*fd) };
        }
    }
    Ok(())
}

fn open_descriptors(host: &Root) -> nix::Result<Vec<RawFd>> {
    let names = host.list(Path::new("/proc/self/fd")).map_err(|_| Errno::ENOENT)?;
    Ok(names.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect())
}

/// Overwrites the environment, for a process with a single thread that needs none.
pub fn forget_environment() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: one thread, so nobody reads or changes the list meanwhile. It is null, or ends with a null pointer,
    // and each string before that is this process's own memory, which the kernel or libc has laid out writable.
    unsafe {
        let list = environ;
        if list.is_null() {
            return;
        }
        for place in 0.. {
            let text = *list.add(place);
            if text.is_null() {
                break;
            }
            std::ptr::write_bytes(text, 0, libc::strlen(text));
        }
        *list = std::ptr::null_mut();
    }
}
