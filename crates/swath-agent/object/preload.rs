//! A second way into CPython, for programs that `sitecustomize` does not reach: an object that the
//! loader puts into every program (`LD_PRELOAD`).
//!
//! Most of these programs are no Python, so it needs nothing of them: it has one reference, a weak
//! one, and calls nothing before it knows that the program has an interpreter in it. There it asks
//! to be told of audit events, and starts the agent before the interpreter runs the main module.

#![no_std]
#![no_builtins]

mod hook_entry;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

/// A reference to a Python object.
type Object = *mut c_void;
type Symbol = *mut c_void;
type Find = unsafe extern "C" fn(*mut c_void, *const c_char) -> Symbol;
type Hook = unsafe extern "C" fn(*const c_char, Object, *mut c_void) -> c_int;

/// Runs the same file as `site` does, under another name; its byte code is kept as that of a module.
const START: &CStr = c"import sys
__file__ = path.rpartition('/')[0] + '/sitecustomize.py'
__loader__ = sys.modules['_frozen_importlib_external'].SourceFileLoader(__name__, __file__)
exec(__loader__.get_code(__name__))
";
/// `Py_file_input`.
const FILE_INPUT: c_int = 257;

/// The events before the main module runs …
const RUN: &[u8] = b"cpython.run_";
/// … and the one that `sitecustomize` raises when it has done its part.
const DONE: &[u8] = b"swath.started";
/// The event with which an interpreter that ends lets go of its hooks.
const CLEARING: &[u8] = b"cpython._PySys_ClearAuditHooks";

/// Whether the agent was started, from here or by `sitecustomize`.
static STARTED: AtomicBool = AtomicBool::new(false);

/// What `dladdr` says of an address.
#[repr(C)]
struct Place {
    object: *const c_char,
    base: *mut c_void,
    name: *const c_char,
    address: *mut c_void,
}

/// Nothing here can panic.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

// Strong references to what a program lacks would end it: "undefined symbol".
core::arch::global_asm!(".weak dlsym");

// A name for what is here, which linkers are told to keep. It is gone when they are done.
core::arch::global_asm!(
    ".globl swath_preload",
    ".hidden swath_preload",
    ".set swath_preload, 0",
);

/// Called by the loader before the program begins.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: unsafe extern "C" fn() = construct;

unsafe extern "C" fn construct() {
    // SAFETY: the loader calls it once, in the program's only thread.
    unsafe { hook_entry::add(on_event) };
}

/// Where `dlsym` is; null in programs that do not have it.
fn dlsym() -> Option<Find> {
    let address: *mut c_void;
    // SAFETY: reads the entry that the loader filled.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        core::arch::asm!(
            "mov {}, qword ptr [rip + dlsym@GOTPCREL]",
            out(reg) address,
            options(pure, readonly, nostack, preserves_flags)
        );
        #[cfg(target_arch = "aarch64")]
        core::arch::asm!(
            "adrp {0}, :got:dlsym",
            "ldr {0}, [{0}, :got_lo12:dlsym]",
            out(reg) address,
            options(pure, readonly, nostack, preserves_flags)
        );
        core::mem::transmute::<*mut c_void, Option<Find>>(address)
    }
}

/// A function of the program, by its name. `F` must be the type that it has.
unsafe fn find<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<Symbol>()) };
    // SAFETY: `F` is a function pointer, by the caller's word.
    unsafe {
        let symbol = dlsym()?(null_mut(), name.as_ptr());
        (!symbol.is_null()).then(|| core::mem::transmute_copy(&symbol))
    }
}

/// Told of every audit event; never objects.
unsafe extern "C" fn on_event(event: *const c_char, _: Object, _: *mut c_void) -> c_int {
    // SAFETY: an event is a C string.
    let (is_run, is_done) = unsafe { (begins_with(event, RUN), begins_with(event, DONE)) };
    if is_done {
        STARTED.store(true, Ordering::Relaxed);
    }
    // Of one thread: it holds the interpreter's lock. Exchanging the value would be a call into a
    // library on some machines.
    if is_run && !STARTED.load(Ordering::Relaxed) {
        STARTED.store(true, Ordering::Relaxed);
        // SAFETY: the interpreter is there, and its lock is held.
        unsafe { start() };
    }
    // SAFETY: an event is a C string; this one comes with the interpreter's lock held.
    unsafe {
        if begins_with(event, CLEARING) {
            hook_entry::before_clearing();
        }
    }
    0
}

/// Whether a C string begins so; it is read up to its end at most.
unsafe fn begins_with(text: *const c_char, start: &[u8]) -> bool {
    let mut place = text;
    for byte in start {
        // SAFETY: what came before was not the string's end, as that equals no byte of `start`.
        unsafe {
            if *place.cast::<u8>() != *byte {
                return false;
            }
            place = place.add(1);
        }
    }
    true
}

/// Starts the agent. What fails leaves the program alone.
unsafe fn start() -> Option<()> {
    // SAFETY: every name is of CPython's stable interface, and has the type that it has there.
    unsafe {
        let mut place = Place {
            object: core::ptr::null(),
            base: null_mut(),
            name: core::ptr::null(),
            address: null_mut(),
        };
        let locate: unsafe extern "C" fn(*const c_void, *mut Place) -> c_int = find(c"dladdr")?;
        if locate((&raw const STARTED).cast(), &raw mut place) == 0 || place.object.is_null() {
            return None;
        }
        let builtins: unsafe extern "C" fn() -> Object = find(c"PyEval_GetBuiltins")?;
        let dictionary: unsafe extern "C" fn() -> Object = find(c"PyDict_New")?;
        let set: unsafe extern "C" fn(Object, *const c_char, Object) -> c_int =
            find(c"PyDict_SetItemString")?;
        let text: unsafe extern "C" fn(*const c_char) -> Object =
            find(c"PyUnicode_DecodeFSDefault")?;
        let compile: unsafe extern "C" fn(*const c_char, *const c_char, c_int) -> Object =
            find(c"Py_CompileString")?;
        let evaluate: unsafe extern "C" fn(Object, Object, Object) -> Object =
            find(c"PyEval_EvalCode")?;
        let forget: unsafe extern "C" fn(Object) = find(c"Py_DecRef")?;
        let clear: unsafe extern "C" fn() = find(c"PyErr_Clear")?;

        let globals = dictionary();
        let path = text(place.object);
        let name = text(c"swath-preload".as_ptr());
        let code = compile(START.as_ptr(), c"<swath>".as_ptr(), FILE_INPUT);
        if !globals.is_null() && !path.is_null() && !name.is_null() && !code.is_null() {
            set(globals, c"__builtins__".as_ptr(), builtins());
            set(globals, c"__name__".as_ptr(), name);
            set(globals, c"path".as_ptr(), path);
            forget(evaluate(code, globals, globals));
        }
        clear();
        // Null is nothing to forget.
        for object in [code, name, path, globals] {
            forget(object);
        }
        Some(())
    }
}
