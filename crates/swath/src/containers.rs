//! The containers of a run: their own configuration file, their paths, and what there is to say.

use std::collections::BTreeMap;
use std::path::Path;

use swath_config::{CoverageConfig, ProcessEnvironment, RcFile};
use swath_data::PathMap;
use swath_pattern::PathAliases;
use swath_run::{Account, ContainerAccount, ContainerNote, Counted, Judged};

use crate::arguments::RunArguments;
use crate::commands::run::load_settings;
use crate::diagnostic::Diagnostic;
use crate::measurement::Measurement;
use crate::settings::Settings;

/// Takes the containers into the account: their files under their paths in the checkout. Gives
/// the settings in force: a container's own environment may name another configuration file.
pub(crate) fn judge(
    arguments: &RunArguments,
    settings: Settings,
    folder: &Path,
    measurement: &mut Measurement,
    counted: Counted,
) -> Result<Settings, Diagnostic> {
    if measurement.containers.is_empty() {
        return Ok(settings);
    }
    let mut paths = path_map(&settings, folder, measurement)?;
    let settings = match container_rcfile(arguments, folder, measurement, &mut paths) {
        Some(rcfile) => {
            // Where the data goes in the container is no place here.
            let data_file = settings.config.data_file;
            let mut settings = load_settings(arguments, Some(&rcfile), folder)?;
            settings.config.data_file = data_file;
            settings.config.show_missing = true;
            paths = path_map(&settings, folder, measurement)?;
            place_sources(&mut settings.config, &paths);
            settings
        }
        None => settings,
    };
    let scope = settings.scope()?;
    let judged = Judged {
        scope: &scope,
        counted,
        folder,
    };
    measurement
        .account_for_containers(&judged, &mut paths)
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    Ok(settings)
}

fn path_map(
    settings: &Settings,
    folder: &Path,
    measurement: &Measurement,
) -> Result<PathMap, Diagnostic> {
    let directory = settings.directory.clone();
    let aliases = PathAliases::from_lists(settings.config.path_lists(), directory, false)
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    let mut paths = PathMap::new(folder, aliases);
    paths.learn(measurement.containers.files());
    Ok(paths)
}

/// The configuration file that a container's environment names, found in the checkout. `--rcfile`
/// beats it.
fn container_rcfile(
    arguments: &RunArguments,
    folder: &Path,
    measurement: &Measurement,
    paths: &mut PathMap,
) -> Option<String> {
    if arguments.measure.rcfile.is_some() {
        return None;
    }
    measurement.containers.rcfiles().find_map(|named| {
        let by_folder = paths.map_folder(named).filter(|path| is_rcfile(path));
        by_folder.or_else(|| by_end(named, folder))
    })
}

/// The longest end of a path in a container that is a configuration file here.
fn by_end(named: &str, folder: &Path) -> Option<String> {
    let parts = named
        .split('/')
        .filter(|part| !part.is_empty() && *part != "..")
        .collect::<Vec<_>>();
    (0..parts.len())
        .map(|skipped| folder.join(parts[skipped..].join("/")))
        .filter_map(|path| path.to_str().map(str::to_owned))
        .find(|path| is_rcfile(path))
}

fn is_rcfile(path: &str) -> bool {
    let named = RcFile::Named(path.to_owned());
    let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
    Path::new(path).is_file() && CoverageConfig::load(&named, folder, &ProcessEnvironment).is_ok()
}

/// Replaces folders of the container in `source` by those of the checkout.
fn place_sources(config: &mut CoverageConfig, paths: &PathMap) {
    let sources = config.source.iter_mut().flatten();
    for source in sources.chain(&mut config.source_dirs) {
        if source.starts_with('/')
            && !Path::new(source.as_str()).is_dir()
            && let Some(here) = paths.map_folder(source.trim_end_matches('/'))
        {
            *source = here;
        }
    }
}

/// Everything about containers that the reader must know before trusting the number.
pub(crate) fn warnings(account: &Account, notes: &[ContainerNote]) -> Vec<Diagnostic> {
    let mut found = notes.iter().filter_map(note).collect::<Vec<_>>();
    for container in &account.containers {
        found.extend(faults(container));
    }
    found
}

fn note(note: &ContainerNote) -> Option<Diagnostic> {
    let diagnostic = match note {
        ContainerNote::NotInjected { container } => Diagnostic::warning(
            "container-not-injected",
            format!("the container `{container}` was created before this run and was not measured"),
        )
        .hint(format!(
            "let the test command create it: `docker rm {container}` before the run, or `docker-compose up --force-recreate` in it"
        )),
        ContainerNote::EngineSocket { container } => Diagnostic::warning(
            "engine-socket",
            format!("the container `{container}` has the engine's own socket: what it starts is not measured"),
        )
        .hint("start those containers from the test command itself".to_owned()),
        ContainerNote::AroundProxy { command } => Diagnostic::warning(
            "engine-bypassed",
            format!("`{command}` names an engine of its own: what it started was not measured"),
        )
        .hint("leave the option out, and choose the context before swath starts: `docker context use NAME`".to_owned()),
        ContainerNote::OtherPlatform { image, platform } => Diagnostic::warning(
            "container-platform",
            format!("containers of `{image}` were not measured: it is made for {platform}"),
        )
        .hint("build it for linux/amd64".to_owned()),
        ContainerNote::EngineUnusable { what } | ContainerNote::Failed { what } => {
            Diagnostic::warning("containers-not-measured", what.clone())
        }
        ContainerNote::EngineSilent { endpoint, request, waited } => Diagnostic::warning(
            "engine-silent",
            format!(
                "the Docker engine at `{endpoint}` did not answer {request} within {} s and was not asked again",
                waited.as_secs()
            ),
        )
        .hint("`docker version` answers when the engine works; `--no-docker` leaves containers out".to_owned()),
        ContainerNote::TraceInImage { image } => Diagnostic::warning(
            "trace-in-image",
            format!("the image `{image}`, which the tests made of a container, keeps PYTHONPATH without a value and empty labels of swath"),
        )
        .note("this engine does not let an image be described anew".to_owned()),
        ContainerNote::VolumeStays { .. } => return None,
    };
    Some(diagnostic)
}

/// Says which sources the report shows that are not in the checkout.
pub(crate) fn fetched(sources: &BTreeMap<String, String>) -> Option<Diagnostic> {
    let (there, here) = sources.first_key_value()?;
    let (files, are) = match sources.len() {
        1 => ("file".to_owned(), "is"),
        number => (format!("{number} files"), "are"),
    };
    let files = if sources.len() == 1 {
        format!("one {files}")
    } else {
        files
    };
    Some(
        Diagnostic::warning(
            "source-fetched",
            format!("{files} of the containers {are} not in this checkout: the text was fetched from there"),
        )
        .note(format!("`{there}`, now {here}"))
        .hint("if it does not belong to the number, leave it out by `omit`, or say by `source` what does".to_owned()),
    )
}

/// Says that the system under test may have been started before the run.
pub(crate) fn running_before(containers: &[String]) -> Option<Diagnostic> {
    let names = match containers {
        [] => return None,
        [one] => format!("the container {one} of this folder's Compose project was"),
        more => format!(
            "the containers {} of this folder's Compose project were",
            more.join(", ")
        ),
    };
    let message = format!("{names} started before this run and not measured");
    Some(
        Diagnostic::warning("container-not-injected", message).hint(
            "let the test command bring them up, or swath: `swath run --compose FILE -- COMMAND`"
                .to_owned(),
        ),
    )
}

/// What a container's end says about its set-up.
fn faults(container: &ContainerAccount) -> Vec<Diagnostic> {
    let name = &container.name;
    let mut found = Vec::new();
    if let Some(problem) = &container.problem {
        let message = format!("what the container `{name}` recorded could not be gathered");
        found.push(Diagnostic::warning("container-not-gathered", message).note(problem.clone()));
    }
    if container.ends.iter().any(|end| end.out_of_memory) {
        let message = format!("the container `{name}` ran out of memory; its data was kept");
        found.push(
            Diagnostic::warning("out-of-memory", message)
                .hint(format!("raise the memory limit of `{}`", container.service)),
        );
    }
    let ignored = container
        .ends
        .iter()
        .find_map(swath_run::ContainerEnd::ignored_signal);
    if let Some(signal) = ignored {
        let number = i32::try_from(signal).unwrap_or(0);
        let message = format!(
            "the container `{name}` did not end at {} and was killed; its data was kept",
            swath_run::signal_name(number)
        );
        let diagnostic = Diagnostic::warning("signal-swallowed", message);
        let command = container.command.join(" ");
        found.push(if container.starts_with_shell() {
            diagnostic
                .note(format!("its first process is `{command}`, and a shell passes no signals on"))
                .hint("start the service by `exec` in that script".to_owned())
        } else if container.starts_with_bare_python() {
            diagnostic
                .note(format!(
                    "its first process is `{command}`, and a first process that handles no signal ignores it"
                ))
                .hint(format!(
                    "put `init: true` at `{}` in the compose file (`docker run --init`), or `stop_signal: SIGINT`",
                    container.service
                ))
        } else {
            diagnostic
                .note(format!("its first process is `{command}`"))
                .hint("give it more time: `stop_grace_period` in the compose file, or `docker stop -t`".to_owned())
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_container_is_found_by_the_end_of_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test/system/.coveragerc");
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, "[run]\n").unwrap();
        let found = by_end("/xy/test/system/.coveragerc", folder.path());
        assert_eq!(found.as_deref(), path.to_str());
        assert_eq!(by_end("/xy/.coveragerc", folder.path()), None);
        assert_eq!(by_end("/..", folder.path()), None);
    }
}
