//! Where swath's own settings are: here, or in the nearest folder above.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::SwathConfigError;
use super::table::Document;

/// Where the settings are in `pyproject.toml`.
const SHARED: &[&str] = &["tool", "swath"];

/// What marks the top of a checkout: nothing above it belongs to the project.
const TOP_OF_CHECKOUT: [&str; 2] = [".git", ".hg"];

/// A file with settings.
pub(super) struct Found {
    pub(super) file: PathBuf,
    pub(super) text: String,
    /// The table of the settings.
    pub(super) prefix: &'static [&'static str],
    /// A file in the same folder whose settings are not used.
    pub(super) unused: Option<PathBuf>,
}

/// Looks in `directory`, then in each folder above it, up to the top of the checkout.
///
/// Settings name commands that are run. Above `directory` only files count whose owner could have changed what is in
/// it anyhow: a file that somebody else puts into a folder for all, such as `/tmp`, does not.
pub(super) fn find(directory: &Path) -> Result<Option<Found>, SwathConfigError> {
    let trusted = trusted_owners(directory);
    for folder in directory.ancestors() {
        let is_trusted = |file: &Path| {
            folder == directory
                || fs_err::metadata(file).is_ok_and(|file| trusted.contains(&file.uid()))
        };
        if let Some(found) = find_in(folder, &is_trusted)? {
            return Ok(Some(found));
        }
        if TOP_OF_CHECKOUT
            .iter()
            .any(|name| folder.join(name).exists())
        {
            break;
        }
    }
    Ok(None)
}

/// The administrator, the user, and the owner of the folder.
fn trusted_owners(directory: &Path) -> Vec<u32> {
    let owner = |path: &Path| fs_err::metadata(path).ok().map(|file| file.uid());
    let others = [owner(Path::new("/proc/self")), owner(directory)];
    std::iter::once(0)
        .chain(others.into_iter().flatten())
        .collect()
}

fn find_in(
    folder: &Path,
    is_trusted: &dyn Fn(&Path) -> bool,
) -> Result<Option<Found>, SwathConfigError> {
    let (own, shared) = (folder.join("swath.toml"), folder.join("pyproject.toml"));
    let read = |file: &Path| {
        if is_trusted(file) {
            read_if_there(file)
        } else {
            Ok(None)
        }
    };
    let own_text = read(&own)?;
    let shared_text = match read(&shared) {
        Ok(text) => text,
        // A file that is not needed is no reason to stop.
        Err(_) if own_text.is_some() => None,
        Err(error) => return Err(error),
    };
    // Most projects have no settings of swath there; then nothing is asked of the file.
    let shared_text = shared_text.filter(|text| text.contains("swath"));
    Ok(match (own_text, shared_text) {
        (Some(text), other) => Some(Found {
            file: own,
            text,
            prefix: &[],
            unused: other
                .filter(|text| has_settings(text, &shared).unwrap_or(false))
                .map(|_| shared),
        }),
        (None, Some(text)) if has_settings(&text, &shared)? => Some(Found {
            file: shared,
            text,
            prefix: SHARED,
            unused: None,
        }),
        (None, _) => None,
    })
}

fn has_settings(text: &str, file: &Path) -> Result<bool, SwathConfigError> {
    let document = Document::new(text, file);
    let parsed = document.parse()?;
    Ok(document.table(&parsed, SHARED).is_some())
}

fn read_if_there(path: &Path) -> Result<Option<String>, SwathConfigError> {
    let unreadable = |reason: String| SwathConfigError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    // A pipe of that name would never end.
    if fs_err::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err(unreadable("it is not a regular file".to_owned()));
    }
    match fs_err::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(unreadable("it is not UTF-8 text".to_owned())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error.kind().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in files {
            swath_test::write_file(root.join(name), text);
        }
        (folder, root)
    }

    fn found(root: &Path, from: &str) -> Option<String> {
        let found = find(&root.join(from)).unwrap()?;
        let name = found.file.strip_prefix(root).unwrap();
        Some(name.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_nearest_folder_above_decides() {
        let (_folder, root) = project(&[
            ("swath.toml", "test = 'x'"),
            ("a/pyproject.toml", "[tool.swath]\ntest = 'y'"),
            ("a/b/pyproject.toml", "[tool.other]\nswath = 1"),
            ("c/.git/config", ""),
            ("c/d/x", ""),
        ]);
        assert_eq!(found(&root, "a/b").as_deref(), Some("a/pyproject.toml"));
        assert_eq!(found(&root, "").as_deref(), Some("swath.toml"));
        // Another checkout in a folder of this one.
        assert_eq!(found(&root, "c/d"), None);
    }

    #[test]
    fn the_other_file_is_named() {
        let (_folder, root) = project(&[
            ("swath.toml", "test = 'x'"),
            ("pyproject.toml", "[tool.swath]\ntest = 'y'"),
            ("one/swath.toml", "test = 'x'"),
            ("one/pyproject.toml", "[tool.black]\n# swath"),
        ]);
        let unused = |from: &str| find(&root.join(from)).unwrap().unwrap().unused;
        assert_eq!(unused(""), Some(root.join("pyproject.toml")));
        assert_eq!(unused("one"), None);
    }
}
