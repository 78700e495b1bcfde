//! The tool of `sys.monitoring` as which an interpreter is listened to: taken at the start, another
//! one in fork children, none for the moment in which a debugger begins.

use core::ffi::CStr;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

use swath_store::layout;

use crate::code;
use crate::context;
use crate::ffi::{self, Object, PyMethodDef};
use crate::fork;
use crate::interpreter::{self, VERSION};
use crate::lock::quiet;
use crate::map;
use crate::monitoring::{
    BRANCH, LINE, OPERATION, RESUME, RETURN, START, SUSPEND, THROW, UNWIND, arm, armed,
};
use crate::object::{
    self, Owned, PendingException, attribute, call, call_method, number_attribute,
};
use crate::running_frame;
use crate::state::{Gil, Global};
use crate::symbols;
use crate::test_function;

/// Tool ids in the order they are tried: first that which nobody has a use for, then that of
/// optimizers, of which there are none yet. 3 has no name, but Hypothesis takes it for the length of
/// each example, and warns where it is taken.
const TOOLS: [i64; 6] = [4, 5, 3, 2, 1, 0];
/// The same where another one is taken besides: a profiler, a debugger or Hypothesis that is started
/// there must find its own.
const TOOLS_OF_CHILDREN: [i64; 2] = [4, 5];
/// So many tools a process may have had before, by those that it was forked from.
const MOST_BEFORE: usize = TOOLS_OF_CHILDREN.len();
/// Frames of a fork child that are looked at, from the newest on.
const MOST_FRAMES: usize = 100_000;
/// The most events that are listened to.
const MOST_EVENTS: usize = 11;

/// What is needed to arm code of an interpreter. Each event asks for a copy, so there is no more in it.
#[derive(Clone, Copy)]
pub(crate) struct Arming {
    pub set_local_events: Object,
    pub tool: Object,
    pub no_events: Object,
    /// What code that is measured is listened to for.
    pub events: i64,
    /// For code of which single operations are watched.
    pub events_and_operations: i64,
    /// For code whose lines operations tell.
    pub events_without_lines: i64,
    /// For code of tests, besides; 0 where they are not looked for.
    pub events_of_tests: i64,
    pub disable: Object,
    /// The process that it is of; see [`fork::generation`].
    generation: u32,
    /// The epoch at which the tool took the place of another one; 0 where it never did.
    pub since: usize,
}

/// As what an interpreter is listened to.
#[derive(Clone, Copy)]
struct Tool {
    arming: Arming,
    /// The tools of the processes that this one descends from, by forks.
    before: [Option<Object>; MOST_BEFORE],
    /// The tool of fork children, once one was taken for them.
    next: Option<Object>,
    /// `sys.monitoring.set_events`, and what it is told in fork children.
    set_events: Object,
    events_in_children: Object,
}

/// An event that is listened to, with its function.
#[derive(Clone, Copy)]
struct Registered {
    event: Object,
    function: Object,
}

/// What a frame is asked for.
#[derive(Clone, Copy)]
struct FrameFunctions {
    code: unsafe extern "C" fn(Object) -> Object,
    /// The frame that called it; null where none did.
    back: unsafe extern "C" fn(Object) -> Object,
}

static FRAMES: Global<Option<FrameFunctions>> = Global::new(None);
/// By interpreter, as what it is listened to.
static TOOLS_IN_USE: Global<[Option<Tool>; interpreter::MOST]> =
    Global::new([None; interpreter::MOST]);
/// By interpreter, what was registered there.
static REGISTERED: Global<[[Option<Registered>; MOST_EVENTS]; interpreter::MOST]> =
    Global::new([[None; MOST_EVENTS]; interpreter::MOST]);
/// The interpreter in which nothing is listened to for a moment, plus one. It is asked before it is
/// known who holds the GIL.
static ASIDE: AtomicUsize = AtomicUsize::new(0);
/// The events of all code that are listened to.
static GLOBAL_EVENTS: Global<i64> = Global::new(0);

/// The events that one kind of recording needs.
struct Events {
    /// Of code that is measured.
    local: i64,
    /// Of code of which single operations are watched, besides.
    operation: i64,
    /// Of all code.
    global: i64,
}

/// Where the tool of the current interpreter is kept.
fn place<'a>(_gil: Gil<'_>) -> Option<&'a mut Option<Tool>> {
    // SAFETY: with the GIL held nobody else uses the table, and callers keep one reference at a
    // time.
    unsafe { (*TOOLS_IN_USE.place()).get_mut(interpreter::current()?) }
}

/// What is needed to arm code of the current interpreter, which is measured; none where nothing is
/// recorded.
#[inline]
pub(crate) fn arming(gil: Gil<'_>) -> Option<Arming> {
    let number = interpreter::current_measured()?;
    // SAFETY: with the GIL held nobody else uses the table.
    let arming = unsafe { (*TOOLS_IN_USE.place()).get(number)?.as_ref()?.arming };
    if arming.generation == fork::generation(gil) {
        return Some(arming);
    }
    arming_after_fork(gil)
}

/// The same where the fork was noticed in another interpreter.
#[cold]
fn arming_after_fork(gil: Gil<'_>) -> Option<Arming> {
    begin_again(gil);
    Some(place(gil)?.as_ref()?.arming)
}

/// The tools that the processes had which this one descends from, by forks.
pub(crate) fn before(gil: Gil<'_>) -> impl Iterator<Item = Object> {
    let tool = place(gil).and_then(|place| *place);
    let before = tool.map_or([None; MOST_BEFORE], |tool| tool.before);
    before.into_iter().flatten()
}

/// Begins to listen in the current interpreter. The error is what to tell the accounting.
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
    // SAFETY: the module is alive, what is taken from it is held or kept for good, and the
    // definitions of functions are static, as the interpreter asks for. With the GIL held nobody
    // else uses the tables.
    unsafe {
        *(*REGISTERED.place()).get_mut(interpreter::current()?)? = [None; MOST_EVENTS];
        *place(gil)? = None;
        let frames = FrameFunctions {
            code: symbols::function(&[c"PyFrame_GetCode"])?,
            back: symbols::function(&[c"PyFrame_GetBack"])?,
        };
        FRAMES.set(gil, Some(frames));
        let Some(tool) = take(gil, monitoring, &TOOLS)? else {
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
        let (mut events_of_tests, mut unwind) = (0, 0);
        if test_function::needs_events(gil) {
            let suspend = number_attribute(gil, events.object(), c"PY_YIELD");
            let left = number_attribute(gil, events.object(), c"PY_RETURN");
            unwind = number_attribute(gil, events.object(), c"PY_UNWIND");
            register(gil, monitoring, tool, suspend, SUSPEND.place())?;
            if !code::BRANCH.get(gil) {
                register(gil, monitoring, tool, left, RETURN.place())?;
            }
            if !code::BRANCH.get(gil) || VERSION.get(gil) >= 0x030e {
                register(gil, monitoring, tool, unwind, UNWIND.place())?;
            }
            events_of_tests = start | resume | suspend | left;
        }
        let set = |events| Owned::take(gil, ffi::PyLong_FromLong(events));
        let arming = Arming {
            set_local_events: set_local_events.keep(),
            tool,
            no_events: set(0)?.keep(),
            events: wanted.local,
            events_and_operations: wanted.local | wanted.operation,
            events_without_lines: (wanted.local & !line) | wanted.operation,
            events_of_tests,
            disable: disable.keep(),
            generation: fork::generation(gil),
            since: 0,
        };
        *place(gil)? = Some(Tool {
            arming,
            before: [None; MOST_BEFORE],
            next: None,
            set_events: attribute(gil, monitoring, c"set_events")?.keep(),
            events_in_children: set(wanted.global | resume | throw | unwind)?.keep(),
        });
        set_global_events(gil, monitoring, tool, wanted.global)?;
        GLOBAL_EVENTS.set(gil, wanted.global);
        map::set_recorder(gil, layout::RECORDER_MONITORING);
        Some(Ok(()))
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
            if context::ARE_WANTED.get(gil) && !running_frame::begin(gil) {
                return None;
            }
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

/// Takes a tool id that nobody has.
#[expect(
    clippy::option_option,
    reason = "no answer from the interpreter is something else than no free id"
)]
unsafe fn take(gil: Gil<'_>, monitoring: Object, ids: &[i64]) -> Option<Option<Owned>> {
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
        let all = (*REGISTERED.place()).get_mut(interpreter::current()?)?;
        *all.iter_mut().find(|free| free.is_none())? = Some(Registered {
            event: event.keep(),
            function: function.keep(),
        });
        Some(())
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
    if take_another(gil).is_none() {
        map::record_state(
            gil,
            b"fork-not-followed",
            b"lines that ran before the fork are not seen again in this process",
        );
    }
    drop(pending);
}

/// In a fork child in which nothing can be listened to any more: what it runs is lost, and a state says
/// so.
pub(crate) fn give_up(gil: Gil<'_>) {
    if let Some(place) = place(gil) {
        *place = None;
    }
    map::record_state(
        gil,
        b"hidden-fork",
        b"a process with several threads was forked without Python's knowledge",
    );
}

fn take_another(gil: Gil<'_>) -> Option<()> {
    let Some(tool) = place(gil).and_then(|place| place.as_mut()) else {
        // Nothing is recorded here, and a state says so.
        return Some(());
    };
    // First: what is done here may call in again.
    tool.arming.generation = fork::generation(gil);
    listen_as_another(gil)
}

/// Lets the interpreter report again what it was told not to report any more, as it is to be known
/// on behalf of whom it runs from now on.
pub(crate) fn listen_anew(gil: Gil<'_>) {
    if place(gil).is_some_and(|place| place.is_some()) && listen_as_another(gil).is_none() {
        map::record_state(
            gil,
            b"contexts-not-followed",
            b"for whom code ran that had run before is not known",
        );
    }
}

fn listen_as_another(gil: Gil<'_>) -> Option<()> {
    if place(gil)?.as_ref()?.next.is_none() {
        // A fork that nobody told of before.
        take_next(gil);
    }
    let tool = place(gil)?.as_mut()?;
    let (before, next) = (tool.arming.tool, tool.next.take());
    if let Some(next) = next {
        tool.arming.tool = next;
        tool.arming.since = context::next_epoch(gil);
        if let Some(free) = tool.before.iter_mut().find(|tool| tool.is_none()) {
            *free = Some(before);
        }
    }
    let tool = *tool;
    // SAFETY: `sys.monitoring` is borrowed from `sys`; tools, events and functions are kept for
    // good.
    unsafe {
        if next.is_some() {
            let no_events = [before, tool.arming.no_events, null_mut()];
            call(gil, tool.set_events, no_events)?;
        } else {
            let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
            if monitoring.is_null() {
                return None;
            }
            call_method(gil, monitoring, c"restart_events", [null_mut(); 3])?;
        }
        let events = [tool.arming.tool, tool.events_in_children, null_mut()];
        call(gil, tool.set_events, events)?;
    }
    arm_frames(gil)
}

/// This process is about to fork: a tool is made ready for its children, once for all of them.
pub(crate) fn prepare(gil: Gil<'_>) {
    if place(gil).is_some_and(|place| place.is_some_and(|tool| tool.next.is_none())) {
        let _pending = PendingException::set_aside(gil);
        take_next(gil);
    }
}

/// Takes a tool for fork children, if there is one, and registers with it what is registered with
/// this process's own.
fn take_next(gil: Gil<'_>) -> Option<()> {
    // SAFETY: `sys.monitoring` is borrowed from `sys`; events and functions that were registered
    // are kept for good. With the GIL held nobody else uses the tables.
    unsafe {
        let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
        if monitoring.is_null() {
            return None;
        }
        let tool = take(gil, monitoring, &TOOLS_OF_CHILDREN)??.keep();
        let registered = *(*REGISTERED.place()).get(interpreter::current()?)?;
        for registered in registered.into_iter().flatten() {
            let arguments = [tool, registered.event, registered.function];
            call_method(gil, monitoring, c"register_callback", arguments)?;
        }
        place(gil)?.as_mut()?.next = Some(tool);
        Some(())
    }
}

/// Calls `each` with the code of the frames that are running, from the newest on.
fn for_each_frame(gil: Gil<'_>, mut each: impl FnMut(Object)) -> Option<()> {
    let functions = FRAMES.get(gil)?;
    // SAFETY: the frame that runs is borrowed, so a reference is taken first; each frame holds the
    // next one, and its code is held during the call. Both functions give new references.
    unsafe {
        let frame = ffi::PyEval_GetFrame();
        if frame.is_null() {
            return None;
        }
        ffi::Py_IncRef(frame);
        let mut frame = Owned::take(gil, frame)?;
        for _ in 0..MOST_FRAMES {
            let code = Owned::take(gil, (functions.code)(frame.object()))?;
            each(code.object());
            let Some(next) = Owned::take(gil, (functions.back)(frame.object())) else {
                break;
            };
            frame = next;
        }
        Some(())
    }
}

/// Arms the code of the frames that are running: they started before.
fn arm_frames(gil: Gil<'_>) -> Option<()> {
    let arming = arming(gil)?;
    // SAFETY: each code object is alive during the call.
    unsafe { for_each_frame(gil, |code| _ = armed(gil, &arming, code)) }
}

/// Whether nothing is listened to because a debugger begins.
#[inline]
pub(crate) fn is_aside() -> bool {
    ASIDE.load(Ordering::Relaxed) != 0
}

/// A trace function is about to be set. When a debugger does that to stop at the next operation,
/// 3.13 stops a line later if any tool listens to the frame. So for that moment none does.
pub(crate) fn step_aside(gil: Gil<'_>) -> Option<()> {
    quiet::wait(gil);
    let arming = arming(gil)?;
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
        ASIDE.store(interpreter::current()? + 1, Ordering::Relaxed);
        Some(())
    }
}

/// The debugger has stopped: what it looks at is no business of monitoring any more.
#[cold]
pub(crate) fn come_back(gil: Gil<'_>) {
    quiet::wait(gil);
    if interpreter::current().map(|place| place + 1) != Some(ASIDE.load(Ordering::Relaxed)) {
        return;
    }
    ASIDE.store(0, Ordering::Relaxed);
    let _pending = PendingException::set_aside(gil);
    let Some(arming) = arming(gil) else {
        return;
    };
    let Some(tool) = place(gil).and_then(|place| *place) else {
        return;
    };
    // SAFETY: `sys.monitoring` is borrowed from `sys`, each code object is alive during the call,
    // and infos are never given back.
    unsafe {
        if fork::generation(gil) > 0 || context::is_active(gil) {
            let events = [arming.tool, tool.events_in_children, null_mut()];
            call(gil, tool.set_events, events);
        } else {
            let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
            set_global_events(gil, monitoring, arming.tool, GLOBAL_EVENTS.get(gil));
        }
        for_each_frame(gil, |code| {
            if let Some(info) = code::known(gil, code)
                && (*info).is_measured()
            {
                arm(gil, &arming, code, &mut *info, 0);
            }
        });
    }
}

/// In a fork child: the interpreters but the current one are gone, with their objects.
pub(crate) fn forget_others(_gil: Gil<'_>) {
    let current = interpreter::current();
    let is_other = |place: usize| Some(place) != current;
    if ASIDE
        .load(Ordering::Relaxed)
        .checked_sub(1)
        .is_some_and(is_other)
    {
        ASIDE.store(0, Ordering::Relaxed);
    }
    // SAFETY: with the GIL held nobody else uses the tables.
    unsafe {
        let tools = (*TOOLS_IN_USE.place()).iter_mut().enumerate();
        for (_, tool) in tools.filter(|(place, _)| is_other(*place)) {
            *tool = None;
        }
        let registered = (*REGISTERED.place()).iter_mut().enumerate();
        for (_, all) in registered.filter(|(place, _)| is_other(*place)) {
            *all = [None; MOST_EVENTS];
        }
    }
}

/// An interpreter ends: its objects go with it.
pub(crate) fn forget(gil: Gil<'_>, interpreter: usize) {
    if ASIDE.load(Ordering::Relaxed) == interpreter + 1 {
        ASIDE.store(0, Ordering::Relaxed);
    }
    // SAFETY: with the GIL held nobody else uses the tables.
    unsafe {
        if let Some(tool) = (*TOOLS_IN_USE.place()).get_mut(interpreter) {
            *tool = None;
        }
        if let Some(all) = (*REGISTERED.place()).get_mut(interpreter) {
            for registered in all.iter_mut().filter_map(Option::take) {
                // They are in the list of objects that the interpreter's collector walks.
                ffi::Py_DecRef(registered.function);
            }
        }
    }
    _ = gil;
}
