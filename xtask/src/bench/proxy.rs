//! What the Docker API proxy costs: the time of large transfers through it, against the engine's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use swath_test::{base_image, image_python, temp_dir};

use super::section;
use crate::cargo::build_swath;

/// The part of the engine's own throughput that must be reached.
const MUST: f64 = 0.9;
const TEXT: &str = "\
## Docker API proxy

Throughput through the proxy of `swath run` against the engine's own, by `cargo xtask bench proxy`: the two in
turn, round by round, by the clock; each figure is the median of the rounds' ratios (more is better).
";

#[derive(Args)]
pub(super) struct Options {
    /// How many times each transfer is made, with and without the proxy in turn
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// What the part that runs under swath is told.
#[derive(Args)]
pub(super) struct Inside {
    container: String,
    results: PathBuf,
    rounds: u32,
}

/// Seconds with and without the proxy, by transfer.
type Times = BTreeMap<String, Vec<(f64, f64)>>;

/// `docker` with these words, for each transfer.
fn transfers(container: &str) -> [(&'static str, Vec<String>); 3] {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let file = format!("{container}:/big");
    [
        (
            "`docker cp` of 200 MB out of a container",
            words(&["cp", &file, "-"]),
        ),
        ("`docker logs` of 100 MB", words(&["logs", container])),
        ("200 calls of `docker ps`", words(&["ps", "--quiet"])),
    ]
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let python = image_python().context("no CPython that an image can be made of")?;
    let image = base_image(python, "bench proxy").context("no image can be made")?;
    let container = format!("swath-bench-{}", std::process::id());
    let fill = "import sys\nopen('/big', 'wb').write(bytes(range(256)) * 781250)\nsys.stdout.write(('x' * 99 + '\\n') * 1000000)";
    let result = measure(
        &swath,
        &container,
        &["python", "-c", fill],
        &image,
        options.rounds,
    );
    let _ = docker(&["rm", "-f", &container]);
    let times = result?;
    let section = render(&times);
    println!("{section}");
    section::put("proxy", &section)?;
    println!("docs/benchmarks.md is written");
    Ok(ExitCode::SUCCESS)
}

fn measure(
    swath: &Path,
    container: &str,
    fill: &[&str],
    image: &str,
    rounds: u32,
) -> Result<Times> {
    println!("bench: filling a container");
    docker(&[&["run", "--name", container, image], fill].concat())?;
    let folder = temp_dir();
    let results = folder.path().join("times.json");
    println!("bench: {rounds} rounds");
    // Nothing there is measured, which swath reports as a failure of its own.
    Command::new(swath)
        .args(["run", "--"])
        .arg(std::env::current_exe()?)
        .args(["bench", "proxy-inside", container])
        .arg(&results)
        .arg(rounds.to_string())
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status()?;
    let text = fs_err::read_to_string(&results).context("the transfers failed")?;
    Ok(serde_json::from_str(&text)?)
}

fn docker(arguments: &[&str]) -> Result<()> {
    let status = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "`docker {}` failed", arguments.join(" "));
    Ok(())
}

/// Runs under swath: `DOCKER_HOST` names the proxy.
pub(super) fn inside(options: &Inside) -> Result<ExitCode> {
    let mut times = Times::new();
    for round in 0..options.rounds {
        for (name, words) in transfers(&options.container) {
            let repeats = if words[0] == "ps" { 200 } else { 1 };
            let mut pair = [0.0; 2];
            // Each comes first in every other round.
            for index in [round % 2, 1 - round % 2] {
                let proxied = index == 0;
                pair[index as usize] = transfer(&words, proxied, repeats)?;
            }
            times
                .entry(name.to_owned())
                .or_default()
                .push((pair[0], pair[1]));
        }
    }
    fs_err::write(&options.results, serde_json::to_string(&times)?)?;
    Ok(ExitCode::SUCCESS)
}

fn transfer(words: &[String], proxied: bool, repeats: u32) -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..repeats {
        let mut command = Command::new("docker");
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if !proxied {
            command.env_remove("DOCKER_HOST");
        }
        ensure!(
            command.status()?.success(),
            "`docker {}` failed",
            words.join(" ")
        );
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn render(times: &Times) -> String {
    let mut text =
        format!("{TEXT}\n| transfer | throughput | must | | rounds |\n|---|---|---|---|---|\n");
    for (name, pairs) in times.iter().rev() {
        let mut ratios: Vec<f64> = pairs
            .iter()
            .map(|(proxied, plain)| plain / proxied)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        // Small requests are there to be seen: what must be kept up is the flow of large ones.
        let (must, verdict) = match ratio {
            _ if name.contains("docker ps") => ("–".to_owned(), ""),
            ratio if ratio >= MUST => (format!("{MUST:.2}"), "must met "),
            _ => (format!("{MUST:.2}"), "**not met** "),
        };
        let _ = writeln!(
            text,
            "| {name} | {ratio:.2} | {must} | {verdict}| {} |",
            pairs.len()
        );
    }
    text
}
