//! The arcs of one code object, and which of them were taken.
//!
//! Only what the lines alone do not tell is watched: a line with one way on went there when it
//! ran. Some arcs are *proved* by a line: nothing else leads to it, so its hit is the arc's.

use core::sync::atomic::{AtomicU8, Ordering};

use swath_store::layout;

use crate::state::Global;

/// Whether nothing is left out: to prove that what is left out can be told from the lines.
pub static THOROUGH: Global<bool> = Global::new(false);
/// Several lines, where one is asked for.
pub const SEVERAL: i32 = i32::MIN;

/// One arc as the store has it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Arc {
    pub from: u32,
    pub to: i32,
    /// Place in the store of the byte of the line that proves it; 0 for none.
    pub proof: u32,
}

/// One way of a branch.
#[derive(Clone, Copy)]
pub struct Side {
    pub first: u32,
    pub count: u32,
    /// Whether it needs no more events: it was seen, is proved by a line, or says nothing.
    pub settled: bool,
    /// Whether its arcs are marked.
    pub seen: bool,
}

/// A place where control may go two ways.
#[derive(Clone, Copy)]
pub struct Site {
    /// The unit where it goes on when the branch is not taken.
    pub behind: u32,
    pub on: Side,
    pub away: Side,
    /// Whether it has one way only: that it runs is what counts.
    pub is_mark: bool,
}

/// The arcs of a code object.
pub struct Branches {
    pub arcs: *const Arc,
    pub states: *mut u8,
    pub count: u32,
    /// By unit, the number of its site and 1; 0 for none.
    pub site_of: *const u16,
    pub units: u32,
    pub sites: *mut Site,
    pub site_count: u32,
    /// By line, the first of its arcs, which are sorted then; null with sites.
    pub arcs_of: *const u32,
    /// By line, the one target it leads to, 0 or [`SEVERAL`]; null with sites.
    pub after: *const i32,
    pub first: u32,
    pub span: u32,
}

/// What a step from line to line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Seen before, or to be told from the lines.
    Known,
    /// An arc of the code that only now was seen.
    New,
    /// Nothing that the code's own flow gives: an exception, or the end of a `finally`.
    Unforeseen,
}

impl Branches {
    /// How many arcs only an event can tell.
    pub unsafe fn open(&self) -> i32 {
        if self.count == 0 {
            return 0;
        }
        let arcs = core::slice::from_raw_parts(self.arcs, self.count as usize);
        arcs.iter().filter(|arc| arc.proof == 0).count() as i32
    }

    /// Whether the arcs are told by lines, not by sites.
    pub fn is_by_lines(&self) -> bool {
        !self.arcs_of.is_null()
    }

    /// Whether any place of one way only needs its event.
    pub unsafe fn has_open_marks(&self) -> bool {
        (0..self.site_count as usize).any(|number| {
            let site = *self.sites.add(number);
            site.is_mark && !site.on.settled
        })
    }

    /// A unit is about to run.
    pub unsafe fn reached(&mut self, unit: u32) {
        if unit < self.units
            && let Some(number) = (*self.site_of.add(unit as usize)).checked_sub(1)
        {
            let site = *self.sites.add(usize::from(number));
            if site.is_mark {
                self.went(unit, site.behind);
            }
        }
    }

    /// Control went from one unit to another: whether the site needs no more events.
    pub unsafe fn went(&mut self, unit: u32, to: u32) -> bool {
        if unit >= self.units {
            return true;
        }
        let Some(number) = (*self.site_of.add(unit as usize)).checked_sub(1) else {
            return true;
        };
        let site = &mut *self.sites.add(usize::from(number));
        let side = if to == site.behind {
            &mut site.on
        } else {
            &mut site.away
        };
        if !side.seen {
            side.seen = true;
            side.settled = !THOROUGH.get();
            let (first, end) = (side.first, side.first + side.count);
            for index in first..end {
                self.mark(index);
            }
        }
        site.on.settled && site.away.settled
    }

    /// Control went from one line to a target.
    pub unsafe fn stepped(&self, from: u32, to: i32) -> Step {
        let line = from.wrapping_sub(self.first);
        if line >= self.span {
            return Step::Unforeseen;
        }
        let only = *self.after.add(line as usize);
        if only == to {
            return Step::Known;
        }
        if only != SEVERAL {
            return Step::Unforeseen;
        }
        let mut index = *self.arcs_of.add(line as usize);
        let end = *self.arcs_of.add(line as usize + 1);
        while index < end {
            let arc = &*self.arcs.add(index as usize);
            if arc.to == to {
                return if self.mark(index) && arc.proof == 0 {
                    Step::New
                } else {
                    Step::Known
                };
            }
            index += 1;
        }
        Step::Unforeseen
    }

    /// Marks an arc; whether it was not before, not even in a process that this was forked from.
    #[inline]
    unsafe fn mark(&self, index: u32) -> bool {
        // SAFETY: the states were reserved in the map, and the map stays.
        let state = AtomicU8::from_ptr(self.states.add(index as usize));
        let before = state.load(Ordering::Relaxed);
        if before != layout::LINE_HIT {
            state.store(layout::LINE_HIT, Ordering::Release);
        }
        before == layout::LINE_EXECUTABLE
    }
}
