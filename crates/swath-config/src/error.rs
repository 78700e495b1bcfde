//! What can be wrong with a coverage.py configuration, in coverage.py's words.

use swath_pattern::{RegexError, python_repr};

/// Why a coverage.py configuration cannot be used. The texts are coverage.py's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for is not there.
    #[error("Couldn't read {} as a config file", python_repr(file))]
    NotFound {
        /// The file as it was named.
        file: String,
    },
    /// The file has no valid form, or a value in it not the right type.
    #[error("Couldn't read config file {file}: {reason}")]
    Invalid {
        /// The file as it was named.
        file: String,
        /// What is wrong, in the words of Python's parsers.
        reason: String,
    },
    /// A regular expression that Python refuses.
    #[error("Invalid [{section}].{option} value {}: {reason}", python_repr(value))]
    Regex {
        /// The section of the option.
        section: String,
        /// The option.
        option: String,
        /// The regular expression.
        value: String,
        /// What is wrong with it.
        reason: Box<RegexError>,
    },
    /// A value asks for an environment variable, with `${NAME?}`, that is not set.
    #[error("Variable {name} is undefined: {}", python_repr(text))]
    UndefinedVariable {
        /// The variable.
        name: String,
        /// The whole value.
        text: String,
    },
    /// `concurrency` names something that coverage.py does not know.
    #[error("Unknown concurrency choices: {}", names.join(", "))]
    UnknownConcurrency {
        /// The unknown names, sorted.
        names: Vec<String>,
    },
    /// `concurrency` names more than one library for light-weight threads.
    #[error("Conflicting concurrency settings: {}", names.join(", "))]
    ConflictingConcurrency {
        /// The names, sorted.
        names: Vec<String>,
    },
}

impl ConfigError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "rcfile-not-found",
            Self::Invalid { .. } => "rcfile-invalid",
            Self::Regex { .. } => "rcfile-bad-regex",
            Self::UndefinedVariable { .. } => "rcfile-undefined-variable",
            Self::UnknownConcurrency { .. } => "rcfile-unknown-concurrency",
            Self::ConflictingConcurrency { .. } => "rcfile-conflicting-concurrency",
        }
    }

    /// What to do about it, where the message does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { file } => Some(format!(
                "name a file that exists with `--rcfile`, or leave `{file}` out to use the files found here"
            )),
            Self::UndefinedVariable { name, .. } => Some(format!(
                "set `{name}`, or give a default with `${{{name}-default}}`"
            )),
            Self::UnknownConcurrency { .. } => Some(
                "the choices are thread, gevent, greenlet, eventlet and multiprocessing".to_owned(),
            ),
            Self::Invalid { .. } | Self::Regex { .. } | Self::ConflictingConcurrency { .. } => None,
        }
    }
}

/// Why an option cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OptionError {
    /// What is a `ValueError` in Python: the name of the file is still to be added.
    Value(String),
    /// Complete as it is.
    Whole(ConfigError),
}

impl OptionError {
    pub(crate) fn in_file(self, file: &str) -> ConfigError {
        match self {
            Self::Value(reason) => ConfigError::Invalid {
                file: file.to_owned(),
                reason,
            },
            Self::Whole(error) => error,
        }
    }
}

impl From<ConfigError> for OptionError {
    fn from(error: ConfigError) -> Self {
        Self::Whole(error)
    }
}
