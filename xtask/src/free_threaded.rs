//! `cargo xtask free-threaded`: a CPython without a GIL, which no distribution has as a package.
//!
//! It is built from Debian's source of the version, which takes four minutes of CPU time, and kept
//! under `target/pythons`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use swath_test::{free_threaded_python, skip, target_dir};

use crate::apt::Apt;
use crate::cargo::quiet;

/// The version, and the suite whose source it is.
const VERSION: (u8, u8) = (3, 13);
const SUITE: &str = "trixie";
/// What the interpreter must be able to do.
const CHECK: &str = "import ssl, sqlite3, ctypes, sys; assert not sys._is_gil_enabled()";
/// Written last: the interpreter is complete.
const COMPLETE: &str = "swath-complete";

/// Makes it if there is none, and says what could not be had.
pub(crate) fn run() -> ExitCode {
    let tag = format!("{}.{}", VERSION.0, VERSION.1);
    let folder = target_dir().join("pythons").join(format!("{tag}t"));
    let is_half = folder.exists() && !folder.join(COMPLETE).is_file();
    if is_half && let Err(error) = fs::remove_dir_all(&folder) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    if free_threaded_python(VERSION.0, VERSION.1).is_some() {
        return ExitCode::SUCCESS;
    }
    println!("making target/pythons/{tag}t from the source of Debian {SUITE}");
    if let Err(error) = make(&tag, &folder) {
        let reason = format!("no interpreter: {error:#}");
        skip(&format!("everything on Python {tag}t"), &reason);
    }
    ExitCode::SUCCESS
}

fn make(tag: &str, folder: &Path) -> Result<()> {
    let work = target_dir().join("pythons").join(format!("making-{tag}t"));
    let _ = fs::remove_dir_all(&work);
    let source = fetch(tag, &work)?;
    let build = work.join("build");
    fs::create_dir_all(&build)?;
    let cores = std::thread::available_parallelism()?;
    let mut configure = Command::new(source.join("configure"));
    configure
        .args(["--disable-gil", "--disable-test-modules"])
        .arg(format!("--prefix={}", folder.display()));
    quiet(configure.current_dir(&build)).context("it cannot be configured")?;
    quiet(
        Command::new("make")
            .arg(format!("-j{cores}"))
            .current_dir(&build),
    )
    .context("it cannot be built")?;
    quiet(Command::new("make").arg("install").current_dir(&build))
        .context("it cannot be installed")?;
    let program = folder.join("bin").join(format!("python{tag}t"));
    quiet(Command::new(program).args(["-I", "-c", CHECK]))
        .context("it does not run as it should")?;
    fs::write(folder.join(COMPLETE), SUITE)?;
    Ok(fs::remove_dir_all(&work)?)
}

/// Fetches the source and unpacks it; the folder that it is in.
fn fetch(tag: &str, work: &Path) -> Result<PathBuf> {
    let apt = Apt::of_sources(SUITE, work.join("apt"))?;
    let archive = apt.source(&format!("python{tag}"))?;
    let unpacked = work.join("source");
    fs::create_dir_all(&unpacked)?;
    quiet(
        Command::new("tar")
            .arg("xf")
            .arg(archive)
            .arg("-C")
            .arg(&unpacked),
    )?;
    let entries: Vec<_> = fs::read_dir(&unpacked)?.flatten().collect();
    ensure!(entries.len() == 1, "the source is not one folder");
    let folder = entries.first().context("the source is empty")?;
    Ok(folder.path())
}
