//! What cannot be answered, and how swath says it.

use std::process::Command;

use swath_data::{CoverageData, Mode, write_data_file};
use swath_test::finish;

use crate::project::Project;

fn project(test: &str) -> Option<Project> {
    let mut project = Project::new(test)?;
    project.measured(
        "source/shop.py",
        "x = 1\n",
        "web",
        &[("test_shop.py::test|run", &[1])],
    );
    project.test("test_shop.py::test", &["web"]);
    project.recorded();
    Some(project)
}

fn check(project: &Project, words: &[&str], expected: &str) {
    let done = project.swath(&[&["affected"], words].concat());
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{done:?}");
    assert!(
        done.stderr.contains(expected),
        "{expected}: {}",
        done.stderr
    );
}

#[test]
fn what_is_missing_is_named() {
    let Some(project) = project("what_is_missing_is_named") else {
        return;
    };
    check(
        &project,
        &["--since", "nowhere"],
        "error[unknown-revision]: ",
    );
    check(&project, &["--patch", "none"], "error[patch-not-read]: ");
    check(
        &project,
        &["source/none.py"],
        "error[no-such-file]: there is no file `source/none.py`",
    );
    check(&project, &["--data-file", "none"], "error[no-data]: ");
    let data = CoverageData::new(Mode::Lines);
    let place = project.folder().join("plain");
    let mut plain = data;
    let context = plain.intern_context("");
    plain.add_lines("/x.py", context, &[1].into_iter().collect());
    write_data_file(&plain, &place).unwrap();
    check(
        &project,
        &["--data-file", "plain"],
        "error[no-attribution]: the data does not say which test ran what\n\nhint: swath run --attribution",
    );
    fs_err::write(project.folder().join("change"), "no patch").unwrap();
    check(&project, &["--patch", "change"], "error[bad-patch]: ");
    let done = project.swath(&["affected", "--since", "main", "source/shop.py"]);
    assert_ne!(done.code, 0, "{done:?}");
}

#[test]
fn without_a_repository_a_patch_or_files_do() {
    let Some(project) = project("without_a_repository_a_patch_or_files_do") else {
        return;
    };
    project.replace("source/shop.py", "1", "2");
    let patch = project.repository.git(["diff"]);
    fs_err::write(project.folder().join("change"), patch).unwrap();
    fs_err::remove_dir_all(project.folder().join(".git")).unwrap();
    let swath = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        command
            .current_dir(project.folder())
            .arg("affected")
            .args(words);
        command.env(
            "GIT_CEILING_DIRECTORIES",
            project.folder().parent().unwrap(),
        );
        finish(command)
    };
    let done = swath(&[]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{done:?}");
    assert!(done.stderr.contains("error[not-a-repository]"), "{done:?}");
    for words in [["--patch", "change"].as_slice(), &["source/shop.py"]] {
        let done = swath(words);
        assert_eq!(done.stdout, "test_shop.py::test\n", "{words:?}: {done:?}");
    }
}
