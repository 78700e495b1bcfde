//! The table from which CPython 3.11 and newer tell the line of each code unit (`co_linetable`), as
//! `Objects/locations.md` in its sources has it.
//!
//! `co_lines` gives the same, and makes a tuple for each range.

/// An entry for units of no line.
const NO_LINE: u8 = 15;
/// Entries that say by how many lines theirs is behind the one before: in the long form with columns,
/// and without.
const LONG: u8 = 14;
const NO_COLUMNS: u8 = 13;
/// The first of the entries of which the number itself says it.
const ONE_LINE: u8 = 10;

/// Ranges of bytes of code: first, behind the last, line; 0 for none.
pub(crate) struct Ranges<'table> {
    /// Behind the head of the entry that is next.
    rest: &'table [u8],
    /// That entry's line, 0 for none, and where it ends.
    next: Option<(u32, usize)>,
    /// The line that it counts from in the entry behind it.
    line: u32,
    place: usize,
    /// Whether entries of one line in a row are one range.
    joins: bool,
}

impl<'table> Ranges<'table> {
    /// Of a table, and the line that the code begins with; as `co_lines` of a version, such as 0x030c,
    /// has them.
    pub(crate) fn new(table: &'table [u8], first: u32, version: u32) -> Self {
        let mut ranges = Self {
            rest: table,
            next: None,
            line: first,
            place: 0,
            joins: version >= 0x030c,
        };
        ranges.read(0);
        ranges
    }

    /// Reads the entry that begins at a place.
    fn read(&mut self, place: usize) {
        let Some((head, behind)) = self.rest.split_first() else {
            self.next = None;
            return;
        };
        // Only a head has the highest bit.
        let length = behind.iter().take_while(|byte| **byte & 128 == 0).count();
        let (numbers, rest) = behind.split_at_checked(length).unwrap_or((behind, &[]));
        let kind = head >> 3 & 15;
        self.line = match kind {
            LONG | NO_COLUMNS => self.line.wrapping_add_signed(signed(numbers)),
            ONE_LINE..NO_COLUMNS => self.line.wrapping_add(u32::from(kind - ONE_LINE)),
            _ => self.line,
        };
        let shown = if kind == NO_LINE { 0 } else { self.line };
        let units = usize::from(head & 7) + 1;
        (self.rest, self.next) = (rest, Some((shown, place + units * 2)));
    }
}

/// The first of some numbers: six bits a byte, the lowest first; 64 says that more follow. The lowest bit
/// is the sign.
fn signed(numbers: &[u8]) -> i32 {
    let (mut value, mut shift) = (0_u32, 0_u32);
    for byte in numbers {
        value |= u32::from(byte & 63).checked_shl(shift).unwrap_or(0);
        shift += 6;
        if byte & 64 == 0 {
            break;
        }
    }
    let size = (value >> 1).cast_signed();
    if value & 1 == 0 { size } else { -size }
}

impl Iterator for Ranges<'_> {
    type Item = (usize, usize, u32);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.place;
        let (line, mut end) = self.next?;
        self.read(end);
        while self.joins
            && let Some((same, behind)) = self.next
            && same == line
        {
            end = behind;
            self.read(end);
        }
        self.place = end;
        Some((start, end, line))
    }
}
