//! Programs that are no Python themselves, and have one inside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::{Python, builds, skip};

use crate::run::{Run, check_hits, program};

/// What a compiler and a linker need.
const FLAGS: &str = "
import sysconfig
def get(name):
    return sysconfig.get_config_var(name) or ''
library = get('LIBDIR')
print('-I' + sysconfig.get_path('include'), '-L' + library, '-L' + get('LIBPL'),
    '-Wl,-rpath,' + library, '-Wl,-export-dynamic', '-lpython' + get('LDVERSION'),
    get('LIBS'), get('SYSLIBS'), '-ldl -lm -lutil -lpthread')
";

/// Compiles a program with an interpreter in it; `None` where something for that is missing.
fn compile(python: &Python, name: &str, folder: &Path) -> Option<PathBuf> {
    let output = python.command().args(["-c", FLAGS]).output().unwrap();
    let flags = String::from_utf8(output.stdout).unwrap();
    let path = folder.join("embedded");
    let mut command = Command::new("cc");
    command.arg("-o").arg(&path).arg(program(name));
    command.args(flags.split_whitespace());
    let status = command.stderr(Stdio::null()).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success()).then_some(path)
}

/// The stores of a program with an interpreter in it, which has to succeed; `None` where it cannot be
/// made.
fn run_embedded(test: &str, python: &Python, run: &Run, name: &str) -> Option<Vec<u8>> {
    let tag = python.tag();
    let Some(embedded) = compile(python, name, run.path()) else {
        skip(test, &format!("a Python {tag} to be embedded"));
        return None;
    };
    let mut path = run.path().join("agent").into_os_string();
    path.push(":");
    path.push(program("rounds.py").parent().unwrap());
    let mut command = Command::new(embedded);
    run.inject(&mut command).env("PYTHONPATH", path);
    let home = python.path.parent().and_then(Path::parent).unwrap();
    let output = command.env("PYTHONHOME", home).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tag}: {}: {error}", output.status);
    Some(output.stdout)
}

/// A host that runs `rounds.py` three times, in interpreters of its own.
fn rounds_are_recorded(test: &str, host: &str) {
    for python in builds() {
        let run = Run::with("branch 1\n");
        let Some(output) = run_embedded(test, python, &run, host) else {
            continue;
        };
        let tag = python.tag();
        assert_eq!(output, b"round 0\nround 1\nround 2\n", "{tag}");
        let stores = run.stores();
        assert_eq!(stores.len(), 1, "{tag}");
        assert_eq!(stores[0].states, Vec::<String>::new(), "{tag}");
        assert!(!stores[0].header.other_interpreter, "{tag}");
        assert_eq!(stores[0].header.closed, swath_store::Closed::Ended, "{tag}");
        check_hits(&run, python, &program("rounds.py"));
    }
}

#[test]
fn an_interpreter_that_is_begun_again_is_recorded() {
    rounds_are_recorded("an_interpreter_that_is_begun_again_is_recorded", "rounds.c");
}

#[test]
fn interpreters_beside_each_other_are_recorded() {
    rounds_are_recorded("interpreters_beside_each_other_are_recorded", "beside.c");
}

#[test]
fn a_child_of_which_the_interpreter_does_not_know_may_end_at_once() {
    for python in builds() {
        let run = Run::with("branch 1\n");
        let test = "a_child_of_which_the_interpreter_does_not_know_may_end_at_once";
        if run_embedded(test, python, &run, "raw_fork.c").is_none() {
            continue;
        }
        let tag = python.tag();
        let stores = run.stores();
        assert_eq!(stores.len(), 2, "{tag}");
        for store in &stores {
            assert_eq!(store.header.closed, swath_store::Closed::Ended, "{tag}");
        }
        check_hits(&run, python, &program("rounds.py"));
    }
}
