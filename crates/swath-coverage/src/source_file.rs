//! The text of a measured file, which Python may have found in a zip archive.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// What the name of an archive from which Python imports ends in, as coverage.py knows them.
const ARCHIVES: [&str; 3] = [".zip/", ".egg/", ".pex/"];

/// A source that an archive says is larger, in bytes, is not unpacked.
const LARGEST: u64 = 256 << 20;

/// Reads a source from the disk, or from the archive that a part of its path names.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let error = match fs_err::read(path) {
        Ok(source) => return Ok(source),
        Err(error) => error,
    };
    if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
        return Err(error);
    }
    let path = path.to_string_lossy();
    let parts = ARCHIVES.iter().filter_map(|ending| {
        let (archive, member) = path.split_once(ending)?;
        Some((format!("{archive}{}", ending.trim_end_matches('/')), member))
    });
    for (archive, member) in parts {
        if let Some(source) = unpack(&archive, member) {
            return Ok(source);
        }
    }
    // Where a part of the path is no folder there is no such file either.
    Err(Error::new(ErrorKind::NotFound, error))
}

fn unpack(archive: &str, member: &str) -> Option<Vec<u8>> {
    // Opening a pipe would wait for a writer.
    if !Path::new(archive).is_file() {
        return None;
    }
    let mut archive = zip::ZipArchive::new(File::open(archive).ok()?).ok()?;
    let member = archive.by_name(member).ok()?;
    let mut source = Vec::new();
    member.take(LARGEST + 1).read_to_end(&mut source).ok()?;
    (u64::try_from(source.len()).ok()? <= LARGEST).then_some(source)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_source_in_an_archive_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.zip");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("shop/cart.py", options).unwrap();
        archive.write_all(b"x = 1\n").unwrap();
        archive.finish().unwrap();
        assert_eq!(read(&path.join("shop/cart.py")).unwrap(), b"x = 1\n");
        let error = read(&path.join("shop/other.py")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = read(&folder.path().join("none.zip/cart.py")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
