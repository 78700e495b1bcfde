//! Generated programs, full of dead code, compared with coverage.py.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use swath_analysis::ExclusionRules;
use swath_test::{Python, pythons, record_figure, scale, seed, skip, temp_dir};

use crate::generator::program;
use crate::oracle::{Dump, Oracle, TABLE, difference, record_words};
use crate::reduction::reduce;

/// What is compared, as the table of figures has it.
const WHAT: &str = "generated programs";

#[test]
fn generated_programs_are_equal() -> Result<()> {
    if pythons().is_empty() {
        skip(WHAT, "no Python found");
    }
    let mut complaints = Vec::new();
    for python in pythons() {
        if let Some(oracle) = Oracle::new(python) {
            complaints.extend(compare(python, &oracle)?);
        }
    }
    ensure!(
        complaints.is_empty(),
        "{} programs differ:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
    Ok(())
}

/// What to say about the programs that differ on one Python.
fn compare(python: &Python, oracle: &Oracle) -> Result<Vec<String>> {
    let count: usize = scale().pick(100, 5_000);
    let folder = temp_dir();
    let mut files: Vec<PathBuf> = Vec::with_capacity(count);
    for seed in (seed()..).take(count) {
        let file = folder.path().join(format!("program_{seed}.py"));
        fs_err::write(&file, program(seed, python.version.1))?;
        files.push(file);
    }
    let dumps = oracle.dump(&files, None)?;
    let accepted = dumps.iter().filter(|dump| !dump.is_rejected()).count();
    ensure!(
        accepted * 10 > count * 7,
        "{} compiles only {accepted} of {count} programs",
        python.tag()
    );
    let mut different = Vec::new();
    for dump in &dumps {
        if let Some(text) = difference(dump, oracle.version(), &ExclusionRules::default())? {
            different.push((dump, text));
        }
    }
    let figure = format!("{} of {count} equal", count - different.len());
    record_figure(TABLE, WHAT, &python.tag(), figure);
    record_words(oracle, WHAT, &dumps)?;
    let mut complaints = Vec::new();
    for (index, (dump, text)) in different.into_iter().enumerate() {
        complaints.push(complain(oracle, dump, &text, index < REDUCED)?);
    }
    Ok(complaints)
}

/// How many programs are reduced before the test fails.
const REDUCED: usize = 6;

/// What to say about a program that differs.
fn complain(oracle: &Oracle, dump: &Dump, text: &str, is_reduced: bool) -> Result<String> {
    let name = format!(
        "{} {}",
        oracle.version(),
        dump.path.file_name().unwrap_or_default().to_string_lossy()
    );
    if !is_reduced {
        return Ok(format!("{name}: {text}"));
    }
    let folder = temp_dir();
    let (program, text) = reduce(
        oracle,
        &fs_err::read_to_string(&dump.path)?,
        text,
        folder.path(),
    )?;
    Ok(format!("{name}, reduced: {text}\n{program}"))
}
