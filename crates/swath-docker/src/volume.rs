//! What goes into a container's volume, and what comes out of it.

use std::collections::BTreeSet;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_checkout::NewFile;
use swath_store::layout::LONGEST;
use swath_store::settings;

/// The time of what is filled in, in seconds since 1970.
const NEVER: u64 = 0;

/// A file of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFile {
    /// Its name in the agent's folder, or in a folder in it: `NAME` or `FOLDER/NAME`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The archive that fills a volume: the agent for everybody to read, a folder for everybody to
/// write.
pub(crate) fn filled(agent: &[AgentFile], settings: &[u8], mount: &str) -> io::Result<Vec<u8>> {
    let data = format!("{mount}/data");
    let own = swath_agent::with_data(settings, data.as_bytes());
    let mut archive = tar::Builder::new(Vec::new());
    add(&mut archive, "agent/", 0o755, None)?;
    let byte_code = format!("agent/{}/", settings::BYTE_CODE_FOLDER);
    add(&mut archive, &byte_code, 0o755, None)?;
    add(&mut archive, "data/", 0o1777, None)?;
    let mut folders = BTreeSet::new();
    for file in agent {
        if let Some((folder, _)) = file.name.rsplit_once('/')
            && folders.insert(folder)
        {
            add(&mut archive, &format!("agent/{folder}/"), 0o755, None)?;
        }
        let name = format!("agent/{}", file.name);
        add(&mut archive, &name, 0o644, Some(&file.bytes))?;
    }
    add(
        &mut archive,
        &format!("agent/{}", settings::FILE_NAME),
        0o644,
        Some(&own),
    )?;
    let unrecorded = format!("agent/{}", settings::UNRECORDED_FILE);
    add(&mut archive, &unrecorded, 0o666, Some(&[]))?;
    archive.into_inner()
}

/// Whether the archive of the file that an agent touches where it can leave no note has it as it was filled in.
pub(crate) fn is_untouched(archive: impl Read) -> io::Result<bool> {
    let mut archive = tar::Archive::new(archive);
    let Some(entry) = archive.entries()?.next() else {
        return Ok(false);
    };
    let entry = entry?;
    let is_file = entry.header().entry_type() == tar::EntryType::Regular;
    Ok(is_file && entry.header().mtime()? == NEVER)
}

/// The archive that lets everybody write to the folder of this name.
pub(crate) fn for_everybody(folder: &str) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    add(&mut archive, &format!("{folder}/"), 0o1777, None)?;
    archive.into_inner()
}

/// The archive that puts an empty file in the place of each folder: nobody makes one below it again.
pub(crate) fn barred<P: AsRef<str>>(folders: &[P]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for folder in folders {
        add(&mut archive, folder.as_ref(), 0o444, Some(&[]))?;
    }
    archive.into_inner()
}

/// The archive that ends the agent in a volume that stays: without settings it does nothing.
pub(crate) fn inert() -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    add(
        &mut archive,
        &format!("agent/{}", settings::FILE_NAME),
        0o644,
        Some(&[]),
    )?;
    archive.into_inner()
}

fn add(
    archive: &mut tar::Builder<Vec<u8>>,
    name: &str,
    mode: u32,
    bytes: Option<&[u8]>,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_mtime(NEVER);
    header.set_entry_type(match bytes {
        Some(_) => tar::EntryType::Regular,
        None => tar::EntryType::Directory,
    });
    let bytes = bytes.unwrap_or_default();
    header.set_size(bytes.len().try_into().map_err(io::Error::other)?);
    archive.append_data(&mut header, name, bytes)
}

/// Takes the hit stores and failure marks out of an archive of `data/`; gives their number. What
/// a container says is not trusted: nothing else is taken, and nothing leaves `folder`.
pub(crate) fn extract(archive: impl Read, folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut taken = 0;
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if let Some(name) = record_in(&entry, &path) {
            put(&mut entry, &folder.join(name))?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// The same of an archive of a run's tasks, `RUN/TASK/SERVICE/data/`. `folder_of` says where that of a task
/// and its service belongs, if it is wanted.
pub(crate) fn extract_tasks(
    archive: impl Read,
    folder_of: &mut dyn FnMut(&str, &str) -> Option<PathBuf>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
        let Some([_, task, service, "data", _]) = parts.as_deref() else {
            continue;
        };
        let Some(name) = record_in(&entry, &path) else {
            continue;
        };
        if let Some(folder) = folder_of(task, service) {
            fs::create_dir_all(&folder)?;
            put(&mut entry, &folder.join(name))?;
        }
    }
    Ok(())
}

/// The name of a record, if an entry is one.
fn record_in<'p, R: Read>(entry: &tar::Entry<'_, R>, path: &'p Path) -> Option<&'p str> {
    let name = path.file_name()?.to_str()?;
    let is_regular = entry.header().entry_type() == tar::EntryType::Regular;
    (is_regular && is_record(name) && entry.size() <= LONGEST).then_some(name)
}

/// Writes a record, whole or not at all: two processes may rescue the same data at the same time.
fn put(entry: &mut impl Read, path: &Path) -> io::Result<()> {
    let mut store = NewFile::create_private(path)?;
    write_sparse(entry, &mut store)?;
    store.put()
}

/// `123-0123456789abcdef.hits` or `.failed-reason`.
fn is_record(name: &str) -> bool {
    let Some((stem, kind)) = name.split_once('.') else {
        return false;
    };
    let stem_is_plain = stem
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let kind_is_plain = kind
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    stem_is_plain && kind_is_plain && (kind == "hits" || kind.starts_with("failed-"))
}

/// Writes a file without the blocks that hold nothing: a hit store is mostly room.
fn write_sparse(from: &mut impl Read, store: &mut NewFile) -> io::Result<()> {
    use std::io::{Seek as _, SeekFrom};
    const BLOCK: usize = 64 << 10;
    let file = store.file_mut();
    let mut buffer = Vec::with_capacity(BLOCK);
    let mut length = 0_u64;
    loop {
        buffer.clear();
        let wanted = u64::try_from(BLOCK).unwrap_or(u64::MAX);
        let read = from.by_ref().take(wanted).read_to_end(&mut buffer)?;
        if read == 0 {
            break;
        }
        if buffer.iter().any(|&byte| byte != 0) {
            file.seek(SeekFrom::Start(length))?;
            file.write_all(&buffer)?;
        }
        length += u64::try_from(read).unwrap_or(0);
    }
    file.set_len(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_readable_and_the_data_folder_writable_for_everybody() {
        let file = AgentFile {
            name: "sitecustomize.py".to_owned(),
            bytes: b"pass\n".to_vec(),
        };
        let bytes = filled(&[file], b"branch 1 0\n", "/swath").unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let path = entry.path().unwrap().display().to_string();
            found.push((path, entry.header().mode().unwrap(), text));
        }
        let expected = [
            ("agent/", 0o755, ""),
            ("agent/__pycache__/", 0o755, ""),
            ("data/", 0o1777, ""),
            ("agent/sitecustomize.py", 0o644, "pass\n"),
            (
                "agent/swath-agent.conf",
                0o644,
                "branch 1 0\ndata 11 /swath/data\n",
            ),
            // Whoever an agent runs as may touch it.
            ("agent/unrecorded", 0o666, ""),
        ];
        let expected = expected.map(|(path, mode, text)| (path.to_owned(), mode, text.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_an_agent_touched_shows() {
        let of_time = |seconds| {
            let mut header = tar::Header::new_gnu();
            header.set_mtime(seconds);
            header.set_size(0);
            let mut archive = tar::Builder::new(Vec::new());
            archive
                .append_data(&mut header, "unrecorded", &[][..])
                .unwrap();
            is_untouched(&archive.into_inner().unwrap()[..]).unwrap()
        };
        assert!(of_time(NEVER));
        assert!(!of_time(1_700_000_000));
        assert!(!is_untouched(&[][..]).unwrap());
    }

    #[test]
    fn only_hit_stores_are_taken_and_none_leaves_the_folder() {
        let mut archive = tar::Builder::new(Vec::new());
        let mut store = vec![1; 10];
        store.resize(200_000, 0);
        store.push(7);
        add(&mut archive, "data/", 0o755, None).unwrap();
        add(
            &mut archive,
            "data/1-0123456789abcdef.hits",
            0o600,
            Some(&store),
        )
        .unwrap();
        add(&mut archive, "data/2-0f.failed-no-room", 0o600, Some(&[])).unwrap();
        for name in [
            "data/evil.sh",
            "data/..hits",
            "data/1-0.hits.sh",
            "data/x y.hits",
        ] {
            add(&mut archive, name, 0o600, Some(b"x")).unwrap();
        }
        let mut link = tar::Header::new_gnu();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        archive
            .append_link(&mut link, "data/3-0a.hits", "/etc/passwd")
            .unwrap();
        let bytes = archive.into_inner().unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(extract(&bytes[..], folder.path()).unwrap(), 2);
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["1-0123456789abcdef.hits", "2-0f.failed-no-room"]);
        let path = folder.path().join("1-0123456789abcdef.hits");
        assert_eq!(fs::read(path).unwrap(), store);
        assert!(extract(&bytes[..700], folder.path()).is_err());
    }
}
