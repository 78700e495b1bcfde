//! The swath command: arguments become a typed request, one call, a rendered result.
//!
//! The only crate that prints, exits or reads the terminal.

mod arguments;
mod baseline;
mod change_source;
mod checkup;
mod ci_report;
mod command_tree;
mod commands;
mod coverage_cli;
mod diagnostic;
mod engine;
mod exit;
mod gates;
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
mod source_links;
mod summary;
mod terminal;
mod unprepared;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::Colour;
use coverage_cli::CommandLine;
use exit::Exit;

pub use command_tree::{reference, shell_files};

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
            commands::perform(invocation, &coverage)
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

fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}
