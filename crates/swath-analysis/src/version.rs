//! The Python version whose compiler the analysis follows.

use std::fmt;
use std::str::FromStr;

use swath_store::Version;

const OLDEST: u8 = Version::OLDEST.minor();
const NEWEST: u8 = Version::NEWEST.minor();

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

    /// The minor version whose rules are used: those of the oldest one that is measured for
    /// anything older, of the newest one for anything newer.
    pub(crate) fn rules_minor(self) -> u8 {
        match self.major {
            0..=2 => OLDEST,
            3 => self.minor.clamp(OLDEST, NEWEST),
            _ => NEWEST,
        }
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Python version, one looks like `3.12`")]
pub struct ParseVersionError(String);

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
}
