//! Writing `.coverage` files: beside the target, synced, then renamed over it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, params};
use rustc_hash::FxHashMap;

use crate::accounting_tables::write_accounting;
use crate::data_file::in_python_words;
use crate::{ContextId, CoverageData, DataError, Mode};

/// coverage.py's schema 7.
const SCHEMA: &str = "
CREATE TABLE coverage_schema (
    version integer
);
CREATE TABLE meta (
    key text,
    value text,
    unique (key)
);
CREATE TABLE file (
    id integer primary key,
    path text,
    unique (path)
);
CREATE TABLE context (
    id integer primary key,
    context text,
    unique (context)
);
CREATE TABLE line_bits (
    file_id integer,
    context_id integer,
    numbits blob,
    foreign key (file_id) references file (id),
    foreign key (context_id) references context (id),
    unique (file_id, context_id)
);
CREATE TABLE arc (
    file_id integer,
    context_id integer,
    fromno integer,
    tono integer,
    foreign key (file_id) references file (id),
    foreign key (context_id) references context (id),
    unique (file_id, context_id, fromno, tono)
);
CREATE TABLE tracer (
    file_id integer primary key,
    tracer text,
    foreign key (file_id) references file (id)
);
";

/// Writes the data to `path`. What was there is replaced only once the new file is complete and
/// on disk. The same data gives the same bytes.
pub fn write_data_file(data: &CoverageData, path: &Path) -> Result<(), DataError> {
    let target = resolved(path);
    let failed = |problem: String| DataError::NotWritten {
        path: target.display().to_string(),
        problem,
    };
    let in_words = |error: std::io::Error| failed(error.to_string());
    let folder = target
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    let beside = temporary_file(&folder).map_err(in_words)?;
    write_database(data, beside.path()).map_err(|error| failed(in_python_words(&error)))?;
    beside.as_file().sync_all().map_err(in_words)?;
    beside
        .persist(&target)
        .map_err(|error| in_words(error.error))?;
    // The new name is durable when its folder is synced; a file system that cannot do that still
    // holds a complete file under one of the two names.
    if let Ok(folder) = fs_err::File::open(&folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The file that a symbolic link stands for, so that the link stays a link.
fn resolved(path: &Path) -> PathBuf {
    fs_err::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_path_buf())
}

fn temporary_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    // Not under the name of a parallel data file: an abandoned one must never be combined.
    tempfile::Builder::new()
        .prefix(".swath-writing-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

fn write_database(data: &CoverageData, path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The file is nobody's until it is renamed: no journal is needed, and it is synced once.
    connection.pragma_update(None, "journal_mode", "off")?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("insert into coverage_schema (version) values (7)", [])?;
    write_rows(&transaction, data)?;
    write_accounting(&transaction, &data.accounting)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

fn write_rows(transaction: &Transaction<'_>, data: &CoverageData) -> rusqlite::Result<()> {
    let mut meta = transaction.prepare("insert into meta (key, value) values (?, ?)")?;
    meta.execute(params![
        "version",
        concat!("swath ", env!("CARGO_PKG_VERSION"))
    ])?;
    match data.mode() {
        Mode::Unknown => {}
        Mode::Lines => drop(meta.execute(params!["has_arcs", "0"])?),
        Mode::Arcs => drop(meta.execute(params!["has_arcs", "1"])?),
    }

    let mut names: Vec<(&str, ContextId)> = data.contexts().map(|(id, name)| (name, id)).collect();
    names.sort_unstable();
    let mut contexts: FxHashMap<ContextId, i64> = FxHashMap::default();
    let mut context = transaction.prepare("insert into context (id, context) values (?, ?)")?;
    for (row, (name, id)) in (1i64..).zip(names) {
        context.execute(params![row, name])?;
        contexts.insert(id, row);
    }

    let mut file_row = transaction.prepare("insert into file (id, path) values (?, ?)")?;
    let mut tracer = transaction.prepare("insert into tracer (file_id, tracer) values (?, ?)")?;
    let mut lines = transaction
        .prepare("insert into line_bits (file_id, context_id, numbits) values (?, ?, ?)")?;
    let mut arc = transaction
        .prepare("insert into arc (file_id, context_id, fromno, tono) values (?, ?, ?, ?)")?;
    for (row, (path, file)) in (1i64..).zip(data.files()) {
        file_row.execute(params![row, path])?;
        if let Some(name) = &file.tracer {
            tracer.execute(params![row, name])?;
        }
        let mut by_context: Vec<_> = file
            .lines_by_context()
            .map(|(id, set)| (contexts[&id], set))
            .collect();
        by_context.sort_unstable_by_key(|(id, _)| *id);
        for (id, set) in by_context {
            lines.execute(params![row, id, set.as_numbits()])?;
        }
        let mut by_context: Vec<_> = file
            .arcs_by_context()
            .map(|(id, set)| (contexts[&id], set))
            .collect();
        by_context.sort_unstable_by_key(|(id, _)| *id);
        for (id, set) in by_context {
            for (from, to) in set.iter() {
                arc.execute(params![row, id, from, to])?;
            }
        }
    }
    Ok(())
}
