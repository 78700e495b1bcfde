//! Steps from line to line within an `except*`, as a tracer sees them (3.12 and 3.13).
//!
//! What ends an `except*` is of no line, and goes on or raises by what all its clauses did. So neither a
//! line nor a branch tells which way was taken from there, nor the operation that a clause ends with.

use crate::notes::Notes;
use crate::scratch::Zero;

/// What a unit is to an `except*`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// Its first one, before which the frame is at no line of it. What is outside is never asked for.
    Begin,
    /// One of a clause, or between them.
    Within,
    /// The first one of a way out of it.
    End,
}

/// What it means that a unit is about to run.
#[derive(Clone, Copy)]
pub(crate) struct GroupStep {
    pub role: Role,
    /// Its line; where control comes to next, at the end. 0 for none.
    pub target: i32,
}

// SAFETY: one field is a number, and zero is a role.
unsafe impl Zero for GroupStep {}

impl GroupStep {
    /// The step from the latest line of a frame, which changes with it.
    ///
    /// # Safety
    ///
    /// Nobody else uses the list meanwhile.
    pub(super) unsafe fn take(self, latest: &mut Notes, frame: *mut u8) -> Option<(u32, i32)> {
        if self.role == Role::Within && self.target == 0 {
            return None;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let before = latest.take(frame);
            match self.role {
                Role::Within => latest.set(frame, self.target as u64),
                Role::End => {}
                Role::Begin => return None,
            }
            before
                .map(|line| (line as u32, self.target))
                .filter(|(from, to)| *from as i32 != *to)
        }
    }
}
