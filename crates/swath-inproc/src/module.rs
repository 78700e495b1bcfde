//! The shared object as CPython sees it: a module whose functions `sitecustomize` calls, and the
//! Python side of attribution.

use core::ffi::c_void;
use core::ptr::{null, null_mut};

use crate::attribution;
use crate::context;
use crate::ffi::{
    self, FreeThreadedObject, METH_FASTCALL, Object, PyMethodDef, PyModuleDef, PyObject, Slot,
};
use crate::fork;
use crate::fork::start_ticks;
use crate::interpreter;
use crate::lock;
use crate::lock::quiet;
use crate::nursery;
use crate::object;
use crate::start::{self, Given};
use crate::state::{Gil, Global, hold};
use crate::test_function;
use crate::tool;
use crate::unmeasured;

const END: PyMethodDef = PyMethodDef {
    name: null(),
    function: null(),
    flags: 0,
    documentation: null(),
};

static METHODS: Global<[PyMethodDef; 16]> = Global::new([
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
    PyMethodDef {
        name: c"after_fork_in_parent".as_ptr(),
        function: after_fork_in_parent as *const c_void,
        flags: METH_FASTCALL,
        documentation: null(),
    },
    PyMethodDef {
        name: c"before_end".as_ptr(),
        function: before_end as *const c_void,
        flags: METH_FASTCALL,
        documentation: null(),
    },
    attribution::VARIABLE,
    attribution::CONTEXT,
    attribution::ENTER,
    attribution::LEAVE,
    attribution::SERVE,
    attribution::UNSERVE,
    attribution::SET_CURRENT,
    attribution::STARTED_FOR,
    attribution::CONCLUDE,
    attribution::NOTE,
    END,
]);

/// A definition of the module that begins as objects of a build do.
const fn definition<Base>(base: Base, slots: *mut c_void) -> Global<PyModuleDef<Base>> {
    Global::new(PyModuleDef {
        base,
        init: null_mut(),
        index: 0,
        copy: null_mut(),
        name: c"_swath".as_ptr(),
        documentation: null(),
        size: 0,
        methods: METHODS.place().cast(),
        slots,
        traverse: null_mut(),
        clear: null_mut(),
        free: null_mut(),
    })
}

const OBJECT: PyObject = PyObject {
    reference_count: 1,
    kind: null_mut(),
};

static DEFINITION: Global<PyModuleDef<PyObject>> = definition(OBJECT, SLOTS.place().cast());

/// For Pythons that do not know such slots.
static DEFINITION_BEFORE_3_12: Global<PyModuleDef<PyObject>> = definition(OBJECT, null_mut());

/// In a free-threaded build, where a module that does not say that it takes care of itself would
/// switch the GIL on for the whole program.
static DEFINITION_WITHOUT_GIL: Global<PyModuleDef<FreeThreadedObject>> = definition(
    FreeThreadedObject {
        thread: 0,
        unused: 0,
        mutex: 0,
        collector: 0,
        // It is never given back.
        local_count: u32::MAX,
        shared_count: 0,
        kind: null_mut(),
    },
    SLOTS_WITHOUT_GIL.place().cast(),
);

/// `Py_mod_multiple_interpreters`, `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED`: what is known of one
/// interpreter's objects holds for all, so one with a lock or memory of its own must not have the agent.
/// Those that share both load it all the same.
const NOT_FOR_OTHERS: Slot = Slot {
    number: 3,
    value: null_mut(),
};

/// `Py_mod_gil`, `Py_MOD_GIL_NOT_USED`.
const WITHOUT_GIL: Slot = Slot {
    number: 4,
    value: core::ptr::without_provenance_mut(1),
};

const NO_MORE: Slot = Slot {
    number: 0,
    value: null_mut(),
};

static SLOTS: Global<[Slot; 2]> = Global::new([NOT_FOR_OTHERS, NO_MORE]);
/// There every interpreter would be refused that is not the first one, and all have one heap.
static SLOTS_WITHOUT_GIL: Global<[Slot; 2]> = Global::new([WITHOUT_GIL, NO_MORE]);

/// What CPython looks for in the shared object. More than one phase: the module is left out of
/// `sys.modules`.
///
/// # Safety
///
/// CPython calls it, with the GIL held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit__swath() -> Object {
    let definition: *mut c_void = if lock::begin() {
        DEFINITION_WITHOUT_GIL.place().cast()
    } else if interpreter::knows_slots_of_interpreters() {
        DEFINITION.place().cast()
    } else {
        DEFINITION_BEFORE_3_12.place().cast()
    };
    // SAFETY: the definition is static, as the interpreter asks for, is laid out as in its build, and
    // it is called with the GIL held.
    unsafe { ffi::PyModuleDef_Init(definition) }
}

/// `start(folder, library, prefix, base_prefix, optimization, function)`: 1 when it records from
/// now on, 2 when it does so on behalf of contexts, 0 when it did before or cannot.
unsafe extern "C" fn on_start(_this: Object, arguments: *const Object, count: isize) -> Object {
    // SAFETY: the interpreter calls in: interpreters with a lock of their own refuse a module that says
    // that it is not for them.
    unsafe { hold(|gil| start(gil, arguments, count)) }
}

unsafe fn start(gil: Gil<'_>, arguments: *const Object, count: isize) -> Object {
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
    let prepare = |gil: Gil<'_>| {
        if interpreter::current().is_some() {
            quiet::wait(gil);
            nursery::prepare(gil);
            tool::prepare(gil);
            start_ticks::begin_fork(gil);
        }
        if lock::is_needed() {
            quiet::begin(gil);
        }
        object::none(gil)
    };
    // SAFETY: as in `on_start`.
    unsafe { hold(prepare) }
}

/// `after_fork_in_parent()`, for `os.register_at_fork` in a free-threaded build.
unsafe extern "C" fn after_fork_in_parent(
    _this: Object,
    _arguments: *const Object,
    _count: isize,
) -> Object {
    let end = |gil: Gil<'_>| {
        quiet::end(gil);
        object::none(gil)
    };
    // SAFETY: as in `on_start`.
    unsafe { hold(end) }
}

/// `before_end()`, for `atexit.register` in a free-threaded build.
unsafe extern "C" fn before_end(_this: Object, _arguments: *const Object, _count: isize) -> Object {
    let begin = |gil: Gil<'_>| {
        quiet::begin(gil);
        object::none(gil)
    };
    // SAFETY: as in `on_start`.
    unsafe { hold(begin) }
}

/// `after_fork()`, for `os.register_at_fork`.
unsafe extern "C" fn on_fork(_this: Object, _arguments: *const Object, _count: isize) -> Object {
    // SAFETY: as in `on_start`.
    unsafe { hold(follow_fork) }
}

fn follow_fork(gil: Gil<'_>) -> Object {
    // CPython has ended the others, and may give their memory to new ones. Up to 3.13 it does not
    // survive that itself: it waits for its own lock, or aborts.
    // A child goes on sharing what is not written to: nothing is where there was nobody else.
    if interpreter::are_others(gil) {
        tool::forget_others(gil);
        interpreter::remove_others(gil);
    }
    unmeasured::forget();
    quiet::forget();
    if interpreter::current().is_some() {
        fork::check_in_child(gil);
    }
    object::none(gil)
}
