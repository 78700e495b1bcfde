//! What can be wrong with swath's own settings.

use std::path::PathBuf;

/// Why `swath.toml`, or `[tool.swath]`, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SwathConfigError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is not valid TOML.
    #[error("line {line} of `{}` is not valid TOML: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A key that swath does not know.
    #[error("unknown key `{}` in {}", place.key, place.location())]
    UnknownKey {
        /// Where the key is.
        place: Box<Place>,
        /// The key that was probably meant, or else all the keys there are.
        suggestion: Suggestion,
    },
    /// A key that must be there is not.
    #[error("{} has no `{}`, line {} of `{}`", place.table, place.key, place.line, place.path.display())]
    MissingKey {
        /// Where the table begins.
        place: Box<Place>,
    },
    /// A value of the wrong type.
    #[error("`{}` is {found}, not {wanted}, in {}", place.key, place.location())]
    WrongType {
        /// Where the key is.
        place: Box<Place>,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
        /// How it would be right.
        right: String,
    },
    /// A value that means nothing.
    #[error("{reason}: `{} = {value:?}` in {}", place.key, place.location())]
    BadValue {
        /// Where the key is.
        place: Box<Place>,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// What to write instead.
        hint: Option<String>,
    },
}

/// Where a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The table, as a message names it.
    pub table: String,
    /// The key.
    pub key: String,
}

impl Place {
    fn location(&self) -> String {
        format!(
            "{}, line {} of `{}`",
            self.table,
            self.line,
            self.path.display()
        )
    }
}

/// Which key may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    /// This one is spelt much the same.
    Nearest(String),
    /// It is known what others mean by it: a whole sentence.
    Meaning(String),
    /// None is near; these are all.
    Known(Vec<String>),
}

impl SwathConfigError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config-unreadable",
            Self::Syntax { .. } => "config-syntax",
            Self::UnknownKey { .. } => "config-unknown-key",
            Self::MissingKey { .. } => "config-missing-key",
            Self::WrongType { .. } => "config-wrong-type",
            Self::BadValue { .. } => "config-bad-value",
        }
    }

    /// What to do about it, where the message does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { suggestion, .. } => Some(match suggestion {
                Suggestion::Meaning(text) => text.clone(),
                Suggestion::Nearest(key) => format!("the nearest key is `{key}`"),
                Suggestion::Known(keys) => format!("the keys are {}", keys.join(", ")),
            }),
            Self::MissingKey { place } => Some(format!("add `{} = \"…\"`", place.key)),
            Self::BadValue { hint, .. } => hint.clone(),
            Self::WrongType { right, .. } => Some(right.clone()),
            Self::Unreadable { .. } | Self::Syntax { .. } => None,
        }
    }
}
