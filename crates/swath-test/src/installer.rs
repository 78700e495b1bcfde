//! What makes a virtual environment and installs packages: uv, or pip where uv is not to be had or does not do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::python::{Python, pythons, without_python_variables};
use crate::venv::{Requirements, made_once};

/// Makes the environment of `python` in `folder`, with these packages.
pub(crate) fn install(python: &Python, packages: &[String], folder: &Path) -> Result<()> {
    // Python 3.6 and 2.7 are unknown to uv, and what has no wheel is built by pip, which takes an older release
    // before.
    if let Some(uv) = uv()
        && install_by_uv(uv, python, packages, folder).is_ok()
    {
        return Ok(());
    }
    let _ = fs_err::remove_dir_all(folder);
    install_by_pip(python, packages, folder)
}

/// uv's program, in an environment of its own.
fn uv() -> Option<&'static Path> {
    static UV: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = || {
        let requirements = Requirements::from(["uv"]);
        let made = made_once(pip_python()?, &requirements, install_by_pip);
        made.ok().map(|venv| venv.bin("uv"))
    };
    UV.get_or_init(made).as_deref()
}

fn install_by_uv(uv: &Path, python: &Python, packages: &[String], folder: &Path) -> Result<()> {
    let uv_command = |verbs: &[&str]| {
        let mut command = Command::new(uv);
        without_python_variables(&mut command);
        // A test may change what its environment holds.
        command.args(["--quiet", "--no-config", "--cache-dir"]);
        command.arg(crate::target_dir().join("uv")).args(verbs);
        command.env("UV_LINK_MODE", "copy");
        command
    };
    // With pip, as `python -m venv` makes them.
    run(uv_command(&["venv", "--seed", "--python"])
        .arg(&python.path)
        .arg(folder))?;
    if packages.is_empty() {
        return Ok(());
    }
    run(uv_command(&["pip", "install", "--no-build", "--python"])
        .arg(folder.join("bin/python"))
        .args(packages))
}

fn install_by_pip(python: &Python, packages: &[String], folder: &Path) -> Result<()> {
    let has_pip = run(python.command().args(["-I", "-c", "import ensurepip"])).is_ok()
        && run(python.command().args(["-m", "venv"]).arg(folder)).is_ok();
    if !has_pip {
        // A distribution's interpreter may lack pip's wheel: another one's pip installs then.
        let _ = fs_err::remove_dir_all(folder);
        run(python
            .command()
            .args(["-m", "venv", "--without-pip"])
            .arg(folder))?;
    }
    if packages.is_empty() {
        return Ok(());
    }
    let inside = folder.join("bin/python");
    let mut install = if has_pip {
        let mut command = Command::new(&inside);
        without_python_variables(&mut command);
        command.args(["-m", "pip"]);
        command
    } else {
        let mut command = pip_python()
            .context("no interpreter with a pip found")?
            .command();
        command.args(["-m", "pip", "--python"]).arg(&inside);
        command
    };
    install.args([
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--prefer-binary",
    ]);
    run(install
        .arg("--cache-dir")
        .arg(crate::target_dir().join("wheels"))
        .args(packages))
}

/// The newest interpreter that has a pip which can also install for another one (22.3 and newer).
pub fn pip_python() -> Option<&'static Python> {
    let check = "import pip; exit(tuple(map(int, pip.__version__.split('.')[:2])) < (22, 3))";
    let mut newest_first = pythons().iter().rev();
    newest_first.find(|python| run(python.command().args(["-I", "-c", check])).is_ok())
}

/// Runs a command to its end; its last lines are the error.
fn run(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let text = if text.trim().is_empty() {
        String::from_utf8_lossy(&output.stdout)
    } else {
        text
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    bail!("{}", lines[lines.len().saturating_sub(3)..].join(" / "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uv_makes_what_pip_makes() {
        let Some((python, uv)) = crate::newest_python().zip(uv()) else {
            return crate::skip("uv_makes_what_pip_makes", "no CPython from 3.8, or no uv");
        };
        let temporary = crate::temp_dir();
        let names = |folder: &Path| {
            let list = ["-m", "pip", "list", "--format=freeze"];
            let output = Command::new(folder.join("bin/python")).args(list).output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            let names = text.lines().filter_map(|line| line.split_once("=="));
            let mut names: Vec<_> = names.map(|(name, _)| name.to_lowercase()).collect();
            // Pythons before 3.12 bring these, of a release of their own.
            names.retain(|name| !["setuptools", "wheel"].contains(&name.as_str()));
            names
        };
        let [by_uv, by_pip] = ["uv", "pip"].map(|name| temporary.path().join(name));
        let packages = ["iniconfig".to_owned()];
        install_by_uv(uv, python, &packages, &by_uv).unwrap();
        install_by_pip(python, &packages, &by_pip).unwrap();
        assert_eq!(names(&by_uv), ["iniconfig", "pip"]);
        assert_eq!(names(&by_uv), names(&by_pip));
    }

    #[test]
    fn a_package_that_does_not_exist_is_an_error_with_pips_words() {
        let Some(python) = crate::newest_python() else {
            return crate::skip("a_package_that_does_not_exist", "no CPython from 3.8 found");
        };
        let folder = crate::temp_dir();
        let path = folder.path().join("venv");
        let error = install(python, &["./no-such-folder".into()], &path).unwrap_err();
        assert!(error.to_string().contains("no-such-folder"), "{error:#}");
    }
}
