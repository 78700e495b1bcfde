//! A question to a Python.

pub(crate) mod compiled_lines;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use swath_checkout::ask_program;
pub use swath_checkout::{Answer, AskError as QuestionError};

/// Runs an interpreter with `words`, and gives what it said. It is killed when the time is over.
///
/// # Errors
/// When it cannot be started, or does not end in time.
pub fn ask<W: AsRef<OsStr>>(
    interpreter: &Path,
    words: &[W],
    input: &[u8],
    limit: Duration,
) -> Result<Answer, QuestionError> {
    ask_program(Command::new(interpreter).args(words), input, limit)
}
