//! The missing `source` of coverage.py's settings, added to the file that coverage.py reads.

use swath_config::CoverageConfig;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use crate::file_change::{FileChange, Preparation};
use crate::ini_edit::add_to_section;
use crate::line_ends::kept_by;
use crate::project::Project;
use crate::proposal::Proposal;

/// What is added.
#[derive(Clone, Copy)]
struct Added<'a> {
    source: &'a [String],
    /// Empty where the settings have patterns of their own.
    omit: &'a [String],
}

/// Adds `source` where nothing says what the source is.
pub(crate) fn extend(
    preparation: &mut Preparation,
    project: &Project,
    proposal: &Proposal,
    config: &CoverageConfig,
) {
    if proposal.source.is_empty() {
        return;
    }
    let file = config
        .config_file
        .as_deref()
        .and_then(|path| path.rsplit('/').next());
    if config.names_source() {
        let file = file.unwrap_or("the settings of coverage.py");
        preparation.keep(format!("{file} says what is measured"));
        return;
    }
    let added = Added {
        source: &proposal.source,
        omit: if config.run_omit.is_empty() {
            &proposal.omit
        } else {
            &[]
        },
    };
    let name = match file {
        Some(file) => file,
        None if project.has_file("pyproject.toml") => "pyproject.toml",
        None => ".coveragerc",
    };
    let before = match project.text_of(name) {
        Ok(before) => before,
        Err(error) => {
            preparation.leave(format!(
                "`source` is not set: `{name}` cannot be read: {error}"
            ));
            return;
        }
    };
    // The settings may have `omit`, with nothing in it.
    let alone = Added { omit: &[], ..added };
    let text = before.as_deref().unwrap_or_default();
    let after = [added, alone]
        .iter()
        .find_map(|added| kept_by(text, |text| edited(name, text, added)));
    match (after, before) {
        (Some(after), None) => preparation.changes.push(FileChange::new(name, after)),
        (Some(after), Some(before)) => {
            preparation
                .changes
                .push(FileChange::extended(name, before, after));
        }
        (None, _) => {
            let is_toml = matches!(name, "pyproject.toml" | ".coveragerc.toml");
            let source = &proposal.source;
            let line = if is_toml {
                format!("source = [\"{}\"]", source.join("\", \""))
            } else {
                format!("source = {}", source.join(", "))
            };
            preparation.leave(format!(
                "`source` is not set, and {name} has no place for it that could be found: add `{line}` under `[{}]`",
                section(name)
            ));
        }
    }
}

/// The section of `source` in a file.
fn section(name: &str) -> &'static str {
    match name {
        "pyproject.toml" => "tool.coverage.run",
        "setup.cfg" | "tox.ini" => "coverage:run",
        _ => "run",
    }
}

/// The text with the options in it; nothing if it would then say anything else than before, besides them.
fn edited(name: &str, text: &str, added: &Added<'_>) -> Option<String> {
    let after = match name {
        "pyproject.toml" => in_toml(text, &["tool", "coverage", "run"], added)?,
        ".coveragerc.toml" => in_own_toml(text, added)?,
        "setup.cfg" | "tox.ini" => {
            add_to_section(text, section(name), &["coverage:run"], &lines(added))
        }
        _ => add_to_section(text, section(name), &["run", "coverage:run"], &lines(added)),
    };
    let mut expected = CoverageConfig::parse(name, text).ok()?;
    expected.source = Some(added.source.to_vec());
    if !added.omit.is_empty() {
        expected.run_omit = added.omit.to_vec();
    }
    let found = CoverageConfig::parse(name, &after).ok()?;
    (found == expected).then_some(after)
}

/// The options as lines of an ini file.
fn lines(added: &Added<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, values) in [("source", added.source), ("omit", added.omit)] {
        if !values.is_empty() {
            lines.push(format!("{name} ="));
            lines.extend(values.iter().map(|value| format!("    {value}")));
        }
    }
    lines
}

fn in_own_toml(text: &str, added: &Added<'_>) -> Option<String> {
    let document: DocumentMut = text.parse().ok()?;
    let has_prefix = document
        .get("tool")
        .is_some_and(|tool| tool.get("coverage").is_some());
    if has_prefix && document.get("run").is_none() {
        in_toml(text, &["tool", "coverage", "run"], added)
    } else {
        in_toml(text, &["run"], added)
    }
}

/// The text with the options in the table at `path`; comments and everything else stay as they are.
fn in_toml(text: &str, path: &[&str], added: &Added<'_>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let is_new = !has_table(document.as_table(), path);
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, part) in path.iter().enumerate() {
        let is_last = depth + 1 == path.len();
        let mut fresh = Table::new();
        fresh.set_implicit(!is_last);
        if is_last && is_new && !text.trim().is_empty() {
            fresh.decor_mut().set_prefix("\n");
        }
        let item = table.entry(part).or_insert(Item::Table(fresh));
        table = item.as_table_like_mut()?;
    }
    for (name, values) in [("source", added.source), ("omit", added.omit)] {
        if !values.is_empty() {
            let list: Array = values.iter().map(String::as_str).collect();
            table.insert(name, value(list));
        }
    }
    Some(document.to_string())
}

fn has_table(table: &Table, path: &[&str]) -> bool {
    let mut item = table.get(path[0]);
    for part in &path[1..] {
        item = item.and_then(|item| item.get(part));
    }
    item.is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use swath_config::RcFile;

    use super::*;

    /// What a file becomes, and what coverage.py's settings then are.
    fn extended(name: &str, text: &str) -> (Preparation, Option<Vec<String>>) {
        let folder = tempfile::tempdir().unwrap();
        if !name.is_empty() {
            swath_test::write_file(folder.path().join(name), text);
        }
        let load = || {
            let nothing: BTreeMap<String, String> = BTreeMap::new();
            CoverageConfig::load(&RcFile::Search, folder.path(), &nothing)
                .unwrap()
                .config
        };
        let proposal = Proposal {
            source: vec!["src".to_owned(), "lib".to_owned()],
            omit: vec!["*/tests/*".to_owned()],
            ..Proposal::default()
        };
        let mut preparation = Preparation::default();
        extend(
            &mut preparation,
            &Project::new(folder.path()),
            &proposal,
            &load(),
        );
        for change in &preparation.changes {
            swath_test::write_file(folder.path().join(&change.path), &change.after);
        }
        (preparation, load().source)
    }

    #[test]
    fn source_is_added_where_coverage_py_reads_it_and_nothing_else_changes() {
        for (name, text, target) in [
            ("", "", ".coveragerc"),
            (
                ".coveragerc",
                "# mine\n[run]\nbranch = true\n\n[report]\nprecision = 1\n",
                ".coveragerc",
            ),
            (".coveragerc", "[report]\nprecision = 1", ".coveragerc"),
            ("setup.cfg", "[metadata]\nname = x\n", ".coveragerc"),
            (
                "setup.cfg",
                "[coverage:run]\nbranch = true\n[metadata]\nname = x\n",
                "setup.cfg",
            ),
            ("tox.ini", "[coverage:report]\nprecision = 1\n", "tox.ini"),
            (
                "pyproject.toml",
                "[project] # who\nname = 'x'\n\n[tool.black]\nline-length = 9\n",
                "pyproject.toml",
            ),
            (
                "pyproject.toml",
                "[tool.coverage.run]\nbranch = true # all\n[tool.black]\n",
                "pyproject.toml",
            ),
            (
                "pyproject.toml",
                "tool.coverage.run.branch = true\n",
                "pyproject.toml",
            ),
            (
                "pyproject.toml",
                "[tool]\ncoverage = {run = {branch = true}}\n",
                "pyproject.toml",
            ),
            ("pyproject.toml", "", "pyproject.toml"),
            (
                ".coveragerc.toml",
                "[run]\nbranch = true\n",
                ".coveragerc.toml",
            ),
        ] {
            let (preparation, source) = extended(name, text);
            let [change] = &preparation.changes[..] else {
                panic!("{name} {text}: {preparation:?}");
            };
            assert_eq!(change.path, target, "{text}");
            assert_eq!(source.unwrap(), ["src", "lib"], "{}", change.after);
            // All that was there is there still, in its order.
            let mut after = change.after.lines();
            for line in text.lines().filter(|_| target == name) {
                let kept = line.trim_end_matches('}');
                assert!(
                    after.any(|other| other.starts_with(kept)),
                    "{line}: {}",
                    change.after
                );
            }
        }
    }

    #[test]
    fn what_is_set_stays() {
        for (name, text) in [
            (".coveragerc", "[run]\nsource = .\n"),
            (
                "pyproject.toml",
                "[tool.coverage.run]\nsource_pkgs = ['x']\n",
            ),
            ("tox.ini", "[coverage:run]\ninclude = a/*\n"),
        ] {
            let (preparation, _) = extended(name, text);
            assert!(preparation.changes.is_empty(), "{text}: {preparation:?}");
            assert!(preparation.kept[0].contains(name), "{preparation:?}");
        }
        // An option with nothing in it would be there twice.
        let (preparation, source) = extended(".coveragerc", "[run]\nomit =\n");
        assert_eq!(source.unwrap(), ["src", "lib"], "{preparation:?}");
        assert!(!preparation.changes[0].after.contains("tests"));
        for (name, text, line) in [
            (
                ".coveragerc",
                "[run]\nsource =\n",
                "`source = src, lib` under `[run]`",
            ),
            (
                "pyproject.toml",
                "tool.coverage = 1\n[tool.black]\n",
                "`source = [\"src\", \"lib\"]` under `[tool.coverage.run]`",
            ),
        ] {
            let mut preparation = Preparation::default();
            let folder = tempfile::tempdir().unwrap();
            swath_test::write_file(folder.path().join(name), text);
            let config = CoverageConfig {
                config_file: Some(format!("/x/{name}")),
                ..CoverageConfig::default()
            };
            let proposal = Proposal {
                source: vec!["src".to_owned(), "lib".to_owned()],
                ..Proposal::default()
            };
            extend(
                &mut preparation,
                &Project::new(folder.path()),
                &proposal,
                &config,
            );
            assert!(preparation.changes.is_empty(), "{preparation:?}");
            assert!(preparation.left[0].contains(line), "{preparation:?}");
        }
        let (preparation, _) = extended(".coveragerc", "[run]\nomit = mine\n");
        assert!(
            !preparation.changes[0].after.contains("tests"),
            "{preparation:?}"
        );
    }

    #[test]
    fn lines_end_as_the_files_do() {
        for (name, text) in [
            (".coveragerc", "# mine\r\n[run]\r\nbranch = true\r\n"),
            ("setup.cfg", "[coverage:run]\r\nbranch = true\r\n"),
            (
                "pyproject.toml",
                "[project] # who\r\nname = 'x'\r\n\r\n[tool.black]\r\nline-length = 9\r\n",
            ),
        ] {
            let (preparation, source) = extended(name, text);
            assert_eq!(source.unwrap(), ["src", "lib"]);
            let after = &preparation.changes[0].after;
            let bare = after.matches('\n').count() - after.matches("\r\n").count();
            assert_eq!(bare, 0, "{after:?}");
            let mut lines = after.split_inclusive('\n');
            for line in text.split_inclusive('\n') {
                assert!(lines.any(|other| other == line), "{line:?}: {after:?}");
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_taken_for_missing() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("pyproject.toml"), [0xff]).unwrap();
        let proposal = Proposal {
            source: vec!["src".to_owned()],
            ..Proposal::default()
        };
        let mut preparation = Preparation::default();
        let config = CoverageConfig::default();
        extend(
            &mut preparation,
            &Project::new(folder.path()),
            &proposal,
            &config,
        );
        assert!(preparation.changes.is_empty(), "{preparation:?}");
        assert!(preparation.left[0].contains("`pyproject.toml` cannot be read"));
    }
}
