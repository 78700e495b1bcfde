//! Whether the number of a report can be trusted: one answer for everything that shows it.

use swath_data::{Accounting, CoverageData, Derivation, ProcessRecord, RecordedFinding, RunRecord};
use swath_model::{Completeness, Finding, Gap, NoRoom, ProcessName, Verdict, count};

use crate::{Report, StaleFile};

/// What the files of a report leave out, and why.
pub fn file_findings(report: &Report) -> Vec<Finding> {
    let mut found: Vec<Finding> = report.stale.iter().map(stale).collect();
    if !report.unmapped.is_empty() {
        found.push(Finding::PathsUnmapped {
            paths: report.unmapped.clone(),
        });
    }
    if !report.unproved.is_empty() {
        found.push(Finding::SourceUnproved {
            paths: report.unproved.clone(),
        });
    }
    if let Some((_, reason)) = report.unreported.first() {
        found.push(Finding::PluginFilesLeftOut {
            files: report
                .unreported
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
            reason: reason.clone(),
        });
    }
    found.extend(report.warnings.iter().map(|warning| Finding::NotAnalyzed {
        slug: warning.slug,
        text: warning.text.clone(),
    }));
    found
}

fn stale(stale: &StaleFile) -> Finding {
    let short = |hash: String| hash.chars().take(8).collect::<String>();
    Finding::SourceChanged {
        file: stale.name.clone(),
        measured: stale
            .measured
            .iter()
            .map(|hash| short(hash.to_string()))
            .collect(),
        here: short(stale.here.to_string()),
        lines: stale.lines,
    }
}

/// That the data holds what swath did not record, where it does.
fn foreign_data(accounting: &Accounting) -> Option<Finding> {
    let foreign: Vec<u64> = accounting
        .runs
        .iter()
        .filter_map(swath_data::RunRecord::foreign_lines)
        .collect();
    (!foreign.is_empty()).then(|| Finding::ForeignData {
        files: foreign.len(),
        lines: foreign.iter().sum(),
    })
}

/// What a process that was not measured whole means for the number.
fn process_finding(process: &ProcessRecord) -> Finding {
    let name = ProcessName {
        pid: process.pid,
        command: process.command.clone(),
    };
    if process.state.is_measured() {
        return Finding::NoRoom {
            process: name,
            records: process.dropped,
            why: NoRoom::default(),
        };
    }
    Finding::AgentFailed {
        process: name,
        state: process.state.clone(),
        detail: None,
    }
}

/// The processes that were not measured whole, of runs that could not say so themselves.
fn unsaid_findings(accounting: &Accounting) -> Vec<Finding> {
    let is_unsaid = |process: &&ProcessRecord| {
        let run = accounting.runs.iter().find(|run| run.id == process.run);
        run.is_none_or(|run| run.completeness() == Completeness::Unknown)
    };
    let failed = accounting
        .processes
        .iter()
        .filter(|process| !process.state.is_measured() || process.dropped > 0);
    failed.filter(is_unsaid).map(process_finding).collect()
}

/// Everything that is known to limit the number of a report: what the runs found, what the files
/// leave out, and what comes from elsewhere.
pub fn findings(data: &CoverageData, report: &Report) -> Vec<RecordedFinding> {
    let runs = data.accounting.runs.iter();
    let recorded = runs.flat_map(swath_data::RunRecord::findings);
    let own = file_findings(report);
    let own = own.iter().map(RecordedFinding::from);
    let foreign = foreign_data(&data.accounting);
    let unsaid = unsaid_findings(&data.accounting);
    recorded
        .chain(unsaid.iter().map(RecordedFinding::from))
        .chain(own)
        .chain(foreign.iter().map(RecordedFinding::from))
        .collect()
}

/// That the number is not that of any tests: the data was derived.
fn derivation_doubt(run: &RunRecord) -> Option<String> {
    let derivation = run.derivation()?;
    let others = run
        .against()
        .map(|(completeness, name)| match completeness {
            Completeness::Complete => name.to_owned(),
            Completeness::Incomplete | Completeness::Partial => format!("{name} (incomplete)"),
            Completeness::Unknown => format!("{name} (not recorded by swath)"),
        });
    let others = others.collect::<Vec<_>>().join(", ");
    Some(match derivation {
        Derivation::Intersect => format!("only what is also in {others}"),
        Derivation::Subtract => format!("without what is in {others}"),
    })
}

/// The verdict on the number of a report.
pub fn verdict(data: &CoverageData, report: &Report) -> Verdict {
    let accounting = &data.accounting;
    let runs: Vec<_> = accounting.runs.iter().filter(|run| run.is_run()).collect();
    let measured = accounting
        .processes
        .iter()
        .filter(|process| process.state.is_measured() || process.state.is_measured_in_part())
        .filter(|process| process.dropped == 0)
        .count();
    let seen: usize = runs.iter().filter_map(|run| run.seen()).sum();
    let gaps = Gap::summed(
        findings(data, report)
            .iter()
            .filter_map(RecordedFinding::gap),
    );
    let mut doubts: Vec<String> = Vec::new();
    for run in &runs {
        doubts.extend(run.tests().doubt());
        if run.completeness() == Completeness::Unknown {
            doubts.push("a run was killed before it could account for its processes".to_owned());
        }
    }
    if let Some(Finding::ForeignData { files, lines }) = foreign_data(accounting) {
        let lines = usize::try_from(lines).unwrap_or(usize::MAX);
        doubts.push(format!(
            "also holds {} that swath did not record ({} from there only)",
            count(files, "file"),
            count(lines, "line")
        ));
    }
    doubts.extend(accounting.runs.iter().filter_map(derivation_doubt));
    doubts.sort();
    doubts.dedup();
    let completeness = match accounting.completeness() {
        Completeness::Complete if !gaps.is_empty() => Completeness::Incomplete,
        known => known,
    };
    Verdict {
        completeness,
        gaps,
        doubts,
        measured,
        seen: seen.max(accounting.processes.len()),
    }
}

#[cfg(test)]
mod tests {
    use swath_data::{Mode, RunFacts, RunRecord};
    use swath_model::{Ending, TestsResult};

    use super::*;

    fn data(runs: Vec<RunRecord>) -> CoverageData {
        let mut data = CoverageData::new(Mode::Lines);
        data.accounting.runs = runs;
        data
    }

    fn run(tests: TestsResult, findings: &[Finding]) -> RunRecord {
        let facts = RunFacts {
            partial: false,
            seen: 2,
            tests,
            command: "pytest".to_owned(),
            started: 0,
            services: Vec::new(),
            ready_paths: Vec::new(),
            findings: findings.iter().map(RecordedFinding::from).collect(),
        };
        facts.into_record(format!("{tests:?}"))
    }

    fn word(data: &CoverageData, report: &Report) -> (Completeness, bool) {
        let verdict = verdict(data, report);
        (verdict.completeness, verdict.is_sound())
    }

    #[test]
    fn a_number_is_vouched_for_only_when_the_tests_passed_and_nothing_is_missing() {
        let report = Report::default();
        let passed = data(vec![run(TestsResult::Passed, &[Finding::NoService])]);
        assert_eq!(word(&passed, &report), (Completeness::Complete, true));
        let failed = data(vec![run(TestsResult::Failed(Ending::Exited(1)), &[])]);
        assert_eq!(word(&failed, &report), (Completeness::Complete, false));
        let silent = Finding::ContainerNotInjected {
            container: "web".to_owned(),
        };
        let missing = data(vec![run(TestsResult::Passed, &[silent])]);
        assert_eq!(word(&missing, &report), (Completeness::Incomplete, false));
        let left_out = Report {
            unmapped: vec!["/srv/a.py".to_owned()],
            ..Report::default()
        };
        assert_eq!(word(&passed, &left_out), (Completeness::Incomplete, false));
    }

    #[test]
    fn data_of_another_tool_is_named() {
        let report = Report::default();
        assert_eq!(word(&data(vec![]), &report), (Completeness::Unknown, false));
        let both = data(vec![
            run(TestsResult::Passed, &[]),
            RunRecord::foreign("u".to_owned(), 3),
        ]);
        assert_eq!(word(&both, &report), (Completeness::Complete, false));
        let text = verdict(&both, &report).to_string();
        assert!(
            text.ends_with("also holds 1 file that swath did not record (3 lines from there only)"),
            "{text}"
        );
    }

    #[test]
    fn derived_data_is_no_better_than_what_it_was_held_against() {
        let report = Report::default();
        let derived = |against: Completeness| {
            let against = [(against, "unit")];
            data(vec![
                run(TestsResult::Passed, &[]),
                RunRecord::derived("d".to_owned(), Derivation::Subtract, &against),
            ])
        };
        for (against, word, end) in [
            (Completeness::Complete, "Complete", "what is in unit"),
            (Completeness::Incomplete, "Incomplete", "unit (incomplete)"),
            (Completeness::Partial, "Incomplete", "unit (incomplete)"),
            (
                Completeness::Unknown,
                "Complete",
                "unit (not recorded by swath)",
            ),
        ] {
            let verdict = verdict(&derived(against), &report);
            assert!(!verdict.is_sound());
            let text = verdict.to_string();
            assert!(text.starts_with(&format!("{word}: ")), "{text}");
            assert!(text.ends_with(end), "{text}");
        }
    }
}
