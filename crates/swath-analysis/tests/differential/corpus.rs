//! Small programs, under every Python found: those that once differed from coverage.py, and those that swath's own
//! tests measure.

use std::path::Path;

use anyhow::{Result, ensure};
use swath_analysis::ExclusionRules;
use swath_test::{pythons, skip};

use crate::oracle::{Oracle, difference, python_files};

#[test]
fn small_programs_are_equal() -> Result<()> {
    if pythons().is_empty() {
        skip("small programs", "no Python found");
    }
    let mut files = Vec::new();
    for folder in ["tests/corpus", "../swath/tests/corpus/programs"] {
        python_files(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut files,
        )?;
    }
    let mut complaints = Vec::new();
    for python in pythons() {
        let Some(oracle) = Oracle::new(python) else {
            continue;
        };
        for dump in oracle.dump(&files, None)? {
            if let Some(text) = difference(&dump, oracle.version(), &ExclusionRules::default())? {
                complaints.push(format!("{} {}: {text}", python.tag(), dump.path.display()));
            }
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
