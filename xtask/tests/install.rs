//! `pip install .` gives a working `swath`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::Command;

use swath_test::{Requirements, Venv, newest_python, skip, temp_dir, venv, workspace_root};

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
    let Some(venv) = venv(python, &Requirements::from(["maturin>=1.7,<2.0", "pytest"])) else {
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
    check_package(folder.path(), &venv);
}

/// The Python package of the wheel: the plugin is found by pytest, and nothing else of `python/` is installed, least of
/// all a `sitecustomize`.
fn check_package(prefix: &Path, venv: &Venv) {
    let (major, minor) = venv.version();
    let site = prefix.join(format!("lib/python{major}.{minor}/site-packages"));
    let mut names: Vec<String> = fs_err::read_dir(&site)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let info = format!("swath-{}.dist-info", env!("CARGO_PKG_VERSION"));
    assert_eq!(names, ["swath".to_owned(), info]);
    let project = temp_dir();
    fs_err::write(
        project.path().join("test_it.py"),
        "def test_it():\n    pass\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let output = venv
            .command("python")
            .args(arguments)
            .current_dir(project.path())
            .env("PYTHONPATH", &site)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text
    };
    let version = run(&["-m", "swath", "--version"]);
    assert_eq!(version, format!("swath {}\n", env!("CARGO_PKG_VERSION")));
    let report = run(&["-m", "pytest", "-q", "--swath", "--cov=."]);
    assert!(report.contains("1 passed"), "{report}");
    assert!(report.contains("test_it.py"), "{report}");
}
