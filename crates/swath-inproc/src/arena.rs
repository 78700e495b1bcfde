//! Memory that is never given back: for what is known about code and files.
//!
//! It lies close together, so that a fork child that changes some of it gets few pages of its own.

use core::ptr::null_mut;

use crate::ffi;
use crate::state::{Gil, Global};

/// So much is taken from the system at once.
const CHUNK: usize = 64 << 10;
/// What begins here is aligned for any number or pointer.
const ALIGNMENT: usize = 16;

/// What is left of the latest chunk.
#[derive(Clone, Copy)]
struct Rest {
    place: *mut u8,
    length: usize,
}

static REST: Global<Rest> = Global::new(Rest {
    place: null_mut(),
    length: 0,
});

/// Zeros, or null without memory.
pub(crate) fn allocate(gil: Gil<'_>, length: usize) -> *mut u8 {
    let length = length.next_multiple_of(ALIGNMENT);
    if length > CHUNK / 8 {
        // SAFETY: the C library's, for any numbers.
        return unsafe { ffi::calloc(1, length) }.cast();
    }
    let mut rest = REST.get(gil);
    if rest.length < length {
        let place = pages(CHUNK);
        if place.is_null() {
            return null_mut();
        }
        rest = Rest {
            place,
            length: CHUNK,
        };
    }
    let place = rest.place;
    REST.set(
        gil,
        Rest {
            place: place.wrapping_add(length),
            length: rest.length - length,
        },
    );
    place
}

/// Pages of zeros, or null.
pub(crate) fn pages(length: usize) -> *mut u8 {
    let flags = ffi::MAP_PRIVATE | ffi::MAP_ANONYMOUS;
    // SAFETY: a new mapping, at no place of the caller's choice, replaces none.
    let pages = unsafe { ffi::mmap(null_mut(), length, ffi::PROT_READ_WRITE, flags, -1, 0) };
    if pages as isize == -1 {
        null_mut()
    } else {
        pages.cast()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn nothing_overlaps() {
        // SAFETY: this test alone allocates here.
        let gil = unsafe { Gil::assume() };
        let lengths = [1, 16, 17, 400, 5_000, 9_000, CHUNK, 3];
        let mut before: Vec<(usize, usize)> = Vec::new();
        for length in lengths.into_iter().cycle().take(200) {
            let place = allocate(gil, length);
            assert_eq!(place as usize % ALIGNMENT, 0);
            // SAFETY: so much was asked for.
            let bytes = unsafe { core::slice::from_raw_parts_mut(place, length) };
            assert!(bytes.iter().all(|byte| *byte == 0));
            bytes.fill(255);
            let range = (place as usize, place as usize + length);
            assert!(
                before
                    .iter()
                    .all(|&(start, end)| range.1 <= start || end <= range.0)
            );
            before.push(range);
        }
    }
}
