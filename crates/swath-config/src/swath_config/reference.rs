//! The reference of the settings, as Markdown.

use std::fmt::Write as _;

use super::keys::{COMPOSE, ENDPOINTS, GATES, Key, Kind, SERVICE, TOP, Table};

/// The page of all keys, made from their definitions.
#[must_use]
pub fn settings_reference() -> String {
    let mut page = String::from(
        "<!-- Made by `cargo xtask gen` from swath-config's table of keys. -->\n\n# Settings\n\n\
         `swath run` looks for `swath.toml`, or for `[tool.swath]` in `pyproject.toml`, in the current folder and in \
         each folder above it, up to the top of the checkout. Where a folder has both, `swath.toml` is used and the \
         other is named. Paths are relative to the file. What is measured (`source`, `branch`, `omit` …) is not set \
         here but where coverage.py reads it: `[tool.coverage.run]` in `pyproject.toml`, or `.coveragerc`.\n\n\
         `swath init` writes a first `swath.toml`; `swath schema` prints the JSON schema of the file, which is \
         [swath.schema.json](swath.schema.json) here. An editor that knows `taplo` uses it after a first line \
         `#:schema ./swath.schema.json`.\n",
    );
    for table in [&TOP, &SERVICE, &COMPOSE, &GATES, &ENDPOINTS] {
        describe(&mut page, table);
    }
    page.push_str(EXAMPLE);
    page
}

fn describe(page: &mut String, table: &Table) {
    let _ = write!(
        page,
        "\n## {}\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
        table.heading, table.meaning
    );
    for key in table.keys {
        let required = table.required == Some(key.name);
        let default = if required { "required" } else { key.default };
        let _ = writeln!(
            page,
            "| `{}` | {} | {default} | {} For example `{}`. |",
            key.name,
            value(key),
            key.meaning.replace('|', "\\|"),
            key.example.replace('|', "\\|")
        );
    }
}

fn value(key: &Key) -> String {
    let text = match key.kind {
        Kind::Command => "a command line",
        Kind::Path => "a path",
        Kind::Paths => "a path, or a list of paths",
        Kind::Text => "a string",
        Kind::Texts => "a string, or a list of strings",
        Kind::Duration => "a duration: `500ms`, `60s`, `2m`",
        Kind::Signal => "the name of a signal",
        Kind::Ready => "a readiness check",
        Kind::Boolean => "`true` or `false`",
        Kind::Choice(words) => {
            let words = words.iter().map(|word| format!("`\"{word}\"`"));
            return words.collect::<Vec<_>>().join(", ");
        }
        Kind::Variables => "a table of strings",
        Kind::ReadyByName => "a table of readiness checks",
        Kind::Tables(_) => "tables, by name",
        Kind::PathsOrTable(_) => "a path, a list of paths, or a table",
        Kind::One(_) => "a table",
        Kind::Percentage => "a percentage",
        Kind::Percentages => "a table of percentages",
    };
    text.to_owned()
}

const EXAMPLE: &str = r#"
## An example

```toml
test = "pytest tests/system"
html = "htmlcov"
require-complete = true

[services.web]
command = "gunicorn --workers=2 --bind=127.0.0.1:8000 'shop:create_app()'"
ready = "http://127.0.0.1:8000/health"
environment = { DATABASE_URL = "sqlite:///test.db" }

[services.worker]
command = "celery --app=shop.tasks worker"
ready = "log:ready\\."
```
"#;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::SwathConfig;

    #[test]
    fn the_example_is_understood() {
        let text = EXAMPLE.split("```").nth(1).unwrap();
        let text = text.strip_prefix("toml").unwrap();
        let config = SwathConfig::parse(text, Path::new("swath.toml"), &[]).unwrap();
        assert_eq!(config.services.len(), 2);
        assert!(config.require_complete);
    }
}
