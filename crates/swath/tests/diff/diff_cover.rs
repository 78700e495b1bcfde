//! Side by side with diff-cover: the same lines where both answer, and a reason where they differ.
//! What is changed is held against git's own words for it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use swath_test::{Random, finish, record_figure, scale, seed, skip, target_dir};

use crate::history::History;
use crate::project::Project;

const DIFF_COVER: &[&str] = &["diff-cover==11.0.1"];
const TABLE: &str = "Changed lines against diff-cover 11.0.1";

type Lines = BTreeSet<u64>;

/// What is counted.
#[derive(Debug, Default)]
struct Tally {
    commits: usize,
    same: usize,
    /// Lines on which they differ, by the reason.
    reasons: BTreeMap<&'static str, usize>,
}

/// One file as git shows its change: lines that were written, and those of them that were moved.
#[derive(Debug, Default)]
struct GitLines {
    written: Lines,
    moved: Lines,
}

#[test]
fn generated_commits_have_the_same_lines() {
    let test = "generated_commits_have_the_same_lines";
    let Some(project) = Project::new(test, DIFF_COVER) else {
        return;
    };
    project
        .repository
        .write(".gitignore", ".coverage\ncoverage.xml\ndiff-cover.json\n");
    let mut history = History::new(Random::new(seed()));
    history.write(&project.repository);
    project.repository.commit();
    let mut tally = Tally::default();
    for _ in 0..scale().pick(6, 60) {
        history.change();
        history.write(&project.repository);
        project.repository.commit();
        compare(&project, "shop", "run.py", &mut tally);
    }
    assert!(tally.same > tally.commits, "{tally:?}");
    record("generated commits", &tally);
}

#[test]
fn versions_of_a_package_have_the_same_lines() {
    const DRIVER: &str = "\
import importlib
for name in 'version specifiers utils tags markers requirements metadata licenses'.split():
    try:
        importlib.import_module('packaging.' + name)
    except Exception:
        pass
try:
    from packaging.version import parse
    from packaging.specifiers import SpecifierSet
    for text in '1.0', '2.0.post1', '1!3.0a1+local', '4.dev2':
        for other in '>=1', '==1.*', '~=2.0', '!=3,<5':
            SpecifierSet(other).contains(parse(text), prereleases=True)
except ImportError:
    pass
";
    let test = "versions_of_a_package_have_the_same_lines";
    let versions = [
        "19.0", "19.1", "19.2", "20.0", "20.1", "20.2", "20.3", "20.4", "20.5", "20.6", "20.7",
        "20.8", "20.9", "21.0", "21.1", "21.2", "21.3", "22.0", "23.0", "23.1", "23.2", "24.0",
        "24.1", "24.2",
    ];
    let Some(project) = Project::new(test, DIFF_COVER) else {
        return;
    };
    project
        .repository
        .write(".gitignore", ".coverage\ncoverage.xml\ndiff-cover.json\n");
    project.repository.write("run.py", DRIVER);
    let mut tally = Tally::default();
    let last = scale().pick(4, versions.len());
    for version in &versions[versions.len() - last..] {
        let folder = match obtain("packaging", version) {
            Ok(folder) => folder,
            Err(reason) => return skip(test, &reason),
        };
        let target = project.folder().join("packaging");
        let _ = fs_err::remove_dir_all(&target);
        let copied = project
            .command("cp")
            .arg("-r")
            .arg(folder.join("packaging"))
            .arg(&target)
            .status();
        assert!(copied.unwrap().success());
        let is_first = project.folder().join(".git/refs/heads/main").exists();
        project.repository.commit();
        if is_first {
            compare(&project, "packaging", "run.py", &mut tally);
        }
    }
    assert!(tally.same > tally.commits, "{tally:?}");
    record("versions of packaging", &tally);
}

fn record(row: &str, tally: &Tally) {
    record_figure(TABLE, row, "commits", tally.commits.to_string());
    record_figure(
        TABLE,
        row,
        "the same lines, and what became of them",
        tally.same.to_string(),
    );
    for (reason, count) in &tally.reasons {
        record_figure(TABLE, row, reason, count.to_string());
    }
}

/// The files of one version, which stay for later runs.
fn obtain(package: &str, version: &str) -> Result<PathBuf, String> {
    let requirement = format!("{package}=={version}");
    let folder = target_dir().join("archives").join(&requirement);
    if folder.join(package).is_dir() {
        return Ok(folder);
    }
    let python = swath_test::pip_python().ok_or("no Python with pip")?;
    let output = python
        .command()
        .args([
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-compile",
            "--target",
        ])
        .arg(&folder)
        .arg(&requirement)
        .output()
        .map_err(|error| error.to_string())?;
    if folder.join(package).is_dir() {
        return Ok(folder);
    }
    Err(format!(
        "pip cannot get {requirement}: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// Measures what is checked out, and compares what both say of its last commit.
fn compare(project: &Project, source: &str, driver: &str, tally: &mut Tally) {
    project.measure(&["--branch", &format!("--source={source}"), driver]);
    let mut xml = project.command("coverage");
    xml.args(["xml", "-q"]);
    assert_eq!(finish(xml).code, 0);
    let statements = statements(project);
    let git = git_lines(project);
    let swath = swath(project);
    let theirs = diff_cover(project, &[]);
    let with_branches = diff_cover(project, &["--branch-coverage"]);
    let paths: BTreeSet<&String> = swath.keys().chain(theirs.keys()).collect();
    tally.commits += 1;
    for path in paths {
        let (ours, others) = (swath.get(path), theirs.get(path));
        let all = |file: Option<&Covered>| file.map(|file| file.lines.clone()).unwrap_or_default();
        let (mine, other) = (all(ours), all(others));
        let git = git.get(path);
        let of_file = statements.get(path).cloned().unwrap_or_default();
        let changed = |line: &u64| git.is_some_and(|git| git.written.contains(line));
        let moved = |line: &u64| git.is_some_and(|git| git.moved.contains(line));
        // A line of git's belongs to the statement above it.
        let lines = git
            .map(|git| git.written.difference(&git.moved))
            .into_iter()
            .flatten();
        let within: Lines = lines
            .filter_map(|line| of_file.range(..=*line).next_back())
            .copied()
            .collect();
        for line in &mine {
            assert!(within.contains(line), "{path}:{line} {git:?}");
        }
        for line in mine.difference(&other) {
            assert!(!changed(line), "{path}:{line} is not in diff-cover's");
            *tally
                .reasons
                .entry("only swath: the change is in a later line of the statement")
                .or_default() += 1;
        }
        for line in other.difference(&mine) {
            let reason = if moved(line) {
                "only diff-cover: the line was moved"
            } else {
                assert!(!changed(line), "{path}:{line} is not in swath's");
                "only diff-cover: the file is a copy"
            };
            *tally.reasons.entry(reason).or_default() += 1;
        }
        let common: Lines = mine.intersection(&other).copied().collect();
        let missing = |file: Option<&Covered>| -> Lines {
            let missing = file.into_iter().flat_map(|file| &file.missing);
            missing
                .filter(|line| common.contains(line))
                .copied()
                .collect()
        };
        assert_eq!(missing(ours), missing(others), "{path}");
        let partial: Lines = ours
            .into_iter()
            .flat_map(|file| file.missing.iter().chain(&file.partial))
            .filter(|line| common.contains(line))
            .copied()
            .collect();
        assert_eq!(partial, missing(with_branches.get(path)), "{path}");
        tally.same += common.len();
    }
}

#[derive(Debug, Default)]
struct Covered {
    lines: Lines,
    missing: Lines,
    /// Lines that ran and did not take every exit.
    partial: Lines,
}

fn numbers(value: &Value) -> Lines {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_u64).collect()
}

fn swath(project: &Project) -> BTreeMap<String, Covered> {
    let done = project.swath(&["diff", "--since=HEAD~1", "--format=json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    let file = |file: &Value| {
        let exits = file["missing_branches"].as_array().unwrap();
        let covered = Covered {
            lines: numbers(&file["changed_lines"]),
            missing: numbers(&file["missing_lines"]),
            partial: exits.iter().filter_map(|exit| exit[0].as_u64()).collect(),
        };
        (file["path"].as_str().unwrap().to_owned(), covered)
    };
    files.iter().map(file).collect()
}

fn diff_cover(project: &Project, options: &[&str]) -> BTreeMap<String, Covered> {
    let mut command = project.command("diff-cover");
    command.args([
        "coverage.xml",
        "-q",
        "--compare-branch=HEAD~1",
        "--ignore-whitespace",
    ]);
    let done = finish({
        command
            .args(["--format", "json:diff-cover.json"])
            .args(options);
        command
    });
    assert_eq!(done.code, 0, "{done:?}");
    let text = fs_err::read_to_string(project.folder().join("diff-cover.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let stats = report["src_stats"].as_object().unwrap();
    let file = |(path, file): (&String, &Value)| {
        let missing = numbers(&file["violation_lines"]);
        let covered = Covered {
            lines: numbers(&file["covered_lines"])
                .union(&missing)
                .copied()
                .collect(),
            missing,
            partial: Lines::new(),
        };
        (path.clone(), covered)
    };
    stats.iter().map(file).collect()
}

/// The statements of each file, as the XML report has them.
fn statements(project: &Project) -> BTreeMap<String, Lines> {
    let text = fs_err::read_to_string(project.folder().join("coverage.xml")).unwrap();
    let attribute = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let root = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("<source>"))
        .unwrap_or_default();
    let root = root.trim_end_matches("</source>");
    let folder = project.folder().to_string_lossy().into_owned();
    let prefix = root
        .strip_prefix(&folder)
        .unwrap_or_default()
        .trim_start_matches('/');
    let mut files: BTreeMap<String, Lines> = BTreeMap::new();
    let mut path = String::new();
    for line in text.lines() {
        if let Some(name) = attribute(line, "filename") {
            let whole = format!("{prefix}/{name}");
            whole.trim_start_matches('/').clone_into(&mut path);
        } else if let Some(number) = attribute(line, "number") {
            files
                .entry(path.clone())
                .or_default()
                .insert(number.parse().unwrap());
        }
    }
    files
}

/// What git itself shows, with its colors for moved lines.
fn git_lines(project: &Project) -> BTreeMap<String, GitLines> {
    let shown = project.repository.git([
        "-c",
        "color.diff.newMoved=magenta",
        "diff",
        "-M",
        "-C",
        "-w",
        "-U0",
        "--color=always",
        "--color-moved=blocks",
        "--color-moved-ws=ignore-all-space",
        "HEAD~1",
        "HEAD",
    ]);
    let mut files: BTreeMap<String, GitLines> = BTreeMap::new();
    let (mut path, mut number) = (String::new(), 0);
    for line in shown.split('\n') {
        if let Some(name) = line.strip_prefix("\u{1b}[1m+++ b/") {
            name.trim_end_matches("\u{1b}[m").clone_into(&mut path);
        } else if let Some(hunk) = line.strip_prefix("\u{1b}[36m@@ ") {
            let after = hunk.split('+').nth(1).unwrap();
            number = after.split([',', ' ']).next().unwrap().parse().unwrap();
        } else if line.starts_with("\u{1b}[32m+") || line.starts_with("\u{1b}[35m+") {
            let file = files.entry(path.clone()).or_default();
            file.written.insert(number);
            if line.starts_with("\u{1b}[35m+") {
                file.moved.insert(number);
            }
            number += 1;
        }
    }
    files
}
