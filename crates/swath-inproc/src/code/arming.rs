//! What is kept at each code object itself, as several that are alike share what is known about them:
//! when it was armed for contexts, and whether it is a test's.

use core::ffi::c_void;
use core::ptr::null_mut;

use super::{ACCESS, Access};
use crate::ffi::Object;
use crate::state::Gil;

/// Whether the code is a test's.
const TEST: usize = 1;
/// What comes above this bit: the epoch at which the code was armed; 0 where it never was.
const EPOCH: u32 = 1;

/// What is kept at a code object.
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

/// The epoch at which code was armed last, unless it is this one; 0 where it never was. It is taken to be
/// armed at this one from now on.
#[inline]
pub(crate) unsafe fn take_unarmed(gil: Gil<'_>, code: Object, epoch: usize) -> Option<usize> {
    let access = ACCESS.get(gil).filter(|access| access.epochs >= 0)?;
    // SAFETY: the code is alive.
    unsafe {
        let before = arming_of(access, code);
        if before >> EPOCH == epoch {
            return None;
        }
        set_arming(access, code, epoch << EPOCH | before & TEST);
        Some(before >> EPOCH)
    }
}

/// Code was found to be a test's.
pub(super) unsafe fn note_test(access: Access, code: Object) {
    // SAFETY: the code is alive.
    unsafe { set_arming(access, code, arming_of(access, code) | TEST) };
}

/// Whether code, which was looked at, is a test's.
#[inline]
pub(crate) unsafe fn is_test(gil: Gil<'_>, code: Object) -> bool {
    let access = ACCESS.get(gil).filter(|access| access.epochs >= 0);
    // SAFETY: the code is alive.
    access.is_some_and(|access| unsafe { arming_of(access, code) } & TEST != 0)
}
