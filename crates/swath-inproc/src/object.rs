//! Python objects: owned references, and what is read from them.

use core::ffi::{CStr, c_long, c_void};
use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::lock;
use crate::state::Attached;

/// A reference that is given back when it goes out of scope. May hold no object.
pub(crate) struct Owned(Object);

impl Owned {
    /// Takes over a reference, or none where an exception was raised: that is cleared.
    #[inline]
    pub(crate) unsafe fn take(_: impl Attached, object: Object) -> Option<Self> {
        if object.is_null() {
            // SAFETY: who is attached may clear an exception.
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
pub(crate) fn none(_: impl Attached) -> Object {
    new_none()
}

/// A new reference to `None`, for functions that the interpreter calls.
#[inline]
pub(crate) fn new_none() -> Object {
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
pub(crate) unsafe fn attribute(
    attached: impl Attached,
    object: Object,
    name: &CStr,
) -> Option<Owned> {
    // SAFETY: the object is alive and the name a C string; the result is a new reference or null.
    unsafe { Owned::take(attached, ffi::PyObject_GetAttrString(object, name.as_ptr())) }
}

/// An attribute of the module `sys`.
pub(crate) unsafe fn system(attached: impl Attached, name: &CStr) -> Option<Owned> {
    // SAFETY: the names are C strings. What `sys` holds is borrowed, and goes on to be there while a
    // reference is taken: where other threads run, what is asked of the module is a reference.
    unsafe {
        if lock::is_needed() {
            let system = Owned::take(attached, ffi::PyUnicode_FromString(c"sys".as_ptr()))?;
            let system = Owned::take(attached, ffi::PyImport_GetModule(system.object()))?;
            return attribute(attached, system.object(), name);
        }
        let value = ffi::PySys_GetObject(name.as_ptr());
        if value.is_null() {
            return None;
        }
        ffi::Py_IncRef(value);
        Owned::take(attached, value)
    }
}

/// A number; -1 when it is none.
#[inline]
pub(crate) unsafe fn number(_: impl Attached, object: Object) -> c_long {
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
pub(crate) unsafe fn number_attribute(
    attached: impl Attached,
    object: Object,
    name: &CStr,
) -> c_long {
    // SAFETY: the object is alive, and its attribute is held while it is read.
    unsafe {
        match attribute(attached, object, name) {
            Some(value) => number(attached, value.object()),
            None => -1,
        }
    }
}

/// The text of a string, as long as the string lives.
pub(crate) unsafe fn text<'a>(_: impl Attached, object: Object) -> Option<&'a [u8]> {
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
pub(crate) unsafe fn bytes<'a>(_: impl Attached, object: Object) -> Option<&'a [u8]> {
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

/// The type of an object, which lives as long as the object does. How objects are laid out is
/// different in builds that are free-threaded or keep track of references.
pub(crate) unsafe fn kind(object: Object) -> *mut c_void {
    // SAFETY: an object that is alive has a type, of which this is a new reference.
    unsafe {
        let kind = ffi::PyObject_Type(object);
        ffi::Py_DecRef(kind);
        kind.cast()
    }
}

/// Whether the object is a string.
pub(crate) unsafe fn is_text(object: Object) -> bool {
    const UNICODE_SUBCLASS: u64 = 1 << 28;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags(kind(object)) & UNICODE_SUBCLASS != 0 }
}

/// Whether the object is a bytes object.
pub(crate) unsafe fn is_bytes(object: Object) -> bool {
    const BYTES_SUBCLASS: u64 = 1 << 27;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags(kind(object)) & BYTES_SUBCLASS != 0 }
}

/// Whether the object is a dictionary.
pub(crate) unsafe fn is_dictionary(object: Object) -> bool {
    const DICT_SUBCLASS: u64 = 1 << 29;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags(kind(object)) & DICT_SUBCLASS != 0 }
}

/// Whether the object is a tuple or a list.
pub(crate) unsafe fn is_sequence(object: Object) -> bool {
    const LIST_SUBCLASS: u64 = 1 << 25;
    const TUPLE_SUBCLASS: u64 = 1 << 26;
    // SAFETY: an object that is alive has a type.
    unsafe { ffi::PyType_GetFlags(kind(object)) & (LIST_SUBCLASS | TUPLE_SUBCLASS) != 0 }
}

/// Calls a function with up to three arguments; the first that is null ends them.
pub(crate) unsafe fn call(
    attached: impl Attached,
    function: Object,
    arguments: [Object; 3],
) -> Option<Owned> {
    let [first, second, third] = arguments;
    // SAFETY: function and arguments are alive, and a null ends them; the result is a new reference
    // or null.
    unsafe {
        Owned::take(
            attached,
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
    attached: impl Attached,
    object: Object,
    name: &CStr,
    arguments: [Object; 3],
) -> Option<Owned> {
    // SAFETY: object and arguments are alive, and the method is held during the call.
    unsafe {
        let method = attribute(attached, object, name)?;
        call(attached, method.object(), arguments)
    }
}

/// Keeps the exception that is being raised, if any, while other calls are made.
pub(crate) struct PendingException([Object; 3]);

impl PendingException {
    /// Puts the exception aside.
    pub(crate) fn set_aside(_: impl Attached) -> Self {
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
