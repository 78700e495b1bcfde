//! `cargo xtask built-pythons`: CPythons that few distributions have: without a GIL, for debugging.
//!
//! They are built from Debian's sources, which takes some four minutes of CPU time each, and kept under
//! `target/pythons`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use swath_test::{Build, is_left_out, python_build, skip, target_dir};

use crate::apt::Apt;
use crate::cargo::quiet;

/// What is built.
struct Wanted {
    version: (u8, u8),
    build: Build,
    /// The Debian suite whose source it is.
    suite: &'static str,
}

/// The build without a GIL that swath measures, and one for debugging of each way to see lines.
const WANTED: [Wanted; 3] = [
    wanted(13, Build::FreeThreaded, "trixie"),
    wanted(13, Build::Debug, "trixie"),
    wanted(11, Build::Debug, "bookworm"),
];

const fn wanted(minor: u8, build: Build, suite: &'static str) -> Wanted {
    Wanted {
        version: (3, minor),
        build,
        suite,
    }
}

/// Written last: the interpreter is complete.
const COMPLETE: &str = "swath-complete";

/// Makes those that are not there and that `SWATH_PYTHONS` does not leave out, and says what could not be had.
pub(crate) fn run() -> ExitCode {
    for wanted in &WANTED {
        if let Err(error) = wanted.make_missing() {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

impl Wanted {
    /// The version and the build, as they end the names of its programs.
    fn tag(&self) -> String {
        let (major, minor) = self.version;
        format!("{major}.{minor}{}", self.build.suffix())
    }

    /// What makes it this build, and what shows that it is.
    fn option_and_check(&self) -> (Option<&'static str>, &'static str) {
        match self.build {
            Build::Ordinary => (None, "pass"),
            Build::FreeThreaded => (Some("--disable-gil"), "assert not sys._is_gil_enabled()"),
            Build::Debug => (Some("--with-pydebug"), "sys.gettotalrefcount()"),
        }
    }

    fn make_missing(&self) -> Result<()> {
        let tag = self.tag();
        if is_left_out(&tag) {
            return Ok(());
        }
        let folder = target_dir().join("pythons").join(&tag);
        if folder.exists() && !folder.join(COMPLETE).is_file() {
            fs::remove_dir_all(&folder)?;
        }
        if python_build(self.version.0, self.version.1, self.build).is_some() {
            return Ok(());
        }
        println!(
            "making target/pythons/{tag} from the source of Debian {}",
            self.suite
        );
        if let Err(error) = self.make(&folder) {
            let reason = format!("no interpreter: {error:#}");
            skip(&format!("everything on Python {tag}"), &reason);
        }
        Ok(())
    }

    fn make(&self, folder: &Path) -> Result<()> {
        let tag = self.tag();
        let work = target_dir().join("pythons").join(format!("making-{tag}"));
        let _ = fs::remove_dir_all(&work);
        let source = self.fetch(&work)?;
        let build = work.join("build");
        fs::create_dir_all(&build)?;
        let cores = std::thread::available_parallelism()?;
        let (option, check) = self.option_and_check();
        let mut configure = Command::new(source.join("configure"));
        configure
            .args(option)
            .arg("--disable-test-modules")
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
        let program = folder.join("bin").join(format!("python{tag}"));
        let check = format!("import ssl, sqlite3, ctypes, sys; {check}");
        quiet(Command::new(program).args(["-I", "-c", &check]))
            .context("it does not run as it should")?;
        fs::write(folder.join(COMPLETE), self.suite)?;
        Ok(fs::remove_dir_all(&work)?)
    }

    /// Fetches the source and unpacks it; the folder that it is in.
    fn fetch(&self, work: &Path) -> Result<PathBuf> {
        let apt = Apt::of_sources(self.suite, work.join("apt"))?;
        let (major, minor) = self.version;
        let archive = apt.source(&format!("python{major}.{minor}"))?;
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
}
