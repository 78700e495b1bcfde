//! What is remembered about threads: another tool's trace function, how deep the stack is, and
//! which frames are traced.

use core::ptr::null_mut;

use crate::ffi;
use crate::frames::Frames;
use crate::stack;
use crate::state::{Gil, Global};
use crate::symbols::TraceFunction;

/// One thread, by its thread state. Freed thread states are used again: what is stale is
/// replaced when the thread next shows.
#[derive(Clone, Copy)]
pub(crate) struct Thread {
    state: *mut u8,
    /// The trace function that another tool has on this thread.
    pub other: Option<TraceFunction>,
    /// The lowest and highest address of its stack; 0 when unknown.
    pub low: usize,
    pub high: usize,
    /// Below this address a further stack is taken.
    pub limit: usize,
    /// Its traced frames, where branches are recorded.
    pub frames: Frames,
}

const EMPTY: Thread = Thread {
    state: null_mut(),
    other: None,
    low: 0,
    high: 0,
    limit: 0,
    frames: Frames::NONE,
};

/// Threads at a time that cost nothing to find; more share places and are found again.
const SLOTS: usize = 1024;

static THREADS: Global<*mut Thread> = Global::new(null_mut());
static LATEST: Global<*mut Thread> = Global::new(null_mut());

/// Makes room for the table.
pub(crate) fn begin(gil: Gil<'_>) -> bool {
    // SAFETY: the memory has so many places, and nobody knows it yet.
    unsafe {
        let table = ffi::calloc(SLOTS, size_of::<Thread>()).cast::<Thread>();
        if table.is_null() {
            return false;
        }
        for slot in 0..SLOTS {
            table.add(slot).write(EMPTY);
        }
        THREADS.set(gil, table);
        LATEST.set(gil, table);
        true
    }
}

/// The thread with this state.
#[inline]
pub(crate) unsafe fn of<'a>(gil: Gil<'_>, state: *mut u8) -> &'a mut Thread {
    let latest = LATEST.get(gil);
    // SAFETY: the table was made before the first frame was seen, and stays; with the GIL held one
    // reference into it is used at a time.
    unsafe {
        if (*latest).state == state {
            return &mut *latest;
        }
        find(gil, state)
    }
}

#[cold]
unsafe fn find<'a>(gil: Gil<'_>, state: *mut u8) -> &'a mut Thread {
    let table = THREADS.get(gil);
    let first = (state as usize >> 6).wrapping_mul(0x9e37_79b9) % SLOTS;
    // SAFETY: every place is below the number of slots of the table, which was filled when it was
    // made and stays.
    unsafe {
        let mut chosen = table.add(first);
        for step in 0..16 {
            let thread = table.add((first + step) % SLOTS);
            if (*thread).state == state {
                chosen = thread;
                break;
            }
            if (*thread).state.is_null() {
                chosen = thread;
                break;
            }
        }
        if (*chosen).state != state {
            let mut frames = (*chosen).frames;
            frames.clear();
            chosen.write(Thread {
                state,
                frames,
                ..EMPTY
            });
        }
        LATEST.set(gil, chosen);
        let here = (&raw const table).addr();
        let thread = &mut *chosen;
        if !(thread.low..thread.high).contains(&here) {
            stack::measure(gil, thread);
        }
        thread
    }
}
