//! Reads the tables of an ordinary SQLite file straight from its pages.
//!
//! Only what a finished data file needs: UTF-8, no write-ahead log, table b-trees. Whatever looks
//! different, or damaged, is [`NotPlain`], and the caller asks SQLite itself. Nothing panics.

use std::borrow::Cow;

use crate::page_file::PageFile;

/// The file is not as simple as this reader needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotPlain;

pub(crate) type Plain<T> = Result<T, NotPlain>;

/// A table b-tree is never deeper than this.
const MAX_DEPTH: usize = 20;

const LEAF: u8 = 13;
const INTERIOR: u8 = 5;

/// A database.
pub(crate) struct Pages<'a> {
    store: Store<'a>,
    /// In bytes.
    length: usize,
    page_size: usize,
    /// A page without the bytes reserved at its end.
    usable: usize,
}

/// Where the pages are.
#[derive(Clone, Copy)]
enum Store<'a> {
    Memory(&'a [u8]),
    File(&'a PageFile),
}

/// A column's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'r> {
    Null,
    Integer(i64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
    Real,
}

impl Value<'_> {
    fn integer(self) -> Option<i64> {
        match self {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }
}

impl<'a> Pages<'a> {
    /// The database that these bytes are.
    pub(crate) fn new(bytes: &'a [u8]) -> Plain<Self> {
        Self::with_header(bytes, bytes.len(), Store::Memory(bytes))
    }

    /// The database in a file, of which only the pages that are asked for are read.
    pub(crate) fn of_file(file: &'a PageFile) -> Plain<Self> {
        Self::with_header(file.head(), file.length(), Store::File(file))
    }

    fn with_header(bytes: &[u8], length: usize, store: Store<'a>) -> Plain<Self> {
        if !bytes.starts_with(b"SQLite format 3\0") {
            return Err(NotPlain);
        }
        let page_size = match u16_at(bytes, 16)? {
            1 => 65_536,
            size => usize::from(size),
        };
        let (write_version, read_version) = (byte_at(bytes, 18)?, byte_at(bytes, 19)?);
        let usable = page_size.saturating_sub(usize::from(byte_at(bytes, 20)?));
        let is_utf8 = u32_at(bytes, 56)? == 1;
        if write_version != 1 || read_version != 1 || !is_utf8 || page_size < 512 || usable < 480 {
            return Err(NotPlain);
        }
        Ok(Self {
            store,
            length,
            page_size,
            usable,
        })
    }

    fn page(&self, number: u32) -> Plain<&'a [u8]> {
        let place = place_of_page(number)?;
        match self.store {
            Store::Memory(bytes) => page_in(bytes, place, self.page_size),
            Store::File(file) => file.page(place, self.page_size),
        }
    }

    /// A page that is needed for this moment only.
    fn passing_page<'s>(&self, number: u32, space: &'s mut Vec<u8>) -> Plain<&'s [u8]>
    where
        'a: 's,
    {
        let place = place_of_page(number)?;
        match self.store {
            Store::Memory(bytes) => page_in(bytes, place, self.page_size),
            Store::File(file) => {
                space.resize(self.page_size, 0);
                file.read(place, space)?;
                Ok(space)
            }
        }
    }

    /// Gives the rows of the table whose tree begins at a page: row number and record.
    pub(crate) fn rows<F>(&self, root: u32, take: &mut F) -> Plain<()>
    where
        F: FnMut(i64, Cow<'a, [u8]>) -> Plain<()>,
    {
        for number in self.leaves(root)? {
            let page = self.page(number)?;
            let mut places = Node::of(number, page)?.leaf_cells()?;
            places.try_for_each(|place| self.cell(page, place?, take))?;
        }
        Ok(())
    }

    /// Gives the records of the table, each for a moment only: its pages do not stay.
    pub(crate) fn passing_rows<F>(&self, root: u32, take: &mut F) -> Plain<()>
    where
        F: FnMut(&[u8]) -> Plain<()>,
    {
        let mut space = Vec::new();
        for number in self.leaves(root)? {
            let page = self.passing_page(number, &mut space)?;
            let mut places = Node::of(number, page)?.leaf_cells()?;
            places.try_for_each(|place| self.cell(page, place?, &mut |_, record| take(&record)))?;
        }
        Ok(())
    }

    /// Gives the rows of a table of four integers; those with anything else in them are left out.
    /// A number that does not fit in 32 bits is not plain.
    pub(crate) fn number_rows<F>(&self, root: u32, take: &mut F) -> Plain<()>
    where
        F: FnMut([i32; 4]),
    {
        let mut space = Vec::new();
        for number in self.leaves(root)? {
            let page = self.passing_page(number, &mut space)?;
            let places = Node::of(number, page)?.leaf_cells()?;
            for place in places {
                let place = place?;
                match four_small_numbers(page, place) {
                    Some(row) => take(row),
                    None => self.cell(page, place, &mut |_, record| {
                        let columns = columns(&record)?.map(Value::integer);
                        if let [Some(first), Some(second), Some(third), Some(fourth)] = columns {
                            let small = |value| i32::try_from(value).map_err(|_| NotPlain);
                            take([small(first)?, small(second)?, small(third)?, small(fourth)?]);
                        }
                        Ok(())
                    })?,
                }
            }
        }
        Ok(())
    }

    /// The numbers of the leaves of a tree, in order: they are all at the same depth.
    fn leaves(&self, root: u32) -> Plain<Vec<u32>> {
        let most = self.length / self.page_size;
        let mut level = vec![root];
        for _ in 0..MAX_DEPTH {
            let Some(&first) = level.first() else {
                return Ok(level);
            };
            if Node::of(first, self.page(first)?)?.is_leaf() {
                return Ok(level);
            }
            let mut next = Vec::with_capacity(level.len() * 2);
            for number in level {
                Node::of(number, self.page(number)?)?.children(&mut next)?;
                // A sound tree has no page twice.
                if next.len() > most {
                    return Err(NotPlain);
                }
            }
            level = next;
        }
        Err(NotPlain)
    }

    fn cell<'p, F>(&self, page: &'p [u8], place: usize, take: &mut F) -> Plain<()>
    where
        F: FnMut(i64, Cow<'p, [u8]>) -> Plain<()>,
    {
        let (length, place) = varint(page, place)?;
        let (row, place) = varint(page, place)?;
        let length = usize::try_from(length).map_err(|_| NotPlain)?;
        let record = if length <= self.usable - 35 {
            Cow::Borrowed(page.get(place..place + length).ok_or(NotPlain)?)
        } else {
            Cow::Owned(self.spilled(page, place, length)?)
        };
        take(row.cast_signed(), record)
    }

    /// A record that goes on in overflow pages.
    fn spilled(&self, page: &[u8], place: usize, length: usize) -> Plain<Vec<u8>> {
        if length > self.length {
            return Err(NotPlain);
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let wanted = least + (length - least) % (self.usable - 4);
        let local = if wanted <= self.usable - 35 {
            wanted
        } else {
            least
        };
        let mut record = Vec::with_capacity(length);
        record.extend_from_slice(page.get(place..place + local).ok_or(NotPlain)?);
        let mut next = u32_at(page, place + local)?;
        while record.len() < length {
            let page = self.page(next)?;
            next = u32_at(page, 0)?;
            let piece = (length - record.len()).min(self.usable - 4);
            record.extend_from_slice(page.get(4..4 + piece).ok_or(NotPlain)?);
        }
        Ok(record)
    }
}

/// A page of a table's tree.
struct Node<'p> {
    page: &'p [u8],
    /// The first page begins with the file's header.
    head: usize,
    kind: u8,
    cells: usize,
}

impl<'p> Node<'p> {
    fn of(number: u32, page: &'p [u8]) -> Plain<Self> {
        let head = if number == 1 { 100 } else { 0 };
        Ok(Self {
            page,
            head,
            kind: byte_at(page, head)?,
            cells: usize::from(u16_at(page, head + 3)?),
        })
    }

    fn is_leaf(&self) -> bool {
        self.kind == LEAF
    }

    /// Where the cells of a leaf begin.
    fn leaf_cells(&self) -> Plain<impl Iterator<Item = Plain<usize>> + use<'p>> {
        if !self.is_leaf() {
            return Err(NotPlain);
        }
        let start = self.head + 8;
        let places = self.page.get(start..start + 2 * self.cells);
        let places = places.ok_or(NotPlain)?.chunks_exact(2);
        Ok(places.map(|place| Ok(usize::from(u16_at(place, 0)?))))
    }

    /// Adds the pages below.
    fn children(&self, all: &mut Vec<u32>) -> Plain<()> {
        if self.kind != INTERIOR {
            return Err(NotPlain);
        }
        for cell in 0..self.cells {
            let place = usize::from(u16_at(self.page, self.head + 12 + 2 * cell)?);
            all.push(u32_at(self.page, place)?);
        }
        all.push(u32_at(self.page, self.head + 8)?);
        Ok(())
    }
}

/// The place of a page among all; their numbers begin with 1.
fn place_of_page(number: u32) -> Plain<usize> {
    let place = usize::try_from(number)
        .ok()
        .and_then(|it| it.checked_sub(1));
    place.ok_or(NotPlain)
}

fn page_in(bytes: &[u8], place: usize, size: usize) -> Plain<&[u8]> {
    let start = place.checked_mul(size).ok_or(NotPlain)?;
    let end = start.checked_add(size).ok_or(NotPlain)?;
    bytes.get(start..end).ok_or(NotPlain)
}

/// The longest cell of four numbers: a length, a row number of nine bytes, a head of five, and
/// four numbers of four bytes each; rounded up.
const NUMBERS_CELL: usize = 32;

/// The cell of a record of four numbers of up to four bytes each, which is what arcs are: the
/// quick way. It has nothing to say about cells at the end of a page.
#[inline]
fn four_small_numbers(page: &[u8], place: usize) -> Option<[i32; 4]> {
    let cell: &[u8; NUMBERS_CELL] = page.get(place..)?.first_chunk()?;
    let mut at = 1;
    while *cell.get(at)? >= 0x80 {
        at += 1;
    }
    let start = at + 1;
    let (&[5, kinds @ ..], _) = cell.get(start..)?.split_first_chunk::<5>()? else {
        return None;
    };
    at = start + 5;
    let mut values = [0; 4];
    for (value, kind) in values.iter_mut().zip(kinds) {
        match kind {
            1..=4 => {
                let four = cell.get(at..)?.first_chunk()?;
                *value = i32::from_be_bytes(*four) >> (8 * (4 - kind));
                at += usize::from(kind);
            }
            8 | 9 => *value = i32::from(kind - 8),
            _ => return None,
        }
    }
    // A length of two bytes belongs to no record as short as this; nor do long row numbers.
    (start <= 10 && at - start == usize::from(cell[0])).then_some(values)
}

/// The first columns of a record; those that it does not have are null.
pub(crate) fn columns<const N: usize>(record: &[u8]) -> Plain<[Value<'_>; N]> {
    let (head, mut place) = varint(record, 0)?;
    let mut body = usize::try_from(head).map_err(|_| NotPlain)?;
    let end = body;
    let mut values = [Value::Null; N];
    for value in &mut values {
        if place >= end {
            break;
        }
        let (kind, next) = varint(record, place)?;
        place = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).map_err(|_| NotPlain)?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).map_err(|_| NotPlain)?,
            _ => return Err(NotPlain),
        };
        let after = body.checked_add(length).ok_or(NotPlain)?;
        let bytes = record.get(body..after).ok_or(NotPlain)?;
        body = after;
        *value = match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            7 => Value::Real,
            1..=6 => Value::Integer(signed(bytes)),
            _ if kind % 2 == 0 => Value::Blob(bytes),
            _ => Value::Text(bytes),
        };
    }
    Ok(values)
}

fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|&byte| byte >= 0x80);
    let start = if negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |value: i64, &byte| (value << 8) | i64::from(byte))
}

fn byte_at(bytes: &[u8], place: usize) -> Plain<u8> {
    bytes.get(place).copied().ok_or(NotPlain)
}

fn u16_at(bytes: &[u8], place: usize) -> Plain<u16> {
    let two = bytes
        .get(place..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(NotPlain)?;
    Ok(u16::from_be_bytes(*two))
}

fn u32_at(bytes: &[u8], place: usize) -> Plain<u32> {
    let four = bytes
        .get(place..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(NotPlain)?;
    Ok(u32::from_be_bytes(*four))
}

/// A number of one to nine bytes, and the place behind it.
#[inline]
fn varint(bytes: &[u8], place: usize) -> Plain<(u64, usize)> {
    let first = byte_at(bytes, place)?;
    if first < 0x80 {
        return Ok((u64::from(first), place + 1));
    }
    long_varint(bytes, place, first)
}

fn long_varint(bytes: &[u8], place: usize, first: u8) -> Plain<(u64, usize)> {
    let mut value = u64::from(first & 0x7f);
    for step in 1..8 {
        let byte = byte_at(bytes, place + step)?;
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok((value, place + step + 1));
        }
    }
    let last = byte_at(bytes, place + 8)?;
    Ok(((value << 8) | u64::from(last), place + 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_lengths_are_read() {
        assert_eq!(varint(&[0x7f], 0), Ok((127, 1)));
        assert_eq!(varint(&[0x81, 0x00], 0), Ok((128, 2)));
        assert_eq!(varint(&[0xff; 9], 0), Ok((u64::MAX, 9)));
        assert_eq!(varint(&[0xff; 8], 0), Err(NotPlain));
        assert_eq!(signed(&[0xff, 0xfe]), -2);
        assert_eq!(signed(&[0x7f, 0, 0]), 0x7f_0000);
    }

    #[test]
    fn the_quick_way_agrees_with_the_other() {
        let quick = |record: &[u8], row: &[u8]| {
            let mut page = vec![u8::try_from(record.len()).unwrap()];
            page.extend_from_slice(row);
            page.extend_from_slice(record);
            page.resize(64, 0xff);
            four_small_numbers(&page, 0)
        };
        let record = [5, 1, 2, 3, 9, 0xff, 0x80, 0x00, 0xff, 0xff, 0x00];
        assert_eq!(
            columns::<4>(&record),
            Ok([-1, -32768, -256, 1].map(Value::Integer))
        );
        for row in [&[7][..], &[0x81, 0x05], &[0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(quick(&record, row), Some([-1, -32768, -256, 1]));
            assert_eq!(quick(&record[..10], row), None);
        }
        assert_eq!(
            quick(&[5, 8, 8, 8, 4, 1, 2, 3, 4], &[1]),
            Some([0, 0, 0, 0x0102_0304])
        );
        assert_eq!(quick(&[5, 8, 8, 8, 0], &[1]), None);
        assert_eq!(quick(&[5, 8, 8, 6, 8, 0, 0, 0, 0, 0, 0, 0, 1], &[1]), None);
    }

    #[test]
    fn records_are_taken_apart() {
        // Head of 6 bytes: null, 1, two bytes, a text of 2, a blob of 1.
        let record = [6, 0, 9, 2, 17, 14, 0xff, 0xfe, b'h', b'i', 7];
        assert_eq!(
            columns::<6>(&record),
            Ok([
                Value::Null,
                Value::Integer(1),
                Value::Integer(-2),
                Value::Text(b"hi"),
                Value::Blob(&[7]),
                Value::Null
            ])
        );
        assert_eq!(columns::<5>(&record[..10]), Err(NotPlain));
    }
}
