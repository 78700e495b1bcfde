//! What a process is to a run, and whose lines count.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

/// What a process is to the run; `docs/reference/roles.md` has the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Part of the system under test.
    Service,
    /// A test runner, its workers, and the scripts around it.
    Tests,
    /// Touched no file in scope.
    Tool,
}

impl Role {
    /// As it is written in reports and data files.
    pub fn name(self) -> &'static str {
        match self {
            Role::Service => "service",
            Role::Tests => "tests",
            Role::Tool => "tool",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Role, ()> {
        [Role::Service, Role::Tests, Role::Tool]
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(())
    }
}

/// Whose lines are in the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counted {
    /// The services' only; everything where there is no service.
    #[default]
    Services,
    /// The tests' only.
    Tests,
    /// Everybody's.
    All,
}

impl Counted {
    /// Reads `services`, `tests` or `all`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "services" => Some(Self::Services),
            "tests" => Some(Self::Tests),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}
