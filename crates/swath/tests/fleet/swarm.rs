//! A stack on a real Swarm of two engines: three replicas, one of them killed, scaled and replaced
//! while the tests run. The report is the one that a single container gives.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use swath_test::{
    Finished, Guard, Python, finish_within, record_figure, temp_dir, wait_until, write_file,
};

use crate::engines::{Swarm, address};
use crate::pods::write_shop;
use crate::sandbox::Sandbox;
use crate::stage::Stage;
use crate::store;

/// A run may take so long: tasks come and go, and what they recorded is waited for.
pub(crate) const LIMIT: Duration = Duration::from_mins(5);

/// The service is in the network of its node, at a port of its own for each replica: a Swarm's own
/// networks need more of the kernel than every machine has.
const STACK: &str = "\
version: '3.7'
services:
  web:
    image: IMAGE
    user: '1000'
    read_only: true
    volumes: [{type: tmpfs, target: /tmp}]
    command: sh -c 'exec gunicorn -w2 --bind 0.0.0.0:$$PORT shop.app:app'
    environment: ['PORT=800{{.Task.Slot}}', PYTHONPATH=/srv]
    networks: [node]
    deploy:
      replicas: 3
      update_config: {parallelism: 1, order: stop-first}
networks:
  node: {external: true, name: host}
";

/// The tests. Each line is asked for of one replica only, and none of them is there in the end.
const DRIVE: &str = r#"
import pathlib, subprocess, sys, time, urllib.request

NODES = sys.argv[1:]

def ask(slot, path):
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        for node in NODES:
            try:
                url = f"http://{node}:800{slot}{path}"
                return urllib.request.urlopen(url, timeout=5).read().decode()
            except OSError:
                pass
        time.sleep(0.1)
    sys.exit(f"replica {slot} does not answer")

def docker(*arguments):
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.split()

pathlib.Path("began").touch()
assert ask(1, "/") == "here"
assert ask(2, "/price/7") == "21"
assert ask(3, "/price/700") == "1400"
# Killed, and started again by the Swarm.
docker("kill", "--signal", "KILL", docker("ps", "--quiet", "--filter", "name=shop_web")[0])
# Scaled up, and down to what there was.
docker("service", "scale", "shop_web=4")
assert ask(4, "/late") == "late"
docker("service", "scale", "shop_web=3")
# All are replaced, one after the other.
docker("service", "update", "--quiet", "--force", "shop_web")
assert ask(1, "/") == "here"
"#;

/// The same, of one container.
const DRIVE_ONE: &str = r#"
import subprocess, sys, time, urllib.request

image, name = sys.argv[1:]

def docker(*arguments):
    done = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return done.stdout

script = """
import time, urllib.request
for path in ["/", "/price/7", "/price/700", "/late"]:
    for attempt in range(600):
        try:
            urllib.request.urlopen("http://127.0.0.1:8000" + path)
            break
        except OSError:
            time.sleep(0.1)
    else:
        raise SystemExit(path)
"""
serve = ["gunicorn", "-w2", "--bind", "127.0.0.1:8000", "shop.app:app"]
docker("run", "--detach", "--name", name, "--env", "PYTHONPATH=/srv", image, *serve)
try:
    docker("exec", name, "python3", "-I", "-c", script)
    docker("kill", "--signal", "KILL", name)
finally:
    docker("rm", "--force", name)
"#;

/// Tests of one process have their own.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Images of this machine's engine, which go with the test.
pub(crate) struct Images {
    pub(crate) service: String,
    pub(crate) ship: String,
}

impl Images {
    pub(crate) fn build(base: &str) -> Images {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |what: &str| format!("swath-test/swarm-{what}:{}-{number}", std::process::id());
        let images = Images {
            service: name("service"),
            ship: name("ship"),
        };
        let folder = temp_dir();
        write_shop(&folder.path().join("srv"));
        let text = format!("FROM {base}\nCOPY srv /srv\nWORKDIR /srv\n");
        build(folder.path(), &text, &images.service);
        // A release has a static program, and its Containerfile.
        let folder = temp_dir();
        let swath = Path::new(env!("CARGO_BIN_EXE_swath"));
        let libraries = Command::new("ldd").arg(swath).output().unwrap();
        let libraries = String::from_utf8(libraries.stdout).unwrap();
        let words = libraries.split_whitespace();
        let libraries = words
            .filter(|word| word.starts_with('/'))
            .map(PathBuf::from);
        for library in libraries {
            copy(
                &library,
                &folder
                    .path()
                    .join("root")
                    .join(library.strip_prefix("/").unwrap()),
            );
        }
        copy(swath, &folder.path().join("root/usr/bin/swath"));
        let text = "FROM scratch\nCOPY root /\nENV PATH=/usr/bin\nUSER 65532:65532\nENTRYPOINT [\"swath\"]\n";
        build(folder.path(), text, &images.ship);
        images
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        for image in [&self.service, &self.ship] {
            let _ = Command::new("docker")
                .args(["rmi", "--force", image])
                .output();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to.parent().unwrap()).unwrap();
    fs_err::copy(from, to).unwrap();
}

fn build(folder: &Path, dockerfile: &str, tag: &str) {
    write_file(folder.join("Dockerfile"), dockerfile);
    let mut command = Command::new("docker");
    command
        .args(["build", "--quiet", "--tag", tag, "."])
        .current_dir(folder);
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
}

/// The table of a report.
pub(crate) fn table(done: &Finished) -> &str {
    let begin = done.stdout.find("Name ").unwrap_or_default();
    &done.stdout[begin..]
}

/// An S3 server in the network of the first node, and what a client needs to know of it.
pub(crate) struct SwarmStore {
    server: Guard,
    pub(crate) variables: [(&'static str, String); 4],
}

impl SwarmStore {
    pub(crate) const URL: &str = "s3://coverage/runs";

    pub(crate) fn start(test: &str, swarm: &Swarm, python: &Python) -> Option<SwarmStore> {
        let server = store::server(test)?;
        let mut command = swarm.inside(Path::new(server.get_program()));
        let address = address("a");
        command.args(["-H", &address, "-p", "9000"]);
        for (name, value) in server.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
        let server = Guard::spawn(quiet.stderr(Stdio::null())).unwrap();
        let url = format!("http://{address}:9000");
        let make_bucket = format!(
            "import urllib.request as r; r.urlopen(r.Request('{url}/coverage', method='PUT', headers={{'Authorization': {:?}}}))",
            store::ANYBODY
        );
        wait_until(LIMIT, "the S3 server", || {
            let mut made = swarm.inside(&python.path);
            let output = made.args(["-I", "-c", &make_bucket]).output().unwrap();
            output.status.success()
        });
        let variables = [
            ("AWS_ENDPOINT_URL", url),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "somebody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "something".to_owned()),
        ];
        Some(SwarmStore { server, variables })
    }

    /// The process that serves.
    pub(crate) fn process(&self) -> u32 {
        self.server.id()
    }

    /// Gives the Swarm a secret with the variables.
    pub(crate) fn tell(&self, swarm: &Swarm, sandbox: &Sandbox) {
        let lines = self
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        let file = sandbox.write("secret", &lines.collect::<String>());
        let file = file.display().to_string();
        swarm.docker("a", &["secret", "create", "coverage-store", &file]);
    }
}

/// A stack whose tasks ship to a store, and what is asked of its services.
pub(crate) struct StackTests {
    pub(crate) stage: Stage,
    pub(crate) store: SwarmStore,
}

impl StackTests {
    pub(crate) fn start(test: &str) -> Option<StackTests> {
        let (stage, store) = Stage::of_two_engines(test)?;
        Some(StackTests { stage, store })
    }

    /// Deploys the stack with the agent for a run, which is kept there.
    pub(crate) fn deploy(&self, run: &str, store: &str, options: &[&str]) {
        self.stage.sandbox.write(
            "stack.yml",
            &STACK.replace("IMAGE", &self.stage.images.service),
        );
        let arguments = [
            "swarm",
            "inject",
            "-f",
            "stack.yml",
            "--image",
            &self.stage.images.ship,
        ];
        let mut command = self.stage.sandbox.command(&arguments);
        command.args(["--store", store, "--run", run]).args(options);
        let injected = finish_within(command, LIMIT);
        assert_eq!(injected.code, 0, "{}", injected.stderr);
        self.stage.sandbox.write("measured.yml", &injected.stdout);
        let mut deploy = Command::new("docker");
        self.stage.sandbox.prepare(&mut deploy);
        deploy.args([
            "stack",
            "deploy",
            "--resolve-image=never",
            "-c",
            "measured.yml",
            "shop",
        ]);
        let deployed = finish_within(self.at_swarm(deploy), LIMIT);
        assert_eq!(deployed.code, 0, "{}", deployed.stderr);
    }

    fn at_swarm(&self, mut command: Command) -> Command {
        command.env("DOCKER_HOST", self.stage.swarm.host("a"));
        command
    }

    /// `swath run --swarm shop` with these options and this command, where the tasks can be reached.
    pub(crate) fn run(&self, options: &[&str], tests: &[&str]) -> Finished {
        let mut command = self
            .stage
            .swarm
            .inside(Path::new(env!("CARGO_BIN_EXE_swath")));
        self.stage.sandbox.prepare(&mut command);
        let variables = self.store.variables.iter();
        command.envs(variables.map(|(name, value)| (name, value)));
        let begin = [
            "run",
            "--swarm=shop",
            "--require-complete",
            "--json=run.json",
        ];
        command.args(begin).args(options).arg("--").args(tests);
        finish_within(self.at_swarm(command), LIMIT)
    }

    pub(crate) fn account(&self) -> Value {
        serde_json::from_str(&self.stage.sandbox.read("run.json")).unwrap()
    }

    pub(crate) fn drive(&self) -> Vec<String> {
        let mut words = vec![
            self.stage.python.path.display().to_string(),
            "drive.py".to_owned(),
        ];
        words.extend(["a", "b"].map(address));
        words
    }
}

#[test]
fn fleets_a_stack_that_changes_under_the_tests_gives_the_number_of_one_container() {
    let test = "fleets_a_stack_that_changes_under_the_tests_gives_the_number_of_one_container";
    let Some(tests) = StackTests::start(test) else {
        return;
    };
    let Stage { sandbox, swarm, .. } = &tests.stage;

    sandbox.write("drive.py", DRIVE);
    let secret = ["--store-secret=coverage-store"];
    tests.deploy("1", SwarmStore::URL, &secret);
    let drive = tests.drive();
    let words: Vec<&str> = drive.iter().map(String::as_str).collect();
    let done = tests.run(&[], &words);
    tests.stage.assert_as_one_container(&done, "a stack");
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains("Ready 3 tasks"), "{said}");
    let account = tests.account();
    assert_eq!(account["complete"], true, "{said}");
    let services = account["containers"].as_array().unwrap().iter();
    let services: Vec<_> = services
        .map(|one| one["service"].as_str().unwrap())
        .collect();
    // Three, the one that took the place of the killed one, the fourth, and their three successors; more
    // where a slow machine lets the Swarm try one again.
    assert!(services.len() >= 8, "{said}");
    assert!(services.iter().all(|service| *service == "web"), "{said}");
    let number = services.len().to_string();
    record_figure("Fleets", "Swarm of two engines", "tasks of the run", number);
    record_figure(
        "Fleets",
        "Swarm of two engines",
        "report",
        "that of one container",
    );

    // The next run is the stack's, although tasks of this one are still ending. It goes to a folder that
    // both nodes have, and its agent comes in many files.
    let folder = format!("file://{}", swarm.shared_folder().display());
    tests.deploy("2", &folder, &["--attribution"]);
    let done = tests.run(&["--count=all"], &["true"]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains("Ready 3 tasks"), "{said}");
    assert!(!said.contains("warning[pods-"), "{said}");
    assert_eq!(
        tests.account()["containers"].as_array().unwrap().len(),
        3,
        "{said}"
    );

    // Nobody ships what comes now: the tasks ran, and are missed.
    swarm.docker("a", &["service", "rm", "shop_swath-ship"]);
    // It waits for the processes that still run, and then leaves them.
    wait_until(LIMIT, "the end of the shipping", || {
        let arguments = ["ps", "--quiet", "--filter", "name=swath-ship"];
        ["a", "b"]
            .iter()
            .all(|node| swarm.docker(node, &arguments).is_empty())
    });
    let store = format!("--fleet={folder}/2");
    let update = [
        "docker", "service", "update", "--quiet", "--force", "shop_web",
    ];
    let done = tests.run(&[&store], &update);
    assert_eq!(done.code, 3, "{}", done.stderr);
    let missed = "warning[pods-silent]: 3 tasks ran, and the object store has nothing of them";
    assert!(done.stderr.contains(missed), "{}", done.stderr);
}

/// The report of the same requests, asked of one container, in a sandbox with the checkout.
pub(crate) fn report_of_one_container(
    sandbox: &Sandbox,
    python: &Python,
    images: &Images,
) -> String {
    sandbox.write("one.py", DRIVE_ONE);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("swathtest{}one{number}", std::process::id());
    let mut command = sandbox.command(&["run", "--require-complete", "--"]);
    command
        .arg(&python.path)
        .args(["one.py", &images.service, &name]);
    let done = finish_within(command, LIMIT);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    table(&done).to_owned()
}
