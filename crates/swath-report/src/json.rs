//! The JSON report, format 3.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use swath_analysis::{LineSet, Region};
use swath_coverage::{FileReport, Numbers, Report};
use swath_data::{ContextId, CoverageData};

use crate::json_writer::JsonWriter;
use crate::source_lines::source_lines;

const FORMAT: u32 = 3;

/// What the JSON report shows.
#[derive(Clone, Debug)]
pub struct JsonOptions<'a> {
    /// One item a line.
    pub pretty_print: bool,
    /// The data whose contexts are shown for each line, if they are.
    pub contexts: Option<&'a CoverageData>,
    /// Only these contexts.
    pub chosen: Option<BTreeSet<ContextId>>,
    /// Digits of the percentages that are for people.
    pub precision: usize,
    /// The version of the program that writes the report.
    pub version: &'a str,
    /// Now, as in `2026-01-31T12:00:00.000000`.
    pub timestamp: &'a str,
}

/// Writes the JSON report. The model must have been built with details.
///
/// Gives the total that `--fail-under` is held against.
pub fn write_json(
    report: &Report,
    options: &JsonOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<f64> {
    let mut json = JsonWriter::new(out, options.pretty_print);
    json.begin(b'{')?;
    json.key("meta")?;
    json.begin(b'{')?;
    json.key("format")?;
    json.number(FORMAT)?;
    json.key("version")?;
    json.string(options.version)?;
    json.key("timestamp")?;
    json.string(options.timestamp)?;
    json.key("branch_coverage")?;
    json.boolean(report.has_arcs)?;
    json.key("show_contexts")?;
    json.boolean(options.contexts.is_some())?;
    json.end(b'}')?;
    json.key("files")?;
    json.begin(b'{')?;
    for file in &report.files {
        json.key(&file.name)?;
        FileWriter::new(file, options).write(&mut json)?;
    }
    json.end(b'}')?;
    json.key("totals")?;
    summary(
        &mut json,
        &report.totals,
        report.has_arcs,
        options.precision,
    )?;
    json.end(b'}')?;
    Ok(crate::total_or_zero(report))
}

fn summary(
    json: &mut JsonWriter<'_>,
    numbers: &Numbers,
    has_arcs: bool,
    precision: usize,
) -> io::Result<()> {
    let shown = |percent| swath_coverage::display_percent(percent, precision);
    json.begin(b'{')?;
    json.key("covered_lines")?;
    json.number(numbers.executed())?;
    json.key("num_statements")?;
    json.number(numbers.statements)?;
    json.key("percent_covered")?;
    json.float(numbers.percent())?;
    json.key("percent_covered_display")?;
    json.string(&shown(numbers.percent()))?;
    json.key("missing_lines")?;
    json.number(numbers.missing)?;
    json.key("excluded_lines")?;
    json.number(numbers.excluded)?;
    json.key("percent_statements_covered")?;
    json.float(numbers.percent_statements())?;
    json.key("percent_statements_covered_display")?;
    json.string(&shown(numbers.percent_statements()))?;
    if has_arcs {
        json.key("num_branches")?;
        json.number(numbers.branches)?;
        json.key("num_partial_branches")?;
        json.number(numbers.partial_branches)?;
        json.key("covered_branches")?;
        json.number(numbers.executed_branches())?;
        json.key("missing_branches")?;
        json.number(numbers.missing_branches)?;
        json.key("percent_branches_covered")?;
        json.float(numbers.percent_branches())?;
        json.key("percent_branches_covered_display")?;
        json.string(&shown(numbers.percent_branches()))?;
    }
    json.end(b'}')
}

struct FileWriter<'a> {
    file: &'a FileReport,
    contexts: Option<BTreeMap<u32, BTreeSet<&'a str>>>,
    precision: usize,
}

impl<'a> FileWriter<'a> {
    fn new(file: &'a FileReport, options: &'a JsonOptions<'_>) -> Self {
        let by_line =
            |data: &'a CoverageData| data.contexts_by_line(&file.recorded, options.chosen.as_ref());
        Self {
            file,
            contexts: options.contexts.map(by_line),
            precision: options.precision,
        }
    }

    fn write(&self, json: &mut JsonWriter<'_>) -> io::Result<()> {
        json.begin(b'{')?;
        self.lines(json, self.file, None)?;
        let line_count = u32::try_from(source_lines(&self.file.source).count()).unwrap_or(u32::MAX);
        if self.file.by_plugin {
            // Plugins know no functions and classes.
            return json.end(b'}');
        }
        json.key("functions")?;
        self.regions(json, &self.file.regions.functions, line_count)?;
        json.key("classes")?;
        self.regions(json, &self.file.regions.classes, line_count)?;
        json.end(b'}')
    }

    /// What a file and a part of one have in common.
    fn lines(
        &self,
        json: &mut JsonWriter<'_>,
        part: &FileReport,
        start: Option<u32>,
    ) -> io::Result<()> {
        json.key("executed_lines")?;
        json.numbers(part.executed.iter())?;
        json.key("summary")?;
        summary(json, &part.numbers, part.branches.is_some(), self.precision)?;
        json.key("missing_lines")?;
        json.numbers(part.missing.iter())?;
        json.key("excluded_lines")?;
        json.numbers(part.excluded.iter())?;
        if let Some(start) = start {
            json.key("start_line")?;
            json.number(start)?;
        }
        if let Some(contexts) = &self.contexts {
            json.key("contexts")?;
            json.begin(b'{')?;
            for (line, names) in contexts {
                json.key(&line.to_string())?;
                json.begin(b'[')?;
                for name in names {
                    json.string(name)?;
                }
                json.end(b']')?;
            }
            json.end(b'}')?;
        }
        if let Some(branches) = &part.branches {
            json.key("executed_branches")?;
            write_branches(json, &branches.executed_exits())?;
            json.key("missing_branches")?;
            write_branches(json, &branches.missing_exits)?;
        }
        Ok(())
    }

    fn regions(
        &self,
        json: &mut JsonWriter<'_>,
        regions: &[Region],
        line_count: u32,
    ) -> io::Result<()> {
        let mut outside = LineSet::new();
        outside.insert_range(1, line_count);
        for region in regions {
            outside.subtract(&region.lines);
        }
        let mut regions: Vec<&Region> = regions.iter().collect();
        regions.sort_by_key(|region| region.start);
        let parts: Vec<(&Region, FileReport)> = regions
            .into_iter()
            .map(|region| (region, self.file.narrowed(&region.lines)))
            .collect();
        // The first region of a name that has statements keeps it.
        let with_statements: BTreeSet<&str> = (parts.iter())
            .filter(|(_, part)| part.numbers.statements > 0)
            .map(|(region, _)| region.name.as_str())
            .collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        json.begin(b'{')?;
        for (region, part) in &parts {
            let mut name = region.name.clone();
            let belongs_to_another =
                with_statements.contains(name.as_str()) && part.numbers.statements == 0;
            if taken.contains(&name) || belongs_to_another {
                name = format!("{name}@{}", region.start);
            }
            taken.insert(name.clone());
            self.region(json, &name, part, region.start)?;
        }
        let start = outside.iter().next().unwrap_or(1);
        self.region(json, "", &self.file.narrowed(&outside), start)?;
        json.end(b'}')
    }

    fn region(
        &self,
        json: &mut JsonWriter<'_>,
        name: &str,
        part: &FileReport,
        start: u32,
    ) -> io::Result<()> {
        json.key(name)?;
        json.begin(b'{')?;
        self.lines(json, part, Some(start))?;
        json.end(b'}')
    }
}

fn write_branches(json: &mut JsonWriter<'_>, exits: &BTreeMap<u32, Vec<i32>>) -> io::Result<()> {
    json.begin(b'[')?;
    for (line, exits) in exits {
        for exit in exits {
            json.numbers([i64::from(*line), i64::from(*exit)])?;
        }
    }
    json.end(b']')
}
