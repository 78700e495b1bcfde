//! `cargo xtask bench fleet`: what shipping what a pod recorded costs, and gathering many pods.

use std::mem::offset_of;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use swath_store::layout::RawHeader;
use swath_test::newest_python;

use super::section;
use crate::cargo::build_swath;

const FLEET: &str = include_str!("fleet.py");
/// CPU seconds that gathering may take, for each 10,000 pods.
const SECONDS: f64 = 60.0;
/// The memory that it may take, in MiB, however many there are.
const MEMORY: f64 = 512.0;

/// What `cargo xtask bench fleet` is told.
#[derive(Args)]
pub(super) struct Options {
    /// How many pods there are
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pods: u32,
    /// Measure this swath in place of building one
    #[arg(long, value_name = "FILE")]
    swath: Option<PathBuf>,
}

/// What the fleet cost. Sizes are in bytes, times in CPU seconds, memory in MiB.
#[derive(Deserialize)]
struct Figures {
    /// A hit store.
    store_bytes: f64,
    /// Shipping one pod.
    shipped: f64,
    shipping_memory: f64,
    /// What the object store holds for each pod.
    stored: f64,
    /// The tasks of a Swarm's node, shipping all of them, and what the object store holds of them.
    tasks: f64,
    shipped_of_node: f64,
    memory_of_node: f64,
    stored_of_node: f64,
    /// Gathering all pods.
    gathered: f64,
    gathering_memory: f64,
}

/// Makes a fleet, ships it, gathers it, and writes the section of the page.
pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let swath = match &options.swath {
        Some(path) => fs_err::canonicalize(path)?,
        None => build_swath(true)?,
    };
    let python = newest_python().context("no CPython from 3.8 found")?;
    let id_at = offset_of!(RawHeader, id);
    let mut command = Command::new(&python.path);
    command.args(["-I", "-c", FLEET]).arg(swath);
    command.args([options.pods.to_string(), id_at.to_string()]);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the fleet was not measured: {}",
        said.trim()
    );
    let figures: Figures = serde_json::from_slice(&output.stdout)?;
    let text = render(options.pods, &python.tag(), &figures);
    println!("{text}");
    section::put("fleet", &text)?;
    Ok(ExitCode::SUCCESS)
}

fn render(pods: u32, python: &str, figures: &Figures) -> String {
    let verdict = |is_met: bool| if is_met { "aim met" } else { "**not met**" };
    let limit = SECONDS * f64::from(pods) / 10_000.0;
    format!(
        "\
## Fleets

Pods of 10 applications of 200 modules each, on Python {python}, with two workers each; what replicas ran differs in
five ways. Their hit stores were recorded by Python ({:.0} KiB each) and are shipped through a folder as the object
store, a process for each pod, and one for all tasks of a Swarm's node; by `cargo xtask bench fleet`, which wrote this
section; do not edit. CPU time is user and system.

| | of | CPU | memory | in the store | aim | |
|---|---|---|---|---|---|---|
| `swath ship --once` | one pod | {:.0} ms | {:.0} MiB | {:.1} KiB | – | |
| `swath ship --tasks --once` | one of a node's {:.0} tasks | {:.1} ms | {:.2} MiB | {:.1} KiB | – | |
| `swath gather` | {pods} pods | {:.1} s | {:.0} MiB | {:.0} MiB | {limit:.0} s | {} |
| its memory | | | {:.0} MiB | | {MEMORY:.0} MiB | {} |
",
        figures.store_bytes / 1024.0,
        figures.shipped * 1000.0,
        figures.shipping_memory,
        figures.stored / 1024.0,
        figures.tasks,
        figures.shipped_of_node * 1000.0 / figures.tasks,
        figures.memory_of_node / figures.tasks,
        figures.stored_of_node / 1024.0 / figures.tasks,
        figures.gathered,
        figures.gathering_memory,
        figures.stored * f64::from(pods) / 1024.0 / 1024.0,
        verdict(figures.gathered <= limit),
        figures.gathering_memory,
        verdict(figures.gathering_memory <= MEMORY),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_much_is_named() {
        let figures = Figures {
            store_bytes: 200.0 * 1024.0,
            shipped: 0.01,
            shipping_memory: 20.0,
            stored: 2048.0,
            tasks: 100.0,
            shipped_of_node: 0.2,
            memory_of_node: 25.0,
            stored_of_node: 102_400.0,
            gathered: 7.0,
            gathering_memory: 600.0,
        };
        let text = render(1_000, "3.13", &figures);
        let verdicts: Vec<bool> = text
            .lines()
            .filter(|line| line.contains("aim met") || line.contains("not met"))
            .map(|line| line.contains("aim met"))
            .collect();
        assert_eq!(verdicts, [false, false], "{text}");
        assert!(
            text.contains("| one pod | 10 ms | 20 MiB | 2.0 KiB |"),
            "{text}"
        );
        assert!(
            text.contains("| one of a node's 100 tasks | 2.0 ms | 0.25 MiB | 1.0 KiB |"),
            "{text}"
        );
    }
}
