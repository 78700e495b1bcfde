//! The traced frames of one thread, and the line that each was at: an arc needs both its ends.
//!
//! Greenlets switch among the frames of a thread, so a frame is looked for by its address, from
//! the newest on.

use core::ptr::null_mut;

use crate::ffi;

/// A frame that is traced.
#[derive(Clone, Copy)]
struct Frame {
    key: *mut u8,
    /// Its latest line; 0 before the first.
    line: u32,
}

/// The frames of one thread, the newest last.
#[derive(Clone, Copy)]
pub(crate) struct Frames {
    first: *mut Frame,
    room: usize,
    count: usize,
}

impl Frames {
    /// No frames.
    pub(crate) const NONE: Self = Self {
        first: null_mut(),
        room: 0,
        count: 0,
    };

    /// Forgets all frames, and keeps the memory: the thread is a new one.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a frame that starts or goes on. Without memory it is not there, and its arcs are lost.
    #[inline]
    pub(crate) unsafe fn push(&mut self, key: *mut u8) {
        // SAFETY: the count is below the room, which `grow` made where it was not.
        unsafe {
            if self.count == self.room && !self.grow() {
                return;
            }
            self.first.add(self.count).write(Frame { key, line: 0 });
        }
        self.count += 1;
    }

    #[cold]
    unsafe fn grow(&mut self) -> bool {
        let room = (self.room * 2).max(64);
        // SAFETY: the fresh memory is longer than the old, which came from `calloc` and is not used
        // again: no copy of this list lives on with it.
        unsafe {
            let memory = ffi::calloc(room, size_of::<Frame>()).cast::<Frame>();
            if memory.is_null() {
                return false;
            }
            if !self.first.is_null() {
                core::ptr::copy_nonoverlapping(self.first, memory, self.count);
                ffi::free(self.first.cast());
            }
            (self.first, self.room) = (memory, room);
            true
        }
    }

    /// Takes out a frame that ended or was suspended.
    #[inline]
    pub(crate) unsafe fn remove(&mut self, key: *mut u8) {
        // SAFETY: the index is one of a frame that is there, so those behind it are `count - index
        // - 1`.
        unsafe {
            let Some(index) = self.find(key) else {
                return;
            };
            let behind = self.first.add(index + 1);
            core::ptr::copy(behind, self.first.add(index), self.count - index - 1);
            self.count -= 1;
        }
    }

    #[inline]
    unsafe fn find(&self, key: *mut u8) -> Option<usize> {
        // SAFETY: every index is below the count.
        unsafe {
            (0..self.count)
                .rev()
                .find(|index| (*self.first.add(*index)).key == key)
        }
    }

    /// The line that a frame was at, to read and change it.
    #[inline]
    pub(crate) unsafe fn line(&mut self, key: *mut u8) -> Option<&mut u32> {
        // SAFETY: the index is one of a frame that is there.
        unsafe {
            let index = self.find(key)?;
            Some(&mut (*self.first.add(index)).line)
        }
    }
}
