//! The lock of the agent, for builds of CPython that have none of their own.
//!
//! In a free-threaded build events come from all threads at once. There this lock is what `Gil` says
//! that it is held. Whoever waits for it lets go of the interpreter meanwhile, as who waits for the
//! GIL does: otherwise the one that has it could wait for ever for all threads to stop, as CPython
//! does to change byte code. `docs/decisions/024-free-threaded.md`.

pub(crate) mod quiet;
pub(crate) mod world;

use core::ffi::c_int;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use crate::ffi;
use crate::fork;
use crate::symbols;
use crate::system_call;

/// So often a thread looks again before it lets go of the interpreter.
const LOOKS: usize = 50;
/// So long a thread sleeps at most before it looks again, in nanoseconds.
const LONGEST_SLEEP: i64 = 20_000_000;

/// What the lock is: free, held, or held while others may sleep.
const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

static STATE: AtomicU32 = AtomicU32::new(FREE);
/// The thread state that holds it.
static OWNER: AtomicPtr<u8> = AtomicPtr::new(null_mut());
/// Whether the build is a free-threaded one.
static IS_NEEDED: AtomicBool = AtomicBool::new(false);
/// `Py_IsFinalizing`.
static IS_FINALIZING: AtomicPtr<core::ffi::c_void> = AtomicPtr::new(null_mut());

/// How a thread came to hold the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It took it.
    Taken,
    /// It had it, or is the only thread that is left: nothing is to be given back.
    Had,
}

/// Finds out what build this is; whether it is a free-threaded one.
pub(crate) fn begin() -> bool {
    // Only those builds have it.
    let is_needed = !symbols::find(c"PyUnstable_Module_SetGIL").is_null();
    IS_FINALIZING.store(symbols::find(c"Py_IsFinalizing"), Ordering::Relaxed);
    IS_NEEDED.store(is_needed, Ordering::Relaxed);
    is_needed
}

/// Whether events may come from several threads at once.
#[inline]
pub(crate) fn is_needed() -> bool {
    IS_NEEDED.load(Ordering::Relaxed)
}

/// Takes the lock.
///
/// # Safety
///
/// The calling thread has a thread state and may ask the interpreter.
pub(crate) unsafe fn take() -> Turn {
    // SAFETY: the thread has a thread state.
    let thread = unsafe { ffi::PyThreadState_Get() };
    // Nobody else makes it this thread's.
    if OWNER.load(Ordering::Relaxed) == thread || is_finalizing() {
        return Turn::Had;
    }
    // SAFETY: as the caller promises.
    unsafe { wait_for_turn() };
    OWNER.store(thread, Ordering::Relaxed);
    Turn::Taken
}

/// Gives the lock back.
pub(crate) fn give_back(turn: Turn) {
    if turn == Turn::Taken {
        OWNER.store(null_mut(), Ordering::Relaxed);
        if STATE.swap(FREE, Ordering::Release) == AWAITED {
            system_call::futex_wake(&STATE);
        }
    }
}

/// Runs something without the lock, for which others may have to do something first: the lock is
/// taken again behind it. Nothing of the agent's state may be relied on over it.
///
/// # Safety
///
/// As for [`take`]; the lock is held.
pub(crate) unsafe fn without<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: the thread has a thread state.
    let thread = unsafe { ffi::PyThreadState_Get() };
    if OWNER.load(Ordering::Relaxed) != thread {
        return body();
    }
    give_back(Turn::Taken);
    let result = body();
    if !is_finalizing() {
        // SAFETY: as the caller promises.
        unsafe { wait_for_turn() };
        OWNER.store(thread, Ordering::Relaxed);
    }
    result
}

/// Whether the interpreter is being finalized: then no other thread runs any more, and one that
/// had the lock when it was stopped never gives it back.
fn is_finalizing() -> bool {
    let address = IS_FINALIZING.load(Ordering::Relaxed);
    if address.is_null() {
        return false;
    }
    // SAFETY: the function was found under CPython's name for it, and has that type.
    unsafe {
        let function: unsafe extern "C" fn() -> c_int = core::mem::transmute(address);
        function() != 0
    }
}

unsafe fn wait_for_turn() {
    if fork::happened() {
        // Whoever held it here is a thread of another process.
        fork::once_here(|| {
            OWNER.store(null_mut(), Ordering::Relaxed);
            quiet::forget();
            world::give_back();
            STATE.store(FREE, Ordering::Release);
        });
    }
    for _ in 0..LOOKS {
        if STATE.load(Ordering::Relaxed) == FREE && becomes(HELD) {
            return;
        }
        core::hint::spin_loop();
    }
    loop {
        // SAFETY: the thread has a thread state, and takes up the same one again. Where the
        // interpreter is finalized meanwhile, the thread ends there, without the lock.
        unsafe {
            let thread = ffi::PyEval_SaveThread();
            _ = STATE.compare_exchange(HELD, AWAITED, Ordering::Relaxed, Ordering::Relaxed);
            if STATE.load(Ordering::Relaxed) == AWAITED {
                system_call::futex_wait(&STATE, AWAITED, LONGEST_SLEEP);
            }
            ffi::PyEval_RestoreThread(thread);
        }
        // Others may sleep: whoever gives it back wakes one.
        if becomes(AWAITED) {
            return;
        }
    }
}

/// Whether the lock was free, and is held now.
fn becomes(state: u32) -> bool {
    let taken = STATE.compare_exchange(FREE, state, Ordering::Acquire, Ordering::Relaxed);
    taken.is_ok()
}
