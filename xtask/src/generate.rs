//! `cargo xtask gen`: files of the repository that are made from the program itself.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use swath_test::workspace_root;

use crate::schema_page;

/// What `cargo xtask gen` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing; fail when a file is out of date
    #[arg(long)]
    check: bool,
}

/// A generated file: its path and how its text is made.
type Page = (&'static str, fn() -> Result<String>);

const PAGES: [Page; 6] = [
    ("docs/messages.md", messages),
    ("docs/reference/command-line.md", command_line),
    ("docs/reference/accounting.md", accounting),
    ("docs/reference/accounting.schema.json", accounting_schema),
    ("docs/reference/settings.md", settings),
    ("docs/reference/swath.schema.json", schema),
];

/// `cargo xtask gen`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.check {
        check()?;
    } else {
        for (path, text) in PAGES {
            let target = workspace_root().join(path);
            if let Some(folder) = target.parent() {
                fs_err::create_dir_all(folder)?;
            }
            fs_err::write(target, text()?)?;
            println!("gen: {path}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when a generated file differs from what would be written.
pub(crate) fn check() -> Result<()> {
    let mut old = Vec::new();
    for (path, text) in PAGES {
        let here = fs_err::read_to_string(workspace_root().join(path)).unwrap_or_default();
        if here != text()? {
            old.push(path);
        }
    }
    if old.is_empty() {
        return Ok(());
    }
    bail!("out of date: {}; run `cargo xtask gen`", old.join(", "))
}

/// The command line, from the definitions that read it.
#[expect(clippy::unnecessary_wraps, reason = "pages may fail")]
fn command_line() -> Result<String> {
    Ok(swath::reference())
}

/// What `run --json` writes, from the types that write it.
fn accounting() -> Result<String> {
    let schema = swath_run::account_schema();
    let head =
        "<!-- Made by `cargo xtask gen` from the types in swath-run's `account/json.rs`. -->\n\n";
    Ok([head, &schema_page::render(schema.as_value())?].concat())
}

#[expect(clippy::unnecessary_wraps, reason = "pages may fail")]
fn accounting_schema() -> Result<String> {
    let schema = swath_run::account_schema();
    Ok(format!("{:#}\n", schema.as_value()))
}

/// The keys of swath.toml, from the table that the parser uses.
#[expect(clippy::unnecessary_wraps, reason = "pages may fail")]
fn settings() -> Result<String> {
    Ok(swath_config::settings_reference())
}

/// The same as a JSON schema.
#[expect(clippy::unnecessary_wraps, reason = "pages may fail")]
fn schema() -> Result<String> {
    Ok(swath_config::settings_schema())
}

/// The table of messages, from the one that `swath explain` uses.
#[expect(clippy::unnecessary_wraps, reason = "pages may fail")]
fn messages() -> Result<String> {
    let mut page = String::from(
        "<!-- Made by `cargo xtask gen` from swath-model's table of messages. -->\n\n# Messages\n\n\
         Every message of swath's own verbs carries a stable name in brackets: \
         `error[service-exited]: …`; `swath explain NAME` prints its cause, an example and the remedy. coverage.py's verbs \
         (`report`, `combine`, `erase`) speak coverage.py's words instead.\n",
    );
    for group in swath_model::MESSAGES {
        page.push_str("\n## ");
        page.push_str(group.title);
        page.push_str("\n\n| name | meaning | what to do |\n|---|---|---|\n");
        for entry in group.entries {
            let row = [
                "| `",
                entry.code,
                "` | ",
                entry.meaning,
                " | ",
                entry.remedy,
                " |\n",
            ];
            page.extend(row);
        }
        for entry in group.entries {
            page.extend(["\n```text\n", entry.example(), "\n```\n"]);
        }
    }
    Ok(page)
}
