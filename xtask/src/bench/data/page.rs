//! The section of `docs/benchmarks.md` about data files and reports.

use super::super::cost::Cost;
use super::super::median::median;
use super::{Case, Measured, Results};

const HEAD: &str = "\
## Data files and reports

CPU time (user and system) and the largest memory beside coverage.py 7.17.3, by `cargo xtask bench data`, which wrote
this section; do not edit. Both run in turn, round by round, on the same files; a figure is the median of the rounds,
the factor the median of the rounds' factors. The data files are written by coverage.py in the shape of a large
service's; the reports are on the standard library of CPython 3.13 with pip and some of its tests, about 1,400 files.

| case | coverage.py | | swath | | times less | must | aim | memory at most | | rounds |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// The section.
pub(super) fn render(results: &Results) -> String {
    let rows = results.iter().map(|(case, measured)| row(*case, measured));
    HEAD.to_owned() + &rows.collect::<String>()
}

/// One line for the terminal.
pub(super) fn summary(case: Case, measured: &Measured) -> String {
    let [theirs, ours] = [&measured.theirs, &measured.ours].map(|costs| {
        let seconds = median_cost(costs, |cost| cost.seconds).unwrap_or(f64::NAN);
        let memory = median_cost(costs, |cost| cost.memory).unwrap_or(f64::NAN);
        format!("{seconds:.3} s, {memory:.0} MiB")
    });
    let factor = factor(measured).unwrap_or(f64::NAN);
    let verdict = verdict(case, measured);
    format!("coverage.py {theirs}; swath {ours}; {factor:.1} times less; {verdict}")
}

fn row(case: Case, measured: &Measured) -> String {
    let limits = case.limits();
    let text = |value: Option<f64>, digits: usize, unit: &str| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}{unit}"))
    };
    let ours = &measured.ours;
    let cells = [
        case.title().to_owned(),
        text(median_cost(&measured.theirs, |cost| cost.seconds), 2, " s"),
        text(median_cost(&measured.theirs, |cost| cost.memory), 0, " MiB"),
        text(median_cost(ours, |cost| cost.seconds), 3, " s"),
        text(median_cost(ours, |cost| cost.memory), 0, " MiB"),
        text(factor(measured), 0, ""),
        text(limits.must, 0, ""),
        text(limits.aim, 0, ""),
        text(limits.memory, 0, " MiB"),
        verdict(case, measured).to_owned(),
        ours.len().to_string(),
    ];
    ["| ", &cells.join(" | "), " |\n"].concat()
}

/// How many times less CPU time swath takes.
fn factor(measured: &Measured) -> Option<f64> {
    let pairs = measured.theirs.iter().zip(&measured.ours);
    median(pairs.map(|(theirs, ours)| theirs.seconds / ours.seconds))
}

fn verdict(case: Case, measured: &Measured) -> &'static str {
    let limits = case.limits();
    let memory = median_cost(&measured.ours, |cost| cost.memory);
    let reaches = |limit: Option<f64>| match (factor(measured), limit) {
        (Some(factor), Some(limit)) => factor >= limit,
        _ => true,
    };
    let is_small = match (memory, limits.memory) {
        (Some(memory), Some(limit)) => memory <= limit,
        _ => true,
    };
    match (reaches(limits.must) && is_small, limits.aim) {
        (false, _) => "**not met**",
        (true, Some(_)) if reaches(limits.aim) => "aim met",
        (true, _) => "must met",
    }
}

fn median_cost(costs: &[Cost], figure: impl Fn(&Cost) -> f64) -> Option<f64> {
    median(costs.iter().map(figure))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(theirs: f64, ours: f64, memory: f64) -> Measured {
        let cost = |seconds, memory| Cost { seconds, memory };
        Measured {
            theirs: vec![cost(theirs, 90.0); 3],
            ours: vec![cost(ours, memory); 3],
        }
    }

    #[test]
    fn a_row_says_what_is_met() {
        let verdict = |ours, memory| verdict(Case::CombineArcs, &measured(30.0, ours, memory));
        assert_eq!(verdict(1.0, 40.0), "aim met");
        assert_eq!(verdict(1.2, 40.0), "must met");
        assert_eq!(verdict(2.0, 40.0), "**not met**");
        assert_eq!(verdict(1.0, 80.0), "**not met**");
        let row = row(Case::Small, &measured(0.5, 0.01, 9.4));
        assert_eq!(
            row,
            "| `report`, project of 50 files | 0.50 s | 90 MiB | 0.010 s | 9 MiB | 50 | 20 | – | – | must met | 3 |\n"
        );
    }
}
