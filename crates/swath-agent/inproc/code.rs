//! Code objects: which lines each has, and where its hits are stored.

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, Ordering};

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::file;
use crate::map;
use crate::object::{self, Owned, attribute, bytes, number, number_attribute};
use crate::state::Global;
use crate::symbols::{GetExtra, SYMBOLS, SetExtra};
use crate::text;

/// The most lines that one code object may span.
const LARGEST_SPAN: usize = 4 << 20;
/// Buckets of the table of known line tables.
const BUCKETS: usize = 4096;

/// What is known about a code object. Code made again and again shares one.
pub struct Info {
    next: *mut Info,
    hash: u64,
    file: u32,
    /// The line that the hits begin with.
    first: u32,
    /// How many lines there are; 0 for code that is not measured.
    pub span: u32,
    /// How many executable lines have not run yet.
    pub remaining: i32,
    /// The line that the frame's start alone proves, less `first`; [`NO_LINE`] when there is none.
    start: u32,
    hits: *mut u8,
}

/// No line.
const NO_LINE: u32 = u32::MAX;

/// Code that is not measured.
static OUTSIDE: Global<Info> = Global::new(Info {
    next: null_mut(),
    hash: 0,
    file: 0,
    first: 0,
    span: 0,
    remaining: 0,
    start: NO_LINE,
    hits: null_mut(),
});

#[derive(Clone, Copy)]
struct Access {
    get: GetExtra,
    set: SetExtra,
    index: isize,
}

static ACCESS: Global<Option<Access>> = Global::new(None);
static TABLE: Global<[*mut Info; BUCKETS]> = Global::new([null_mut(); BUCKETS]);
/// Line numbers of the code object at hand.
static SCRATCH: Global<Scratch> = Global::new(Scratch {
    lines: null_mut(),
    room: 0,
    count: 0,
});
/// The interpreter's version, as in 0x030c.
pub static VERSION: Global<u32> = Global::new(0);
/// The operation that code of this version begins its body with (3.11 and newer).
pub static RESUME: Global<u8> = Global::new(0);

/// The information is never given back: code with the same lines may come again.
unsafe extern "C" fn keep(_info: *mut c_void) {}

/// Asks the interpreter for a place at every code object.
pub unsafe fn begin() -> bool {
    let Some(symbols) = SYMBOLS.get() else {
        return false;
    };
    let index = (symbols.request_index)(keep);
    if index < 0 {
        return false;
    }
    ACCESS.set(Some(Access {
        get: symbols.get_extra,
        set: symbols.set_extra,
        index,
    }));
    true
}

impl Info {
    /// Whether the code is measured.
    #[inline]
    pub fn is_measured(&self) -> bool {
        self.span != 0
    }

    /// Stores that a line ran.
    #[inline]
    pub unsafe fn hit(&mut self, line: u32) {
        self.store(line.wrapping_sub(self.first));
    }

    /// Stores the line that the frame's start alone proves.
    #[inline]
    pub unsafe fn started(&mut self) {
        self.store(self.start);
    }

    #[inline]
    unsafe fn store(&mut self, index: u32) {
        if index < self.span {
            // SAFETY: the span was reserved in the map for this code, and the map stays.
            let byte = AtomicU8::from_ptr(self.hits.add(index as usize));
            let before = byte.load(Ordering::Relaxed);
            if before != layout::LINE_HIT {
                self.remaining -= i32::from(before == layout::LINE_EXECUTABLE);
                byte.store(layout::LINE_HIT, Ordering::Release);
            }
        }
    }
}

/// What is known about a code object, if it was seen before.
#[inline]
pub unsafe fn known(code: Object) -> Option<*mut Info> {
    let access = ACCESS.get()?;
    let mut info: *mut c_void = null_mut();
    (access.get)(code, access.index, &mut info);
    (!info.is_null()).then_some(info.cast())
}

/// What is known about a code object; it is looked at if it was not seen before.
#[inline]
pub unsafe fn info(code: Object) -> *mut Info {
    match known(code) {
        Some(info) => info,
        None => learn(code),
    }
}

/// Looks at a code object.
#[cold]
#[inline(never)]
pub unsafe fn learn(code: Object) -> *mut Info {
    let pending = object::PendingException::set_aside();
    let info = match describe(code) {
        Some(info) => info,
        None => OUTSIDE.place(),
    };
    if let Some(access) = ACCESS.get() {
        (access.set)(code, access.index, info.cast());
        ffi::PyErr_Clear();
    }
    drop(pending);
    info
}

unsafe fn describe(code: Object) -> Option<*mut Info> {
    let name = attribute(code, c"co_filename")?;
    let file = file::id(name.object())?;
    let scratch = &mut *SCRATCH.place();
    scratch.count = 0;
    let start = match VERSION.get() {
        0..=0x0309 => collect_table(code, scratch),
        _ => collect_ranges(code, scratch),
    }?;
    let lines = scratch.lines();
    let first = lines.iter().copied().min()?;
    let last = lines.iter().copied().max()?;
    let span = (last - first) as usize + 1;
    if span > LARGEST_SPAN {
        map::count_dropped();
        return None;
    }
    let hash = lines.iter().fold(u64::from(file), |state, line| {
        text::mix(state, u64::from(*line))
    });
    let head = TABLE
        .place()
        .cast::<*mut Info>()
        .add(hash as usize % BUCKETS);
    let mut info = *head;
    while !info.is_null() {
        if (*info).hash == hash && is_same(&*info, file, first, span, lines) {
            return Some(info);
        }
        info = (*info).next;
    }
    let (hits, remaining) = record(file, first, span, lines)?;
    let memory = ffi::calloc(1, size_of::<Info>()).cast::<Info>();
    if memory.is_null() {
        return None;
    }
    memory.write(Info {
        next: *head,
        hash,
        file,
        first,
        span: span as u32,
        remaining,
        start: start.map_or(NO_LINE, |line| line.wrapping_sub(first)),
        hits,
    });
    *head = memory;
    Some(memory)
}

/// Whether known code has just these lines.
unsafe fn is_same(info: &Info, file: u32, first: u32, span: usize, lines: &[u32]) -> bool {
    if (info.file, info.first, info.span as usize) != (file, first, span) {
        return false;
    }
    // SAFETY: the span was reserved in the map for that code, and the map stays.
    let known = core::slice::from_raw_parts(info.hits, span);
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

/// Records the code; where its hits are, and how many executable lines it has.
unsafe fn record(file: u32, first: u32, span: usize, lines: &[u32]) -> Option<(*mut u8, i32)> {
    let length = layout::CODE_FIXED + span;
    let draft = map::append(layout::KIND_CODE, file, first, length)?;
    draft.put(0, &(span as u32).to_le_bytes());
    let hits = draft.payload().add(layout::CODE_FIXED);
    let mut remaining = 0;
    for line in lines {
        let place = hits.add((*line - first) as usize);
        if *place == layout::LINE_NONE {
            *place = layout::LINE_EXECUTABLE;
            remaining += 1;
        }
    }
    draft.commit();
    Some((hits, remaining))
}

/// The lines of a code object of 3.10 and newer. `Some(Some(line))`: the line that the body
/// shares with the operation that begins it, for which 3.13.0 reports no line.
unsafe fn collect_ranges(code: Object, scratch: &mut Scratch) -> Option<Option<u32>> {
    let body = body_start(code);
    let ranges = object::call_method(code, c"co_lines", [null_mut(); 3])?;
    let mut start = None;
    while let Some(range) = Owned::take(ffi::PyIter_Next(ranges.object())) {
        let line = ffi::PyTuple_GetItem(range.object(), 2);
        let end = number(ffi::PyTuple_GetItem(range.object(), 1));
        if object::is_none(line) || end <= body {
            continue;
        }
        let line = u32::try_from(number(line)).unwrap_or(0);
        if line == 0 {
            continue;
        }
        if number(ffi::PyTuple_GetItem(range.object(), 0)) < body {
            start = Some(line);
        }
        scratch.add(line)?;
    }
    Some(start)
}

/// Where the body of a code object begins, behind what makes the call: nothing reports lines
/// for that.
unsafe fn body_start(code: Object) -> core::ffi::c_long {
    if VERSION.get() < 0x030b {
        return 0;
    }
    let Some(operations) = attribute(code, c"co_code") else {
        return 0;
    };
    let resume = RESUME.get();
    let all = bytes(operations.object()).unwrap_or(&[]);
    match all
        .chunks_exact(2)
        .position(|unit| unit.first() == Some(&resume))
    {
        Some(unit) => unit as core::ffi::c_long * 2 + 2,
        None => 0,
    }
}

/// The lines of a code object of 3.8 and 3.9.
unsafe fn collect_table(code: Object, scratch: &mut Scratch) -> Option<Option<u32>> {
    let table = attribute(code, c"co_lnotab")?;
    let mut line = i32::try_from(number_attribute(code, c"co_firstlineno")).ok()?;
    let mut add = |line: i32| u32::try_from(line).map_or(Some(()), |line| scratch.add(line));
    for pair in bytes(table.object())?.as_chunks::<2>().0 {
        let [distance, change] = *pair;
        if distance != 0 {
            add(line)?;
        }
        line += i32::from(change as i8);
    }
    add(line)?;
    Some(None)
}

/// Line numbers in memory that grows and is kept.
struct Scratch {
    lines: *mut u32,
    room: usize,
    count: usize,
}

impl Scratch {
    unsafe fn add(&mut self, line: u32) -> Option<()> {
        if self.count == self.room {
            let room = (self.room * 2).max(1024);
            let memory = ffi::calloc(room, size_of::<u32>()).cast::<u32>();
            if memory.is_null() {
                return None;
            }
            if !self.lines.is_null() {
                core::ptr::copy_nonoverlapping(self.lines, memory, self.count);
                ffi::free(self.lines.cast());
            }
            (self.lines, self.room) = (memory, room);
        }
        self.lines.add(self.count).write(line);
        self.count += 1;
        Some(())
    }

    fn lines(&self) -> &[u32] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: that many were written.
        unsafe { core::slice::from_raw_parts(self.lines, self.count) }
    }
}
