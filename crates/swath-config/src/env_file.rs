//! Files of environment variables: `KEY=VALUE` lines and comments, without any expansion.

use std::path::{Path, PathBuf};

use crate::piped::read_file;

/// Why a file of environment variables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It cannot be read.
    #[error("the env file `{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no UTF-8 text.
    #[error("the env file `{}` is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A line is neither `KEY=VALUE` nor a comment.
    #[error("line {line} of the env file `{}` is not KEY=VALUE", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line.
        line: usize,
    },
}

impl EnvFileError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "env-file-unreadable",
            Self::NotText { .. } => "env-file-not-text",
            Self::Line { .. } => "env-file-invalid",
        }
    }

    /// What to do about it, where the message does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => {
                Some("`env-file` is relative to the file that names it".to_owned())
            }
            Self::NotText { .. } => None,
            Self::Line { .. } => Some(
                "write one KEY=VALUE a line; comments start with `#`; nothing is expanded"
                    .to_owned(),
            ),
        }
    }
}

/// Reads the variables in the file at `path`.
pub fn read_env_file(path: &Path) -> Result<Vec<(String, String)>, EnvFileError> {
    let bytes = read_file(path).map_err(|error| EnvFileError::Unreadable {
        path: path.to_owned(),
        // The path is in the message already.
        source: std::io::Error::from(error.kind()),
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| EnvFileError::NotText {
        path: path.to_owned(),
    })?;
    parse_env_file(text).map_err(|line| EnvFileError::Line {
        path: path.to_owned(),
        line,
    })
}

/// The variables in `text`, in order, or the number of the first line that is wrong.
/// A later value of the same variable replaces an earlier one.
pub fn parse_env_file(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let (name, value) = line.split_once('=').ok_or(index + 1)?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) || line.contains('\0') {
            return Err(index + 1);
        }
        let value = unquoted(value.trim()).to_owned();
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => variables.push((name.to_owned(), value)),
        }
    }
    Ok(variables)
}

/// The value without one pair of quotes around it.
fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_taken_as_they_stand() {
        let text = "# test\n\nA=1\nexport B = two words # kept\nC='$A \"x\"'\nURL=http://x?a=b\nA=3\r\nE=\n";
        let variables = parse_env_file(text).unwrap();
        let expected = [
            ("A", "3"),
            ("B", "two words # kept"),
            ("C", "$A \"x\""),
            ("URL", "http://x?a=b"),
            ("E", ""),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables, expected);
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        assert_eq!(parse_env_file("A=1\nB\n"), Err(2));
        assert_eq!(parse_env_file("=1"), Err(1));
        assert_eq!(parse_env_file("A B=1"), Err(1));
        let missing = read_env_file(Path::new("/nowhere/test.env")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("the env file `/nowhere/test.env` cannot be read")
        );
    }
}
