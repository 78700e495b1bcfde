//! What happens to nodes and stores while tests run: a node is drained, the object store stops for a
//! while, a node dies. Either every line is in the report, or the report says what is missing.

use swath_test::{Finished, record_figure};

use crate::swarm::{StackTests, SwarmStore};

/// What the tests have in common. Each replica has a port of its own, on whatever node it is.
const COMMON: &str = r#"
import glob, json, os, pathlib, signal, subprocess, sys, time, urllib.request

STORE, FOLDER, GROUP, *NODES = sys.argv[1:]

def until(what, condition, seconds=240):
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.2)

def ask(slot, path):
    answers = []
    def answer():
        for node in NODES:
            try:
                url = f"http://{node}:800{slot}{path}"
                answers.append(urllib.request.urlopen(url, timeout=5).read().decode())
                return True
            except OSError:
                pass
    until(f"replica {slot}", answer)
    return answers[0]

def docker(*arguments):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout

def tasks_on(node):
    found = docker("node", "ps", "--filter", "desired-state=running", "--format", "{{.Name}}", node)
    return [task for task in found.split() if task.startswith("shop_web")]

WORKER = docker("node", "ls", "--filter", "role=worker", "--quiet").strip()
assert tasks_on(WORKER), "a node without a task"
"#;

/// All tasks of a node end, and that which ships for them.
const DRAIN: &str = r#"
assert ask(1, "/") == "here"
assert ask(2, "/price/7") == "21"
assert ask(3, "/price/700") == "1400"
docker("node", "update", "--availability", "drain", WORKER)
until("the end of the tasks", lambda: not tasks_on(WORKER))
for slot in 1, 2, 3:
    assert ask(slot, "/") == "here"
assert ask(1, "/late") == "late"
docker("node", "update", "--availability", "active", WORKER)
"#;

/// The store takes connections and answers nothing, until both nodes have noticed. A task that is killed
/// meanwhile is gone when the store is back.
const STOP: &str = r#"
def said(word):
    tasks = docker("service", "ps", "--quiet", "--filter", "desired-state=running", "shop_swath-ship")
    logs = [["docker", "service", "logs", "--raw", task] for task in tasks.split()]
    told = [subprocess.run(log, capture_output=True, text=True).stderr for log in logs]
    return sum(word in text for text in told)

docker("service", "update", "--quiet", "--force", "shop_web")
until("tasks on both nodes", lambda: tasks_on(WORKER))
assert ask(1, "/") == "here"
os.kill(int(STORE), signal.SIGSTOP)
try:
    assert ask(2, "/price/7") == "21"
    assert ask(3, "/price/700") == "1400"
    assert ask(1, "/late") == "late"
    docker("kill", "--signal", "KILL", docker("ps", "--quiet", "--filter", "name=shop_web")[:12])
    until("a failure on both nodes", lambda: said("warning[not-shipped]") == 2)
finally:
    os.kill(int(STORE), signal.SIGCONT)
until("shipping on both nodes", lambda: said("Shipping again") == 2)
"#;

/// All processes of a node are killed, those of its engine first.
const DIE: &str = r#"
docker("swarm", "update", "--dispatcher-heartbeat", "5s")
for slot in 1, 2, 3:
    assert ask(slot, "/") == "here"
assert ask(1, "/price/7") == "21"
pathlib.Path("lost").write_text(" ".join(tasks_on(WORKER)))

def processes():
    for file in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if f"{FOLDER}/b-" in pathlib.Path(file).read_text():
                yield int(file.split("/")[2])
        except OSError:
            pass
    for file in glob.glob(f"/sys/fs/cgroup/**/{GROUP}/**/cgroup.procs", recursive=True):
        yield from map(int, pathlib.Path(file).read_text().split())

def none_left():
    for process in dict.fromkeys(processes()):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return not list(processes())

until("the end of the node", none_left)
state = lambda: docker("node", "inspect", "--format", "{{.Status.State}}", WORKER).strip()
until("the manager's word", lambda: state() == "down")
for slot in 1, 2, 3:
    assert ask(slot, "/late") == "late"
"#;

/// Runs a script as the tests of a stack's run.
fn run(tests: &StackTests, run: &str, script: &str) -> (Finished, String) {
    let secret = ["--store-secret=coverage-store"];
    tests.deploy(run, SwarmStore::URL, &secret);
    tests
        .stage
        .sandbox
        .write("drive.py", &format!("{COMMON}{script}"));
    let mut words = tests.drive();
    let [folder, group] = tests.stage.swarm.marks("b");
    let more = [tests.store.process().to_string(), folder, group];
    words.splice(2..2, more);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = tests.run(&[], &words);
    let said = format!("{}{}", done.stdout, done.stderr);
    (done, said)
}

#[test]
fn fleets_nodes_and_stores_that_fail_lose_no_line_in_silence() {
    let test = "fleets_nodes_and_stores_that_fail_lose_no_line_in_silence";
    let Some(tests) = StackTests::start(test) else {
        return;
    };

    let faults = [
        ("a node is drained", DRAIN),
        ("the object store stops and comes back", STOP),
    ];
    for (number, (fault, script)) in faults.into_iter().enumerate() {
        let (done, said) = run(&tests, &number.to_string(), script);
        tests.stage.assert_as_one_container(&done, fault);
        assert_eq!(tests.account()["complete"], true, "{fault}: {said}");
        record_figure(
            "Fleets",
            "Swarm of two engines",
            fault,
            "nothing is missing",
        );
    }

    // What a node had not sent when it died is lost. Whose that was is said.
    let (done, said) = run(&tests, "dies", DIE);
    assert_eq!(done.code, 3, "{said}");
    assert_eq!(tests.account()["complete"], false, "{said}");
    let warning = said.split("warning[pods-lost]").nth(1).unwrap_or_default();
    let lost = tests.stage.sandbox.read("lost");
    assert!(!lost.is_empty());
    for task in lost.split_whitespace() {
        assert!(warning.contains(task), "{task}: {said}");
    }
    record_figure(
        "Fleets",
        "Swarm of two engines",
        "a node dies",
        "its tasks are named",
    );
}
