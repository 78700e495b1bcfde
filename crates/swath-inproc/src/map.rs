//! The hit store as this process writes it: its file, shared with memory piece by piece.
//!
//! A piece of the mapping stays where it is for as long as the process lives, so that pointers
//! into it may be kept. There is never much more of it than the file is long: a program may limit
//! its own address space. Where the next record goes is kept in this process's own memory: a fork
//! child must not see what its parent appends later.

pub(crate) mod inherited;

use core::mem::offset_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use swath_store::layout::{self, RawHeader, RawRecord};

use crate::ffi;
use crate::fork;
use crate::fork::start_ticks;
use crate::nursery;
use crate::state::{Gil, Global};
use crate::store_file::{self, Failure, OpenFile};
use crate::system_call;

/// How long the file is at first, and in a fork child, which has little to say.
const FIRST_SIZE: usize = 128 << 10;
const FIRST_SIZE_OF_CHILD: usize = 16 << 10;
/// The file grows by half of what it is, at most so much at once.
const LARGEST_STEP: usize = 8 << 20;
/// Where in the store of a fork child the file begins with which it goes on: a header stands in it
/// before what follows the place.
const CONTINUES_AT: usize = layout::PLACE_LENGTH - layout::HEADER_LENGTH;
/// The first piece of the mapping is so long, each further one twice as long as the one before, up
/// to the largest.
const FIRST_PIECE: usize = 512 << 10;
const LARGEST_PIECE: usize = 64 << 20;
const MOST_PIECES: usize = 64;
/// A piece begins and ends where a page does, whatever size the kernel's pages have.
const LARGEST_PAGE: usize = 64 << 10;
/// So many records are handed on to fork children: what the process is, and states.
const MOST_HANDED_ON: usize = 8;

/// A piece of the file in memory.
#[derive(Clone, Copy)]
struct Piece {
    base: *mut u8,
    /// Where in the file it begins.
    start: usize,
    length: usize,
}

/// The mapping of this process.
pub(crate) struct Map {
    pieces: [Piece; MOST_PIECES],
    /// How many pieces there are: none before the start and when there is no store.
    count: usize,
    /// How long the file is.
    size: usize,
    /// Where the next record goes.
    tail: usize,
    file: OpenFile,
    /// Where in the store the file begins: not at 0 in a fork child whose store began in a place of
    /// its parent's making.
    file_start: usize,
    /// Whether the store is the one of the process that this one was forked from, because it could
    /// have none of its own: bytes that are there may be set, nothing can be added.
    is_shared: bool,
    /// Records that a fork child gets copies of, by their place in the file.
    handed_on: [u32; MOST_HANDED_ON],
}

impl Piece {
    /// None.
    const NONE: Self = Self {
        base: null_mut(),
        start: 0,
        length: 0,
    };
}

static MAP: Global<Map> = Global::new(Map {
    pieces: [Piece::NONE; MOST_PIECES],
    count: 0,
    size: 0,
    tail: 0,
    file: OpenFile::NONE,
    file_start: 0,
    is_shared: false,
    handed_on: [0; MOST_HANDED_ON],
});

/// The header of the store, for what is noted without the GIL.
static HEADER: AtomicPtr<RawHeader> = AtomicPtr::new(null_mut());

/// Notes whether the process has an interpreter that is not recorded. The GIL need not be held.
pub(crate) fn note_other_interpreter(has_one: bool) {
    // SAFETY: it is null or the header that is mapped: that goes away only in a fork child, which
    // has one thread, and puts its own there first.
    if let Some(header) = unsafe { HEADER.load(Ordering::Acquire).as_ref() } {
        let flag = layout::FLAG_OTHER_INTERPRETER;
        if has_one {
            header.flags.fetch_or(flag, Ordering::SeqCst);
        } else {
            header.flags.fetch_and(!flag, Ordering::SeqCst);
        }
    }
}

/// Random bytes, to name this store.
pub(crate) fn random() -> [u8; 16] {
    let mut bytes = [0_u8; 16];
    if system_call::getrandom(&mut bytes) != 16 {
        // No entropy yet, or an old kernel: the clock and the process tell stores apart.
        let time = now().to_le_bytes();
        // SAFETY: getpid may be called at any time.
        let process =
            (unsafe { ffi::getpid() } as u64 ^ (bytes.as_ptr() as u64) << 20).to_le_bytes();
        for (place, byte) in bytes.iter_mut().zip(time.iter().chain(&process)) {
            *place = *byte;
        }
    }
    bytes
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let mut time = [0_i64; 2];
    // SAFETY: the array has the two words of a time.
    unsafe { ffi::clock_gettime(0, &raw mut time) };
    let [seconds, nanoseconds] = time;
    seconds as u64 * 1_000_000_000 + nanoseconds as u64
}

/// Begins this process's store.
pub(crate) fn begin(
    gil: Gil<'_>,
    hexversion: u32,
    optimization: u32,
    flags: u32,
) -> Result<(), Failure> {
    let id = random();
    store_file::open_folder(gil);
    // Under a small limit a small store is better than none.
    let limit = usize::try_from(store_file::size_limit()).unwrap_or(usize::MAX);
    let size = FIRST_SIZE.min((limit & !4095).max(FIRST_SIZE_OF_CHILD));
    let mut file = store_file::create(gil, &id, size)?;
    let Some(piece) = map_piece(&file, 0, FIRST_PIECE) else {
        store_file::discard(gil, &mut file);
        return Err(Failure(b"no-address-space"));
    };
    // SAFETY: with the GIL held nobody else uses the map. The first piece is page-aligned, at least
    // a header long, and nobody knows the file yet.
    unsafe {
        let map = &mut *MAP.place();
        map.adopt(file, size, piece);
        let header = &mut *piece.base.cast::<RawHeader>();
        header.hexversion = hexversion;
        header.optimization = optimization;
        header.flags = AtomicU32::new(flags);
        let ticks = start_ticks::of_program(gil);
        write_header(header, &id, &[0; 16], layout::HEADER_LENGTH, ticks);
        Ok(())
    }
}

/// In a fork child: begins a store of its own, with what its parent hands on. Where that cannot
/// be, the parent's stays mapped, and is told.
pub(crate) fn begin_in_child(gil: Gil<'_>) -> bool {
    // SAFETY: the child's only thread holds the GIL, so nobody else uses the map, and what the
    // parent mapped is mapped here too.
    let map = unsafe { &mut *MAP.place() };
    if map.count == 0 {
        return false;
    }
    // Before descriptors are taken: there may be none but the parent's own.
    let ticks = start_ticks::of_child(gil);
    map.file.close();
    let id = random();
    match map.replace(gil, &id, ticks) {
        Ok(()) => {
            map.is_shared = false;
            true
        }
        Err(failure) => {
            map.is_shared = true;
            if let Some(header) = map.header() {
                name_sharing(header, ticks);
                note_limit(header, failure);
            }
            false
        }
    }
}

/// Whether the store is the one of the process that this one was forked from.
pub(crate) fn is_shared(_gil: Gil<'_>) -> bool {
    // SAFETY: with the GIL held nobody changes the map meanwhile.
    unsafe { (*MAP.place()).is_shared }
}

/// Maps a part of a store's file, which may be longer than the file is yet.
fn map_piece(file: &OpenFile, start: usize, length: usize) -> Option<Piece> {
    let base = map_file(file, start, length)?;
    Some(Piece {
        base,
        start,
        length,
    })
}

/// Gives back what was mapped.
pub(crate) fn unmap(base: *mut u8, length: usize) {
    // SAFETY: the mapping is the caller's own, who does not use it any more.
    unsafe { ffi::munmap(base.cast(), length) };
}

/// Maps a part of a file.
pub(crate) fn map_file(file: &OpenFile, start: usize, length: usize) -> Option<*mut u8> {
    let descriptor = file.get()?;
    // SAFETY: a new mapping, at no place of this code's choice, replaces none; the advice is about
    // just that mapping.
    unsafe {
        let base = ffi::mmap(
            null_mut(),
            length,
            ffi::PROT_READ_WRITE,
            ffi::MAP_SHARED | ffi::MAP_NORESERVE,
            descriptor,
            start as i64,
        );
        if base as isize == -1 {
            return None;
        }
        ffi::madvise(base, length, ffi::MADV_DONTDUMP);
        Some(base.cast())
    }
}

/// Writes what differs from process to process; the magic last.
fn write_header(
    header: &mut RawHeader,
    id: &[u8; 16],
    fork_parent: &[u8; 16],
    tail: usize,
    start_ticks: u64,
) {
    header.version = layout::FORMAT_VERSION;
    header.header_length = layout::HEADER_LENGTH as u32;
    header.byte_order = layout::BYTE_ORDER;
    // SAFETY: getpid and getppid may be called at any time.
    unsafe {
        header.pid = ffi::getpid() as u32;
        header.parent_pid = ffi::getppid() as u32;
    }
    header.id = *id;
    header.fork_parent = *fork_parent;
    header.start_nanoseconds = now();
    header.start_ticks = start_ticks;
    header.inherited_tail = tail as u64;
    header.tail.store(tail as u64, Ordering::Release);
    let magic = u64::from_le_bytes(layout::MAGIC);
    header.magic.store(magic, Ordering::Release);
}

/// The header of this process's own store, if there is one.
fn own_header<'a>(_gil: Gil<'_>) -> Option<&'a RawHeader> {
    // SAFETY: with the GIL held nobody else uses the map.
    unsafe {
        let map = &*MAP.place();
        map.header().filter(|_| !map.is_shared)
    }
}

/// Says how the process ends.
pub(crate) fn close(gil: Gil<'_>, how: u32) {
    fork::check(gil);
    if let Some(header) = own_header(gil) {
        header.closed.store(how, Ordering::Release);
    }
}

/// Takes back that the process ends: an `exec` that failed, or an interpreter that follows another.
pub(crate) fn reopen(gil: Gil<'_>) {
    fork::check(gil);
    if let Some(header) = own_header(gil)
        && header.closed.load(Ordering::Relaxed) != layout::OPEN
    {
        header.closed.store(layout::OPEN, Ordering::Release);
    }
}

/// Calls `each` with the places in the store of all states that are set.
pub(crate) fn for_each_hit(gil: Gil<'_>, mut each: impl FnMut(u32)) {
    // What is recorded meanwhile is behind this, and holds no states.
    // SAFETY: with the GIL held nobody else uses the map.
    let (pieces, count, tail) = unsafe {
        let map = &*MAP.place();
        (map.pieces, map.count, map.tail)
    };
    for piece in pieces.iter().take(count) {
        let mut place = piece.start.max(layout::HEADER_LENGTH);
        while place < tail && place - piece.start < piece.length {
            // SAFETY: before the tail there is one whole record behind the other, each in one piece,
            // and pieces stay mapped.
            let (states, length) = unsafe {
                let record = piece.base.add(place - piece.start).cast::<RawRecord>();
                (states_of(record), (*record).length as usize)
            };
            for state in states {
                if *state == layout::LINE_HIT {
                    each(place_of(gil, state));
                }
            }
            place += length;
        }
    }
}

/// The states that a record holds.
unsafe fn states_of<'a>(record: *const RawRecord) -> &'a [u8] {
    // SAFETY: the caller hands in a whole record, whose payload is as long as its numbers say, and
    // which stays.
    unsafe {
        let payload = record.cast::<u8>().add(layout::RECORD_HEAD);
        let number = |place: usize| payload.add(place).cast::<u32>().read() as usize;
        let (place, length) = match (*record).kind.load(Ordering::Relaxed) {
            layout::KIND_CODE => {
                let has_exits = number(layout::CODE_DEFINITION) != 0;
                (
                    layout::CODE_FIXED,
                    number(0) * if has_exits { 2 } else { 1 },
                )
            }
            layout::KIND_ARCS => {
                let count = (*record).b as usize;
                (count * layout::ARC_LENGTH, count)
            }
            _ => return &[],
        };
        core::slice::from_raw_parts(payload.add(place), length)
    }
}

/// The place in the store of a byte in memory; 0 when it is not there.
pub(crate) fn place_of(_gil: Gil<'_>, byte: *const u8) -> u32 {
    // SAFETY: with the GIL held nobody changes the map meanwhile, and the reference does not get out
    // of this function.
    let map = unsafe { &*MAP.place() };
    for piece in map.pieces.iter().take(map.count) {
        let distance = (byte as usize).wrapping_sub(piece.base as usize);
        if distance < piece.length {
            return u32::try_from(piece.start + distance).unwrap_or(0);
        }
    }
    0
}

impl Map {
    /// Takes a new file with its first piece.
    fn adopt(&mut self, file: OpenFile, size: usize, first: Piece) {
        self.file = file;
        self.file_start = 0;
        self.size = size;
        self.tail = layout::HEADER_LENGTH;
        self.count = 1;
        if let Some(place) = self.pieces.first_mut() {
            *place = first;
        }
        HEADER.store(first.base.cast(), Ordering::Release);
    }

    /// The header of the store that is mapped, if there is one.
    fn header<'a>(&self) -> Option<&'a RawHeader> {
        let first = self.pieces.first().filter(|_| self.count > 0)?;
        // SAFETY: the first piece is page-aligned and at least a header long. It goes away only in
        // `replace`, which no header outlives.
        unsafe { first.base.cast::<RawHeader>().as_ref() }
    }

    /// Counts a record that found no room.
    fn count_dropped(&self, _gil: Gil<'_>) {
        if let Some(header) = self.header() {
            let counter = if self.is_shared {
                &header.lost_by_children
            } else {
                &header.dropped
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts a store for this process in the place of its parent's.
    fn replace(&mut self, gil: Gil<'_>, id: &[u8; 16], ticks: u64) -> Result<(), Failure> {
        let mut handed_on = [(0, 0); MOST_HANDED_ON];
        let mut length = 0;
        // SAFETY: records that were handed on were committed, so their heads and as many bytes as
        // these say are there, as the old pieces stay. The new first piece is page-aligned and long
        // enough for the header and all of them.
        unsafe {
            for (record, place) in handed_on.iter_mut().zip(self.handed_on) {
                let address = self.address(place as usize);
                if place != 0 && !address.is_null() {
                    let bytes = (*address.cast::<RawRecord>()).length as usize;
                    *record = (address as usize, bytes);
                    length += bytes;
                }
            }
            let tail = layout::HEADER_LENGTH + length;
            let size = layout::PLACE_LENGTH.max((tail + 4096).next_multiple_of(4096));
            let given = if size == layout::PLACE_LENGTH {
                nursery::take(gil)
            } else {
                null_mut()
            };
            let mut file = OpenFile::NONE;
            let first = if given.is_null() {
                file = store_file::create(gil, id, size)?;
                let whole = size.next_multiple_of(LARGEST_PAGE);
                let Some(first) = map_piece(&file, 0, FIRST_PIECE.max(whole)) else {
                    store_file::discard(gil, &mut file);
                    return Err(Failure(b"no-address-space"));
                };
                first
            } else {
                Piece {
                    base: given,
                    start: 0,
                    length: size,
                }
            };
            let Some(parent) = self.header() else {
                return Err(Failure(b"no-address-space"));
            };
            let header = &mut *first.base.cast::<RawHeader>();
            header.hexversion = parent.hexversion;
            header.optimization = parent.optimization;
            let flags = parent.flags.load(Ordering::Relaxed) & layout::FLAG_BRANCH;
            header.flags = AtomicU32::new(flags);
            let recorder = parent.recorder.load(Ordering::Relaxed);
            header.recorder = AtomicU32::new(recorder);
            let mut place = layout::HEADER_LENGTH;
            let mut kept = self.handed_on.iter_mut();
            for (address, bytes) in handed_on.into_iter().filter(|(_, bytes)| *bytes > 0) {
                let target = first.base.add(place);
                core::ptr::copy_nonoverlapping(address as *const u8, target, bytes);
                if let Some(kept) = kept.next() {
                    *kept = place as u32;
                }
                place += bytes;
            }
            for rest in kept {
                *rest = 0;
            }
            write_header(header, id, &parent.id, tail, ticks);
            inherited::keep(gil, self.pieces.get(..self.count).unwrap_or(&[]));
            self.adopt(file, size, first);
            self.tail = tail;
            if !given.is_null() {
                self.file_start = CONTINUES_AT;
            }
            Ok(())
        }
    }

    /// Where a place of the file is in memory, or null.
    fn address(&self, place: usize) -> *mut u8 {
        for piece in self.pieces.iter().take(self.count) {
            if (piece.start..piece.start + piece.length).contains(&place) {
                // SAFETY: the place lies in the piece.
                unsafe {
                    return piece.base.add(place - piece.start);
                }
            }
        }
        null_mut()
    }

    /// Makes room for a record; where it goes, or null.
    fn room(&mut self, gil: Gil<'_>, length: usize) -> *mut u8 {
        // One head more, so that the reader always finds the zero kind that ends the records.
        let wanted = length + layout::RECORD_HEAD;
        let Some(last) = self.pieces.get(self.count.wrapping_sub(1)).copied() else {
            return null_mut();
        };
        let piece_end = last.start + last.length;
        // SAFETY: the last piece holds the tail, and what is left of it holds at least a record's
        // head, as records and pieces are multiples of that; nobody else has a reference into the
        // part behind the tail.
        unsafe {
            if self.tail + wanted <= piece_end {
                return if self.grow(gil, self.tail + wanted) {
                    last.base.add(self.tail - last.start)
                } else {
                    null_mut()
                };
            }
            let long = (last.length * 2).clamp(FIRST_PIECE, LARGEST_PIECE);
            let long = long.max(wanted);
            let long = long.next_multiple_of(LARGEST_PAGE);
            if self.count == MOST_PIECES || !self.grow(gil, piece_end + wanted) {
                return null_mut();
            }
            let Some(base) = map_file(&self.file, piece_end - self.file_start, long) else {
                return null_mut();
            };
            let next = Piece {
                base,
                start: piece_end,
                length: long,
            };
            if let Some(place) = self.pieces.get_mut(self.count) {
                *place = next;
            }
            self.count += 1;
            if self.tail < piece_end {
                // A record is in one piece: the rest of this one stays unused.
                let rest = &mut *last.base.add(self.tail - last.start).cast::<RawRecord>();
                rest.length = (piece_end - self.tail) as u32;
                rest.kind.store(layout::KIND_UNUSED, Ordering::Release);
                self.tail = piece_end;
            }
            next.base
        }
    }

    /// Makes the file long enough for `end` bytes.
    fn grow(&mut self, gil: Gil<'_>, end: usize) -> bool {
        if end <= self.size {
            return true;
        }
        let step = (self.size / 2).clamp(FIRST_SIZE_OF_CHILD, LARGEST_STEP);
        let size = end.max(self.size + step).next_multiple_of(4096);
        let limit = usize::try_from(store_file::size_limit()).unwrap_or(usize::MAX) & !4095;
        let size = if limit >= end { size.min(limit) } else { size };
        let grown = if self.file_start > 0 && self.size == layout::PLACE_LENGTH {
            self.continue_in_file(gil, size)
        } else {
            let from = self.size - self.file_start;
            store_file::extend(gil, &mut self.file, from, size - self.size)
        };
        match grown {
            Ok(()) => {
                self.size = size;
                true
            }
            Err(failure) => {
                if let Some(header) = self.header() {
                    note_limit(header, failure);
                }
                false
            }
        }
    }
}

impl Map {
    /// Makes the file with which a store goes on that has used up its place.
    fn continue_in_file(&mut self, gil: Gil<'_>, size: usize) -> Result<(), Failure> {
        let Some(header) = self.header() else {
            return Err(Failure(b"no-address-space"));
        };
        let mut file = store_file::create(gil, &header.id, size - self.file_start)?;
        let mut begin = [0_u8; offset_of!(RawHeader, sharing)];
        let flags = header.flags.load(Ordering::Relaxed) | layout::FLAG_CONTINUES;
        // SAFETY: a header is longer than what is copied, which ends before the numbers that other
        // processes change; within this one, the GIL is held, and flags, which other threads may set
        // without it, are written anew below.
        unsafe {
            let header: *const u8 = core::ptr::from_ref(header).cast();
            core::ptr::copy_nonoverlapping(header, begin.as_mut_ptr(), begin.len());
        }
        let place = offset_of!(RawHeader, flags);
        for (byte, value) in begin.iter_mut().skip(place).zip(flags.to_le_bytes()) {
            *byte = value;
        }
        if !store_file::write(&file, &begin) {
            store_file::discard(gil, &mut file);
            return Err(Failure(b"no-room-on-disk"));
        }
        self.file = file;
        Ok(())
    }
}

/// Says that this process goes on in the store.
fn name_sharing(header: &RawHeader, start_ticks: u64) {
    let before = header.children.fetch_add(1, Ordering::Relaxed);
    if let Some(entry) = header.sharing.get(before as usize) {
        entry.start_ticks.store(start_ticks, Ordering::Relaxed);
        // SAFETY: getpid may be called at any time.
        let pid = unsafe { ffi::getpid() } as u32;
        entry.pid.store(pid, Ordering::Release);
    }
}

/// Keeps why there was no room, where it is not the disk.
fn note_limit(header: &RawHeader, failure: Failure) {
    if failure.0 == b"file-size-limit" {
        header
            .flags
            .fetch_or(layout::FLAG_SIZE_LIMITED, Ordering::Relaxed);
    }
}

/// A record that is being written. Its payload is zeros so far.
pub(crate) struct Draft {
    record: *mut RawRecord,
    kind: u32,
}

/// Begins a record; `None` (and a dropped record in the header) when there is no room.
pub(crate) fn append(gil: Gil<'_>, kind: u32, a: u32, b: u32, payload: usize) -> Option<Draft> {
    fork::check(gil);
    // SAFETY: with the GIL held nobody else uses the map. The place is aligned for a record, in
    // zeros that are at least the record's length.
    unsafe {
        let map = &mut *MAP.place();
        if map.count == 0 {
            return None;
        }
        let length = payload
            .checked_add(layout::RECORD_HEAD)?
            .next_multiple_of(layout::ALIGNMENT);
        let fits = !map.is_shared && u32::try_from(length).is_ok();
        let place = if fits {
            map.room(gil, length)
        } else {
            null_mut()
        };
        if place.is_null() {
            map.count_dropped(gil);
            return None;
        }
        let record = place.cast::<RawRecord>();
        (*record).length = length as u32;
        (*record).a = a;
        (*record).b = b;
        Some(Draft { record, kind })
    }
}

/// Counts a record that found no room.
pub(crate) fn count_dropped(gil: Gil<'_>) {
    // SAFETY: with the GIL held nobody else uses the map.
    unsafe { (*MAP.place()).count_dropped(gil) }
}

impl Draft {
    /// Where the payload begins.
    pub(crate) fn payload(&self) -> *mut u8 {
        // SAFETY: a record that was made room for is at least as long as its head.
        unsafe { self.record.cast::<u8>().add(layout::RECORD_HEAD) }
    }

    /// Copies bytes into the payload; returns the place behind them.
    pub(crate) unsafe fn put(&self, place: usize, bytes: &[u8]) -> usize {
        // SAFETY: the payload is as long as was asked for, and the caller keeps to that; fresh room
        // in the map overlaps with nothing that can be borrowed.
        unsafe {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.payload().add(place), bytes.len());
        };
        place + bytes.len()
    }

    /// Copies a length and that many bytes; returns the place behind them.
    pub(crate) unsafe fn put_string(&self, place: usize, bytes: &[u8]) -> usize {
        // SAFETY: the caller has asked for four bytes more than the string has.
        unsafe {
            let place = self.put(place, &(bytes.len() as u32).to_le_bytes());
            self.put(place, bytes)
        }
    }

    /// Makes the record count.
    pub(crate) fn commit(self, _gil: Gil<'_>) {
        // SAFETY: the record is in the map, which stays, and nobody else writes it before it is
        // committed.
        unsafe {
            let map = &mut *MAP.place();
            if matches!(self.kind, layout::KIND_PROCESS | layout::KIND_STATE)
                && let Some(free) = map.handed_on.iter_mut().find(|place| **place == 0)
            {
                *free = map.tail as u32;
            }
            map.tail += (*self.record).length as usize;
            (*self.record).kind.store(self.kind, Ordering::Release);
            if let Some(header) = map.header() {
                header.tail.store(map.tail as u64, Ordering::Release);
            }
        }
    }
}

/// Records something about the agent itself.
pub(crate) fn record_state(gil: Gil<'_>, slug: &[u8], text: &[u8]) {
    let (a, b) = (slug.len() as u32, text.len() as u32);
    if let Some(draft) = append(gil, layout::KIND_STATE, a, b, slug.len() + text.len()) {
        // SAFETY: the payload was asked for as long as both texts.
        unsafe {
            let place = draft.put(0, slug);
            draft.put(place, text);
            draft.commit(gil);
        }
    }
}

/// Says how lines are recorded.
pub(crate) fn set_recorder(gil: Gil<'_>, recorder: u32) {
    if let Some(header) = own_header(gil) {
        header.recorder.store(recorder, Ordering::Release);
    }
}

/// Strings that become one record: counted first, then written.
pub(crate) fn record_strings(gil: Gil<'_>, kind: u32, strings: &[&[u8]], rest: &[u8]) {
    record_numbered_strings(gil, kind, 0, strings, rest);
}

/// The same, with a number besides.
#[expect(
    clippy::naive_bytecount,
    reason = "once for each process that is begun: not worth a dependency in this object"
)]
pub(crate) fn record_numbered_strings(
    gil: Gil<'_>,
    kind: u32,
    number: u32,
    strings: &[&[u8]],
    rest: &[u8],
) {
    // `rest` holds strings that each end with a zero, as /proc has them.
    let extra = || {
        rest.split(|byte| *byte == 0)
            .take(rest.iter().filter(|byte| **byte == 0).count())
    };
    let count = strings.len() + extra().count();
    let fixed: usize = strings.iter().map(|string| string.len() + 4).sum();
    let length = fixed + extra().map(|string| string.len() + 4).sum::<usize>();
    if let Some(draft) = append(gil, kind, count as u32, number, length) {
        let mut place = 0;
        for string in strings.iter().copied().chain(extra()) {
            // SAFETY: the payload was asked for as long as all strings with their lengths.
            unsafe { place = draft.put_string(place, string) };
        }
        draft.commit(gil);
    }
}
