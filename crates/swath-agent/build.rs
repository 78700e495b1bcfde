//! Compiles the shared objects that run inside CPython.
//!
//! An object that is linked with nothing cannot be an ordinary product of the workspace, so the
//! compiler is called here: for the crates that the objects consist of, and for the few lines of
//! `object/` that make objects of them. The results become constants of this crate, for every
//! machine whose core library the compiler has.

mod making;

use std::env;
use std::path::{Path, PathBuf};

use making::{Compiler, MACHINES, Sources};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=making.rs");
    println!("cargo::rerun-if-changed=object");
    println!("cargo::rerun-if-changed=../../python/sitecustomize.py");
    let out = PathBuf::from(variable("OUT_DIR"));
    write(&out.join("attribution.rs"), &attribution());
    let sources = Sources {
        store: source("DEP_SWATH_STORE_SOURCE_SOURCE"),
        scope: source("DEP_SWATH_SCOPE_SOURCE_SOURCE"),
        inproc: source("DEP_SWATH_INPROC_SOURCE_SOURCE"),
        objects: PathBuf::from("object"),
    };
    let compiler = Compiler {
        program: variable("RUSTC").into(),
        host: variable("HOST"),
        sysroot: sysroot(&env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()),
    };
    for machine in MACHINES {
        make(machine, &compiler, &sources, &out.join(machine));
    }
}

/// Makes the objects of a machine. Those of the machine that swath is built for must be there;
/// others are empty where the compiler cannot make them.
fn make(machine: &str, compiler: &Compiler, sources: &Sources, folder: &Path) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script has no dependencies"
    )]
    let result = std::fs::create_dir_all(folder);
    if let Err(error) = result {
        panic!("cannot make {}: {error}", folder.display());
    }
    let own = variable("TARGET");
    let is_own = own.starts_with(machine) && variable("CARGO_CFG_TARGET_OS") == "linux";
    let problem = match compiler.target(machine, &own) {
        Some(target) => {
            let mut linkers = compiler.linkers(machine).into_iter();
            let mut made = Err(String::new());
            while made.is_err()
                && let Some(linker) = linkers.next()
            {
                made = compiler.make(&target, &linker, sources, folder);
            }
            made.err()
        }
        None => Some(format!("the compiler has no core library for {own}")),
    };
    let Some(problem) = problem else {
        return;
    };
    assert!(!is_own, "the agent cannot be compiled: {problem}");
    for name in [making::AGENT, making::PRELOAD] {
        write(&folder.join(name).with_extension("so"), "");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

/// The source that another crate's build script names.
fn source(key: &str) -> PathBuf {
    let source = PathBuf::from(variable(key));
    if let Some(folder) = source.parent() {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    source
}

/// The folder of libraries that the flags of the compiler name.
fn sysroot(flags: &str) -> Option<String> {
    let mut flags = flags.split('\u{1f}');
    while let Some(flag) = flags.next() {
        if flag == "--sysroot" {
            return flags.next().map(str::to_owned);
        }
        if let Some(folder) = flag.strip_prefix("--sysroot=") {
            return Some(folder.to_owned());
        }
    }
    None
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
