//! Pages of documentation that tests follow: what they tell the reader to write and to type, and what
//! they say comes of it.

use std::path::PathBuf;

use crate::workspace::workspace_root;

/// One thing that a page has its reader do, or shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `<!-- project: PACKAGE … -->`: an empty folder, and an environment with these packages.
    Project(Vec<String>),
    /// `<!-- file: PATH -->`, and the block behind it; without one the file is empty.
    File {
        /// From the project's folder.
        path: String,
        /// What it holds.
        text: String,
    },
    /// `<!-- append: PATH -->`, and the block behind it: lines at the end of a file that is there.
    Append {
        /// From the project's folder.
        path: String,
        /// The lines.
        text: String,
    },
    /// A line of a `console` block that begins with `$`.
    Command {
        /// The line without the mark.
        words: String,
        /// What the page shows of its output: the lines up to the next command.
        shown: String,
    },
}

/// What a page tells its reader, in order. Comments say what the page's own words say to people.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(packages) = comment(line, "project") {
            let packages = packages.split_whitespace().map(str::to_owned);
            steps.push(Step::Project(packages.collect()));
        } else if let Some(path) = comment(line, "file") {
            let (path, text) = (path.to_owned(), String::new());
            steps.push(Step::File { path, text });
        } else if let Some(path) = comment(line, "append") {
            let (path, text) = (path.to_owned(), String::new());
            steps.push(Step::Append { path, text });
        } else if let Some(kind) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let block: String = lines
                .by_ref()
                .take_while(|line| !line.trim_start().starts_with("```"))
                .map(|line| line.get(indent..).unwrap_or("").to_owned() + "\n")
                .collect();
            match steps.last_mut() {
                _ if kind == "console" => steps.extend(commands(&block)),
                Some(Step::File { text, .. } | Step::Append { text, .. }) if text.is_empty() => {
                    *text = block;
                }
                _ => {}
            }
        }
    }
    steps
}

/// The commands of a page's console blocks, each with what the page shows of its output.
pub fn console_commands(page: &str) -> Vec<(String, String)> {
    let steps = steps(page).into_iter();
    let commands = steps.filter_map(|step| match step {
        Step::Command { words, shown } => Some((words, shown)),
        _ => None,
    });
    commands.collect()
}

/// Whether an output is what a page shows, in which a line `…` stands for any number of lines.
pub fn is_as_shown(said: &str, shown: &str) -> bool {
    let said: Vec<&str> = said.trim_end().lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
    let mut parts = shown.split(|line| *line == "…");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = said.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        if part.is_empty() {
            continue;
        }
        let found = rest.windows(part.len()).position(|window| window == part);
        let Some(found) = found else {
            return false;
        };
        rest = &rest[found + part.len()..];
    }
    true
}

/// An output without what depends on time and machine: durations and sizes.
pub fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let length = from
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(from.len());
        let (number, after) = from.split_at(length);
        steady += before;
        let unit = ["s", " kB"].into_iter().find(|unit| {
            let behind = after.strip_prefix(unit);
            behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric()))
        });
        steady += if unit.is_some() { "–" } else { number };
        rest = after
            .strip_prefix(unit.unwrap_or_default())
            .unwrap_or(after);
    }
    steady + rest
}

/// Every page of the documentation: README and what is below `docs`.
///
/// # Panics
/// If a folder cannot be read.
pub fn documentation() -> Vec<PathBuf> {
    let root = workspace_root();
    let mut pages = vec![root.join("README.md")];
    let entries = walkdir::WalkDir::new(root.join("docs")).sort_by_file_name();
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{error}")).into_path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages
}

fn comment<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let text = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(text.trim().strip_prefix(name)?.strip_prefix(':')?.trim())
}

fn commands(block: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for line in block.lines() {
        if let Some(words) = line.strip_prefix("$ ") {
            steps.push(Step::Command {
                words: words.to_owned(),
                shown: String::new(),
            });
        } else if let Some(Step::Command { shown, .. }) = steps.last_mut() {
            *shown += line;
            shown.push('\n');
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_order() {
        let page = "# Page\n\n<!-- project: a b -->\n\n<!-- file: e.py -->\n\n<!-- file: f.py -->\n\n\
                    ```python\nx = 1\n```\n\n```python\nshown only\n```\n\n\
                    1. A step\n\n   ```console\n   $ one\n   said\n   $ two\n   ```\n\n\
                    <!-- append: f.py -->\n\n```python\ny = 2\n```\n";
        let text = str::to_owned;
        let file = |path, content| Step::File {
            path: text(path),
            text: text(content),
        };
        let command = |words, shown| Step::Command {
            words: text(words),
            shown: text(shown),
        };
        let expected = [
            Step::Project(vec![text("a"), text("b")]),
            file("e.py", ""),
            file("f.py", "x = 1\n"),
            command("one", "said\n"),
            command("two", ""),
            Step::Append {
                path: text("f.py"),
                text: text("y = 2\n"),
            },
        ];
        assert_eq!(steps(page), expected);
    }

    #[test]
    fn times_and_sizes_are_left_out_and_counts_are_not() {
        let said = "Ready 1 service in 0.66s, 78 kB, 3 tests, 10s; 4s4";
        assert_eq!(steady(said), "Ready 1 service in –, –, 3 tests, –; 4s4");
    }

    #[test]
    fn dots_stand_for_any_lines() {
        let said = "a\nb\nc\nd\n";
        for shown in [
            "a\nb\nc\nd",
            "…",
            "a\n…",
            "…\nd",
            "a\n…\nd",
            "…\nb\n…",
            "…\nb\nc\n…\nd\n",
            "a\nb\nc\nd\n…",
        ] {
            assert!(is_as_shown(said, shown), "{shown}");
        }
        for shown in [
            "a",
            "b\n…",
            "…\nc",
            "a\nc\n…",
            "…\nc\n…\nb\n…",
            "…\nd\n…\nd",
        ] {
            assert!(!is_as_shown(said, shown), "{shown}");
        }
    }
}
