//! Comparing and copying bytes, in place of musl's memcmp and memcpy.
//!
//! musl compares byte by byte, and every map of names and every `==` of two texts goes there; it copies
//! with an instruction that takes longer to begin than most texts are long. Here it is eight and sixteen
//! bytes at a time. Only in the static binary: other C libraries have good ones.
#![allow(unsafe_code)]

use std::ffi::c_int;

/// What memcmp(3) answers.
///
/// # Safety
/// `len` bytes must be readable at both places.
#[cfg_attr(not(all(panic = "abort", target_env = "musl")), allow(dead_code))]
#[inline(always)]
unsafe fn compare(a: *const u8, b: *const u8, len: usize) -> c_int {
    let mut at = 0usize;
    while len.wrapping_sub(at) >= 8 {
        // SAFETY: eight bytes are left at both places; the address need not be aligned.
        let (x, y) =
            unsafe { (a.add(at).cast::<u64>().read_unaligned(), b.add(at).cast::<u64>().read_unaligned()) };
        if x != y {
            return if x.to_be() < y.to_be() { -1 } else { 1 };
        }
        at = at.wrapping_add(8);
    }
    while at < len {
        // SAFETY: `at` is below `len`.
        let (x, y) = unsafe { (*a.add(at), *b.add(at)) };
        if x != y {
            return if x < y { -1 } else { 1 };
        }
        at = at.wrapping_add(1);
    }
    0
}

/// memcmp(3).
///
/// # Safety
/// As for [`compare`].
// SAFETY: the name and the signature are C's, and it answers as C asks for.
#[cfg(all(panic = "abort", target_env = "musl"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { compare(a, b, len) }
}

/// bcmp(3): memcmp(3) for those who ask for no order.
///
/// # Safety
/// As for [`compare`].
// SAFETY: the name and the signature are C's, and it answers as C asks for.
#[cfg(all(panic = "abort", target_env = "musl"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { compare(a, b, len) }
}

/// Copies a short piece. Everything is read before anything is written, in two halves that may overlap.
///
/// # Safety
/// `len`, at most 64, bytes must be readable at `from` and writable at `to`.
#[cfg(target_arch = "x86_64")]
#[cfg_attr(not(all(panic = "abort", target_env = "musl")), allow(dead_code))]
#[inline(always)]
unsafe fn copy_short(to: *mut u8, from: *const u8, len: usize) {
    /// Both ends, of the width of a type.
    macro_rules! ends {
        ($type:ty) => {{
            let back = len.wrapping_sub(size_of::<$type>());
            // SAFETY: the piece is at least as long as the type, so that neither end leaves it.
            unsafe {
                let first = from.cast::<$type>().read_unaligned();
                let last = from.add(back).cast::<$type>().read_unaligned();
                to.cast::<$type>().write_unaligned(first);
                to.add(back).cast::<$type>().write_unaligned(last);
            }
        }};
    }
    match len {
        33.. => {
            // SAFETY: the piece is at least twice as long as the type; all is read first.
            unsafe {
                let (near, far) = (from.cast::<u128>(), from.add(len.wrapping_sub(32)).cast::<u128>());
                let [a, b] = [near.read_unaligned(), near.add(1).read_unaligned()];
                let [c, d] = [far.read_unaligned(), far.add(1).read_unaligned()];
                let (near, far) = (to.cast::<u128>(), to.add(len.wrapping_sub(32)).cast::<u128>());
                near.write_unaligned(a);
                near.add(1).write_unaligned(b);
                far.write_unaligned(c);
                far.add(1).write_unaligned(d);
            }
        }
        17..=32 => ends!(u128),
        8..=16 => ends!(u64),
        4..=7 => ends!(u32),
        2..=3 => ends!(u16),
        // SAFETY: there is one byte.
        1 => unsafe { to.write(from.read()) },
        0 => {}
    }
}

/// memcpy(3).
///
/// # Safety
/// `len` bytes must be readable at `from` and writable at `to`.
// SAFETY: the name and the signature are C's, and it answers as C asks for.
#[cfg(all(panic = "abort", target_env = "musl", target_arch = "x86_64"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if len <= 64 {
        // SAFETY: as the caller promises.
        unsafe { copy_short(to, from, len) };
        return to;
    }
    // SAFETY: as the caller promises: whole words from the front, then the last word over them. The
    // direction flag is clear, as the ABI says.
    unsafe {
        let back = len.wrapping_sub(8);
        let last = from.add(back).cast::<u64>().read_unaligned();
        std::arch::asm!("rep movsq", inout("rcx") len / 8 => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags));
        to.add(back).cast::<u64>().write_unaligned(last);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_standard_library(head in proptest::collection::vec(any::<u8>(), 0..40),
                                   a in proptest::collection::vec(0u8..3, 0..12), b in proptest::collection::vec(0u8..3, 0..12)) {
            let len = a.len().min(b.len());
            let (a, b) = ([&head[..], &a[..len]].concat(), [&head[..], &b[..len]].concat());
            // SAFETY: both are as long as is said.
            let found = unsafe { compare(a.as_ptr(), b.as_ptr(), a.len()) };
            prop_assert_eq!(found.cmp(&0), a.cmp(&b));
        }
    }
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn copies_what_it_is_told_and_no_more() {
        let from: Vec<u8> = (1..=80).collect();
        for len in 0..=64 {
            for at in 0..8 {
                let mut to = [0; 80];
                // SAFETY: both have room for 72 bytes.
                unsafe { copy_short(to.as_mut_ptr().add(at), from.as_ptr().add(at), len) };
                assert_eq!(to[at..at + len], from[at..at + len]);
                assert!(to[..at].iter().chain(&to[at + len..]).all(|b| *b == 0), "{len}");
            }
        }
    }
}
