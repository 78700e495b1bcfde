//! Processes that do not look from here as they look to themselves: other numbers, other users,
//! other search paths; and processes that never were.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::sandbox::{Finished, Sandbox, finish, python, text};

const SLOW: &str = "import time\ntime.sleep(0.6)\nx = 1\n";

/// Runs a shell script as the tests, with `$PYTHON`, and gives the accounting.
fn account(sandbox: &Sandbox, python: &str, script: &str) -> (Finished, Value) {
    let arguments = [
        "run",
        "--inject",
        "path",
        "--count",
        "all",
        "--json",
        "account.json",
        "--",
    ];
    let mut command = sandbox.command(&[&arguments[..], &["sh", "-c", script]].concat());
    command.env("PYTHON", python);
    let run = finish(command);
    let json = fs_err::read_to_string(sandbox.project().join("account.json")).unwrap_or_default();
    let value = serde_json::from_str(&json)
        .unwrap_or_else(|error| panic!("{error}: {json}\n{}", run.stderr));
    (run, value)
}

fn not_measured(account: &Value) -> &[Value] {
    account["not_measured"].as_array().unwrap()
}

/// Whether a command that needs a right of this system works here.
fn is_allowed(test: &str, words: &[&str]) -> bool {
    let command = std::process::Command::new(words[0])
        .args(&words[1..])
        .output();
    let allowed = command.is_ok_and(|output| output.status.success());
    if !allowed {
        swath_test::skip(test, &format!("the right to run `{}`", words.join(" ")));
    }
    allowed
}

fn python_of_everybody(test: &str) -> Option<&'static str> {
    let found = swath_test::python_of_everybody();
    if found.is_none() {
        swath_test::skip(test, "a Python that another user can run, as another user");
    }
    found?.to_str()
}

#[test]
fn a_process_in_a_namespace_of_its_own_is_counted_once() {
    let test = "a_process_in_a_namespace_of_its_own_is_counted_once";
    let Some(python) = python(test) else {
        return;
    };
    let apart = ["unshare", "--pid", "--fork", "--mount-proc"];
    if !is_allowed(test, &[&apart[..], &["true"]].concat()) {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("slow.py", SLOW);
    sandbox.write(
        "parent.py",
        "import subprocess, sys\nsubprocess.run([sys.executable, 'slow.py'])\n",
    );
    let apart = apart.join(" ");
    // Two at once, whose numbers are the same; with a child each.
    let script = format!("{apart} $PYTHON parent.py & {apart} $PYTHON slow.py; wait");
    let (run, account) = account(&sandbox, &text(&python.path), &script);
    assert_eq!(not_measured(&account), [] as [Value; 0], "{}", run.stderr);
    assert_eq!(account["complete"], true, "{account:#}");
    assert_eq!(account["processes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_python_without_the_agent_in_a_namespace_is_named_beside_one_with_it() {
    let test = "a_python_without_the_agent_in_a_namespace_is_named_beside_one_with_it";
    let Some(python) = python(test) else {
        return;
    };
    let apart = "unshare --pid --fork --mount-proc";
    let words: Vec<&str> = apart.split(' ').chain(["true"]).collect();
    if !is_allowed(test, &words) {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("slow.py", SLOW);
    let script = format!("{apart} $PYTHON -I slow.py & {apart} $PYTHON slow.py; wait");
    let (_, account) = account(&sandbox, &text(&python.path), &script);
    assert_eq!(not_measured(&account).len(), 1, "{account:#}");
    assert_eq!(not_measured(&account)[0]["reason"], "isolated");
}

#[test]
fn a_service_of_another_user_is_measured() {
    let test = "a_service_of_another_user_is_measured";
    let Some(python) = python_of_everybody(test) else {
        return;
    };
    let sandbox = Sandbox::open_to_all();
    sandbox.write("slow.py", SLOW);
    let script = "setpriv --reuid=65534 --regid=65534 --clear-groups $PYTHON slow.py; ls -ld $TMPDIR/swath-*";
    let (run, account) = account(&sandbox, python, script);
    assert_eq!(account["complete"], true, "{account:#}\n{}", run.stderr);
    assert!(run.stdout.contains("drwx--x--x"), "{}", run.stdout);
    assert!(run.stdout.contains("slow.py"), "{}", run.stdout);
    sandbox.assert_nothing_left();
}

#[test]
fn where_another_user_cannot_reach_the_agent_both_are_named() {
    let test = "where_another_user_cannot_reach_the_agent_both_are_named";
    let Some(python) = python_of_everybody(test) else {
        return;
    };
    let sandbox = Sandbox::open_to_all();
    sandbox.write("slow.py", SLOW);
    sandbox.close_temporary();
    let script = "setpriv --reuid=65534 --regid=65534 --clear-groups $PYTHON slow.py";
    let (run, account) = account(&sandbox, python, script);
    assert_eq!(not_measured(&account)[0]["reason"], "agent-unreadable");
    assert!(run.stderr.contains("swath as root"), "{}", run.stderr);
}

#[test]
fn a_replaced_search_path_is_named_with_what_mends_it() {
    let Some(python) = python("a_replaced_search_path_is_named_with_what_mends_it") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("slow.py", SLOW);
    let script = "export PYTHONPATH=src; $PYTHON slow.py";
    let (run, account) = account(&sandbox, &text(&python.path), script);
    assert_eq!(not_measured(&account)[0]["reason"], "python-path-replaced");
    assert!(
        run.stderr.contains("PYTHONPATH=src:$PYTHONPATH"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_sitecustomize_that_comes_first_is_named() {
    let Some(python) = python("a_sitecustomize_that_comes_first_is_named") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("slow.py", SLOW);
    sandbox.write("first/sitecustomize.py", "pass\n");
    let script = "PYTHONPATH=$PWD/first:$PYTHONPATH $PYTHON slow.py";
    let (run, account) = account(&sandbox, &text(&python.path), script);
    let found = &not_measured(&account)[0];
    assert_eq!(found["reason"], "sitecustomize-shadowed", "{account:#}");
    assert!(
        run.stderr.contains("first/sitecustomize.py` came first"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_the_system_refused_to_start_is_no_process() {
    let Some(python) = python("what_the_system_refused_to_start_is_no_process") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "parent.py",
        r##"import os
import subprocess
import sys

os.mkdir("bin")
for name, content in [("python3", b""), ("script", b"#!/no/such/python3\n")]:
    with open("bin/" + name, "wb") as file:
        file.write(content)
    os.chmod("bin/" + name, 0o755)
python = sys.executable
for command, folder in [
    (["bin/python3", "x.py"], None),
    (["bin/script"], None),
    (["bin/gone/python3"], None),
    ([python, "x.py"], "gone"),
    ([python, "x.py"], "parent.py"),
    ([python, "-c", "a" * (32 * 4096)], None),
]:
    try:
        subprocess.Popen(command, cwd=folder)
    except OSError as error:
        print("refused", type(error).__name__)
"##,
    );
    let (run, account) = account(&sandbox, &text(&python.path), "$PYTHON parent.py");
    assert_eq!(run.stdout.matches("refused").count(), 6, "{}", run.stdout);
    assert_eq!(not_measured(&account), [] as [Value; 0]);
    assert_eq!(account["complete"], true, "{}", run.stderr);
}

#[test]
fn a_python_that_starts_in_another_folder_without_the_agent_is_named() {
    let test = "a_python_that_starts_in_another_folder_without_the_agent_is_named";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    let script = format!("#!{} -I\nx = 1\n", text(&python.path));
    let program = sandbox.write("sub/manage.py", &script);
    fs_err::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    for start in [
        "subprocess.run(['./manage.py'], cwd='sub', env={})",
        "os.chdir('sub'); subprocess.run(['./manage.py'], env={})",
        "os.chdir('sub'); os.spawnve(os.P_WAIT, './manage.py', ['manage.py'], {})",
    ] {
        sandbox.write("parent.py", &format!("import os, subprocess\n{start}\n"));
        let (run, account) = account(&sandbox, &text(&python.path), "$PYTHON parent.py");
        assert_eq!(not_measured(&account).len(), 1, "{start}: {}", run.stderr);
        assert_eq!(account["complete"], false, "{start}: {}", run.stderr);
    }
}

#[test]
fn tools_that_keep_out_of_everybodys_way_are_no_gap() {
    let Some(python) = python("tools_that_keep_out_of_everybodys_way_are_no_gap") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.py", "x = 1\n");
    // A hook that pip would start in an environment of its own.
    let hook = "v/lib/site-packages/pyproject_hooks/_in_process/_in_process.py";
    sandbox.write(hook, SLOW);
    let script = &format!(
        "$PYTHON one.py; $PYTHON -Im venv --without-pip made; PYTHONPATH=/nowhere $PYTHON {hook}"
    );
    let (run, account) = account(&sandbox, &text(&python.path), script);
    assert_eq!(not_measured(&account), [] as [Value; 0]);
    assert_eq!(account["complete"], true, "{}", run.stderr);
}

#[test]
fn a_python_without_the_agent_that_is_left_behind_is_said_to_run() {
    let test = "a_python_without_the_agent_that_is_left_behind_is_said_to_run";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    // It ends by itself when the project is gone.
    sandbox.write(
        "job.py",
        "import os, time\nopen('up', 'w').close()\nwhile os.path.exists('up'):\n    time.sleep(0.05)\n",
    );
    let (run, account) = account(
        &sandbox,
        &text(&python.path),
        "env -i setsid -f $PYTHON job.py > log 2>&1; until [ -e up ]; do sleep 0.01; done; sleep 0.3",
    );
    fs_err::remove_file(sandbox.project().join("up")).unwrap();
    let seen = not_measured(&account);
    assert_eq!(seen.len(), 1, "{account}");
    assert_eq!(seen[0]["evidence"], "it still runs", "{}", run.stderr);
    assert!(run.stderr.contains("it still runs"), "{}", run.stderr);
}
