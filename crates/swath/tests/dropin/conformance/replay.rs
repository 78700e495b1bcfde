//! Recorded command lines: each is run twice in the folder that was recorded, by coverage.py and by
//! swath, and everything is compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::suite::Suite;
use crate::side_by_side::{Outcome, compare, copy};

/// A command line and where it was given.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) test: String,
    folder: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    #[serde(skip)]
    files: PathBuf,
    /// How many command lines like it its test had before.
    #[serde(skip)]
    before: usize,
}

impl Case {
    /// The test it comes from, and the command line.
    pub(super) fn name(&self) -> String {
        let line = self.arguments.join(" ");
        match self.before {
            0 => format!("{} > {line}", self.test),
            before => format!("{} > {line} ({})", self.test, before + 1),
        }
    }

    /// Why it says nothing about swath, if so.
    fn set_aside(&self) -> Option<&'static str> {
        if self
            .arguments
            .iter()
            .any(|word| word.starts_with("--debug"))
        {
            return Some("debug text");
        }
        self.uses_plugins().then_some("plugin")
    }

    fn uses_plugins(&self) -> bool {
        [
            ".coveragerc",
            "conformance.rc",
            "pyproject.toml",
            "setup.cfg",
            "tox.ini",
        ]
        .iter()
        .any(|name| {
            fs_err::read_to_string(self.files.join(name)).is_ok_and(|text| {
                text.lines()
                    .any(|line| line.trim_start().starts_with("plugins"))
            })
        })
    }
}

/// What was recorded, by test, in the order in which it was.
pub(super) fn cases(store: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs_err::read_dir(store).unwrap() {
        let folder = entry.unwrap().path();
        let file = folder.join("case.json");
        let Ok(text) = fs_err::read_to_string(&file) else {
            continue;
        };
        let mut case: Case = serde_json::from_str(&text).unwrap();
        case.files = folder.join("files");
        if case.set_aside().is_none() {
            cases.push((fs_err::metadata(&file).unwrap().modified().unwrap(), case));
        }
    }
    cases.sort_by(|(time, case), (other_time, other)| {
        (&case.test, time).cmp(&(&other.test, other_time))
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let number = |(_, mut case): (_, Case)| {
        let count = counts.entry(case.name()).or_default();
        case.before = *count;
        *count += 1;
        case
    };
    cases.into_iter().map(number).collect()
}

/// In what swath is not coverage.py.
pub(super) fn differences(suite: &Suite, case: &Case) -> Vec<String> {
    // The folder is deleted and made anew.
    assert!(
        case.folder.starts_with(suite.temporary()),
        "{}",
        case.folder.display()
    );
    let mut theirs = run(case, &suite.venv.bin("coverage"));
    let mut ours = run(case, &suite.swath());
    // Two differences for safety, which docs/reference/differences.md lists: no empty data file is
    // left behind, and a combine that fails changes nothing.
    if case.arguments.first().is_some_and(|verb| verb == "combine") && theirs.code == Some(1) {
        ours.forget_data_files(|_| true);
        theirs.forget_data_files(|_| true);
    } else {
        theirs.forget_data_files(|text| text == "branches false\n");
        ours.forget_data_files(|text| text == "branches false\n");
    }
    compare(&case.name(), &ours, &theirs)
}

fn run(case: &Case, program: &Path) -> Outcome {
    let _ = fs_err::remove_dir_all(&case.folder);
    copy(&case.files, &case.folder);
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("COVERAGE_") || text == "COLUMNS" || text == "PYTHONWARNINGS" {
            command.env_remove(name);
        }
    }
    command.args(&case.arguments).current_dir(&case.folder);
    command.envs(&case.environment);
    let outcome = Outcome::of(&command.output().unwrap(), &case.folder);
    let _ = fs_err::remove_dir_all(&case.folder);
    outcome
}
