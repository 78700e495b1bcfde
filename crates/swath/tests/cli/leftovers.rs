//! What killed runs leave behind, and what swath keeps beside the checkout: whose it is, who may
//! see it, and when it goes.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use swath_test::{Guard, LIMIT, Signal, wait_until};
use walkdir::WalkDir;

use crate::sandbox::{Finished, Sandbox, finish, python, text};

/// Runs and waits until it is killed.
const ENDLESS: &str =
    "import time\nvalue = 1\nopen('up', 'w').close()\nwhile True:\n    time.sleep(0.1)\n";

/// A run in the folder `folder` of the project that is killed after it recorded something.
fn kill_a_run(sandbox: &Sandbox, folder: &str, python: &Path) {
    sandbox.write(&format!("{folder}/shop.py"), ENDLESS);
    let mut command = sandbox.command(&["run", "--no-docker", "--source=.", "--"]);
    command.arg(python).arg("shop.py");
    let folder = sandbox.project().join(folder);
    command.current_dir(&folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard::spawn(&mut command).unwrap();
    wait_until(LIMIT, "the program runs", || folder.join("up").exists());
    guard.signal_group(Signal::KILL);
    assert!(guard.wait(LIMIT).is_some());
    wait_until(LIMIT, "the whole group is gone", || !guard.group_lives());
}

/// A run in a folder of the project, of a program with one line.
fn run_in(sandbox: &Sandbox, folder: &str, python: &Path) -> Finished {
    sandbox.write(&format!("{folder}/other.py"), "value = 2\n");
    let mut command = sandbox.command(&["run", "--no-docker", "--source=other", "--"]);
    command.arg(python).arg("other.py");
    command.current_dir(sandbox.project().join(folder));
    finish(command)
}

fn run_folders(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = fs_err::read_dir(sandbox.temporary())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("swath-"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_that_could_not_save_is_not_said_to_have_been_killed() {
    let Some(python) = python("a_run_that_could_not_save_is_not_said_to_have_been_killed") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("mine/gone/x", "");
    sandbox.write("mine/shop.py", "import shutil\nshutil.rmtree('gone')\n");
    let mut command = sandbox.command(&["run", "--no-docker", "--data-file=gone/data", "--"]);
    command.arg(&python.path).arg("shop.py");
    command.current_dir(sandbox.project().join("mine"));
    let unsaved = finish(command);
    assert!(
        unsaved.stderr.contains("error[data-not-saved]"),
        "{}",
        unsaved.stderr
    );
    let next = run_in(&sandbox, "mine", &python.path);
    let said = "a run of this checkout could not save 1 raw data file, less than a minute ago";
    assert!(next.stderr.contains(said), "{}", next.stderr);
    assert!(!next.stderr.contains("killed"), "{}", next.stderr);
}

#[test]
fn a_killed_run_is_named_in_its_own_checkout_once_and_its_hint_loses_nothing() {
    let test = "a_killed_run_is_named_in_its_own_checkout_once_and_its_hint_loses_nothing";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    kill_a_run(&sandbox, "mine", &python.path);
    assert_eq!(run_folders(&sandbox).len(), 1);

    let other = run_in(&sandbox, "other", &python.path);
    assert!(!other.stderr.contains("leftover"), "{}", other.stderr);

    let first = run_in(&sandbox, "mine", &python.path);
    let message = "a run of this checkout was killed less than a minute ago";
    let shown = sandbox.normal(&first.stderr);
    assert!(shown.contains(message), "{shown}");
    assert!(shown.contains("1 raw data file"), "{shown}");
    let hint = first
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: swath combine --append "));
    let folder = hint.expect("the hint can be pasted").trim_matches('\'');

    let second = run_in(&sandbox, "mine", &python.path);
    assert!(
        !second.stderr.contains("leftover"),
        "named twice: {}",
        second.stderr
    );

    let mut combine = sandbox.command(&["combine", "--append", folder]);
    combine.current_dir(sandbox.project().join("mine"));
    let combined = finish(combine);
    assert_eq!(combined.code, 0, "{}", combined.stdout);
    let mut report = sandbox.command(&["report"]);
    report.current_dir(sandbox.project().join("mine"));
    let table = finish(report).stdout;
    assert!(
        table.contains("other.py") && table.contains("shop.py"),
        "{table}"
    );

    // Nothing is left in it now, so it goes.
    run_in(&sandbox, "other", &python.path);
    assert_eq!(run_folders(&sandbox), [""; 0]);
}

#[test]
fn a_run_in_another_pid_namespace_is_left_alone() {
    let test = "a_run_in_another_pid_namespace_is_left_alone";
    let Some(python) = python(test) else {
        return;
    };
    let namespace = ["--pid", "--fork", "--mount-proc"];
    let can_unshare = Command::new("unshare")
        .args(namespace)
        .arg("true")
        .stderr(Stdio::null())
        .status();
    if !can_unshare.is_ok_and(|status| status.success()) {
        swath_test::skip(test, "root, to make a pid namespace");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("first/app.py", "value = 1\n");
    let first = sandbox.project().join("first");
    // No process of it has a store yet.
    let script = "touch up; while ! [ -e go ]; do sleep 0.05; done; exec \"$0\" app.py";
    let mut command = sandbox.command(&["run", "--no-docker", "--source=.", "--", "sh", "-c"]);
    command.arg(script).arg(&python.path).current_dir(&first);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = Guard::spawn(&mut command).unwrap();
    wait_until(LIMIT, "the first run's command", || {
        first.join("up").exists()
    });

    sandbox.write("second/b.py", "value = 2\n");
    let mut command = Command::new("unshare");
    sandbox.prepare(&mut command);
    command.args(namespace).arg(env!("CARGO_BIN_EXE_swath"));
    command.args(["run", "--no-docker", "--source=.", "--"]);
    command.arg(&python.path).arg("b.py");
    command.current_dir(sandbox.project().join("second"));
    let second = finish(command);
    assert_eq!(second.code, 0, "{}", second.stderr);

    fs_err::write(first.join("go"), "").unwrap();
    let status = guard.wait(LIMIT).expect("the first run ends");
    assert_eq!(status.code(), Some(0));
    assert!(first.join(".coverage").exists());
}

#[test]
fn what_is_kept_is_the_users_alone() {
    let Some(python) = python("what_is_kept_is_the_users_alone") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write(
        "app.py",
        "print('up', flush=True)\nimport time\ntime.sleep(60)\n",
    );
    let service = format!("web={} app.py", text(&python.path));
    let words = [
        "run",
        "--no-docker",
        "--service",
        &service,
        "--ready",
        "log:up",
    ];
    let mut command = Command::new("sh");
    sandbox.prepare(&mut command);
    command.args(["-c", "umask 022; exec \"$@\"", "sh"]);
    command
        .arg(env!("CARGO_BIN_EXE_swath"))
        .args(words)
        .args(["--", "true"]);
    let run = finish(command);
    let kept = sandbox.project().join("../cache/swath");
    let mut files = 0;
    for entry in WalkDir::new(kept).min_depth(1) {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        files += usize::from(metadata.is_file());
        let path = entry.path().display();
        assert_eq!(metadata.mode() & 0o077, 0, "{path} is open to others");
    }
    assert!(files >= 2, "a log and an account are kept: {}", run.stderr);
}

#[test]
fn a_history_that_another_user_laid_out_is_not_touched() {
    let test = "a_history_that_another_user_laid_out_is_not_touched";
    let Some(python) = python(test) else {
        return;
    };
    let user = rustix_user();
    if user != 0 {
        swath_test::skip(test, "root, to act as another user");
        return;
    }
    let sandbox = Sandbox::new();
    let victim = sandbox.project().join("victim");
    sandbox.write("victim/data/precious", "precious");
    sandbox.write("p.py", "value = 1\n");
    let planted = sandbox.temporary().join("swath-0");
    let run = planted.join("swath/runs/0000000000001-1");
    fs_err::create_dir_all(&run).unwrap();
    let note = format!(
        "{{\"owner\":\"{}\",\"folder\":{{\"Unix\":{:?}}},\"checkout\":{{\"Unix\":[]}},\"begun\":0,\"named\":false}}",
        gone_owner(),
        victim.to_str().unwrap().as_bytes()
    );
    fs_err::write(run.join("active.json"), note).unwrap();
    for entry in WalkDir::new(&planted) {
        let path = entry.unwrap().into_path();
        std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).unwrap();
    }
    let mut command = sandbox.command(&["run", "--no-docker", "--source=.", "--"]);
    command.arg(&python.path).arg("p.py");
    command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(victim.join("data/precious").exists());
    for entry in WalkDir::new(&planted) {
        let entry = entry.unwrap();
        let path = entry.path().display();
        assert_eq!(
            entry.metadata().unwrap().uid(),
            65_534,
            "{path} was written by swath"
        );
    }
}

fn rustix_user() -> u32 {
    fs_err::metadata("/proc/self").unwrap().uid()
}

/// A process of this boot and pid namespace that is no more.
fn gone_owner() -> String {
    let boot = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let namespace = fs_err::read_link("/proc/self/ns/pid").unwrap();
    format!("{} {} 4194999 1", boot.trim(), namespace.display())
}

#[test]
fn a_temporary_folder_mounted_noexec_is_passed_by() {
    let test = "a_temporary_folder_mounted_noexec_is_passed_by";
    let Some(python) = python(test) else {
        return;
    };
    if !swath_test::can_mount() {
        swath_test::skip(test, "root, to mount a file system");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "value = 1\n");
    let run = |variable: &str| {
        let mut command = Command::new("unshare");
        sandbox.prepare(&mut command);
        let script = "mount -t tmpfs -o noexec none \"$TMPDIR\" && exec \"$@\"";
        command.args(["--mount", "sh", "-c", script, "sh"]);
        command.arg(env!("CARGO_BIN_EXE_swath"));
        command.args(["run", "--no-docker", "--source=.", "--"]);
        command.arg(&python.path).arg("app.py");
        command.env(variable, sandbox.temporary());
        finish(command)
    };
    for variable in ["TMPDIR", "XDG_RUNTIME_DIR"] {
        let finished = run(variable);
        assert_eq!(finished.code, 0, "{variable}: {}", finished.stderr);
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_end_by_a_signal() {
    let test = "a_limit_on_the_size_of_files_is_an_error_and_no_end_by_a_signal";
    let Some(python) = python(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    let program = sandbox.write("app.py", "value = 1\n");
    let limited = |blocks: &str, words: &[&str]| {
        let mut command = Command::new("sh");
        sandbox.prepare(&mut command);
        command.args(["-c", "ulimit -f \"$0\"; exec \"$@\"", blocks]);
        command.arg(env!("CARGO_BIN_EXE_swath")).args(words);
        finish(command)
    };
    let python = text(&python.path);
    let run = limited("64", &["run", "--no-docker", "--", &python, "app.py"]);
    assert_eq!(run.code, 125, "{}", run.stderr);
    assert!(run.stderr.contains("`ulimit -f`"), "{}", run.stderr);
    sandbox.assert_nothing_left();

    let whole = sandbox.swath(&["run", "--no-docker", "--", &python, &text(&program)]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let pages = limited("0", &["html", "-d", "pages"]);
    assert_eq!(pages.code, 1, "{}", pages.stderr);
    let combined = limited("0", &["combine", "--keep", ".coverage"]);
    assert_eq!(combined.code, 1, "{}", combined.stderr);
}
