//! Whether the number can be trusted: everything known that is not in it.

use std::fmt::Write as _;

use swath_coverage::{Report, StaleFile};
use swath_data::{Accounting, ProcessRecord};

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
            let _ = writeln!(out, "<li>and {more} more");
        }
        out.push_str("</ul>\n");
    }
    let _ = writeln!(out, "<p class=hint><b>hint:</b> {}</p></div>", doubt.hint);
}

/// Notes a doubt if it has any names.
fn add(
    doubts: &mut Vec<Doubt>,
    code: &'static str,
    text: String,
    names: Vec<String>,
    hint: &'static str,
) {
    if !names.is_empty() {
        doubts.push(Doubt {
            code,
            text,
            names,
            hint,
        });
    }
}

fn doubts(site: &Site<'_>) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    of_runs(&mut doubts, &site.data.accounting);
    of_processes(&mut doubts, &site.data.accounting);
    of_files(&mut doubts, site.report);
    doubts
}

fn of_runs(doubts: &mut Vec<Doubt>, accounting: &Accounting) {
    let runs = &accounting.runs;
    let missed = runs.iter().flat_map(|run| run.values("not-measured"));
    let missed: Vec<String> = missed.map(str::to_owned).collect();
    let pythons = if missed.len() == 1 {
        "Python was"
    } else {
        "Pythons were"
    };
    let text = format!("{} {pythons} not measured", missed.len());
    add(
        doubts,
        "not-measured",
        text,
        missed,
        "the reason is behind each; what they ran is missing from the number",
    );

    let partial = runs
        .iter()
        .filter(|run| run.values("partial").any(|value| value == "1"));
    let partial = partial.map(|run| format!("run {}", run.id)).collect();
    let text = "the run did not come to its end".to_owned();
    add(
        doubts,
        "run-partial",
        text,
        partial,
        "the number holds what ran until then",
    );
}

fn of_processes(doubts: &mut Vec<Doubt>, accounting: &Accounting) {
    let describe = |fact: &dyn Fn(&ProcessRecord) -> Option<String>| -> Vec<String> {
        let described = accounting.processes.iter().filter_map(|process| {
            let fact = fact(process)?;
            Some(format!("{} {}: {fact}", service_name(process), process.pid))
        });
        described.collect()
    };
    let silent = describe(&|process| {
        let silent = process.state != "measured" && !process.state.is_empty();
        silent.then(|| process.state.clone())
    });
    let text = format!("in {} the agent did not measure", processes(silent.len()));
    add(
        doubts,
        "agent-inactive",
        text,
        silent,
        "the word behind each process says why",
    );

    let died = describe(&|process| {
        process.service.as_ref()?;
        let status = process.exit_status.filter(|&status| status > 0)?;
        Some(format!("exit status {status}"))
    });
    let text = format!("{} of services ended with an error", processes(died.len()));
    add(
        doubts,
        "service-exited",
        text,
        died,
        "the logs of the last ten runs are kept by swath",
    );

    let dropped = describe(&|process| {
        let dropped = process.dropped;
        (dropped > 0).then(|| format!("{dropped} hits"))
    });
    let text = format!("{} had no room for some hits", processes(dropped.len()));
    add(
        doubts,
        "hits-dropped",
        text,
        dropped,
        "free space in the temporary folder and run again",
    );
}

fn of_files(doubts: &mut Vec<Doubt>, report: &Report) {
    let files = |count| plural(count, "file");
    let stale: Vec<String> = report.stale.iter().map(stale_text).collect();
    let text = format!(
        "{} here differ from what was measured and are left out of the total",
        files(stale.len())
    );
    add(
        doubts,
        "source-changed",
        text,
        stale,
        "run again without changing sources meanwhile",
    );

    let unmapped = report.unmapped.clone();
    let text = format!(
        "{} were measured and have no source here",
        files(unmapped.len())
    );
    add(
        doubts,
        "paths-unmapped",
        text,
        unmapped,
        "map them under [paths] in .coveragerc, or leave them out by omit",
    );

    let warnings: Vec<String> = report
        .warnings
        .iter()
        .map(|warning| warning.text.clone())
        .collect();
    let text = format!("{} could not be analysed", files(warnings.len()));
    add(
        doubts,
        "not-analysed",
        text,
        warnings,
        "mend them, or leave them out by omit",
    );
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
