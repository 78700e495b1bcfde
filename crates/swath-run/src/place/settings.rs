//! The settings of a place: the configuration file that its environment names, read from it and
//! expanded with its variables.

use std::collections::BTreeMap;
use std::path::Path;

use swath_checkout::{Links, normal_path, read_regular};
use swath_config::{CoverageConfig, RcFile};
use swath_docker::ContainerPlace;

use crate::settings::SettingsOverrides;

/// No configuration file is longer.
const LONGEST_RCFILE: u64 = 1 << 20;
/// Variables by which coverage.py finds files: of another place they would be found here.
const NAMES_OF_FILES: [&str; 5] = [
    "COVERAGE_RCFILE",
    "COVERAGE_FORCE_CONFIG",
    "COVERAGE_PROCESS_START",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_FILE",
];

/// What a configuration file of a place says.
#[derive(Debug, Clone)]
pub(crate) struct PlaceSettings {
    /// The settings, the command line taken in; paths in them are the place's.
    pub(crate) config: CoverageConfig,
    /// The file, as a path of the place.
    pub(crate) rcfile: String,
}

/// Why the configuration file of a place does not hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceSettingsError {
    /// It could not be read there, and is not in the checkout.
    #[error("the file was found neither there nor here, and the settings of this folder hold")]
    NotFound,
    /// coverage.py would not take it.
    #[error("{0}; the settings of this folder hold")]
    Unusable(String),
}

/// Reads the settings of a place; `None` where it names no file. `folder` is the checkout, which may
/// have the file where the place's own could not be read.
pub(crate) fn settings_of(
    place: &ContainerPlace,
    overrides: &SettingsOverrides,
    folder: &Path,
) -> Option<Result<PlaceSettings, PlaceSettingsError>> {
    let named = place.rcfile.as_ref()?;
    let rcfile = normal_path(&named.path);
    let text = named.text.clone().or_else(|| in_checkout(&rcfile, folder));
    let read = text
        .ok_or(PlaceSettingsError::NotFound)
        .and_then(|text| read(&rcfile, &text, place));
    Some(read.map(|mut config| {
        overrides.apply_to_run(&mut config);
        PlaceSettings { config, rcfile }
    }))
}

/// coverage.py's reader takes a file: it gets one of the same name, in a folder where there is
/// nothing else.
fn read(
    rcfile: &str,
    text: &[u8],
    place: &ContainerPlace,
) -> Result<CoverageConfig, PlaceSettingsError> {
    let unusable = |error: &dyn std::fmt::Display| PlaceSettingsError::Unusable(error.to_string());
    let folder = tempfile::tempdir().map_err(|error| unusable(&error))?;
    let name = rcfile.rsplit('/').next().unwrap_or(rcfile);
    if name.is_empty() {
        return Err(PlaceSettingsError::NotFound);
    }
    fs_err::write(folder.path().join(name), text).map_err(|error| unusable(&error))?;
    let environment: BTreeMap<String, String> = place
        .environment
        .0
        .iter()
        .filter(|(name, _)| !NAMES_OF_FILES.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let named = RcFile::Named(name.to_owned());
    CoverageConfig::load(&named, folder.path(), &environment)
        .map(|loaded| loaded.config)
        .map_err(|error| unusable(&error))
}

/// The file of the checkout whose path ends most like this one.
fn in_checkout(rcfile: &str, folder: &Path) -> Option<Vec<u8>> {
    let parts: Vec<&str> = rcfile.split('/').filter(|part| !part.is_empty()).collect();
    (0..parts.len())
        .map(|skipped| folder.join(parts[skipped..].join("/")))
        .find_map(|path| read_regular(&path, Links::Follow, LONGEST_RCFILE).ok())
}

#[cfg(test)]
mod tests {
    use swath_docker::{PlaceFile, Variables};

    use super::*;

    fn place(rcfile: &str, text: Option<&str>, variables: &[(&str, &str)]) -> ContainerPlace {
        let variables = variables.iter();
        let variables = variables.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        ContainerPlace {
            environment: Variables(variables.collect()),
            rcfile: Some(PlaceFile {
                path: rcfile.to_owned(),
                text: text.map(|text| text.as_bytes().to_vec()),
            }),
            ..ContainerPlace::default()
        }
    }

    fn read_from(place: &ContainerPlace, folder: &Path) -> Result<PlaceSettings, String> {
        settings_of(place, &SettingsOverrides::default(), folder)
            .unwrap()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_expanded_with_the_variables_of_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[run]\nsource = ${APP_ROOT}/app\nbranch = true\n";
        let root = ("APP_ROOT", "/svc");
        let own = place("/svc//test/.coveragerc", Some(text), &[root]);
        let settings = read_from(&own, folder.path()).unwrap();
        assert_eq!(settings.rcfile, "/svc/test/.coveragerc");
        assert_eq!(settings.config.source, Some(vec!["/svc/app".to_owned()]));
        assert!(settings.config.branch);
    }

    #[test]
    fn no_file_of_this_machine_is_read_for_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("forced.ini");
        fs_err::write(&here, "[run]\nbranch = true\n").unwrap();
        let forced = ("COVERAGE_FORCE_CONFIG", here.to_str().unwrap());
        let own = place("/app/.coveragerc", Some("[run]\n"), &[forced]);
        assert!(!read_from(&own, folder.path()).unwrap().config.branch);
    }

    #[test]
    fn where_the_place_has_none_the_checkout_may_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let missing = place("/xy/test/system/.coveragerc", None, &[]);
        assert!(
            read_from(&missing, folder.path())
                .unwrap_err()
                .contains("neither there nor here")
        );
        swath_test::write_file(
            folder.path().join("test/system/.coveragerc"),
            "[run]\nbranch = true\n",
        );
        assert!(read_from(&missing, folder.path()).unwrap().config.branch);
        let broken = place("/app/.coveragerc", Some("[run\n"), &[]);
        assert!(read_from(&broken, folder.path()).is_err());
    }
}
