//! Contexts: whom what runs is counted for, besides the process. A test, a request that is served,
//! the start, or nobody.
//!
//! Each has a number, which the Python side keeps in a context variable or sets for the whole
//! process. What is recorded on behalf of a context is a list of places in the store: those of the
//! states that were set. So whatever the states tell can be told of each context as well, and a
//! process that is killed has lost nothing.
//!
//! An event is switched off where it happened only when it has happened on behalf of every context
//! that *listens* to the code: that is among those which somebody uses or were used lately, and has come
//! to the code since it is. When another one comes to it, the code is armed anew (see `Info::epoch`).
//! Listening costs an event each time where others have something left to see. So when many events
//! told nothing new, those that nobody uses listen no more.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering};

use swath_store::layout;

use crate::code;
use crate::ffi::{self, Object};
use crate::fork;
use crate::interpreter;
use crate::map;
use crate::object::{self, Owned, PendingException};
use crate::scratch::Scratch;
use crate::state::{Gil, Global};
use crate::symbols;
use crate::test_function;
use crate::text;
use crate::tool;

pub(crate) mod running_test;

use running_test::Saying;

/// So many contexts a process can have.
const MOST: usize = 1 << 20;
/// What ran on behalf of so many contexts is kept in memory, so that it is not recorded twice.
const MOST_KEPT: usize = 256;
/// So many may be in use at a time.
const MOST_SLOTS: usize = 4096;
/// Buckets of the table of contexts.
const BUCKETS: usize = 1024;
/// So many contexts that nobody uses may listen.
const MOST_IDLE: usize = 64;
/// After so many events that told nothing new, they listen no more: what they cost by then is about
/// what it costs to arm the code of a request anew.
const MOST_REPEATED: u32 = 4096;
/// How many places the first record of a context has room for, and the largest.
const FIRST_ROOM: u32 = 12;
const LARGEST_ROOM: u32 = 1020;
/// No slot.
const NO_SLOT: usize = usize::MAX;
/// No generation: not recorded anywhere yet.
const UNRECORDED: u32 = u32::MAX;

/// One context.
pub(crate) struct Context {
    next: *mut Context,
    hash: u64,
    id: u32,
    /// How many strings it is.
    count: u32,
    /// The strings, each behind its length.
    strings: &'static [u8],
    /// The generation in whose store it is recorded; see [`fork::generation`].
    generation: u32,
    /// How many use it now.
    users: u32,
    is_listening: bool,
    /// When it last joined those that listen.
    pub joined: usize,
    slot: usize,
    /// Room for further places in the store.
    room: *mut u32,
    rest: u32,
    next_room: u32,
    /// What is known about code on its behalf, one after the other.
    pub infos: *mut code::Info,
}

impl Context {
    /// Whether it is among those that listen.
    #[inline]
    pub(crate) fn is_listening(&self) -> bool {
        self.is_listening
    }

    /// By which what is known on its behalf is found; none when it has no place for that.
    #[inline]
    pub(crate) fn slot(&self) -> Option<usize> {
        (self.slot != NO_SLOT).then_some(self.slot)
    }
}

type NewVariable = unsafe extern "C" fn(*const core::ffi::c_char, Object) -> Object;
type GetVariable = unsafe extern "C" fn(Object, Object, *mut Object) -> core::ffi::c_int;
type SetVariable = unsafe extern "C" fn(Object, Object) -> Object;
type ResetVariable = unsafe extern "C" fn(Object, Object) -> core::ffi::c_int;

/// The context variable, and how variables are asked for their values and given others.
#[derive(Clone, Copy)]
struct Variable {
    object: Object,
    get: GetVariable,
    set: SetVariable,
    reset: ResetVariable,
}

/// Whether contexts may come: a setting.
pub(crate) static ARE_WANTED: Global<bool> = Global::new(false);
static VARIABLE: Global<Option<Variable>> = Global::new(None);
/// Whether any context was ever used in this process, or the one that it was forked from.
static IS_ACTIVE: Global<bool> = Global::new(false);
/// How often a context has joined those that listen, or has come to code. Never again what it was, in
/// fork children, too: they have inherited what was armed when.
static EPOCH: Global<usize> = Global::new(0);
static TABLE: Global<[*mut Context; BUCKETS]> = Global::new([null_mut(); BUCKETS]);
/// The contexts by number, less one.
static ALL: Global<Scratch<*mut Context>> = Global::new(Scratch::new());
/// The contexts by slot.
static SLOTS: Global<Scratch<*mut Context>> = Global::new(Scratch::new());
/// How many events told nothing new since those that nobody uses were last dropped.
static REPEATED: Global<u32> = Global::new(0);
static LISTENING: Global<Scratch<*mut Context>> = Global::new(Scratch::new());
/// The context of whatever has no value in the variable.
static PROCESS: Global<*mut Context> = Global::new(null_mut());
/// The value of the variable that was found last, which is kept alive, and the context that it stands
/// for.
static LATEST: Global<(Object, *mut Context)> = Global::new((null_mut(), null_mut()));
/// The context of what belongs to none.
static NOBODY: Global<*mut Context> = Global::new(null_mut());

/// Whether anything is recorded on behalf of contexts.
#[inline]
pub(crate) fn is_active(gil: Gil<'_>) -> bool {
    IS_ACTIVE.get(gil)
}

/// What tells apart what was before and what comes after.
#[inline]
pub(crate) fn epoch(gil: Gil<'_>) -> usize {
    EPOCH.get(gil)
}

/// Begins another epoch; without contexts there is only 0.
pub(crate) fn next_epoch(gil: Gil<'_>) -> usize {
    if !ARE_WANTED.get(gil) {
        return 0;
    }
    EPOCH.set(gil, EPOCH.get(gil) + 1);
    EPOCH.get(gil)
}

/// The contexts that listen.
#[inline]
pub(crate) fn listening<'a>(_gil: Gil<'_>) -> &'a [*mut Context] {
    // SAFETY: with the GIL held nobody else changes the list, and callers do not while they look.
    unsafe { (*LISTENING.place()).values() }
}

/// The context variable; made when it is first asked for, in the interpreter that was started in.
pub(crate) fn variable(gil: Gil<'_>) -> Option<Object> {
    if !ARE_WANTED.get(gil) || interpreter::current() != Some(0) {
        return None;
    }
    if let Some(variable) = VARIABLE.get(gil) {
        return Some(variable.object);
    }
    // SAFETY: the names have these types in CPython's headers; the result is a new reference, which
    // is kept for good, or null.
    unsafe {
        let new: NewVariable = symbols::function(&[c"PyContextVar_New"])?;
        let get: GetVariable = symbols::function(&[c"PyContextVar_Get"])?;
        let set: SetVariable = symbols::function(&[c"PyContextVar_Set"])?;
        let reset: ResetVariable = symbols::function(&[c"PyContextVar_Reset"])?;
        let object = new(c"swath".as_ptr(), null_mut());
        let object = Owned::take(gil, object)?.keep();
        VARIABLE.set(
            gil,
            Some(Variable {
                object,
                get,
                set,
                reset,
            }),
        );
        Some(object)
    }
}

/// The number of the context that is these strings: the first is one of the layout's. `None` when
/// there is no room for it.
pub(crate) fn number(gil: Gil<'_>, strings: &[&[u8]]) -> Option<u32> {
    // SAFETY: what is known is kept for good.
    define(gil, strings).map(|context| unsafe { (*context).id })
}

fn define(_gil: Gil<'_>, strings: &[&[u8]]) -> Option<*mut Context> {
    let length: usize = strings.iter().map(|string| string.len() + 4).sum();
    let hash = strings.iter().fold(strings.len() as u64, |state, string| {
        text::mix(text::mix(state, string.len() as u64), text::hash(string))
    });
    // SAFETY: the table and the list are this module's own, and with the GIL held nobody else uses
    // them. What they lead to was allocated here, large enough, aligned for any type of the
    // language, and is never given back.
    unsafe {
        let head = TABLE
            .place()
            .cast::<*mut Context>()
            .add(hash as usize % BUCKETS);
        let mut known = *head;
        while !known.is_null() {
            if (*known).hash == hash
                && (*known).count as usize == strings.len()
                && is_same(&*known, strings)
            {
                return Some(known);
            }
            known = (*known).next;
        }
        let all = &mut *ALL.place();
        if all.values().len() >= MOST {
            return None;
        }
        let memory = ffi::calloc(1, size_of::<Context>() + length).cast::<u8>();
        if memory.is_null() {
            return None;
        }
        let copy = memory.add(size_of::<Context>());
        let mut place = copy;
        for string in strings {
            let length = (string.len() as u32).to_le_bytes();
            core::ptr::copy_nonoverlapping(length.as_ptr(), place, 4);
            core::ptr::copy_nonoverlapping(string.as_ptr(), place.add(4), string.len());
            place = place.add(4 + string.len());
        }
        let context = memory.cast::<Context>();
        context.write(Context {
            next: *head,
            hash,
            id: all.values().len() as u32 + 1,
            count: strings.len() as u32,
            strings: core::slice::from_raw_parts(copy, length),
            generation: UNRECORDED,
            users: 0,
            is_listening: false,
            joined: 0,
            slot: NO_SLOT,
            room: null_mut(),
            rest: 0,
            next_room: FIRST_ROOM,
            infos: null_mut(),
        });
        all.add(context)?;
        *head = context;
        Some(context)
    }
}

/// Whether a context begins with this string.
fn is_first_string(context: &Context, string: &[u8]) -> bool {
    let length = (string.len() as u32).to_le_bytes();
    let rest = context.strings.strip_prefix(&length);
    rest.is_some_and(|rest| rest.starts_with(string))
}

/// The second string of a context: the name of the test that it is, or that a request is of.
fn test_of(context: &Context) -> Option<&'static [u8]> {
    let length = |rest: &[u8]| Some(u32::from_le_bytes(*rest.first_chunk()?) as usize);
    let first = context.strings;
    let rest = first.get(4_usize.checked_add(length(first)?)?..)?;
    rest.get(4..4_usize.checked_add(length(rest)?)?)
}

/// Whether a context is these strings.
fn is_same(context: &Context, strings: &[&[u8]]) -> bool {
    let mut rest = context.strings;
    strings.iter().all(|string| {
        let length = (string.len() as u32).to_le_bytes();
        let behind = rest
            .strip_prefix(&length)
            .and_then(|rest| rest.strip_prefix(*string));
        rest = behind.unwrap_or(&[]);
        behind.is_some()
    })
}

/// The context with a number.
#[inline]
fn by_number(_gil: Gil<'_>, number: i64) -> Option<*mut Context> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    // SAFETY: with the GIL held nobody else changes the list.
    unsafe { (*ALL.place()).values().get(place).copied() }
}

/// A context has one more user.
pub(crate) fn enter(gil: Gil<'_>, number: i64) {
    let Some(context) = by_number(gil, number) else {
        return;
    };
    activate(gil, context);
    if running_test::is_said(gil) {
        check_said(gil, context);
    }
    // SAFETY: contexts are kept for good, and with the GIL held nobody else changes them.
    unsafe {
        (*context).users = (*context).users.saturating_add(1);
        if !(*context).is_listening {
            join(gil, context);
        }
    }
}

/// Code now runs for a context, which is the value of the variable, and for what a variable of the Python
/// side says of it. What [`unserve`] takes back is a new reference; null without memory.
pub(crate) unsafe fn serve(gil: Gil<'_>, number: Object, served: Object, what: Object) -> Object {
    let Some(variable) = VARIABLE.get(gil) else {
        return null_mut();
    };
    // SAFETY: the arguments are alive during the call; the results are new references or null.
    unsafe {
        enter(gil, object::number(gil, number));
        let tokens = Owned::take(gil, (variable.set)(served, what)).and_then(|first| {
            let second = Owned::take(gil, (variable.set)(variable.object, number))?;
            Owned::take(gil, ffi::PyTuple_Pack(2, first.object(), second.object()))
        });
        tokens.map_or(null_mut(), Owned::keep)
    }
}

/// Takes back one [`serve`]. Where that was in another context of Python's, as when a generator is closed
/// elsewhere, its variables stay as they are.
pub(crate) unsafe fn unserve(gil: Gil<'_>, number: Object, served: Object, tokens: Object) {
    let Some(variable) = VARIABLE.get(gil) else {
        return;
    };
    // SAFETY: the arguments are alive during the call. What is borrowed of a tuple lives as long, and what
    // is no such tuple gives null.
    unsafe {
        let token = |index| ffi::PyTuple_GetItem(tokens, index);
        let (first, second) = (token(0), token(1));
        if first.is_null() || second.is_null() {
            ffi::PyErr_Clear();
            return;
        }
        let is_reset =
            (variable.reset)(variable.object, second) == 0 && (variable.reset)(served, first) == 0;
        if !is_reset {
            ffi::PyErr_Clear();
        }
        leave(gil, object::number(gil, number));
    }
}

/// A process that was started for a test serves the requests of others, too: what it starts may be for
/// any of them.
#[cold]
fn check_said(gil: Gil<'_>, context: *mut Context) {
    // SAFETY: contexts are kept for good.
    let [context, process] = unsafe { [context.as_ref(), PROCESS.get(gil).as_ref()] };
    let is_request =
        context.is_some_and(|context| is_first_string(context, layout::CONTEXT_REQUEST));
    if is_request && context.and_then(test_of) != process.and_then(test_of) {
        running_test::say(gil, Saying::ForNobody);
    }
}

/// A context has one user less. It goes on to listen, so that what comes next on behalf of the same
/// one costs nothing.
pub(crate) fn leave(gil: Gil<'_>, number: i64) {
    if let Some(context) = by_number(gil, number) {
        // SAFETY: contexts are kept for good, and with the GIL held nobody else changes them.
        unsafe { (*context).users = (*context).users.saturating_sub(1) };
    }
}

/// An event told nothing new, and is not switched off, as others have it to see.
#[inline]
pub(crate) fn repeated(gil: Gil<'_>) {
    let count = REPEATED.get(gil) + 1;
    REPEATED.set(gil, count);
    if count > MOST_REPEATED {
        drop_idle(gil);
    }
}

/// Sets the context of whatever has no value in the variable; 0 for none.
pub(crate) fn set_current(gil: Gil<'_>, number: i64) {
    let before = PROCESS.get(gil);
    enter(gil, number);
    let now = by_number(gil, number).unwrap_or(null_mut());
    PROCESS.set(gil, now);
    if !test_function::ARE_WANTED.get(gil) {
        // SAFETY: contexts are kept for good.
        let name = unsafe { now.as_ref() }.and_then(test_of);
        running_test::say(gil, name.map_or(Saying::Nothing, Saying::Test));
    }
    if !before.is_null() {
        // SAFETY: contexts are kept for good.
        leave(gil, i64::from(unsafe { (*before).id }));
    }
}

/// The contexts that nobody uses listen no more.
#[cold]
fn drop_idle(gil: Gil<'_>) {
    REPEATED.set(gil, 0);
    // SAFETY: contexts are kept for good; with the GIL held nobody else changes them or the list.
    unsafe {
        let listening = &mut *LISTENING.place();
        let mut kept = 0;
        for index in 0..listening.values().len() {
            let Some(context) = listening.values().get(index).copied() else {
                break;
            };
            if (*context).users == 0 {
                (*context).is_listening = false;
            } else if let Some(place) = listening.values_mut().get_mut(kept) {
                *place = context;
                kept += 1;
            }
        }
        while listening.values().len() > kept {
            listening.take();
        }
    }
}

/// Lets a context listen: whatever runs from now on is new to it.
#[cold]
fn join(gil: Gil<'_>, context: *mut Context) {
    // SAFETY: contexts are kept for good.
    let is_idle = |other: &&*mut Context| unsafe { (***other).users == 0 };
    if listening(gil).iter().filter(is_idle).count() >= MOST_IDLE {
        drop_idle(gil);
    }
    // SAFETY: contexts are kept for good; with the GIL held nobody else changes them or the list.
    unsafe {
        (*context).joined = next_epoch(gil);
        if (*context).slot == NO_SLOT {
            take_slot(gil, context);
        }
        // Without memory it is asked again with each event.
        (*context).is_listening = (*LISTENING.place()).add(context).is_some();
    }
}

/// Finds a slot, if need be that of the context that joined longest ago.
fn take_slot(gil: Gil<'_>, context: *mut Context) {
    // SAFETY: contexts are kept for good; with the GIL held nobody else changes them or the lists.
    unsafe {
        let slots = &mut *SLOTS.place();
        let idle = if slots.values().len() < MOST_KEPT {
            None
        } else {
            let all = slots.values().iter().copied();
            all.filter(|other| !(**other).is_listening)
                .min_by_key(|other| (**other).joined)
        };
        if let Some(other) = idle {
            code::forget_behalf(gil, other);
            (*context).slot = core::mem::replace(&mut (*other).slot, NO_SLOT);
            if let Some(place) = slots.values_mut().get_mut((*context).slot) {
                *place = context;
            }
        } else if slots.values().len() < MOST_SLOTS && slots.add(context).is_some() {
            (*context).slot = slots.values().len() - 1;
        } else {
            note_too_many(gil);
        }
    }
}

/// Says once that not everything is recorded on behalf of whom it ran.
fn note_too_many(gil: Gil<'_>) {
    static IS_NOTED: Global<bool> = Global::new(false);
    if !IS_NOTED.get(gil) {
        IS_NOTED.set(gil, true);
        map::record_state(
            gil,
            b"too-many-contexts",
            b"what ran for some requests is not known to be theirs",
        );
    }
}

/// The context on whose behalf the calling thread runs. None in interpreters beside the first.
#[inline]
pub(crate) fn current(gil: Gil<'_>) -> Option<*mut Context> {
    let variable = VARIABLE.get(gil)?;
    if interpreter::current_measured() != Some(0) {
        return None;
    }
    let mut value = null_mut();
    // SAFETY: the variable is kept for good, and asked for with the GIL held; a value is a new
    // reference. Contexts are kept for good.
    unsafe {
        if (variable.get)(variable.object, null_mut(), &raw mut value) != 0 {
            ffi::PyErr_Clear();
        }
        let mut context = PROCESS.get(gil);
        if !value.is_null() {
            let (latest, known) = LATEST.get(gil);
            if value == latest {
                context = known;
                ffi::Py_DecRef(value);
            } else if let Some(found) = by_number(gil, object::number(gil, value)) {
                context = found;
                LATEST.set(gil, (value, found));
                if !latest.is_null() {
                    ffi::Py_DecRef(latest);
                }
            } else {
                ffi::Py_DecRef(value);
            }
        }
        if context.is_null() {
            context = NOBODY.get(gil);
        }
        if context.is_null() {
            return None;
        }
        if !(*context).is_listening {
            join(gil, context);
        }
        Some(context)
    }
}

/// All interpreters had ended, and the values of the variable with them.
pub(crate) fn forget_values(gil: Gil<'_>) {
    LATEST.set(gil, (null_mut(), null_mut()));
}

/// From now on what runs is recorded on behalf of contexts. What ran before is the start's in a
/// process that serves, and otherwise nobody's.
#[inline]
fn activate(gil: Gil<'_>, first: *mut Context) {
    if !IS_ACTIVE.get(gil) {
        begin(gil, first);
    }
}

#[cold]
fn begin(gil: Gil<'_>, first: *mut Context) {
    fork::check(gil);
    let _pending = PendingException::set_aside(gil);
    let Some(nobody) = define(gil, &[layout::CONTEXT_NONE]) else {
        return;
    };
    // SAFETY: contexts are kept for good.
    let serves = unsafe { is_first_string(&*first, layout::CONTEXT_REQUEST) };
    let start = serves.then(|| define(gil, &[layout::CONTEXT_START]));
    let before = start.flatten().unwrap_or(nobody);
    NOBODY.set(gil, nobody);
    IS_ACTIVE.set(gil, true);
    map::for_each_hit(gil, |place| log(gil, before, place));
    if matches!(
        interpreter::RECORDING.get(gil),
        swath_store::Recording::Monitoring | swath_store::Recording::MonitoringOfEachWay
    ) {
        tool::listen_anew(gil);
    }
}

/// In a fork child: whatever was kept of the store of the process that this one was forked from is
/// void, and so are its other threads.
pub(crate) fn forget_users(gil: Gil<'_>) {
    if !ARE_WANTED.get(gil) {
        return;
    }
    // SAFETY: contexts are kept for good; with the GIL held nobody else changes them or the lists.
    unsafe {
        for context in (*ALL.place()).values() {
            (**context).users = 0;
            (**context).is_listening = false;
            (**context).infos = null_mut();
        }
        (*LISTENING.place()).clear();
        let process = PROCESS.get(gil);
        if !process.is_null() {
            (*process).users = 1;
        }
    }
    next_epoch(gil);
}

/// Records that the state at a place in the store was set on behalf of a context.
pub(crate) fn log(gil: Gil<'_>, context: *mut Context, place: u32) {
    if map::is_shared(gil) {
        // The room belongs to the process that this one was forked from, which goes on to use it.
        count_unlisted(gil);
        return;
    }
    // SAFETY: contexts are kept for good, and with the GIL held nobody else changes them. The room
    // is that of a record in the map, which stays; it is aligned for numbers of four bytes.
    unsafe {
        let context = &mut *context;
        if context.generation != fork::generation(gil) && record(gil, context).is_none() {
            return;
        }
        if context.rest == 0 && begin_room(gil, context).is_none() {
            return;
        }
        AtomicU32::from_ptr(context.room).store(place, Ordering::Release);
        context.room = context.room.add(1);
        context.rest -= 1;
    }
}

/// Counts once that something was not listed.
#[cold]
fn count_unlisted(gil: Gil<'_>) {
    static IS_COUNTED: Global<bool> = Global::new(false);
    if !IS_COUNTED.get(gil) {
        IS_COUNTED.set(gil, true);
        map::count_dropped(gil);
    }
}

/// Records what a context is, in this process's store.
#[cold]
fn record(gil: Gil<'_>, context: &mut Context) -> Option<()> {
    let length = context.strings.len();
    let draft = map::append(gil, layout::KIND_CONTEXT, context.count, context.id, length)?;
    // SAFETY: the payload was asked for as long as the strings.
    unsafe { draft.put(0, context.strings) };
    draft.commit(gil);
    context.generation = fork::generation(gil);
    (context.rest, context.next_room) = (0, FIRST_ROOM);
    Some(())
}

#[cold]
fn begin_room(gil: Gil<'_>, context: &mut Context) -> Option<()> {
    let count = context.next_room;
    let kind = layout::KIND_CONTEXT_PLACES;
    let draft = map::append(gil, kind, context.id, count, count as usize * 4)?;
    context.room = draft.payload().cast();
    context.rest = count;
    // With the head each is twice as long as the one before.
    context.next_room = (count * 2 + 4).min(LARGEST_ROOM);
    draft.commit(gil);
    Some(())
}

/// Records what became known of a context; 0: of the process.
pub(crate) fn note(gil: Gil<'_>, number: i64, strings: &[&[u8]]) {
    let id = match by_number(gil, number) {
        // SAFETY: contexts are kept for good, and with the GIL held nobody else changes them.
        Some(context) => unsafe {
            if (*context).generation != fork::generation(gil)
                && record(gil, &mut *context).is_none()
            {
                return;
            }
            (*context).id
        },
        None if number == 0 => 0,
        None => return,
    };
    map::record_numbered_strings(gil, layout::KIND_CONTEXT_NOTE, id, strings, &[]);
}
