//! Letting the small pieces of a stream gather, so that a flood of them is passed on as few large ones.
//!
//! An engine writes the log of a container piece by piece. Each piece that is passed on at once
//! wakes two processes, which takes longer than writing it did.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A piece that is this long is worth passing on by itself.
const LARGE: usize = 16 << 10;
/// How long pieces gather. What an engine writes in this time fits into the buffer of its socket.
const REST: Duration = Duration::from_micros(500);
/// A pause after which pieces are no flood any more.
const PAUSE: Duration = Duration::from_millis(5);
/// So many pieces in a row are a flood.
const FLOOD: u32 = 32;

/// The pace of one direction of a connection.
pub(crate) struct Pace<'a> {
    /// How many pieces came in the opposite direction.
    opposite: &'a AtomicUsize,
    opposite_before: usize,
    last: Instant,
    pieces: u32,
}

impl<'a> Pace<'a> {
    pub(crate) fn new(opposite: &'a AtomicUsize) -> Self {
        Self {
            opposite,
            opposite_before: 0,
            last: Instant::now(),
            pieces: 0,
        }
    }

    /// A piece was passed on: waits for a moment if it is one of a flood of small ones.
    pub(crate) fn passed(&mut self, length: usize) {
        if self.is_flood(length, Instant::now()) {
            thread::sleep(REST);
            self.last = Instant::now();
        }
    }

    /// Whether small pieces come one right after the other. Where the other side has its say in
    /// between, it may be waiting for this piece: there nothing is held up.
    fn is_flood(&mut self, length: usize, now: Instant) -> bool {
        let opposite = self.opposite.load(Ordering::Relaxed);
        let is_alone = std::mem::replace(&mut self.opposite_before, opposite) == opposite;
        let is_close = now.duration_since(self.last) < PAUSE;
        self.last = now;
        self.pieces = if is_alone && is_close {
            self.pieces.saturating_add(1)
        } else {
            0
        };
        self.pieces > FLOOD && length < LARGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_flood_of_small_pieces_is_held_up() {
        let opposite = AtomicUsize::new(0);
        let mut pace = Pace::new(&opposite);
        let mut now = Instant::now();
        let mut flood = |length: usize, after: Duration| {
            now += after;
            pace.is_flood(length, now)
        };
        let soon = Duration::from_micros(10);
        for _ in 0..FLOOD {
            assert!(!flood(100, soon));
        }
        assert!(flood(100, soon));
        assert!(!flood(LARGE, soon));
        assert!(flood(100, soon));
        assert!(!flood(100, PAUSE));
        assert!(!flood(100, soon));
    }

    #[test]
    fn a_conversation_is_not_held_up() {
        let opposite = AtomicUsize::new(0);
        let mut pace = Pace::new(&opposite);
        let now = Instant::now();
        for _ in 0..10 * FLOOD {
            opposite.fetch_add(1, Ordering::Relaxed);
            assert!(!pace.is_flood(100, now));
        }
    }
}
