//! `swath run` beside a fleet: the tests run here, the services there, and one report says it all.
//!
//! There is no cluster in these tests: what `kubectl` would tell of one is told by a program of its
//! name, in the form of the API. The pods' services, their shipping and the store are real.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use swath_test::{Python, newest_python, wait_until, write_file};

use crate::pods::{Pod, RUN, service_venv, write_checkout};
use crate::sandbox::{Finished, Sandbox, finish};
use crate::store::{BUCKET, Store};

/// Says what the folder beside it holds: the pods as they are first, then as they are later, and in a
/// watch those that came and went.
const KUBECTL: &str = r#"#!PYTHON
import json, os, pathlib, sys, time

here = pathlib.Path(__file__).parent
with open(here / "asked", "a") as log:
    print(*sys.argv[1:], file=log)
if (here / "refuses").exists():
    sys.exit("error: You must be logged in to the server (Unauthorized)")
state = lambda name: json.loads((here / name).read_text())
if "--watch" in sys.argv:
    for pod in state("first") + state("gone"):
        print(json.dumps({"type": "ADDED", "object": pod}), flush=True)
    time.sleep(600)
lists = [line for line in (here / "asked").read_text().splitlines() if "--watch" not in line]
print(json.dumps({"items": state("first" if len(lists) == 1 else "later")}))
"#;

/// A pod in the words of the API: `uid` also names it.
fn pod(name: &str, ready: bool, state: &Value) -> Value {
    json!({
        "metadata": {
            "name": name,
            "uid": format!("uid-{name}"),
            "annotations": {"swath.dev/injected": "web"},
        },
        "spec": {
            "containers": [{"name": "web"}],
            "initContainers": [{
                "name": "swath-ship",
                "command": ["swath", "ship", "--from", "/swath", "--to", format!("s3://{BUCKET}/{RUN}")],
            }],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
            "containerStatuses": [{"name": "web", "state": state}],
        },
    })
}

/// A cluster's words in a folder of their own.
struct Cluster<'s>(&'s Sandbox);

impl<'s> Cluster<'s> {
    fn new(sandbox: &'s Sandbox, python: &Python) -> Cluster<'s> {
        use std::os::unix::fs::PermissionsExt as _;

        let text = KUBECTL.replace("PYTHON", &python.path.display().to_string());
        let path = sandbox.write("../bin/kubectl", &text);
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster(sandbox);
        for state in ["first", "later", "gone"] {
            cluster.tells(state, &[]);
        }
        cluster
    }

    fn tells(&self, state: &str, pods: &[Value]) {
        let text = Value::from(pods).to_string();
        self.0.write(&format!("../bin/{state}"), &text);
    }

    fn asked(&self) -> String {
        self.0.read("../bin/asked")
    }
}

/// `swath run` with these options, and a test that asks the pod for a price.
fn run(sandbox: &Sandbox, store: &Store, python: &Python, options: &[&str]) -> Command {
    let bin = sandbox.project().join("../bin");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = sandbox.command(&["run", "--require-complete"]);
    store.point(&mut command);
    command
        .args(options)
        .args(["--"])
        .arg(&python.path)
        .arg("drive.py")
        .env("PATH", format!("{}:{path}", bin.display()));
    command
}

fn assert_has(done: &Finished, code: i32, words: &[&str]) {
    let context = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(done.code, code, "{context}");
    for word in words {
        assert!(context.contains(word), "{word} in {context}");
    }
}

/// A served and shipped pod, and a test that asks it.
fn serving(sandbox: &Sandbox, store: &Store, base: &Path, test: &str) -> Option<Pod> {
    let venv = service_venv(test)?;
    write_checkout(sandbox);
    let mut pod = Pod::new(base, "web-a");
    pod.serve(sandbox, &venv);
    pod.ship(sandbox, store);
    let drive = format!(
        "import pathlib, urllib.request\n\
         pathlib.Path('began').touch()\n\
         assert urllib.request.urlopen({:?}).read() == b'1400'\n",
        pod.url("/price/700")
    );
    sandbox.write("drive.py", &drive);
    Some(pod)
}

#[test]
fn the_pods_that_a_cluster_names_are_waited_for_gathered_and_missed() {
    let test = "the_pods_that_a_cluster_names_are_waited_for_gathered_and_missed";
    let (Some(store), Some(python)) = (Store::start(test), newest_python()) else {
        return;
    };
    let (sandbox, base) = (Sandbox::new(), swath_test::temp_dir());
    let Some(mut pod_here) = serving(&sandbox, &store, base.path(), test) else {
        return;
    };
    let cluster = Cluster::new(&sandbox, python);
    let (running, waiting) = (
        json!({"running": {}}),
        json!({"waiting": {"reason": "ImagePullBackOff"}}),
    );
    let database =
        json!({"metadata": {"name": "db", "uid": "uid-db"}, "status": {"phase": "Pending"}});
    cluster.tells("first", &[pod("web-a", false, &running), database.clone()]);
    cluster.tells("later", &[pod("web-a", true, &running), database]);
    let by_cluster = ["--kubernetes=shop:app=web"];
    let done = finish(run(&sandbox, &store, python, &by_cluster));
    let words = [
        "Ready 1 pod in",
        "Gathering s3://coverage/runs/1",
        "(web 2, tools 2)",
        "Complete 4 of 4 Python processes",
    ];
    assert_has(&done, 0, &words);
    assert!(done.stdout.contains("shop/prices.py"), "{}", done.stdout);
    let asked = cluster.asked();
    assert!(
        asked.contains("--namespace shop --selector=app=web --watch"),
        "{asked}"
    );
    sandbox.assert_nothing_left();

    // It has said goodbye, so the next runs need not wait for its heartbeat.
    assert_eq!(pod_here.end_ship(), Some(0));
    // Where the store is named, nobody needs the cluster for it.
    let done = finish(run(
        &sandbox,
        &store,
        python,
        &["--fleet=s3://coverage/runs/1", "--expect=web=2"],
    ));
    assert_has(&done, 3, &["warning[instances-missing]"]);

    // What ran and sent nothing is missing, also if it is gone by now; what never ran is not.
    let gone = json!({"terminated": {"reason": "OOMKilled"}});
    cluster.tells(
        "gone",
        &[pod("web-b", false, &gone), pod("web-c", false, &waiting)],
    );
    let done = finish(run(&sandbox, &store, python, &by_cluster));
    assert_has(
        &done,
        3,
        &["warning[pods-silent]: the pod `web-b (OOMKilled)` ran"],
    );
    assert!(!done.stderr.contains("web-c"), "{}", done.stderr);
}

#[test]
fn what_keeps_a_run_beside_a_fleet_from_starting_is_said_before_the_tests() {
    let test = "what_keeps_a_run_beside_a_fleet_from_starting_is_said_before_the_tests";
    let (Some(store), Some(python)) = (Store::start(test), newest_python()) else {
        return;
    };
    let sandbox = Sandbox::new();
    write_checkout(&sandbox);
    sandbox.write(
        "drive.py",
        "import pathlib\npathlib.Path('began').touch()\n",
    );
    let cluster = Cluster::new(&sandbox, python);
    let told = |options: &[&str], words: &[&str]| {
        let done = finish(run(&sandbox, &store, python, options));
        assert_has(&done, 125, words);
        assert!(!sandbox.project().join("began").exists(), "{}", done.stderr);
        sandbox.assert_nothing_left();
    };
    let soon = "--ready-timeout=1s";
    let none = ["error[no-pods]: no pod of `shop` carries"];
    told(&["--kubernetes=shop", soon], &none);
    let state = json!({"waiting": {"reason": "ImagePullBackOff"}});
    let waiting = [pod("web-a", false, &state)];
    cluster.tells("later", &waiting);
    let not_ready = [
        "error[pods-not-ready]: 1 pod is not ready after 1.0 s",
        "`web-a (ImagePullBackOff)`",
    ];
    told(&["--kubernetes=shop", soon], &not_ready);
    let mut other = pod("web-a", true, &json!({"running": {}}));
    other["spec"]["initContainers"] = json!([]);
    cluster.tells("later", &[other]);
    told(&["--kubernetes=shop", soon], &["error[no-store]"]);
    write_file(sandbox.project().join("../bin/refuses"), "");
    told(
        &["--kubernetes=shop", soon],
        &["error[kubectl-failed]", "You must be logged in"],
    );
    store.cut(true);
    told(&["--fleet=s3://coverage/runs/1"], &["error[store-failed]"]);
    told(
        &["--expect=web=1"],
        &["error[usage]: `--expect` is about a fleet"],
    );
}

#[test]
fn a_store_that_fails_after_the_tests_costs_nothing_that_was_recorded_here() {
    let test = "a_store_that_fails_after_the_tests_costs_nothing_that_was_recorded_here";
    let (Some(store), Some(python)) = (Store::start(test), newest_python()) else {
        return;
    };
    let (sandbox, base) = (Sandbox::new(), swath_test::temp_dir());
    let Some(_pod) = serving(&sandbox, &store, base.path(), test) else {
        return;
    };
    wait_until(Duration::from_mins(1), "the pod's first word", || {
        !store.keys("runs/1/pods/").is_empty()
    });
    let began = sandbox.project().join("began");
    // The test ends only when the store is gone.
    let drive = sandbox.read("drive.py")
        + "import time\nwhile not pathlib.Path('cut').exists(): time.sleep(0.01)\n";
    sandbox.write("drive.py", &drive);
    let cluster = Cluster::new(&sandbox, python);
    let pod = pod("web-a", true, &json!({"running": {}}));
    cluster.tells("first", std::slice::from_ref(&pod));
    cluster.tells("later", std::slice::from_ref(&pod));
    let options = ["--kubernetes=shop", "--count=all", "--source=."];
    let command = run(&sandbox, &store, python, &options);
    let runs = std::thread::spawn(move || finish(command));
    wait_until(Duration::from_mins(1), "the test", || began.exists());
    store.cut(true);
    sandbox.write("../bin/refuses", "");
    sandbox.write("cut", "");
    let done = runs.join().unwrap();
    let words = [
        "warning[fleet-not-gathered]",
        "warning[pods-not-watched]",
        "You must be logged in",
        "swath gather --append s3://coverage/runs/1",
        "drive.py",
        "Incomplete",
    ];
    assert_has(&done, 3, &words);
    // Of what nobody could ask for, nobody says that it is missing.
    assert!(!done.stderr.contains("pods-silent"), "{}", done.stderr);
    store.cut(false);
    let mut command = sandbox.command(&["gather", "--append", "s3://coverage/runs/1"]);
    store.point(&mut command);
    let done = finish(command);
    assert_has(&done, 0, &["shop/prices.py", "drive.py"]);
}
