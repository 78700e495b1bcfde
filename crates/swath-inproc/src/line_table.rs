//! The lines of a code object, as the interpreter's own table has them.

#![expect(
    clippy::option_option,
    reason = "no lines, or lines of which one may be shared: the caller tells all three apart"
)]

use core::ptr::null_mut;

use crate::ffi::{self, Object};
use crate::interpreter::{RESUME, VERSION};
use crate::object::{self, Owned, attribute, bytes, number, number_attribute};
use crate::scratch::Scratch;

/// Collects the lines. `Some(Some(line))`: the line that the body shares with the operation that
/// begins it, for which 3.13.0 reports no line.
pub(crate) unsafe fn collect(code: Object, lines: &mut Scratch<u32>) -> Option<Option<u32>> {
    lines.clear();
    // SAFETY: the code is alive, and each version is read by the function for its table.
    unsafe {
        match VERSION.get() {
            0..=0x0309 => collect_table(code, lines),
            _ => collect_ranges(code, lines),
        }
    }
}

/// Calls `each` with the ranges of bytes that reach into the body of a code object, and the line
/// of each, on 3.10 and newer.
pub(crate) unsafe fn for_each_range(
    code: Object,
    body: usize,
    mut each: impl FnMut(usize, usize, u32) -> Option<()>,
) -> Option<()> {
    // SAFETY: `co_lines` gives tuples of three, and what is read of one is read while `range` holds
    // it; where it gives anything else, the functions return null, which `number` and `is_none`
    // take for no line.
    unsafe {
        let ranges = object::call_method(code, c"co_lines", [null_mut(); 3])?;
        while let Some(range) = Owned::take(ffi::PyIter_Next(ranges.object())) {
            let part = |index| number(ffi::PyTuple_GetItem(range.object(), index));
            let line = ffi::PyTuple_GetItem(range.object(), 2);
            if object::is_none(line) {
                continue;
            }
            let place = |index| usize::try_from(part(index)).unwrap_or(0);
            let (start, end) = (place(0), place(1));
            match u32::try_from(number(line)) {
                Ok(line) if line > 0 && end > body => each(start, end, line)?,
                _ => {}
            }
        }
        Some(())
    }
}

/// The lines of a code object of 3.10 and newer.
unsafe fn collect_ranges(code: Object, lines: &mut Scratch<u32>) -> Option<Option<u32>> {
    // SAFETY: the code is alive, as the caller promises.
    unsafe {
        let body = body_start(code);
        let mut first = None;
        for_each_range(code, body, |start, _, line| {
            if start < body {
                first = Some(line);
            }
            lines.add(line)
        })?;
        Some(first)
    }
}

/// Where the body of a code object begins, behind what makes the call: nothing reports lines
/// for that.
pub(crate) unsafe fn body_start(code: Object) -> usize {
    if VERSION.get() < 0x030b {
        return 0;
    }
    // SAFETY: the code is alive, and its bytes are looked at while `operations` holds them.
    unsafe {
        let Some(operations) = attribute(code, c"co_code") else {
            return 0;
        };
        let resume = RESUME.get();
        let all = bytes(operations.object()).unwrap_or(&[]);
        match all
            .chunks_exact(2)
            .position(|unit| unit.first() == Some(&resume))
        {
            Some(unit) => unit * 2 + 2,
            None => 0,
        }
    }
}

/// The lines of a code object of 3.8 and 3.9.
unsafe fn collect_table(code: Object, lines: &mut Scratch<u32>) -> Option<Option<u32>> {
    // SAFETY: the code is alive, and the bytes of its table are looked at while `table` holds them.
    unsafe {
        let table = attribute(code, c"co_lnotab")?;
        let mut line = i32::try_from(number_attribute(code, c"co_firstlineno")).ok()?;
        let mut add = |line: i32| u32::try_from(line).map_or(Some(()), |line| lines.add(line));
        for pair in bytes(table.object())?.as_chunks::<2>().0 {
            let [distance, change] = *pair;
            if distance != 0 {
                add(line)?;
            }
            line += i32::from(change as i8);
        }
        add(line)?;
        Some(None)
    }
}
