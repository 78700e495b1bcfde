//! Whom code has run for, the latest first, and since when it is known that events tell nothing new.
//!
//! To switch an event off, all that listen to the code are asked. What holds for a context goes on to
//! hold, so only those need be asked that have come since it last held for all.

use core::ptr::null_mut;

use super::Info;
use crate::ffi;

/// So much may be known of one code object.
const LEAST_ROOM: usize = 16;
const MOST_ROOM: usize = 1 << 16;

/// What can be reported of code.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    /// A line, and where it begins if that matters.
    Line(u32, i64),
    /// A branch, and where it leads.
    Branch(i64, i64),
    /// An operation.
    Operation(i64),
    /// A return.
    Return(i64),
}

impl Event {
    /// A number that no other event of the code has.
    fn key(self) -> u64 {
        let number = |kind: u64, first: u64, second: i64| {
            kind << 62 | (first & 0x7fff_ffff) << 31 | (second as u64 & 0x7fff_ffff)
        };
        match self {
            Self::Line(line, place) => number(0, u64::from(line), place),
            Self::Branch(place, destination) => number(1, place as u64, destination),
            Self::Operation(place) => number(2, place as u64, 0),
            Self::Return(place) => number(3, place as u64, 0),
        }
    }
}

/// What is known of an event.
#[derive(Clone, Copy)]
struct Told {
    key: u64,
    /// It tells nothing new to those that had come up to this epoch; 0 for none.
    epoch: usize,
    /// The slot of one that it told something new when it was asked last, and 1; 0 for none.
    ignorant: usize,
}

impl Told {
    /// Nothing yet.
    fn of(key: u64) -> Self {
        Self {
            key,
            epoch: 0,
            ignorant: 0,
        }
    }
}

/// Of the process: whom the code has run for.
pub(super) struct Comers {
    latest: *mut Info,
    told: *mut Told,
    room: usize,
    /// Whether single operations had to be watched on behalf of any.
    pub needed_operations: bool,
}

/// On behalf of a context: its place among these.
pub(super) struct Coming {
    /// The epoch at which it came last; 0 before it has.
    epoch: usize,
    later: *mut Info,
    earlier: *mut Info,
}

impl Coming {
    /// Not there.
    pub(super) const NONE: Self = Self {
        epoch: 0,
        later: null_mut(),
        earlier: null_mut(),
    };
}

impl Comers {
    /// Nobody.
    pub(super) const NONE: Self = Self {
        latest: null_mut(),
        told: null_mut(),
        room: 0,
        needed_operations: false,
    };

    /// One comes, for the first time or again.
    ///
    /// # Safety
    ///
    /// What is known on behalf of those that came stays until they go; nobody else changes it.
    pub(super) unsafe fn come(&mut self, info: *mut Info, epoch: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            self.go(info);
            (*info).coming = Coming {
                epoch,
                later: null_mut(),
                earlier: self.latest,
            };
            if let Some(before) = self.latest.as_mut() {
                before.coming.later = info;
            }
            self.latest = info;
        }
    }

    /// One goes, if it is there.
    ///
    /// # Safety
    ///
    /// As for [`Comers::come`].
    pub(super) unsafe fn go(&mut self, info: *mut Info) {
        // SAFETY: as the caller promises.
        unsafe {
            let coming = core::mem::replace(&mut (*info).coming, Coming::NONE);
            if coming.epoch == 0 {
                return;
            }
            match coming.later.as_mut() {
                Some(later) => later.coming.earlier = coming.earlier,
                None => self.latest = coming.earlier,
            }
            if let Some(earlier) = coming.earlier.as_mut() {
                earlier.coming.later = coming.later;
            }
        }
    }

    /// Whether an event tells nothing new to any that matters, at an epoch behind which nobody has come.
    /// Each has a slot, or none, and is found by that.
    ///
    /// # Safety
    ///
    /// As for [`Comers::come`].
    pub(super) unsafe fn all_know(
        &mut self,
        event: Event,
        epoch: usize,
        lines: u32,
        slot_of: impl Fn(&Info) -> Option<usize>,
        at: impl FnOnce(usize) -> *mut Info,
        mut knows: impl FnMut(&Info) -> bool,
    ) -> bool {
        let key = event.key();
        let mut none = Told::of(key);
        // SAFETY: the place is one of those that are there, which nobody else uses; as the caller
        // promises.
        unsafe {
            let told = self.told_of(key, lines).as_mut().unwrap_or(&mut none);
            if told.key != key {
                *told = Told::of(key);
            }
            // Whoever has that slot by now.
            let ignorant = told.ignorant.checked_sub(1).map(at);
            if let Some(one) = ignorant.and_then(|info| info.as_ref())
                && !knows(one)
            {
                return false;
            }
            let mut info = self.latest;
            while let Some(one) = info.as_ref().filter(|one| one.coming.epoch > told.epoch) {
                if !knows(one) {
                    told.ignorant = slot_of(one).map_or(0, |slot| slot + 1);
                    return false;
                }
                info = one.coming.earlier;
            }
            (told.epoch, told.ignorant) = (epoch, 0);
        }
        true
    }

    /// Where is kept what is known of an event, or of another one that has the same place; null without
    /// memory.
    fn told_of(&mut self, key: u64, lines: u32) -> *mut Told {
        if self.told.is_null() {
            let room = (lines as usize * 2).clamp(LEAST_ROOM, MOST_ROOM);
            let room = room.next_power_of_two();
            // SAFETY: the C library's, for any numbers: it looks for an overflow itself.
            let memory = unsafe { ffi::calloc(room, size_of::<Told>()) }.cast::<Told>();
            if memory.is_null() {
                return null_mut();
            }
            (self.told, self.room) = (memory, room);
        }
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        // SAFETY: the room is a power of two, and there are so many places.
        unsafe { self.told.add(mixed as usize & (self.room - 1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::OUTSIDE;
    use super::*;

    const LINE: Event = Event::Line(1, -1);

    /// What came, each at the slot of its number.
    struct All {
        infos: [*mut Info; 3],
        comers: Comers,
    }

    impl All {
        /// Whether all that came know; which of them were asked, by number.
        fn ask(&mut self, event: Event, epoch: usize, known: [bool; 3]) -> (bool, [u8; 3]) {
            let mut asked = [0; 3];
            // SAFETY: what came is the test's own.
            let all = unsafe {
                self.comers.all_know(
                    event,
                    epoch,
                    1,
                    |info| Some(info.first as usize),
                    |slot| self.infos[slot],
                    |info| {
                        asked[info.first as usize] += 1;
                        known[info.first as usize]
                    },
                )
            };
            (all, asked)
        }
    }

    #[test]
    fn only_who_came_since_is_asked_again() {
        // SAFETY: what is nothing's has nothing that a copy could share.
        let mut infos = [0, 1, 2].map(|first| Info {
            first,
            ..unsafe { OUTSIDE.place().read() }
        });
        let [one, two, three] = &mut infos;
        let (one, two, three) = (&raw mut *one, &raw mut *two, &raw mut *three);
        let mut all = All {
            infos: [one, two, three],
            comers: Comers::NONE,
        };
        let other = Event::Return(1);
        // SAFETY: all of them live as long as the test.
        unsafe {
            all.comers.come(one, 1);
            all.comers.come(two, 2);
            assert_eq!(all.ask(LINE, 2, [false, true, true]), (false, [1, 1, 0]));
            // Who did not know is asked first, and alone for as long as that is so.
            assert_eq!(all.ask(LINE, 2, [false, true, true]), (false, [1, 0, 0]));
            assert_eq!(all.ask(LINE, 2, [true; 3]), (true, [2, 1, 0]));
            assert_eq!(all.ask(LINE, 2, [false; 3]), (true, [0; 3]));
            assert_eq!(all.ask(other, 2, [true; 3]), (true, [1, 1, 0]));
            all.comers.come(three, 3);
            assert_eq!(all.ask(LINE, 3, [true, true, false]), (false, [0, 0, 1]));
            assert_eq!(all.ask(LINE, 3, [true; 3]), (true, [0, 0, 2]));
            // One that comes again is asked again, and what has gone is not.
            all.comers.come(one, 4);
            all.comers.go(three);
            assert_eq!(all.ask(LINE, 4, [false, true, true]), (false, [1, 0, 0]));
            all.comers.go(three);
            all.comers.go(one);
            all.comers.go(two);
            assert_eq!(all.ask(other, 5, [false; 3]), (true, [0; 3]));
        }
    }

    #[test]
    fn events_are_told_apart() {
        let events = [
            Event::Line(1, -1),
            Event::Line(2, -1),
            Event::Line(1, 2),
            Event::Branch(1, 2),
            Event::Branch(2, 1),
            Event::Operation(1),
            Event::Return(1),
        ];
        let keys = events.map(Event::key);
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key), "{place}");
        }
    }
}
