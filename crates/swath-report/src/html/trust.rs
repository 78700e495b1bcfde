//! Whether the number can be trusted: the verdict, what limits it, and what else the runs noticed.

use std::fmt::Write as _;

use swath_coverage::{findings, verdict};
use swath_data::{Accounting, ProcessRecord, RecordedFinding, RunRecord};
use swath_model::{Completeness, Ending, Finding, TestsResult, Verdict, signal_name};

use super::escape::push_text;
use super::figures::plural;
use super::site::{Site, service_name};

/// So many findings, and so many notes of one, are shown.
const NAMED: usize = 20;

/// Appends the panel: one line if all is well, else everything that limits the number.
pub(super) fn push_panel(out: &mut String, site: &Site<'_>) {
    let accounting = &site.data.accounting;
    let verdict = verdict(site.data, site.report);
    out.push_str("<section class=trust aria-labelledby=trust><h2 id=trust>Can this number be trusted?</h2>\n");
    push_verdict(out, &verdict);
    push_runs(out, accounting);
    let mut found = findings(site.data, site.report);
    found.extend(plugins(site));
    found.extend(crashes(accounting));
    let (limits, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.gap().is_some());
    let all: Vec<&RecordedFinding> = limits.iter().chain(&rest).collect();
    for finding in all.iter().take(NAMED) {
        push_finding(out, finding);
    }
    if let Some(more) = all.len().checked_sub(NAMED).filter(|&more| more > 0) {
        let _ = writeln!(out, "<p>and {more} more.</p>");
    }
    out.push_str("</section>\n");
}

fn push_verdict(out: &mut String, verdict: &Verdict) {
    match verdict.completeness {
        Completeness::Unknown => out.push_str("<p class=verdict>? no accounting: this data was not recorded by <code>swath run</code>. Processes that left no data cannot be named.</p>\n"),
        Completeness::Complete if verdict.is_sound() => {
            let number = match verdict.seen {
                0 => String::new(),
                1 => ": the process was measured".to_owned(),
                more => format!(": all {more} processes were measured"),
            };
            let _ = writeln!(out, "<p class=\"verdict pass\">✓ complete{number}.</p>");
        }
        word => {
            out.push_str("<p class=\"verdict fail\">✗ ");
            push_text(out, &word.name().to_lowercase());
            out.push_str(": ");
            push_text(out, &verdict.reasons());
            out.push_str(".</p>\n");
        }
    }
}

/// What was run, when, and what came of it.
fn push_runs(out: &mut String, accounting: &Accounting) {
    for run in accounting.runs.iter().take(NAMED) {
        if let Some(text) = run_text(run) {
            out.push_str("<p class=run>");
            push_text(out, &text);
            if let Some(command) = run.command() {
                out.push_str(": <code>");
                push_text(out, command);
                out.push_str("</code>");
            }
            out.push_str("</p>\n");
        }
    }
}

fn run_text(run: &RunRecord) -> Option<String> {
    let started = run
        .started()
        .and_then(|nanoseconds| jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).ok());
    let when = started.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let tests = match run.tests() {
        TestsResult::Passed => Some("the tests passed".to_owned()),
        TestsResult::Unknown => None,
        other => other.doubt(),
    };
    match (when, tests) {
        (None, None) => None,
        (Some(when), None) => Some(format!("recorded {when}")),
        (None, Some(tests)) => Some(tests),
        (Some(when), Some(tests)) => Some(format!("recorded {when}, {tests}")),
    }
}

fn push_finding(out: &mut String, finding: &RecordedFinding) {
    let class = if finding.gap().is_some() {
        "doubt"
    } else {
        "\"doubt note\""
    };
    let _ = write!(out, "<div class={class}><p><code>");
    push_text(out, &finding.code);
    out.push_str("</code> ");
    push_text(out, &finding.text);
    out.push_str("</p>\n");
    if !finding.notes.is_empty() {
        out.push_str("<ul>\n");
        for note in finding.notes.iter().take(NAMED) {
            out.push_str("<li>");
            push_text(out, note);
            out.push('\n');
        }
        if let Some(more) = finding
            .notes
            .len()
            .checked_sub(NAMED)
            .filter(|&more| more > 0)
        {
            let _ = writeln!(out, "<li>and {more} more");
        }
        out.push_str("</ul>\n");
    }
    if let Some(hint) = &finding.hint {
        out.push_str("<p class=hint><b>hint:</b> ");
        push_text(out, hint);
        out.push_str("</p>");
    }
    out.push_str("</div>\n");
}

/// Plugins that the settings of this report name, unless a run said so itself.
fn plugins(site: &Site<'_>) -> Option<RecordedFinding> {
    let plugins = &site.options.plugins;
    let finding = Finding::PluginsWithoutEffect {
        plugins: plugins.clone(),
    };
    let code = finding.message().code;
    let runs = &site.data.accounting.runs;
    let said = runs
        .iter()
        .any(|run| run.findings().any(|one| one.code == code));
    (!plugins.is_empty() && !said).then(|| RecordedFinding::from(&finding))
}

/// Processes that died: their lines are in the number, and somebody will want to know.
fn crashes(accounting: &Accounting) -> Option<RecordedFinding> {
    let died: Vec<String> = accounting
        .processes
        .iter()
        .filter_map(|process| {
            let signal = crash(process)?;
            Some(format!(
                "{} {}: killed by {signal}",
                service_name(process),
                process.pid
            ))
        })
        .collect();
    (!died.is_empty()).then(|| RecordedFinding {
        code: "process-died".to_owned(),
        text: format!(
            "{} died; the lines that ran are in the number",
            plural(died.len(), "process")
        ),
        notes: died,
        ..RecordedFinding::default()
    })
}

/// The signal of a process that did not end as it was told to.
fn crash(process: &ProcessRecord) -> Option<&'static str> {
    const CRASHES: [i32; 6] = [4, 6, 7, 8, 9, 11];
    match process.ended? {
        Ending::Signalled(signal) if CRASHES.contains(&signal) => Some(signal_name(signal)),
        _ => None,
    }
}
