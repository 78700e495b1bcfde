//! The folder that a pod's containers share: for each container its place and its hit stores. The
//! containers can write to it, so nothing is followed out of it and only regular files are read.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use swath_checkout::{Links, read_regular};
use swath_manifest::DeclaredContainer;

use crate::documents::MOST_CONTAINERS;
use crate::location::is_plain_name;

/// No place is longer, in bytes.
const LONGEST_PLACE: u64 = 256 << 10;
/// So many names of a folder are looked at.
const MOST_NAMES: usize = 200_000;
/// The variables of a place that may leave the pod: by them coverage.py finds its settings.
const KEPT_VARIABLES: [&str; 2] = ["COVERAGE_PROCESS_START", "COVERAGE_RCFILE"];

/// The folder.
#[derive(Debug)]
pub(crate) struct PodFolder(OwnedFd);

/// What a container has in it.
#[derive(Debug)]
pub(crate) struct ContainerFolder {
    /// What is known of the container; nothing that looks like a secret.
    pub(crate) place: DeclaredContainer,
    data: Option<OwnedFd>,
}

impl PodFolder {
    /// Opens it. Where it is, may be the user's word; among folders that others make, no link is
    /// followed.
    pub(crate) fn open(path: &Path, links: Links) -> Result<PodFolder> {
        let mut flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        if links == Links::Refuse {
            flags |= OFlags::NOFOLLOW;
        }
        let opened = openat(CWD, path, flags, Mode::empty());
        let named = |error: rustix::io::Errno| {
            let error = Error::from(error);
            Error::new(error.kind(), format!("`{}`: {error}", path.display()))
        };
        opened.map(PodFolder).map_err(named)
    }

    /// The containers that were made room for, by name. What is not among the places that are known
    /// beforehand says `place.json`.
    pub(crate) fn containers(
        &self,
        known: &BTreeMap<String, DeclaredContainer>,
    ) -> Result<Vec<ContainerFolder>> {
        let mut names = names_in(&self.0)?;
        names.sort();
        let mut found = Vec::new();
        for name in names {
            // A container has an agent, or hit stores already; other folders are not swath's.
            let Ok(folder) = enter(&self.0, &name) else {
                continue;
            };
            let data = enter(&folder, "data").ok();
            if data.is_none() && enter(&folder, "agent").is_err() {
                continue;
            }
            let known = known.get(&name).cloned();
            let place = known.unwrap_or_else(|| place_in(&folder, &name));
            let place = without_secrets(place, &name);
            found.push(ContainerFolder { place, data });
            if found.len() == MOST_CONTAINERS {
                break;
            }
        }
        Ok(found)
    }
}

/// The plain names in a folder of folders; none where there is no such folder yet.
pub(crate) fn folders_in(path: &Path) -> Result<Vec<String>> {
    match PodFolder::open(path, Links::Follow) {
        Ok(folder) => names_in(&folder.0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl ContainerFolder {
    /// The names of its files that can be hit stores or marks of agents that failed.
    pub(crate) fn stores(&self) -> Result<Vec<String>> {
        let mut names = self
            .data
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), names_in)?;
        names.retain(|name| is_hit_store(name) || is_mark(name));
        names.sort();
        Ok(names)
    }

    /// The path of one of them, for as long as this value lives.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data
            .as_ref()
            .map_or_else(PathBuf::new, |data| path_in(data, name))
    }
}

/// Whether the name is that of a hit store.
pub(crate) fn is_hit_store(name: &str) -> bool {
    is_plain_name(name) && swath_data::is_hit_store_name(Path::new(name))
}

/// Whether the name is that of a mark: `<pid>-<16 hex digits>.failed-<slug>`.
pub(crate) fn is_mark(name: &str) -> bool {
    is_plain_name(name) && name.contains(".failed-")
}

/// A folder in a folder, no link to one.
fn enter(folder: &OwnedFd, name: &str) -> Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty()).map_err(Error::from)
}

/// The plain names in a folder.
fn names_in(folder: &OwnedFd) -> Result<Vec<String>> {
    let entries = Dir::read_from(folder.as_fd())?;
    let mut names = Vec::new();
    for entry in entries.take(MOST_NAMES) {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && is_plain_name(name)
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A path that leads through an open folder, whatever becomes of the folder's own path.
fn path_in(folder: &OwnedFd, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()))
}

/// What `place.json` says of a container.
fn place_in(folder: &OwnedFd, name: &str) -> DeclaredContainer {
    let path = path_in(folder, "place.json");
    let read = read_regular(&path, Links::Refuse, LONGEST_PLACE);
    let parsed = read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(Error::other));
    parsed.unwrap_or_else(|error| {
        if error.kind() != ErrorKind::NotFound {
            tracing::debug!("the place of {name} is not understood: {error}");
        }
        DeclaredContainer::default()
    })
}

/// What of a place may be told.
fn without_secrets(mut place: DeclaredContainer, name: &str) -> DeclaredContainer {
    name.clone_into(&mut place.name);
    // Both are one command line: an option of the first may be about a word of the second.
    let words: Vec<String> = place.command.iter().chain(&place.args).cloned().collect();
    let mut kept = swath_data::without_secrets(&words);
    place.args = kept.split_off(place.command.len().min(kept.len()));
    place.command = kept;
    let is_kept = |name: &String| KEPT_VARIABLES.contains(&name.as_str());
    place.environment.retain(|name, _| is_kept(name));
    place
}

/// When a file was changed, in nanoseconds since 1970.
pub(crate) fn modified(path: &Path) -> Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let since = metadata.modified()?.duration_since(std::time::UNIX_EPOCH);
    let nanoseconds = since.unwrap_or_default().as_nanos();
    Ok(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use swath_test::{temp_dir, write_file};

    use super::*;

    #[test]
    fn only_regular_files_inside_are_found_and_no_secret_is_told() {
        let outside = temp_dir();
        write_file(outside.path().join("data/1-00.hits"), "x");
        let pod = temp_dir();
        let place = r#"{"name": "other", "image": "shop:1", "command": ["web", "--token"],
            "args": ["s3cr3t"], "environment": {"COVERAGE_RCFILE": "/app/rc", "DB_PASSWORD": "x"}}"#;
        write_file(pod.path().join("web/place.json"), place);
        write_file(pod.path().join("web/data/7-00ff.hits"), "x");
        write_file(pod.path().join("web/data/7-00ff.failed-no-room"), "");
        write_file(pod.path().join("web/data/notes.txt"), "x");
        write_file(pod.path().join("unrelated/file"), "x");
        std::os::unix::fs::symlink(outside.path(), pod.path().join("linked")).unwrap();
        fs::create_dir_all(pod.path().join("worker")).unwrap();
        let link = pod.path().join("worker/data");
        std::os::unix::fs::symlink(outside.path().join("data"), &link).unwrap();
        fs::create_dir_all(pod.path().join("worker/agent")).unwrap();
        let folder = PodFolder::open(pod.path(), Links::Follow).unwrap();
        let found = folder.containers(&BTreeMap::new()).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.place.name.as_str()).collect();
        assert_eq!(names, ["web", "worker"]);
        assert_eq!(
            found[0].stores().unwrap(),
            ["7-00ff.failed-no-room", "7-00ff.hits"]
        );
        assert!(found[1].stores().unwrap().is_empty(), "its data is a link");
        assert_eq!(found[0].place.args, ["***"]);
        assert_eq!(found[0].place.environment.len(), 1);
        assert_eq!(fs::read(found[0].path("7-00ff.hits")).unwrap(), b"x");
    }
}
