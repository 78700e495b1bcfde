//! The containers of a run as places: what the settings of each say, and where its files lie here.

pub(crate) mod scope;
pub(crate) mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_checkout::{Checkout, Mapped, PlaceMap};
use swath_config::CoverageConfig;
use swath_data::{SourceHash, distinct_files};
use swath_docker::{ContainerRecord, Endpoint};
use swath_model::{Finding, Place};
use swath_pattern::{GlobError, PathAliases};

use crate::container::account::ContainerRun;
use crate::container::build_context::build_context;
use crate::place::scope::{PlaceScope, absolute_globs};
use crate::place::settings::{PlaceSettings, settings_of};
use crate::request::{RunRequest, Scope};
use crate::settings::Settings;

/// One container.
pub(crate) struct PlaceOfRun<'c> {
    pub(crate) place: Place,
    /// What its own configuration file says; nothing where the run's settings hold.
    pub(crate) own: Option<PlaceSettings>,
    pub(crate) scope: PlaceScope,
    pub(crate) paths: PlaceMap<'c>,
    working_folder: String,
}

/// The places of a run's containers, and what was wrong with their settings. Replicas of a service
/// are one place.
pub(crate) struct Places<'c> {
    all: Vec<PlaceOfRun<'c>>,
    /// The place of each record.
    of_records: Vec<usize>,
    pub(crate) findings: Vec<Finding>,
}

impl<'c> Places<'c> {
    /// The place of each record, in the order of the records.
    pub(crate) fn of_records(&self) -> impl Iterator<Item = &PlaceOfRun<'c>> {
        self.of_records
            .iter()
            .filter_map(|&place| self.all.get(place))
    }
}

/// Reads the settings of each container and learns where its files lie.
pub(crate) fn places_of<'c>(
    request: &RunRequest,
    containers: &ContainerRun,
    checkout: &'c Checkout,
    run: &Scope,
) -> Result<Places<'c>, GlobError> {
    let mut places = Places {
        all: Vec::new(),
        of_records: Vec::new(),
        findings: Vec::new(),
    };
    let mut known: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, record) in containers.records.iter().enumerate() {
        let known = known.entry(record.service()).or_default();
        let is_alike = |(other, _): &&(usize, usize)| {
            containers
                .records
                .get(*other)
                .is_some_and(|other| is_replica(record, other))
        };
        if let Some((_, place)) = known.iter().find(is_alike) {
            places.of_records.push(*place);
            continue;
        }
        known.push((index, places.all.len()));
        places.of_records.push(places.all.len());
        let place = place_of(
            request,
            containers,
            index,
            checkout,
            run,
            &mut places.findings,
        )?;
        places.all.push(place);
    }
    let folders: Vec<BTreeSet<String>> = places
        .all
        .iter()
        .map(|place| place.paths.folders_here())
        .collect();
    for (index, place) in places.all.iter_mut().enumerate() {
        let others = folders.iter().enumerate();
        let others = others.filter(|&(other, _)| other != index);
        place
            .paths
            .leave_to_others(others.flat_map(|(_, folders)| folders.iter().cloned()));
    }
    for place in &places.all {
        tracing::debug!(
            "{}: settings {}, folders here {:?}",
            place.place,
            place.own.as_ref().map_or("of the run", |own| &own.rcfile),
            place.paths.folders_here()
        );
        places.findings.extend(place.sources_elsewhere());
    }
    places.findings.dedup();
    Ok(places)
}

/// Whether two containers are one place.
fn is_replica(one: &ContainerRecord, other: &ContainerRecord) -> bool {
    one.part_of.is_some()
        && one.part_of == other.part_of
        && one.has_files_of(other)
        && one.place == other.place
}

fn place_of<'c>(
    request: &RunRequest,
    containers: &ContainerRun,
    index: usize,
    checkout: &'c Checkout,
    run: &Scope,
    findings: &mut Vec<Finding>,
) -> Result<PlaceOfRun<'c>, GlobError> {
    let record = &containers.records[index];
    let place = Place::Container {
        name: record.name.clone(),
        service: record.part_of.as_ref().map(|part| part.service.clone()),
    };
    let read = if request.rcfile_named {
        None
    } else {
        settings_of(&record.place, &request.overrides, &request.folder)
    };
    let own = match read {
        None => None,
        Some(Ok(own)) => Some(own),
        Some(Err(error)) => {
            let rcfile = record.place.rcfile.as_ref();
            findings.push(Finding::PlaceSetting {
                place: place.to_string(),
                rcfile: rcfile.map_or_else(String::new, |file| file.path.clone()),
                problem: error.to_string(),
            });
            None
        }
    };
    let known = &request.settings.config.plugins;
    let plugins = own.iter().flat_map(|own| &own.config.plugins);
    for plugin in plugins.filter(|plugin| !known.contains(plugin)) {
        findings.push(Finding::PlaceSetting {
            place: place.to_string(),
            rcfile: own
                .as_ref()
                .map_or_else(String::new, |own| own.rcfile.clone()),
            problem: format!("the plugin `{plugin}` is not run for a container"),
        });
    }
    let directory = &request.settings.directory;
    let of_run = request.settings.config.path_lists();
    let of_place = own.iter().flat_map(|own| own.config.path_lists());
    let aliases =
        PathAliases::from_lists(of_run.into_iter().chain(of_place), directory.clone(), false)
            // Those of the run were sound before it.
            .or_else(|_| {
                PathAliases::from_lists(
                    request.settings.config.path_lists(),
                    directory.clone(),
                    false,
                )
            })?;
    let part = record.part_of.as_ref();
    let origin = part.and_then(|part| build_context(part, &request.folder));
    let mut paths = PlaceMap::new(checkout, aliases, origin);
    if containers.endpoint.as_ref().is_some_and(Endpoint::is_local) {
        for (there, here) in &record.place.mounts {
            paths.mount(there, here);
        }
    }
    // Containers of one image have the same files: what one of them shows holds for all.
    let alike = containers
        .records
        .iter()
        .zip(&containers.stores)
        .filter(|(other, _)| other.has_files_of(record))
        .flat_map(|(_, stores)| stores);
    let alike: BTreeSet<(&str, Option<SourceHash>)> = distinct_files(alike)
        .map(|file| (file.path.as_str(), file.hash))
        .collect();
    paths.learn(alike.iter().copied());
    let working_folder = record.place.working_folder.clone();
    let scope = match &own {
        None => PlaceScope::of_run(run)?,
        Some(own) => {
            let is_folder = |path: &str| {
                let below = format!("{path}/");
                alike.iter().any(|(path, _)| path.starts_with(&below))
                    || paths
                        .map_folder(path)
                        .is_some_and(|here| Path::new(&here).is_dir())
            };
            let overrides = &request.overrides;
            match PlaceScope::of_place(&own.config, &working_folder, overrides, run, &is_folder) {
                Ok(scope) => scope,
                Err(error) => {
                    findings.push(Finding::PlaceSetting {
                        place: place.to_string(),
                        rcfile: own.rcfile.clone(),
                        problem: error.to_string(),
                    });
                    PlaceScope::of_run(run)?
                }
            }
        }
    };
    Ok(PlaceOfRun {
        place,
        own,
        scope,
        paths,
        working_folder,
    })
}

impl PlaceOfRun<'_> {
    /// Where a file of the place lies, and whether it is measured.
    pub(crate) fn judge(&self, path: &str, hash: Option<SourceHash>) -> (Mapped, bool) {
        let here = self.paths.map(path, hash);
        let holds = match &here {
            Mapped::Ambiguous(candidates) => candidates
                .iter()
                .any(|here| self.scope.holds(path, Some(here))),
            here => self.scope.holds(path, here.path()),
        };
        (here, holds)
    }

    /// Where the folders lie that its own settings name as sources; those that have no counterpart
    /// here come second.
    fn folders_here(&self) -> (Vec<String>, Vec<String>) {
        let (mut found, mut elsewhere) = (Vec::new(), Vec::new());
        for there in self.scope.own_folders() {
            let there = there.to_string_lossy().into_owned();
            match self.folder_here(&there) {
                Some(here) => found.push(here),
                None => elsewhere.push(there),
            }
        }
        (found, elsewhere)
    }

    fn folder_here(&self, there: &str) -> Option<String> {
        let is_folder = |path: &String| Path::new(path).is_dir();
        self.paths.map_folder(there).filter(is_folder)
    }

    /// Names the source folders that only the place has: what never ran in them cannot be counted.
    fn sources_elsewhere(&self) -> Vec<Finding> {
        let Some(own) = &self.own else {
            return Vec::new();
        };
        let (found, elsewhere) = self.folders_here();
        // Where nothing of the place is known here, the files that ran say so themselves.
        if found.is_empty() && self.paths.folders_here().is_empty() {
            return Vec::new();
        }
        let finding = |there: String| Finding::PlaceSetting {
            place: self.place.to_string(),
            rcfile: own.rcfile.clone(),
            problem: format!(
                "`source` names `{there}`, which is not in this checkout: its files that never ran are not counted"
            ),
        };
        elsewhere.into_iter().map(finding).collect()
    }

    /// The settings by which files count here that never ran there; nothing where the run's hold.
    pub(crate) fn unexecuted(&self) -> Option<CoverageConfig> {
        let own = self.own.as_ref()?;
        let (folders, _) = self.folders_here();
        let mut config = CoverageConfig::default();
        config.include_namespace_packages = own.config.include_namespace_packages;
        if self.scope.own_folders().is_empty() && self.scope.own_packages().is_empty() {
            // Only the command line can name sources that are not the place's.
            config.source = Some(own.config.source.clone()?);
        } else {
            config.source_dirs = folders;
            config.source_pkgs = self.scope.own_packages().to_vec();
        }
        config.run_omit = self.globs_here(&own.config.run_omit);
        Some(config)
    }

    /// Patterns of the place for the files here.
    fn globs_here(&self, patterns: &[String]) -> Vec<String> {
        absolute_globs(patterns, &self.working_folder)
            .into_iter()
            .map(|pattern| {
                let literal = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
                let end = pattern[..literal].rfind('/').unwrap_or(0);
                let (folder, rest) = pattern.split_at(end);
                match self.paths.map_folder(folder).filter(|_| !folder.is_empty()) {
                    Some(here) => format!("{here}{rest}"),
                    None => pattern,
                }
            })
            .collect()
    }
}

/// That places have rules for a report which are not those of the folder where swath was started.
/// Its rules are the ones that are followed, now and in every report that is made later.
pub(crate) fn other_report_rules(
    settings: &Settings,
    places: &[&PlaceOfRun<'_>],
) -> Option<Finding> {
    let (none, here) = (rules(&CoverageConfig::default()), rules(&settings.config));
    let files: BTreeSet<String> = places
        .iter()
        .filter_map(|place| Some((place, place.own.as_ref()?)))
        .filter(|(_, own)| {
            let own = rules(&own.config);
            own != none && own != here
        })
        .map(|(place, own)| format!("`{}` of {}", own.rcfile, place.place))
        .collect();
    (!files.is_empty()).then(|| Finding::ReportSettingsDiffer {
        files: files.into_iter().collect(),
        followed: settings.config.config_file.clone(),
    })
}

/// Of settings what decides which lines a report counts.
fn rules(config: &CoverageConfig) -> CoverageConfig {
    CoverageConfig {
        exclude_list: config.exclude_list.clone(),
        partial_list: config.partial_list.clone(),
        partial_always_list: config.partial_always_list.clone(),
        report_include: config.report_include.clone(),
        report_omit: config.report_omit.clone(),
        ..CoverageConfig::default()
    }
}
