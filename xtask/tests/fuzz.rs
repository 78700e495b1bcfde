//! The fuzz targets, for a short while each: nothing panics, nothing hangs.

use std::process::Command;

use swath_test::{Scale, record_figure, scale, skip, target_dir, temp_dir, workspace_root};

/// Instruments the code as `cargo fuzz` does, but for the sanitizers, which need a nightly
/// compiler: swath has next to no unsafe code for them to look at.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";

const TARGETS: [&str; 5] = ["data_file", "hit_store", "patch", "pattern", "rc_file"];

/// How long each target runs, in seconds.
const SECONDS: u32 = 60;

#[test]
fn fuzz_targets_find_nothing() {
    if scale() == Scale::Sample {
        // The targets' dependencies are built anew with instrumentation, which takes minutes.
        return skip("fuzz_targets_find_nothing", "only with SWATH_PROVE=1");
    }
    let folder = target_dir().join("fuzz");
    let triple = "x86_64-unknown-linux-gnu";
    let build = Command::new(env!("CARGO"))
        .current_dir(workspace_root().join("fuzz"))
        .args(["build", "--release", "--bins", "--target", triple])
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", FLAGS)
        .output()
        .expect("cargo starts");
    if !build.status.success() {
        let text = String::from_utf8_lossy(&build.stderr);
        let line = text.lines().find(|line| line.starts_with("error"));
        // A compiler whose LLVM lacks the pass, or no C++ compiler.
        return skip("fuzz_targets_find_nothing", line.unwrap_or("cargo build"));
    }
    for target in TARGETS {
        let corpus = temp_dir();
        let output = Command::new(folder.join(triple).join("release").join(target))
            .current_dir(corpus.path())
            .args(["-timeout=20", "-rss_limit_mb=2048", "-max_len=4096"])
            .arg(format!("-max_total_time={SECONDS}"))
            .arg(corpus.path())
            .output()
            .expect("the target starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{target}:\n{text}");
        let runs = text.lines().rev().find(|line| line.starts_with("Done "));
        let runs = runs.expect("libFuzzer says how often it ran");
        let count = runs.split(' ').nth(1).unwrap_or_default();
        let table = "Fuzzing: inputs without a panic or a hang";
        record_figure(table, target, &format!("in {SECONDS} s"), count);
    }
}
