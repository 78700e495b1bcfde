//! The interpreters of the process that are measured, and what is known of them from the start on.
//!
//! Most programs have one. A server may have one for each application in it; those share the GIL and
//! the memory, as swath's module refuses to be loaded into one that has either of its own, and all are
//! of one version.

use core::ffi::c_ulong;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use swath_store::Recording;

use crate::state::{Gil, Global};
use crate::symbols::{self, SYMBOLS};

/// So many are measured at a time.
pub(crate) const MOST: usize = 64;

/// The version, as in 0x030c.
pub(crate) static VERSION: Global<u32> = Global::new(0);
/// How this version is recorded.
pub(crate) static RECORDING: Global<Recording> = Global::new(Recording::Frames);
/// The operation that code of this version begins its body with (3.11 and newer).
pub(crate) static RESUME: Global<u8> = Global::new(0);

/// The states of the interpreters, the one that was started in first at the front; null where there
/// is none. They are read before it is known who holds the GIL.
static MEASURED: [AtomicPtr<u8>; MOST] = [const { AtomicPtr::new(null_mut()) }; MOST];
/// Whether the one that was started in is measured, and no other one ever was.
static IS_FIRST_ALONE: AtomicBool = AtomicBool::new(false);

/// Whether a module can say for which interpreters it is, before anything else is known: from 3.12 on.
pub(crate) fn knows_slots_of_interpreters() -> bool {
    let version = symbols::find(c"Py_Version").cast::<c_ulong>();
    // SAFETY: under this name CPython has a constant of this type (3.11 and newer).
    unsafe { version.as_ref() }.is_some_and(|version| *version >= 0x030c_0000)
}

/// The place of the interpreter that the calling thread, which has a thread state, runs; none where
/// that is not measured.
#[inline]
pub(crate) fn current() -> Option<usize> {
    // SAFETY: the function was found under CPython's name for it. The symbols are there before
    // anything calls in, and are only ever replaced by the same.
    let address = unsafe { ((*SYMBOLS.place()).as_ref()?.interpreter)() };
    let is_it = |one: &AtomicPtr<u8>| one.load(Ordering::Relaxed) == address;
    MEASURED.iter().position(is_it)
}

/// The same where that interpreter is known to be measured, as it tells of an event.
#[inline]
pub(crate) fn current_measured() -> Option<usize> {
    if IS_FIRST_ALONE.load(Ordering::Relaxed) {
        Some(0)
    } else {
        current()
    }
}

/// The state of the interpreter that the calling thread, which has a thread state, runs.
pub(crate) fn state() -> Option<*mut u8> {
    // SAFETY: as in `current`.
    unsafe { Some(((*SYMBOLS.place()).as_ref()?.interpreter)()) }
}

/// The number that the interpreter that the calling thread, which has a thread state, runs has for
/// itself alone.
pub(crate) fn id() -> Option<i64> {
    // SAFETY: the functions were found under CPython's names for them; the second only reads a field
    // that is there from the interpreter's beginning to its end.
    unsafe {
        let symbols = (*SYMBOLS.place()).as_ref()?;
        Some((symbols.interpreter_id)((symbols.interpreter)()))
    }
}

/// Whether the calling thread has a thread state: some events come without one.
#[inline]
pub(crate) fn has_thread_state() -> bool {
    // SAFETY: the function was found under CPython's name for it, and may be called without a
    // thread state. The symbols are there before anything calls in, and are only ever replaced by
    // the same.
    unsafe {
        match *SYMBOLS.place() {
            Some(symbols) => !(symbols.thread_state)().is_null(),
            None => false,
        }
    }
}

/// In a fork child of a free-threaded build: whether the interpreter counts threads that did not come
/// along. A fork that CPython makes itself has removed them before anything runs.
pub(crate) fn has_lost_threads(gil: Gil<'_>) -> bool {
    type First = unsafe extern "C" fn(*mut u8) -> *mut u8;
    // SAFETY: both functions have this type in CPython's headers: they give a state of an interpreter,
    // and of a thread, the state of a thread or null.
    unsafe {
        let first = symbols::function::<First>(&[c"PyInterpreterState_ThreadHead"]);
        let next = symbols::function::<First>(&[c"PyThreadState_Next"]);
        let (Some(first), Some(next), Some(symbols)) = (first, next, SYMBOLS.get(gil)) else {
            return true;
        };
        let thread = first((symbols.interpreter)());
        !thread.is_null() && !next(thread).is_null()
    }
}

/// Takes the interpreter that the calling thread runs for measured; whether there is a place.
pub(crate) fn add(gil: Gil<'_>) -> bool {
    let Some(symbols) = SYMBOLS.get(gil) else {
        return false;
    };
    let free = |one: &AtomicPtr<u8>| one.load(Ordering::Relaxed).is_null();
    let number = MEASURED.iter().position(free);
    let Some((number, place)) = number.and_then(|number| Some((number, MEASURED.get(number)?)))
    else {
        return false;
    };
    let is_alone = number == 0 && MEASURED.iter().all(free);
    IS_FIRST_ALONE.store(is_alone, Ordering::Relaxed);
    // SAFETY: the function was found under CPython's name for it.
    place.store(unsafe { (symbols.interpreter)() }, Ordering::Relaxed);
    true
}

/// Whether there are measured ones beside the current one.
pub(crate) fn are_others(_gil: Gil<'_>) -> bool {
    let current = current();
    let mut all = MEASURED.iter().enumerate();
    all.any(|(place, one)| Some(place) != current && !one.load(Ordering::Relaxed).is_null())
}

/// In a fork child: the interpreters but the current one are gone.
pub(crate) fn remove_others(gil: Gil<'_>) {
    let current = current();
    for place in (0..MOST).filter(|place| Some(*place) != current) {
        remove(gil, place);
    }
}

/// An interpreter ends.
pub(crate) fn remove(_gil: Gil<'_>, place: usize) {
    if place == 0 {
        IS_FIRST_ALONE.store(false, Ordering::Relaxed);
    }
    if let Some(place) = MEASURED.get(place) {
        place.store(null_mut(), Ordering::Relaxed);
    }
}

/// All interpreters have ended.
pub(crate) fn remove_all(gil: Gil<'_>) {
    for place in 0..MOST {
        remove(gil, place);
    }
}
