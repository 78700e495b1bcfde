//! The swath command: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    swath::main(std::env::args_os())
}
