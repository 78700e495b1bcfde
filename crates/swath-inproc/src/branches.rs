//! The arcs of one code object, and which of them were taken.
//!
//! Only what the lines alone do not tell is watched: a line with one way on went there when it
//! ran. Some arcs are *proved* by a line: nothing else leads to it, so its hit is the arc's.

mod group_steps;

use core::ptr::null;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use swath_store::layout;

use crate::ffi;
use crate::mirror::Mirror;
use crate::notes::Notes;
use crate::state::{Gil, Global};

pub(crate) use group_steps::{GroupStep, Role};

/// Whether nothing is left out: to prove that what is left out can be told from the lines.
pub(crate) static THOROUGH: Global<bool> = Global::new(false);
/// Several lines, where one is asked for.
pub(crate) const SEVERAL: i32 = i32::MIN;

/// One arc as the store has it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Arc {
    pub from: u32,
    pub to: i32,
    /// Place in the store of the byte of the line that proves it; 0 for none.
    pub proof: u32,
}

/// One way of a branch.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    pub first: u32,
    pub count: u32,
    /// Whether it needs no more events: it was seen, is proved by a line, or says nothing.
    pub settled: bool,
    /// Whether its arcs are marked.
    pub seen: bool,
    /// Whether single operations must be watched from here on to tell where it leads, as what is
    /// on the way may raise.
    pub is_watched: bool,
}

impl Side {
    /// It is taken, and its arcs are marked: who is not alone may see that from now on.
    fn see(&mut self, settled: bool) {
        // SAFETY: both are this side's own, and truth values are changed as atomics.
        unsafe {
            AtomicBool::from_ptr(&raw mut self.settled).store(settled, Ordering::Relaxed);
            AtomicBool::from_ptr(&raw mut self.seen).store(true, Ordering::Release);
        }
    }

    /// No way.
    pub(crate) const NONE: Self = Self {
        first: 0,
        count: 0,
        settled: true,
        seen: true,
        is_watched: false,
    };
}

/// A place where control may go two ways.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The unit where it goes on when the branch is not taken.
    pub behind: u32,
    pub on: Side,
    pub away: Side,
    pub kind: SiteKind,
}

/// What tells that a site's ways were taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SiteKind {
    /// Events of branches.
    Branch,
    /// That its unit runs, which cannot raise; it has one way only.
    Mark,
    /// That the unit behind it runs next, as its own may raise; it has one way only.
    Edge,
}

/// What an operation means that is about to run (3.12 and 3.13), as bits.
pub(crate) mod meaning {
    /// An exception that the unit raises leaves the frame before any other line runs.
    pub(crate) const LEAVES: u8 = 1;
    /// Single operations are to be watched from here on.
    pub(crate) const WATCH: u8 = 2;
    /// It tells whether an edge was taken.
    pub(crate) const TELLS_EDGE: u8 = 4;
    /// An exception was caught, which tells of an arc by where it was raised.
    pub(crate) const CATCHES: u8 = 8;
    /// It is of an `except*`, in which each step is seen.
    pub(crate) const STEPS: u8 = 16;
}

/// The arc that an exception takes, by the unit that raises it.
#[derive(Clone, Copy)]
pub(crate) struct Throw {
    /// The number of the arc and 1; 0 for none.
    pub arc: u32,
    /// The unit that is about to run when it was caught.
    pub caught: u32,
}

/// What single operations tell (3.12 and 3.13).
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    /// By unit, bits of `meaning`; null when there is nothing.
    pub meanings: *const u8,
    /// By line, whether a unit that begins the line means something, besides where exceptions go.
    pub lines: *const u8,
    /// By unit; null when no exception tells of an arc.
    pub throws: *const Throw,
    /// The arcs that exceptions tell of: first and behind the last.
    pub thrown: (u32, u32),
    /// How many edges were not taken yet.
    pub open_edges: u32,
    /// By thread, the edge that may be being taken, as the number of its site and 1.
    pub taken: Notes,
    /// By unit; null when there is no `except*`.
    pub group_steps: *const GroupStep,
    /// By frame that is in an `except*`, its latest line.
    pub latest: Notes,
    /// Whether single operations are to be watched from now on, and whether they are.
    pub is_wanted: bool,
    pub is_on: bool,
}

impl Watch {
    /// Nothing to watch.
    pub(crate) const NONE: Self = Self {
        meanings: null(),
        lines: null(),
        throws: null(),
        thrown: (0, 0),
        open_edges: 0,
        taken: Notes::NONE,
        group_steps: null(),
        latest: Notes::NONE,
        is_wanted: false,
        is_on: false,
    };

    /// Whether the watching is wanted, and has not begun.
    #[inline]
    pub(crate) fn needs(&self) -> bool {
        self.is_wanted && !self.is_on
    }

    /// Whether the watching is to begin now.
    #[inline]
    pub(crate) fn begins(&mut self) -> bool {
        let begins = self.needs();
        self.is_on |= begins;
        begins
    }
}

/// The arcs of a code object.
pub(crate) struct Branches {
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
    pub watch: Watch,
    /// The sites and what is watched as they were at first; null where no copies are made.
    pub at_first: *const AtFirst,
    /// What the states stand for, on behalf of a context.
    pub mirror: Mirror,
}

/// What changes while code runs, as it was before.
pub(crate) struct AtFirst {
    sites: *const Site,
    watch: Watch,
}

/// What a step from line to line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Seen before, or to be told from the lines.
    Known,
    /// An arc of the code that only now was seen.
    New,
    /// Nothing that the code's own flow gives: an exception, or the end of a `finally`.
    Unforeseen,
}

impl Branches {
    /// How many arcs only an event can tell.
    pub(crate) unsafe fn open(&self) -> i32 {
        if self.count == 0 {
            return 0;
        }
        // SAFETY: there are so many arcs, in a record that stays in the map.
        let arcs = unsafe { core::slice::from_raw_parts(self.arcs, self.count as usize) };
        arcs.iter().filter(|arc| arc.proof == 0).count() as i32
    }

    /// Keeps what changes while the code runs, so that copies can be made of how it was.
    pub(crate) unsafe fn keep_fresh(&mut self) {
        // SAFETY: the C library's, for any numbers. The fresh memory has room for what is put there;
        // sites are copied from as many as there are.
        unsafe {
            let count = self.site_count as usize;
            let length = size_of::<AtFirst>() + count * size_of::<Site>();
            let kept = ffi::calloc(1, length).cast::<AtFirst>();
            if kept.is_null() {
                return;
            }
            let sites = kept.add(1).cast::<Site>();
            if count > 0 {
                core::ptr::copy_nonoverlapping(self.sites, sites, count);
            }
            kept.write(AtFirst {
                sites,
                watch: self.watch,
            });
            self.at_first = kept;
        }
    }

    /// A copy of how it was at first, with room for as many sites, and for as many private states as
    /// there are arcs, which stand for those in the store.
    pub(crate) unsafe fn fresh(&self, sites: *mut Site, states: *mut u8, mirror: Mirror) -> Self {
        // SAFETY: the caller has made room for so many; the sites that were kept are as many.
        unsafe {
            core::ptr::write_bytes(states, layout::LINE_EXECUTABLE, self.count as usize);
            let mut watch = self.watch;
            let mut from = self.sites.cast_const();
            if let Some(at_first) = self.at_first.as_ref() {
                watch = at_first.watch;
                from = at_first.sites;
            }
            if self.site_count > 0 {
                core::ptr::copy_nonoverlapping(from, sites, self.site_count as usize);
            }
            Self {
                states,
                sites,
                watch,
                mirror,
                ..*self
            }
        }
    }

    /// Whether a unit needs no more events, or where each way has its own, not for this way.
    pub(crate) unsafe fn is_settled(&self, unit: u32, to: u32, each_way: bool) -> bool {
        // SAFETY: a site that was found is one of those that are kept for good.
        unsafe {
            let Some(site) = self.site(unit) else {
                return true;
            };
            let site = &*site;
            if !each_way {
                return site.on.settled && site.away.settled;
            }
            if to == site.behind {
                site.on.seen
            } else {
                site.away.seen
            }
        }
    }

    /// Whether a branch was seen to go this way, and waits for the other one. Any number of threads may
    /// ask at once.
    pub(crate) unsafe fn is_known_way(this: *const Self, unit: u32, to: u32) -> bool {
        // SAFETY: the arcs are kept for good. What is read of them stays as it was made, but for the
        // truth values, which are changed as atomics. No reference is made to what others may change.
        unsafe {
            let is_set = |place: *const bool, ordering| {
                AtomicBool::from_ptr(place.cast_mut()).load(ordering)
            };
            if unit >= (*this).units {
                return false;
            }
            let Some(number) = (*(*this).site_of.add(unit as usize)).checked_sub(1) else {
                return false;
            };
            let site = (*this).sites.add(usize::from(number)).cast_const();
            let (on, away) = (&raw const (*site).on, &raw const (*site).away);
            let side = if to == (*site).behind { on } else { away };
            let is_settled =
                |side: *const Side| is_set(&raw const (*side).settled, Ordering::Relaxed);
            (*site).kind == SiteKind::Branch
                && is_set(&raw const (*side).seen, Ordering::Acquire)
                && !(is_settled(on) && is_settled(away))
        }
    }

    /// Whether the arcs are told by lines, not by sites.
    pub(crate) fn is_by_lines(&self) -> bool {
        !self.arcs_of.is_null()
    }

    /// Whether any place of one way only needs its event.
    pub(crate) unsafe fn has_open_marks(&self) -> bool {
        // SAFETY: the number is below how many sites there are, and they are kept for good.
        unsafe {
            (0..self.site_count as usize).any(|number| {
                let site = *self.sites.add(number);
                site.kind != SiteKind::Branch && !site.on.settled
            })
        }
    }

    unsafe fn site(&self, unit: u32) -> Option<*mut Site> {
        if unit >= self.units {
            return None;
        }
        // SAFETY: the unit is below how many there are, and what `site_of` says is the number of a
        // site and 1.
        unsafe {
            let number = (*self.site_of.add(unit as usize)).checked_sub(1)?;
            Some(self.sites.add(usize::from(number)))
        }
    }

    /// What it means that a unit is about to run.
    pub(crate) unsafe fn meaning(&self, unit: u32) -> u8 {
        if unit >= self.units || self.watch.meanings.is_null() {
            return 0;
        }
        // SAFETY: the unit is below how many there are, which the meanings are made for, for good.
        unsafe { *self.watch.meanings.add(unit as usize) }
    }

    /// Whether a unit that begins the line means something.
    #[inline]
    pub(crate) unsafe fn watches_line(&self, line: u32) -> bool {
        let index = line.wrapping_sub(self.first);
        // SAFETY: the lines are not null, are as many as the span, and the index is below that.
        unsafe {
            !self.watch.lines.is_null()
                && index < self.span
                && *self.watch.lines.add(index as usize) != 0
        }
    }

    /// A unit is about to run: whether its event is needed no more. `caught` finds out which unit
    /// raised the exception that was caught; `thread` tells the calling one.
    pub(crate) unsafe fn reached(
        &mut self,
        gil: Gil<'_>,
        unit: u32,
        thread: impl Fn() -> *mut u8,
        caught: impl FnOnce() -> Option<u32>,
    ) -> bool {
        // SAFETY: a site that was found is one of those that are kept for good, its unit is below
        // how many there are, and with the GIL held nobody else changes it.
        unsafe {
            let meaning = self.meaning(unit);
            self.watch.is_wanted |= meaning & meaning::WATCH != 0;
            if !self.watch.taken.never_were()
                && let Some(number) = self.watch.taken.take(thread())
            {
                self.end_edge(gil, number, unit);
            }
            if let Some(site) = self.site(unit) {
                match (*site).kind {
                    SiteKind::Mark => {
                        self.went(gil, unit, (*site).behind);
                    }
                    SiteKind::Edge if !(*site).on.seen => {
                        let number = *self.site_of.add(unit as usize);
                        self.watch.taken.set(thread(), u64::from(number));
                    }
                    _ => {}
                }
            }
            if meaning & meaning::CATCHES != 0
                && self.expects_throws()
                && let Some(raised) = caught()
            {
                self.threw(gil, raised, unit);
            }
            self.is_told(unit)
        }
    }

    /// Whether that a unit is about to run tells nothing that was not told before.
    pub(crate) unsafe fn is_told(&self, unit: u32) -> bool {
        // SAFETY: a site that was found is one of those that are kept for good.
        unsafe {
            let meaning = self.meaning(unit);
            let means = |bits| meaning & bits != 0;
            let is_open = |site: *mut Site| (*site).kind != SiteKind::Branch && !(*site).on.seen;
            !(means(meaning::STEPS)
                || means(meaning::WATCH) && !self.watch.is_wanted
                || means(meaning::TELLS_EDGE) && self.watch.open_edges > 0
                || means(meaning::CATCHES) && self.expects_throws()
                || self.site(unit).is_some_and(is_open))
        }
    }

    /// The unit behind an edge runs, or another one, which only an exception led to.
    unsafe fn end_edge(&mut self, gil: Gil<'_>, number: u64, unit: u32) {
        // SAFETY: what is being taken is the number of a site and 1, which is not 0; the sites are kept
        // for good, and with the GIL held nobody else changes them.
        unsafe {
            let site = &mut *self.sites.add(number as usize - 1);
            if site.behind == unit && !site.on.seen {
                for index in site.on.first..site.on.first + site.on.count {
                    self.mark(gil, index);
                }
                site.on.see(true);
                self.watch.open_edges -= 1;
            }
        }
    }

    /// Whether an exception may still tell of an arc that was not taken yet.
    unsafe fn expects_throws(&self) -> bool {
        let (first, end) = self.watch.thrown;
        // SAFETY: the numbers are of arcs of this code, each of which has a state in the map.
        unsafe { (first..end).any(|index| *self.states.add(index as usize) != layout::LINE_HIT) }
    }

    /// An exception that one unit raised was caught, and another one is about to run.
    unsafe fn threw(&mut self, gil: Gil<'_>, raised: u32, unit: u32) {
        if raised >= self.units || self.watch.throws.is_null() {
            return;
        }
        // SAFETY: the unit is below how many there are, which the throws are made for, for good;
        // the arcs that they name are of this code.
        unsafe {
            let throw = *self.watch.throws.add(raised as usize);
            if throw.caught == unit
                && let Some(arc) = throw.arc.checked_sub(1)
            {
                self.mark(gil, arc);
            }
        }
    }

    /// A unit is about to run in a frame: the step that this is, if it is one within an `except*` or out
    /// of it.
    pub(crate) unsafe fn group_step(
        &mut self,
        unit: u32,
        frame: impl FnOnce() -> *mut u8,
    ) -> Option<(u32, i32)> {
        // SAFETY: a unit that means something is below how many there are, for which there are so many
        // steps where there are any, for good. With the GIL held nobody else uses the list.
        unsafe {
            if self.watch.group_steps.is_null() || self.meaning(unit) & meaning::STEPS == 0 {
                return None;
            }
            let step = *self.watch.group_steps.add(unit as usize);
            step.take(&mut self.watch.latest, frame())
        }
    }

    /// An exception left a frame of the code: no edge is being taken.
    pub(crate) unsafe fn unwound(&mut self, thread: *mut u8) {
        // SAFETY: with the GIL held nobody else uses the list.
        unsafe { self.watch.taken.take(thread) };
    }

    /// Whether an exception that a unit raises leaves the frame before any other line runs.
    pub(crate) unsafe fn leaves(&self, unit: u32) -> bool {
        // SAFETY: `meaning` leaves out units that are not this code's.
        unsafe { self.watch.meanings.is_null() || self.meaning(unit) & meaning::LEAVES != 0 }
    }

    /// Control went from one unit to another: whether the site needs no more events.
    pub(crate) unsafe fn went(&mut self, gil: Gil<'_>, unit: u32, to: u32) -> bool {
        // SAFETY: a site that was found is one of those that are kept for good, and with the GIL
        // held nobody else changes it; the arcs that it names are of this code.
        unsafe {
            let Some(site) = self.site(unit) else {
                return true;
            };
            let site = &mut *site;
            let side = if to == site.behind {
                &mut site.on
            } else {
                &mut site.away
            };
            if !side.seen {
                self.watch.is_wanted |= side.is_watched;
                let (first, end) = (side.first, side.first + side.count);
                for index in first..end {
                    self.mark(gil, index);
                }
                side.see(!THOROUGH.get(gil));
            }
            site.on.settled && site.away.settled
        }
    }

    /// Control went from one line to a target.
    pub(crate) unsafe fn stepped(&self, gil: Gil<'_>, from: u32, to: i32) -> Step {
        let line = from.wrapping_sub(self.first);
        if line >= self.span {
            return Step::Unforeseen;
        }
        // SAFETY: the line is below the span, for which there are so many targets and one more
        // place of arcs, kept for good; the places are below how many arcs there are.
        unsafe {
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
                    return if self.mark(gil, index) && arc.proof == 0 {
                        Step::New
                    } else {
                        Step::Known
                    };
                }
                index += 1;
            }
            Step::Unforeseen
        }
    }

    /// Marks an arc; whether it was not before, not even in a process that this was forked from.
    #[inline]
    unsafe fn mark(&self, gil: Gil<'_>, index: u32) -> bool {
        // SAFETY: the index is that of an arc, for each of which a state was reserved in the map,
        // and the map stays; other processes change it as an atomic too.
        let state = unsafe { AtomicU8::from_ptr(self.states.add(index as usize)) };
        let before = state.load(Ordering::Relaxed);
        if before != layout::LINE_HIT {
            // SAFETY: the index is that of an arc.
            unsafe { self.mirror.set(gil, index) };
            state.store(layout::LINE_HIT, Ordering::Release);
        }
        before == layout::LINE_EXECUTABLE
    }
}

#[cfg(test)]
mod tests {
    use core::ptr::null_mut;

    use super::*;

    fn gil() -> Gil<'static> {
        // SAFETY: no interpreter is there, and nothing that is used here is written to by any test.
        unsafe { Gil::assume() }
    }

    const OPEN: u8 = layout::LINE_EXECUTABLE;
    const HIT: u8 = layout::LINE_HIT;

    const fn arc(from: u32, to: i32, proof: u32) -> Arc {
        Arc { from, to, proof }
    }

    const fn side(first: u32, count: u32) -> Side {
        Side {
            first,
            count,
            settled: false,
            seen: false,
            is_watched: false,
        }
    }

    fn none_of(arcs: &[Arc], states: &mut [u8]) -> Branches {
        Branches {
            arcs: arcs.as_ptr(),
            states: states.as_mut_ptr(),
            count: arcs.len() as u32,
            site_of: null(),
            units: 0,
            sites: null_mut(),
            site_count: 0,
            arcs_of: null(),
            after: null(),
            first: 10,
            span: 3,
            watch: Watch::NONE,
            at_first: null(),
            mirror: Mirror::NONE,
        }
    }

    #[test]
    fn steps_from_line_to_line() {
        // Line 10 leads to 11 and 12, line 11 only to 12, and 12 out of the code.
        let arcs = [arc(10, 11, 0), arc(10, 12, 77)];
        let mut states = [OPEN; 2];
        let (arcs_of, after) = ([0, 2, 2, 2], [SEVERAL, 12, -9]);
        let branches = Branches {
            arcs_of: arcs_of.as_ptr(),
            after: after.as_ptr(),
            ..none_of(&arcs, &mut states)
        };
        // SAFETY: the arrays are as long as the numbers in `branches` say, and outlive it.
        let stepped = |from, to| unsafe { branches.stepped(gil(), from, to) };
        assert!(stepped(10, 11) == Step::New);
        assert!(stepped(10, 11) == Step::Known, "once is enough");
        assert!(stepped(10, 12) == Step::Known, "a line proves it");
        assert!(stepped(11, 12) == Step::Known, "there is no other way");
        assert!(stepped(11, 10) == Step::Unforeseen);
        assert!(stepped(10, 10) == Step::Unforeseen);
        assert!(stepped(13, 10) == Step::Unforeseen);
        assert!(stepped(9, 10) == Step::Unforeseen);
        // SAFETY: as above.
        assert_eq!(unsafe { branches.open() }, 1);
        assert_eq!(states, [HIT; 2]);
    }

    #[test]
    fn a_branch_is_done_when_both_ways_were_taken() {
        let arcs = [arc(10, 11, 0), arc(10, 12, 0)];
        let mut states = [OPEN; 2];
        let site_of = [0, 1, 0];
        let mut sites = [Site {
            behind: 2,
            on: side(0, 1),
            away: side(1, 1),
            kind: SiteKind::Branch,
        }];
        let mut branches = Branches {
            site_of: site_of.as_ptr(),
            units: 3,
            sites: sites.as_mut_ptr(),
            site_count: 1,
            ..none_of(&arcs, &mut states)
        };
        // SAFETY: the arrays are as long as the numbers in `branches` say, and outlive it.
        let mut went = |unit, to| unsafe { branches.went(gil(), unit, to) };
        assert!(went(0, 1), "that is no branch");
        assert!(went(3, 1), "that is no unit");
        assert!(!went(1, 2));
        assert!(!went(1, 2));
        assert!(went(1, 5));
        assert_eq!(states, [HIT; 2]);
    }

    #[test]
    fn an_edge_is_taken_when_the_unit_behind_it_runs() {
        let arcs = [arc(10, 11, 0)];
        for (next, taken) in [(1, HIT), (2, OPEN)] {
            let mut states = [OPEN];
            let site_of = [1, 0, 0];
            let meanings = [0, meaning::TELLS_EDGE, meaning::TELLS_EDGE];
            let mut sites = [Site {
                behind: 1,
                on: side(0, 1),
                away: Side::NONE,
                kind: SiteKind::Edge,
            }];
            let mut branches = Branches {
                site_of: site_of.as_ptr(),
                units: 3,
                sites: sites.as_mut_ptr(),
                site_count: 1,
                watch: Watch {
                    meanings: meanings.as_ptr(),
                    open_edges: 1,
                    ..Watch::NONE
                },
                ..none_of(&arcs, &mut states)
            };
            let (mut one, mut other) = (0_u8, 0_u8);
            let (one, other) = (&raw mut one, &raw mut other);
            // SAFETY: the arrays are as long as the numbers in `branches` say, and outlive it.
            let mut reached =
                |unit, thread| unsafe { branches.reached(gil(), unit, || thread, || None) };
            assert!(!reached(0, one), "what comes behind it is to tell");
            assert!(!reached(1, other), "that is another thread's");
            assert_eq!(reached(next, one), taken == HIT);
            assert_eq!(states, [taken]);
        }
    }
}
