//! Lines and branches on 3.8 to 3.11: an evaluation hook (PEP 523) that lets only those frames be
//! traced that are measured and have lines or arcs left to see.
//!
//! Of the thread's tracing only `c_tracefunc` is replaced, and only while such a frame runs;
//! `c_traceobj` stays, so `sys.gettrace()` gives what it gives without swath. Another tool's
//! trace function is called with the arguments it would have got.

mod following;

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use swath_store::{Version, layout};

use crate::code::{self, Info};
use crate::ffi::{self, Object};
use crate::fork;
use crate::frame_layout::{self, CODE, FRAME_PROPER, FrameLayout, GLOBALS, TRACING};
use crate::interpreter::VERSION;
use crate::map;
use crate::module_name;
use crate::object::{self, Owned, PendingException};
use crate::stack::{self, Evaluate};
use crate::state::{Gil, Global};
use crate::symbols::{self, SYMBOLS, SetTrace, TraceFunction};
use crate::test_function;
use crate::thread;

use following::follow_frame;

/// Events of a trace function: a frame starts or goes on, a line is about to run, a frame ends or
/// is suspended.
const CALL: c_int = 0;
const LINE: c_int = 2;
const RETURN: c_int = 3;

/// What the gate needs, found once.
#[derive(Clone, Copy)]
struct Gate {
    layout: FrameLayout,
    /// What evaluated frames before.
    evaluate: Evaluate,
    set_trace: SetTrace,
    get_evaluation: Option<symbols::GetEvaluation>,
    /// Where 3.8 keeps the hook.
    slot: *mut *mut c_void,
    interpreter: *mut u8,
    hook: *mut c_void,
}

static GATE: Global<Option<Gate>> = Global::new(None);
/// Whether greenlets may switch stacks: then tracing is never taken off a thread, because the
/// frame that goes on after a switch is another than the one that stopped, and greenlet gives it
/// the flag of the one that stopped.
static GREENLETS: Global<bool> = Global::new(false);
/// Whether another tool was ever seen tracing.
static OTHERS: Global<bool> = Global::new(false);
static TAKEN: Global<bool> = Global::new(false);
/// What `sys.settrace` was before it was wrapped.
static SETTRACE: Global<Option<unsafe extern "C" fn(Object, Object) -> Object>> = Global::new(None);
/// What the self-test is to see: 0 nothing, 1 waits for a line, 2 right, 3 wrong.
static SELF_TEST: Global<u8> = Global::new(0);

/// The tracing of one thread.
struct Tracing {
    state: *mut u8,
    layout: FrameLayout,
}

impl Tracing {
    #[inline]
    unsafe fn function(&self) -> *mut Option<TraceFunction> {
        // SAFETY: the thread state is alive, and larger than this in every version that has a
        // layout.
        unsafe { self.state.add(self.layout.trace_function).cast() }
    }

    /// What the trace function is given; `c_profileobj` is the word between.
    unsafe fn object(&self) -> *mut Object {
        // SAFETY: the thread state is alive, and larger than this in every version that has a
        // layout; the field is two words behind the trace function.
        unsafe { self.state.add(self.layout.trace_function + 16).cast() }
    }

    #[inline]
    unsafe fn flag(&self) -> *mut u8 {
        // SAFETY: the thread state is alive, with the flag, or a pointer to the C frame that begins
        // with it, at this place in the frozen versions that have a layout.
        unsafe {
            let place = self.state.add(self.layout.flag);
            if self.layout.flag_is_behind_pointer {
                *place.cast::<*mut u8>()
            } else {
                place
            }
        }
    }

    #[inline]
    unsafe fn is_ours(&self) -> bool {
        // SAFETY: the field is read as a number, which any function is.
        unsafe { self.function().cast::<usize>().read() == on_event as *const () as usize }
    }

    /// Notes another tool's trace function and puts ours in its place.
    #[inline]
    unsafe fn take(&self, gil: Gil<'_>) {
        // SAFETY: the field may be read and replaced as this thread runs, with the GIL held.
        unsafe {
            if !self.is_ours() {
                let other = *self.function();
                if other.is_some() || OTHERS.get(gil) {
                    OTHERS.set(gil, true);
                    thread::of(gil, self.state).other = other;
                }
                *self.function() = Some(on_event);
            }
        }
    }

    /// Puts the other tool's trace function back, or none.
    #[inline]
    unsafe fn give_back(&self, gil: Gil<'_>) {
        // SAFETY: the field may be read and replaced as this thread runs, with the GIL held.
        unsafe {
            if self.is_ours() {
                *self.function() = if OTHERS.get(gil) {
                    thread::of(gil, self.state).other
                } else {
                    None
                };
            }
        }
    }

    /// Sets the flag as it would be without swath.
    #[inline]
    unsafe fn set_natural_flag(&self, gil: Gil<'_>) {
        // SAFETY: the fields may be read and replaced as this thread runs, with the GIL held; the
        // word before the trace function is the profile function.
        unsafe {
            let profile = self
                .state
                .add(self.layout.trace_function - 8)
                .cast::<usize>();
            let other = if self.is_ours() {
                OTHERS.get(gil) && thread::of(gil, self.state).other.is_some()
            } else {
                (*self.function()).is_some()
            };
            *self.flag() = if other || *profile != 0 {
                self.layout.on
            } else {
                0
            };
        }
    }

    /// Lets the frame that runs next, or goes on, be traced or not.
    #[inline]
    unsafe fn set(&self, gil: Gil<'_>, traced: bool) {
        // SAFETY: the flag may be replaced as this thread runs, with the GIL held.
        unsafe {
            if traced || GREENLETS.get(gil) {
                self.take(gil);
                *self.flag() = self.layout.on;
            } else {
                self.give_back(gil);
                self.set_natural_flag(gil);
            }
        }
    }
}

/// Begins to record. The error is what to tell the accounting.
pub(crate) fn begin(gil: Gil<'_>, function: Object) -> Result<(), &'static [u8]> {
    TAKEN.set(gil, false);
    let found = find(gil)?;
    GATE.set(gil, Some(found));
    // SAFETY: the thread state is this thread's own, and the given function is alive.
    let begun = unsafe {
        if !test_thread_state(&found) {
            Err(b"self-test".as_slice())
        } else if !thread::begin(gil) {
            Err(b"no-memory".as_slice())
        } else {
            stack::begin(gil);
            install(gil, &found, function)
        }
    };
    if begun.is_err() {
        GATE.set(gil, None);
        return begun;
    }
    wrap_settrace(gil);
    map::set_recorder(gil, layout::RECORDER_GATE);
    Ok(())
}

/// Begins to record in a further interpreter, where frames are evaluated as in the first one.
pub(crate) fn begin_in_another(gil: Gil<'_>, function: Object) -> Result<(), &'static [u8]> {
    let found = find(gil)?;
    let is_alike = |first: Gate| first.evaluate as usize == found.evaluate as usize;
    // SAFETY: the thread state is this thread's own, and the given function is alive.
    unsafe {
        if !GATE.get(gil).is_some_and(is_alike) || !test_thread_state(&found) {
            return Err(b"self-test");
        }
        install(gil, &found, function)
    }
}

/// Puts the hook in its place, and sees whether it works there.
unsafe fn install(gil: Gil<'_>, gate: &Gate, function: Object) -> Result<(), &'static [u8]> {
    // SAFETY: the thread state is this thread's own, and the given function is alive. What is put
    // back is what was there before.
    unsafe {
        if !set_evaluation(gate, gate.hook) {
            return Err(b"no-evaluation-hook");
        }
        if !self_test(gil, function) {
            set_evaluation(gate, gate.evaluate as *mut c_void);
            (gate.set_trace)(None, null_mut());
            return Err(b"self-test");
        }
        Ok(())
    }
}

/// Sets what evaluates the frames of an interpreter.
unsafe fn set_evaluation(gate: &Gate, function: *mut c_void) -> bool {
    // SAFETY: the name has this type in CPython's headers; the slot, where there is one, is the
    // word of the interpreter state that was found, and takes such a function.
    unsafe {
        if !gate.slot.is_null() {
            *gate.slot = function;
            return true;
        }
        let name = c"_PyInterpreterState_SetEvalFrameFunc";
        let Some(set) = symbols::function::<symbols::SetEvaluation>(&[name]) else {
            return false;
        };
        set(gate.interpreter, function);
        true
    }
}

/// Finds what the gate needs in the current interpreter.
fn find(gil: Gil<'_>) -> Result<Gate, &'static [u8]> {
    let missing: &'static [u8] = b"no-evaluation-hook";
    let unknown: &'static [u8] = b"unknown-version";
    let version = Version::of_hexversion(VERSION.get(gil) << 16).ok_or(unknown)?;
    let layout = frame_layout::of(version).ok_or(unknown)?;
    let default = symbols::find(c"_PyEval_EvalFrameDefault");
    // SAFETY: the names have these types in CPython's headers. What evaluates frames takes two
    // (3.8) or three arguments, and is called with just those that this version has.
    unsafe {
        let set_trace: SetTrace = symbols::function(&[c"PyEval_SetTrace"]).ok_or(missing)?;
        let interpreter = (symbols::SYMBOLS.get(gil).ok_or(missing)?.interpreter)();
        if default.is_null() {
            return Err(missing);
        }
        let get_evaluation: Option<symbols::GetEvaluation> =
            symbols::function(&[c"_PyInterpreterState_GetEvalFrameFunc"]);
        let (slot, before) = match get_evaluation {
            Some(get) => (null_mut(), get(interpreter)),
            None => (find_slot(interpreter, default).ok_or(missing)?, default),
        };
        if before.is_null() {
            return Err(missing);
        }
        let hook = if version == Version::V3_8 {
            evaluate_3_8 as *mut c_void
        } else {
            evaluate as *mut c_void
        };
        Ok(Gate {
            layout,
            evaluate: core::mem::transmute::<*mut c_void, Evaluate>(before),
            set_trace,
            get_evaluation,
            slot,
            interpreter,
            hook,
        })
    }
}

/// Where the interpreter state of 3.8 keeps the evaluation function: the one word among its
/// first that is the default. The state is larger than what is looked at.
unsafe fn find_slot(interpreter: *mut u8, default: *mut c_void) -> Option<*mut *mut c_void> {
    const WORDS: usize = 256;
    let words = interpreter.cast::<*mut c_void>();
    let mut found = None;
    for index in 0..WORDS {
        // SAFETY: the interpreter state of 3.8 is larger than what is looked at, and consists of
        // words.
        unsafe {
            if *words.add(index) == default {
                if found.is_some() {
                    return None;
                }
                found = Some(words.add(index));
            }
        }
    }
    found
}

/// Checks that the thread state is laid out as it is taken to be, and on 3.8 and 3.9 makes the
/// interpreter look for trace functions from now on.
unsafe fn test_thread_state(gate: &Gate) -> bool {
    // SAFETY: the thread state is this thread's own, and larger than what is looked at, in every
    // version that this layout is given for; the trace functions that are set are what was there,
    // ours, or none.
    unsafe {
        let tracing = Tracing {
            state: ffi::PyThreadState_Get(),
            layout: gate.layout,
        };
        let before = *tracing.function();
        if before.is_some() {
            // coverage.py's own `.pth` starts it before any site customisation. What it set shows the
            // layout; it is set once more, so that the counter of tracing threads stays above zero
            // when it stops.
            if *tracing.flag() == 0 {
                return false;
            }
            let object = *tracing.object();
            *tracing.function() = None;
            (gate.set_trace)(before, object);
            let same = |one: Option<TraceFunction>| one.map(|function| function as usize);
            return same(*tracing.function()) == same(before) && *tracing.flag() != 0;
        }
        (gate.set_trace)(Some(on_event), null_mut());
        let right = tracing.is_ours() && *tracing.flag() != 0;
        if right {
            // Without our function the counter of tracing threads stays above zero for good.
            *tracing.function() = None;
            *tracing.flag() = 0;
        } else {
            (gate.set_trace)(None, null_mut());
        }
        right
    }
}

/// Watches one line run, to check what is read from frames.
unsafe fn self_test(gil: Gil<'_>, function: Object) -> bool {
    let Some(gate) = GATE.get(gil) else {
        return false;
    };
    // SAFETY: the thread state is this thread's own, and its layout was tested; the function is
    // alive.
    unsafe {
        let tracing = Tracing {
            state: ffi::PyThreadState_Get(),
            layout: gate.layout,
        };
        SELF_TEST.set(gil, 1);
        let outer = *tracing.flag();
        let result = object::call(gil, function, [null_mut(); 3]);
        let seen = SELF_TEST.get(gil);
        SELF_TEST.set(gil, 0);
        tracing.give_back(gil);
        *tracing.flag() = outer;
        result.is_some() && seen == 2
    }
}

/// The hook of 3.9 to 3.11. The frame is a frame object, or in 3.11 a frame proper: the code is
/// at the same place.
unsafe extern "C" fn evaluate(state: *mut u8, frame: *mut u8, throwing: c_int) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    // SAFETY: the interpreter calls it with the thread state and frame that `_PyFrameEvalFunction`
    // has, which `pass` hands on as they are.
    unsafe { pass(gil, state, frame, state, frame, throwing) }
}

/// The hook of 3.8, which is not given the thread state.
unsafe extern "C" fn evaluate_3_8(frame: *mut u8, throwing: c_int, _: c_int) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    // SAFETY: the interpreter calls it with a frame and a number, which `pass` hands on as they
    // are; a thread that evaluates a frame has a thread state.
    unsafe {
        let state = ffi::PyThreadState_Get();
        // The second argument is a number there, passed on in the same register.
        let second = throwing as usize as *mut u8;
        pass(gil, state, frame, frame, second, 0)
    }
}

/// Looks at the code of a frame that is about to start.
#[cold]
#[inline(never)]
unsafe fn learn_starting(
    gil: Gil<'_>,
    frame: *mut u8,
    code: Object,
    layout: &FrameLayout,
) -> *mut Info {
    let pending = PendingException::set_aside(gil);
    // SAFETY: the frame is about to start, so it is alive with its globals, which lie at a frozen
    // place in a frame proper, and are held while the code is learnt.
    unsafe {
        let globals = if layout.frame_is_behind_pointer {
            // In a frame proper they are the second word.
            let globals = *frame.add(GLOBALS).cast::<Object>();
            ffi::Py_IncRef(globals);
            Owned::take(gil, globals)
        } else {
            object::attribute(gil, frame.cast(), c"f_globals")
        };
        drop(pending);
        if let Some(globals) = &globals {
            module_name::set_starting(gil, globals.object());
        }
        let info = code::learn(gil, code);
        module_name::set_starting(gil, null_mut());
        info
    }
}

#[expect(
    clippy::inline_always,
    reason = "each Python call goes through it: one C frame for each, not two"
)]
#[inline(always)]
unsafe fn pass(
    gil: Gil<'_>,
    state: *mut u8,
    frame: *mut u8,
    first: *mut u8,
    second: *mut u8,
    third: c_int,
) -> Object {
    let Some(gate) = GATE.get(gil) else {
        return null_mut();
    };
    // SAFETY: the arguments are those that the interpreter gave to the hook, and what evaluated
    // frames before gets the same. The frame is alive, and in all these versions has its code at
    // this place; the table of threads was made before the hook was set, and stays; infos are never
    // given back.
    unsafe {
        let code = *frame.add(CODE).cast::<Object>();
        let info = match code::known(gil, code) {
            Some(info) => info,
            None => learn_starting(gil, frame, code, &gate.layout),
        };
        let is_test = test_function::ARE_WANTED.get(gil)
            && test_function::begin(gil, frame, code, gate.layout.frame_is_behind_pointer);
        let info = (*info).for_current(gil, code);
        let wanted = ((*info).is_measured() && (*info).remaining > 0) || SELF_TEST.get(gil) == 1;
        let tracing = Tracing {
            state,
            layout: gate.layout,
        };
        let place = 0_u8;
        let thread = thread::of(gil, state);
        let deep = (&raw const place).addr() < thread.limit && !GREENLETS.get(gil);
        // While a trace function runs nothing is traced, and nothing may be changed.
        let running = *state.add(TRACING).cast::<c_int>() != 0;
        let outer = tracing.is_ours();
        let generation = fork::generation(gil);
        if running || (!wanted && !outer && !GREENLETS.get(gil)) {
            let result = if deep && (&raw const place).addr() >= thread.low {
                stack::evaluate_deep(gil, thread, gate.evaluate, first, second, third)
            } else {
                (gate.evaluate)(first, second, third)
            };
            if generation != fork::generation(gil) {
                begin_again(gil);
            }
            if is_test {
                test_function::end(gil, frame);
            }
            return result;
        }
        tracing.set(gil, wanted);
        let kept = wanted && code::BRANCH.get(gil);
        if kept {
            thread.frames.push(frame);
        }
        let result = if deep && (&raw const place).addr() >= thread.low {
            stack::evaluate_deep(gil, thread, gate.evaluate, first, second, third)
        } else {
            (gate.evaluate)(first, second, third)
        };
        if kept {
            // The thread's place may be another thread's by now, where there are very many.
            thread::of(gil, state).frames.remove(frame);
        }
        // A fork child sees the rest of its frames anew.
        tracing.set(gil, outer || generation != fork::generation(gil));
        if is_test {
            test_function::end(gil, frame);
        }
        result
    }
}

/// In a fork child: what the running frame does next is to be seen, even if the process that this
/// one was forked from had seen all of it.
pub(crate) fn begin_again(gil: Gil<'_>) {
    let Some(gate) = GATE.get(gil) else {
        return;
    };
    // SAFETY: the thread state is this thread's own, and its layout was tested.
    unsafe {
        let state = ffi::PyThreadState_Get();
        let tracing = Tracing {
            state,
            layout: gate.layout,
        };
        if *state.add(TRACING).cast::<c_int>() == 0 {
            tracing.set(gil, true);
        }
    }
}

/// What the hook is given for a frame object: that itself, or in 3.11 the frame proper.
#[inline]
unsafe fn frame_proper(frame: *mut u8, layout: &FrameLayout) -> *mut u8 {
    if layout.frame_is_behind_pointer {
        // SAFETY: a frame object of 3.11, which is frozen, has the pointer at this place.
        unsafe { *frame.add(FRAME_PROPER).cast::<*mut u8>() }
    } else {
        frame
    }
}

/// The code of a frame object.
#[inline]
unsafe fn code_of(frame: *mut u8, layout: &FrameLayout) -> Object {
    // SAFETY: a frame has its code at this place, in 3.11 as in the frozen versions before.
    unsafe { *frame_proper(frame, layout).add(CODE).cast::<Object>() }
}

/// The trace function.
unsafe extern "C" fn on_event(
    this: Object,
    frame: *mut u8,
    event: c_int,
    argument: Object,
) -> c_int {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    let Some(gate) = GATE.get(gil) else {
        return 0;
    };
    fork::check(gil);
    let mut finished = false;
    // SAFETY: the interpreter calls it with a frame object that is alive and has its line at the
    // place that the self-test looks at. Infos are never given back, and another tool's function
    // gets the arguments that it would have got.
    unsafe {
        if code::BRANCH.get(gil) && matches!(event, CALL | LINE | RETURN) {
            let info = code::info_for_current(gil, code_of(frame, &gate.layout));
            if (*info).is_measured() {
                follow_frame(gil, &gate, frame, event, &mut *info);
            }
        }
        if event == LINE {
            let line = *frame.add(gate.layout.line).cast::<u32>();
            if SELF_TEST.get(gil) == 1 {
                let right = ffi::PyFrame_GetLineNumber(frame) == line as c_int && line > 0;
                SELF_TEST.set(gil, if right { 2 } else { 3 });
            }
            let info = code::info_for_current(gil, code_of(frame, &gate.layout));
            if (*info).is_measured() {
                (*info).hit(gil, line);
            }
            // A line that leads only out of the frame is followed to its end: that counts, and costs
            // nothing.
            finished = (*info).remaining <= 0 && !(*info).is_last(line);
        }
        if !finished && !OTHERS.get(gil) {
            return 0;
        }
        let state = ffi::PyThreadState_Get();
        let tracing = Tracing {
            state,
            layout: gate.layout,
        };
        let mut result = 0;
        if OTHERS.get(gil)
            && let Some(other) = thread::of(gil, state).other
        {
            result = other(this, frame, event, argument);
            if !tracing.is_ours() {
                // It has put itself, another, or nothing in its place.
                thread::of(gil, state).other = *tracing.function();
                *tracing.function() = Some(on_event);
            }
        }
        if finished && !GREENLETS.get(gil) {
            // Nothing is left to see in this frame.
            tracing.give_back(gil);
        }
        result
    }
}

/// Before anybody changes the thread's tracing: it must find what it would without swath.
pub(crate) fn before_settrace(gil: Gil<'_>) {
    if let Some(gate) = GATE.get(gil) {
        // SAFETY: the thread state is this thread's own, and its layout was tested.
        unsafe {
            let tracing = Tracing {
                state: ffi::PyThreadState_Get(),
                layout: gate.layout,
            };
            tracing.give_back(gil);
        }
    }
}

/// Wraps `sys.settrace`, so that the rest of the frame that calls it is still seen. The function
/// object stays the same; only what it runs changes.
fn wrap_settrace(gil: Gil<'_>) {
    const METH_O: c_int = 8;
    // SAFETY: `sys.settrace` is borrowed from `sys`, and an object of the built-in functions' own
    // type has its definition behind its head. A METH_O function takes the module and one object.
    unsafe {
        let settrace = ffi::PySys_GetObject(c"settrace".as_ptr());
        if settrace.is_null() || object::kind(settrace) != (&raw mut ffi::PyCFunction_Type).cast() {
            return;
        }
        // A built-in function begins with its head and then its definition.
        let method = *settrace
            .cast::<u8>()
            .add(size_of::<ffi::PyObject>())
            .cast::<*mut ffi::PyMethodDef>();
        let ours = settrace_and_go_on as *const c_void;
        if method.is_null() || (*method).flags != METH_O || (*method).function == ours {
            return;
        }
        SETTRACE.set(
            gil,
            Some(core::mem::transmute::<
                *const c_void,
                unsafe extern "C" fn(Object, Object) -> Object,
            >((*method).function)),
        );
        (*method).function = ours;
    }
}

unsafe extern "C" fn settrace_and_go_on(module: Object, function: Object) -> Object {
    // SAFETY: the interpreter calls in with the GIL held.
    let gil = unsafe { Gil::assume() };
    let (Some(gate), Some(settrace)) = (GATE.get(gil), SETTRACE.get(gil)) else {
        return null_mut();
    };
    // SAFETY: the wrapped function gets the arguments that the interpreter gave; the thread state
    // is this thread's own, and its layout was tested.
    unsafe {
        let tracing = Tracing {
            state: ffi::PyThreadState_Get(),
            layout: gate.layout,
        };
        let traced = tracing.is_ours();
        let result = settrace(module, function);
        if traced && *tracing.state.add(TRACING).cast::<c_int>() == 0 {
            tracing.set(gil, true);
        }
        result
    }
}

/// Greenlets are being imported.
pub(crate) fn expect_greenlets(gil: Gil<'_>) {
    GREENLETS.set(gil, true);
}

/// Tells the accounting once when another tool has taken the evaluation hook.
pub(crate) fn check_hook(gil: Gil<'_>) {
    let (Some(gate), Some(symbols)) = (GATE.get(gil), SYMBOLS.get(gil)) else {
        return;
    };
    if TAKEN.get(gil) {
        return;
    }
    // SAFETY: the current interpreter is a measured one, and the slot is the same word of each.
    let now = unsafe {
        let interpreter = (symbols.interpreter)();
        if let Some(get) = gate.get_evaluation {
            get(interpreter)
        } else {
            let place = gate.slot.addr() - gate.interpreter.addr();
            *interpreter.add(place).cast::<*mut c_void>()
        }
    };
    if now != gate.hook {
        TAKEN.set(gil, true);
        map::record_state(
            gil,
            b"evaluation-hook-taken",
            b"another tool in the process has taken the frame evaluation hook",
        );
    }
}
