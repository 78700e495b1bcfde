//! What can go wrong between swath and an engine.

use std::io;
use std::time::Duration;

/// An engine that cannot be used, or that refused something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address is of a kind that swath does not speak.
    #[error("the engine's address `{address}` is {kind}, which is not supported")]
    Unsupported {
        /// The address as it was given.
        address: String,
        /// What it is: `reached through ssh`, `protected by TLS` …
        kind: &'static str,
    },
    /// The current context could not be found.
    #[error("the Docker context `{name}` was not found")]
    NoSuchContext {
        /// The context.
        name: String,
    },
    /// Nothing answers there.
    #[error("the Docker engine at {endpoint} cannot be reached: {source}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// What the system said.
        source: io::Error,
    },
    /// It takes requests and says nothing.
    #[error("the Docker engine at {endpoint} did not answer {request} within {} s", waited.as_secs())]
    Silent {
        /// Where.
        endpoint: String,
        /// What it was asked: `` `GET /events` `` …
        request: String,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// It was silent before, or the user did not want to wait, and so it was not asked.
    #[error("the Docker engine at {endpoint} was not asked again")]
    GivenUp {
        /// Where.
        endpoint: String,
    },
    /// The engine said no.
    #[error("{what}: the engine answered {status}: {message}")]
    Refused {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// Several things went wrong, each on its own.
    #[error("{}", joined(problems))]
    Several {
        /// What, in the order in which it was tried.
        problems: Vec<EngineError>,
    },
    /// The engine's answer was cut short, or is none.
    #[error("{what}: {source}")]
    Broken {
        /// What was asked for.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

fn joined(problems: &[EngineError]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

impl EngineError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { .. } => Some(
                "forward the engine's socket (`ssh -L /tmp/docker.sock:/var/run/docker.sock HOST`) and set DOCKER_HOST=unix:///tmp/docker.sock, or leave containers out with `--no-docker`"
                    .to_owned(),
            ),
            Self::NoSuchContext { .. } => Some("docker context ls".to_owned()),
            _ => None,
        }
    }

    /// Whether the engine said nothing, as opposed to something that is wrong.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Silent { .. } | Self::GivenUp { .. } => true,
            Self::Broken { source, .. } => source.kind() == io::ErrorKind::TimedOut,
            Self::Several { problems } => problems.iter().all(Self::is_silence),
            _ => false,
        }
    }

    /// Whether the thing asked about is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}
