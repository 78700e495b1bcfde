//! `swath intersect` and `swath subtract`: data files in the hands of swath and of coverage.py.

use serde_json::Value;
use swath_test::{Finished, finish};

use crate::project::Project;

const SHOP: &str = "\
def total(items, discount=0):
    if not items:
        return 0
    total = sum(items)
    if discount:
        total -= discount
    if total > 2:
        total = 2
    return total


def refund(items):
    return -total(items)


def unused():
    return 1
";

const FILES: &str = "--include=shop.py,extra.py,only.py";

/// What a system test and a unit test of the same program recorded, with coverage.py.
fn project(test: &str, options: &[&str]) -> Option<Project> {
    let project = Project::new(test, &[])?;
    let repository = &project.repository;
    repository.write("shop.py", SHOP);
    repository.write("extra.py", "x = 1\n");
    repository.write("only.py", "y = 1\n");
    repository.write(
        "unit.py",
        "import shop, only\nshop.total([])\nshop.total([1])\n",
    );
    repository.write(
        "system.py",
        "import shop, extra\nshop.refund([5])\nshop.total([2], 1)\n",
    );
    for name in ["unit", "system"] {
        let data = format!("--data-file={name}.data");
        let program = format!("{name}.py");
        project.measure(&[options, &[FILES, &data, &program]].concat());
    }
    Some(project)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What swath and coverage.py say of a data file, which is the same.
fn reported(project: &Project, data: &str) -> Value {
    let data = format!("--data-file={data}");
    let words = ["json", "-q", "-o", "-", &data];
    let ours = project.swath(&words);
    assert_eq!(ours.code, 0, "{ours:?}");
    let mut theirs = project.command(project.python());
    theirs.args(["-m", "coverage"]).args(words);
    let theirs = json(&finish(theirs).stdout);
    let ours = json(&ours.stdout);
    for key in ["files", "totals"] {
        assert_eq!(ours[key], theirs[key], "{data}");
    }
    ours
}

fn done(project: &Project, words: &[&str]) -> Finished {
    let done = project.swath(words);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.is_empty(), "{done:?}");
    done
}

fn sets(project: &Project) -> Value {
    let sets = project.swath(&["compare", "--format=json", "system.data", "unit.data"]);
    json(&sets.stdout)
}

/// The lines of a set of `compare`, by the names of files.
fn lines_of<'a>(sets: &'a Value, set: &str) -> Vec<(&'a str, &'a Value)> {
    let files = sets["files"].as_array().unwrap().iter();
    files
        .map(|file| (file["name"].as_str().unwrap(), &file["lines"][set]))
        .collect()
}

#[test]
fn lines_are_those_of_compare() {
    let Some(project) = project("lines_are_those_of_compare", &[]) else {
        return;
    };
    let sets = sets(&project);
    for (verb, set) in [("intersect", "both"), ("subtract", "only_first")] {
        let words = [verb, "system.data", "unit.data", "-o", "left.data"];
        let said = done(&project, &words);
        assert!(said.stderr.ends_with("left.data\n"), "{said:?}");
        let report = reported(&project, "left.data");
        for (name, lines) in lines_of(&sets, set) {
            // A file in which nothing is left, or that the first did not measure, is there at 0 %.
            assert_eq!(
                &report["files"][name]["executed_lines"], lines,
                "{verb} {name}"
            );
        }
        assert_eq!(report["files"].as_object().unwrap().len(), 3);
    }
    // Neither input is changed, or taken away.
    let again = self::sets(&project);
    assert_eq!(again, sets);
}

#[test]
fn arcs_are_those_of_compare() {
    let Some(project) = project("arcs_are_those_of_compare", &["--branch"]) else {
        return;
    };
    let sets = sets(&project);
    let totals = |set: &str, what: &str| sets["totals"][what][set].clone();
    done(
        &project,
        &["intersect", "system.data", "unit.data", "-o", "left.data"],
    );
    let both = reported(&project, "left.data");
    assert_eq!(
        both["totals"]["covered_branches"],
        totals("both", "branches")
    );
    assert_eq!(both["totals"]["covered_lines"], totals("both", "lines"));
    for (name, lines) in lines_of(&sets, "both") {
        assert_eq!(&both["files"][name]["executed_lines"], lines, "{name}");
    }
    done(
        &project,
        &["subtract", "system.data", "unit.data", "-o", "left.data"],
    );
    let rest = reported(&project, "left.data");
    assert_eq!(
        rest["totals"]["covered_branches"],
        totals("only_first", "branches")
    );
    // A branch that is left has two ends, and one of them may be a line that both reached.
    let lines = rest["files"]["shop.py"]["executed_lines"]
        .as_array()
        .unwrap();
    let only = &lines_of(&sets, "only_first")[2];
    assert!(
        only.1
            .as_array()
            .unwrap()
            .iter()
            .all(|line| lines.contains(line))
    );
    assert!(lines.len() > only.1.as_array().unwrap().len());
}

#[test]
fn several_files_are_taken_and_an_input_can_be_the_output() {
    let name = "several_files_are_taken_and_an_input_can_be_the_output";
    let Some(project) = project(name, &[]) else {
        return;
    };
    let more = ["--data-file=more.data", FILES, "system.py"];
    project.measure(&more);
    let words = ["system.data", "unit.data", "more.data", "-o", "system.data"];
    done(&project, &[&["subtract"], &words[..]].concat());
    let report = reported(&project, "system.data");
    assert_eq!(report["totals"]["covered_lines"], 0);
    assert_eq!(report["totals"]["num_statements"], 15);
    done(
        &project,
        &[&["intersect"], &words[1..3], &["-o", "both.data"]].concat(),
    );
    let report = reported(&project, "both.data");
    assert_eq!(report["totals"]["covered_lines"], sets_of_both(&project));
}

fn sets_of_both(project: &Project) -> Value {
    let sets = project.swath(&["compare", "--format=json", "more.data", "unit.data"]);
    json(&sets.stdout)["totals"]["lines"]["both"].clone()
}

#[test]
fn the_verdict_says_that_the_number_is_derived() {
    let Some(project) = project("the_verdict_says_that_the_number_is_derived", &[]) else {
        return;
    };
    let verdict = |words: &[&str]| {
        done(&project, words);
        let report = project.swath(&["report", "--data-file=left.data"]);
        report.stdout.lines().last().unwrap().to_owned()
    };
    let subtract = ["subtract", "system.data", "unit.data", "-o", "left.data"];
    assert_eq!(
        verdict(&subtract),
        "Unknown: this data was not recorded by swath"
    );
    project.measure_with_swath(&[FILES, "--data-file=system.data", "system.py"]);
    assert_eq!(
        verdict(&subtract),
        "Complete: 1 of 1 Python process measured; without what is in unit.data (not recorded by swath)"
    );
    // The first is coverage.py's, and no run of swath's vouches for it.
    assert_eq!(
        verdict(&["intersect", "unit.data", "system.data", "-o", "left.data"]),
        "Unknown: this data was not recorded by swath; only what is also in system.data"
    );
    // What comes of it stays derived.
    project.swath(&["combine", "--keep", "left.data", "system.data"]);
    let report = project.swath(&["report"]);
    let last = report.stdout.lines().last().unwrap();
    assert!(
        last.ends_with("; only what is also in system.data"),
        "{report:?}"
    );
}

#[test]
fn a_file_that_ran_as_different_texts_is_left_out_and_named() {
    let name = "a_file_that_ran_as_different_texts_is_left_out_and_named";
    let Some(project) = project(name, &[]) else {
        return;
    };
    project.measure_with_swath(&[FILES, "--data-file=system.data", "system.py"]);
    project
        .repository
        .write("shop.py", format!("# New.\n{SHOP}"));
    project.measure_with_swath(&[FILES, "--data-file=unit.data", "unit.py"]);
    let words = ["subtract", "system.data", "unit.data", "-o", "left.data"];
    let said = done(&project, &words);
    assert!(
        said.stderr.contains("warning[texts-differ]: `") && said.stderr.contains("shop.py` ran as"),
        "{said:?}"
    );
    let report = project.swath(&["report", "--data-file=left.data"]);
    assert!(!report.stdout.contains("\nshop.py"), "{report:?}");
    assert!(
        report.stdout.contains("Incomplete: ") && report.stdout.contains("1 file left out"),
        "{report:?}"
    );
}

#[test]
fn what_cannot_be_derived_is_said_and_nothing_is_written() {
    let name = "what_cannot_be_derived_is_said_and_nothing_is_written";
    let Some(project) = project(name, &[]) else {
        return;
    };
    project.measure(&["--branch", FILES, "--data-file=branch.data", "unit.py"]);
    let before = fs_err::read(project.folder().join("unit.data")).unwrap();
    for (words, part, code) in [
        (
            &["system.data", "unit.data"][..],
            "error[usage]: `subtract` writes a data file, and `--output` names none",
            125,
        ),
        (
            &["system.data", "-o", "unit.data"],
            "error[usage]: `subtract` takes two data files or more",
            125,
        ),
        (
            &["system.data", "unit.data", "-o", ".coverage.only"],
            "would combine `",
            125,
        ),
        (
            &["system.data", "gone.data", "-o", "unit.data"],
            "error[no-data]: there is no data file `",
            1,
        ),
        (
            &["branch.data", "system.data", "-o", "unit.data"],
            "error[kinds-differ]: `branch.data` holds branches, and `system.data` holds lines only",
            1,
        ),
        (
            &["system.data", "unit.data", "-o", "gone/left.data"],
            "error[data-not-written]: Couldn't write data file '",
            1,
        ),
    ] {
        let done = project.swath(&[&["subtract"], words].concat());
        assert_eq!(done.code, code, "{words:?} {done:?}");
        assert!(
            done.stdout.is_empty() && done.stderr.contains(part),
            "{words:?} {done:?}"
        );
    }
    assert_eq!(
        fs_err::read(project.folder().join("unit.data")).unwrap(),
        before
    );
    assert!(!project.folder().join(".coverage.only").exists());
}
