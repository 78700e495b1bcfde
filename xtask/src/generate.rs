//! `cargo xtask gen`: files of the repository that are made from the program itself.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use swath_test::workspace_root;

/// What `cargo xtask gen` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Change nothing; fail when a file is out of date
    #[arg(long)]
    check: bool,
}

/// A generated file: its path and how its text is made.
type Page = (&'static str, fn() -> Result<String>);

const PAGES: [Page; 0] = [];

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
