//! The lines of a code object, as the interpreter's own table has them.

#![expect(
    clippy::option_option,
    reason = "no lines, or lines of which one may be shared: the caller tells all three apart"
)]

mod location_table;

use core::ptr::null_mut;

use crate::code::CodeField;
use crate::ffi::{self, Object};
use crate::interpreter::{RESUME, VERSION};
use crate::object::{self, Owned, attribute, bytes, number, number_attribute};
use crate::scratch::Scratch;
use crate::state::{Gil, Global};

use location_table::Ranges;

/// An operation and its argument, in bytes.
const UNIT: usize = 2;
/// How long a code object is before its operations, once it was asked for.
static CODE_SIZE: Global<usize> = Global::new(0);

/// Collects the lines. `Some(Some(line))`: the line that the body shares with the operation that
/// begins it, for which 3.13.0 reports no line.
pub(crate) unsafe fn collect(
    gil: Gil<'_>,
    code: Object,
    lines: &mut Scratch<u32>,
) -> Option<Option<u32>> {
    lines.clear();
    // SAFETY: the code is alive, and each version is read by the function for its table.
    unsafe {
        match VERSION.get(gil) {
            0..=0x0309 => collect_table(gil, code, lines),
            _ => collect_ranges(gil, code, lines),
        }
    }
}

/// Calls `each` with the ranges of bytes that reach into the body of a code object, and the line
/// of each, on 3.10 and newer.
pub(crate) unsafe fn for_each_range(
    gil: Gil<'_>,
    code: Object,
    body: usize,
    mut each: impl FnMut(usize, usize, u32) -> Option<()>,
) -> Option<()> {
    if VERSION.get(gil) >= 0x030b {
        // SAFETY: the code is alive, and its table is looked at while `table` holds it.
        unsafe {
            let table = CodeField::LineTable.of(gil, code)?;
            let first = u32::try_from(CodeField::FirstLine.number_of(gil, code)).unwrap_or(0);
            let table = bytes(gil, table.object())?;
            return Ranges::new(table, first, VERSION.get(gil))
                .filter(|(_, end, line)| *line > 0 && *end > body)
                .try_for_each(|(start, end, line)| each(start, end, line));
        }
    }
    // SAFETY: `co_lines` gives tuples of three, and what is read of one is read while `range` holds
    // it; where it gives anything else, the functions return null, which `number` and `is_none`
    // take for no line.
    unsafe {
        let ranges = object::call_method(gil, code, c"co_lines", [null_mut(); 3])?;
        while let Some(range) = Owned::take(gil, ffi::PyIter_Next(ranges.object())) {
            let part = |index| number(gil, ffi::PyTuple_GetItem(range.object(), index));
            let line = ffi::PyTuple_GetItem(range.object(), 2);
            if object::is_none(line) {
                continue;
            }
            let place = |index| usize::try_from(part(index)).unwrap_or(0);
            let (start, end) = (place(0), place(1));
            match u32::try_from(number(gil, line)) {
                Ok(line) if line > 0 && end > body => each(start, end, line)?,
                _ => {}
            }
        }
        Some(())
    }
}

/// The lines of a code object of 3.10 and newer.
unsafe fn collect_ranges(
    gil: Gil<'_>,
    code: Object,
    lines: &mut Scratch<u32>,
) -> Option<Option<u32>> {
    // SAFETY: the code is alive, as the caller promises.
    unsafe {
        let body = body_start(gil, code);
        let mut first = None;
        for_each_range(gil, code, body, |start, _, line| {
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
pub(crate) unsafe fn body_start(gil: Gil<'_>, code: Object) -> usize {
    if VERSION.get(gil) < 0x030b {
        return 0;
    }
    // SAFETY: the code is alive.
    if unsafe { begins_with_body(gil, code) } {
        return UNIT;
    }
    // SAFETY: the code is alive.
    let Some(operations) = (unsafe { CodeField::Bytes.of(gil, code) }) else {
        return 0;
    };
    // SAFETY: the bytes are looked at while `operations` holds them.
    let all = unsafe { bytes(gil, operations.object()) };
    behind_start(all.unwrap_or(&[]), RESUME.get(gil))
}

/// Whether the first operation of code is seen to be the one that begins its body. Where it is not seen, as
/// it was executed or comes later, `co_code` says it: a copy, which the interpreter makes and keeps.
unsafe fn begins_with_body(gil: Gil<'_>, code: Object) -> bool {
    // Before, there is another table; behind, units follow that belong to the operation.
    if !(0x030b..=0x030e).contains(&VERSION.get(gil)) {
        return false;
    }
    if CODE_SIZE.get(gil) == 0 {
        // SAFETY: the code is alive, and so is its type.
        let size = unsafe { number_attribute(gil, object::kind(code).cast(), c"__basicsize__") };
        CODE_SIZE.set(gil, usize::try_from(size).unwrap_or(0));
    }
    let size = CODE_SIZE.get(gil);
    if size == 0 {
        return false;
    }
    // SAFETY: an object of this type has at least one unit, behind as many bytes as its type says. Other
    // threads may replace the operation.
    let unit = unsafe { code.cast::<[u8; UNIT]>().byte_add(size).read_volatile() };
    unit == [RESUME.get(gil), 0]
}

/// Where in the bytes of code the operation ends that begins its body; 0 where there is none.
fn behind_start(all: &[u8], resume: u8) -> usize {
    // A unit that holds what the one before it keeps (from 3.15 on).
    const CACHE: u8 = 0;
    let mut operations = all.chunks_exact(2).map(|unit| unit.first());
    match operations.position(|operation| operation == Some(&resume)) {
        Some(unit) => {
            let caches = operations.take_while(|operation| *operation == Some(&CACHE));
            (unit + 1 + caches.count()) * 2
        }
        None => 0,
    }
}

/// The lines of a code object of 3.8 and 3.9.
unsafe fn collect_table(
    gil: Gil<'_>,
    code: Object,
    lines: &mut Scratch<u32>,
) -> Option<Option<u32>> {
    // SAFETY: the code is alive.
    let (table, first) = unsafe {
        let table = attribute(gil, code, c"co_lnotab")?;
        (table, CodeField::FirstLine.number_of(gil, code))
    };
    // SAFETY: the bytes are looked at while `table` holds them.
    let pairs = unsafe { bytes(gil, table.object()) }?;
    add_table(pairs, i32::try_from(first).ok()?, lines)?;
    Some(None)
}

/// Adds the lines of a table of pairs: how many bytes are of a line, and how far on the next one is.
fn add_table(pairs: &[u8], first: i32, lines: &mut Scratch<u32>) -> Option<()> {
    let mut line = first;
    let mut add = |line: i32| u32::try_from(line).map_or(Some(()), |line| lines.add(line));
    for pair in pairs.as_chunks::<2>().0 {
        let [distance, change] = *pair;
        if distance != 0 {
            add(line)?;
        }
        line = line.wrapping_add(i32::from(change as i8));
    }
    add(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[u8], first: i32, expected: &[u32]) {
        let mut lines = Scratch::new();
        assert!(add_table(pairs, first, &mut lines).is_some());
        assert_eq!(lines.values(), expected);
    }

    #[test]
    fn a_table_of_pairs_goes_both_ways() {
        check(&[], 7, &[7]);
        check(&[4, 1, 6, 2], 7, &[7, 8, 10]);
        let back = (-3_i8).cast_unsigned();
        check(&[2, 4, 8, back], 1, &[1, 5, 2]);
    }

    #[test]
    fn a_long_way_takes_several_pairs() {
        // No byte is of the lines that are only passed.
        check(&[10, 127, 0, 127, 0, 46], 1, &[1, 301]);
        // Nor is one of a second line, where a line has more bytes than fit into a pair.
        check(&[255, 0, 20, 1], 1, &[1, 1, 2]);
    }

    #[test]
    fn no_line_is_below_the_first_one_of_a_file() {
        let back = (-100_i8).cast_unsigned();
        check(&[2, back, 2, 100], 5, &[5, 5]);
        check(&[2, 1, 9], 5, &[5, 6]);
    }

    #[test]
    fn a_body_begins_behind_the_call() {
        assert_eq!(behind_start(&[1, 0, 151, 0, 9, 0, 151, 1], 151), 4);
        assert_eq!(behind_start(&[151, 0, 0, 0, 9, 0, 0, 0], 151), 4);
        assert_eq!(behind_start(&[9, 151, 83, 0], 151), 0);
        assert_eq!(behind_start(&[], 151), 0);
    }
}
