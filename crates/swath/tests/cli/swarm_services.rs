//! Services of a Swarm that the tests make, from the request to the report: a process of this machine plays
//! the task, with the real agent, behind an engine in memory.

use serde_json::Value;
use swath_test::{Finished, SwarmEngine, finish};

use crate::sandbox::{Sandbox, python, text};

const SHOP: &str = "\
import sys


def price(amount):
    if amount > 100:
        return amount * 2
    return amount * 3


price(int(sys.argv[1]))
open(sys.argv[2], 'w').close()
";

/// Makes services, and removes each when its task has done its work.
const DRIVE: &str = r#"
import http.client, json, os, socket, sys, time

PYTHON, FOLDER = sys.argv[1:3]

def ask(method, path, body=None):
    connection = http.client.HTTPConnection("docker")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(os.environ["DOCKER_HOST"][len("unix://"):])
    connection.request(method, "/v1.41" + path, json.dumps(body))
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status < 300, (answer.status, text)
    return text

def wait_for(what, is_there):
    limit = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < limit, what
        time.sleep(0.02)

for number, amount in enumerate(sys.argv[3:]):
    done = os.path.join(FOLDER, f"done-{number}")
    container = {"Image": "shop:1", "Labels": {}, "Command": [PYTHON, FOLDER + "/shop.py"],
                 "Args": [amount, done], "Dir": FOLDER}
    made = ask("POST", "/services/create", {
        "Name": f"shop{number}" if number else "",
        "Labels": {}, "TaskTemplate": {"ContainerSpec": container}})
    wait_for("the task", lambda: os.path.exists(done))
    ask("DELETE", "/services/" + json.loads(made)["ID"])
"#;

/// A checkout, and an engine whose tasks are processes here.
struct Stage {
    sandbox: Sandbox,
    engine: SwarmEngine,
    python: String,
}

impl Stage {
    fn of(test: &str) -> Option<Stage> {
        let python = text(&python(test)?.path);
        let sandbox = Sandbox::new();
        sandbox.write("shop.py", SHOP);
        sandbox.write("drive.py", DRIVE);
        let engine = SwarmEngine::start(&sandbox.temporary());
        engine.add_image("shop:1");
        engine.play_tasks([("swath", env!("CARGO_BIN_EXE_swath").as_ref())]);
        Some(Stage {
            sandbox,
            engine,
            python,
        })
    }

    /// `swath run` of tests that make a service for each amount.
    fn run(&self, options: &[&str], amounts: &[&str]) -> Finished {
        let mut command = self.sandbox.command(&["run", "--json=run.json"]);
        command.args(options).arg("--").arg(&self.python);
        command.arg("drive.py").arg(&self.python);
        command.arg(self.sandbox.project()).args(amounts);
        let host = format!("unix://{}", self.engine.socket().display());
        command.env("DOCKER_HOST", host);
        finish(command)
    }

    fn account(&self) -> Value {
        serde_json::from_str(&self.sandbox.read("run.json")).unwrap()
    }

    /// What the report says of the services' code.
    fn row(&self) -> String {
        let report = self.sandbox.swath(&["report", "--show-missing"]);
        let rows = report.stdout.lines();
        rows.filter(|line| line.starts_with("shop.py")).collect()
    }
}

#[test]
fn a_service_that_the_tests_make_is_in_the_report() {
    let test = "a_service_that_the_tests_make_is_in_the_report";
    let Some(stage) = Stage::of(test) else {
        return;
    };
    let done = stage.run(&["--require-complete"], &["7"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let account = stage.account();
    assert_eq!(account["complete"], true, "{account}");
    let containers = account["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1, "{account}");
    let service = containers[0]["service"].as_str().unwrap();
    assert!(service.starts_with("shop-"), "{account}");
    assert_eq!(containers[0]["processes"], 1, "{account}");
    assert_eq!(stage.row(), "shop.py       7      1    86%   6");
    assert_eq!(stage.engine.left(), Vec::<String>::new());
}

#[test]
fn a_service_whose_image_the_engine_lacks_makes_the_number_incomplete() {
    let test = "a_service_whose_image_the_engine_lacks_makes_the_number_incomplete";
    let Some(stage) = Stage::of(test) else {
        return;
    };
    stage.engine.remove_image("shop:1");
    let done = stage.run(&["--require-complete"], &["7"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert_eq!(stage.account()["complete"], false);
    // It has the name by which the warning names it.
    let made = &stage.engine.seen("POST /services/create")[0].1;
    let name = made["Name"].as_str().unwrap();
    let named = format!(
        "warning[service-not-injected]: the tasks of the service `{name}` were not measured: the engine did not have the image `shop:1`"
    );
    assert!(done.stderr.contains(&named), "{}", done.stderr);
}

#[test]
fn what_services_ship_from_several_nodes_is_in_the_report_whoever_told_of_their_tasks() {
    let test = "what_services_ship_from_several_nodes_is_in_the_report_whoever_told_of_their_tasks";
    let Some(stage) = Stage::of(test) else {
        return;
    };
    stage.engine.set_nodes(2);
    let store = stage.sandbox.temporary().join("store");
    fs_err::create_dir(&store).unwrap();
    let store = format!("--swarm-store=file://{}", store.display());
    // The manager tells of no task.
    let options = ["--require-complete", "--swarm-image=swath:1", &store];
    let done = stage.run(&options, &["7", "700"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let account = stage.account();
    let containers = account["containers"].as_array().unwrap().iter();
    let services: Vec<&str> = containers
        .map(|one| one["service"].as_str().unwrap())
        .collect();
    assert_eq!(services.len(), 2, "{account}");
    assert!(services.contains(&"shop1"), "{account}");
    assert_eq!(stage.row(), "shop.py       7      0   100%");
    assert_eq!(stage.engine.left(), Vec::<String>::new());
}
