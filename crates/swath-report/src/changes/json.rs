//! The changed lines for programs; `docs/reference/changes-json.md` describes the shape.

use std::io::{self, Write};

use swath_changes::{Comparison, LineRanges};
use swath_coverage::{ChangeReport, FileChange, Numbers, Untested, UntestedPart};
use swath_model::Verdict;

use super::words::sentence;
use crate::json_writer::JsonWriter;

const FORMAT: u32 = 1;

/// Writes what changed, and what of it ran.
pub fn write_change_json(
    report: &ChangeReport,
    verdict: &Verdict,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut json = JsonWriter::new(out, true);
    json.begin(b'{')?;
    json.key("format")?;
    json.number(FORMAT)?;
    json.key("comparison")?;
    write_comparison(&mut json, &report.comparison)?;
    json.key("branch_coverage")?;
    json.boolean(report.has_arcs)?;
    json.key("totals")?;
    numbers(&mut json, &report.totals, report.unmeasured)?;
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
        json.key("path")?;
        json.string(&file.path)?;
        json.key("reason")?;
        json.string(file.reason.name())?;
        json.key("text")?;
        json.string(&file.reason.to_string())?;
        json.end(b'}')?;
    }
    json.end(b']')?;
    json.key("newer")?;
    json.begin(b'[')?;
    for path in &report.newer {
        json.string(path)?;
    }
    json.end(b']')?;
    json.key("verdict")?;
    json.begin(b'{')?;
    json.key("completeness")?;
    json.string(verdict.completeness.name())?;
    json.key("sound")?;
    json.boolean(verdict.is_sound())?;
    json.key("text")?;
    json.string(&verdict.to_string())?;
    json.end(b'}')?;
    json.end(b'}')?;
    json.end_line()
}

/// Writes what is compared with what.
pub(crate) fn write_comparison(
    json: &mut JsonWriter<'_>,
    comparison: &Comparison,
) -> io::Result<()> {
    json.begin(b'{')?;
    match comparison {
        Comparison::Revision(baseline) => {
            json.key("revision")?;
            json.string(&baseline.revision)?;
            json.key("commit")?;
            json.string(&baseline.commit)?;
            json.key("is_merge_base")?;
            json.boolean(baseline.is_merge_base)?;
        }
        Comparison::Patch(name) => {
            json.key("patch")?;
            json.string(name)?;
        }
        Comparison::Files => {
            json.key("files")?;
            json.boolean(true)?;
        }
    }
    json.end(b'}')
}

fn numbers(json: &mut JsonWriter<'_>, numbers: &Numbers, unmeasured: usize) -> io::Result<()> {
    json.begin(b'{')?;
    for (key, count) in [
        ("changed_lines", numbers.statements),
        ("covered_lines", numbers.executed()),
        ("missing_lines", numbers.missing),
        ("unmeasured_lines", unmeasured),
        ("changed_branches", numbers.branches),
        ("covered_branches", numbers.executed_branches()),
        ("missing_branches", numbers.missing_branches),
    ] {
        json.key(key)?;
        json.number(count)?;
    }
    json.key("percent_covered")?;
    json.float(numbers.percent())?;
    json.end(b'}')
}

fn write_file(json: &mut JsonWriter<'_>, file: &FileChange) -> io::Result<()> {
    let change = &file.change;
    json.begin(b'{')?;
    json.key("path")?;
    json.string(&change.path)?;
    json.key("name")?;
    json.string(&file.file.name)?;
    json.key("change")?;
    json.string(change.kind.name())?;
    if let Some(before) = &change.before {
        json.key("before")?;
        json.string(before)?;
    }
    json.key("totals")?;
    let unmeasured = file.unmeasured();
    numbers(json, &file.numbers, unmeasured.len())?;
    json.key("changed_lines")?;
    json.numbers(file.statements.iter())?;
    json.key("missing_lines")?;
    json.numbers(file.missing().iter())?;
    json.key("unmeasured_lines")?;
    json.numbers(unmeasured.iter())?;
    json.key("missing_branches")?;
    json.begin(b'[')?;
    for (line, exits) in file.missing_exits() {
        for exit in exits {
            json.begin(b'[')?;
            json.number(line)?;
            json.number(exit)?;
            json.end(b']')?;
        }
    }
    json.end(b']')?;
    json.key("moved_lines")?;
    ranges(json, &change.moved)?;
    json.key("untested")?;
    json.begin(b'[')?;
    for part in file.untested() {
        write_part(json, file, &part)?;
    }
    json.end(b']')?;
    json.end(b'}')
}

fn ranges(json: &mut JsonWriter<'_>, ranges: &LineRanges) -> io::Result<()> {
    json.begin(b'[')?;
    for (first, last) in ranges.iter() {
        json.numbers([first, last])?;
    }
    json.end(b']')
}

fn write_part(json: &mut JsonWriter<'_>, file: &FileChange, part: &UntestedPart) -> io::Result<()> {
    json.begin(b'{')?;
    json.key("first")?;
    json.number(part.first)?;
    json.key("last")?;
    json.number(part.last)?;
    json.key("what")?;
    json.string(part.what.name())?;
    if let Untested::Exits(exits) = &part.what {
        json.key("exits")?;
        json.numbers(exits.iter().copied())?;
    }
    json.key("text")?;
    json.string(&sentence(file, part))?;
    json.end(b'}')
}
