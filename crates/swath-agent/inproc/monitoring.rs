//! Lines by `sys.monitoring`, on 3.12 and newer.
//!
//! Code is armed when it is executed as a module (the audit event `exec`), with all code inside
//! it. What comes to life otherwise is armed when it first starts. Every event is switched off
//! where it happened once it was stored. `sys.monitoring.restart_events` is never called: it
//! would restart the events of every other tool.

use core::ffi::{CStr, c_void};
use core::ptr::null_mut;

use swath_store::layout;

use crate::code::{self, Info};
use crate::ffi::{self, METH_FASTCALL, Object, PyMethodDef};
use crate::fork;
use crate::map;
use crate::object::{self, Owned, attribute, call, call_method, number_attribute};
use crate::state::Global;

/// Tool ids in the order they are tried: first those that no kind of tool is named for.
const TOOLS: [i64; 6] = [4, 3, 2, 5, 1, 0];
/// How deep code may be nested in code.
const DEEPEST: u32 = 200;

/// What is needed to arm code.
#[derive(Clone, Copy)]
struct Arming {
    set_local_events: Object,
    tool: Object,
    events: Object,
    disable: Object,
}

static ARMING: Global<Option<Arming>> = Global::new(None);

static START: Global<PyMethodDef> = Global::new(PyMethodDef {
    name: c"start".as_ptr(),
    function: on_start as *const c_void,
    flags: METH_FASTCALL,
    documentation: core::ptr::null(),
});
static LINE: Global<PyMethodDef> = Global::new(PyMethodDef {
    name: c"line".as_ptr(),
    function: on_line as *const c_void,
    flags: METH_FASTCALL,
    documentation: core::ptr::null(),
});

/// Begins to record. The error is what to tell the accounting.
pub unsafe fn begin() -> Result<(), &'static [u8]> {
    let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
    if monitoring.is_null() {
        return Err(b"no-monitoring");
    }
    set_up(monitoring).unwrap_or(Err(b"no-monitoring"))
}

/// `None` when something in `sys.monitoring` is not as it should be.
unsafe fn set_up(monitoring: Object) -> Option<Result<(), &'static [u8]>> {
    let Some(tool) = take_tool(monitoring)? else {
        return Some(Err(b"no-free-monitoring-tool"));
    };
    let events = attribute(monitoring, c"events")?;
    let start = number_attribute(events.object(), c"PY_START");
    let line = number_attribute(events.object(), c"LINE");
    if start <= 0 || line <= 0 {
        return None;
    }
    let set_local_events = attribute(monitoring, c"set_local_events")?;
    let disable = attribute(monitoring, c"DISABLE")?;
    let both = Owned::take(ffi::PyLong_FromLong(start | line))?;
    let tool = tool.keep();
    register(monitoring, tool, start, START.place())?;
    register(monitoring, tool, line, LINE.place())?;
    ARMING.set(Some(Arming {
        set_local_events: set_local_events.keep(),
        tool,
        events: both.keep(),
        disable: disable.keep(),
    }));
    let start = Owned::take(ffi::PyLong_FromLong(start))?;
    call_method(
        monitoring,
        c"set_events",
        [tool, start.object(), null_mut()],
    )?;
    map::set_recorder(layout::RECORDER_MONITORING);
    Some(Ok(()))
}

/// Takes a tool id that nobody has.
unsafe fn take_tool(monitoring: Object) -> Option<Option<Owned>> {
    let name = Owned::take(ffi::PyUnicode_FromString(c"swath".as_ptr()))?;
    for id in TOOLS {
        let tool = Owned::take(ffi::PyLong_FromLong(id))?;
        let user = call_method(
            monitoring,
            c"get_tool",
            [tool.object(), null_mut(), null_mut()],
        )?;
        if !object::is_none(user.object()) {
            continue;
        }
        let arguments = [tool.object(), name.object(), null_mut()];
        if call_method(monitoring, c"use_tool_id", arguments).is_some() {
            return Some(Some(tool));
        }
    }
    Some(None)
}

unsafe fn register(
    monitoring: Object,
    tool: Object,
    event: i64,
    method: *mut PyMethodDef,
) -> Option<()> {
    const NAME: &CStr = c"register_callback";
    let event = Owned::take(ffi::PyLong_FromLong(event))?;
    let function = Owned::take(ffi::PyCFunction_NewEx(method, null_mut(), null_mut()))?;
    let arguments = [tool, event.object(), function.object()];
    call_method(monitoring, NAME, arguments).map(drop)
}

/// Arms code and all code inside it.
pub unsafe fn arm_with_inner(code: Object) {
    if let Some(arming) = ARMING.get() {
        arm_nested(&arming, code, (*code).kind, DEEPEST);
    }
}

unsafe fn arm_nested(arming: &Arming, code: Object, code_type: *mut c_void, deepest: u32) {
    if code::known(code).is_some() {
        return;
    }
    let info = code::learn(code);
    if !(*info).is_measured() || deepest == 0 {
        return;
    }
    arm(arming, code);
    let Some(constants) = attribute(code, c"co_consts") else {
        return;
    };
    for index in 0..ffi::PyTuple_Size(constants.object()) {
        let constant = ffi::PyTuple_GetItem(constants.object(), index);
        if (*constant).kind == code_type {
            arm_nested(arming, constant, code_type, deepest - 1);
        }
    }
}

unsafe fn arm(arming: &Arming, code: Object) {
    call(arming.set_local_events, [arming.tool, code, arming.events]);
}

/// The answer that switches the event off where it happened: a new reference.
#[inline]
unsafe fn disable(arming: &Arming) -> Object {
    ffi::Py_IncRef(arming.disable);
    arming.disable
}

/// A frame started.
unsafe extern "C" fn on_start(_this: Object, arguments: *const Object, _count: isize) -> Object {
    let Some(arming) = ARMING.get() else {
        return object::none();
    };
    let code = *arguments;
    let info: *mut Info = match code::known(code) {
        Some(info) => info,
        None => {
            let info = code::learn(code);
            if (*info).is_measured() {
                arm(&arming, code);
            }
            info
        }
    };
    if (*info).is_measured() {
        if fork::happened() {
            fork::follow();
        }
        (*info).started();
    }
    disable(&arming)
}

/// A line is about to run.
unsafe extern "C" fn on_line(_this: Object, arguments: *const Object, _count: isize) -> Object {
    let Some(arming) = ARMING.get() else {
        return object::none();
    };
    if fork::happened() {
        fork::follow();
    }
    let info = code::info(*arguments);
    (*info).hit(object::number(*arguments.add(1)) as u32);
    disable(&arming)
}
