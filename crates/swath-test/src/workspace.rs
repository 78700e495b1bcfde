//! Where things are, and how much of the tests to run.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How much a test does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A seeded sample, so that `cargo xtask test` stays short.
    Sample,
    /// Every file and every round, as `cargo xtask prove` asks for.
    Whole,
}

impl Scale {
    /// The first value for a sample, the second for the whole.
    pub fn pick<T>(self, sample: T, whole: T) -> T {
        match self {
            Self::Sample => sample,
            Self::Whole => whole,
        }
    }
}

/// The scale asked for: `SWATH_PROVE=1` means the whole.
pub fn scale() -> Scale {
    if std::env::var_os("SWATH_PROVE").is_some_and(|value| value == "1") {
        Scale::Whole
    } else {
        Scale::Sample
    }
}

/// The root of the checkout this crate was built from.
pub fn workspace_root() -> &'static Path {
    // crates/swath-test is two levels down.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("a crate of the workspace has the workspace above it")
}

/// The folder for what the tests make and keep: `target` of the checkout, wherever cargo builds,
/// so that virtual environments are made once.
pub fn target_dir() -> PathBuf {
    workspace_root().join("target")
}

/// A new folder with a canonical path, removed when dropped.
pub fn temp_dir() -> TempDir {
    let base = std::env::temp_dir();
    let base = fs_err::canonicalize(&base).unwrap_or(base);
    tempfile::Builder::new()
        .prefix("swath-test-")
        .tempdir_in(base)
        .expect("the temporary directory is writable")
}

/// Writes a file, and the folders above it that are not there.
pub fn write_file(path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = path.as_ref();
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder).expect("a test may make its folders");
    }
    fs_err::write(path, content).expect("a test may write its files");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = fs_err::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_temporary_folder_goes_with_its_value() {
        let folder = temp_dir();
        let path = folder.path().to_owned();
        assert_eq!(fs_err::canonicalize(&path).unwrap(), path);
        drop(folder);
        assert!(!path.exists());
    }
}
