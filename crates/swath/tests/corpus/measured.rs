//! A folder of programs run under both tools, and what each makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use swath_analysis::PythonVersion;
use swath_config::CoverageConfig;
use swath_coverage::{FileReport, ModelOptions, build_report, exclusion_rules};
use swath_data::read_data_file;
use swath_pattern::Directory;
use swath_test::{
    Python, Scale, SeenLines, Venv, coverage_for_3_10, coverage_requirements_of, scale, venv,
};

const DRIVER: &str = include_str!("drive.py");
const PLAY: &str = include_str!("play.py");
const ASK: &str = include_str!("ask.py");

/// coverage.py 7.17.3's rules, for its versions that have others.
const RULES: &str = r"
[report]
exclude_lines =
    [#]\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)
    ^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)
    ^\s*if (typing\.)?TYPE_CHECKING:
partial_branches =
    [#]\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(branch|BRANCH)
partial_branches_always =
    ^\s*while (True|1|False|0):
    ^\s*if (True|1|False|0):
";

/// The exits of a program's branches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exits {
    pub(crate) missing: BTreeSet<(u32, i32)>,
    pub(crate) executed: BTreeSet<(u32, i32)>,
    partial: usize,
}

/// What a tool makes of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) lines: SeenLines,
    pub(crate) exits: Option<Exits>,
}

impl Seen {
    /// Without what concerns branches.
    pub(crate) fn without_branches(mut self) -> Self {
        self.lines.branches = None;
        self.exits = None;
        self
    }
}

/// What the tools make of programs, by name.
pub(crate) struct Measured {
    /// coverage.py.
    pub(crate) theirs: BTreeMap<String, Seen>,
    /// swath, of what coverage.py recorded.
    pub(crate) theirs_read_by_us: BTreeMap<String, Seen>,
    /// swath.
    pub(crate) ours: BTreeMap<String, Seen>,
    /// coverage.py, of what swath recorded, at full scale.
    pub(crate) ours_read_by_them: Option<BTreeMap<String, Seen>>,
}

/// A folder in which programs are measured by both tools.
pub(crate) struct MeasuredFolder {
    folder: tempfile::TempDir,
    venv: Venv,
    /// Where coverage.py is that judges, if not in the environment.
    judge: Option<PathBuf>,
}

impl MeasuredFolder {
    /// A folder whose settings measure `source` with branches; none, with a named skip, without
    /// the coverage.py that judges.
    pub(crate) fn new(python: &Python, venv: Venv, source: &str) -> Option<Self> {
        let judge = match python.version {
            (3, 10) => Some(coverage_for_3_10(python)?),
            _ => None,
        };
        let rules = if python.version < (3, 11) { RULES } else { "" };
        let measured = Self {
            folder: swath_test::temp_dir(),
            venv,
            judge,
        };
        let settings = format!("[run]\nbranch = True\nsource = {source}\n{rules}");
        measured.write("rc", &settings);
        measured.write("ask.py", ASK);
        Some(measured)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        swath_test::write_file(self.folder().join(name), text);
    }

    /// `coverage run` into the data file `data`, or `swath run`, of what `program` names.
    pub(crate) fn run_command(&self, tool: Tool, data: &str, program: &[&str]) -> Command {
        let mut command = self.command(tool, "run", data);
        if tool == Tool::Swath {
            command.arg("--python").arg(self.venv.python());
        }
        command.args(program);
        command
    }

    /// A verb of a tool, about the data file `data`.
    pub(crate) fn command(&self, tool: Tool, verb: &str, data: &str) -> Command {
        let python = self.venv.command("python");
        let mut command = match tool {
            Tool::Coverage => {
                let mut command = python;
                command.args(["-m", "coverage"]);
                command
            }
            Tool::Swath => same_environment(&python, Path::new(env!("CARGO_BIN_EXE_swath"))),
        };
        let option =
            |name: &str, file: &str| format!("--{name}={}", self.folder().join(file).display());
        command.arg(verb).arg(option("rcfile", "rc"));
        command.arg(option("data-file", data));
        command.stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", self.folder().join("cache"));
        command.current_dir(self.folder());
        command
    }

    /// What coverage.py makes of a data file, by path; nothing of a file at which it fails.
    pub(crate) fn ask(&self, data: &str, paths: &[String]) -> BTreeMap<String, Seen> {
        self.write("asked", &paths.join("\n"));
        let mut command = self.venv.command("python");
        command.args(["ask.py", "rc", data, "asked"]);
        if let Some(judge) = &self.judge {
            command.env("PYTHONPATH", judge);
        }
        command.current_dir(self.folder());
        let text = output_of(command);
        let answers = text.lines().filter_map(|line| {
            let (path, answer): (String, Option<Answer>) = serde_json::from_str(line).unwrap();
            Some((path, answer?.into_seen()))
        });
        answers.collect()
    }

    /// What swath makes of a data file, by path.
    pub(crate) fn report(&self, data: &str, paths: &[String]) -> BTreeMap<String, Seen> {
        let directory = Directory::new(self.folder());
        let config = CoverageConfig::default();
        let rules = exclusion_rules(&config).unwrap();
        let data = read_data_file(&self.folder().join(data)).unwrap();
        let mut options = ModelOptions::from_config(&config, &rules, &data, &directory).unwrap();
        let (major, minor) = self.venv.version();
        options.python = PythonVersion::new(major, minor);
        options.files = paths;
        let report = build_report(&data, &options).unwrap();
        let seen = report.files.iter();
        seen.map(|file| (file.path.clone(), seen_of(file)))
            .collect()
    }

    /// The files of which a data file knows.
    pub(crate) fn files(&self, data: &str) -> Vec<String> {
        let data = read_data_file(&self.folder().join(data)).unwrap();
        data.files().map(|(path, _)| path.to_owned()).collect()
    }
}

/// Who measures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Coverage,
    Swath,
}

/// A project whose programs can be measured.
pub(crate) struct Project {
    folder: MeasuredFolder,
    names: Vec<String>,
}

impl Project {
    /// A project with these programs, by name; none, with a named skip, without coverage.py.
    pub(crate) fn new(
        python: &Python,
        programs: impl IntoIterator<Item = (String, String)>,
    ) -> Option<Self> {
        let venv = venv(python, &coverage_requirements_of(python))?;
        let folder = MeasuredFolder::new(python, venv, "programs")?;
        let mut names = Vec::new();
        for (name, text) in programs {
            folder.write(&format!("programs/{name}"), &text);
            names.push(name);
        }
        let listed = names.iter().map(|name| format!("programs/{name}"));
        folder.write("list", &listed.collect::<Vec<_>>().join("\n"));
        folder.write("drive.py", DRIVER);
        folder.write("play.py", PLAY);
        Some(Self { folder, names })
    }

    /// Runs the programs under both tools.
    pub(crate) fn measure(&self) -> Measured {
        let program = ["drive.py", "list"];
        output_of(self.folder.run_command(Tool::Coverage, "theirs", &program));
        output_of(self.folder.run_command(Tool::Swath, "ours", &program));
        let ours = self.report("ours");
        let has_branches = ours.values().any(|seen| seen.exits.is_some());
        let ours_read_by_them = (scale() == Scale::Whole).then(|| {
            let seen = self.ask("ours").into_iter();
            // Without branches coverage.py would call every one missed.
            seen.map(|(name, seen)| {
                let kept = if has_branches {
                    seen
                } else {
                    seen.without_branches()
                };
                (name, kept)
            })
            .collect()
        });
        Measured {
            theirs: self.ask("theirs"),
            theirs_read_by_us: self.report("theirs"),
            ours,
            ours_read_by_them,
        }
    }

    /// What coverage.py makes of the programs by its C tracer, which from 3.14 on is not its default.
    pub(crate) fn measure_by_tracer(&self) -> BTreeMap<String, Seen> {
        let program = ["drive.py", "list"];
        let mut command = self.folder.run_command(Tool::Coverage, "traced", &program);
        command.env("COVERAGE_CORE", "ctrace");
        output_of(command);
        self.ask("traced")
    }

    /// The programs in which the line tables of the interpreter have code where the analysis has none.
    pub(crate) fn guarded(&self) -> BTreeSet<String> {
        let mut command = self.folder.command(Tool::Swath, "run", "guarded");
        let options = ["--no-docker", "-L", "--json=guarded.json", "--"];
        command.args(options).arg(self.folder.venv.python());
        command.args(["drive.py", "list"]);
        output_of(command);
        let account = self.folder.folder().join("guarded.json");
        let account: serde_json::Value =
            serde_json::from_slice(&fs_err::read(account).unwrap()).unwrap();
        let findings = account["findings"].as_array().unwrap().iter();
        let guard = findings.filter(|finding| finding["code"] == "analysis-differs");
        guard
            .filter_map(|finding| finding["text"].as_str()?.split('`').nth(1))
            .map(program_name)
            .collect()
    }

    fn ask(&self, data: &str) -> BTreeMap<String, Seen> {
        by_program(self.folder.ask(data, &self.paths()))
    }

    fn report(&self, data: &str) -> BTreeMap<String, Seen> {
        by_program(self.folder.report(data, &self.paths()))
    }

    fn paths(&self) -> Vec<String> {
        let folder = self.folder.folder().join("programs");
        let paths = self.names.iter().map(|name| folder.join(name));
        paths.map(|path| path.display().to_string()).collect()
    }
}

fn by_program(seen: BTreeMap<String, Seen>) -> BTreeMap<String, Seen> {
    let seen = seen.into_iter();
    seen.map(|(path, seen)| (program_name(&path), seen))
        .collect()
}

fn output_of(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn program_name(path: &str) -> String {
    let name = path.rsplit_once("programs/").map(|(_, name)| name);
    name.unwrap_or(path).to_owned()
}

/// Another program with the variables that a command has been given.
fn same_environment(command: &Command, program: &Path) -> Command {
    let mut other = Command::new(program);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    other
}

fn seen_of(file: &FileReport) -> Seen {
    let pairs = |exits: &BTreeMap<u32, Vec<i32>>| -> BTreeSet<(u32, i32)> {
        let all = exits.iter();
        all.flat_map(|(&line, ends)| ends.iter().map(move |&end| (line, end)))
            .collect()
    };
    let branches = file.branches.as_ref();
    Seen {
        lines: SeenLines {
            statements: file.statements.iter().collect(),
            missing: file.missing.iter().collect(),
            excluded: file.excluded.iter().collect(),
            branches: branches.map(|branches| {
                let statistics = branches.statistics().into_iter();
                statistics
                    .map(|(line, (all, taken))| (line, (taken, all)))
                    .collect()
            }),
        },
        exits: branches.map(|branches| Exits {
            missing: pairs(&branches.missing_exits),
            executed: pairs(&branches.executed_exits()),
            partial: file.numbers.partial_branches,
        }),
    }
}

#[derive(Deserialize)]
struct Answer {
    statements: BTreeSet<u32>,
    missing: BTreeSet<u32>,
    excluded: BTreeSet<u32>,
    branches: BranchAnswer,
}

#[derive(Deserialize)]
struct BranchAnswer {
    /// On 3.8 more exits can be missing than there are.
    stats: Vec<(u32, i64, usize)>,
    missing: BTreeSet<(u32, i32)>,
    executed: BTreeSet<(u32, i32)>,
    partial: usize,
}

impl Answer {
    fn into_seen(self) -> Seen {
        let stats = self.branches.stats.into_iter();
        Seen {
            lines: SeenLines {
                statements: self.statements,
                missing: self.missing,
                excluded: self.excluded,
                branches: Some(
                    stats
                        .map(|(line, taken, all)| {
                            (line, (usize::try_from(taken).unwrap_or(0), all))
                        })
                        .collect(),
                ),
            },
            exits: Some(Exits {
                missing: self.branches.missing,
                executed: self.branches.executed,
                partial: self.branches.partial,
            }),
        }
    }
}
