//! Comparing bytes, in place of musl's memcmp.
//!
//! musl compares byte by byte, and every map of names and every `==` of two texts goes there. Here eight
//! bytes are compared at a time. Only in the static binary: other C libraries have a good one.
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
}
