//! What a run's data file holds: the lines of the processes that count, and the files that could
//! have run and did not.

use std::collections::BTreeMap;

use swath_checkout::source_exists;
use swath_config::CoverageConfig;
use swath_coverage::{recorded_packages, touch_unexecuted};
use swath_data::{
    CoverageData, ProcessNote, RunRecord, StoredProcess, distinct_files, to_coverage_data,
};
use swath_model::Finding;
use swath_pattern::{GlobError, PathAliases};

use crate::account::{Account, ProcessAccount};
use crate::request::{RunKind, RunRequest};
use crate::settings::Settings;
use crate::source_hints;

/// The lines of the processes that count, with the files under the `source` of each place whose
/// processes count that nobody ran.
pub(crate) fn data_of(
    request: &RunRequest,
    settings: &Settings,
    unexecuted: &[CoverageConfig],
    account: &Account,
    processes: &[StoredProcess],
    record: RunRecord,
    findings: &mut Vec<Finding>,
) -> CoverageData {
    let notes: BTreeMap<&str, &ProcessAccount> = account
        .processes
        .iter()
        .map(|process| (process.id.as_str(), process))
        .collect();
    let context = settings.config.context.as_deref().unwrap_or_default();
    let mut data = to_coverage_data(processes, record, context, |process| {
        let account = notes.get(process.id.as_str());
        account.map(|account| note_of(account)).unwrap_or_default()
    });
    if settings.config.relative_files {
        data = data.with_paths(|path| settings.directory.relative(path).to_owned());
    }
    let counted = processes.iter().filter(|process| {
        notes
            .get(process.id.as_str())
            .is_some_and(|note| note.counted)
    });
    let packages = recorded_packages(distinct_files(counted).map(|file| &**file));
    for config in unexecuted {
        let mut config = config.clone();
        config.relative_files = settings.config.relative_files;
        match touch_unexecuted(&mut data, &config, &settings.directory, &packages) {
            Ok(touched) => {
                let never = touched.never_imported.into_iter();
                findings.extend(never.map(|package| Finding::ModuleNotImported {
                    nearest: source_hints::nearest_source(&package, &request.folder),
                    package,
                }));
            }
            Err(error) => findings.push(Finding::Configuration {
                text: error.to_string(),
            }),
        }
    }
    // What `coverage run` writes is mapped by who reads it.
    if request.kind == RunKind::Program {
        return data;
    }
    match aliases(settings) {
        Ok(None) => data,
        Ok(Some(mut aliases)) => data.with_paths(|path| aliases.map(path, &source_exists)),
        Err(error) => {
            findings.push(Finding::Configuration {
                text: error.to_string(),
            });
            data
        }
    }
}

/// The rules of `[paths]`, if there are any. They hold for what ran on this host as well: an
/// installed copy of the checkout, or a second one.
fn aliases(settings: &Settings) -> Result<Option<PathAliases>, GlobError> {
    let config = &settings.config;
    if config.paths.is_empty() {
        return Ok(None);
    }
    let directory = settings.directory.clone();
    PathAliases::from_lists(config.path_lists(), directory, config.relative_files).map(Some)
}

fn note_of(account: &ProcessAccount) -> ProcessNote {
    ProcessNote {
        counted: account.counted,
        role: Some(account.role),
        service: account.service.clone(),
        ended: Some(account.ending),
        state: Some(account.agent.clone()),
    }
}
