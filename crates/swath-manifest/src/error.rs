//! Why manifests cannot be rewritten.

use std::fmt;

use swath_model::Message;
use swath_pattern::GlobError;

/// What is rewritten, and what people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Manifests of Kubernetes.
    Manifests,
    /// The file of a Swarm's stack.
    StackFile,
}

impl Input {
    /// What is chosen in it.
    fn parts(self) -> &'static str {
        match self {
            Input::Manifests => "containers",
            Input::StackFile => "services",
        }
    }

    /// How that is chosen.
    pub fn pattern_advice(self) -> &'static str {
        match self {
            Input::Manifests => "write `WORKLOAD/CONTAINER`, as in `--measure 'web/*'`",
            Input::StackFile => "write the name of a service, as in `--measure 'web*'`",
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Input::Manifests => "manifests",
            Input::StackFile => "stack file",
        })
    }
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A document is no YAML.
    #[error("line {line} of the {input} is not valid YAML: {what}")]
    NotYaml {
        /// Counted from 1, in the whole stream.
        line: usize,
        /// What the reader says.
        what: String,
        /// In what.
        input: Input,
    },
    /// A document nests deeper than anybody writes.
    #[error("the document on line {line} of the {input} nests too deep")]
    TooDeep {
        /// Where the document begins, counted from 1.
        line: usize,
        /// In what.
        input: Input,
    },
    /// A document cannot be written so that it reads as it did.
    #[error("the document on line {line} of the {input} cannot be written back as it was read")]
    NotWritable {
        /// Where the document begins, counted from 1.
        line: usize,
        /// In what.
        input: Input,
    },
    /// There is something to measure, and no image that could measure it.
    #[error("{workload} would be measured, and no image that holds swath is named")]
    NoImage {
        /// The first workload.
        workload: String,
    },
    /// `--measure` or `--python-path` holds no glob.
    #[error("`{glob}` is not a pattern of {}: {source}", input.parts())]
    Glob {
        /// As written.
        glob: String,
        /// Why.
        source: GlobError,
        /// In what.
        input: Input,
    },
    /// The run's name is no label.
    #[error("`{run}` cannot name a run: it is not a valid label")]
    Run {
        /// As written.
        run: String,
    },
    /// A store without a run.
    #[error("a store was named, and no run to keep in it")]
    NoRun,
}

impl ManifestError {
    /// The error as people are told.
    pub fn message(&self) -> Message {
        let (code, hint) = match self {
            ManifestError::NotYaml { .. } | ManifestError::TooDeep { .. } => {
                ("manifest-not-readable", None)
            }
            ManifestError::NotWritable { .. } => (
                "manifest-not-readable",
                Some("leave the document out, and add the agent to it by hand"),
            ),
            ManifestError::NoImage { .. } => (
                "no-swath-image",
                Some(
                    "name one with `--image REGISTRY/swath:TAG`; the Containerfile in the archives for musl makes it",
                ),
            ),
            ManifestError::Glob { input, .. } => {
                ("bad-container-pattern", Some(input.pattern_advice()))
            }
            ManifestError::Run { .. } => (
                "bad-run-name",
                Some(
                    "use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
                ),
            ),
            ManifestError::NoRun => (
                "bad-run-name",
                Some("name it with `--run ID`; `swath gather STORE/ID` reads it"),
            ),
        };
        Message::error(code, self.to_string()).hint(hint.map(str::to_owned))
    }
}
