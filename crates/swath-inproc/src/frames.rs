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
pub struct Frames {
    frames: *mut Frame,
    room: usize,
    count: usize,
}

impl Frames {
    /// No frames.
    pub const NONE: Self = Self {
        frames: null_mut(),
        room: 0,
        count: 0,
    };

    /// Forgets all frames, and keeps the memory: the thread is a new one.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a frame that starts or goes on. Without memory it is not there, and its arcs are lost.
    #[inline]
    pub unsafe fn push(&mut self, key: *mut u8) {
        if self.count == self.room && !self.grow() {
            return;
        }
        self.frames.add(self.count).write(Frame { key, line: 0 });
        self.count += 1;
    }

    #[cold]
    unsafe fn grow(&mut self) -> bool {
        let room = (self.room * 2).max(64);
        let memory = ffi::calloc(room, size_of::<Frame>()).cast::<Frame>();
        if memory.is_null() {
            return false;
        }
        if !self.frames.is_null() {
            core::ptr::copy_nonoverlapping(self.frames, memory, self.count);
            ffi::free(self.frames.cast());
        }
        (self.frames, self.room) = (memory, room);
        true
    }

    /// Takes out a frame that ended or was suspended.
    #[inline]
    pub unsafe fn remove(&mut self, key: *mut u8) {
        let Some(index) = self.find(key) else {
            return;
        };
        let behind = self.frames.add(index + 1);
        core::ptr::copy(behind, self.frames.add(index), self.count - index - 1);
        self.count -= 1;
    }

    #[inline]
    unsafe fn find(&self, key: *mut u8) -> Option<usize> {
        (0..self.count)
            .rev()
            .find(|index| (*self.frames.add(*index)).key == key)
    }

    /// The line that a frame was at, to read and change it.
    #[inline]
    pub unsafe fn line(&mut self, key: *mut u8) -> Option<&mut u32> {
        let index = self.find(key)?;
        // SAFETY: the index is one of a frame that is there.
        Some(&mut (*self.frames.add(index)).line)
    }
}
