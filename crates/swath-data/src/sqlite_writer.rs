//! Writes the b-trees of a SQLite file page by page, from rows that come in the order of their
//! keys. Nothing is searched, split or read again, which is most of what inserting rows costs.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// SQLite's own default.
const PAGE_SIZE: usize = 4096;

/// SQLite locks byte ranges of this page and keeps nothing in it.
const LOCK_PAGE: u32 = 0x4000_0000 / 4096 + 1;

/// A record that is longer than this in a table, or in an index, goes on in overflow pages.
const MOST_IN_TABLE: usize = PAGE_SIZE - 35;
const MOST_IN_INDEX: usize = (PAGE_SIZE - 12) * 64 / 255 - 23;

/// So much of such a record stays in its page at least.
const LEAST: usize = (PAGE_SIZE - 12) * 32 / 255 - 23;

const LEAF_HEAD: usize = 8;
const INTERIOR_HEAD: usize = 12;

/// The kinds of pages.
const TABLE_LEAF: u8 = 13;
const TABLE_INTERIOR: u8 = 5;
const INDEX_LEAF: u8 = 10;
const INDEX_INTERIOR: u8 = 2;

/// A column's value.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A table or an index of the schema; its tree is complete.
pub(crate) struct SchemaRow {
    pub(crate) is_index: bool,
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) root: u32,
    /// How it was created; nothing for the index that a constraint makes.
    pub(crate) sql: Option<String>,
}

/// A database that grows at its end. Its first page comes last.
pub(crate) struct DatabaseWriter<W: Write + Seek> {
    out: BufWriter<W>,
    pages: u32,
}

impl<W: Write + Seek> DatabaseWriter<W> {
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 18, out),
            pages: 0,
        };
        writer.append(&[0; PAGE_SIZE])?;
        Ok(writer)
    }

    /// The number that the next page will have.
    fn next_page(&self) -> u32 {
        if self.pages + 1 == LOCK_PAGE {
            LOCK_PAGE + 1
        } else {
            self.pages + 1
        }
    }

    fn append(&mut self, page: &[u8; PAGE_SIZE]) -> io::Result<u32> {
        if self.next_page() > self.pages + 1 {
            self.out.write_all(&[0; PAGE_SIZE])?;
            self.pages += 1;
        }
        self.out.write_all(page)?;
        self.pages += 1;
        Ok(self.pages)
    }

    /// Writes the first page: the file's header and the schema, which must fit in it.
    pub(crate) fn finish(mut self, schema: &[SchemaRow]) -> io::Result<()> {
        let mut node = Node::default();
        let mut record = Vec::new();
        for (row, entry) in (1i64..).zip(schema) {
            write_record(
                &mut record,
                &[
                    Column::Text(if entry.is_index { "index" } else { "table" }),
                    Column::Text(&entry.name),
                    Column::Text(&entry.table),
                    Column::Integer(i64::from(entry.root)),
                    entry.sql.as_deref().map_or(Column::Null, Column::Text),
                ],
            );
            let mut cell = Vec::new();
            write_varint(&mut cell, record.len() as u64);
            write_varint(&mut cell, row.cast_unsigned());
            cell.extend_from_slice(&record);
            if !node.has_room(LEAF_HEAD + 100, cell.len()) {
                return Err(io::Error::other("the schema is too long for its page"));
            }
            node.push(&cell);
        }
        let mut page = node.render(TABLE_LEAF, 100, None);
        write_header(&mut page, self.pages);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&page)?;
        self.out.flush()
    }

    /// Puts the record behind what a cell has already, what is too long into overflow pages.
    fn put_record(&mut self, cell: &mut Vec<u8>, record: &[u8], most: usize) -> io::Result<()> {
        if record.len() <= most {
            cell.extend_from_slice(record);
            return Ok(());
        }
        let wanted = LEAST + (record.len() - LEAST) % (PAGE_SIZE - 4);
        let local = if wanted <= most { wanted } else { LEAST };
        cell.extend_from_slice(&record[..local]);
        cell.extend_from_slice(&self.next_page().to_be_bytes());
        let mut pieces = record[local..].chunks(PAGE_SIZE - 4).peekable();
        while let Some(piece) = pieces.next() {
            let mut page = [0; PAGE_SIZE];
            page[4..4 + piece.len()].copy_from_slice(piece);
            if pieces.peek().is_some() {
                let own = self.next_page();
                let next = if own + 1 == LOCK_PAGE {
                    own + 2
                } else {
                    own + 1
                };
                page[..4].copy_from_slice(&next.to_be_bytes());
            }
            self.append(&page)?;
        }
        Ok(())
    }
}

fn write_header(page: &mut [u8; PAGE_SIZE], pages: u32) {
    let mut put =
        |place: usize, bytes: &[u8]| page[place..place + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0");
    // The page size, then: ordinary journals, no reserved bytes, and three fixed fractions.
    put(16, &[0x10, 0x00, 1, 1, 0, 64, 32, 32]);
    put(24, &1u32.to_be_bytes());
    put(28, &pages.to_be_bytes());
    // The schema's cookie and its format, the text encoding (UTF-8).
    put(40, &1u32.to_be_bytes());
    put(44, &4u32.to_be_bytes());
    put(56, &1u32.to_be_bytes());
    // The number of pages holds for this count of changes; written as by SQLite 3.40.1.
    put(92, &1u32.to_be_bytes());
    put(96, &3_040_001u32.to_be_bytes());
}

/// A page that is being filled.
#[derive(Default)]
struct Node {
    cells: Vec<u8>,
    /// Where each cell begins in `cells`.
    starts: Vec<usize>,
}

impl Node {
    fn has_room(&self, head: usize, length: usize) -> bool {
        head + 2 * (self.starts.len() + 1) + self.cells.len() + length <= PAGE_SIZE
    }

    fn push(&mut self, cell: &[u8]) {
        self.starts.push(self.cells.len());
        self.cells.extend_from_slice(cell);
    }

    /// Takes the last cell out.
    fn pop(&mut self) -> Vec<u8> {
        let start = self.starts.pop().unwrap_or(0);
        self.cells.split_off(start)
    }

    fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The page; `right` is the last child of an interior one.
    fn render(&self, kind: u8, head: usize, right: Option<u32>) -> [u8; PAGE_SIZE] {
        let mut page = [0; PAGE_SIZE];
        let content = PAGE_SIZE - self.cells.len();
        page[content..].copy_from_slice(&self.cells);
        page[head] = kind;
        page[head + 3..head + 5].copy_from_slice(&short(self.starts.len()));
        page[head + 5..head + 7].copy_from_slice(&short(content));
        let mut place = head + LEAF_HEAD;
        if let Some(right) = right {
            page[place..place + 4].copy_from_slice(&right.to_be_bytes());
            place += 4;
        }
        for start in &self.starts {
            page[place..place + 2].copy_from_slice(&short(content + start));
            place += 2;
        }
        page
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.starts.clear();
    }
}

fn short(number: usize) -> [u8; 2] {
    // Places within a page of 4,096 bytes.
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}

/// A table: rows by rising number.
#[derive(Default)]
pub(crate) struct TableWriter {
    leaf: Node,
    last_row: i64,
    /// The finished leaves, each with its last row.
    children: Vec<(u32, i64)>,
    cell: Vec<u8>,
    record: Vec<u8>,
}

impl TableWriter {
    pub(crate) fn add<W: Write + Seek>(
        &mut self,
        out: &mut DatabaseWriter<W>,
        row: i64,
        columns: &[Column<'_>],
    ) -> io::Result<()> {
        write_record(&mut self.record, columns);
        self.cell.clear();
        write_varint(&mut self.cell, self.record.len() as u64);
        write_varint(&mut self.cell, row.cast_unsigned());
        out.put_record(&mut self.cell, &self.record, MOST_IN_TABLE)?;
        if !self.leaf.has_room(LEAF_HEAD, self.cell.len()) {
            self.end_leaf(out)?;
        }
        self.leaf.push(&self.cell);
        self.last_row = row;
        Ok(())
    }

    fn end_leaf<W: Write + Seek>(&mut self, out: &mut DatabaseWriter<W>) -> io::Result<()> {
        let page = out.append(&self.leaf.render(TABLE_LEAF, 0, None))?;
        self.children.push((page, self.last_row));
        self.leaf.clear();
        Ok(())
    }

    /// The table's root.
    pub(crate) fn finish<W: Write + Seek>(
        mut self,
        out: &mut DatabaseWriter<W>,
    ) -> io::Result<u32> {
        self.end_leaf(out)?;
        let mut level = self.children;
        while level.len() > 1 {
            // A child, a place and a row number of up to nine bytes each.
            let most = (PAGE_SIZE - INTERIOR_HEAD) / (4 + 2 + 9);
            let parts = level.len().div_ceil(most);
            let mut above = Vec::with_capacity(parts);
            // Parts of equal size: none is left with a single child.
            for children in level.chunks(level.len().div_ceil(parts)) {
                let Some((&(right, last_row), others)) = children.split_last() else {
                    continue;
                };
                let mut node = Node::default();
                for (child, row) in others {
                    let mut cell = child.to_be_bytes().to_vec();
                    write_varint(&mut cell, row.cast_unsigned());
                    node.push(&cell);
                }
                let page = out.append(&node.render(TABLE_INTERIOR, 0, Some(right)))?;
                above.push((page, last_row));
            }
            level = above;
        }
        Ok(level.first().map_or(0, |(page, _)| *page))
    }
}

/// Pages of an index, each with the cell between it and the next one.
type Children = Vec<(u32, Vec<u8>)>;

/// An index: records in rising order.
#[derive(Default)]
pub(crate) struct IndexWriter {
    leaf: Node,
    /// The finished leaves.
    children: Children,
    cell: Vec<u8>,
    record: Vec<u8>,
}

impl IndexWriter {
    pub(crate) fn add<W: Write + Seek>(
        &mut self,
        out: &mut DatabaseWriter<W>,
        columns: &[Column<'_>],
    ) -> io::Result<()> {
        write_record(&mut self.record, columns);
        self.cell.clear();
        write_varint(&mut self.cell, self.record.len() as u64);
        out.put_record(&mut self.cell, &self.record, MOST_IN_INDEX)?;
        // Freed cells become list entries of four bytes.
        self.cell.resize(self.cell.len().max(4), 0);
        if !self.leaf.has_room(LEAF_HEAD, self.cell.len()) {
            let divider = self.leaf.pop();
            let page = out.append(&self.leaf.render(INDEX_LEAF, 0, None))?;
            self.children.push((page, divider));
            self.leaf.clear();
        }
        self.leaf.push(&self.cell);
        Ok(())
    }

    /// The index's root.
    pub(crate) fn finish<W: Write + Seek>(self, out: &mut DatabaseWriter<W>) -> io::Result<u32> {
        let mut right = out.append(&self.leaf.render(INDEX_LEAF, 0, None))?;
        let mut level = self.children;
        while !level.is_empty() {
            let (above, last) = interior_level(out, &level, right)?;
            (level, right) = (above, last);
        }
        Ok(right)
    }
}

/// One level of an index above its children, and its last page.
fn interior_level<W: Write + Seek>(
    out: &mut DatabaseWriter<W>,
    children: &[(u32, Vec<u8>)],
    right: u32,
) -> io::Result<(Children, u32)> {
    let mut above = Vec::new();
    let mut node = Node::default();
    let mut cell = Vec::new();
    for (number, (child, divider)) in children.iter().enumerate() {
        cell.clear();
        cell.extend_from_slice(&child.to_be_bytes());
        cell.extend_from_slice(divider);
        if node.has_room(INTERIOR_HEAD, cell.len()) {
            node.push(&cell);
            continue;
        }
        if number + 1 < children.len() {
            // This child is the page's last, its divider goes up.
            let page = out.append(&node.render(INDEX_INTERIOR, 0, Some(*child)))?;
            above.push((page, divider.clone()));
            node.clear();
        } else {
            // The next page would have no cell: the one before goes up in its place.
            let before = node.pop();
            let (last, divider) = before.split_at(4);
            let last = last.try_into().map_or(0, u32::from_be_bytes);
            let page = out.append(&node.render(INDEX_INTERIOR, 0, Some(last)))?;
            above.push((page, divider.to_vec()));
            node.clear();
            node.push(&cell);
        }
    }
    debug_assert!(!node.is_empty(), "a page needs a cell");
    let last = out.append(&node.render(INDEX_INTERIOR, 0, Some(right)))?;
    Ok((above, last))
}

/// The record of some columns, in place of what was there.
fn write_record(record: &mut Vec<u8>, columns: &[Column<'_>]) {
    record.clear();
    // The head's own length: one byte for the few columns there are here.
    record.push(0);
    for column in columns {
        match column {
            Column::Null => record.push(0),
            Column::Integer(value) => record.push(integer_kind(*value).0),
            Column::Blob(bytes) => write_varint(record, 12 + 2 * bytes.len() as u64),
            Column::Text(text) => write_varint(record, 13 + 2 * text.len() as u64),
        }
    }
    record[0] = u8::try_from(record.len()).unwrap_or(u8::MAX);
    for column in columns {
        match column {
            Column::Null => {}
            Column::Integer(value) => {
                record.extend_from_slice(&value.to_be_bytes()[8 - integer_kind(*value).1..]);
            }
            Column::Blob(bytes) => record.extend_from_slice(bytes),
            Column::Text(text) => record.extend_from_slice(text.as_bytes()),
        }
    }
}

/// An integer's type in a record, and how many bytes it has there.
fn integer_kind(value: i64) -> (u8, usize) {
    match value {
        0 => (8, 0),
        1 => (9, 0),
        -0x80..=0x7f => (1, 1),
        -0x8000..=0x7fff => (2, 2),
        -0x80_0000..=0x7f_ffff => (3, 3),
        -0x8000_0000..=0x7fff_ffff => (4, 4),
        -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
        _ => (6, 8),
    }
}

/// A number in one to nine bytes.
fn write_varint(bytes: &mut Vec<u8>, value: u64) {
    if value >> 56 != 0 {
        for shift in (0..8).rev() {
            bytes.push(seven_bits(value, 8 + 7 * shift) | 0x80);
        }
        bytes.push(value.to_be_bytes()[7]);
        return;
    }
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (1..groups).rev() {
        bytes.push(seven_bits(value, 7 * group) | 0x80);
    }
    bytes.push(seven_bits(value, 0));
}

fn seven_bits(value: u64, shift: u32) -> u8 {
    (value >> shift).to_be_bytes()[7] & 0x7f
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Writes a table of a number and a text with its unique index, and reads it with SQLite.
    fn check(rows: &[(i64, String)]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        let mut out = DatabaseWriter::new(fs_err::File::create(&path).unwrap()).unwrap();
        let (mut table, mut index) = (TableWriter::default(), IndexWriter::default());
        for (number, text) in rows {
            let row = [Column::Integer(*number), Column::Text(text)];
            table.add(&mut out, *number, &row).unwrap();
            let [first, second] = row;
            index
                .add(&mut out, &[first, second, Column::Integer(*number)])
                .unwrap();
        }
        let root = table.finish(&mut out).unwrap();
        let index_root = index.finish(&mut out).unwrap();
        let schema = |is_index, name: &str, root, sql: Option<&str>| SchemaRow {
            is_index,
            name: name.to_owned(),
            table: "t".to_owned(),
            root,
            sql: sql.map(str::to_owned),
        };
        let sql = "CREATE TABLE t (number integer, words text, unique (number, words))";
        out.finish(&[
            schema(false, "t", root, Some(sql)),
            schema(true, "sqlite_autoindex_t_1", index_root, None),
        ])
        .unwrap();

        let connection = Connection::open(&path).unwrap();
        let verdict: String = connection
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(verdict, "ok");
        let mut statement = connection
            .prepare("select rowid, words from t not indexed order by rowid")
            .unwrap();
        let read: Vec<(i64, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(read == rows);
        for (number, text) in rows.iter().step_by(rows.len() / 50 + 1) {
            let found: i64 = connection
                .query_row(
                    "select count(*) from t indexed by sqlite_autoindex_t_1 where number = ? and words = ?",
                    (number, text),
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(found, 1);
        }
    }

    #[test]
    fn sqlite_finds_trees_of_every_depth_sound() {
        for count in [0, 1, 2, 30, 300, 3_000] {
            for length in [0, 10, 300, 990, 1_003, 4_050, 4_070, 9_000] {
                if count * length < 4_000_000 {
                    check(
                        &(1..)
                            .take(count)
                            .map(|number| (number, "x".repeat(length)))
                            .collect::<Vec<_>>(),
                    );
                }
            }
        }
        // Records of about a quarter of a page make the deepest index.
        let deep = (1..).take(60_000).map(|number| {
            (
                number * 3,
                "y".repeat(if number % 7 == 0 { 990 } else { 5 }),
            )
        });
        check(&deep.collect::<Vec<_>>());
    }

    #[test]
    fn numbers_of_all_sizes_are_read_back() {
        let mut numbers: Vec<i64> = (0..63)
            .flat_map(|shift| [1i64 << shift, (1 << shift) - 1, -(1 << shift)])
            .collect();
        numbers.extend([i64::MAX, i64::MIN]);
        numbers.sort_unstable();
        numbers.dedup();
        check(
            &numbers
                .into_iter()
                .map(|number| (number, number.to_string()))
                .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn the_page_that_sqlite_locks_stays_empty() {
        let mut out = DatabaseWriter::new(io::Cursor::new(Vec::new())).unwrap();
        out.pages = LOCK_PAGE - 2;
        assert_eq!(out.append(&[1; PAGE_SIZE]).unwrap(), LOCK_PAGE - 1);
        assert_eq!(out.next_page(), LOCK_PAGE + 1);
        assert_eq!(out.append(&[1; PAGE_SIZE]).unwrap(), LOCK_PAGE + 1);
    }
}
