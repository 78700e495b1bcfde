//! `swath combine --label`, and `swath compare --labels` of what came of it.

use swath_test::finish;

use crate::project::Project;

const SHOP: &str =
    "def total(items):\n    if not items:\n        return 0\n    return sum(items)\n";
const FILES: &str = "--include=*/shop.py";

/// Two data files of one program, the one of coverage.py and the other of swath.
fn project(test: &str, options: &[&str]) -> Option<Project> {
    let project = Project::new(test, &[])?;
    let repository = &project.repository;
    repository.write("src/shop.py", SHOP);
    repository.write("src/unit.py", "import shop\nshop.total([])\n");
    repository.write("src/system.py", "import shop\nshop.total([1])\n");
    let measured = |data: &str, program: &str| {
        let data = format!("--data-file={data}");
        let words = [options, &[FILES, &data, program]].concat();
        words
            .iter()
            .map(|&word| word.to_owned())
            .collect::<Vec<_>>()
    };
    let words = |words: &[String]| words.iter().map(String::clone).collect::<Vec<_>>();
    let unit = words(&measured(".coverage.unit", "src/unit.py"));
    project.measure(&unit.iter().map(String::as_str).collect::<Vec<_>>());
    let system = words(&measured(".coverage.system", "src/system.py"));
    project.measure_with_swath(&system.iter().map(String::as_str).collect::<Vec<_>>());
    Some(project)
}

const LABELS: [&str; 2] = [
    "--label=system=.coverage.system",
    "--label=unit=.coverage.unit",
];

/// What `compare` prints.
fn compared(project: &Project, words: &[&str]) -> String {
    let done = project.swath(&[&["compare", "--format=json"], words].concat());
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout
}

#[test]
fn labels_of_one_file_compare_as_the_files_did() {
    for options in [&[][..], &["--branch"]] {
        let name = "labels_of_one_file_compare_as_the_files_did";
        let Some(project) = project(name, options) else {
            return;
        };
        let names = [
            "--name=system=.coverage.system",
            "--name=unit=.coverage.unit",
        ];
        let before = compared(&project, &names);
        let done = project.swath(&[&["combine"], &LABELS[..]].concat());
        assert_eq!(done.code, 0, "{done:?}");
        assert!(!project.folder().join(".coverage.unit").exists());
        assert_eq!(compared(&project, &["--labels=system,unit"]), before);
        // coverage.py reads the file, and what swath did not record is still named.
        let mut theirs = project.command(project.python());
        theirs.args(["-m", "coverage", "report"]);
        let theirs = finish(theirs);
        let ours = project.swath(&["report"]);
        assert!(
            theirs.code == 0 && ours.stdout.starts_with(&theirs.stdout),
            "{ours:?}"
        );
        assert!(
            ours.stdout
                .contains("also holds 1 file that swath did not record"),
            "{ours:?}"
        );
    }
}

#[test]
fn labels_stay_right_when_data_is_combined_further_and_paths_are_mapped() {
    let name = "labels_stay_right_when_data_is_combined_further_and_paths_are_mapped";
    let Some(project) = project(name, &[]) else {
        return;
    };
    let before = compared(
        &project,
        &[
            "--name=system=.coverage.system",
            "--name=unit=.coverage.unit",
        ],
    );
    // One label after the other, and then the file as a part of another one.
    project.swath(&["combine", "--keep", LABELS[0]]);
    let done = project.swath(&["combine", "--append", "--keep", LABELS[1]]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(compared(&project, &["--labels=system,unit"]), before);
    fs_err::rename(project.folder().join("src"), project.folder().join("lib")).unwrap();
    project
        .repository
        .write(".coveragerc", "[paths]\nlib =\n    lib\n    */src\n");
    let moved = before.replace("src/shop.py", "lib/shop.py");
    assert_eq!(compared(&project, &["--labels=system,unit"]), moved);
    let done = project.swath(&["combine", "--data-file=all.data", ".coverage"]);
    assert_eq!(done.code, 0, "{done:?}");
    fs_err::remove_file(project.folder().join(".coveragerc")).unwrap();
    assert_eq!(
        compared(&project, &["--labels=system,unit", "all.data"]),
        moved
    );
}

#[test]
fn the_data_file_itself_can_be_labelled_and_the_same_data_twice() {
    let name = "the_data_file_itself_can_be_labelled_and_the_same_data_twice";
    let Some(project) = project(name, &[]) else {
        return;
    };
    let rename = |from: &str, to: &str| {
        fs_err::rename(project.folder().join(from), project.folder().join(to)).unwrap();
    };
    rename(".coverage.system", ".coverage");
    rename(".coverage.unit", "unit.data");
    fs_err::copy(
        project.folder().join("unit.data"),
        project.folder().join("more.data"),
    )
    .unwrap();
    let done = project.swath(&[
        "combine",
        "--label=system=.coverage",
        "--label=unit=unit.data",
        "--label=more=more.data",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(project.folder().join(".coverage").exists());
    let sets = compared(&project, &["--labels=unit,more"]);
    let sets: serde_json::Value = serde_json::from_str(&sets).unwrap();
    let lines = &sets["totals"]["lines"];
    assert_eq!(
        (&lines["both"], &lines["neither"]),
        (&3.into(), &1.into()),
        "{sets}"
    );
    let sets = compared(&project, &["--labels=system,unit"]);
    let sets: serde_json::Value = serde_json::from_str(&sets).unwrap();
    assert_eq!(sets["totals"]["lines"]["only_first"], 1);
}

#[test]
fn what_cannot_be_labelled_is_said() {
    let Some(project) = project("what_cannot_be_labelled_is_said", &[]) else {
        return;
    };
    project.repository.write("stores/1-00.hits", "");
    for (words, part) in [
        (
            &["combine", "--label=unit"][..],
            "`--label unit` is not NAME=PATH",
        ),
        (
            &["combine", "--label=a,b=.coverage.unit"],
            "`a,b` is not a label",
        ),
        (&["combine", "--label=a=gone"], "non-existent path"),
        (
            &["combine", "--label=a=stores"],
            "Couldn't label the hit stores of 'stores': combine them first",
        ),
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stdout.contains(part), "{done:?}");
    }
    project.swath(&[&["combine"], &LABELS[..]].concat());
    for (words, part, code) in [
        (
            &["--labels=system,gone"][..],
            "error[no-label]: the data has no label `gone`\n\nhint: its labels are `system`, `unit`",
            1,
        ),
        (&["--labels=system"], "does not name two labels", 125),
        (&["--labels=a,b", ".coverage", "x"], "of one data file", 125),
    ] {
        let done = project.swath(&[&["compare"], words].concat());
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.stderr.contains(part), "{done:?}");
    }
}
