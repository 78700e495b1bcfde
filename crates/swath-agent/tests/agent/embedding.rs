//! Programs that are no Python themselves, and have one inside.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::{Python, pythons, skip};

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

#[test]
fn an_interpreter_that_is_begun_again_is_recorded() {
    for python in pythons() {
        let run = Run::with("branch 1\n");
        let Some(embedded) = compile(python, "rounds.c", run.path()) else {
            let what = format!("a Python {} to be embedded", python.tag());
            skip("an_interpreter_that_is_begun_again_is_recorded", &what);
            continue;
        };
        let file = program("rounds.py");
        let mut path = run.path().join("agent").into_os_string();
        path.push(":");
        path.push(file.parent().unwrap());
        let mut command = Command::new(embedded);
        run.inject(&mut command).env("PYTHONPATH", path);
        let home = python.path.parent().and_then(Path::parent).unwrap();
        let output = command.env("PYTHONHOME", home).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        let tag = python.tag();
        assert!(output.status.success(), "{tag}: {}: {error}", output.status);
        assert_eq!(output.stdout, b"round 0\nround 1\nround 2\n", "{tag}");
        let stores = run.stores();
        assert_eq!(stores.len(), 1, "{tag}");
        assert_eq!(stores[0].states, Vec::<String>::new(), "{tag}");
        assert_eq!(stores[0].header.closed, swath_store::Closed::Ended, "{tag}");
        check_hits(&run, python, &file);
    }
}
