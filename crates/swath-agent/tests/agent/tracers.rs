//! Other tools that trace, in the same process: both see what they would see alone.

use std::collections::BTreeSet;
use std::path::Path;

use swath_test::{Python, builds, coverage_requirements_of, venv};

use crate::run::{Run, check_hits, expected, program};

const REPORT: &str = "
import coverage, sys
data = coverage.CoverageData(sys.argv[1]); data.read()
print(*(data.lines(sys.argv[2]) or []))
";

fn lines_of_coverage(python: &Python, data: &Path, file: &Path) -> BTreeSet<u32> {
    let mut command = python.command();
    let output = command
        .args(["-c", REPORT])
        .arg(data)
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = text.split_whitespace().map(|line| line.parse().unwrap());
    numbers.collect()
}

/// Runs a program under coverage.py and the agent: both numbers must be right.
fn check_twin(name: &str, core: &str, from: (u8, u8)) {
    for python in builds().iter().filter(|python| python.version >= from) {
        let Some(venv) = venv(python, &coverage_requirements_of(python)) else {
            continue;
        };
        let inside = Python {
            path: venv.python(),
            ..python.clone()
        };
        let run = Run::new();
        let file = program(name);
        let data = run.path().join("coverage-data");
        let mut command = inside.command();
        command
            .args(["-m", "coverage", "run", "--concurrency=thread"])
            .arg(&file);
        command
            .env("COVERAGE_FILE", &data)
            .env("COVERAGE_CORE", core);
        command.current_dir(run.path());
        let output = run.inject(&mut command).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} {core}: {errors}", python.tag());
        check_hits(&run, python, &file);
        let (expected, all) = expected(python, &file);
        let lines = lines_of_coverage(&inside, &data, &file);
        let lines: BTreeSet<u32> = lines.intersection(&all).copied().collect();
        assert_eq!(
            lines,
            expected,
            "coverage.py's of {name}, {core}, {}: {errors}",
            python.tag()
        );
    }
}

#[test]
fn coverage_with_its_c_tracer() {
    check_twin("plain.py", "ctrace", (3, 8));
    check_twin("tasks.py", "ctrace", (3, 8));
}

#[test]
fn coverage_with_its_python_tracer() {
    check_twin("plain.py", "pytrace", (3, 8));
}

#[test]
fn coverage_with_monitoring() {
    check_twin("plain.py", "sysmon", (3, 14));
    check_twin("threads.py", "sysmon", (3, 14));
}

#[test]
fn a_taken_evaluation_hook_is_told() {
    let code = "
import ctypes
api = ctypes.pythonapi
api.PyInterpreterState_Get.restype = ctypes.c_void_p
interpreter = ctypes.c_void_p(api.PyInterpreterState_Get())
default = ctypes.cast(api._PyEval_EvalFrameDefault, ctypes.c_void_p)
api._PyInterpreterState_SetEvalFrameFunc.restype = None
api._PyInterpreterState_SetEvalFrameFunc(interpreter, default)
import decimal
print('fine')";
    let hooked = |python: &&Python| ((3, 9)..=(3, 11)).contains(&python.version);
    for python in builds().iter().filter(hooked) {
        let run = Run::new();
        let mut command = python.command();
        let output = run.inject(command.args(["-c", code])).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "fine\n",
            "{}",
            python.tag()
        );
        let states = &run.stores()[0].states;
        assert_eq!(states, &["evaluation-hook-taken"], "{}", python.tag());
    }
}

/// What a person types: each stop is looked at, stepped on from, and left.
const COMMANDS: &str = "where\nnext\nstep\nstep\nwhere\nreturn\ncontinue\nwhere\nnext\nstep\ncontinue\n\
    where\nuntil\ncontinue\n";

#[test]
fn breakpoints_stop_where_they_do_without() {
    for python in builds() {
        let run = Run::new();
        let file = program("stops.py");
        let commands = run.path().join("commands");
        fs_err::write(&commands, COMMANDS).unwrap();
        let output = |command: &mut std::process::Command| {
            let input = fs_err::File::open(&commands).unwrap().into_parts().0;
            let command = command.arg(&file).env("PYTHONDONTWRITEBYTECODE", "1");
            let output = command.stdin(input).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let alone = output(&mut python.command());
        let measured = output(run.inject(&mut python.command()));
        assert_eq!(measured, alone, "{}", python.tag());
        assert!(alone.contains("stops.py(4)"), "{}: {alone}", python.tag());
        check_hits(&run, python, &file);
    }
}
