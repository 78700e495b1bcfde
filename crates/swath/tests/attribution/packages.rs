//! The tests of packages from their sources: with attribution they end as without, and each has what it runs alone.

use std::collections::BTreeMap;
use swath_test::{
    Python, Random, Requirements, newest_python, scale, seed, skip, unpack_sources, venv,
};

use crate::project::{Project, Sampled, newest_without_monitoring, pythons_for};
use crate::reached::{Reached, assert_as_alone, assert_same};

/// A package with tests.
struct Package {
    requirement: &'static str,
    /// More words for pytest.
    options: &'static str,
}

const ITSDANGEROUS: Package = Package {
    requirement: "itsdangerous==2.2.0",
    options: "-n 2",
};
const CACHETOOLS: Package = Package {
    requirement: "cachetools==5.5.2",
    options: "",
};

struct Suite {
    project: Project,
}

impl Suite {
    fn new(package: &Package, python: &Python, test: &str) -> Option<Self> {
        let requirements = Requirements::from(["freezegun", "pytest", "pytest-xdist"]);
        let project = Project::new(venv(python, &requirements)?);
        if let Err(error) = unpack_sources(package.requirement, &project.folder()) {
            skip(test, &format!("{}: {error}", package.requirement));
            return None;
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

    fn check(&self, name: &str, package: &Package, alone: usize) {
        let options: Vec<&str> = package.options.split_whitespace().collect();
        let (printed, without) = self.run(&[], &options);
        let total = self.project.report(&["-m"]);
        let (attributed, many) = self.run(&["--attribution"], &options);
        assert_eq!(outcome(&attributed), outcome(&printed), "{name}");
        assert_eq!(self.project.report(&["-m"]), total, "{name}");
        assert_same(name, many.all(), without.all());
        let tests = many.data.accounting.attribution.tests();
        let tests = tests.filter_map(|(context, _)| context.strip_suffix("|run"));
        let tests: Vec<String> = tests.map(str::to_owned).collect();
        assert!(tests.len() >= 100, "{name}: {} tests", tests.len());
        let mut starts: BTreeMap<String, Reached> = BTreeMap::new();
        for test in Random::new(seed()).sample(&tests, alone) {
            let file = test.split("::").next().unwrap();
            let start = starts
                .entry(file.to_owned())
                .or_insert_with(|| self.run(&[], &["--collect-only", "-q", file]).1);
            let (_, alone) = self.run(&[], &[&test]);
            assert_as_alone(&format!("{test} of {name}"), &many.of(&test), &alone, start);
        }
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

/// How many tests also run alone: on two Pythons, which stand for the others, more when everything is proved.
fn alone(python: &Python) -> usize {
    let stands_for_others = [newest_python(), newest_without_monitoring()].contains(&Some(python));
    if stands_for_others {
        scale().pick(4, 100)
    } else {
        4
    }
}

fn check_package(test: &str, package: &Package, sampled: Sampled) {
    for python in pythons_for(test, sampled) {
        if let Some(suite) = Suite::new(package, python, test) {
            suite.check(
                &format!("{} on {}", package.requirement, python.tag()),
                package,
                alone(python),
            );
        }
    }
}

#[test]
fn tests_of_a_package_in_many_processes() {
    check_package(
        "tests_of_a_package_in_many_processes",
        &ITSDANGEROUS,
        Sampled::Newest,
    );
}

#[test]
fn tests_of_a_package_in_one_process() {
    check_package(
        "tests_of_a_package_in_one_process",
        &CACHETOOLS,
        Sampled::Before,
    );
}
