//! What coverage.py's `run` refuses and warns of: the same words on the same streams, and the same files afterwards.

use crate::side_by_side::Stage;

const FILES: [(&str, &str); 11] = [
    ("prog.py", "import sys\nprint('ran', sys.argv[1:])\n"),
    ("empty/x", ""),
    ("program/__main__.py", "print('main')\n"),
    ("whole/__init__.py", "x = 1\n"),
    ("whole/part.py", "print('part')\n"),
    ("multi.rc", "[run]\nconcurrency = multiprocessing\n"),
    ("context.rc", "[run]\ndynamic_context = tests\n"),
    ("core.rc", "[run]\ncore = fast\n"),
    ("patch.rc", "[run]\npatch = threads\n"),
    (
        "quiet.rc",
        "[run]\ndisable_warnings = include-ignored, no-data-collected, module-not-imported\n",
    ),
    ("folders.rc", "[run]\nsource_dirs = nowhere\n"),
];

#[test]
fn runs_are_refused_as_by_coverage_py() {
    let Some(stage) = Stage::new("runs_are_refused_as_by_coverage_py") else {
        return;
    };
    for (name, text) in FILES {
        stage.write(name, text);
    }
    stage.check_runs(&[
        "run prog.py a b",
        "run none.py",
        "run empty",
        "run program",
        "run -m whole",
        "run -m whole.part",
        "run -m whole.none",
        "run -m none",
        "run -m none.more",
        "run -m sys",
        "run --concurrency=gevent prog.py",
        "run --concurrency=eventlet,thread prog.py",
        "run --concurrency=greenlet,gevent prog.py",
        "run --concurrency=nothing prog.py",
        "run --concurrency=multiprocessing prog.py",
        "run --rcfile=multi.rc prog.py",
        "run --rcfile=context.rc prog.py",
        "run --rcfile=core.rc prog.py",
        "run --rcfile=patch.rc prog.py",
        "run --rcfile=folders.rc prog.py",
        "run --source=/ prog.py",
        "run --source=./none prog.py",
        "run --source=whole,none prog.py",
        "run --include=**a prog.py",
        "run --omit=*** prog.py",
    ]);
}

#[test]
fn runs_warn_as_coverage_py_does() {
    let Some(stage) = Stage::new("runs_warn_as_coverage_py_does") else {
        return;
    };
    for (name, text) in FILES {
        stage.write(name, text);
    }
    stage.check_runs(&[
        "run --include=prog.py --source=. prog.py",
        "run --include=none.py prog.py",
        "run -p --include=none.py prog.py",
        "run -p prog.py",
        "run --source=none prog.py",
        "run --rcfile=quiet.rc --include=prog.py --source=. prog.py",
        "run --rcfile=quiet.rc --include=none.py prog.py",
        "run --rcfile=quiet.rc --source=none prog.py",
        "run --data-file=new/folder/data prog.py",
    ]);
}

#[test]
fn a_run_without_data_leaves_no_earlier_number() {
    let Some(stage) = Stage::new("a_run_without_data_leaves_no_earlier_number") else {
        return;
    };
    stage.write("prog.py", "x = 1\n");
    let [theirs, ours] = stage.printed_by_both(&[
        "run prog.py",
        "report",
        "run --include=none.py prog.py",
        "report",
        "run prog.py",
        "run --append --include=none.py prog.py",
        "report",
    ]);
    assert_eq!(ours, theirs);
    assert!(ours.contains("No data to report."), "{ours}");
}

#[test]
fn what_include_says_is_ignored_beside_source() {
    let Some(stage) = Stage::new("what_include_says_is_ignored_beside_source") else {
        return;
    };
    stage.write("one.py", "import two\n");
    stage.write("two.py", "y = 2\n");
    let [theirs, ours] = stage.printed_by_both(&[
        "run --source=. --include=two.py one.py",
        "report one.py two.py",
    ]);
    assert_eq!(ours, theirs);
}

#[test]
fn a_program_that_is_no_python_is_refused_in_the_words_of_its_python() {
    let Some(stage) =
        Stage::new("a_program_that_is_no_python_is_refused_in_the_words_of_its_python")
    else {
        return;
    };
    for (name, source) in [
        ("open.py", "x = (\n"),
        ("word.py", "print 'x'\n"),
        ("indent.py", "if 1:\nx = 1\n"),
        ("text.sh", "#!/bin/sh\necho \"$x\"\n"),
    ] {
        stage.write(name, source);
        let [theirs, ours] = stage.printed_by_both(&[&format!("run {name}")]);
        assert_eq!(ours, theirs);
        assert!(ours.contains("as Python code"), "{ours}");
    }
}
