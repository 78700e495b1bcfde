//! Members of archives from which Python imports: wheels, eggs, zipapps and plain zip files. An
//! archive is known by what it is, not by its name.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use zip::ZipArchive;

use crate::regular_file::{Links, open_regular};

/// The record at the end of an archive that leads to its list of members.
const END_RECORD: &[u8] = b"PK\x05\x06";
/// The length of that record, with the longest comment there can be.
const LONGEST_END: u64 = 22 + 65_535;

/// A path into a file: the file, and what it names in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    archive: PathBuf,
    name: String,
}

impl Member {
    /// Takes a path apart at the file that a part of it names; `None` where none does.
    pub(crate) fn of(path: &Path) -> Option<Member> {
        let there = path
            .ancestors()
            .skip(1)
            .find_map(|part| Some((part, fs_err::metadata(part).ok()?)));
        let (archive, metadata) = there?;
        if !metadata.is_file() {
            return None;
        }
        let name = path.strip_prefix(archive).ok()?.to_str()?.to_owned();
        let archive = archive.to_owned();
        Some(Member { archive, name })
    }

    /// Whether the file is an archive; it may not have the member.
    pub(crate) fn is_in_archive(&self) -> bool {
        let ends_as_archive = || -> std::io::Result<bool> {
            let mut file = open_regular(&self.archive, Links::Refuse)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
            let mut end = Vec::new();
            file.take(LONGEST_END).read_to_end(&mut end)?;
            Ok(end.windows(END_RECORD.len()).any(|part| part == END_RECORD))
        };
        ends_as_archive().unwrap_or(false)
    }

    /// Unpacks the member, if it is there and has no more than `most` bytes.
    pub(crate) fn read(&self, most: u64) -> Option<Vec<u8>> {
        OPEN.with_borrow_mut(|open| {
            let archive = OpenArchive::of(open, &self.archive)?;
            let member = archive.by_name(&self.name).ok()?;
            let mut bytes = Vec::new();
            member.take(most + 1).read_to_end(&mut bytes).ok()?;
            (u64::try_from(bytes.len()).ok()? <= most).then_some(bytes)
        })
    }
}

thread_local! {
    /// The archive that was read last: a report asks for its members one after the other, and each
    /// time its list of members would be read again.
    static OPEN: RefCell<Option<OpenArchive>> = const { RefCell::new(None) };
}

struct OpenArchive {
    path: PathBuf,
    written: Option<SystemTime>,
    archive: ZipArchive<File>,
}

impl OpenArchive {
    fn of<'a>(open: &'a mut Option<OpenArchive>, path: &Path) -> Option<&'a mut ZipArchive<File>> {
        let file = open_regular(path, Links::Refuse).ok()?;
        let written = file.metadata().ok()?.modified().ok();
        let is_open = open
            .as_ref()
            .is_some_and(|open| open.path == path && open.written == written);
        if !is_open {
            *open = Some(OpenArchive {
                path: path.to_owned(),
                written,
                archive: ZipArchive::new(file.into_parts().0).ok()?,
            });
        }
        open.as_mut().map(|open| &mut open.archive)
    }
}
