//! The swath command: arguments become a typed request, one call, a rendered result.
//!
//! The only crate that prints, exits or reads the terminal.

mod arguments;
mod checkup;
mod command_tree;
mod commands;
mod coverage_cli;
mod diagnostic;
mod exit;
mod interpreter;
mod invocation;
mod log;
mod output_file;
mod page_folder;
mod patience;
mod program;
mod progress;
mod recorder;
mod reporting;
mod settings_folder;
mod slips;
mod summary;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Colour, Verb};
use coverage_cli::CommandLine;
use exit::Exit;

/// Runs the command line: the first argument is the program's own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    swath_run::survive_file_size_limit();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = arguments.first().cloned().unwrap_or_default();
    let coverage = CommandLine::new(&program);
    if coverage_cli::is_coverage(&program) {
        log::begin(false);
        return coverage
            .perform(arguments.get(1..).unwrap_or_default())
            .into();
    }
    let exit = match invocation::parse(arguments) {
        Ok(invocation) => {
            choose_colour(invocation.cli.color);
            log::begin(invocation.cli.verbose);
            match invocation.cli.verb {
                Verb::Run(mut arguments) => {
                    settings_folder::enter(&mut arguments, invocation.target.as_ref());
                    commands::run::run(&arguments, invocation.target)
                }
                Verb::Doctor { json } => commands::doctor::doctor(json),
                Verb::Explain { name } => commands::explain::explain(&name),
                Verb::Completions { shell } => commands::explain::completions(shell),
                Verb::Man { verb } => commands::explain::manual(verb.as_ref()),
                _ => coverage.perform(&invocation.shared),
            }
        }
        Err(error) => {
            // Help and version are answers, not errors.
            terminal::print_usage(&error);
            if error.use_stderr() {
                // 1 would read as failed tests.
                Exit::RunFailure
            } else {
                Exit::Success
            }
        }
    };
    exit.into()
}

/// The reference of the command line, in Markdown.
pub fn command_line_reference() -> String {
    command_tree::reference()
}

fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}
