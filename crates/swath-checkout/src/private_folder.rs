//! Folders that are this user's alone, and those among them that say which process made them: only
//! such a folder is ever removed.

use std::fs::Permissions;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::new_file::write_private_file;
use crate::owner::Owner;
use crate::regular_file::{Links, read_regular};

/// The file in an owned folder that names its owner.
const OWNER_FILE: &str = "owner";
/// No owner's text is longer.
const LONGEST_OWNER: u64 = 4096;

/// Makes a folder that only this user can enter. One that is there is taken if it is a real folder
/// of this user's; what others may do in it is taken away.
pub fn private_folder(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Error::new(
                error.kind(),
                format!("failed to create `{}`: {error}", path.display()),
            ));
        }
        _ => {}
    }
    if !is_own_folder(path) {
        let text = format!("`{}` is not a folder of this user's own", path.display());
        return Err(Error::new(ErrorKind::PermissionDenied, text));
    }
    if fs::symlink_metadata(path)?.mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes a file in a private folder that only this user can read.
pub fn create_private_file(path: &Path) -> Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

/// Whether the path is a folder, no link to one, that belongs to this user.
fn is_own_folder(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|there| there.is_dir() && there.uid() == user)
}

/// A private folder with a name of its own that says which process made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFolder {
    path: PathBuf,
    owner: Owner,
}

impl OwnedFolder {
    /// The beginning of the name of every such folder.
    const PREFIX: &str = "swath-";

    /// Makes a folder in `base` that belongs to this process.
    pub fn create(base: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(Self::PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(base)?;
        let owner = Owner::this_process();
        write_private_file(
            &folder.path().join(OWNER_FILE),
            owner.to_string().as_bytes(),
        )?;
        Ok(Self {
            path: folder.keep(),
            owner,
        })
    }

    /// The folder at `path`, if it is one that swath made for this user: by its kind, its name, its
    /// rights and the owner that it names.
    pub fn at(path: &Path) -> Option<Self> {
        let is_named_so = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(Self::PREFIX));
        let rights = fs::symlink_metadata(path).ok()?.mode();
        if !path.is_absolute() || !is_named_so || !is_own_folder(path) || rights & 0o022 != 0 {
            return None;
        }
        let file = path.join(OWNER_FILE);
        let owner = read_regular(&file, Links::Refuse, LONGEST_OWNER).ok()?;
        Some(Self {
            path: path.to_owned(),
            owner: String::from_utf8(owner).ok()?.parse().ok()?,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who made it.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Removes it with all that is in it.
    pub fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::Life;

    fn rights(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_private_folder_is_closed_to_others_also_when_it_was_open() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("cache/swath");
        private_folder(&path).unwrap();
        assert_eq!(rights(&path), 0o700);
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        private_folder(&path).unwrap();
        assert_eq!(rights(&path), 0o700);
        create_private_file(&path.join("log")).unwrap();
        assert_eq!(rights(&path.join("log")), 0o600);
    }

    #[test]
    fn links_files_and_folders_of_others_are_not_taken() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::create_dir(at("real")).unwrap();
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        fs::write(at("file"), "").unwrap();
        for name in ["link", "file"] {
            let error = private_folder(&at(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{name}");
        }
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(at("real"), Some(65_534), None).unwrap();
            assert!(private_folder(&at("real")).is_err());
        } else {
            let test = "links_files_and_folders_of_others_are_not_taken";
            swath_test::skip(test, "root, to make a folder of somebody else's");
        }
    }

    #[test]
    fn only_a_folder_that_proves_to_be_swaths_own_is_one() {
        let base = tempfile::tempdir().unwrap();
        let made = OwnedFolder::create(base.path()).unwrap();
        assert_eq!(OwnedFolder::at(made.path()), Some(made.clone()));
        assert_eq!(made.owner().life(), Life::Alive);

        let other = base.path().join("precious");
        fs::rename(made.path(), &other).unwrap();
        assert_eq!(OwnedFolder::at(&other), None, "by its name");
        fs::rename(&other, made.path()).unwrap();

        let link = base.path().join("swath-link");
        std::os::unix::fs::symlink(made.path(), &link).unwrap();
        assert_eq!(OwnedFolder::at(&link), None, "a link");

        fs::set_permissions(made.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(OwnedFolder::at(made.path()), None, "others can write there");
        fs::set_permissions(made.path(), Permissions::from_mode(0o700)).unwrap();

        fs::write(made.path().join(OWNER_FILE), "somebody").unwrap();
        assert_eq!(OwnedFolder::at(made.path()), None, "by its owner");
        fs::remove_file(made.path().join(OWNER_FILE)).unwrap();
        assert_eq!(OwnedFolder::at(made.path()), None, "no owner is named");
    }
}
