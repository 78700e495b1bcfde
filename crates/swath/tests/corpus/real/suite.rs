//! One test suite, run by both tools.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use swath_test::{Python, Venv, skip, unpack_sources};

use super::totals::Totals;
use crate::measured::{MeasuredFolder, Seen, Tool};

const SUITES: &str = include_str!("suites.toml");
/// Says what became of each test.
const PLUGIN: &str = include_str!("../outcomes.py");
/// How often coverage.py is asked again where it and swath differ, to see what differs by itself.
const AGAIN: usize = 3;

#[derive(Deserialize)]
struct Suites {
    suite: Vec<Suite>,
}

/// A package whose source archive holds a quick test suite.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    /// As pip names it.
    pub(super) package: String,
    /// It is asynchronous for the most part.
    #[serde(default)]
    pub(super) asyncio: bool,
    /// What is measured.
    source: String,
    /// From where it is imported, if not from its folder.
    #[serde(default)]
    path: PathBuf,
    /// Which tests, and whatever else pytest is told.
    arguments: Vec<String>,
    /// The plugins of pytest that they need.
    #[serde(default)]
    plugins: Vec<String>,
    /// The packages that they need.
    #[serde(default)]
    pub(super) requires: Vec<String>,
    /// Files and tests that are left out, and why.
    #[serde(default)]
    without: BTreeMap<String, String>,
    /// Lines in which coverage.py is wrong on a version of Python, and why.
    #[serde(default)]
    wrong: BTreeMap<String, BTreeMap<String, String>>,
    /// Versions of Python on which it does not run, and why.
    #[serde(default)]
    pub(super) not_on: BTreeMap<String, String>,
}

/// The first one is the sample.
pub(super) fn suites() -> Vec<Suite> {
    let suites: Suites = toml::from_str(SUITES).unwrap();
    suites.suite
}

/// Something that a tool says of a line: the line, the other end of a branch, what is said.
type Fact = (String, u32, i32, &'static str);

/// What one run gave.
struct Run {
    /// Tests and what became of them.
    outcomes: BTreeSet<String>,
    seen: BTreeMap<String, Seen>,
}

impl Suite {
    pub(super) fn name(&self) -> &str {
        self.package.split("==").next().unwrap_or_default()
    }

    /// Runs the suite under both tools: what they agree on, nothing without sources, or how they differ.
    pub(super) fn compare(&self, python: &Python, venv: &Venv) -> Result<Option<Totals>, String> {
        let Some(folder) = MeasuredFolder::new(python, venv.clone(), &self.source) else {
            return Ok(None);
        };
        folder.write("plugins/outcomes.py", PLUGIN);
        if let Err(reason) = unpack_sources(&self.package, &folder.folder().join("sources")) {
            skip(&format!("the test suite of {}", self.package), &reason);
            return Ok(None);
        }
        let theirs = self.run(&folder, Tool::Coverage, "theirs")?;
        let ours = self.run(&folder, Tool::Swath, "ours")?;
        same("tests", &theirs.outcomes, &ours.outcomes)?;
        let facts = facts(&theirs.seen);
        let mut different: BTreeSet<Fact> = facts
            .symmetric_difference(&self::facts(&ours.seen))
            .cloned()
            .collect();
        let mut unsteady = BTreeSet::new();
        for turn in 0..AGAIN {
            if different.is_empty() {
                break;
            }
            let again = self.run(&folder, Tool::Coverage, &format!("again{turn}"))?;
            let again = self::facts(&again.seen);
            let changed = facts.symmetric_difference(&again);
            unsteady.extend(changed.map(|(path, line, ..)| (path.clone(), *line)));
            different.retain(|(path, line, ..)| !unsteady.contains(&(path.clone(), *line)));
        }
        let wrong = self.wrong.get(&python.tag()).into_iter().flatten();
        let wrong: BTreeSet<&String> = wrong.map(|(place, _)| place).collect();
        let place = |(path, line, ..): &Fact| format!("{path}:{line}");
        for place_of_wrong in &wrong {
            if !different.iter().any(|fact| place(fact) == **place_of_wrong) {
                return Err(format!("{place_of_wrong} is the same by now"));
            }
        }
        different.retain(|fact| !wrong.contains(&place(fact)));
        if !different.is_empty() {
            let mine = self::facts(&ours.seen);
            let lines = different.iter().map(|fact| {
                let who = if mine.contains(fact) {
                    "swath"
                } else {
                    "coverage.py"
                };
                format!("\n  {who} alone: {fact:?}")
            });
            return Err(lines.collect());
        }
        // Once is enough: the reports are made of what was compared.
        if unsteady.is_empty() && wrong.is_empty() && venv.version() == (3, 12) {
            same_text(&folder)?;
        }
        let mut totals = Totals {
            suites: 1,
            tests: theirs.outcomes.len(),
            unsteady: unsteady.len(),
            wrong: wrong.len(),
            ..Totals::default()
        };
        for seen in theirs.seen.values() {
            totals.statements += seen.lines.statements.len();
            totals.missing += seen.lines.missing.len();
            if let Some(exits) = &seen.exits {
                totals.missing_exits += exits.missing.len();
                totals.exits += exits.missing.len() + exits.executed.len();
            }
        }
        Ok(Some(totals))
    }

    /// Runs the suite under a tool, which reads what it recorded.
    fn run(&self, folder: &MeasuredFolder, tool: Tool, data: &str) -> Result<Run, String> {
        let sources = folder.folder().join("sources");
        let outcomes = folder.folder().join(format!("{data}.outcomes"));
        let mut words = vec![
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "outcomes",
        ];
        // What the package's own settings say besides may name plugins that are not there.
        words.extend(["-o", "addopts=", "-o", "filterwarnings="]);
        for plugin in &self.plugins {
            words.extend(["-p", plugin]);
        }
        for left_out in self.without.keys() {
            let is_test = left_out.contains("::");
            words.extend([if is_test { "--deselect" } else { "--ignore" }, left_out]);
        }
        words.extend(self.arguments.iter().map(String::as_str));
        let mut command = folder.run_command(tool, data, &words);
        let path = [sources.join(&self.path), folder.folder().join("plugins")];
        command
            .current_dir(&sources)
            .env("PYTHONPATH", std::env::join_paths(path).unwrap())
            .env("PYTHONHASHSEED", "0")
            .env("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            // hypothesis takes the same examples each time.
            .env("CI", "true")
            .env("SWATH_OUTCOMES", &outcomes);
        let output = command.output().unwrap();
        // 1: some tests failed, which must be the same ones.
        if !matches!(output.status.code(), Some(0 | 1)) || !outcomes.is_file() {
            return Err(format!(
                "{command:?} ended with {}: {}{}",
                output.status,
                tail(&output.stdout),
                tail(&output.stderr)
            ));
        }
        let outcomes = fs_err::read_to_string(outcomes).unwrap();
        let files = folder.files(data);
        let seen = match tool {
            Tool::Coverage => folder.ask(data, &files),
            Tool::Swath => folder.report(data, &files),
        };
        Ok(Run {
            outcomes: outcomes.lines().map(str::to_owned).collect(),
            seen,
        })
    }
}

/// The reports of both tools say the same.
fn same_text(folder: &MeasuredFolder) -> Result<(), String> {
    let text = |tool, data| {
        let mut command = folder.command(tool, "report", data);
        let output = command.arg("-m").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // swath says besides whether the number is complete.
        text.split("\n\n")
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    };
    let theirs = text(Tool::Coverage, "theirs");
    let ours = text(Tool::Swath, "ours");
    if theirs == ours && theirs.contains("TOTAL") {
        Ok(())
    } else {
        Err(format!("reports differ\n{theirs}\n{ours}"))
    }
}

/// The last lines of what a program printed.
fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn same(what: &str, theirs: &BTreeSet<String>, ours: &BTreeSet<String>) -> Result<(), String> {
    if theirs == ours {
        return Ok(());
    }
    let only = |some: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        some.difference(other).cloned().collect()
    };
    Err(format!(
        "{what} differ\n  coverage.py alone: {:?}\n  swath alone: {:?}",
        only(theirs, ours),
        only(ours, theirs)
    ))
}

/// All that is said of files.
fn facts(seen: &BTreeMap<String, Seen>) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    for (path, seen) in seen {
        let name = Path::new(path).iter().rev().take(2).collect::<Vec<_>>();
        let name = name.iter().rev().collect::<PathBuf>().display().to_string();
        let mut add = |line: u32, end: i32, what| facts.insert((name.clone(), line, end, what));
        for &line in &seen.lines.statements {
            add(line, 0, "a statement");
        }
        for &line in &seen.lines.excluded {
            add(line, 0, "excluded");
        }
        for &line in &seen.lines.missing {
            add(line, 0, "missing");
        }
        let Some(exits) = &seen.exits else { continue };
        for &(line, end) in &exits.missing {
            add(line, end, "a branch missing");
        }
        for &(line, end) in &exits.executed {
            add(line, end, "a branch taken");
        }
    }
    facts
}
