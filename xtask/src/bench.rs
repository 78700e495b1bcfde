//! `cargo xtask bench`: what measuring costs, against no coverage and against other tools.

mod analysis;
mod attribution;
mod build;
mod cost;
mod data;
mod fleet;
mod html;
mod median;
mod page;
mod programs;
mod proxy;
mod questions;
mod section;
mod tool;
mod web;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use swath_test::{Python, pythons, target_dir};

use crate::cargo::build_swath;
use tool::Tool;

/// What `cargo xtask bench` is told.
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// CPU time of programs and of a web service, per tool; writes docs/benchmarks.md
    Overhead(OverheadOptions),
    /// CPU time, memory and browsing of the HTML report beside coverage.py's; writes docs/benchmarks.md
    Html(html::Options),
    /// CPU time of analysing a standard library beside coverage.py; writes docs/benchmarks.md
    Analysis(analysis::Options),
    /// CPU time of a web service that records for which test it runs; writes docs/benchmarks.md
    Attribution(attribution::Options),
    /// Throughput of the Docker API proxy; writes its section of docs/benchmarks.md
    Proxy(proxy::Options),
    /// The part of `proxy` that runs under swath
    #[command(hide = true)]
    ProxyInside(proxy::Inside),
    /// CPU time and memory of combining and reporting beside coverage.py; writes docs/benchmarks.md
    Data(data::Options),
    /// CPU time of questions about a change; writes docs/benchmarks.md
    Questions(questions::Options),
    /// CPU time, memory and room of shipping and gathering many pods; writes docs/benchmarks.md
    Fleet(fleet::Options),
    /// CPU time of the first build, beside an earlier revision's; writes docs/benchmarks.md
    Build(build::Options),
}

#[derive(Args)]
struct OverheadOptions {
    /// Only this Python, such as 3.12; may be given several times
    #[arg(long = "python", value_name = "VERSION")]
    pythons: Vec<String>,
    /// Only this workload; may be given several times
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<Workload>,
    /// How many times each tool is measured, in turn with the others
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Workload {
    Web,
    Scheduler,
    Constraints,
    Documents,
    Cold,
    Cached,
    Forks,
    StartUp,
}

impl Workload {
    const ALL: [Self; 8] = [
        Self::Web,
        Self::Scheduler,
        Self::Constraints,
        Self::Documents,
        Self::Cold,
        Self::Cached,
        Self::Forks,
        Self::StartUp,
    ];

    /// The name of its module and of its result file.
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Scheduler => "scheduler",
            Self::Constraints => "constraints",
            Self::Documents => "documents",
            Self::Cold => "cold",
            Self::Cached => "cached",
            Self::Forks => "forks",
            Self::StartUp => "nothing",
        }
    }

    /// What the page calls it.
    fn title(self) -> &'static str {
        match self {
            Self::Web => "Flask app under gunicorn, per request",
            Self::Scheduler => "richards-style loop",
            Self::Constraints => "deltablue-style loop",
            Self::Documents => "json/dict program",
            Self::Cold => "3,000 cold functions",
            Self::Cached => "the same, byte code cached",
            Self::Forks => "2,000 forks that end at once",
            Self::StartUp => "start-up",
        }
    }
}

/// CPU seconds of each tool, one value a round.
type Samples = BTreeMap<Tool, Vec<f64>>;

/// `cargo xtask bench`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    match &options.bench {
        Bench::Overhead(options) => measure_overhead(options),
        Bench::Html(options) => html::run(options),
        Bench::Analysis(options) => analysis::run(options),
        Bench::Proxy(options) => proxy::run(options),
        Bench::ProxyInside(options) => proxy::inside(options),
        Bench::Data(options) => data::run(options),
        Bench::Questions(options) => questions::run(options),
        Bench::Fleet(options) => fleet::run(options),
        Bench::Build(options) => build::run(options),
        Bench::Attribution(options) => attribution::run(options),
    }
}

fn measure_overhead(options: &OverheadOptions) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let chosen = |python: &&Python| {
        options.pythons.is_empty() || options.pythons.iter().any(|tag| *tag == python.tag())
    };
    for python in pythons().iter().filter(chosen) {
        for workload in Workload::ALL {
            if !options.workloads.is_empty() && !options.workloads.contains(&workload) {
                continue;
            }
            println!("bench: {} on {}", workload.title(), python.tag());
            let samples = if workload == Workload::Web {
                web::measure(python, &swath, options.rounds)
            } else {
                programs::measure(python, &swath, workload, options.rounds)
            };
            match samples {
                Ok(samples) => store(python, workload, &samples)?,
                Err(error) => println!(
                    "bench: {} on {} failed: {error:#}",
                    workload.title(),
                    python.tag()
                ),
            }
        }
    }
    page::write(&stored()?)?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

/// Everything measured so far: samples by Python and workload.
type Results = BTreeMap<(u8, u8), BTreeMap<Workload, Samples>>;

fn result_file(python: &Python, workload: Workload) -> PathBuf {
    target_dir()
        .join("bench")
        .join(format!("{}-{}.json", python.tag(), workload.name()))
}

fn store(python: &Python, workload: Workload, samples: &Samples) -> Result<()> {
    fs_err::create_dir_all(target_dir().join("bench"))?;
    fs_err::write(
        result_file(python, workload),
        serde_json::to_string(samples)?,
    )?;
    println!("  {}", page::summary(samples));
    Ok(())
}

/// What this run and earlier ones measured, so that the page can be made piece by piece.
fn stored() -> Result<Results> {
    let mut results = Results::new();
    for python in pythons() {
        for workload in Workload::ALL {
            let path = result_file(python, workload);
            if path.is_file() {
                let text = fs_err::read_to_string(&path)?;
                let samples = serde_json::from_str(&text)
                    .with_context(|| format!("{} is no result of this command", path.display()))?;
                results
                    .entry(python.version)
                    .or_default()
                    .insert(workload, samples);
            }
        }
    }
    Ok(results)
}
