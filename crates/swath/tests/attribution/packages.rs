//! The tests of packages from their sources: with attribution they end as without, and each has what it runs alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::{Python, Requirements, pip_python, scale, skip, target_dir, venv};

use crate::project::{Project, pythons_for};
use crate::reached::{Reached, assert_as_alone, assert_same};
use crate::shop::sample;

/// A package with tests.
struct Package {
    requirement: &'static str,
    /// More words for pytest.
    options: &'static str,
}

/// Several processes run the tests of the first.
const PACKAGES: [Package; 2] = [
    Package {
        requirement: "itsdangerous==2.2.0",
        options: "-n 2",
    },
    Package {
        requirement: "cachetools==5.5.2",
        options: "",
    },
];

/// The folder of a package's sources, which are fetched once; else why not.
fn sources(requirement: &str) -> Result<PathBuf, String> {
    let name = requirement.replace("==", "-");
    let folder = target_dir().join("sources");
    fs_err::create_dir_all(&folder).unwrap();
    let lock = fs_err::File::create(folder.join(format!("{name}.lock"))).unwrap();
    lock.file().lock().unwrap();
    let unpacked = folder.join(&name);
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    let python = pip_python().ok_or("no interpreter with a pip found")?;
    let mut download = python.command();
    download
        .args([
            "-m",
            "pip",
            "--disable-pip-version-check",
            "download",
            "--quiet",
        ])
        .args(["--no-deps", "--no-binary", ":all:", "--dest"])
        .arg(&folder)
        .arg(requirement);
    let mut unpack = Command::new("tar");
    let archive = folder.join(format!("{name}.tar.gz"));
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(&folder);
    for mut command in [download, unpack] {
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("{command:?}: {error}"))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(error.trim().replace('\n', " / "));
        }
    }
    Ok(unpacked)
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(place).unwrap();
        } else {
            fs_err::copy(entry.path(), place).unwrap();
        }
    }
}

struct Suite {
    project: Project,
}

impl Suite {
    fn new(package: &Package, python: &Python, test: &str) -> Option<Self> {
        let requirements = Requirements::from(["freezegun", "pytest", "pytest-xdist"]);
        let project = Project::new(venv(python, &requirements)?);
        match sources(package.requirement) {
            Ok(folder) => copy_tree(&folder, &project.folder()),
            Err(error) => {
                skip(test, &format!("{}: {error}", package.requirement));
                return None;
            }
        }
        Some(Self { project })
    }

    fn run(&self, options: &[&str], words: &[&str]) -> (String, Reached) {
        let pytest = ["-m", "pytest", "-p", "no:cacheprovider"];
        let arguments = [
            &["run", "--count=all", "--branch", "--source=src,tests"],
            options,
            &pytest,
            words,
        ];
        let (printed, reached) = self
            .project
            .measured(&[("PYTHONPATH", "src")], &arguments.concat());
        (printed.stdout, reached)
    }
}

/// How many tests passed and failed: the last line without the time.
fn outcome(printed: &str) -> &str {
    let last = printed
        .lines()
        .rfind(|line| line.contains(" in "))
        .unwrap_or(printed);
    last.trim_matches('=').split(" in ").next().unwrap().trim()
}

#[test]
fn tests_of_packages_end_as_without_and_have_what_they_run_alone() {
    let test = "tests_of_packages_end_as_without_and_have_what_they_run_alone";
    for python in pythons_for(test) {
        for package in &PACKAGES {
            let Some(suite) = Suite::new(package, python, test) else {
                continue;
            };
            check(&suite, package, python);
        }
    }
}

fn check(suite: &Suite, package: &Package, python: &Python) {
    let name = format!("{} on {}", package.requirement, python.tag());
    let options: Vec<&str> = package.options.split_whitespace().collect();
    let (printed, without) = suite.run(&[], &options);
    let total = suite.project.report(&["-m"]);
    let (attributed, many) = suite.run(&["--attribution"], &options);
    assert_eq!(outcome(&attributed), outcome(&printed), "{name}");
    assert_eq!(suite.project.report(&["-m"]), total, "{name}");
    assert_same(&name, many.all(), without.all());
    let tests = many.data.accounting.attribution.tests();
    let tests = tests.filter_map(|(context, _)| context.strip_suffix("|run"));
    let tests: Vec<String> = tests.map(str::to_owned).collect();
    assert!(tests.len() >= 100, "{name}: {} tests", tests.len());
    let mut starts: BTreeMap<String, Reached> = BTreeMap::new();
    for test in sample(&tests, scale().pick(4, tests.len())) {
        let file = test.split("::").next().unwrap();
        let start = starts
            .entry(file.to_owned())
            .or_insert_with(|| suite.run(&[], &["--collect-only", "-q", file]).1);
        let (_, alone) = suite.run(&[], &[&test]);
        assert_as_alone(&format!("{test} of {name}"), &many.of(&test), &alone, start);
    }
}
