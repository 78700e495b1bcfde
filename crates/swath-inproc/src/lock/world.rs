//! The lock with which CPython 3.13 stops all threads of an interpreter, in a free-threaded build.
//!
//! A thread that takes it in the moment in which another one forks keeps it in the child, where the
//! thread is not: whoever next stops all threads there, to collect garbage or to change byte code,
//! waits for ever. `quiet` keeps the agent out of that moment, but not the program. As the agent
//! changes byte code in each child, it has to give the lock back there.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::ffi::{self, Object};
use crate::interpreter;
use crate::state::Gil;
use crate::symbols::{self, SYMBOLS};

/// So much of an interpreter's state is looked through; it is several times as long.
const LONGEST: usize = 64 << 10;
/// How the lock and what belongs to it begin while all threads are stopped: held, asked for, stopped,
/// and of one interpreter alone.
const STOPPED: [u8; 4] = [1, 1, 1, 0];
/// Behind that in words: how many threads are still waited for, and which one waits.
const AWAITED: usize = 1;
const WAITING: usize = 2;

/// Where in an interpreter's state the lock is; 0 before it is known.
static PLACE: AtomicUsize = AtomicUsize::new(0);

type Visit = unsafe extern "C" fn(Object, *mut c_void) -> c_int;
type VisitObjects = unsafe extern "C" fn(Visit, *mut c_void);

/// Finds the lock while all threads are stopped; whether it was found.
pub(crate) fn begin(gil: Gil<'_>) -> bool {
    let Some(symbols) = SYMBOLS.get(gil) else {
        return false;
    };
    // SAFETY: the name has this type in CPython's headers. What it calls it calls while all threads are
    // stopped, with the state of the interpreter that is handed on.
    unsafe {
        let name = c"PyUnstable_GC_VisitObjects";
        if let Some(visit) = symbols::function::<VisitObjects>(&[name]) {
            visit(look, (symbols.interpreter)().cast());
        }
    }
    PLACE.load(Ordering::Relaxed) != 0
}

/// Looks for the lock in an interpreter's state: once is enough.
unsafe extern "C" fn look(_object: Object, interpreter: *mut c_void) -> c_int {
    // SAFETY: the state is longer than what is looked at, and aligned for words. All threads are
    // stopped, so nobody changes it.
    unsafe {
        let thread = ffi::PyThreadState_Get();
        let words = interpreter.cast::<usize>();
        let is_it = |place: &usize| {
            let word = words.add(*place);
            word.cast::<[u8; 4]>().read() == STOPPED
                && word.add(AWAITED).read() == 0
                && word.add(WAITING).read() == thread.addr()
        };
        let mut places = 0..LONGEST / size_of::<usize>() - WAITING;
        if let Some(place) = places.find(is_it) {
            PLACE.store(place * size_of::<usize>(), Ordering::Relaxed);
        }
    }
    0
}

/// In a fork child, whose only thread this is: gives the lock back if a thread of the parent has it.
pub(crate) fn give_back() {
    let place = PLACE.load(Ordering::Relaxed);
    if place == 0 {
        return;
    }
    if let Some(state) = interpreter::state() {
        // SAFETY: the lock is one byte of the interpreter's state, where it was found at the start, and
        // this is the only thread, which does not hold it: it would be stopping all others.
        unsafe { AtomicU8::from_ptr(state.add(place)).store(0, Ordering::Release) };
    }
}
