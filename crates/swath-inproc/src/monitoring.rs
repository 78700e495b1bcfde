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

use crate::code::{self, CodeField, Event, Info, Report};
use crate::context;
use crate::ffi::{self, METH_FASTCALL, Object, PyMethodDef};
use crate::fork;
use crate::interpreter::VERSION;
use crate::lock;
use crate::lock::quiet;
use crate::object::{self, Owned, PendingException, call};
use crate::running_frame;
use crate::scope;
use crate::state::{Gil, Global, hold};
use crate::symbols::SYMBOLS;
use crate::test_function;
use crate::tool::{self, Arming};
use core::ffi::{CStr, c_int, c_void};

/// How deep code may be nested in code.
const DEEPEST: u32 = 200;

/// The definition of a function that is called for an event, alone. Before that, another function
/// may have the answer, which many threads may run at once.
macro_rules! callback {
    ($name:literal, $function:path) => {
        callback!($name, $function, |_| None)
    };
    ($name:literal, $function:path, $answer:expr) => {{
        unsafe extern "C" fn called(_: Object, arguments: *const Object, _: isize) -> Object {
            let answer: unsafe fn(*const Object) -> Option<Object> = $answer;
            // SAFETY: the interpreter calls in, and holds the arguments during the call.
            unsafe {
                if lock::is_needed()
                    && let Some(answer) = answer(arguments)
                {
                    return answer;
                }
                hold(|gil| $function(gil, arguments))
            }
        }
        definition($name, called as *const c_void)
    }};
}

/// The definition of a function that takes its arguments as an array.
const fn definition(name: &'static CStr, function: *const c_void) -> Global<PyMethodDef> {
    Global::new(PyMethodDef {
        name: name.as_ptr(),
        function,
        flags: METH_FASTCALL,
        documentation: core::ptr::null(),
    })
}

pub(crate) static START: Global<PyMethodDef> = callback!(c"start", on_start);
pub(crate) static RESUME: Global<PyMethodDef> = callback!(c"resume", on_resume);
pub(crate) static THROW: Global<PyMethodDef> = callback!(c"throw", on_throw);
pub(crate) static LINE: Global<PyMethodDef> = callback!(c"line", on_line);
pub(crate) static BRANCH: Global<PyMethodDef> = callback!(c"branch", on_branch, known_branch);
pub(crate) static OPERATION: Global<PyMethodDef> = callback!(c"operation", on_operation);
pub(crate) static SUSPEND: Global<PyMethodDef> = callback!(c"suspend", on_suspend);
pub(crate) static RETURN: Global<PyMethodDef> = callback!(c"return", on_return);
pub(crate) static UNWIND: Global<PyMethodDef> = callback!(c"unwind", on_unwind, unmeasured_exit);

/// Arms code and all code inside it.
pub(crate) unsafe fn arm_with_inner(gil: Gil<'_>, code: Object) {
    fork::check(gil);
    quiet::wait(gil);
    if scope::rules(gil).name_packages() {
        // What module the code is of is known when it starts.
        return;
    }
    if let Some(arming) = tool::arming(gil) {
        // SAFETY: an object that is alive has a type.
        unsafe { arm_nested(gil, &arming, code, object::kind(code), DEEPEST) };
    }
}

unsafe fn arm_nested(
    gil: Gil<'_>,
    arming: &Arming,
    code: Object,
    code_type: *mut c_void,
    deepest: u32,
) {
    // SAFETY: the code is alive; infos are never given back.
    unsafe {
        if code::known(gil, code).is_some() {
            return;
        }
        let info = code::learn(gil, code);
        if !(*info).is_measured() || deepest == 0 {
            return;
        }
        arm(gil, arming, code, &mut *info, 0);
        arm_inner(gil, arming, code, code_type, deepest);
    }
}

/// Arms all code inside code.
unsafe fn arm_inner(
    gil: Gil<'_>,
    arming: &Arming,
    code: Object,
    code_type: *mut c_void,
    deepest: u32,
) {
    // SAFETY: the constants are a tuple that is held while it is walked, and holds its items, none
    // of which is null.
    unsafe {
        let Some(constants) = CodeField::Constants.of(gil, code) else {
            return;
        };
        for index in 0..ffi::PyTuple_Size(constants.object()) {
            let constant = ffi::PyTuple_GetItem(constants.object(), index);
            if object::kind(constant) == code_type {
                arm_nested(gil, arming, constant, code_type, deepest - 1);
            }
        }
    }
}

/// What is known about code; it is looked at and armed if it was not before.
#[inline]
pub(crate) unsafe fn armed(gil: Gil<'_>, arming: &Arming, code: Object) -> *mut Info {
    // SAFETY: the code is alive, and infos are never given back.
    unsafe {
        let info = match code::known(gil, code) {
            Some(info) => info,
            None => learn_and_arm(gil, arming, code),
        };
        if context::is_active(gil) {
            return armed_on_behalf(gil, arming, code, info);
        }
        info
    }
}

/// Looks at code and arms it.
#[cold]
#[inline(never)]
unsafe fn learn_and_arm(gil: Gil<'_>, arming: &Arming, code: Object) -> *mut Info {
    quiet::wait(gil);
    // SAFETY: the code is alive, and infos are never given back.
    unsafe {
        if let Some(info) = code::known(gil, code) {
            // By another thread, meanwhile.
            return info;
        }
        let info = code::learn(gil, code);
        if (*info).is_measured() {
            arm(gil, arming, code, &mut *info, 0);
            if lock::is_needed() {
                // Where two threads start code at once that was never armed, the interpreter may tell
                // of one of them only.
                arm_inner(gil, arming, code, object::kind(code), DEEPEST);
            }
        }
        info
    }
}

/// What is known about code on behalf of the context that runs. The code is armed anew if a context
/// has come to it since it was.
#[inline(never)]
unsafe fn armed_on_behalf(
    gil: Gil<'_>,
    arming: &Arming,
    code: Object,
    info: *mut Info,
) -> *mut Info {
    // SAFETY: as in `armed`; what is known on behalf of a context stays while it runs.
    unsafe {
        // First: the context may come to it now.
        let known = (*info).for_current(gil, code);
        if (*known).is_on_behalf()
            && let Some(last) = code::take_unarmed(gil, code, (*info).epoch())
        {
            arm(gil, arming, code, &mut *info, last);
        }
        known
    }
}

/// Arms code that was armed for a context at an epoch before; 0 where it may never have been.
pub(crate) unsafe fn arm(
    gil: Gil<'_>,
    arming: &Arming,
    code: Object,
    info: &mut Info,
    last: usize,
) {
    let mut events = if info.has_unit_lines() {
        arming.events_without_lines
    } else if info.any_needs_operations(gil) {
        arming.events_and_operations
    } else {
        arming.events
    };
    // SAFETY: the code is alive.
    if arming.events_of_tests != 0 && unsafe { code::is_test(gil, code) } {
        events |= arming.events_of_tests;
    }
    // SAFETY: tools and events are kept for good, and the code is alive.
    unsafe {
        if last <= arming.since {
            for before in tool::before(gil) {
                // What was not switched off yet would be reported to nobody, again and again.
                let none = [before, code, arming.no_events];
                call(gil, arming.set_local_events, none);
            }
        }
        if context::is_active(gil) {
            // What was switched off on behalf of other contexts is to be reported again.
            let none = [arming.tool, code, arming.no_events];
            call(gil, arming.set_local_events, none);
        }
        listen(gil, arming, code, events);
    }
}

/// Sets what code is listened to for.
unsafe fn listen(gil: Gil<'_>, arming: &Arming, code: Object, events: i64) {
    // SAFETY: tools are kept for good, and the code is alive.
    unsafe {
        if let Some(events) = Owned::take(gil, ffi::PyLong_FromLong(events)) {
            let arguments = [arming.tool, code, events.object()];
            call(gil, arming.set_local_events, arguments);
        }
    }
}

/// The answer that switches the event off where it happened: a new reference.
#[inline]
fn disable(_gil: Gil<'_>, arming: &Arming) -> Object {
    // SAFETY: the object is kept for good.
    unsafe { ffi::Py_IncRef(arming.disable) };
    arming.disable
}

/// The answer to an event that may be needed again: on behalf of a context it is switched off only if
/// it tells nothing new to all that listen.
#[inline]
fn disable_if(
    gil: Gil<'_>,
    arming: &Arming,
    info: &Info,
    event: Event,
    knows: impl FnMut(&Info) -> bool,
) -> Object {
    if info.is_on_behalf() && !info.all_know(gil, event, knows) {
        context::repeated(gil);
        return object::none(gil);
    }
    disable(gil, arming)
}

/// The answer to an event that tells which context's code runs: it stays on while there are any.
#[inline]
fn disable_without_contexts(gil: Gil<'_>, arming: &Arming, info: &Info) -> Object {
    if info.is_on_behalf() {
        object::none(gil)
    } else {
        disable(gil, arming)
    }
}

/// A frame started.
unsafe fn on_start(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has one argument at least, the code, which is alive during the call; infos
    // are never given back.
    unsafe {
        let code = *arguments;
        let mut info = armed(gil, &arming, code);
        let mut arming = arming;
        if arming.events_of_tests != 0 && code::is_test(gil, code) {
            (arming, info) = begin_test(gil, arming, code);
            if !(*info).is_measured() {
                return object::none(gil);
            }
        }
        if (*info).is_measured() {
            if VERSION.get(gil) < 0x030e {
                (*info).prepare(gil, code);
            }
            (*info).started(gil);
        }
        disable_without_contexts(gil, &arming, &*info)
    }
}

/// A frame goes on that may have waited since before a fork.
unsafe fn on_resume(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has one argument at least, the code, which is alive during the call; infos
    // are never given back.
    unsafe {
        let info = armed(gil, &arming, *arguments);
        if arming.events_of_tests != 0 && code::is_test(gil, *arguments) {
            begin_test(gil, arming, *arguments);
            return object::none(gil);
        }
        disable_without_contexts(gil, &arming, &*info)
    }
}

/// An exception is thrown into a frame that may have waited since before a fork: this event cannot
/// be switched off.
unsafe fn on_throw(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    if let Some(arming) = tool::arming(gil) {
        // SAFETY: the event has one argument at least, the code, which is alive during the call.
        unsafe {
            armed(gil, &arming, *arguments);
            if arming.events_of_tests != 0 && code::is_test(gil, *arguments) {
                begin_test(gil, arming, *arguments);
            }
        }
    }
    object::none(gil)
}

/// A frame of a test starts or goes on: what runs from now on is its own. What is needed to arm code
/// may be another then.
#[cold]
unsafe fn begin_test(gil: Gil<'_>, arming: Arming, code: Object) -> (Arming, *mut Info) {
    // SAFETY: the code is alive.
    unsafe {
        test_function::begin_running(gil, code);
        let arming = tool::arming(gil).unwrap_or(arming);
        let info = armed(gil, &arming, code);
        if !(*info).is_measured() && code::take_unarmed(gil, code, context::epoch(gil)).is_some() {
            listen(gil, &arming, code, arming.events_of_tests);
        }
        (arming, info)
    }
}

/// A frame of a test waits.
unsafe fn on_suspend(gil: Gil<'_>, _arguments: *const Object) -> Object {
    fork::check(gil);
    test_function::end_running(gil);
    object::none(gil)
}

/// A line is about to run.
unsafe fn on_line(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has two arguments, the code and a line, which are alive during the call;
    // infos are never given back.
    unsafe {
        let info = armed(gil, &arming, *arguments);
        let line = object::number(gil, *arguments.add(1)) as u32;
        let place = if (*info).looks_at_places() {
            running_frame::place(gil).unwrap_or(-1)
        } else {
            -1
        };
        if code::BRANCH.get(gil)
            && VERSION.get(gil) >= 0x030e
            && (*info).is_first(Report::Line, place)
        {
            (*info).followed(gil, line);
        }
        (*info).hit(gil, line);
        if VERSION.get(gil) < 0x030e {
            // A frame that a fork child goes on with did not start there.
            (*info).prepare(gil, *arguments);
        }
        if (*info).watches_line(line) {
            begin_line(gil, &arming, *arguments, &mut *info);
        }
        disable_if(gil, &arming, &*info, Event::Line(line, place), |info| {
            info.has_run(line) && info.was_reported(Report::Line, place)
        })
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
    if !info.needs_watch() {
        return;
    }
    quiet::wait(gil);
    if info.begins_watch() {
        let mut events = arming.events_and_operations;
        // SAFETY: tools are kept for good, and the code is alive.
        unsafe {
            if arming.events_of_tests != 0 && code::is_test(gil, code) {
                events |= arming.events_of_tests;
            }
            listen(gil, arming, code, events);
        }
    }
}

/// The answer to a branch that goes a way that is known and waits for the other one: nothing is new,
/// so any number of threads may go on at once.
unsafe fn known_branch(arguments: *const Object) -> Option<Object> {
    // SAFETY: the event has three arguments, the code and two places, which are alive during the call.
    unsafe {
        let code = *arguments;
        let place = |index| ffi::PyLong_AsLong(*arguments.add(index)) / 2;
        let is_known =
            !fork::happened() && code::is_known_way(code, place(1) as u32, place(2) as u32);
        is_known.then(object::new_none)
    }
}

/// A branch was taken one way.
unsafe fn on_branch(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
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
        if !is_done && VERSION.get(gil) < 0x030e {
            return object::none(gil);
        }
        let event = Event::Branch(offset, destination);
        disable_if(gil, &arming, &*info, event, |info| {
            info.is_settled(gil, offset, destination)
        })
    }
}

/// An operation is about to run.
unsafe fn on_operation(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has two arguments, the code and a place, which are alive during the call;
    // infos are never given back.
    unsafe {
        let info = armed(gil, &arming, *arguments);
        let place = object::number(gil, *arguments.add(1));
        if !(*info).reached(gil, place) {
            return object::none(gil);
        }
        let event = Event::Operation(place);
        disable_if(gil, &arming, &*info, event, |info| info.is_told(place))
    }
}

/// A frame returns.
unsafe fn on_return(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    let Some(arming) = tool::arming(gil) else {
        return object::none(gil);
    };
    // SAFETY: the event has three arguments, the code and a place first, which are alive during the
    // call; infos are never given back.
    unsafe {
        let code = *arguments;
        let info = armed(gil, &arming, code);
        let is_test = arming.events_of_tests != 0 && code::is_test(gil, code);
        if !(*info).is_measured() || !code::BRANCH.get(gil) {
            if is_test {
                test_function::end_running(gil);
                return object::none(gil);
            }
            return disable(gil, &arming);
        }
        let place = object::number(gil, *arguments.add(1));
        let line = line_at(gil, code, place);
        if (*info).is_first(Report::Return, place) {
            (*info).left(gil, line);
        }
        if is_test {
            test_function::end_running(gil);
            return object::none(gil);
        }
        disable_if(gil, &arming, &*info, Event::Return(place), |info| {
            info.has_left(line) && info.was_reported(Report::Return, place)
        })
    }
}

/// The answer to an exception that leaves code that is not measured, of which nothing is asked.
unsafe fn unmeasured_exit(arguments: *const Object) -> Option<Object> {
    // SAFETY: the event has three arguments, the code first, which is alive during the call.
    let is_outside = unsafe { !fork::happened() && code::is_outside(*arguments) };
    is_outside.then(object::new_none)
}

/// A frame is left by an exception: this event comes from all code, and cannot be switched off.
unsafe fn on_unwind(gil: Gil<'_>, arguments: *const Object) -> Object {
    fork::check(gil);
    // SAFETY: the event has three arguments, the code first, which are alive during the call; infos
    // are never given back.
    unsafe {
        let code = *arguments;
        if let Some(info) = code::known(gil, code)
            && (*info).is_measured()
            && code::BRANCH.get(gil)
            && VERSION.get(gil) < 0x030e
        {
            let pending = PendingException::set_aside(gil);
            let info = (*info).for_current(gil, code);
            (*info).unwound(gil);
            leave_by_exception(gil, code, &mut *info, arguments);
            drop(pending);
        }
        if test_function::ARE_WANTED.get(gil) {
            test_function::end_running(gil);
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
            return info.left(gil, line);
        }
        // What raised it again is of no line, and in code that may be suspended always is. The frame is
        // said to be where it was raised first.
        let Some(mut place) = running_frame::place(gil) else {
            return;
        };
        if line_at(gil, code, place) == 0
            && let Some(cause) = Owned::take(gil, ffi::PyException_GetCause(*arguments.add(2)))
            && let Some(unit) = running_frame::raising_unit(gil, cause.object())
        {
            // A `StopIteration` became a `RuntimeError`.
            place = i64::from(unit) * 2;
        }
        if info.is_left_from(gil, code, place) {
            info.left(gil, line_at(gil, code, place));
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
