//! `cargo xtask bench html`: the report beside `coverage html` in CPU time, its memory, and how
//! fast its largest pages are in a browser.

mod browsing;
mod page;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use swath_test::{Venv, coverage_requirements, newest_python, python, target_dir, temp_dir, venv};
use tempfile::TempDir;

use super::cost::{Cost, measure};
use super::section;
use crate::cargo::build_swath;

const GENERATOR: &str = include_str!("html/generator.py");
/// So many sources are reported beside coverage.py.
const SOURCES: &str = "1400";

/// What `cargo xtask bench html` is told.
#[derive(Args)]
pub(super) struct Options {
    /// Only this part; may be given several times
    #[arg(long = "part", value_name = "NAME")]
    parts: Vec<Part>,
    /// How many times each is measured, in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// A part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Lines,
    Branches,
    Contexts,
    Large,
}

/// Costs of both tools, a pair a round, and the size of swath's largest page in MiB.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Beside {
    theirs: Vec<Cost>,
    ours: Vec<Cost>,
    largest: f64,
}

/// One page of many contexts.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Contexts {
    bytes: u64,
    /// Without the contexts.
    bytes_without: u64,
    cost: Cost,
}

/// Large pages in a browser; times are medians in milliseconds, but for the filter: its slowest key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Large {
    file_load: f64,
    next_hole: f64,
    index_load: f64,
    list_load: f64,
    filter_key: f64,
    lines_cost: Cost,
    files_cost: Cost,
    /// The largest pages of both reports, in MiB.
    largest: (f64, f64),
}

/// Everything measured so far, so that the section can be made part by part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Results {
    lines: Option<Beside>,
    branches: Option<Beside>,
    contexts: Option<Contexts>,
    large: Option<Large>,
}

/// What the parts measure with.
struct Bench {
    swath: PathBuf,
    venv: Venv,
    rounds: u32,
}

/// `cargo xtask bench html`.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    // Its library is large, and the rules of 3.13 hold for coverage.py's own data.
    let python = python(3, 13).or_else(newest_python);
    let python = python.context("no CPython from 3.8 found")?;
    let bench = Bench {
        swath: match &options.swath {
            Some(path) => fs_err::canonicalize(path)?,
            None => build_swath(true)?,
        },
        venv: venv(python, &coverage_requirements()).context("coverage.py cannot be installed")?,
        rounds: options.rounds,
    };
    let chosen = |part| options.parts.is_empty() || options.parts.contains(&part);
    let store = target_dir().join("bench/html.json");
    let mut results: Results = match fs_err::read_to_string(&store) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => Results::default(),
    };
    if chosen(Part::Lines) {
        results.lines = Some(bench.beside(&[])?);
    }
    if chosen(Part::Branches) {
        results.branches = Some(bench.beside(&["branch"])?);
    }
    if chosen(Part::Contexts) {
        results.contexts = Some(bench.contexts()?);
    }
    if chosen(Part::Large) {
        results.large = bench.large()?;
    }
    fs_err::create_dir_all(target_dir().join("bench"))?;
    fs_err::write(&store, serde_json::to_string(&results)?)?;
    let text = page::render(&results);
    println!("{text}");
    section::put("html", &text)?;
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    /// A folder with sources and a data file that coverage.py's library wrote.
    fn recorded(&self, words: &[&str]) -> Result<TempDir> {
        let folder = temp_dir();
        let script = folder.path().join("generator.py");
        fs_err::write(&script, GENERATOR)?;
        let mut generate = Command::new(self.venv.python());
        generate
            .current_dir(folder.path())
            .args(["-W", "ignore"])
            .arg(&script)
            .args(words);
        ensure!(
            generate.status()?.success(),
            "{words:?}: nothing was recorded"
        );
        Ok(folder)
    }

    /// Both tools in turn, each into a folder of its own.
    fn beside(&self, more: &[&str]) -> Result<Beside> {
        let folder = self.recorded(&[&["library", SOURCES], more].concat())?;
        let coverage = self.venv.bin("coverage");
        let mut beside = Beside {
            theirs: Vec::new(),
            ours: Vec::new(),
            largest: 0.0,
        };
        for round in 0..self.rounds {
            for (name, program) in [("coverage", &coverage), ("swath", &self.swath)] {
                let target = folder.path().join(format!("{name}-{round}"));
                let cost = self.html(program, folder.path(), &target, &[])?;
                println!(
                    "bench: {name} html, {:.2} s, {:.0} MiB",
                    cost.seconds, cost.memory
                );
                if name == "swath" {
                    beside.ours.push(cost);
                    beside.largest = largest_page(&target)?;
                } else {
                    beside.theirs.push(cost);
                }
            }
        }
        Ok(beside)
    }

    fn html(&self, program: &Path, folder: &Path, target: &Path, more: &[&str]) -> Result<Cost> {
        let target_name = target.display().to_string();
        let words = ["html", "-i", "-q", "-d", &target_name];
        let words: Vec<String> = (words.iter().chain(more))
            .map(|&word| word.into())
            .collect();
        let cost = measure(&self.venv.python(), program, &words, folder)?;
        ensure!(
            target.join("index.html").exists(),
            "{} wrote no report",
            program.display()
        );
        Ok(cost)
    }

    fn contexts(&self) -> Result<Contexts> {
        let folder = self.recorded(&["contexts", "2000", "1000"])?;
        let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
        let cost = self.html(&self.swath, folder.path(), &with, &["--show-contexts"])?;
        self.html(&self.swath, folder.path(), &without, &[])?;
        Ok(Contexts {
            bytes: page_of(&with, "large-py")?.1,
            bytes_without: page_of(&without, "large-py")?.1,
            cost,
        })
    }

    /// `None` where there is no browser.
    fn large(&self) -> Result<Option<Large>> {
        let [lines, files] = [["made", "100", "50000"], ["made", "20000", "90"]];
        let (lines, files) = (self.recorded(&lines)?, self.recorded(&files)?);
        let [of_lines, of_files] = [&lines, &files].map(|folder| folder.path().join("pages"));
        let lines_cost = self.html(&self.swath, lines.path(), &of_lines, &[])?;
        let files_cost = self.html(&self.swath, files.path(), &of_files, &[])?;
        let file = page_of(&of_lines, "large-py")?.0;
        let list = mebibytes(fs_err::metadata(of_files.join("files.html"))?.len());
        let largest = (largest_page(&of_lines)?, list);
        let browsed = browsing::browse(&of_files, &file, self.rounds);
        Ok(browsed.map(|browsed| Large {
            file_load: browsed.file_load,
            next_hole: browsed.next_hole,
            index_load: browsed.index_load,
            list_load: browsed.list_load,
            filter_key: browsed.filter_key,
            lines_cost,
            files_cost,
            largest,
        }))
    }
}

/// The page of a file, by the start of its name, and its size.
fn page_of(report: &Path, start: &str) -> Result<(PathBuf, u64)> {
    for entry in fs_err::read_dir(report.join("f"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(start) {
            return Ok((entry.path(), entry.metadata()?.len()));
        }
    }
    anyhow::bail!("the report has no page {start}")
}

/// The size of the largest page, in MiB.
fn largest_page(report: &Path) -> Result<f64> {
    let mut largest = 0;
    for entry in fs_err::read_dir(report.join("f"))? {
        largest = largest.max(entry?.metadata()?.len());
    }
    Ok(mebibytes(largest))
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
