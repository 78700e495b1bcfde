//! The plugin of pytest that the wheel brings: real pytest, which finds it by the entry point of `pyproject.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use swath_test::{Requirements, Venv, free_port, venv, workspace_root};

use crate::sandbox::{Finished, Sandbox, finish, python};

/// A project with one module, whose tests reach a part of it.
const FILES: [(&str, &str); 3] = [
    (
        "shop.py",
        "def price(amount):\n    if amount > 10:\n        return amount * 9\n    return amount * 10\n",
    ),
    (
        "test_shop.py",
        "import shop\n\n\ndef test_price():\n    assert shop.price(1) == 10\n",
    ),
    (".coveragerc", "[run]\nsource = .\nomit = test_*\n"),
];

struct Stage {
    sandbox: Sandbox,
    venv: Venv,
    site: PathBuf,
}

impl Stage {
    fn new(test: &str, packages: &[&str]) -> Option<Stage> {
        let packages = packages.iter().copied().chain(["pytest"]);
        let venv = venv(python(test)?, &Requirements::new(packages))?;
        let sandbox = Sandbox::new();
        for (name, text) in FILES {
            sandbox.write(name, text);
        }
        let site = sandbox.temporary().join("site");
        install(&site);
        Some(Stage {
            sandbox,
            venv,
            site,
        })
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.venv.bin(program));
        self.sandbox.prepare(&mut command);
        let swath = PathBuf::from(env!("CARGO_BIN_EXE_swath"));
        let folders = [
            self.venv.folder().join("bin"),
            swath.parent().unwrap().to_owned(),
            "/usr/bin".into(),
            "/bin".into(),
        ];
        command
            .args(arguments)
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("PYTHONPATH", &self.site)
            .env_remove("PYTEST_ADDOPTS");
        command
    }

    fn pytest(&self, arguments: &[&str]) -> Finished {
        finish(self.command("pytest", arguments))
    }
}

/// As `pip` installs the wheel's files, without the program.
fn install(site: &std::path::Path) {
    let from = workspace_root().join("python/wheel/swath");
    for entry in fs_err::read_dir(&from).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "py") {
            let text = fs_err::read_to_string(&path).unwrap();
            swath_test::write_file(site.join("swath").join(entry.file_name()), &text);
        }
    }
    let project = fs_err::read_to_string(workspace_root().join("pyproject.toml")).unwrap();
    let (_, points) = project
        .split_once("[project.entry-points.pytest11]\n")
        .unwrap();
    let point = points.lines().next().unwrap().replace('"', "");
    let info = site.join("swath-0.1.0.dist-info");
    swath_test::write_file(
        info.join("METADATA"),
        "Metadata-Version: 2.1\nName: swath\nVersion: 0.1.0\n",
    );
    swath_test::write_file(
        info.join("entry_points.txt"),
        format!("[pytest11]\n{point}\n"),
    );
}

#[test]
fn nothing_happens_unless_it_is_asked_for() {
    let Some(stage) = Stage::new("nothing_happens_unless_it_is_asked_for", &[]) else {
        return;
    };
    let run = stage.pytest(&["-q"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!stage.sandbox.project().join(".coverage").exists());
    assert!(!run.stdout.contains("Stmts"), "{run:?}");
    let help = stage.pytest(&["--help"]);
    assert!(help.stdout.contains("--swath"), "{help:?}");
    assert!(help.stdout.contains("--cov-report"), "{help:?}");
    for option in ["--no-cov", "--collect-only", "--markers"] {
        let none = stage.pytest(&["-q", "--swath", option]);
        assert_eq!(none.code, 0, "{none:?}");
        assert!(!none.stdout.contains("Stmts"), "{option}: {none:?}");
    }
    assert!(!stage.sandbox.project().join(".coverage").exists());
}

#[test]
fn it_measures_as_swath_run_does() {
    let Some(stage) = Stage::new("it_measures_as_swath_run_does", &[]) else {
        return;
    };
    let run = stage.pytest(&["-q", "--swath"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("1 passed"), "{run:?}");
    let row = |run: &Finished, file: &str| {
        let line = run.stdout.lines().find(|line| line.starts_with(file));
        let words = line.unwrap_or_default().split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row(&run, "shop.py"), "shop.py 4 1 75%", "{run:?}");
    assert!(row(&run, "test_shop.py").is_empty(), "{run:?}");

    // The same from `swath run -m pytest`.
    let swath = env!("CARGO_BIN_EXE_swath");
    let mut command = stage.command("python", &[]);
    command = {
        let mut same = Command::new(swath);
        stage.sandbox.prepare(&mut same);
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                same.env(name, value);
            }
        }
        same
    };
    let python = stage.venv.python();
    command.args(["run", "--python"]).arg(&python);
    command.args(["-m", "pytest", "-q"]);
    assert_eq!(finish(command).code, 0);
    let report = stage.sandbox.swath(&["report"]);
    assert_eq!(row(&report, "shop.py"), "shop.py 4 1 75%", "{report:?}");
}

#[test]
fn options_of_pytest_cov_are_understood() {
    let Some(stage) = Stage::new("options_of_pytest_cov_are_understood", &[]) else {
        return;
    };
    let run = stage.pytest(&[
        "-q",
        "--cov=.",
        "--cov-branch",
        "--cov-report=term-missing:skip-covered",
        "--cov-report=xml",
        "--cov-report=html:out/pages",
        "--cov-report=json:out.json",
        "--cov-report=markdown-append:summary.md",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.contains("Branch") && run.stdout.contains("Missing"),
        "{run:?}"
    );
    assert!(run.stdout.contains("67%   3"), "{run:?}");
    let project = stage.sandbox.project();
    for path in ["coverage.xml", "out/pages/index.html", "out.json"] {
        assert!(project.join(path).exists(), "{path}: {run:?}");
    }
    assert!(stage.sandbox.read("summary.md").contains("| shop.py "));

    // A number that is too low fails, with and without a table; tests that fail keep their code.
    for report in ["--cov-report=term", "--cov-report="] {
        let run = stage.pytest(&["-q", "--cov=.", report, "--cov-fail-under=90"]);
        assert_eq!(run.code, 1, "{run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("Coverage failure: total of "), "{run:?}");
        assert_eq!(
            run.stdout.contains("Stmts"),
            report.ends_with("term"),
            "{run:?}"
        );
        let run = stage.pytest(&["-q", "--cov=.", report, "--cov-fail-under=70"]);
        assert_eq!(run.code, 0, "{run:?}");
    }
    stage
        .sandbox
        .write("test_bad.py", "def test_bad():\n    assert False\n");
    let run = stage.pytest(&["-q", "--cov"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stdout.contains("1 failed") && run.stdout.contains("Stmts"),
        "{run:?}"
    );

    for (wrong, said) in [
        ("--cov-report=pdf", "'pdf' is not a report"),
        ("--cov-report=term:x", "skip-covered"),
        ("--cov-context=phase", "`test` is the only context"),
    ] {
        let run = stage.pytest(&["--cov", wrong]);
        assert_eq!(run.code, 4, "{wrong}: {run:?}");
        assert!(run.stderr.contains(said), "{wrong}: {run:?}");
    }
}

/// What each context reached, by the names of files.
fn by_context(stage: &Stage) -> BTreeMap<(String, String), Vec<u32>> {
    let data = swath_data::read_data_file(&stage.sandbox.project().join(".coverage")).unwrap();
    let mut all = BTreeMap::new();
    for (path, file) in data.files() {
        let name = path.rsplit('/').next().unwrap();
        for (context, lines) in file.lines_by_context() {
            let context = data.context_name(context).to_owned();
            // coverage.py has a line 0 in empty files.
            let lines: Vec<u32> = lines.iter().filter(|line| *line > 0).collect();
            if !lines.is_empty() {
                all.insert((context, name.to_owned()), lines);
            }
        }
    }
    all
}

/// As pytest-cov records it, by the same names.
#[test]
fn contexts_are_those_of_pytest_cov() {
    let packages = ["pytest-cov", "coverage==7.10.7"];
    let Some(stage) = Stage::new("contexts_are_those_of_pytest_cov", &packages) else {
        return;
    };
    let write = |name: &str, text: &str| drop(stage.sandbox.write(name, text));
    write("depot/__init__.py", "");
    write(
        "depot/stock.py",
        "def put(n):\n    if n > 1:\n        return 2\n    return 1\n\n\n\
         def take(n):\n    assert n\n    return n\n",
    );
    write(
        "test_stock.py",
        "import unittest\nimport pytest\nfrom depot import stock\n\n\n\
         @pytest.fixture\ndef full():\n    stock.put(2)\n    yield 3\n    stock.take(1)\n\n\n\
         @pytest.mark.parametrize('n', [0, 5])\ndef test_put(n):\n    stock.put(n)\n\n\n\
         def test_full(full):\n    assert stock.take(full)\n\n\n\
         class Old(unittest.TestCase):\n    def setUp(self):\n        stock.put(1)\n\n    \
         def test_old(self):\n        stock.take(2)\n",
    );
    let mut command = stage.command("pytest", &["-q", "--cov=depot", "--cov-context=test"]);
    // The core that is there on every Python, and knows contexts.
    command.env("COVERAGE_CORE", "pytrace");
    let run = finish(command);
    assert_eq!(run.code, 0, "{run:?}");
    let theirs = by_context(&stage);
    assert!(theirs.contains_key(&("test_stock.py::test_put[5]|run".into(), "stock.py".into())));
    // pytest-cov takes `--cov`; `--swath` is this plugin's.
    stage
        .sandbox
        .write(".coveragerc", "[run]\nsource = depot\n");
    let run = stage.pytest(&["-q", "--swath", "--cov-context=test"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(by_context(&stage), theirs);
}

/// The remedy that the refusal names.
#[test]
fn a_whole_run_of_pytest_is_labelled() {
    let Some(stage) = Stage::new("a_whole_run_of_pytest_is_labelled", &[]) else {
        return;
    };
    let program = env!("CARGO_BIN_EXE_swath");
    let arguments = ["run", "--context", "nightly", "-m", "pytest", "-q"];
    let run = finish(stage.command(program, &arguments));
    assert_eq!(run.code, 0, "{run:?}");
    let data = swath_data::read_data_file(&stage.sandbox.project().join(".coverage")).unwrap();
    assert!(data.contexts().any(|(_, name)| name == "nightly"));
}

#[test]
fn the_option_wins_over_the_settings_and_each_reason_is_said_once() {
    let test = "the_option_wins_over_the_settings_and_each_reason_is_said_once";
    let Some(stage) = Stage::new(test, &[]) else {
        return;
    };
    let settings = "[run]\nsource = .\nomit = test_*\n[report]\nfail_under = 90\n";
    stage.sandbox.write(".coveragerc", settings);
    let reports = [
        "--cov-report=html:pages",
        "--cov-report=xml",
        "--cov-report=json",
        "--cov-report=lcov",
        "--cov-report=markdown:summary.md",
        "--cov-report=term",
        "--cov-report=term-missing",
    ];
    let arguments = |own: &[&'static str]| [&["-q", "--cov=."], own].concat();
    for reports in [&reports[..], &reports[..5], &["--cov-report="]] {
        let run = stage.pytest(&[&arguments(&["--cov-fail-under=70"]), reports].concat());
        assert_eq!(run.code, 0, "{reports:?}: {run:?}");
        let run = stage.pytest(&[&arguments(&[]), reports].concat());
        assert_eq!(run.code, 1, "{reports:?}: {run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        let reason = "Coverage failure: total of 75 is less than fail-under=90";
        assert_eq!(said.matches(reason).count(), 1, "{reports:?}: {run:?}");
        if reports.contains(&"--cov-report=markdown:summary.md") {
            let summary = stage.sandbox.read("summary.md");
            assert!(!summary.contains("failure"), "{summary}");
        }
    }

    // Gates of swath.toml: the reason is said, with a table and without.
    stage.sandbox.write(".coveragerc", FILES[2].1);
    stage.sandbox.write("swath.toml", "[gates]\nlines = 90\n");
    for reports in [&reports[..], &reports[4..5], &["--cov-report="]] {
        let run = stage.pytest(&[&arguments(&[]), reports].concat());
        assert_eq!(run.code, 1, "{reports:?}: {run:?}");
        let reasons = run.stderr.matches("error[below-minimum]").count();
        assert_eq!(reasons, 1, "{reports:?}: {run:?}");
    }
}

#[test]
fn options_of_the_project_count_once_and_conftest_is_measured() {
    let test = "options_of_the_project_count_once_and_conftest_is_measured";
    let Some(stage) = Stage::new(test, &[]) else {
        return;
    };
    stage
        .sandbox
        .write("pytest.ini", "[pytest]\naddopts = --swath -q\n");
    stage
        .sandbox
        .write("conftest.py", "import early\nprint('read once')\n");
    stage.sandbox.write("early.py", "x = 1\n");
    for program in ["pytest", "python"] {
        let words: &[&str] = if program == "python" {
            &["-m", "pytest"]
        } else {
            &[]
        };
        let run = finish(stage.command(program, words));
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.stdout.matches("1 passed").count(), 1, "{run:?}");
        assert!(
            run.stdout.contains("early.py          1      0   100%"),
            "{run:?}"
        );
    }
}

#[test]
fn beside_pytest_cov_its_options_are_its_own() {
    let test = "beside_pytest_cov_its_options_are_its_own";
    let Some(stage) = Stage::new(test, &["pytest-cov", "coverage==7.10.7"]) else {
        return;
    };
    let run = stage.pytest(&["-q", "--cov=shop"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("tests coverage"), "{run:?}");
    let run = stage.pytest(&["-q", "--swath"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("shop.py"), "{run:?}");
    assert!(!run.stdout.contains("tests coverage"), "{run:?}");
}

const SERVER: &str = "\
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer(self.path))

    def log_message(self, *arguments):
        pass


def answer(path):
    if path == '/never':
        return b'never'
    return b'here'


http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
";

#[test]
fn workers_share_the_services() {
    let Some(stage) = Stage::new("workers_share_the_services", &["pytest-xdist"]) else {
        return;
    };
    let port = free_port();
    // A second server would find the port in use, and say so.
    let server = format!("open('started', 'a').write('x')\n{SERVER}");
    stage.sandbox.write("server.py", &server);
    stage.sandbox.write(
        "swath.toml",
        &format!("[services.web]\ncommand = 'python server.py {port}'\nready = 'http://127.0.0.1:{port}/'\n"),
    );
    stage.sandbox.write(
        "test_served.py",
        &format!(
            "import urllib.request\nimport pytest\n\npytestmark = pytest.mark.usefixtures('swath_services')\n\n\n\
             @pytest.mark.parametrize('number', range(12))\ndef test_served(number):\n    \
             url = 'http://127.0.0.1:{port}/'\n    assert urllib.request.urlopen(url).read() == b'here'\n"
        ),
    );
    let run = stage.pytest(&["-q", "-n3", "test_served.py"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("12 passed"), "{run:?}");
    assert_eq!(stage.sandbox.read("started"), "x", "{run:?}");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_fixture_starts_the_services() {
    let Some(stage) = Stage::new("a_fixture_starts_the_services", &[]) else {
        return;
    };
    let port = free_port();
    stage.sandbox.write("server.py", SERVER);
    stage.sandbox.write(
        "swath.toml",
        &format!("[services.web]\ncommand = 'python server.py {port}'\nready = 'http://127.0.0.1:{port}/'\n"),
    );
    stage.sandbox.write(
        "test_served.py",
        &format!(
            "import urllib.request\nimport pytest\n\npytestmark = pytest.mark.usefixtures('swath_services')\n\n\n\
             def test_served():\n    url = 'http://127.0.0.1:{port}/'\n    \
             assert urllib.request.urlopen(url).read() == b'here'\n"
        ),
    );
    let is_stopped = || std::net::TcpStream::connect(("127.0.0.1", port)).is_err();
    let run = stage.pytest(&["-q", "--swath", "--cov-report=term-missing"]);
    assert_eq!(run.code, 0, "{run:?}");
    // The server is measured: of its 15 lines one was not asked for.
    assert!(
        run.stdout.contains("server.py      14      1    93%   17"),
        "{run:?}"
    );
    assert!(is_stopped());
    // Without swath it is started as well.
    let run = stage.pytest(&["-q"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(is_stopped());

    stage.sandbox.write(
        "swath.toml",
        "[services.web]\ncommand = 'python -c \"raise SystemExit(3)\"'\nready = 'tcp:127.0.0.1:1'\n",
    );
    let run = stage.pytest(&["-q", "test_served.py"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stdout.contains("service `web` exited with code 3"),
        "{run:?}"
    );

    // What it says of the settings is a warning of pytest, and a Compose project is not passed over.
    stage.sandbox.write(
        "swath.toml",
        &format!("[services.web]\ncommand = 'python server.py {port}'\nready = 'http://127.0.0.1:{port}/'\n"),
    );
    stage
        .sandbox
        .write("pyproject.toml", "[tool.swath]\ntest = 'other'\n");
    let run = stage.pytest(&["-q", "test_served.py"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("settings-unused"), "{run:?}");
    stage.sandbox.write(
        "swath.toml",
        "[services.web]\ncommand = 'true'\n[compose]\nfile = 'compose.yml'\n",
    );
    let run = stage.pytest(&["-q", "test_served.py"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("error[compose-not-served]"), "{run:?}");
}
