//! System calls for which the C libraries have no name that all of them share, with the numbers and
//! structures that each machine has.

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr::null_mut;
use core::sync::atomic::AtomicU32;

use crate::ffi;

#[cfg(target_arch = "x86_64")]
mod machine {
    pub(super) const FSTAT: i64 = 5;
    pub(super) const FUTEX: i64 = 202;
    pub(super) const GETRANDOM: i64 = 318;
    pub(super) const NEWFSTATAT: i64 = 262;
    pub(super) const UTIMENSAT: i64 = 280;
    /// The words of `struct stat`.
    pub(super) const STAT_WORDS: usize = 18;
    /// The word whose low half is the mode.
    pub(super) const MODE: usize = 3;
}

#[cfg(target_arch = "aarch64")]
mod machine {
    pub(super) const FSTAT: i64 = 80;
    pub(super) const FUTEX: i64 = 98;
    pub(super) const GETRANDOM: i64 = 278;
    pub(super) const NEWFSTATAT: i64 = 79;
    pub(super) const UTIMENSAT: i64 = 88;
    pub(super) const STAT_WORDS: usize = 16;
    pub(super) const MODE: usize = 2;
}

/// A path is of the folder in which the process works.
const AT_FDCWD: c_int = -100;

/// What is asked of a file.
pub(crate) struct Status {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// In its low half; what is above it is something else.
    pub(crate) mode: u64,
    pub(crate) size: u64,
}

impl Status {
    fn of(stat: [u64; machine::STAT_WORDS]) -> Status {
        let [device, inode, _, _, _, _, size, ..] = stat;
        Status {
            device,
            inode,
            mode: stat[machine::MODE],
            size,
        }
    }
}

/// The status of an open file; `None` when it is not open.
pub(crate) fn fstat(descriptor: c_int) -> Option<Status> {
    let mut stat = [0_u64; machine::STAT_WORDS];
    // SAFETY: the array is as long as the kernel's structure, and any number may be asked for.
    if unsafe { ffi::syscall(machine::FSTAT, descriptor, stat.as_mut_ptr()) } != 0 {
        return None;
    }
    Some(Status::of(stat))
}

/// The status of the file that a path leads to; `None` when there is none.
pub(crate) fn stat(path: *const c_char) -> Option<Status> {
    let mut stat = [0_u64; machine::STAT_WORDS];
    // SAFETY: the path is a C string, and the array is as long as the kernel's structure.
    let result = unsafe { ffi::syscall(machine::NEWFSTATAT, AT_FDCWD, path, stat.as_mut_ptr(), 0) };
    (result == 0).then(|| Status::of(stat))
}

/// Makes a file one that was changed now. `path` is absolute.
pub(crate) fn touch(path: *const c_char) {
    let now: *mut c_void = null_mut();
    // SAFETY: the path is a C string, and no times are given.
    unsafe { ffi::syscall(machine::UTIMENSAT, AT_FDCWD, path, now, 0) };
}

/// Fills a buffer with random bytes, where the kernel has them at once; says how many it gave.
pub(crate) fn getrandom(buffer: &mut [u8]) -> c_long {
    const WITHOUT_WAITING: c_int = 1;
    let start: *mut c_void = buffer.as_mut_ptr().cast();
    // SAFETY: the buffer is as long as is said.
    unsafe { ffi::syscall(machine::GETRANDOM, start, buffer.len(), WITHOUT_WAITING) }
}

/// Sleeps while a word has a value, until it is woken; at most so many nanoseconds, fewer than a
/// second's.
pub(crate) fn futex_wait(word: &AtomicU32, value: u32, longest: i64) {
    const WAIT: c_int = 128;
    let time = [0_i64, longest];
    // SAFETY: the word lives during the call, and a time has two words.
    unsafe {
        ffi::syscall(
            machine::FUTEX,
            word.as_ptr(),
            WAIT,
            value,
            time.as_ptr(),
            null_mut::<c_void>(),
            0_u32,
        )
    };
}

/// Wakes one thread that sleeps at a word.
pub(crate) fn futex_wake(word: &AtomicU32) {
    const WAKE: c_int = 129;
    // SAFETY: the word lives during the call.
    unsafe {
        ffi::syscall(
            machine::FUTEX,
            word.as_ptr(),
            WAKE,
            1_u32,
            null_mut::<c_void>(),
            null_mut::<c_void>(),
            0_u32,
        )
    };
}
