//! The folder of an HTML report: pages that differ are written, pages that are gone are taken away.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use swath_checkout::{Links, read_regular, write_file};
use swath_report::{Piece, is_page_folder};

/// The names of the files of the last report, to take away those that are no longer part of it.
const MANIFEST: &str = "swath-pages.txt";
/// A list that is longer, in bytes, is none.
const LONGEST_MANIFEST: u64 = 256 << 20;

/// A report that is being written, by any number of threads.
pub(crate) struct PageFolder {
    path: PathBuf,
    was_empty: bool,
    /// The list of the report that was there before.
    before: String,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    names: BTreeSet<String>,
    folders: BTreeSet<PathBuf>,
    largest: usize,
}

impl PageFolder {
    /// Makes the folder if it is not there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let was_empty = fs_err::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
        fs_err::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
            was_empty,
            before: read_regular(&path.join(MANIFEST), Links::Refuse, LONGEST_MANIFEST)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .unwrap_or_default(),
            written: Mutex::default(),
        })
    }

    /// Writes a piece, unless it is there as it is.
    pub(crate) fn put(&self, piece: &Piece) -> io::Result<()> {
        let path = self.path.join(&piece.name);
        if let Some(parent) = path.parent() {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            if !written.folders.contains(parent) {
                fs_err::create_dir_all(parent)?;
                written.folders.insert(parent.to_owned());
            }
            written.largest = written.largest.max(piece.bytes.len());
            written.names.insert(piece.name.clone());
        }
        write_if_changed(&path, &piece.bytes)
    }

    /// Takes away the pages that are no part of the report any more. Gives the size of its largest file.
    pub(crate) fn finish(self) -> io::Result<usize> {
        let written = self
            .written
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let gone = |name: &&str| !written.names.contains(*name) && is_page(name);
        for name in self.before.lines().filter(gone) {
            // A page that is gone already is no harm.
            let _ = fs_err::remove_file(self.path.join(name));
        }
        let manifest: String = written.names.iter().flat_map(|name| [name, "\n"]).collect();
        write_if_changed(&self.path.join(MANIFEST), manifest.as_bytes())?;
        if self.was_empty {
            let ignored = b"# Created by swath\n*\n";
            write_if_changed(&self.path.join(".gitignore"), ignored)?;
        }
        Ok(written.largest)
    }
}

/// Only pages are taken away, whatever a list says.
fn is_page(name: &str) -> bool {
    let path = Path::new(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_html = path
        .extension()
        .is_some_and(|extension| extension == "html");
    let is_in_place = name
        .rsplit_once('/')
        .is_none_or(|(folder, _)| is_page_folder(folder));
    plain && is_html && is_in_place
}

/// Writes the file whole, unless it holds these bytes already.
fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let same_size = fs_err::metadata(path).is_ok_and(|file| file.len() == length);
    if same_size && read_regular(path, Links::Refuse, length).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    write_file(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_in_the_folder_are_taken_away() {
        for (name, expected) in [
            ("f/a-py-123456.html", true),
            ("d/src-123456.html", true),
            ("t/tests-test_a-py-test_b-123456.html", true),
            ("f/f/a.html", false),
            ("holes.html", true),
            ("../x.html", false),
            ("/etc/x.html", false),
            ("f/../../x.html", false),
            ("src/x.html", false),
            ("f/x.py", false),
        ] {
            assert_eq!(is_page(name), expected, "{name}");
        }
    }

    #[test]
    fn unchanged_pages_are_not_written_and_gone_pages_are_taken_away() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let piece = |name: &str, text: &str| Piece {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let inode = |name: &str| fs_err::metadata(target.join(name)).unwrap().ino();
        let write = |pieces: &[Piece]| {
            let pages = PageFolder::open(&target).unwrap();
            for piece in pieces {
                pages.put(piece).unwrap();
            }
            pages.finish().unwrap();
        };
        write(&[piece("f/a.html", "a"), piece("f/b.html", "b")]);
        let before = inode("f/a.html");
        fs_err::write(target.join("mine.html"), "mine").unwrap();
        write(&[piece("f/a.html", "a")]);
        assert_eq!(inode("f/a.html"), before);
        assert!(!target.join("f/b.html").exists());
        assert!(target.join("mine.html").exists());
        write(&[piece("f/a.html", "c")]);
        assert_ne!(inode("f/a.html"), before);
        assert_eq!(
            fs_err::read_to_string(target.join(".gitignore")).unwrap(),
            "# Created by swath\n*\n"
        );
    }
}
