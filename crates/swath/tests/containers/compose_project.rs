//! `swath run --compose FILE`: swath itself brings the project up, waits, and takes it down.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use swath_data::read_data_file;
use swath_test::{Compose, Scale, composes_for, free_port, scale, wait_until};

use crate::project::{Project, text};

const WEB: &str = "\
import http.server
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'shop')

    def log_message(self, *arguments):
        pass


def never():
    return 1


if 'broken' in sys.argv:
    sys.exit('no database')
time.sleep(1)
http.server.HTTPServer(('', 8000), Handler).serve_forever()
";

const WORKER: &str = "\
import time


def work():
    return 2


work()
time.sleep(600)
";

const ASK: &str = "\
import sys
import urllib.request

print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
";

const FILE: &str = r#"
version: "3.7"
services:
  web:
    build: {context: ., args: {BASE: "${BASE}"}}
    image: "${IMAGE}"
    init: true
    command: ["python", "/app/web.py", "${MODE}"]
    ports: ["${PORT}:8000"]
    volumes: ["kept:/kept"]
  worker:
    image: "${IMAGE}"
    init: true
    command: ["python", "/app/worker.py"]
    depends_on: [web]
  tests:
    image: "${IMAGE}"
    profiles: ["tests"]
    command: ["python", "/app/ask.py", "http://web:8000/"]
volumes:
  kept: {}
"#;

struct Shop {
    project: Project,
    compose: String,
    port: u16,
}

impl Shop {
    fn new(test: &str, compose: &Compose) -> Option<Shop> {
        let project = Project::new(test)?;
        project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY web.py worker.py ask.py /app/\n");
        for (name, text) in [("web.py", WEB), ("worker.py", WORKER), ("ask.py", ASK)] {
            project.write(name, text);
        }
        project.write("compose.yml", FILE);
        let port = free_port();
        project.write("test.env", &format!("MODE=serve\nPORT={port}\n"));
        Some(Shop {
            project,
            compose: compose.command_line(),
            port,
        })
    }

    fn options(&self) -> [String; 8] {
        [
            "--compose=compose.yml".to_owned(),
            "--compose-command".to_owned(),
            self.compose.clone(),
            "--project-name".to_owned(),
            self.project.name.clone(),
            "--env-file=test.env".to_owned(),
            "--stop-timeout=2s".to_owned(),
            "--source=.".to_owned(),
        ]
    }

    fn run(&self, more: &[&str], command: &[&str]) -> (Output, Value) {
        let options = self.options();
        let mut options = options.iter().map(String::as_str).collect::<Vec<_>>();
        options.extend(more);
        self.project.swath(&options, command)
    }

    /// What the project has in the engine.
    fn left(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.project.name);
        let lists = [
            &["ps", "-aq", "--filter"][..],
            &["network", "ls", "-q", "--filter"],
            &["volume", "ls", "-q", "--filter"],
        ];
        let list = |words: &[&str]| Project::listed(&[words, &[filter.as_str()]].concat());
        lists.iter().flat_map(|words| list(words)).collect()
    }
}

fn service<'a>(account: &'a Value, name: &str) -> &'a Value {
    let containers = account["containers"].as_array().unwrap();
    let found = containers.iter().find(|one| one["service"] == name);
    found.unwrap_or(&Value::Null)
}

/// The services that the run was to start and to measure, as its data has them.
fn declared(shop: &Shop) -> Vec<String> {
    let data = read_data_file(&shop.project.folder().join(".coverage")).unwrap();
    let services = data.accounting.runs[0].services().map(str::to_owned);
    let mut services: Vec<String> = services.collect();
    services.sort();
    services
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// A line of the report: statements, missing, percentage.
fn row(text: &str, file: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(file));
    let words = line.unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_project_is_brought_up_measured_and_removed() {
    let test = "a_project_is_brought_up_measured_and_removed";
    let composes = composes_for(test);
    for (number, compose) in composes.iter().enumerate() {
        let Some(shop) = Shop::new(test, compose) else {
            return;
        };
        check_host_tests(&shop);
        // Sampled, the newest Compose stands for the others.
        if number + 1 == composes.len() || scale() == Scale::Whole {
            check_test_service(&shop);
        }
    }
}

fn check_host_tests(shop: &Shop) {
    // The tests on this host; it answers only after a second.
    let url = format!("http://127.0.0.1:{}/", shop.port);
    let (output, account) = shop.run(&[], &["python", "ask.py", &url]);
    let said = text(&output);
    assert!(said.contains("shop\n"), "{said}");
    assert_eq!(account["complete"], true, "{said}");
    assert_eq!(row(&said, "web.py"), "web.py 16 2 88% 17, 21", "{said}");
    assert_eq!(row(&said, "worker.py"), "worker.py 5 0 100%", "{said}");
    assert_eq!(declared(shop), ["web", "worker"], "{said}");
    for name in ["web", "worker"] {
        assert_eq!(service(&account, name)["role"], "service", "{said}");
    }
    assert_eq!(shop.left(), Vec::<String>::new(), "{said}");
}

fn check_test_service(shop: &Shop) {
    // As a service of the project, and only one of the others measured; left running.
    let more = ["--test-service=tests", "--measure=web", "--keep-up"];
    let (output, account) = shop.run(&more, &[]);
    let said = text(&output);
    assert!(
        said.contains("shop\n") && said.contains("run tests"),
        "{said}"
    );
    assert_eq!(service(&account, "worker"), &Value::Null, "{said}");
    assert_eq!(service(&account, "web")["running"], true, "{said}");
    assert_eq!(declared(shop), ["web"], "{said}");
    assert!(
        shop.left().len() >= 4,
        "containers, network, volume: {said}"
    );

    // Over what was left; the volume was there before and stays.
    let (output, account) = shop.run(
        &["--test-service=tests"],
        &["python", "/app/ask.py", "http://web:8000/x"],
    );
    let said = text(&output);
    assert_eq!(account["complete"], true, "{said}");
    assert_eq!(service(&account, "worker")["processes"], 1, "{said}");
    assert_eq!(service(&account, "tests")["role"], "tests", "{said}");
    let volume = format!("{}_kept", shop.project.name);
    assert_eq!(shop.left(), std::slice::from_ref(&volume), "{said}");
    Project::listed(&["volume", "rm", &volume]);
}

#[test]
fn the_settings_describe_a_project() {
    let test = "the_settings_describe_a_project";
    let Some(compose) = composes_for(test).pop() else {
        return;
    };
    let Some(shop) = Shop::new(test, &compose) else {
        return;
    };
    let (name, port) = (&shop.project.name, shop.port);
    let url = format!("http://127.0.0.1:{port}/");
    let settings = format!(
        "test = \"python ask.py {url}\"\nrequire-complete = true\n\n[compose]\nfile = \"compose.yml\"\n\
         project-name = \"{name}\"\nenv-file = \"test.env\"\nmeasure = [\"web\"]\nready = {{ web = \"{url}\" }}\n\
         stop-timeout = \"2s\"\n"
    );
    shop.project.write("swath.toml", &settings);
    let options = ["--source=.", "--compose-command", &shop.compose];
    let (output, account) = shop.project.swath(&options, &[]);
    let said = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("shop\n"), "{said}");
    assert_eq!(account["complete"], true, "{said}");
    assert_eq!(service(&account, "web")["role"], "service", "{said}");
    assert_eq!(service(&account, "worker"), &Value::Null, "{said}");
    assert_eq!(shop.left(), Vec::<String>::new(), "{said}");

    // Before a command of one's own it stays down, unless it is asked for.
    let (output, _) = shop.project.swath(&["--source=."], &["true"]);
    let said = shown(&output);
    assert!(
        said.contains("the Compose project of swath.toml is left out"),
        "{said}"
    );
    let (output, _) = shop.project.swath(&["--keep-up"], &["true"]);
    assert!(shown(&output).contains("add `--services`"));
    let more = [&options[..], &["--services"]].concat();
    let (output, _) = shop.project.swath(&more, &["python", "ask.py", &url]);
    let said = shown(&output);
    assert!(said.contains("shop\n"), "{said}");
    assert_eq!(shop.left(), Vec::<String>::new(), "{said}");
}

/// A project with a compose file and nothing of swath's; the tests call the published port.
#[test]
fn init_prepares_a_compose_project() {
    let test = "init_prepares_a_compose_project";
    let Some(compose) = composes_for(test).pop() else {
        return;
    };
    let Some(shop) = Shop::new(test, &compose) else {
        return;
    };
    let project = &shop.project;
    for name in ["compose.yml", "test.env"] {
        fs_err::remove_file(project.folder().join(name)).unwrap();
    }
    let (port, image, base) = (shop.port, project.image(), &project.base);
    project.write(
        "docker-compose.yml",
        &format!(
            "version: \"3.7\"\nservices:\n  web:\n    build: {{context: ., args: {{BASE: \"{base}\"}}}}\n    \
             image: {image}\n    init: true\n    command: [python, /app/web.py]\n    ports: [\"{port}:8000\"]\n    \
             stop_grace_period: 2s\n"
        ),
    );
    let calls = format!(
        "import urllib.request\n\n\ndef test_shop():\n    url = 'http://127.0.0.1:{port}/'\n    \
         assert urllib.request.urlopen(url).read() == b'shop'\n"
    );
    project.write("tests/system/test_shop.py", &calls);
    let swath = env!("CARGO_BIN_EXE_swath");
    project.succeeds(swath, &["init", "--yes"]);
    let settings = fs_err::read_to_string(project.folder().join("swath.toml")).unwrap();
    let expected = format!(
        "[compose]\nfile = \"docker-compose.yml\"\nready = {{ web = \"http://127.0.0.1:{port}/\" }}\n"
    );
    assert!(settings.contains(&expected), "{settings}");
    let options = [
        "--compose-command",
        &shop.compose,
        "--project-name",
        &project.name,
    ];
    let (output, account) = project.swath(&options, &[]);
    let said = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(account["complete"], true, "{said}");
    assert_eq!(service(&account, "web")["role"], "service", "{said}");
    assert_eq!(row(&said, "web.py"), "web.py 16 2 88% 17, 21", "{said}");
    assert_eq!(shop.left(), Vec::<String>::new(), "{said}");
}

#[test]
fn a_test_command_may_take_project_and_volumes_down() {
    let test = "a_test_command_may_take_project_and_volumes_down";
    for compose in composes_for(test) {
        let Some(shop) = Shop::new(test, &compose) else {
            return;
        };
        let command = format!(
            "{} -f compose.yml -p {} --env-file=test.env",
            shop.compose, shop.project.name
        );
        let url = format!("http://127.0.0.1:{}/", shop.port);
        let script = format!(
            "set -eu\n{command} up -d\nuntil python ask.py {url} 2>/dev/null; do sleep 0.1; done\n{command} down -v -t 1\n"
        );
        shop.project.write("down.sh", &script);
        let (output, account) = (shop.project).swath(&["--source=."], &["sh", "down.sh"]);
        let said = text(&output);
        assert_eq!(account["complete"], true, "{said}");
        assert_eq!(row(&said, "web.py"), "web.py 16 2 88% 17, 21", "{said}");
        assert_eq!(row(&said, "worker.py"), "worker.py 5 0 100%", "{said}");
        assert_eq!(shop.left(), Vec::<String>::new(), "{said}");
    }
}

#[test]
fn a_project_that_does_not_come_up_says_why() {
    let test = "a_project_that_does_not_come_up_says_why";
    let Some(compose) = composes_for(test).pop() else {
        return;
    };
    let Some(shop) = Shop::new(test, &compose) else {
        return;
    };
    let (output, _) = shop.run(&["--measure=wbe"], &["true"]);
    let said = shown(&output);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(
        said.contains("no-such-compose-service") && said.contains("web, worker"),
        "{said}"
    );

    let port = shop.port;
    shop.project
        .write("test.env", &format!("MODE=broken\nPORT={port}\n"));
    let (output, _) = shop.run(&[], &["true"]);
    let said = shown(&output);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("service `web` exited with code 1"), "{said}");
    assert!(said.contains("no database"), "{said}");
    assert!(said.contains("container-web.log"), "{said}");
    assert_eq!(shop.left(), Vec::<String>::new(), "{said}");

    // What somebody else has up is left alone.
    shop.project
        .write("test.env", &format!("MODE=serve\nPORT={port}\n"));
    let words = compose.words.iter().map(String::as_str);
    let words = words
        .chain([
            "-f",
            "compose.yml",
            "-p",
            &shop.project.name,
            "--env-file=test.env",
            "up",
            "-d",
        ])
        .collect::<Vec<_>>();
    shop.project.succeeds(words[0], &words[1..]);
    let before = shop.left();
    let (output, _) = shop.run(&[], &["true"]);
    let said = shown(&output);
    assert!(said.contains("project-is-up"), "{said}");
    assert_eq!(shop.left(), before, "{said}");
    // Tests that only call it are told why nothing was measured.
    let (output, _) = shop.project.swath(&[], &["true"]);
    let said = shown(&output);
    let up = "of this folder's Compose project were started before this run";
    assert!(said.contains(up), "{said}");
}

#[test]
fn an_interrupted_or_killed_run_leaves_no_project() {
    let test = "an_interrupted_or_killed_run_leaves_no_project";
    let Some(compose) = composes_for(test).pop() else {
        return;
    };
    let Some(shop) = Shop::new(test, &compose) else {
        return;
    };
    for signal in ["INT", "KILL"] {
        let options = shop.options();
        let mut arguments = vec!["run"];
        arguments.extend(options.iter().map(String::as_str));
        arguments.extend(["--", "sh", "-c", "touch begun; exec sleep 600"]);
        let mut child = shop
            .project
            .command(env!("CARGO_BIN_EXE_swath"), &arguments)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let begun = shop.project.folder().join("begun");
        wait_until(Duration::from_mins(2), "the tests to begin", || {
            begun.exists()
        });
        fs_err::remove_file(&begun).unwrap();
        shop.project
            .succeeds("kill", &["-s", signal, &child.id().to_string()]);
        let status = child.wait().unwrap();
        if signal == "INT" {
            assert_eq!(status.code(), Some(130));
        } else {
            assert!(!shop.left().is_empty());
            let (output, _) = shop.project.swath(&[], &["true"]);
            let said = shown(&output);
            assert!(said.contains("swath combine "), "{said}");
        }
        let mut left = shop.left();
        // What the project itself keeps in a volume is not swath's to remove after a kill.
        left.retain(|name| !(signal == "KILL" && name.ends_with("_kept")));
        assert_eq!(left, Vec::<String>::new(), "{signal}");
        Project::listed(&["volume", "rm", &format!("{}_kept", shop.project.name)]);
    }
}
