//! Memory for what is worked out about one code object: it grows, and is used again for the next.

use core::ptr::null_mut;

use crate::ffi;

/// Types of which zero bytes are a value.
///
/// # Safety
///
/// Every field must be a number, a truth value, or such a type again.
pub(crate) unsafe trait Zero: Copy {}

// SAFETY: numbers.
unsafe impl Zero for u8 {}
// SAFETY: numbers.
unsafe impl Zero for u16 {}
// SAFETY: numbers.
unsafe impl Zero for u32 {}
// SAFETY: numbers.
unsafe impl Zero for i32 {}

/// The room of a list that has any: some lists are kept for each code object, and have a few values.
const LEAST_ROOM: usize = 16;

/// A list of plain values.
pub(crate) struct Scratch<T: Copy> {
    values: *mut T,
    room: usize,
    count: usize,
}

impl<T: Copy> Scratch<T> {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self {
            values: null_mut(),
            room: 0,
            count: 0,
        }
    }

    /// Forgets all values, and makes it `count` times the one that is all zero bytes.
    pub(crate) fn zeros(&mut self, count: usize) -> Option<()>
    where
        T: Zero,
    {
        self.count = 0;
        self.reserve(count)?;
        // SAFETY: there is room for that many, and `Zero` promises that zero bytes are a value.
        unsafe { core::ptr::write_bytes(self.values, 0, count) };
        self.count = count;
        Some(())
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Forgets all values, and gives the memory back.
    pub(crate) fn release(&mut self) {
        // SAFETY: the memory came from `calloc`, or is null, and is not used again.
        unsafe { ffi::free(self.values.cast()) };
        (self.values, self.room, self.count) = (null_mut(), 0, 0);
    }

    /// Adds a value; `None` when there is no memory.
    #[inline]
    pub(crate) fn add(&mut self, value: T) -> Option<()> {
        if self.count == self.room {
            self.reserve(self.count + 1)?;
        }
        // SAFETY: the room, which was made if it was used up, is larger than the count.
        unsafe { self.values.add(self.count).write(value) };
        self.count += 1;
        Some(())
    }

    /// Takes out the value that was added last.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.count = self.count.checked_sub(1)?;
        // SAFETY: one more than the new count were written.
        Some(unsafe { self.values.add(self.count).read() })
    }

    #[cold]
    fn reserve(&mut self, count: usize) -> Option<()> {
        if count <= self.room {
            return Some(());
        }
        let room = count.max(self.room * 2).max(LEAST_ROOM);
        // SAFETY: the C library's, for any numbers: it looks for an overflow itself.
        let memory = unsafe { ffi::calloc(room, size_of::<T>()) }.cast::<T>();
        if memory.is_null() {
            return None;
        }
        if !self.values.is_null() {
            // SAFETY: that many were written, the new memory is longer than the old, and the old
            // came from `calloc` and is not used again.
            unsafe {
                core::ptr::copy_nonoverlapping(self.values, memory, self.count);
                ffi::free(self.values.cast());
            }
        }
        (self.values, self.room) = (memory, room);
        Some(())
    }

    /// The values.
    #[inline]
    pub(crate) fn values(&self) -> &[T] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: that many were written, and the memory is this list's own.
        unsafe { core::slice::from_raw_parts(self.values, self.count) }
    }

    /// The values, to change them.
    #[inline]
    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        if self.count == 0 {
            return &mut [];
        }
        // SAFETY: that many were written, and the memory is this list's own.
        unsafe { core::slice::from_raw_parts_mut(self.values, self.count) }
    }

    /// A copy that stays: `None` when there is no memory.
    pub(crate) fn kept(&self) -> Option<*mut T> {
        // SAFETY: the C library's, for any numbers: it looks for an overflow itself.
        let memory = unsafe { ffi::calloc(self.count.max(1), size_of::<T>()) }.cast::<T>();
        if memory.is_null() {
            return None;
        }
        if self.count > 0 {
            // SAFETY: that many were written, and the fresh memory has room for them.
            unsafe { core::ptr::copy_nonoverlapping(self.values, memory, self.count) };
        }
        Some(memory)
    }
}

impl Scratch<u64> {
    /// Drops the values that are equal to the one before.
    pub(crate) fn drop_repeated(&mut self) {
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
pub(crate) fn sort(values: &mut [u64]) {
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
        assert!(list.add(0).is_some());
        // One that is kept for each code object takes little memory.
        assert_eq!(list.room, LEAST_ROOM);
        list.clear();
        for number in 0..5000 {
            assert!(list.add(number).is_some());
        }
        assert_eq!(list.values().len(), 5000);
        assert!(list.values().iter().copied().eq(0..5000));
        assert_eq!(list.take(), Some(4999));
        list.clear();
        assert_eq!(list.take(), None);
        assert!(list.zeros(3).is_some());
        assert_eq!(list.values(), [0, 0, 0]);
        assert!(list.zeros(9000).is_some());
        assert_eq!(list.values().len(), 9000);
        assert!(list.values().iter().all(|value| *value == 0));
    }
}
