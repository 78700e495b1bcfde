//! Wheels, installed in file systems that have never seen a compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use swath_test::{
    Recipe, Scale, pip_python, record_figure, scale, skip, take_turn, target_dir, workspace_root,
};

use super::place::{Place, corpus};

/// The page is made of this table.
const TABLE: &str = "Platforms";
const PYTHON: [&str; 3] = ["python3", "python3-venv", "python3-pip"];

/// A platform: its row in the table, and what its root file system is made of.
struct Platform {
    row: &'static str,
    recipe: Recipe<'static>,
    /// The target of the swath that is tried there.
    target: &'static str,
    /// How pip calls the platform of wheels with machine code.
    wheels: &'static str,
}

#[test]
fn glibc_2_31_of_debian_11() {
    check(&Platform {
        row: "Debian 11 (glibc 2.31), x86-64, wheel",
        recipe: Recipe {
            name: "bullseye-amd64",
            suite: "bullseye",
            architecture: "amd64",
            packages: &PYTHON,
        },
        target: "x86_64-unknown-linux-gnu",
        wheels: "manylinux2014_x86_64",
    });
}

#[test]
fn the_static_program_on_debian_11() {
    check(&Platform {
        row: "Debian 11, x86-64, static program",
        recipe: Recipe {
            name: "bullseye-amd64",
            suite: "bullseye",
            architecture: "amd64",
            packages: &PYTHON,
        },
        target: "x86_64-unknown-linux-musl",
        wheels: "manylinux2014_x86_64",
    });
}

#[test]
fn the_newest_debian() {
    check(&Platform {
        row: "Debian sid, x86-64, wheel",
        recipe: Recipe {
            name: "sid-amd64",
            suite: "sid",
            architecture: "amd64",
            packages: &PYTHON,
        },
        target: "x86_64-unknown-linux-gnu",
        wheels: "manylinux2014_x86_64",
    });
}

/// Pythons of arm64, measured by the static program for x86-64 among them: their agent is the one of
/// their own machine.
#[test]
fn arm64_of_debian_13() {
    check(&arm64("Debian 13, arm64", "trixie-arm64", "trixie"));
}

#[test]
fn arm64_of_debian_12() {
    check(&arm64("Debian 12, arm64", "bookworm-arm64", "bookworm"));
}

#[test]
fn arm64_of_debian_11() {
    check(&arm64("Debian 11, arm64", "bullseye-arm64", "bullseye"));
}

fn arm64(row: &'static str, name: &'static str, suite: &'static str) -> Platform {
    Platform {
        row,
        recipe: Recipe {
            name,
            suite,
            architecture: "arm64",
            packages: &PYTHON,
        },
        target: "x86_64-unknown-linux-musl",
        wheels: "manylinux2014_aarch64",
    }
}

fn check(platform: &Platform) {
    let thread = std::thread::current();
    let test = thread.name().and_then(|name| name.rsplit("::").next());
    let test = test.unwrap_or("a platform");
    if scale() == Scale::Sample {
        // It builds what is shipped, which takes minutes.
        return skip(test, "only with SWATH_PROVE=1");
    }
    let Some(place) = Place::prepare(platform.recipe, test) else {
        return;
    };
    let row = format!("{}, Python {}", platform.row, place.tag());
    let is_emulated = platform.recipe.is_emulated();
    let how = if is_emulated { "emulated" } else { "works" };
    let say = |column: &str, text: &str| record_figure(TABLE, &row, column, text);
    let packages = packages(platform);
    let wheels = requirements(platform, &place.tag());
    if is_emulated {
        place.unpack_requirements(&mut pip(platform, &place.tag(), &wheels));
    } else {
        place.install_requirements(&wheels);
    }
    let start = Instant::now();
    if platform.target.ends_with("musl") {
        place.copy_program(&program(&packages));
    } else {
        place.install(&wheel(&packages));
    }
    place.run_example();
    let seconds = start.elapsed().as_secs_f32();
    say("service", how);
    if !is_emulated {
        say(
            "from installing to the example's report",
            &format!("{seconds:.1} s"),
        );
    }
    let count = place.check_corpus(&corpus());
    say("lines and branches", &format!("{how}: {count} programs"));
    place.check_forks();
    say("forks", how);
    let rounds = place.check_kills();
    say("kills", &format!("{how}: {rounds} rounds, nothing lost"));
}

/// What `cargo xtask dist` makes for a platform; the folder that holds it. `SWATH_DIST` may name one
/// with what was made before.
fn packages(platform: &Platform) -> PathBuf {
    // Tests at the same time would build the same at the same time.
    if let Some(folder) = std::env::var_os("SWATH_DIST") {
        return folder.into();
    }
    let _alone = take_turn("packages");
    let folder = target_dir().join("dist-tests").join(platform.target);
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["dist", "--target", platform.target, "--out"])
        .arg(&folder)
        .current_dir(workspace_root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    folder
}

fn with_extension(folder: &Path, extension: &str) -> PathBuf {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths
        .find(|path| path.extension().is_some_and(|other| other == extension))
        .unwrap()
}

fn wheel(packages: &Path) -> PathBuf {
    with_extension(packages, "whl")
}

/// The program of the archive.
fn program(packages: &Path) -> PathBuf {
    let status = Command::new("tar")
        .args(["--strip-components=1", "-xf"])
        .arg(with_extension(packages, "gz"))
        .arg("-C")
        .arg(packages)
        .status()
        .unwrap();
    assert!(status.success());
    packages.join("swath")
}

/// This machine's pip, to install the wheels of a folder for the platform's Python.
fn pip(platform: &Platform, tag: &str, wheels: &Path) -> Command {
    let mut pip = for_platform(platform, tag, "install");
    pip.args(["--no-index", "--no-compile", "--find-links"])
        .arg(wheels);
    pip.args(["flask", "gunicorn", "pytest", "requests"]);
    pip
}

fn for_platform(platform: &Platform, tag: &str, verb: &str) -> Command {
    // A pip asks its own Python for what only some versions need: one of the same version is best.
    let same = swath_test::pythons()
        .iter()
        .find(|python| python.tag() == tag);
    let python = same.or_else(pip_python);
    let mut pip = python.expect("an interpreter with a pip").command();
    pip.args(["-m", "pip", "--disable-pip-version-check", verb, "--quiet"]);
    pip.args(["--only-binary=:all:", "--python-version", tag]);
    pip.args(["--platform", platform.wheels]);
    pip
}

/// A folder with wheels of what the example and its tests need, for a Python of the platform's.
fn requirements(platform: &Platform, tag: &str) -> PathBuf {
    let folder = target_dir()
        .join("wheels-of")
        .join(format!("{}-{tag}", platform.wheels));
    let complete = folder.join("swath-complete");
    if complete.is_file() {
        return folder;
    }
    let example = workspace_root().join("examples/xy");
    let status = for_platform(platform, tag, "download")
        .arg("--dest")
        .arg(&folder)
        .arg("-r")
        .arg(example.join("requirements.txt"))
        .arg("-r")
        .arg(example.join("requirements-test.txt"))
        .status()
        .unwrap();
    assert!(status.success());
    fs_err::write(&complete, "").unwrap();
    folder
}
