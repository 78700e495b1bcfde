//! The interpreters of the process that run something and are not measured.
//!
//! One that shares the GIL of the measured one begins to be measured when its `site` gets to
//! `sitecustomize`; what it runs before that is the start of Python itself. So each counts from its
//! first event on, and no longer once it is measured. One that never gets there goes on to count.
//! They may have locks of their own, so nothing here asks for the GIL.

use core::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use crate::map;

/// So many are told apart; where there are more, that stays noted.
const MOST: usize = 64;

/// Their ids, which CPython gives to no second interpreter, plus one; 0 where there is none.
static RUNNING: [AtomicI64; MOST] = [const { AtomicI64::new(0) }; MOST];
/// The same of those that were measured until they ended: finalizers run after that.
static ENDED: [AtomicI64; MOST] = [const { AtomicI64::new(0) }; MOST];
/// How many have ended.
static ENDED_COUNT: AtomicUsize = AtomicUsize::new(0);
/// Whether there was one that never can be measured.
static IS_CERTAIN: AtomicBool = AtomicBool::new(false);

/// The interpreter with this id, which is not measured, runs something.
pub(crate) fn note(id: i64) {
    let word = id.wrapping_add(1);
    let is_it = |one: &AtomicI64| one.load(Ordering::Relaxed) == word;
    if ENDED.iter().any(is_it) || RUNNING.iter().any(is_it) {
        return;
    }
    let has_place = RUNNING.iter().any(|place| {
        let taken = place.compare_exchange(0, word, Ordering::SeqCst, Ordering::Relaxed);
        taken.is_ok()
    });
    if !has_place {
        IS_CERTAIN.store(true, Ordering::SeqCst);
    }
    map::note_other_interpreter(true);
}

/// An interpreter runs something that never can be measured.
pub(crate) fn note_for_good() {
    IS_CERTAIN.store(true, Ordering::SeqCst);
    map::note_other_interpreter(true);
}

/// The interpreter with this id is measured from now on.
pub(crate) fn is_measured_now(id: i64) {
    let word = id.wrapping_add(1);
    let is_it = |one: &&AtomicI64| one.load(Ordering::Relaxed) == word;
    let Some(place) = RUNNING.iter().find(is_it) else {
        return;
    };
    place.store(0, Ordering::SeqCst);
    map::note_other_interpreter(false);
    // One that came meanwhile has either noted it again, or is seen here.
    let runs = |one: &AtomicI64| one.load(Ordering::SeqCst) != 0;
    if IS_CERTAIN.load(Ordering::SeqCst) || RUNNING.iter().any(runs) {
        map::note_other_interpreter(true);
    }
}

/// The interpreter with this id was measured, and ends.
pub(crate) fn ends(id: i64) {
    let place = ENDED_COUNT.fetch_add(1, Ordering::Relaxed) % MOST;
    if let Some(place) = ENDED.get(place) {
        place.store(id.wrapping_add(1), Ordering::Relaxed);
    }
}

/// In a fork child: they are gone.
pub(crate) fn forget() {
    for place in &RUNNING {
        place.store(0, Ordering::Relaxed);
    }
    IS_CERTAIN.store(false, Ordering::Relaxed);
}
