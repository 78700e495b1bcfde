//! `cargo xtask screenshots`: pictures of the HTML report of the example, for the README.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use swath_test::{Example, newest_python, temp_dir, workspace_root};

use crate::cargo::build_swath;

/// A picture: its name, a part of the page's name, the window, and whether the system is dark.
const PICTURES: [(&str, &str, &str, bool); 5] = [
    ("index-light", "index", "1100,860", false),
    ("source-light", "xy-geometry-py", "1100,1500", false),
    ("source-dark", "xy-geometry-py", "1100,1500", true),
    ("source-narrow", "xy-geometry-py", "500,1500", false),
    ("endpoints-light", "endpoints.html", "1100,700", false),
];

/// What `cargo xtask screenshots` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Use this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// Measures the example, writes its report and takes the pictures into `docs/images`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(false)?,
    };
    let python = newest_python().context("no CPython from 3.8 found")?;
    let example = Example::copy(python).context("the example's packages cannot be installed")?;
    // The tests' own code is of no interest here; what was measured is written in any case.
    example
        .command(&swath)
        .args(["run", "--branch", "--attribution"])
        .stdout(Stdio::null())
        .status()?;
    let report = example.folder().join("pages");
    let status = example
        .command(&swath)
        .args(["html", "--title=xy", "--directory"])
        .arg(&report)
        .status()?;
    ensure!(status.success(), "swath html failed");
    let images = workspace_root().join("docs/images");
    fs_err::create_dir_all(&images)?;
    for (name, page, window, dark) in PICTURES {
        let page = find(&report, page)?;
        let image = images.join(format!("{name}.png"));
        take(&report.join(page), &image, window, dark)?;
        println!("{} is written", image.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The page whose name has this part.
fn find(report: &Path, part: &str) -> Result<String> {
    let names = fs_err::read_to_string(report.join("swath-pages.txt"))?;
    let found = names.lines().find(|name| name.contains(part));
    found
        .map(str::to_owned)
        .with_context(|| format!("the report has no page {part}"))
}

fn take(page: &Path, image: &Path, window: &str, dark: bool) -> Result<()> {
    let profile = temp_dir();
    let mut command = Command::new("chromium");
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--hide-scrollbars", "--force-device-scale-factor=1"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={window}"))
        .arg(format!("--screenshot={}", image.display()));
    if dark {
        command.arg("--force-dark-mode");
    }
    command.arg(format!("file://{}", page.display()));
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !status
        .context("chromium is not installed: apt-get install chromium")?
        .success()
    {
        bail!("chromium took no picture of {}", page.display());
    }
    Ok(())
}
