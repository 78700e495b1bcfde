//! Why a source could not be analysed: a value that the caller words, never an error.

use std::fmt;

use ruff_text_size::TextSize;
use swath_pattern::python_repr;

/// Why a source has no analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// What Python says about it, for example `invalid syntax`.
    pub message: String,
    /// The 1-based line where it is.
    pub line: u32,
    /// The byte offset in the decoded source where it is.
    pub offset: u32,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Python rejects the text.
    Syntax,
    /// The source names an encoding that is not known.
    Encoding,
    /// The text is nested too deeply, or its code would be too large, for Python and for the analysis.
    TooComplex,
}

impl Problem {
    pub(crate) fn new(
        kind: ProblemKind,
        message: impl Into<String>,
        line: u32,
        offset: u32,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            line,
            offset,
        }
    }

    /// A problem at a byte offset of the source.
    pub(crate) fn at(
        source: &str,
        kind: ProblemKind,
        message: impl Into<String>,
        offset: TextSize,
    ) -> Self {
        let before = source.get(..offset.to_usize()).unwrap_or(source);
        let line_ends = before.matches('\n').count();
        Self::new(
            kind,
            message,
            u32::try_from(line_ends + 1).unwrap_or(u32::MAX),
            u32::from(offset),
        )
    }

    /// The sentence with which coverage.py reports a file that it cannot parse.
    #[must_use]
    pub fn describe(&self, path: &str) -> String {
        format!(
            "Couldn't parse '{path}' as Python source: {} at line {}",
            python_repr(&self.message),
            self.line
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at line {}", self.message, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_coverage_py() {
        let problem = Problem::new(ProblemKind::Syntax, "expected ':'", 3, 17);
        assert_eq!(
            problem.describe("/a/b.py"),
            "Couldn't parse '/a/b.py' as Python source: \"expected ':'\" at line 3"
        );
    }
}
