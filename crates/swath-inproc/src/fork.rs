//! Notices that this process is a fork child, and gives it a store of its own.
//!
//! `os.register_at_fork` tells of forks that Python makes; a page that the kernel clears in the
//! child tells of the others, on the next thing that is recorded.

use core::ptr::null_mut;

use crate::ffi;
use crate::map::{self, MAP};
use crate::state::Global;

/// A page that reads 0 in a child that has not been followed yet; null where the kernel is too old.
static PAGE: Global<*mut u32> = Global::new(null_mut());
/// The process that the store belongs to, where there is no such page.
static PROCESS: Global<i32> = Global::new(0);

/// Begins to watch.
pub unsafe fn watch() {
    PROCESS.set(ffi::getpid());
    let page = map::private_pages(4096).cast::<u32>();
    if page.is_null() {
        return;
    }
    if ffi::madvise(page.cast(), 4096, ffi::MADV_WIPEONFORK) != 0 {
        ffi::munmap(page.cast(), 4096);
        return;
    }
    page.write(1);
    PAGE.set(page);
}

/// Whether this process was forked since the store was begun.
#[inline]
pub unsafe fn happened() -> bool {
    let page = PAGE.get();
    if page.is_null() {
        return ffi::getpid() != PROCESS.get();
    }
    // SAFETY: the page stays mapped; volatile because the kernel writes it.
    page.read_volatile() == 0
}

/// Gives this process a store of its own.
#[cold]
pub unsafe fn follow() {
    PROCESS.set(ffi::getpid());
    let page = PAGE.get();
    if !page.is_null() {
        page.write_volatile(1);
    }
    let before = MAP.get();
    if before.base.is_null() || !before.open {
        return;
    }
    if let Err(failure) = map::replace(&map::random()) {
        map::leave_failure(failure);
    }
}
