//! `pip install .` gives a working `swath`.

use std::path::Path;
use std::process::Command;

use swath_test::{Requirements, newest_python, skip, temp_dir, venv, workspace_root};

/// The folder that cargo builds in, found from this test's own place in it, so that the build
/// below finds what has been built already.
fn build_folder() -> std::path::PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test.ancestors().nth(3).map(Path::to_owned);
    folder.expect("a test lies in PROFILE/deps of the build folder")
}

#[test]
fn pip_installs_a_working_command() {
    let Some(python) = newest_python() else {
        return skip(
            "pip_installs_a_working_command",
            "no CPython from 3.8 found",
        );
    };
    let Some(venv) = venv(python, &Requirements::from(["maturin>=1.7,<2.0"])) else {
        return;
    };
    let folder = temp_dir();
    // The profile of the other tests: the shipped one takes minutes longer.
    let output = venv
        .command("python")
        .args([
            "-m",
            "pip",
            "install",
            "--no-build-isolation",
            "--no-deps",
            "--prefix",
        ])
        .arg(folder.path())
        .arg(workspace_root())
        .env("MATURIN_PEP517_ARGS", "--profile dev")
        .env("CARGO_TARGET_DIR", build_folder())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let swath = folder.path().join("bin/swath");
    let output = Command::new(&swath).arg("--version").output().unwrap();
    let expected = format!("swath {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let program = folder.path().join("program.py");
    fs_err::write(&program, "print('measured')\n").unwrap();
    let mut run = Command::new(&swath);
    run.current_dir(folder.path())
        .arg("run")
        .arg("--python")
        .arg(venv.python())
        .arg(&program);
    let output = run.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "measured\n");
    assert!(folder.path().join(".coverage").is_file());
}
