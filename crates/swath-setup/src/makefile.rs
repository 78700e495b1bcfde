//! Targets of a makefile that run system tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::Project;

/// Names of targets that run system tests, the likeliest first; `-` is as good as `_`.
const TARGETS: [&str; 16] = [
    "test_system",
    "system_test",
    "system_tests",
    "systemtest",
    "systemtests",
    "tests_system",
    "test_e2e",
    "e2e",
    "e2e_test",
    "e2e_tests",
    "test_acceptance",
    "acceptance",
    "test_functional",
    "test_integration",
    "integration_test",
    "integration_tests",
];

/// What brings a system up.
const STARTERS: [&str; 9] = [
    "docker compose",
    "docker-compose",
    "docker run",
    "podman",
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "runserver",
    "flask run",
];

/// A target that runs system tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestTarget {
    pub(crate) name: String,
    /// It starts what it tests.
    pub(crate) brings_up: bool,
}

/// No more text comes of variables that name each other.
const LONGEST: usize = 1 << 18;

#[derive(Debug, Default)]
struct Rule {
    prerequisites: Vec<String>,
    recipe: String,
}

/// The target of the project's makefile, if it has one.
pub(crate) fn test_target(project: &Project) -> Option<TestTarget> {
    let (_, text) = project.first_of(&["GNUmakefile", "makefile", "Makefile"])?;
    let (rules, variables) = parse(&text);
    let name = TARGETS.iter().find_map(|wanted| {
        let mut names = rules.keys();
        names.find(|name| as_target(name) == *wanted)
    })?;
    let text = all_of(name, &rules, &variables, project);
    Some(TestTarget {
        name: name.clone(),
        brings_up: starts_something(&text),
    })
}

/// A name as [`TARGETS`] has it.
fn as_target(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// Whether what runs system tests is called so.
pub(crate) fn is_target_of_system_tests(name: &str) -> bool {
    TARGETS.contains(&as_target(name).as_str())
}

/// Whether commands bring a system up.
pub(crate) fn starts_something(commands: &str) -> bool {
    STARTERS.iter().any(|starter| commands.contains(starter))
}

fn parse(text: &str) -> (BTreeMap<String, Rule>, BTreeMap<String, String>) {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut variables = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    for line in logical_lines(text) {
        if let Some(command) = line.strip_prefix('\t') {
            for name in &open {
                let rule = rules.entry(name.clone()).or_default();
                rule.recipe.push_str(command);
                rule.recipe.push('\n');
            }
            continue;
        }
        let line = line.split('#').next().unwrap_or_default();
        if line.trim().is_empty() {
            continue;
        }
        open.clear();
        let assigned = line.find('=');
        let colon = line.find(':');
        match (colon, assigned) {
            (Some(colon), None) => {
                let (names, prerequisites) = line.split_at(colon);
                for name in names
                    .split_whitespace()
                    .filter(|name| !name.starts_with('.'))
                {
                    let rule = rules.entry(name.to_owned()).or_default();
                    let more = prerequisites.trim_start_matches(':').split_whitespace();
                    rule.prerequisites.extend(more.map(str::to_owned));
                    open.push(name.to_owned());
                }
            }
            (_, Some(assigned)) => {
                let (name, value) = line.split_at(assigned);
                let name = name.trim_end_matches([':', '?', '+', ' ']).trim();
                variables.insert(
                    name.to_owned(),
                    value.trim_start_matches('=').trim().to_owned(),
                );
            }
            (None, None) => {}
        }
    }
    (rules, variables)
}

/// The lines, with those that end with a backslash joined to the next one.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = if open.is_empty() {
            line
        } else {
            line.trim_start()
        };
        match line.strip_suffix('\\') {
            Some(start) => {
                open.push_str(start.trim_end());
                open.push(' ');
            }
            None => lines.push(std::mem::take(&mut open) + line),
        }
    }
    if !open.is_empty() {
        lines.push(open);
    }
    lines
}

/// The text with each `$(NAME)` and `${NAME}` of a variable replaced, up to a length.
fn expanded(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while out.len() < LONGEST {
        let Some(at) = rest.find('$') else {
            break;
        };
        let (before, variable) = rest.split_at(at);
        let close = match variable.as_bytes().get(1) {
            Some(b'(') => ')',
            _ => '}',
        };
        let name = variable[1..]
            .strip_prefix(['(', '{'])
            .and_then(|inside| inside.split_once(close));
        let value = name.and_then(|(name, after)| Some((variables.get(name)?, after)));
        out.push_str(before);
        rest = if let Some((value, after)) = value {
            out.push_str(value);
            after
        } else {
            out.push('$');
            &variable[1..]
        };
    }
    out.push_str(rest);
    out
}

/// What a target runs, with its prerequisites, the variables that it names and the scripts that it calls.
fn all_of(
    name: &str,
    rules: &BTreeMap<String, Rule>,
    variables: &BTreeMap<String, String>,
    project: &Project,
) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some(rule) = rules.get(&name) {
            text.push_str(&rule.recipe);
            open.extend(rule.prerequisites.iter().cloned());
        }
    }
    // Variables may name others.
    for _ in 0..3 {
        text = expanded(&text, variables);
    }
    let scripts: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_start_matches("./"))
        .filter(|word| {
            std::path::Path::new(word)
                .extension()
                .is_some_and(|end| end == "sh")
        })
        .filter_map(|word| project.read(word))
        .collect();
    text.push_str(&scripts.join("\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<(String, bool)> {
        let folder = tempfile::tempdir().unwrap();
        swath_test::write_file(folder.path().join("Makefile"), text);
        swath_test::write_file(folder.path().join("run.sh"), "gunicorn app &\n");
        let found = test_target(&Project::new(folder.path()))?;
        Some((found.name, found.brings_up))
    }

    #[test]
    fn targets_are_found_and_what_they_start() {
        for (text, expected) in [
            (
                "test-system:\n\tpytest tests/system\n",
                Some(("test-system", false)),
            ),
            (
                "e2e: up\n\tpytest\nup:\n\tdocker compose up -d\n",
                Some(("e2e", true)),
            ),
            (
                "C ?= docker-compose\nUP = $(C) up\nsystem_tests: X = 1\nsystem_tests:\n\t$(UP)\n",
                Some(("system_tests", true)),
            ),
            ("test_system:\n\t./run.sh\n", Some(("test_system", true))),
            (
                "e2e: \\\n  up\n\tpytest\nup:\n\tdocker \\\n\t  compose up -d\n",
                Some(("e2e", true)),
            ),
            ("test:\n\tpytest\n.PHONY: e2e\n", None),
            ("test_system = 1\n", None),
        ] {
            let expected = expected.map(|(name, up)| (name.to_owned(), up));
            assert_eq!(target(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_that_name_each_other_end() {
        let variables = (1..=60).map(|number| {
            let previous = format!("$(V{})", number - 1).repeat(20);
            format!("V{number} = {previous}\n")
        });
        let mut text = "V0 = gunicorn\n".to_owned() + &variables.collect::<Vec<_>>().concat();
        text.push_str("LOOP = $(LOOP)$(LOOP)${LOOP}\ntest_system:\n\t$(V60) $(LOOP) $$ $(\n");
        let found = target(&text);
        assert_eq!(found.map(|(name, _)| name).as_deref(), Some("test_system"));
        let variables = [("A".to_owned(), "x".repeat(1000))].into();
        let long = expanded(&"$(A)".repeat(10_000), &variables);
        assert!(long.len() < 2 * LONGEST, "{}", long.len());
        assert_eq!(expanded("a $(B) ${A", &variables), "a $(B) ${A");
    }
}
