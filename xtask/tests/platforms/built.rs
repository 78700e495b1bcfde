//! The packages of the source, built with a distribution's compiler and linker, without a network.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use swath_test::{
    CleanRoot, RUST_OF_DEBIAN, Scale, record_figure, scale, skip, target_dir, workspace_root,
};

const FOLDER: &str = "/srv/swath";

#[test]
fn debians_own_rust_builds_the_vendored_source() {
    let test = "debians_own_rust_builds_the_vendored_source";
    if scale() == Scale::Sample {
        return skip(test, "only with SWATH_PROVE=1");
    }
    let Some(root) = CleanRoot::obtain(RUST_OF_DEBIAN, test) else {
        return;
    };
    let archive = source_package();
    let folder = root.outside(FOLDER);
    let _ = fs_err::remove_dir_all(&folder);
    fs_err::create_dir_all(&folder).unwrap();
    let status = Command::new("tar")
        .args(["--strip-components=1", "-xf"])
        .arg(&archive)
        .arg("-C")
        .arg(&folder)
        .status()
        .unwrap();
    assert!(status.success());
    let start = Instant::now();
    let mut build = root.command(FOLDER, "/usr/bin/cargo");
    // A network that is not there would be found out here.
    build.args([
        "build",
        "--release",
        "--locked",
        "--offline",
        "--package=swath",
    ]);
    let output = build.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let minutes = start.elapsed().as_secs_f32() / 60.0;
    let program = format!("{FOLDER}/program.py");
    fs_err::write(root.outside(&program), "print('measured')\n").unwrap();
    let mut run = root.command(FOLDER, "./target/release/swath");
    let output = run
        .args(["run", "--python", "/usr/bin/python3", "program.py"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "measured\n",
        "{said}"
    );
    assert!(said.contains("1 of 1"), "{said}");
    let row = "Debian sid's own compiler, offline";
    record_figure(
        "Platforms",
        row,
        "builds",
        format!("works, {minutes:.0} min"),
    );
}

#[test]
fn two_builds_are_the_same_bytes() {
    let test = "two_builds_are_the_same_bytes";
    if scale() == Scale::Sample {
        return skip(test, "only with SWATH_PROVE=1");
    }
    let build = |name: &str| {
        let folder = target_dir().join("dist-tests").join(name);
        let _ = fs_err::remove_dir_all(&folder);
        dist(
            &["--fresh", "--target", "x86_64-unknown-linux-gnu"],
            &folder,
        );
        fs_err::read_to_string(folder.join("SHA256SUMS")).unwrap()
    };
    let (first, second) = (build("first"), build("second"));
    assert_eq!(first.lines().count(), 2, "{first}");
    assert_eq!(first, second);
}

/// The package with the sources of all crates, as `cargo xtask dist` makes it.
fn source_package() -> PathBuf {
    let folder = target_dir().join("dist-tests/source");
    dist(&["--source"], &folder);
    folder.join(format!(
        "swath-{}-vendored.tar.gz",
        env!("CARGO_PKG_VERSION")
    ))
}

fn dist(arguments: &[&str], folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("dist")
        .args(arguments)
        .arg("--out")
        .arg(folder)
        .current_dir(workspace_root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
