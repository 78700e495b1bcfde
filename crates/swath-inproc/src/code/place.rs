//! What a frame is about to do at a place of its code's bytes.

use super::field::CodeField;
use crate::ffi::Object;
use crate::interpreter::VERSION;
use crate::object::bytes;
use crate::operations;
use crate::state::Gil;

/// Whether a frame that goes on at this place of its code's bytes starts: a frame into which an
/// exception is thrown counts as one that starts on 3.11, and everywhere if it never ran.
pub(crate) unsafe fn is_starting(gil: Gil<'_>, code: Object, place: core::ffi::c_long) -> bool {
    let Ok(place) = usize::try_from(place) else {
        return true;
    };
    if VERSION.get(gil) < 0x030b {
        return false;
    }
    // SAFETY: the code is alive, and its bytes are looked at while `all` holds them.
    unsafe {
        let Some(all) = CodeField::Bytes.of(gil, code) else {
            return false;
        };
        bytes(gil, all.object()).unwrap_or(&[]).get(place + 1) == Some(&0)
    }
}

/// Whether a frame of the code that stands at this place of its bytes is suspended.
pub(crate) unsafe fn is_suspended(gil: Gil<'_>, code: Object, place: core::ffi::c_long) -> bool {
    // SAFETY: the code is alive, and its bytes are looked at while `all` holds them.
    unsafe {
        let (Ok(place), Some(all)) = (usize::try_from(place), CodeField::Bytes.of(gil, code))
        else {
            return false;
        };
        let all = bytes(gil, all.object()).unwrap_or(&[]);
        let at = |place: usize| all.get(place).copied().unwrap_or(0);
        operations::of(VERSION.get(gil)).is_suspended(at(place), at(place + 2))
    }
}
