//! The sources of large packages from the package index, compared with coverage.py under every Python.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use swath_test::{Python, Scale, pip_python, pythons, scale, skip};

use crate::oracle::{Oracle, compare_files, python_files};

const PACKAGES: &[&str] = &[
    "Django==5.1.4",
    "SQLAlchemy==2.0.36",
    "sympy==1.13.3",
    "networkx==3.4.2",
    "pandas==2.2.3",
];

#[test]
fn sources_of_packages_are_equal() -> Result<()> {
    if scale() == Scale::Sample {
        skip("sources of packages", "only with SWATH_PROVE=1");
        return Ok(());
    }
    let Some(python) = pip_python() else {
        skip("sources of packages", "no Python with pip");
        return Ok(());
    };
    let mut complaints = Vec::new();
    for package in PACKAGES {
        let root = match obtain(python, package) {
            Ok(root) => root,
            Err(error) => {
                skip(&format!("sources of {package}"), &error.to_string());
                continue;
            }
        };
        let mut files = Vec::new();
        python_files(&root, &mut files)?;
        for python in pythons().iter().filter(|python| python.version >= (3, 10)) {
            let Some(oracle) = Oracle::new(python) else {
                continue;
            };
            if let Err(error) = compare_files(&oracle, package, &root, &files) {
                complaints.push(error.to_string());
            }
        }
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

/// The folder with a package's sources, which stays for later runs.
fn obtain(python: &Python, package: &str) -> Result<PathBuf> {
    let folder = swath_test::target_dir()
        .join("oracle/packages")
        .join(package);
    if !folder.is_dir() {
        let partial = folder.with_extension("partial");
        let output = Command::new(&python.path)
            .args([
                "-m",
                "pip",
                "install",
                "-q",
                "--no-deps",
                "--no-compile",
                "--only-binary",
                ":all:",
                package,
                "--target",
            ])
            .arg(&partial)
            .output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs_err::rename(&partial, &folder)?;
    }
    Ok(folder)
}
