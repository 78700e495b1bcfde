//! The line of each code unit of large code.
//!
//! To report a line, 3.12 and 3.13 read the line table from its beginning, unless the line is near
//! the first one: the lines of a large module cost their square. There the interpreter is to report
//! operations instead, whose lines this table tells.

use core::ptr::null;

use crate::arena;
use crate::code::CodeField;
use crate::ffi::Object;
use crate::interpreter::VERSION;
use crate::line_table;
use crate::object::bytes;
use crate::state::Gil;

/// A line table of so many ranges is that of large code: with fewer, operations cost more than
/// lines do.
const LARGE: usize = 2_000;

/// The lines by unit.
#[derive(Clone, Copy)]
pub(crate) struct UnitLines {
    lines: *const u32,
    units: usize,
}

impl UnitLines {
    /// Of code that is not large.
    pub(crate) const NONE: Self = Self {
        lines: null(),
        units: 0,
    };

    /// Whether code whose line table has so many ranges is large, for an interpreter that reads it
    /// again and again.
    pub(crate) fn are_needed(gil: Gil<'_>, ranges: usize) -> bool {
        ranges >= LARGE && matches!(VERSION.get(gil), 0x030c | 0x030d)
    }

    /// Reads the line table of code. The memory is never given back, as with all that is known
    /// about code.
    pub(crate) unsafe fn of(gil: Gil<'_>, code: Object) -> Option<Self> {
        // SAFETY: the code is alive, and its bytes are only counted. Fresh pages hold zeros, are
        // large enough, aligned, and stay.
        unsafe {
            let all = CodeField::Bytes.of(gil, code)?;
            let units = bytes(gil, all.object())?.len() / 2;
            let memory = arena::pages(units * size_of::<u32>()).cast::<u32>();
            if memory.is_null() {
                return None;
            }
            let lines = core::slice::from_raw_parts_mut(memory, units);
            let body = line_table::body_start(gil, code);
            line_table::for_each_range(gil, code, body, |start, end, line| {
                if let Some(some) = lines.get_mut(start.max(body) / 2..end / 2) {
                    some.fill(line);
                }
                Some(())
            })?;
            Some(Self {
                lines: memory,
                units,
            })
        }
    }

    /// Whether there are any.
    pub(crate) fn exist(&self) -> bool {
        !self.lines.is_null()
    }

    /// The line of a unit; 0 for none.
    #[inline]
    pub(crate) fn line(&self, unit: usize) -> u32 {
        if unit < self.units {
            // SAFETY: the unit is below how many there are, and the table stays.
            unsafe { *self.lines.add(unit) }
        } else {
            0
        }
    }
}
