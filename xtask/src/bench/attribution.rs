//! `cargo xtask bench attribution`: what it costs a web service to record for which test it runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use clap::Args;
use swath_test::{Python, pythons};

use super::median::median;
use super::section;
use super::tool::Tool;
use super::web::Server;
use crate::cargo::build_swath;

/// What `cargo xtask bench attribution` is told.
#[derive(Args)]
pub(super) struct Options {
    /// Only this Python, such as 3.12; may be given several times
    #[arg(long = "python", value_name = "VERSION", default_values = ["3.13", "3.12", "3.11"])]
    pythons: Vec<String>,
    /// How many times each is measured, in turn
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// Whose the requests are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tests {
    /// No test's.
    None,
    /// Five tests', in turn.
    Few,
    /// A test's of its own each.
    Each,
}

impl Tests {
    const ALL: [Self; 3] = [Self::None, Self::Few, Self::Each];

    fn title(self) -> &'static str {
        match self {
            Self::None => "of no test",
            Self::Few => "of five tests in turn",
            Self::Each => "each of a new test",
        }
    }

    /// What each kind of recording may cost, lines and then branches, on 3.12 and newer.
    fn musts(self) -> [f64; 2] {
        match self {
            Self::None | Self::Few => [1.05, 1.05],
            Self::Each => [1.20, 1.30],
        }
    }
}

/// What is compared with no coverage.
const COMPARED: [(Tool, &str); 3] = [
    (Tool::CTracer, "coverage.py, C tracer, `dynamic_context`"),
    (Tool::Swath, "swath"),
    (Tool::SwathBranch, "swath, branches"),
];

/// Measures, and writes the section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let mut text = String::from(
        "## For which test\n\n\
         CPU time per request of `examples/xy`, two workers with four threads each, against the same without \
         coverage, by `cargo xtask bench attribution`, which wrote this section; do not edit. swath runs with \
         `--attribution`, coverage.py with the setting that is closest: it looks for functions of tests, and knows \
         no requests. All are measured in turn; each figure is the median of the rounds' ratios.\n",
    );
    for python in pythons() {
        if options.pythons.contains(&python.tag()) {
            text += &measure(python, &swath, options.rounds)?;
        }
    }
    section::put("attribution", &text)?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

fn measure(python: &Python, swath: &Path, rounds: u32) -> Result<String> {
    println!("bench: attribution, Python {}", python.tag());
    let mut servers = Vec::new();
    for tool in [Tool::Nothing]
        .into_iter()
        .chain(COMPARED.map(|(tool, _)| tool))
    {
        servers.push(Server::start(tool, python, swath, true)?);
    }
    let mut rows = String::new();
    let next = AtomicU32::new(0);
    // By whose requests they are, by tool, by round.
    let mut samples = [const { Vec::new() }; 3];
    for round in 0..=rounds {
        for (tests, samples) in Tests::ALL.into_iter().zip(&mut samples) {
            let name = |number: u32| match tests {
                Tests::None => None,
                Tests::Few => Some(format!("tests/test_few.py::test_{}", number % 5)),
                Tests::Each => {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    Some(format!("tests/test_each.py::test_{number}"))
                }
            };
            let seconds: Vec<f64> = servers
                .iter()
                .map(|server| server.sample(&name))
                .collect::<Result<_>>()?;
            // The first round warms up.
            if round > 0 {
                samples.push(seconds);
            }
        }
    }
    for server in &mut servers {
        server.stop();
    }
    for (tests, samples) in Tests::ALL.into_iter().zip(&samples) {
        let mut row = format!("| {} |", tests.title());
        let mut verdicts = Vec::new();
        for (index, (tool, _)) in COMPARED.into_iter().enumerate() {
            let ratios: Vec<f64> = samples
                .iter()
                .filter_map(|seconds| Some(seconds.get(index + 1)? / seconds.first()?))
                .collect();
            let ratio = median(ratios).context("nothing was measured")?;
            write!(row, " {ratio:.2} |")?;
            let [lines, branches] = tests.musts();
            let must = if tool.branch() { branches } else { lines };
            if tool.is_swath() {
                let has_must = python.version >= (3, 12);
                if has_must {
                    write!(row, " {must:.2} |")?;
                    verdicts.push(ratio <= must);
                } else {
                    row += " – |";
                }
            }
        }
        let verdict = match verdicts.iter().all(|is_met| *is_met) {
            _ if verdicts.is_empty() => "",
            true => "must met",
            false => "**must not met**",
        };
        writeln!(row, " {verdict} | {} |", samples.len())?;
        print!("  {row}");
        rows += &row;
    }
    Ok(format!(
        "\n### Python {}\n\n\
         | requests | {} | {} | must | {} | must | | rounds |\n|---|---|---|---|---|---|---|---|\n{rows}",
        python.tag(),
        COMPARED[0].1,
        COMPARED[1].1,
        COMPARED[2].1,
    ))
}
