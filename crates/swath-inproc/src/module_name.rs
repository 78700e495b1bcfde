//! The name of the module that a frame runs, as coverage.py finds it (`name_for_module`).

use core::ffi::CStr;

use crate::ffi::{self, Object};
use crate::object::{self, Owned, attribute};
use crate::state::{Apart, Gil, Global, let_others};
use crate::text::Buffer;

/// The longest name.
const LONGEST: usize = 1024;
/// What Python files end with.
const SUFFIXES: [&[u8]; 3] = [b".py", b".pyc", b".pyw"];

/// A name in a buffer.
pub(crate) type Name = Buffer<LONGEST>;

/// The globals of the frame that is about to start; null where the interpreter itself says which
/// frame runs.
static STARTING: Global<Object> = Global::new(core::ptr::null_mut());

/// Says whose globals count while a frame is about to start.
pub(crate) fn set_starting(gil: Gil<'_>, globals: Object) {
    STARTING.set(gil, globals);
}

/// The name of the module that runs a file.
pub(crate) unsafe fn find(gil: Gil<'_>, file: &[u8], out: &mut Name) {
    let starting = STARTING.get(gil);
    // A module's specification may be any object of the program.
    // SAFETY: the interpreter's own frame is borrowed and alive, as it runs; globals are held by
    // `globals`, or by the caller who said that they are starting.
    let_others(gil, |apart| unsafe {
        if starting.is_null() {
            let frame = ffi::PyEval_GetFrame();
            if !frame.is_null()
                && let Some(globals) = attribute(apart, frame, c"f_globals")
            {
                of(apart, globals.object(), file, out);
            }
        } else {
            of(apart, starting, file, out);
        }
    });
}

unsafe fn of(apart: Apart<'_>, globals: Object, file: &[u8], out: &mut Name) {
    // SAFETY: the globals are alive, and what is taken from them is held while it is read.
    unsafe {
        let own = item(apart, globals, c"__name__");
        if let Some(own) = &own
            && add_name(apart, own.object(), out)
        {
            return;
        }
        // Run by `python -m`.
        if let Some(spec) = item(apart, globals, c"__spec__")
            && let Some(name) = attribute(apart, spec.object(), c"name")
            && add_name(apart, name.object(), out)
        {
            return;
        }
        let start = file.iter().rposition(|byte| *byte == b'/');
        let name = file
            .get(start.map_or(0, |slash| slash + 1)..)
            .unwrap_or(file);
        match SUFFIXES.into_iter().find_map(|end| name.strip_suffix(end)) {
            Some(stem) => {
                out.add(stem);
            }
            None => {
                out.add(b"__main__");
            }
        }
    }
}

/// Adds a name, unless it is that of the main module or no name.
unsafe fn add_name(apart: Apart<'_>, name: Object, out: &mut Name) -> bool {
    // SAFETY: the name is alive, and its text is read before anything else can run.
    let text = unsafe {
        object::is_text(name)
            .then(|| object::text(apart, name))
            .flatten()
    };
    match text {
        Some(b"__main__") | None => false,
        Some(text) => {
            out.add(text);
            true
        }
    }
}

/// An item of a dictionary.
unsafe fn item(apart: Apart<'_>, dictionary: Object, key: &CStr) -> Option<Owned> {
    // SAFETY: the dictionary is alive and the key a C string; both functions return a new reference
    // or raise.
    unsafe {
        let key = Owned::take(apart, ffi::PyUnicode_FromString(key.as_ptr()))?;
        Owned::take(apart, ffi::PyObject_GetItem(dictionary, key.object()))
    }
}
