//! What a data file keeps of tests and of the endpoints of services: how tests ended, what called
//! which endpoint, and the lines that ran for it. The lines of tests are the data's own contexts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::stored_context::ContextKind;
use crate::{CoverageData, LineSet, StoredContext, StoredProcess};

/// What a service answers: a method, and a path with places for values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The service; empty if it has no name.
    pub service: String,
    /// The template of the route, as the framework has it, or a path with its ids folded.
    pub route: String,
    /// The method.
    pub method: String,
}

/// That a test called an endpoint, and was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The context of the test; empty if none is known.
    pub test: Arc<str>,
    /// The status; `None` if no answer was seen.
    pub status: Option<u16>,
}

/// What is known of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointFacts {
    /// Whether the service says that it serves it.
    pub is_offered: bool,
    /// Which tests called it, with which status.
    pub calls: BTreeSet<Call>,
    /// The lines that ran for it, by path: one text for all endpoints, as far as that is known.
    pub lines: BTreeMap<Arc<str>, LineSet>,
}

/// Tests and endpoints. Taken in twice, the same changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    tests: BTreeMap<Arc<str>, BTreeSet<String>>,
    endpoints: BTreeMap<Endpoint, EndpointFacts>,
}

/// The phases of a test, behind its name.
const PHASES: [&str; 3] = ["|setup", "|run", "|teardown"];

/// The test that a context is of: its name without a phase.
pub fn test_of(context: &str) -> &str {
    let mut without = PHASES
        .iter()
        .filter_map(|phase| context.strip_suffix(phase));
    without.next().unwrap_or(context)
}

/// The phase of a test that a context is of: `setup`, `run` or `teardown`.
pub fn phase_of(context: &str) -> Option<&'static str> {
    let is_of = |phase: &&&str| context.ends_with(**phase);
    let phase = PHASES.iter().find(is_of)?;
    Some(&phase[1..])
}

impl Attribution {
    /// Whether no test and no endpoint is known.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty() && self.endpoints.is_empty()
    }

    /// The contexts of tests, with how each ended: several ways if it ran several times.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let tests = self.tests.iter();
        tests.map(|(test, outcomes)| (test.as_ref(), outcomes))
    }

    /// The endpoints.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Endpoint, &EndpointFacts)> {
        self.endpoints.iter()
    }

    /// Adds a context of a test.
    pub fn add_test(&mut self, context: &str, outcome: Option<&str>) {
        let test = self.test(context);
        if let Some(outcomes) = self.tests.get_mut(&test) {
            outcomes.extend(outcome.map(str::to_owned));
        }
    }

    /// The text of a context, which is kept once.
    fn test(&mut self, context: &str) -> Arc<str> {
        if let Some((known, _)) = self.tests.get_key_value(context) {
            return Arc::clone(known);
        }
        let test: Arc<str> = context.into();
        self.tests.insert(Arc::clone(&test), BTreeSet::new());
        test
    }

    /// What is known of an endpoint, which is made if there is none.
    pub fn endpoint(&mut self, endpoint: Endpoint) -> &mut EndpointFacts {
        self.endpoints.entry(endpoint).or_default()
    }

    /// Adds that a test, or none that is known, called an endpoint.
    pub fn add_call(&mut self, endpoint: &Endpoint, test: &str, status: Option<u16>) {
        let test = if test.is_empty() {
            "".into()
        } else {
            self.test(test)
        };
        let facts = self.endpoint(endpoint.clone());
        facts.calls.insert(Call { test, status });
    }

    /// Takes in what is known elsewhere, with its paths mapped.
    pub(crate) fn merge(&mut self, other: &Self, mut map_path: impl FnMut(&str) -> String) {
        for (test, outcomes) in &other.tests {
            let test = self.test(test);
            if let Some(known) = self.tests.get_mut(&test) {
                known.extend(outcomes.iter().cloned());
            }
        }
        let mut mapped: BTreeMap<&str, Arc<str>> = BTreeMap::new();
        for (endpoint, facts) in &other.endpoints {
            for call in &facts.calls {
                self.add_call(endpoint, &call.test, call.status);
            }
            let known = self.endpoint(endpoint.clone());
            known.is_offered |= facts.is_offered;
            for (path, lines) in &facts.lines {
                let mapped = mapped.entry(path).or_insert_with(|| map_path(path).into());
                let known = known.lines.entry(Arc::clone(mapped)).or_default();
                known.union_with(lines);
            }
        }
    }

    /// Keeps of the lines of endpoints those that are left in data.
    pub(crate) fn keep_lines_of(&mut self, data: &CoverageData) {
        let mut left: BTreeMap<Arc<str>, LineSet> = BTreeMap::new();
        for facts in self.endpoints.values_mut() {
            for (path, lines) in &mut facts.lines {
                let left = left
                    .entry(Arc::clone(path))
                    .or_insert_with(|| data.lines(path, None).unwrap_or_default());
                *lines = lines.intersection(left);
            }
            facts.lines.retain(|_, lines| !lines.is_empty());
        }
    }

    /// Takes over what a process says of tests: also of one whose lines do not count. `label` is the
    /// context of the whole run.
    pub(crate) fn add_tests_of(&mut self, process: &StoredProcess, label: &str) {
        for context in &process.contexts {
            match &context.kind {
                ContextKind::Test(test) => {
                    self.add_test(&labelled(label, test), context.outcome.as_deref());
                }
                ContextKind::Request { test, .. } if !test.is_empty() => {
                    self.add_test(&labelled(label, test), None);
                }
                _ => {}
            }
        }
    }

    /// Takes over what a process of a service says of its endpoints.
    pub(crate) fn add_endpoints_of(
        &mut self,
        process: &StoredProcess,
        service: &str,
        label: &str,
        routes: &KnownRoutes<'_>,
    ) {
        for (method, route) in &process.offers {
            let endpoint = Endpoint {
                service: service.to_owned(),
                route: route.clone(),
                method: method.clone(),
            };
            self.endpoint(endpoint).is_offered = true;
        }
        let endpoints: Vec<Vec<Endpoint>> = (process.contexts.iter())
            .map(|context| endpoints_of(context, service, routes.of_context(process, context)))
            .collect();
        for (context, endpoints) in process.contexts.iter().zip(&endpoints) {
            let ContextKind::Request { test, .. } = &context.kind else {
                continue;
            };
            let test = if test.is_empty() {
                String::new()
            } else {
                labelled(label, test)
            };
            for endpoint in endpoints {
                if context.is_handed_on {
                    // It is called where it is answered.
                    self.endpoint(endpoint.clone());
                } else if context.statuses.is_empty() {
                    self.add_call(endpoint, &test, None);
                }
                for status in &context.statuses {
                    self.add_call(endpoint, &test, Some(*status));
                }
            }
        }
        for file in process
            .files
            .iter()
            .filter(|file| !file.contexts.is_empty())
        {
            let path: Arc<str> = file.path.as_str().into();
            for share in file
                .contexts
                .iter()
                .filter(|one| !one.reached.lines.is_empty())
            {
                for endpoint in endpoints.get(share.context).into_iter().flatten() {
                    if let Some(facts) = self.endpoints.get_mut(endpoint) {
                        let lines = facts.lines.entry(Arc::clone(&path)).or_default();
                        lines.union_with(&share.reached.lines);
                    }
                }
            }
        }
    }
}

/// A context of a run with a label, as coverage.py joins them.
pub(crate) fn labelled(label: &str, context: &str) -> String {
    match (label, context) {
        ("", context) => context.to_owned(),
        (label, "") => label.to_owned(),
        (label, context) => format!("{label}|{context}"),
    }
}

/// The routes that requests took, for the processes that were handed a part of one: they see no route.
pub(crate) struct KnownRoutes<'a>(BTreeMap<Request<'a>, &'a BTreeSet<String>>);

/// A declared service, and what its processes call a request.
type Request<'a> = (Option<&'a str>, &'a ContextKind);

impl<'a> KnownRoutes<'a> {
    /// What the processes say that answered requests.
    pub(crate) fn of(processes: &'a [StoredProcess]) -> Self {
        let contexts = processes.iter().flat_map(|process| {
            let service = process.service.as_deref();
            process.contexts.iter().map(move |one| (service, one))
        });
        let routed = contexts.filter(|(_, context)| !context.routes.is_empty());
        Self(
            routed
                .map(|(service, context)| ((service, &context.kind), &context.routes))
                .collect(),
        )
    }

    /// The routes that the request of a context took.
    fn of_context(
        &self,
        process: &'a StoredProcess,
        context: &'a StoredContext,
    ) -> &'a BTreeSet<String> {
        let known = context.is_handed_on && context.routes.is_empty();
        let known = known.then(|| self.0.get(&(process.service.as_deref(), &context.kind)));
        known.flatten().copied().unwrap_or(&context.routes)
    }
}

/// The endpoints that a request called: more than one only where paths that look the same once they
/// are folded took different routes.
fn endpoints_of(
    context: &StoredContext,
    service: &str,
    routes: &BTreeSet<String>,
) -> Vec<Endpoint> {
    let ContextKind::Request { method, path, .. } = &context.kind else {
        return Vec::new();
    };
    let endpoint = |route: &String| Endpoint {
        service: service.to_owned(),
        route: route.clone(),
        method: method.clone(),
    };
    if routes.is_empty() {
        vec![endpoint(path)]
    } else {
        routes.iter().map(endpoint).collect()
    }
}
