//! Where each byte of a hit store is: what the agent writes and the reader trusts.
//!
//! Numbers are little-endian. The structures are what the agent sees through its
//! mapping; the reader takes the same places apart byte by byte.

use core::sync::atomic::{AtomicU32, AtomicU64};

/// The first eight bytes of a hit store; written last, so a file without them is not begun.
pub const MAGIC: [u8; 8] = *b"SWATHHIT";
/// The version of the format that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 3;
/// Reads as this number only when the reader has the writer's byte order.
pub const BYTE_ORDER: u64 = 0x0102_0304_0506_0708;
/// Length of the header page, and so where the first record begins.
pub const HEADER_LENGTH: usize = 4096;
/// Records begin at multiples of this.
pub const ALIGNMENT: usize = 16;
/// Length of the head that every record begins with.
pub const RECORD_HEAD: usize = 16;

/// Set in a kind that a reader must know: one that does not has to refuse the file.
pub const CRITICAL: u32 = 1 << 31;
/// No store is longer, in bytes: no agent reserves more.
pub const LONGEST: u64 = 1 << 30;
/// A source file.
pub const KIND_FILE: u32 = 1;
/// A code object and its lines.
pub const KIND_CODE: u32 = 2;
/// What the process is.
pub const KIND_PROCESS: u32 = 3;
/// The process bound a stream socket.
pub const KIND_LISTEN: u32 = 4;
/// The process started another program.
pub const KIND_SPAWN: u32 = 5;
/// Something about the agent itself that the accounting must say.
pub const KIND_STATE: u32 = 6;
/// Jumps from line to line that a code object can make.
pub const KIND_ARCS: u32 = 7;
/// Room that stayed unused, because the next record had to be in one piece of the writer's memory.
pub const KIND_UNUSED: u32 = 8;
/// Whom what runs is counted for: a test, a request, the start.
pub const KIND_CONTEXT: u32 = 9;
/// States that were set on behalf of a context.
pub const KIND_CONTEXT_PLACES: u32 = 10;
/// What became known of a context, or of what the process serves.
pub const KIND_CONTEXT_NOTE: u32 = 11;

/// The first string of a context: a test; its name follows.
pub const CONTEXT_TEST: &[u8] = b"test";
/// The first string of a context: a request; its test (empty: none is known), its method, and its
/// path with what looks like an id folded follow.
pub const CONTEXT_REQUEST: &[u8] = b"request";
/// The first string of a context: what ran before there was any.
pub const CONTEXT_START: &[u8] = b"start";
/// The first string of a context: what belongs to none.
pub const CONTEXT_NONE: &[u8] = b"none";
/// The first string of a note: the template of the route that a request took follows.
pub const NOTE_ROUTE: &[u8] = b"route";
/// The first string of a note: a status that a request was answered with follows, in decimal.
pub const NOTE_STATUS: &[u8] = b"status";
/// The first string of a note: how a test ended follows: `passed`, `failed`, `skipped`.
pub const NOTE_OUTCOME: &[u8] = b"outcome";
/// The first string of a note: the request is answered by another process, which has handed on a part of
/// it; an empty string follows.
pub const NOTE_HANDED_ON: &[u8] = b"handed-on";
/// The first string of a note of no context: a method and a route's template that the process
/// serves follow.
pub const NOTE_OFFER: &[u8] = b"offer";
/// The first string of a note of no context: the test follows for which all ran that the process ran;
/// empty: for none, whatever was noted before.
pub const NOTE_STARTED_FOR: &[u8] = b"started-for";

/// In a spawn record's flags: `PYTHONPATH`, as the program got it, begins with the agent's folder.
pub const SPAWN_BY_PATH: u32 = 1;
/// In a spawn record's flags: `LD_PRELOAD`, as the program got it, names the agent's object.
pub const SPAWN_BY_PRELOAD: u32 = 2;
/// In a spawn record's flags: the program is the file that the process itself executes, whatever it
/// was named.
pub const SPAWN_OF_ITSELF: u32 = 4;

/// Length of a file record's payload before the path.
pub const FILE_FIXED: usize = 24;
/// Length of a code record's payload before the lines.
pub const CODE_FIXED: usize = 16;
/// Place in a code record's payload of the line that the code object itself is defined on.
pub const CODE_DEFINITION: usize = 4;
/// Length of one arc in an arcs record's payload, before the states.
pub const ARC_LENGTH: usize = 12;
/// In place of the byte that proves an arc: when it was taken it counts even if the line that it
/// leads to never ran. From Python 3.14 on coverage.py concludes it from a branch in just that way.
pub const ARC_CONCLUDED: u32 = u32::MAX;
/// In a file record's flags: the content's hash is known.
pub const FILE_HASHED: u32 = 1;
/// In a file record's flags: where the process ran there was no such file, nor byte code that it can
/// have been imported from.
pub const FILE_ABSENT: u32 = 2;
/// In a file record's flags: the file's module is itself the package whose name follows the path.
pub const FILE_PACKAGE_ITSELF: u32 = 4;
/// In a file record's flags, from this bit on: the length of the name of the package of `source` that the
/// file's module is in. The name follows the path; 0 where `source` names no package that it is in.
pub const FILE_PACKAGE_LENGTH: u32 = 16;

/// No code begins or continues on this line.
pub const LINE_NONE: u8 = 0;
/// The line has code.
pub const LINE_EXECUTABLE: u8 = 1;
/// The line ran.
///
/// The states of exits and of arcs are the same three.
pub const LINE_HIT: u8 = 2;

/// The process still runs, or ended without a word.
pub const OPEN: u32 = 0;
/// The interpreter was finalized.
pub const ENDED: u32 = 1;
/// The process replaced itself by another program.
pub const REPLACED: u32 = 2;

/// The first eight bytes of a file with places for the stores of fork children; written last.
pub const FORKS_MAGIC: [u8; 8] = *b"SWATHFRK";
/// Length of each place, and of what such a file begins with. A place holds the beginning of a hit
/// store.
pub const PLACE_LENGTH: usize = 16 << 10;

/// What a file with places begins with, as the agent sees it.
#[repr(C)]
#[derive(Debug)]
pub struct RawForks {
    /// [`FORKS_MAGIC`], written last.
    pub magic: AtomicU64,
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// How many places were asked for; may be more than there are.
    pub taken: AtomicU32,
}

/// No lines are recorded.
pub const RECORDER_NONE: u32 = 0;
/// Lines come from `sys.monitoring`.
pub const RECORDER_MONITORING: u32 = 1;
/// Lines come from the frame evaluation hook (PEP 523) and the trace function.
pub const RECORDER_GATE: u32 = 2;

/// In the header's flags: branches are recorded.
pub const FLAG_BRANCH: u32 = 1;
/// In the header's flags: a record found no room because the process may not write larger files.
pub const FLAG_SIZE_LIMITED: u32 = 2;
/// In the header's flags: the process had an interpreter in which nothing was recorded.
pub const FLAG_OTHER_INTERPRETER: u32 = 4;
/// In the header's flags: the file goes on with the store that began in a fork child's place, and
/// has the same id; records follow as if they stood behind that place.
pub const FLAG_CONTINUES: u32 = 8;

/// So many fork children that share the store are named in its header; others are counted.
pub const MOST_SHARING: usize = (HEADER_LENGTH - at::SHARING) / size_of::<RawSharing>();

/// A fork child that goes on in the store of the process that it was forked from.
#[repr(C)]
#[derive(Debug)]
pub struct RawSharing {
    /// The process, as it sees itself; stored last.
    pub pid: AtomicU32,
    /// Zeros.
    pub unused: u32,
    /// When it was begun: field 22 of `/proc/self/stat`.
    pub start_ticks: AtomicU64,
}

/// The header page as the agent sees it.
#[repr(C)]
#[derive(Debug)]
pub struct RawHeader {
    /// [`MAGIC`], written last.
    pub magic: AtomicU64,
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// [`HEADER_LENGTH`].
    pub header_length: u32,
    /// [`BYTE_ORDER`].
    pub byte_order: u64,
    /// The process, as it sees itself.
    pub pid: u32,
    /// Its parent when the store was begun.
    pub parent_pid: u32,
    /// Random bytes that name this store.
    pub id: [u8; 16],
    /// The `id` of the store of the process this one was forked from, or zeros.
    pub fork_parent: [u8; 16],
    /// When the store was begun: nanoseconds since 1970.
    pub start_nanoseconds: u64,
    /// When the process was begun: field 22 of `/proc/self/stat`.
    pub start_ticks: u64,
    /// `sys.hexversion`.
    pub hexversion: u32,
    /// The interpreter's optimization level (`-O`).
    pub optimization: u32,
    /// Where the next record will begin.
    pub tail: AtomicU64,
    /// How the process ended: [`OPEN`], [`ENDED`] or [`REPLACED`].
    pub closed: AtomicU32,
    /// How many records found no room.
    pub dropped: AtomicU32,
    /// Records before this place were copied from the fork parent.
    pub inherited_tail: u64,
    /// How lines are recorded.
    pub recorder: AtomicU32,
    /// [`FLAG_BRANCH`] and what else is known by such a name.
    pub flags: AtomicU32,
    /// How many fork children could have no store of their own: what they hit is in this one.
    pub children: AtomicU32,
    /// How many records such children found no room for.
    pub lost_by_children: AtomicU32,
    /// The first of these children.
    pub sharing: [RawSharing; MOST_SHARING],
}

/// The head of a record as the agent sees it.
#[repr(C)]
#[derive(Debug)]
pub struct RawRecord {
    /// What the record is; stored last, so a record with a kind is whole.
    pub kind: AtomicU32,
    /// Length of head and payload, a multiple of [`ALIGNMENT`].
    pub length: u32,
    /// First number, by kind.
    pub a: u32,
    /// Second number, by kind.
    pub b: u32,
}

/// Places of the header's fields.
pub(crate) mod at {
    use super::RawHeader;
    use core::mem::offset_of;

    pub(crate) const VERSION: usize = offset_of!(RawHeader, version);
    pub(crate) const HEADER_LENGTH: usize = offset_of!(RawHeader, header_length);
    pub(crate) const BYTE_ORDER: usize = offset_of!(RawHeader, byte_order);
    pub(crate) const PID: usize = offset_of!(RawHeader, pid);
    pub(crate) const PARENT_PID: usize = offset_of!(RawHeader, parent_pid);
    pub(crate) const ID: usize = offset_of!(RawHeader, id);
    pub(crate) const FORK_PARENT: usize = offset_of!(RawHeader, fork_parent);
    pub(crate) const START_NANOSECONDS: usize = offset_of!(RawHeader, start_nanoseconds);
    pub(crate) const START_TICKS: usize = offset_of!(RawHeader, start_ticks);
    pub(crate) const HEXVERSION: usize = offset_of!(RawHeader, hexversion);
    pub(crate) const OPTIMIZATION: usize = offset_of!(RawHeader, optimization);
    pub(crate) const TAIL: usize = offset_of!(RawHeader, tail);
    pub(crate) const CLOSED: usize = offset_of!(RawHeader, closed);
    pub(crate) const DROPPED: usize = offset_of!(RawHeader, dropped);
    pub(crate) const INHERITED_TAIL: usize = offset_of!(RawHeader, inherited_tail);
    pub(crate) const RECORDER: usize = offset_of!(RawHeader, recorder);
    pub(crate) const FLAGS: usize = offset_of!(RawHeader, flags);
    pub(crate) const CHILDREN: usize = offset_of!(RawHeader, children);
    pub(crate) const LOST_BY_CHILDREN: usize = offset_of!(RawHeader, lost_by_children);
    pub(crate) const SHARING: usize = 128;
    /// Length of the fields that describe the store itself.
    pub(crate) const END: usize = SHARING;
}

// The format is what `docs/reference/hit-store.md` says, whatever happens to the structures.
const _: () = {
    assert!(at::VERSION == 8 && at::HEADER_LENGTH == 12 && at::BYTE_ORDER == 16);
    assert!(at::PID == 24 && at::PARENT_PID == 28 && at::ID == 32 && at::FORK_PARENT == 48);
    assert!(at::START_NANOSECONDS == 64 && at::START_TICKS == 72);
    assert!(at::HEXVERSION == 80 && at::OPTIMIZATION == 84 && at::TAIL == 88);
    assert!(at::CLOSED == 96 && at::DROPPED == 100 && at::INHERITED_TAIL == 104);
    assert!(at::RECORDER == 112 && at::FLAGS == 116 && at::CHILDREN == 120);
    assert!(at::LOST_BY_CHILDREN == 124 && at::END == 128);
    assert!(core::mem::offset_of!(RawHeader, sharing) == at::SHARING);
    assert!(size_of::<RawHeader>() == HEADER_LENGTH && size_of::<RawSharing>() == 16);
    assert!(size_of::<RawRecord>() == RECORD_HEAD);
};
