//! `swath init` and a bare `swath run` on small projects that nobody prepared.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use swath_test::{Requirements, Venv, free_port, venv};

use crate::sandbox::{Finished, Sandbox, finish, python};

/// A project, and what is expected of it. `PORT` in its files is a free port.
struct Prepared {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// What `swath.toml` holds.
    settings: &'static [&'static str],
    /// A file of the report, and one that is not in it.
    reported: &'static str,
    left_out: &'static str,
}

const SYSTEM_TEST: &str = "\
import urllib.request


def test_answer():
    assert urllib.request.urlopen('http://127.0.0.1:PORT/hello').read() == b'hello'
";

const FLASK: Prepared = Prepared {
    name: "Flask, a factory, gunicorn",
    files: &[
        ("requirements.txt", "flask\ngunicorn\npytest\n"),
        (
            "shop/__init__.py",
            "from flask import Flask\n\nfrom . import greeting\n\n\ndef create_app():\n    app = \
             Flask(__name__)\n    app.add_url_rule('/hello', view_func=greeting.hello)\n    \
             app.add_url_rule('/health', view_func=lambda: 'up')\n    return app\n",
        ),
        ("shop/greeting.py", "def hello():\n    return 'hello'\n"),
        ("shop/tests/__init__.py", ""),
        ("shop/tests/test_unit.py", "def test_unit():\n    pass\n"),
        ("tests/system/test_hello.py", SYSTEM_TEST),
        (".coveragerc", "# ours\n[report]\nprecision = 1\n"),
    ],
    settings: &[
        "command = \"gunicorn --workers=2 --bind=127.0.0.1:PORT 'shop:create_app()'\"",
        "ready = \"http://127.0.0.1:PORT/health\"",
        "test = \"pytest tests/system\"",
    ],
    reported: "shop/greeting.py",
    left_out: "shop/tests/test_unit.py",
};

const FASTAPI: Prepared = Prepared {
    name: "FastAPI in src, uvicorn",
    files: &[
        (
            "pyproject.toml",
            "[project]\nname = \"greeter\"  # who greets\nversion = \"1\"\ndependencies = [\"fastapi\", \
             \"uvicorn\"]\n\n[tool.coverage.report]\nprecision = 1  # one digit\n",
        ),
        (
            "src/greeter/main.py",
            "from fastapi import FastAPI\nfrom fastapi.responses import PlainTextResponse\n\napp = \
             FastAPI()\n\n\n@app.get('/hello')\nasync def hello():\n    return PlainTextResponse('hello')\n",
        ),
        ("src/greeter/__init__.py", ""),
        ("src/greeter/never.py", "x = 1\n"),
        ("tests/e2e/test_hello.py", SYSTEM_TEST),
    ],
    settings: &[
        "command = \"uvicorn --port=PORT greeter.main:app\"",
        "environment = { PYTHONPATH = \"src\" }",
        "ready = \"http://127.0.0.1:PORT/\"",
    ],
    reported: "src/greeter/never.py",
    left_out: "tests/e2e/test_hello.py",
};

const DJANGO: Prepared = Prepared {
    name: "Django, gunicorn",
    files: &[
        ("requirements.txt", "django\ngunicorn\n"),
        (
            "manage.py",
            "import os\nimport sys\n\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"site_of_us.settings\")\n\
             from django.core.management import execute_from_command_line\n\nexecute_from_command_line(sys.argv)\n",
        ),
        ("site_of_us/__init__.py", ""),
        (
            "site_of_us/settings.py",
            "SECRET_KEY = 'x'\nROOT_URLCONF = 'site_of_us.urls'\nALLOWED_HOSTS = ['127.0.0.1']\n",
        ),
        (
            "site_of_us/urls.py",
            "from django.urls import path\n\nfrom greetings.views import hello\n\nurlpatterns = [path('hello', \
             hello)]\n",
        ),
        (
            "site_of_us/wsgi.py",
            "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n\
             os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_of_us.settings')\napplication = \
             get_wsgi_application()\n",
        ),
        ("greetings/__init__.py", ""),
        (
            "greetings/views.py",
            "from django.http import HttpResponse\n\n\ndef hello(request):\n    return HttpResponse('hello')\n",
        ),
        ("greetings/tests.py", "def test_unit():\n    pass\n"),
        ("test/system/test_hello.py", SYSTEM_TEST),
        ("setup.cfg", "[coverage:run]\nbranch = false\n"),
    ],
    settings: &["command = \"gunicorn --workers=2 --bind=127.0.0.1:PORT site_of_us.wsgi\""],
    reported: "greetings/views.py",
    left_out: "greetings/tests.py",
};

const PROCFILE: Prepared = Prepared {
    name: "a Procfile with a web process and a worker",
    files: &[
        (
            "Procfile",
            "release: false\nweb: MODE=web gunicorn --bind 127.0.0.1:$PORT app:app\nworker: python -u worker.py\n",
        ),
        (
            "app.py",
            "import os\nfrom flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/hello')\ndef hello():\n    \
             return 'hello' if os.environ['MODE'] == 'web' else ''\n",
        ),
        (
            "worker.py",
            "import time\n\nprint('working')\nwhile True:\n    time.sleep(0.1)\n",
        ),
        ("test_hello.py", SYSTEM_TEST),
    ],
    settings: &[
        "[services.web]\ncommand = \"gunicorn --bind 127.0.0.1:PORT app:app\"",
        "environment = { MODE = \"web\", PORT = \"PORT\" }",
        "[services.worker]\ncommand = \"python -u worker.py\"",
        "test = \"pytest test_hello.py\"",
    ],
    reported: "worker.py",
    left_out: "test_hello.py",
};

/// Frameworks with a server of their own, or a way of their own to be served.
const SELF_SERVED: [Prepared; 4] = [
    Prepared {
        name: "Sanic",
        files: &[
            ("requirements.txt", "sanic\n"),
            (
                "app.py",
                "from sanic import Sanic\nfrom sanic.response import text\n\napp = Sanic('greeter')\n\n\n\
                 @app.get('/hello')\nasync def hello(request):\n    return text('hello')\n",
            ),
            ("tests/system/test_hello.py", SYSTEM_TEST),
        ],
        settings: &["command = \"sanic app:app --host=127.0.0.1 --port=PORT\""],
        reported: "app.py",
        left_out: "test_hello.py",
    },
    Prepared {
        name: "Bottle",
        files: &[
            ("requirements.txt", "bottle\n"),
            (
                "app.py",
                "from bottle import Bottle\n\napp = Bottle()\n\n\n@app.get('/hello')\ndef hello():\n    return \
                 'hello'\n",
            ),
            ("tests/system/test_hello.py", SYSTEM_TEST),
        ],
        settings: &["command = \"python -m bottle --bind=127.0.0.1:PORT app:app\""],
        reported: "app.py",
        left_out: "test_hello.py",
    },
    Prepared {
        name: "Quart",
        files: &[
            ("requirements.txt", "quart\n"),
            (
                "app.py",
                "from quart import Quart\n\napp = Quart(__name__)\n\n\n@app.get('/hello')\nasync def hello():\n    \
                 return 'hello'\n",
            ),
            ("tests/system/test_hello.py", SYSTEM_TEST),
        ],
        settings: &["command = \"hypercorn --bind=127.0.0.1:PORT app:app\""],
        reported: "app.py",
        left_out: "test_hello.py",
    },
    Prepared {
        name: "aiohttp, gunicorn",
        files: &[
            ("requirements.txt", "aiohttp\ngunicorn\n"),
            (
                "app.py",
                "from aiohttp import web\n\n\nasync def hello(request):\n    return \
                 web.Response(text='hello')\n\n\napp = web.Application()\napp.add_routes([web.get('/hello', \
                 hello)])\n",
            ),
            ("tests/system/test_hello.py", SYSTEM_TEST),
        ],
        settings: &[
            "command = \"gunicorn --workers=2 --bind=127.0.0.1:PORT --worker-class=aiohttp.GunicornWebWorker \
             app:app\"",
        ],
        reported: "app.py",
        left_out: "test_hello.py",
    },
];

fn environment(test: &str) -> Option<Venv> {
    let packages = [
        "flask", "gunicorn", "fastapi", "uvicorn", "django", "pytest",
    ];
    venv(python(test)?, &Requirements::from(packages))
}

/// One with what the project asks for and nothing else: what is there beside may be chosen.
fn environment_of(project: &Prepared) -> Option<Venv> {
    let (_, requirements) = project.files.first()?;
    let packages = requirements.lines().chain(["pytest"]);
    venv(python(project.name)?, &Requirements::new(packages))
}

/// swath as it is called in an activated environment, where no engine answers.
fn command(sandbox: &Sandbox, venv: &Venv, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = venv.folder().join("bin");
    command
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("VIRTUAL_ENV", venv.folder())
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    command
}

fn swath(sandbox: &Sandbox, venv: &Venv, arguments: &[&str]) -> Finished {
    finish(command(sandbox, venv, arguments))
}

fn write(sandbox: &Sandbox, files: &[(&str, &str)], port: u16) {
    for (name, text) in files {
        // Only what stands for a number: `$PORT` is the project's own.
        let text = text.replace(":PORT", &format!(":{port}"));
        sandbox.write(name, &text);
    }
}

fn check(project: &Prepared) {
    if let Some(venv) = environment(project.name) {
        check_in(project, &venv);
    }
}

fn check_in(project: &Prepared, venv: &Venv) {
    let (sandbox, port) = (Sandbox::new(), free_port());
    write(&sandbox, project.files, port);
    let name = project.name;

    let found = swath(&sandbox, venv, &["init", "--yes"]);
    assert_eq!(found.code, 0, "{name}: {found:?}");
    let settings = sandbox.read("swath.toml");
    for line in project.settings {
        let line = line
            .replace(":PORT", &format!(":{port}"))
            .replace("=PORT", &format!("={port}"));
        let line = line.replace("\"PORT\"", &format!("\"{port}\""));
        assert!(settings.contains(&line), "{name}: {line}\n{settings}");
    }
    // What was there is there still.
    for (file, text) in project.files {
        let now = sandbox.read(file);
        for line in text.replace(":PORT", &format!(":{port}")).lines() {
            assert!(
                now.lines().any(|other| other == line),
                "{name}: {line} of {file}\n{now}"
            );
        }
    }

    let run = swath(&sandbox, venv, &["run", "--require-complete"]);
    assert_eq!(run.code, 0, "{name}: {run:?}");
    assert!(run.stderr.contains("    Complete "), "{name}: {run:?}");
    let (_, table) = run.stdout.split_once("\nName ").unwrap();
    assert!(table.contains(project.reported), "{name}: {run:?}");
    assert!(!table.contains(project.left_out), "{name}: {run:?}");
    assert!(!run.stderr.contains("warning["), "{name}: {run:?}");

    let again = swath(&sandbox, venv, &["init", "--yes"]);
    assert_eq!(again.code, 0, "{name}: {again:?}");
    assert!(again.stderr.contains("Done nothing "), "{name}: {again:?}");
    assert_eq!(sandbox.read("swath.toml"), settings);
}

#[test]
fn flask_runs_with_what_init_wrote() {
    check(&FLASK);
}

#[test]
fn fastapi_in_src_runs_with_what_init_wrote() {
    check(&FASTAPI);
}

#[test]
fn django_runs_with_what_init_wrote() {
    check(&DJANGO);
}

#[test]
fn frameworks_that_serve_themselves_run_with_what_init_wrote() {
    for project in &SELF_SERVED {
        if let Some(venv) = environment_of(project) {
            check_in(project, &venv);
        }
    }
}

#[test]
fn a_procfile_runs_with_what_init_wrote() {
    check(&PROCFILE);
}

#[test]
fn nothing_is_written_before_it_was_agreed_to() {
    let Some(venv) = environment("nothing_is_written_before_it_was_agreed_to") else {
        return;
    };
    let sandbox = Sandbox::new();
    write(&sandbox, FLASK.files, 8000);
    sandbox.write(".github/workflows/lint.yml", "on: push\n");
    let names = || {
        let entries = fs_err::read_dir(sandbox.project()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let before = (names(), sandbox.read(".coveragerc"));
    let shown = swath(&sandbox, &venv, &["init", "--dry-run"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for part in [
        "swath.toml (new)\n",
        ".coveragerc (extended)\n",
        "    5 + [run]\n",
        ".github/workflows/system-tests.yml (new)\n",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {shown:?}");
    }
    let asked = swath(&sandbox, &venv, &["init"]);
    assert_eq!(asked.code, 1, "{asked:?}");
    assert_eq!(asked.stdout, shown.stdout);
    assert!(
        asked
            .stderr
            .contains("error[not-confirmed]: nothing was written"),
        "{asked:?}"
    );
    assert!(asked.stderr.contains("hint: swath init --yes"), "{asked:?}");
    assert_eq!((names(), sandbox.read(".coveragerc")), before);

    // All of it or nothing, as far as that can be known.
    let workflow = sandbox.project().join(".github/workflows/system-tests.yml");
    fs_err::remove_dir_all(sandbox.project().join(".github")).unwrap();
    sandbox.write(".github", "a file\n");
    let refused = swath(&sandbox, &venv, &["init", "--yes", "--ci=github"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.stderr.contains("error[init-not-written]"),
        "{refused:?}"
    );
    assert!(
        !sandbox.project().join("swath.toml").exists(),
        "{refused:?}"
    );
    assert!(!workflow.exists());
}

#[test]
fn an_empty_folder_is_no_project() {
    let Some(venv) = environment("an_empty_folder_is_no_project") else {
        return;
    };
    let sandbox = Sandbox::new();
    let found = swath(&sandbox, &venv, &["init", "--yes"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.stderr.contains("error[nothing-found]"), "{found:?}");
    assert!(found.stderr.contains("nothing was written"), "{found:?}");
    assert_eq!(fs_err::read_dir(sandbox.project()).unwrap().count(), 0);
}

#[test]
fn settings_that_are_there_say_what_the_tests_are() {
    let sandbox = Sandbox::new();
    sandbox.write("apps/shop/app.py", "x = 1\n");
    let settings = "test = 'nose2 checks'\n[services.web]\ncommand = 'serve'\n";
    sandbox.write("apps/shop/swath.toml", settings);
    fs_err::create_dir(sandbox.project().join(".git")).unwrap();
    let mut command = sandbox.command(&["init", "--yes", "--ci=github"]);
    command.current_dir(sandbox.project().join("apps/shop"));
    let found = finish(command);
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(sandbox.read("apps/shop/swath.toml"), settings);
    assert!(!found.stderr.contains("no system tests"), "{found:?}");
    assert!(!found.stderr.contains("no CI job"), "{found:?}");
    assert!(found.stderr.contains("Next: `swath doctor`"), "{found:?}");
    // At the top of the checkout, where GitHub looks.
    let workflow = sandbox.read(".github/workflows/system-tests-apps-shop.yml");
    assert!(
        workflow.contains("working-directory: apps/shop\n"),
        "{workflow}"
    );

    // Settings that are wrong are named, and nothing else is written for them.
    sandbox.write("apps/shop/swath.toml", "tests = 1\n");
    let mut command = sandbox.command(&["init", "--dry-run", "--ci=gitlab"]);
    command.current_dir(sandbox.project().join("apps/shop"));
    let found = finish(command);
    assert!(
        found.stderr.contains("the settings cannot be used"),
        "{found:?}"
    );
    assert!(found.stderr.contains("no CI job yet"), "{found:?}");
}

#[test]
fn a_bare_run_names_the_command_line_that_fits() {
    let Some(venv) = environment("a_bare_run_names_the_command_line_that_fits") else {
        return;
    };
    let (sandbox, port) = (Sandbox::new(), free_port());
    write(&sandbox, FASTAPI.files, port);
    let run = swath(&sandbox, &venv, &["run"]);
    assert_eq!(run.code, 125, "{run:?}");
    assert!(run.stderr.contains("`swath init`"), "{run:?}");
    // The line that is named works as it is.
    let (_, line) = run.stderr.rsplit_once("without them: swath ").unwrap();
    let words = shell_words::split(line.trim()).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = swath(&sandbox, &venv, &words);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("    Complete "), "{run:?}");
    assert!(run.stdout.contains("src/greeter/never.py"), "{run:?}");
}

#[test]
fn on_a_terminal_it_is_asked_and_done() {
    let Some(venv) = environment("on_a_terminal_it_is_asked_and_done") else {
        return;
    };
    if Command::new("script").arg("--version").output().is_err() {
        return swath_test::skip("on_a_terminal_it_is_asked_and_done", "`script`");
    }
    let (sandbox, port) = (Sandbox::new(), free_port());
    write(&sandbox, FLASK.files, port);
    let answer = |line: &str, answer: &str| {
        let mut script = Command::new("script");
        let prepared = command(&sandbox, &venv, &[]);
        script
            .args(["-qec", &format!("{} {line}", env!("CARGO_BIN_EXE_swath"))])
            .arg("/dev/null");
        script
            .current_dir(sandbox.project())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        for (name, value) in prepared.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        let mut child = script.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The terminal keeps what is typed ahead.
        stdin.write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let settings = || Path::exists(&sandbox.project().join("swath.toml"));
    let (code, said) = answer("init", "n\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("[Y/n]") && said.contains("Nothing was written"),
        "{said}"
    );
    assert!(!settings());

    let (code, said) = answer("run", "n\n");
    assert_eq!(code, Some(125), "{said}");
    assert!(said.contains("Run this? [Y/n]"), "{said}");
    let (code, said) = answer("run", "\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("shop/greeting.py") && said.contains("Complete"),
        "{said}"
    );
    assert!(!settings());

    let (code, said) = answer("init", "y\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(settings(), "{said}");
}

#[test]
fn what_cannot_be_read_is_passed_by_and_named() {
    let Some(venv) = environment("what_cannot_be_read_is_passed_by_and_named") else {
        return;
    };
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    write(&sandbox, FLASK.files, 8000);
    for pipe in ["Procfile", "requirements-dev.txt"] {
        let made = Command::new("mkfifo").arg(project.join(pipe)).status();
        assert!(made.unwrap().success());
    }
    fs_err::create_dir(project.join("compose.yml")).unwrap();
    fs_err::write(project.join("Makefile"), [0xff; 4096]).unwrap();
    sandbox.write("pyproject.toml", "not [ toml");
    sandbox.write(".coveragerc", "[run\n");
    sandbox.write("shop/broken.py", "app\u{1b}[2J = Flask(1)\n");
    let found = swath(&sandbox, &venv, &["init", "--dry-run", "--ci=none"]);
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.stdout.contains("gunicorn --workers=2"), "{found:?}");
    let note = "Note `source` is not set: Couldn't read config file .coveragerc";
    assert!(found.stderr.contains(note), "{found:?}");
    assert!(!found.stderr.contains('\u{1b}'), "{found:?}");
}
