//! Capabilities of this process, capabilities(7): what nix lacks. Sets are bits by number.
#![allow(unsafe_code)]

use nix::errno::Errno;

/// struct __user_cap_header_struct and __user_cap_data_struct of capget(2), version 3.
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// CAP_SETGID.
pub const SETGID: u32 = 6;
/// CAP_SETUID.
pub const SETUID: u32 = 7;
/// CAP_SYS_ADMIN.
pub const SYS_ADMIN: u32 = 21;

/// Does the kernel let this process do what needs the capability?
#[must_use]
pub fn is_effective(number: u32) -> bool {
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    let done = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) };
    let [low, high] = data.map(|half| u64::from(half.effective));
    Errno::result(done).is_ok() && (high << 32 | low) >> number & 1 == 1
}

/// Takes from the bounding set, and from the inheritable one, what is not kept.
pub fn keep(set: u64) -> nix::Result<()> {
    for capability in (0..64_u32).filter(|capability| set >> capability & 1 == 0) {
        // SAFETY: prctl with integers.
        let done = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability), 0, 0, 0) };
        match Errno::result(done) {
            // Past the last one that this kernel knows.
            Err(Errno::EINVAL) => break,
            done => done?,
        };
    }
    keep_inheritable(set)
}

/// Of a set those in the bounding set; no other can become ambient or inheritable.
#[must_use]
pub fn bounded(set: u64) -> u64 {
    // SAFETY: prctl with integers.
    let is_in =
        |n: &u32| unsafe { libc::prctl(libc::PR_CAPBSET_READ, libc::c_ulong::from(*n), 0, 0, 0) } == 1;
    (0..64).filter(|n| set >> n & 1 == 1).filter(is_in).fold(0, |all, n| all | 1 << n)
}

/// Those that this process has are also its programs', whatever they are: the inheritable set, and the ambient
/// one, which needs Linux 4.3.
///
/// # Errors
/// EINVAL on a kernel without; EPERM for one that it does not have.
pub fn pass_on(set: u64) -> nix::Result<()> {
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) })?;
    for (half, place) in data.iter_mut().zip([0, 32]) {
        half.inheritable |= half.permitted & (set >> place & 0xffff_ffff) as u32;
    }
    // SAFETY: as above.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) })?;
    raise(set)
}

/// Into the ambient set, from which a change of the user takes them.
///
/// # Errors
/// As [`pass_on`].
pub fn raise(set: u64) -> nix::Result<()> {
    const AMBIENT: libc::c_int = 47;
    const RAISE: libc::c_ulong = 2;
    let (last, none): (u32, libc::c_ulong) = (last(), 0);
    for capability in (0..=last).filter(|capability| set >> capability & 1 == 1) {
        // SAFETY: prctl with integers.
        let done = unsafe { libc::prctl(AMBIENT, RAISE, libc::c_ulong::from(capability), none, none) };
        Errno::result(done)?;
    }
    Ok(())
}

/// The last that this kernel knows.
fn last() -> u32 {
    // SAFETY: prctl with integers.
    let is_known =
        |n: &u32| unsafe { libc::prctl(libc::PR_CAPBSET_READ, libc::c_ulong::from(*n), 0, 0, 0) } >= 0;
    (0..64).take_while(is_known).last().unwrap_or(0)
}

/// Keeps what it may do over a change of the user: SECBIT_KEEP_CAPS.
pub const KEEP: u32 = 1 << 4;

/// Sets the secure bits where they differ, which needs CAP_SETPCAP, made effective for it.
///
/// # Errors
/// EPERM without it.
pub fn secure(bits: u32) -> nix::Result<()> {
    const SETPCAP: u32 = 1 << 8;
    if super::sys::prctl(libc::PR_GET_SECUREBITS, 0, 0)? == bits.cast_signed() {
        return Ok(());
    }
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) })?;
    let [low, _] = &mut data;
    low.effective |= low.permitted & SETPCAP;
    // SAFETY: as above.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) })?;
    super::sys::prctl(libc::PR_SET_SECUREBITS, bits.into(), 0).map(drop)
}

/// Gives up every capability that is not kept, for good where the bounding set is empty as well.
pub fn only(set: u64) -> nix::Result<()> {
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) })?;
    for (half, place) in data.iter_mut().zip([0, 32]) {
        let kept = half.permitted & (set >> place & 0xffff_ffff) as u32;
        *half = Data { effective: kept, permitted: kept, inheritable: 0 };
    }
    // SAFETY: as above.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) }).map(drop)
}

/// Takes from the inheritable set what is not kept.
pub(super) fn keep_inheritable(set: u64) -> nix::Result<()> {
    let mut header = Header { version: 0x2008_0522, pid: 0 };
    let mut data = [Data::default(); 2];
    // SAFETY: both have the kernel's layout for version 3 and live through the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) })?;
    let [low, high] = &mut data;
    if [low.inheritable, high.inheritable] == [0, 0] {
        return Ok(());
    }
    // The two halves of the mask.
    low.inheritable &= (set & 0xffff_ffff) as u32;
    high.inheritable &= (set >> 32) as u32;
    // SAFETY: as above.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) }).map(drop)
}
