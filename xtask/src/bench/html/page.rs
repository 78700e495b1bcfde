//! The section of `docs/benchmarks.md` about the HTML report.

use super::super::cost::Cost;
use super::super::median::median;
use super::{Beside, Results};

const HEAD: &str = "\
## The HTML report

CPU time (user and system) of `swath html` beside that of coverage.py's `coverage html`, and what the largest pages
take in a browser, by `cargo xtask bench html`, which wrote this section; do not edit. Both run in turn, round by
round, on 1,400 sources of the standard library of which three of four stretches ran; the factor is the median of the
rounds' factors. The data files are written by coverage.py. Memory is the largest that a round took, less the largest
page.

| | measured | must | aim | |
|---|---|---|---|---|
";

/// Times less CPU time, MiB above the largest page, milliseconds of a load and of a key.
const MUST_FACTOR: f64 = 60.0;
const AIM_FACTOR: f64 = 80.0;
const MOST_MEMORY: f64 = 64.0;
const SLOWEST_LOAD: f64 = 3000.0;
const SLOWEST_KEY: f64 = 200.0;

/// The section.
pub(super) fn render(results: &Results) -> String {
    let mut rows = Vec::new();
    for (title, beside) in [("lines", &results.lines), ("branches", &results.branches)] {
        if let Some(beside) = beside {
            rows.extend(of_both(title, beside));
        }
    }
    if let Some(contexts) = &results.contexts {
        rows.push(format!(
            "| one page of 1,000 lines with 2,000 contexts | {} kB ({} kB without), {:.2} s | – | – | |\n",
            contexts.bytes / 1000,
            contexts.bytes_without / 1000,
            contexts.cost.seconds
        ));
    }
    if let Some(large) = &results.large {
        rows.push(memory_row(
            "a file of 50,000 lines",
            &[large.lines_cost],
            large.largest.0,
        ));
        rows.push(memory_row(
            "20,000 files",
            &[large.files_cost],
            large.largest.1,
        ));
        for (title, value, limit) in [
            (
                "a page of 50,000 lines, loaded",
                large.file_load,
                SLOWEST_LOAD,
            ),
            (
                "there, the key to the next hole",
                large.next_hole,
                SLOWEST_KEY,
            ),
            (
                "the index of 20,000 files, loaded",
                large.index_load,
                SLOWEST_LOAD,
            ),
            ("their list, loaded", large.list_load, SLOWEST_LOAD),
            (
                "there, the slowest key in the filter",
                large.filter_key,
                SLOWEST_KEY,
            ),
        ] {
            rows.push(format!(
                "| {title} | {value:.0} ms | {limit:.0} ms | – | {} |\n",
                verdict(value <= limit, None)
            ));
        }
    }
    HEAD.to_owned() + &rows.concat()
}

fn of_both(title: &str, beside: &Beside) -> Vec<String> {
    let pairs = beside.theirs.iter().zip(&beside.ours);
    let factors = pairs.map(|(theirs, ours)| theirs.seconds / ours.seconds);
    let factor = median(factors).unwrap_or(f64::NAN);
    let seconds =
        |costs: &[Cost]| median(costs.iter().map(|cost| cost.seconds)).unwrap_or(f64::NAN);
    let (theirs, ours) = (seconds(&beside.theirs), seconds(&beside.ours));
    let verdict = verdict(factor >= MUST_FACTOR, Some(factor >= AIM_FACTOR));
    vec![
        format!(
            "| {title}: times less CPU time ({} rounds) | {factor:.0} ({theirs:.1} s, {ours:.2} s) | {MUST_FACTOR} | {AIM_FACTOR} | {verdict} |\n",
            beside.ours.len()
        ),
        memory_row(title, &beside.ours, beside.largest),
    ]
}

fn memory_row(title: &str, costs: &[Cost], largest: f64) -> String {
    let most = costs.iter().map(|cost| cost.memory).fold(0.0, f64::max);
    let above = most - largest;
    format!(
        "| {title}: memory above the largest page | {above:.0} MiB ({largest:.1} MiB) | {MOST_MEMORY} MiB | – | {} |\n",
        verdict(above <= MOST_MEMORY, None)
    )
}

fn verdict(is_must: bool, is_aim: Option<bool>) -> &'static str {
    match (is_must, is_aim) {
        (false, _) => "**not met**",
        (true, Some(true)) => "aim met",
        (true, _) => "must met",
    }
}
