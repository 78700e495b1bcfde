//! Gates of `swath.toml` and of the command line, held by `run`, `report` and `diff`.

use swath_test::{Finished, finish};

use crate::project::Project;

const SHOP: &str = "\
def total(items):
    if not items:
        return 0
    return sum(items)


def refund(items):
    return -total(items)


total([1])
";

const GATES: &str = "\
[gates]
lines = 90
branches = 50
changed = 80

[gates.files]
\"pay/*\" = 100
\"shop.py\" = 60
";

/// The default branch has nothing of `refund`, which no test reaches.
fn project(test: &str) -> Option<Project> {
    let project = Project::new(test, &[])?;
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\n");
    repository.write(".coveragerc", "[run]\nbranch = true\nsource = .\n");
    repository.write("pay/__init__.py", "");
    repository.write("pay/card.py", "def pay():\n    return 1\n\n\npay()\n");
    repository.write(
        "shop.py",
        SHOP.replace("def refund(items):\n    return -total(items)\n\n\n", ""),
    );
    repository.write("run.py", "import shop\nimport pay.card\n");
    repository.commit();
    repository.git(["checkout", "-q", "-b", "feature"]);
    repository.write("shop.py", SHOP);
    repository.write("swath.toml", GATES);
    repository.commit();
    Some(project)
}

/// The messages about gates, which must be all that do not pass, once each.
fn failures(done: &Finished) -> Vec<&str> {
    let lines = done.stderr.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("error[below-minimum]: "));
    lines.collect()
}

const LINES: &str = "lines: 83% covered, 90% is the minimum: 1 line short";
const CHANGED: &str = "changed lines: 50% covered, 80% is the minimum: 1 line short";

#[test]
fn run_report_and_diff_hold_the_same_gates() {
    let Some(project) = project("run_report_and_diff_hold_the_same_gates") else {
        return;
    };
    let run = [
        "run",
        "--no-docker",
        "--count=all",
        "--",
        "python",
        "run.py",
    ];
    for words in [&run[..], &["report"], &["diff"]] {
        let done = project.swath(words);
        assert_eq!(done.code, 2, "{words:?} {done:?}");
        assert_eq!(failures(&done), [LINES, CHANGED], "{words:?} {done:?}");
    }
    // What the command line says of a gate comes before the file.
    let done = project.swath(&["report", "--gate=lines=80,changed=40"]);
    assert_eq!((done.code, failures(&done)), (0, vec![]), "{done:?}");
    let done = project.swath(&["diff", "--fail-under=50", "--gate", "lines=80,lib/*=1"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert_eq!(
        failures(&done),
        ["files `lib/*`: none was measured"],
        "{done:?}"
    );
    let run = [
        &run[..2],
        &["--gate=lines=80,changed=50,pay/*=100"],
        &run[2..],
    ]
    .concat();
    assert_eq!(project.swath(&run).code, 0);
    // coverage.py knows no gates of swath's.
    let coverage = project.folder().join("coverage");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_swath"), &coverage).unwrap();
    let mut command = project.command(&coverage);
    command.arg("report");
    assert_eq!(finish(command).code, 0);
}

/// `diff` follows what changed since the run, for the lines that changed; a gate of the whole is
/// about the same files in both.
#[test]
fn a_gate_of_the_whole_judges_the_same_files_in_report_and_diff() {
    let name = "a_gate_of_the_whole_judges_the_same_files_in_report_and_diff";
    let Some(project) = project(name) else {
        return;
    };
    project.measure_with_swath(&["run.py"]);
    let repository = &project.repository;
    repository.write("swath.toml", "");
    repository.write("shop.py", SHOP.replace("return 0", "return 0.0"));
    for (gate, code) in [("total=100", 0), ("shop.py=1", 2)] {
        for verb in ["report", "diff"] {
            let done = project.swath(&[verb, "--gate", gate]);
            assert_eq!(done.code, code, "{verb} {gate} {done:?}");
        }
    }
}

#[test]
fn a_gate_of_branches_is_not_passed_without_branches() {
    let Some(project) = project("a_gate_of_branches_is_not_passed_without_branches") else {
        return;
    };
    project
        .repository
        .write(".coveragerc", "[run]\nsource = .\n");
    project
        .repository
        .write("swath.toml", "[gates]\nbranches = 0\n");
    project.measure(&["run.py"]);
    let done = project.swath(&["report"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert_eq!(failures(&done), ["branches: not measured"], "{done:?}");
    assert!(
        done.stderr.contains("hint: measure with `--branch`"),
        "{done:?}"
    );
}

#[test]
fn gates_that_cannot_be_judged_stop_before_the_tests() {
    let Some(project) = project("gates_that_cannot_be_judged_stop_before_the_tests") else {
        return;
    };
    let run = [
        "run",
        "--no-docker",
        "--gate=changed=1",
        "--",
        "touch",
        "ran",
    ];
    fs_err::remove_dir_all(project.folder().join(".git")).unwrap();
    let done = project.swath(&run);
    assert_eq!(done.code, 125, "{done:?}");
    assert!(done.stderr.contains("error[not-a-repository]"), "{done:?}");
    project
        .repository
        .write("swath.toml", "[gates]\ntotal = \"80%\"\n");
    for (words, code) in [(&run[..], 125), (&["report"], 1), (&["diff"], 1)] {
        let done = project.swath(words);
        assert_eq!(done.code, code, "{words:?} {done:?}");
        assert!(done.stderr.contains("hint: write `total = 80`"), "{done:?}");
    }
    project.repository.write("swath.toml", "");
    let done = project.swath(&["report", "--gate=linse=80"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.stderr
            .contains("error[bad-gate]: `linse` is neither a gate nor a pattern of paths")
            && done.stderr.contains(" not-below=BRANCH, "),
        "{done:?}"
    );
    assert!(!project.folder().join("ran").exists());
}

#[test]
fn what_cannot_be_analyzed_has_not_passed() {
    let Some(project) = project("what_cannot_be_analyzed_has_not_passed") else {
        return;
    };
    project.repository.write("swath.toml", "");
    project.measure(&["run.py"]);
    project.repository.write("shop.py", format!("{SHOP}("));
    for words in [
        &["diff", "--ignore-errors", "--fail-under=1"][..],
        &["report", "--ignore-errors", "--gate=changed=1"],
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, 2, "{words:?} {done:?}");
        assert_eq!(
            failures(&done),
            ["changed lines: 1 changed file cannot be judged"],
            "{words:?} {done:?}"
        );
    }
    let done = project.swath(&["diff", "--ignore-errors"]);
    assert!(
        done.stdout.contains("No changed line can be judged.\n")
            && done
                .stdout
                .contains("shop.py: in the data, but cannot be analyzed: "),
        "{done:?}"
    );
    // What people ought to know stands beside what programs read.
    let done = project.swath(&["diff", "--ignore-errors", "--format=github"]);
    assert_eq!(done.stdout, "", "{done:?}");
    assert!(
        done.stderr
            .contains("shop.py: in the data, but cannot be analyzed: "),
        "{done:?}"
    );
}

#[test]
fn changed_files_that_are_all_omitted_are_named() {
    let Some(project) = project("changed_files_that_are_all_omitted_are_named") else {
        return;
    };
    project.repository.write("swath.toml", "");
    project.measure(&["run.py"]);
    let done = project.swath(&["diff", "--omit=shop.py", "--fail-under=100"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains("shop.py: in the data, but left out of reports\n"),
        "{done:?}"
    );
}

#[test]
fn what_git_warns_of_is_said_by_all_that_ask_it() {
    let Some(project) = project("what_git_warns_of_is_said_by_all_that_ask_it") else {
        return;
    };
    project.repository.write("swath.toml", "");
    project.measure(&["run.py"]);
    project
        .repository
        .write("shop.py", format!("{SHOP}x = 1\n"));
    project.repository.git(["config", "core.autocrlf", "true"]);
    for words in [
        &["diff"][..],
        &["html", "--since=main"],
        &["report", "--gate=changed=1"],
        &["report", "--format=markdown", "--since=main"],
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, 0, "{words:?} {done:?}");
        assert!(
            done.stderr
                .contains("warning[git-warned]: git says: in the working copy of "),
            "{words:?} {done:?}"
        );
    }
}

#[test]
fn a_comment_is_held_to_all_that_a_report_is_held_to() {
    let Some(project) = project("a_comment_is_held_to_all_that_a_report_is_held_to") else {
        return;
    };
    project
        .repository
        .write("swath.toml", "[gates]\ntotal = 95\n");
    project.measure(&["run.py"]);
    let comment = ["report", "--format=markdown", "--since=main"];
    let total = |minimum: &str, short: &str| {
        format!("total: 79% covered, {minimum}% is the minimum: {short} short")
    };
    let stricter = total("95", "3 lines or branches");
    for (option, expected) in [
        ("--fail-under=50", vec![stricter.clone()]),
        ("--fail-under=95", vec![stricter.clone()]),
        (
            "--fail-under=80",
            vec![stricter, total("80", "1 line or branch")],
        ),
    ] {
        let done = project.swath(&[&comment[..], &[option]].concat());
        assert_eq!(done.code, 2, "{done:?}");
        assert_eq!(failures(&done), expected, "{option} {done:?}");
    }
    project.repository.write("swath.toml", "");
    assert_eq!(project.swath(&comment).code, 0);
    let done = project.swath(&[&comment[..], &["--require-complete"]].concat());
    assert_eq!(done.code, 3, "{done:?}");
}

#[test]
fn one_comment_says_it_all() {
    let Some(project) = project("one_comment_says_it_all") else {
        return;
    };
    project.measure(&["run.py"]);
    let comment = ["report", "--format=markdown", "--since=main"];
    let done = project.swath(&comment);
    assert_eq!(done.code, 2, "{done:?}");
    assert_eq!(failures(&done), [LINES, CHANGED], "{done:?}");
    for part in [
        "## Coverage: 79%\n\n10 of 12 lines and 1 of 2 branches.\n\n",
        "- ✗ changed lines\\: 50\\% covered, 80\\% is the minimum\\: 1 line short\n",
        "\n**Unknown**: this data was not recorded by swath\n\n### What changed\n\n**50%** of what changed is covered: 1 of 2 changed lines.",
        "- line 8 did not run\n",
        "### Largest holes\n\n| Function | File | Missed lines |\n| --- | --- | ---: |\n| total | shop.py:2 | 1 of 3 |\n| refund | shop.py:8 | 1 of 1 |\n",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    let mut command = project.swath_command(&comment);
    command.env("CI_PROJECT_URL", "https://lab/a");
    let done = finish(command);
    assert!(
        done.stdout
            .contains("| total | [shop.py:2](https://lab/a/-/blob/"),
        "{done:?}"
    );
    let done = project.swath(&["report", "--since=main"]);
    assert!(
        done.code == 1
            && done
                .stderr
                .contains("error[usage]: `--since` belongs to a comment"),
        "{done:?}"
    );
    // However much changed.
    for file in 0..300 {
        let name = format!(
            "a_package_with_a_long_name/{}/module_{file}.py",
            "x".repeat(150)
        );
        let function = |n| format!("def f_{n}():\n    return '{}'\n", "é|".repeat(60));
        let text = (0..40).map(function).collect::<Vec<_>>().concat();
        project.repository.write(&name, text);
    }
    project.repository.write(
        ".coveragerc",
        "[run]\nbranch = true\nsource = .\n[report]\ninclude_namespace_packages = true\n",
    );
    project.measure(&["run.py"]);
    let mut command = project.swath_command(&comment);
    command.env("CI_PROJECT_URL", "https://lab/a");
    let done = finish(command);
    assert!(done.stdout.len() <= 65_536, "{}", done.stdout.len());
    assert!(done.stdout.len() > 40_000, "{}", done.stdout.len());
    assert!(
        done.stdout
            .contains("### Largest holes\n\n300 files never ran ("),
        "{}",
        done.stdout.len()
    );
}
