//! What the agent says of its own work in a process.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Whether the agent measured its process, or what kept it from that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, JsonSchema)]
#[schemars(with = "String", extend("examples" = AgentState::names()))]
pub enum AgentState {
    /// It measured everything.
    #[default]
    Measured,
    /// It did not, or only a part; the name is the agent's own, a slug like `not-cpython`.
    Failed(String),
}

impl AgentState {
    /// The state that this name stands for.
    pub fn named(name: &str) -> AgentState {
        match name {
            "" | "measured" => AgentState::Measured,
            other => AgentState::Failed(other.to_owned()),
        }
    }

    /// The names of all states that this swath's agent knows.
    fn names() -> Vec<&'static str> {
        let failures = FAILURES.iter().map(|(slug, ..)| *slug);
        std::iter::once("measured").chain(failures).collect()
    }

    /// As it is written in reports and data files.
    pub fn name(&self) -> &str {
        match self {
            AgentState::Measured => "measured",
            AgentState::Failed(name) => name,
        }
    }

    /// Whether the agent measured everything.
    pub fn is_measured(&self) -> bool {
        *self == AgentState::Measured
    }

    /// Whether the agent measured a part of its process: what it recorded is in the data.
    pub fn is_measured_in_part(&self) -> bool {
        matches!(
            self.name(),
            "sub-interpreter"
                | "evaluation-hook-taken"
                | "fork-not-followed"
                | "hidden-fork"
                | "too-many-contexts"
                | "contexts-not-followed"
                | "contexts-not-recorded"
        )
    }

    /// What became of the process: `measured`, `measured in part` or `not measured`.
    pub fn outcome(&self) -> &'static str {
        if self.is_measured() {
            "measured"
        } else if self.is_measured_in_part() {
            "measured in part"
        } else {
            "not measured"
        }
    }

    /// Why it did not measure everything, in words that follow [`AgentState::outcome`].
    pub fn reason(&self) -> String {
        let AgentState::Failed(name) = self else {
            return "it was measured".to_owned();
        };
        let known = FAILURES.iter().find(|(slug, ..)| slug == name);
        known.map_or_else(
            || name.replace('-', " "),
            |(_, reason, _)| (*reason).to_owned(),
        )
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        let name = self.name();
        let known = FAILURES.iter().find(|(slug, ..)| *slug == name);
        known.and_then(|(_, _, remedy)| *remedy)
    }
}

impl fmt::Display for AgentState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for AgentState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The agent's slugs: why, and what to do about it.
const FAILURES: [(&str, &str, Option<&str>); 25] = [
    (
        "unknown-version",
        "its Python is none of CPython 3.8 to 3.15",
        Some("run it with CPython 3.8 to 3.15"),
    ),
    (
        "not-cpython",
        "its interpreter is not CPython",
        Some("run it with CPython 3.8 to 3.15"),
    ),
    (
        "reference-tracing-build",
        "its Python is built to trace references (`--with-trace-refs`)",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "free-threaded-build",
        "its Python is a free-threaded build of a version other than 3.13",
        Some("run it with an ordinary build of CPython, or with free-threaded CPython 3.13"),
    ),
    (
        "data-folder-not-writable",
        "its user cannot write to the run's folder",
        Some(
            "run swath and the service as the same user, or set TMPDIR to a folder that both can write to",
        ),
    ),
    (
        "no-room-on-disk",
        "the temporary folder is full",
        Some("free space in the temporary folder, or set TMPDIR to a larger one"),
    ),
    (
        "file-size-limit",
        "the size of the files that it may write is limited (`ulimit -f`)",
        Some("raise the limit to 64 MiB or more: `ulimit -f 65536`"),
    ),
    (
        "fork-not-followed",
        "lines that had run before it was forked are not seen again",
        Some("run it without its other monitoring tools"),
    ),
    (
        "hidden-fork",
        "it was forked while it had threads, in a free-threaded build and without Python's knowledge",
        Some("fork with `os.fork`, which tells Python of it"),
    ),
    (
        "contexts-not-followed",
        "for which test or request code ran that had run before is not known",
        Some("run it without its other monitoring tools"),
    ),
    (
        "contexts-not-recorded",
        "in a free-threaded build it is not recorded for which test or request code runs",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "too-many-contexts",
        "it served more than 4,096 requests of different tests or paths at a time: for which of them some code ran is not known",
        Some("run fewer tests at a time"),
    ),
    (
        "no-address-space",
        "its address space is limited (`ulimit -v`)",
        Some("raise the limit by 64 MiB"),
    ),
    (
        "no-free-monitoring-tool",
        "every tool id of sys.monitoring is taken",
        Some("run it without its other monitoring tools"),
    ),
    (
        "evaluation-hook-taken",
        "another tool took CPython's frame evaluation hook; lines after that are missing",
        Some("run it without the tool that compiles or traces frames"),
    ),
    (
        "sub-interpreter",
        "code in its sub-interpreters was not recorded",
        None,
    ),
    (
        "agent-not-loadable",
        "its Python could not load the agent",
        Some("run it with a build of CPython for this machine that can load shared objects"),
    ),
    (
        "other-machine",
        "swath was built without an agent for its machine code",
        Some("install swath from its wheel, which has agents for x86-64 and aarch64"),
    ),
    (
        "not-recording",
        "the agent found nothing that it can record with",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "no-monitoring",
        "its Python has no sys.monitoring that works as CPython's does",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "no-evaluation-hook",
        "its Python has no frame evaluation hook where CPython has it",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "self-test",
        "its Python did not pass the test that the agent makes first",
        Some("run it with an ordinary build of CPython"),
    ),
    (
        "no-memory",
        "it had no memory left for the agent",
        Some("raise its limit of memory by 64 MiB"),
    ),
    (
        "no-code-extra",
        "CPython's places for data of tools at its code are taken",
        Some("run it without its other tools that compile or trace code"),
    ),
    (
        "missing-symbols",
        "its Python lacks functions that the agent needs",
        Some("run it with an ordinary build of CPython"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_that_nobody_knows_is_shown_as_words() {
        let state = AgentState::named("some-new-thing");
        assert_eq!(state.reason(), "some new thing");
        assert_eq!(state.remedy(), None);
        assert_eq!(state.outcome(), "not measured");
        assert!(AgentState::named("measured").is_measured());
        assert_eq!(
            AgentState::named("sub-interpreter").outcome(),
            "measured in part"
        );
    }
}
