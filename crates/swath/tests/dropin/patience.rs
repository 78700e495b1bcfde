//! What takes longer than a second says so on a terminal, and nowhere else.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use swath_test::wait_until;

use crate::side_by_side::Stage;

/// A source that is a pipe: the report waits for it as long as the test wants.
fn slow_report(stage: &Stage) -> std::path::PathBuf {
    stage.coverage(&["run", "main.py"]);
    let source = stage.file("shop.py");
    fs_err::remove_file(&source).unwrap();
    let status = Command::new("mkfifo").arg(&source).status().unwrap();
    assert!(status.success());
    source
}

/// What the command prints, as it comes.
fn printed(child: &mut Child) -> Arc<Mutex<Vec<u8>>> {
    let text = Arc::new(Mutex::new(Vec::new()));
    let mut output = child.stdout.take().unwrap();
    let seen = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            seen.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
    text
}

fn end(mut child: Child, source: &std::path::Path) -> bool {
    let mut pipe = fs_err::OpenOptions::new().write(true).open(source).unwrap();
    pipe.write_all(b"slow = 1\n").unwrap();
    drop(pipe);
    child.wait().unwrap().success()
}

#[test]
fn a_long_report_says_so_on_a_terminal() {
    let test = "a_long_report_says_so_on_a_terminal";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    // `script` is the terminal.
    if Command::new("script").arg("--version").output().is_err() {
        return swath_test::skip(test, "the program `script`");
    }
    let source = slow_report(&stage);
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", "../bin/coverage report", "/dev/null"])
        .current_dir(stage.file("."))
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = printed(&mut child);
    let shown = || {
        let bytes = text.lock().unwrap();
        String::from_utf8_lossy(&bytes).contains("Reporting 1.")
    };
    wait_until(Duration::from_mins(1), "the live line", shown);
    assert!(end(child, &source));
}

#[test]
fn elsewhere_a_long_report_says_nothing() {
    let Some(stage) = Stage::new("elsewhere_a_long_report_says_nothing") else {
        return;
    };
    let source = slow_report(&stage);
    let mut child = Command::new(stage.file("../bin/coverage"))
        .arg("report")
        .current_dir(stage.file("."))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Longer than the second after which a terminal would show something.
    let begun = std::time::Instant::now();
    let is_long = || begun.elapsed() > Duration::from_millis(1_500);
    wait_until(Duration::from_mins(1), "a second and a half", is_long);
    let mut stderr = child.stderr.take().unwrap();
    assert!(end(child, &source));
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
