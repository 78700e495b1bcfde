//! Keys that many expect, and what they are called here or where they belong.

use crate::options::OPTIONS;

/// What other tools call the keys of a service.
const OF_SERVICES: [(&[&str], &str); 9] = [
    (
        &["env", "envs", "environ", "variables", "vars"],
        "environment",
    ),
    (
        &["env_file", "env-files", "env_files", "envfile", "dotenv"],
        "env-file",
    ),
    (
        &["cmd", "run", "exec", "program", "entrypoint", "start"],
        "command",
    ),
    (
        &[
            "dir",
            "directory",
            "workdir",
            "working-dir",
            "working_dir",
            "working-directory",
        ],
        "cwd",
    ),
    (
        &[
            "url",
            "health",
            "healthcheck",
            "health-check",
            "port",
            "wait",
            "wait-for",
        ],
        "ready",
    ),
    (
        &[
            "timeout",
            "ready_timeout",
            "start-timeout",
            "startup-timeout",
        ],
        "ready-timeout",
    ),
    (
        &["stop_timeout", "shutdown-timeout", "grace-period"],
        "stop-timeout",
    ),
    (&["signal", "stop_signal", "kill-signal"], "stop-signal"),
    (&["ready-when", "readiness"], "ready"),
];

/// What other tools call the keys at the top.
const AT_THE_TOP: [(&[&str], &str); 2] = [
    (&["tests", "command", "cmd", "run", "test-command"], "test"),
    (&["service"], "services"),
];

/// Options of the command line that have no key.
const OPTIONS_ONLY: [(&str, &str); 12] = [
    ("html", "--html DIR"),
    ("json", "--json FILE"),
    ("compose", "--compose FILE"),
    ("profile", "--profile NAME"),
    ("project-name", "--project-name NAME"),
    ("measure", "--measure SERVICE"),
    ("test-service", "--test-service SERVICE"),
    ("count", "--count all"),
    ("require-complete", "--require-complete"),
    ("no-docker", "--no-docker"),
    ("rcfile", "--rcfile FILE"),
    ("python", "--python PYTHON"),
];

/// What is meant by a key at the top that swath does not know.
pub(super) fn of_top_key(key: &str) -> Option<String> {
    synonym(&AT_THE_TOP, key)
        .or_else(|| {
            let name = key.replace('_', "-");
            let (_, option) = OPTIONS_ONLY.iter().find(|(known, _)| *known == name)?;
            let text = format!("`{key}` is an option of the command line: `swath run {option}`");
            Some(text)
        })
        .or_else(|| of_coverage_py(key))
        .or_else(|| {
            let (_, known) = OF_SERVICES
                .iter()
                .find(|(others, known)| others.contains(&key) || *known == key)?;
            Some(format!("`{known}` belongs to a service: `[services.NAME]`"))
        })
}

/// What is meant by a key of a service that swath does not know.
pub(super) fn of_service_key(key: &str) -> Option<String> {
    synonym(&OF_SERVICES, key).or_else(|| of_coverage_py(key))
}

/// What other tools call the gates.
const OF_GATES: [(&[&str], &str); 5] = [
    (
        &[
            "fail-under",
            "fail_under",
            "minimum",
            "min",
            "coverage",
            "all",
        ],
        "total",
    ),
    (&["line", "statements", "statement"], "lines"),
    (&["branch"], "branches"),
    (&["diff", "change", "patch", "new", "changes"], "changed"),
    (&["paths", "path", "file", "patterns"], "files"),
];

/// What is meant by a gate that swath does not know.
pub(super) fn of_gate_key(key: &str) -> Option<String> {
    synonym(&OF_GATES, key).or_else(|| {
        let is_pattern = key.contains(['/', '*', '.']);
        let text = || format!("a pattern of paths goes under `[gates.files]`: `\"{key}\" = 80`");
        is_pattern.then(text)
    })
}

fn synonym(table: &[(&[&str], &str)], key: &str) -> Option<String> {
    let key = key.to_ascii_lowercase();
    let (_, known) = table.iter().find(|(others, _)| others.contains(&&*key))?;
    Some(format!("the key is `{known}`"))
}

fn of_coverage_py(key: &str) -> Option<String> {
    let name = key.replace('-', "_");
    let option = OPTIONS.iter().find(|option| option.name == name)?;
    let (section, name) = (option.section, option.name);
    Some(format!(
        "`{name}` is coverage.py's: it goes under `[tool.coverage.{section}]` in pyproject.toml, or `[{section}]` in \
         .coveragerc"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_expect_is_answered() {
        for (key, expected) in [
            ("env", "the key is `environment`"),
            ("working_dir", "the key is `cwd`"),
            ("branch", "`[tool.coverage.run]`"),
        ] {
            let hint = of_service_key(key).unwrap();
            assert!(hint.contains(expected), "{key}: {hint}");
        }
        for (key, expected) in [
            ("source", "`[tool.coverage.run]`"),
            ("fail-under", "`[tool.coverage.report]`"),
            ("html", "`swath run --html DIR`"),
            ("require_complete", "`swath run --require-complete`"),
            ("command", "the key is `test`"),
            ("ready", "`[services.NAME]`"),
        ] {
            let hint = of_top_key(key).unwrap();
            assert!(hint.contains(expected), "{key}: {hint}");
        }
        assert_eq!(of_service_key("reday"), None);
        for (key, expected) in [
            ("fail_under", "the key is `total`"),
            ("src/*", "`[gates.files]`"),
        ] {
            let hint = of_gate_key(key).unwrap();
            assert!(hint.contains(expected), "{key}: {hint}");
        }
    }
}
