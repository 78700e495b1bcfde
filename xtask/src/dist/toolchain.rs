//! The compiler, and Rust's libraries for every target: rustup's, or where it has none, libraries
//! that are made here from their source.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use swath_test::{CleanRoot, RUST_OF_DEBIAN, target_dir};

use super::target::{AGENT_TARGETS, Target};
use crate::cargo::{self, quiet};

/// Written last: a target's libraries are there.
const COMPLETE: &str = "swath-complete";

/// What of Rust's libraries a target needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// For an agent.
    Core,
    /// For swath itself.
    Everything,
}

/// A compiler that has all libraries.
pub(crate) struct Toolchain {
    /// Another one than cargo calls by itself.
    compiler: Option<PathBuf>,
    /// A folder that looks like a toolchain's, with libraries that the compiler does not bring along.
    sysroot: Option<PathBuf>,
}

impl Toolchain {
    /// One that builds for all of these targets.
    pub(crate) fn obtain(targets: &[Target]) -> Result<Toolchain> {
        let own = Toolchain {
            compiler: None,
            sysroot: None,
        };
        let wanted = wanted(targets);
        // Nothing is added to the toolchain: it is not only this checkout's.
        if wanted.keys().all(|triple| own.has(triple)) {
            return Ok(own);
        }
        let source = own.print(&["--print=sysroot"])?;
        let source = Path::new(&source).join("lib/rustlib/src/rust");
        if source.join("library").is_dir() {
            return own.completed(&wanted, &source);
        }
        // The source must be that of the very compiler: Debian has both.
        let root = CleanRoot::obtain(RUST_OF_DEBIAN, "packages for other machines").with_context(
            || {
                let names: Vec<&str> = wanted.keys().map(String::as_str).collect();
                format!(
                    "the compiler lacks libraries: `rustup target add {}`",
                    names.join(" ")
                )
            },
        )?;
        let debian = Toolchain {
            compiler: Some(wrapper(root.folder())?),
            sysroot: None,
        };
        let source = root.folder().join("usr/lib/rustlib/src/rust");
        debian.completed(&wanted, &source)
    }

    /// The folder of libraries beside the compiler's own.
    pub(crate) fn sysroot(&self) -> Option<&Path> {
        self.sysroot.as_deref()
    }

    /// Makes a command that calls cargo use it, and find programs in these folders first.
    pub(crate) fn apply(&self, command: &mut Command, folders: &[PathBuf]) -> Result<()> {
        let mut first = folders.to_vec();
        if let Some(compiler) = &self.compiler {
            command.env("RUSTC", compiler);
            // Some tools ask whatever is called `rustc`.
            first.extend(compiler.parent().map(Path::to_owned));
        }
        let path = command
            .get_envs()
            .find(|(name, _)| *name == "PATH")
            .and_then(|(_, value)| value.map(ToOwned::to_owned))
            .or_else(|| std::env::var_os("PATH"))
            .unwrap_or_default();
        let folders = first.into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders)?);
        Ok(())
    }

    fn print(&self, arguments: &[&str]) -> Result<String> {
        let program = self.compiler.clone().unwrap_or_else(|| "rustc".into());
        let output = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .context("cannot start rustc")?;
        ensure!(output.status.success(), "rustc {arguments:?} failed");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn has(&self, triple: &str) -> bool {
        let folder = self.print(&["--print=target-libdir", "--target", triple]);
        let entries = folder.and_then(|folder| Ok(fs::read_dir(folder)?));
        entries.is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    }

    /// With the libraries that it lacks, made from their source.
    fn completed(self, wanted: &BTreeMap<String, Part>, source: &Path) -> Result<Toolchain> {
        let version = self.print(&["--version"])?;
        let version = version.split(' ').nth(1).context("rustc says no version")?;
        let folder = target_dir().join("std").join(version);
        let libraries = folder.join("sysroot/lib/rustlib");
        fs::create_dir_all(&libraries)?;
        for (triple, part) in wanted {
            let place = libraries.join(triple);
            if self.has(triple) {
                if !place.exists() {
                    let own = self.print(&["--print=target-libdir", "--target", triple])?;
                    let own = Path::new(&own)
                        .parent()
                        .context("libraries lie in a folder")?;
                    symlink(own, &place)?;
                }
            } else {
                self.make(triple, *part, source, &folder, &place.join("lib"))
                    .with_context(|| format!("there are no libraries for {triple}"))?;
            }
        }
        Ok(Toolchain {
            sysroot: Some(folder.join("sysroot")),
            ..self
        })
    }

    fn make(
        &self,
        triple: &str,
        part: Part,
        source: &Path,
        folder: &Path,
        libraries: &Path,
    ) -> Result<()> {
        let complete = libraries.join(format!("{COMPLETE}-{part:?}"));
        if complete.is_file() || libraries.join(format!("{COMPLETE}-Everything")).is_file() {
            return Ok(());
        }
        println!("making Rust's libraries for {triple}");
        let probe = folder.join("probe");
        let manifest = "[package]\nname = \"probe\"\nedition = \"2024\"\n\n[workspace]\n";
        fs::create_dir_all(probe.join("src"))?;
        fs::write(probe.join("Cargo.toml"), manifest)?;
        fs::write(probe.join("src/lib.rs"), "#![no_std]\n")?;
        let crates = match part {
            Part::Core => "core",
            Part::Everything => "std,panic_unwind",
        };
        let build_folder = folder.join("build");
        let home = cargo::home()?;
        let flags = [(source, "/rustc"), (home.as_path(), "/cargo")]
            .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
        let mut build = cargo::cargo(["build", "--release", "--target", triple]);
        build
            .arg(format!("-Zbuild-std={crates}"))
            .arg("--target-dir")
            .arg(&build_folder)
            .current_dir(&probe)
            // The libraries are made of what only the compiler's own version may use.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("__CARGO_TESTS_ONLY_SRC_ROOT", source.join("library"))
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        self.apply(&mut build, &[])?;
        quiet(&mut build)?;
        let _ = fs::remove_dir_all(libraries);
        fs::create_dir_all(libraries)?;
        for entry in fs::read_dir(build_folder.join(triple).join("release/deps"))? {
            let path = entry?.path();
            let name = path
                .file_name()
                .context("a file has a name")?
                .to_string_lossy();
            if name.ends_with(".rlib") && !name.starts_with("libprobe-") {
                fs::copy(&path, libraries.join(&*name))?;
            }
        }
        Ok(fs::write(complete, "")?)
    }
}

/// The targets that libraries are needed of: those of swath, and those of the agents that every
/// swath holds.
fn wanted(targets: &[Target]) -> BTreeMap<String, Part> {
    let agents = AGENT_TARGETS.map(|triple| (triple.to_owned(), Part::Core));
    let own = targets
        .iter()
        .map(|target| (target.triple.to_owned(), Part::Everything));
    agents.into_iter().chain(own).collect()
}

/// A program that calls the compiler of another root file system, with that one's loader and
/// libraries: no chroot, and the files of this machine.
fn wrapper(root: &Path) -> Result<PathBuf> {
    let path = target_dir().join("std/bin/rustc");
    fs::create_dir_all(path.parent().context("it lies in a folder")?)?;
    let libraries = root.join("usr/lib/x86_64-linux-gnu");
    let script = format!(
        "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
        root.join("usr/lib64/ld-linux-x86-64.so.2").display(),
        libraries.display(),
        root.join("usr/bin/rustc").display()
    );
    fs::write(&path, script)?;
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_holds_the_agents_of_both_machines() {
        let one = Target::chosen(&["x86_64-unknown-linux-gnu".to_owned()]).expect("it is there");
        let expected = [
            ("aarch64-unknown-linux-gnu", Part::Core),
            ("x86_64-unknown-linux-gnu", Part::Everything),
        ];
        let expected = expected.map(|(triple, part)| (triple.to_owned(), part));
        assert_eq!(wanted(&one), BTreeMap::from(expected));
    }
}
