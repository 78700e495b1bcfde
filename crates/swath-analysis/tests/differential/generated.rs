//! Generated programs, full of dead code, compared with coverage.py.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use swath_analysis::ExclusionRules;
use swath_test::{pythons, record_figure, scale, seed, skip, temp_dir};

use crate::generator::program;
use crate::oracle::{Dump, Oracle, difference};
use crate::reduction::reduce;

#[test]
fn generated_programs_are_equal() -> Result<()> {
    if pythons().is_empty() {
        skip("generated programs", "no Python found");
    }
    let mut complaints = Vec::new();
    for python in pythons() {
        let Some(oracle) = Oracle::new(python) else { continue };
        let count: u32 = scale().pick(200, 5_000);
        let folder = temp_dir();
        let files: Vec<PathBuf> = (0..count).map(|number| folder.path().join(format!("program_{number}.py"))).collect();
        for (number, file) in (0u64..).zip(&files) {
            fs_err::write(file, program(seed() + number, python.version.1))?;
        }
        let dumps = oracle.dump(&files, None)?;
        let (mut equal, mut accepted) = (0, 0);
        for dump in &dumps {
            accepted += u32::from(!dump.is_rejected());
            match difference(dump, oracle.version(), &ExclusionRules::default())? {
                None => equal += 1,
                Some(text) => {
                    complaints.push(complain(&oracle, dump, text, complaints.len() < REDUCED)?);
                }
            }
        }
        record_figure("Analysis against coverage.py", "generated programs", &python.tag(), format!("{equal} of {count} equal"));
        ensure!(accepted * 10 > count * 7, "{} compiles only {accepted} of {count} programs", python.tag());
    }
    ensure!(complaints.is_empty(), "{} programs differ:\n{}", complaints.len(), complaints.join("\n"));
    Ok(())
}

/// How many programs are reduced before the test fails.
const REDUCED: usize = 6;

/// What to say about a program that differs.
fn complain(oracle: &Oracle, dump: &Dump, text: String, is_reduced: bool) -> Result<String> {
    let name = format!("{} {}", oracle.version(), dump.path.file_name().unwrap_or_default().to_string_lossy());
    if !is_reduced {
        return Ok(format!("{name}: {text}"));
    }
    let folder = temp_dir();
    let (program, text) = reduce(oracle, &fs_err::read_to_string(&dump.path)?, folder.path())?;
    Ok(format!("{name}, reduced: {text}\n{program}"))
}
