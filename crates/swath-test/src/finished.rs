//! A command that has run to its end.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::guard::{Guard, Signal};

/// How long one command may take before its test gives up.
pub const LIMIT: Duration = Duration::from_mins(2);

/// What a command gave.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started, or has not ended after [`LIMIT`]: then all that it started is killed.
pub fn finish(command: Command) -> Finished {
    finish_within(command, LIMIT)
}

/// Runs a command that may take longer to its end.
///
/// # Panics
/// As [`finish`], after `limit`.
pub fn finish_within(mut command: Command, limit: Duration) -> Finished {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut guard =
        Guard::spawn(&mut command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = drain(guard.child().stdout.take());
    let stderr = drain(guard.child().stderr.take());
    let status = guard.wait(limit);
    if status.is_none() {
        guard.signal_group(Signal::KILL);
    }
    let read = |thread: JoinHandle<String>| thread.join().unwrap_or_default();
    let (stdout, stderr) = (read(stdout), read(stderr));
    let status = status.unwrap_or_else(|| panic!("no end after {limit:?}\n{stdout}\n{stderr}"));
    Finished {
        code: status.code().unwrap_or(-1),
        stdout,
        stderr,
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
