//! Writing `.coverage` files: beside the target, synced, then renamed over it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use swath_checkout::NewFile;

use crate::accounting_tables::write_accounting;
use crate::coverage_tables::write_tables;
use crate::data_file::in_python_words;
use crate::{CoverageData, DataError};

/// Writes the data to `path`. What was there is replaced only once the new file is complete and,
/// as far as the file system lets one know, on disk. The same data gives the same bytes.
pub fn write_data_file(data: &CoverageData, path: &Path) -> Result<(), DataError> {
    let failed = |problem: String| DataError::NotWritten {
        path: std::path::absolute(path)
            .unwrap_or_else(|_| path.to_path_buf())
            .display()
            .to_string(),
        problem,
    };
    let in_words = |error: std::io::Error| failed(error.to_string());
    let mut file = NewFile::create(path).map_err(in_words)?;
    write_database(data, &mut file).map_err(failed)?;
    file.put_durably().map_err(in_words)
}

fn write_database(data: &CoverageData, beside: &mut NewFile) -> Result<(), String> {
    write_tables(data, beside.file_mut()).map_err(|error| error.to_string())?;
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
