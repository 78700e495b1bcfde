//! The recipe made by hand goes on working under swath, on every Python: coverage.py in the
//! service and swath around it, and both numbers right.

use std::path::{Path, PathBuf};

use swath_test::{Example, Python, coverage_lines, pythons, scale};

use crate::example::{assert_same_lines, by_hand, coverage_report, in_example, swath};
use crate::sandbox::{Sandbox, finish, text};

/// Lets the service start coverage.py itself, as the recipe does; gives the rc file.
fn add_recipe(example: &Example) -> PathBuf {
    let folder = example.folder().join("by-hand");
    fs_err::create_dir(&folder).unwrap();
    let customize = "import coverage\ncoverage.process_startup()\n";
    fs_err::write(folder.join("sitecustomize.py"), customize).unwrap();
    let rc_file = folder.join("coveragerc");
    fs_err::copy(example.folder().join(".coveragerc"), &rc_file).unwrap();
    let settings = example.folder().join("env_vars/test.env");
    let text = fs_err::read_to_string(&settings).unwrap();
    let text = format!(
        "{text}PYTHONPATH={}\nCOVERAGE_PROCESS_START={}\n",
        folder.display(),
        rc_file.display()
    );
    fs_err::write(&settings, text).unwrap();
    rc_file
}

/// Combines the recipe's parallel files, as the team does.
fn combine(example: &Example, sandbox: &Sandbox, rc_file: &Path) {
    let mut command = in_example(example, sandbox, &example.venv().bin("coverage"));
    command.args(["combine", "--quiet", "--rcfile", &text(rc_file)]);
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

fn compare(python: &Python) {
    let (Some(alone), Some(example)) = (by_hand(python), Example::copy(python)) else {
        return;
    };
    let context = format!("on {}", python.tag());
    let data_file = example.folder().join(".coverage");
    let rc_file = add_recipe(&example);
    let sandbox = Sandbox::new();
    let run = swath(&example, &sandbox, &["run"]);
    let context = format!("{context}\n{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.code, 0, "{context}");
    assert!(run.stderr.contains("Complete "), "{context}");
    let told = run.stderr.matches("warning[").count();
    assert_eq!(told, 1, "{context}");
    let twin = "warning[coverage-py-too]";
    assert!(run.stderr.contains(twin), "{context}");

    // coverage.py's reports combine what lies beside the data file: each number gets its own turn.
    let aside = sandbox.project().join("swath-data");
    fs_err::copy(&data_file, &aside).unwrap();
    fs_err::remove_file(&data_file).unwrap();
    combine(&example, &sandbox, &rc_file);
    let lines = |what: &str| {
        coverage_lines(&example, &rc_file)
            .unwrap_or_else(|error| panic!("{what}: {error:#} {context}"))
    };
    assert_same_lines(&lines("the twin"), alone, &format!("coverage.py {context}"));
    fs_err::copy(&aside, &data_file).unwrap();
    assert_same_lines(&lines("swath"), alone, &format!("swath {context}"));
    let expected = coverage_report(&example, &sandbox, &data_file);
    assert!(
        run.stdout.ends_with(&format!("\n{expected}")),
        "{context}\n{expected}"
    );
}

#[test]
fn the_recipe_and_swath_are_both_right_on_every_python() {
    if pythons().is_empty() {
        swath_test::skip(
            "the_recipe_and_swath_are_both_right_on_every_python",
            "no CPython 3.8 or newer",
        );
    }
    // From the other end than the example's own test, which may run at the same time: each leaves
    // measurements by hand that the other needs.
    let newest_first = pythons().iter().rev();
    newest_first.step_by(scale().pick(3, 1)).for_each(compare);
}
