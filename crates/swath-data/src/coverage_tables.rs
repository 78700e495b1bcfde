//! coverage.py's tables, written without SQLite: their rows come in the order of all their keys.

use std::io::{self, Seek, Write};

use rustc_hash::FxHashMap;

use crate::sqlite_writer::{Column, DatabaseWriter, IndexWriter, SchemaRow, TableWriter};
use crate::{ContextId, CoverageData, FileData, Mode};

/// coverage.py's schema 7, table by table.
const TABLES: [&str; 7] = [
    "CREATE TABLE coverage_schema (
    version integer
)",
    "CREATE TABLE meta (
    key text,
    value text,
    unique (key)
)",
    "CREATE TABLE file (
    id integer primary key,
    path text,
    unique (path)
)",
    "CREATE TABLE context (
    id integer primary key,
    context text,
    unique (context)
)",
    "CREATE TABLE line_bits (
    file_id integer,
    context_id integer,
    numbits blob,
    foreign key (file_id) references file (id),
    foreign key (context_id) references context (id),
    unique (file_id, context_id)
)",
    "CREATE TABLE arc (
    file_id integer,
    context_id integer,
    fromno integer,
    tono integer,
    foreign key (file_id) references file (id),
    foreign key (context_id) references context (id),
    unique (file_id, context_id, fromno, tono)
)",
    "CREATE TABLE tracer (
    file_id integer primary key,
    tracer text,
    foreign key (file_id) references file (id)
)",
];

/// A table with the index of its unique columns.
#[derive(Default)]
struct Indexed {
    table: TableWriter,
    index: IndexWriter,
    rows: i64,
}

impl Indexed {
    /// Adds a row; `key` are the columns of the index.
    fn add<W: Write + Seek, const N: usize>(
        &mut self,
        out: &mut DatabaseWriter<W>,
        columns: &[Column<'_>],
        key: [Column<'_>; N],
    ) -> io::Result<()> {
        self.rows += 1;
        self.table.add(out, self.rows, columns)?;
        // An entry of an index ends with the number of its row.
        let mut entry = [Column::Integer(self.rows); 5];
        entry[..N].copy_from_slice(&key);
        self.index.add(out, &entry[..=N])
    }
}

/// The schema as it grows.
#[derive(Default)]
struct Schema {
    rows: Vec<SchemaRow>,
    tables: usize,
}

impl Schema {
    fn add_table(&mut self, root: u32) -> String {
        let sql = TABLES[self.tables];
        self.tables += 1;
        let name = sql.split(' ').nth(2).unwrap_or_default().to_owned();
        self.rows.push(SchemaRow {
            is_index: false,
            name: name.clone(),
            table: name.clone(),
            root,
            sql: Some(sql.to_owned()),
        });
        name
    }

    fn add<W: Write + Seek>(
        &mut self,
        out: &mut DatabaseWriter<W>,
        indexed: Indexed,
    ) -> io::Result<()> {
        let root = indexed.table.finish(out)?;
        let table = self.add_table(root);
        let root = indexed.index.finish(out)?;
        self.rows.push(SchemaRow {
            is_index: true,
            name: format!("sqlite_autoindex_{table}_1"),
            table,
            root,
            sql: None,
        });
        Ok(())
    }
}

/// Writes a database of coverage.py's tables. The same data gives the same bytes.
pub(crate) fn write_tables<W: Write + Seek>(data: &CoverageData, file: W) -> io::Result<()> {
    let mut out = DatabaseWriter::new(file)?;
    let mut schema = Schema::default();
    let mut version = TableWriter::default();
    version.add(&mut out, 1, &[Column::Integer(7)])?;
    schema.add_table(version.finish(&mut out)?);
    let meta_table = meta(data, &mut out)?;
    schema.add(&mut out, meta_table)?;
    let files_table = names(data.files().map(|(path, _)| path), &mut out)?;
    schema.add(&mut out, files_table)?;

    let mut contexts: Vec<(&str, ContextId)> =
        data.contexts().map(|(id, name)| (name, id)).collect();
    contexts.sort_unstable();
    let contexts_table = names(contexts.iter().map(|(name, _)| *name), &mut out)?;
    schema.add(&mut out, contexts_table)?;
    let numbers: FxHashMap<ContextId, i64> = (1i64..)
        .zip(&contexts)
        .map(|(row, (_, id))| (*id, row))
        .collect();
    let lines_table = lines(data, &numbers, &mut out)?;
    schema.add(&mut out, lines_table)?;
    let arcs_table = arcs(data, &numbers, &mut out)?;
    schema.add(&mut out, arcs_table)?;

    let mut tracers = TableWriter::default();
    for (row, (_, file)) in (1i64..).zip(data.files()) {
        if let Some(name) = &file.tracer {
            tracers.add(&mut out, row, &[Column::Null, Column::Text(name)])?;
        }
    }
    schema.add_table(tracers.finish(&mut out)?);
    out.finish(&schema.rows)
}

fn meta<W: Write + Seek>(data: &CoverageData, out: &mut DatabaseWriter<W>) -> io::Result<Indexed> {
    let has_arcs = match data.mode() {
        Mode::Unknown => None,
        Mode::Lines => Some(("has_arcs", "0")),
        Mode::Arcs => Some(("has_arcs", "1")),
    };
    let version = ("version", concat!("swath ", env!("CARGO_PKG_VERSION")));
    let mut table = Indexed::default();
    for (key, value) in has_arcs.into_iter().chain([version]) {
        let key = Column::Text(key);
        table.add(out, &[key, Column::Text(value)], [key])?;
    }
    Ok(table)
}

/// A table of names, numbered from 1.
fn names<'a, W: Write + Seek>(
    names: impl Iterator<Item = &'a str>,
    out: &mut DatabaseWriter<W>,
) -> io::Result<Indexed> {
    let mut table = Indexed::default();
    for name in names {
        // The number of a row that is also its column is not in the record.
        table.add(
            out,
            &[Column::Null, Column::Text(name)],
            [Column::Text(name)],
        )?;
    }
    Ok(table)
}

fn lines<W: Write + Seek>(
    data: &CoverageData,
    contexts: &FxHashMap<ContextId, i64>,
    out: &mut DatabaseWriter<W>,
) -> io::Result<Indexed> {
    let mut table = Indexed::default();
    for (row, (_, file)) in (1i64..).zip(data.files()) {
        for (context, set) in in_order(file.lines_by_context(), contexts) {
            let key = [Column::Integer(row), Column::Integer(context)];
            let [first, second] = key;
            table.add(out, &[first, second, Column::Blob(set.as_numbits())], key)?;
        }
    }
    Ok(table)
}

fn arcs<W: Write + Seek>(
    data: &CoverageData,
    contexts: &FxHashMap<ContextId, i64>,
    out: &mut DatabaseWriter<W>,
) -> io::Result<Indexed> {
    let mut table = Indexed::default();
    for (row, (_, file)) in (1i64..).zip(data.files()) {
        for (context, set) in in_order(FileData::arcs_by_context(file), contexts) {
            for (from, to) in set.iter() {
                let columns = [row, context, from.into(), to.into()].map(Column::Integer);
                table.add(out, &columns, columns)?;
            }
        }
    }
    Ok(table)
}

/// What each context has, by the numbers of the contexts' rows.
fn in_order<T>(
    sets: impl Iterator<Item = (ContextId, T)>,
    contexts: &FxHashMap<ContextId, i64>,
) -> Vec<(i64, T)> {
    let mut sets: Vec<(i64, T)> = sets
        .filter_map(|(id, set)| Some((*contexts.get(&id)?, set)))
        .collect();
    sets.sort_unstable_by_key(|(row, _)| *row);
    sets
}
