//! What swath makes in the engine is gone afterwards, however swath ends.

use std::process::{Child, Stdio};
use std::time::Duration;

use swath_test::wait_until;

use crate::project::Project;

const LONG: &str = r#"
set -eu
docker build -q --build-arg BASE="$BASE" -t "$IMAGE" . >/dev/null
docker run --rm --workdir /app "$IMAGE" python -m unittest test_long || true
docker run -d --name "$PROJECT-web" "$IMAGE" python /app/long.py >/dev/null
trap 'env -u DOCKER_HOST docker rm -f "$PROJECT-web" >/dev/null; exit 3' INT TERM
while true; do sleep 0.1; done
"#;

const PROGRAM: &str = "\
import time


def half():
    return 1


if half():
    print('up', flush=True)
    time.sleep(600)
    print('never')
";

fn start(project: &Project) -> Child {
    project.write("long.sh", LONG);
    project.write("long.py", PROGRAM);
    project.write("test_long.py", "import unittest\n");
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY long.py test_long.py /app/\n");
    let arguments = ["run", "--", "sh", "long.sh"];
    let child = project
        .command(env!("CARGO_BIN_EXE_swath"), &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let name = format!("{}-web", project.name);
    wait_until(
        Duration::from_secs(90),
        "the container's first line",
        || Project::listed(&["logs", &name]).contains(&"up".to_owned()),
    );
    child
}

/// The volumes of swath's that the container mounts.
fn volumes(project: &Project) -> Vec<String> {
    let name = format!("{}-web", project.name);
    Project::listed(&["inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", &name])
}

fn exists(volume: &str) -> bool {
    Project::listed(&["volume", "ls", "-q"]).contains(&volume.to_owned())
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-s", signal, &pid])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn an_interrupted_run_leaves_nothing_in_the_engine() {
    let Some(project) = Project::new("an_interrupted_run_leaves_nothing_in_the_engine") else {
        return;
    };
    let mut child = start(&project);
    let made = volumes(&project);
    assert_eq!(made.len(), 1);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!exists(&made[0]));
}

#[test]
fn the_next_run_removes_what_a_killed_one_left() {
    let Some(project) = Project::new("the_next_run_removes_what_a_killed_one_left") else {
        return;
    };
    let mut child = start(&project);
    let made = volumes(&project);
    signal(&child, "KILL");
    child.wait().unwrap();
    assert!(exists(&made[0]));
    let name = format!("{}-web", project.name);
    // The command is told that swath is gone, and removes its container.
    wait_until(Duration::from_secs(30), "the container to go", || {
        !Project::listed(&["ps", "-a", "--format", "{{.Names}}"]).contains(&name)
    });
    // It uses no container: swath remembers the engine by itself.
    let (output, _) = project.swath(&[], &["true"]);
    assert!(!exists(&made[0]));
    // What the killed run recorded is not lost: it is named, and combined with the paths of here.
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    let hint = shown.lines().find(|line| line.contains("swath combine "));
    let words = hint.and_then(|line| line.split("swath ").nth(1));
    let words = words.unwrap_or_else(|| panic!("{shown}")).trim();
    let words = words.split(' ').collect::<Vec<_>>();
    project.succeeds(env!("CARGO_BIN_EXE_swath"), &words);
    let report = project.succeeds(env!("CARGO_BIN_EXE_swath"), &["report", "--show-missing"]);
    let row = report.lines().find(|line| line.starts_with("long.py"));
    let row = row.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(row.as_deref(), Some("long.py 7 1 86% 11"), "{report}");
    assert!(!report.contains("test_long.py"), "{report}");
    // Once only.
    let (output, _) = project.swath(&[], &["true"]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(!shown.contains("leftover-run"), "{shown}");
}

#[test]
fn a_container_that_was_there_before_is_named_when_it_is_started() {
    let Some(project) =
        Project::new("a_container_that_was_there_before_is_named_when_it_is_started")
    else {
        return;
    };
    let name = format!("{}-old", project.name);
    project.write_dockerfile("ARG BASE\nFROM ${BASE}");
    let image = project.image();
    let base = format!("BASE={}", project.base);
    project.succeeds(
        "docker",
        &["build", "--build-arg", &base, "-t", &image, "."],
    );
    project.succeeds(
        "docker",
        &["create", "--name", &name, &image, "python", "-c", "pass"],
    );
    let (output, account) = project.swath(&[], &["docker", "start", "-a", &name]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(
        shown.contains("container-not-injected") && shown.contains(&name),
        "{shown}"
    );
    assert_eq!(account["complete"], false, "{shown}");
    // Worked in, it is in use as well.
    project.succeeds(
        "docker",
        &[
            "run",
            "-d",
            "--init",
            "--name",
            &format!("{name}er"),
            &image,
            "sleep",
            "600",
        ],
    );
    let (output, _) = project.swath(&[], &["docker", "exec", &format!("{name}er"), "sleep", "0"]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(
        shown.contains("container-not-injected") && shown.contains(&format!("{name}er")),
        "{shown}"
    );
    let (output, account) = project.swath(&["--no-docker"], &["docker", "start", "-a", &name]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(!shown.contains("container-not-injected"), "{shown}");
    assert_eq!(account["containers"], serde_json::Value::Array(Vec::new()));
}
