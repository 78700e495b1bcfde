//! Python's regular expressions on top of `fancy-regex`.
//!
//! A pattern is read by the rules of Python 3.13's own parser, with its error texts, and written anew in
//! the syntax of `fancy-regex`; nothing of the original text reaches that engine. What needs no
//! backtracking runs in linear time.

mod class;
mod parser;
mod pattern_text;

use std::sync::{Arc, LazyLock, OnceLock};

/// What is wrong with a regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// Python refuses the pattern.
    #[error("{message}{}", place(.pattern, *.position))]
    Syntax {
        /// Python's message, without the position.
        message: String,
        /// The whole pattern.
        pattern: String,
        /// Where, in characters from the start, if Python says so.
        position: Option<usize>,
    },
    /// Python accepts the pattern, but this engine does not.
    #[error("this regular expression is not supported: {reason}")]
    Unsupported {
        /// What is not supported.
        reason: String,
    },
}

impl RegexError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "bad-regex",
            Self::Unsupported { .. } => "unsupported-regex",
        }
    }
}

/// The position as Python's `re.error` words it.
fn place(pattern: &str, position: Option<usize>) -> String {
    let Some(position) = position else {
        return String::new();
    };
    let mut text = format!(" at position {position}");
    if pattern.contains('\n') {
        let before: String = pattern.chars().take(position).collect();
        let line = before.matches('\n').count() + 1;
        let column = match before.rsplit_once('\n') {
            Some((_, last)) => last.chars().count() + 1,
            None => position + 1,
        };
        text = format!("{text} (line {line}, column {column})");
    }
    text
}

/// The flags that `re.compile` is given beside the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of Python's own"
)]
pub struct Flags {
    /// `re.MULTILINE`: `^` and `$` match at every line.
    pub multi_line: bool,
    /// `re.IGNORECASE`.
    pub ignore_case: bool,
    /// `re.DOTALL`: `.` matches a newline too.
    pub dot_all: bool,
    /// `re.VERBOSE`: white space and comments in the pattern mean nothing.
    pub verbose: bool,
    /// `re.ASCII`: `\w`, `\d`, `\s` and `\b` know ASCII only.
    pub ascii: bool,
}

/// How much backtracking a search may do before it gives up.
const BACKTRACK_LIMIT: usize = 20_000_000;

/// A compiled Python regular expression.
#[derive(Debug, Clone)]
pub struct PythonRegex {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    pattern: String,
    flags: Flags,
    start: Start,
    engine: Engine,
    has_boundaries: bool,
    /// With exact word boundaries, for texts where the engine's own differ.
    exact: OnceLock<Option<Engine>>,
}

/// Where a match may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Anywhere,
    /// At the start of the text, as with `re.match`.
    Here,
}

/// The expression as `fancy-regex` runs it.
#[derive(Debug)]
struct Engine {
    translated: String,
    regex: fancy_regex::Regex,
    /// For the search after an empty match: a match right here that is not empty.
    not_empty_here: OnceLock<Option<fancy_regex::Regex>>,
}

impl PythonRegex {
    /// Compiles `pattern` as coverage.py does for lines: with `re.MULTILINE`.
    pub fn new(pattern: &str) -> Result<Self, RegexError> {
        let flags = Flags {
            multi_line: true,
            ..Flags::default()
        };
        Self::with_flags(pattern, flags)
    }

    /// Compiles any one of `patterns`, joined as coverage.py joins them, with `re.MULTILINE`.
    pub fn any_of<S: AsRef<str>>(patterns: &[S]) -> Result<Self, RegexError> {
        Self::new(&join_regexes(patterns))
    }

    /// Compiles `pattern` with `flags`.
    pub fn with_flags(pattern: &str, flags: Flags) -> Result<Self, RegexError> {
        Self::compile(pattern, flags, Start::Anywhere)
    }

    /// Compiles `pattern` for matches at the start of the text only.
    pub(crate) fn at_start(pattern: &str, flags: Flags) -> Result<Self, RegexError> {
        Self::compile(pattern, flags, Start::Here)
    }

    fn compile(pattern: &str, flags: Flags, start: Start) -> Result<Self, RegexError> {
        let translation = parser::translate(pattern, flags, false)?;
        Ok(Self {
            compiled: Arc::new(Compiled {
                pattern: pattern.to_owned(),
                flags,
                start,
                engine: Engine::new(&translation.text, start)?,
                has_boundaries: translation.has_boundaries,
                exact: OnceLock::new(),
            }),
        })
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.compiled.pattern
    }

    /// The byte positions of the first match, as `re.search` finds it.
    #[must_use]
    pub fn search(&self, text: &str) -> Option<(usize, usize)> {
        self.find_iter(text).next()
    }

    /// Whether the pattern matches anywhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        // The engine's own `is_match` takes its slowest way through a text when its quickest would
        // read some of it twice; `find` does not.
        matches!(self.compiled.engine(text).regex.find(text), Ok(Some(_)))
    }

    /// The byte positions of all matches, as `re.finditer` finds them.
    #[must_use]
    pub fn find_iter<'r, 't>(&'r self, text: &'t str) -> Matches<'r, 't> {
        Matches {
            engine: self.compiled.engine(text),
            text,
            position: 0,
            after_empty: false,
            finished: false,
            gave_up: false,
        }
    }
}

impl Compiled {
    /// The engine for `text`.
    fn engine(&self, text: &str) -> &Engine {
        if !self.has_boundaries || boundaries_are_exact(text) {
            return &self.engine;
        }
        let exact = self.exact.get_or_init(|| {
            let translation = parser::translate(&self.pattern, self.flags, true).ok()?;
            Engine::new(&translation.text, self.start).ok()
        });
        exact.as_ref().unwrap_or(&self.engine)
    }
}

/// The characters that are part of a word for the engine or for Python, but not for both: combining marks,
/// numbers such as `²` and some more.
static DISPUTED: LazyLock<Option<fancy_regex::Regex>> = LazyLock::new(|| {
    let pattern = r"[\w&&[^\p{L}\p{N}_]]|[[\p{L}\p{N}_]&&\W]";
    fancy_regex::Regex::new(pattern).ok()
});

/// Whether the engine's own word boundaries in `text` are Python's, which sees none in an empty text.
fn boundaries_are_exact(text: &str) -> bool {
    let undisputed = || {
        let disputed = DISPUTED.as_ref().map(|regex| regex.is_match(text));
        matches!(disputed, Some(Ok(false)))
    };
    !text.is_empty() && (text.is_ascii() || undisputed())
}

impl Engine {
    fn new(translated: &str, start: Start) -> Result<Self, RegexError> {
        let translated = match start {
            Start::Anywhere => translated.to_owned(),
            Start::Here => format!(r"\A{translated}"),
        };
        let regex = build(&translated, false).map_err(|error| RegexError::Unsupported {
            reason: error.to_string(),
        })?;
        Ok(Self {
            translated,
            regex,
            not_empty_here: OnceLock::new(),
        })
    }

    fn not_empty_here(&self) -> Option<&fancy_regex::Regex> {
        self.not_empty_here
            .get_or_init(|| build(&format!(r"\G{}", self.translated), true).ok())
            .as_ref()
    }
}

/// Several patterns as one that matches what any of them matches (coverage.py's `join_regex`).
/// No patterns make an empty one, which matches everywhere.
#[must_use]
pub fn join_regexes<S: AsRef<str>>(patterns: &[S]) -> String {
    if let [only] = patterns {
        return only.as_ref().to_owned();
    }
    let grouped: Vec<String> = patterns
        .iter()
        .map(|pattern| format!("(?:{})", pattern.as_ref()))
        .collect();
    grouped.join("|")
}

fn build(pattern: &str, not_empty: bool) -> Result<fancy_regex::Regex, fancy_regex::Error> {
    fancy_regex::RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .find_not_empty(not_empty)
        // In 0.20.2 the rewriting of nested repetitions lets possessive groups give text back.
        .optimize(false)
        .build()
}

/// The matches of a regular expression in a text, in order.
#[derive(Debug)]
pub struct Matches<'r, 't> {
    engine: &'r Engine,
    text: &'t str,
    position: usize,
    /// The last match was empty and ended at `position`: the next one must not be that again.
    after_empty: bool,
    finished: bool,
    gave_up: bool,
}

impl Matches<'_, '_> {
    /// Whether the search ended early, because it would have taken too long.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// The next match, or `None`; the engine's own error when it gives up.
    fn step(&mut self) -> Result<Option<(usize, usize)>, fancy_regex::Error> {
        if self.after_empty {
            if let Some(regex) = self.engine.not_empty_here()
                && let Some(found) = regex.find_from_pos(self.text, self.position)?
            {
                return Ok(Some((found.start(), found.end())));
            }
            let Some(next) = self.text[self.position..].chars().next() else {
                return Ok(None);
            };
            self.position += next.len_utf8();
        }
        let found = self.engine.regex.find_from_pos(self.text, self.position)?;
        Ok(found.map(|found| (found.start(), found.end())))
    }
}

impl Iterator for Matches<'_, '_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.step() {
            Ok(Some((start, end))) => {
                self.position = end;
                self.after_empty = start == end;
                Some((start, end))
            }
            Ok(None) => {
                self.finished = true;
                None
            }
            Err(_) => {
                self.finished = true;
                self.gave_up = true;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
