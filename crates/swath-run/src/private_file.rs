//! Files that swath keeps outside the checkout, for its user alone.

use std::io::{self, Write as _};
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;

/// Writes a file that only this user can read. What is there already is replaced, a link is not
/// followed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Makes such a file, empty.
pub(crate) fn create(path: &Path) -> io::Result<std::fs::File> {
    if path.symlink_metadata().is_ok() {
        fs_err::remove_file(path)?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map(|file| file.into_parts().0)
}
