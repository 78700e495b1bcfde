//! Reading files that somebody else may have put there: regular ones only, up to a limit, and
//! never waiting for a writer.

use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use fs_err::{File, OpenOptions};
use rustix::fs::OFlags;

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It stands for its target: the path is the user's own.
    Follow,
    /// It is no regular file: others can write in its folder.
    Refuse,
}

/// Opens a regular file for reading. A pipe, a device or a folder is an error, at once.
pub fn open_regular(path: &Path, links: Links) -> Result<File> {
    // Opening a pipe would wait for a writer.
    let file = match open(path, links, OFlags::NONBLOCK) {
        Ok(file) => file,
        // Only a regular file can be leased to somebody, whom the kernel gives some time to end that.
        Err(error) if error.kind() == ErrorKind::WouldBlock => open(path, links, OFlags::empty())?,
        Err(error) => {
            let is_link = links == Links::Refuse
                && fs_err::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
            return Err(if is_link { not_regular(path) } else { error });
        }
    };
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(not_regular(path))
    }
}

fn open(path: &Path, links: Links, wait: OFlags) -> Result<File> {
    let mut flags = wait | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)
}

/// Reads a regular file that has no more than `most` bytes.
pub fn read_regular(path: &Path, links: Links, most: u64) -> Result<Vec<u8>> {
    let file = open_regular(path, links)?;
    let length = file.metadata()?.len();
    let too_long = || {
        let text = format!("`{}` is larger than {most} bytes", path.display());
        Error::new(ErrorKind::FileTooLarge, text)
    };
    if length > most {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // It may grow meanwhile.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(bytes)
    } else {
        Err(too_long())
    }
}

fn not_regular(path: &Path) -> Error {
    let text = format!("`{}` is not a regular file", path.display());
    Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_folders_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        for path in [&pipe, folder.path(), Path::new("/dev/zero")] {
            for links in [Links::Follow, Links::Refuse] {
                let error = read_regular(path, links, 10).unwrap_err();
                assert!(
                    error.to_string().contains("is not a regular file"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn links_are_followed_only_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs_err::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_regular(&link, Links::Follow, 4).unwrap(), b"text");
        let error = read_regular(&link, Links::Refuse, 4).unwrap_err();
        assert!(
            error.to_string().contains("is not a regular file"),
            "{error}"
        );
        let gone = folder.path().join("gone");
        let error = read_regular(&gone, Links::Refuse, 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn more_than_the_limit_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let error = read_regular(&path, Links::Refuse, 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        // Such files say that they are empty, and are not.
        let error = read_regular(Path::new("/proc/self/maps"), Links::Refuse, 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}
