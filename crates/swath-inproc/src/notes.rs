//! Numbers that are noted for threads or frames until they are asked for.

use core::ptr::null_mut;

use crate::ffi;
use crate::scratch::Scratch;

/// So many owners are told apart; those that never came back make room for others.
const MOST: usize = 256;

#[derive(Clone, Copy)]
struct Note {
    owner: *mut u8,
    number: u64,
}

/// At most one number for each owner. A copy is of the same list.
#[derive(Clone, Copy)]
pub(crate) struct Notes(*mut Scratch<Note>);

impl Notes {
    /// None so far.
    pub(crate) const NONE: Self = Self(null_mut());

    /// Whether nothing was ever noted.
    #[inline]
    pub(crate) fn never_were(&self) -> bool {
        self.0.is_null()
    }

    /// Notes a number. Without memory it is not noted.
    ///
    /// # Safety
    ///
    /// Nobody else uses the list meanwhile.
    pub(crate) unsafe fn set(&mut self, owner: *mut u8, number: u64) {
        // SAFETY: the memory is fresh, large enough, and nobody else's; the list in it stays.
        unsafe {
            if self.0.is_null() {
                let memory = ffi::calloc(1, size_of::<Scratch<Note>>()).cast::<Scratch<Note>>();
                if memory.is_null() {
                    return;
                }
                memory.write(Scratch::new());
                self.0 = memory;
            }
            let notes = &mut *self.0;
            let known = notes.values_mut().iter_mut();
            if let Some(note) = known.into_iter().find(|note| note.owner == owner) {
                note.number = number;
                return;
            }
            if notes.values().len() >= MOST {
                notes.clear();
            }
            notes.add(Note { owner, number });
        }
    }

    /// Takes out what was noted.
    ///
    /// # Safety
    ///
    /// As for [`Notes::set`].
    #[inline]
    pub(crate) unsafe fn take(&mut self, owner: *mut u8) -> Option<u64> {
        // SAFETY: the list is null, or was made above and stays.
        let notes = unsafe { self.0.as_mut() }?;
        let index = notes.values().iter().position(|note| note.owner == owner)?;
        let last = notes.take()?;
        match notes.values_mut().get_mut(index) {
            Some(place) => Some(core::mem::replace(place, last).number),
            None => Some(last.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_owner_has_a_number_of_its_own() {
        let mut notes = Notes::NONE;
        let mut marks = [0_u8; 300];
        let owners: [*mut u8; 300] = core::array::from_fn(|index| (&raw mut marks[index]));
        // SAFETY: the list is this test's own.
        unsafe {
            assert_eq!(notes.take(owners[0]), None);
            notes.set(owners[0], 7);
            notes.set(owners[1], 8);
            notes.set(owners[2], 9);
            notes.set(owners[0], 5);
            assert_eq!(notes.take(owners[0]), Some(5));
            assert_eq!(notes.take(owners[0]), None);
            assert_eq!(notes.take(owners[2]), Some(9));
            assert_eq!(notes.take(owners[1]), Some(8));
            for (number, owner) in (0..).zip(owners) {
                notes.set(owner, number);
            }
            assert_eq!(notes.take(owners[299]), Some(299));
        }
    }
}
