//! Makes a program that differs smaller, as long as it still differs.

use std::path::{Path, PathBuf};

use anyhow::Result;
use swath_analysis::ExclusionRules;

use crate::oracle::{Oracle, difference};

/// The smallest program found that still differs, with its difference; `text` is that of the whole program.
pub(crate) fn reduce(
    oracle: &Oracle,
    program: &str,
    text: &str,
    folder: &Path,
) -> Result<(String, String)> {
    let mut program = program.to_owned();
    let mut last = text.to_owned();
    while let Some((smaller, text)) = smaller(oracle, &program, folder)? {
        program = smaller;
        last = text;
    }
    Ok((program, last))
}

fn smaller(oracle: &Oracle, program: &str, folder: &Path) -> Result<Option<(String, String)>> {
    let candidates = candidates(program);
    let files: Vec<PathBuf> = (0..candidates.len())
        .map(|index| folder.join(format!("candidate_{index}.py")))
        .collect();
    for (candidate, file) in candidates.iter().zip(&files) {
        fs_err::write(file, candidate)?;
    }
    for (dump, candidate) in oracle.dump(&files, None)?.iter().zip(candidates) {
        if dump.is_rejected() {
            continue;
        }
        if let Some(text) = difference(dump, oracle.version(), &ExclusionRules::default())? {
            return Ok(Some((candidate, text)));
        }
    }
    Ok(None)
}

/// The program without one of its blocks, or with a block's suite in its place; the largest cuts first.
fn candidates(program: &str) -> Vec<String> {
    let lines: Vec<&str> = program.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut cuts = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let inside = |line: &&&str| line.is_empty() || indent(line) > indent(lines[first]);
        let end = first + 1 + lines[first + 1..].iter().take_while(inside).count();
        cuts.push((first, end, None));
        let pass = format!("{}pass", " ".repeat(indent(line)));
        if *line != pass {
            cuts.push((first, end, Some(vec![pass])));
        }
        if end > first + 1 {
            let body = lines[first + 1..end]
                .iter()
                .map(|line| line.get(4..).unwrap_or("").to_owned())
                .collect();
            cuts.push((first, end, Some(body)));
        }
    }
    cuts.sort_by_key(|(first, end, replacement)| (replacement.is_some(), first.wrapping_sub(*end)));
    let cut = |(first, end, replacement): (usize, usize, Option<Vec<String>>)| {
        let mut kept: Vec<String> = lines[..first].iter().map(ToString::to_string).collect();
        kept.extend(replacement.unwrap_or_default());
        kept.extend(lines[end..].iter().map(ToString::to_string));
        kept.join("\n") + "\n"
    };
    cuts.into_iter()
        .map(cut)
        .filter(|candidate| candidate != program)
        .collect()
}
