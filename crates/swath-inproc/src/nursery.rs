//! Places for the stores of fork children, in a file that is made before the fork.
//!
//! To create a file costs more than a fork, on many file systems. A child that finds a place in
//! what it inherits has nothing to open.

use core::ptr::null_mut;
use core::sync::atomic::Ordering;

use swath_store::layout::{self, PLACE_LENGTH, RawForks};

use crate::ffi;
use crate::fork;
use crate::map;
use crate::state::{Gil, Global};
use crate::store_file;

/// How many places the first file of a process has, and at most.
const FIRST_PLACES: usize = 4;
const MOST_PLACES: usize = 256;
/// A store that outgrows its place goes on a header's length behind the beginning of a file, and only
/// a whole page can be mapped there.
const LARGEST_PAGE: usize = layout::HEADER_LENGTH;

/// The file whose places children take.
#[derive(Clone, Copy)]
struct Nursery {
    base: *mut u8,
    /// How many places it has.
    places: usize,
    /// For how many forks of this process it has been looked at.
    begun: usize,
    /// The process that made it; see [`fork::generation`].
    generation: u32,
}

static NURSERY: Global<Nursery> = Global::new(Nursery {
    base: null_mut(),
    places: 0,
    begun: 0,
    generation: 0,
});

impl Nursery {
    /// What the file begins with.
    fn head<'a>(&self) -> Option<&'a RawForks> {
        // SAFETY: it is null or the beginning of a file that is mapped, which goes away only where
        // another one takes its place.
        unsafe { self.base.cast::<RawForks>().as_ref() }
    }

    /// Whether a child would find a place.
    fn has_room(&self) -> bool {
        let taken = |head: &RawForks| head.taken.load(Ordering::Relaxed) as usize;
        self.head()
            .is_some_and(|head| taken(head).max(self.begun) < self.places)
    }
}

/// This process is about to fork: makes places if there are none left. Where that cannot be,
/// children make files of their own.
pub(crate) fn prepare(gil: Gil<'_>) {
    fork::check(gil);
    // SAFETY: getpagesize may be called at any time.
    if unsafe { ffi::getpagesize() } as usize > LARGEST_PAGE {
        return;
    }
    let mut nursery = NURSERY.get(gil);
    if !nursery.has_room() {
        let is_own = nursery.generation == fork::generation(gil) && nursery.places > 0;
        let places = if is_own {
            (nursery.places * 2).min(MOST_PLACES)
        } else {
            FIRST_PLACES
        };
        let before = nursery;
        nursery = Nursery {
            base: null_mut(),
            places: 0,
            ..nursery
        };
        if let Some(base) = store_file::create_places(gil, (places + 1) * PLACE_LENGTH) {
            // SAFETY: the mapping is fresh, page-aligned and as long as a place and more; it holds
            // zeros, and no child knows of it yet.
            let head = unsafe { &mut *base.cast::<RawForks>() };
            head.version = layout::FORMAT_VERSION;
            let magic = u64::from_le_bytes(layout::FORKS_MAGIC);
            head.magic.store(magic, Ordering::Release);
            nursery = Nursery {
                base,
                places,
                begun: 0,
                generation: fork::generation(gil),
            };
        }
        // A child's own store may be in the file that it inherited.
        if is_own {
            map::unmap(before.base, (before.places + 1) * PLACE_LENGTH);
        }
    }
    nursery.begun += 1;
    NURSERY.set(gil, nursery);
}

/// In a fork child: a place for its store, full of zeros; null where there is none.
pub(crate) fn take(gil: Gil<'_>) -> *mut u8 {
    let nursery = NURSERY.get(gil);
    let Some(head) = nursery.head() else {
        return null_mut();
    };
    let index = head.taken.fetch_add(1, Ordering::Relaxed) as usize;
    if index >= nursery.places {
        return null_mut();
    }
    // SAFETY: the file has that many places behind its first part, and nobody else was given this
    // one.
    unsafe { nursery.base.add((index + 1) * PLACE_LENGTH) }
}
