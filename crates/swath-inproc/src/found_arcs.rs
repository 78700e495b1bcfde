//! Arcs that were not foreseen from the byte code, in the order they were found.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, Ordering};

use swath_store::layout;

use crate::branches::Arc;
use crate::map;
use crate::scratch::Scratch;
use crate::state::Gil;

/// So many arcs share one record.
const CHUNK: u32 = 16;
/// So many times its lines may code have such arcs, and so many more.
const MOST_PER_LINE: usize = 4;
const MOST_MORE: usize = 64;

/// The found arcs of one code object.
pub(crate) struct FoundArcs {
    known: Scratch<u64>,
    arcs: *mut Arc,
    states: *mut u8,
    room: u32,
}

impl FoundArcs {
    /// None so far.
    pub(crate) const NONE: Self = Self {
        known: Scratch::new(),
        arcs: null_mut(),
        states: null_mut(),
        room: 0,
    };

    /// Adds an arc unless it is there; `fresh` says that it cannot be. The place in the store of
    /// its state, if it was added.
    pub(crate) fn add(
        &mut self,
        gil: Gil<'_>,
        file: u32,
        span: u32,
        from: u32,
        to: i32,
        fresh: bool,
    ) -> Option<u32> {
        let key = u64::from(from) << 32 | u64::from(to as u32);
        let known = self.known.values();
        if (!fresh && known.contains(&key))
            || known.len() > span as usize * MOST_PER_LINE + MOST_MORE
        {
            return None;
        }
        if map::is_shared(gil) {
            // The room that is left belongs to the process that this one was forked from.
            map::count_dropped(gil);
            return None;
        }
        if self.room == 0 {
            self.begin_chunk(gil, file)?;
        }
        self.known.add(key)?;
        self.room -= 1;
        let index = (CHUNK - 1 - self.room) as usize;
        // SAFETY: the record was reserved in the map for a whole chunk of arcs and states, of which
        // the index is one, and the map stays.
        unsafe {
            self.arcs.add(index).write(Arc { from, to, proof: 0 });
            let state = self.states.add(index);
            AtomicU8::from_ptr(state).store(layout::LINE_HIT, Ordering::Release);
            Some(map::place_of(gil, state))
        }
    }

    /// Gives the memory back, but for what is in the store.
    pub(crate) fn release(&mut self) {
        self.known.release();
    }

    fn begin_chunk(&mut self, gil: Gil<'_>, file: u32) -> Option<()> {
        let length = CHUNK as usize * (layout::ARC_LENGTH + 1);
        let draft = map::append(gil, layout::KIND_ARCS, file, CHUNK, length)?;
        self.arcs = draft.payload().cast();
        // SAFETY: the payload was asked for as long as a chunk of arcs and as many states, and a
        // record is aligned for both.
        unsafe { self.states = draft.payload().add(CHUNK as usize * layout::ARC_LENGTH) };
        self.room = CHUNK;
        draft.commit(gil);
        Some(())
    }
}
