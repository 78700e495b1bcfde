//! Functions outside the stable ABI, found at run time under the name each version has.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::state::{Gil, Global};

pub(crate) type RequestIndex = unsafe extern "C" fn(unsafe extern "C" fn(*mut c_void)) -> isize;
pub(crate) type GetExtra = unsafe extern "C" fn(Object, isize, *mut *mut c_void) -> c_int;
pub(crate) type SetExtra = unsafe extern "C" fn(Object, isize, *mut c_void) -> c_int;
pub(crate) type TraceFunction = unsafe extern "C" fn(Object, *mut u8, c_int, Object) -> c_int;
pub(crate) type SetTrace = unsafe extern "C" fn(Option<TraceFunction>, Object);
pub(crate) type Interpreter = unsafe extern "C" fn() -> *mut u8;
pub(crate) type InterpreterId = unsafe extern "C" fn(*mut u8) -> i64;
pub(crate) type AuditFunction = unsafe extern "C" fn(*const c_char, Object, *mut c_void) -> c_int;
pub(crate) type AddAuditHook = unsafe extern "C" fn(AuditFunction, *mut c_void) -> c_int;
pub(crate) type SetEvaluation = unsafe extern "C" fn(*mut u8, *mut c_void);
pub(crate) type LineAt = unsafe extern "C" fn(Object, c_int) -> c_int;
pub(crate) type GetEvaluation = unsafe extern "C" fn(*mut u8) -> *mut c_void;

/// What every version must have.
#[derive(Clone, Copy)]
pub(crate) struct Symbols {
    pub request_index: RequestIndex,
    pub get_extra: GetExtra,
    pub set_extra: SetExtra,
    pub interpreter: Interpreter,
    pub interpreter_id: InterpreterId,
    /// The calling thread's state, or null.
    pub thread_state: Interpreter,
    pub add_audit_hook: AddAuditHook,
    /// The line of a place in a code object's bytes.
    pub line_at: LineAt,
}

/// The symbols, once they are found.
pub(crate) static SYMBOLS: Global<Option<Symbols>> = Global::new(None);

/// The address of a symbol of the interpreter or a library it has loaded.
pub(crate) fn find(name: &CStr) -> *mut c_void {
    // SAFETY: the name is a C string, and the null handle means all that is loaded.
    unsafe { ffi::dlsym(null_mut(), name.as_ptr()) }
}

/// The first of several names that exists, as a function.
///
/// `F` must be the function pointer type that the name has in CPython's headers.
pub(crate) unsafe fn function<F: Copy>(names: &[&CStr]) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    for name in names {
        let address = find(name);
        if !address.is_null() {
            // SAFETY: `F` has a pointer's size, as was asserted, and the caller has named the type
            // that the function has.
            unsafe {
                return Some(core::mem::transmute_copy(&address));
            }
        }
    }
    None
}

/// Finds what every version must have.
pub(crate) fn resolve(gil: Gil<'_>) -> Option<Symbols> {
    // SAFETY: each type is the one that CPython's headers give to the names beside it.
    let symbols = unsafe {
        Symbols {
            request_index: function(&[
                c"PyUnstable_Eval_RequestCodeExtraIndex",
                c"_PyEval_RequestCodeExtraIndex",
            ])?,
            get_extra: function(&[c"PyUnstable_Code_GetExtra", c"_PyCode_GetExtra"])?,
            set_extra: function(&[c"PyUnstable_Code_SetExtra", c"_PyCode_SetExtra"])?,
            interpreter: function(&[c"PyInterpreterState_Get", c"_PyInterpreterState_Get"])?,
            interpreter_id: function(&[c"PyInterpreterState_GetID"])?,
            thread_state: function(&[
                c"_PyThreadState_UncheckedGet",
                c"PyThreadState_GetUnchecked",
            ])?,
            add_audit_hook: function(&[c"PySys_AddAuditHook"])?,
            line_at: function(&[c"PyCode_Addr2Line"])?,
        }
    };
    SYMBOLS.set(gil, Some(symbols));
    Some(symbols)
}
