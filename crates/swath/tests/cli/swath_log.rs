//! What swath does is written down beside the other logs of a run, and shown to who asks.

use std::path::PathBuf;

use crate::sandbox::{Sandbox, finish, python, text};

/// The logs of the runs in a sandbox.
fn logs(sandbox: &Sandbox) -> Vec<PathBuf> {
    let runs = sandbox
        .temporary()
        .with_file_name("cache")
        .join("swath/runs");
    let runs = fs_err::read_dir(runs).unwrap();
    runs.map(|run| run.unwrap().path().join("swath.log"))
        .filter(|log| log.exists())
        .collect()
}

#[test]
fn a_run_keeps_its_log_and_an_error_names_it() {
    let Some(python) = python("a_run_keeps_its_log_and_an_error_names_it") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("broken.py", "raise SystemExit(1)\n");
    let service = format!("web={} broken.py --token hunter2", text(&python.path));
    let ready = ["--ready", "tcp:127.0.0.1:1", "--", "true"];
    let arguments = ["run", "--service", &service];
    let run = sandbox.swath(&[&arguments[..], &ready[..]].concat());
    assert_eq!(run.code, 125, "{}", run.stderr);
    let logs = logs(&sandbox);
    let [log] = logs.as_slice() else {
        panic!("{logs:?}");
    };
    let named = format!("log: {}", text(log));
    assert!(run.stderr.contains(&named), "{}", run.stderr);
    let written = fs_err::read_to_string(log).unwrap();
    assert!(written.contains("service web is process"), "{written}");
    assert!(!written.contains("hunter2"), "{written}");
    assert!(!run.stderr.contains("DEBUG"), "nobody asked for it");
}

#[test]
fn the_log_is_shown_to_who_asks() {
    let Some(python) = python("the_log_is_shown_to_who_asks") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let program = text(&python.path);
    for (option, variable) in [("--verbose", ""), ("--color=never", "debug")] {
        let mut command = sandbox.command(&["run", option, "--", &program, "one.py"]);
        command.env("SWATH_LOG", variable);
        let run = finish(command);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let line = "the tests are process";
        assert!(run.stderr.contains(line), "{option}: {}", run.stderr);
    }
}
