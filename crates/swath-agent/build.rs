//! Compiles the half of the agent that runs inside CPython.
//!
//! A library without the standard library cannot be an ordinary member of the workspace, so the
//! compiler is called here: once for `swath-store`, whose source that half shares, and once for
//! `inproc`. The result becomes a constant of this crate.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Hides everything but what CPython looks for.
const VERSION_SCRIPT: &str = "{ global: PyInit__swath; local: *; };\n";

fn main() {
    println!("cargo::rerun-if-changed=inproc");
    println!("cargo::rerun-if-changed=../../python/sitecustomize.py");
    let variable = |name: &str| {
        env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
    };
    let out = PathBuf::from(variable("OUT_DIR"));
    let target = variable("TARGET");
    let agent = out.join("agent.so");
    if !target.starts_with("x86_64-") || variable("CARGO_CFG_TARGET_OS") != "linux" {
        // There is no agent for other platforms: the constant is empty there.
        write(&agent, "");
        return;
    }
    let source = PathBuf::from(variable("DEP_SWATH_STORE_SOURCE_SOURCE"));
    if let Some(folder) = source.parent() {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let script = out.join("agent.map");
    write(&script, VERSION_SCRIPT);
    let store = out.join("libswath_store.rlib");
    let compiler = variable("RUSTC");
    let common = || {
        let mut command = Command::new(&compiler);
        command.args(["--edition=2024", "-Copt-level=3", "-Cpanic=abort"]);
        command.args([
            "-Cforce-unwind-tables=yes",
            "-Cdebuginfo=0",
            "-Cstrip=debuginfo",
            "--target",
            &target,
        ]);
        command
    };
    run(common()
        .args([
            "--crate-name=swath_store",
            "--crate-type=rlib",
            "--cap-lints=allow",
            "-o",
        ])
        .args([&store, &source]));
    run(common()
        .args([
            "--crate-name=swath_inproc",
            "--crate-type=cdylib",
            "-Ccodegen-units=1",
        ])
        .args([
            "-Dwarnings",
            "-Ctarget-feature=-crt-static",
            "-Crelocation-model=pic",
        ])
        .args(["-Clink-arg=-nostdlib", "-Clink-arg=-nostartfiles"])
        .arg(format!(
            "-Clink-arg=-Wl,--version-script={}",
            script.display()
        ))
        .arg("--extern")
        .arg(format!("swath_store={}", store.display()))
        .arg("-o")
        .args([&agent, Path::new("inproc/lib.rs")]));
}

fn write(path: &Path, content: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script has no dependencies"
    )]
    let result = std::fs::write(path, content);
    if let Err(error) = result {
        panic!("cannot write {}: {error}", path.display());
    }
}

fn run(command: &mut Command) {
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("compiling the agent failed with {status}: {command:?}"),
        Err(error) => panic!("the compiler cannot be run: {error}: {command:?}"),
    }
}
