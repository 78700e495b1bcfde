//! Small programs that once differed from coverage.py, under every Python found.

use std::path::Path;

use anyhow::{Result, ensure};
use swath_analysis::ExclusionRules;
use swath_test::{pythons, skip};

use crate::oracle::{Oracle, difference, python_files};

#[test]
fn programs_that_once_differed_are_equal() -> Result<()> {
    if pythons().is_empty() {
        skip("programs that once differed", "no Python found");
    }
    let mut files = Vec::new();
    python_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"),
        &mut files,
    )?;
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
