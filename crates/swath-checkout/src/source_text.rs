//! The text of a measured file, which Python may have found in an archive.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::path::{Component, Path, PathBuf};

use crate::archive::Member;
use crate::regular_file::{Links, read_regular};

/// A source that is longer, in bytes, is none.
const LONGEST: u64 = 256 << 20;

/// Reads a source from the disk, or from the archive that a part of its path names. No link at the
/// end of the path is followed.
pub fn read_source(path: &Path) -> Result<Vec<u8>> {
    let error = match read_regular(path, Links::Refuse, LONGEST) {
        Ok(source) => return Ok(source),
        Err(error) => error,
    };
    if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
        return Err(error);
    }
    if let Some(source) = Member::of(path).and_then(|member| member.read(LONGEST)) {
        return Ok(source);
    }
    if let Some(path) = shown_path(path) {
        return read_regular(&path, Links::Refuse, LONGEST);
    }
    // Where a part of the path is no folder there is no such file either.
    Err(Error::new(ErrorKind::NotFound, error))
}

/// Whether a source file exists at `path`, or an archive that is named in it.
#[must_use]
pub fn source_exists(path: &str) -> bool {
    let path = Path::new(path);
    path.exists() || Member::of(path).is_some_and(|member| member.is_in_archive())
}

/// The file whose name is not UTF-8 and is shown as `path`, with replacement characters; `None`
/// where there are several.
fn shown_path(path: &Path) -> Option<PathBuf> {
    const REPLACED: char = char::REPLACEMENT_CHARACTER;
    if !path.to_str()?.contains(REPLACED) {
        return None;
    }
    let mut found = PathBuf::new();
    for part in path.components() {
        let name = match part {
            Component::Normal(name) if name.to_str()?.contains(REPLACED) => {
                only_entry_shown_as(&found, name.to_str()?)?
            }
            other => other.as_os_str().to_owned(),
        };
        found.push(name);
    }
    Some(found)
}

fn only_entry_shown_as(folder: &Path, shown: &str) -> Option<OsString> {
    let mut names = fs_err::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy() == shown);
    let first = names.next()?;
    names.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn archive(path: &Path, before: &[u8]) {
        let mut file = fs_err::File::create(path).unwrap();
        file.write_all(before).unwrap();
        let mut archive = zip::ZipWriter::new(file);
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("shop/cart.py", options).unwrap();
        archive.write_all(b"x = 1\n").unwrap();
        archive.finish().unwrap();
    }

    #[test]
    fn an_archive_is_known_by_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (name, before) in [
            ("app.zip", &b""[..]),
            ("app-1.0-py3-none-any.whl", b""),
            ("app.pyz", b"#!/usr/bin/env python3\n"),
            ("app", b"#!/usr/bin/env python3\n"),
            ("app.zip.d.par", b""),
        ] {
            let path = folder.path().join(name);
            archive(&path, before);
            let member = path.join("shop/cart.py");
            assert_eq!(read_source(&member).unwrap(), b"x = 1\n", "{name}");
            assert!(source_exists(member.to_str().unwrap()), "{name}");
            let error = read_source(&path.join("shop/other.py")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
        }
        let none = folder.path().join("none.zip/cart.py");
        assert_eq!(read_source(&none).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!source_exists(none.to_str().unwrap()));
    }

    #[test]
    fn a_file_that_is_only_named_like_an_archive_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.whl");
        fs_err::write(&path, "no archive").unwrap();
        let member = path.join("a.py");
        assert!(!source_exists(member.to_str().unwrap()));
        let error = read_source(&member).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn an_archive_that_was_made_anew_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.zip");
        archive(&path, b"");
        let member = path.join("shop/cart.py");
        assert!(read_source(&member).is_ok());
        fs_err::write(&path, "no archive any more").unwrap();
        let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
        file.file()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert!(read_source(&member).is_err());
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_found_by_what_is_shown_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let odd = |name: &[u8]| folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs_err::create_dir(odd(b"p\xfe")).unwrap();
        fs_err::write(odd(b"p\xfe/odd\xff.py"), "x = 1\n").unwrap();
        let shown = odd("p\u{fffd}/odd\u{fffd}.py".as_bytes());
        assert_eq!(read_source(&shown).unwrap(), b"x = 1\n");
        fs_err::write(odd(b"p\xfe/odd\xfe.py"), "y = 1\n").unwrap();
        assert_eq!(read_source(&shown).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
