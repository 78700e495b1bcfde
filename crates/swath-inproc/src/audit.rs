//! Audit events: code that is executed, programs that are started, sockets that are bound.

use core::ffi::{c_char, c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::gate;
use crate::interpreter::VERSION;
use crate::map;
use crate::monitoring;
use crate::object::{self, PendingException};
use crate::process;
use crate::start;
use crate::state::{Gil, Global};
use crate::symbols::SYMBOLS;
use crate::text::c_bytes;

/// Whether another interpreter of the process was seen. It may have a lock of its own, so this
/// is all that is noted there.
static OTHER_INTERPRETER: AtomicBool = AtomicBool::new(false);
/// Whether the accounting knows of that.
static OTHER_RECORDED: Global<bool> = Global::new(false);

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

/// Tells the accounting once that there is another interpreter in the process.
pub(crate) fn tell_of_interpreters(gil: Gil<'_>) {
    if OTHER_INTERPRETER.load(Ordering::Relaxed) && !OTHER_RECORDED.get(gil) {
        OTHER_RECORDED.set(gil, true);
        map::record_state(
            gil,
            b"sub-interpreter",
            b"the program has another interpreter in the process; what runs there is not recorded",
        );
    }
}

/// Never objects: what the program does is its own affair.
unsafe extern "C" fn on_event(event: *const c_char, arguments: Object, _: *mut c_void) -> c_int {
    // SAFETY: the interpreter hands in a C string and the event's tuple, which live during the
    // call. The GIL is taken for held only behind the questions whether this thread has a thread
    // state, and that of the measured interpreter.
    unsafe {
        if monitoring::is_aside() && start::has_thread_state() && start::in_main_interpreter() {
            monitoring::come_back(Gil::assume());
        }
        // Most events are told apart by their first bytes.
        let first = *event.cast::<u8>();
        if !matches!(first, b'e' | b's' | b'o' | b'i') || !start::has_thread_state() {
            return 0;
        }
        if !start::in_main_interpreter() {
            OTHER_INTERPRETER.store(true, Ordering::Relaxed);
            return 0;
        }
        let gil = Gil::assume();
        tell_of_interpreters(gil);
        match c_bytes(event) {
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
                monitoring::step_aside(gil);
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
            b"socket.bind" => {
                let _pending = PendingException::set_aside(gil);
                process::record_listen(gil, arguments);
            }
            name @ (b"subprocess.Popen" | b"os.posix_spawn" | b"os.system" | b"os.spawn") => {
                let _pending = PendingException::set_aside(gil);
                map::reopen(gil);
                process::record_spawn(gil, name, arguments);
            }
            b"os.exec" => {
                let _pending = PendingException::set_aside(gil);
                process::record_spawn(gil, b"os.exec", arguments);
                map::close(gil, layout::REPLACED);
            }
            _ => {}
        }
        0
    }
}
