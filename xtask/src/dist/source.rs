//! Packages of the source: the one for an index of Python's, and one that builds without a network.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use fs_err as fs;
use swath_test::target_dir;

use super::pack;
use super::stage::{Stage, VERSION};
use super::tools::Tools;
use crate::cargo::{self, cargo, quiet};

/// Makes them, and gives their paths.
pub(crate) fn make(stage: &Stage, tools: &Tools, out: &Path) -> Result<Vec<PathBuf>> {
    println!("packing the source");
    Ok(vec![
        for_index(stage, tools, out)?,
        with_crates(stage, out)?,
    ])
}

fn for_index(stage: &Stage, tools: &Tools, out: &Path) -> Result<PathBuf> {
    let mut maturin = tools.command("maturin");
    maturin
        .current_dir(stage.folder())
        .args(["sdist", "--out"])
        .arg(out)
        .env("SOURCE_DATE_EPOCH", stage.time());
    cargo::run(&mut maturin)?;
    let archive = out.join(format!("swath-{VERSION}.tar.gz"));
    ensure!(archive.is_file(), "maturin made no {}", archive.display());
    Ok(archive)
}

/// The checkout with the sources of all crates that it needs.
fn with_crates(stage: &Stage, out: &Path) -> Result<PathBuf> {
    let name = format!("swath-{VERSION}-vendored");
    let folder = target_dir().join("dist-build/archives").join(&name);
    let _ = fs::remove_dir_all(&folder);
    let mut vendor = cargo(["vendor", "--locked", "--versioned-dirs", "--manifest-path"]);
    vendor
        .arg(stage.folder().join("Cargo.toml"))
        .arg(folder.join("vendor"));
    quiet(&mut vendor)?;
    for entry in walkdir::WalkDir::new(stage.folder()) {
        let entry = entry?;
        let place = folder.join(entry.path().strip_prefix(stage.folder())?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(place)?;
        } else if entry.file_name() != super::notices::NAME {
            fs::copy(entry.path(), place)?;
        }
    }
    let settings = folder.join(".cargo/config.toml");
    let own = fs::read_to_string(&settings)?;
    let there = "\n# The crates are here.\n[source.crates-io]\nreplace-with = \"vendored\"\n\n\
                 [source.vendored]\ndirectory = \"vendor\"\n";
    fs::write(settings, own + there)?;
    let archive = out.join(format!("{name}.tar.gz"));
    pack(&folder, &archive, stage.time())?;
    Ok(archive)
}
