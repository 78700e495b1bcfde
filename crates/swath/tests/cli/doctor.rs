//! `swath doctor` in broken set-ups: each thing that is wrong is named with its remedy or its reason, and nothing else is.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::{Finished, Sandbox, finish, python, text};

fn doctor(sandbox: &Sandbox, environment: &[(&str, &str)]) -> Finished {
    let mut command = sandbox.command(&["doctor"]);
    command.envs(environment.iter().copied());
    finish(command)
}

/// A file of the set-up, its content, what is said of it, and the remedy, or else the reason.
type SetUp<'a> = (&'a str, String, &'a str, &'a str);

/// Each set-up has one thing wrong.
fn check(test: &str, set_ups: impl Fn(&str) -> Vec<SetUp<'static>>) {
    let Some(python) = python(test) else {
        return;
    };
    let folder = text(python.path.parent().unwrap());
    let path = format!("{folder}:/usr/bin:/bin");
    for (file, content, said, remedy) in set_ups(&text(&python.path)) {
        let sandbox = Sandbox::new();
        sandbox.write(file, &content);
        let found = doctor(&sandbox, &[("PATH", &path)]);
        assert_eq!(found.code, 1, "{content}: {found:?}");
        assert!(found.stdout.contains(said), "{content}: {found:?}");
        assert!(found.stdout.contains(remedy), "{content}: {found:?}");
        assert!(found.stdout.contains("✓ agent: "), "{content}: {found:?}");
        let wrong = found.stdout.lines().filter(|line| line.starts_with('✗'));
        assert_eq!(wrong.count(), 1, "{content}: {found:?}");
    }
}

#[test]
fn what_is_wrong_with_a_run_is_named_with_its_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    check(
        "what_is_wrong_with_a_run_is_named_with_its_remedy",
        |interpreter| {
            let own = |text: &str, said, remedy| ("swath.toml", format!("{text}\n"), said, remedy);
            let service = |line: &str, said, remedy| {
                let text =
                    format!("test = 'true'\n[services.web]\ncommand = '{interpreter}'\n{line}");
                own(&text, said, remedy)
            };
            let isolated = format!("test = '{interpreter} -I x.py'");
            vec![
                own(
                    "test = 5",
                    "✗ swath.toml: `test` is an integer",
                    "write `test",
                ),
                own("tset = 'x'", "✗ swath.toml: unknown key `tset`", "`test`"),
                own("test = 'x", "✗ swath.toml: line 1", "expected `'`"),
                own(
                    "test = 'no-such-command'",
                    "✗ tests: `no-such-command`",
                    "activate",
                ),
                own("test = 'env -i true'", "✗ tests: `env`", "PYTHONPATH"),
                own(&isolated, "keeps the agent out", "`-I`"),
                service(
                    "cwd = 'gone'\nready = 'x'",
                    "✗ swath.toml: `x` is not",
                    "tcp:HOST:PORT",
                ),
                service(
                    &format!("ready = 'tcp:{taken}'"),
                    "answers already",
                    "ss -ltnp",
                ),
                service(
                    "ready-timeout = 60",
                    "✗ swath.toml: `ready-timeout`",
                    "\"60s\"",
                ),
            ]
        },
    );
}

#[test]
fn what_is_wrong_with_settings_is_named_with_its_remedy() {
    check(
        "what_is_wrong_with_settings_is_named_with_its_remedy",
        |_| {
            [
                ("source = src/gone", "✗ source: ", "ls "),
                ("source = /", "✗ source: ", "the root of the file system"),
                ("branch = perhaps", "✗ settings: ", "Not a boolean: perhaps"),
                (
                    "plugins = nowhere",
                    "✗ settings: the plugins nowhere",
                    "--no-plugins",
                ),
                ("concurrency = magic", "✗ settings: ", "thread"),
                (
                    "include = a\nsource = .",
                    "✗ settings: `include`",
                    "`source` says what is measured",
                ),
                ("data_file = gone/data", "✗ data: ", "--data-file"),
                ("omit = **a", "✗ source: ", "can't include '**/**'"),
            ]
            .map(|(line, said, remedy)| (".coveragerc", format!("[run]\n{line}\n"), said, remedy))
            .to_vec()
        },
    );
}

#[test]
fn a_healthy_place_is_healthy() {
    let Some(python) = python("a_healthy_place_is_healthy") else {
        return;
    };
    let path = format!("{}:/usr/bin:/bin", text(python.path.parent().unwrap()));
    let sandbox = Sandbox::new();
    sandbox.write(
        "swath.toml",
        "test = 'true'\n[services.web]\ncommand = 'sh -c x'\n",
    );
    sandbox.write(".coveragerc", "[run]\nsource = .\n");
    let found = doctor(&sandbox, &[("PATH", &path)]);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(!found.stdout.contains('✗'), "{found:?}");
    let mut command = sandbox.command(&["doctor", "--json"]);
    command.env("PATH", &path);
    let answer = finish(command);
    let answer: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(answer["healthy"], true, "{answer}");
    assert_eq!(answer["checks"][0]["check"], "python", "{answer}");
    sandbox.assert_nothing_left();
}

#[test]
fn pythons_and_folders_that_do_not_work_are_named() {
    let Some(python) = python("pythons_and_folders_that_do_not_work_are_named") else {
        return;
    };
    let sandbox = Sandbox::new();
    let none = doctor(&sandbox, &[("PATH", "/nowhere")]);
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.stdout.contains("✗ python: no Python"), "{none:?}");
    let programs = sandbox.project().join("bin");
    fs_err::create_dir(&programs).unwrap();
    let script = |text: &str| {
        fs_err::write(programs.join("python"), text).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(programs.join("python"), executable).unwrap();
        doctor(
            &sandbox,
            &[("PATH", &format!("{}:/usr/bin:/bin", programs.display()))],
        )
    };
    let old = script("#!/bin/sh\necho 2.7\n");
    assert!(old.stdout.contains("✗ python: Python 2.7"), "{old:?}");
    assert!(old.stdout.contains("✗ agent: "), "{old:?}");
    let broken = script("#!/bin/sh\nexit 3\n");
    assert!(
        broken.stdout.contains("does not say its version"),
        "{broken:?}"
    );
    let path = format!("{}:/usr/bin:/bin", text(python.path.parent().unwrap()));
    let folder = doctor(&sandbox, &[("PATH", &path), ("TMPDIR", "/nowhere")]);
    assert_eq!(folder.code, 1, "{folder:?}");
    assert!(folder.stdout.contains("✗ agent: "), "{folder:?}");
}
