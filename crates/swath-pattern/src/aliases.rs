//! `[paths]`: where a path that was recorded elsewhere lies here.

use crate::directory::Directory;
use crate::glob::{GlobError, prefix_regex};
use crate::regex::{Flags, PythonRegex};

/// The rules of `[paths]`, tried in order (coverage.py's `PathAliases`).
#[derive(Debug, Clone)]
pub struct PathAliases {
    rules: Vec<Rule>,
    directory: Directory,
    relative: bool,
}

#[derive(Debug, Clone)]
struct Rule {
    pattern: String,
    /// Matches the start of a path.
    root: PythonRegex,
    result: String,
}

impl PathAliases {
    /// No rules yet. With `relative` (coverage.py's `relative_files`), paths stay relative to `directory`.
    #[must_use]
    pub fn new(directory: Directory, relative: bool) -> Self {
        Self {
            rules: Vec::new(),
            directory,
            relative,
        }
    }

    /// The rules of all the lists of `[paths]`: in each, the first item is the result for the others.
    pub fn from_lists<'a, L>(
        lists: L,
        directory: Directory,
        relative: bool,
    ) -> Result<Self, GlobError>
    where
        L: IntoIterator<Item = &'a [String]>,
    {
        let mut aliases = Self::new(directory, relative);
        for list in lists {
            if let Some((result, patterns)) = list.split_first() {
                for pattern in patterns {
                    aliases.add(pattern, result)?;
                }
            }
        }
        Ok(aliases)
    }

    /// Maps what starts with the glob `pattern` to `result`.
    pub fn add(&mut self, pattern: &str, result: &str) -> Result<(), GlobError> {
        let pattern_separator = separator(pattern);
        let mut glob = pattern;
        if glob.chars().nth(1).is_some() {
            glob = glob.trim_end_matches(['\\', '/']);
        }
        if glob.ends_with('*') {
            return Err(GlobError::TrailingWildcard);
        }
        let mut glob = glob.to_owned();
        let floats = glob.starts_with('*');
        if !self.relative && !floats && !is_absolute(&format!("{glob}{pattern_separator}")) {
            glob = self.directory.absolute(&glob);
        }
        if !glob.ends_with(pattern_separator) {
            glob.push(pattern_separator);
        }
        let root = prefix_regex(&glob)?;
        let result_separator = separator(result);
        let trimmed = result.trim_end_matches(['\\', '/']);
        self.rules.push(Rule {
            pattern: pattern.to_owned(),
            root,
            result: format!("{trimmed}{result_separator}"),
        });
        Ok(())
    }

    /// Where `path` lies here, by the first rule whose result exists, as `exists` has it; otherwise
    /// `path` itself. With `relative`, a relative path that no rule maps adds a rule for its first
    /// directory.
    pub fn map(&mut self, path: &str, exists: &dyn Fn(&str) -> bool) -> String {
        if let Some(mapped) = self.apply_rules(path, exists) {
            return mapped;
        }
        if !self.relative {
            return path.to_owned();
        }
        let path = self.directory.relative(path);
        if is_absolute(path) {
            return path.to_owned();
        }
        let Some((first, _)) = path.split_once(['/', '\\']) else {
            return path.to_owned();
        };
        let pattern = format!("*/{first}");
        if self.rules.iter().any(|rule| rule.pattern == pattern) {
            return path.to_owned();
        }
        let Some(root) = named_root(first) else {
            return path.to_owned();
        };
        self.rules.push(Rule {
            pattern,
            root,
            result: format!("{first}/"),
        });
        // Only the new rule and the shortened path can make a difference now.
        self.apply_rules(path, exists)
            .unwrap_or_else(|| path.to_owned())
    }

    fn apply_rules(&self, path: &str, exists: &dyn Fn(&str) -> bool) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let (start, end) = rule.root.search(path)?;
            let mapped = self.replace_root(path, &path[start..end], &rule.result);
            exists(&mapped).then_some(mapped)
        })
    }

    fn replace_root(&self, path: &str, root: &str, result: &str) -> String {
        let mut new = path.replacen(root, result, 1);
        let (path_separator, result_separator) = (separator(path), separator(result));
        if path_separator != result_separator {
            new = new.replace(path_separator, &result_separator.to_string());
        }
        if !self.relative {
            new = self.directory.absolute(&new);
        }
        let keeps_dot = starts_with_dot(result) && result.chars().nth(2).is_some();
        if starts_with_dot(&new) && !keeps_dot {
            new.drain(..2);
        }
        new
    }
}

/// Matches up to the last place where the directory `name` is named.
fn named_root(name: &str) -> Option<PythonRegex> {
    let escaped: String = name
        .chars()
        .flat_map(|c| {
            let plain = c.is_alphanumeric() || c == '_';
            (!plain).then_some('\\').into_iter().chain([c])
        })
        .collect();
    let pattern = format!(r"\A(.*[\\/])?{escaped}[\\/]");
    PythonRegex::with_flags(&pattern, Flags::default()).ok()
}

fn starts_with_dot(path: &str) -> bool {
    path.starts_with("./") || path.starts_with(".\\")
}

/// The separator that `path` uses: the first one in it, or this system's.
pub(crate) fn separator(path: &str) -> char {
    path.chars()
        .find(|c| matches!(c, '/' | '\\'))
        .unwrap_or('/')
}

/// Whether `path` is absolute on any system.
fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_separator = |index: usize| matches!(bytes.get(index), Some(b'/' | b'\\'));
    if bytes.first() == Some(&b'/') || is_separator(0) && is_separator(1) {
        return true;
    }
    let mut characters = path.chars();
    // A drive is any one character followed by a colon.
    characters.next().is_some()
        && characters.next() == Some(':')
        && matches!(characters.next(), Some('/' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(rules: &[(&str, &str)], relative: bool) -> PathAliases {
        let mut aliases = PathAliases::new(Directory::new("/nowhere".as_ref()), relative);
        for (pattern, result) in rules {
            aliases.add(pattern, result).unwrap();
        }
        aliases
    }

    #[test]
    fn the_first_rule_with_an_existing_result_wins() {
        let mut aliases = aliases(&[("/ned/home/*/src", "./a"), ("*/src", "./b")], false);
        let mapped = aliases.map("/ned/home/foo/src/x.py", &|path| path.contains("/b/"));
        assert_eq!(mapped, "/nowhere/b/x.py");
        let unmapped = aliases.map("/ned/home/foo/src/x.py", &|_| false);
        assert_eq!(unmapped, "/ned/home/foo/src/x.py");
    }

    #[test]
    fn windows_paths_become_local_ones() {
        let mut aliases = aliases(&[("c:\\Zoo\\boo", "src/")], false);
        assert_eq!(
            aliases.map("C:\\zoo\\Boo\\sub\\a.py", &|_| true),
            "/nowhere/src/sub/a.py"
        );
    }

    #[test]
    fn relative_files_join_by_their_first_directory() {
        let mut aliases = aliases(&[], true);
        assert_eq!(aliases.map("project/a.py", &|_| true), "project/a.py");
        assert_eq!(
            aliases.map("/x/project/y/project/b.py", &|_| true),
            "project/b.py"
        );
    }

    #[test]
    fn a_pattern_must_name_a_directory() {
        for pattern in ["/x/*", "/x/*/", "/x/**"] {
            let error = aliases(&[], false).add(pattern, "y").unwrap_err();
            assert_eq!(error.to_string(), "Pattern must not end with wildcards.");
        }
    }
}
