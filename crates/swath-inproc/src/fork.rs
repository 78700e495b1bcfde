//! Notices that this process is a fork child, and gives it a store of its own.
//!
//! `os.register_at_fork` tells of forks that Python makes; a page that the kernel clears in the
//! child tells of the others, on the next thing that is recorded.

pub(crate) mod start_ticks;

use core::ptr::null_mut;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};

use swath_store::Recording;

use crate::arena;
use crate::context;
use crate::ffi;
use crate::gate;
use crate::interpreter::{self, RECORDING};
use crate::lock;
use crate::map;
use crate::state::Gil;
use crate::tool;

/// A page that reads 0 in a child that has not been followed yet; null where the kernel clears none.
/// It is asked before it is known who is alone, as is the process.
static PAGE: AtomicPtr<u32> = AtomicPtr::new(null_mut());
/// The process that the store belongs to, where there is no such page.
static PROCESS: AtomicI32 = AtomicI32::new(0);
/// The process that was begun anew, where there is no such page; see [`once_here`].
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the process that was started as a program and this one, as far as
/// each could have a store of its own.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// What was learnt about code in another generation is void: it says where hits were stored there.
#[inline]
pub(crate) fn generation(_gil: Gil<'_>) -> u32 {
    generation_now()
}

/// The same, for who is not alone: it changes only in the moment in which a fork is noticed.
#[inline]
pub(crate) fn generation_now() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Begins to watch.
pub(crate) fn watch(_gil: Gil<'_>) {
    // SAFETY: the page is fresh and this module's own, aligned for a number as pages are, and goes
    // away only where it was not published.
    unsafe {
        PROCESS.store(ffi::getpid(), Ordering::Relaxed);
        BEGUN.store(ffi::getpid() as u32, Ordering::Relaxed);
        let page = arena::pages(4096).cast::<u32>();
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
        page.add(1).write(1);
        PAGE.store(page, Ordering::Release);
    }
}

/// Whether this process was forked since the store was begun.
#[inline]
pub(crate) fn happened() -> bool {
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: the page stays mapped; volatile because the kernel writes it. getpid may be called at
    // any time.
    unsafe {
        if page.is_null() {
            let process = PROCESS.load(Ordering::Relaxed);
            return process != 0 && ffi::getpid() != process;
        }
        page.read_volatile() == 0
    }
}

/// Gives this process a store of its own, if it is a fork child that has none yet.
///
/// What is known about code is void after that: this comes first.
#[inline]
pub(crate) fn check(gil: Gil<'_>) {
    if happened() {
        follow(gil);
    }
}

/// The same in what Python says is a fork child. That is written down without a look first: a page that the
/// kernel cleared comes once if it is written, and twice if it is read before.
pub(crate) fn check_in_child(gil: Gil<'_>) {
    let page = PAGE.load(Ordering::Acquire);
    let is_new = if page.is_null() {
        happened()
    } else {
        // SAFETY: the page stays mapped, is aligned for a number, and its first word is used as one.
        unsafe { AtomicU32::from_ptr(page).swap(1, Ordering::Relaxed) == 0 }
    };
    if is_new {
        follow(gil);
    }
}

/// Does something once in each process, however many threads come here at a time: behind this it is
/// done.
#[cold]
pub(crate) fn once_here(action: impl FnOnce()) {
    const BUSY: u32 = u32::MAX;
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: the page stays mapped, and its second word is only used here, as an atomic; getpid may
    // be called at any time.
    let (word, done) = unsafe {
        if page.is_null() {
            (&BEGUN, ffi::getpid() as u32)
        } else {
            (AtomicU32::from_ptr(page.add(1)), 1)
        }
    };
    loop {
        let before = word.load(Ordering::Acquire);
        if before == done {
            return;
        }
        let begin = || word.compare_exchange(before, BUSY, Ordering::Acquire, Ordering::Relaxed);
        if before != BUSY && begin().is_ok() {
            action();
            word.store(done, Ordering::Release);
            return;
        }
        core::hint::spin_loop();
    }
}

/// Gives this process a store of its own, and sees to it that lines are reported to it.
#[cold]
pub(crate) fn follow(gil: Gil<'_>) {
    if !take_store(gil) {
        return;
    }
    if lock::is_needed() && interpreter::has_lost_threads(gil) {
        // A fork that CPython was not told of, of a process with several threads. It would wait for
        // them to stop before it changes byte code, and they are gone.
        tool::give_up(gil);
        return;
    }
    match RECORDING.get(gil) {
        Recording::Monitoring | Recording::MonitoringOfEachWay => tool::begin_again(gil),
        Recording::Frames => gate::begin_again(gil),
    }
}

/// As [`check`], where the interpreter is gone: nothing is asked of it.
pub(crate) fn check_at_exit(gil: Gil<'_>) {
    if happened() {
        take_store(gil);
    }
}

/// Gives this process a store of its own; whether it has one.
fn take_store(gil: Gil<'_>) -> bool {
    // SAFETY: the page is this module's own and stays mapped. The child's only thread is the one
    // that forked, with the GIL held: nobody else uses the map or what is told to begin again.
    unsafe {
        PROCESS.store(ffi::getpid(), Ordering::Relaxed);
        let page = PAGE.load(Ordering::Acquire);
        if !page.is_null() {
            page.write_volatile(1);
        }
        if !map::begin_in_child(gil) {
            // Nothing is lost: what the parent has mapped takes the hits of this process as well.
            return false;
        }
        // From here on this process counts what it runs itself, as one that was just started would.
        GENERATION.fetch_add(1, Ordering::Relaxed);
        context::forget_users(gil);
    }
    true
}
