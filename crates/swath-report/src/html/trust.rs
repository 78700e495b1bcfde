//! Whether the number can be trusted: everything known that is not in it.

use std::fmt::Write as _;

use swath_coverage::StaleFile;

use super::escape::push_text;
use super::figures::plural;
use super::site::{Site, service_name};

/// So many of a kind are named.
const NAMED: usize = 20;

/// Something that makes the number say less than it seems to.
struct Doubt {
    code: &'static str,
    text: String,
    names: Vec<String>,
    hint: &'static str,
}

/// Appends the panel: one line if all is well, else every doubt with what to do about it.
pub(super) fn push_panel(out: &mut String, site: &Site<'_>) {
    let doubts = doubts(site);
    let accounting = &site.data.accounting;
    let verdict = if accounting.is_empty() {
        "<p class=verdict>? no accounting: this data was not recorded by <code>swath run</code>. Processes that left no data cannot be named.</p>\n".to_owned()
    } else if doubts.is_empty() {
        let processes = accounting.processes.len();
        let words = if processes == 1 {
            "the process was"
        } else {
            "processes were"
        };
        let number = if processes == 1 {
            String::new()
        } else {
            format!("all {processes} ")
        };
        format!("<p class=\"verdict pass\">✓ complete: {number}{words} measured.</p>\n")
    } else {
        format!(
            "<p class=\"verdict fail\">✗ {}:</p>\n",
            match doubts.len() {
                1 => "one thing limits this number".to_owned(),
                more => format!("{more} things limit this number"),
            }
        )
    };
    out.push_str("<section class=trust aria-labelledby=trust><h2 id=trust>Can this number be trusted?</h2>\n");
    out.push_str(&verdict);
    for doubt in &doubts {
        push_doubt(out, doubt);
    }
    out.push_str("</section>\n");
}

fn push_doubt(out: &mut String, doubt: &Doubt) {
    let _ = write!(out, "<div class=doubt><p><code>{}</code> ", doubt.code);
    push_text(out, &doubt.text);
    out.push_str("</p>\n");
    if !doubt.names.is_empty() {
        out.push_str("<ul>\n");
        for name in doubt.names.iter().take(NAMED) {
            out.push_str("<li>");
            push_text(out, name);
            out.push('\n');
        }
        if let Some(more) = doubt
            .names
            .len()
            .checked_sub(NAMED)
            .filter(|&more| more > 0)
        {
            let _ = write!(out, "<li>and {more} more\n");
        }
        out.push_str("</ul>\n");
    }
    let _ = write!(out, "<p class=hint><b>hint:</b> {}</p></div>\n", doubt.hint);
}

fn doubts(site: &Site<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let report = site.report;
    let accounting = &site.data.accounting;
    let missed: Vec<String> = accounting
        .runs
        .iter()
        .flat_map(|run| run.values("not-measured"))
        .map(str::to_owned)
        .collect();
    let mut add = |code, text: String, names: Vec<String>, hint| {
        if !names.is_empty() {
            doubts.push(Doubt {
                code,
                text,
                names,
                hint,
            });
        }
    };
    let pythons = if missed.len() == 1 {
        "Python was"
    } else {
        "Pythons were"
    };
    add(
        "not-measured",
        format!("{} {pythons} not measured", missed.len()),
        missed,
        "the reason is behind each; what they ran is missing from the number",
    );
    let silent: Vec<String> = accounting
        .processes
        .iter()
        .filter(|process| process.state != "measured" && !process.state.is_empty())
        .map(|process| {
            format!(
                "{} {}: {}",
                service_name(process),
                process.pid,
                process.state
            )
        })
        .collect();
    add(
        "agent-inactive",
        format!("in {} the agent did not measure", processes(silent.len())),
        silent,
        "the word behind each process says why",
    );
    let partial: Vec<String> = accounting
        .runs
        .iter()
        .filter(|run| run.values("partial").any(|value| value == "1"))
        .map(|run| format!("run {}", run.id))
        .collect();
    add(
        "run-partial",
        "the run did not come to its end".to_owned(),
        partial,
        "the number holds what ran until then",
    );
    let died: Vec<String> = accounting
        .processes
        .iter()
        .filter(|process| {
            process.service.is_some() && process.exit_status.is_some_and(|status| status > 0)
        })
        .map(|process| {
            format!(
                "{} {}: exit status {}",
                service_name(process),
                process.pid,
                process.exit_status.unwrap_or(0)
            )
        })
        .collect();
    add(
        "service-exited",
        format!("{} of services ended with an error", processes(died.len())),
        died,
        "the logs of the last ten runs are kept by swath",
    );
    let dropped: Vec<String> = accounting
        .processes
        .iter()
        .filter(|process| process.dropped > 0)
        .map(|process| {
            format!(
                "{} {}: {} hits",
                service_name(process),
                process.pid,
                process.dropped
            )
        })
        .collect();
    add(
        "hits-dropped",
        format!("{} had no room for some hits", processes(dropped.len())),
        dropped,
        "free space in the temporary folder and run again",
    );
    let files = |count| plural(count, "file");
    let stale: Vec<String> = report.stale.iter().map(stale_text).collect();
    add(
        "source-changed",
        format!(
            "{} here differ from what was measured and are left out of the total",
            files(stale.len())
        ),
        stale,
        "run again without changing sources meanwhile",
    );
    add(
        "paths-unmapped",
        format!(
            "{} were measured and have no source here",
            files(report.unmapped.len())
        ),
        report.unmapped.clone(),
        "map them under [paths] in .coveragerc, or leave them out by omit",
    );
    let warnings: Vec<String> = report
        .warnings
        .iter()
        .map(|warning| warning.text.clone())
        .collect();
    add(
        "not-analysed",
        format!("{} could not be analysed", files(warnings.len())),
        warnings,
        "mend them, or leave them out by omit",
    );
    doubts
}

fn processes(count: usize) -> String {
    if count == 1 {
        "1 process".to_owned()
    } else {
        format!("{count} processes")
    }
}

fn stale_text(stale: &StaleFile) -> String {
    let short = |hash: String| hash.chars().take(8).collect::<String>();
    let measured: Vec<String> = stale
        .measured
        .iter()
        .map(|hash| short(hash.to_string()))
        .collect();
    let here = short(stale.here.to_string());
    format!(
        "{}: measured {}, here {here}; {}",
        stale.name,
        measured.join(", "),
        plural(stale.lines, "line")
    )
}
