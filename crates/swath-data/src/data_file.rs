//! Reading `.coverage` files: SQLite, schema 7.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use rustc_hash::FxHashMap;
use swath_checkout::{Links, open_regular, read_regular};
use swath_model::Arc;

use crate::accounting_tables::read_accounting;
use crate::merge::data_of;
use crate::page_file::PageFile;
use crate::plain_data::PlainData;
use crate::sqlite_pages::Pages;
use crate::{Accounting, ArcSet, ContextId, CoverageData, DataError, LineSet, Mode};

/// Reads a data file. Nothing on disk is changed: journals beside the file are left alone.
///
/// Rows that name a file or context that is not there are left out, as coverage.py's joins do.
pub fn read_data_file(path: &Path) -> Result<CoverageData, DataError> {
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let name = shown.display().to_string();
    if !path.exists() {
        return Err(DataError::Missing { path: name });
    }
    let Some((mut data, has_accounting)) = read_pages(&shown) else {
        return read_with_sqlite(&shown);
    };
    if has_accounting {
        data.accounting = read_accounting_of(&shown)?;
    }
    Ok(data)
}

/// Reads a data file that is plain, and says whether swath's own tables are there too.
fn read_pages(path: &Path) -> Option<(CoverageData, bool)> {
    let file = open_regular(path, Links::Follow).ok()?;
    let length = file.metadata().ok()?.len();
    let data_of = |plain: &PlainData<'_>| Some((data_of(plain)?, plain.has_accounting));
    if (LONG..=LONGEST_IN_MEMORY).contains(&length) {
        let (file, _) = file.into_parts();
        let file = PageFile::new(file).ok()?;
        let pages = Pages::of_file(&file).ok()?;
        return data_of(&PlainData::read_sharing(&pages).ok()?);
    }
    let bytes = read_regular(path, Links::Follow, LONGEST_IN_MEMORY).ok()?;
    let pages = Pages::new(&bytes).ok()?;
    data_of(&PlainData::read(&pages).ok()?)
}

/// A file that is longer, in bytes, is read page by page.
const LONG: u64 = 4 << 20;

/// A file that is longer, in bytes, is not read into memory as a whole: SQLite reads it, page by
/// page.
pub(crate) const LONGEST_IN_MEMORY: u64 = 256 << 20;

/// Reads a data file through SQLite, which knows all the ways in which a database can be laid out,
/// and has the words for what is wrong with one.
pub(crate) fn read_with_sqlite(path: &Path) -> Result<CoverageData, DataError> {
    let name = path.display().to_string();
    let connection = open(path).map_err(|error| unusable(&name, &error))?;
    check_schema(&connection, &name)?;
    read_rows(&connection).map_err(|error| unusable(&name, &error))
}

/// swath's own tables in a data file.
pub(crate) fn read_accounting_of(path: &Path) -> Result<Accounting, DataError> {
    let name = path.display().to_string();
    let in_words = |error: rusqlite::Error| unusable(&name, &error);
    let connection = open(path).map_err(in_words)?;
    read_accounting(&connection).map_err(in_words)
}

/// The measured files of a data file, and nothing else of it.
pub(crate) fn read_file_names(path: &Path) -> Result<Vec<String>, DataError> {
    let name = path.display().to_string();
    let connection = open(path).map_err(|error| unusable(&name, &error))?;
    check_schema(&connection, &name)?;
    let mut names = Vec::new();
    each_row(&connection, "select path from file", |row| {
        names.extend(text(row, 0)?);
        Ok(())
    })
    .map_err(|error| unusable(&name, &error))?;
    Ok(names)
}

pub(crate) fn unusable(name: &str, error: &rusqlite::Error) -> DataError {
    DataError::Unusable {
        path: name.to_owned(),
        problem: in_python_words(error),
    }
}

/// What Python's `sqlite3` says: the message, and SQLite's name of the code.
pub(crate) fn in_python_words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let text = message.clone().unwrap_or_else(|| failure.to_string());
            format!("{text}: ({})", code_name(failure.extended_code))
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            format!("{msg}: ({})", code_name(error.extended_code))
        }
        rusqlite::Error::IntegralValueOutOfRange(_, value) => {
            format!("no source has a line {value}")
        }
        other => other.to_string(),
    }
}

fn code_name(extended: i32) -> &'static str {
    match extended & 0xff {
        1 => "SQLITE_ERROR",
        3 => "SQLITE_PERM",
        5 => "SQLITE_BUSY",
        6 => "SQLITE_LOCKED",
        7 => "SQLITE_NOMEM",
        8 => "SQLITE_READONLY",
        10 => "SQLITE_IOERR",
        11 => "SQLITE_CORRUPT",
        13 => "SQLITE_FULL",
        14 => "SQLITE_CANTOPEN",
        17 => "SQLITE_SCHEMA",
        18 => "SQLITE_TOOBIG",
        26 => "SQLITE_NOTADB",
        _ => "SQLITE_UNKNOWN",
    }
}

/// Opens read-only and immutable, so that SQLite neither waits for locks nor rolls journals back.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    // SQLite would wait for the writer of a pipe.
    if let Err(error) = open_regular(path, Links::Follow) {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let text = match error.kind() {
            std::io::ErrorKind::InvalidInput => "not a regular file",
            _ => "unable to open database file",
        };
        return Err(rusqlite::Error::SqliteFailure(code, Some(text.to_owned())));
    }
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

fn check_schema(connection: &Connection, name: &str) -> Result<(), DataError> {
    let not_ours = |problem| DataError::NotCoverageData {
        path: name.to_owned(),
        problem,
    };
    let version = connection.query_row("select version from coverage_schema", [], |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Null => "None".to_owned(),
            ValueRef::Integer(version) => version.to_string(),
            ValueRef::Real(version) if version.fract() == 0.0 && version.abs() < 1e15 => {
                format!("{version:.0}")
            }
            ValueRef::Real(version) => version.to_string(),
            ValueRef::Text(text) => swath_pattern::python_repr(&String::from_utf8_lossy(text)),
            ValueRef::Blob(_) => "a blob".to_owned(),
        })
    });
    match version {
        Ok(version) if version == "7" => Ok(()),
        Ok(found) => Err(DataError::WrongSchema {
            path: name.to_owned(),
            found,
        }),
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(not_ours(String::new())),
        Err(error) => {
            let words = unusable(name, &error);
            if in_python_words(&error).contains("no such table") {
                Err(not_ours(words.to_string()))
            } else {
                Err(words)
            }
        }
    }
}

fn read_rows(connection: &Connection) -> rusqlite::Result<CoverageData> {
    let mut data = CoverageData::new(read_mode(connection)?);
    let mut files: FxHashMap<i64, String> = FxHashMap::default();
    each_row(connection, "select id, path from file", |row| {
        if let (Some(id), Some(path)) = (integer(row, 0)?, text(row, 1)?) {
            data.touch(&path);
            files.insert(id, path);
        }
        Ok(())
    })?;
    let mut contexts: FxHashMap<i64, ContextId> = FxHashMap::default();
    each_row(
        connection,
        "select id, context from context order by id",
        |row| {
            if let (Some(id), Some(context)) = (integer(row, 0)?, text(row, 1)?) {
                contexts.insert(id, data.intern_context(&context));
            }
            Ok(())
        },
    )?;
    each_row(connection, "select file_id, tracer from tracer", |row| {
        if let (Some(id), Some(tracer)) = (integer(row, 0)?, text(row, 1)?)
            && let Some(path) = files.get(&id)
            && !tracer.is_empty()
        {
            data.touch(path).tracer = Some(tracer);
        }
        Ok(())
    })?;
    let keys = |row: &Row<'_>| -> rusqlite::Result<Option<(i64, ContextId)>> {
        let (file, context) = (integer(row, 0)?, integer(row, 1)?);
        Ok(file.zip(context.and_then(|id| contexts.get(&id).copied())))
    };
    read_lines(connection, &mut data, &files, keys)?;
    read_arcs(connection, &mut data, &files, keys)?;
    data.accounting = read_accounting(connection)?;
    Ok(data)
}

fn read_mode(connection: &Connection) -> rusqlite::Result<Mode> {
    let mut mode = Mode::Unknown;
    each_row(
        connection,
        "select value from meta where key = 'has_arcs'",
        |row| {
            let value = match row.get_ref(0)? {
                ValueRef::Integer(value) => value,
                ValueRef::Text(text) => String::from_utf8_lossy(text).trim().parse().unwrap_or(0),
                _ => return Ok(()),
            };
            mode = if value == 0 { Mode::Lines } else { Mode::Arcs };
            Ok(())
        },
    )?;
    Ok(mode)
}

fn read_lines(
    connection: &Connection,
    data: &mut CoverageData,
    files: &FxHashMap<i64, String>,
    keys: impl Fn(&Row<'_>) -> rusqlite::Result<Option<(i64, ContextId)>>,
) -> rusqlite::Result<()> {
    each_row(
        connection,
        "select file_id, context_id, numbits from line_bits",
        |row| {
            if let Some((file, context)) = keys(row)?
                && let Some(path) = files.get(&file)
            {
                let numbits = match row.get_ref(2)? {
                    ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
                    _ => &[],
                };
                data.add_lines(path, context, &LineSet::from_numbits(numbits));
            }
            Ok(())
        },
    )
}

fn read_arcs(
    connection: &Connection,
    data: &mut CoverageData,
    files: &FxHashMap<i64, String>,
    keys: impl Fn(&Row<'_>) -> rusqlite::Result<Option<(i64, ContextId)>>,
) -> rusqlite::Result<()> {
    // The rows come in the order of the unique index: one file and context after the other.
    let mut current: Option<(i64, ContextId)> = None;
    let mut arcs = Vec::new();
    let mut flush = |key: Option<(i64, ContextId)>, arcs: &mut Vec<Arc>| {
        if let Some((file, context)) = key
            && let Some(path) = files.get(&file)
        {
            data.add_arcs(path, context, &arcs.drain(..).collect::<ArcSet>());
        }
        arcs.clear();
    };
    each_row(
        connection,
        "select file_id, context_id, fromno, tono from arc",
        |row| {
            let Some(key) = keys(row)? else { return Ok(()) };
            if current != Some(key) {
                flush(current, &mut arcs);
                current = Some(key);
            }
            if let (Some(from), Some(to)) = (line(row, 2)?, line(row, 3)?) {
                arcs.push((from, to));
            }
            Ok(())
        },
    )?;
    flush(current, &mut arcs);
    Ok(())
}

pub(crate) fn each_row(
    connection: &Connection,
    query: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

pub(crate) fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(value) => Some(value),
        _ => None,
    })
}

/// A line of an arc. One that no source has makes the file unusable.
fn line(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i32>> {
    let value = integer(row, column)?;
    let line = |value| {
        i32::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
    };
    value.map(line).transpose()
}

pub(crate) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write_data_file;

    /// Reads a file in both ways, which must agree.
    fn check(data: &CoverageData) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".coverage");
        write_data_file(data, &path).unwrap();
        let bytes = fs_err::read(&path).unwrap();
        let pages = Pages::new(&bytes).unwrap();
        let plain = PlainData::read(&pages).unwrap_or_else(|_| panic!("our own files are plain"));
        let mut by_pages = data_of(&plain).unwrap();
        let file = PageFile::new(std::fs::File::open(&path).unwrap());
        let file = file.unwrap_or_else(|_| panic!("it has a header"));
        let pages = Pages::of_file(&file).unwrap_or_else(|_| panic!("it has a header"));
        let sharing = PlainData::read_sharing(&pages);
        let sharing = sharing.unwrap_or_else(|_| panic!("our own files are plain"));
        assert!(data_of(&sharing).unwrap() == by_pages);
        by_pages.accounting = read_accounting_of(&path).unwrap();
        let by_sqlite = read_with_sqlite(&path).unwrap();
        assert!(by_pages == by_sqlite);
        assert!(by_pages == *data);
    }

    #[test]
    fn pages_and_sqlite_agree_on_large_tables() {
        let mut data = CoverageData::new(Mode::Lines);
        for context in 0..60 {
            let name = format!("test_{context}|{}", "long".repeat(context * 20));
            let context = data.intern_context(&name);
            for file in 0..20u32 {
                // Sets of up to 10,000 bytes go on in overflow pages.
                let lines = (0..400).map(|line| line * file * 10 + file).collect();
                data.add_lines(
                    &format!("/app/{}/m{file}.py", "deep/".repeat(file as usize * 40)),
                    context,
                    &lines,
                );
            }
        }
        data.touch("/app/page.html").tracer = Some("plugin".to_owned());
        check(&data);
    }

    #[test]
    fn pages_and_sqlite_agree_on_arcs() {
        let mut data = CoverageData::new(Mode::Arcs);
        for context in ["", "a", "b"] {
            let context = data.intern_context(context);
            for file in 0..10 {
                let arcs = (0..900)
                    .map(|step| (step * 37 - 9, step * step * file - 40_000))
                    .collect();
                data.add_arcs(&format!("/app/m{file}.py"), context, &arcs);
            }
        }
        data.touch("/app/never.py");
        check(&data);
        check(&CoverageData::new(Mode::Arcs));
        check(&CoverageData::default());
    }

    #[test]
    fn an_arc_that_no_source_has_makes_a_file_unusable() {
        let mut data = CoverageData::new(Mode::Arcs);
        let context = data.intern_context("");
        data.add_arcs("/app/m.py", context, &[(1, 2)].into_iter().collect());
        let folder = swath_test::temp_dir();
        let path = folder.path().join("data");
        write_data_file(&data, &path).unwrap();
        let connection = Connection::open(&path).unwrap();
        let change = "update arc set tono = 3000000000";
        assert_eq!(connection.execute(change, []).unwrap(), 1);
        drop(connection);
        let error = read_data_file(&path).unwrap_err().to_string();
        assert!(
            error.ends_with(": no source has a line 3000000000"),
            "{error}"
        );
    }
}
