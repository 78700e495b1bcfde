//! What a fork child still has of its parent's store: nothing is written there any more, and what is
//! known about code may be read.
//!
//! It stays until the child forks itself. To unmap it would cost a child that ends at once more than it
//! costs one that goes on.

use super::{MOST_PIECES, Piece, unmap};
use crate::state::{Gil, Global};

/// The pieces of a store.
struct Inherited {
    pieces: [Piece; MOST_PIECES],
    count: usize,
}

static INHERITED: Global<Inherited> = Global::new(Inherited {
    pieces: [Piece::NONE; MOST_PIECES],
    count: 0,
});

/// Keeps the pieces of the parent's store; what the parent kept of its own parent's goes away.
pub(super) fn keep(_gil: Gil<'_>, pieces: &[Piece]) {
    // SAFETY: with the GIL held nobody else uses the pieces.
    let inherited = unsafe { &mut *INHERITED.place() };
    for piece in inherited.pieces.iter().take(inherited.count) {
        unmap(piece.base, piece.length);
    }
    for (place, piece) in inherited.pieces.iter_mut().zip(pieces) {
        *place = *piece;
    }
    inherited.count = pieces.len().min(MOST_PIECES);
}

/// Whether these bytes are in what was kept.
pub(crate) fn holds(_gil: Gil<'_>, bytes: *const u8, length: usize) -> bool {
    // SAFETY: with the GIL held nobody changes the pieces meanwhile.
    let inherited = unsafe { &*INHERITED.place() };
    inherited.pieces.iter().take(inherited.count).any(|piece| {
        let distance = (bytes as usize).wrapping_sub(piece.base as usize);
        distance < piece.length && length <= piece.length - distance
    })
}
