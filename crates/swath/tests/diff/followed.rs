//! Data that was recorded on another text than the one that is here.

use swath_test::{GitRepository, finish};

use crate::project::Project;

const FIRST: &str = "def f(a):\n    if a:\n        return 1\n    return 2\n\n\nf(1)\n";

/// The first text with lines above it, its last line changed, and a new function.
const SECOND: &str = "import os\n\n\ndef f(a):\n    if a:\n        return 1\n    return 3\n\n\ndef g():\n    return os\n\n\nf(1)\n";

fn table(project: &Project, words: &[&str]) -> (String, String) {
    let done = project.swath(&[&["diff"], words].concat());
    assert_eq!(done.code, 0, "{done:?}");
    let line = done.stdout.lines().find(|line| line.starts_with("a.py"));
    (line.unwrap_or_default().to_owned(), done.stdout)
}

/// The base is an empty file, so that all lines are changed.
fn project(test: &str) -> Option<Project> {
    project_in(test, GitRepository::new)
}

fn project_in(test: &str, made: impl FnOnce(&str) -> Option<GitRepository>) -> Option<Project> {
    let project = Project::in_repository(test, &[], made)?;
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("a.py", "");
    project.repository.commit();
    project.repository.git(["checkout", "-q", "-b", "feature"]);
    project.repository.write("a.py", FIRST);
    Some(project)
}

#[test]
fn what_ran_is_followed_through_later_changes() {
    let Some(project) = project("what_ran_is_followed_through_later_changes") else {
        return;
    };
    project.repository.commit();
    project.measure_with_swath(&["--branch", "--source=.", "a.py"]);
    let (here, _) = table(&project, &[]);
    assert_eq!(here, "a.py        5      1      2      1    71%   4");
    project.repository.write("a.py", SECOND);
    let (followed, text) = table(&project, &[]);
    assert_eq!(
        followed, "a.py        8      4      2      1    50%   1, 7-11",
        "{text}"
    );
    assert!(
        text.contains(
            "4 lines changed after the data was recorded and count as missed: measure again"
        ),
        "{text}"
    );
    let annotations = project.swath(&["diff", "--format=github"]).stdout;
    assert!(
        annotations.contains("line=7,endLine=11,title=Changed and not tested::lines 7 to 11 changed after the data was recorded"),
        "{annotations}"
    );
    // Blanks are no change of what ran.
    project.repository.write(
        "a.py",
        FIRST.replace("        return 1", "            return 1"),
    );
    assert_eq!(table(&project, &[]).0, here);
}

/// git knows no text there by the hash that the data has.
#[test]
fn what_ran_is_followed_where_objects_have_names_by_sha256() {
    let name = "what_ran_is_followed_where_objects_have_names_by_sha256";
    let Some(project) = project_in(name, GitRepository::with_sha256) else {
        return;
    };
    project.measure_with_swath(&["--branch", "--source=.", "a.py"]);
    project.repository.write("a.py", SECOND);
    let (_, text) = table(&project, &[]);
    let missing = "a.py: changed after the data was recorded, and git does not have the text that was measured";
    assert!(text.contains(missing), "{text}");
    project.repository.write("a.py", FIRST);
    project.repository.commit();
    project.repository.write("a.py", SECOND);
    let (followed, text) = table(&project, &[]);
    assert_eq!(
        followed, "a.py        8      4      2      1    50%   1, 7-11",
        "{text}"
    );
}

#[test]
fn a_text_that_git_does_not_have_cannot_be_followed() {
    let Some(project) = project("a_text_that_git_does_not_have_cannot_be_followed") else {
        return;
    };
    project.measure_with_swath(&["--source=.", "a.py"]);
    project.repository.write("a.py", SECOND);
    let (line, text) = table(&project, &[]);
    assert_eq!(line.split(':').next(), Some("a.py"));
    assert!(
        text.contains("a.py: changed after the data was recorded, and git does not have the text that was measured"),
        "{text}"
    );
    assert!(text.contains("Incomplete"), "{text}");
    // What nobody knows has not passed.
    let done = project.swath(&["diff", "--fail-under=1"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stderr
            .contains("error[below-minimum]: changed lines: 1 changed file cannot be judged"),
        "{done:?}"
    );
}

#[test]
fn a_text_is_followed_wherever_a_gate_asks_for_changes() {
    let Some(project) = project("a_text_is_followed_wherever_a_gate_asks_for_changes") else {
        return;
    };
    project.repository.write("run.py", "import a\n");
    project.repository.commit();
    project.measure_with_swath(&["--branch", "--source=.", "run.py"]);
    project.repository.write("a.py", SECOND);
    let said = "changed lines: 55% covered, 90% is the minimum: 4 lines or branches short";
    for words in [
        &["diff", "--gate=changed=90"][..],
        &["report", "--gate=changed=90"],
        &[
            "report",
            "--format=markdown",
            "--since=main",
            "--gate=changed=90",
        ],
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, 2, "{words:?} {done:?}");
        assert!(done.stderr.contains(said), "{words:?} {done:?}");
    }
    // A file may also change while the tests run.
    project.repository.write("a.py", FIRST);
    project.repository.write("second.txt", SECOND);
    project
        .repository
        .write(".coveragerc", "[run]\nbranch = true\nsource = .\n");
    let done = project.swath(&[
        "run",
        "--no-docker",
        "--count=all",
        "--gate=changed=90",
        "--",
        "sh",
        "-c",
        "python run.py && cp second.txt a.py",
    ]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.stderr.contains(said), "{done:?}");
}

#[test]
fn a_stale_file_without_a_changed_line_is_not_to_be_judged() {
    let Some(project) = Project::new("a_stale_file_without_a_changed_line", &[]) else {
        return;
    };
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("a.py", FIRST);
    project.repository.write("b.py", "x = 1\n");
    project.repository.commit();
    project
        .repository
        .write("a.py", format!("{FIRST}f(0)\nf(3)\n"));
    project.measure_with_swath(&["--source=.", "a.py"]);
    // What ran was never committed, and the change only takes a line away.
    let less = FIRST.replace("    return 2\n", "");
    project.repository.write("a.py", &less);
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,2 @@\n x\n-y\n z\n";
    project.repository.write("a.patch", patch);
    for words in [&["diff"][..], &["diff", "--patch=a.patch"]] {
        let done = project.swath(&[words, &["--fail-under=100"]].concat());
        assert_eq!(done.code, 0, "{done:?}");
        assert!(!done.stdout.contains("a.py: "), "{done:?}");
    }
    // With a changed line, nobody knows whether it ran.
    project.repository.write("a.py", format!("{less}f(2)\n"));
    let done = project.swath(&["diff", "--fail-under=100"]);
    assert_eq!(done.code, 2, "{done:?}");
}

#[test]
fn why_a_text_cannot_be_followed_is_said() {
    let Some(project) = project("why_a_text_cannot_be_followed_is_said") else {
        return;
    };
    project.repository.commit();
    project.measure_with_swath(&["--source=.", "a.py"]);
    project
        .repository
        .write("a.py", SECOND.replace("import os", "import ("));
    let (_, text) = table(&project, &[]);
    assert!(
        text.contains("a.py: changed after the data was recorded, and the text that is here cannot be analyzed: "),
        "{text}"
    );
    project.repository.write("a.py", SECOND);
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+import os\n";
    project.repository.write("a.patch", patch);
    let words = ["diff", "--patch=a.patch"];
    let done = project.swath(&words);
    assert!(
        done.stdout.contains("a.py        1      1     0%   1"),
        "{done:?}"
    );
    let mut command = project.swath_command(&words);
    command.env("PATH", "/nowhere");
    let done = finish(command);
    assert!(
        done.stdout.contains("a.py: changed after the data was recorded, and git cannot give the text that was measured: `git` was not found"),
        "{done:?}"
    );
}

#[test]
fn texts_of_submodules_are_followed() {
    let test = "texts_of_submodules_are_followed";
    let (Some(library), Some(project)) = (GitRepository::new(test), Project::new(test, &[])) else {
        return;
    };
    library.write("lib.py", "");
    library.commit();
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\n");
    repository.write("app.py", "import lib.lib\n");
    let url = library.folder().to_str().unwrap();
    repository.git(["submodule", "--quiet", "add", url, "lib"]);
    repository.commit();
    let inner = GitRepository::at(&project.folder().join("lib"));
    inner.write("lib.py", "a = 1\n");
    inner.commit();
    project.measure_with_swath(&["--source=.", "app.py"]);
    inner.write("lib.py", "a = 1\nb = 2\n");
    let done = project.swath(&["diff", "--since=HEAD"]);
    assert!(
        done.stdout.contains("lib/lib.py       2      1    50%   2"),
        "{done:?}"
    );
}

#[test]
fn data_of_coverage_py_is_taken_as_it_is() {
    let Some(project) = project("data_of_coverage_py_is_taken_as_it_is") else {
        return;
    };
    project.measure(&["--branch", "--source=.", "a.py"]);
    assert_eq!(
        table(&project, &[]).0,
        "a.py        5      1      2      1    71%   4"
    );
}

#[test]
fn moved_lines_are_not_changed() {
    let Some(project) = project("moved_lines_are_not_changed") else {
        return;
    };
    let long = "def shipping(weight):\n    if weight > 20:\n        return 900\n    return 450\n";
    project.repository.write("a.py", format!("{long}x = 1\n"));
    project.repository.write("b.py", "y = 2\n");
    project.repository.commit();
    project.repository.write("a.py", "x = 1\nz = 3\n");
    project.repository.write("b.py", format!("y = 2\n{long}"));
    project.repository.write("run.py", "import a, b\n");
    project.measure(&["--source=.", "run.py"]);
    let (line, text) = table(&project, &["--since=HEAD"]);
    assert_eq!(line, "a.py         1      0   100%");
    assert!(!text.contains("b.py"), "{text}");
}
