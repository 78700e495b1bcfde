//! Audit events: code that is executed, programs that are started, sockets that are bound.

use core::ffi::{c_char, c_int, c_void};

use swath_store::layout;

use crate::context::running_test;
use crate::ffi::{self, Object};
use crate::gate;
use crate::interpreter::{self, VERSION};
use crate::lock;
use crate::map;
use crate::monitoring;
use crate::object::{self, PendingException};
use crate::process;
use crate::process::program_start;
use crate::state::{Gil, hold};
use crate::symbols::{self, SYMBOLS};
use crate::text::c_bytes;
use crate::tool;
use crate::unmeasured;

/// Raised by `sitecustomize` in an interpreter into which the agent cannot be loaded.
const NOT_RECORDED: &[u8] = b"swath.not_recorded";

/// The events for which the agent's lock is taken, where it has one: others tell those builds nothing.
const MATTER_WITHOUT_GIL: [&[u8]; 9] = [
    b"exec",
    b"sys.settrace",
    b"cpython.PyInterpreterState_Clear",
    b"socket.bind",
    b"subprocess.Popen",
    b"os.posix_spawn",
    b"os.system",
    b"os.spawn",
    b"os.exec",
];

/// Begins to listen.
pub(crate) fn begin(gil: Gil<'_>) -> bool {
    // SAFETY: the function was found under CPython's name for it, and takes a hook of this type.
    unsafe {
        match SYMBOLS.get(gil) {
            Some(symbols) => (symbols.add_audit_hook)(on_event, core::ptr::null_mut()) == 0,
            None => false,
        }
    }
}

/// Never objects: what the program does is its own affair.
unsafe extern "C" fn on_event(event: *const c_char, arguments: Object, _: *mut c_void) -> c_int {
    // SAFETY: the interpreter hands in a C string and the event's tuple, which live during the
    // call. It has called in only behind the questions whether this thread has a thread state, and
    // that of the measured interpreter.
    unsafe {
        if tool::is_aside() && interpreter::has_thread_state() && interpreter::current().is_some() {
            hold(tool::come_back);
        }
        // Most events are told apart by their first bytes.
        let first = *event.cast::<u8>();
        if !matches!(first, b'e' | b's' | b'o' | b'i' | b'c') || !interpreter::has_thread_state() {
            return 0;
        }
        let Some(interpreter) = interpreter::current() else {
            // It may have a lock of its own, so this is all that is noted there.
            if c_bytes(event) == NOT_RECORDED {
                unmeasured::note_for_good();
            } else if let Some(id) = interpreter::id() {
                unmeasured::note(id);
            }
            return 0;
        };
        let event = c_bytes(event);
        if !lock::is_needed() || MATTER_WITHOUT_GIL.contains(&event) {
            hold(|gil| on_measured_event(gil, interpreter, event, arguments));
        }
        0
    }
}

/// Something is said of a measured interpreter.
unsafe fn on_measured_event(gil: Gil<'_>, interpreter: usize, event: &[u8], arguments: Object) {
    // SAFETY: the interpreter hands in the event's tuple, which lives during the call.
    unsafe {
        match event {
            b"exec" if VERSION.get(gil) >= 0x030c => {
                let code = ffi::PyTuple_GetItem(arguments, 0);
                if !code.is_null() {
                    monitoring::arm_with_inner(gil, code);
                }
            }
            b"exec" => gate::check_hook(gil),
            b"sys.settrace" if VERSION.get(gil) < 0x030c => gate::before_settrace(gil),
            b"sys.settrace" if VERSION.get(gil) == 0x030d => {
                let _pending = PendingException::set_aside(gil);
                tool::step_aside(gil);
            }
            b"import" => {
                gate::check_hook(gil);
                let name = ffi::PyTuple_GetItem(arguments, 0);
                if !name.is_null()
                    && object::is_text(name)
                    && object::text(gil, name).is_some_and(|name| name.starts_with(b"greenlet"))
                {
                    gate::expect_greenlets(gil);
                }
            }
            b"cpython.PyInterpreterState_Clear" => {
                let main = symbols::function::<symbols::Interpreter>(&[c"PyInterpreterState_Main"]);
                let now = SYMBOLS.get(gil).map(|symbols| (symbols.interpreter)());
                // The main one ends others after a fork; its own end is told of at the exit.
                if main.is_some_and(|main| Some(main()) != now) {
                    if let Some(id) = interpreter::id() {
                        unmeasured::ends(id);
                    }
                    tool::forget(gil, interpreter);
                    interpreter::remove(gil, interpreter);
                }
            }
            b"socket.bind" => {
                let _pending = PendingException::set_aside(gil);
                process::record_listen(gil, arguments);
            }
            name @ (b"subprocess.Popen" | b"os.posix_spawn" | b"os.system" | b"os.spawn") => {
                let _pending = PendingException::set_aside(gil);
                map::reopen(gil);
                program_start::record(gil, name, arguments);
                running_test::before_start(gil);
            }
            b"os.exec" => {
                let _pending = PendingException::set_aside(gil);
                program_start::record(gil, b"os.exec", arguments);
                running_test::before_exec(gil);
                map::close(gil, layout::REPLACED);
            }
            _ => {}
        }
    }
}
