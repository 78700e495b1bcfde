//! Why a line is partial, in words.

use std::ops::RangeInclusive;

use swath_coverage::{Branches, FileReport};

use super::lines::function_of;

/// A way out of a line that was never taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// The line that it leads to; `None` if it leaves the function or module.
    pub(super) target: Option<u32>,
    /// Where it leads to in words, if that is no line.
    pub(super) leaves: String,
    /// What never happened, as far as the statement tells.
    pub(super) cause: &'static str,
}

/// The reasons of one line, whose text is given.
pub(super) fn reasons(file: &FileReport, line: u32, text: &str) -> Vec<Reason> {
    let Some(branches) = &file.branches else {
        return Vec::new();
    };
    let exits = branches.missing_exits.get(&line);
    let exits = exits.map_or(&[][..], Vec::as_slice);
    let reason = |&exit: &i32| {
        let target = u32::try_from(exit).ok().filter(|&target| target > 0);
        let leaves = match (target, function_of(&file.regions.functions, line)) {
            (Some(_), _) => String::new(),
            (None, Some(function)) => format!("the end of {}", function.name),
            (None, None) => "the end".to_owned(),
        };
        Reason {
            target,
            leaves,
            cause: cause(branches, line, exit, text),
        }
    };
    exits.iter().map(reason).collect()
}

fn cause(branches: &Branches, line: u32, exit: i32, text: &str) -> &'static str {
    let text = text.trim_start();
    let text = text.strip_prefix("async ").unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_alphabetic());
    let keyword = &text[..end.unwrap_or(text.len())];
    let into_suite = first_in_suite(branches, line) == Some(exit);
    match (keyword, into_suite) {
        ("if" | "elif" | "while", true) => "the condition was never true",
        ("if" | "elif" | "while", false) => "the condition was never false",
        ("for", true) => "the loop never began",
        ("for", false) => "the loop never came to its end",
        ("case", true) => "the pattern never matched",
        ("case", false) => "the pattern always matched",
        _ => "",
    }
}

/// A suite follows its header, so the nearest line below is where it begins.
fn first_in_suite(branches: &Branches, line: u32) -> Option<i32> {
    let from = i32::try_from(line).ok()?;
    let all: RangeInclusive<(i32, i32)> = (from, from + 1)..=(from, i32::MAX);
    branches.possible.range(all).next().map(|arc| arc.1)
}

#[cfg(test)]
mod tests {
    use swath_analysis::{ExclusionRules, PythonVersion, analyze};

    use super::*;

    fn check(source: &str, arcs: &[(i32, i32)], line: u32, expected: &[(Option<u32>, &str, &str)]) {
        let version = PythonVersion::new(3, 12);
        let analysis = analyze(source.as_bytes(), version, &ExclusionRules::default());
        let lines = arcs.iter().filter_map(|arc| u32::try_from(arc.0).ok());
        let file = FileReport::new(analysis, lines, Some(arcs.iter().copied()));
        let text = source.lines().nth(line as usize - 1).unwrap();
        let found = reasons(&file, line, text);
        let found: Vec<_> = found
            .iter()
            .map(|reason| (reason.target, reason.leaves.as_str(), reason.cause))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn conditions_loops_and_ends_are_told_apart() {
        let source =
            "def f(a):\n    if a:\n        return 1\n    for b in a:\n        print(b)\nf(0)\n";
        let arcs = [(-1, 2), (2, 4), (4, 5), (5, 4)];
        check(
            source,
            &arcs,
            2,
            &[(Some(3), "", "the condition was never true")],
        );
        check(
            source,
            &arcs,
            4,
            &[(None, "the end of f", "the loop never came to its end")],
        );
        check(
            source,
            &[(2, 3)],
            2,
            &[(Some(4), "", "the condition was never false")],
        );
    }
}
