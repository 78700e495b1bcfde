//! The shared object as CPython sees it: a module whose functions `sitecustomize` calls, and the
//! Python side of attribution.

use core::ffi::c_void;
use core::ptr::{null, null_mut};

use crate::attribution;
use crate::context;
use crate::ffi::{self, METH_FASTCALL, Object, PyMethodDef, PyModuleDef, PyObject};
use crate::fork;
use crate::interpreter;
use crate::nursery;
use crate::object;
use crate::start::{self, Given};
use crate::state::{Gil, Global};
use crate::test_function;
use crate::tool;
use crate::unmeasured;

const END: PyMethodDef = PyMethodDef {
    name: null(),
    function: null(),
    flags: 0,
    documentation: null(),
};

static METHODS: Global<[PyMethodDef; 12]> = Global::new([
    PyMethodDef {
        name: c"start".as_ptr(),
        function: on_start as *const c_void,
        flags: METH_FASTCALL,
        documentation: null(),
    },
    PyMethodDef {
        name: c"before_fork".as_ptr(),
        function: before_fork as *const c_void,
        flags: METH_FASTCALL,
        documentation: null(),
    },
    PyMethodDef {
        name: c"after_fork".as_ptr(),
        function: on_fork as *const c_void,
        flags: METH_FASTCALL,
        documentation: null(),
    },
    attribution::VARIABLE,
    attribution::CONTEXT,
    attribution::ENTER,
    attribution::LEAVE,
    attribution::SET_CURRENT,
    attribution::STARTED_FOR,
    attribution::CONCLUDE,
    attribution::NOTE,
    END,
]);

static DEFINITION: Global<PyModuleDef> = Global::new(PyModuleDef {
    base: PyObject {
        reference_count: 1,
        kind: null_mut(),
    },
    init: null_mut(),
    index: 0,
    copy: null_mut(),
    name: c"_swath".as_ptr(),
    documentation: null(),
    size: 0,
    methods: METHODS.place().cast(),
    slots: null_mut(),
    traverse: null_mut(),
    clear: null_mut(),
    free: null_mut(),
});

/// What CPython looks for in the shared object. More than one phase: the module is left out of
/// `sys.modules`.
///
/// # Safety
///
/// CPython calls it, with the GIL held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit__swath() -> Object {
    // SAFETY: the definition is static, as the interpreter asks for, and it is called with the GIL
    // held.
    unsafe { ffi::PyModuleDef_Init(DEFINITION.place()) }
}

/// `start(folder, library, prefix, base_prefix, optimization, function)`: 1 when it records from
/// now on, 2 when it does so on behalf of contexts, 0 when it did before or cannot.
unsafe extern "C" fn on_start(_this: Object, arguments: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held: interpreters with a lock of their own
    // refuse a module that does not say that it takes them.
    let gil = unsafe { Gil::assume() };
    if count == 6 {
        // SAFETY: the interpreter says how many arguments there are, and holds them during the
        // call; `text` and `number` refuse what is of another type.
        unsafe {
            let argument = |index| *arguments.add(index);
            let text = |index| object::text(gil, argument(index)).unwrap_or(&[]);
            let started = start::start(
                gil,
                &Given {
                    folder: text(0),
                    library: text(1),
                    prefixes: [text(2), text(3)],
                    optimization: object::number(gil, argument(4)) as u32,
                    function: argument(5),
                },
            );
            let has_contexts =
                started && context::variable(gil).is_some() && !test_function::ARE_WANTED.get(gil);
            return ffi::PyLong_FromLong(i64::from(started) + i64::from(has_contexts));
        }
    }
    object::none(gil)
}

/// `before_fork()`, for `os.register_at_fork`.
unsafe extern "C" fn before_fork(
    _this: Object,
    _arguments: *const Object,
    _count: isize,
) -> Object {
    // SAFETY: the interpreter calls in with the GIL held: interpreters with a lock of their own
    // refuse a module that does not say that it takes them.
    let gil = unsafe { Gil::assume() };
    if interpreter::current().is_some() {
        nursery::prepare(gil);
        tool::prepare(gil);
    }
    object::none(gil)
}

/// `after_fork()`, for `os.register_at_fork`.
unsafe extern "C" fn on_fork(_this: Object, _arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held: interpreters with a lock of their own
    // refuse a module that does not say that it takes them.
    let gil = unsafe { Gil::assume() };
    // CPython has ended the others, and may give their memory to new ones. Up to 3.13 it does not
    // survive that itself: it waits for its own lock, or aborts.
    tool::forget_others(gil);
    interpreter::remove_others(gil);
    unmeasured::forget();
    if interpreter::current().is_some() {
        fork::check(gil);
    }
    object::none(gil)
}
