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
    pub(crate) exclude: Option<Patterns>,
    pub(crate) no_branch: Patterns,
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
            Some(Patterns::new(exclude)?)
        };
        Ok(Self {
            exclude,
            no_branch: Patterns::new(no_branch)?,
        })
    }
}

/// A list of patterns, joined as coverage.py joins them.
#[derive(Debug, Clone)]
pub(crate) struct Patterns {
    joined: PythonRegex,
    /// Each on its own, which is quicker to search for; empty where it might mean something else alone.
    alone: Vec<PythonRegex>,
}

impl Patterns {
    fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, RegexError> {
        let joined = PythonRegex::any_of(patterns)?;
        let alone = if patterns
            .iter()
            .all(|pattern| is_independent(pattern.as_ref()))
        {
            patterns
                .iter()
                .map(|pattern| PythonRegex::new(pattern.as_ref()))
                .collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        Ok(Self { joined, alone })
    }

    /// The one regular expression whose matches in the text are those of all patterns joined, if any matches.
    pub(crate) fn matching(&self, text: &str) -> Option<&PythonRegex> {
        if self.alone.is_empty() {
            return Some(&self.joined);
        }
        let mut matching = self.alone.iter().filter(|pattern| pattern.is_match(text));
        let first = matching.next()?;
        Some(if matching.next().is_none() {
            first
        } else {
            &self.joined
        })
    }
}

/// Whether a pattern means the same alone: it has no flags, and refers to no group, whose number changes.
fn is_independent(pattern: &str) -> bool {
    let refers = pattern
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0] == b'\\' && pair[1].is_ascii_digit());
    !refers && !pattern.contains("(?")
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
    fn patterns_alone_find_what_they_find_joined() {
        let patterns = Patterns::new(DEFAULT_EXCLUDE).expect("the defaults are valid");
        assert_eq!(patterns.alone.len(), 3);
        assert!(patterns.matching("x = 1\n").is_none());
        for text in [
            "x  # pragma: no cover\n",
            "def f(): ...\n",
            "...  # pragma: no cover\n",
        ] {
            let found = patterns.matching(text).expect("a pattern matches");
            let joined: Vec<_> = patterns.joined.find_iter(text).collect();
            assert_eq!(found.find_iter(text).collect::<Vec<_>>(), joined);
        }
        let numbered = Patterns::new(&["(a)", r"(b)\2"]).expect("the patterns are valid");
        assert!(numbered.alone.is_empty());
    }

    #[test]
    fn without_patterns_nothing_is_excluded() {
        let rules = ExclusionRules::new::<&str, &str>(&[], &[]).expect("no pattern is wrong");
        assert!(rules.exclude.is_none());
        assert!(ExclusionRules::new(&["("], &["x"]).is_err());
    }
}
