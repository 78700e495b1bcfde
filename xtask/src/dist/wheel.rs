//! Wheels, which maturin builds and zig links.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use fs_err as fs;
use swath_test::target_dir;

use super::stage::Stage;
use super::target::Target;
use super::toolchain::Toolchain;
use super::tools::Tools;
use crate::cargo;

/// Makes the wheel of a target, and gives its path.
pub(crate) fn make(
    stage: &Stage,
    target: Target,
    tools: &Tools,
    toolchain: &Toolchain,
    out: &Path,
) -> Result<PathBuf> {
    let fresh = target_dir().join("dist-build/wheels").join(target.triple);
    let _ = fs::remove_dir_all(&fresh);
    let home = cargo::home()?;
    let build = build_folder();
    let folders = [
        (build.as_path(), "/target"),
        (stage.folder(), "/swath"),
        (home.as_path(), "/cargo"),
    ];
    let prefixes =
        folders.map(|(folder, name)| format!("-ffile-prefix-map={}={name}", folder.display()));
    let mut maturin = tools.command("maturin");
    maturin
        .current_dir(stage.folder())
        .args([
            "build",
            "--release",
            "--locked",
            "--zig",
            "--target",
            target.triple,
        ])
        .args(["--compatibility", target.promise, "--out"])
        .arg(&fresh)
        .env("CARGO_TARGET_DIR", &build)
        .env("CARGO_INCREMENTAL", "0")
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            target.compiler_flags(toolchain.sysroot(), &folders),
        )
        .env("CFLAGS", prefixes.join(" "))
        .env("SOURCE_DATE_EPOCH", stage.time());
    toolchain.apply(&mut maturin, &[tools.linker_folder()?])?;
    cargo::run(&mut maturin)?;
    let mut wheels = fs::read_dir(&fresh)?.collect::<Result<Vec<_>, _>>()?;
    ensure!(wheels.len() == 1, "maturin made {} wheels", wheels.len());
    let wheel = wheels.remove(0);
    let place = out.join(wheel.file_name());
    fs::copy(wheel.path(), &place)?;
    Ok(place)
}

/// Where cargo builds what is packed.
pub(crate) fn build_folder() -> PathBuf {
    target_dir().join("dist-build/target")
}
