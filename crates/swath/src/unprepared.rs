//! A project that nobody prepared: what swath would do in it, for `swath init` and for a bare `swath run`.

use std::ffi::OsString;
use std::path::Path;

use swath_config::{CoverageConfig, ProcessEnvironment, RcFile};
use swath_model::Message;
use swath_setup::{Circumstances, Proposal, installed_packages, propose};

use crate::arguments::RunArguments;
use crate::engine::Engine;
use crate::interpreter::environment_interpreter;
use crate::progress::status;
use crate::terminal::{self, can_ask};

/// Looks around in a folder.
pub(crate) fn look(folder: &Path) -> Proposal {
    let interpreter = environment_interpreter();
    let circumstances = Circumstances {
        installed: interpreter
            .as_deref()
            .map(installed_packages)
            .unwrap_or_default(),
        has_docker: matches!(Engine::find(), Engine::Answers(_)),
    };
    propose(folder, &circumstances)
}

/// Says what a proposal is derived from.
pub(crate) fn tell_found(proposal: &Proposal) {
    for found in &proposal.found {
        status("Found", found);
    }
    for remark in &proposal.remarks {
        status("Note", remark);
    }
}

/// Offers the command line that fits the project, after `error` said that there is none. Gives the test command if it
/// was taken up; `arguments` then start the services.
pub(crate) fn offer(
    arguments: &mut RunArguments,
    folder: &Path,
    error: Message,
) -> Result<Vec<OsString>, Message> {
    let services = &arguments.services;
    let says_something = !services.service.is_empty() || !arguments.compose.compose.is_empty();
    if says_something {
        return Err(error);
    }
    let proposal = look(folder);
    let with_source = arguments.measure.source.is_none() && !names_source(folder);
    let Some(line) = proposal.command_line(with_source) else {
        return Err(error.notes(proposal.remarks));
    };
    if !can_ask() {
        let found = format!("found here: {}", proposal.found.join("; "));
        let hint =
            format!("`swath init` writes the settings down; this runs once without them: {line}");
        return Err(error.note(found).hint(hint));
    }
    tell_found(&proposal);
    terminal::tell(&format!("\n  {line}\n"));
    if !terminal::ask("There is no swath.toml. Run this?") {
        return Err(error.hint("`swath init` writes a swath.toml that you can edit".to_owned()));
    }
    Ok(take_up(arguments, &proposal, with_source))
}

fn names_source(folder: &Path) -> bool {
    CoverageConfig::load(&RcFile::Search, folder, &ProcessEnvironment)
        .is_ok_and(|loaded| loaded.config.names_source())
}

/// Puts a proposal into the arguments; gives the command of the tests.
fn take_up(arguments: &mut RunArguments, proposal: &Proposal, with_source: bool) -> Vec<OsString> {
    let (services, compose) = (&mut arguments.services, &mut arguments.compose);
    for service in &proposal.services {
        services.service.push(service.as_option());
        let ready = service.ready.as_ref();
        services
            .ready
            .extend(ready.map(|ready| format!("{}={ready}", service.name)));
    }
    if let Some(project) = &proposal.compose {
        compose.compose.extend(project.files.iter().map(Into::into));
        compose.test_service.clone_from(&project.test_service);
        compose.profile.extend(project.profile.clone());
        let ready = project.ready.iter();
        services
            .ready
            .extend(ready.map(|(name, ready)| format!("{name}={ready}")));
    }
    if with_source && !proposal.source.is_empty() {
        arguments.measure.source = Some(proposal.source.clone());
        if arguments.measure.omit.is_none() && !proposal.omit.is_empty() {
            arguments.measure.omit = Some(proposal.omit.clone());
        }
    }
    let test = proposal.test.as_deref().unwrap_or_default();
    let words = shell_words::split(test).unwrap_or_default();
    words.into_iter().map(OsString::from).collect()
}
