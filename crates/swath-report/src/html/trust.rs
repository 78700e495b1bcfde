//! Whether the number can be trusted: everything known that is not in it.

use std::fmt::Write as _;

use swath_coverage::{Report, StaleFile};
use swath_data::{Accounting, ProcessRecord};

use super::HtmlOptions;
use super::escape::push_text;
use super::figures::plural;
use super::site::{Site, service_name};

/// So many of a kind are named.
const NAMED: usize = 20;

/// Something that makes the number say less than it seems to.
struct Doubt<'a> {
    code: &'a str,
    text: String,
    names: Vec<String>,
    hint: &'a str,
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

fn push_doubt(out: &mut String, doubt: &Doubt<'_>) {
    out.push_str("<div class=doubt><p><code>");
    push_text(out, doubt.code);
    out.push_str("</code> ");
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
    if !doubt.hint.is_empty() {
        let _ = write!(out, "<p class=hint><b>hint:</b> {}</p>", doubt.hint);
    }
    out.push_str("</div>\n");
}

/// Notes a doubt if it has any names.
fn add(
    doubts: &mut Vec<Doubt<'_>>,
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

fn doubts<'a>(site: &Site<'a>) -> Vec<Doubt<'a>> {
    let mut doubts = Vec::new();
    of_runs(&mut doubts, &site.data.accounting);
    of_processes(&mut doubts, &site.data.accounting);
    of_files(&mut doubts, site.report);
    of_warnings(&mut doubts, &site.data.accounting, site.options);
    if doubts.is_empty() {
        of_unfinished(&mut doubts, &site.data.accounting);
    }
    doubts
}

/// The values of a fact, over all runs.
fn values(accounting: &Accounting, key: &str) -> Vec<String> {
    let runs = accounting.runs.iter();
    runs.flat_map(|run| run.values(key))
        .map(str::to_owned)
        .collect()
}

fn of_runs(doubts: &mut Vec<Doubt<'_>>, accounting: &Accounting) {
    let runs = &accounting.runs;
    let missed = values(accounting, "not-measured");
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

    let ended = values(accounting, "service-ended");
    let services = plural(ended.len(), "service");
    add(
        doubts,
        "service-ended",
        format!("{services} ended before the tests did"),
        ended,
        "what ran until then is in the number; the logs of the last ten runs are kept by swath",
    );
}

/// What the run warned of, each kind with all that was said of it.
fn of_warnings<'a>(
    doubts: &mut Vec<Doubt<'a>>,
    accounting: &'a Accounting,
    options: &'a HtmlOptions,
) {
    let plugins = &options.plugins;
    let without = if plugins.is_empty() {
        Vec::new()
    } else {
        vec![plugins.join(", ")]
    };
    add(
        doubts,
        "plugins-without-effect",
        "the settings name plugins, and swath runs none".to_owned(),
        without,
        "lines that a plugin would map or leave out are counted as they are",
    );
    let said = accounting.runs.iter().flat_map(|run| run.values("warning"));
    for warning in said {
        let (code, text) = warning.split_once(": ").unwrap_or(("warning", warning));
        match doubts.iter_mut().find(|doubt| doubt.code == code) {
            Some(doubt) if doubt.hint.is_empty() => doubt.names.push(text.to_owned()),
            // A doubt with a hint is one of those that the report finds itself.
            Some(_) => {}
            None => doubts.push(Doubt {
                code,
                text: "the run warned:".to_owned(),
                names: vec![text.to_owned()],
                hint: "",
            }),
        }
    }
}

/// A run that calls itself incomplete, or of which nothing says that it is whole.
fn of_unfinished(doubts: &mut Vec<Doubt<'_>>, accounting: &Accounting) {
    let runs = accounting.runs.iter().filter_map(|run| {
        let said = run.values("complete").next()?;
        let why = match said {
            "0" => "is incomplete",
            "unknown" => "was killed before it could account for its processes",
            _ => return None,
        };
        Some(format!("run {} {why}", run.id))
    });
    let runs = runs.collect();
    add(
        doubts,
        "incomplete",
        "not everything that ran is known".to_owned(),
        runs,
        "run again for a number that is whole",
    );
}

fn of_processes(doubts: &mut Vec<Doubt<'_>>, accounting: &Accounting) {
    let describe = |fact: &dyn Fn(&ProcessRecord) -> Option<String>| -> Vec<String> {
        let described = accounting.processes.iter().filter_map(|process| {
            let fact = fact(process)?;
            Some(format!("{} {}: {fact}", service_name(process), process.pid))
        });
        described.collect()
    };
    let silent = describe(&|process| {
        let silent = process.state != "measured" && !process.state.is_empty();
        silent.then(|| process.state.replace('-', " "))
    });
    let text = format!("in {} the agent did not measure", processes(silent.len()));
    add(
        doubts,
        "agent-inactive",
        text,
        silent,
        "the words behind each process say why",
    );

    let died = describe(&|process| {
        let signal = process.exit_status.and_then(crash)?;
        Some(format!("killed by {signal}"))
    });
    let text = format!("{} died", processes(died.len()));
    add(
        doubts,
        "process-died",
        text,
        died,
        "the lines that it ran are in the number; the logs of the last ten runs are kept by swath",
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

/// The signal of a process that did not end as it was told to.
fn crash(status: i32) -> Option<&'static str> {
    match status.checked_neg()? {
        4 => Some("SIGILL"),
        6 => Some("SIGABRT"),
        7 => Some("SIGBUS"),
        8 => Some("SIGFPE"),
        9 => Some("SIGKILL"),
        11 => Some("SIGSEGV"),
        _ => None,
    }
}

fn of_files(doubts: &mut Vec<Doubt<'_>>, report: &Report) {
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

    let unproved = report.unproved.clone();
    let text = format!(
        "{} lie outside the project, and nothing says which content ran",
        files(unproved.len())
    );
    add(
        doubts,
        "source-unproved",
        text,
        unproved,
        "name their folder by source, or leave them out by omit",
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
