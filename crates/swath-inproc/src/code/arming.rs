//! When each code object was armed for contexts: kept at the code object itself, as several that are
//! alike share what is known about them.

use core::ffi::c_void;
use core::ptr::null_mut;

use super::{ACCESS, Access};
use crate::ffi::Object;
use crate::state::Gil;

/// When code was armed for contexts: at which epoch of theirs, and whether any of its events was
/// switched off since. As a number; 0 where it never was.
#[inline]
unsafe fn arming_of(access: Access, code: Object) -> usize {
    let mut kept: *mut c_void = null_mut();
    // SAFETY: the index is one that the interpreter gave to this agent. What is kept there is a
    // number in a pointer's place, which nobody follows.
    unsafe { (access.get)(code, access.epochs, &raw mut kept) };
    kept.addr()
}

unsafe fn set_arming(access: Access, code: Object, arming: usize) {
    let kept = core::ptr::without_provenance_mut(arming);
    // SAFETY: as above.
    unsafe { (access.set)(code, access.epochs, kept) };
}

/// Whether code must be armed anew, because an event of it was switched off before this epoch of the
/// contexts began. Then it is taken to be armed.
#[inline]
pub(crate) unsafe fn needs_arming(gil: Gil<'_>, code: Object, epoch: usize) -> bool {
    let Some(access) = ACCESS.get(gil).filter(|access| access.epochs >= 0) else {
        return false;
    };
    // SAFETY: the code is alive.
    unsafe {
        let before = arming_of(access, code);
        let needs = before == 0 || (before >> 1 != epoch && before & 1 == 1);
        if needs {
            set_arming(access, code, epoch << 1);
        }
        needs
    }
}

/// An event of code is being switched off, at an epoch of the contexts.
pub(crate) unsafe fn silence(gil: Gil<'_>, code: Object, epoch: usize) {
    if let Some(access) = ACCESS.get(gil).filter(|access| access.epochs >= 0) {
        // SAFETY: the code is alive.
        unsafe {
            if arming_of(access, code) & 1 == 0 {
                set_arming(access, code, epoch << 1 | 1);
            }
        }
    }
}
