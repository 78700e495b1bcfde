//! The swath command: arguments become a typed request, one call, a rendered result.
//!
//! The only crate that prints, exits or reads the terminal.

mod arguments;
mod commands;
mod containers;
mod diagnostic;
mod exit;
mod hints;
mod interpreter;
mod invocation;
mod measurement;
mod plan;
mod program;
mod progress;
mod reporting;
mod run_report;
mod settings;
mod summary;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Colour, Verb};
use exit::Exit;

/// Runs the command line: the first argument is the program's own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = match invocation::parse(arguments.into_iter().collect()) {
        Ok(invocation) => {
            choose_colour(invocation.cli.color);
            perform(invocation)
        }
        Err(error) => {
            // Help and version are answers, not errors. A closed pipe is no concern of the user's.
            let _ = error.print();
            if error.use_stderr() {
                Exit::Failure
            } else {
                Exit::Success
            }
        }
    };
    exit.into()
}

fn perform(invocation: invocation::Invocation) -> Exit {
    match invocation.cli.verb {
        Verb::Run(arguments) => commands::run::run(&arguments, invocation.target),
        Verb::Report(arguments) => commands::report::report(&arguments),
        Verb::Html(arguments) => commands::html::html(&arguments),
        Verb::Combine(arguments) => commands::combine::combine(&arguments),
        Verb::Erase(arguments) => commands::erase::erase(&arguments),
    }
}

fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}
