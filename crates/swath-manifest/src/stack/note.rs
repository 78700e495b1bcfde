//! What became of a service of a stack, and the words for it.

use std::fmt;

/// What became of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceNote {
    /// Its name in the stack file.
    pub service: String,
    /// What became of it.
    pub outcome: ServiceOutcome,
}

/// What became of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceOutcome {
    /// It got the agent.
    Injected {
        /// Whether a `PYTHONPATH` of its image or of a file of variables may be lost.
        may_lose_path: bool,
    },
    /// It stays as it is.
    Left(LeftService),
}

/// Why a service stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftService {
    /// No glob of `--measure` names it.
    NotChosen,
    /// The stack has been through here, for this run.
    Already(String),
    /// It is swath's own.
    Own,
    /// It runs on Windows.
    Windows,
    /// It has no name that can be a folder.
    Name,
    /// A name that swath needs is in use, by this.
    NameTaken(&'static str),
    /// This of it is not as Compose has it.
    Malformed(&'static str),
}

impl fmt::Display for ServiceNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.service)?;
        match &self.outcome {
            ServiceOutcome::Injected { .. } => Ok(()),
            ServiceOutcome::Left(reason) => write!(formatter, ": {reason}"),
        }
    }
}

impl fmt::Display for LeftService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftService::NotChosen => formatter.write_str("no --measure names it"),
            LeftService::Already(run) => {
                write!(formatter, "the stack has the agent already, for run {run}")
            }
            LeftService::Own => formatter.write_str("it is swath's own"),
            LeftService::Windows => formatter.write_str("it runs on Windows"),
            LeftService::Name => formatter.write_str("its name cannot be a folder's"),
            LeftService::NameTaken(what) => {
                write!(
                    formatter,
                    "the stack has a {what} with the name of swath's own"
                )
            }
            LeftService::Malformed(what) => {
                write!(formatter, "its `{what}` is not as Compose has it")
            }
        }
    }
}
