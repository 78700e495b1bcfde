//! Moments in which no byte code may be changed, in a free-threaded build.
//!
//! CPython 3.13 stops all other threads to change byte code, and to fork and to end as well. A
//! thread that is about to do the first when another one does one of the others is stopped with a
//! lock of the interpreter's taken: in a fork child, and at the end, nobody gives that back, and
//! whoever next stops all threads waits for ever. So nothing is begun here while a fork or the end is
//! near.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::ffi;
use crate::lock;
use crate::state::{Gil, let_others};
use crate::system_call;

/// A fork or an end that has not come in so many naps of 20 ms does not come: then none is waited for.
const MOST_NAPS: usize = 100;
const NAP: i64 = 20_000_000;

/// How many forks and ends are near.
static NEAR: AtomicU32 = AtomicU32::new(0);
/// The thread that said so last, which does not wait for itself.
static SAID_BY: AtomicPtr<u8> = AtomicPtr::new(null_mut());

/// A fork or the end is near. Who says so is alone: no byte code is being changed.
pub(crate) fn begin(_gil: Gil<'_>) {
    // SAFETY: who has the token has a thread state.
    SAID_BY.store(unsafe { ffi::PyThreadState_Get() }, Ordering::Relaxed);
    NEAR.fetch_add(1, Ordering::Relaxed);
}

/// The process was forked, and this is not the child.
pub(crate) fn end(_gil: Gil<'_>) {
    let less = |near: u32| near.checked_sub(1);
    _ = NEAR.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    system_call::futex_wake(&NEAR);
}

/// In a fork child, or when the interpreter has ended: the threads are gone.
pub(crate) fn forget() {
    if NEAR.load(Ordering::Relaxed) != 0 {
        NEAR.store(0, Ordering::Relaxed);
    }
}

/// Waits until byte code may be changed; the program may run meanwhile. From here on it may be
/// changed for as long as the token is held.
#[inline]
pub(crate) fn wait(gil: Gil<'_>) {
    if lock::is_needed() && NEAR.load(Ordering::Relaxed) != 0 {
        wait_for_others(gil);
    }
}

#[cold]
fn wait_for_others(gil: Gil<'_>) {
    for _ in 0..MOST_NAPS {
        let near = NEAR.load(Ordering::Relaxed);
        // SAFETY: who has the token has a thread state.
        let thread = unsafe { ffi::PyThreadState_Get() };
        if near == 0 || SAID_BY.load(Ordering::Relaxed) == thread {
            return;
        }
        // SAFETY: the thread has a thread state, and takes up the same one again.
        let_others(gil, |_| unsafe {
            let thread = ffi::PyEval_SaveThread();
            system_call::futex_wait(&NEAR, near, NAP);
            ffi::PyEval_RestoreThread(thread);
        });
    }
    NEAR.store(0, Ordering::Relaxed);
}
