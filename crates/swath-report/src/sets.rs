//! Two bodies of data side by side: as text, as Markdown, as pages, and for programs.

mod page;

use std::io::{self, Write};

use swath_coverage::{FileSets, Reached, SetCounts, SetNumbers, SetReport};
use swath_model::neutralize_control;

use crate::json_writer::JsonWriter;
use crate::markdown::escape_markdown;
use crate::plain_table::PlainTable;
use crate::text::push_line;

pub use page::{SetSources, render_set_pages};

const FORMAT: u32 = 1;

/// What a table of sets shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetOptions {
    /// As a table of Markdown.
    pub markdown: bool,
    /// A column with the lines of one of the sets.
    pub lines_of: Option<Reached>,
}

/// Renders a row for each file, and one each for all lines, branches and functions; below them the
/// files that are left out.
pub fn render_sets(report: &SetReport, options: SetOptions) -> String {
    let mut rows = vec![heads(report, options)];
    for file in &report.files {
        let mut row = row(neutralize_control(&file.name), &file.numbers.lines);
        row.extend(options.lines_of.map(|reached| file.lines_text(reached)));
        rows.push(row);
    }
    let totals = &report.totals;
    let mut ends = vec![row("Lines".to_owned(), &totals.lines)];
    if report.has_arcs {
        ends.push(row("Branches".to_owned(), &totals.branches));
    }
    ends.push(row("Functions".to_owned(), &totals.functions));
    let table = PlainTable {
        rows,
        ends,
        numbers: NUMBERS,
    };
    let mut out = if options.markdown {
        table.markdown()
    } else {
        table.text()
    };
    if !report.left_out.is_empty() {
        out.push('\n');
    }
    for file in &report.left_out {
        let reason = file.reason.describe(&report.names);
        let remark = neutralize_control(&format!("{}: {reason}", file.name));
        if options.markdown {
            push_line(&mut out, &format!("- {}", escape_markdown(&remark)));
        } else {
            push_line(&mut out, &remark);
        }
    }
    out
}

fn heads(report: &SetReport, options: SetOptions) -> Vec<String> {
    let mut heads = vec!["Name".to_owned(), "All".to_owned()];
    heads.extend(Reached::ALL.map(|reached| title(report, reached)));
    let lines_of = options.lines_of;
    heads.extend(lines_of.map(|reached| format!("Lines {} reached", who(report, reached))));
    heads
}

fn who(report: &SetReport, reached: Reached) -> String {
    let [first, second] = &report.names;
    match reached {
        Reached::Both => "both".to_owned(),
        Reached::First => format!("only {}", neutralize_control(first)),
        Reached::Second => format!("only {}", neutralize_control(second)),
        Reached::Neither => "neither".to_owned(),
    }
}

fn title(report: &SetReport, reached: Reached) -> String {
    let who = who(report, reached);
    let (first, rest) = who.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn row(name: String, counts: &SetCounts) -> Vec<String> {
    let mut row = vec![name, counts.all().to_string()];
    row.extend(Reached::ALL.map(|reached| counts.of(reached).to_string()));
    row
}

/// Numbers stand right, names and lists of lines left.
const NUMBERS: std::ops::Range<usize> = 1..6;

/// Writes everything, for programs; `docs/reference/sets-json.md` describes the shape.
pub fn write_sets_json(report: &SetReport, out: &mut dyn Write) -> io::Result<()> {
    let mut json = JsonWriter::new(out, true);
    json.begin(b'{')?;
    json.key("format")?;
    json.number(FORMAT)?;
    json.key("names")?;
    json.begin(b'[')?;
    for name in &report.names {
        json.string(name)?;
    }
    json.end(b']')?;
    json.key("branch_coverage")?;
    json.boolean(report.has_arcs)?;
    json.key("totals")?;
    numbers(&mut json, &report.totals)?;
    json.key("files")?;
    json.begin(b'[')?;
    for file in &report.files {
        write_file(&mut json, file)?;
    }
    json.end(b']')?;
    json.key("left_out")?;
    json.begin(b'[')?;
    for file in &report.left_out {
        json.begin(b'{')?;
        json.key("name")?;
        json.string(&file.name)?;
        json.key("reason")?;
        json.string(file.reason.name())?;
        json.key("text")?;
        json.string(&file.reason.describe(&report.names))?;
        json.end(b'}')?;
    }
    json.end(b']')?;
    json.end(b'}')?;
    json.end_line()
}

fn key(reached: Reached) -> &'static str {
    match reached {
        Reached::Both => "both",
        Reached::First => "only_first",
        Reached::Second => "only_second",
        Reached::Neither => "neither",
    }
}

fn numbers(json: &mut JsonWriter<'_>, numbers: &SetNumbers) -> io::Result<()> {
    json.begin(b'{')?;
    for (name, counts) in [
        ("lines", &numbers.lines),
        ("branches", &numbers.branches),
        ("functions", &numbers.functions),
    ] {
        json.key(name)?;
        json.begin(b'{')?;
        for reached in Reached::ALL {
            json.key(key(reached))?;
            json.number(counts.of(reached))?;
        }
        json.end(b'}')?;
    }
    json.end(b'}')
}

fn write_file(json: &mut JsonWriter<'_>, file: &FileSets) -> io::Result<()> {
    json.begin(b'{')?;
    json.key("name")?;
    json.string(&file.name)?;
    json.key("totals")?;
    numbers(json, &file.numbers)?;
    json.key("lines")?;
    json.begin(b'{')?;
    for reached in Reached::ALL {
        json.key(key(reached))?;
        json.numbers(file.lines(reached).iter())?;
    }
    json.end(b'}')?;
    json.key("branches")?;
    json.begin(b'{')?;
    for reached in Reached::ALL {
        json.key(key(reached))?;
        json.begin(b'[')?;
        for &(line, exit) in file.branches(reached) {
            json.numbers([i64::from(line), i64::from(exit)])?;
        }
        json.end(b']')?;
    }
    json.end(b'}')?;
    json.key("functions")?;
    json.begin(b'{')?;
    for reached in Reached::ALL {
        json.key(key(reached))?;
        json.begin(b'[')?;
        for name in file.functions(reached) {
            json.string(name)?;
        }
        json.end(b']')?;
    }
    json.end(b'}')?;
    json.end(b'}')
}
