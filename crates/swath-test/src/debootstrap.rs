//! debootstrap, which makes root file systems of Debian suites.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The path of debootstrap, installed first where that can be done.
pub fn debootstrap() -> Result<PathBuf> {
    let known = Path::new("/usr/sbin/debootstrap");
    ensure!(crate::is_root(), "debootstrap needs root");
    if !known.is_file() {
        install(&["debootstrap"]).context("debootstrap is not installed")?;
    }
    Ok(known.to_owned())
}

/// Installs packages on this machine.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let _alone = crate::take_turn("apt-get");
    // Lists may be old or absent: they are only fetched when the first try fails.
    // Somebody else may be installing something right now.
    let apt_get = |arguments: &[&str]| {
        let output = Command::new("apt-get")
            .args(["--option", "DPkg::Lock::Timeout=300"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .context("cannot start apt-get")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "apt-get failed: {}", said.trim());
        Ok(())
    };
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    if apt_get(&arguments).is_err() {
        apt_get(&["update"])?;
        apt_get(&arguments)?;
    }
    Ok(())
}
