//! Data that does not say which Python recorded it: whose rules are used, and when that is said.

use swath_test::{Requirements, skip, venv};

use crate::side_by_side::Stage;

/// Three statements before 3.14, and then two: nothing hits the annotation any more.
const MODEL: &str = "class Model:\n    number: int\n    name = 'x'\n";

/// A file that counts the same everywhere.
const PLAIN: &str = "import model\nx = 1\n";

fn stage(test: &str) -> Option<Stage> {
    let stage = Stage::new(test)?;
    stage.write("model.py", MODEL);
    stage.write("plain.py", PLAIN);
    stage.coverage(&["run", "plain.py"]);
    Some(stage)
}

fn total_of_model(stage: &Stage, words: &[&str]) -> (String, String) {
    let words = [words, &["--include=model.py"]].concat();
    let outcome = stage.swath_as_swath(&words);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let line = outcome
        .stdout
        .lines()
        .find(|line| line.starts_with("model.py"));
    let statements = line.unwrap().split_whitespace().nth(1).unwrap();
    (statements.to_owned(), outcome.stderr)
}

#[test]
fn the_python_can_be_said() {
    let Some(stage) = stage("the_python_can_be_said") else {
        return;
    };
    for (said, statements) in [
        ("3.9", "3"),
        ("3.13", "3"),
        ("3.14", "2"),
        ("3.14.2", "2"),
        (&*stage.python(), "3"),
    ] {
        let (found, stderr) = total_of_model(&stage, &["report", "--python", said]);
        assert_eq!((&*found, &*stderr), (statements, ""), "{said}");
    }
    let total = [
        "report",
        "--python=3.14",
        "--include=model.py",
        "--format=total",
    ];
    assert_eq!(stage.swath(&total).stdout, "100\n");
    for report in [
        &["xml", "-o", "-"][..],
        &["json", "-o", "-"],
        &["lcov", "-o", "-"],
        &["html", "-d", "pages"],
        &["annotate", "-d", "copies"],
    ] {
        let words = [
            &report[..1],
            &["--python=3.14", "--include=model.py"],
            &report[1..],
        ]
        .concat();
        let outcome = stage.swath_as_swath(&words);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(!outcome.stderr.contains("warning"), "{outcome:?}");
    }
    let wrong = stage.swath(&["report", "--python=nothing"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(
        wrong.stdout.starts_with("--python: `nothing` is neither"),
        "{wrong:?}"
    );
}

#[test]
fn an_assumed_python_is_named_where_it_matters() {
    let Some(stage) = stage("an_assumed_python_is_named_where_it_matters") else {
        return;
    };
    let (_, stderr) = total_of_model(&stage, &["report"]);
    assert!(stderr.starts_with("warning[python-assumed]: "), "{stderr}");
    assert!(
        stderr.contains("Python 3.13 is assumed, that of `"),
        "{stderr}"
    );
    assert!(stderr.contains("`model.py` counts otherwise"), "{stderr}");
    let plain = stage.swath_as_swath(&["report", "--include=plain.py"]);
    assert_eq!(plain.stderr, "", "nothing depends on it");
    // In coverage.py's place the environment's Python is the one, as coverage.py would be run by it.
    stage.check(&["report", "--include=model.py"]);
    // Who knows of no Python goes by what the project says.
    let nowhere = [("PATH", "/nowhere"), ("VIRTUAL_ENV", "/nowhere")];
    for (range, statements, said) in [
        (
            ">=3.14",
            "2",
            "Python 3.14 is assumed, by `requires-python = \">=3.14\"`",
        ),
        ("<3.9", "3", "Python 3.8 is assumed, by `requires-python"),
        (">=3.8", "3", "Python 3.13 is assumed, by `requires-python"),
        (
            "?",
            "3",
            "Python 3.13 is assumed, as nothing here says another",
        ),
    ] {
        let text = format!("[project]\nname = \"x\"\nrequires-python = \"{range}\"\n");
        stage.write("pyproject.toml", &text);
        let outcome = stage.swath_with(&["report", "--include=model.py"], &nowhere);
        assert!(outcome.stderr.contains(said), "{range}: {outcome:?}");
        let row = format!("model.py       {statements}      ");
        assert!(outcome.stdout.contains(&row), "{range}: {outcome:?}");
    }
}

#[test]
fn combine_writes_the_python_down() {
    let Some(stage) = stage("combine_writes_the_python_down") else {
        return;
    };
    stage.coverage(&["run", "-p", "plain.py"]);
    let combined = stage.swath_as_swath(&["combine", "--python=3.14"]);
    assert_eq!(combined.code, Some(0), "{combined:?}");
    let (statements, stderr) = total_of_model(&stage, &["report"]);
    assert_eq!((&*statements, &*stderr), ("2", ""));
    // What swath did not record itself is still no file of swath's: without its source there is no report.
    fs_err::remove_file(stage.file("model.py")).unwrap();
    let outcome = stage.swath_as_swath(&["report"]);
    assert!(
        outcome.stdout.starts_with("No source for code"),
        "{outcome:?}"
    );
}

#[test]
fn the_environment_decides_as_with_coverage_py() {
    let test = "the_environment_decides_as_with_coverage_py";
    let Some(stage) = stage(test) else {
        return;
    };
    let mut checked = 0;
    for python in swath_test::pythons() {
        // The oldest Pythons have an older coverage.py.
        if python.version < (3, 10) {
            continue;
        }
        let Some(venv) = venv(python, &Requirements::new(["coverage==7.17.3"])) else {
            continue;
        };
        let theirs = stage.run_in(&venv.bin("coverage"), &["report", "-m"]);
        let link = stage.link_in(&venv);
        let ours = stage.run_in(&link, &["report", "-m"]);
        assert_eq!(ours, theirs, "{}", python.tag());
        checked += 1;
    }
    if checked == 0 {
        skip(test, "a Python for coverage.py 7.17.3");
    }
}
