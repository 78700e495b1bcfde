//! Memory for what is worked out about one code object: it grows, and is used again for the next.

use core::ptr::null_mut;

use crate::ffi;

/// A list of plain values.
pub struct Scratch<T: Copy> {
    values: *mut T,
    room: usize,
    count: usize,
}

impl<T: Copy> Scratch<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self {
            values: null_mut(),
            room: 0,
            count: 0,
        }
    }

    /// Forgets all values, and makes it `count` times the one that is all zero bytes.
    ///
    /// `T` must be a type for which that is a value.
    pub unsafe fn zeros(&mut self, count: usize) -> Option<()> {
        self.count = 0;
        self.reserve(count)?;
        core::ptr::write_bytes(self.values, 0, count);
        self.count = count;
        Some(())
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a value; `None` when there is no memory.
    #[inline]
    pub unsafe fn add(&mut self, value: T) -> Option<()> {
        if self.count == self.room {
            self.reserve(self.count + 1)?;
        }
        self.values.add(self.count).write(value);
        self.count += 1;
        Some(())
    }

    /// Takes out the value that was added last.
    pub unsafe fn take(&mut self) -> Option<T> {
        self.count = self.count.checked_sub(1)?;
        // SAFETY: that many were written.
        Some(self.values.add(self.count).read())
    }

    #[cold]
    unsafe fn reserve(&mut self, count: usize) -> Option<()> {
        if count <= self.room {
            return Some(());
        }
        let room = count.max(self.room * 2).max(1024);
        let memory = ffi::calloc(room, size_of::<T>()).cast::<T>();
        if memory.is_null() {
            return None;
        }
        if !self.values.is_null() {
            core::ptr::copy_nonoverlapping(self.values, memory, self.count);
            ffi::free(self.values.cast());
        }
        (self.values, self.room) = (memory, room);
        Some(())
    }

    /// The values.
    #[inline]
    pub fn values(&self) -> &[T] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: that many were written, and the memory is this list's own.
        unsafe { core::slice::from_raw_parts(self.values, self.count) }
    }

    /// The values, to change them.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        if self.count == 0 {
            return &mut [];
        }
        // SAFETY: that many were written, and the memory is this list's own.
        unsafe { core::slice::from_raw_parts_mut(self.values, self.count) }
    }

    /// A copy that stays: `None` when there is no memory.
    pub unsafe fn kept(&self) -> Option<*mut T> {
        let memory = ffi::calloc(self.count.max(1), size_of::<T>()).cast::<T>();
        if memory.is_null() {
            return None;
        }
        core::ptr::copy_nonoverlapping(self.values, memory, self.count);
        Some(memory)
    }
}

impl Scratch<u64> {
    /// Drops the values that are equal to the one before.
    pub fn drop_repeated(&mut self) {
        let mut count = 0_usize;
        for index in 0..self.count {
            let values = self.values_mut();
            let Some(value) = values.get(index).copied() else {
                break;
            };
            let latest = count.checked_sub(1).and_then(|at| values.get(at));
            if latest != Some(&value) {
                if let Some(place) = values.get_mut(count) {
                    *place = value;
                }
                count += 1;
            }
        }
        self.count = count;
    }
}

/// Sorts numbers, without the parts of the core library's own sorting that may panic.
pub fn sort(values: &mut [u64]) {
    let count = values.len();
    for start in (0..count / 2).rev() {
        sift(values, start, count);
    }
    for end in (1..count).rev() {
        exchange(values, 0, end);
        sift(values, 0, end);
    }
}

fn exchange(values: &mut [u64], one: usize, other: usize) {
    if let (Some(a), Some(b)) = (values.get(one).copied(), values.get(other).copied()) {
        if let Some(place) = values.get_mut(one) {
            *place = b;
        }
        if let Some(place) = values.get_mut(other) {
            *place = a;
        }
    }
}

/// Lets a value sink to its place in a heap that is right below it.
fn sift(values: &mut [u64], mut root: usize, end: usize) {
    loop {
        let mut child = root * 2 + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && values.get(child) < values.get(child + 1) {
            child += 1;
        }
        if values.get(root) >= values.get(child) {
            return;
        }
        exchange(values, root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn numbers_are_sorted() {
        let mut state = 1_u64;
        for length in [0, 1, 2, 3, 10, 1000] {
            let mut values: Vec<u64> = Vec::new();
            for _ in 0..length {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                values.push(state >> 40);
            }
            let mut expected = values.clone();
            expected.sort_unstable();
            sort(&mut values);
            assert_eq!(values, expected);
        }
    }

    #[test]
    fn a_list_grows_and_is_used_again() {
        let mut list = Scratch::<u32>::new();
        // SAFETY: nobody else has the list.
        unsafe {
            for number in 0..5000 {
                assert!(list.add(number).is_some());
            }
            assert_eq!(list.values().len(), 5000);
            assert!(list.values().iter().copied().eq(0..5000));
            list.clear();
            assert!(list.zeros(3).is_some());
            assert_eq!(list.values(), [0, 0, 0]);
        }
    }
}
