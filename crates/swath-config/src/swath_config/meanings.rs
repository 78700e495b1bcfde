//! What is meant by a key that swath does not know: what it is called here, or where it belongs.

use super::keys::{COMPOSE, GATES, SERVICE, TOP, Table};
use crate::options::{OPTIONS, SECTIONS};

/// Options of the command line that have no key.
const OPTIONS_ONLY: [(&str, &str); 8] = [
    ("no-docker", "--no-docker"),
    ("no-build", "--no-build"),
    ("keep-up", "--keep-up"),
    ("compose-command", "--compose-command COMMAND"),
    ("inject", "--inject HOW"),
    ("rcfile", "--rcfile FILE"),
    ("python", "--python PYTHON"),
    ("append", "--append"),
];

/// What is meant by a key of `table` that swath does not know; `is_table` says whether a table stands there.
pub(super) fn meaning(table: &'static Table, key: &str, is_table: bool) -> Option<String> {
    if is_table && let Some(text) = of_section(key) {
        return Some(text);
    }
    table
        .synonym(key)
        .map(|known| format!("the key is `{}`", known.name))
        .or_else(|| of_gate_pattern(table, key))
        .or_else(|| of_command_line(key))
        .or_else(|| of_coverage_py(key))
        .or_else(|| of_other_table(table, key))
}

/// `[run]`, `[html]` and so on: coverage.py's sections.
pub(super) fn of_section(key: &str) -> Option<String> {
    let is_section = SECTIONS.contains(&key) || key == "paths" || key == "coverage";
    is_section.then(|| {
        let section = if key == "coverage" { "run" } else { key };
        format!(
            "`[{key}]` is coverage.py's: it is `[tool.coverage.{section}]` in pyproject.toml, or `[{section}]` in \
             .coveragerc"
        )
    })
}

fn of_command_line(key: &str) -> Option<String> {
    let name = key.replace('_', "-");
    let (_, option) = OPTIONS_ONLY.iter().find(|(known, _)| *known == name)?;
    Some(format!(
        "`{key}` is an option of the command line: `swath run {option}`"
    ))
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

/// A pattern of paths among the gates.
fn of_gate_pattern(table: &'static Table, key: &str) -> Option<String> {
    let is_pattern = std::ptr::eq(table, &raw const GATES) && key.contains(['/', '*', '.']);
    is_pattern.then(|| format!("a pattern of paths goes under `[gates.files]`: `\"{key}\" = 80`"))
}

fn of_other_table(table: &'static Table, key: &str) -> Option<String> {
    let others = [
        (
            &TOP,
            "it stands at the top of the file, before the first `[…]`",
        ),
        (&SERVICE, "it belongs to a service: `[services.NAME]`"),
        (&COMPOSE, "it belongs to a Compose project: `[compose]`"),
    ];
    let mut others = others
        .into_iter()
        .filter(|(other, _)| !std::ptr::eq(*other, table));
    others.find_map(|(other, place)| {
        let known = other.key(key).or_else(|| other.synonym(key))?;
        Some(format!("the key is `{}`, and {place}", known.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_expect_is_answered() {
        for (table, key, is_table, expected) in [
            (&SERVICE, "env", false, "the key is `environment`"),
            (&SERVICE, "working_dir", false, "the key is `cwd`"),
            (
                &SERVICE,
                "ready_timeout",
                false,
                "the key is `ready-timeout`",
            ),
            (&SERVICE, "branch", false, "`[tool.coverage.run]`"),
            (&SERVICE, "html", false, "at the top of the file"),
            (&TOP, "source", false, "`[tool.coverage.run]`"),
            (&TOP, "fail-under", false, "`[tool.coverage.report]`"),
            (&TOP, "run", true, "`[tool.coverage.run]`"),
            (&TOP, "run", false, "the key is `test`"),
            (&TOP, "paths", true, "`[paths]` in .coveragerc"),
            (&TOP, "rcfile", false, "`swath run --rcfile FILE`"),
            (
                &TOP,
                "require_complete",
                false,
                "the key is `require-complete`",
            ),
            (&TOP, "command", false, "the key is `test`"),
            (&TOP, "ready", false, "`[services.NAME]`"),
            (&TOP, "test-service", false, "`[compose]`"),
            (&COMPOSE, "profiles", false, "the key is `profile`"),
            (&COMPOSE, "keep_up", false, "`swath run --keep-up`"),
        ] {
            let hint = meaning(table, key, is_table).unwrap_or_default();
            assert!(hint.contains(expected), "{key}: {hint}");
        }
        assert_eq!(meaning(&SERVICE, "reday", false), None);
    }
}
