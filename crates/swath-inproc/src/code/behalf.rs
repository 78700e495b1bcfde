//! What is known about code on behalf of contexts: for each that it ran for, a fresh copy of what
//! is known about the code, whose states are in private memory and stand for those in the store.
//! So each context sees the code run as if nothing had run before.

use core::ptr::null_mut;

use swath_store::layout;

use super::{BRANCH, Info};
use crate::branches::{Branches, Site};
use crate::context::{self, Context};
use crate::ffi::{self, Object};
use crate::found_arcs::FoundArcs;
use crate::interpreter::VERSION;
use crate::map;
use crate::mirror::Mirror;
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
    fn get(&self, slot: usize) -> *mut Info {
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

impl Info {
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
            if !known.is_null() {
                return known;
            }
            self.begin_behalf(gil, code, context, slot).unwrap_or(self)
        }
    }

    /// Whether this is on behalf of a context.
    #[inline]
    pub(crate) fn is_on_behalf(&self) -> bool {
        !self.whole.is_null()
    }

    /// Whether something holds on behalf of every context that listens.
    #[inline]
    pub(crate) fn holds_for_all(&self, gil: Gil<'_>, mut holds: impl FnMut(&Info) -> bool) -> bool {
        context::listening(gil).iter().all(|context| {
            // SAFETY: contexts are kept for good, and what is known on behalf of one that listens
            // is not forgotten.
            unsafe {
                let slot = (**context).slot();
                let info = slot.map_or(null_mut(), |slot| (*self.whole).behalf.get(slot));
                !info.is_null() && holds(&*info)
            }
        })
    }

    /// Whether single operations must be watched on behalf of any context that listens.
    pub(crate) fn any_needs_operations(&mut self, gil: Gil<'_>) -> bool {
        let mut needs = self.needs_operations();
        for context in context::listening(gil) {
            // SAFETY: as above; with the GIL held this is the only reference.
            unsafe {
                let slot = (**context).slot();
                let info = slot.map_or(null_mut(), |slot| self.behalf.get(slot));
                needs |= !info.is_null() && (*info).needs_operations();
            }
        }
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
            let length = states_at + arc_count + span * 2;
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
                unit_lines: self.unit_lines,
                whole: self,
                behalf: Behalf::NONE,
                mirror: Mirror::of(self.hits, map::place_of(gil, self.hits), context),
            });
            (*context).infos = info;
            self.behalf.set(slot, info);
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
            (*info).found.release();
            ffi::free(info.cast());
            info = next;
        }
    }
}
