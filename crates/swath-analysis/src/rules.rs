//! The regular expressions that exclude lines and that mark branches as partial on purpose.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
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

/// Texts of which each match of a default pattern has one; most sources have none of them, and need no search.
const NEEDLES: &[(&str, &[&str])] = &[
    (DEFAULT_EXCLUDE[0], &["pragma", "PRAGMA"]),
    (DEFAULT_EXCLUDE[1], &["..."]),
    (DEFAULT_EXCLUDE[2], &["TYPE_CHECKING:"]),
    (DEFAULT_PARTIAL[0], &["pragma", "PRAGMA"]),
    (
        DEFAULT_PARTIAL_ALWAYS[0],
        &["while True:", "while 1:", "while False:", "while 0:"],
    ),
    (
        DEFAULT_PARTIAL_ALWAYS[1],
        &["if True:", "if 1:", "if False:", "if 0:"],
    ),
];

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
    alone: Vec<Alone>,
}

#[derive(Debug, Clone)]
struct Alone {
    regex: PythonRegex,
    /// Its place in [`NEEDLES`].
    needles: Option<usize>,
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
                .map(|pattern| Alone::new(pattern.as_ref()))
                .collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        Ok(Self { joined, alone })
    }

    /// The one regular expression whose matches in the text are those of all patterns joined, if any matches.
    pub(crate) fn matching(&self, text: &str, present: Needles) -> Option<&PythonRegex> {
        if self.alone.is_empty() {
            return Some(&self.joined);
        }
        let can_match = |pattern: &&Alone| pattern.needles.is_none_or(|place| present.has(place));
        let mut matching = self
            .alone
            .iter()
            .filter(can_match)
            .filter(|pattern| pattern.regex.is_match(text));
        let first = matching.next()?;
        Some(if matching.next().is_none() {
            &first.regex
        } else {
            &self.joined
        })
    }
}

impl Alone {
    fn new(pattern: &str) -> Result<Self, RegexError> {
        Ok(Self {
            regex: PythonRegex::new(pattern)?,
            needles: NEEDLES.iter().position(|(known, _)| *known == pattern),
        })
    }
}

/// Which of the default patterns a text can match.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needles(u32);

impl Needles {
    /// Looks for all of them at once.
    pub(crate) fn find(text: &str) -> Self {
        static SEARCH: LazyLock<(AhoCorasick, Vec<u32>)> = LazyLock::new(|| {
            let mut needles: Vec<(&str, u32)> = Vec::new();
            for (place, (_, texts)) in NEEDLES.iter().enumerate() {
                for text in *texts {
                    match needles.iter_mut().find(|(known, _)| known == text) {
                        Some((_, places)) => *places |= 1 << place,
                        None => needles.push((text, 1 << place)),
                    }
                }
            }
            // None overlaps another one, so that the kind with the quickest search finds all.
            let search = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .build(needles.iter().map(|(text, _)| text))
                .expect("a few short texts make a small automaton");
            (search, needles.iter().map(|&(_, places)| places).collect())
        });
        let (search, places) = &*SEARCH;
        let found = search
            .find_iter(text)
            .filter(|found| may_be_matched(text, found.start(), found.end()));
        Self(found.fold(0, |all, found| all | places[found.pattern().as_usize()]))
    }

    fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }
}

/// Whether a needle is where its pattern has it. Three dots stand in many a docstring, but seldom
/// where the pattern for stubs has them: behind nothing or a colon, and before nothing or a comment.
fn may_be_matched(text: &str, start: usize, end: usize) -> bool {
    let is_ellipsis = text.as_bytes().get(start) == Some(&b'.');
    if !is_ellipsis {
        return true;
    }
    // Python has four separators among its white space that Rust has not.
    let is_blank =
        |it: char| (it.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&it)) && it != '\n';
    let before = text[..start].trim_end_matches(is_blank);
    let after = text[end..].trim_start_matches(is_blank);
    (before.is_empty() || before.ends_with(['\n', ':']))
        && (after.is_empty() || after.starts_with(['\n', '#']))
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
        assert!(
            patterns
                .matching("x = 1\n", Needles::find("x = 1\n"))
                .is_none()
        );
        for text in [
            "x  # pragma: no cover\n",
            "def f(): ...\n",
            "...  # pragma: no cover\n",
        ] {
            let found = patterns.matching(text, Needles::find(text));
            let found = found.expect("a pattern matches");
            let joined: Vec<_> = patterns.joined.find_iter(text).collect();
            assert_eq!(found.find_iter(text).collect::<Vec<_>>(), joined);
        }
        let numbered = Patterns::new(&["(a)", r"(b)\2"]).expect("the patterns are valid");
        assert!(numbered.alone.is_empty());
    }

    #[test]
    fn texts_without_needles_match_no_default_pattern() {
        let texts = [
            "# pragma: no cover\n",
            "#PRAGMA NO BRANCH\n",
            "def f(): ...\n",
            "...",
            "    ...  # a stub\n",
            "def f(\n) -> int:\n\n    ...\u{a0}\n",
            "...\u{1c}# a stub\n",
            "wait ...\n",
            "... wait\n",
            "  if typing.TYPE_CHECKING:\n",
            "while 1:\n",
            "while False:\n",
            "  if 0:\n",
            "if True:\n",
            "for x in y:\n",
        ];
        let all = [DEFAULT_EXCLUDE, DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS].concat();
        for text in texts {
            let present = Needles::find(text);
            for pattern in &all {
                let pattern = Alone::new(pattern).expect("the defaults are valid");
                let place = pattern.needles.expect("the defaults have needles");
                assert!(
                    present.has(place) || !pattern.regex.is_match(text),
                    "{text}"
                );
            }
        }
        for text in ["for x in y:\n", "wait ...\n", "... wait\n", "f(...)\n"] {
            assert!(Needles::find(text).0 == 0, "{text}");
        }
    }

    #[test]
    fn without_patterns_nothing_is_excluded() {
        let rules = ExclusionRules::new::<&str, &str>(&[], &[]).expect("no pattern is wrong");
        assert!(rules.exclude.is_none());
        assert!(ExclusionRules::new(&["("], &["x"]).is_err());
    }
}
