//! A question to another program: one short process, with what it is to read, a limit of time, and
//! its answer.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The processes that are asked now: whoever asked takes their status, and nobody else may.
static ASKED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The most that an answer may hold.
const MOST_BYTES: u64 = 512 << 20;

/// What a program said.
#[derive(Debug)]
pub struct Answer {
    /// Nothing if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It cannot be started.
    #[error("`{program}` could not be started: {source}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long, and was killed.
    #[error("`{program}` did not answer within {} s", limit.as_secs())]
    TooSlow {
        /// The program.
        program: String,
        /// How long it was given.
        limit: Duration,
    },
    /// It said more than anybody wants to hold.
    #[error("the answer of `{program}` is longer than {} MB", MOST_BYTES >> 20)]
    TooLong {
        /// The program.
        program: String,
    },
}

/// Runs a program, and gives what it said. It is killed when the time is over, or when it has said
/// too much.
///
/// # Errors
/// When it cannot be started, does not end in time, or says too much.
///
/// All three streams are files: a process that it leaves behind could hold a pipe open for ever.
pub fn ask_program(
    command: &mut Command,
    input: &[u8],
    limit: Duration,
) -> Result<Answer, AskError> {
    ask_within(command, input, limit, MOST_BYTES)
}

fn ask_within(
    command: &mut Command,
    input: &[u8],
    limit: Duration,
    most: u64,
) -> Result<Answer, AskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut begin = || {
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let command = command
            .stdin(holding(input)?)
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?);
        Ok((start(command)?, stdout, stderr))
    };
    let (mut child, stdout, stderr) = match begin() {
        Ok(begun) => begun,
        Err(source) => return Err(AskError::NotStarted { program, source }),
    };
    let said_too_much = || is_longer(&stdout, most) || is_longer(&stderr, most);
    let status = match wait(&mut child, limit, said_too_much) {
        Ok(status) => status,
        Err(Refusal::TooSlow) => return Err(AskError::TooSlow { program, limit }),
        Err(Refusal::TooLong) => return Err(AskError::TooLong { program }),
    };
    let (stdout, stderr) = (content(stdout, most), content(stderr, most));
    Ok(Answer {
        code: status.code(),
        stdout,
        stderr,
    })
}

/// Whether this child of this process is being asked: its status is not for others.
pub fn is_asked(pid: u32) -> bool {
    asked().contains(&pid)
}

fn asked() -> MutexGuard<'static, BTreeSet<u32>> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process, which nobody takes for another one's from its first moment on.
fn start(command: &mut Command) -> io::Result<Child> {
    let mut asked = asked();
    let child = command.spawn()?;
    asked.insert(child.id());
    Ok(child)
}

/// Its status, if it has ended. From then on its number may be another one's.
fn ending(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let mut asked = asked();
    let status = child.try_wait();
    if !matches!(status, Ok(None)) {
        asked.remove(&child.id());
    }
    status
}

/// A file without a name that holds `bytes`, to be read from its begin.
fn holding(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn is_longer(file: &File, most: u64) -> bool {
    file.metadata().is_ok_and(|file| file.len() > most)
}

/// What a file holds.
fn content(mut file: File, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read until an error is the answer.
    let _ = file
        .rewind()
        .and_then(|()| file.take(most).read_to_end(&mut bytes));
    bytes
}

/// Why a program is not waited for any longer.
enum Refusal {
    TooSlow,
    TooLong,
}

/// How it ended, within the time and without saying too much.
fn wait(
    child: &mut Child,
    limit: Duration,
    said_too_much: impl Fn() -> bool,
) -> Result<ExitStatus, Refusal> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let refusal = loop {
        let ended = ending(child);
        // Once it has ended it says no more, so that the answer is judged as a whole.
        if said_too_much() {
            break Refusal::TooLong;
        }
        match ended {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if begun.elapsed() < limit => std::thread::sleep(pause),
            Ok(None) | Err(_) => break Refusal::TooSlow,
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    // It may have ended by itself in between.
    let _ = child.kill();
    let _ = child.wait();
    asked().remove(&child.id());
    Err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    fn ask(script: &str, input: &[u8], limit: Duration) -> Result<Answer, AskError> {
        ask_program(Command::new("/bin/sh").args(["-c", script]), input, limit)
    }

    #[test]
    fn an_answer_has_what_was_read_and_said() {
        let script = "read x; echo \"<$x>\"; echo oh >&2; exit 3";
        let answer = ask(script, b"word\n", LIMIT).unwrap();
        assert_eq!(answer.code, Some(3));
        assert_eq!(answer.stdout, b"<word>\n");
        assert_eq!(answer.stderr, b"oh\n");
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        let error = ask("exec sleep 600", b"", Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, AskError::TooSlow { .. }), "{error}");
    }

    #[test]
    fn an_answer_without_an_end_is_none() {
        let error = ask("truncate -s 600M /dev/stdout", b"", LIMIT).unwrap_err();
        assert!(matches!(error, AskError::TooLong { .. }), "{error}");
    }

    #[test]
    fn who_says_too_much_is_stopped_and_not_waited_for() {
        for script in ["exec yes", "exec yes >&2"] {
            let mut command = Command::new("/bin/sh");
            let error = ask_within(command.args(["-c", script]), b"", LIMIT, 1 << 20).unwrap_err();
            assert!(matches!(error, AskError::TooLong { .. }), "{error}");
        }
    }

    #[test]
    fn what_an_answer_leaves_behind_is_not_waited_for() {
        let answer = ask("sleep 600 & echo $!", b"", LIMIT).unwrap();
        let pid = String::from_utf8(answer.stdout).unwrap();
        let killed = Command::new("kill").arg(pid.trim()).status().unwrap();
        assert!(killed.success());
    }
}
