//! Projects with sources and with what ran of them.

use std::path::{Path, PathBuf};

use swath_analysis::{ExclusionRules, PythonVersion};
use swath_checkout::SourceRoots;
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
        swath_test::write_file(&path, source);
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn lines(&mut self, name: &str, source: &str, lines: &[u32]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_lines(&path, context, &lines.iter().copied().collect());
    }

    pub(crate) fn arcs(&mut self, name: &str, source: &str, arcs: &[(i32, i32)]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_arcs(&path, context, &arcs.iter().copied().collect());
    }

    pub(crate) fn options<'a>(&'a self, rules: &'a ExclusionRules) -> ModelOptions<'a> {
        ModelOptions {
            directory: &self.directory,
            files: &[],
            include: &[],
            omit: &[],
            contexts: None,
            ignore_errors: false,
            relative_files: false,
            rules,
            python: self.version,
            said_python: None,
            compare_rules: false,
            reported: None,
            details: true,
            roots: SourceRoots::new(&self.directory, []),
            without_sources: false,
        }
    }

    pub(crate) fn report(&self) -> Result<Report, ModelError> {
        build_report(&self.data, &self.options(&ExclusionRules::default()))
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

/// Line data: names of all kinds, an empty module, one with words only.
pub(crate) fn line_project(venv: &Venv) -> Project {
    let mut project = Project::new(Mode::Lines, venv);
    project.lines(
        "branchy.py",
        BRANCHY,
        &[1, 3, 23, 24, 5, 6, 7, 8, 10, 27, 28],
    );
    project.lines(
        "a/very/long/name/of_a_module10.py",
        "a = 1\nb = 2\n",
        &[1, 2],
    );
    project.lines(
        "a/very/long/name/of_a_module9.py",
        "a = 1\nif a:\n    b = 2\n",
        &[1, 2],
    );
    project.lines("empty.py", "", &[]);
    project.lines(
        "doc.py",
        "\"\"\"Nothing but words.\"\"\"\n# and more\n",
        &[1],
    );
    project.lines("né_[x]*|`.py", "a = (1,\n  2)\nb = 3\n", &[2]);
    project.lines("ctrl\u{1b}.py", "a = 1\n", &[1]);
    project
}

/// Branch data: all, some and none of the exits taken.
pub(crate) fn branch_project(venv: &Venv) -> Project {
    let mut project = Project::new(Mode::Arcs, venv);
    let ran = [
        (-1, 1),
        (1, 3),
        (3, 23),
        (23, 24),
        (24, 25),
        (25, 27),
        (27, 28),
        (28, 29),
        (29, -27),
        (27, -1),
    ];
    project.arcs("branchy.py", BRANCHY, &ran);
    let more = [
        (-3, 5),
        (5, 7),
        (7, 8),
        (8, 7),
        (7, 10),
        (10, 7),
        (7, 13),
        (13, 14),
        (14, 15),
        (15, 14),
        (14, 17),
        (17, 18),
        (18, 21),
        (21, -3),
    ];
    project.arcs(
        "sub/branchy2.py",
        BRANCHY,
        &[ran.as_slice(), more.as_slice()].concat(),
    );
    project.arcs("covered.py", "a = 1\n", &[(-1, 1), (1, -1)]);
    project.arcs("none.py", "", &[]);
    project
        .data
        .touch(project.path("none.py").to_str().unwrap());
    project
}

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
        let mut line = || i32::try_from(below(random, 34)).unwrap() - 2;
        if arcs {
            let pairs: Vec<(i32, i32)> = (0..60).map(|_| (line(), line())).collect();
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
