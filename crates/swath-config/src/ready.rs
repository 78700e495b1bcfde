//! How to see that a service is ready.

use swath_pattern::{PythonRegex, RegexError};

/// What has to happen before a service counts as ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// A request to this `http` URL is answered with a status below 500.
    Http(String),
    /// This port of this host accepts a connection.
    Tcp(String, u16),
    /// The service's output holds a match of this expression.
    Log(PythonRegex),
}

/// What is wrong with the text of a [`Ready`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadyError {
    /// No known form.
    #[error("`{text}` is not a readiness check")]
    Form {
        /// The whole text.
        text: String,
    },
    /// The URL needs TLS.
    #[error("`{text}` needs TLS, which readiness checks do not speak")]
    Https {
        /// The whole text.
        text: String,
    },
    /// The URL names no host.
    #[error("`{text}` names no host")]
    NoHost {
        /// The whole text.
        text: String,
    },
    /// The port is no port.
    #[error("`{port}` in `{text}` is not a port")]
    Port {
        /// The whole text.
        text: String,
        /// What stands for the port.
        port: String,
    },
    /// The expression after `log:` is no regular expression.
    #[error("`{text}` is not a regular expression: {reason}")]
    Regex {
        /// The expression.
        text: String,
        /// What is wrong with it.
        reason: RegexError,
    },
}

impl ReadyError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "bad-ready"
    }

    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Https { .. } => {
                "use the port that speaks plain HTTP, `tcp:HOST:PORT` or `log:REGEX`".to_owned()
            }
            _ => {
                "the forms are `http://HOST:PORT/PATH`, `tcp:HOST:PORT` and `log:REGEX`".to_owned()
            }
        })
    }
}

impl Ready {
    /// Reads `http://…`, `tcp:HOST:PORT` or `log:REGEX`.
    pub fn parse(text: &str) -> Result<Self, ReadyError> {
        let whole = || text.to_owned();
        if let Some(rest) = text.strip_prefix("http://") {
            let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
            let host = authority.rsplit('@').next().unwrap_or(authority);
            return if host.is_empty() || host.starts_with(':') || text.contains(char::is_whitespace)
            {
                Err(ReadyError::NoHost { text: whole() })
            } else {
                Ok(Self::Http(whole()))
            };
        }
        if text.starts_with("https://") {
            return Err(ReadyError::Https { text: whole() });
        }
        if let Some(address) = text.strip_prefix("tcp:") {
            return parse_tcp(text, address);
        }
        if let Some(expression) = text.strip_prefix("log:") {
            return match PythonRegex::new(expression) {
                Ok(regex) => Ok(Self::Log(regex)),
                Err(reason) => Err(ReadyError::Regex {
                    text: expression.to_owned(),
                    reason,
                }),
            };
        }
        Err(ReadyError::Form { text: whole() })
    }

    /// The path that a request asks for, if it is checked by one.
    #[must_use]
    pub fn http_path(&self) -> Option<&str> {
        let Self::Http(url) = self else {
            return None;
        };
        let rest = url.strip_prefix("http://").unwrap_or(url);
        let path = rest.find('/').map_or("/", |start| &rest[start..]);
        path.split(['?', '#']).next()
    }
}

fn parse_tcp(text: &str, address: &str) -> Result<Ready, ReadyError> {
    let address = address.strip_prefix("//").unwrap_or(address);
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err(ReadyError::Form {
            text: text.to_owned(),
        });
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(ReadyError::NoHost {
            text: text.to_owned(),
        });
    }
    match port.parse() {
        Ok(number) if number > 0 => Ok(Ready::Tcp(host.to_owned(), number)),
        _ => Err(ReadyError::Port {
            text: text.to_owned(),
            port: port.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        assert!(matches!(
            Ready::parse("http://127.0.0.1:8000/ready"),
            Ok(Ready::Http(_))
        ));
        assert!(
            matches!(Ready::parse("tcp:localhost:5432"), Ok(Ready::Tcp(host, 5432)) if host == "localhost")
        );
        assert!(matches!(Ready::parse("tcp:[::1]:80"), Ok(Ready::Tcp(host, 80)) if host == "::1"));
        assert!(matches!(
            Ready::parse("log:Booting worker"),
            Ok(Ready::Log(_))
        ));
    }

    #[test]
    fn a_request_asks_for_a_path() {
        for (text, expected) in [
            ("http://127.0.0.1:8000/ready?full=1", Some("/ready")),
            ("http://127.0.0.1:8000", Some("/")),
            ("tcp:localhost:80", None),
        ] {
            assert_eq!(Ready::parse(text).unwrap().http_path(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            ("ready", "`ready` is not a readiness check"),
            (
                "https://x/",
                "`https://x/` needs TLS, which readiness checks do not speak",
            ),
            ("http://:80/", "`http://:80/` names no host"),
            (
                "tcp:localhost:http",
                "`http` in `tcp:localhost:http` is not a port",
            ),
            ("tcp:localhost:0", "`0` in `tcp:localhost:0` is not a port"),
            (
                "log:(",
                "`(` is not a regular expression: missing ), unterminated subpattern at position 0",
            ),
        ] {
            assert_eq!(Ready::parse(text).unwrap_err().to_string(), message);
        }
    }
}
