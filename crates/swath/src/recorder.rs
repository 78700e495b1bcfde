//! The Python that recorded data which does not say so itself: as it was said, or as it is most likely.

use std::fmt;
use std::path::{Path, PathBuf};

use swath_analysis::{MEASURED_MINORS, PythonVersion};
use swath_config::requires_python;
use swath_model::Finding;

use crate::interpreter::{environment_interpreter, find_on_path, is_program, version_of};

/// `--python VERSION` or `--python PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SaidPython {
    pub(crate) version: PythonVersion,
    /// The Python itself, if that was named.
    pub(crate) interpreter: Option<PathBuf>,
}

impl SaidPython {
    /// Reads a version such as `3.12`, the name of a Python on `PATH`, or its path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(version) = text.parse() {
            return Ok(Self {
                version,
                interpreter: None,
            });
        }
        let path = Path::new(text);
        let interpreter = if text.contains('/') {
            Some(path.to_owned()).filter(|path| is_program(path))
        } else {
            find_on_path(path.as_os_str())
        };
        let wrong = || {
            format!(
                "--python: `{text}` is neither a version such as `3.12` nor a Python that can be run"
            )
        };
        let interpreter = interpreter.ok_or_else(wrong)?;
        Ok(Self {
            version: version_of(&interpreter).ok_or_else(wrong)?,
            interpreter: Some(interpreter),
        })
    }
}

/// A Python that nobody named, and why it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssumedPython {
    pub(crate) version: PythonVersion,
    pub(crate) grounds: Grounds,
}

/// Why a Python is taken for the one that recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grounds {
    /// coverage.py would be run by it here.
    Environment(PathBuf),
    /// The project is for it.
    RequiresPython(String),
    /// Nothing says anything.
    Nothing,
}

impl AssumedPython {
    /// The environment's Python; else the one that the project in `folder` is most likely run with.
    pub(crate) fn find(folder: &Path) -> Self {
        let environment = environment_interpreter();
        if let Some((interpreter, version)) =
            environment.and_then(|path| Some((path.clone(), version_of(&path)?)))
        {
            return Self {
                version,
                grounds: Grounds::Environment(interpreter),
            };
        }
        let range = requires_python(folder);
        let allowed = range.as_ref().and_then(|range| {
            let likely = PythonVersion::DEFAULT.minor;
            let older = MEASURED_MINORS.rev().filter(|minor| *minor <= likely);
            let newer = MEASURED_MINORS.filter(|minor| *minor > likely);
            older.chain(newer).find(|minor| range.allows(*minor))
        });
        match (range, allowed) {
            (Some(range), Some(minor)) => Self {
                version: PythonVersion::new(3, minor),
                grounds: Grounds::RequiresPython(range.text().to_owned()),
            },
            _ => Self {
                version: PythonVersion::DEFAULT,
                grounds: Grounds::Nothing,
            },
        }
    }

    /// That it is not known which Python ran files that count otherwise on another.
    pub(crate) fn doubt(&self, undecided: Option<&str>) -> Option<Finding> {
        undecided.map(|file| Finding::PythonAssumed {
            python: self.version.to_string(),
            grounds: self.grounds.to_string(),
            file: file.to_owned(),
        })
    }
}

impl fmt::Display for Grounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(path) => write!(formatter, "that of `{}`", path.display()),
            Self::RequiresPython(range) => {
                write!(formatter, "by `requires-python = \"{range}\"`")
            }
            Self::Nothing => formatter.write_str("as nothing here says another"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_said_or_found() {
        let said = SaidPython::parse("3.14").unwrap();
        assert_eq!(
            (said.version, said.interpreter),
            (PythonVersion::new(3, 14), None)
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("python3.9");
        fs_err::write(&path, "").unwrap();
        let text = path.to_str().unwrap();
        assert!(SaidPython::parse(text).is_err(), "no program");
        fs_err::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let said = SaidPython::parse(text).unwrap();
        assert_eq!(said.version, PythonVersion::new(3, 9));
        assert_eq!(said.interpreter, Some(path));
        assert!(SaidPython::parse("no-such-python").is_err());
    }
}
