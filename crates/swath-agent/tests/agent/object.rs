//! The shared object itself: what it needs, and that nothing in it can panic.

use std::process::Command;

use crate::run::Run;

fn readelf(options: &[&str]) -> Option<String> {
    let run = Run::new();
    let object = run.path().join("agent").join(swath_agent::AGENT_FILE_NAME);
    let mut command = Command::new("readelf");
    let output = command.args(options).arg(object).output();
    let Ok(output) = output else {
        swath_test::skip("symbols of the agent", "readelf");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Functions of the C library that glibc and musl both have, without a version newer than both.
const LIBRARY: &str = "abort access bcmp calloc clock_gettime close dlsym fchmod fcntl free getcwd \
    getenv getpid getppid getrlimit getsockopt madvise memcpy memmove memset mmap mprotect munmap openat unlinkat \
    open posix_fallocate pwrite read realpath strlen syscall unlink";

#[test]
fn it_needs_no_library_and_only_stable_names() {
    let Some(dynamic) = readelf(&["-dW"]) else {
        return;
    };
    assert!(!dynamic.contains("NEEDED"), "{dynamic}");
    let Some(symbols) = readelf(&["--dyn-syms", "-W"]) else {
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
            assert!(python || library, "{name} is needed");
        } else if kind == "FUNC" || kind == "OBJECT" {
            exported.push(name);
        }
    }
    assert_eq!(exported, ["PyInit__swath"]);
}

#[test]
fn nothing_in_it_can_panic() {
    let Some(symbols) = readelf(&["-sW"]) else {
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
        assert_eq!(found, Vec::<&str>::new());
    }
}
