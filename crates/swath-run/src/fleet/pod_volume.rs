//! The volume that the containers of a pod share with swath: the agent goes in before they start,
//! hit stores come out.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::agent_settings;
use crate::installed_copy::OwnPackages;

/// The folder of a container that holds the agent.
const AGENT: &str = "agent";
/// The folder of a container that its processes write to.
const DATA: &str = "data";
/// The file that says what a manifest says of a container.
const PLACE: &str = "place.json";
/// A file before it is whole.
const UNFINISHED: &str = ".swath-writing";

/// Folders that everybody may look into, and write to where everybody's hit stores go.
const READABLE_FOLDER: u32 = 0o755;
const SHARED_FOLDER: u32 = 0o1777;
const READABLE_FILE: u32 = 0o644;
/// What of a mode is set; that new files belong to the folder's group is the volume's business.
const RIGHTS: u32 = 0o1777;

/// What a pod's volume is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodVolume {
    /// Where it is mounted, here as in the containers that are measured.
    pub folder: PathBuf,
    /// Record branches as well as lines.
    pub branch: bool,
    /// Record for which test and which request code runs.
    pub attribution: bool,
    /// Packages that are measured where they are installed, too, as paths: `shop/web`.
    pub own_packages: Vec<String>,
    /// The containers that are measured.
    pub containers: Vec<PodContainer>,
}

/// The packages of a checkout, for the volumes of pods that may have them installed.
pub fn own_packages(folder: &Path) -> Vec<String> {
    OwnPackages::in_folder(folder).paths().collect()
}

/// A container that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodContainer {
    /// Its name; a file name like any other.
    pub name: String,
    /// What the manifest says of it, as JSON.
    pub place: Vec<u8>,
}

/// Why a volume cannot be filled.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be filled: {source}", path.display())]
pub struct PodVolumeError {
    path: PathBuf,
    source: io::Error,
}

impl PodVolume {
    /// Fills the volume: for each container `NAME/agent`, `NAME/data` and `NAME/place.json`. What an
    /// earlier call made stays, and what was recorded since. Others write to the volume, too, so
    /// nothing in it is reached through a link, and every file is whole before it has its name.
    pub fn fill(&self) -> Result<(), PodVolumeError> {
        let at = |path: PathBuf| {
            move |source: io::Error| PodVolumeError {
                path: path.clone(),
                source,
            }
        };
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let volume = rustix::fs::openat(CWD, &self.folder, flags, Mode::empty());
        let volume = volume.map_err(|error| at(self.folder.clone())(error.into()))?;
        let settings = agent_settings::in_pod(self.attribution, self.branch, &self.own_packages);
        for container in &self.containers {
            let path = self.folder.join(&container.name);
            fill_container(volume.as_fd(), container, &path, &settings).map_err(at(path))?;
        }
        Ok(())
    }
}

fn fill_container(
    volume: BorrowedFd<'_>,
    container: &PodContainer,
    path: &Path,
    settings: &[u8],
) -> io::Result<()> {
    let own = folder_in(volume, &container.name, READABLE_FOLDER)?;
    folder_in(own.as_fd(), DATA, SHARED_FOLDER)?;
    let agent = folder_in(own.as_fd(), AGENT, READABLE_FOLDER)?;
    let data = path.join(DATA);
    for (name, content) in swath_agent::folder(settings, data.as_os_str().as_bytes()) {
        match name.split_once('/') {
            None => put(agent.as_fd(), name, &content)?,
            Some((folder, name)) => {
                let folder = folder_in(agent.as_fd(), folder, READABLE_FOLDER)?;
                put(folder.as_fd(), name, &content)?;
            }
        }
    }
    // Last: where it is, everything is.
    put(own.as_fd(), PLACE, &container.place)
}

/// A folder in a folder, made if there is none, with these rights whatever the umask says.
fn folder_in(parent: BorrowedFd<'_>, name: &str, rights: u32) -> io::Result<OwnedFd> {
    let named = |error: Errno| named(name, error);
    match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(rights)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(named(error)),
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(parent, name, flags, Mode::empty()).map_err(named)?;
    let mode = rustix::fs::fstat(&folder).map_err(named)?.st_mode;
    if mode & RIGHTS != rights {
        let mode = Mode::from_raw_mode(mode & !RIGHTS & 0o7777 | rights);
        rustix::fs::fchmod(&folder, mode).map_err(named)?;
    }
    Ok(folder)
}

/// Puts a whole file into a folder, unless it is there already.
fn put(folder: BorrowedFd<'_>, name: &str, content: &[u8]) -> io::Result<()> {
    if holds(folder, name, content) {
        return Ok(());
    }
    let named = |error: Errno| named(name, error);
    // What an earlier call left unfinished.
    match rustix::fs::unlinkat(folder, UNFINISHED, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(named(error)),
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(READABLE_FILE);
    let file = rustix::fs::openat(folder, UNFINISHED, flags, mode).map_err(named)?;
    rustix::fs::fchmod(&file, mode).map_err(named)?;
    let mut file = std::fs::File::from(file);
    file.write_all(content)?;
    rustix::fs::renameat(folder, UNFINISHED, folder, name).map_err(named)
}

/// Whether a regular file holds exactly this, for everybody to read.
fn holds(folder: BorrowedFd<'_>, name: &str, content: &[u8]) -> bool {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat(folder, name, flags, Mode::empty()) else {
        return false;
    };
    let Ok(status) = rustix::fs::fstat(&file) else {
        return false;
    };
    let is_like_it = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
        && status.st_mode & RIGHTS == READABLE_FILE
        && usize::try_from(status.st_size) == Ok(content.len());
    let mut there = Vec::new();
    let limit = content.len() as u64 + 1;
    let file = std::fs::File::from(file);
    is_like_it && file.take(limit).read_to_end(&mut there).is_ok() && there == content
}

fn named(name: &str, error: Errno) -> io::Error {
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("`{name}`: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use swath_store::settings;

    use super::*;

    fn volume(folder: &Path) -> PodVolume {
        PodVolume {
            folder: folder.to_owned(),
            branch: true,
            attribution: true,
            own_packages: vec!["shop/web".to_owned()],
            containers: ["web", "worker"]
                .map(|name| PodContainer {
                    name: name.to_owned(),
                    place: format!("{{\"name\":\"{name}\"}}").into_bytes(),
                })
                .into(),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs_err::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn each_container_has_its_agent_and_a_folder_that_everybody_can_write_to() {
        let folder = tempfile::tempdir().unwrap();
        volume(folder.path()).fill().unwrap();
        for name in ["web", "worker"] {
            let own = folder.path().join(name);
            assert_eq!(mode(&own), 0o755);
            assert_eq!(mode(&own.join("data")), 0o1777);
            assert_eq!(mode(&own.join("agent/swath_attribution")), 0o755);
            assert_eq!(mode(&own.join("agent/sitecustomize.py")), 0o644);
            let place = fs_err::read_to_string(own.join("place.json")).unwrap();
            assert_eq!(place, format!("{{\"name\":\"{name}\"}}"));
            let file = fs_err::read(own.join("agent").join(settings::FILE_NAME)).unwrap();
            let data = own.join("data");
            let expected: [(&[u8], &[u8]); 5] = [
                (b"branch", b"1"),
                (b"cover-pylib", b"0"),
                (b"attribution", b"1"),
                (b"own-pkg", b"shop/web"),
                (b"data", data.as_os_str().as_bytes()),
            ];
            assert!(settings::read(&file).eq(expected), "{file:?}");
        }
    }

    #[test]
    fn files_belong_to_the_group_that_the_volume_is_of() {
        let folder = tempfile::tempdir().unwrap();
        // As `fsGroup` leaves a volume.
        fs_err::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o2777)).unwrap();
        let volume = volume(folder.path());
        volume.fill().unwrap();
        assert_eq!(mode(&folder.path().join("web/data")), 0o3777);
        let file = folder.path().join("web/agent/sitecustomize.py");
        let before = fs_err::metadata(&file).unwrap().ino();
        volume.fill().unwrap();
        assert_eq!(fs_err::metadata(&file).unwrap().ino(), before);
    }

    #[test]
    fn a_second_call_keeps_what_was_recorded_and_mends_what_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let volume = volume(folder.path());
        volume.fill().unwrap();
        let web = folder.path().join("web");
        swath_test::write_file(web.join("data/1.hits"), "recorded");
        let kept = web.join("agent/sitecustomize.py");
        let before = fs_err::metadata(&kept).unwrap().ino();
        let settings = web.join("agent").join(settings::FILE_NAME);
        let whole = fs_err::read(&settings).unwrap();
        swath_test::write_file(settings.clone(), "half");
        swath_test::write_file(web.join("agent").join(UNFINISHED), "half");
        fs_err::set_permissions(web.join("data"), std::fs::Permissions::from_mode(0o700)).unwrap();
        volume.fill().unwrap();
        assert_eq!(fs_err::read(web.join("data/1.hits")).unwrap(), b"recorded");
        assert_eq!(fs_err::metadata(&kept).unwrap().ino(), before);
        assert_eq!(fs_err::read(&settings).unwrap(), whole);
        assert_eq!(mode(&web.join("data")), 0o1777);
        assert!(!web.join("agent").join(UNFINISHED).exists());
    }

    #[test]
    fn no_link_leads_out_of_the_volume() {
        let elsewhere = tempfile::tempdir().unwrap();
        swath_test::write_file(elsewhere.path().join("file"), "theirs");
        for (link, is_file) in [
            ("web", false),
            ("web/data", false),
            ("web/place.json", true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let link = folder.path().join(link);
            fs_err::create_dir_all(link.parent().unwrap()).unwrap();
            if is_file {
                symlink(elsewhere.path().join("file"), &link).unwrap();
                // The link goes, what it leads to stays.
                volume(folder.path()).fill().unwrap();
                assert!(!link.is_symlink());
            } else {
                symlink(elsewhere.path(), &link).unwrap();
                let error = volume(folder.path()).fill().unwrap_err().to_string();
                assert!(error.contains("/web` cannot be filled"), "{error}");
            }
            let names: Vec<_> = fs_err::read_dir(elsewhere.path()).unwrap().collect();
            assert_eq!(names.len(), 1);
            let text = fs_err::read(elsewhere.path().join("file")).unwrap();
            assert_eq!(text, b"theirs");
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("volume");
        symlink(elsewhere.path(), &link).unwrap();
        assert!(volume(&link).fill().is_err());
    }
}
