//! `cargo xtask dist`: everything that a release consists of, made on one machine.
//!
//! Two calls give the same bytes: what is built is a copy of the files that git knows, times are
//! those of the commit, and no path of the machine gets into what is made.

mod archive;
mod notices;
mod source;
mod stage;
mod target;
mod toolchain;
mod tools;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use fs_err as fs;
use swath_test::target_dir;

use crate::cargo::quiet;
use stage::Stage;
use target::Target;
use toolchain::Toolchain;
use tools::Tools;

/// What `cargo xtask dist` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the packages of this target, and none of the source; may be given several times
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,
    /// Only the packages of the source
    #[arg(long, conflicts_with = "targets")]
    source: bool,
    /// Build everything anew, also what has not changed
    #[arg(long)]
    fresh: bool,
    /// Where the packages go, instead of target/dist
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// `cargo xtask dist`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let out = match &options.out {
        Some(folder) => std::path::absolute(folder)?,
        None => target_dir().join("dist"),
    };
    fs::create_dir_all(&out)?;
    // Another one would change what this one builds.
    let lock = target_dir().join("dist-build.lock");
    let lock = fs::File::create(lock)?;
    lock.file()
        .lock()
        .context("cannot lock target/dist-build")?;
    let stage = Stage::make()?;
    if options.fresh {
        let _ = fs::remove_dir_all(wheel::build_folder());
    }
    let tools = Tools::obtain()?;
    let mut made = Vec::new();
    if !options.source {
        let targets = Target::chosen(&options.targets)?;
        let toolchain = Toolchain::obtain(&targets)?;
        for target in targets {
            println!("building for {}", target.triple);
            notices::write(&stage, target, &tools)?;
            let wheel = wheel::make(&stage, target, &tools, &toolchain, &out)?;
            made.push(archive::make(&stage, target, &tools, &wheel, &out)?);
            made.push(wheel);
        }
    }
    if options.targets.is_empty() {
        made.extend(source::make(&stage, &tools, &out)?);
    }
    tools.check(&made)?;
    write_checksums(&out)?;
    for path in &made {
        let size = fs::metadata(path)?.len();
        println!("{:>9} kB  {}", size / 1000, path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes `SHA256SUMS` of all that is in the folder.
fn write_checksums(folder: &Path) -> Result<()> {
    const NAME: &str = "SHA256SUMS";
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name() != NAME {
            names.push(entry.file_name());
        }
    }
    names.sort();
    let output = Command::new("sha256sum")
        .args(names)
        .current_dir(folder)
        .output()
        .context("cannot start sha256sum")?;
    anyhow::ensure!(output.status.success(), "sha256sum failed");
    Ok(fs::write(folder.join(NAME), output.stdout)?)
}

/// Packs a folder, so that the archive says nothing of this machine and its user.
fn pack(folder: &Path, archive: &Path, time: &str) -> Result<()> {
    let (above, name) = (folder.parent(), folder.file_name());
    let above = above.context("a folder that is packed lies in another one")?;
    let name = name.context("a folder that is packed has a name")?;
    quiet(
        Command::new("tar")
            .args(["--sort=name", "--format=pax", "--numeric-owner"])
            .args(["--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"])
            .args(["--owner=0", "--group=0", "--mode=u+rwX,go+rX,go-w"])
            .arg(format!("--mtime=@{time}"))
            .args(["--use-compress-program=gzip -9 --no-name", "-cf"])
            .arg(archive)
            .arg("-C")
            .arg(above)
            .arg(name),
    )
}
