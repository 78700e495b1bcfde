//! What can be told of code by any number of threads at once, in a free-threaded build.
//!
//! An event that cannot be switched off yet comes again and again, from all threads. Where it says
//! nothing new, no thread is to wait for another.

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::{ACCESS, Info};
use crate::branches::Branches;
use crate::ffi::Object;
use crate::fork;

/// Whether it is known that a branch of code goes this way, and its event is needed for the other one;
/// false where that is not certain. Any number of threads may ask at once.
pub(crate) unsafe fn is_known_way(code: Object, unit: u32, to: u32) -> bool {
    // SAFETY: the code is alive. What is known about code is never given back; the arcs are put there
    // once, when they are whole.
    unsafe {
        let Some(info) = peek(code) else {
            return false;
        };
        let arcs = AtomicPtr::from_ptr((&raw const (*info).branches).cast_mut());
        let arcs = arcs.load(Ordering::Acquire);
        !arcs.is_null() && Branches::is_known_way(arcs, unit, to)
    }
}

/// Whether it is known that code is not measured; false where that is not certain. Any number of
/// threads may ask at once.
pub(crate) unsafe fn is_outside(code: Object) -> bool {
    // SAFETY: the code is alive. The span never changes.
    unsafe { peek(code).is_some_and(|info| (&raw const (*info).span).read() == 0) }
}

/// What is known about code, for who is not alone: where there are no contexts.
unsafe fn peek(code: Object) -> Option<*mut Info> {
    // SAFETY: what is asked of is there from before the first event on, and changes only in a fork
    // child, which does not come here before it was noticed. What is kept at code is null or an
    // `Info`, which were never given back, and whose generation never changes.
    unsafe {
        let access = (*ACCESS.place()).filter(|access| access.epochs < 0)?;
        let mut info: *mut c_void = null_mut();
        (access.get)(code, access.index, &raw mut info);
        let info: *mut Info = info.cast();
        let is_current =
            !info.is_null() && ((*info).span == 0 || (*info).generation == fork::generation_now());
        is_current.then_some(info)
    }
}
