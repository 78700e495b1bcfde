//! Which rule excludes a line, in the words of the configuration.

use swath_analysis::LineSet;
use swath_pattern::{PythonRegex, RegexError};

/// The rules that exclude lines, each by itself.
#[derive(Clone, Debug, Default)]
pub struct ExclusionReasons {
    rules: Vec<PythonRegex>,
}

impl ExclusionReasons {
    /// Compiles the patterns of `exclude_lines`.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, RegexError> {
        let patterns = patterns
            .iter()
            .filter(|pattern| !pattern.as_ref().is_empty());
        let rules = patterns.map(|pattern| PythonRegex::new(pattern.as_ref()));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }

    /// For the excluded lines of a text that match a rule themselves: the line and the rule, by line.
    pub fn of_text<'a>(&'a self, text: &str, excluded: &LineSet) -> Vec<(u32, &'a str)> {
        let mut found = Vec::new();
        if excluded.is_empty() {
            return found;
        }
        for (number, line) in (1..).zip(text.split('\n')) {
            if excluded.contains(number)
                && let Some(rule) = self.rules.iter().find(|rule| rule.is_match(line))
            {
                found.push((number, rule.pattern()));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_that_matches_is_named() {
        let reasons = ExclusionReasons::new(&["", "no cover", "^def skip"]).unwrap();
        let text = "a  # no cover\ndef skip():\n    b\n# no cover\n";
        let excluded = [1, 2, 3].into_iter().collect();
        assert_eq!(
            reasons.of_text(text, &excluded),
            [(1, "no cover"), (2, "^def skip")]
        );
    }
}
