//! Versions of Python, whose rules an analysis follows, and releases, which ran.

use std::fmt;
use std::str::FromStr;

/// A CPython minor version, such as 3.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PythonVersion {
    /// The major version; the analysis knows only 3.
    pub major: u8,
    /// The minor version; those that are measured have rules of their own.
    pub minor: u8,
}

impl PythonVersion {
    /// The version assumed when nothing says which Python ran.
    pub const DEFAULT: Self = Self::new(3, 13);

    /// The version `major.minor`.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl Default for PythonVersion {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// The text is no `MAJOR.MINOR` version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseVersionError(String);

impl fmt::Display for ParseVersionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(
            formatter,
            "`{text}` is not a valid Python version; one looks like `3.12`"
        )
    }
}

impl std::error::Error for ParseVersionError {}

impl FromStr for PythonVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseVersionError(text.to_owned());
        let mut parts = text.split('.');
        let mut number = || {
            parts
                .next()
                .and_then(|part| part.parse::<u8>().ok())
                .ok_or_else(wrong)
        };
        Ok(Self::new(number()?, number()?))
    }
}

/// A release of CPython, such as 3.12.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PythonRelease {
    /// 3 in 3.12.1.
    pub major: u8,
    /// 12 in 3.12.1.
    pub minor: u8,
    /// 1 in 3.12.1; 255 where only 3.12 is known.
    pub micro: u8,
}

impl PythonRelease {
    /// The version in `sys.hexversion`.
    pub fn from_hexversion(hexversion: u32) -> Self {
        let [major, minor, micro, _] = hexversion.to_be_bytes();
        Self {
            major,
            minor,
            micro: micro.min(Self::UNKNOWN - 1),
        }
    }

    /// The version whose rules hold for it.
    #[must_use]
    pub const fn version(self) -> PythonVersion {
        PythonVersion::new(self.major, self.minor)
    }

    /// In place of a patch release that nobody knows: no hit store can say it.
    const UNKNOWN: u8 = u8::MAX;

    /// A version as a user says it, without the patch release.
    pub fn said(major: u8, minor: u8) -> Self {
        Self {
            major,
            minor,
            micro: Self::UNKNOWN,
        }
    }

    /// Whether a user said the version, and no process.
    pub fn is_said(self) -> bool {
        self.micro == Self::UNKNOWN
    }
}

impl fmt::Display for PythonRelease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        if self.is_said() {
            return Ok(());
        }
        write!(formatter, ".{}", self.micro)
    }
}

impl FromStr for PythonRelease {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.').map(|part| part.parse().map_err(|_| ()));
        let mut next = |missing| parts.next().unwrap_or(Ok(missing));
        Ok(Self {
            major: next(0)?,
            minor: next(0)?,
            micro: next(Self::UNKNOWN)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_a_patch_level() {
        assert_eq!("3.12".parse(), Ok(PythonVersion::new(3, 12)));
        assert_eq!("3.8.18".parse(), Ok(PythonVersion::new(3, 8)));
        assert!("3".parse::<PythonVersion>().is_err());
        assert!("three.one".parse::<PythonVersion>().is_err());
    }

    #[test]
    fn releases_read_and_write() {
        let version: PythonRelease = "3.12.1".parse().unwrap();
        assert_eq!(version.to_string(), "3.12.1");
        assert!("3.x".parse::<PythonRelease>().is_err());
        let said: PythonRelease = "3.14".parse().unwrap();
        assert_eq!(
            (said, said.to_string().as_str()),
            (PythonRelease::said(3, 14), "3.14")
        );
        let forged = PythonRelease::from_hexversion(0x030e_ffff);
        assert!(!forged.is_said(), "a store cannot say what only a user can");
    }
}
