//! The heap of the binary: small objects come from lists of free ones of their size, large ones from
//! dlmalloc, which also gives the room for the lists.
//!
//! A command makes and frees a thousand small objects and ends; a supervisor makes some hundred and then
//! sleeps for years. Both want few instructions and few pages touched. What is freed is used again for
//! objects of about the same size, and never goes back to the kernel: for small objects that is at most
//! what was in use at once. Why at all: docs/decisions/07-memory.md.
#![allow(unsafe_code)]

use dlmalloc::Dlmalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sizes are rounded up to a multiple of this, which is also how objects are aligned.
const STEP: usize = 16;
/// As many lists: what is larger than `STEP * LISTS` is dlmalloc's.
const LISTS: usize = 32;
/// How much room is taken at once.
const ROOM: usize = 4096 - 2 * STEP;

/// See the head of this file. Threads take turns.
pub struct Heap {
    taken: AtomicBool,
    lists: UnsafeCell<Lists>,
}

/// A free object; the next one of its size is found through it.
struct Free {
    next: Option<NonNull<Free>>,
}

struct Lists {
    free: [Option<NonNull<Free>>; LISTS],
    /// Room that was never used.
    fresh: *mut u8,
    left: usize,
    large: Dlmalloc,
}

// SAFETY: `lists` is reached through `turn` alone, one thread at a time.
unsafe impl Sync for Heap {}

impl Heap {
    /// With nothing in it.
    #[must_use]
    pub const fn new() -> Heap {
        let lists = Lists { free: [None; LISTS], fresh: ptr::null_mut(), left: 0, large: Dlmalloc::new() };
        Heap { taken: AtomicBool::new(false), lists: UnsafeCell::new(lists) }
    }

    /// Runs `work`, which must not use the heap, when no other thread does.
    #[inline]
    fn turn<T>(&self, work: impl FnOnce(&mut Lists) -> T) -> T {
        while self.taken.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        // SAFETY: whoever sets the mark is alone until it is taken away.
        let done = work(unsafe { &mut *self.lists.get() });
        self.taken.store(false, Ordering::Release);
        done
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

/// Which list an object belongs to; `None` for dlmalloc's.
#[inline]
fn list_of(layout: Layout) -> Option<usize> {
    let list = layout.size().wrapping_sub(1) / STEP;
    (list < LISTS && layout.align() <= STEP).then_some(list)
}

impl Lists {
    /// Null where there is no memory.
    #[inline]
    fn take(&mut self, list: usize) -> *mut u8 {
        let Some(head) = self.free.get_mut(list) else { return ptr::null_mut() };
        let Some(object) = *head else { return self.cut(list.wrapping_add(1).wrapping_mul(STEP)) };
        // SAFETY: what is on a list is free memory of ours that begins with a `Free`.
        *head = unsafe { object.as_ref() }.next;
        object.as_ptr().cast()
    }

    /// From room that was never used. What is left of the old one when it is too small goes to waste.
    fn cut(&mut self, size: usize) -> *mut u8 {
        if self.left < size {
            // SAFETY: a size above zero and an alignment that is a power of two.
            let room = unsafe { self.large.malloc(ROOM, STEP) };
            if room.is_null() {
                return room;
            }
            (self.fresh, self.left) = (room, ROOM);
        }
        let object = self.fresh;
        // SAFETY: `left` bytes of the room lie behind `fresh`, and `size` is no more than that.
        self.fresh = unsafe { object.add(size) };
        self.left = self.left.wrapping_sub(size);
        object
    }

    /// # Safety
    /// `object` came from [`Self::take`] for this list and is not used any more.
    #[inline]
    unsafe fn put(&mut self, list: usize, object: *mut u8) {
        let Some(head) = self.free.get_mut(list) else { return };
        let object = object.cast::<Free>();
        // SAFETY: no object is smaller than a pointer or less aligned, and this one is the caller's.
        unsafe { object.write(Free { next: *head }) };
        *head = NonNull::new(object);
    }
}

// SAFETY: what it returns is free memory of at least the size and alignment asked for, or null; it does
// not unwind.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.turn(|lists| match list_of(layout) {
            Some(list) => lists.take(list),
            // SAFETY: the caller's promise: a size above zero.
            None => unsafe { lists.large.malloc(layout.size(), layout.align()) },
        })
    }

    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        self.turn(|lists| match list_of(layout) {
            // SAFETY: the caller's promise: it came from here, with this layout.
            Some(list) => unsafe { lists.put(list, object) },
            // SAFETY: as above.
            None => unsafe { lists.large.free(object, layout.size(), layout.align()) },
        });
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if list_of(layout).is_none() {
            // SAFETY: the caller's promise.
            return self.turn(|lists| unsafe { lists.large.calloc(layout.size(), layout.align()) });
        }
        // SAFETY: the caller's promise.
        let object = unsafe { self.alloc(layout) };
        if !object.is_null() {
            // SAFETY: as many bytes are there, and nobody else's.
            unsafe { object.write_bytes(0, layout.size()) };
        }
        object
    }

    unsafe fn realloc(&self, object: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: with this alignment, the size is no more than may be.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (list_of(layout), list_of(wanted)) {
            (Some(old), Some(new)) if old == new => return object,
            (None, None) => {
                let (old, align) = (layout.size(), layout.align());
                // SAFETY: the caller's promise: it came from here, with this layout.
                return self.turn(|lists| unsafe { lists.large.realloc(object, old, align, size) });
            }
            (Some(_), _) | (_, Some(_)) => {}
        }
        // SAFETY: the caller's promise, for each of the three.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(object, moved, layout.size().min(size));
                self.dealloc(object, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An object with what was written into it.
    struct Object {
        at: *mut u8,
        layout: Layout,
        mark: u8,
    }

    impl Object {
        fn new(heap: &Heap, size: usize, align: usize, mark: u8, zeroed: bool) -> Object {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: no size is zero.
            let at = unsafe { if zeroed { heap.alloc_zeroed(layout) } else { heap.alloc(layout) } };
            let object = Object { at, layout, mark };
            assert!(!at.is_null() && at.addr().is_multiple_of(align));
            assert!(!zeroed || object.bytes().iter().all(|b| *b == 0), "not zero");
            object.marked()
        }

        fn bytes(&self) -> &[u8] {
            // SAFETY: so many bytes are this object's.
            unsafe { std::slice::from_raw_parts(self.at, self.layout.size()) }
        }

        fn marked(self) -> Object {
            // SAFETY: as above.
            unsafe { self.at.write_bytes(self.mark, self.layout.size()) };
            self
        }

        fn check(&self) {
            assert!(self.bytes().iter().all(|b| *b == self.mark), "somebody else wrote here");
        }

        fn resized(self, heap: &Heap, size: usize) -> Object {
            self.check();
            // SAFETY: it came from this heap, with this layout.
            let at = unsafe { heap.realloc(self.at, self.layout, size) };
            // SAFETY: no more than both objects have.
            let kept = unsafe { std::slice::from_raw_parts(at, size.min(self.layout.size())) };
            assert!(kept.iter().all(|b| *b == self.mark), "not moved along");
            let layout = Layout::from_size_align(size, self.layout.align()).unwrap();
            Object { at, layout, ..self }.marked()
        }

        fn free(self, heap: &Heap) {
            self.check();
            // SAFETY: as for `realloc`.
            unsafe { heap.dealloc(self.at, self.layout) };
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_what_another_has(
            steps in prop::collection::vec((0..4_u8, 1..2000_usize, 0..7_u32, 0..20_usize), 1..200)
        ) {
            let heap = Heap::new();
            let mut objects: Vec<Object> = Vec::new();
            for ((what, size, align, which), mark) in steps.into_iter().zip((0..=u8::MAX).cycle()) {
                match what {
                    0 | 1 => objects.push(Object::new(&heap, size, 1 << align, mark, what == 1)),
                    _ if objects.is_empty() => {}
                    2 => {
                        let object = objects.swap_remove(which % objects.len());
                        objects.push(object.resized(&heap, size));
                    }
                    _ => objects.swap_remove(which % objects.len()).free(&heap),
                }
            }
            objects.into_iter().for_each(|object| object.free(&heap));
        }
    }

    #[test]
    fn what_is_freed_is_used_again() {
        let heap = Heap::new();
        let first = Object::new(&heap, 40, 8, 1, false);
        let at = first.at;
        first.free(&heap);
        let second = Object::new(&heap, 48, 16, 2, false);
        assert_eq!(second.at, at);
        second.free(&heap);
    }

    #[test]
    fn threads_take_turns() {
        let heap = Heap::new();
        std::thread::scope(|threads| {
            for mark in 0..4_u8 {
                let heap = &heap;
                threads.spawn(move || {
                    for size in 1..2000 {
                        Object::new(heap, size, 1, mark, false).resized(heap, size * 2).free(heap);
                    }
                });
            }
        });
    }
}
