//! States in the store that other ones, in private memory, stand for.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, Ordering};

use swath_store::layout;

use crate::context::Context;
#[cfg(not(test))]
use crate::context::log;
use crate::state::Gil;

/// Unit tests have no interpreter, which what really logs is linked with.
#[cfg(test)]
fn log(_gil: Gil<'_>, _context: *mut Context, _place: u32) {}

/// What is set with a private state: the one in the store, and that it was on behalf of a context.
#[derive(Clone, Copy)]
pub(crate) struct Mirror {
    states: *mut u8,
    /// Where in the store they begin.
    place: u32,
    context: *mut Context,
}

impl Mirror {
    /// For states that are in the store themselves.
    pub(crate) const NONE: Self = Self {
        states: null_mut(),
        place: 0,
        context: null_mut(),
    };

    /// For private states that stand for those in the store, which begin at a place in it.
    pub(crate) fn of(states: *mut u8, place: u32, context: *mut Context) -> Self {
        Self {
            states,
            place,
            context,
        }
    }

    /// The context; null for none.
    #[inline]
    pub(crate) fn context(&self) -> *mut Context {
        self.context
    }

    /// A private state is about to be set.
    ///
    /// # Safety
    ///
    /// The index is below how many states there are.
    #[inline]
    pub(crate) unsafe fn set(&self, gil: Gil<'_>, index: u32) {
        if self.context.is_null() {
            return;
        }
        // SAFETY: the caller keeps to the states, which are in the map and stay; other processes
        // change them as atomics too.
        let state = unsafe { AtomicU8::from_ptr(self.states.add(index as usize)) };
        if state.load(Ordering::Relaxed) != layout::LINE_HIT {
            state.store(layout::LINE_HIT, Ordering::Release);
        }
        if self.place != 0 {
            log(gil, self.context, self.place + index);
        }
    }
}
