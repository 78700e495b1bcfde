//! The hit store as this process writes it: one shared mapping of its file, grown in place.
//!
//! The mapping's place never changes, not even in a fork child, so that pointers into it may be
//! kept. Where the next record goes is kept in this process's own memory: a fork child must not
//! see what its parent appends later.

use core::ffi::{c_int, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU32, Ordering};

use swath_store::layout::{self, RawHeader, RawRecord};

use crate::ffi;
use crate::fork;
use crate::path;
use crate::state::Global;
use crate::text::Buffer;

/// The file grows by this at first, and by half of what it is later.
const FIRST_SIZE: usize = 128 << 10;
/// At most so much at once.
const LARGEST_STEP: usize = 8 << 20;
/// Address space that is reserved, the first that can be had.
const RESERVATIONS: [usize; 5] = [1 << 30, 256 << 20, 64 << 20, 16 << 20, 4 << 20];
/// The file's descriptor is moved up to about here, out of the way of the program's own.
const HIGH_DESCRIPTORS: [c_int; 3] = [900, 200, 60];

/// The mapping of this process.
#[derive(Clone, Copy)]
pub struct Map {
    /// Where it begins; null before the start and when there is none.
    pub base: *mut u8,
    /// How much address space it has.
    pub reserved: usize,
    /// How long the file is.
    pub size: usize,
    /// Where the next record goes.
    pub tail: usize,
    /// The file, if nobody has closed it.
    pub descriptor: c_int,
    /// Its device and inode, to know that the descriptor is still it.
    pub identity: [u64; 2],
    /// Whether records can be added: not after a fork that found no room.
    pub open: bool,
}

pub static MAP: Global<Map> = Global::new(Map {
    base: null_mut(),
    reserved: 0,
    size: 0,
    tail: 0,
    descriptor: -1,
    identity: [0; 2],
    open: false,
});

/// The folder of the hit stores, without a slash at its end.
pub static FOLDER: Global<Buffer<1024>> = Global::new(Buffer::new());
/// The path of this process's store.
static FILE: Global<Buffer<1200>> = Global::new(Buffer::new());

/// Why there is no store; the slug of the file left instead.
#[derive(Clone, Copy)]
pub struct Failure(pub &'static [u8]);

/// Random bytes, to name this store.
pub unsafe fn random() -> [u8; 16] {
    const SYS_GETRANDOM: i64 = 318;
    const WITHOUT_WAITING: c_int = 1;
    let mut bytes = [0_u8; 16];
    let got = ffi::syscall(SYS_GETRANDOM, bytes.as_mut_ptr(), 16_usize, WITHOUT_WAITING);
    if got != 16 {
        // No entropy yet, or an old kernel: the clock and the process tell stores apart.
        let time = now().to_le_bytes();
        let process = (ffi::getpid() as u64 ^ (bytes.as_ptr() as u64) << 20).to_le_bytes();
        for (place, byte) in bytes.iter_mut().zip(time.iter().chain(&process)) {
            *place = *byte;
        }
    }
    bytes
}

/// Nanoseconds since 1970.
pub unsafe fn now() -> u64 {
    let mut time = [0_i64; 2];
    ffi::clock_gettime(0, &mut time);
    let [seconds, nanoseconds] = time;
    seconds as u64 * 1_000_000_000 + nanoseconds as u64
}

unsafe fn name_file(out: &mut Buffer<1200>, id: &[u8; 16], ending: &[u8]) {
    let folder = &*FOLDER.place();
    let [half @ .., _, _, _, _, _, _, _, _] = id;
    out.truncate(0);
    out.add(folder.bytes()).add(b"/");
    out.add_decimal(ffi::getpid() as u64).add(b"-");
    out.add_hexadecimal(half).add(ending);
}

/// Leaves an empty file that says why this process is not measured.
pub unsafe fn leave_failure(failure: Failure) {
    let mut name = Buffer::new();
    name_file(&mut name, &random(), b".failed-");
    name.add(failure.0);
    let flags = ffi::O_RDWR | ffi::O_CREAT | ffi::O_EXCL | ffi::O_CLOEXEC;
    let descriptor = ffi::open(name.c_string(), flags, 0o644 as c_int);
    if descriptor >= 0 {
        ffi::close(descriptor);
    }
}

/// A new file for this process, `size` bytes long, all of them on the disk.
pub unsafe fn create(id: &[u8; 16], size: usize) -> Result<(c_int, [u64; 2]), Failure> {
    let name = &mut *FILE.place();
    name_file(name, id, b".hits");
    if !name.whole() {
        return Err(Failure(b"folder-name-too-long"));
    }
    let flags = ffi::O_RDWR | ffi::O_CREAT | ffi::O_EXCL | ffi::O_CLOEXEC;
    let low = ffi::open(name.c_string(), flags, 0o644 as c_int);
    if low < 0 {
        return Err(Failure(b"data-folder-not-writable"));
    }
    // Whatever the umask says, the run must be able to read it.
    ffi::fchmod(low, 0o644);
    let mut descriptor = low;
    for high in HIGH_DESCRIPTORS {
        let moved = ffi::fcntl(low, ffi::F_DUPFD_CLOEXEC, high);
        if moved >= 0 {
            ffi::close(low);
            descriptor = moved;
            break;
        }
    }
    if !allocate(descriptor, 0, size) {
        ffi::close(descriptor);
        ffi::unlink(name.c_string());
        return Err(Failure(b"no-room-on-disk"));
    }
    Ok((descriptor, path::identity(descriptor)))
}

/// Gives a part of the file its blocks: a store into a hole on a full disk would be SIGBUS.
unsafe fn allocate(descriptor: c_int, from: usize, length: usize) -> bool {
    const EINTR: c_int = 4;
    const ENOSPC: c_int = 28;
    let mut limits = [u64::MAX; 2];
    ffi::getrlimit(ffi::RLIMIT_FSIZE, &mut limits);
    let [soft, _] = limits;
    if (from + length) as u64 > soft {
        // Growing further would not fail but raise SIGXFSZ.
        return false;
    }
    for _ in 0..100 {
        match ffi::posix_fallocate(descriptor, from as i64, length as i64) {
            0 => return true,
            EINTR => {}
            ENOSPC => return false,
            _ => break,
        }
    }
    // A file system that cannot allocate: zeros take the same room.
    let zeros = [0_u8; 4096];
    let mut place = from;
    while place < from + length {
        let rest = (from + length - place).min(4096);
        let written = ffi::pwrite(descriptor, zeros.as_ptr().cast(), rest, place as i64);
        if written <= 0 {
            return false;
        }
        place += written as usize;
    }
    true
}

/// Begins this process's store.
pub unsafe fn begin(hexversion: u32, optimisation: u32, flags: u32) -> Result<(), Failure> {
    let id = random();
    let (descriptor, identity) = create(&id, FIRST_SIZE)?;
    let Some((base, reserved)) = reserve(descriptor) else {
        ffi::close(descriptor);
        ffi::unlink((*FILE.place()).c_string());
        return Err(Failure(b"no-address-space"));
    };
    ffi::madvise(base.cast(), reserved, ffi::MADV_DONTDUMP);
    MAP.set(Map {
        base,
        reserved,
        size: FIRST_SIZE,
        tail: layout::HEADER_LENGTH,
        descriptor,
        identity,
        open: true,
    });
    // SAFETY: the mapping is page-aligned and at least a header long.
    let header = &mut *base.cast::<RawHeader>();
    header.hexversion = hexversion;
    header.optimisation = optimisation;
    header.flags = flags;
    write_header(header, &id, &[0; 16], layout::HEADER_LENGTH);
    Ok(())
}

/// Maps the file, with room to grow. Reserved address space counts for `ulimit -v`.
unsafe fn reserve(descriptor: c_int) -> Option<(*mut u8, usize)> {
    let mut limits = [u64::MAX; 2];
    ffi::getrlimit(ffi::RLIMIT_AS, &mut limits);
    let [soft, _] = limits;
    for size in RESERVATIONS {
        if soft != u64::MAX && size as u64 > (soft / 64).max(4 << 20) {
            continue;
        }
        let flags = ffi::MAP_SHARED | ffi::MAP_NORESERVE;
        let base = ffi::mmap(null_mut(), size, ffi::PROT_READ_WRITE, flags, descriptor, 0);
        if base as isize != -1 {
            return Some((base.cast(), size));
        }
    }
    None
}

/// Writes what differs from process to process; the magic last.
pub unsafe fn write_header(
    header: &mut RawHeader,
    id: &[u8; 16],
    fork_parent: &[u8; 16],
    tail: usize,
) {
    header.version = layout::FORMAT_VERSION;
    header.header_length = layout::HEADER_LENGTH as u32;
    header.byte_order = layout::BYTE_ORDER;
    header.pid = ffi::getpid() as u32;
    header.parent_pid = ffi::getppid() as u32;
    header.id = *id;
    header.fork_parent = *fork_parent;
    header.start_nanoseconds = now();
    header.start_ticks = path::start_ticks();
    header.inherited_tail = tail as u64;
    header.tail.store(tail as u64, Ordering::Release);
    let magic = u64::from_le_bytes(layout::MAGIC);
    header.magic.store(magic, Ordering::Release);
}

/// The header of this process's store, if there is one.
pub unsafe fn header<'a>() -> Option<&'a RawHeader> {
    // SAFETY: the mapping is page-aligned, at least a header long, and never goes away.
    MAP.get().base.cast::<RawHeader>().as_ref()
}

/// Says how the process ends.
pub unsafe fn close(how: u32) {
    if fork::happened() {
        fork::follow();
    }
    if let Some(header) = header() {
        header.closed.store(how, Ordering::Release);
    }
}

/// Takes back that the process ends: an `exec` that failed.
pub unsafe fn reopen() {
    if let Some(header) = header()
        && header.closed.load(Ordering::Relaxed) == layout::REPLACED
    {
        header.closed.store(layout::OPEN, Ordering::Release);
    }
}

/// Makes the file long enough for `end` bytes.
unsafe fn grow(end: usize) -> bool {
    let map = &mut *MAP.place();
    if end <= map.size {
        return true;
    }
    let step = (map.size / 2).clamp(FIRST_SIZE, LARGEST_STEP);
    let wanted = end.max(map.size + step).next_multiple_of(4096);
    let size = wanted.min(map.reserved);
    if end > size {
        return false;
    }
    if path::identity(map.descriptor) != map.identity || map.descriptor < 0 {
        // The program has closed our descriptor, and the number may be a file of its own now.
        let again = ffi::open((*FILE.place()).c_string(), ffi::O_RDWR | ffi::O_CLOEXEC);
        map.descriptor = again;
        if again < 0 || path::identity(again) != map.identity {
            return false;
        }
    }
    if !allocate(map.descriptor, map.size, size - map.size) {
        return false;
    }
    map.size = size;
    true
}

/// A record that is being written. Its payload is zeros so far.
pub struct Draft {
    record: *mut RawRecord,
    kind: u32,
}

/// Begins a record; `None` (and a dropped record in the header) when there is no room.
pub unsafe fn append(kind: u32, a: u32, b: u32, payload: usize) -> Option<Draft> {
    if fork::happened() {
        fork::follow();
    }
    let map = MAP.get();
    if map.base.is_null() {
        return None;
    }
    let length = (layout::RECORD_HEAD + payload).next_multiple_of(layout::ALIGNMENT);
    let end = map.tail.checked_add(length)?;
    // One head more, so that the reader always finds the zero kind that ends the records.
    if !map.open || payload > map.reserved || !grow(end + layout::RECORD_HEAD) {
        count_dropped();
        return None;
    }
    let record = map.base.add(map.tail).cast::<RawRecord>();
    (*record).length = length as u32;
    (*record).a = a;
    (*record).b = b;
    Some(Draft { record, kind })
}

/// Counts a record that found no room.
pub unsafe fn count_dropped() {
    if let Some(header) = header() {
        header.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Draft {
    /// Where the payload begins.
    pub unsafe fn payload(&self) -> *mut u8 {
        self.record.cast::<u8>().add(layout::RECORD_HEAD)
    }

    /// Copies bytes into the payload; returns the place behind them.
    pub unsafe fn put(&self, place: usize, bytes: &[u8]) -> usize {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.payload().add(place), bytes.len());
        place + bytes.len()
    }

    /// Copies a length and that many bytes; returns the place behind them.
    pub unsafe fn put_string(&self, place: usize, bytes: &[u8]) -> usize {
        let place = self.put(place, &(bytes.len() as u32).to_le_bytes());
        self.put(place, bytes)
    }

    /// Makes the record count.
    pub unsafe fn commit(self) {
        let map = &mut *MAP.place();
        map.tail += (*self.record).length as usize;
        (*self.record).kind.store(self.kind, Ordering::Release);
        if let Some(header) = header() {
            header.tail.store(map.tail as u64, Ordering::Release);
        }
    }
}

/// Records something about the agent itself.
pub unsafe fn record_state(slug: &[u8], text: &[u8]) {
    let (a, b) = (slug.len() as u32, text.len() as u32);
    if let Some(draft) = append(layout::KIND_STATE, a, b, slug.len() + text.len()) {
        let place = draft.put(0, slug);
        draft.put(place, text);
        draft.commit();
    }
}

/// Says how lines are recorded.
pub unsafe fn set_recorder(recorder: u32) {
    if let Some(header) = header() {
        header.recorder.store(recorder, Ordering::Release);
    }
}

/// Strings that become one record: counted first, then written.
pub unsafe fn record_strings(kind: u32, strings: &[&[u8]], rest: &[u8]) {
    // `rest` holds strings that each end with a zero, as /proc has them.
    let extra = || {
        rest.split(|byte| *byte == 0)
            .take(rest.iter().filter(|b| **b == 0).count())
    };
    let count = strings.len() + extra().count();
    let fixed: usize = strings.iter().map(|string| string.len() + 4).sum();
    let length = fixed + extra().map(|string| string.len() + 4).sum::<usize>();
    if let Some(draft) = append(kind, count as u32, 0, length) {
        let mut place = 0;
        for string in strings.iter().copied().chain(extra()) {
            place = draft.put_string(place, string);
        }
        draft.commit();
    }
}

/// In a fork child: puts its own file in the place of the parent's, or private memory if it
/// cannot have one. `id` is the child's.
pub unsafe fn replace(id: &[u8; 16]) -> Result<(), Failure> {
    let map = &mut *MAP.place();
    let parent = (*map.base.cast::<RawHeader>()).id;
    let result = replace_file(map, id, &parent);
    if result.is_err() {
        // The parent's file must not be written by this process, whatever happens.
        let flags = ffi::MAP_PRIVATE | ffi::MAP_ANONYMOUS | ffi::MAP_FIXED | ffi::MAP_NORESERVE;
        let protection = ffi::PROT_READ_WRITE;
        ffi::mmap(map.base.cast(), map.reserved, protection, flags, -1, 0);
        map.open = false;
        map.descriptor = -1;
    }
    result
}

unsafe fn replace_file(map: &mut Map, id: &[u8; 16], parent: &[u8; 16]) -> Result<(), Failure> {
    let (old_descriptor, old_identity) = (map.descriptor, map.identity);
    let (descriptor, identity) = create(id, map.size)?;
    let flags = ffi::MAP_SHARED;
    let copy = ffi::mmap(
        null_mut(),
        map.size,
        ffi::PROT_READ_WRITE,
        flags,
        descriptor,
        0,
    );
    if copy as isize == -1 {
        ffi::close(descriptor);
        ffi::unlink((*FILE.place()).c_string());
        return Err(Failure(b"no-address-space"));
    }
    let header = &mut *copy.cast::<RawHeader>();
    let parent_header = &*map.base.cast::<RawHeader>();
    header.hexversion = parent_header.hexversion;
    header.optimisation = parent_header.optimisation;
    header.flags = parent_header.flags;
    let recorder = parent_header.recorder.load(Ordering::Relaxed);
    header.recorder = AtomicU32::new(recorder);
    let start = layout::HEADER_LENGTH;
    let target = copy.cast::<u8>().add(start);
    core::ptr::copy_nonoverlapping(map.base.add(start), target, map.tail - start);
    mark_inherited(copy.cast(), map.tail);
    write_header(header, id, parent, map.tail);
    let flags = ffi::MAP_SHARED | ffi::MAP_NORESERVE | ffi::MAP_FIXED;
    let place: *mut c_void = map.base.cast();
    let protection = ffi::PROT_READ_WRITE;
    let mapped = ffi::mmap(place, map.reserved, protection, flags, descriptor, 0);
    ffi::munmap(copy, map.size);
    if mapped as isize == -1 {
        ffi::close(descriptor);
        return Err(Failure(b"no-address-space"));
    }
    ffi::madvise(place, map.reserved, ffi::MADV_DONTDUMP);
    if path::identity(old_descriptor) == old_identity && old_descriptor >= 0 {
        ffi::close(old_descriptor);
    }
    map.descriptor = descriptor;
    map.identity = identity;
    map.open = true;
    Ok(())
}

/// Makes the hits of copied records inherited ones.
unsafe fn mark_inherited(base: *mut u8, tail: usize) {
    let mut place = layout::HEADER_LENGTH;
    while place < tail {
        let record = &*base.add(place).cast::<RawRecord>();
        let payload = base.add(place + layout::RECORD_HEAD);
        let (skip, count) = match record.kind.load(Ordering::Relaxed) {
            layout::KIND_CODE => {
                let span = payload.cast::<u32>().read() as usize;
                let definition = payload.add(layout::CODE_DEFINITION).cast::<u32>().read();
                let exits = if definition == 0 { 0 } else { span };
                (layout::CODE_FIXED, span + exits)
            }
            layout::KIND_ARCS => {
                let count = record.b as usize;
                (count * layout::ARC_LENGTH, count)
            }
            _ => (0, 0),
        };
        for state in core::slice::from_raw_parts_mut(payload.add(skip), count) {
            if *state == layout::LINE_HIT {
                *state = layout::LINE_INHERITED;
            }
        }
        let length = record.length as usize;
        if length == 0 {
            break;
        }
        place += length;
    }
}

/// A page of private memory, or null.
pub unsafe fn private_pages(length: usize) -> *mut u8 {
    let flags = ffi::MAP_PRIVATE | ffi::MAP_ANONYMOUS;
    let pages = ffi::mmap(null_mut(), length, ffi::PROT_READ_WRITE, flags, -1, 0);
    if pages as isize == -1 {
        null::<u8>().cast_mut()
    } else {
        pages.cast()
    }
}
