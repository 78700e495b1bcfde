//! Notices that this process is a fork child, and gives it a store of its own.
//!
//! `os.register_at_fork` tells of forks that Python makes; a page that the kernel clears in the
//! child tells of the others, on the next thing that is recorded.

use core::ptr::null_mut;

use swath_store::Recording;

use crate::context;
use crate::ffi;
use crate::gate;
use crate::interpreter::RECORDING;
use crate::map;
use crate::state::{Gil, Global};
use crate::tool;

/// A page that reads 0 in a child that has not been followed yet; null where the kernel clears none.
static PAGE: Global<*mut u32> = Global::new(null_mut());
/// The process that the store belongs to, where there is no such page.
static PROCESS: Global<i32> = Global::new(0);

/// How many forks lie between the process that was started as a program and this one, as far as
/// each could have a store of its own.
static GENERATION: Global<u32> = Global::new(0);

/// What was learnt about code in another generation is void: it says where hits were stored there.
#[inline]
pub(crate) fn generation(gil: Gil<'_>) -> u32 {
    GENERATION.get(gil)
}

/// Begins to watch.
pub(crate) fn watch(gil: Gil<'_>) {
    // SAFETY: the page is fresh and this module's own, aligned for a number as pages are, and goes
    // away only where it was not published.
    unsafe {
        PROCESS.set(gil, ffi::getpid());
        let page = map::private_pages(4096).cast::<u32>();
        if page.is_null() {
            return;
        }
        // Emulators of other machines take any advice, and follow none of it.
        let is_heeded = ffi::madvise(page.cast(), 4096, ffi::MADV_NONSENSE) != 0
            && ffi::madvise(page.cast(), 4096, ffi::MADV_WIPEONFORK) == 0;
        if !is_heeded {
            ffi::munmap(page.cast(), 4096);
            return;
        }
        page.write(1);
        PAGE.set(gil, page);
    }
}

/// Whether this process was forked since the store was begun.
#[inline]
pub(crate) fn happened(gil: Gil<'_>) -> bool {
    let page = PAGE.get(gil);
    // SAFETY: the page stays mapped; volatile because the kernel writes it. getpid may be called at
    // any time.
    unsafe {
        if page.is_null() {
            return ffi::getpid() != PROCESS.get(gil);
        }
        page.read_volatile() == 0
    }
}

/// Gives this process a store of its own, if it is a fork child that has none yet.
///
/// What is known about code is void after that: this comes first.
#[inline]
pub(crate) fn check(gil: Gil<'_>) {
    if happened(gil) {
        follow(gil);
    }
}

/// Gives this process a store of its own, and sees to it that lines are reported to it.
#[cold]
pub(crate) fn follow(gil: Gil<'_>) {
    if !take_store(gil) {
        return;
    }
    match RECORDING.get(gil) {
        Recording::Monitoring | Recording::MonitoringOfEachWay => tool::begin_again(gil),
        Recording::Frames => gate::begin_again(gil),
    }
}

/// As [`check`], where the interpreter is gone: nothing is asked of it.
pub(crate) fn check_at_exit(gil: Gil<'_>) {
    if happened(gil) {
        take_store(gil);
    }
}

/// Gives this process a store of its own; whether it has one.
fn take_store(gil: Gil<'_>) -> bool {
    // SAFETY: the page is this module's own and stays mapped. The child's only thread is the one
    // that forked, with the GIL held: nobody else uses the map or what is told to begin again.
    unsafe {
        PROCESS.set(gil, ffi::getpid());
        let page = PAGE.get(gil);
        if !page.is_null() {
            page.write_volatile(1);
        }
        if !map::begin_in_child(gil) {
            // Nothing is lost: what the parent has mapped takes the hits of this process as well.
            return false;
        }
        // From here on this process counts what it runs itself, as one that was just started would.
        GENERATION.set(gil, GENERATION.get(gil).wrapping_add(1));
        context::forget_users(gil);
    }
    true
}
