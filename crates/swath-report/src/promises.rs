//! What the description of an API promises, held against what services serve and answered.

use std::collections::BTreeSet;

use swath_coverage::AttributionReport;

/// An operation of a description.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Promised {
    /// The path, with its parameters in braces.
    pub path: String,
    /// The method, in capitals.
    pub method: String,
    /// The statuses, as the description has them: `200`, `4XX`; `default` is not one.
    pub statuses: BTreeSet<String>,
    /// The paths that the servers of the description stand at, to be tried before its path.
    pub bases: BTreeSet<String>,
}

/// A description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What it is called.
    pub name: String,
    /// Its operations.
    pub operations: Vec<Promised>,
}

/// What of a description does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// What the description is called.
    pub name: String,
    /// The operations that no service offers, and that nobody called.
    pub not_served: Vec<Promised>,
    /// The statuses that were never answered, of operations that are served.
    pub never_answered: Vec<(Promised, Vec<String>)>,
}

impl Promises {
    /// Holds a description against what the data says.
    pub fn new(description: &Description, report: &AttributionReport) -> Self {
        let mut promises = Self {
            name: description.name.clone(),
            ..Self::default()
        };
        for one in description.operations.iter().cloned() {
            let paths: BTreeSet<String> = std::iter::once("")
                .chain(one.bases.iter().map(String::as_str))
                .map(|base| normal(&format!("{}/{}", base, one.path)))
                .collect();
            let same = report.endpoints.iter().filter(|endpoint| {
                let endpoint = &endpoint.endpoint;
                (endpoint.method == one.method || endpoint.method == "*")
                    && paths.contains(&normal(&endpoint.route))
            });
            let same: Vec<_> = same.collect();
            if same.is_empty() {
                promises.not_served.push(one);
                continue;
            }
            let answered: BTreeSet<u16> = same
                .iter()
                .flat_map(|one| one.statuses.iter().copied())
                .collect();
            let never: Vec<String> = (one.statuses.iter())
                .filter(|promised| !answered.iter().any(|status| is_kept(promised, *status)))
                .cloned()
                .collect();
            if !never.is_empty() {
                promises.never_answered.push((one, never));
            }
        }
        promises
    }
}

/// Whether a status is what was promised: `404`, or any of `4XX`.
fn is_kept(promised: &str, status: u16) -> bool {
    let status = status.to_string();
    promised.len() == status.len()
        && promised
            .chars()
            .zip(status.chars())
            .all(|(promised, digit)| promised == digit || promised.eq_ignore_ascii_case(&'x'))
}

/// A path by which templates of different frameworks are compared: what stands for a value has no
/// name, and slashes at the ends do not matter.
fn normal(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts = parts.map(|part| {
        let is_value = part.contains(['{', '<', '(']) || part.starts_with(':');
        if is_value { "{}" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use swath_coverage::EndpointReport;
    use swath_data::Endpoint;

    use super::*;

    fn endpoint(method: &str, route: &str, statuses: &[u16]) -> EndpointReport {
        EndpointReport {
            endpoint: Endpoint {
                service: String::new(),
                route: route.to_owned(),
                method: method.to_owned(),
            },
            is_routed: true,
            is_called: !statuses.is_empty(),
            statuses: statuses.iter().copied().collect(),
            tests: BTreeSet::new(),
            files: Vec::new(),
            lines: 0,
        }
    }

    fn promised(method: &str, path: &str, statuses: &[&str]) -> Promised {
        Promised {
            path: path.to_owned(),
            method: method.to_owned(),
            statuses: statuses.iter().map(|&status| status.to_owned()).collect(),
            bases: ["/api/v1".to_owned()].into(),
        }
    }

    #[test]
    fn what_is_promised_is_found_under_the_templates_of_frameworks() {
        let report = AttributionReport {
            endpoints: vec![
                endpoint("GET", "/api/v1/points/<int:id>/", &[200, 422]),
                endpoint("POST", "/points", &[]),
            ],
            ..AttributionReport::default()
        };
        let description = Description {
            name: "api.yaml".to_owned(),
            operations: vec![
                promised("GET", "/points/{id}", &["200", "404", "4XX"]),
                promised("POST", "/points", &["201"]),
                promised("DELETE", "/points/{id}", &["204"]),
            ],
        };
        let promises = Promises::new(&description, &report);
        let not_served: Vec<&str> = promises
            .not_served
            .iter()
            .map(|one| one.method.as_str())
            .collect();
        assert_eq!(not_served, ["DELETE"]);
        let never: Vec<(&str, &[String])> = (promises.never_answered.iter())
            .map(|(one, statuses)| (one.method.as_str(), statuses.as_slice()))
            .collect();
        assert_eq!(
            never,
            [
                ("GET", &["404".to_owned()][..]),
                ("POST", &["201".to_owned()][..])
            ]
        );
    }
}
