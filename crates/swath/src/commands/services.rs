//! `swath services`: the services of swath.toml, for as long as its input is open. Tests that start their services
//! themselves, as the fixture of the pytest plugin does, call it; a run around them measures the services.

use std::ffi::OsString;
use std::path::Path;

use swath_config::SwathConfig;
use swath_model::Message;
use swath_run::{ComposeOptions, Plan, RunKind, RunRequest, ServiceOptions, Settings, plan};

use crate::commands::run::run_failure;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::reporting::current_folder;

/// Says that the services are ready, and ends with its input.
const UNTIL_INPUT_ENDS: [&str; 3] = ["sh", "-c", "echo ready && exec cat >/dev/null"];

/// Starts them, says `ready` on standard output, and stops them when the input ends.
pub(crate) fn services() -> Exit {
    match request(&current_folder()) {
        Ok(request) => match swath_run::serve(&request, &mut ()) {
            Ok(()) => Exit::Success,
            Err(error) => run_failure(&error),
        },
        Err(message) => {
            message.print();
            Exit::RunFailure
        }
    }
}

fn request(folder: &Path) -> Result<RunRequest, Message> {
    // Without a measurement, only where things start is of interest.
    let settings = Settings::load(Some(""), folder)
        .map_err(|error| Message::error(error.code(), error.to_string()).hint(error.hint()))?;
    let options = ServiceOptions {
        file_services: true,
        ..ServiceOptions::default()
    };
    let command = UNTIL_INPUT_ENDS.map(OsString::from);
    if let Some(project) = SwathConfig::load(folder).ok().and_then(|file| file.compose) {
        let text = format!(
            "swath.toml has the Compose project `{}`, which only `swath run` brings up",
            project
                .files
                .first()
                .map_or_else(String::new, |file| file.display().to_string())
        );
        return Err(Message::error("compose-not-served", text).hint("swath run".to_owned()));
    }
    let Plan {
        services, findings, ..
    } = plan(&options, &ComposeOptions::default(), &command, folder)
        .map_err(|error| error.message())?;
    for finding in findings {
        finding.message().print();
    }
    if services.is_empty() {
        let file = SwathConfig::find(folder);
        let text = match file {
            Some(file) => format!("`{}` has no services", file.display()),
            None => "there is no swath.toml, here or in a folder above".to_owned(),
        };
        return Err(Message::error("no-services", text)
            .hint("write `[services.NAME]` with a `command`, or call `swath init`".to_owned()));
    }
    let command = command.to_vec();
    Ok(RunRequest {
        services,
        ..RunRequest::of(RunKind::SystemTest, command, folder.to_owned(), settings)
    })
}
