//! Projects with sources and with what ran of them.

use std::path::{Path, PathBuf};

use swath_analysis::{ExclusionRules, PythonVersion};
use swath_coverage::{ModelError, ModelOptions, Report, build_report};
use swath_data::{CoverageData, Mode};
use swath_pattern::Directory;
use swath_test::{Random, Requirements, Venv};

pub(crate) fn coverage_py(test: &str) -> Option<Venv> {
    let python = [13, 12, 11, 10]
        .into_iter()
        .find_map(|minor| swath_test::python(3, minor));
    let Some(python) = python else {
        swath_test::skip(test, "CPython 3.10 to 3.13");
        return None;
    };
    swath_test::venv(python, &Requirements::new(["coverage==7.17.3"]))
}

/// A folder with sources, and what ran of them.
pub(crate) struct Project {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) directory: Directory,
    pub(crate) data: CoverageData,
    pub(crate) version: PythonVersion,
}

impl Project {
    pub(crate) fn new(mode: Mode, venv: &Venv) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path());
        let (major, minor) = venv.version();
        let version = PythonVersion::new(major, minor);
        let data = CoverageData::new(mode);
        Self {
            folder,
            directory,
            data,
            version,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }

    pub(crate) fn source(&mut self, name: &str, source: &str) -> String {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, source).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn lines(&mut self, name: &str, source: &str, lines: &[u32]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_lines(&path, context, &lines.iter().copied().collect());
    }

    pub(crate) fn arcs(&mut self, name: &str, source: &str, arcs: &[(i64, i64)]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_arcs(&path, context, &arcs.iter().copied().collect());
    }

    pub(crate) fn report(&self) -> Result<Report, ModelError> {
        let rules = ExclusionRules::default();
        let options = ModelOptions {
            directory: &self.directory,
            files: &[],
            include: &[],
            omit: &[],
            contexts: None,
            ignore_errors: false,
            relative_files: false,
            rules: &rules,
            python: self.version,
            details: false,
        };
        build_report(&self.data, &options)
    }
}

pub(crate) const BRANCHY: &str = "\
import sys

def pick(x):
    \"\"\"Doc.\"\"\"
    if x:
        y = 1
    for i in range(
        x
    ):
        if i > 3:
            break
    else:
        y = 2
    with open(x) as f:
        while f:
            return f
    try:
        pass
    except ValueError:
        y = 3
    return y

if sys.argv:  # pragma: no branch
    pick(1)
if sys.version:  # pragma: no cover
    pick(2)
class A:
    z = 1
    def m(self): return 1
";

/// A project of random modules with random hits.
pub(crate) fn random_project(random: &mut Random, venv: &Venv) -> Project {
    let arcs = random.below(2) == 1;
    let mut project = Project::new(if arcs { Mode::Arcs } else { Mode::Lines }, venv);
    let folders = ["", "p/", "p/q1/", "p/q10/"].repeat(3);
    for (number, folder) in folders.iter().enumerate().take(below(random, 13)) {
        let keep = below(random, BRANCHY.lines().count() + 1);
        let mut body = String::new();
        for line in BRANCHY.lines().take(keep) {
            body.push_str(line);
            body.push('\n');
        }
        let name = format!("{folder}m{number}.py");
        let source = format!("a = {number}\n{}", whole_blocks(&body));
        let mut line = || i64::try_from(below(random, 34)).unwrap() - 2;
        if arcs {
            let pairs: Vec<(i64, i64)> = (0..60).map(|_| (line(), line())).collect();
            project.arcs(&name, &source, &pairs);
        } else {
            let lines: Vec<u32> = (0..30).filter_map(|_| u32::try_from(line()).ok()).collect();
            project.lines(&name, &source, &lines);
        }
    }
    project
}

fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).unwrap()
}

/// The text up to its last complete top-level block.
fn whole_blocks(body: &str) -> String {
    match body.rfind("\n\n") {
        Some(end) if body.len() < BRANCHY.len() => body[..=end].to_owned(),
        _ if body.len() < BRANCHY.len() => String::new(),
        _ => body.to_owned(),
    }
}
