//! Whether a Docker engine answers here, asked once and with a limit of time.

use std::time::Duration;

use swath_run::ask;

use crate::interpreter::find_on_path;

/// How long the engine may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of asking the engine for its version.
pub(crate) enum Engine {
    /// There is no `docker` to ask.
    NoCommand,
    /// It answers: its version.
    Answers(String),
    /// It cannot be used: the last line of what `docker` said.
    Refuses(String),
    /// There was no answer: why.
    Silent(String),
}

impl Engine {
    pub(crate) fn find() -> Self {
        let Some(docker) = find_on_path("docker".as_ref()) else {
            return Self::NoCommand;
        };
        let words = ["version", "--format", "{{.Server.Version}}"];
        match ask(&docker, &words, b"", PATIENCE) {
            Ok(answer) if answer.code == Some(0) => {
                Self::Answers(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
            }
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.stderr);
                Self::Refuses(said.lines().last().unwrap_or_default().to_owned())
            }
            Err(error) => Self::Silent(error.to_string()),
        }
    }
}
