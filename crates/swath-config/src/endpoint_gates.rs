//! Gates of endpoints: what must hold of each of them, but for those that are excepted.

use std::path::PathBuf;

/// What must hold of every endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointRule {
    /// Something called it.
    Called,
    /// It answered nothing from 500 on.
    NoServerErrors,
}

impl EndpointRule {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Called, Self::NoServerErrors];

    /// Its name in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Called => "every-route-called",
            Self::NoServerErrors => "no-server-errors",
        }
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// The gates of endpoints, as they are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointGates {
    /// Every route of every service must have been called.
    pub every_route_called: bool,
    /// No endpoint may have answered with a server error.
    pub no_server_errors: bool,
    /// The endpoints of which neither is asked.
    pub except: Vec<EndpointPattern>,
    /// The description of an API, whose operations are routes as well.
    pub openapi: Option<PathBuf>,
}

impl EndpointGates {
    /// Whether anything is asked.
    pub fn is_any(&self) -> bool {
        self.every_route_called || self.no_server_errors
    }

    /// Sets whether a rule holds.
    pub fn set(&mut self, rule: EndpointRule, holds: bool) {
        match rule {
            EndpointRule::Called => self.every_route_called = holds,
            EndpointRule::NoServerErrors => self.no_server_errors = holds,
        }
    }

    /// Whether an endpoint is excepted.
    pub fn excepts(&self, service: &str, method: &str, route: &str) -> bool {
        let mut patterns = self.except.iter();
        patterns.any(|pattern| pattern.matches(service, method, route))
    }

    /// Whether all endpoints of a service are excepted, also those that nobody knows.
    pub fn excepts_service(&self, service: &str) -> bool {
        let mut patterns = self.except.iter();
        patterns.any(|pattern| {
            pattern.method == "*" && pattern.route == "*" && is_match(&pattern.service, service)
        })
    }
}

/// Endpoints: a route, a method and a route, or a service, a method and a route. In each, `*`
/// stands for any text; everything else is what it is, as templates of routes have characters of
/// every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPattern {
    service: String,
    method: String,
    route: String,
}

impl EndpointPattern {
    /// Reads one to three words; nothing if there are more, or none.
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (service, method, route) = match words.as_slice() {
            [route] => ("*", "*", *route),
            [method, route] => ("*", *method, *route),
            [service, method, route] => (*service, *method, *route),
            _ => return None,
        };
        Some(Self {
            service: service.to_owned(),
            method: method.to_ascii_uppercase(),
            route: route.to_owned(),
        })
    }

    fn matches(&self, service: &str, method: &str, route: &str) -> bool {
        is_match(&self.service, service)
            && is_match(&self.method, &method.to_ascii_uppercase())
            && is_match(&self.route, route)
    }
}

/// Whether a text is what a pattern says, in which `*` stands for any text.
fn is_match(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_one_to_three_words() {
        let endpoint = ("web", "GET", "/points/<int:id>");
        for (pattern, expected) in [
            ("/points/<int:id>", true),
            ("/points/*", true),
            ("/points", false),
            ("GET /points/*", true),
            ("get *", true),
            ("POST /points/*", false),
            ("web GET /points/*", true),
            ("w* * */<int:id>", true),
            ("shop GET /points/*", false),
            ("*points*id>", true),
            ("*id*points*", false),
            // Only `*` is special.
            ("/points/<int:i?>", false),
        ] {
            let pattern = EndpointPattern::parse(pattern).unwrap();
            let (service, method, route) = endpoint;
            assert_eq!(
                pattern.matches(service, method, route),
                expected,
                "{pattern:?}"
            );
        }
        assert_eq!(EndpointPattern::parse(" "), None);
        assert_eq!(EndpointPattern::parse("web GET /a b"), None);
    }

    #[test]
    fn a_star_needs_no_text_and_takes_none_twice() {
        assert!(is_match("/a*b", "/ab"));
        assert!(!is_match("ab*ba", "aba"));
        assert!(is_match("*", ""));
    }

    #[test]
    fn a_whole_service_is_excepted_by_its_name_alone() {
        let gates = |except: &str| EndpointGates {
            except: vec![EndpointPattern::parse(except).unwrap()],
            ..EndpointGates::default()
        };
        assert!(gates("worker * *").excepts_service("worker"));
        assert!(!gates("worker * *").excepts_service("web"));
        assert!(!gates("worker GET *").excepts_service("worker"));
    }
}
