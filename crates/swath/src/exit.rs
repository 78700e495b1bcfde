//! Exit codes: one table for the whole command.

use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// A verb of coverage.py's failed.
    Failure,
    /// Measured, but the total is below `fail_under`.
    BelowFailUnder,
    /// Measured, but not everything that counts is in the number, with `--require-complete`.
    Incomplete,
    /// A run that failed for a reason of swath's own, or measured nothing.
    RunFailure,
    /// The test command could not be started.
    NotRunnable,
    /// The test command was not found.
    NotFound,
    /// The code of the tests, or of the program.
    Passed(i32),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        let code = match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::BelowFailUnder => 2,
            Exit::Incomplete => 3,
            Exit::RunFailure => 125,
            Exit::NotRunnable => 126,
            Exit::NotFound => 127,
            // An exit status has eight bits.
            Exit::Passed(code) => u8::try_from(code & 0xff).unwrap_or(1),
        };
        ExitCode::from(code)
    }
}
