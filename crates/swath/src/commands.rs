//! The verbs, one a file.

pub(crate) mod annotate;
pub(crate) mod combine;
pub(crate) mod debug;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod explain;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod lcov;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod xml;

use crate::arguments::Verb;
use crate::coverage_cli::CommandLine;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::settings_folder;

/// Does what a command line of swath's own asks for; the verbs of coverage.py's are read by its rules.
pub(crate) fn perform(invocation: Invocation, coverage: &CommandLine) -> Exit {
    match invocation.cli.verb {
        Verb::Run(mut arguments) => {
            settings_folder::enter(&mut arguments, invocation.target.as_ref());
            run::run(&arguments, invocation.target)
        }
        Verb::Diff(arguments) => diff::diff(&arguments),
        Verb::Doctor { json } => doctor::doctor(json),
        Verb::Explain { name } => explain::explain(&name),
        Verb::Completions { shell } => explain::completions(shell),
        Verb::Man { verb } => explain::manual(verb.as_ref()),
        _ => coverage.perform(&invocation.shared),
    }
}
