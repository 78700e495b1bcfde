//! Services of a Swarm that the tests themselves make, with `docker service create` and `docker stack
//! deploy`: nobody wrote the agent into a file. On one node they are measured; of more the report says
//! which are not.

use std::path::Path;

use serde_json::Value;
use swath_test::{Finished, finish_within, record_figure, wait_until};

use crate::engines::address;
use crate::stage::Stage;
use crate::swarm::{LIMIT, SwarmStore};

/// What the tests have in common: one replica each has a port of its own.
const COMMON: &str = r#"
import json, subprocess, sys, time, urllib.request

IMAGE, *NODES = sys.argv[1:]
SERVE = ["sh", "-c", "exec gunicorn -w2 --bind 0.0.0.0:$PORT shop.app:app"]

def ask(slot, path):
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        for node in NODES:
            try:
                url = f"http://{node}:800{slot}{path}"
                return urllib.request.urlopen(url, timeout=5).read().decode()
            except OSError:
                time.sleep(0.1)
    sys.exit(f"replica {slot} does not answer")

def docker(*arguments, **options):
    done = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        sys.exit(f"{arguments}: {done.returncode}")
    return done.stdout

def create(name, *options):
    docker("service", "create", "--quiet", "--no-resolve-image", "--name", name, "--network", "host",
           "--user", "1000", "--read-only", "--mount", "type=tmpfs,target=/tmp",
           "--env", "PORT=800{{.Task.Slot}}", "--env", "PYTHONPATH=/srv", *options, IMAGE, *SERVE)
"#;

/// Each line is asked for of one replica only; one is killed, and none is there in the end.
const DRIVE: &str = r#"
create("web", "--replicas", "3", "--update-order", "stop-first")
assert ask(1, "/") == "here"
assert ask(2, "/price/7") == "21"
assert ask(3, "/price/700") == "1400"
# To the client it is as it wrote it.
told = docker("service", "inspect", "web")
told += docker("inspect", *docker("ps", "--quiet", "--filter", "name=web").split())
for word in "swath.", "/swath/", "SWATH_SERVICE", "-tasks":
    assert word not in told, (word, told)
docker("kill", "--signal", "KILL", docker("ps", "--quiet", "--filter", "name=web").split()[0])
tasks = docker("service", "ps", "--quiet", "--filter", "desired-state=running", "web").split()
docker("service", "scale", "web=4")
assert ask(4, "/late") == "late"
# More replicas are no reason to replace those that were there.
after = docker("service", "ps", "--quiet", "--filter", "desired-state=running", "web").split()
assert len(set(tasks) & set(after)) >= 2, (tasks, after)
docker("service", "update", "--quiet", "--force", "web")
assert ask(1, "/") == "here"
docker("service", "rm", "web")
"#;

/// A stack, which stays.
const DRIVE_STACK: &str = r#"
open("stack.yml", "w").write("""
version: '3.7'
services:
  web:
    image: %s
    user: '1000'
    command: ["sh", "-c", "exec gunicorn --bind 0.0.0.0:8001 shop.app:app"]
    environment: [PYTHONPATH=/srv]
    networks: [node]
networks:
  node: {external: true, name: host}
""" % IMAGE)
docker("stack", "deploy", "--resolve-image=never", "-c", "stack.yml", "shop")
assert ask(1, "/") == "here"
"#;

/// Kills swath while a service of its run serves.
const DRIVE_KILL: &str = r#"
import os, signal
create("web")
assert ask(1, "/") == "here"
os.kill(os.getppid(), signal.SIGKILL)
"#;

/// What is run as tests, in a sandbox with the checkout.
struct Tests {
    stage: Stage,
    /// What they need to have their records shipped, if they do.
    shipping: Option<SwarmStore>,
}

impl Tests {
    fn run(&self, drive: &str) -> Finished {
        self.stage
            .sandbox
            .write("drive.py", &format!("{COMMON}{drive}"));
        let mut command = self
            .stage
            .swarm
            .inside(Path::new(env!("CARGO_BIN_EXE_swath")));
        self.stage.sandbox.prepare(&mut command);
        command.env("DOCKER_HOST", self.stage.swarm.host("a"));
        command.args(["run", "--require-complete", "--json=run.json"]);
        if let Some(store) = &self.shipping {
            command.envs(store.variables.iter().map(|(name, value)| (name, value)));
            command.args(["--swarm-image", &self.stage.images.ship]);
            command.args(["--swarm-store", SwarmStore::URL]);
            command.arg("--swarm-store-secret=coverage-store");
        }
        command
            .arg("--")
            .arg(&self.stage.python.path)
            .args(["drive.py", &self.stage.images.service])
            .args(["a", "b"].map(address));
        finish_within(command, LIMIT)
    }

    /// Services that are made, changed and removed while the tests run are measured whole; gives how many tasks.
    fn assert_measured(&self) -> usize {
        let done = self.run(DRIVE);
        self.stage.assert_as_one_container(&done, "services");
        let (is_complete, services) = self.account();
        let said = format!("{services:?}{}", done.stderr);
        assert!(is_complete, "{said}");
        assert!(services.len() >= 8, "{said}");
        assert!(services.iter().all(|service| service == "web"), "{said}");
        assert_eq!(self.left(), "", "{said}");
        services.len()
    }

    /// Whether everything was measured, and the services of the containers.
    fn account(&self) -> (bool, Vec<String>) {
        let account: Value = serde_json::from_str(&self.stage.sandbox.read("run.json")).unwrap();
        let containers = account["containers"].as_array().unwrap().iter();
        let services = containers.map(|one| one["service"].as_str().unwrap().to_owned());
        (account["complete"] == true, services.collect())
    }

    /// The names of what swath made in the engine and left there.
    fn left(&self) -> String {
        let list = |what: &str| {
            let arguments = [
                what,
                "ls",
                "--format",
                "{{.Name}}",
                "--filter",
                "label=swath.owner",
            ];
            self.stage.swarm.docker("a", &arguments)
        };
        list("volume") + &list("config")
    }
}

#[test]
fn fleets_services_that_the_tests_make_are_measured_on_one_node() {
    let test = "fleets_services_that_the_tests_make_are_measured_on_one_node";
    let Some(stage) = Stage::of_one_engine(test) else {
        return;
    };
    let tests = Tests {
        stage,
        shipping: None,
    };
    tests.assert_measured();
    let Stage {
        swarm,
        sandbox,
        images,
        ..
    } = &tests.stage;

    // A stack that stays serves on. What its task records from now on is no run's, and what is swath's
    // goes with the stack.
    let done = tests.run(DRIVE_STACK);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(tests.account().1, ["web"], "{said}");
    assert!(said.contains("shop/app.py"), "{said}");
    assert_ne!(tests.left(), "", "the task has its files");
    swarm.docker(
        "a",
        &["service", "update", "--quiet", "--force", "shop_web"],
    );
    swarm.docker("a", &["stack", "rm", "shop"]);

    // What the services of a killed run recorded is not lost, and what is swath's goes with them.
    tests.run(DRIVE_KILL);
    swarm.docker("a", &["service", "rm", "web"]);
    wait_until(LIMIT, "the end of the task", || {
        let arguments = ["ps", "--all", "--quiet", "--filter", "name=web"];
        swarm.docker("a", &arguments).is_empty()
    });
    let done = tests.run("");
    let hint = "swath combine --append ";
    let folder = done.stderr.lines().find_map(|line| line.split(hint).nth(1));
    let folder = folder.unwrap_or_else(|| panic!("{}", done.stderr));
    let combined = sandbox.swath(&["combine", "--append", folder]);
    assert_eq!(combined.code, 0, "{}", combined.stderr);
    let report = sandbox.swath(&["report", "--include=shop/app.py"]);
    assert!(report.stdout.contains("shop/app.py"), "{}", report.stdout);
    assert_eq!(tests.left(), "", "{}", done.stderr);

    // Nobody replaces the tasks of a service from before the run to measure them.
    let arguments = [
        "service",
        "create",
        "--quiet",
        "--no-resolve-image",
        "--name",
        "before",
    ];
    let mut arguments = arguments.to_vec();
    let sleep = "import shop.prices, time; time.sleep(1000)";
    arguments.extend(["--stop-signal", "KILL", &images.service]);
    arguments.extend(["python3", "-c", sleep]);
    swarm.docker("a", &arguments);
    let done = tests.run(r#"docker("service", "scale", "before=2")"#);
    let named = "warning[service-not-injected]: the tasks of the service `before` were not measured: it has tasks from before this run";
    assert!(done.stderr.contains(named), "{}", done.stderr);
    assert_eq!(tests.left(), "", "the run before is over");
    let change = r#"docker("service", "update", "--quiet", "--force", "before")"#;
    let done = tests.run(&format!(
        "{change}\ndocker('service', 'rollback', 'before')"
    ));
    assert_eq!(tests.account().1, ["before"; 2], "{}", done.stderr);
    assert!(
        done.stderr.contains(named),
        "what was before is back: {}",
        done.stderr
    );
}

#[test]
fn fleets_services_that_the_tests_make_are_measured_on_several_nodes() {
    let test = "fleets_services_that_the_tests_make_are_measured_on_several_nodes";
    let Some((stage, store)) = Stage::of_two_engines(test) else {
        return;
    };
    let mut tests = Tests {
        stage,
        shipping: Some(store),
    };
    let number = tests.assert_measured().to_string();
    let services = tests.stage.swarm.docker("a", &["service", "ls", "--quiet"]);
    assert_eq!(services, "");
    record_figure(
        "Fleets",
        "Swarm of two engines",
        "tasks of services that the tests made",
        number,
    );

    // Without anybody who ships, they are named.
    tests.shipping = None;
    let done = tests.run(r#"docker("service", "create", "--quiet", "--detach", "--no-resolve-image", "--name", "made", "--replicas", "0", IMAGE, "sleep", "1000")"#);
    let named = "warning[service-not-injected]: the tasks of the service `made` were not measured: its Swarm has 2 nodes";
    assert!(done.stderr.contains(named), "{}", done.stderr);
}
