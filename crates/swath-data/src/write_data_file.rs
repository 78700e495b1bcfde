//! Writing `.coverage` files: beside the target, synced, then renamed over it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::accounting_tables::write_accounting;
use crate::coverage_tables::write_tables;
use crate::data_file::in_python_words;
use crate::{CoverageData, DataError};

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
    let mut beside = temporary_file(&folder).map_err(in_words)?;
    write_database(data, &mut beside).map_err(failed)?;
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

fn write_database(data: &CoverageData, beside: &mut tempfile::NamedTempFile) -> Result<(), String> {
    write_tables(data, beside.as_file_mut()).map_err(|error| error.to_string())?;
    if data.accounting.is_empty() {
        return Ok(());
    }
    add_accounting(data, beside.path()).map_err(|error| in_python_words(&error))
}

/// swath's own tables are small: SQLite writes them.
fn add_accounting(data: &CoverageData, path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The file is nobody's until it is renamed: no journal is needed, and it is synced once.
    connection.pragma_update(None, "journal_mode", "off")?;
    connection.pragma_update(None, "synchronous", "off")?;
    let transaction = connection.transaction()?;
    write_accounting(&transaction, &data.accounting)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}
