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
    Python, Scale, SeenLines, Venv, coverage_for_3_10, coverage_requirements, scale, venv,
};

const DRIVER: &str = include_str!("drive.py");
const PLAY: &str = include_str!("play.py");
const ASK: &str = include_str!("ask.py");

const SETTINGS: &str = "[run]\nbranch = True\nsource = programs\n";

/// coverage.py 7.17.3's rules, for its versions that have others.
const RULES: &str = r"
[report]
exclude_lines =
    [#]\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)
    ^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)
    ^\s*if (typing\.)?TYPE_CHECKING:
partial_branches =
    [#]\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(branch|BRANCH)
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

/// A project whose programs can be measured.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    python: Python,
    venv: Venv,
    /// Where coverage.py is that judges, if not in the environment.
    judge: Option<PathBuf>,
    names: Vec<String>,
}

impl Project {
    /// A project with these programs, by name; none, with a named skip, without coverage.py.
    pub(crate) fn new(
        python: &Python,
        programs: impl IntoIterator<Item = (String, String)>,
    ) -> Option<Self> {
        let venv = venv(python, &coverage_requirements())?;
        let judge = match python.version {
            (3, 10) => Some(coverage_for_3_10(python)?),
            _ => None,
        };
        let folder = swath_test::temp_dir();
        let write = |name: &str, text: &str| {
            swath_test::write_file(folder.path().join(name), text);
        };
        let mut names = Vec::new();
        for (name, text) in programs {
            write(&format!("programs/{name}"), &text);
            names.push(name);
        }
        write("list", &list(&names, Path::new("programs")));
        write("absolute", &list(&names, &folder.path().join("programs")));
        let rules = if python.version < (3, 11) { RULES } else { "" };
        write("rc", &[SETTINGS, rules].concat());
        write("drive.py", DRIVER);
        write("play.py", PLAY);
        write("ask.py", ASK);
        Some(Self {
            folder,
            python: python.clone(),
            venv,
            judge,
            names,
        })
    }

    /// Runs the programs under both tools.
    pub(crate) fn measure(&self) -> Measured {
        let mut command = self.venv.command("python");
        command.args(["-m", "coverage", "run", "--rcfile=rc"]);
        command.args(["--data-file=theirs", "drive.py", "list"]);
        self.run(command);
        let mut command = self.venv.command("python");
        command = same_environment(&command, Path::new(env!("CARGO_BIN_EXE_swath")));
        command.args(["run", "--rcfile=rc", "--data-file=ours", "--python"]);
        command.arg(self.venv.python()).args(["drive.py", "list"]);
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        self.run(command);
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
        let mut command = self.venv.command("python");
        command.args(["-m", "coverage", "run", "--rcfile=rc"]);
        command.args(["--data-file=traced", "drive.py", "list"]);
        command.env("COVERAGE_CORE", "ctrace");
        self.run(command);
        self.ask("traced")
    }

    fn run(&self, mut command: Command) -> String {
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What coverage.py makes of a data file; nothing of a program at which it fails.
    fn ask(&self, data: &str) -> BTreeMap<String, Seen> {
        let mut command = self.venv.command("python");
        command.args(["ask.py", "rc", data, "absolute"]);
        let text = self.run(match &self.judge {
            Some(folder) => with_path(command, folder),
            None => command,
        });
        let answers = text.lines().filter_map(|line| {
            let (path, answer): (String, Option<Answer>) = serde_json::from_str(line).unwrap();
            Some((program_name(&path), answer?.into_seen()))
        });
        answers.collect()
    }

    /// What swath makes of a data file.
    fn report(&self, data: &str) -> BTreeMap<String, Seen> {
        let directory = Directory::new(self.folder.path());
        let config = CoverageConfig::default();
        let rules = exclusion_rules(&config).unwrap();
        let data = read_data_file(&self.folder.path().join(data)).unwrap();
        let mut options = ModelOptions::from_config(&config, &rules, &data, &directory).unwrap();
        let (major, minor) = self.python.version;
        options.python = PythonVersion::new(major, minor);
        let files: Vec<String> = self
            .names
            .iter()
            .map(|name| directory.absolute(&format!("programs/{name}")))
            .collect();
        options.files = &files;
        let report = build_report(&data, &options).unwrap();
        let seen = report.files.iter();
        seen.map(|file| (program_name(&file.path), seen_of(file)))
            .collect()
    }
}

fn program_name(path: &str) -> String {
    let name = path.rsplit_once("programs/").map(|(_, name)| name);
    name.unwrap_or(path).to_owned()
}

fn with_path(mut command: Command, folder: &Path) -> Command {
    command.env("PYTHONPATH", folder);
    command
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

fn list(names: &[String], folder: &Path) -> String {
    let path = |name: &String| -> PathBuf { folder.join(name) };
    let lines = names.iter().map(|name| path(name).display().to_string());
    lines.collect::<Vec<_>>().join("\n")
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
