//! `cargo xtask bench data`: combining and reporting, beside coverage.py, in CPU time and memory.

mod input;
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use swath_test::{Requirements, Venv, newest_python, python, target_dir, venv};

use super::cost::{self, Cost};
use crate::cargo::build_swath;

/// What `cargo xtask bench data` is told.
#[derive(Args)]
pub(super) struct Options {
    /// Only this case; may be given several times
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<Case>,
    /// How many times each program is measured, in turn with the other
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// What is measured.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
enum Case {
    CombineLines,
    CombineUnlike,
    CombineArcs,
    CombineContexts,
    CombineLarge,
    Text,
    Xml,
    Json,
    Lcov,
    TextBranches,
    XmlBranches,
    JsonBranches,
    LcovBranches,
    JsonContexts,
    Small,
}

/// What a case must reach: how many times less CPU time than coverage.py, and memory in MiB.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    must: Option<f64>,
    aim: Option<f64>,
    memory: Option<f64>,
}

impl Case {
    /// What the page calls it.
    fn title(self) -> &'static str {
        match self {
            Self::CombineLines => "`combine`, 200 files × 1,050 sources, lines",
            Self::CombineUnlike => "the same, no set of lines twice",
            Self::CombineArcs => "the same with branches, 29 million arcs",
            Self::CombineContexts => "`combine`, 2,000 contexts in 4 files",
            Self::CombineLarge => "`combine`, 5,000 files × 1,050 sources",
            Self::Text => "`report`, standard library, lines",
            Self::Xml => "`xml`",
            Self::Json => "`json`",
            Self::Lcov => "`lcov`",
            Self::TextBranches => "`report`, standard library, branches",
            Self::XmlBranches => "`xml`, branches",
            Self::JsonBranches => "`json`, branches",
            Self::LcovBranches => "`lcov`, branches",
            Self::JsonContexts => "`json --show-contexts` of `asyncio`, 2,000 contexts",
            Self::Small => "`report`, project of 50 files",
        }
    }

    fn limits(self) -> Limits {
        let limits = |must: f64, aim: Option<f64>, memory| Limits {
            must: Some(must),
            aim,
            memory,
        };
        match self {
            Self::CombineLines | Self::CombineUnlike => limits(60.0, Some(120.0), Some(64.0)),
            Self::CombineArcs => limits(20.0, Some(30.0), Some(64.0)),
            Self::CombineContexts => limits(10.0, Some(20.0), Some(64.0)),
            Self::CombineLarge => limits(60.0, Some(130.0), Some(64.0)),
            Self::JsonContexts => Limits {
                memory: Some(128.0),
                ..Limits::default()
            },
            Self::Small => limits(20.0, None, None),
            _ => limits(30.0, Some(50.0), None),
        }
    }

    /// The verb and its options; `output` is a new folder for what it writes.
    fn words(self, input: &Path, output: &Path) -> Vec<String> {
        let words: &[&str] = match self {
            Self::CombineLines
            | Self::CombineUnlike
            | Self::CombineArcs
            | Self::CombineContexts
            | Self::CombineLarge => {
                let data_file = format!("--data-file={}", output.join(".coverage").display());
                let input = input.display().to_string();
                return ["combine", "--keep", "-q", &data_file, &input]
                    .map(str::to_owned)
                    .to_vec();
            }
            Self::Text | Self::TextBranches => &["report", "-i", "--show-missing"],
            Self::Small => &["report"],
            Self::Xml | Self::XmlBranches => &["xml", "-i", "-q", "-o"],
            Self::Json | Self::JsonBranches => &["json", "-i", "-q", "-o"],
            Self::Lcov | Self::LcovBranches => &["lcov", "-i", "-q", "-o"],
            // In this form a line's contexts are repeated for every function and class of its file, which
            // would fill the disk for the whole library.
            Self::JsonContexts => &[
                "json",
                "-i",
                "-q",
                "--show-contexts",
                "--include=*/asyncio/*",
                "-o",
            ],
        };
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if words.last().is_some_and(|last| last == "-o") {
            words.push(output.join("report").display().to_string());
        }
        words
    }
}

/// The costs of each program, one a round.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Measured {
    theirs: Vec<Cost>,
    ours: Vec<Cost>,
}

type Results = BTreeMap<Case, Measured>;

/// Measures the cases in turn, and writes their section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    // The rules of 3.13 hold for coverage.py's own data, whatever runs swath.
    let python = python(3, 13).or_else(newest_python);
    let python = python.context("no CPython from 3.8 found")?;
    let venv = venv(python, &Requirements::new(["coverage==7.17.3"]))
        .context("coverage.py cannot be installed")?;
    let results_file = target_dir().join("bench/data.json");
    let mut results: Results = match fs_err::read_to_string(&results_file) {
        Ok(text) => serde_json::from_str(&text)
            .with_context(|| format!("{} is no result", results_file.display()))?,
        Err(_) => Results::new(),
    };
    for &case in <Case as clap::ValueEnum>::value_variants() {
        if !options.cases.is_empty() && !options.cases.contains(&case) {
            continue;
        }
        println!("bench: {}", case.title());
        let measured = measure(case, &venv, &swath, options.rounds)?;
        println!("  {}", page::summary(case, &measured));
        results.insert(case, measured);
        fs_err::create_dir_all(target_dir().join("bench"))?;
        fs_err::write(&results_file, serde_json::to_string(&results)?)?;
    }
    super::section::put("data", &page::render(&results))?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

fn measure(case: Case, venv: &Venv, swath: &Path, rounds: u32) -> Result<Measured> {
    let input = input::of(case, venv)?;
    let mut measured = Measured::default();
    let coverage = venv.bin("coverage");
    for _ in 0..rounds {
        let output = swath_test::temp_dir();
        let words = case.words(&input, output.path());
        measured
            .theirs
            .push(cost::measure(&venv.python(), &coverage, &words, &input)?);
        let output = swath_test::temp_dir();
        let words = case.words(&input, output.path());
        measured
            .ours
            .push(cost::measure(&venv.python(), swath, &words, &input)?);
    }
    Ok(measured)
}
