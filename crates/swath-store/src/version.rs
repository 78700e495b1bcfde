//! The versions of CPython that are measured, and how: the one table of them.
//!
//! What differs from version to version further down (layouts, operations, rules) is chosen by a
//! `match` over [`Version`] without a catch-all, so that a version that is added here is asked for
//! at each of these places. `docs/guides/new-python.md` says what else it takes.

/// A minor version of CPython that is measured.
#[expect(missing_docs, reason = "the names say all there is")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    V3_8,
    V3_9,
    V3_10,
    V3_11,
    V3_12,
    V3_13,
    V3_14,
    V3_15,
}

/// How lines and branches are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// By the hook that evaluates frames (PEP 523) and the trace function.
    Frames,
    /// By `sys.monitoring`; one event for both ways of a branch.
    Monitoring,
    /// By `sys.monitoring`; an event of its own for each way of a branch.
    MonitoringOfEachWay,
}

impl Version {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::V3_8,
        Self::V3_9,
        Self::V3_10,
        Self::V3_11,
        Self::V3_12,
        Self::V3_13,
        Self::V3_14,
        Self::V3_15,
    ];
    /// The oldest one.
    pub const OLDEST: Self = Self::V3_8;
    /// The newest one. A newer Python is refused, never read by the rules of this one.
    pub const NEWEST: Self = Self::V3_15;

    /// The version with this `sys.hexversion`.
    pub const fn of_hexversion(hexversion: u32) -> Option<Self> {
        let [major, minor, ..] = hexversion.to_be_bytes();
        if major != 3 {
            return None;
        }
        Some(match minor {
            8 => Self::V3_8,
            9 => Self::V3_9,
            10 => Self::V3_10,
            11 => Self::V3_11,
            12 => Self::V3_12,
            13 => Self::V3_13,
            14 => Self::V3_14,
            15 => Self::V3_15,
            _ => return None,
        })
    }

    /// Its minor number; the major one is 3.
    pub const fn minor(self) -> u8 {
        match self {
            Self::V3_8 => 8,
            Self::V3_9 => 9,
            Self::V3_10 => 10,
            Self::V3_11 => 11,
            Self::V3_12 => 12,
            Self::V3_13 => 13,
            Self::V3_14 => 14,
            Self::V3_15 => 15,
        }
    }

    /// Whether its free-threaded build is measured, too.
    pub const fn is_measured_without_gil(self) -> bool {
        match self {
            Self::V3_13 => true,
            Self::V3_8
            | Self::V3_9
            | Self::V3_10
            | Self::V3_11
            | Self::V3_12
            | Self::V3_14
            | Self::V3_15 => false,
        }
    }

    /// How it is recorded.
    pub const fn recording(self) -> Recording {
        match self {
            Self::V3_8 | Self::V3_9 | Self::V3_10 | Self::V3_11 => Recording::Frames,
            Self::V3_12 | Self::V3_13 => Recording::Monitoring,
            Self::V3_14 | Self::V3_15 => Recording::MonitoringOfEachWay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(Version::ALL.first(), Some(&Version::OLDEST));
        assert_eq!(Version::ALL.last(), Some(&Version::NEWEST));
        for pair in Version::ALL.windows(2) {
            assert_eq!(pair[0].minor() + 1, pair[1].minor());
        }
        for version in Version::ALL {
            let hexversion = 0x0300_00f0 | u32::from(version.minor()) << 16;
            assert_eq!(Version::of_hexversion(hexversion), Some(version));
        }
    }

    #[test]
    fn others_are_unknown() {
        let newer = u32::from(Version::NEWEST.minor() + 1) << 16;
        for hexversion in [
            0,
            0x0207_12f0,
            0x0307_00f0,
            0x0300_0000 | newer,
            0x040c_0000,
        ] {
            assert_eq!(Version::of_hexversion(hexversion), None, "{hexversion:#x}");
        }
    }
}
