//! Pythons of a run that were not measured.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Why a Python was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotMeasuredReason {
    /// Started with `-I`.
    Isolated,
    /// Started with `-E`.
    IgnoresEnvironment,
    /// Started with `-S`.
    WithoutSite,
    /// Its environment holds no `PYTHONPATH`, or the agent's variables are gone.
    PythonPathScrubbed,
    /// Its `PYTHONPATH` is another one, without the agent's folder.
    PythonPathReplaced,
    /// Older than the agent supports.
    PythonTooOld,
    /// Its user cannot read the agent.
    AgentUnreadable,
    /// Another `sitecustomize` was found first.
    SitecustomizeShadowed,
    /// It had ended before it could be looked at.
    EndedTooSoon,
    /// The run's folder, with what it recorded, was removed while the run went on.
    RunFolderRemoved,
    /// None of the others.
    AgentDidNotStart,
}

impl NotMeasuredReason {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            NotMeasuredReason::Isolated => {
                "start it without `-I`, which makes Python ignore PYTHONPATH"
            }
            NotMeasuredReason::IgnoresEnvironment => {
                "start it without `-E`, which makes Python ignore PYTHONPATH"
            }
            NotMeasuredReason::WithoutSite => "start it without `-S`, which skips sitecustomize",
            NotMeasuredReason::PythonPathScrubbed => {
                "let PYTHONPATH through (tox: `pass_env = PYTHONPATH`; sudo: `--preserve-env=PYTHONPATH`; not `env -i`)"
            }
            NotMeasuredReason::PythonPathReplaced => {
                "add to PYTHONPATH instead of replacing it: `PYTHONPATH=src:$PYTHONPATH`"
            }
            NotMeasuredReason::PythonTooOld => "run it with CPython 3.8 or newer",
            NotMeasuredReason::AgentUnreadable => {
                "run swath as the same user, or as root; or unset XDG_RUNTIME_DIR and set TMPDIR to a folder that both users can reach"
            }
            NotMeasuredReason::SitecustomizeShadowed => {
                "let that sitecustomize import the next one, or start the program without the launcher that puts it in front"
            }
            NotMeasuredReason::EndedTooSoon => {
                "check that PYTHONPATH reaches it, and that it is not started with -I, -E or -S"
            }
            NotMeasuredReason::RunFolderRemoved => {
                "let nothing clear the temporary folder while swath runs, or set TMPDIR to a folder that stays"
            }
            NotMeasuredReason::AgentDidNotStart => {
                "check that its site module runs and that it can read the temporary folder"
            }
        }
    }
}

impl fmt::Display for NotMeasuredReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            NotMeasuredReason::Isolated => "started with `-I`",
            NotMeasuredReason::IgnoresEnvironment => "started with `-E`",
            NotMeasuredReason::WithoutSite => "started with `-S`",
            NotMeasuredReason::PythonPathScrubbed => "PYTHONPATH was taken out of its environment",
            NotMeasuredReason::PythonPathReplaced => "its PYTHONPATH was replaced",
            NotMeasuredReason::PythonTooOld => "its Python is older than 3.8",
            NotMeasuredReason::AgentUnreadable => "it runs as a user who cannot read the agent",
            NotMeasuredReason::SitecustomizeShadowed => "another sitecustomize came first",
            NotMeasuredReason::EndedTooSoon => {
                "ended before it could be looked at, without the agent"
            }
            NotMeasuredReason::RunFolderRemoved => {
                "the run's folder was removed, with what it recorded"
            }
            NotMeasuredReason::AgentDidNotStart => "the agent did not start in it",
        })
    }
}

/// A Python of the run that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotMeasured {
    /// Its process id, where it was seen itself; in a container that of the engine's machine.
    pub pid: Option<u32>,
    /// Its command line, secrets masked.
    pub command: Vec<String>,
    /// Why.
    pub reason: NotMeasuredReason,
    /// What was seen that shows it, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The container in which it ran; none for this host.
    pub container: Option<String>,
}
