//! What takes longer than a second says so on a terminal, and nowhere else.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use swath_test::wait_until;

use crate::side_by_side::Stage;

/// A source that is leased to a process: the report waits for it as long as the test wants, within
/// the time that the kernel gives the holder of a lease.
struct Leased {
    holder: Child,
}

const HOLD: &str = "\
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
sys.stdin.read()
";

impl Leased {
    fn new(stage: &Stage) -> Option<Leased> {
        stage.coverage(&["run", "main.py"]);
        let mut holder = Command::new(stage.python())
            .args(["-c", HOLD])
            .arg(stage.file("shop.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = [0; 5];
        let held = holder.stdout.as_mut().unwrap().read_exact(&mut said);
        if held.is_err() {
            holder.wait().unwrap();
            return None;
        }
        Some(Leased { holder })
    }

    /// Gives the source free; whether the report ends well then.
    fn end(mut self, mut report: Child) -> bool {
        drop(self.holder.stdin.take());
        self.holder.wait().unwrap();
        report.wait().unwrap().success()
    }
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
    let Some(source) = Leased::new(&stage) else {
        return swath_test::skip(test, "a file system with leases");
    };
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
    assert!(source.end(child));
}

#[test]
fn elsewhere_a_long_report_says_nothing() {
    let test = "elsewhere_a_long_report_says_nothing";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    let Some(source) = Leased::new(&stage) else {
        return swath_test::skip(test, "a file system with leases");
    };
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
    assert!(source.end(child));
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
