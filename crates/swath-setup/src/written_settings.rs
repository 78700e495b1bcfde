//! The settings of swath that a project has already.

use std::path::Path;

use swath_config::SwathConfig;

/// What a project says of itself in `swath.toml` or `[tool.swath]`.
#[derive(Debug)]
pub enum WrittenSettings {
    /// Nothing.
    None,
    /// This; it has a file.
    Read(Box<SwathConfig>),
    /// There is a file, which cannot be read or understood: why.
    Unusable(String),
}

impl WrittenSettings {
    /// Those of the project in `root`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        match SwathConfig::load(root) {
            Ok(config) if config.file.is_some() => Self::Read(Box::new(config)),
            Ok(_) => Self::None,
            Err(error) => {
                let own = root.join("swath.toml");
                let is_there = fs_err::symlink_metadata(own).is_ok();
                // A `pyproject.toml` that cannot be read is none of settings, as far as that can be known.
                if is_there || SwathConfig::find(root).is_some() {
                    Self::Unusable(error.to_string())
                } else {
                    Self::None
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::create_dir(root.join(".git")).unwrap();
        assert!(matches!(WrittenSettings::of(root), WrittenSettings::None));
        fs_err::write(root.join("pyproject.toml"), [0xff]).unwrap();
        assert!(matches!(WrittenSettings::of(root), WrittenSettings::None));
        for bytes in [&b"\xff"[..], b"tests = 1\n"] {
            fs_err::write(root.join("swath.toml"), bytes).unwrap();
            let found = WrittenSettings::of(root);
            assert!(matches!(found, WrittenSettings::Unusable(_)), "{found:?}");
        }
        fs_err::write(root.join("swath.toml"), "test = 'x'\n").unwrap();
        assert!(matches!(
            WrittenSettings::of(root),
            WrittenSettings::Read(_)
        ));
    }
}
