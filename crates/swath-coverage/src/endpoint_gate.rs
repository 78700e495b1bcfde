//! Gates of endpoints, held against what services say they serve and what they answered.

use std::collections::BTreeSet;

use swath_config::EndpointGates;
use swath_data::{Call, CoverageData, Endpoint, RunRecord};
use swath_model::{Role, neutralize_control};

use crate::GateFailure;
use crate::routes::Routes;

/// The lowest status that says that the server failed.
const SERVER_ERROR: u16 = 500;

/// Holds what the data says of endpoints against the gates. Gives those that do not pass. `promised`
/// are the operations of a description that nobody serves or calls, if there is a description.
pub fn judge_endpoints(
    data: &CoverageData,
    gates: &EndpointGates,
    promised: Option<&[Endpoint]>,
) -> Vec<GateFailure> {
    if !gates.is_any() {
        return Vec::new();
    }
    if data.accounting.attribution.endpoints().next().is_none() {
        return vec![GateFailure::NoEndpoints];
    }
    let mut failures = Vec::new();
    if gates.every_route_called {
        failures.extend(never_called(data, gates, promised));
        failures.extend(without_routes(data, gates, promised.is_some()));
    }
    if gates.no_server_errors {
        failures.extend(server_errors(data, gates));
    }
    failures
}

fn is_excepted(gates: &EndpointGates, endpoint: &Endpoint) -> bool {
    gates.excepts(&endpoint.service, &endpoint.method, &endpoint.route)
}

/// `GET /points/{id}` (web).
fn named(endpoint: &Endpoint) -> String {
    let Endpoint {
        service,
        method,
        route,
    } = endpoint;
    let text = match service.as_str() {
        "" => format!("`{method} {route}`"),
        service => format!("`{method} {route}` ({service})"),
    };
    neutralize_control(&text)
}

fn named_service(service: &str) -> String {
    match service {
        "" => "a service without a name".to_owned(),
        service => format!("`{}`", neutralize_control(service)),
    }
}

fn never_called(
    data: &CoverageData,
    gates: &EndpointGates,
    promised: Option<&[Endpoint]>,
) -> Option<GateFailure> {
    let routes = Routes::new(data);
    let mut all = 0;
    let mut never = Vec::new();
    for (endpoint, facts) in data.accounting.attribution.endpoints() {
        let counts = routes.has(endpoint)
            && !routes.is_called_otherwise(endpoint)
            && !is_excepted(gates, endpoint);
        if counts {
            all += 1;
            never.extend(facts.calls.is_empty().then(|| named(endpoint)));
        }
    }
    let promised = promised.unwrap_or_default().iter();
    for endpoint in promised.filter(|endpoint| !is_excepted(gates, endpoint)) {
        all += 1;
        never.push(named(endpoint));
    }
    (!never.is_empty()).then_some(GateFailure::NeverCalled {
        endpoints: never,
        of: all,
    })
}

/// The services of which nobody knows the routes: they say none, or were never called. Where there is a
/// description, it says the routes of those that were called.
fn without_routes(
    data: &CoverageData,
    gates: &EndpointGates,
    is_described: bool,
) -> Option<GateFailure> {
    let accounting = &data.accounting;
    let serving = accounting
        .processes
        .iter()
        .filter(|process| process.counted && process.role == Some(Role::Service))
        .filter(|process| !process.touched.is_empty());
    let mut services: BTreeSet<&str> = serving
        .filter_map(|process| process.service.as_deref())
        .collect();
    let known = || accounting.attribution.endpoints();
    if !is_described {
        services.extend(known().map(|(endpoint, _)| endpoint.service.as_str()));
    }
    for (endpoint, facts) in known() {
        if facts.is_offered || is_described {
            services.remove(endpoint.service.as_str());
        }
    }
    services.retain(|service| !gates.excepts_service(service));
    (!services.is_empty()).then(|| GateFailure::NoRoutes {
        services: services.into_iter().map(named_service).collect(),
    })
}

/// The endpoints that answered with a server error. What readiness checks of the runs were answered in
/// no test does not count: a service that starts may answer them with an error.
fn server_errors(data: &CoverageData, gates: &EndpointGates) -> Option<GateFailure> {
    let path = |text: &str| text.trim_matches('/').to_owned();
    let ready = data.accounting.runs.iter().flat_map(RunRecord::ready_paths);
    let ready: BTreeSet<String> = ready.map(path).collect();
    let mut failed = Vec::new();
    for (endpoint, facts) in data.accounting.attribution.endpoints() {
        if is_excepted(gates, endpoint) {
            continue;
        }
        let is_check = endpoint.method == "GET" && ready.contains(&path(&endpoint.route));
        let counts = |call: &&Call| !(is_check && call.test.is_empty());
        let statuses = facts.calls.iter().filter(counts);
        let statuses = statuses.filter_map(|call| call.status);
        let errors: BTreeSet<u16> = statuses.filter(|status| *status >= SERVER_ERROR).collect();
        if !errors.is_empty() {
            let errors: Vec<String> = errors.iter().map(u16::to_string).collect();
            failed.push(format!("{} {}", named(endpoint), errors.join(", ")));
        }
    }
    (!failed.is_empty()).then_some(GateFailure::ServerErrors { endpoints: failed })
}

#[cfg(test)]
mod tests {
    use swath_config::EndpointPattern;
    use swath_data::{Mode, ProcessRecord};

    use super::*;

    fn endpoint(service: &str, method: &str, route: &str) -> Endpoint {
        Endpoint {
            service: service.to_owned(),
            route: route.to_owned(),
            method: method.to_owned(),
        }
    }

    /// Two services that say their routes; two of them were never called.
    fn data() -> CoverageData {
        let mut data = CoverageData::new(Mode::Lines);
        let known = &mut data.accounting.attribution;
        for (service, method, route) in [
            ("web", "GET", "/points/{id}"),
            ("web", "POST", "/points"),
            ("web", "GET", "/ready"),
            ("web", "*", "/any"),
            ("rates", "GET", "/rates"),
        ] {
            known.endpoint(endpoint(service, method, route)).is_offered = true;
        }
        known.add_call(&endpoint("web", "GET", "/points/{id}"), "t|run", Some(200));
        known.add_call(&endpoint("web", "GET", "/ready"), "", Some(503));
        known.add_call(&endpoint("web", "PUT", "/any"), "t|run", Some(204));
        // Not a route.
        known.add_call(&endpoint("web", "GET", "/favicon.ico"), "t|run", Some(404));
        data
    }

    /// A run whose readiness checks asked for these.
    fn run(ready: &[&str]) -> RunRecord {
        let fact = |path: &&str| ("ready".to_owned(), (*path).to_owned());
        RunRecord {
            id: "r".to_owned(),
            facts: ready.iter().map(fact).collect(),
        }
    }

    fn gates(except: &[&str]) -> EndpointGates {
        EndpointGates {
            every_route_called: true,
            no_server_errors: true,
            except: except
                .iter()
                .map(|text| EndpointPattern::parse(text).unwrap())
                .collect(),
            openapi: None,
        }
    }

    fn failures(data: &CoverageData, gates: &EndpointGates) -> Vec<String> {
        let failures = judge_endpoints(data, gates, None);
        failures.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn routes_that_were_never_called_are_named_but_for_exceptions() {
        let mut data = data();
        data.accounting.runs = vec![run(&["/ready/"])];
        assert_eq!(
            failures(&data, &gates(&[])),
            ["endpoints: 2 of 5 were never called: `GET /rates` (rates), `POST /points` (web)"]
        );
        assert_eq!(
            failures(&data, &gates(&["rates * *"])),
            ["endpoints: 1 of 4 was never called: `POST /points` (web)"]
        );
        assert!(failures(&data, &gates(&["rates * *", "POST *"])).is_empty());
        let promised = [endpoint("", "DELETE", "/points/{id}")];
        let found = judge_endpoints(&data, &gates(&["/points", "/rates"]), Some(&promised));
        assert_eq!(
            found[0].to_string(),
            "endpoints: 1 of 4 was never called: `DELETE /points/{id}`"
        );
    }

    #[test]
    fn server_errors_count_for_everybody_but_readiness_checks() {
        let mut data = data();
        let only = EndpointGates {
            every_route_called: false,
            ..gates(&[])
        };
        assert_eq!(
            failures(&data, &only),
            ["endpoints: 1 answered with a server error: `GET /ready` (web) 503"]
        );
        data.accounting.runs = vec![run(&["/ready"])];
        assert_eq!(failures(&data, &only), [""; 0]);
        let known = &mut data.accounting.attribution;
        known.add_call(&endpoint("web", "GET", "/ready"), "t|run", Some(500));
        known.add_call(&endpoint("web", "GET", "/points/{id}"), "", Some(502));
        assert_eq!(
            failures(&data, &only),
            [
                "endpoints: 2 answered with a server error: `GET /points/{id}` (web) 502, `GET /ready` (web) 500"
            ]
        );
    }

    #[test]
    fn what_nobody_knows_does_not_pass() {
        let nothing = CoverageData::new(Mode::Lines);
        assert_eq!(
            failures(&nothing, &gates(&[])),
            ["endpoints: the data does not say which were called"]
        );
        let mut data = data();
        data.accounting.processes.push(ProcessRecord {
            service: Some("worker".to_owned()),
            role: Some(Role::Service),
            counted: true,
            touched: std::sync::Arc::new(["/app/jobs.py".to_owned()].into()),
            ..ProcessRecord::default()
        });
        let known = &mut data.accounting.attribution;
        known.add_call(&endpoint("plain", "GET", "/{n}"), "t|run", Some(200));
        let routes = ["/points", "/rates", "/ready"];
        let found = failures(&data, &gates(&routes));
        assert_eq!(
            found,
            ["endpoints: `plain` and `worker` do not say which routes they have"]
        );
        // A description has the routes of what was called, and not of what never was.
        let found = judge_endpoints(&data, &gates(&routes), Some(&[]));
        assert_eq!(
            found[0].to_string(),
            "endpoints: `worker` does not say which routes it has"
        );
        let mut except = routes.to_vec();
        except.extend(["plain * *", "worker * *"]);
        assert!(failures(&data, &gates(&except)).is_empty());
    }
}
