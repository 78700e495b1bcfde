//! coverage.py's file globs.
//!
//! A glob is rewritten into a regular expression by the same tokens as in coverage.py, so that sets
//! (`[…]`), which reach the regular expression unchanged, mean the same and fail the same. The regular
//! expressions that come out need no backtracking: matching is linear in the length of the path.

use crate::regex::{Flags, PythonRegex, RegexError, join_regexes};
use crate::{Directory, python_repr};

/// What is wrong with a glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// A part of the glob that has no meaning, such as `***`.
    #[error("File pattern can't include {}", python_repr(part))]
    Part {
        /// The part as written.
        part: String,
    },
    /// The source side of a `[paths]` entry names files, not a directory.
    #[error("Pattern must not end with wildcards.")]
    TrailingWildcard,
    /// A set (`[…]`) that is not a valid set of a regular expression.
    #[error(transparent)]
    Set(#[from] RegexError),
}

impl GlobError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "bad-file-pattern"
    }
}

/// File globs of which any may match the whole path (coverage.py's `GlobMatcher`).
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Vec<String>,
    regex: PythonRegex,
}

impl Globs {
    /// Takes globs as they are; [`prepare_globs`] first makes relative ones absolute.
    pub fn new<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, GlobError> {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        let joined = globs_to_regex(patterns.iter().map(String::as_str))?;
        let regex = PythonRegex::at_start(&format!(r"(?:{joined})\Z"), Flags::default())?;
        Ok(Self { patterns, regex })
    }

    /// Whether any of the globs matches the whole of `path`.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        // An empty list is an empty expression, which matches nothing but the empty path.
        self.regex.is_match(path)
    }

    /// The globs.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

/// A glob for the start of a path, in letters of any case.
pub(crate) fn prefix_regex(pattern: &str) -> Result<PythonRegex, GlobError> {
    let flags = Flags {
        ignore_case: true,
        ..Flags::default()
    };
    Ok(PythonRegex::at_start(&glob_to_regex(pattern)?, flags)?)
}

/// Adds to each relative glob its absolute form (coverage.py's `prep_patterns`).
/// A glob that starts with `*` or `?` stands for itself.
pub fn prepare_globs<S: AsRef<str>>(
    patterns: impl IntoIterator<Item = S>,
    directory: &Directory,
) -> Vec<String> {
    let mut prepared = Vec::new();
    for pattern in patterns {
        let pattern = pattern.as_ref();
        prepared.push(pattern.to_owned());
        if !pattern.starts_with(['*', '?']) {
            prepared.push(directory.absolute(pattern));
        }
    }
    prepared
}

fn globs_to_regex<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<String, GlobError> {
    let regexes = patterns
        .map(glob_to_regex)
        .collect::<Result<Vec<String>, GlobError>>()?;
    Ok(join_regexes(&regexes))
}

/// One glob as a Python regular expression.
pub(crate) fn glob_to_regex(pattern: &str) -> Result<String, GlobError> {
    let mut pattern = pattern.replace('\\', "/");
    if !pattern.contains('/') {
        pattern.insert_str(0, "**/");
    }
    let mut regex = String::with_capacity(pattern.len() * 2);
    let mut position = 0;
    while let Some((length, token)) = next_token(&pattern, position) {
        let text = &pattern[position..position + length];
        match token {
            Token::Refused => {
                return Err(GlobError::Part {
                    part: text.to_owned(),
                });
            }
            Token::AnyPrefix => regex.push_str(r"(.*[/\\])?"),
            Token::AnySuffix => regex.push_str(r"[/\\].*"),
            Token::Slash => regex.push_str(r"[/\\]"),
            Token::Star => regex.push_str(r"[^/\\]*"),
            Token::Question => regex.push_str(r"[^/\\]"),
            Token::Verbatim => regex.push_str(text),
            Token::Escaped => {
                regex.push('\\');
                regex.push_str(text);
            }
        }
        position += length;
    }
    Ok(regex)
}

/// What a piece of a glob becomes.
enum Token {
    Refused,
    AnyPrefix,
    AnySuffix,
    Slash,
    Star,
    Question,
    Verbatim,
    Escaped,
}

/// The length and meaning of the piece at `position`. The order of the rules is coverage.py's.
fn next_token(pattern: &str, position: usize) -> Option<(usize, Token)> {
    let rest = &pattern[position..];
    let first = rest.chars().next()?;
    let stars = run_length(rest, '*');
    // `***`
    if stars >= 3 {
        return Some((stars, Token::Refused));
    }
    // `x**`: as much as possible before the last two stars.
    if let Some(length) = name_then_stars(rest) {
        return Some((length, Token::Refused));
    }
    if stars >= 2 {
        let after = &rest[stars..];
        let name = after.find('/').unwrap_or(after.len());
        // `**x`
        if name > 0 {
            return Some((stars + name, Token::Refused));
        }
        if after.starts_with("/**") {
            return Some((5, Token::Refused));
        }
    }
    if position == 0 && stars > 0 && rest[stars..].starts_with('/') {
        return Some((stars + 1, Token::AnyPrefix));
    }
    if let Some(after) = rest.strip_prefix('/') {
        let stars = run_length(after, '*');
        // Python's `$` also matches before a final newline.
        if stars > 0 && matches!(&after[stars..], "" | "\n") {
            return Some((1 + stars, Token::AnySuffix));
        }
    }
    if rest.starts_with("**/") {
        return Some((3, Token::AnyPrefix));
    }
    Some(single_token(rest, first))
}

fn single_token(rest: &str, first: char) -> (usize, Token) {
    match first {
        '/' => (1, Token::Slash),
        '*' => (1, Token::Star),
        '?' => (1, Token::Question),
        // A set ends at the first `]`, on the same line.
        '[' => match rest.find([']', '\n']) {
            Some(end) if rest[end..].starts_with(']') => (end + 1, Token::Verbatim),
            _ => (1, Token::Refused),
        },
        ']' => (1, Token::Refused),
        c if is_word(c) => (
            rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Token::Verbatim,
        ),
        c => (c.len_utf8(), Token::Escaped),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn run_length(text: &str, wanted: char) -> usize {
    text.len() - text.trim_start_matches(wanted).len()
}

/// The length of `[^/]+\*\*+` at the start of `text`.
fn name_then_stars(text: &str) -> Option<usize> {
    let name = &text[..text.find('/').unwrap_or(text.len())];
    let last = name.rfind("**")?;
    // One character at least must come before the two stars.
    (last > 0).then_some(last + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let globs = Globs::new([pattern]).unwrap();
        for path in matching {
            assert!(globs.is_match(path), "{pattern} should match {path}");
        }
        for path in others {
            assert!(!globs.is_match(path), "{pattern} should not match {path}");
        }
    }

    #[test]
    fn globs_match_whole_paths() {
        check(
            "*.py",
            &["a.py", "x/y/a.py", "x\\a.py"],
            &["a.pyc", "a.py/b"],
        );
        check("*/foo", &["foo", "a/b/foo"], &["a/foo/x.py"]);
        check("foo/*", &["foo/a.py", "foo/a/b.py"], &["x/foo/a.py", "foo"]);
        check("a/**/b.py", &["a/b.py", "a/x/y/b.py"], &["a/xb.py"]);
        check(
            "a/x?.[pq]y",
            &["a/x1.py", "a/xy.qy"],
            &["a/x/.py", "a/x1.zy"],
        );
        check("a\\b.py", &["a/b.py", "a\\b.py"], &["ab.py"]);
        check("a+b(1).py", &["x/a+b(1).py"], &["aab1.py"]);
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let globs = Globs::new(Vec::<String>::new()).unwrap();
        assert!(!globs.is_match("a.py"));
    }

    #[test]
    fn meaningless_globs_are_refused_in_the_words_of_coverage() {
        for (pattern, message) in [
            ("***/foo.py", "File pattern can't include '***'"),
            ("bar/***/foo.py", "File pattern can't include '***'"),
            ("x**", "File pattern can't include 'x**'"),
            ("ab/**cd/e", "File pattern can't include '**cd'"),
            ("*/foo/x**", "File pattern can't include 'x**'"),
            ("a/**/**/b", "File pattern can't include '**/**'"),
            ("foo[b.py", "File pattern can't include '['"),
            ("foo]b.py", "File pattern can't include ']'"),
        ] {
            assert_eq!(Globs::new([pattern]).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn relative_globs_get_an_absolute_twin() {
        let here = Directory::new(std::path::Path::new("/nowhere"));
        assert_eq!(
            prepare_globs(["*.py", "src/*", "?x"], &here),
            ["*.py", "src/*", "/nowhere/src/*", "?x"]
        );
    }
}
