//! The programs that make packages. They come as wheels, into a virtual environment of their own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use fs_err as fs;
use swath_test::{Requirements, Venv, newest_python, target_dir, venv};

use super::stage::VERSION;
use crate::cargo::quiet;

/// maturin's own bounds are in pyproject.toml.
const PACKAGES: [&str; 3] = ["maturin>=1.9.4,<2.0", "ziglang", "twine"];

/// maturin, zig and twine.
pub(crate) struct Tools {
    venv: Venv,
}

impl Tools {
    /// Installs what is not there.
    pub(crate) fn obtain() -> Result<Tools> {
        let python = newest_python().context("no CPython from 3.8 found to run maturin with")?;
        let venv = venv(python, &Requirements::from(PACKAGES));
        let venv = venv.context("maturin, ziglang and twine cannot be installed")?;
        Ok(Tools { venv })
    }

    /// A command of theirs, such as `maturin`.
    pub(crate) fn command(&self, name: &str) -> Command {
        self.venv.command(name)
    }

    /// Unpacks a wheel.
    pub(crate) fn unpack(&self, wheel: &Path, folder: &Path) -> Result<()> {
        let mut unpack = self.command("python");
        quiet(unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(folder))
    }

    /// Whether an index would take these packages, as far as they are for one.
    pub(crate) fn check(&self, packages: &[PathBuf]) -> Result<()> {
        let is_for_index = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".whl") || name == format!("swath-{VERSION}.tar.gz")
        };
        let packages: Vec<&PathBuf> = packages.iter().filter(is_for_index).collect();
        quiet(
            self.command("twine")
                .args(["check", "--strict"])
                .args(packages),
        )
    }

    /// A folder with zig's linker as `ld.lld`: the agents of other machines are linked with it.
    pub(crate) fn linker_folder(&self) -> Result<PathBuf> {
        let folder = target_dir().join("dist-build/bin");
        fs::create_dir_all(&folder)?;
        let path = folder.join("ld.lld");
        let python = self.venv.python();
        let script = format!(
            "#!/bin/sh\nexec '{}' -m ziglang ld.lld \"$@\"\n",
            python.display()
        );
        fs::write(&path, script)?;
        fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(folder)
    }

    /// What zig says of its own musl's licence.
    pub(crate) fn musl_licence(&self) -> Result<String> {
        const FIND: &str = "import ziglang, os; \
            print(open(os.path.join(ziglang.__path__[0], 'lib/libc/musl/COPYRIGHT')).read())";
        let output = self.command("python").args(["-c", FIND]).output()?;
        anyhow::ensure!(output.status.success(), "zig does not say musl's licence");
        Ok(String::from_utf8(output.stdout)?)
    }
}
