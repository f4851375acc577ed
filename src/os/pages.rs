//! Memory straight from the kernel, for buffers that are needed now and then: it costs nothing until it
//! is touched, and given back it is gone, while the heap would keep it.
#![allow(unsafe_code)]

use super::error::{Error, Result};
use nix::errno::Errno;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Some bytes, all zero at first.
#[derive(Debug)]
pub struct Pages {
    start: NonNull<u8>,
    len: usize,
}

impl Pages {
    /// Maps `len` bytes, which may not be none.
    ///
    /// # Errors
    /// There is no memory to be had.
    pub fn new(len: usize) -> Result<Pages> {
        let start = heap::map(len).ok_or_else(|| Error::new("get", "memory", Errno::last()))?;
        Ok(Pages { start, len })
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `len` readable bytes, mapped until the drop.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and writable; the borrow is the only one.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped, and nobody has a reference any more. It cannot fail then.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_zero_and_can_be_written() {
        let mut pages = Pages::new(10_000).unwrap();
        assert!(pages.len() == 10_000 && pages.iter().all(|byte| *byte == 0));
        pages.fill(7);
        assert_eq!(pages.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 70_000);
        assert!(Pages::new(0).is_err());
    }
}
