//! The shared objects themselves: what they need, that nothing in them can panic, and what links them.

use std::path::{Path, PathBuf};
use std::process::Command;

use swath_agent::Machine;

use crate::making::{Compiler, Linker, Sources};

/// What `readelf` says of the agent of a machine; nothing, with a named skip, where there is none.
fn readelf(options: &[&str], object: &Path) -> Option<String> {
    let mut command = Command::new("readelf");
    let output = command.args(options).arg(object).output();
    let Ok(output) = output else {
        swath_test::skip("symbols of the agent", "readelf");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The agents of all machines, in a folder.
fn agents() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = swath_test::temp_dir();
    let write = |machine: Machine| {
        let path = folder.path().join(machine.file_name());
        fs_err::write(&path, machine.agent()).unwrap();
        path
    };
    let paths: Vec<PathBuf> = Machine::with_agent().map(write).collect();
    assert!(!paths.is_empty());
    for machine in Machine::ALL {
        if machine.agent().is_empty() {
            let what = format!("the agent for {machine:?}");
            swath_test::skip(
                &what,
                "the core library of its target (`rustup target add`)",
            );
        }
    }
    (folder, paths)
}

/// Functions of the C library that glibc and musl both have, without a version newer than both.
const LIBRARY: &str = "abort access bcmp calloc chmod clock_gettime close dlsym fchmod fcntl free getcwd \
    getenv getpagesize getpid getppid getrlimit getsockopt madvise memcpy memmove memset mkdir mmap mprotect munmap openat unlinkat \
    open posix_fallocate pwrite read realpath strlen syscall unlink";

#[test]
fn it_needs_no_library_and_only_stable_names() {
    let (_folder, paths) = agents();
    for path in paths {
        check_names(&path);
    }
}

fn check_names(object: &Path) {
    let Some(dynamic) = readelf(&["-dW"], object) else {
        return;
    };
    assert!(!dynamic.contains("NEEDED"), "{dynamic}");
    let Some(symbols) = readelf(&["--dyn-syms", "-W"], object) else {
        return;
    };
    let mut exported = Vec::new();
    for line in symbols.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, kind, _, _, place, name, ..] = words[..] else {
            continue;
        };
        if place == "UND" {
            let python = name.starts_with("Py") || name == "_Py_NoneStruct";
            let library = LIBRARY.split_whitespace().any(|known| known == name);
            assert!(python || library, "{} needs {name}", object.display());
        } else if kind == "FUNC" || kind == "OBJECT" {
            exported.push(name);
        }
    }
    assert_eq!(exported, ["PyInit__swath"], "{}", object.display());
}

/// It is loaded into programs that are no Python: whatever it needs and they lack would end them.
#[test]
fn what_is_preloaded_needs_nothing_for_sure() {
    let folder = swath_test::temp_dir();
    for machine in Machine::with_agent() {
        let path = folder.path().join(machine.name());
        fs_err::write(&path, machine.preload()).unwrap();
        check_preload(&path);
    }
}

fn check_preload(object: &Path) {
    let Some(symbols) = readelf(&["--dyn-syms", "-W"], object) else {
        return;
    };
    let named = symbols.lines().filter(|line| line.contains(" DEFAULT "));
    let named = named.filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some((*words.get(4)?, *words.get(7)?))
    });
    let named: Vec<(&str, &str)> = named.collect();
    assert_eq!(named, [("WEAK", "dlsym")], "{}", object.display());
    let dynamic = readelf(&["-dW"], object).unwrap_or_default();
    assert!(dynamic.contains("(INIT_ARRAY)"), "{dynamic}");
    assert!(!dynamic.contains("NEEDED"), "{dynamic}");
}

#[test]
fn nothing_in_it_can_panic() {
    let (_folder, paths) = agents();
    for path in paths {
        check_panics(&path);
    }
}

fn check_panics(object: &Path) {
    let Some(symbols) = readelf(&["-sW"], object) else {
        return;
    };
    let names = || {
        symbols
            .lines()
            .filter_map(|line| line.split_whitespace().last())
    };
    assert!(
        names().count() > 50,
        "the object's own symbols are there to be read"
    );
    for word in [
        "panic",
        "unwrap_failed",
        "expect_failed",
        "slice_index",
        "begin_unwind",
    ] {
        let found: Vec<&str> = names().filter(|name| name.contains(word)).collect();
        assert_eq!(found, Vec::<&str>::new(), "{}", object.display());
    }
}

/// Distributions link with GNU ld, rustup's compiler with lld, which takes more than the other does.
#[test]
fn gnu_ld_links_it_as_well() {
    let has_linker = Command::new("ld.bfd").arg("--version").output().is_ok();
    if !has_linker {
        return swath_test::skip("gnu_ld_links_it_as_well", "ld.bfd");
    }
    let crates = swath_test::workspace_root().join("crates");
    let source = |name: &str| crates.join(name).join("src/lib.rs");
    let sources = Sources {
        store: source("swath-store"),
        scope: source("swath-scope"),
        inproc: source("swath-inproc"),
        objects: crates.join("swath-agent/object"),
    };
    let compiler = Compiler {
        program: std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
        host: String::new(),
        sysroot: None,
    };
    let machine = Machine::OWN.name();
    let target = compiler
        .target(machine, "")
        .expect("it runs on this machine");
    let folder = swath_test::temp_dir();
    let linker = Linker::Compiler(Some("-fuse-ld=bfd"));
    compiler
        .make(&target, &linker, &sources, folder.path())
        .unwrap();
    let agent = folder.path().join("agent.so");
    check_names(&agent);
    check_panics(&agent);
    check_preload(&folder.path().join("preload.so"));
    // lld says of itself that it linked the file.
    let comment = readelf(&["-p", ".comment"], &agent).unwrap_or_default();
    assert!(!comment.contains("LLD"), "{comment}");
}
