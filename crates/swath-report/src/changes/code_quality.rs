//! GitLab's code quality report: a subset of Code Climate's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use md5::{Digest as _, Md5};
use swath_coverage::{ChangeReport, FileChange, UntestedPart};

use super::ChangeSources;
use super::words::sentence;
use crate::json_writer::JsonWriter;

/// Writes an issue for each part that the change left untested.
///
/// What identifies an issue is its file and its text, so that it stays the same one when lines
/// above it come and go.
pub fn write_code_quality(
    report: &ChangeReport,
    source_of: &ChangeSources<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut json = JsonWriter::new(out, true);
    json.begin(b'[')?;
    for file in &report.files {
        let source = source_of(file).unwrap_or_default();
        let lines: Vec<&str> = source.split('\n').collect();
        for part in file.untested() {
            let mut identity = identity(file, &part, &lines);
            let earlier = seen.entry(identity.clone()).or_default();
            let _ = write!(identity, "\n{earlier}");
            *earlier += 1;
            json.begin(b'{')?;
            json.key("description")?;
            json.string(&sentence(file, &part))?;
            json.key("check_name")?;
            json.string(&format!("swath-{}", part.what.name()))?;
            json.key("fingerprint")?;
            json.string(&hexadecimal(&Md5::digest(identity.as_bytes())))?;
            json.key("severity")?;
            json.string("minor")?;
            json.key("location")?;
            json.begin(b'{')?;
            json.key("path")?;
            json.string(&file.change.path)?;
            json.key("lines")?;
            json.begin(b'{')?;
            json.key("begin")?;
            json.number(part.first)?;
            json.key("end")?;
            json.number(part.last)?;
            json.end(b'}')?;
            json.end(b'}')?;
            json.end(b'}')?;
        }
    }
    json.end(b']')?;
    json.end_line()
}

fn identity(file: &FileChange, part: &UntestedPart, lines: &[&str]) -> String {
    let span = (part.first..=part.last).filter_map(|line| lines.get(line as usize - 1));
    let text: Vec<&str> = span.map(|line| line.trim()).collect();
    let what = part.what.name();
    format!("{}\n{what}\n{}", file.change.path, text.join("\n"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
