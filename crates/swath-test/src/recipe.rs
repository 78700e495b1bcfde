//! What a team does today to cover its system tests with coverage.py, step by step: the numbers
//! that swath's are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{Example, Guard, Signal, temp_dir};

/// What coverage.py says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct FileLines {
    /// The lines that are statements.
    pub statements: BTreeSet<u32>,
    /// Those of them that did not run.
    pub missing: BTreeSet<u32>,
    /// The lines left out.
    pub excluded: BTreeSet<u32>,
}

/// Asks coverage.py itself: its JSON report lists what ran, statement or not, in place of the
/// statements, and says nothing of the excluded lines of old versions.
const ASK: &str = "\
import coverage, json, sys
asked = coverage.Coverage(config_file=sys.argv[1])
asked.load()
with open(sys.argv[2]) as report:
    paths = list(json.load(report)['files'])
lines = {}
for path in paths:
    _, statements, excluded, missing, _ = asked.analysis2(path)
    lines[path] = {'statements': statements, 'excluded': excluded, 'missing': missing}
print(json.dumps(lines))
";

const SITECUSTOMIZE: &str = "import coverage\ncoverage.process_startup()\n";

/// Runs the example's system tests under the recipe made by hand (`sitecustomize`,
/// `COVERAGE_PROCESS_START`, `parallel`, SIGINT, `combine`) and returns the lines of each file,
/// by path in the example.
///
/// `rc_lines` are appended to the `[run]` section of the example's `.coveragerc`.
pub fn measure_by_hand(example: &Example, rc_lines: &str) -> Result<BTreeMap<String, FileLines>> {
    let folder = example.folder();
    let injected = folder.join("by-hand");
    fs_err::create_dir_all(&injected)?;
    fs_err::write(injected.join("sitecustomize.py"), SITECUSTOMIZE)?;
    let rc_file = injected.join("coveragerc");
    let rc_text = fs_err::read_to_string(folder.join(".coveragerc"))?;
    let rc_text = rc_text.replacen("[run]", &format!("[run]\n{rc_lines}"), 1);
    // Relative entries count from the working folder, so the file may be anywhere.
    fs_err::write(&rc_file, rc_text)?;

    serve_and_test(example, &injected, &rc_file)?;
    let rc_option = format!("--rcfile={}", rc_file.display());
    coverage(example, &["combine", "--quiet", &rc_option])?;
    coverage_lines(example, &rc_file)
}

/// What coverage.py says of each file, never-imported ones too, from the `.coverage` in the
/// example's folder.
pub fn coverage_lines(example: &Example, rc_file: &Path) -> Result<BTreeMap<String, FileLines>> {
    let folder = temp_dir();
    let report = folder.path().join("coverage.json").display().to_string();
    let rc_option = format!("--rcfile={}", rc_file.display());
    coverage(example, &["json", "--quiet", &rc_option, "-o", &report])?;
    let mut ask = example.command(example.venv().bin("python"));
    let output = ask.args(["-c", ASK]).arg(rc_file).arg(&report).output()?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "coverage.py gave no lines: {problem}"
    );
    serde_json::from_slice(&output.stdout).context("coverage.py gave no lines")
}

/// Starts the service, waits until it is ready, runs the tests, stops it with SIGINT and waits
/// until the last worker has written its data.
fn serve_and_test(example: &Example, injected: &Path, rc_file: &Path) -> Result<()> {
    let log = injected.join("service.log");
    let output = File::create(&log)?;
    let mut service = example.service();
    service
        .env("PYTHONPATH", injected)
        .env("COVERAGE_PROCESS_START", rc_file)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let mut service = Guard::spawn(&mut service)?;
    let said = || fs_err::read_to_string(&log).unwrap_or_default();
    crate::wait_until(Duration::from_mins(1), "the example to be ready", || {
        let ended = service.ended();
        assert!(
            ended.is_none(),
            "the example ended with {ended:?}: {}",
            said()
        );
        example.is_ready()
    });
    let tests = example.tests().stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&tests.stdout);
    ensure!(
        tests.status.success(),
        "the example's tests failed: {text}\n{}",
        said()
    );
    service.signal(Signal::INT);
    let status = service
        .wait(Duration::from_mins(1))
        .context("SIGINT did not stop the example")?;
    ensure!(
        status.success(),
        "the example ended with {status}: {}",
        said()
    );
    Ok(())
}

fn coverage(example: &Example, arguments: &[&str]) -> Result<()> {
    let mut command: Command = example.command(example.venv().bin("python"));
    let output = command.args(["-m", "coverage"]).args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "coverage {arguments:?} failed: {text}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_gives_the_same_lines_twice() {
        let Some(python) = crate::newest_python() else {
            return crate::skip(
                "the_recipe_gives_the_same_lines_twice",
                "no CPython from 3.8 found",
            );
        };
        let (Some(one), Some(two)) = (Example::copy(python), Example::copy(python)) else {
            return;
        };
        let lines = measure_by_hand(&one, "").unwrap();
        assert_eq!(lines, measure_by_hand(&two, "").unwrap());
        // The module's docstring is no statement.
        assert!(lines.values().all(|file| !file.statements.contains(&1)));
        let journal = &lines["source/xy/journal.py"];
        assert!(!journal.missing.is_empty() && journal.missing.len() < journal.statements.len());
        assert_eq!(
            lines["source/xy/admin.py"].missing,
            lines["source/xy/admin.py"].statements
        );
    }
}
