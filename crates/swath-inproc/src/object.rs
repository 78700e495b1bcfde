//! Python objects: owned references, and what is read from them.

use core::ffi::{CStr, c_long};
use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::state::Gil;

/// A reference that is given back when it goes out of scope. May hold no object.
pub(crate) struct Owned(Object);

impl Owned {
    /// Takes over a reference, or none where an exception was raised: that is cleared.
    #[inline]
    pub(crate) unsafe fn take(_gil: Gil<'_>, object: Object) -> Option<Self> {
        if object.is_null() {
            // SAFETY: with the GIL held an exception may be cleared.
            unsafe { ffi::PyErr_Clear() };
            return None;
        }
        Some(Self(object))
    }

    /// The object.
    #[inline]
    pub(crate) fn object(&self) -> Object {
        self.0
    }

    /// Gives the reference away.
    pub(crate) fn keep(self) -> Object {
        let object = self.0;
        core::mem::forget(self);
        object
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference is owned and not null.
        unsafe { ffi::Py_DecRef(self.0) }
    }
}

/// A new reference to `None`.
#[inline]
pub(crate) fn none(_gil: Gil<'_>) -> Object {
    let none = &raw mut ffi::_Py_NoneStruct;
    // SAFETY: `None` is always alive.
    unsafe { ffi::Py_IncRef(none) };
    none
}

/// Whether the object is `None`.
#[inline]
pub(crate) fn is_none(object: Object) -> bool {
    object == &raw mut ffi::_Py_NoneStruct
}

/// An attribute.
pub(crate) unsafe fn attribute(gil: Gil<'_>, object: Object, name: &CStr) -> Option<Owned> {
    // SAFETY: the object is alive and the name a C string; the result is a new reference or null.
    unsafe { Owned::take(gil, ffi::PyObject_GetAttrString(object, name.as_ptr())) }
}

/// A number; -1 when it is none.
#[inline]
pub(crate) unsafe fn number(_gil: Gil<'_>, object: Object) -> c_long {
    // SAFETY: the object is alive; what is no number raises, which is cleared.
    unsafe {
        let value = ffi::PyLong_AsLong(object);
        if value == -1 {
            ffi::PyErr_Clear();
        }
        value
    }
}

/// An attribute that is a number; -1 when it is none.
pub(crate) unsafe fn number_attribute(gil: Gil<'_>, object: Object, name: &CStr) -> c_long {
    // SAFETY: the object is alive, and its attribute is held while it is read.
    unsafe {
        match attribute(gil, object, name) {
            Some(value) => number(gil, value.object()),
            None => -1,
        }
    }
}

/// The text of a string, as long as the string lives.
pub(crate) unsafe fn text<'a>(_gil: Gil<'_>, object: Object) -> Option<&'a [u8]> {
    let mut length = 0;
    // SAFETY: the object is alive and keeps its text as long as it lives; the interpreter says how
    // long that is.
    unsafe {
        let text = ffi::PyUnicode_AsUTF8AndSize(object, &raw mut length);
        if text.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(core::slice::from_raw_parts(text.cast(), length as usize))
    }
}

/// The bytes of a bytes object, as long as it lives.
pub(crate) unsafe fn bytes<'a>(_gil: Gil<'_>, object: Object) -> Option<&'a [u8]> {
    // SAFETY: the object is alive and never changes its bytes; what is of another type returned
    // null.
    unsafe {
        let start = ffi::PyBytes_AsString(object);
        if start.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let length = ffi::PyBytes_Size(object);
        Some(core::slice::from_raw_parts(start.cast(), length as usize))
    }
}

/// Whether the object is a string.
pub(crate) unsafe fn is_text(object: Object) -> bool {
    const UNICODE_SUBCLASS: u64 = 1 << 28;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags((*object).kind) & UNICODE_SUBCLASS != 0 }
}

/// Whether the object is a bytes object.
pub(crate) unsafe fn is_bytes(object: Object) -> bool {
    const BYTES_SUBCLASS: u64 = 1 << 27;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags((*object).kind) & BYTES_SUBCLASS != 0 }
}

/// Whether the object is a tuple or a list.
pub(crate) unsafe fn is_sequence(object: Object) -> bool {
    const LIST_SUBCLASS: u64 = 1 << 25;
    const TUPLE_SUBCLASS: u64 = 1 << 26;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags((*object).kind) & (LIST_SUBCLASS | TUPLE_SUBCLASS) != 0 }
}

/// Calls a function with up to three arguments; the first that is null ends them.
pub(crate) unsafe fn call(gil: Gil<'_>, function: Object, arguments: [Object; 3]) -> Option<Owned> {
    let [first, second, third] = arguments;
    // SAFETY: function and arguments are alive, and a null ends them; the result is a new reference
    // or null.
    unsafe {
        Owned::take(
            gil,
            ffi::PyObject_CallFunctionObjArgs(
                function,
                first,
                second,
                third,
                null_mut::<ffi::PyObject>(),
            ),
        )
    }
}

/// Calls a method with up to three arguments.
pub(crate) unsafe fn call_method(
    gil: Gil<'_>,
    object: Object,
    name: &CStr,
    arguments: [Object; 3],
) -> Option<Owned> {
    // SAFETY: object and arguments are alive, and the method is held during the call.
    unsafe {
        let method = attribute(gil, object, name)?;
        call(gil, method.object(), arguments)
    }
}

/// Keeps the exception that is being raised, if any, while other calls are made.
pub(crate) struct PendingException([Object; 3]);

impl PendingException {
    /// Puts the exception aside.
    pub(crate) fn set_aside(_gil: Gil<'_>) -> Self {
        let mut parts = [null_mut(); 3];
        let [kind, value, traceback] = &mut parts;
        // SAFETY: the three places are there to be written; the references in them are given back
        // once, when this is dropped.
        unsafe { ffi::PyErr_Fetch(kind, value, traceback) };
        Self(parts)
    }
}

impl Drop for PendingException {
    fn drop(&mut self) {
        let [kind, value, traceback] = self.0;
        // SAFETY: the three references came from PyErr_Fetch and go back once.
        unsafe { ffi::PyErr_Restore(kind, value, traceback) }
    }
}
