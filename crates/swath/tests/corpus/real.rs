//! Test suites of packages from the package index, run by coverage.py and by swath: the same report.

use std::path::{Path, PathBuf};
use std::process::Command;

use swath_test::{Scale, Venv, coverage_requirements, python, record_figure, scale, skip, venv};

/// A package whose source archive holds a quick test suite.
struct Package {
    /// As pip names it.
    requirement: &'static str,
    folder: &'static str,
    /// What is measured.
    source: &'static str,
    /// From where it is imported.
    path: &'static str,
    tests: &'static str,
}

/// The first one is the sample.
const PACKAGES: [Package; 3] = [
    Package {
        requirement: "cachetools==5.5.0",
        folder: "cachetools-5.5.0",
        source: "src",
        path: "src",
        tests: "tests",
    },
    Package {
        requirement: "toolz==0.12.1",
        folder: "toolz-0.12.1",
        source: "toolz",
        path: ".",
        tests: "toolz/tests",
    },
    Package {
        requirement: "click==8.1.7",
        folder: "click-8.1.7",
        source: "src",
        path: "src",
        tests: "tests",
    },
];

#[test]
fn test_suites_of_packages_give_the_same_report() {
    // On 3.12 the packages' own tests pass, and branches are reported by events.
    let test = "test_suites_of_packages_give_the_same_report";
    let Some(python) = python(3, 12) else {
        return skip(test, "CPython 3.12");
    };
    let requirements = coverage_requirements().with(["pytest==8.3.4"]);
    let Some(venv) = venv(python, &requirements) else {
        return;
    };
    let count = if scale() == Scale::Whole { 3 } else { 1 };
    for package in &PACKAGES[..count] {
        match obtain(package) {
            Ok(archive) => check(package, &archive, &venv),
            Err(reason) => skip(&format!("{test} of {}", package.requirement), &reason),
        }
    }
}

/// The source archive, which stays for later runs.
fn obtain(package: &Package) -> Result<PathBuf, String> {
    let folder = swath_test::target_dir().join("archives");
    let archive = folder.join(format!("{}.tar.gz", package.folder));
    if archive.is_file() {
        return Ok(archive);
    }
    let python = swath_test::pip_python().ok_or("no Python with pip")?;
    let output = python
        .command()
        .args(["-m", "pip", "download", "-q", "--no-deps"])
        .args(["--no-binary", ":all:", package.requirement, "-d"])
        .arg(&folder)
        .output()
        .map_err(|error| error.to_string())?;
    if archive.is_file() {
        Ok(archive)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn check(package: &Package, archive: &Path, venv: &Venv) {
    let folder = swath_test::temp_dir();
    let unpacked = Command::new("tar")
        .arg("xf")
        .arg(archive)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(unpacked.success(), "{} is no archive", archive.display());
    let project = folder.path().join(package.folder);
    let swath = Path::new(env!("CARGO_BIN_EXE_swath"));
    let path = project.join(package.path);
    let run = |program: &Path, words: &[&str]| -> String {
        let mut command = venv.command("python");
        let mut other = Command::new(program);
        for (name, value) in command.current_dir(&project).get_envs() {
            match value {
                Some(value) => other.env(name, value),
                None => other.env_remove(name),
            };
        }
        other.current_dir(&project).args(words);
        other.env("PYTHONHASHSEED", "0");
        // Some tests start interpreters of their own.
        other.env("PYTHONPATH", &path);
        other.env("XDG_CACHE_HOME", folder.path().join("cache"));
        let output = other.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{other:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    };
    let source = format!("--source={}", package.source);
    let suite = ["-m", "pytest", "-q", "-p", "no:cacheprovider"];
    let measure = |program: &Path, data: &str, more: &[&str]| {
        let words = [
            &["run", "--branch", &source, data],
            more,
            &suite,
            &[package.tests],
        ]
        .concat();
        run(program, &words)
    };
    let coverage = venv.bin("coverage");
    measure(&coverage, "--data-file=theirs", &[]);
    let python = venv.python().display().to_string();
    measure(swath, "--data-file=ours", &["--python", &python]);
    let theirs = run(&coverage, &["report", "-m", "--data-file=theirs"]);
    let ours = run(swath, &["report", "-m", "--data-file=ours"]);
    // swath says besides whether the number is complete.
    let table = ours.split("\n\n").next().unwrap_or_default();
    assert_eq!(
        theirs.trim_end(),
        table.trim_end(),
        "{}",
        package.requirement
    );
    let total = table.lines().last().unwrap_or_default();
    record_figure(
        "Programs run by coverage.py and swath",
        "test suites with the same report",
        package.requirement,
        total.split_whitespace().collect::<Vec<_>>().join(" "),
    );
}
