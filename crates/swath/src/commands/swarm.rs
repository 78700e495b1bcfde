//! `swath swarm`: stack files with the agent.

use std::path::Path;

use swath_checkout::write_file;
use swath_manifest::{InjectedStack, Input, ServiceOutcome, StackRequest, inject_stack};
use swath_model::Message;
use swath_run::{TaskAgent, TaskFile};

use super::manifests::{agent_order, read, say_unused};
use crate::arguments::{SwarmArguments, SwarmInjectArguments, SwarmVerb};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::progress::status;
use crate::terminal::print_file;

/// Does what is asked for with a Swarm.
pub(crate) fn swarm(arguments: SwarmArguments) -> Exit {
    let SwarmVerb::Inject(arguments) = arguments.verb;
    match injected(*arguments) {
        Ok(injected) => {
            print_file(&injected.text);
            say(&injected);
            Exit::Success
        }
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn injected(arguments: SwarmInjectArguments) -> Result<InjectedStack, Message> {
    let text = read(&arguments.file, Input::StackFile)?;
    let agent = agent_order(arguments.branch, arguments.attribution)?;
    let folder = arguments.configs;
    let request = StackRequest {
        image: arguments.image,
        run: arguments.run,
        store: arguments.store,
        store_secret: arguments.store_secret,
        measure: arguments.measure,
        python_paths: arguments.python_path,
    };
    let agent = TaskAgent {
        run: &request.run,
        branch: agent.branch,
        attribution: agent.attribution,
        own_packages: &agent.own_packages,
    };
    let mut files = Vec::new();
    let mut configs = |tasks: &str| {
        files = agent.files(tasks);
        let folder = of_stack(&folder);
        files.iter().map(|file| file.config(&folder)).collect()
    };
    let injected = inject_stack(&text, &request, &mut configs).map_err(|error| error.message())?;
    let is_injected = |outcome: &ServiceOutcome| matches!(outcome, ServiceOutcome::Injected { .. });
    if injected
        .services
        .iter()
        .any(|note| is_injected(&note.outcome))
    {
        write(&folder, &files)?;
    }
    Ok(injected)
}

/// A folder as a stack file names it: one that does not begin with a slash or a dot would be a name.
fn of_stack(folder: &Path) -> String {
    let folder = folder.display().to_string();
    if folder.starts_with(['/', '.']) {
        folder
    } else {
        format!("./{folder}")
    }
}

/// Writes the files that the configs are made of.
fn write(folder: &Path, files: &[TaskFile]) -> Result<(), Message> {
    let name = folder.display().to_string();
    let failed = |error: std::io::Error| {
        let text = format!("the files of the agent cannot be written to `{name}`: {error}");
        Message::error("configs-not-written", text)
            .hint("name another folder with `--configs FOLDER`".to_owned())
    };
    fs_err::create_dir_all(folder).map_err(failed)?;
    for file in files {
        let path = file.config(&name).path;
        write_file(Path::new(&path), &file.content).map_err(failed)?;
    }
    Ok(())
}

/// Says what became of each service, and what of it should be known.
fn say(injected: &InjectedStack) {
    for note in &injected.services {
        let verb = match note.outcome {
            ServiceOutcome::Injected { .. } => "Injected",
            ServiceOutcome::Left(_) => "Left",
        };
        status(verb, &note.to_string());
    }
    let may_lose_path = |outcome: &ServiceOutcome| {
        matches!(
            outcome,
            ServiceOutcome::Injected {
                may_lose_path: true
            }
        )
    };
    if injected
        .services
        .iter()
        .any(|note| may_lose_path(&note.outcome))
    {
        let text = "a PYTHONPATH that an image or an `env_file` sets is not seen here: name it with `--python-path`, or it is replaced";
        status("Note", text);
    }
    for glob in &injected.unused {
        say_unused(glob, Input::StackFile);
    }
    if injected.services.is_empty() {
        let text = "the stack file holds no service";
        Message::warning("no-container-matches", text)
            .note("it was passed on as it is")
            .print();
    }
}
