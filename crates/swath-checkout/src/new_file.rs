//! Files that are complete or not there: written beside their place under a name that nobody can
//! guess, then renamed.

use std::fs::Permissions;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::pipe_or_device::{PipeOrDevice, is_pipe_or_device};

/// How often a link may lead to another one.
const MOST_LINKS: usize = 40;

/// A file that takes its place once it is complete. One that is dropped before leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file beside `target`, with the rights of the file that is there, if one is. A link
    /// stays a link to what is written; something else than a file is an error.
    pub fn create(target: &Path) -> io::Result<Self> {
        let target = place_of(target);
        let existing = fs_err::metadata(&target).ok();
        if existing.as_ref().is_some_and(|there| !there.is_file()) {
            let text = format!("`{}` is not a regular file", target.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let file = Self::begin(target, 0o666)?;
        if let Some(existing) = existing {
            let rights = existing.permissions().mode() & 0o777;
            file.file
                .as_file()
                .set_permissions(Permissions::from_mode(rights))?;
        }
        Ok(file)
    }

    /// Begins a file that only this user can read. A link in its place is replaced.
    pub fn create_private(target: &Path) -> io::Result<Self> {
        Self::begin(target.to_owned(), 0o600)
    }

    fn begin(target: PathBuf, rights: u32) -> io::Result<Self> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Not under the name of a parallel data file: an abandoned one must never be combined.
        let file = tempfile::Builder::new()
            .prefix(".swath-writing-")
            .make_in(folder, |path| {
                let mut options = std::fs::File::options();
                options.read(true).write(true).create_new(true).mode(rights);
                options.open(path)
            });
        match file {
            Ok(file) => Ok(Self { file, target }),
            // The name that nobody has ever seen says nothing to anybody.
            Err(error) => {
                let text = format!("failed to create file `{}`: {error}", target.display());
                Err(io::Error::new(error.kind(), text))
            }
        }
    }

    /// Where it is while it is incomplete, for writers that want a path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The open file.
    pub fn file_mut(&mut self) -> &mut std::fs::File {
        self.file.as_file_mut()
    }

    /// Puts it in its place.
    pub fn put(self) -> io::Result<()> {
        let Self { file, target } = self;
        file.persist(target)
            .map(|_| ())
            .map_err(|error| error.error)
    }

    /// Puts it in its place once its content is on disk, as far as the file system lets one know.
    pub fn put_durably(self) -> io::Result<()> {
        if let Err(error) = self.file.as_file().sync_all()
            && is_loss(&error)
        {
            return Err(error);
        }
        let folder = self.target.parent().map(Path::to_path_buf);
        self.put()?;
        // The new name is durable when its folder is synced; a file system that cannot do that
        // still holds a complete file under one of the two names.
        if let Some(folder) = folder.and_then(|folder| fs_err::File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

/// Writes a file whole or not at all; a pipe or device that is there is written to.
pub fn write_file(target: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_pipe_or_device(target) {
        return PipeOrDevice::open(target)?.write_all(bytes);
    }
    let mut file = NewFile::create(target)?;
    file.write_all(bytes)?;
    file.put()
}

/// Tries whether a file can be written; leaves nothing behind.
pub fn check_writable(target: &Path) -> io::Result<()> {
    if is_pipe_or_device(target) {
        // Opened for good, a pipe would wait for a reader.
        return Ok(());
    }
    NewFile::create(target).map(drop)
}

/// Tries whether files can be made in a folder; leaves nothing behind.
pub fn check_folder_writable(folder: &Path) -> io::Result<()> {
    NewFile::begin(folder.join("new"), 0o600).map(drop)
}

/// Writes a file that only this user can read, whole or not at all.
pub fn write_private_file(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create_private(target)?;
    file.write_all(bytes)?;
    file.put()
}

/// Whether a failed sync says that bytes are lost. A sandbox or a file system may as well not know
/// or not allow it: then the file is as complete as if nobody had asked.
fn is_loss(error: &io::Error) -> bool {
    let lost = [
        Errno::IO,
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::FBIG,
        Errno::STALE,
    ];
    Errno::from_io_error(error).is_some_and(|errno| lost.contains(&errno))
}

/// The file that a symbolic link stands for. A link that somebody else put into a folder that many
/// can write to stands for itself.
fn place_of(path: &Path) -> PathBuf {
    let mut place = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for _ in 0..MOST_LINKS {
        if !is_own_link(&place) {
            break;
        }
        let Ok(target) = fs_err::read_link(&place) else {
            break;
        };
        // An absolute target replaces the whole path.
        place = place.parent().unwrap_or(Path::new("/")).join(target);
    }
    place
}

fn is_own_link(path: &Path) -> bool {
    let Ok(link) = fs_err::symlink_metadata(path) else {
        return false;
    };
    if !link.is_symlink() {
        return false;
    }
    let user = rustix::process::geteuid().as_raw();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let Ok(folder) = fs_err::metadata(folder) else {
        return false;
    };
    let is_shared = folder.mode() & 0o022 != 0;
    !is_shared || link.uid() == user || link.uid() == folder.uid()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_complete_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        fs_err::write(&path, "old").unwrap();
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["report.xml"]);
        write_file(&path, b"new").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.xml"]);
    }

    #[test]
    fn an_error_names_the_file_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/report.xml");
        let error = write_file(&path, b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let text = error.to_string();
        let begin = format!("failed to create file `{}`: ", path.display());
        assert!(
            text.starts_with(&begin) && !text.contains(".swath-"),
            "{text}"
        );
    }

    #[test]
    fn the_rights_of_what_is_replaced_stay_and_private_files_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs_err::write(&path, "old").unwrap();
        fs_err::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let rights = |path: &Path| fs_err::metadata(path).unwrap().mode() & 0o777;
        write_file(&path, b"new").unwrap();
        assert_eq!(rights(&path), 0o640);
        write_private_file(&path, b"new").unwrap();
        assert_eq!(rights(&path), 0o600);
    }

    #[test]
    fn own_links_stay_links_and_private_files_replace_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs_err::write(at("real"), "old").unwrap();
        symlink("real", at("middle")).unwrap();
        symlink(at("middle"), at("link")).unwrap();
        symlink("made", at("dangling")).unwrap();
        write_file(&at("link"), b"new").unwrap();
        write_file(&at("dangling"), b"x").unwrap();
        assert_eq!(fs_err::read(at("real")).unwrap(), b"new");
        assert_eq!(fs_err::read(at("made")).unwrap(), b"x");
        assert!(fs_err::symlink_metadata(at("link")).unwrap().is_symlink());
        write_private_file(&at("link"), b"private").unwrap();
        assert!(!fs_err::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs_err::read(at("real")).unwrap(), b"new");
    }

    #[test]
    fn a_link_of_somebody_else_in_a_shared_folder_is_replaced() {
        if !rustix::process::geteuid().is_root() {
            let test = "a_link_of_somebody_else_in_a_shared_folder_is_replaced";
            swath_test::skip(test, "root, to make a link of somebody else's");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs_err::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
        let (precious, link) = (folder.path().join("precious"), folder.path().join("x.xml"));
        fs_err::write(&precious, "precious").unwrap();
        symlink(&precious, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(65_534), Some(65_534)).unwrap();
        write_file(&link, b"report").unwrap();
        assert_eq!(fs_err::read(&precious).unwrap(), b"precious");
        assert_eq!(fs_err::read(&link).unwrap(), b"report");
    }

    #[test]
    fn devices_are_written_to_and_folders_are_errors() {
        write_file(Path::new("/dev/null"), b"x").unwrap();
        assert!(!fs_err::metadata("/dev/null").unwrap().is_file());
        assert!(NewFile::create(Path::new("/dev/null")).is_err());
        let folder = tempfile::tempdir().unwrap();
        let error = write_file(folder.path(), b"x").unwrap_err();
        assert!(
            error.to_string().contains("is not a regular file"),
            "{error}"
        );
    }

    #[test]
    fn what_can_be_written_is_known_before_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs_err::create_dir(&inside).unwrap();
        symlink(inside.join("file"), folder.path().join("link")).unwrap();
        for (path, expected) in [
            ("file", true),
            ("link", true),
            ("/dev/null", true),
            ("gone/file", false),
            ("inside", false),
            ("/proc/file", false),
        ] {
            let path = folder.path().join(path);
            assert_eq!(
                check_writable(&path).is_ok(),
                expected,
                "{}",
                path.display()
            );
        }
        assert!(check_folder_writable(&inside).is_ok());
        assert!(check_folder_writable(Path::new("/proc")).is_err());
        assert_eq!(names(folder.path()), ["inside", "link"]);
        assert_eq!(names(&inside), [""; 0]);
    }

    #[test]
    fn a_sync_that_is_refused_is_no_loss() {
        for (errno, expected) in [
            (Errno::PERM, false),
            (Errno::NOSYS, false),
            (Errno::INVAL, false),
            (Errno::IO, true),
            (Errno::NOSPC, true),
        ] {
            assert_eq!(is_loss(&errno.into()), expected, "{errno:?}");
        }
    }
}
