//! coverage.py's `dynamic_context = test_function`: what a function whose name begins with `test`
//! runs is that test's, named as coverage.py names it. As there, one runs at a time, and a coroutine
//! that waits is not running.

use swath_store::layout;

use crate::code;
use crate::context;
use crate::ffi::{self, Object};
use crate::frame_layout::{FIRST_LOCAL, GLOBALS};
use crate::interpreter::VERSION;
use crate::object::{self, Owned, PendingException, attribute, call_method, number_attribute};
use crate::state::{Gil, Global};
use crate::text::Buffer;

/// Longer names are not told apart: what such a function runs is no test's.
const LONGEST: usize = 1024;

/// Whether functions of tests are looked for: a setting.
pub(crate) static ARE_WANTED: Global<bool> = Global::new(false);
/// The frame of the test that runs, by an address that no other frame has meanwhile, and its thread.
static RUNNING: Global<Option<(*mut u8, *mut u8)>> = Global::new(None);

/// Whether code is that of a test, by its name.
pub(crate) unsafe fn is_one(gil: Gil<'_>, code: Object) -> bool {
    // SAFETY: the code is alive, and its name is held while it is read.
    unsafe {
        let name = attribute(gil, code, c"co_name");
        let name = name.as_ref().map(Owned::object);
        let name = name.and_then(|name| object::text(gil, name));
        name.is_some_and(|name| name.starts_with(b"test") || name == b"runTest")
    }
}

/// What a frame that starts holds.
struct Started {
    globals: Owned,
    /// Its argument `self`, if it has one.
    this: Option<Owned>,
}

impl Started {
    /// Of a frame object.
    unsafe fn of_object(gil: Gil<'_>, frame: Object, code: Object) -> Option<Self> {
        // SAFETY: frame and code are alive, and what is taken from them is held while it is read.
        unsafe {
            let this = if has_self(gil, code) {
                let locals = attribute(gil, frame, c"f_locals")?;
                let name = Owned::take(gil, ffi::PyUnicode_FromString(c"self".as_ptr()))?;
                let found = ffi::PyObject_GetItem(locals.object(), name.object());
                Owned::take(gil, found)
            } else {
                None
            };
            let globals = attribute(gil, frame, c"f_globals")?;
            Some(Self { globals, this })
        }
    }

    /// Of a frame proper of 3.11, which has not run yet.
    unsafe fn of_proper(gil: Gil<'_>, frame: *mut u8, code: Object) -> Option<Self> {
        // SAFETY: the frame is about to run, so it holds its globals and arguments, which lie at
        // frozen places; references are taken to both.
        unsafe {
            let take = |place: usize| {
                let object = *frame.add(place).cast::<Object>();
                if object.is_null() {
                    return None;
                }
                ffi::Py_IncRef(object);
                Owned::take(gil, object)
            };
            let this = if has_self(gil, code) {
                take(FIRST_LOCAL)
            } else {
                None
            };
            let globals = take(GLOBALS)?;
            Some(Self { globals, this })
        }
    }
}

/// Whether the first argument of code is called `self`.
unsafe fn has_self(gil: Gil<'_>, code: Object) -> bool {
    // SAFETY: the code is alive, and its names are held while the first is read.
    unsafe {
        if number_attribute(gil, code, c"co_argcount") < 1 {
            return false;
        }
        let Some(names) = attribute(gil, code, c"co_varnames") else {
            return false;
        };
        if ffi::PyTuple_Size(names.object()) < 1 {
            return false;
        }
        object::text(gil, ffi::PyTuple_GetItem(names.object(), 0)) == Some(b"self")
    }
}

/// Adds the text of an attribute to a name.
unsafe fn add(
    gil: Gil<'_>,
    name: &mut Buffer<LONGEST>,
    object: Object,
    of: &core::ffi::CStr,
) -> Option<()> {
    // SAFETY: the object is alive, and its attribute is held while it is read.
    unsafe {
        let value = attribute(gil, object, of)?;
        name.add(object::text(gil, value.object())?);
        Some(())
    }
}

/// The name of the test that a frame is of, as coverage.py makes it: that of the function or method
/// which its own name leads to.
unsafe fn name(gil: Gil<'_>, code: Object, frame: &Started) -> Option<Buffer<LONGEST>> {
    let mut name = Buffer::new();
    // SAFETY: code and frame are alive, and what is asked of them is held while it is read.
    unsafe {
        let own = attribute(gil, code, c"co_name")?;
        let own_text = core::ffi::CStr::from_ptr(ffi::PyUnicode_AsUTF8AndSize(
            own.object(),
            core::ptr::null_mut(),
        ));
        let method = frame
            .this
            .as_ref()
            .and_then(|this| Some((this, attribute(gil, this.object(), own_text)?)))
            .filter(|(_, method)| !object::is_none(method.object()));
        if let Some((this, method)) = method {
            if let Some(function) = attribute(gil, method.object(), c"__func__") {
                add(gil, &mut name, function.object(), c"__module__")?;
                name.add(b".");
                add(gil, &mut name, function.object(), c"__qualname__")?;
            } else {
                let class = attribute(gil, this.object(), c"__class__")?;
                add(gil, &mut name, class.object(), c"__module__")?;
                name.add(b".");
                add(gil, &mut name, class.object(), c"__name__")?;
                name.add(b".").add(own_text.to_bytes());
            }
        } else {
            let arguments = [own.object(), core::ptr::null_mut(), core::ptr::null_mut()];
            let function = call_method(gil, frame.globals.object(), c"get", arguments)?;
            if object::is_none(function.object()) {
                return None;
            }
            add(gil, &mut name, function.object(), c"__module__")?;
            name.add(b".").add(own_text.to_bytes());
        }
    }
    name.whole().then_some(name)
}

/// A frame of a test starts, or goes on; `proper` says that it is a frame proper of 3.11. Whether
/// what runs from now on is this test's.
pub(crate) unsafe fn begin(gil: Gil<'_>, frame: *mut u8, code: Object, proper: bool) -> bool {
    // SAFETY: frame and code are alive; no exception is pending while Python is asked.
    unsafe {
        if RUNNING.get(gil).is_some() || !code::is_test(gil, code) {
            return false;
        }
        let _pending = PendingException::set_aside(gil);
        let started = if proper {
            Started::of_proper(gil, frame, code)
        } else {
            Started::of_object(gil, frame.cast(), code)
        };
        let name = started.and_then(|started| name(gil, code, &started));
        let number =
            name.and_then(|name| context::number(gil, &[layout::CONTEXT_TEST, name.bytes()]));
        let Some(number) = number else {
            return false;
        };
        RUNNING.set(gil, Some((frame, ffi::PyThreadState_Get().cast())));
        context::set_current(gil, i64::from(number));
        true
    }
}

/// The frame that runs starts or goes on, on 3.12 and newer.
pub(crate) unsafe fn begin_running(gil: Gil<'_>, code: Object) -> bool {
    // SAFETY: the frame that runs is borrowed and alive.
    unsafe {
        if RUNNING.get(gil).is_some() || !code::is_test(gil, code) {
            return false;
        }
        let frame = ffi::PyEval_GetFrame();
        !frame.is_null() && begin(gil, frame.cast(), code, false)
    }
}

/// A frame ends, or waits.
pub(crate) fn end(gil: Gil<'_>, frame: *mut u8) {
    // SAFETY: a thread that runs Python has a thread state.
    let thread = unsafe { ffi::PyThreadState_Get() };
    if RUNNING.get(gil) == Some((frame, thread.cast())) {
        RUNNING.set(gil, None);
        context::set_current(gil, 0);
    }
}

/// The frame that runs ends, or waits, on 3.12 and newer.
pub(crate) fn end_running(gil: Gil<'_>) {
    if RUNNING.get(gil).is_some() {
        // SAFETY: the frame that runs is borrowed and alive.
        end(gil, unsafe { ffi::PyEval_GetFrame() }.cast());
    }
}

/// Whether events of code that is a test's are needed, on this version.
pub(crate) fn needs_events(gil: Gil<'_>) -> bool {
    ARE_WANTED.get(gil) && VERSION.get(gil) >= 0x030c
}
