//! Gates: the lowest shares that pass, as files and the command line name them.

use std::fmt;

/// What a gate is held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateSubject {
    /// Statements and branches together, as coverage.py counts.
    Total,
    /// Statements.
    Lines,
    /// Branches.
    Branches,
    /// Statements and branches that a change wrote.
    Changed,
    /// Statements and branches of the files that match a pattern.
    Files(String),
}

impl GateSubject {
    /// The names of those that are not patterns.
    pub const NAMES: [&str; 4] = ["total", "lines", "branches", "changed"];

    /// What a name stands for; nothing if it is none of the names.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "total" => Some(Self::Total),
            "lines" => Some(Self::Lines),
            "branches" => Some(Self::Branches),
            "changed" => Some(Self::Changed),
            _ => None,
        }
    }
}

impl fmt::Display for GateSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total => formatter.write_str("total"),
            Self::Lines => formatter.write_str("lines"),
            Self::Branches => formatter.write_str("branches"),
            Self::Changed => formatter.write_str("changed lines"),
            Self::Files(pattern) => write!(formatter, "files `{pattern}`"),
        }
    }
}

/// A gate, as it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct GateSetting {
    /// What it is held against.
    pub subject: GateSubject,
    /// The lowest share that passes, in percent.
    pub minimum: f64,
}

/// A run of another time that the total is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratchet {
    /// The branch whose last run that is.
    pub branch: String,
    /// How many points of the percentage less still pass.
    pub tolerance: f64,
}

/// A gate of the command line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateSettingError {
    /// It has no minimum.
    #[error("`{text}` is not NAME=MIN")]
    Form {
        /// What was given.
        text: String,
    },
    /// The name is none, and no pattern.
    #[error("`{name}` is neither a gate nor a pattern of paths")]
    Name {
        /// What was given.
        name: String,
    },
    /// The minimum is no percentage.
    #[error("`{text}` is not a percentage from 0 to 100")]
    Minimum {
        /// What was given.
        text: String,
    },
}

impl GateSetting {
    /// Reads `NAME=MIN`; what is none of the names is a pattern of paths.
    pub fn parse(text: &str) -> Result<Self, GateSettingError> {
        let Some((name, minimum)) = text.rsplit_once('=') else {
            let text = text.to_owned();
            return Err(GateSettingError::Form { text });
        };
        let is_pattern = name.contains(['/', '*', '?', '.', '[']);
        let subject = match GateSubject::named(name) {
            Some(subject) => subject,
            None if is_pattern => GateSubject::Files(name.to_owned()),
            None => {
                let name = name.to_owned();
                return Err(GateSettingError::Name { name });
            }
        };
        let minimum = minimum.trim().trim_end_matches('%');
        let number = minimum.parse().ok().filter(|number| is_percentage(*number));
        match number {
            Some(minimum) => Ok(Self { subject, minimum }),
            None => Err(GateSettingError::Minimum {
                text: minimum.to_owned(),
            }),
        }
    }
}

/// Whether a number is one that a share can be held against.
#[must_use]
pub fn is_percentage(number: f64) -> bool {
    (0.0..=100.0).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_are_told_apart() {
        for (text, subject, minimum) in [
            ("total=80", GateSubject::Total, 80.0),
            ("changed=92.5%", GateSubject::Changed, 92.5),
            (
                "src/a=b/*=0",
                GateSubject::Files("src/a=b/*".to_owned()),
                0.0,
            ),
            ("api.py=100", GateSubject::Files("api.py".to_owned()), 100.0),
        ] {
            assert_eq!(
                GateSetting::parse(text),
                Ok(GateSetting { subject, minimum })
            );
        }
    }

    #[test]
    fn what_is_no_gate_is_said() {
        for (text, expected) in [
            ("total", "`total` is not NAME=MIN"),
            ("totl=80", "`totl` is neither a gate nor a pattern of paths"),
            ("lines=101", "`101` is not a percentage from 0 to 100"),
            ("lines=nan", "`nan` is not a percentage from 0 to 100"),
            ("lines=", "`` is not a percentage from 0 to 100"),
        ] {
            assert_eq!(GateSetting::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
