//! Where the frame that runs is, and where the exception that it handles was raised, on 3.12 and
//! 3.13: events of lines and of frames that are left do not say it.

use core::ffi::c_int;

use crate::ffi::{self, Object};
use crate::object::{Owned, number_attribute};
use crate::state::{Gil, Global};
use crate::symbols;

type GetLast = unsafe extern "C" fn(Object) -> c_int;
type GetHandled = unsafe extern "C" fn() -> Object;

#[derive(Clone, Copy)]
struct Functions {
    last: GetLast,
    handled: GetHandled,
}

static FUNCTIONS: Global<Option<Functions>> = Global::new(None);

/// Finds the functions; whether all are there.
pub(crate) fn begin(gil: Gil<'_>) -> bool {
    // SAFETY: both types are those of CPython's headers.
    let find = unsafe {
        || {
            Some(Functions {
                last: symbols::function(&[c"PyFrame_GetLasti"])?,
                handled: symbols::function(&[c"PyErr_GetHandledException"])?,
            })
        }
    };
    FUNCTIONS.set(gil, find());
    FUNCTIONS.get(gil).is_some()
}

/// The place in its code's bytes at which the frame is that runs.
pub(crate) fn place(gil: Gil<'_>) -> Option<i64> {
    let functions = FUNCTIONS.get(gil)?;
    // SAFETY: the frame that runs is borrowed and alive, and the function was found under CPython's
    // name for it.
    unsafe {
        let frame = ffi::PyEval_GetFrame();
        if frame.is_null() {
            return None;
        }
        Some(i64::from((functions.last)(frame))).filter(|place| *place >= 0)
    }
}

/// What tells the frame that runs from others that are alive.
pub(crate) fn key(_gil: Gil<'_>) -> *mut u8 {
    // SAFETY: a thread that holds the GIL may ask for its frame, which is borrowed, or null.
    unsafe { ffi::PyEval_GetFrame().cast() }
}

/// The unit of the frame that runs whose exception it handles.
pub(crate) fn caught_unit(gil: Gil<'_>) -> Option<u32> {
    // SAFETY: the function was found under CPython's name for it, and returns a new reference or
    // null.
    unsafe {
        let handled = (FUNCTIONS.get(gil)?.handled)();
        let handled = Owned::take(gil, handled)?;
        raising_unit(gil, handled.object())
    }
}

/// The unit that raised an exception, in the outermost frame that it has reached.
pub(crate) unsafe fn raising_unit(gil: Gil<'_>, exception: Object) -> Option<u32> {
    // SAFETY: the exception is alive, and its traceback is held while it is read.
    unsafe {
        let traceback = Owned::take(gil, ffi::PyException_GetTraceback(exception))?;
        let place = number_attribute(gil, traceback.object(), c"tb_lasti");
        u32::try_from(place / 2).ok()
    }
}

/// The calling thread.
pub(crate) fn thread(_gil: Gil<'_>) -> *mut u8 {
    // SAFETY: a thread that holds the GIL has a thread state.
    unsafe { ffi::PyThreadState_Get() }
}
