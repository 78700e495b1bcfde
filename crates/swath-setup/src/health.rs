//! What the project itself says of addresses: the port that its tests call, the path that answers whether it is up.

use std::collections::BTreeSet;

use crate::project::SourceFile;

/// Paths by which services answer whether they are up, the likeliest first.
const PATHS: [&str; 13] = [
    "/ready",
    "/readyz",
    "/health/ready",
    "/health",
    "/healthz",
    "/healthcheck",
    "/api/health",
    "/livez",
    "/live",
    "/status",
    "/ping",
    "/up",
    "/heartbeat",
];

/// The path of the application that says whether it is up; `/` where its sources name none.
pub(crate) fn health_path(sources: &[SourceFile]) -> &'static str {
    let served = || sources.iter().filter(|source| !source.is_aside());
    let named = |path: &str| {
        let forms = [
            format!("\"{path}\""),
            format!("'{path}'"),
            format!("\"{path}/\""),
            format!("'{path}/'"),
        ];
        let is_route = |line: &str| {
            let line = line.trim_start();
            line.starts_with('@')
                || ["oute(", "_rule(", "path("]
                    .iter()
                    .any(|call| line.contains(call))
        };
        served().any(|source| {
            let mut lines = source.text.lines();
            lines.any(|line| is_route(line) && forms.iter().any(|form| line.contains(form)))
        })
    };
    PATHS.into_iter().find(|path| named(path)).unwrap_or("/")
}

/// The port of this host that the tests call, if they name one and only one.
pub(crate) fn port_of_tests(texts: &[String]) -> Option<u16> {
    let mut ports = BTreeSet::new();
    for text in texts {
        for host in ["localhost:", "127.0.0.1:", "0.0.0.0:"] {
            for (at, _) in text.match_indices(host) {
                let digits = text[at + host.len()..]
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>();
                ports.extend(digits.parse::<u16>().ok().filter(|port| *port > 0));
            }
        }
    }
    match ports.len() {
        1 => ports.first().copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_likeliest_route_is_taken_and_no_other_text() {
        let sources = [
            file(
                "app.py",
                "@app.get('/ping')\n@app.get(\"/health\")\nx = '/ready'\n",
            ),
            file("tests/test_a.py", "@app.get('/readyz')\n"),
        ];
        assert_eq!(health_path(&sources), "/health");
        assert_eq!(health_path(&sources[1..]), "/");
    }

    #[test]
    fn one_port_is_an_answer_and_two_are_none() {
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            port_of_tests(&texts(&["'http://localhost:5000/x'", "127.0.0.1:5000"])),
            Some(5000)
        );
        assert_eq!(
            port_of_tests(&texts(&["localhost:5000", "localhost:5432"])),
            None
        );
        assert_eq!(port_of_tests(&texts(&["localhost"])), None);
    }
}
