//! What is combined and reported: made once with coverage.py, kept under `target/bench`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use swath_test::{Venv, target_dir};

use super::Case;

/// Writes data files of the shape of a large service's.
const GENERATOR: &str = include_str!("generator.py");

/// Makes of a data file another one, in which 2,000 contexts ran parts of what is in it.
const CONTEXTS: &str = "\
import random, sys
from coverage import CoverageData
there = CoverageData(basename=sys.argv[1])
there.read()
files = [(path, sum(1 for _ in open(path, 'rb'))) for path in sorted(there.measured_files())]
files = [(path, length) for path, length in files if length]
data = CoverageData(basename=sys.argv[2])
for test in range(2000):
    chooser = random.Random(test)
    data.set_context(f'tests/test_{test // 50:02}.py::test_case_{test:04}|run')
    lines = {}
    for path, length in chooser.sample(files, 62):
        part = random.Random(f'{path}-{chooser.randrange(4)}')
        lines[path] = [line for line in range(1, length + 1) if part.random() < 0.3]
    data.add_lines(lines)
data.write()
";

/// The folder in which the case is run; for `combine`, the one that is combined.
pub(super) fn of(case: Case, venv: &Venv) -> Result<PathBuf> {
    match case {
        Case::CombineLines => generated(venv, "lines", "200", "lines"),
        Case::CombineUnlike => generated(venv, "unlike", "200", "unlike"),
        Case::CombineArcs => generated(venv, "arcs", "200", "arcs"),
        Case::CombineContexts => generated(venv, "contexts", "4", "contexts"),
        Case::CombineLarge => generated(venv, "large", "5000", "lines"),
        Case::Text | Case::Xml | Case::Json | Case::Lcov => library(venv, "library", false),
        Case::TextBranches | Case::XmlBranches | Case::JsonBranches | Case::LcovBranches => {
            library(venv, "library-branches", true)
        }
        Case::JsonContexts => contexts(venv),
        Case::Small => small(venv),
    }
}

/// The folder, filled by `fill` if it has not been before.
fn folder(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = target_dir().join("bench/inputs").join(name);
    let complete = folder.with_extension("complete");
    if complete.is_file() {
        return Ok(folder);
    }
    println!("  making what it is measured on");
    if folder.exists() {
        fs_err::remove_dir_all(&folder)?;
    }
    fs_err::create_dir_all(&folder)?;
    fill(&folder)?;
    fs_err::write(complete, "")?;
    Ok(folder)
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn generated(venv: &Venv, name: &str, files: &str, kind: &str) -> Result<PathBuf> {
    folder(name, |folder| {
        let mut command = venv.command("python");
        command.args(["-c", GENERATOR]).arg(folder);
        succeed(command.args([files, "1050", kind, name]))
    })
}

/// A run that measured the standard library with pip, some of its tests too: some 1,400 files.
fn library(venv: &Venv, name: &str, branches: bool) -> Result<PathBuf> {
    let output = venv
        .command("python")
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()?;
    let library = String::from_utf8(output.stdout)?.trim().to_owned();
    folder(name, |folder| {
        let mut command = venv.command("coverage");
        command.current_dir(folder).args(["run", "--pylib"]);
        command.arg(format!("--source={library}"));
        command.arg("--omit=*/test/test_[a-r]*");
        if branches {
            command.arg("--branch");
        }
        succeed(command.args(["-m", "json.tool", "--help"]))
    })
}

fn contexts(venv: &Venv) -> Result<PathBuf> {
    let library = library(venv, "library", false)?;
    folder("library-contexts", |folder| {
        let mut command = venv.command("python");
        command.args(["-c", CONTEXTS]);
        succeed(
            command
                .arg(library.join(".coverage"))
                .arg(folder.join(".coverage")),
        )
    })
}

/// Fifty modules of the standard library as a project of its own.
fn small(venv: &Venv) -> Result<PathBuf> {
    const COPY: &str = "\
import glob, os, shutil
library = os.path.dirname(os.__file__)
for path in sorted(glob.glob(library + '/[a-z]*.py'))[:49]:
    shutil.copy(path, 'part_' + os.path.basename(path))
open('main.py', 'w').write('import part_ast, part_argparse, part_bisect\\n')
";
    folder("small", |folder| {
        succeed(
            venv.command("python")
                .current_dir(folder)
                .args(["-c", COPY]),
        )?;
        let mut command = venv.command("coverage");
        command.current_dir(folder);
        succeed(command.args(["run", "--source=.", "main.py"]))
    })
}
