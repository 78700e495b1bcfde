//! Files that the report shows as never run although the tests ran them: their lines are left out,
//! and a reader should know why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_coverage::Report;
use swath_data::StoredProcess;
use swath_model::{Finding, ProcessName, Role};
use swath_pattern::Directory;

use crate::account::Account;
use crate::source_hints::is_test;

/// Names such files, without those that are tests themselves.
pub(crate) fn tests_left_out(
    account: &Account,
    processes: &[StoredProcess],
    report: &Report,
    directory: &Directory,
) -> Option<Finding> {
    let left_out: BTreeMap<&str, ProcessName> = account
        .processes
        .iter()
        .filter(|process| process.role == Role::Tests && !process.counted)
        .map(|process| {
            let name = ProcessName {
                pid: process.pid,
                command: process.command.clone(),
            };
            (process.id.as_str(), name)
        })
        .collect();
    if left_out.is_empty() {
        return None;
    }
    let never_run: BTreeMap<String, &str> = report
        .files
        .iter()
        .filter(|file| file.executed.is_empty() && !file.statements.is_empty())
        .filter(|file| !is_test(Path::new(file.name.as_str())))
        .map(|file| (directory.absolute(&file.name), file.name.as_str()))
        .collect();
    let mut files = BTreeSet::new();
    let mut most: Option<(usize, &ProcessName)> = None;
    for process in processes {
        let Some(name) = left_out.get(process.id.as_str()) else {
            continue;
        };
        let ran = process.files.iter().filter(|file| !file.hit.is_empty());
        let named: Vec<&str> = ran
            .filter_map(|file| never_run.get(&directory.absolute(&file.path)).copied())
            .collect();
        if named.len() > most.map_or(0, |(number, _)| number) {
            most = Some((named.len(), name));
        }
        files.extend(named.into_iter().map(str::to_owned));
    }
    Some(Finding::TestsLeftOut {
        files: files.into_iter().collect(),
        process: most?.1.clone(),
    })
}
