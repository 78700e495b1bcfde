//! `swath run PROGRAM` and `swath run -m MODULE`: as `coverage run`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use swath_test::Python;

use crate::markers::{data, pythons_for, recorded};
use crate::sandbox::{Finished, Sandbox, finish, python, text};

/// swath's own `run` with this Python.
fn run(sandbox: &Sandbox, python: &Python, arguments: &[&str]) -> Finished {
    let mut all = vec!["run", "--python"];
    let interpreter = text(&python.path);
    all.push(&interpreter);
    all.extend(arguments);
    sandbox.swath(&all)
}

/// The same program without swath.
fn plain(sandbox: &Sandbox, python: &Python, arguments: &[&str]) -> Finished {
    let mut command = Command::new(&python.path);
    sandbox.prepare(&mut command);
    command.args(arguments);
    finish(command)
}

fn lines(sandbox: &Sandbox, file: &str) -> Vec<u32> {
    let recorded = recorded(&data(sandbox), &sandbox.project().join(file));
    recorded.into_iter().collect()
}

/// Says everything that a program can easily know about how it runs.
const CURIOUS: &str = "\
import os
import sys
print(sys.argv, __name__, sys.path, sorted(sys.modules), sys.flags, os.getcwd())
print(sorted(set(os.environ) - {'PYTHONPATH', 'COVERAGE_RUN'}))
print(sys.gettrace(), sys.getprofile(), sys.stdin.read())
print('to stderr', file=sys.stderr)
";

#[test]
fn a_program_runs_as_without_swath() {
    for python in pythons_for("a_program_runs_as_without_swath") {
        let sandbox = Sandbox::new();
        sandbox.write("prog.py", CURIOUS);
        sandbox.write("pkg/__init__.py", "");
        sandbox.write("pkg/__main__.py", CURIOUS);
        for program in [
            &["prog.py", "-m", "--source", "two words", "--"][..],
            &["-m", "pkg", "--append", "-x"],
        ] {
            let measured = run(&sandbox, python, program);
            let alone = plain(&sandbox, python, program);
            assert_eq!(measured.stdout, alone.stdout, "on {}", python.tag());
            assert_eq!(measured.stderr, alone.stderr, "on {}", python.tag());
            assert_eq!(measured.code, 0);
        }
    }
}

#[test]
fn a_program_has_its_standard_input() {
    let Some(python) = python("a_program_has_its_standard_input") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "print(input() + '!')\n");
    let input = sandbox.write("input", "hello\n");
    let mut command = sandbox.command(&["run", "--python", &text(&python.path), "prog.py"]);
    command.stdin(Stdio::from(
        fs_err::File::open(input).unwrap().into_parts().0,
    ));
    let finished = finish(command);
    assert_eq!(finished.stdout, "hello!\n", "{}", finished.stderr);
}

#[test]
fn exit_codes_and_tracebacks_are_the_programs_own() {
    for python in pythons_for("exit_codes_and_tracebacks_are_the_programs_own") {
        let sandbox = Sandbox::new();
        let cases = [
            ("import sys\nsys.exit(7)\n", 7),
            ("raise SystemExit\n", 0),
            ("raise SystemExit('no good')\n", 1),
            ("def f():\n    raise LookupError('lost')\n\n\nf()\n", 1),
            ("import os\nos._exit(9)\n", 9),
            ("x = (\n", 1),
        ];
        for (source, code) in cases {
            sandbox.write("prog.py", source);
            let measured = run(&sandbox, python, &["prog.py"]);
            let alone = plain(&sandbox, python, &["prog.py"]);
            assert_eq!(measured.code, code, "{source}\n{}", measured.stderr);
            assert_eq!(measured.code, alone.code, "{source}");
            let warning = "CoverageWarning: No data was collected. (no-data-collected); see \
                https://coverage.readthedocs.io/en/7.17.3/messages.html#warning-no-data-collected\n";
            let said = measured.stderr.replace(warning, "");
            assert_eq!(said, alone.stderr, "{source} on {}", python.tag());
        }
    }
}

#[test]
fn a_program_that_fails_keeps_its_data() {
    let Some(python) = python("a_program_that_fails_keeps_its_data") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "x = 1\nraise LookupError(x)\ny = 2\n");
    assert_eq!(run(&sandbox, python, &["prog.py"]).code, 1);
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2]);
}

#[test]
fn a_second_run_replaces_the_data_unless_it_appends() {
    let Some(python) = python("a_second_run_replaces_the_data_unless_it_appends") else {
        return;
    };
    let sandbox = Sandbox::new();
    let source = "import sys\nif sys.argv[1] == 'a':\n    x = 1\nelse:\n    x = 2\n";
    sandbox.write("prog.py", source);
    run(&sandbox, python, &["prog.py", "a"]);
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 3]);
    run(&sandbox, python, &["prog.py", "b"]);
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 5]);
    let appended = run(&sandbox, python, &["--append", "prog.py", "a"]);
    assert_eq!(appended.code, 0, "{}", appended.stderr);
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 3, 5]);
    // Where there is nothing yet, appending begins.
    fs_err::remove_file(sandbox.project().join(".coverage")).unwrap();
    run(&sandbox, python, &["-a", "prog.py", "a"]);
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 3]);
}

/// The names of the data files in the project.
fn data_files(sandbox: &Sandbox) -> BTreeSet<String> {
    fs_err::read_dir(sandbox.project())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".coverage"))
        .collect()
}

#[test]
fn parallel_runs_have_a_file_each_and_can_be_combined() {
    let Some(python) = python("parallel_runs_have_a_file_each_and_can_be_combined") else {
        return;
    };
    let sandbox = Sandbox::new();
    let source = "import sys\nif sys.argv[1] == 'a':\n    x = 1\nelse:\n    x = 2\n";
    sandbox.write("prog.py", source);
    for argument in ["a", "b"] {
        let finished = run(&sandbox, python, &["-p", "prog.py", argument]);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
    }
    let files = data_files(&sandbox);
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().all(|name| name.starts_with(".coverage.")));
    let combined = sandbox.swath(&["combine"]);
    assert_eq!(combined.code, 0, "{}{}", combined.stdout, combined.stderr);
    assert_eq!(data_files(&sandbox), [".coverage".to_owned()].into());
    assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 3, 5]);
}

#[test]
fn a_label_is_recorded_and_a_changing_one_is_not() {
    let Some(python) = python("a_label_is_recorded_and_a_changing_one_is_not") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "x = 1\n");
    let label = |options: &[&str], rcfile: &str| {
        sandbox.write(".coveragerc", rcfile);
        let finished = run(&sandbox, python, &[options, &["prog.py"]].concat());
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let data = swath_data::read_data_file(&sandbox.project().join(".coverage")).unwrap();
        let (_, file) = data.files().next().unwrap();
        let (context, _) = file.lines_by_context().next().unwrap();
        (data.context_name(context).to_owned(), finished.stderr)
    };
    assert_eq!(label(&[], "").0, "");
    assert_eq!(label(&["--context=nightly"], "").0, "nightly");
    assert_eq!(label(&[], "[run]\ncontext = weekly\n").0, "weekly");
    assert_eq!(label(&["--context=x"], "[run]\ncontext = weekly\n").0, "x");
    // That is about functions of tests, of which there are none here.
    let (name, said) = label(&[], "[run]\ndynamic_context = test_function\n");
    assert!(name.is_empty() && said.is_empty(), "{said}");
    let (name, said) = label(&[], "[run]\ndynamic_context = tests\n");
    assert!(
        name.is_empty() && said.contains("dynamic-context-without-effect"),
        "{said}"
    );
}

#[test]
fn a_measured_program_knows_that_it_is_measured() {
    let Some(python) = python("a_measured_program_knows_that_it_is_measured") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "import os\nprint(os.environ['COVERAGE_RUN'])\n");
    assert_eq!(run(&sandbox, python, &["prog.py"]).stdout, "true\n");
}

#[test]
fn files_of_the_source_that_nobody_imports_count_as_missed() {
    let Some(python) = python("files_of_the_source_that_nobody_imports_count_as_missed") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("src/used.py", "x = 1\n");
    sandbox.write("src/unused.py", "x = 1\ny = 2\n");
    sandbox.write(
        "prog.py",
        "import sys\nsys.path.insert(0, 'src')\nimport used\n",
    );
    let finished = run(&sandbox, python, &["--source", "src", "prog.py"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let report = sandbox.swath(&["report", "-m"]);
    assert_eq!(
        report.stdout,
        "Name            Stmts   Miss  Cover   Missing\n\
         ---------------------------------------------\n\
         src/unused.py       2      2     0%   1-2\n\
         src/used.py         1      0   100%\n\
         ---------------------------------------------\n\
         TOTAL               3      2    33%\n\n\
         Complete: 1 of 1 Python process measured\n"
    );
}

#[test]
fn under_the_name_coverage_the_verbs_work() {
    let Some(python) = python("under_the_name_coverage_the_verbs_work") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("prog.py", "x = 1\n");
    let link = sandbox.temporary().join("coverage");
    fs_err::os::unix::fs::symlink(Path::new(env!("CARGO_BIN_EXE_swath")), &link).unwrap();
    // That command knows no `--python`: it takes the one of the active environment.
    let environment = sandbox.temporary().join("environment");
    fs_err::create_dir_all(environment.join("bin")).unwrap();
    fs_err::os::unix::fs::symlink(&python.path, environment.join("bin/python")).unwrap();
    let coverage = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        sandbox.prepare(&mut command);
        command.env("VIRTUAL_ENV", &environment);
        command.args(arguments);
        finish(command)
    };
    let finished = coverage(&["run", "-p", "prog.py"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let combined = coverage(&["combine", "-q"]);
    assert_eq!(combined.code, 0, "{}{}", combined.stdout, combined.stderr);
    assert_eq!(
        coverage(&["report"]).stdout,
        "Name      Stmts   Miss  Cover\n\
         -----------------------------\n\
         prog.py       1      0   100%\n\
         -----------------------------\n\
         TOTAL         1      0   100%\n"
    );
    assert_eq!(coverage(&["erase"]).code, 0);
    assert_eq!(data_files(&sandbox), BTreeSet::new());
    let version = coverage(&["--version"]).stdout;
    assert!(version.contains("version 7.17.3"), "{version}");
}

#[test]
fn a_signal_to_save_does_not_end_the_program() {
    for python in pythons_for("a_signal_to_save_does_not_end_the_program") {
        let sandbox = Sandbox::new();
        let program = "import os, signal\nos.kill(os.getpid(), signal.SIGUSR1)\nafter = 1\n";
        sandbox.write("prog.py", program);
        let arguments = ["--save-signal=USR1", "prog.py"];
        let measured = run(&sandbox, python, &arguments);
        assert_eq!(measured.code, 0, "on {}", python.tag());
        assert_eq!(lines(&sandbox, "prog.py"), [1, 2, 3]);
    }
}
