//! What a service counts: its files, as far as its own processes ran them.

use std::collections::{BTreeMap, BTreeSet};

use swath_data::{CoverageData, RunRecord};
use swath_model::{Completeness, Role};

use crate::{ModelError, ModelOptions, Numbers, Report, build_report};

/// Why nobody knows what a service counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceGap {
    /// No process of the data is one of it.
    Unknown {
        /// The services that the data knows.
        known: Vec<String>,
    },
    /// Its processes are known, and not which lines they ran: nothing that counts, or an older
    /// swath recorded them.
    NoLines,
    /// None of its files is in the report.
    NoFile,
}

/// What a service counts in a report that these options made: the files that its processes ran
/// anything of, and those that nobody ran and that lie beside them. `Err` within says why nobody knows.
pub fn service_numbers(
    data: &CoverageData,
    service: &str,
    report: &Report,
    options: &ModelOptions<'_>,
) -> Result<Result<Numbers, ServiceGap>, ModelError> {
    let Some(own) = data.served_by(service, options.contexts.as_ref()) else {
        return Ok(Err(gap(data, service)));
    };
    let owners = Owners::new(data);
    // What a plugin reports it reports for all processes together.
    let files = report.files.iter().filter(|file| !file.by_plugin);
    let files = files.filter(|file| owners.is_of(service, &file.recorded, data));
    let files: Vec<String> = files.map(|file| file.recorded.clone()).collect();
    if files.is_empty() {
        return Ok(Err(ServiceGap::NoFile));
    }
    let options = ModelOptions {
        files: &files,
        contexts: None,
        details: false,
        compare_rules: false,
        ..options.clone()
    };
    Ok(Ok(build_report(&own, &options)?.totals))
}

/// Whether data is about services: it has some, a run was to start some, or something is missing from a
/// run, which may be one. Without any of that it is of another kind, as that of unit tests is.
pub fn may_have_services(data: &CoverageData) -> bool {
    let accounting = &data.accounting;
    let is_service = |role: Option<Role>| role == Some(Role::Service);
    let mut runs = accounting.runs.iter().filter(|run| run.is_run());
    accounting.attribution.endpoints().next().is_some()
        || names(data).next().is_some()
        || accounting
            .processes
            .iter()
            .any(|process| is_service(process.role))
        || runs.any(|run| run.completeness() != Completeness::Complete)
}

/// The services that processes were of, or that a run was to start.
fn names(data: &CoverageData) -> impl Iterator<Item = &str> {
    let accounting = &data.accounting;
    let processes = accounting.processes.iter();
    let of_processes = processes.filter_map(|process| process.service.as_deref());
    let declared = accounting.runs.iter().flat_map(RunRecord::services);
    let measured = accounting.services.names();
    measured.chain(of_processes).chain(declared)
}

fn gap(data: &CoverageData, service: &str) -> ServiceGap {
    let known: BTreeSet<&str> = names(data).collect();
    if known.contains(service) {
        return ServiceGap::NoLines;
    }
    ServiceGap::Unknown {
        known: known.into_iter().map(str::to_owned).collect(),
    }
}

/// Which service files belong to.
struct Owners<'a> {
    /// The services that ran anything of each file.
    files: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The services that ran anything below each folder.
    folders: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Owners<'a> {
    fn new(data: &'a CoverageData) -> Self {
        let mut owners = Self {
            files: BTreeMap::new(),
            folders: BTreeMap::new(),
        };
        for (service, path, _) in data.accounting.services.files() {
            owners.files.entry(path).or_default().insert(service);
            for folder in folders_above(path) {
                owners.folders.entry(folder).or_default().insert(service);
            }
        }
        owners
    }

    /// Whether a file is one of a service. One that nobody ran is of those that ran something in its
    /// folder; if nobody did, of those that did in the nearest folder above.
    fn is_of(&self, service: &str, path: &str, data: &CoverageData) -> bool {
        if let Some(services) = self.files.get(path) {
            return services.contains(service);
        }
        if data
            .lines(path, None)
            .is_some_and(|lines| !lines.is_empty())
        {
            return false;
        }
        let mut nearest = folders_above(path).filter_map(|folder| self.folders.get(folder));
        nearest
            .next()
            .is_some_and(|services| services.contains(service))
    }
}

/// The folders that a path lies in, the nearest first.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.rmatch_indices('/');
    slashes.map(|(place, _)| &path[..place])
}

#[cfg(test)]
mod tests {
    use swath_config::CoverageConfig;
    use swath_data::{FilePart, Mode, ProcessRecord};
    use swath_pattern::Directory;

    use super::*;
    use crate::exclusion_rules;

    const SOURCE: &str =
        "import sys\n\n\ndef one():\n    if sys:\n        return 1\n    return 2\n";

    /// Two services that share a file, with files of their own and files that nobody ran.
    struct Fixture {
        folder: tempfile::TempDir,
        data: CoverageData,
    }

    impl Fixture {
        fn new(mode: Mode) -> Self {
            let mut fixture = Self {
                folder: tempfile::tempdir().unwrap(),
                data: CoverageData::new(mode),
            };
            for (name, services) in [
                ("web/app.py", &[("web", &[1, 4, 5, 6][..])][..]),
                ("web/forms/none.py", &[]),
                ("worker/jobs.py", &[("worker", &[1, 4])]),
                ("shared.py", &[("web", &[1, 4]), ("worker", &[1, 4, 5, 6])]),
                ("shared/none.py", &[]),
                ("unit/run_by_others.py", &[]),
            ] {
                fixture.add(name, services);
            }
            let (others, context) = (fixture.path("unit/run_by_others.py"), "");
            let context = fixture.data.intern_context(context);
            fixture
                .data
                .add_lines(&others, context, &[1].into_iter().collect());
            fixture.data.accounting.processes.push(ProcessRecord {
                service: Some("idle".to_owned()),
                ..ProcessRecord::default()
            });
            fixture
        }

        fn path(&self, name: &str) -> String {
            Directory::new(self.folder.path()).absolute(name)
        }

        fn add(&mut self, name: &str, services: &[(&str, &[u32])]) {
            let path = self.path(name);
            swath_test::write_file(&path, SOURCE);
            self.data.touch(&path);
            for (service, lines) in services {
                let part = FilePart {
                    lines: lines.iter().copied().collect(),
                    ..FilePart::default()
                };
                let context = self.data.intern_context("");
                self.data.add_lines(&path, context, &part.lines);
                self.data.accounting.services.add(service, &path, &part);
            }
        }

        fn numbers(&self, service: &str, include: &[&str]) -> Result<(usize, usize), ServiceGap> {
            let directory = Directory::new(self.folder.path());
            let config = CoverageConfig {
                report_include: Some(include.iter().map(|&text| text.to_owned()).collect()),
                ..CoverageConfig::default()
            };
            let rules = exclusion_rules(&config).unwrap();
            let options = ModelOptions::from_config(&config, &rules, &self.data, &directory);
            let options = options.unwrap();
            let report = build_report(&self.data, &options).unwrap();
            let numbers = service_numbers(&self.data, service, &report, &options).unwrap();
            numbers.map(|numbers| (numbers.executed(), numbers.statements))
        }
    }

    #[test]
    fn a_service_counts_what_its_own_processes_ran_of_its_files() {
        let fixture = Fixture::new(Mode::Lines);
        // Its own file, the shared one, what nobody ran below its folder, and below both services'.
        assert_eq!(fixture.numbers("web", &[]), Ok((4 + 2, 5 * 4)));
        assert_eq!(fixture.numbers("worker", &[]), Ok((2 + 4, 5 * 3)));
        assert_eq!(fixture.numbers("web", &["*/shared.py"]), Ok((2, 5)));
    }

    #[test]
    fn what_is_not_known_of_a_service_is_said() {
        let fixture = Fixture::new(Mode::Lines);
        assert_eq!(
            fixture.numbers("wbe", &[]),
            Err(ServiceGap::Unknown {
                known: ["idle", "web", "worker"].map(str::to_owned).to_vec()
            })
        );
        assert_eq!(fixture.numbers("idle", &[]), Err(ServiceGap::NoLines));
        assert_eq!(
            fixture.numbers("worker", &["*/web/*"]),
            Err(ServiceGap::NoFile)
        );
    }
}
