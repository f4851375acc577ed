//! The heap of the binary: dlmalloc behind a lock that costs one atomic instruction.
//!
//! The crate's own global allocator takes a pthread mutex for each object, in musl some hundred
//! instructions and two atomic ones: a seventh of what a command spends that reads thousands of files.
//! amr has one thread but while a file system may hang (`drain`), so that nobody waits here in life.
//! Why dlmalloc at all: `docs/decisions/07-memory.md`.
#![allow(unsafe_code)]

use dlmalloc::Dlmalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

/// See the head of this file.
pub struct Heap {
    taken: AtomicBool,
    inner: UnsafeCell<Dlmalloc>,
}

// SAFETY: `inner` is reached in `Heap::with` alone, by whoever has set `taken`.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { taken: AtomicBool::new(false), inner: UnsafeCell::new(Dlmalloc::new()) }
    }

    #[inline]
    fn with<T>(&self, call: impl FnOnce(&mut Dlmalloc) -> T) -> T {
        while self.taken.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        // SAFETY: nobody else is between the swap and the store; `call` is one call of dlmalloc, which
        // neither panics nor comes back here.
        let outcome = call(unsafe { &mut *self.inner.get() });
        self.taken.store(false, Ordering::Release);
        outcome
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: dlmalloc answers as GlobalAlloc asks for, one call at a time.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        self.with(|heap| unsafe { heap.malloc(layout.size(), layout.align()) })
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        self.with(|heap| unsafe { heap.free(ptr, layout.size(), layout.align()) });
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        self.with(|heap| unsafe { heap.calloc(layout.size(), layout.align()) })
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        self.with(|heap| unsafe { heap.realloc(ptr, layout.size(), layout.align(), new_size) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each thread fills what it gets with its own number and finds it there again.
    #[test]
    fn threads_do_not_get_each_others_memory() {
        static HEAP: Heap = Heap::new();
        std::thread::scope(|threads| {
            for own in 1..=4u8 {
                threads.spawn(move || {
                    for round in 0..2_000usize {
                        let layout = Layout::from_size_align(1 + round % 300, 8).unwrap();
                        // SAFETY: the size is not zero; what is read was written; freed once.
                        unsafe {
                            let at = HEAP.alloc(layout);
                            assert!(!at.is_null());
                            at.write_bytes(own, layout.size());
                            let grown = HEAP.realloc(at, layout, layout.size() + 100);
                            let bytes = std::slice::from_raw_parts(grown, layout.size());
                            assert!(bytes.iter().all(|b| *b == own));
                            let layout = Layout::from_size_align(layout.size() + 100, 8).unwrap();
                            HEAP.dealloc(grown, layout);
                        }
                    }
                });
            }
        });
    }
}
