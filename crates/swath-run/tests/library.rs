//! Runs as a library gives them: real processes, a request in, a finished run out, no command line.
//!
//! A run adopts orphans and receives signals, so that a process has one at a time: this test has
//! no harness, and each scenario is a process of its own that gets its folders as variables.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and reports as the harness would"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use swath_config::Service;
use swath_data::read_data_file;
use swath_model::{Completeness, Counted, Ending, Finding, GapKind, NothingMeasured, TestsResult};
use swath_run::{FinishedRun, Inject, Output, RunError, RunKind, RunRequest, Settings};

/// Names the scenario to a process that plays it.
const SCENARIO: &str = "LIBRARY_SCENARIO";

type Scenario = (&'static str, fn(&Project));

const SCENARIOS: [Scenario; 9] = [
    ("a_run_that_passed_is_vouched_for", passed),
    ("failed_tests_are_part_of_the_verdict", failed_tests),
    ("data_of_a_failed_start_replaces_nothing", failed_start),
    ("what_cannot_be_written_is_found_out_first", not_writable),
    ("append_adds_to_the_data_that_is_there", append),
    ("a_file_edited_in_mid_run_is_a_gap", edited),
    ("a_python_without_the_agent_is_a_gap", isolated),
    ("a_declared_service_never_makes_everything_count", declared),
    ("nothing_measured_leaves_earlier_data_alone", nothing),
];

fn main() -> ExitCode {
    if let Some(name) = std::env::var_os(SCENARIO) {
        let (_, play) = SCENARIOS
            .iter()
            .find(|(known, _)| **known == *name)
            .unwrap();
        play(&Project::here());
        return ExitCode::SUCCESS;
    }
    let filter = filter(std::env::args().skip(1));
    let chosen: Vec<&Scenario> = SCENARIOS
        .iter()
        .filter(|(name, _)| {
            filter
                .as_ref()
                .is_none_or(|filter| name.contains(filter.as_str()))
        })
        .collect();
    if std::env::args().any(|word| word == "--list") {
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let failed = chosen.iter().filter(|(name, _)| !run_apart(name)).count();
    let passed = chosen.len() - failed;
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out\n",
        SCENARIOS.len() - chosen.len()
    );
    ExitCode::from(u8::from(failed > 0))
}

/// The part of a name by which scenarios are chosen: the first word that is no option, nor the value
/// of one.
fn filter(mut words: impl Iterator<Item = String>) -> Option<String> {
    const WITH_VALUE: [&str; 5] = ["--test-threads", "--skip", "--format", "--color", "-Z"];
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// Plays a scenario in a process of its own, with folders of its own.
fn run_apart(name: &str) -> bool {
    if swath_test::pythons().is_empty() {
        swath_test::skip(name, "no CPython 3.8 or newer");
        return true;
    }
    let root = tempfile::tempdir().unwrap();
    let project = root.path().join("project");
    fs_err::create_dir(&project).unwrap();
    fs_err::create_dir(root.path().join("tmp")).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    for variable in [
        "PYTHONPATH",
        "XDG_RUNTIME_DIR",
        "COVERAGE_RCFILE",
        "DOCKER_HOST",
    ] {
        command.env_remove(variable);
    }
    let output = command
        .env(SCENARIO, name)
        .env("XDG_CACHE_HOME", root.path().join("cache"))
        .env("TMPDIR", root.path().join("tmp"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&project)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let left = fs_err::read_dir(root.path().join("tmp")).unwrap().count();
    let well = output.status.success() && left == 0;
    println!("test {name} ... {}", if well { "ok" } else { "FAILED" });
    if !well {
        println!(
            "{}{}{left} left behind in the temporary folder",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    well
}

/// The folder in which a scenario plays.
struct Project {
    folder: PathBuf,
    python: String,
}

impl Project {
    fn here() -> Project {
        let python = swath_test::pythons().last().unwrap();
        Project {
            folder: std::env::current_dir().unwrap().canonicalize().unwrap(),
            python: python.path.display().to_string(),
        }
    }

    fn write(&self, path: &str, text: &str) {
        swath_test::write_file(self.folder.join(path), text);
    }

    fn data_file(&self) -> PathBuf {
        self.folder.join(".coverage")
    }

    /// A request for `sh -c SCRIPT`, in which `$PYTHON` is the interpreter.
    fn request(&self, script: &str) -> RunRequest {
        let mut settings = Settings::load(None, &self.folder).unwrap();
        settings.config.source = Some(vec![".".to_owned()]);
        let command = ["sh", "-c", script].map(OsString::from).to_vec();
        let folder = self.folder.clone();
        RunRequest {
            environment: vec![("PYTHON".to_owned(), self.python.clone())],
            counted: Counted::Services,
            // Pythons that site does not reach stay so.
            inject: Some(Inject::Path),
            ..RunRequest::of(RunKind::SystemTest, command, folder, settings)
        }
    }

    fn service(&self, words: &[&str]) -> Service {
        let mut command = vec![self.python.clone()];
        command.extend(words.iter().map(|&word| word.to_owned()));
        Service::new("web".to_owned(), command)
    }

    fn lines(&self, file: &str) -> Vec<u32> {
        let data = read_data_file(&self.data_file()).unwrap();
        let path = self.folder.join(file).display().to_string();
        data.lines(&path, None)
            .map(|lines| lines.iter().collect())
            .unwrap_or_default()
    }
}

fn run(request: &RunRequest) -> FinishedRun {
    swath_run::run(request, &mut ()).unwrap()
}

fn gaps(run: &FinishedRun) -> Vec<(GapKind, usize)> {
    run.verdict
        .gaps
        .iter()
        .map(|gap| (gap.kind, gap.number))
        .collect()
}

fn passed(project: &Project) {
    project.write("app.py", "x = 1\nif x > 1:\n    x = 2\n");
    let run = run(&project.request("$PYTHON app.py"));
    assert_eq!(run.tests, TestsResult::Passed);
    assert!(run.verdict.is_sound(), "{} {:?}", run.verdict, run.findings);
    assert_eq!(run.saved.unwrap().path, project.data_file());
    let totals = run.report.unwrap().totals;
    assert_eq!((totals.statements, totals.missing), (3, 1));
    assert!(run.history.join("account.json").is_file());
}

fn failed_tests(project: &Project) {
    project.write("app.py", "x = 1\n");
    let run = run(&project.request("$PYTHON app.py; exit 3"));
    assert_eq!(run.tests, TestsResult::Failed(Ending::Exited(3)));
    assert_eq!(run.verdict.completeness, Completeness::Complete);
    assert!(!run.verdict.is_sound());
    assert_eq!(run.tests_exit_code(), Some(3));
    assert_eq!(project.lines("app.py"), [1]);
}

fn failed_start(project: &Project) {
    project.write(".coverage", "an earlier run's");
    project.write("web.py", "import time\nwhile True:\n    time.sleep(0.1)\n");
    let mut request = project.request("touch tested");
    let mut web = project.service(&["web.py"]);
    web.ready = Some(swath_config::Ready::parse("log:never said").unwrap());
    web.ready_timeout = std::time::Duration::from_secs(1);
    request.services = vec![web];
    let run = run(&request);
    assert!(matches!(run.failure, Some(RunError::NotReady { .. })));
    assert_eq!(run.tests, TestsResult::NotStarted);
    assert!(run.saved.is_none() && !project.folder.join("tested").exists());
    assert_eq!(
        fs_err::read_to_string(project.data_file()).unwrap(),
        "an earlier run's"
    );
    let kept = run.kept.unwrap().path;
    assert_eq!(read_data_file(&kept).unwrap().accounting.processes.len(), 1);
}

fn not_writable(project: &Project) {
    let mut request = project.request("touch tested");
    request.outputs = vec![Output {
        option: "--json",
        path: Path::new("gone/account.json").to_owned(),
        is_folder: false,
    }];
    let error = swath_run::run(&request, &mut ()).unwrap_err();
    assert_eq!(error.message().code, "output-not-writable");
    assert!(!project.folder.join("tested").exists());
}

fn append(project: &Project) {
    project.write(
        "app.py",
        "import sys\nif 'a' in sys.argv:\n    x = 1\nelse:\n    x = 2\n",
    );
    run(&project.request("$PYTHON app.py a"));
    assert_eq!(project.lines("app.py"), [1, 2, 3]);
    let mut request = project.request("$PYTHON app.py b");
    request.append = true;
    run(&request);
    assert_eq!(project.lines("app.py"), [1, 2, 3, 5]);
}

fn edited(project: &Project) {
    project.write("app.py", "x = 1\n");
    project.write("other.py", "y = 1\n");
    let run = run(&project.request("$PYTHON app.py; $PYTHON other.py; echo 'x = 2' > app.py"));
    assert_eq!(run.verdict.completeness, Completeness::Incomplete);
    assert_eq!(gaps(&run), [(GapKind::ChangedFiles, 1)]);
}

fn isolated(project: &Project) {
    project.write("app.py", "x = 1\n");
    project.write("slow.py", "import time\ntime.sleep(0.6)\n");
    let run = run(&project.request("$PYTHON app.py; $PYTHON -I slow.py"));
    assert_eq!(run.verdict.completeness, Completeness::Incomplete);
    assert_eq!(gaps(&run), [(GapKind::Processes, 1)]);
    assert_eq!((run.verdict.measured, run.verdict.seen), (1, 2));
}

fn declared(project: &Project) {
    project.write("shop.py", "x = 1\n");
    project.write(
        "web.py",
        "import time\nprint('up', flush=True)\ntime.sleep(60)\n",
    );
    project.write("test_shop.py", "import shop\n");
    let mut request = project.request("$PYTHON -m unittest test_shop");
    let mut web = project.service(&["-I", "-S", "web.py"]);
    web.ready = Some(swath_config::Ready::parse("log:up").unwrap());
    let mut worker = web.clone();
    "worker".clone_into(&mut worker.name);
    request.services = vec![web, worker];
    let run = run(&request);
    let named = run.findings.iter().filter_map(|finding| match finding {
        Finding::ServiceNotMeasured { service } => Some(service.as_str()),
        _ => None,
    });
    let named: Vec<&str> = named.collect();
    assert_eq!(named, ["web", "worker"], "{:?}", run.findings);
    assert!(run.account.processes.iter().all(|process| !process.counted));
    assert_eq!(run.verdict.completeness, Completeness::Incomplete);
}

fn nothing(project: &Project) {
    project.write(".coverage", "an earlier run's");
    let run = run(&project.request("true"));
    assert_eq!(run.nothing_measured, Some(NothingMeasured::NoPython));
    assert!(run.saved.is_none());
    assert_eq!(
        fs_err::read_to_string(project.data_file()).unwrap(),
        "an earlier run's"
    );
}
