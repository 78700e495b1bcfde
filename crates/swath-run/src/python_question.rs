//! A question to a Python: one short process, with what it is to read, a limit of time, and its answer.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// The most that an answer may hold.
const MOST_BYTES: u64 = 64 << 20;

/// What a Python said.
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
pub enum QuestionError {
    /// It cannot be started.
    #[error("`{interpreter}` could not be started: {source}")]
    NotStarted {
        /// The interpreter.
        interpreter: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long, and was killed.
    #[error("`{interpreter}` did not answer within {} s", limit.as_secs())]
    TooSlow {
        /// The interpreter.
        interpreter: String,
        /// How long it was given.
        limit: Duration,
    },
}

/// Runs an interpreter with `words`, and gives what it said. It is killed when the time is over.
///
/// # Errors
/// When it cannot be started, or does not end in time.
///
/// All three streams are files: a process that it leaves behind could hold a pipe open for ever.
pub fn ask<W: AsRef<OsStr>>(
    interpreter: &Path,
    words: &[W],
    input: &[u8],
    limit: Duration,
) -> Result<Answer, QuestionError> {
    let named = || interpreter.display().to_string();
    let not_started = |source| QuestionError::NotStarted {
        interpreter: named(),
        source,
    };
    let begin = || {
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let child = Command::new(interpreter)
            .args(words)
            .stdin(holding(input)?)
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?)
            .spawn()?;
        Ok((child, stdout, stderr))
    };
    let (mut child, stdout, stderr) = begin().map_err(not_started)?;
    let Some(status) = wait(&mut child, limit) else {
        return Err(QuestionError::TooSlow {
            interpreter: named(),
            limit,
        });
    };
    Ok(Answer {
        code: status.code(),
        stdout: content(stdout),
        stderr: content(stderr),
    })
}

/// A file without a name that holds `bytes`, to be read from its begin.
fn holding(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn content(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read until an error is the answer.
    let _ = file
        .rewind()
        .and_then(|()| file.take(MOST_BYTES).read_to_end(&mut bytes));
    bytes
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

    #[test]
    fn an_answer_has_what_was_read_and_said() {
        let words = ["-c", "read x; echo \"<$x>\"; echo oh >&2; exit 3"];
        let answer = ask(Path::new("/bin/sh"), &words, b"word\n", LIMIT).unwrap();
        assert_eq!(answer.code, Some(3));
        assert_eq!(answer.stdout, b"<word>\n");
        assert_eq!(answer.stderr, b"oh\n");
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        let limit = Duration::from_millis(50);
        let error = ask(Path::new("/bin/sh"), &["-c", "exec sleep 600"], b"", limit).unwrap_err();
        assert!(matches!(error, QuestionError::TooSlow { .. }), "{error}");
    }

    #[test]
    fn what_an_answer_leaves_behind_is_not_waited_for() {
        let words = ["-c", "sleep 600 & echo $!"];
        let answer = ask(Path::new("/bin/sh"), &words, b"", LIMIT).unwrap();
        let pid = String::from_utf8(answer.stdout).unwrap();
        let killed = Command::new("kill").arg(pid.trim()).status().unwrap();
        assert!(killed.success());
    }
}
