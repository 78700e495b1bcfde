//! What is known about code on behalf of contexts: for each that it ran for, a fresh copy of what
//! is known about the code, whose states are in private memory and stand for those in the store.
//! So each context sees the code run as if nothing had run before.

use core::ptr::null_mut;

use swath_store::layout;

use super::comers::{Comers, Coming, Event};
use super::{BRANCH, CodeField, Info};
use crate::branches::{Branches, Site};
use crate::context::{self, Context};
use crate::ffi::{self, Object};
use crate::found_arcs::FoundArcs;
use crate::interpreter::VERSION;
use crate::map;
use crate::mirror::Mirror;
use crate::object;
use crate::state::Gil;

/// By slot of a context, what is known on its behalf.
pub(super) struct Behalf {
    infos: *mut *mut Info,
    room: usize,
}

impl Behalf {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        infos: null_mut(),
        room: 0,
    };

    #[inline]
    pub(super) fn get(&self, slot: usize) -> *mut Info {
        if slot < self.room {
            // SAFETY: there are so many places.
            unsafe { *self.infos.add(slot) }
        } else {
            null_mut()
        }
    }

    /// Makes room for a slot; `None` without memory.
    fn reserve(&mut self, slot: usize) -> Option<()> {
        if slot < self.room {
            return Some(());
        }
        let room = (slot + 1).next_power_of_two().max(4);
        // SAFETY: the C library's, for any numbers; the old memory is shorter than the new, came
        // from `calloc`, and is not used again.
        unsafe {
            let infos = ffi::calloc(room, size_of::<*mut Info>()).cast::<*mut Info>();
            if infos.is_null() {
                return None;
            }
            if !self.infos.is_null() {
                core::ptr::copy_nonoverlapping(self.infos, infos, self.room);
                ffi::free(self.infos.cast());
            }
            (self.infos, self.room) = (infos, room);
        }
        Some(())
    }

    fn set(&mut self, slot: usize, info: *mut Info) {
        if slot < self.room {
            // SAFETY: there are so many places.
            unsafe { *self.infos.add(slot) = info };
        }
    }
}

/// What the interpreter reports once for each place in the code's bytes.
#[derive(Clone, Copy)]
pub(crate) enum Report {
    /// A line begins there.
    Line = 1,
    /// The frame returns from there.
    Return = 2,
}

/// By unit, what was reported on behalf of a context. From 3.14 on it matters which lines are reported
/// one after the other, and a line that begins at several places is reported at each: to a context
/// alone what it has seen would not be reported again.
pub(super) struct Seen {
    reports: *mut u8,
    units: usize,
}

impl Seen {
    /// Nothing is looked at.
    pub(super) const NONE: Self = Self {
        reports: null_mut(),
        units: 0,
    };

    /// How many units of the code are looked at.
    unsafe fn units(gil: Gil<'_>, code: Object) -> usize {
        if !BRANCH.get(gil) || VERSION.get(gil) < 0x030e {
            return 0;
        }
        // SAFETY: the code is alive, and its bytes are only counted.
        unsafe {
            let all = CodeField::Bytes.of(gil, code);
            let all = all
                .as_ref()
                .and_then(|all| object::bytes(gil, all.object()));
            all.map_or(0, |all| all.len() / 2)
        }
    }

    #[inline]
    fn place(&self, offset: i64) -> Option<*mut u8> {
        let unit = usize::try_from(offset / 2).ok()?;
        // SAFETY: there are so many units.
        (unit < self.units).then(|| unsafe { self.reports.add(unit) })
    }
}

impl Info {
    /// Whether places in the code's bytes matter for what is reported.
    #[inline]
    pub(crate) fn looks_at_places(&self) -> bool {
        !self.seen.reports.is_null()
    }

    /// Something is reported at a place: whether it is for the first time, or places do not matter.
    #[inline]
    pub(crate) fn is_first(&mut self, report: Report, offset: i64) -> bool {
        let Some(place) = self.seen.place(offset) else {
            return true;
        };
        // SAFETY: the place is one of those that are looked at, which nobody else uses.
        unsafe {
            let before = *place;
            *place = before | report as u8;
            before & report as u8 == 0
        }
    }

    /// Whether it was reported at a place, or places do not matter.
    #[inline]
    pub(crate) fn was_reported(&self, report: Report, offset: i64) -> bool {
        let place = self.seen.place(offset);
        // SAFETY: as above.
        place.is_none_or(|place| unsafe { *place } & report as u8 != 0)
    }

    /// What is known about the code on behalf of the context that runs now; this itself where none
    /// can be told.
    #[inline]
    pub(crate) unsafe fn for_current(&mut self, gil: Gil<'_>, code: Object) -> *mut Info {
        if !context::is_active(gil) || !self.is_measured() {
            return self;
        }
        // SAFETY: contexts and what is known on their behalf stay until they are forgotten, which
        // happens only when another context joins; the code is this information's own.
        unsafe {
            match context::current(gil) {
                Some(context) => self.on_behalf(gil, code, context),
                None => self,
            }
        }
    }

    /// What is known about the code on behalf of a context.
    #[inline]
    pub(crate) unsafe fn on_behalf(
        &mut self,
        gil: Gil<'_>,
        code: Object,
        context: *mut Context,
    ) -> *mut Info {
        // SAFETY: contexts are kept for good; the code is this information's own.
        unsafe {
            let Some(slot) = (*context).slot() else {
                return self;
            };
            let known = self.behalf.get(slot);
            if known.is_null() {
                return self.begin_behalf(gil, code, context, slot).unwrap_or(self);
            }
            if (*known).epoch != (*context).joined {
                (*known).epoch = (*context).joined;
                self.epoch = context::next_epoch(gil);
                self.comers.come(known, self.epoch);
            }
            known
        }
    }

    /// When a context last came to the code that this is known about, for the first time or again.
    #[inline]
    pub(crate) fn epoch(&self) -> usize {
        self.epoch
    }

    /// Whether this is on behalf of a context.
    #[inline]
    pub(crate) fn is_on_behalf(&self) -> bool {
        !self.whole.is_null()
    }

    /// Whether an event tells nothing new on behalf of every context that listens to this code: that has
    /// come to it since it joined those that listen. `knows` says so of one, and goes on to say so.
    #[inline]
    pub(crate) fn all_know(
        &self,
        _gil: Gil<'_>,
        event: Event,
        mut knows: impl FnMut(&Info) -> bool,
    ) -> bool {
        // SAFETY: contexts are kept for good, and so is what is known of the process, which with the GIL
        // held nobody else changes; this is not what changes in it.
        unsafe {
            let (comers, epoch) = (&raw mut (*self.whole).comers, (*self.whole).epoch);
            let behalf = &(*self.whole).behalf;
            (*comers).all_know(
                event,
                epoch,
                self.span,
                |info| info.mirror.context().as_ref().and_then(Context::slot),
                |slot| behalf.get(slot),
                |info| {
                    let context = &*info.mirror.context();
                    !context.is_listening() || info.epoch != context.joined || knows(info)
                },
            )
        }
    }

    /// Whether single operations must be watched on behalf of any context.
    pub(crate) fn any_needs_operations(&mut self, gil: Gil<'_>) -> bool {
        let mut needs = self.needs_operations() || self.comers.needed_operations;
        if !needs && self.outline.iterates {
            for context in context::listening(gil) {
                // SAFETY: contexts are kept for good, and what is known on behalf of one that listens is
                // not forgotten; with the GIL held this is the only reference.
                unsafe {
                    let slot = (**context).slot();
                    let info = slot.map_or(null_mut(), |slot| self.behalf.get(slot));
                    needs |= !info.is_null() && (*info).needs_operations();
                }
            }
        }
        self.comers.needed_operations = needs;
        needs
    }

    /// Begins to know the code on behalf of a context, in one piece of memory.
    #[cold]
    unsafe fn begin_behalf(
        &mut self,
        gil: Gil<'_>,
        code: Object,
        context: *mut Context,
        slot: usize,
    ) -> Option<*mut Info> {
        // SAFETY: the code is this information's own and alive. The fresh memory has room for all
        // that is put there, each part behind the one before; the first ones are multiples of the
        // alignment of what comes next. Sites are copied from as many as there are.
        unsafe {
            self.prepare(gil, code);
            self.behalf.reserve(slot)?;
            let span = self.span as usize;
            let branches = self.branches.as_ref();
            let site_count = branches.map_or(0, |branches| branches.site_count as usize);
            let arc_count = branches.map_or(0, |branches| branches.count as usize);
            let branches_at = size_of::<Info>();
            let sites_at = branches_at + branches.map_or(0, |_| size_of::<Branches>());
            let states_at = sites_at + site_count * size_of::<Site>();
            let units = Seen::units(gil, code);
            let length = states_at + arc_count + span * 2 + units;
            let memory = ffi::calloc(1, length).cast::<u8>();
            if memory.is_null() {
                return None;
            }
            let states = memory.add(states_at);
            let hits = states.add(arc_count);
            let mut remaining = 0;
            for index in 0..if BRANCH.get(gil) { span * 2 } else { span } {
                if *self.hits.add(index) != layout::LINE_NONE {
                    hits.add(index).write(layout::LINE_EXECUTABLE);
                    remaining += i32::from(index < span);
                }
            }
            let copy = match branches {
                Some(branches) => {
                    let place = map::place_of(gil, branches.states);
                    let mirror = Mirror::of(branches.states, place, context);
                    let copy = memory.add(branches_at).cast::<Branches>();
                    let sites = memory.add(sites_at).cast();
                    copy.write(branches.fresh(sites, states, mirror));
                    if VERSION.get(gil) < 0x030c {
                        remaining += (*copy).open();
                    }
                    copy
                }
                None => null_mut(),
            };
            let info = memory.cast::<Info>();
            info.write(Info {
                next: (*context).infos,
                hash: self.hash,
                generation: self.generation,
                source: self.source,
                file: self.file,
                first: self.first,
                span: self.span,
                remaining,
                start: self.start,
                hits,
                exits: if self.exits.is_null() {
                    null_mut()
                } else {
                    hits.add(span)
                },
                definition: self.definition,
                outline: self.outline,
                branches: copy,
                has_looked: true,
                found: FoundArcs::NONE,
                latest: 0,
                latest_thread: null_mut(),
                unit_lines: self.unit_lines,
                whole: self,
                behalf: Behalf::NONE,
                comers: Comers::NONE,
                coming: Coming::NONE,
                epoch: (*context).joined,
                seen: if units == 0 {
                    Seen::NONE
                } else {
                    Seen {
                        reports: hits.add(span * 2),
                        units,
                    }
                },
                mirror: Mirror::of(self.hits, map::place_of(gil, self.hits), context),
            });
            (*context).infos = info;
            self.behalf.set(slot, info);
            self.epoch = context::next_epoch(gil);
            self.comers.come(info, self.epoch);
            Some(info)
        }
    }
}

/// Forgets what is known on behalf of a context that does not listen.
pub(crate) fn forget_behalf(_gil: Gil<'_>, context: *mut Context) {
    // SAFETY: contexts are kept for good. What is known on their behalf was allocated one by one,
    // and nobody but the whole's list, from which each is taken first, and the context knows it.
    unsafe {
        let slot = (*context).slot();
        let mut info = core::mem::replace(&mut (*context).infos, null_mut());
        while !info.is_null() {
            let next = (*info).next;
            if let Some(slot) = slot {
                (*(*info).whole).behalf.set(slot, null_mut());
            }
            (*(*info).whole).comers.go(info);
            (*info).found.release();
            ffi::free(info.cast());
            info = next;
        }
    }
}
