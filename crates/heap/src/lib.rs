//! The heap of the binary: dlmalloc, with lists of free small objects in front of it, and a way to give
//! back what both keep for the next time.
//!
//! A command makes and frees a thousand small objects and ends; a supervisor makes some hundred and then
//! sleeps for years. Both want few instructions and few pages touched, so what is freed is kept in a list
//! of its size and used again. A process that works now and then and waits for long in between calls
//! [`give_back`] before it waits. Why at all: docs/decisions/07-memory.md; why a crate of its own:
//! docs/decisions/08-crates.md.
//!
//! Threads take turns. One that makes objects by the hundred thousand does so in [`apart`], with lists of
//! its own, and waits for nobody but at each sixteenth object that no list has.
#![allow(unsafe_code)]
// Tests look into /proc.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing))]

use dlmalloc::{Allocator, Dlmalloc};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::{self, NonNull, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What dlmalloc aligns an object to, and by what its objects differ in size.
const STEP: usize = 16;
/// What dlmalloc itself needs of each object: sizes are `STEP * n - OWN`.
const OWN: usize = size_of::<usize>();
/// As many lists: what is larger than `STEP * LISTS - OWN` is never kept in one.
const LISTS: usize = 32;
/// So many objects a thread gets at a time for lists of its own.
const BATCH: usize = 16;
/// So many bytes dlmalloc gets at a time for a thread that is [`apart`].
const MUCH: usize = 256 << 10;

/// For `#[global_allocator]`.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

/// A free object; the next one of its size is found through it.
struct Free {
    next: Option<NonNull<Free>>,
}

/// Free objects by size, each of them one that dlmalloc gave.
struct Lists([Option<NonNull<Free>>; LISTS]);

/// What all threads share: lists, and dlmalloc itself.
struct Shared {
    lists: Lists,
    all: Dlmalloc<Kernel>,
}

// SAFETY: the objects on the lists are memory of the process and of no thread.
unsafe impl Send for Shared {}

static HEAP: Mutex<Shared> = Mutex::new(Shared {
    lists: Lists([None; LISTS]),
    all: Dlmalloc::new_with_allocator(Kernel { closed: false }),
});

thread_local! {
    /// The lists of this thread, while it is in [`apart`].
    static APART: Cell<Option<NonNull<Lists>>> = const { Cell::new(None) };
}

#[inline]
fn shared() -> MutexGuard<'static, Shared> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which list an object belongs to; `None` for what is kept in no list.
#[inline]
fn list_of(layout: Layout) -> Option<usize> {
    let list = layout.size().wrapping_add(OWN - 1) / STEP;
    (list < LISTS && layout.align() <= STEP).then_some(list)
}

/// How large the objects of a list are.
const fn size(list: usize) -> usize {
    (list + 1) * STEP - OWN
}

impl Lists {
    /// A free object of a list.
    #[inline]
    fn take(&mut self, list: usize) -> Option<NonNull<Free>> {
        let head = self.0.get_mut(list)?;
        let object = (*head)?;
        // SAFETY: what is on a list is free memory of ours that begins with a `Free`.
        *head = unsafe { object.as_ref() }.next;
        Some(object)
    }

    /// # Safety
    /// `object` came from the heap for this list and is not used any more.
    #[inline]
    unsafe fn put(&mut self, list: usize, object: NonNull<Free>) {
        let Some(head) = self.0.get_mut(list) else { return };
        // SAFETY: no object is smaller than a pointer or less aligned, and this one is the caller's.
        unsafe { object.write(Free { next: *head }) };
        *head = Some(object);
    }
}

impl Shared {
    /// Null where there is no memory.
    #[inline]
    fn take(&mut self, list: usize) -> *mut u8 {
        match self.lists.take(list) {
            Some(object) => object.as_ptr().cast(),
            None => self.more(list),
        }
    }

    /// A new object for a list; null where there is no memory.
    #[inline(never)]
    fn more(&mut self, list: usize) -> *mut u8 {
        // SAFETY: a size above zero and an alignment that is a power of two.
        unsafe { self.all.malloc(size(list), STEP) }
    }

    /// Some objects for the lists of a thread, and one for the caller; null where there is no memory.
    #[cold]
    fn hand_out(&mut self, to: &mut Lists, list: usize) -> *mut u8 {
        let first = self.take(list);
        let mut batch = [null_mut(); BATCH];
        batch.fill_with(|| self.take(list));
        // The first one on top: objects that are asked for one after the other lie so.
        for object in batch.into_iter().rev().filter_map(NonNull::new) {
            // SAFETY: it was taken for this list, and nobody else has it.
            unsafe { to.put(list, object.cast()) };
        }
        first
    }

    /// Empties the lists: what they keep is dlmalloc's again.
    fn empty(&mut self) {
        for list in 0..LISTS {
            while let Some(object) = self.lists.take(list) {
                // SAFETY: the object has this size and alignment since dlmalloc gave it.
                unsafe { self.all.free(object.as_ptr().cast(), size(list), STEP) };
            }
        }
    }
}

/// The lists of this thread, if it has some.
#[inline]
fn own() -> Option<&'static mut Lists> {
    // SAFETY: they live until `Turn` is dropped, which forgets them; the thread alone knows them, and nothing
    // that holds this reference calls anything that could ask for another.
    APART.with(Cell::get).map(|mut lists| unsafe { lists.as_mut() })
}

/// While it lives the thread has lists of its own.
struct Turn;

impl Drop for Turn {
    /// What is on them is everybody's.
    fn drop(&mut self) {
        let Some(mut lists) = APART.take() else { return };
        // SAFETY: as in `own`.
        let lists = unsafe { lists.as_mut() };
        let mut shared = shared();
        for list in 0..LISTS {
            while let Some(object) = lists.take(list) {
                // SAFETY: it is a free object of this list.
                unsafe { shared.lists.put(list, object) };
            }
        }
    }
}

/// Does some work that makes and frees very many objects, with lists of this thread's own.
pub fn apart<T>(work: impl FnOnce() -> T) -> T {
    if own().is_some() {
        return work();
    }
    let mut lists = Lists([None; LISTS]);
    APART.set(Some(NonNull::from(&mut lists)));
    let _turn = Turn;
    work()
}

// SAFETY: what it returns is free memory of at least the size and alignment asked for, or null; it does
// not unwind.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = list_of(layout) else {
            // SAFETY: the caller's promise: a size above zero.
            return unsafe { shared().all.malloc(layout.size(), layout.align()) };
        };
        let Some(lists) = own() else { return shared().take(list) };
        match lists.take(list) {
            Some(object) => object.as_ptr().cast(),
            None => shared().hand_out(lists, list),
        }
    }

    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        let (Some(list), Some(free)) = (list_of(layout), NonNull::new(object)) else {
            // SAFETY: the caller's promise: it came from here, with this layout.
            return unsafe { shared().all.free(object, layout.size(), layout.align()) };
        };
        match own() {
            // SAFETY: as above.
            Some(lists) => unsafe { lists.put(list, free.cast()) },
            // SAFETY: as above.
            None => unsafe { shared().lists.put(list, free.cast()) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if list_of(layout).is_none() {
            // SAFETY: the caller's promise.
            return unsafe { shared().all.calloc(layout.size(), layout.align()) };
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
                // SAFETY: the caller's promise: it came from here, with this layout.
                return unsafe { shared().all.realloc(object, layout.size(), layout.align(), size) };
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

/// From so many bytes on the kernel is asked for large pages: a registry of a million states is a hundred
/// megabytes, and twenty thousand small pages cost a tenth of the time that it takes to read it.
const MANY: usize = 4 << 20;

/// Maps `len` bytes, all zero; errno says why it did not.
#[must_use]
pub fn map(len: usize) -> Option<NonNull<u8>> {
    map_with(len, 0)
}

fn map_with(len: usize, flags: i32) -> Option<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new map wherever the kernel likes; no memory of ours is touched.
    let start = unsafe { libc::mmap(null_mut(), len, access, flags, -1, 0) };
    let start = if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast::<u8>()) };
    if let Some(start) = start.filter(|_| len >= MANY) {
        // SAFETY: the map of above, whose contents stay as they are. A kernel that has no large pages says so.
        unsafe { libc::madvise(start.as_ptr().cast(), len, libc::MADV_HUGEPAGE) };
    }
    start
}

/// Where dlmalloc gets its memory.
struct Kernel {
    /// There is none to be had, so that what is allocated is what was kept.
    closed: bool,
}

// SAFETY: the maps are private to the process, and dlmalloc alone knows them.
unsafe impl Allocator for Kernel {
    /// Apart much is taken at once and its pages with it, which will all be touched.
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (size, flags) = match APART.get() {
            Some(_) => (size.max(MUCH), libc::MAP_POPULATE),
            None => (size, 0),
        };
        let start = if self.closed { None } else { map_with(size, flags) };
        start.map_or((null_mut(), 0, 0), |start| (start.as_ptr(), size, 0))
    }

    fn remap(&self, _start: *mut u8, _old: usize, _new: usize, _can_move: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, start: *mut u8, old: usize, new: usize) -> bool {
        self.free(start.wrapping_add(new), old.saturating_sub(new))
    }

    fn free(&self, start: *mut u8, size: usize) -> bool {
        // SAFETY: dlmalloc gives back what it got and has no block in any more.
        unsafe { libc::munmap(start.cast(), size) == 0 }
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

const PAGE: usize = 4096;

/// At the beginning of a block that [`give_back`] has taken: the one before it, and its own size.
type Taken = (*mut u8, usize);

/// Gives the pages of free blocks back to the kernel. It takes a microsecond for a page, and another
/// when the page is used again.
pub fn give_back() {
    let mut heap = shared();
    heap.empty();
    let heap = &mut heap.all;
    heap.allocator_mut().closed = true;
    let mut last: *mut u8 = null_mut();
    let mut size = 256 * PAGE;
    // Takes all that is free, the largest blocks first.
    while size >= 2 * PAGE {
        // SAFETY: a size that is not zero and an alignment that is a power of two.
        let block = unsafe { heap.malloc(size, align_of::<Taken>()) };
        if block.is_null() {
            size /= 2;
            continue;
        }
        let head = size_of::<Taken>();
        let skip = head + block.wrapping_add(head).align_offset(PAGE);
        let whole = (size - skip) / PAGE * PAGE;
        // SAFETY: whole pages of a block that is nobody else's; after it they are zero. The head is in
        // front of them, long enough and aligned.
        unsafe {
            libc::madvise(block.wrapping_add(skip).cast(), whole, libc::MADV_DONTNEED);
            block.cast::<Taken>().write((last, size));
        }
        last = block;
    }
    while !last.is_null() {
        // SAFETY: the head of a block that was taken above, which is freed as it was allocated.
        last = unsafe {
            let (next, size) = last.cast::<Taken>().read();
            heap.free(last, size, align_of::<Taken>());
            next
        };
    }
    heap.allocator_mut().closed = false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn resident() -> usize {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Blocks of a page, every eighth of which lives on: what is between them goes, they stay as they are.
    #[test]
    fn what_is_free_goes_and_what_lives_stays() {
        let layout = Layout::from_size_align(4 * PAGE, 16).unwrap();
        // SAFETY: blocks of this layout, each written within its size and freed once.
        unsafe {
            let blocks: Vec<*mut u8> = (0..4000).map(|_| Heap.alloc(layout)).collect();
            for (number, block) in blocks.iter().enumerate() {
                block.write_bytes(number as u8, layout.size());
            }
            let lives = |number: &usize| number.is_multiple_of(8);
            (0..4000).filter(|number| !lives(number)).for_each(|at| Heap.dealloc(blocks[at], layout));
            let before = resident();
            give_back();
            let gone = before.saturating_sub(resident());
            assert!(gone > 12_000, "{gone} pages went");
            for number in (0..4000).filter(lives) {
                let block = std::slice::from_raw_parts(blocks[number], layout.size());
                assert!(block.iter().all(|byte| *byte == number as u8));
                Heap.dealloc(blocks[number], layout);
            }
            let zeros = Heap.alloc_zeroed(layout);
            assert!(std::slice::from_raw_parts(zeros, layout.size()).iter().all(|byte| *byte == 0));
            Heap.dealloc(zeros, layout);
        }
    }

    /// An object with what was written into it.
    struct Object {
        at: *mut u8,
        layout: Layout,
        mark: u8,
    }

    // SAFETY: as for any memory: nobody else has it.
    unsafe impl Send for Object {}

    impl Object {
        fn new(size: usize, align: usize, mark: u8, zeroed: bool) -> Object {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: no size is zero.
            let at = unsafe { if zeroed { Heap.alloc_zeroed(layout) } else { Heap.alloc(layout) } };
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

        fn resized(self, size: usize) -> Object {
            self.check();
            // SAFETY: it came from this heap, with this layout.
            let at = unsafe { Heap.realloc(self.at, self.layout, size) };
            // SAFETY: no more than both objects have.
            let kept = unsafe { std::slice::from_raw_parts(at, size.min(self.layout.size())) };
            assert!(kept.iter().all(|b| *b == self.mark), "not moved along");
            let layout = Layout::from_size_align(size, self.layout.align()).unwrap();
            Object { at, layout, ..self }.marked()
        }

        fn free(self) {
            self.check();
            // SAFETY: as for `realloc`.
            unsafe { Heap.dealloc(self.at, self.layout) };
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_what_another_has(
            steps in prop::collection::vec((0..4_u8, 1..2000_usize, 0..7_u32, 0..20_usize), 1..200)
        ) {
            let mut objects: Vec<Object> = Vec::new();
            for ((what, size, align, which), mark) in steps.into_iter().zip((0..=u8::MAX).cycle()) {
                match what {
                    0 | 1 => objects.push(Object::new(size, 1 << align, mark, what == 1)),
                    _ if objects.is_empty() => {}
                    2 => {
                        let object = objects.swap_remove(which % objects.len());
                        objects.push(object.resized(size));
                    }
                    _ => objects.swap_remove(which % objects.len()).free(),
                }
            }
            objects.into_iter().for_each(|object| object.free());
        }
    }

    #[test]
    fn what_is_freed_is_used_again() {
        let all = Dlmalloc::new_with_allocator(Kernel { closed: false });
        let mut heap = Shared { lists: Lists([None; LISTS]), all };
        let list = list_of(Layout::new::<[u64; 5]>()).unwrap();
        assert_eq!(Some(list), list_of(Layout::from_size_align(30, 16).unwrap()));
        let first = heap.take(list);
        // SAFETY: it came from this list and is not used any more.
        unsafe { heap.lists.put(list, NonNull::new(first).unwrap().cast()) };
        assert_eq!(heap.take(list), first);
    }

    #[test]
    fn threads_take_turns() {
        std::thread::scope(|threads| {
            for mark in 0..4_u8 {
                threads.spawn(move || {
                    for size in 1..2000 {
                        Object::new(size, 1, mark, false).resized(size * 2).free();
                    }
                });
            }
        });
    }

    /// What one thread makes apart lives on when it has ended, and is freed by another.
    #[test]
    fn threads_work_apart() {
        let made = |mark: u8| {
            let objects = (1..2000).map(|size| Object::new(size % 600 + 1, 1, mark, size % 3 == 0));
            let (kept, gone): (Vec<Object>, Vec<Object>) = objects.partition(|o| o.layout.size() % 2 == 0);
            gone.into_iter().for_each(Object::free);
            kept.into_iter().map(|o| o.resized(700)).map(|o| o.resized(17)).collect::<Vec<Object>>()
        };
        let all: Vec<Vec<Object>> = std::thread::scope(|threads| {
            let handles = [1, 2, 3].map(|mark| threads.spawn(move || apart(|| apart(|| made(mark)))));
            handles.into_iter().map(|h| h.join().unwrap()).collect()
        });
        assert!(own().is_none());
        all.into_iter().flatten().for_each(Object::free);
    }

    /// Those of a list come in the order in which they lie, and go back to all.
    #[test]
    fn what_was_handed_out_comes_back() {
        let all = Dlmalloc::new_with_allocator(Kernel { closed: false });
        let mut heap = Shared { lists: Lists([None; LISTS]), all };
        let mut lists = Lists([None; LISTS]);
        let first = heap.hand_out(&mut lists, 3);
        let second = lists.take(3).unwrap().as_ptr().cast::<u8>();
        assert_eq!(second.addr() - first.addr(), size(3) + OWN);
        assert_eq!(std::iter::from_fn(|| lists.take(3)).count(), BATCH - 1);
    }
}
