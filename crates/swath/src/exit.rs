//! Exit codes: one table for the whole command.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// A verb of coverage.py's failed.
    Failure,
    /// Measured, but the total is below `fail_under`, or a gate did not pass.
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

impl Exit {
    /// Every end that has a code of its own.
    const OWN: [Exit; 7] = [
        Exit::Success,
        Exit::Failure,
        Exit::BelowFailUnder,
        Exit::Incomplete,
        Exit::RunFailure,
        Exit::NotRunnable,
        Exit::NotFound,
    ];

    fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::BelowFailUnder => 2,
            Exit::Incomplete => 3,
            Exit::RunFailure => 125,
            Exit::NotRunnable => 126,
            Exit::NotFound => 127,
            // An exit status has eight bits.
            Exit::Passed(code) => u8::try_from(code & 0xff).unwrap_or(1),
        }
    }

    /// For users.
    fn meaning(self) -> &'static str {
        match self {
            Exit::Success => "everything went well, the tests included",
            Exit::Failure => {
                "a verb that reads or changes data failed, or has nothing to report; `doctor` found something wrong; `init` wrote nothing"
            }
            Exit::BelowFailUnder => {
                "the total is below `fail_under` or `--fail-under`, or a gate did not pass"
            }
            Exit::Incomplete => {
                "with `--require-complete`: something that counts is not in the number"
            }
            Exit::RunFailure => {
                "the command line of `run`, `diff`, `affected`, `compare`, `intersect` or `subtract` is wrong; `run`: swath failed, or nothing was measured; `explain` and `man`: there is nothing of that name"
            }
            Exit::NotRunnable => "`run`: the test command cannot be started",
            Exit::NotFound => "`run`: the test command was not found",
            Exit::Passed(_) => {
                "`run`: the code of the tests, or of the program; 128 + N where signal N ended them"
            }
        }
    }

    /// The table of the reference.
    pub(crate) fn table() -> String {
        let mut table = String::from("| code | meaning |\n|---|---|\n");
        for exit in Exit::OWN {
            let _ = writeln!(table, "| {} | {} |", exit.code(), exit.meaning());
        }
        let passed = Exit::Passed(0).meaning();
        let _ = writeln!(table, "| any other | {passed} |");
        table
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
