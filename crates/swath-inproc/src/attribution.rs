//! What the Python side of attribution calls: functions of the module that `sitecustomize` loads.

use core::ffi::{CStr, c_void};
use core::ptr::null;

use crate::context;
use crate::context::running_test;
use crate::ffi::{self, METH_FASTCALL, Object, PyMethodDef};
use crate::fork;
use crate::object;
use crate::state::{Gil, hold};

/// The most strings that a context or a note has.
const MOST_STRINGS: usize = 6;

const fn method(name: &'static CStr, function: *const c_void) -> PyMethodDef {
    PyMethodDef {
        name: name.as_ptr(),
        function,
        flags: METH_FASTCALL,
        documentation: null(),
    }
}

pub(crate) const VARIABLE: PyMethodDef = method(c"variable", variable as *const c_void);
pub(crate) const CONTEXT: PyMethodDef = method(c"context", number as *const c_void);
pub(crate) const ENTER: PyMethodDef = method(c"enter", enter as *const c_void);
pub(crate) const LEAVE: PyMethodDef = method(c"leave", leave as *const c_void);
pub(crate) const SERVE: PyMethodDef = method(c"serve", serve as *const c_void);
pub(crate) const UNSERVE: PyMethodDef = method(c"unserve", unserve as *const c_void);
pub(crate) const SET_CURRENT: PyMethodDef = method(c"set_current", set_current as *const c_void);
pub(crate) const STARTED_FOR: PyMethodDef = method(c"started_for", started_for as *const c_void);
pub(crate) const CONCLUDE: PyMethodDef = method(c"conclude", conclude as *const c_void);
pub(crate) const NOTE: PyMethodDef = method(c"note", note as *const c_void);

/// The arguments of a call.
unsafe fn arguments<'a>(first: *const Object, count: isize) -> &'a [Object] {
    match usize::try_from(count) {
        // SAFETY: the interpreter says how many there are, and holds them during the call.
        Ok(count) if count > 0 => unsafe { core::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}

/// Gives strings that are arguments to a function; `None` if any is no string, or there are too
/// many.
unsafe fn with_strings<R>(
    gil: Gil<'_>,
    arguments: &[Object],
    f: impl FnOnce(&[&[u8]]) -> R,
) -> Option<R> {
    let mut strings: [&[u8]; MOST_STRINGS] = [&[]; MOST_STRINGS];
    for (place, argument) in arguments.iter().enumerate() {
        // SAFETY: arguments are alive during the call, and keep their texts so long.
        *strings.get_mut(place)? = unsafe { object::text(gil, *argument) }?;
    }
    Some(f(strings.get(..arguments.len())?))
}

/// The number that is the only argument; 0 for none.
unsafe fn only_number(gil: Gil<'_>, first: *const Object, count: isize) -> i64 {
    // SAFETY: the arguments are those of the call, alive.
    unsafe {
        arguments(first, count)
            .first()
            .map_or(0, |argument| object::number(gil, *argument))
    }
}

/// `variable()`: the context variable, or `None`.
unsafe extern "C" fn variable(_this: Object, _first: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in, and the variable is kept for good.
    unsafe {
        hold(|gil| match context::variable(gil) {
            Some(variable) => {
                ffi::Py_IncRef(variable);
                variable
            }
            None => object::none(gil),
        })
    }
}

/// `context(*strings)`: its number, or 0.
unsafe extern "C" fn number(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            let number = with_strings(gil, arguments(first, count), |strings| {
                context::number(gil, strings)
            });
            ffi::PyLong_FromLong(i64::from(number.flatten().unwrap_or(0)))
        })
    }
}

/// `enter(number)`.
unsafe extern "C" fn enter(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            context::enter(gil, only_number(gil, first, count));
            object::none(gil)
        })
    }
}

/// `leave(number)`.
unsafe extern "C" fn leave(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            context::leave(gil, only_number(gil, first, count));
            object::none(gil)
        })
    }
}

/// `serve(number, variable, value)`: enters the context, and gives it and the value to the variables; what
/// `unserve` takes back, or `None`.
unsafe extern "C" fn serve(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            let [number, served, what] = arguments(first, count) else {
                return object::none(gil);
            };
            let tokens = context::serve(gil, *number, *served, *what);
            if tokens.is_null() {
                object::none(gil)
            } else {
                tokens
            }
        })
    }
}

/// `unserve(number, variable, tokens)`: takes back a `serve`.
unsafe extern "C" fn unserve(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            if let [number, served, tokens] = arguments(first, count) {
                context::unserve(gil, *number, *served, *tokens);
            }
            object::none(gil)
        })
    }
}

/// `set_current(number)`.
unsafe extern "C" fn set_current(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            context::set_current(gil, only_number(gil, first, count));
            object::none(gil)
        })
    }
}

/// `started_for()`: the name of the test that this program was started for, while the part of it goes
/// on that did so, or `None`.
unsafe extern "C" fn started_for(_this: Object, _first: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            let Some(name) = running_test::started_for(gil) else {
                return object::none(gil);
            };
            let name = ffi::PyUnicode_FromString(name.as_ptr());
            if name.is_null() {
                ffi::PyErr_Clear();
                return object::none(gil);
            }
            name
        })
    }
}

/// `conclude()`: a process ends that will leave without finalizing its interpreter.
unsafe extern "C" fn conclude(_this: Object, _first: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            running_test::conclude(gil);
            object::none(gil)
        })
    }
}

/// `note(number, *strings)`.
unsafe extern "C" fn note(_this: Object, first: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in, and holds the arguments during the call.
    unsafe {
        hold(|gil| {
            fork::check(gil);
            if let Some((context, strings)) = arguments(first, count).split_first() {
                let number = object::number(gil, *context);
                with_strings(gil, strings, |strings| context::note(gil, number, strings));
            }
            object::none(gil)
        })
    }
}
