//! The structure of the repository: sizes and names of files, the map in ARCHITECTURE.md, what is
//! left to do, and where dependencies come from.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;
use swath_test::workspace_root;
use walkdir::WalkDir;

use crate::{cargo, licence};

const LONGEST_FILE: usize = 800;
const LONGEST_LIB: usize = 80;
const NO_MODULES: [&str; 8] = [
    "common", "helper", "helpers", "misc", "mod", "types", "util", "utils",
];
/// Spelt in two parts, so that this file does not find itself.
const MARKERS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// What has one owner: a text that only one file of the crates may hold, and what it is for.
const OWNED: [(&str, &str, &str); 6] = [
    (
        concat!("anstream::", "eprint"),
        "crates/swath/src/terminal.rs",
        "the way to the terminal",
    ),
    (
        concat!("escape", "_debug"),
        "crates/swath-model/src/printable.rs",
        "making text printable",
    ),
    (
        concat!("random/", "boot_id"),
        "crates/swath-checkout/src/owner.rs",
        "whether a process that made something lives",
    ),
    (
        concat!("WalkDir", "::new"),
        "crates/swath-checkout/src/walk.rs",
        "walking a checkout",
    ),
    (
        concat!("ZipArchive", "::new"),
        "crates/swath-checkout/src/archive.rs",
        "reading archives",
    ),
    (
        concat!("tempfile", "_in("),
        "crates/swath-checkout/src/new_file.rs",
        "writing files",
    ),
];

/// Prints everything that is out of order; an error when there is anything.
pub(crate) fn run() -> Result<()> {
    let root = workspace_root();
    let mut problems = Vec::new();
    for (path, text) in sources(root) {
        file_problems(&path, &text, &mut problems);
    }
    let map = fs_err::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    map_problems(&map, &crate_names(root)?, &mut problems);
    dependency_problems(&cargo::metadata()?, &mut problems);
    for problem in &problems {
        eprintln!("tidy: {problem}");
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("tidy found {} problems", problems.len())
}

/// Every text file of the repository that people write: its path from the root and its text.
fn sources(root: &Path) -> Vec<(String, String)> {
    let hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".") && name != ".ci";
    WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name();
            entry.depth() == 0 || !(hidden(name) || name == "target" || name == "__pycache__")
        })
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?.to_str()?.to_owned();
            let text = fs_err::read_to_string(entry.path()).ok()?;
            Some((path, text))
        })
        .collect()
}

fn file_problems(path: &str, text: &str, problems: &mut Vec<String>) {
    let file = Path::new(path);
    let lines = text.lines().count();
    let generated = path.contains("/generated/");
    if file.extension().is_some_and(|extension| extension == "rs") {
        let stem = file.file_stem().and_then(OsStr::to_str).unwrap_or("");
        if lines > LONGEST_FILE && !generated {
            problems.push(format!(
                "{path} has {lines} lines, more than {LONGEST_FILE}: split it"
            ));
        }
        if stem == "lib" && lines > LONGEST_LIB {
            problems.push(format!(
                "{path} has {lines} lines, more than {LONGEST_LIB}: a lib.rs only names its modules"
            ));
        }
        if NO_MODULES.contains(&stem) {
            problems.push(format!(
                "{path} is named `{stem}`: name it after what it holds"
            ));
        }
    }
    if path.starts_with("crates/") && path.contains("/src/") && !path.contains("swath-test/") {
        for (text_of_one, owner, what) in OWNED {
            if path != owner && text.contains(text_of_one) {
                problems.push(format!("{path} has `{text_of_one}`: {what} is {owner}'s"));
            }
        }
    }
    if has_text_to_check(file) {
        for (number, line) in text.lines().enumerate() {
            if let Some(marker) = open_marker(line) {
                problems.push(format!(
                    "{path}:{}: {marker} without an issue's number",
                    number + 1
                ));
            }
        }
    }
}

fn has_text_to_check(file: &Path) -> bool {
    let extension = file.extension().and_then(OsStr::to_str).unwrap_or("");
    [
        "rs", "py", "sh", "toml", "md", "yml", "yaml", "js", "css", "html",
    ]
    .contains(&extension)
}

/// A marker of unfinished work that names no issue, as `(#12)` would.
fn open_marker(line: &str) -> Option<&'static str> {
    MARKERS.into_iter().find(|marker| {
        line.match_indices(marker).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = &line[at + marker.len()..];
            let is_word = !before
                .is_some_and(|character| character.is_alphanumeric() || character == '_')
                && !after
                    .starts_with(|character: char| character.is_alphanumeric() || character == '_');
            is_word && !after.starts_with("(#")
        })
    })
}

fn crate_names(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs_err::read_dir(root.join("crates"))? {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Compares the crates that ARCHITECTURE.md names with those there are.
fn map_problems(map: &str, crates: &BTreeSet<String>, problems: &mut Vec<String>) {
    let is_part = |character: char| character.is_alphanumeric() || "-_./".contains(character);
    let named: BTreeSet<&str> = map
        .split(|character| !is_part(character))
        .map(|word| word.trim_end_matches('.'))
        .collect();
    for name in crates.iter().filter(|name| !named.contains(name.as_str())) {
        problems.push(format!("ARCHITECTURE.md does not name `{name}`"));
    }
    for name in named
        .iter()
        .filter(|name| looks_like_crate(name) && !crates.contains(**name))
    {
        problems.push(format!(
            "ARCHITECTURE.md names `{name}`, which is no crate here"
        ));
    }
}

fn looks_like_crate(name: &str) -> bool {
    name.strip_prefix("swath-").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .chars()
                .all(|character| character.is_ascii_lowercase() || character == '-')
    })
}

fn dependency_problems(metadata: &Value, problems: &mut Vec<String>) {
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for package in packages {
        let name = package["name"].as_str().unwrap_or("?");
        let Some(source) = package["source"].as_str() else {
            continue;
        };
        if !source.starts_with("registry+") {
            problems.push(format!(
                "dependency {name} comes from {source}, not from the registry"
            ));
        }
        match package["license"].as_str() {
            Some(expression) if licence::is_allowed(expression) => {}
            Some(expression) => problems.push(format!("dependency {name} is under {expression}")),
            None => problems.push(format!("dependency {name} names no licence")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let mut problems = Vec::new();
        file_problems(path, text, &mut problems);
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, part) in problems.iter().zip(expected) {
            assert!(problem.contains(part), "{problem} lacks {part}");
        }
    }

    #[test]
    fn long_files_and_names_without_meaning_are_found() {
        check_file("a/src/arcs.rs", &"\n".repeat(800), &[]);
        check_file("a/src/arcs.rs", &"\n".repeat(801), &["801 lines"]);
        check_file("a/src/generated/table.rs", &"\n".repeat(5000), &[]);
        check_file("a/src/lib.rs", &"\n".repeat(81), &["81 lines"]);
        check_file("a/src/utils.rs", "", &["named `utils`"]);
        check_file("a/src/arcs/mod.rs", "", &["named `mod`"]);
    }

    #[test]
    fn what_has_one_owner_is_nowhere_else() {
        for (text, owner, _) in OWNED {
            check_file(owner, text, &[]);
            check_file("crates/swath-run/src/other.rs", text, &[owner]);
            check_file("crates/swath-run/tests/other.rs", text, &[]);
        }
    }

    #[test]
    fn markers_need_an_issue() {
        let marker = MARKERS[0];
        check_file("a.py", &format!("x = 1  # {marker}: later\n"), &["a.py:1"]);
        check_file("a.py", &format!("x = 1  # {marker}(#12): later\n"), &[]);
        check_file("a.py", &format!("{marker}S = 1\nMY_{marker} = 2\n"), &[]);
        check_file("a.bin", marker, &[]);
    }

    #[test]
    fn the_map_names_all_crates_and_no_others() {
        let crates = BTreeSet::from(["swath".to_owned(), "swath-run".to_owned()]);
        let mut problems = Vec::new();
        map_problems(
            "`swath` and **swath-run**; `swath-agent.conf`, `swath run`.",
            &crates,
            &mut problems,
        );
        assert!(problems.is_empty(), "{problems:?}");
        map_problems("`swath` and `swath-gone`", &crates, &mut problems);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn dependencies_are_from_the_registry_and_licensed() {
        let text = r#"{"packages": [
            {"name": "own", "source": null, "license": null},
            {"name": "fine", "source": "registry+https://example.org/index", "license": "MIT"},
            {"name": "git", "source": "git+https://example.org/git", "license": "MIT"},
            {"name": "viral", "source": "registry+https://example.org/index", "license": "GPL-3.0"}]}"#;
        let mut problems = Vec::new();
        dependency_problems(&serde_json::from_str(text).unwrap(), &mut problems);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
