//! The tests that a change can affect, for programs; `docs/reference/affected-json.md` describes the
//! shape.

use std::io::{self, Write};

use swath_changes::Comparison;
use swath_coverage::{AffectedTests, FileEffect};

use crate::changes::write_comparison;
use crate::json_writer::JsonWriter;

const FORMAT: u32 = 1;

/// Writes which tests to run, and what each changed file concerns.
pub fn write_affected_json(
    found: &AffectedTests,
    comparison: &Comparison,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut json = JsonWriter::new(out, true);
    json.begin(b'{')?;
    json.key("format")?;
    json.number(FORMAT)?;
    json.key("comparison")?;
    write_comparison(&mut json, comparison)?;
    for (key, count) in [
        ("known", found.known),
        ("selected", found.selected),
        ("obscure", found.obscure),
        ("gone", found.gone),
    ] {
        json.key(key)?;
        json.number(count)?;
    }
    json.key("incomplete")?;
    json.boolean(found.is_incomplete)?;
    json.key("tests")?;
    json.begin(b'[')?;
    for test in &found.tests {
        json.string(test)?;
    }
    json.end(b']')?;
    json.key("files")?;
    json.begin(b'[')?;
    for file in &found.files {
        write_file(&mut json, file)?;
    }
    json.end(b']')?;
    json.end(b'}')?;
    json.end_line()
}

fn write_file(json: &mut JsonWriter<'_>, file: &FileEffect) -> io::Result<()> {
    json.begin(b'{')?;
    json.key("path")?;
    json.string(&file.path)?;
    json.key("tests")?;
    json.number(file.tests)?;
    json.key("causes")?;
    json.begin(b'[')?;
    for cause in &file.causes {
        json.begin(b'{')?;
        json.key("cause")?;
        json.string(cause.name())?;
        json.key("text")?;
        json.string(&cause.to_string())?;
        json.end(b'}')?;
    }
    json.end(b']')?;
    json.key("untested")?;
    json.begin(b'[')?;
    for (first, last) in &file.unreached {
        json.numbers([first, last])?;
    }
    json.end(b']')?;
    json.end(b'}')
}
