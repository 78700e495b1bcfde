//! Gates: what must hold of a number or of endpoints, as files and the command line name it.

use std::fmt;

use crate::endpoint_gates::EndpointRule;

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
    /// Statements and branches of a service's files, as far as its processes ran them.
    Service(String),
}

/// What stands before the name of a service on the command line.
const SERVICE: &str = "service:";

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
            Self::Service(name) => write!(formatter, "service `{name}`"),
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

/// A gate as the command line says it.
#[derive(Clone, Debug, PartialEq)]
pub enum SaidGate {
    /// The lowest share that passes.
    Share(GateSetting),
    /// The branch whose last run the total is held against.
    NotBelow(String),
    /// Whether something must hold of every endpoint.
    Endpoints(EndpointRule, bool),
}

impl SaidGate {
    /// Reads `NAME=MIN`, `not-below=BRANCH`, or the name of a rule of endpoints, which
    /// `=false` switches off.
    pub fn parse(text: &str) -> Result<Self, GateSettingError> {
        if let Some(branch) = text.strip_prefix("not-below=") {
            return Ok(Self::NotBelow(branch.to_owned()));
        }
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        if let Some(rule) = EndpointRule::named(name) {
            return match value {
                "true" => Ok(Self::Endpoints(rule, true)),
                "false" => Ok(Self::Endpoints(rule, false)),
                _ => Err(GateSettingError::Switch {
                    text: value.to_owned(),
                }),
            };
        }
        GateSetting::parse(text).map(Self::Share)
    }
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
    /// A rule of endpoints holds or does not.
    #[error("`{text}` is neither true nor false")]
    Switch {
        /// What was given.
        text: String,
    },
    /// The minimum is no percentage.
    #[error("`{text}` is not a percentage from 0 to 100")]
    Minimum {
        /// What was given.
        text: String,
    },
}

impl GateSetting {
    /// Reads `NAME=MIN` or `service:NAME=MIN`; what is none of the names is a pattern of paths.
    pub fn parse(text: &str) -> Result<Self, GateSettingError> {
        let Some((name, minimum)) = text.rsplit_once('=') else {
            let text = text.to_owned();
            return Err(GateSettingError::Form { text });
        };
        let is_pattern = name.contains(['/', '*', '?', '.', '[']);
        let service = name.strip_prefix(SERVICE).filter(|name| !name.is_empty());
        let subject = if let Some(subject) = GateSubject::named(name) {
            subject
        } else if let Some(service) = service {
            GateSubject::Service(service.to_owned())
        } else if is_pattern {
            GateSubject::Files(name.to_owned())
        } else {
            let name = name.to_owned();
            return Err(GateSettingError::Name { name });
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
            (
                "service:web.api=80",
                GateSubject::Service("web.api".to_owned()),
                80.0,
            ),
        ] {
            assert_eq!(
                GateSetting::parse(text),
                Ok(GateSetting { subject, minimum })
            );
        }
    }

    #[test]
    fn what_is_no_share_has_a_form_of_its_own() {
        for (text, expected) in [
            ("not-below=main", SaidGate::NotBelow("main".to_owned())),
            (
                "every-route-called",
                SaidGate::Endpoints(EndpointRule::Called, true),
            ),
            (
                "no-server-errors=false",
                SaidGate::Endpoints(EndpointRule::NoServerErrors, false),
            ),
        ] {
            assert_eq!(SaidGate::parse(text), Ok(expected));
        }
        assert_eq!(
            SaidGate::parse("every-route-called=80")
                .unwrap_err()
                .to_string(),
            "`80` is neither true nor false"
        );
        assert!(SaidGate::parse("total=80").is_ok());
    }

    #[test]
    fn what_is_no_gate_is_said() {
        for (text, expected) in [
            ("total", "`total` is not NAME=MIN"),
            ("totl=80", "`totl` is neither a gate nor a pattern of paths"),
            (
                "service:=80",
                "`service:` is neither a gate nor a pattern of paths",
            ),
            ("lines=101", "`101` is not a percentage from 0 to 100"),
            ("lines=nan", "`nan` is not a percentage from 0 to 100"),
            ("lines=", "`` is not a percentage from 0 to 100"),
        ] {
            assert_eq!(GateSetting::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
