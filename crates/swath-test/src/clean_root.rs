//! Root file systems of Debian suites, in which programs run as on machines that never saw a
//! checkout of swath.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::debootstrap::{debootstrap, install};

/// Written last: the root file system is complete.
const COMPLETE: &str = "swath-complete";

/// What a root file system consists of.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    /// Names it under `target/clean-roots`.
    pub name: &'a str,
    /// The suite of Debian.
    pub suite: &'a str,
    /// As Debian calls machines: `amd64`.
    pub architecture: &'a str,
    /// Beside what every Debian has.
    pub packages: &'a [&'a str],
}

impl Recipe<'_> {
    /// Whether its programs are for another machine than this one.
    pub fn is_emulated(&self) -> bool {
        let own = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        self.architecture != own
    }
}

/// A compiler that is not rustup's, which links with GNU ld, with the source of its libraries.
pub const RUST_OF_DEBIAN: Recipe<'_> = Recipe {
    name: "sid-rust",
    suite: "sid",
    architecture: "amd64",
    packages: &["cargo", "rustc", "gcc", "libc6-dev", "python3", "rust-src"],
};

/// A root file system.
#[derive(Debug)]
pub struct CleanRoot {
    folder: PathBuf,
}

impl CleanRoot {
    /// The root file system of a recipe, made when it is not there; without it, a named skip for
    /// `test`.
    pub fn obtain(recipe: Recipe<'_>, test: &str) -> Option<CleanRoot> {
        let made = if crate::can_mount() {
            make(recipe)
        } else {
            Err(anyhow::anyhow!("this user may not mount file systems"))
        };
        made.map_err(|error| crate::skip(test, &format!("{error:#}")))
            .ok()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a path of it lies outside.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.folder.join(path.trim_start_matches('/'))
    }

    /// A command in it, with nothing of this machine's environment, in a folder of it. It has a
    /// `/proc`, and this machine's network.
    pub fn command(&self, folder: &str, program: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--mount-proc", "--root"]);
        command.arg(&self.folder).args(["--wd", folder, program]);
        command.env_clear().envs([
            (
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ),
            ("HOME", "/root"),
            ("LANG", "C.UTF-8"),
        ]);
        command.stdin(Stdio::null());
        command
    }
}

fn make(recipe: Recipe<'_>) -> Result<CleanRoot> {
    let above = crate::target_dir().join("clean-roots");
    let root = CleanRoot {
        folder: above.join(recipe.name),
    };
    if root.folder.join(COMPLETE).is_file() {
        return Ok(root);
    }
    fs_err::create_dir_all(&above)?;
    let lock = File::create(above.join(format!("{}.lock", recipe.name)))?;
    lock.lock().context("cannot lock the root's name")?;
    if root.folder.join(COMPLETE).is_file() {
        return Ok(root);
    }
    let _ = fs_err::remove_dir_all(&root.folder);
    if recipe.is_emulated() {
        emulate(recipe.architecture)?;
    }
    unpack(recipe, &root.folder)?;
    fs_err::write(root.folder.join(COMPLETE), recipe.packages.join("\n"))?;
    Ok(root)
}

fn unpack(recipe: Recipe<'_>, folder: &Path) -> Result<()> {
    let mut command = Command::new(debootstrap()?);
    command.args(["--variant=minbase", "--arch", recipe.architecture]);
    command.arg(format!("--include={}", recipe.packages.join(",")));
    if recipe.is_emulated() {
        // Packages are only unpacked: their scripts would run for many minutes, and no test needs
        // what they do.
        command.arg("--foreign");
    }
    command.arg(recipe.suite).arg(folder);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let last = said.lines().rev().find(|line| line.starts_with("E:"));
        let last = last.or(said.lines().last()).unwrap_or("no output");
        bail!("no root file system of Debian {}: {last}", recipe.suite);
    }
    if recipe.is_emulated() {
        for entry in fs_err::read_dir(folder.join("var/cache/apt/archives"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                let status = Command::new("dpkg")
                    .arg("-x")
                    .arg(&path)
                    .arg(folder)
                    .status()?;
                ensure!(status.success(), "dpkg cannot unpack {}", path.display());
            }
        }
    }
    Ok(())
}

/// Lets this machine run programs of another one: with QEMU, which the kernel starts for them.
fn emulate(architecture: &str) -> Result<()> {
    let machine = match architecture {
        "arm64" => "aarch64",
        other => other,
    };
    let kinds = Path::new("/proc/sys/fs/binfmt_misc");
    let name = format!("qemu-{machine}");
    if kinds.join(&name).exists() {
        return Ok(());
    }
    let known = Path::new("/usr/lib/binfmt.d").join(format!("{name}.conf"));
    if !known.exists() {
        install(&["qemu-user-static"]).context("QEMU cannot be installed")?;
    }
    if !kinds.join("register").exists() {
        let mut mount = Command::new("mount");
        mount.args(["-t", "binfmt_misc", "binfmt_misc"]).arg(kinds);
        ensure!(mount.status()?.success(), "binfmt_misc cannot be mounted");
    }
    let line = fs_err::read(known)?;
    if !kinds.join(&name).exists() {
        fs_err::write(kinds.join("register"), line)?;
    }
    Ok(())
}
