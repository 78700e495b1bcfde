//! The processes that were measured, and those that were not.

use std::fmt::Write as _;

use swath_data::ProcessRecord;
use swath_model::Ending;

use super::escape::push_text;
use super::figures::plural;
use super::layout::{Place, page};
use super::site::{Site, service_name};

/// The code of findings about Pythons without the agent.
const NOT_MEASURED: &str = "not-measured";

pub(super) fn render(site: &Site<'_>) -> String {
    let accounting = &site.data.accounting;
    let mut main = String::from("<h1>Runs</h1>\n");
    if accounting.is_foreign() {
        main.push_str("<p class=lead>No accounting: this data was not recorded by <code>swath run</code>, so it says nothing of the processes.</p>\n");
        return page(site, Place::Runs, "Runs", &main);
    }
    let counted = accounting.processes.iter().filter(|p| p.counted).count();
    let _ = writeln!(
        main,
        "<p class=lead>{} with the agent, {counted} of them in the number.</p>",
        if accounting.processes.len() == 1 {
            "1 process".to_owned()
        } else {
            format!("{} processes", accounting.processes.len())
        }
    );
    main.push_str("<div class=scroll><table class=\"files flat runs\">\n<thead><tr><th scope=col>Process<th scope=col>Command<th scope=col>Python<th scope=col>Agent<th scope=col>Ended<th scope=col class=n>Files<th scope=col>In the number\n<tbody>\n");
    for process in &accounting.processes {
        push_row(&mut main, process);
    }
    main.push_str("</table></div>\n");
    push_facts(&mut main, site);
    page(site, Place::Runs, "Runs", &main)
}

fn push_row(out: &mut String, process: &ProcessRecord) {
    out.push_str("<tr><th scope=row>");
    push_text(out, service_name(process));
    let _ = write!(out, " <small>{}</small><td><code>", process.pid);
    push_text(out, &process.command.join(" "));
    out.push_str("</code><td>");
    match process.python {
        Some(python) => {
            let _ = write!(out, "{python}");
        }
        None => out.push('–'),
    }
    out.push_str("<td>");
    if !process.state.is_measured() {
        out.push_str("✗ ");
    }
    push_text(out, process.state.name());
    out.push_str("<td>");
    push_text(out, process.ended.map_or("unknown", Ending::name));
    if let Some(status) = process.ended.and_then(Ending::status) {
        let _ = write!(out, " ({status})");
    }
    let counted = if process.counted { "yes" } else { "no" };
    let _ = writeln!(out, "<td>{}<td>{counted}", process.touched.len());
}

fn push_facts(out: &mut String, site: &Site<'_>) {
    for run in &site.data.accounting.runs {
        let missed: Vec<_> = run
            .findings()
            .filter(|finding| finding.code == NOT_MEASURED)
            .collect();
        if missed.is_empty() {
            continue;
        }
        out.push_str("<h2>Not measured in run ");
        push_text(out, &run.id);
        let _ = writeln!(
            out,
            "</h2>\n<p>{}:</p>\n<ul>",
            plural(missed.len(), "reason")
        );
        for finding in missed {
            out.push_str("<li>");
            push_text(out, &finding.text);
            for note in &finding.notes {
                out.push_str("<br>");
                push_text(out, note);
            }
            out.push('\n');
        }
        out.push_str("</ul>\n");
    }
}
