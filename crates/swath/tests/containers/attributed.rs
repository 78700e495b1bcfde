//! For which test code ran in a container: the tests run on this host, or in another container.

use std::collections::BTreeMap;

use swath_data::{LineSet, read_data_file, test_of};
use swath_test::{Compose, composes_for, free_port};

use crate::project::{Project, text};

const WEB: &str = r#"from flask import Flask

app = Flask(__name__, static_folder=None)


@app.get("/double/<int:number>")
def double(number):
    return str(number * 2)


@app.get("/half/<int:number>")
def half(number):
    if number % 2:
        return "odd", 400
    return str(number // 2)


@app.get("/never")
def never():
    return "never"
"#;

const TESTS: &str = r#"import concurrent.futures
import os

import pytest
import requests


def ask(path):
    return requests.get(os.environ["WEB"] + path, timeout=30).status_code


def test_double():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, ["/double/2"] * 8)) == {200}


@pytest.mark.parametrize("number", [4, 5])
def test_half(number):
    assert ask(f"/half/{number}") == (400 if number % 2 else 200)


def test_both():
    assert ask("/double/3") == ask("/half/6") == 200
"#;

const FILE: &str = r#"
version: "3.7"
services:
  web:
    build: {context: ., args: {BASE: "${BASE}"}}
    image: "${IMAGE}"
    init: true
    working_dir: /app
    command: ["gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "web:app"]
    ports: ["${PORT}:8000"]
  tests:
    image: "${IMAGE}"
    profiles: ["tests"]
    environment: {WEB: "http://web:8000"}
    command: ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "/app/test_web.py"]
"#;

/// The lines of `web.py` by test.
fn lines_by_test(project: &Project) -> BTreeMap<String, Vec<u32>> {
    let data = read_data_file(&project.folder().join(".coverage")).unwrap();
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (path, _) in data.files().filter(|(path, _)| path.ends_with("web.py")) {
        for (id, context) in data.contexts() {
            let lines = data.lines(path, Some(&[id].into()));
            let lines: Vec<u32> = lines.iter().flat_map(LineSet::iter).collect();
            if !lines.is_empty() {
                let test = test_of(context).rsplit('/').next().unwrap();
                found.entry(test.to_owned()).or_default().extend(lines);
            }
        }
    }
    found
}

fn check(project: &Project, said: &str) {
    let expected = [
        ("(start-up)", vec![1, 3, 6, 7, 11, 12, 18, 19]),
        ("test_web.py::test_both", vec![8, 13, 15]),
        ("test_web.py::test_double", vec![8]),
        ("test_web.py::test_half[4]", vec![13, 15]),
        ("test_web.py::test_half[5]", vec![13, 14]),
    ];
    let expected = expected.map(|(test, lines)| (test.to_owned(), lines));
    assert_eq!(lines_by_test(project), BTreeMap::from(expected), "{said}");
    let report = ["report", "--by=endpoint"];
    let endpoints = project.succeeds(env!("CARGO_BIN_EXE_swath"), &report);
    let rows = endpoints.lines().skip(2).take(3);
    let rows: Vec<String> = rows
        .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        rows,
        [
            "GET /never web never called 0 0",
            "GET /double/<int:number> web 200 2 1",
            "GET /half/<int:number> web 200, 400 3 3",
        ],
        "{endpoints}"
    );
    // Asked until it was ready.
    assert!(endpoints.contains("GET / (web): 404"), "{endpoints}");
}

#[test]
fn what_runs_in_a_container_has_its_test() {
    let test = "what_runs_in_a_container_has_its_test";
    if let Some(compose) = composes_for(test).last() {
        run(test, compose);
    }
}

fn run(test: &str, compose: &Compose) {
    let Some(project) = Project::new(test) else {
        return;
    };
    let port = free_port();
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY web.py test_web.py /app/\n");
    for (name, content) in [
        ("web.py", WEB),
        ("test_web.py", TESTS),
        ("compose.yml", FILE),
        ("test.env", &format!("PORT={port}\n")),
    ] {
        project.write(name, content);
    }
    let web = format!("WEB=http://127.0.0.1:{port}");
    let ready = format!("--ready=web=http://127.0.0.1:{port}/");
    let command_line = compose.command_line();
    let options = [
        "--attribution",
        "--compose=compose.yml",
        "--compose-command",
        &command_line,
        "--project-name",
        &project.name,
        "--env-file=test.env",
        "--stop-timeout=5s",
        "--source=.",
        &ready,
    ];
    let pytest =
        "env PYTHONDONTWRITEBYTECODE=1 python -m pytest -q -p no:cacheprovider test_web.py";
    let mut command: Vec<&str> = pytest.split(' ').collect();
    command.insert(1, &web);
    let (output, account) = project.swath(&options, &command);
    let said = text(&output);
    assert_eq!(account["complete"], true, "{said}");
    check(&project, &said);

    let (output, account) = project.swath(&[&options[..], &["--test-service=tests"]].concat(), &[]);
    let said = text(&output);
    assert!(said.contains("4 passed"), "{said}");
    assert_eq!(account["complete"], true, "{said}");
    check(&project, &said);
}
