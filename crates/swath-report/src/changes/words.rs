//! What the change left untested, in words: the same in every report.

use swath_coverage::{ChangeReport, FileChange, Numbers, Untested, UntestedPart};
use swath_model::neutralize_control;

use crate::text::plural;

/// `line 7`, `lines 7 to 9`.
pub(super) fn span(part: &UntestedPart) -> String {
    if part.first == part.last {
        format!("line {}", part.first)
    } else {
        format!("lines {} to {}", part.first, part.last)
    }
}

/// What is missing of a part, as a sentence without a full stop.
pub(super) fn sentence(file: &FileChange, part: &UntestedPart) -> String {
    format!("{} {}", span(part), predicate(file, part))
}

/// The sentence behind the name of the lines.
pub(super) fn predicate(file: &FileChange, part: &UntestedPart) -> String {
    match &part.what {
        Untested::NotRun => "did not run".to_owned(),
        Untested::NotMeasured => "changed after the data was recorded".to_owned(),
        Untested::Exits(exits) => {
            let branches = file.file.branches.as_deref();
            let ways = exits.iter().filter_map(|&exit| {
                let branches = branches?;
                Some(branches.describe(part.first, exit))
            });
            let ways: Vec<String> = ways.collect();
            format!("ran, but did not {}", ways.join(" or "))
        }
    }
}

/// `5 of 7 changed lines and 3 of 4 branches`.
pub(crate) fn shares(numbers: &Numbers, line: &str) -> String {
    let lines = format!(
        "{} of {}",
        numbers.executed(),
        plural(numbers.statements, line)
    );
    if numbers.branches == 0 {
        return lines;
    }
    let branches = match numbers.branches {
        1 => "1 branch".to_owned(),
        count => format!("{count} branches"),
    };
    format!("{lines} and {} of {branches}", numbers.executed_branches())
}

/// What is said in place of numbers where no file has any.
pub(super) fn nothing(report: &ChangeReport) -> &'static str {
    if report.not_judged() > 0 {
        "No changed line can be judged."
    } else {
        "No changed line of a measured file can run."
    }
}

/// What a reader has to know besides the numbers, a line each; nothing of it can steer a terminal.
pub fn remarks(report: &ChangeReport) -> Vec<String> {
    let mut remarks = Vec::new();
    if report.unmeasured > 0 {
        let changed = plural(report.unmeasured, "line");
        let count = if report.unmeasured == 1 {
            "counts"
        } else {
            "count"
        };
        remarks.push(format!(
            "{changed} changed after the data was recorded and {count} as missed: measure again"
        ));
    }
    for path in &report.newer {
        remarks.push(format!(
            "{path}: newer than the data, which does not say which text ran; its lines are taken for those that ran"
        ));
    }
    for file in &report.left_out {
        remarks.push(format!("{}: {}", file.path, file.reason));
    }
    let remarks = remarks.iter();
    remarks.map(|remark| neutralize_control(remark)).collect()
}
