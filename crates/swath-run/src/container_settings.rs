//! The settings of a run that has containers: their own environment may name another
//! configuration file, and its folders are theirs.

use std::path::Path;

use swath_checkout::PathMap;
use swath_config::{CoverageConfig, ProcessEnvironment, RcFile};
use swath_model::Finding;
use swath_pattern::PathAliases;

use crate::container_account::ContainerRun;
use crate::request::RunRequest;
use crate::settings::{Settings, SettingsError};

/// The settings in force for a run's containers, and where their files lie here.
pub(crate) struct ContainerSettings {
    pub(crate) settings: Settings,
    pub(crate) paths: PathMap,
    pub(crate) findings: Vec<Finding>,
}

/// Finds the configuration file that the containers name. One that cannot hold is named, and the
/// settings of the run hold instead: what was recorded is never given up for it.
pub(crate) fn settings_of(
    request: &RunRequest,
    containers: &ContainerRun,
) -> Result<ContainerSettings, SettingsError> {
    let mut paths = path_map(&request.settings, request, containers)?;
    let own = ContainerSettings {
        settings: request.settings.clone(),
        paths: path_map(&request.settings, request, containers)?,
        findings: Vec::new(),
    };
    let Some(rcfile) = container_rcfile(request, containers, &mut paths) else {
        return Ok(own);
    };
    match load(request, containers, &rcfile) {
        Ok(theirs) => Ok(theirs),
        Err(error) => Ok(ContainerSettings {
            findings: vec![Finding::PlaceSetting {
                place: containers.names().join(", "),
                rcfile,
                problem: error.to_string(),
            }],
            ..own
        }),
    }
}

fn load(
    request: &RunRequest,
    containers: &ContainerRun,
    rcfile: &str,
) -> Result<ContainerSettings, SettingsError> {
    let mut settings = Settings::load(Some(rcfile), &request.folder)?;
    request.overrides.apply(&mut settings);
    // Where the data goes in the container does not matter here.
    settings
        .config
        .data_file
        .clone_from(&request.settings.config.data_file);
    settings.config.show_missing = request.settings.config.show_missing;
    let paths = path_map(&settings, request, containers)?;
    place_sources(&mut settings.config, &paths);
    settings.scope()?;
    let findings = settings.findings();
    Ok(ContainerSettings {
        settings,
        paths,
        findings,
    })
}

fn path_map(
    settings: &Settings,
    request: &RunRequest,
    containers: &ContainerRun,
) -> Result<PathMap, SettingsError> {
    let directory = settings.directory.clone();
    let aliases = PathAliases::from_lists(settings.config.path_lists(), directory, false)?;
    let mut paths = PathMap::new(&request.folder, aliases);
    let files = containers.files();
    paths.learn(files.map(|file| (file.path.as_str(), file.hash)));
    Ok(paths)
}

/// The configuration file that a container's environment names, found in the checkout. `--rcfile`
/// beats it.
fn container_rcfile(
    request: &RunRequest,
    containers: &ContainerRun,
    paths: &mut PathMap,
) -> Option<String> {
    if request.rcfile_named {
        return None;
    }
    containers.rcfiles().find_map(|named| {
        let by_folder = paths.map_folder(named).filter(|path| is_rcfile(path));
        by_folder.or_else(|| by_end(named, &request.folder))
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
