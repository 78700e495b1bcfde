//! The header page: which process wrote the store, and how it ended.

use core::fmt;

use crate::bytes::{array, u32_at, u64_at};
use crate::layout::{self, at};

/// The random bytes that name a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(pub [u8; 16]);

/// How the process ended, as far as it could say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It still runs, or was killed, crashed or called `os._exit`.
    Open,
    /// The interpreter was finalized.
    Ended,
    /// It replaced itself by another program.
    Replaced,
    /// A value that this version does not know.
    Other(u32),
}

/// How the lines were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorder {
    /// Not at all; a state record says why.
    None,
    /// By `sys.monitoring`.
    Monitoring,
    /// By the frame evaluation hook and the trace function.
    Gate,
    /// A value that this version does not know.
    Other(u32),
}

/// The header of a hit store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own in the file"
)]
pub struct Header {
    /// The format version.
    pub version: u32,
    /// The process, as it saw itself: in a container that is not what the host sees.
    pub pid: u32,
    /// Its parent when the store was begun.
    pub parent_pid: u32,
    /// The name of this store.
    pub id: StoreId,
    /// The store of the process that this one was forked from.
    pub fork_parent: Option<StoreId>,
    /// When the store was begun: nanoseconds since 1970.
    pub start_nanoseconds: u64,
    /// When the process was begun: field 22 of `/proc/<pid>/stat`.
    pub start_ticks: u64,
    /// `sys.hexversion` of the interpreter.
    pub hexversion: u32,
    /// Its optimization level (`-O`).
    pub optimization: u32,
    /// Where the next record would have begun.
    pub tail: u64,
    /// How the process ended.
    pub closed: Closed,
    /// How many records found no room: when not 0, something may be missing.
    pub dropped: u32,
    /// Records before this place were copied from the fork parent.
    pub inherited_tail: u64,
    /// How the lines were recorded.
    pub recorder: Recorder,
    /// Whether branches were recorded too.
    pub branch: bool,
    /// Whether a record found no room because the process may not write larger files.
    pub size_limited: bool,
    /// Whether the process had an interpreter in which nothing was recorded.
    pub other_interpreter: bool,
    /// Whether the file goes on with a store that began in a fork child's place.
    pub continues: bool,
    /// How many fork children could have no store of their own: what they hit is in this one.
    pub children: u32,
    /// How many records such children found no room for: when not 0, something may be missing.
    pub lost_by_children: u32,
}

/// A fork child that goes on in the store of the process that it was forked from, because it could
/// have none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The process, as it sees itself.
    pub pid: u32,
    /// When it was begun: field 22 of `/proc/<pid>/stat`.
    pub start_ticks: u64,
}

/// The fork children that share a store, as far as its header has room for them.
pub fn sharing(store: &[u8]) -> impl Iterator<Item = Sharing> {
    let table = store.get(at::SHARING..layout::HEADER_LENGTH);
    let entries = table
        .unwrap_or(&[])
        .as_chunks::<{ size_of::<layout::RawSharing>() }>()
        .0;
    let read = |entry: &[u8; size_of::<layout::RawSharing>()]| {
        Some(Sharing {
            pid: u32_at(entry, 0).filter(|pid| *pid != 0)?,
            start_ticks: u64_at(entry, 8)?,
        })
    };
    entries.iter().filter_map(read)
}

/// The places of a file that holds the stores of fork children; `None` for another kind of file,
/// or one of another version.
pub fn places(file: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let is_readable = array::<8>(file, 0) == Some(layout::FORKS_MAGIC)
        && u32_at(file, 8) == Some(layout::FORMAT_VERSION);
    if !is_readable {
        return None;
    }
    let places = file.get(layout::PLACE_LENGTH..).unwrap_or(&[]);
    let is_begun = |place: &&[u8]| array::<8>(place, 0).is_some_and(|magic| magic != [0; 8]);
    Some(places.chunks(layout::PLACE_LENGTH).filter(is_begun))
}

/// Why bytes are not a hit store that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// There is less than a header, or the process died before it had written one.
    NotBegun,
    /// It begins with other bytes: another kind of file.
    NotAHitStore,
    /// It was written on a machine with another byte order.
    ByteOrder,
    /// It has another format version.
    Version {
        /// What the file has.
        found: u32,
        /// What this reader reads.
        readable: u32,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => out.write_str("the hit store was never begun"),
            Self::NotAHitStore => out.write_str("not a hit store"),
            Self::ByteOrder => out.write_str("the hit store was written with another byte order"),
            Self::Version { found, readable } => write!(
                out,
                "the hit store has format version {found}, this swath reads {readable}"
            ),
        }
    }
}

impl core::error::Error for HeaderError {}

impl Header {
    /// Reads the header at the beginning of a hit store.
    pub fn read(store: &[u8]) -> Result<Self, HeaderError> {
        let page = store.get(..at::END).ok_or(HeaderError::NotBegun)?;
        match array::<8>(page, 0) {
            Some(layout::MAGIC) => {}
            Some([0, 0, 0, 0, 0, 0, 0, 0]) | None => return Err(HeaderError::NotBegun),
            Some(_) => return Err(HeaderError::NotAHitStore),
        }
        let small = |place| u32_at(page, place).ok_or(HeaderError::NotBegun);
        let large = |place| u64_at(page, place).ok_or(HeaderError::NotBegun);
        let name = |place| array::<16>(page, place).ok_or(HeaderError::NotBegun);
        if large(at::BYTE_ORDER)? != layout::BYTE_ORDER {
            return Err(HeaderError::ByteOrder);
        }
        let version = small(at::VERSION)?;
        if version != layout::FORMAT_VERSION {
            return Err(HeaderError::Version {
                found: version,
                readable: layout::FORMAT_VERSION,
            });
        }
        let fork_parent = name(at::FORK_PARENT)?;
        Ok(Self {
            version,
            pid: small(at::PID)?,
            parent_pid: small(at::PARENT_PID)?,
            id: StoreId(name(at::ID)?),
            fork_parent: (fork_parent != [0; 16]).then_some(StoreId(fork_parent)),
            start_nanoseconds: large(at::START_NANOSECONDS)?,
            start_ticks: large(at::START_TICKS)?,
            hexversion: small(at::HEXVERSION)?,
            optimization: small(at::OPTIMIZATION)?,
            tail: large(at::TAIL)?,
            closed: match small(at::CLOSED)? {
                layout::OPEN => Closed::Open,
                layout::ENDED => Closed::Ended,
                layout::REPLACED => Closed::Replaced,
                other => Closed::Other(other),
            },
            dropped: small(at::DROPPED)?,
            inherited_tail: large(at::INHERITED_TAIL)?,
            recorder: match small(at::RECORDER)? {
                layout::RECORDER_NONE => Recorder::None,
                layout::RECORDER_MONITORING => Recorder::Monitoring,
                layout::RECORDER_GATE => Recorder::Gate,
                other => Recorder::Other(other),
            },
            branch: small(at::FLAGS)? & layout::FLAG_BRANCH != 0,
            size_limited: small(at::FLAGS)? & layout::FLAG_SIZE_LIMITED != 0,
            other_interpreter: small(at::FLAGS)? & layout::FLAG_OTHER_INTERPRETER != 0,
            continues: small(at::FLAGS)? & layout::FLAG_CONTINUES != 0,
            children: small(at::CHILDREN)?,
            lost_by_children: small(at::LOST_BY_CHILDREN)?,
        })
    }

    /// The interpreter's version, as in `3.12`.
    pub fn python(&self) -> (u8, u8) {
        let [major, minor, ..] = self.hexversion.to_be_bytes();
        (major, minor)
    }
}
