//! `docs/benchmarks.md`: ratios of CPU time, with what must and what should be reached.

use std::collections::BTreeMap;

use anyhow::Result;
use swath_test::workspace_root;

use super::median::median;
use super::tool::Tool;
use super::{Results, Samples, Workload};

const HEAD: &str = "\
# Benchmarks

CPU time against the same program without coverage, by `cargo xtask bench overhead`, which wrote this page; do
not edit. The tools are measured in turn, round by round; each figure is the median of the rounds' ratios; the
last column says of how many (three at most of a tool that takes 20 times as long). Start-up is the median of
the differences, in milliseconds.

- The web service is `examples/xy`, two workers with four threads each: CPU time of the service for a batch of
  requests, mostly reading, after a batch that warms it up.
- The richards- and deltablue-style loops, the json/dict program and the cold functions (3,000 functions of nine
  lines, each called once) run in a process of their own; the tool's start and end are not counted. Cold functions
  are read from their source, as in a fresh container; the row below it shows them from byte code.
- Forks are the CPU time of a process and of 2,000 children that run one function and end by `os._exit`.
- Start-up is the CPU time of a process that does nothing, until it ends its program.
";

/// What swath has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    /// A ratio that must be reached and one that is aimed at.
    Ratio(f64, Option<f64>),
    /// What it adds must be below this part of what coverage.py's C tracer adds.
    PartOfOverhead(f64),
    /// None: the figure is there to be seen.
    Open,
    /// Milliseconds that must be reached and those aimed at.
    Milliseconds(f64, f64),
}

fn limit(version: (u8, u8), workload: Workload) -> Limit {
    let (new, middle) = (version >= (3, 12), version >= (3, 10));
    match workload {
        Workload::Web if new => Limit::Ratio(1.05, Some(1.02)),
        Workload::Web if middle => Limit::Ratio(1.35, Some(1.10)),
        Workload::Web => Limit::Ratio(1.8, None),
        Workload::Cold if new => Limit::Ratio(1.20, Some(1.10)),
        Workload::Cold if middle => Limit::Ratio(1.20, None),
        Workload::Cold => Limit::Ratio(1.25, None),
        Workload::Cached => Limit::Open,
        Workload::Forks => Limit::Ratio(1.5, None),
        Workload::StartUp => Limit::Milliseconds(10.0, 5.0),
        _ if new => Limit::Ratio(1.10, Some(1.03)),
        _ if middle => Limit::Ratio(2.5, Some(1.5)),
        _ => Limit::PartOfOverhead(0.5),
    }
}

fn branch_limit(version: (u8, u8), workload: Workload) -> Limit {
    match workload {
        Workload::Web if version >= (3, 12) => Limit::Ratio(1.08, None),
        Workload::Cold | Workload::Cached | Workload::Forks | Workload::StartUp => Limit::Open,
        _ if version >= (3, 12) => Limit::Ratio(1.30, Some(1.15)),
        _ => Limit::PartOfOverhead(0.5),
    }
}

/// Writes the page; rows that were not measured again stay as they are.
pub(super) fn write(results: &Results) -> Result<()> {
    let path = workspace_root().join("docs/benchmarks.md");
    let old = fs_err::read_to_string(&path).unwrap_or_default();
    fs_err::create_dir_all(path.parent().expect("the page is in a folder"))?;
    fs_err::write(
        path,
        render_page(results, &old) + &super::section::kept(&old),
    )?;
    Ok(())
}

/// The rows of a table by the Python, whether they are of branches, and the workload's title.
type Rows = BTreeMap<((u8, u8), bool, String), String>;

fn render_page(results: &Results, old: &str) -> String {
    let mut rows = rows_of(old);
    for (version, workloads) in results {
        for (workload, samples) in workloads {
            for tools in [&Tool::LINES[..], &Tool::BRANCHES] {
                let own = tools.iter().find(|tool| tool.is_swath());
                if let Some(own) = own.filter(|tool| samples.contains_key(tool)) {
                    let key = (*version, own.branch(), workload.title().to_owned());
                    rows.insert(key, row(*version, *workload, samples, tools));
                }
            }
        }
    }
    let mut versions: Vec<(u8, u8)> = rows.keys().map(|(version, ..)| *version).collect();
    versions.dedup();
    let mut page = String::from(HEAD);
    for version in versions.into_iter().rev() {
        page += &["\n## Python ", &version_text(version), "\n"].concat();
        for tools in [&Tool::LINES[..], &Tool::BRANCHES] {
            page += &table(version, &rows, tools);
        }
    }
    page
}

/// The rows that a page has.
fn rows_of(page: &str) -> Rows {
    let mut rows = Rows::new();
    let mut version = None;
    let mut of_branches = false;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            version = title.strip_prefix("Python ").and_then(|text| {
                let (major, minor) = text.split_once('.')?;
                Some((major.parse().ok()?, minor.parse().ok()?))
            });
        } else if line.starts_with("| workload |") {
            of_branches = line.contains(Tool::SwathBranch.title());
        } else if let (Some(version), Some(cells)) = (version, line.strip_prefix("| "))
            && let Some((title, _)) = cells.split_once(" |")
        {
            let key = (version, of_branches, title.to_owned());
            rows.insert(key, [line, "\n"].concat());
        }
    }
    rows
}

fn table(version: (u8, u8), rows: &Rows, tools: &[Tool]) -> String {
    let of_branches = tools.iter().any(|tool| tool.is_swath() && tool.branch());
    let rows: String = Workload::ALL
        .iter()
        .filter_map(|workload| {
            let key = (version, of_branches, workload.title().to_owned());
            rows.get(&key).map(String::as_str)
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let mut head = String::from("\n| workload |");
    for tool in tools {
        head += &[" ", tool.title(), " |"].concat();
    }
    head += " must | aim | | rounds |\n|---|";
    head += &"---|".repeat(tools.len() + 4);
    head + "\n" + &rows
}

fn version_text((major, minor): (u8, u8)) -> String {
    format!("{major}.{minor}")
}

fn row(version: (u8, u8), workload: Workload, samples: &Samples, tools: &[Tool]) -> String {
    let is_start = workload == Workload::StartUp;
    let show = |value: f64| {
        if is_start {
            format!("{value:.1} ms")
        } else {
            format!("{value:.2}")
        }
    };
    let mut cells = vec![workload.title().to_owned()];
    for tool in tools {
        cells.push(cost(samples, *tool, is_start).map_or_else(|| "–".to_owned(), show));
    }
    let own = tools.iter().copied().find(|tool| tool.is_swath());
    let own = own.unwrap_or(Tool::Swath);
    let (c_tracer, limit) = if own.branch() {
        (Tool::CTracerBranch, branch_limit(version, workload))
    } else {
        (Tool::CTracer, limit(version, workload))
    };
    let c_tracer = cost(samples, c_tracer, is_start);
    let (must, aim) = match limit {
        Limit::Ratio(must, aim) => (Some(must), aim),
        Limit::Milliseconds(must, aim) => (Some(must), Some(aim)),
        Limit::Open => (None, None),
        Limit::PartOfOverhead(part) => (c_tracer.map(|ratio| 1.0 + (ratio - 1.0) * part), None),
    };
    let text = |limit: Option<f64>| limit.map_or_else(|| "–".to_owned(), show);
    cells.push(text(must));
    cells.push(text(aim));
    cells.push(verdict(cost(samples, own, is_start), must, aim).to_owned());
    cells.push(samples.get(&own).map_or(0, Vec::len).to_string());
    ["| ", &cells.join(" | "), " |\n"].concat()
}

fn verdict(cost: Option<f64>, must: Option<f64>, aim: Option<f64>) -> &'static str {
    match (cost, must, aim) {
        (Some(cost), _, Some(aim)) if cost <= aim => "aim met",
        (Some(cost), Some(must), _) if cost <= must => "must met",
        (Some(_), Some(_), _) => "**not met**",
        (Some(_), None, _) => "",
        (None, ..) => "not measured",
    }
}

/// The median ratio to no coverage, or for the start the median difference in milliseconds.
fn cost(samples: &Samples, tool: Tool, is_start: bool) -> Option<f64> {
    let (base, own) = (samples.get(&Tool::Nothing)?, samples.get(&tool)?);
    let pairs = base.iter().zip(own);
    if is_start {
        median(pairs.map(|(base, own)| (own - base) * 1000.0))
    } else {
        median(pairs.map(|(base, own)| own / base))
    }
}

/// One line for the terminal.
pub(super) fn summary(samples: &Samples) -> String {
    let base = samples
        .get(&Tool::Nothing)
        .cloned()
        .and_then(median)
        .unwrap_or(f64::NAN);
    let ratios: Vec<String> = samples
        .keys()
        .filter_map(|tool| {
            Some(format!(
                "{} {:.3}",
                tool.title(),
                cost(samples, *tool, false)?
            ))
        })
        .collect();
    format!("{base:.3} s; {}", ratios.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(swath: f64) -> Samples {
        Samples::from([
            (Tool::Nothing, vec![1.0, 1.0, 2.0]),
            (Tool::CTracer, vec![4.0, 4.0, 8.0]),
            (Tool::Swath, vec![swath, swath, 2.0 * swath]),
            (Tool::CTracerBranch, vec![5.0, 5.0, 10.0]),
            (Tool::SwathBranch, vec![1.2, 1.2, 2.4]),
        ])
    }

    #[test]
    fn medians_are_of_ratios() {
        assert_eq!(cost(&samples(1.5), Tool::CTracer, false), Some(4.0));
    }

    #[test]
    fn a_row_says_what_is_met() {
        let row = |version, workload, swath| row(version, workload, &samples(swath), &Tool::LINES);
        let text = row((3, 12), Workload::Web, 1.04);
        assert_eq!(
            text,
            "| Flask app under gunicorn, per request | 4.00 | – | – | 1.04 | 1.05 | 1.02 | must met | 3 |\n"
        );
        assert!(row((3, 12), Workload::Web, 1.06).contains("**not met**"));
        assert!(row((3, 9), Workload::Documents, 1.9).contains("| 2.50 | – | must met |"));
        assert!(
            row((3, 13), Workload::StartUp, 1.004)
                .contains("| 4.0 ms | 10.0 ms | 5.0 ms | aim met |")
        );
    }

    #[test]
    fn branches_have_limits_of_their_own() {
        let row = |version| row(version, Workload::Scheduler, &samples(9.0), &Tool::BRANCHES);
        assert!(row((3, 13)).contains("| 5.00 | 1.20 | 1.30 | 1.15 | must met | 3 |"));
        assert!(row((3, 9)).contains("| 5.00 | 1.20 | 3.00 | – | must met | 3 |"));
    }

    #[test]
    fn rows_that_are_not_measured_again_stay() {
        let results = |version, workload, swath| {
            Results::from([(version, BTreeMap::from([(workload, samples(swath))]))])
        };
        let first = render_page(&results((3, 9), Workload::Web, 1.5), "");
        let page = render_page(&results((3, 13), Workload::Cold, 1.1), &first);
        let page = render_page(&results((3, 9), Workload::StartUp, 1.0), &page);
        let both = render_page(&results((3, 9), Workload::Web, 1.5), &page);
        assert_eq!(page, both);
        let rows: Vec<&str> = page.lines().filter(|line| line.ends_with("3 |")).collect();
        let titles = [Workload::Cold, Workload::Web, Workload::StartUp].map(Workload::title);
        let [cold, web, start] = titles;
        let begins: Vec<bool> = [cold, cold, web, start, web, start]
            .iter()
            .zip(&rows)
            .map(|(title, row)| row.contains(title))
            .collect();
        assert_eq!(begins, [true; 6], "{page}");
    }
}
