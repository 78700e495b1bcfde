//! Attributes of code objects: their names are strings of Python already, as they are asked for of all
//! code that runs.

use core::ffi::c_long;
use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::object::{self, Owned};
use crate::state::{Gil, Global};

/// An attribute.
#[derive(Clone, Copy)]
pub(crate) enum CodeField {
    Bytes,
    Constants,
    ExceptionTable,
    FileName,
    FirstLine,
    Flags,
    LineTable,
}

const COUNT: usize = 7;

/// By attribute, its name once it was asked for; null before.
static NAMES: Global<[Object; COUNT]> = Global::new([null_mut(); COUNT]);

impl CodeField {
    /// The attribute of a code object, which is alive.
    pub(crate) unsafe fn of(self, gil: Gil<'_>, code: Object) -> Option<Owned> {
        // SAFETY: the code is alive, and the name is kept; the result is a new reference or null.
        unsafe { Owned::take(gil, ffi::PyObject_GetAttr(code, self.name(gil)?)) }
    }

    /// The attribute as a number; -1 when it is none.
    pub(crate) unsafe fn number_of(self, gil: Gil<'_>, code: Object) -> c_long {
        // SAFETY: the code is alive, and its attribute is held while it is read.
        unsafe {
            self.of(gil, code)
                .map_or(-1, |value| object::number(gil, value.object()))
        }
    }

    fn name(self, gil: Gil<'_>) -> Option<Object> {
        let name = match self {
            Self::Bytes => c"co_code",
            Self::Constants => c"co_consts",
            Self::ExceptionTable => c"co_exceptiontable",
            Self::FileName => c"co_filename",
            Self::FirstLine => c"co_firstlineno",
            Self::Flags => c"co_flags",
            Self::LineTable => c"co_linetable",
        };
        // SAFETY: who has the token is alone. The name is a C string, and the result a new reference,
        // which is kept, or null.
        unsafe {
            let place = (*NAMES.place()).get_mut(self as usize)?;
            if place.is_null() {
                *place = Owned::take(gil, ffi::PyUnicode_FromString(name.as_ptr()))?.keep();
            }
            Some(*place)
        }
    }
}

/// All interpreters had ended, and the names with them.
pub(crate) fn forget_names(gil: Gil<'_>) {
    NAMES.set(gil, [null_mut(); COUNT]);
}
