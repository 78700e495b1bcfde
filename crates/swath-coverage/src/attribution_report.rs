//! What tests reached, and what ran for endpoints: the data's contexts and tables, held against the
//! statements of the report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use swath_data::{ContextId, CoverageData, Endpoint, LineSet, START_UP, phase_of, test_of};

use crate::routes::Routes;
use crate::{FileReport, Report};

/// What something reached of a file: the place of the file in the report, and the statements.
pub type ReachedFile = (usize, Arc<LineSet>);

/// A test, in all its phases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// The labels under which data that names it was combined.
    pub labels: BTreeSet<String>,
    /// How it ended; several ways if it ran several times, none if nobody said.
    pub outcomes: BTreeSet<String>,
    /// What it reached, file by file.
    pub files: Vec<ReachedFile>,
    /// How many statements it reached.
    pub lines: usize,
    /// How many of them no other test reached.
    pub lines_alone: usize,
    /// The endpoints that it called, by their places.
    pub endpoints: BTreeMap<usize, CallsReport>,
}

impl TestReport {
    /// Whether it was skipped, each time.
    pub fn is_skipped(&self) -> bool {
        self.outcomes.len() == 1 && self.outcomes.contains("skipped")
    }
}

/// The calls of an endpoint by a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallsReport {
    /// What was answered.
    pub statuses: BTreeSet<u16>,
    /// Whether anything but the fixtures of the test called: its own body.
    pub is_of_body: bool,
    /// Whether its set-up called.
    pub is_of_setup: bool,
    /// Whether its teardown called.
    pub is_of_teardown: bool,
}

/// An endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointReport {
    /// What it is.
    pub endpoint: Endpoint,
    /// Whether the service has it among its routes, or has none to tell by. What else is asked of it
    /// (`HEAD`, `OPTIONS`, documentation, paths that do not exist) is no endpoint of its own.
    pub is_routed: bool,
    /// Whether anybody called it, a test or somebody else.
    pub is_called: bool,
    /// What it answered.
    pub statuses: BTreeSet<u16>,
    /// The tests that called it, by their places.
    pub tests: BTreeSet<usize>,
    /// The files of which anything ran for it, by their places in the report, with how many
    /// statements.
    pub files: Vec<(usize, usize)>,
    /// How many statements ran for it.
    pub lines: usize,
}

/// Tests and endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributionReport {
    /// The tests, by name.
    pub tests: Vec<TestReport>,
    /// The endpoints: those that were never called first, and last what no route is for.
    pub endpoints: Vec<EndpointReport>,
    /// The services that were called and do not say which routes they have, by name: which of their
    /// endpoints nobody called is not known.
    pub without_routes: Vec<String>,
    /// How many statements there are.
    pub statements: usize,
    /// How many of them ran, for a test or not.
    pub executed: usize,
    /// How many of them tests reached.
    pub lines: usize,
    /// How many of them one test reached, and no other.
    pub lines_of_one_test: usize,
}

impl AttributionReport {
    /// What the data says of tests and endpoints, among `chosen` contexts if there is a choice. Data
    /// of another tool that has contexts has tests: each context is one.
    pub fn new(data: &CoverageData, report: &Report, chosen: Option<&BTreeSet<ContextId>>) -> Self {
        let mut tests = Tests::new(data, chosen);
        let mut found = Self {
            statements: report.totals.statements,
            executed: report.totals.executed(),
            ..Self::default()
        };
        for (place, file) in report.files.iter().enumerate() {
            found.take_file(data, (place, file), &mut tests);
        }
        for test in &mut tests.all {
            test.files.shrink_to_fit();
        }
        found.tests = tests.all;
        found.take_endpoints(data, report, &tests.by_context);
        found
    }

    /// Whether the data says nothing of tests and endpoints.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty() && self.endpoints.is_empty()
    }

    /// The endpoints that services have routes for.
    pub fn routed(&self) -> &[EndpointReport] {
        &self.endpoints[..self.first_other()]
    }

    /// What else was asked of services.
    pub fn others(&self) -> &[EndpointReport] {
        &self.endpoints[self.first_other()..]
    }

    fn first_other(&self) -> usize {
        self.endpoints.partition_point(|one| one.is_routed)
    }

    fn take_file(
        &mut self,
        data: &CoverageData,
        (place, file): (usize, &FileReport),
        tests: &mut Tests<'_>,
    ) {
        let mut reached = reached_by_test(data, file, tests);
        reached.sort_by_key(|(test, _)| *test);
        // A statement has no test yet, one, or several.
        let mut only: FxHashMap<u32, Option<usize>> = FxHashMap::default();
        for parts in reached.chunk_by(|(one, _), (next, _)| one == next) {
            let Some((test, first)) = parts.first() else {
                continue;
            };
            let mut lines = Arc::clone(first);
            for (_, more) in &parts[1..] {
                if !Arc::ptr_eq(&lines, more) {
                    Arc::make_mut(&mut lines).union_with(more);
                }
            }
            for line in lines.iter() {
                let fresh = only.entry(line).or_insert(Some(*test));
                if *fresh != Some(*test) {
                    *fresh = None;
                }
            }
            let report = &mut tests.all[*test];
            report.lines += lines.len();
            report.files.push((place, lines));
        }
        self.lines += only.len();
        for test in only.into_values().flatten() {
            self.lines_of_one_test += 1;
            tests.all[test].lines_alone += 1;
        }
    }

    fn take_endpoints(
        &mut self,
        data: &CoverageData,
        report: &Report,
        tests: &BTreeMap<&str, usize>,
    ) {
        let places: FxHashMap<&str, usize> = (report.files.iter().enumerate())
            .map(|(place, file)| (file.recorded.as_str(), place))
            .collect();
        let routes = Routes::new(data);
        for (endpoint, facts) in data.accounting.attribution.endpoints() {
            if routes.is_called_otherwise(endpoint) {
                continue;
            }
            let mut files: Vec<(usize, usize)> = Vec::new();
            for (path, lines) in &facts.lines {
                if let Some(&place) = places.get(path.as_ref()) {
                    let statements = report.files[place].executed_of(lines.iter());
                    files.push((place, statements.len()));
                }
            }
            files.retain(|(_, lines)| *lines > 0);
            files.sort_unstable();
            let called = facts.calls.iter();
            self.endpoints.push(EndpointReport {
                endpoint: endpoint.clone(),
                is_routed: routes.has(endpoint),
                is_called: !facts.calls.is_empty(),
                statuses: facts.calls.iter().filter_map(|call| call.status).collect(),
                tests: called
                    .filter_map(|call| tests.get(call.test.as_ref()).copied())
                    .collect(),
                lines: files.iter().map(|(_, lines)| *lines).sum(),
                files,
            });
        }
        self.without_routes = routes.unsaid();
        self.endpoints
            .sort_by(|one, next| one.order().cmp(&next.order()));
        let places: FxHashMap<Endpoint, usize> = (self.endpoints.iter().enumerate())
            .map(|(place, one)| (one.endpoint.clone(), place))
            .collect();
        for (endpoint, facts) in data.accounting.attribution.endpoints() {
            for call in &facts.calls {
                if let (Some(&place), Some(&test)) =
                    (places.get(endpoint), tests.get(call.test.as_ref()))
                {
                    let calls = self.tests[test].endpoints.entry(place).or_default();
                    calls.statuses.extend(call.status);
                    match phase_of(&call.test) {
                        Some("setup") => calls.is_of_setup = true,
                        Some("teardown") => calls.is_of_teardown = true,
                        _ => calls.is_of_body = true,
                    }
                }
            }
        }
    }
}

impl EndpointReport {
    fn order(&self) -> (bool, bool, &str, &str, &str) {
        let Endpoint {
            service,
            route,
            method,
        } = &self.endpoint;
        (!self.is_routed, self.is_called, service, route, method)
    }
}

/// The contexts of tests, with how each ended if anybody said so. In data of another tool, each
/// context is a test.
pub(crate) fn test_contexts(data: &CoverageData) -> BTreeMap<&str, Option<&BTreeSet<String>>> {
    let known = &data.accounting.attribution;
    if known.is_empty() {
        let named = data.contexts().map(|(_, name)| name);
        let named = named.filter(|name| !name.is_empty() && *name != START_UP);
        named.map(|name| (name, None)).collect()
    } else {
        let tests = known.tests();
        let mut contexts: BTreeMap<_, _> = tests
            .map(|(name, outcomes)| (name, Some(outcomes)))
            .collect();
        // Data of another tool that came in under a label has its tests as contexts alone.
        for name in labelled_tests(data) {
            contexts.entry(name).or_default();
        }
        contexts
    }
}

/// The tests, by the contexts that they have in the data.
struct Tests<'a> {
    all: Vec<TestReport>,
    by_context: BTreeMap<&'a str, usize>,
    by_id: FxHashMap<ContextId, usize>,
}

impl<'a> Tests<'a> {
    fn new(data: &'a CoverageData, chosen: Option<&BTreeSet<ContextId>>) -> Self {
        let mut contexts = test_contexts(data);
        if let Some(chosen) = chosen {
            let chosen: BTreeSet<&str> = chosen.iter().map(|id| data.context_name(*id)).collect();
            contexts.retain(|name, _| chosen.contains(name));
        }
        let names: BTreeSet<&str> = contexts.keys().map(|name| test_of(name)).collect();
        let places: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let mut all: Vec<TestReport> = (names.iter())
            .map(|name| TestReport {
                name: (*name).to_owned(),
                ..TestReport::default()
            })
            .collect();
        let mut by_context = BTreeMap::new();
        for (context, outcomes) in contexts {
            if let Some(&place) = places.get(test_of(context)) {
                by_context.insert(context, place);
                let labels = data.accounting.labels.of_context(context);
                all[place].labels.extend(labels.map(str::to_owned));
                let outcomes = outcomes.into_iter().flatten();
                all[place].outcomes.extend(outcomes.cloned());
            }
        }
        let ids = data.contexts();
        let by_id = ids.filter_map(|(id, name)| Some((id, *by_context.get(name)?)));
        Self {
            by_id: by_id.collect(),
            all,
            by_context,
        }
    }
}

/// The contexts under labels that are tests: not what belongs to none, nor a label that stands
/// before others.
fn labelled_tests(data: &CoverageData) -> BTreeSet<&str> {
    let contexts = data.accounting.labels.contexts().map(|(_, name)| name);
    let all: BTreeSet<&str> = contexts.collect();
    let stands_before = |name: &str| {
        let start = format!("{name}|");
        let mut longer = all
            .range(start.as_str()..)
            .take_while(|one| one.starts_with(&start));
        longer.any(|one| test_of(one) != name)
    };
    let is_test =
        |name: &&&str| !name.is_empty() && !name.ends_with(START_UP) && !stands_before(name);
    all.iter().filter(is_test).copied().collect()
}

/// The statements of a file that each phase of each test reached. Many reach the same: that is
/// looked at once.
fn reached_by_test(
    data: &CoverageData,
    file: &FileReport,
    tests: &Tests<'_>,
) -> Vec<(usize, Arc<LineSet>)> {
    let Some(recorded) = data.file(&file.recorded) else {
        return Vec::new();
    };
    let mut reached = Vec::new();
    if data.has_arcs() {
        let mut known = FxHashMap::default();
        for (id, arcs) in recorded.arcs_by_context() {
            if let Some(&test) = tests.by_id.get(&id) {
                let lines = known.entry(std::ptr::from_ref(arcs)).or_insert_with(|| {
                    let ends = arcs.iter().flat_map(|(from, to)| [from, to]);
                    let lines = ends.filter_map(|line| u32::try_from(line).ok());
                    Arc::new(file.executed_of(lines))
                });
                reached.push((test, Arc::clone(lines)));
            }
        }
    } else {
        let mut known = FxHashMap::default();
        for (id, lines) in recorded.lines_by_context() {
            if let Some(&test) = tests.by_id.get(&id) {
                let lines = known
                    .entry(std::ptr::from_ref(lines))
                    .or_insert_with(|| Arc::new(file.executed_of(lines.iter())));
                reached.push((test, Arc::clone(lines)));
            }
        }
    }
    reached.retain(|(_, lines)| !lines.is_empty());
    reached
}
