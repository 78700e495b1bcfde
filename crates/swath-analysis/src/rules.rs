//! The regular expressions that exclude lines and that mark branches as partial on purpose.

use swath_pattern::{PythonRegex, RegexError};

/// coverage.py's default for `exclude_lines`.
pub const DEFAULT_EXCLUDE: &[&str] = &[
    r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)",
    r"^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)",
    r"^\s*if (typing\.)?TYPE_CHECKING:",
];

/// coverage.py's default for `partial_branches`.
pub const DEFAULT_PARTIAL: &[&str] = &[r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(branch|BRANCH)"];

/// coverage.py's default for `partial_branches_always`.
pub const DEFAULT_PARTIAL_ALWAYS: &[&str] =
    &[r"^\s*while (True|1|False|0):", r"^\s*if (True|1|False|0):"];

/// The compiled regular expressions of one configuration.
#[derive(Debug, Clone)]
pub struct ExclusionRules {
    pub(crate) exclude: Option<PythonRegex>,
    pub(crate) no_branch: PythonRegex,
}

impl ExclusionRules {
    /// Compiles the two lists: what excludes a line, and what marks a branch as partial on purpose
    /// (in coverage.py `partial_branches` followed by `partial_branches_always`).
    pub fn new<S: AsRef<str>, P: AsRef<str>>(
        exclude: &[S],
        no_branch: &[P],
    ) -> Result<Self, RegexError> {
        // No pattern, or a single empty one, excludes nothing; for branches it matches everywhere.
        let is_empty =
            exclude.iter().all(|pattern| pattern.as_ref().is_empty()) && exclude.len() <= 1;
        let exclude = if is_empty {
            None
        } else {
            Some(PythonRegex::any_of(exclude)?)
        };
        Ok(Self {
            exclude,
            no_branch: PythonRegex::any_of(no_branch)?,
        })
    }
}

impl Default for ExclusionRules {
    /// coverage.py's defaults.
    fn default() -> Self {
        let no_branch = [DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS].concat();
        Self::new(DEFAULT_EXCLUDE, &no_branch)
            .expect("the default patterns are valid, as a test shows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_compile() {
        assert!(ExclusionRules::default().exclude.is_some());
    }

    #[test]
    fn without_patterns_nothing_is_excluded() {
        let rules = ExclusionRules::new::<&str, &str>(&[], &[]).expect("no pattern is wrong");
        assert!(rules.exclude.is_none());
        assert!(ExclusionRules::new(&["("], &["x"]).is_err());
    }
}
