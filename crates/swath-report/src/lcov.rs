//! The LCOV tracefile.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use md5::{Digest as _, Md5};
use swath_analysis::Region;
use swath_coverage::{Branches, FileReport, Report};
use swath_model::neutralize_control;

use crate::source_lines::{source_lines, without_end};

/// What the LCOV report shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LcovOptions {
    /// Leave out files without statements.
    pub skip_empty: bool,
    /// A hash of each line's text.
    pub line_checksums: bool,
}

/// Writes the LCOV report. The model must have been built with details.
///
/// Gives the total that `--fail-under` is held against.
pub fn write_lcov(report: &Report, options: LcovOptions, out: &mut dyn Write) -> io::Result<f64> {
    let mut files: Vec<&FileReport> = report.files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    for file in files {
        if options.skip_empty && file.numbers.statements == 0 {
            continue;
        }
        writeln!(out, "SF:{}", neutralize_control(&file.name))?;
        write_lines(file, options.line_checksums, out)?;
        write_functions(file, out)?;
        if let Some(branches) = &file.branches {
            write_branches(file, branches, out)?;
        }
        writeln!(out, "end_of_record")?;
    }
    Ok(crate::total_or_zero(report))
}

fn write_lines(file: &FileReport, checksums: bool, out: &mut dyn Write) -> io::Result<()> {
    let source: Vec<&str> = if checksums {
        source_lines(&file.source).map(without_end).collect()
    } else {
        Vec::new()
    };
    for line in file.statements.iter() {
        let hit = u8::from(!file.missing.contains(line));
        write!(out, "DA:{line},{hit}")?;
        if checksums {
            let text = (line as usize)
                .checked_sub(1)
                .and_then(|index| source.get(index));
            write!(out, ",{}", line_hash(text.unwrap_or(&"")))?;
        }
        writeln!(out)?;
    }
    let numbers = file.numbers;
    if numbers.statements > 0 {
        writeln!(out, "LF:{}\nLH:{}", numbers.statements, numbers.executed())?;
    }
    Ok(())
}

/// MD5 in base64 without the padding, as the format has it.
fn line_hash(line: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(22);
    for group in Md5::digest(line.as_bytes()).chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bytes);
        for place in 0..=group.len() {
            let digit = (bits >> (18 - 6 * place)) & 63;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}

fn write_functions(file: &FileReport, out: &mut dyn Write) -> io::Result<()> {
    let mut functions: Vec<(u32, u32, &Region)> = Vec::new();
    for region in &file.regions.functions {
        let lines: Vec<u32> = region.lines.iter().collect();
        if let (Some(&first), Some(&last)) = (lines.first(), lines.last()) {
            functions.push((region.start.min(first), region.start.max(last), region));
        }
    }
    if functions.is_empty() {
        return Ok(());
    }
    functions.sort_by(|a, b| (a.0, a.1, &a.2.name).cmp(&(b.0, b.1, &b.2.name)));
    let (mut found, mut hit) = (0, 0);
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (first, last, region) in functions {
        let numbers = file.narrowed(&region.lines).numbers;
        if numbers.statements == 0 {
            continue;
        }
        let ran = u8::from(numbers.executed() > 0);
        found += 1;
        hit += u32::from(ran);
        let mut name = neutralize_control(&region.name);
        if !names.insert(name.clone()) {
            name = format!("{name}@{first}");
        }
        writeln!(out, "FN:{first},{last},{name}\nFNDA:{ran},{name}")?;
    }
    writeln!(out, "FNF:{found}\nFNH:{hit}")
}

fn write_branches(file: &FileReport, branches: &Branches, out: &mut dyn Write) -> io::Result<()> {
    let statistics = branches.statistics();
    let executed = branches.executed_exits();
    let none = Vec::new();
    let exits =
        |by_line: &BTreeMap<u32, Vec<i32>>, line: u32| by_line.get(&line).unwrap_or(&none).clone();
    for line in file.statements.iter() {
        let Some(&(_, taken)) = statistics.get(&line) else {
            continue;
        };
        let missing = exits(&branches.missing_exits, line);
        let mut ways: Vec<(i32, &str)> = Vec::new();
        if taken == 0 {
            ways.extend(missing.iter().map(|&exit| (exit, "-")));
        } else {
            ways.extend(exits(&executed, line).iter().map(|&exit| (exit, "1")));
            ways.extend(missing.iter().map(|&exit| (exit, "0")));
        }
        // Exits come after the ways on.
        ways.sort_by_key(|&(exit, hit)| (exit < 0, exit, hit));
        for (exit, hit) in ways {
            let description = neutralize_control(&branches.describe(line, exit));
            writeln!(out, "BRDA:{line},0,{description},{hit}")?;
        }
    }
    let all: usize = statistics.values().map(|&(all, _)| all).sum();
    let taken: usize = statistics.values().map(|&(_, taken)| taken).sum();
    if all > 0 {
        writeln!(out, "BRF:{all}\nBRH:{taken}")?;
    }
    Ok(())
}
