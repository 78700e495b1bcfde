//! A history for programs; `docs/reference/history-json.md` describes the shape.

use std::io::{self, Write};

use swath_coverage::Numbers;
use swath_history::Entry;

use crate::json_writer::JsonWriter;

const FORMAT: u32 = 1;

/// Writes the entries, the oldest first.
pub fn write_trend_json(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let mut json = JsonWriter::new(out, true);
    json.begin(b'{')?;
    json.key("format")?;
    json.number(FORMAT)?;
    json.key("entries")?;
    json.begin(b'[')?;
    for entry in entries {
        write_entry(&mut json, entry)?;
    }
    json.end(b']')?;
    json.end(b'}')?;
    json.end_line()
}

fn write_entry(json: &mut JsonWriter<'_>, entry: &Entry) -> io::Result<()> {
    json.begin(b'{')?;
    json.key("time")?;
    json.number(entry.time.div_euclid(1_000_000_000))?;
    for (key, value) in [("commit", &entry.commit), ("branch", &entry.branch)] {
        json.key(key)?;
        match value {
            Some(value) => json.string(value)?,
            None => json.raw("null")?,
        }
    }
    json.key("verdict")?;
    json.string(entry.verdict.name())?;
    json.key("tests")?;
    json.string(entry.tests.name())?;
    json.key("totals")?;
    write_numbers(json, &entry.totals())?;
    json.key("folders")?;
    json.begin(b'{')?;
    for (path, numbers) in &entry.folders {
        json.key(path)?;
        write_numbers(json, numbers)?;
    }
    json.end(b'}')?;
    json.end(b'}')
}

fn write_numbers(json: &mut JsonWriter<'_>, numbers: &Numbers) -> io::Result<()> {
    json.begin(b'{')?;
    json.key("percent")?;
    json.float(numbers.percent())?;
    for (key, value) in [
        ("files", numbers.files),
        ("statements", numbers.statements),
        ("missing", numbers.missing),
        ("excluded", numbers.excluded),
        ("branches", numbers.branches),
        ("missing_branches", numbers.missing_branches),
    ] {
        json.key(key)?;
        json.number(value)?;
    }
    json.end(b'}')
}
