//! A question to another program: one short process, with what it is to read, a limit of time, and
//! its answer.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

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

/// Runs a program, and gives what it said. It is killed when the time is over.
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
    let program = command.get_program().to_string_lossy().into_owned();
    let mut begin = || {
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let child = command
            .stdin(holding(input)?)
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()?;
        Ok((child, stdout, stderr))
    };
    let (mut child, stdout, stderr) = match begin() {
        Ok(begun) => begun,
        Err(source) => return Err(AskError::NotStarted { program, source }),
    };
    let Some(status) = wait(&mut child, limit) else {
        return Err(AskError::TooSlow { program, limit });
    };
    let (Some(stdout), Some(stderr)) = (content(stdout), content(stderr)) else {
        return Err(AskError::TooLong { program });
    };
    Ok(Answer {
        code: status.code(),
        stdout,
        stderr,
    })
}

/// A file without a name that holds `bytes`, to be read from its begin.
fn holding(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// What a file holds; nothing if that is too much.
fn content(mut file: File) -> Option<Vec<u8>> {
    if file.metadata().is_ok_and(|file| file.len() > MOST_BYTES) {
        return None;
    }
    let mut bytes = Vec::new();
    // What was read until an error is the answer.
    let _ = file
        .rewind()
        .and_then(|()| file.take(MOST_BYTES).read_to_end(&mut bytes));
    Some(bytes)
}

/// How it ended; nothing when the time is over.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if begun.elapsed() < limit => std::thread::sleep(pause),
            Ok(None) | Err(_) => {
                // It may have ended by itself in between.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
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
    fn what_an_answer_leaves_behind_is_not_waited_for() {
        let answer = ask("sleep 600 & echo $!", b"", LIMIT).unwrap();
        let pid = String::from_utf8(answer.stdout).unwrap();
        let killed = Command::new("kill").arg(pid.trim()).status().unwrap();
        assert!(killed.success());
    }
}
