//! The routes that services say they serve, held against what was called.

use std::collections::{BTreeMap, BTreeSet};

use swath_data::{CoverageData, Endpoint};

/// The routes that services say they serve.
pub(crate) struct Routes<'a> {
    /// The methods of each route of a service; [`ANY`] if it does not say which.
    offered: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
    /// The methods by which each was called, but for those that frameworks add by themselves.
    called: BTreeSet<(&'a str, &'a str)>,
    /// Which of those methods a route answers, as it did so with other than 405.
    answers: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// The services that say which routes they have.
    services: BTreeSet<&'a str>,
}

/// The method of a route that answers several and does not say which.
const ANY: &str = "*";
/// The methods that frameworks add to every route.
const ADDED: [&str; 2] = ["HEAD", "OPTIONS"];

impl<'a> Routes<'a> {
    pub(crate) fn new(data: &'a CoverageData) -> Self {
        let mut routes = Self {
            offered: BTreeMap::new(),
            called: BTreeSet::new(),
            answers: BTreeSet::new(),
            services: BTreeSet::new(),
        };
        for (endpoint, facts) in data.accounting.attribution.endpoints() {
            let key = (endpoint.service.as_str(), endpoint.route.as_str());
            if facts.is_offered {
                let methods = routes.offered.entry(key).or_default();
                methods.insert(endpoint.method.as_str());
                routes.services.insert(endpoint.service.as_str());
            }
            let method = endpoint.method.as_str();
            if !ADDED.contains(&method) {
                if !facts.calls.is_empty() {
                    routes.called.insert(key);
                }
            } else if facts.calls.iter().any(|call| call.status != Some(405)) {
                routes.answers.insert((key.0, key.1, method));
            }
        }
        routes
    }

    /// The services that were called and do not say which routes they have, by name.
    pub(crate) fn unsaid(&self) -> Vec<String> {
        let called: BTreeSet<&str> = self.called.iter().map(|(service, _)| *service).collect();
        let unsaid = called.difference(&self.services);
        unsaid.map(|service| (*service).to_owned()).collect()
    }

    /// Whether the service has a route for it, or does not say which it has.
    pub(crate) fn has(&self, endpoint: &Endpoint) -> bool {
        if !self.services.contains(endpoint.service.as_str()) {
            return true;
        }
        let key = (endpoint.service.as_str(), endpoint.route.as_str());
        let method = endpoint.method.as_str();
        self.offered.get(&key).is_some_and(|methods| {
            methods.contains(method)
                || if ADDED.contains(&method) {
                    self.answers.contains(&(key.0, key.1, method))
                } else {
                    methods.contains(ANY)
                }
        })
    }

    /// Whether it is a route for any method, and was called by one that stands in a row of its own.
    pub(crate) fn is_called_otherwise(&self, endpoint: &Endpoint) -> bool {
        let key = (endpoint.service.as_str(), endpoint.route.as_str());
        endpoint.method == ANY && self.called.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use swath_data::Mode;

    use super::*;

    #[test]
    fn a_route_for_any_method_is_called_by_each_but_those_that_frameworks_add() {
        let endpoint = |service: &str, method: &str, route: &str| Endpoint {
            service: service.to_owned(),
            route: route.to_owned(),
            method: method.to_owned(),
        };
        let mut data = CoverageData::new(Mode::Lines);
        let known = &mut data.accounting.attribution;
        for route in ["/a", "/b", "/c"] {
            known.endpoint(endpoint("web", "*", route)).is_offered = true;
        }
        known.add_call(&endpoint("web", "GET", "/a"), "", Some(200));
        known.add_call(&endpoint("web", "HEAD", "/b"), "", Some(200));
        known.add_call(&endpoint("web", "OPTIONS", "/b"), "", Some(405));
        let routes = Routes::new(&data);
        for (route, is_called) in [("/a", true), ("/b", false), ("/c", false)] {
            let any = endpoint("web", "*", route);
            assert_eq!(routes.is_called_otherwise(&any), is_called, "{route}");
        }
        for (service, method, route, is_there) in [
            ("web", "GET", "/a", true),
            // The route answers what frameworks add to it, unless they do not.
            ("web", "HEAD", "/b", true),
            ("web", "OPTIONS", "/b", false),
            ("web", "HEAD", "/favicon.ico", false),
            ("web", "GET", "/favicon.ico", false),
            // It does not say what it serves.
            ("worker", "GET", "/favicon.ico", true),
        ] {
            let found = routes.has(&endpoint(service, method, route));
            assert_eq!(found, is_there, "{service} {method} {route}");
        }
    }
}
