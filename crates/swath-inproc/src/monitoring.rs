//! Lines and branches by `sys.monitoring`, on 3.12 and newer.
//!
//! Code is armed when it is executed as a module (the audit event `exec`), with all code inside
//! it. What comes to life otherwise is armed when it first starts. Every event is switched off
//! where it happened once it was stored.
//!
//! 3.12 and 3.13 report both ways of a branch as one event, which stays on until both were seen
//! or what was not seen can be told from the lines. What leaves a frame by an exception counts as
//! an exit there, as it does for coverage.py's tracer; from 3.14 on coverage.py does not see it.
//! Of large code they report operations, each once, in place of lines (`unit_lines.rs`).

use core::ffi::{CStr, c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

use swath_store::layout;

use crate::code::{self, Info};
use crate::ffi::{self, METH_FASTCALL, Object, PyMethodDef};
use crate::fork;
use crate::interpreter::VERSION;
use crate::map;
use crate::object::{
    self, Owned, PendingException, attribute, call, call_method, number_attribute,
};
use crate::running_frame;
use crate::scope;
use crate::state::{Gil, Global};
use crate::symbols::SYMBOLS;

/// Tool ids in the order they are tried: first those that no kind of tool is named for.
const TOOLS: [i64; 6] = [4, 3, 2, 5, 1, 0];
/// The same in fork children: none that other kinds of tools are named for.
const TOOLS_OF_CHILDREN: [i64; 4] = [4, 3, 2, 5];
/// So many tools a process may have had before, by those that it was forked from.
const MOST_BEFORE: usize = TOOLS_OF_CHILDREN.len();
/// Frames of a fork child that are looked at, from the newest on.
const MOST_FRAMES: usize = 100_000;
/// How deep code may be nested in code.
const DEEPEST: u32 = 200;

/// What is needed to arm code.
#[derive(Clone, Copy)]
struct Arming {
    set_local_events: Object,
    tool: Object,
    /// The tools of the processes that this one descends from, by forks.
    before: [Option<Object>; MOST_BEFORE],
    events: Object,
    /// For code of which single operations are watched.
    events_and_operations: Object,
    /// For code whose lines operations tell.
    events_without_lines: Object,
    disable: Object,
}

static ARMING: Global<Option<Arming>> = Global::new(None);

/// The most events that are listened to.
const MOST_EVENTS: usize = 10;

/// The events that are listened to, each with its function.
#[derive(Clone, Copy)]
struct Registered {
    event: Object,
    function: Object,
}

static REGISTERED: Global<[Option<Registered>; MOST_EVENTS]> = Global::new([None; MOST_EVENTS]);
/// Whether nothing is listened to for a moment. It is asked before it is known who holds the GIL.
static IS_ASIDE: AtomicBool = AtomicBool::new(false);
/// The events of all code that are listened to.
static GLOBAL_EVENTS: Global<i64> = Global::new(0);
static GLOBAL_EVENTS_IN_CHILDREN: Global<i64> = Global::new(0);

/// The definition of a function that takes its arguments as an array.
const fn callback(name: &'static CStr, function: *const c_void) -> Global<PyMethodDef> {
    Global::new(PyMethodDef {
        name: name.as_ptr(),
        function,
        flags: METH_FASTCALL,
        documentation: core::ptr::null(),
    })
}

static START: Global<PyMethodDef> = callback(c"start", on_start as *const c_void);
static RESUME: Global<PyMethodDef> = callback(c"resume", on_resume as *const c_void);
static THROW: Global<PyMethodDef> = callback(c"throw", on_throw as *const c_void);
static LINE: Global<PyMethodDef> = callback(c"line", on_line as *const c_void);
static BRANCH: Global<PyMethodDef> = callback(c"branch", on_branch as *const c_void);
static OPERATION: Global<PyMethodDef> = callback(c"operation", on_operation as *const c_void);
static RETURN: Global<PyMethodDef> = callback(c"return", on_return as *const c_void);
static UNWIND: Global<PyMethodDef> = callback(c"unwind", on_unwind as *const c_void);

/// The events that one kind of recording needs.
struct Events {
    /// Of code that is measured.
    local: i64,
    /// Of code of which single operations are watched, besides.
    operation: i64,
    /// Of all code.
    global: i64,
}

/// Begins to record. The error is what to tell the accounting.
pub(crate) fn begin(gil: Gil<'_>) -> Result<(), &'static [u8]> {
    // SAFETY: `sys.monitoring` is borrowed from `sys`, and alive.
    unsafe {
        let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
        if monitoring.is_null() {
            return Err(b"no-monitoring");
        }
        set_up(gil, monitoring).unwrap_or(Err(b"no-monitoring"))
    }
}

/// `None` when something in `sys.monitoring` is not as it should be.
unsafe fn set_up(gil: Gil<'_>, monitoring: Object) -> Option<Result<(), &'static [u8]>> {
    REGISTERED.set(gil, [None; MOST_EVENTS]);
    // SAFETY: the module is alive, what is taken from it is held or kept for good, and the
    // definitions of functions are static, as the interpreter asks for.
    unsafe {
        let Some(tool) = take_tool(gil, monitoring, &TOOLS)? else {
            return Some(Err(b"no-free-monitoring-tool"));
        };
        let events = attribute(gil, monitoring, c"events")?;
        let start = number_attribute(gil, events.object(), c"PY_START");
        let line = number_attribute(gil, events.object(), c"LINE");
        if start <= 0 || line <= 0 {
            return None;
        }
        let set_local_events = attribute(gil, monitoring, c"set_local_events")?;
        let disable = attribute(gil, monitoring, c"DISABLE")?;
        let tool = tool.keep();
        register(gil, monitoring, tool, start, START.place())?;
        let resume = number_attribute(gil, events.object(), c"PY_RESUME");
        register(gil, monitoring, tool, resume, RESUME.place())?;
        let throw = number_attribute(gil, events.object(), c"PY_THROW");
        register(gil, monitoring, tool, throw, THROW.place())?;
        register(gil, monitoring, tool, line, LINE.place())?;
        let mut wanted = Events {
            local: start | line,
            operation: 0,
            global: start,
        };
        if VERSION.get(gil) < 0x030e {
            wanted.operation = number_attribute(gil, events.object(), c"INSTRUCTION");
            register(gil, monitoring, tool, wanted.operation, OPERATION.place())?;
        }
        if code::BRANCH.get(gil) {
            add_branch_events(gil, monitoring, tool, events.object(), &mut wanted)?;
        }
        let set = |events| Owned::take(gil, ffi::PyLong_FromLong(events));
        ARMING.set(
            gil,
            Some(Arming {
                set_local_events: set_local_events.keep(),
                tool,
                before: [None; MOST_BEFORE],
                events: set(wanted.local)?.keep(),
                events_and_operations: set(wanted.local | wanted.operation)?.keep(),
                events_without_lines: set((wanted.local & !line) | wanted.operation)?.keep(),
                disable: disable.keep(),
            }),
        );
        set_global_events(gil, monitoring, tool, wanted.global)?;
        GLOBAL_EVENTS.set(gil, wanted.global);
        GLOBAL_EVENTS_IN_CHILDREN.set(gil, wanted.global | resume | throw);
        map::set_recorder(gil, layout::RECORDER_MONITORING);
        Some(Ok(()))
    }
}

unsafe fn set_global_events(
    gil: Gil<'_>,
    monitoring: Object,
    tool: Object,
    events: i64,
) -> Option<()> {
    // SAFETY: module and tool are alive, and the number is held during the call.
    unsafe {
        let events = Owned::take(gil, ffi::PyLong_FromLong(events))?;
        let arguments = [tool, events.object(), null_mut()];
        call_method(gil, monitoring, c"set_events", arguments).map(drop)
    }
}

/// In a fork child: lets the interpreter report again what it was told not to report any more,
/// because it had happened in the process that this one was forked from.
///
/// Only `sys.monitoring.restart_events` does that for a tool, and for every other one with it. So
/// the child listens as another tool: code is armed for that when it next runs, and costs nothing
/// before. There are only few tools; the generations that find none go on with the one that they
/// have, and restart the events of all.
pub(crate) fn begin_again(gil: Gil<'_>) {
    let pending = PendingException::set_aside(gil);
    if take_another_tool(gil).is_none() {
        map::record_state(
            gil,
            b"fork-not-followed",
            b"lines that ran before the fork are not seen again in this process",
        );
    }
    drop(pending);
}

fn take_another_tool(gil: Gil<'_>) -> Option<()> {
    let Some(arming) = ARMING.get(gil) else {
        // Nothing is recorded here, and a state says so.
        return Some(());
    };
    // SAFETY: `sys.monitoring` is borrowed from `sys`; tools, events and functions that were
    // registered are kept for good.
    unsafe {
        let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
        if monitoring.is_null() {
            return None;
        }
        let before = arming.tool;
        let Some(tool) = take_tool(gil, monitoring, &TOOLS_OF_CHILDREN)? else {
            call_method(gil, monitoring, c"restart_events", [null_mut(); 3])?;
            set_global_events(gil, monitoring, before, GLOBAL_EVENTS_IN_CHILDREN.get(gil))?;
            return arm_frames(gil);
        };
        let mut arming = Arming {
            tool: tool.keep(),
            ..arming
        };
        if let Some(free) = arming.before.iter_mut().find(|tool| tool.is_none()) {
            *free = Some(before);
        }
        for registered in REGISTERED.get(gil).into_iter().flatten() {
            let none = &raw mut ffi::_Py_NoneStruct;
            let old = [before, registered.event, none];
            call_method(gil, monitoring, c"register_callback", old)?;
            let new = [arming.tool, registered.event, registered.function];
            call_method(gil, monitoring, c"register_callback", new)?;
        }
        set_global_events(gil, monitoring, before, 0)?;
        let events = GLOBAL_EVENTS_IN_CHILDREN.get(gil);
        set_global_events(gil, monitoring, arming.tool, events)?;
        ARMING.set(gil, Some(arming));
        arm_frames(gil)
    }
}

/// Calls `each` with the code of the frames that are running, from the newest on.
fn for_each_frame(gil: Gil<'_>, mut each: impl FnMut(Object)) -> Option<()> {
    // SAFETY: the frame that runs is borrowed, so a reference is taken first; each frame holds the
    // next one, and its code is held during the call.
    unsafe {
        let frame = ffi::PyEval_GetFrame();
        if frame.is_null() {
            return None;
        }
        ffi::Py_IncRef(frame);
        let mut frame = Owned::take(gil, frame)?;
        for _ in 0..MOST_FRAMES {
            let code = attribute(gil, frame.object(), c"f_code")?;
            each(code.object());
            frame = attribute(gil, frame.object(), c"f_back")?;
            if object::is_none(frame.object()) {
                break;
            }
        }
        Some(())
    }
}

/// Arms the code of the frames that are running: they started before.
fn arm_frames(gil: Gil<'_>) -> Option<()> {
    let arming = ARMING.get(gil)?;
    // SAFETY: each code object is alive during the call.
    unsafe { for_each_frame(gil, |code| _ = armed(gil, &arming, code)) }
}

/// Whether nothing is listened to because a debugger begins.
#[inline]
pub(crate) fn is_aside() -> bool {
    IS_ASIDE.load(Ordering::Relaxed)
}

/// A trace function is about to be set. When a debugger does that to stop at the next operation,
/// 3.13 stops a line later if any tool listens to the frame. So for that moment none does.
pub(crate) fn step_aside(gil: Gil<'_>) -> Option<()> {
    let arming = ARMING.get(gil)?;
    // SAFETY: the frame that runs is borrowed and alive, and what is taken from it is held while it
    // is read; infos are never given back.
    unsafe {
        let caller = ffi::PyEval_GetFrame();
        if caller.is_null() {
            return None;
        }
        let code = attribute(gil, caller, c"f_code")?;
        let name = attribute(gil, code.object(), c"co_filename")?;
        if !object::text(gil, name.object())?.ends_with(b"/bdb.py") {
            return None;
        }
        let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
        let none = Owned::take(gil, ffi::PyLong_FromLong(0))?;
        for_each_frame(gil, |code| {
            if code::known(gil, code).is_some_and(|info| (*info).is_measured()) {
                call(
                    gil,
                    arming.set_local_events,
                    [arming.tool, code, none.object()],
                );
            }
        });
        set_global_events(gil, monitoring, arming.tool, 0)?;
        IS_ASIDE.store(true, Ordering::Relaxed);
        Some(())
    }
}

/// The debugger has stopped: what it looks at is no business of monitoring any more.
#[cold]
pub(crate) fn come_back(gil: Gil<'_>) {
    IS_ASIDE.store(false, Ordering::Relaxed);
    let _pending = PendingException::set_aside(gil);
    let Some(arming) = ARMING.get(gil) else {
        return;
    };
    // SAFETY: `sys.monitoring` is borrowed from `sys`, each code object is alive during the call,
    // and infos are never given back.
    unsafe {
        let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
        let events = if fork::generation(gil) > 0 {
            GLOBAL_EVENTS_IN_CHILDREN.get(gil)
        } else {
            GLOBAL_EVENTS.get(gil)
        };
        set_global_events(gil, monitoring, arming.tool, events);
        for_each_frame(gil, |code| {
            if let Some(info) = code::known(gil, code)
                && (*info).is_measured()
            {
                arm(gil, &arming, code, &mut *info);
            }
        });
    }
}

/// Registers what branches need.
unsafe fn add_branch_events(
    gil: Gil<'_>,
    monitoring: Object,
    tool: Object,
    events: Object,
    wanted: &mut Events,
) -> Option<()> {
    // SAFETY: module, tool and events are alive, and the definitions of functions are static.
    unsafe {
        let number =
            |name: &CStr| Some(number_attribute(gil, events, name)).filter(|event| *event > 0);
        let left = number(c"PY_RETURN")?;
        register(gil, monitoring, tool, left, RETURN.place())?;
        wanted.local |= left;
        if VERSION.get(gil) >= 0x030e {
            for name in [c"BRANCH_LEFT", c"BRANCH_RIGHT"] {
                let branch = number(name)?;
                register(gil, monitoring, tool, branch, BRANCH.place())?;
                wanted.local |= branch;
            }
            return Some(());
        }
        if !running_frame::begin(gil) {
            return None;
        }
        let branch = number(c"BRANCH")?;
        register(gil, monitoring, tool, branch, BRANCH.place())?;
        wanted.local |= branch;
        let unwind = number(c"PY_UNWIND")?;
        register(gil, monitoring, tool, unwind, UNWIND.place())?;
        wanted.global |= unwind;
        Some(())
    }
}

/// Takes a tool id that nobody has.
#[expect(
    clippy::option_option,
    reason = "no answer from the interpreter is something else than no free id"
)]
unsafe fn take_tool(gil: Gil<'_>, monitoring: Object, ids: &[i64]) -> Option<Option<Owned>> {
    // SAFETY: the module is alive, and what is asked of it is held while it is read.
    unsafe {
        let name = Owned::take(gil, ffi::PyUnicode_FromString(c"swath".as_ptr()))?;
        for id in ids {
            let tool = Owned::take(gil, ffi::PyLong_FromLong(*id))?;
            let user = call_method(
                gil,
                monitoring,
                c"get_tool",
                [tool.object(), null_mut(), null_mut()],
            )?;
            if !object::is_none(user.object()) {
                continue;
            }
            let arguments = [tool.object(), name.object(), null_mut()];
            if call_method(gil, monitoring, c"use_tool_id", arguments).is_some() {
                return Some(Some(tool));
            }
        }
        Some(None)
    }
}

unsafe fn register(
    gil: Gil<'_>,
    monitoring: Object,
    tool: Object,
    event: i64,
    method: *mut PyMethodDef,
) -> Option<()> {
    const NAME: &CStr = c"register_callback";
    // SAFETY: module and tool are alive; the definition is static, as the interpreter asks for;
    // with the GIL held nobody else uses the list.
    unsafe {
        let event = Owned::take(gil, ffi::PyLong_FromLong(event))?;
        let function = Owned::take(gil, ffi::PyCFunction_NewEx(method, null_mut(), null_mut()))?;
        let arguments = [tool, event.object(), function.object()];
        call_method(gil, monitoring, NAME, arguments)?;
        let all = &mut *REGISTERED.place();
        *all.iter_mut().find(|free| free.is_none())? = Some(Registered {
            event: event.keep(),
            function: function.keep(),
        });
        Some(())
    }
}

/// Arms code and all code inside it.
pub(crate) unsafe fn arm_with_inner(gil: Gil<'_>, code: Object) {
    fork::check(gil);
    if scope::rules(gil).name_packages() {
        // What module the code is of is known when it starts.
        return;
    }
    if let Some(arming) = ARMING.get(gil) {
        // SAFETY: an object that is alive has a type.
        unsafe { arm_nested(gil, &arming, code, (*code).kind, DEEPEST) };
    }
}

unsafe fn arm_nested(
    gil: Gil<'_>,
    arming: &Arming,
    code: Object,
    code_type: *mut c_void,
    deepest: u32,
) {
    // SAFETY: the constants are a tuple that is held while it is walked, and holds its items, none
    // of which is null; infos are never given back.
    unsafe {
        if code::known(gil, code).is_some() {
            return;
        }
        let info = code::learn(gil, code);
        if !(*info).is_measured() || deepest == 0 {
            return;
        }
        arm(gil, arming, code, &mut *info);
        let Some(constants) = attribute(gil, code, c"co_consts") else {
            return;
        };
        for index in 0..ffi::PyTuple_Size(constants.object()) {
            let constant = ffi::PyTuple_GetItem(constants.object(), index);
            if (*constant).kind == code_type {
                arm_nested(gil, arming, constant, code_type, deepest - 1);
            }
        }
    }
}

/// What is known about code; it is looked at and armed if it was not before.
#[inline]
unsafe fn armed(gil: Gil<'_>, arming: &Arming, code: Object) -> *mut Info {
    // SAFETY: the code is alive, and infos are never given back.
    unsafe {
        if let Some(info) = code::known(gil, code) {
            return info;
        }
        let info = code::learn(gil, code);
        if (*info).is_measured() {
            arm(gil, arming, code, &mut *info);
        }
        info
    }
}

unsafe fn arm(gil: Gil<'_>, arming: &Arming, code: Object, info: &mut Info) {
    let events = if info.has_unit_lines() {
        arming.events_without_lines
    } else if info.needs_operations() {
        arming.events_and_operations
    } else {
        arming.events
    };
    // SAFETY: tools and events are kept for good, and the code is alive.
    unsafe {
        for before in arming.before.into_iter().flatten() {
            // What was not switched off yet would be reported to nobody, again and again.
            if let Some(none) = Owned::take(gil, ffi::PyLong_FromLong(0)) {
                call(gil, arming.set_local_events, [before, code, none.object()]);
            }
        }
        call(gil, arming.set_local_events, [arming.tool, code, events]);
    }
}

/// The answer that switches the event off where it happened: a new reference.
#[inline]
fn disable(_gil: Gil<'_>, arming: &Arming) -> Object {
    // SAFETY: the object is kept for good.
    unsafe { ffi::Py_IncRef(arming.disable) };
    arming.disable
}

/// A frame started.
unsafe extern "C" fn on_start(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has one argument at least, the code, which is alive during the call; infos
    // are never given back.
    unsafe {
        let code = *arguments;
        let info = armed(gil, &arming, code);
        if (*info).is_measured() {
            if VERSION.get(gil) < 0x030e {
                (*info).prepare(gil, code);
            }
            (*info).started();
        }
        disable(gil, &arming)
    }
}

/// A frame goes on that may have waited since before a fork.
unsafe extern "C" fn on_resume(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has one argument at least, the code, which is alive during the call; infos
    // are never given back.
    unsafe {
        armed(gil, &arming, *arguments);
        disable(gil, &arming)
    }
}

/// An exception is thrown into a frame that may have waited since before a fork: this event cannot
/// be switched off.
unsafe extern "C" fn on_throw(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    if let Some(arming) = ARMING.get(gil) {
        // SAFETY: the event has one argument at least, the code, which is alive during the call.
        unsafe { armed(gil, &arming, *arguments) };
    }
    object::none(gil)
}

/// A line is about to run.
unsafe extern "C" fn on_line(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has two arguments, the code and a line, which are alive during the call;
    // infos are never given back.
    unsafe {
        let info = armed(gil, &arming, *arguments);
        let line = object::number(gil, *arguments.add(1)) as u32;
        if code::BRANCH.get(gil) && VERSION.get(gil) >= 0x030e {
            (*info).followed(gil, line);
        }
        (*info).hit(line);
        if VERSION.get(gil) < 0x030e {
            // A frame that a fork child goes on with did not start there.
            (*info).prepare(gil, *arguments);
        }
        if (*info).watches_line(line) {
            begin_line(gil, &arming, *arguments, &mut *info);
        }
        disable(gil, &arming)
    }
}

/// A line begins of which single operations may mean something: the interpreter reports the line
/// in place of the first of them.
#[cold]
unsafe fn begin_line(gil: Gil<'_>, arming: &Arming, code: Object, info: &mut Info) {
    if let Some(place) = running_frame::place(gil) {
        info.reached(gil, place);
    }
    // SAFETY: the code is alive, and the frame that runs is its own.
    unsafe { watch_operations(gil, arming, code, info) };
}

/// Watches single operations from now on, where that begins.
#[inline]
unsafe fn watch_operations(gil: Gil<'_>, arming: &Arming, code: Object, info: &mut Info) {
    if info.begins_watch() {
        // SAFETY: tools and events are kept for good, and the code is alive.
        unsafe {
            call(
                gil,
                arming.set_local_events,
                [arming.tool, code, arming.events_and_operations],
            )
        };
    }
}

/// A branch was taken one way.
unsafe extern "C" fn on_branch(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has three arguments, the code and two places, which are alive during the
    // call; infos are never given back.
    unsafe {
        let code = *arguments;
        let info = armed(gil, &arming, code);
        let offset = object::number(gil, *arguments.add(1));
        let destination = object::number(gil, *arguments.add(2));
        let is_done = (*info).went(gil, code, offset, destination);
        watch_operations(gil, &arming, code, &mut *info);
        if is_done || VERSION.get(gil) >= 0x030e {
            return disable(gil, &arming);
        }
        object::none(gil)
    }
}

/// An operation is about to run.
unsafe extern "C" fn on_operation(
    _this: Object,
    arguments: *const Object,
    _count: isize,
) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has two arguments, the code and a place, which are alive during the call;
    // infos are never given back.
    unsafe {
        let info = armed(gil, &arming, *arguments);
        if (*info).reached(gil, object::number(gil, *arguments.add(1))) {
            return disable(gil, &arming);
        }
        object::none(gil)
    }
}

/// A frame returns.
unsafe extern "C" fn on_return(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    let Some(arming) = ARMING.get(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has three arguments, the code and a place first, which are alive during the
    // call; infos are never given back.
    unsafe {
        let code = *arguments;
        leave(
            gil,
            code,
            &mut *armed(gil, &arming, code),
            *arguments.add(1),
        );
        disable(gil, &arming)
    }
}

/// A frame is left by an exception: this event comes from all code, and cannot be switched off.
unsafe extern "C" fn on_unwind(_this: Object, arguments: *const Object, _count: isize) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    fork::check(gil);
    // SAFETY: the event has three arguments, the code first, which are alive during the call; infos
    // are never given back.
    unsafe {
        let code = *arguments;
        if let Some(info) = code::known(gil, code)
            && (*info).is_measured()
        {
            let pending = PendingException::set_aside(gil);
            (*info).unwound(gil);
            leave_by_exception(gil, code, &mut *info, arguments);
            drop(pending);
        }
        object::none(gil)
    }
}

/// An exception leaves a frame, from the line that ran last.
unsafe fn leave_by_exception(
    gil: Gil<'_>,
    code: Object,
    info: &mut Info,
    arguments: *const Object,
) {
    // SAFETY: the arguments are those of the event: the code, a place and the exception, which are
    // alive during the call.
    unsafe {
        let place = object::number(gil, *arguments.add(1));
        let line = line_at(gil, code, place);
        // 3.13 names the operation before the one that raised.
        if line > 0 && !info.outline.suspends && VERSION.get(gil) < 0x030d {
            return info.left(line);
        }
        // What raised it again is of no line, and in code that may be suspended always is. The frame is
        // said to be where it was raised first.
        let Some(mut place) = running_frame::place(gil) else {
            return;
        };
        if line_at(gil, code, place) == 0
            && let Some(cause) = attribute(gil, *arguments.add(2), c"__cause__")
            && let Some(unit) = running_frame::raising_unit(gil, cause.object())
        {
            // A `StopIteration` became a `RuntimeError`.
            place = i64::from(unit) * 2;
        }
        if info.is_left_from(gil, code, place) {
            info.left(line_at(gil, code, place));
        }
    }
}

/// The line of a place in a code object's bytes; 0 for none.
unsafe fn line_at(gil: Gil<'_>, code: Object, place: i64) -> u32 {
    let Some(symbols) = SYMBOLS.get(gil) else {
        return 0;
    };
    // SAFETY: the function was found under CPython's name for it, takes any place, and the code is
    // alive.
    unsafe { u32::try_from((symbols.line_at)(code, place as c_int)).unwrap_or(0) }
}

unsafe fn leave(gil: Gil<'_>, code: Object, info: &mut Info, offset: Object) {
    if info.is_measured() {
        // SAFETY: the offset is alive as long as the event's arguments are.
        unsafe { info.left(line_at(gil, code, object::number(gil, offset))) };
    }
}
