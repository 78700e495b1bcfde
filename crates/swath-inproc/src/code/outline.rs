//! What is seen of a code object's operations without following them.

use super::CodeField;
use crate::ffi::Object;
use crate::interpreter::VERSION;
use crate::object::bytes;
use crate::operations::{self, Kind};
use crate::state::Gil;
use crate::text;

/// What is seen of code without following it.
#[derive(Clone, Copy)]
pub(crate) struct Outline {
    /// Of all operations and their arguments.
    pub(super) hash: u64,
    pub(super) iterates: bool,
    /// Whether frames may be suspended.
    pub suspends: bool,
}

impl Outline {
    /// Nothing was looked at.
    pub(super) const NONE: Self = Self {
        hash: 0,
        iterates: false,
        suspends: false,
    };
}

/// Looks over a code object's operations.
pub(super) unsafe fn outline(gil: Gil<'_>, code: Object) -> Option<Outline> {
    const SUSPENDING: core::ffi::c_long = 0x20 | 0x80 | 0x200;
    let operations = operations::of(VERSION.get(gil));
    // SAFETY: the code is alive, and its bytes are looked at while `all` holds them.
    unsafe {
        let all = CodeField::Bytes.of(gil, code)?;
        let mut outline = Outline {
            suspends: CodeField::Flags.number_of(gil, code) & SUSPENDING != 0,
            ..Outline::NONE
        };
        for pair in bytes(gil, all.object())?.as_chunks::<2>().0 {
            let [operation, argument] = *pair;
            outline.hash = text::mix(
                outline.hash,
                u64::from(u16::from_le_bytes([operation, argument])),
            );
            outline.iterates |= operations.kind(operation).0 == Kind::AsyncEnd;
        }
        Some(outline)
    }
}
