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
