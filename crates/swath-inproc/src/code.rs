//! Code objects: which lines and branches each has, and where its hits are stored.

mod arming;
mod behalf;
mod comers;
mod field;
mod glance;
mod outline;
mod place;
mod renewal;

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU8, Ordering, fence};

use swath_store::layout;

use crate::arc_survey::{self, Lines};
use crate::arena;
use crate::branches::{Branches, Step};
use crate::context;
use crate::ffi::{self, Object};
use crate::file::{self, Source};
use crate::flow;
use crate::fork;
use crate::found_arcs::FoundArcs;
use crate::interpreter::VERSION;
use crate::line_table;
use crate::map;
use crate::mirror::Mirror;
use crate::object;
use crate::running_frame;
use crate::scratch::Scratch;
use crate::state::{Gil, Global};
use crate::symbols::{GetExtra, SYMBOLS, SetExtra};
use crate::test_function;
use crate::text;
use crate::unit_lines::UnitLines;

use behalf::{Behalf, Seen};
use comers::{Comers, Coming};
use outline::{Outline, outline};

pub(crate) use arming::{is_test, take_unarmed};
pub(crate) use behalf::{Report, forget_behalf};
pub(crate) use comers::Event;
pub(crate) use field::{CodeField, forget_names};
pub(crate) use glance::{is_known_way, is_outside};
pub(crate) use place::{is_starting, is_suspended};

/// The most lines that one code object may span.
const LARGEST_SPAN: usize = 4 << 20;
/// Buckets of the table of known line tables.
const BUCKETS: usize = 4096;

/// What is known about a code object. Code made again and again shares one.
pub(crate) struct Info {
    next: *mut Info,
    hash: u64,
    /// The one that learnt this; see [`fork::generation`].
    generation: u32,
    source: Source,
    /// The number of the file.
    file: u32,
    /// The line that the hits begin with.
    first: u32,
    /// How many lines there are; 0 for code that is not measured.
    span: u32,
    /// How many executable lines have not run yet.
    pub remaining: i32,
    /// The line that the frame's start alone proves, less `first`; [`NO_LINE`] when there is none.
    start: u32,
    hits: *mut u8,
    /// By line, whether a frame was left from there; null where branches are not recorded.
    exits: *mut u8,
    /// The line that the code is defined on, where branches are recorded.
    definition: u32,
    /// What the code's operations are, where branches are recorded or the code is large.
    pub outline: Outline,
    /// The arcs; null when there are none, or none were looked for yet.
    branches: *mut Branches,
    has_looked: bool,
    /// Arcs that were found besides.
    found: FoundArcs,
    /// The latest line that was new (3.14 and newer); 0 at the start of a frame.
    latest: u32,
    /// The thread that it was new to.
    latest_thread: *mut u8,
    /// The lines of the operations that are watched in place of lines (3.12 and 3.13).
    unit_lines: UnitLines,
    /// What this was copied from, to be on behalf of a context; null where it is of the process.
    whole: *mut Info,
    behalf: Behalf,
    comers: Comers,
    coming: Coming,
    /// Of the process: when a context last came to this code, for the first time or again. On behalf
    /// of a context: when that had joined those that listen, as it last came here.
    epoch: usize,
    /// What was reported on behalf of a context, where that matters.
    seen: Seen,
    /// What the hits and exits stand for, on behalf of a context.
    mirror: Mirror,
}

/// No line.
const NO_LINE: u32 = u32::MAX;

/// Code that is not measured.
static OUTSIDE: Global<Info> = Global::new(Info::OUTSIDE);

#[derive(Clone, Copy)]
struct Access {
    get: GetExtra,
    set: SetExtra,
    index: isize,
    /// Where the epoch is kept at which code was armed; negative where there are no contexts.
    epochs: isize,
}

static ACCESS: Global<Option<Access>> = Global::new(None);
static TABLE: Global<[*mut Info; BUCKETS]> = Global::new([null_mut(); BUCKETS]);
/// Line numbers of the code object at hand.
static LINES: Global<Scratch<u32>> = Global::new(Scratch::new());

/// The information is never given back: code with the same lines may come again.
unsafe extern "C" fn keep(_info: *mut c_void) {}

/// Whether branches are recorded.
pub(crate) static BRANCH: Global<bool> = Global::new(false);

/// Asks the interpreter for a place at every code object.
pub(crate) fn begin(gil: Gil<'_>) -> bool {
    let Some(symbols) = SYMBOLS.get(gil) else {
        return false;
    };
    // SAFETY: the function was found under CPython's name for it, and `keep` does nothing with what
    // it is given.
    let index = unsafe { (symbols.request_index)(keep) };
    if index < 0 {
        return false;
    }
    let epochs = if context::ARE_WANTED.get(gil) {
        // SAFETY: as above.
        unsafe { (symbols.request_index)(keep) }
    } else {
        -1
    };
    ACCESS.set(
        gil,
        Some(Access {
            get: symbols.get_extra,
            set: symbols.set_extra,
            index,
            epochs,
        }),
    );
    true
}

/// The same in a further interpreter: it must be the same place, as code that is part of the
/// program itself is of all interpreters.
pub(crate) fn begin_in_another(gil: Gil<'_>) -> bool {
    let (Some(symbols), Some(access)) = (SYMBOLS.get(gil), ACCESS.get(gil)) else {
        return false;
    };
    loop {
        // SAFETY: as in `begin`.
        let index = unsafe { (symbols.request_index)(keep) };
        if index < 0 || index >= access.index {
            return index == access.index;
        }
    }
}

impl Info {
    /// Of code that is not measured.
    const OUTSIDE: Self = Self {
        next: null_mut(),
        hash: 0,
        generation: 0,
        source: Source::NONE,
        file: 0,
        first: 0,
        span: 0,
        remaining: 0,
        start: NO_LINE,
        hits: null_mut(),
        exits: null_mut(),
        definition: 0,
        outline: Outline::NONE,
        branches: null_mut(),
        has_looked: true,
        found: FoundArcs::NONE,
        latest: 0,
        latest_thread: null_mut(),
        unit_lines: UnitLines::NONE,
        whole: null_mut(),
        behalf: Behalf::NONE,
        comers: Comers::NONE,
        coming: Coming::NONE,
        epoch: 0,
        seen: Seen::NONE,
        mirror: Mirror::NONE,
    };

    /// Whether the hits go to this process's own store. Code that is not measured has none.
    #[inline]
    fn is_current(&self, gil: Gil<'_>) -> bool {
        self.span == 0 || self.generation == fork::generation(gil)
    }

    /// Whether the code is measured.
    #[inline]
    pub(crate) fn is_measured(&self) -> bool {
        self.span != 0
    }

    /// Stores that a line ran.
    #[inline]
    pub(crate) fn hit(&mut self, gil: Gil<'_>, line: u32) {
        self.store(gil, line.wrapping_sub(self.first));
    }

    /// Stores the line that the frame's start alone proves.
    #[inline]
    pub(crate) fn started(&mut self, gil: Gil<'_>) {
        self.store(gil, self.start);
    }

    /// Whether a line is known to have run.
    #[inline]
    pub(crate) fn has_run(&self, line: u32) -> bool {
        let index = line.wrapping_sub(self.first);
        // SAFETY: the index is below the span, which the hits are as many as.
        index >= self.span || unsafe { *self.hits.add(index as usize) == layout::LINE_HIT }
    }

    #[inline]
    fn store(&mut self, gil: Gil<'_>, index: u32) {
        if index < self.span {
            // SAFETY: the index is below the span, for which bytes were reserved in the map; the
            // map stays, and other processes change its bytes as atomics too.
            let byte = unsafe { AtomicU8::from_ptr(self.hits.add(index as usize)) };
            let before = byte.load(Ordering::Relaxed);
            if before != layout::LINE_HIT {
                self.remaining -= i32::from(before == layout::LINE_EXECUTABLE);
                // SAFETY: the index is below the span.
                unsafe { self.mirror.set(gil, index) };
                byte.store(layout::LINE_HIT, Ordering::Release);
            }
        }
    }
}

/// What is known about a code object, if it was seen before.
#[inline]
pub(crate) unsafe fn known(gil: Gil<'_>, code: Object) -> Option<*mut Info> {
    // SAFETY: the code is alive, and infos are never given back.
    unsafe {
        let info = kept(gil, code)?;
        (!info.is_null() && (*info).is_current(gil)).then_some(info)
    }
}

/// What is kept at a code object, of whatever process; null where there is nothing.
#[inline]
unsafe fn kept(gil: Gil<'_>, code: Object) -> Option<*mut Info> {
    let access = ACCESS.get(gil)?;
    let mut info: *mut c_void = null_mut();
    // SAFETY: the index is the one that the interpreter gave to this agent, so what is kept there
    // is null or an `Info`, and those are never given back.
    unsafe { (access.get)(code, access.index, &raw mut info) };
    Some(info.cast())
}

/// What is known about a code object, on behalf of the context that runs; it is looked at if it was
/// not seen before.
#[inline]
pub(crate) unsafe fn info_for_current(gil: Gil<'_>, code: Object) -> *mut Info {
    // SAFETY: all ask for code that is alive, as the caller does.
    unsafe {
        let info = match known(gil, code) {
            Some(info) => info,
            None => learn(gil, code),
        };
        (*info).for_current(gil, code)
    }
}

/// Looks at a code object.
#[cold]
#[inline(never)]
pub(crate) unsafe fn learn(gil: Gil<'_>, code: Object) -> *mut Info {
    // Not in the middle of it: what is recorded about one code object is in one store.
    fork::check(gil);
    let pending = object::PendingException::set_aside(gil);
    // SAFETY: the code is alive, and no exception is pending while Python is called. What the
    // interpreter keeps is an `Info`, and it never looks into it.
    unsafe {
        if let Some(info) = renewal::renew(gil, code) {
            drop(pending);
            return info;
        }
        let info = match describe(gil, code) {
            Some(info) => info,
            None => OUTSIDE.place(),
        };
        if let Some(access) = ACCESS.get(gil) {
            // Others may find it there who are not alone.
            fence(Ordering::Release);
            (access.set)(code, access.index, info.cast());
            ffi::PyErr_Clear();
            if test_function::ARE_WANTED.get(gil) && test_function::is_one(gil, code) {
                arming::note_test(access, code);
            }
        }
        drop(pending);
        info
    }
}

unsafe fn describe(gil: Gil<'_>, code: Object) -> Option<*mut Info> {
    // SAFETY: the code is alive, and so is its name while it is looked up.
    let source = unsafe { file::of_name(gil, CodeField::FileName.of(gil, code)?.object()) }?;
    let file = source.number(gil)?;
    // SAFETY: with the GIL held nobody else uses the list of lines.
    let scratch = unsafe { &mut *LINES.place() };
    // SAFETY: the code is alive.
    let start = unsafe { line_table::collect(gil, code, scratch) }?;
    let lines = scratch.values();
    let first = lines.iter().copied().min()?;
    let last = lines.iter().copied().max()?;
    let span = (last - first) as usize + 1;
    if span > LARGEST_SPAN {
        map::count_dropped(gil);
        return None;
    }
    let is_large = UnitLines::are_needed(gil, lines.len());
    let outline = if BRANCH.get(gil) || is_large {
        // SAFETY: the code is alive.
        unsafe { outline(gil, code) }?
    } else {
        Outline::NONE
    };
    let definition = if BRANCH.get(gil) {
        // SAFETY: the code is alive.
        u32::try_from(unsafe { CodeField::FirstLine.number_of(gil, code) }).ok()?
    } else {
        0
    };
    let hash = lines
        .iter()
        .fold(u64::from(file) ^ outline.hash, |state, line| {
            text::mix(state, u64::from(*line))
        });
    let is_known = |info: &Info| info.hash == hash && info.is_current(gil);
    if let Some(info) = find(gil, hash, |info| {
        // SAFETY: information that is not of another process has its hits in the map.
        is_known(info) && unsafe { is_same(info, file, first, span, lines) }
    }) {
        return Some(info);
    }
    // SAFETY: every line lies in the span.
    let (hits, remaining) =
        unsafe { record(gil, file, first, span, lines.iter().copied(), definition) }?;
    let unit_lines = if is_large {
        // SAFETY: the code is alive.
        unsafe { UnitLines::of(gil, code) }.unwrap_or(UnitLines::NONE)
    } else {
        UnitLines::NONE
    };
    let info = keep_info(
        gil,
        Info {
            hash,
            generation: fork::generation(gil),
            source,
            file,
            first,
            span: span as u32,
            remaining,
            start: start.map_or(NO_LINE, |line| line.wrapping_sub(first)),
            hits,
            exits: exits(gil, hits, span),
            definition,
            outline,
            has_looked: !BRANCH.get(gil),
            unit_lines,
            ..Info::OUTSIDE
        },
    )?;
    // SAFETY: the information is fresh, and kept for good; the code is alive.
    unsafe { (*info).look_at_once(gil, code) };
    Some(info)
}

/// Where the table begins for a hash.
fn bucket(_gil: Gil<'_>, hash: u64) -> *mut *mut Info {
    // SAFETY: the place is below the number of buckets.
    unsafe {
        TABLE
            .place()
            .cast::<*mut Info>()
            .add(hash as usize % BUCKETS)
    }
}

/// Finds information in the table.
fn find(gil: Gil<'_>, hash: u64, mut is_it: impl FnMut(&Info) -> bool) -> Option<*mut Info> {
    // SAFETY: what the table leads to is null, or was put there by `keep_info` for good; with the
    // GIL held nobody changes it meanwhile.
    unsafe {
        let mut info = *bucket(gil, hash);
        while !info.is_null() {
            if is_it(&*info) {
                return Some(info);
            }
            info = (*info).next;
        }
    }
    None
}

/// Puts information into the table; `None` without memory.
fn keep_info(gil: Gil<'_>, info: Info) -> Option<*mut Info> {
    let memory = arena::allocate(gil, size_of::<Info>()).cast::<Info>();
    if memory.is_null() {
        return None;
    }
    let head = bucket(gil, info.hash);
    // SAFETY: the fresh memory is as large as this and nobody else's; with the GIL held nobody else
    // uses the table.
    unsafe {
        let next = *head;
        memory.write(Info { next, ..info });
        *head = memory;
    }
    Some(memory)
}

/// Methods for branches; the others leave the code as it is where branches are not recorded.
impl Info {
    /// Finds out which arcs the code has, once.
    #[cold]
    #[inline(never)]
    unsafe fn look_for_branches(&mut self, gil: Gil<'_>, code: Object) {
        self.has_looked = true;
        let lines = Lines {
            file: self.file,
            first: self.first,
            span: self.span,
            hits: self.hits,
        };
        let pending = object::PendingException::set_aside(gil);
        // SAFETY: the code is alive, and the hits are as many as the span. What a survey returns is
        // never given back.
        unsafe {
            let found = match flow::of(gil, code) {
                Some(flow) if VERSION.get(gil) < 0x030c => {
                    arc_survey::by_lines(gil, flow, lines, self.exits)
                }
                Some(flow) => arc_survey::by_sites(gil, flow, lines),
                None => None,
            };
            drop(pending);
            match found {
                Some(branches) => {
                    if context::ARE_WANTED.get(gil) && !branches.is_null() {
                        (*branches).keep_fresh();
                    }
                    if VERSION.get(gil) < 0x030c {
                        self.remaining += (*branches).open();
                    }
                    AtomicPtr::from_ptr(&raw mut self.branches).store(branches, Ordering::Release);
                }
                None => map::count_dropped(gil),
            }
        }
    }

    /// Finds out the arcs where they must be known before a frame starts.
    unsafe fn look_at_once(&mut self, gil: Gil<'_>, code: Object) {
        if BRANCH.get(gil) && (VERSION.get(gil) < 0x030c || self.outline.iterates) {
            // SAFETY: the code is this information's own, and alive.
            unsafe { self.look_for_branches(gil, code) };
        }
    }

    /// A frame of the code starts: its arcs are found out, if they were not yet.
    #[inline]
    pub(crate) unsafe fn prepare(&mut self, gil: Gil<'_>, code: Object) {
        if !self.has_looked {
            // SAFETY: the code that the caller hands in is this information's own, and alive.
            unsafe { self.look_for_branches(gil, code) };
        }
    }

    /// Whether single operations of the code must be watched, because no branch tells how an
    /// `async for` goes on.
    pub(crate) fn needs_operations(&mut self) -> bool {
        if self.branches.is_null() {
            return false;
        }
        // SAFETY: a survey made the arcs and never gives them back; with the GIL held this is the
        // only reference.
        unsafe {
            let branches = &mut *self.branches;
            branches.watch.is_on |= self.outline.iterates && branches.has_open_marks();
            branches.watch.is_on
        }
    }

    /// Whether operations tell the lines.
    pub(crate) fn has_unit_lines(&self) -> bool {
        self.unit_lines.exist()
    }

    /// Control went from one place in the code's bytes to another: whether this branch needs no
    /// more events.
    #[inline]
    pub(crate) unsafe fn went(
        &mut self,
        gil: Gil<'_>,
        code: Object,
        offset: i64,
        destination: i64,
    ) -> bool {
        // SAFETY: the arcs are not null here, and a survey made them for good; they look at the
        // numbers of units themselves.
        unsafe {
            self.prepare(gil, code);
            if self.branches.is_null() {
                return true;
            }
            (*self.branches).went(gil, (offset / 2) as u32, (destination / 2) as u32)
        }
    }

    /// A place in the code's bytes was reached: whether its event is needed no more.
    pub(crate) fn reached(&mut self, gil: Gil<'_>, offset: i64) -> bool {
        let unit = (offset / 2) as u32;
        let line = self.unit_lines.line(unit as usize);
        if line != 0 {
            self.hit(gil, line);
        }
        if self.branches.is_null() {
            return true;
        }
        // SAFETY: the arcs are not null here, were made for good, and leave out units that are not
        // theirs.
        let step = unsafe { (*self.branches).group_step(unit, || running_frame::key(gil)) };
        match step {
            Some((from, to)) if to > 0 => self.find_arc(gil, from, to, false),
            Some((from, _)) => self.left(gil, from),
            None => {}
        }
        let thread = || running_frame::thread(gil);
        let caught = || running_frame::caught_unit(gil);
        // SAFETY: as above.
        unsafe { (*self.branches).reached(gil, unit, thread, caught) }
    }

    /// Whether that a place in the code's bytes is reached tells nothing that was not told before.
    pub(crate) fn is_told(&self, offset: i64) -> bool {
        let unit = (offset / 2) as u32;
        let line = self.unit_lines.line(unit as usize);
        if line != 0 && !self.has_run(line) {
            return false;
        }
        // SAFETY: the arcs are not null here, were made for good, and leave out units that are not
        // theirs.
        unsafe { self.branches.is_null() || (*self.branches).is_told(unit) }
    }

    /// Whether a place in the code's bytes must be looked at when the line begins there.
    #[inline]
    pub(crate) fn watches_line(&self, line: u32) -> bool {
        // SAFETY: the arcs are not null here, were made for good, and leave out lines that are not
        // theirs.
        unsafe { !self.branches.is_null() && (*self.branches).watches_line(line) }
    }

    /// Whether single operations are to be watched, and are not yet.
    #[inline]
    pub(crate) fn needs_watch(&self) -> bool {
        // SAFETY: the arcs are not null here, and were made for good.
        unsafe { !self.branches.is_null() && (*self.branches).watch.needs() }
    }

    /// Whether single operations are to be watched from now on: true once.
    #[inline]
    pub(crate) fn begins_watch(&mut self) -> bool {
        // SAFETY: the arcs are not null here, and were made for good; with the GIL held this is the
        // only reference.
        unsafe {
            let begins = !self.branches.is_null() && (*self.branches).watch.begins();
            if begins && let Some(whole) = self.whole.as_mut() {
                whole.comers.needed_operations = true;
            }
            begins && !self.has_unit_lines()
        }
    }

    /// An exception leaves a frame that is at this place of its code's bytes: whether it leaves it
    /// from that place's line.
    pub(crate) unsafe fn is_left_from(&mut self, gil: Gil<'_>, code: Object, place: i64) -> bool {
        // SAFETY: the code is this information's own and alive; the arcs are not null here, and
        // leave out units that are not theirs.
        unsafe {
            self.prepare(gil, code);
            self.branches.is_null() || (*self.branches).leaves((place / 2) as u32)
        }
    }

    /// An exception leaves a frame.
    pub(crate) fn unwound(&mut self, gil: Gil<'_>) {
        // SAFETY: the arcs are not null here, and were made for good. A thread that runs Python has
        // a thread state.
        unsafe {
            if !self.branches.is_null() {
                (*self.branches).unwound(running_frame::thread(gil));
            }
        }
    }

    /// Control went from one line to another in the same frame.
    #[inline]
    pub(crate) fn stepped(&mut self, gil: Gil<'_>, from: u32, to: u32) {
        let to = to as i32;
        if self.branches.is_null() {
            return;
        }
        // SAFETY: the arcs are not null here, and were made for good; lines that are not theirs
        // they leave out.
        unsafe {
            match (*self.branches).stepped(gil, from, to) {
                Step::Known => {}
                Step::New => self.remaining -= 1,
                Step::Unforeseen => self.find_arc(gil, from, to, false),
            }
        }
    }

    /// A line is new, or is to the interpreter: from 3.14 on coverage.py takes such lines of a
    /// code object, one after the other, for arcs. From the line of one thread none leads to that of
    /// another.
    pub(crate) fn followed(&mut self, gil: Gil<'_>, line: u32) {
        let thread = running_frame::thread(gil);
        let before = core::mem::replace(&mut self.latest, line);
        let thread_before = core::mem::replace(&mut self.latest_thread, thread);
        if before != 0 && before != line && thread_before == thread {
            let index = line.wrapping_sub(self.first);
            // SAFETY: the index is below the span, for which bytes were reserved in the map for
            // good. The record of found arcs is this code's own.
            let fresh = unsafe {
                index < self.span && *self.hits.add(index as usize) == layout::LINE_EXECUTABLE
            };
            self.find_arc(gil, before, line as i32, fresh);
        }
    }

    /// An arc was taken that was not foreseen.
    fn find_arc(&mut self, gil: Gil<'_>, from: u32, to: i32, fresh: bool) {
        let context = self.mirror.context();
        if let Some(place) = self.found.add(gil, self.file, self.span, from, to, fresh)
            && !context.is_null()
        {
            context::log(gil, context, place);
        }
    }

    /// A frame was left from a line.
    pub(crate) fn left(&mut self, gil: Gil<'_>, line: u32) {
        self.latest = 0;
        let index = line.wrapping_sub(self.first);
        if self.exits.is_null() || index >= self.span {
            return;
        }
        // SAFETY: the index is below the span, and the exits are as many as the lines. The arcs are
        // not null where they are asked, and were made for good.
        unsafe {
            let byte = AtomicU8::from_ptr(self.exits.add(index as usize));
            if byte.load(Ordering::Relaxed) != layout::LINE_HIT {
                // The exits are behind the lines.
                self.mirror.set(gil, self.span + index);
                byte.store(layout::LINE_HIT, Ordering::Release);
            }
            if !self.branches.is_null() && (*self.branches).is_by_lines() {
                let out = -(self.definition as i32);
                if (*self.branches).stepped(gil, line, out) == Step::New {
                    self.remaining -= 1;
                }
            }
        }
    }

    /// Whether a frame is known to have been left from a line.
    pub(crate) fn has_left(&self, line: u32) -> bool {
        let index = line.wrapping_sub(self.first);
        // SAFETY: the exits are as many as the lines where there are any, and the index is below
        // that.
        self.exits.is_null()
            || index >= self.span
            || unsafe { *self.exits.add(index as usize) == layout::LINE_HIT }
    }

    /// Whether a branch needs no more events, or where each way has its own, not for this one.
    pub(crate) fn is_settled(&self, gil: Gil<'_>, offset: i64, destination: i64) -> bool {
        let (unit, to) = ((offset / 2) as u32, (destination / 2) as u32);
        // SAFETY: the arcs are not null here, and leave out units that are not theirs.
        unsafe {
            self.branches.is_null()
                || (*self.branches).is_settled(unit, to, VERSION.get(gil) >= 0x030e)
        }
    }

    /// Whether a line leads only out of the frame.
    pub(crate) fn is_last(&self, line: u32) -> bool {
        let index = line.wrapping_sub(self.first);
        // SAFETY: the exits are not null, are as many as the lines, and the index is below that.
        unsafe {
            !self.exits.is_null()
                && index < self.span
                && *self.exits.add(index as usize) == layout::LINE_EXECUTABLE
        }
    }
}

/// Whether known code has just these lines.
unsafe fn is_same(info: &Info, file: u32, first: u32, span: usize, lines: &[u32]) -> bool {
    if (info.file, info.first, info.span as usize) != (file, first, span) {
        return false;
    }
    // SAFETY: the span was reserved in the map for that code, and the map stays.
    let known = unsafe { core::slice::from_raw_parts(info.hits, span) };
    let executable = known
        .iter()
        .filter(|state| **state != layout::LINE_NONE)
        .count();
    let all = lines.iter().all(|line| {
        let index = (*line - first) as usize;
        known
            .get(index)
            .is_some_and(|state| *state != layout::LINE_NONE)
    });
    let mut distinct = 0;
    let mut before = None;
    // Tables go mostly upwards, so counting changes is an upper bound that rarely errs; an
    // error costs a second record for the same lines, nothing else.
    for line in lines {
        distinct += usize::from(before != Some(*line));
        before = Some(*line);
    }
    all && executable <= distinct
}

/// Where the exits are, behind the hits; null where branches are not recorded.
fn exits(gil: Gil<'_>, hits: *mut u8, span: usize) -> *mut u8 {
    if BRANCH.get(gil) {
        hits.wrapping_add(span)
    } else {
        null_mut()
    }
}

/// Records the code; where its hits are, and how many executable lines it has.
unsafe fn record(
    gil: Gil<'_>,
    file: u32,
    first: u32,
    span: usize,
    lines: impl Iterator<Item = u32>,
    definition: u32,
) -> Option<(*mut u8, i32)> {
    // Where branches are recorded there is a second byte a line, for the exits.
    let length = layout::CODE_FIXED + span * if BRANCH.get(gil) { 2 } else { 1 };
    let draft = map::append(gil, layout::KIND_CODE, file, first, length)?;
    // SAFETY: the draft's payload has the fixed part and a byte for each line of the span behind
    // it, and every line lies in the span.
    unsafe {
        draft.put(0, &(span as u32).to_le_bytes());
        draft.put(layout::CODE_DEFINITION, &definition.to_le_bytes());
        let hits = draft.payload().add(layout::CODE_FIXED);
        let mut remaining = 0;
        for line in lines {
            let place = hits.add((line - first) as usize);
            if *place == layout::LINE_NONE {
                *place = layout::LINE_EXECUTABLE;
                remaining += 1;
            }
        }
        draft.commit(gil);
        Some((hits, remaining))
    }
}
