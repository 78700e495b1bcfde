//! The verbs, one a file.

pub(crate) mod affected;
pub(crate) mod annotate;
pub(crate) mod api_description;
pub(crate) mod badge;
mod by;
pub(crate) mod combine;
pub(crate) mod compare;
pub(crate) mod debug;
pub(crate) mod derive;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod explain;
pub(crate) mod fleet;
pub(crate) mod gather;
pub(crate) mod history;
pub(crate) mod html;
pub(crate) mod init;
pub(crate) mod json;
pub(crate) mod kubernetes;
pub(crate) mod lcov;
mod manifests;
mod refusal;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod services;
pub(crate) mod ship;
mod source_links;
pub(crate) mod swarm;
pub(crate) mod test_name;
pub(crate) mod xml;

use std::io;
use std::path::Path;

use swath_checkout::write_file;
use swath_data::{CoverageData, Derivation};
use swath_model::Message;

use crate::arguments::Verb;
use crate::coverage_cli::CommandLine;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::progress::status;
use crate::reporting::Session;
use crate::settings_folder;
use crate::terminal::print;

/// Does what a command line of swath's own asks for; the verbs of coverage.py's are read by its rules.
pub(crate) fn perform(invocation: Invocation, coverage: &CommandLine) -> Exit {
    match invocation.cli.verb {
        Verb::Run(mut arguments) => {
            settings_folder::enter(&mut arguments, invocation.target.as_ref());
            run::run(&mut arguments, invocation.target)
        }
        Verb::Init(arguments) => init::init(&arguments),
        Verb::Compare(arguments) => compare::compare(&arguments),
        Verb::History(arguments) => history::history(&arguments),
        Verb::Kubernetes(arguments) => kubernetes::kubernetes(arguments),
        Verb::Swarm(arguments) => swarm::swarm(arguments),
        Verb::Fleet(arguments) => fleet::fleet(&arguments),
        Verb::Intersect(arguments) => derive::derive(Derivation::Intersect, &arguments),
        Verb::Subtract(arguments) => derive::derive(Derivation::Subtract, &arguments),
        Verb::Diff(arguments) => diff::diff(&arguments),
        Verb::Affected(arguments) => affected::affected(&arguments),
        Verb::Ship(arguments) => ship::ship(&arguments),
        Verb::Gather(arguments) => gather::gather(&arguments),
        Verb::Doctor { json } => doctor::doctor(json),
        Verb::Explain { name } => explain::explain(&name),
        Verb::Services => services::services(),
        Verb::TestStart { name } => test_name::tell(Some(&name)),
        Verb::TestEnd => test_name::tell(None),
        Verb::Schema => explain::schema(),
        Verb::Completions { shell } => explain::completions(shell),
        Verb::Man { verb } => explain::manual(verb.as_ref()),
        _ => coverage.perform(&invocation.shared),
    }
}

/// That there is nothing to answer from.
fn no_data(path: &Path) -> Message {
    let text = if path.exists() {
        format!("`{}` holds no data", path.display())
    } else {
        format!("there is no data file `{}`", path.display())
    };
    let hint = if has_parts(path) {
        "`swath combine` makes one of the files beside it"
    } else {
        "measure first, as with `swath run -- pytest`, or name a file with `--data-file`"
    };
    Message::error("no-data", text).hint(hint.to_owned())
}

/// The data of a file, of which there must be some.
fn read(session: &Session, path: &Path) -> Result<CoverageData, Message> {
    let path = Path::new(session.settings.directory.path()).join(path);
    let data = session.read(&path).map_err(|error| error.message())?;
    if data.is_empty() {
        return Err(no_data(&path));
    }
    Ok(data)
}

/// Whether files that could be combined into a data file lie beside it.
fn has_parts(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}.");
    let entries = path
        .parent()
        .and_then(|folder| fs_err::read_dir(folder).ok());
    let mut names = entries.into_iter().flatten().flatten();
    names.any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
}

/// Prints a report, or writes it to a file.
fn put_report(text: &str, output: Option<&Path>) -> Result<(), Message> {
    let Some(path) = output else {
        print(text);
        return Ok(());
    };
    write_file(path, text.as_bytes()).map_err(|error| not_written(&error))?;
    status("Wrote", &path.display().to_string());
    Ok(())
}

/// What `write` writes, as text.
fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<String, Message> {
    let mut out = Vec::new();
    write(&mut out).map_err(|error| not_written(&error))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn not_written(error: &io::Error) -> Message {
    Message::error("report-not-written", error.to_string())
}
