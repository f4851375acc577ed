//! The program's heap: dlmalloc, and a way to give back what it keeps for the next time.
//!
//! dlmalloc returns memory to the kernel only from its end, and what lives on lies everywhere in it. A
//! process that works now and then and waits for long in between calls [`give_back`] before it waits.
//! Why this allocator: docs/decisions/07-memory.md.
#![allow(unsafe_code)]

use super::pages;
use dlmalloc::{Allocator, Dlmalloc};
use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// For `#[global_allocator]`.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

static HEAP: Mutex<Dlmalloc<Kernel>> = Mutex::new(Dlmalloc::new_with_allocator(Kernel { closed: false }));

fn heap() -> MutexGuard<'static, Dlmalloc<Kernel>> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

// SAFETY: dlmalloc keeps the contract of GlobalAlloc, and only one thread at a time is in it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that are asked for, here and below.
        unsafe { heap().malloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { heap().free(block, layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { heap().calloc(layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { heap().realloc(block, layout.size(), layout.align(), size) }
    }
}

/// Where dlmalloc gets its memory.
struct Kernel {
    /// There is none to be had, so that what is allocated is what was kept.
    closed: bool,
}

// SAFETY: the maps are private to the process, and dlmalloc alone knows them.
unsafe impl Allocator for Kernel {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let start = if self.closed { None } else { pages::map(size) };
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
    let mut heap = heap();
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
}
