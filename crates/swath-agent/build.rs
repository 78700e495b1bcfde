//! Compiles the shared object that runs inside CPython.
//!
//! An object that is linked with nothing cannot be an ordinary product of the workspace, so the
//! compiler is called here: for the crates that the object consists of, and for the few lines of
//! `object/` that make one object of them. The result becomes a constant of this crate.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=object");
    println!("cargo::rerun-if-changed=../../python/sitecustomize.py");
    let variable = |name: &str| {
        env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
    };
    let out = PathBuf::from(variable("OUT_DIR"));
    let target = variable("TARGET");
    write(&out.join("attribution.rs"), &attribution());
    let agent = out.join("agent.so");
    let preload = out.join("preload.so");
    if !target.starts_with("x86_64-") || variable("CARGO_CFG_TARGET_OS") != "linux" {
        // There is no agent for other platforms: the constants are empty there.
        write(&agent, "");
        write(&preload, "");
        return;
    }
    let source = |key: &str| {
        let source = PathBuf::from(variable(key));
        if let Some(folder) = source.parent() {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
        source
    };
    let store_source = source("DEP_SWATH_STORE_SOURCE_SOURCE");
    let scope_source = source("DEP_SWATH_SCOPE_SOURCE_SOURCE");
    let inproc_source = source("DEP_SWATH_INPROC_SOURCE_SOURCE");
    let store = out.join("libswath_store.rlib");
    let scope = out.join("libswath_scope.rlib");
    let inproc = out.join("libswath_inproc.rlib");
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
    let library = |name: &str, product: &Path, source: &Path| {
        let mut command = common();
        command.args(["--crate-type=rlib", "--cap-lints=allow"]);
        command.args(["-Ccodegen-units=1", "-Crelocation-model=pic"]);
        command.arg(format!("--crate-name={name}"));
        command.arg("-o").args([product, source]);
        command
    };
    let with = |name: &str, product: &Path| format!("--extern={name}={}", product.display());
    run(&mut library("swath_store", &store, &store_source));
    run(library("swath_scope", &scope, &scope_source).arg(with("swath_store", &store)));
    run(library("swath_inproc", &inproc, &inproc_source)
        .arg(with("swath_store", &store))
        .arg(with("swath_scope", &scope)));
    let object = |name: &str, product: &Path, source: &str| {
        let mut command = common();
        command.arg(format!("--crate-name={name}"));
        command.args(["--crate-type=cdylib", "-Ccodegen-units=1", "-Dwarnings"]);
        command.args(["-Ctarget-feature=-crt-static", "-Crelocation-model=pic"]);
        command.args(["-Clink-arg=-nostdlib", "-Clink-arg=-nostartfiles"]);
        command.arg("-o").args([product, Path::new(source)]);
        command
    };
    run(object("swath_object", &agent, "object/agent.rs")
        .arg(with("swath_inproc", &inproc))
        .arg("-L")
        .arg(&out));
    run(&mut object("swath_preload", &preload, "object/preload.rs"));
}

/// The constant that holds the Python side of attribution: each file's name in the agent's folder,
/// and its text.
fn attribution() -> String {
    const FOLDER: &str = "../../python/attribution";
    println!("cargo::rerun-if-changed={FOLDER}");
    let here = env::current_dir().unwrap_or_else(|error| panic!("no current folder: {error}"));
    let entries = std::fs::read_dir(FOLDER).unwrap_or_else(|error| panic!("{FOLDER}: {error}"));
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| here.join(entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    let mut text = "/// The Python side of attribution: names in the agent's folder, and texts.\n\
                    pub const ATTRIBUTION: &[(&str, &str)] = &[\n"
        .to_owned();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = path.display().to_string();
        text.extend(["    (\"swath_attribution/", &name, "\", "]);
        text.extend(["include_str!(", &format!("{path:?}"), ")),\n"]);
    }
    text + "];\n"
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
