//! Every process is measured, or named with the reason why not.

use serde_json::{Value, json};
use swath_test::{Requirements, skip, venv};

use crate::sandbox::{Finished, Sandbox, python, text};

/// Runs a shell script as the tests, with `$PYTHON`, and gives the accounting.
fn account(sandbox: &Sandbox, python: &swath_test::Python, script: &str) -> (Finished, Value) {
    account_with(sandbox, python, &[], script)
}

/// The same with further options.
fn account_with(
    sandbox: &Sandbox,
    python: &swath_test::Python,
    options: &[&str],
    script: &str,
) -> (Finished, Value) {
    let begin = ["run", "--count", "all"];
    let end = ["--json", "account.json", "--", "sh", "-c", script];
    let mut command = sandbox.command(&[&begin[..], options, &end[..]].concat());
    command.env("PYTHON", &python.path);
    let run = crate::sandbox::finish(command);
    let json = fs_err::read_to_string(sandbox.project().join("account.json")).unwrap_or_default();
    let value = serde_json::from_str(&json)
        .unwrap_or_else(|error| panic!("{error}: {json}\n{}", run.stderr));
    (run, value)
}

fn processes(account: &Value) -> Vec<&Value> {
    account["processes"].as_array().unwrap().iter().collect()
}

/// The process whose command line ends like this.
fn process<'a>(account: &'a Value, last: &str) -> &'a Value {
    processes(account)
        .into_iter()
        .find(|process| {
            process["command"]
                .as_array()
                .unwrap()
                .last()
                .is_some_and(|word| word == last)
        })
        .unwrap_or_else(|| panic!("no process {last}: {account:#}"))
}

#[test]
fn a_clean_run_is_complete() {
    let Some(python) = python("a_clean_run_is_complete") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let (run, account) = account(&sandbox, python, "$PYTHON one.py");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(account["complete"], true, "{account:#}");
    assert_eq!(account["format"], 2);
    let one = process(&account, "one.py");
    assert_eq!(one["agent"], "measured");
    assert_eq!(one["files"], 1);
    assert_eq!(one["ending"]["how"], "cleanly");
    assert!(
        run.stderr
            .contains("Complete 1 of 1 Python process measured"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_python_that_ignores_the_environment_is_named_with_the_remedy() {
    let Some(python) = python("a_python_that_ignores_the_environment_is_named_with_the_remedy")
    else {
        return;
    };
    let cases = [
        (
            "env -u LD_PRELOAD $PYTHON -I slow.py",
            "isolated",
            "start it without `-I`",
        ),
        (
            "env -u LD_PRELOAD $PYTHON -E slow.py",
            "ignores-environment",
            "start it without `-E`",
        ),
        (
            "env -u LD_PRELOAD $PYTHON -S slow.py",
            "without-site",
            "start it without `-S`",
        ),
        (
            "env -u LD_PRELOAD -u PYTHONPATH $PYTHON slow.py",
            "python-path-scrubbed",
            "let PYTHONPATH through",
        ),
        (
            "env -i $PYTHON slow.py",
            "python-path-scrubbed",
            "let PYTHONPATH through",
        ),
    ];
    for (script, reason, remedy) in cases {
        let sandbox = Sandbox::new();
        sandbox.write("one.py", "x = 1\n");
        sandbox.write("slow.py", "import time\ntime.sleep(0.5)\n");
        let (run, account) = account(&sandbox, python, &format!("$PYTHON one.py; {script}"));
        assert_eq!(account["complete"], false, "{script}: {account:#}");
        let missed = account["not_measured"].as_array().unwrap();
        assert_eq!(missed.len(), 1, "{script}: {account:#}");
        assert_eq!(missed[0]["reason"], reason, "{script}");
        assert!(
            run.stderr
                .contains("warning[not-measured]: 1 Python process was not measured"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(remedy), "{}", run.stderr);
        assert!(
            run.stderr
                .contains("Incomplete 1 of 2 Python processes measured"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_short_isolated_child_is_seen_by_the_process_that_started_it() {
    let Some(python) = python("a_short_isolated_child_is_seen_by_the_process_that_started_it")
    else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "parent.py",
        "import os, subprocess, sys\nbare = dict(os.environ, LD_PRELOAD='')\nsubprocess.run([sys.executable, '-I', '-c', 'pass'], env=bare)\nsubprocess.run([sys.executable, '-c', 'pass'])\n",
    );
    let (_, account) = account(&sandbox, python, "$PYTHON parent.py");
    let missed = account["not_measured"].as_array().unwrap();
    assert_eq!(missed.len(), 1, "{account:#}");
    assert_eq!(missed[0]["reason"], "isolated");
    assert_eq!(processes(&account).len(), 2, "{account:#}");
}

#[test]
fn a_python_that_is_too_old_is_named() {
    let root = std::env::var_os("PYENV_ROOT").map_or_else(
        || std::path::PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".pyenv"),
        std::path::PathBuf::from,
    );
    let old = [
        "3.7.16/bin/python3.7",
        "3.6.15/bin/python3.6",
        "2.7.18/bin/python2.7",
    ]
    .map(|name| root.join("versions").join(name))
    .into_iter()
    .find(|path| path.exists());
    let (Some(old), Some(python)) = (old, python("a_python_that_is_too_old_is_named")) else {
        swath_test::skip(
            "a_python_that_is_too_old_is_named",
            "no CPython older than 3.8",
        );
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    sandbox.write("slow.py", "import time\ntime.sleep(0.5)\n");
    let (run, account) = account(
        &sandbox,
        python,
        &format!("$PYTHON one.py; {} slow.py", text(&old)),
    );
    let named = processes(&account)
        .into_iter()
        .any(|process| process["agent"] == "unknown-version")
        || account["not_measured"][0]["reason"] == "python-too-old";
    assert!(named && account["complete"] == false, "{account:#}");
    assert!(run.stderr.contains("slow.py"), "{}", run.stderr);
    assert_eq!(run.code, 0);
}

#[test]
fn endings_are_told_apart() {
    let Some(python) = python("endings_are_told_apart") else {
        return;
    };
    let sandbox = Sandbox::new();
    for (name, source) in [
        ("clean.py", "x = 1\n"),
        ("exit.py", "import os\nos._exit(0)\n"),
        (
            "killed.py",
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
        ),
        (
            "exec.py",
            "import os, sys\nos.execv(sys.executable, [sys.executable, 'clean.py'])\n",
        ),
    ] {
        sandbox.write(name, source);
    }
    let script = "for p in clean exit killed exec; do $PYTHON $p.py; done; true";
    let (run, account) = account(&sandbox, python, script);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(process(&account, "clean.py")["ending"]["how"], "cleanly");
    assert_eq!(process(&account, "exit.py")["ending"]["how"], "abruptly");
    assert_eq!(process(&account, "killed.py")["ending"]["how"], "abruptly");
    assert_eq!(
        process(&account, "exec.py")["ending"]["how"],
        "replaced-by-exec"
    );
    assert_eq!(account["complete"], true, "{account:#}");
}

#[test]
fn the_exit_status_of_a_service_and_of_an_orphan_is_known() {
    let Some(python) = python("the_exit_status_of_a_service_and_of_an_orphan_is_known") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "orphan.py",
        "import time, sys\ntime.sleep(0.3)\nsys.exit(7)\n",
    );
    sandbox.write("tests.py", "x = 1\n");
    let (_, account) = account(&sandbox, python, "($PYTHON orphan.py &) ; $PYTHON tests.py");
    assert_eq!(
        process(&account, "orphan.py")["ending"]["value"],
        7,
        "{account:#}"
    );
}

#[test]
fn what_the_tests_left_running_is_named() {
    let Some(python) = python("what_the_tests_left_running_is_named") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "daemon.py",
        "import os, time\nopen('daemon.pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n",
    );
    let script =
        "($PYTHON daemon.py > /dev/null 2>&1 &); while [ ! -s daemon.pid ]; do sleep 0.05; done";
    let (run, account) = account(&sandbox, python, script);
    let pid = sandbox.read("daemon.pid");
    assert_eq!(
        process(&account, "daemon.py")["ending"]["how"],
        "still-running",
        "{account:#}"
    );
    assert!(
        run.stderr.contains("1 process still running"),
        "{}",
        run.stderr
    );
    // swath leaves running what it did not start itself.
    let alive = std::path::Path::new("/proc").join(pid.trim()).exists();
    let _ = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(alive);
}

#[test]
fn forks_name_the_process_they_come_from() {
    let Some(python) = python("forks_name_the_process_they_come_from") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("fork.py", "import os\npid = os.fork()\nif pid == 0:\n    child = 1\n    os._exit(0)\nos.waitpid(pid, 0)\n");
    let (_, account) = account(&sandbox, python, "$PYTHON fork.py");
    let all = processes(&account);
    assert_eq!(all.len(), 2, "{account:#}");
    let parent = all
        .iter()
        .find(|process| process["fork_parent"].is_null())
        .unwrap();
    let child = all
        .iter()
        .find(|process| !process["fork_parent"].is_null())
        .unwrap();
    assert_eq!(child["fork_parent"], parent["id"]);
    assert_eq!(child["parent_pid"], parent["pid"]);
}

#[test]
fn secrets_of_command_lines_are_not_written() {
    let Some(python) = python("secrets_of_command_lines_are_not_written") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let (run, _) = account(
        &sandbox,
        python,
        "$PYTHON one.py --password hunter2 --api-token=hunter2",
    );
    let everything = format!(
        "{}{}{}",
        run.stderr,
        sandbox.read("account.json"),
        String::from_utf8_lossy(&fs_err::read(sandbox.project().join(".coverage")).unwrap())
    );
    assert!(
        !everything.replace("-- sh -c", "").contains("hunter2\""),
        "{everything}"
    );
    assert!(!sandbox.read("account.json").contains("hunter2"));
}

#[test]
fn an_incomplete_number_can_be_refused() {
    let Some(python) = python("an_incomplete_number_can_be_refused") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    sandbox.write("slow.py", "import time\ntime.sleep(0.5)\n");
    let script = format!(
        "{0} one.py; env -u LD_PRELOAD {0} -I slow.py",
        text(&python.path)
    );
    let run = sandbox.swath(&["run", "--require-complete", "--", "sh", "-c", &script]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let run = sandbox.swath(&["run", "--", "sh", "-c", &script]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn the_tests_own_lines_are_left_out_where_there_is_a_service() {
    let Some(python) = python("the_tests_own_lines_are_left_out_where_there_is_a_service") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "service.py",
        "import time\nopen('up', 'w').close()\ntime.sleep(60)\n",
    );
    sandbox.write(
        "tests.py",
        "import os, time\nwhile not os.path.exists('up'):\n    time.sleep(0.02)\n",
    );
    let service = format!("web={} service.py", text(&python.path));
    let tests = text(&python.path);
    let run = sandbox.swath(&["run", "--service", &service, "--", &tests, "tests.py"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains("service.py") && !run.stdout.contains("tests.py"),
        "{}",
        run.stdout
    );
    fs_err::remove_file(sandbox.project().join("up")).unwrap();
    let run = sandbox.swath(&[
        "run",
        "--count",
        "all",
        "--service",
        &service,
        "--",
        &tests,
        "tests.py",
    ]);
    assert!(
        run.stdout.contains("service.py") && run.stdout.contains("tests.py"),
        "{}",
        run.stdout
    );
    fs_err::remove_file(sandbox.project().join("up")).unwrap();
    let run = sandbox.swath(&[
        "run",
        "--count",
        "tests",
        "--service",
        &service,
        "--",
        &tests,
        "tests.py",
    ]);
    assert!(
        !run.stdout.contains("service.py") && run.stdout.contains("tests.py"),
        "{}",
        run.stdout
    );
}

#[test]
fn services_of_the_file_belong_to_its_own_tests() {
    let Some(python) = python("services_of_the_file_belong_to_its_own_tests") else {
        return;
    };
    let sandbox = Sandbox::new();
    let program = text(&python.path);
    sandbox.write(
        "swath.toml",
        &format!("test = \"{program} one.py\"\n\n[services.web]\ncommand = \"touch started\"\n"),
    );
    sandbox.write("one.py", "x = 1\n");
    let started = sandbox.project().join("started");
    let run = sandbox.swath(&["run", "--", &program, "one.py"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!started.exists(), "before a command of one's own");
    let notes = run
        .stderr
        .lines()
        .filter(|line| line.contains("--services"));
    let notes = notes.collect::<Vec<_>>();
    assert!(
        notes.len() == 1 && notes[0].contains("web of swath.toml"),
        "{}",
        run.stderr
    );
    for arguments in [
        &["run", "--count", "all"][..],
        &[
            "run",
            "--count",
            "all",
            "--services",
            "--",
            &program,
            "one.py",
        ],
    ] {
        let run = sandbox.swath(arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(started.exists(), "{arguments:?}");
        assert!(!run.stderr.contains("--services"), "{}", run.stderr);
        fs_err::remove_file(&started).unwrap();
    }
    let ready = [
        "run",
        "--ready",
        "web=tcp:127.0.0.1:1",
        "--",
        &program,
        "one.py",
    ];
    let run = sandbox.swath(&ready);
    assert_eq!(run.code, 125, "{}", run.stderr);
    assert!(run.stderr.contains("add `--services`"), "{}", run.stderr);
}

#[test]
fn pythons_that_ignore_or_lose_the_path_are_measured() {
    let Some(python) = python("pythons_that_ignore_or_lose_the_path_are_measured") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    let scripts = [
        "$PYTHON -I one.py",
        "$PYTHON -E one.py",
        "$PYTHON -S one.py",
        "PYTHONPATH=elsewhere $PYTHON one.py",
    ];
    for script in scripts {
        let (_, account) = account(&sandbox, python, script);
        assert_eq!(account["complete"], true, "{script}: {account:#}");
        assert_eq!(processes(&account).len(), 1, "{script}: {account:#}");
    }
    let script = format!("{} -I one.py", text(&python.path));
    let words = [
        "run",
        "--inject=path",
        "--require-complete",
        "--",
        "sh",
        "-c",
    ];
    let run = sandbox.swath(&[&words[..], &[script.as_str()]].concat());
    assert_ne!(run.code, 0, "{}", run.stderr);
    let words = ["run", "--inject=preload", "--", "sh", "-c"];
    let script = "test -z \"$PYTHONPATH\" && test -n \"$LD_PRELOAD\" && exec ";
    let script = format!("{script}{} one.py", text(&python.path));
    let run = sandbox.swath(&[&words[..], &[script.as_str()]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn what_json_writes_is_as_its_schema_says() {
    const TEST: &str = "what_json_writes_is_as_its_schema_says";
    let Some(python) = python(TEST) else {
        return;
    };
    let requirements = Requirements::new(["jsonschema==4.17.3"]);
    let Some(environment) = swath_test::pip_python().and_then(|pip| venv(pip, &requirements))
    else {
        skip(TEST, "jsonschema cannot be installed");
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    sandbox.write(".coveragerc", "[run]\nsource = .\n");
    // A fork, a failure, and something that is missing.
    let script = "$PYTHON -c 'import one, os; os.fork()'; PYTHONPATH=/gone $PYTHON -c 'import time; time.sleep(1)'; exit 3";
    let (_, whole) = account_with(&sandbox, python, &["--inject=path"], script);
    assert_eq!(whole["tests_result"], "failed", "{whole:#}");
    assert_ne!(whole["not_measured"], json!([]), "{whole:#}");
    assert_ne!(whole["verdict"]["gaps"], json!([]), "{whole:#}");
    let none = sandbox.swath(&["run", "--json", "none.json", "--", "gone-program"]);
    assert_eq!(none.code, 127, "{none:?}");
    let check = "import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    jsonschema.validate(json.load(open(name)), schema)
";
    let schema = swath_test::workspace_root().join("docs/reference/accounting.schema.json");
    let files = ["account.json", "none.json"].map(|name| sandbox.project().join(name));
    let mut validator = environment.command("python");
    validator.arg("-c").arg(check).arg(schema).args(files);
    let output = validator.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_run_that_could_attribute_nothing_says_so() {
    let Some(python) = python("a_run_that_could_attribute_nothing_says_so") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "x = 1\n");
    for (option, is_said) in [("--attribution", true), ("--count=all", false)] {
        let begin = ["run", "--no-docker", "--count=all", option, "--"];
        let run = sandbox.swath(&[&begin[..], &[&text(&python.path), "app.py"]].concat());
        assert_eq!(
            run.stderr.contains("Attributed nothing: "),
            is_said,
            "{run:?}"
        );
    }
}
