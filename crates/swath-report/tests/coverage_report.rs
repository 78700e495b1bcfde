//! The text report against the real `coverage report`, byte for byte, over generated projects.

use std::path::{Path, PathBuf};

use swath_analysis::{ExclusionRules, PythonVersion};
use swath_coverage::{ModelError, ModelOptions, Report, build_report};
use swath_data::{CoverageData, Mode, write_data_file};
use swath_pattern::Directory;
use swath_report::{TextOptions, render_text};
use swath_test::{Random, Requirements, Scale, Venv};

fn coverage_py(test: &str) -> Option<Venv> {
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
struct Project {
    folder: tempfile::TempDir,
    directory: Directory,
    data: CoverageData,
    version: PythonVersion,
}

impl Project {
    fn new(mode: Mode, venv: &Venv) -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(name)
    }

    fn source(&mut self, name: &str, source: &str) -> String {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, source).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn lines(&mut self, name: &str, source: &str, lines: &[u32]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_lines(&path, context, &lines.iter().copied().collect());
    }

    fn arcs(&mut self, name: &str, source: &str, arcs: &[(i64, i64)]) {
        let path = self.source(name, source);
        let context = self.data.intern_context("");
        self.data
            .add_arcs(&path, context, &arcs.iter().copied().collect());
    }

    fn report(&self) -> Result<Report, ModelError> {
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
            regions: false,
        };
        build_report(&self.data, &options)
    }

    /// Runs both on the same data and compares what they print.
    fn check(&self, venv: &Venv, flags: &[&str], options: &TextOptions) {
        write_data_file(&self.data, &self.path(".coverage")).unwrap();
        let output = venv
            .command("coverage")
            .arg("report")
            .args(flags)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours = match self.report() {
            Ok(report) => {
                render_text(&report, options).unwrap_or_else(|error| format!("{error}\n"))
            }
            Err(error) => format!("{error}\n"),
        };
        assert_eq!(ours, theirs, "coverage report {flags:?}");
    }

    fn check_all(&self, venv: &Venv) {
        for (flags, options) in flag_sets() {
            let flags: Vec<&str> = flags.split_whitespace().collect();
            self.check(venv, &flags, &options);
        }
    }
}

fn flag_sets() -> Vec<(&'static str, TextOptions)> {
    let plain = TextOptions::default;
    let sorted = |sort: &str| TextOptions {
        sort: Some(sort.to_owned()),
        ..plain()
    };
    let format = |format: &str| TextOptions {
        format: Some(format.to_owned()),
        ..plain()
    };
    let full = TextOptions {
        show_missing: true,
        skip_covered: true,
        skip_empty: true,
        ..plain()
    };
    let mut sets = vec![
        ("", plain()),
        (
            "-m",
            TextOptions {
                show_missing: true,
                ..plain()
            },
        ),
        ("-m --skip-covered --skip-empty", full.clone()),
        (
            "-m --precision=2",
            TextOptions {
                show_missing: true,
                precision: 2,
                ..plain()
            },
        ),
        (
            "--format=total --precision=1",
            TextOptions {
                precision: 1,
                ..format("total")
            },
        ),
        ("--format=markdown", format("markdown")),
        (
            "--format=markdown -m --skip-covered --skip-empty --precision=3",
            TextOptions {
                precision: 3,
                format: Some("markdown".to_owned()),
                ..full
            },
        ),
        ("--sort=-name", sorted("-name")),
        ("--sort=Cover", sorted("Cover")),
    ];
    if swath_test::scale() == Scale::Whole {
        sets.extend([
            (
                "--skip-covered",
                TextOptions {
                    skip_covered: true,
                    ..plain()
                },
            ),
            (
                "--skip-empty",
                TextOptions {
                    skip_empty: true,
                    ..plain()
                },
            ),
            ("--sort=+stmts", sorted("+stmts")),
            ("--sort=-miss", sorted("-miss")),
            ("--sort=-cover", sorted("-cover")),
            ("--sort=branch", sorted("branch")),
            ("--sort=-brpart", sorted("-brpart")),
        ]);
    }
    sets
}

const BRANCHY: &str = "\
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

#[test]
fn line_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("line_reports_are_the_same_bytes") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
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
    project.check_all(&venv);
}

#[test]
fn branch_reports_are_the_same_bytes() {
    let Some(venv) = coverage_py("branch_reports_are_the_same_bytes") else {
        return;
    };
    let mut project = Project::new(Mode::Arcs, &venv);
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
    project.check_all(&venv);
}

#[test]
fn a_report_without_rows_is_the_same_bytes() {
    let Some(venv) = coverage_py("a_report_without_rows_is_the_same_bytes") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
    project.check_all(&venv);
    project.lines("empty.py", "", &[]);
    project.check_all(&venv);
}

#[test]
fn errors_have_the_same_words() {
    let Some(venv) = coverage_py("errors_have_the_same_words") else {
        return;
    };
    let mut project = Project::new(Mode::Lines, &venv);
    project.lines("a.py", "a = 1\n", &[1]);
    let options = |text: &str| TextOptions {
        sort: Some(text.to_owned()),
        ..TextOptions::default()
    };
    project.check(&venv, &["--sort=xyz"], &options("xyz"));
    project.check(&venv, &["--sort=branch"], &options("branch"));
    project.check(
        &venv,
        &["--format=xyz"],
        &TextOptions {
            format: Some("xyz".to_owned()),
            ..TextOptions::default()
        },
    );
    project.lines("b.py", "a = = 1\n", &[1]);
    project.check(&venv, &[], &TextOptions::default());
}

/// Random projects: real statements, random hits, and every flag.
#[test]
fn random_projects_give_the_same_bytes() {
    let Some(venv) = coverage_py("random_projects_give_the_same_bytes") else {
        return;
    };
    let seed = swath_test::seed();
    let mut random = Random::new(seed);
    let rounds = if swath_test::scale() == Scale::Whole {
        40
    } else {
        2
    };
    for _ in 0..rounds {
        let arcs = random.below(2) == 1;
        let mut project = Project::new(if arcs { Mode::Arcs } else { Mode::Lines }, &venv);
        for number in 0..random.below(12) {
            let name = format!(
                "{}m{number}.py",
                ["", "p/", "p/q1/", "p/q10/"][random.below(4) as usize]
            );
            let keep = random.below(BRANCHY.lines().count() as u64 + 1) as usize;
            let body: String = BRANCHY
                .lines()
                .take(keep)
                .map(|line| format!("{line}\n"))
                .collect();
            let source = format!("a = {number}\n{}", whole_blocks(&body));
            if arcs {
                let pairs: Vec<(i64, i64)> = (0..random.below(60))
                    .map(|_| (random.below(32) as i64 - 2, random.below(32) as i64 - 2))
                    .collect();
                project.arcs(&name, &source, &pairs);
            } else {
                let lines: Vec<u32> = (0..random.below(40))
                    .map(|_| random.below(34) as u32)
                    .collect();
                project.lines(&name, &source, &lines);
            }
        }
        eprintln!("seed {seed}");
        project.check_all(&venv);
    }
}

/// The text up to its last complete top-level block.
fn whole_blocks(body: &str) -> String {
    match body.rfind("\n\n") {
        Some(end) if body.len() < BRANCHY.len() => body[..=end].to_owned(),
        _ if body.len() < BRANCHY.len() => String::new(),
        _ => body.to_owned(),
    }
}
