//! The files that a project still lacks: new ones, and additions to those that are there.

use std::collections::BTreeMap;
use std::path::Path;

use swath_config::{CoverageConfig, RcFile, SwathConfig};

use crate::ci::{self, CiService};
use crate::coverage_settings;
use crate::git_ignore;
use crate::project::Project;
use crate::proposal::Proposal;
use crate::swath_toml;
use crate::written_settings::WrittenSettings;

const SETTINGS: &str = "swath.toml";

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It does not exist yet.
    New,
    /// Lines are added to it.
    Extended,
}

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// From the project's folder, with `/`.
    pub path: String,
    /// Whether it is new.
    pub kind: ChangeKind,
    /// What is in it now; empty for a new one.
    pub before: String,
    /// What will be in it.
    pub after: String,
}

impl FileChange {
    pub(crate) fn new(path: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            kind: ChangeKind::New,
            before: String::new(),
            after: text,
        }
    }

    pub(crate) fn extended(path: &str, before: String, after: String) -> Self {
        Self {
            path: path.to_owned(),
            kind: ChangeKind::Extended,
            before,
            after,
        }
    }

    /// The lines that are added, each with the number of the line that it becomes.
    #[must_use]
    pub fn added_lines(&self) -> Vec<(usize, &str)> {
        let before: Vec<&str> = self.before.lines().collect();
        let after: Vec<&str> = self.after.lines().collect();
        let same_start = before
            .iter()
            .zip(&after)
            .take_while(|(one, other)| one == other)
            .count();
        let ends = before.iter().rev().zip(after.iter().rev());
        let same_end = ends.take_while(|(one, other)| one == other).count();
        let end = after.len() - same_end.min(before.len() - same_start);
        let lines = (same_start..end).filter_map(|index| Some((index + 1, *after.get(index)?)));
        lines.collect()
    }
}

/// What is to be written, and what there is already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preparation {
    /// The files to write.
    pub changes: Vec<FileChange>,
    /// What needs no change: one sentence each.
    pub kept: Vec<String>,
    /// What is missing and is not written, with the reason: one sentence each.
    pub left: Vec<String>,
}

impl Preparation {
    pub(crate) fn keep(&mut self, text: impl Into<String>) {
        self.kept.push(text.into());
    }

    pub(crate) fn leave(&mut self, text: impl Into<String>) {
        self.left.push(text.into());
    }
}

/// Says what of a project in `root` is to be written so that `swath run` does what the proposal says. `ci` is the service
/// that a job is for; `None` is the one that the project uses, if it can be told.
#[must_use]
pub fn prepare(root: &Path, proposal: &Proposal, ci: Option<CiService>) -> Preparation {
    let project = &Project::new(root);
    let mut preparation = Preparation::default();
    match WrittenSettings::of(root) {
        WrittenSettings::Read(config) => {
            let file = config.file.unwrap_or_default();
            let shown = file.strip_prefix(root).unwrap_or(&file).display();
            preparation.keep(format!("{shown} has settings of swath"));
        }
        WrittenSettings::Unusable(error) => {
            preparation.leave(format!("the settings cannot be used: {error}"));
        }
        WrittenSettings::None if proposal.test.is_none() && !proposal.starts_services() => {}
        WrittenSettings::None => {
            let text = swath_toml::render(proposal);
            // What is found in a checkout can hold anything.
            match SwathConfig::parse(&text, &root.join(SETTINGS), &[]) {
                Ok(_) => preparation.changes.push(FileChange::new(SETTINGS, text)),
                Err(error) => preparation.leave(format!(
                    "no {SETTINGS}: what was found here makes no valid one: {error}"
                )),
            }
        }
    }
    let nothing: BTreeMap<String, String> = BTreeMap::new();
    match CoverageConfig::load(&RcFile::Search, root, &nothing) {
        Ok(loaded) => {
            coverage_settings::extend(&mut preparation, project, proposal, &loaded.config);
        }
        Err(error) => preparation.leave(format!("`source` is not set: {error}")),
    }
    git_ignore::extend(&mut preparation, project);
    ci::extend(&mut preparation, project, proposal, ci);
    preparation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_told_from_those_that_were_there() {
        let change = |before: &str, after: &str| {
            let change = FileChange::extended("x", before.to_owned(), after.to_owned());
            let lines = change.added_lines().into_iter();
            lines
                .map(|(number, line)| format!("{number}{line}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(change("a\nb\n", "a\nx\nb\n"), "2x");
        assert_eq!(change("a\n", "a\nx\ny\n"), "2x 3y");
        assert_eq!(change("", "x\n"), "1x");
        assert_eq!(change("a\na\n", "a\na\na\n"), "3a");
        assert_eq!(change("a\n", "a\n"), "");
    }

    #[test]
    fn nothing_is_written_that_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let service = |name: &str, command: &str| crate::ServiceProposal {
            name: name.to_owned(),
            command: command.to_owned(),
            ..crate::ServiceProposal::default()
        };
        for services in [
            vec![service("web", "one"), service("web", "two")],
            vec![service("web", "it's")],
            vec![service("web", "")],
            vec![service("a b", "one")],
        ] {
            let proposal = Proposal {
                services,
                ..Proposal::default()
            };
            let preparation = prepare(folder.path(), &proposal, Some(CiService::None));
            assert!(preparation.changes.is_empty(), "{preparation:?}");
            assert!(
                preparation.left[0].starts_with("no swath.toml"),
                "{preparation:?}"
            );
        }
    }

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        swath_test::write_file(folder.path().join("swath.toml"), "tests = 'pytest'\n");
        let preparation = prepare(folder.path(), &Proposal::default(), Some(CiService::None));
        assert!(preparation.kept.is_empty(), "{preparation:?}");
        assert!(
            preparation.left[0].contains("cannot be used"),
            "{preparation:?}"
        );
    }
}
