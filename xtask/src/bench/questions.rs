//! `cargo xtask bench questions`: what a change left untested, and which tests it can affect, in CPU
//! time, beside coverage.py's XML report with diff-cover behind it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use swath_test::{Requirements, Venv, newest_python, target_dir, venv};

use super::cost::{self, Cost};
use super::median::median;
use super::section;
use crate::cargo::build_swath;

const GENERATOR: &str = include_str!("questions.py");
const FILES: &str = "1400";
/// CPU seconds that one question may take.
const AIM: f64 = 1.0;

/// What `cargo xtask bench questions` is told.
#[derive(Args)]
pub(super) struct Options {
    /// How many times each is measured, in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// A question, and the words of both for it.
struct Case {
    title: &'static str,
    ours: &'static [&'static str],
    /// diff-cover's, behind `coverage xml`; it does not answer all of them.
    theirs: Option<&'static [&'static str]>,
}

const CASES: [Case; 3] = [
    Case {
        title: "`diff` of a work tree in which all 1,400 files changed",
        ours: &["diff", "--since=main"],
        theirs: Some(&["--compare-branch=main"]),
    },
    Case {
        title: "`diff` with a patch of 200 of them",
        ours: &["diff", "--patch=two.patch"],
        theirs: Some(&["--diff-file=two.patch"]),
    },
    Case {
        title: "`affected` of that work tree, among 2,000 tests",
        ours: &["affected", "--since=main", "--data-file=tests.coverage"],
        theirs: None,
    },
];

/// What both cost, in one round.
struct Round {
    theirs: Option<Cost>,
    ours: Cost,
}

/// Measures the cases in turn, and writes their section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let python = newest_python().context("no CPython from 3.8 found")?;
    let packages = Requirements::new(["coverage==7.17.3", "diff-cover==11.0.1"]);
    let venv = venv(python, &packages).context("diff-cover cannot be installed")?;
    let folder = project(&venv)?;
    let mut rows = String::new();
    for case in &CASES {
        println!("bench: {}", case.title);
        let rounds: Vec<Round> = (0..options.rounds)
            .map(|_| measure(case, &venv, &swath, &folder))
            .collect::<Result<_>>()?;
        let row = row(case, &rounds);
        print!("  {row}");
        rows += &row;
    }
    section::put("questions", &render(&rows))?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

/// The project, made anew: it is a matter of seconds.
fn project(venv: &Venv) -> Result<PathBuf> {
    let folder = target_dir().join("bench/inputs/questions");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    let mut command = venv.command("python");
    let output = command
        .args(["-c", GENERATOR])
        .arg(&folder)
        .arg(FILES)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the project cannot be made: {}",
        said.trim()
    );
    let mut git = venv.command("/usr/bin/env");
    let words = [
        "git",
        "diff",
        "--unified=0",
        "feature",
        "--",
        "shop/part_0",
        "shop/part_1",
        "shop/part_2",
        "shop/part_3",
    ];
    let patch = git.current_dir(&folder).args(words).output()?;
    ensure!(patch.status.success(), "git gives no patch");
    fs_err::write(folder.join("two.patch"), patch.stdout)?;
    Ok(folder)
}

fn measure(case: &Case, venv: &Venv, swath: &Path, folder: &Path) -> Result<Round> {
    let python = venv.python();
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let theirs = case.theirs.map(|theirs| {
        let xml = words(&["xml", "-q"]);
        let xml = cost::measure(&python, &venv.bin("coverage"), &xml, folder)?;
        let diff_cover = words(&[&["coverage.xml", "-q"], theirs].concat());
        let diff_cover = cost::measure(&python, &venv.bin("diff-cover"), &diff_cover, folder)?;
        Ok::<_, anyhow::Error>(Cost {
            seconds: xml.seconds + diff_cover.seconds,
            memory: xml.memory.max(diff_cover.memory),
        })
    });
    Ok(Round {
        theirs: theirs.transpose()?,
        ours: cost::measure(&python, swath, &words(case.ours), folder)?,
    })
}

fn row(case: &Case, rounds: &[Round]) -> String {
    let middle = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure)).unwrap_or(f64::NAN);
    let theirs = median(
        rounds
            .iter()
            .filter_map(|round| Some(round.theirs?.seconds)),
    );
    let theirs = theirs.map_or("–".to_owned(), |seconds| format!("{seconds:.2} s"));
    let factor = rounds
        .iter()
        .filter_map(|round| Some(round.theirs?.seconds / round.ours.seconds));
    let factor = median(factor).map_or("–".to_owned(), |factor| format!("{factor:.0}"));
    let ours = middle(|round| round.ours.seconds);
    let memory = middle(|round| round.ours.memory);
    let verdict = if ours <= AIM {
        "aim met"
    } else {
        "**not met**"
    };
    format!(
        "| {} | {theirs} | {ours:.2} s | {memory:.0} MiB | {factor} | {AIM:.0} s | {verdict} | {} |\n",
        case.title,
        rounds.len()
    )
}

fn render(rows: &str) -> String {
    format!(
        "\
## Questions about a change

CPU time (user and system, git's included) of a question to recorded data, on a generated project of 1,400 files of
about 200 lines, with branches (`affected`: lines), by `cargo xtask bench questions`, which wrote this section; do not
edit. Beside it `coverage xml` and diff-cover 11.0.1, asked for lines without branches. Both in turn; a figure is the
median of the rounds.

| question | coverage.py and diff-cover | swath | memory | times less | aim | | rounds |
|---|---|---|---|---|---|---|---|
{rows}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_takes_too_long_is_named() {
        let cost = |seconds| Cost {
            seconds,
            memory: 30.0,
        };
        let round = |theirs, ours| Round {
            theirs: Some(cost(theirs)),
            ours: cost(ours),
        };
        let met = row(
            &CASES[0],
            &[round(20.0, 0.5), round(30.0, 0.5), round(10.0, 0.9)],
        );
        assert!(
            met.ends_with("| 20.00 s | 0.50 s | 30 MiB | 40 | 1 s | aim met | 3 |\n"),
            "{met}"
        );
        assert!(row(&CASES[0], &[round(20.0, 1.5)]).contains("**not met**"));
        let alone = Round {
            theirs: None,
            ours: cost(0.4),
        };
        let alone = row(&CASES[2], &[alone]);
        assert!(
            alone.contains("| – | 0.40 s | 30 MiB | – | 1 s | aim met |"),
            "{alone}"
        );
    }
}
