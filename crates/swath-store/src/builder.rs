//! Makes hit stores in memory, for the tests of whatever reads them.

use alloc::vec;
use alloc::vec::Vec;

use crate::layout::{self, at};

/// A hit store that grows in memory.
#[derive(Clone, Debug)]
pub struct StoreBuilder {
    bytes: Vec<u8>,
}

impl StoreBuilder {
    /// Begins the store of a process: CPython 3.12.1, recorded by `sys.monitoring`.
    pub fn new(pid: u32, id: [u8; 16]) -> Self {
        let bytes = vec![0; layout::HEADER_LENGTH];
        let mut builder = Self { bytes };
        builder.put(0, &layout::MAGIC);
        builder.put(at::VERSION, &layout::FORMAT_VERSION.to_le_bytes());
        let length = u32::try_from(layout::HEADER_LENGTH).unwrap_or(u32::MAX);
        builder.put(at::HEADER_LENGTH, &length.to_le_bytes());
        builder.put(at::BYTE_ORDER, &layout::BYTE_ORDER.to_le_bytes());
        builder.put(at::PID, &pid.to_le_bytes());
        builder.put(at::PARENT_PID, &1_u32.to_le_bytes());
        builder.put(at::ID, &id);
        builder
            .start(1_700_000_000_000_000_000, 1000)
            .hexversion(0x030c_01f0)
            .recorder(layout::RECORDER_MONITORING)
    }

    fn put(&mut self, place: usize, value: &[u8]) {
        if let Some(target) = self.bytes.get_mut(place..place + value.len()) {
            target.copy_from_slice(value);
        }
    }

    fn set(mut self, place: usize, value: &[u8]) -> Self {
        self.put(place, value);
        self
    }

    /// Sets the parent's pid.
    #[must_use]
    pub fn parent_pid(self, pid: u32) -> Self {
        self.set(at::PARENT_PID, &pid.to_le_bytes())
    }

    /// Says that the process was forked from the one with this store; what is there counts as copied.
    #[must_use]
    pub fn forked_from(self, id: [u8; 16]) -> Self {
        let inherited = (self.bytes.len() as u64).to_le_bytes();
        self.set(at::FORK_PARENT, &id)
            .set(at::INHERITED_TAIL, &inherited)
    }

    /// Sets when the store (nanoseconds since 1970) and the process (clock ticks) were begun.
    #[must_use]
    pub fn start(self, nanoseconds: u64, ticks: u64) -> Self {
        self.set(at::START_NANOSECONDS, &nanoseconds.to_le_bytes())
            .set(at::START_TICKS, &ticks.to_le_bytes())
    }

    /// Sets `sys.hexversion`.
    #[must_use]
    pub fn hexversion(self, version: u32) -> Self {
        self.set(at::HEXVERSION, &version.to_le_bytes())
    }

    /// Sets the optimization level.
    #[must_use]
    pub fn optimization(self, level: u32) -> Self {
        self.set(at::OPTIMIZATION, &level.to_le_bytes())
    }

    /// Sets how the process ended.
    #[must_use]
    pub fn closed(self, how: u32) -> Self {
        self.set(at::CLOSED, &how.to_le_bytes())
    }

    /// Sets how many records found no room.
    #[must_use]
    pub fn dropped(self, count: u32) -> Self {
        self.set(at::DROPPED, &count.to_le_bytes())
    }

    /// Sets how many fork children have no store of their own, and how many records they lost.
    #[must_use]
    pub fn children(self, count: u32, lost: u32) -> Self {
        self.set(at::CHILDREN, &count.to_le_bytes())
            .set(at::LOST_BY_CHILDREN, &lost.to_le_bytes())
    }

    /// Names a fork child that has no store of its own.
    #[must_use]
    pub fn sharing(self, index: usize, pid: u32, start_ticks: u64) -> Self {
        let place = at::SHARING + index * size_of::<layout::RawSharing>();
        self.set(place, &pid.to_le_bytes())
            .set(place + 8, &start_ticks.to_le_bytes())
    }

    /// Sets how lines are recorded.
    #[must_use]
    pub fn recorder(self, recorder: u32) -> Self {
        self.set(at::RECORDER, &recorder.to_le_bytes())
    }

    /// Sets the header's flags.
    #[must_use]
    pub fn flags(self, flags: u32) -> Self {
        self.set(at::FLAGS, &flags.to_le_bytes())
    }

    /// Sets the format version.
    #[must_use]
    pub fn version(self, version: u32) -> Self {
        self.set(at::VERSION, &version.to_le_bytes())
    }

    /// Adds a record of any kind.
    #[must_use]
    pub fn record(mut self, kind: u32, a: u32, b: u32, payload: &[u8]) -> Self {
        let length = (layout::RECORD_HEAD + payload.len()).next_multiple_of(layout::ALIGNMENT);
        let end = self.bytes.len() + length;
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        for number in [kind, length, a, b] {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.bytes.extend_from_slice(payload);
        self.bytes.resize(end, 0);
        let tail = (end as u64).to_le_bytes();
        self.set(at::TAIL, &tail)
    }

    /// Adds a source file.
    #[must_use]
    pub fn file(self, id: u32, path: &[u8], hash: Option<[u8; 20]>) -> Self {
        let mut payload = Vec::new();
        payload.extend_from_slice(&hash.unwrap_or_default());
        let flags = if hash.is_some() {
            layout::FILE_HASHED
        } else {
            0
        };
        payload.extend_from_slice(&flags.to_le_bytes());
        payload.extend_from_slice(path);
        self.record(layout::KIND_FILE, id, length(path), &payload)
    }

    /// Adds a code object, one of the `LINE_` values a line.
    #[must_use]
    pub fn code(self, file: u32, first_line: u32, lines: &[u8]) -> Self {
        let mut payload = Vec::new();
        payload.extend_from_slice(&length(lines).to_le_bytes());
        payload.resize(layout::CODE_FIXED, 0);
        payload.extend_from_slice(lines);
        self.record(layout::KIND_CODE, file, first_line, &payload)
    }

    /// Adds a code object that is defined on a line, with one of the `LINE_` values a line for the
    /// lines and for the exits from there.
    #[must_use]
    pub fn code_with_exits(
        self,
        file: u32,
        first_line: u32,
        definition: u32,
        lines_and_exits: &[(u8, u8)],
    ) -> Self {
        let span = u32::try_from(lines_and_exits.len()).unwrap_or(u32::MAX);
        let mut payload = Vec::new();
        payload.extend_from_slice(&span.to_le_bytes());
        payload.extend_from_slice(&definition.to_le_bytes());
        payload.resize(layout::CODE_FIXED, 0);
        payload.extend(lines_and_exits.iter().map(|(line, _)| *line));
        payload.extend(lines_and_exits.iter().map(|(_, exit)| *exit));
        self.record(layout::KIND_CODE, file, first_line, &payload)
    }

    /// Adds arcs: from, to, the place in the store of the byte that proves the arc (0: none, or
    /// [`layout::ARC_CONCLUDED`]), and one of the `LINE_` values.
    #[must_use]
    pub fn arcs(self, file: u32, arcs: &[(u32, i32, u32, u8)]) -> Self {
        let mut payload = Vec::new();
        for (from, to, proof, _) in arcs {
            payload.extend_from_slice(&from.to_le_bytes());
            payload.extend_from_slice(&to.to_le_bytes());
            payload.extend_from_slice(&proof.to_le_bytes());
        }
        payload.extend(arcs.iter().map(|(_, _, _, state)| *state));
        let count = u32::try_from(arcs.len()).unwrap_or(u32::MAX);
        self.record(layout::KIND_ARCS, file, count, &payload)
    }

    /// How long the store is so far: where the next record begins.
    pub fn length(&self) -> u32 {
        length(&self.bytes)
    }

    /// Adds what the process is.
    #[must_use]
    pub fn process(
        self,
        executable: &[u8],
        folder: &[u8],
        service: &[u8],
        arguments: &[&[u8]],
    ) -> Self {
        self.strings(
            layout::KIND_PROCESS,
            &[executable, folder, service],
            arguments,
        )
    }

    /// Adds a bound stream socket.
    #[must_use]
    pub fn listen(self, address: &[u8]) -> Self {
        self.record(layout::KIND_LISTEN, 0, length(address), address)
    }

    /// Adds a started program, with `SPAWN_` flags of [`layout`].
    #[must_use]
    pub fn spawn(self, how: &[u8], executable: &[u8], arguments: &[&[u8]], flags: u32) -> Self {
        self.numbered_strings(layout::KIND_SPAWN, flags, &[how, executable], arguments)
    }

    /// Adds something about the agent itself.
    #[must_use]
    pub fn state(self, slug: &[u8], text: &[u8]) -> Self {
        let payload = [slug, text].concat();
        self.record(layout::KIND_STATE, length(slug), length(text), &payload)
    }

    /// Adds a context: first one of the `CONTEXT_` strings of [`layout`].
    #[must_use]
    pub fn context(self, id: u32, strings: &[&[u8]]) -> Self {
        self.numbered_strings(layout::KIND_CONTEXT, id, strings, &[])
    }

    /// Adds places in the store of states that were set on behalf of a context.
    #[must_use]
    pub fn context_places(self, context: u32, places: &[u32]) -> Self {
        let payload: Vec<u8> = places
            .iter()
            .flat_map(|place| place.to_le_bytes())
            .collect();
        let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
        self.record(layout::KIND_CONTEXT_PLACES, context, count, &payload)
    }

    /// Adds a note of a context, or of the process (0): first one of the `NOTE_` strings of
    /// [`layout`].
    #[must_use]
    pub fn context_note(self, context: u32, strings: &[&[u8]]) -> Self {
        self.numbered_strings(layout::KIND_CONTEXT_NOTE, context, strings, &[])
    }

    fn strings(self, kind: u32, first: &[&[u8]], rest: &[&[u8]]) -> Self {
        self.numbered_strings(kind, 0, first, rest)
    }

    fn numbered_strings(self, kind: u32, b: u32, first: &[&[u8]], rest: &[&[u8]]) -> Self {
        let mut payload = Vec::new();
        for string in first.iter().chain(rest) {
            payload.extend_from_slice(&length(string).to_le_bytes());
            payload.extend_from_slice(string);
        }
        let count = u32::try_from(first.len() + rest.len()).unwrap_or(u32::MAX);
        self.record(kind, count, b, &payload)
    }

    /// The bytes of the store.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
