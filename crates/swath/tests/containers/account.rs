//! What the account says of containers: Pythons without the agent, ways past the proxy, tools, and
//! sources that only a container holds.

use crate::project::Project;

const APP: &str = "\
import time

import generated
import old

print(generated.answer(), flush=True)
time.sleep(600)
";
const PROBE: &str = "import generated\ngenerated.probed()\n";
const GENERATED: &str = "\
def answer():
    return 42


def probed():
    return 0
";

const COMMANDS: &str = r#"
set -eu
export DOCKER_CONFIG="$PWD/.docker"
docker build -q --build-arg BASE="$BASE" -t "$IMAGE" . >/dev/null
docker run -d --name "$PROJECT-isolated" "$IMAGE" python -I -c 'import time; time.sleep(5)' >/dev/null
docker run -d --name "$PROJECT-app" --health-cmd 'python /app/probe.py' --health-interval 1s \
    "$IMAGE" python /app/app.py >/dev/null
docker run --rm -v /var/run/docker.sock:/var/run/docker.sock --name "$PROJECT-job" "$IMAGE" sleep 0
docker context create "$PROJECT" --docker host=unix:///var/run/docker.sock >/dev/null
docker --context "$PROJECT" run --rm "$IMAGE" sleep 1
until docker inspect -f '{{.State.Health.Status}}' "$PROJECT-app" | grep -q '^healthy'; do sleep 0.2; done
docker wait "$PROJECT-isolated" >/dev/null
echo 'y = 2' >>old.py
docker rm -f "$PROJECT-app" >/dev/null
"#;

#[test]
fn what_cannot_be_measured_in_containers_is_named() {
    let Some(project) = Project::new("what_cannot_be_measured_in_containers_is_named") else {
        return;
    };
    for (name, text) in [
        ("app.py", APP),
        ("probe.py", PROBE),
        ("commands.sh", COMMANDS),
        ("old.py", "x = 1\n"),
    ] {
        project.write(name, text);
    }
    // In the image only: made when it is built.
    fs_err::create_dir(project.folder().join("parts")).unwrap();
    project.write("parts/generated.in", GENERATED);
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY app.py probe.py old.py /app/\nCOPY parts/generated.in /app/generated.py\n");
    let (output, account) = project.swath(&["--inject=path"], &["sh", "commands.sh"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{shown}");

    assert_eq!(account["complete"], false, "{shown}");
    let missed = account["not_measured"].as_array().unwrap();
    let isolated = format!("{}-isolated", project.name);
    assert_eq!(missed.len(), 1, "{shown}");
    assert_eq!(missed[0]["reason"], "isolated", "{shown}");
    assert_eq!(missed[0]["container"], isolated.as_str(), "{shown}");
    assert!(
        shown.contains(&format!("(container {isolated})")),
        "{shown}"
    );

    for expected in [
        format!("engine-bypassed]: `docker --context {} run", project.name),
        format!("engine-socket]: the container `{}-job`", project.name),
    ] {
        assert!(shown.contains(&expected), "{expected}: {shown}");
    }

    // The health check's processes are tools: what they alone ran is not in the number.
    let processes = account["processes"].as_array().unwrap();
    let probes = processes
        .iter()
        .filter(|process| process["command"].to_string().contains("probe.py"))
        .map(|process| &process["role"])
        .collect::<Vec<_>>();
    assert!(
        !probes.is_empty() && probes.iter().all(|role| **role == "tool"),
        "{shown}"
    );
    let app = account["containers"].as_array().unwrap();
    let app = app
        .iter()
        .find(|one| one["service"] == format!("{}-app", project.name).as_str());
    assert_eq!(app.unwrap()["role"], "service", "{shown}");

    // Not in the checkout: fetched, named, and still there for later reports.
    assert!(
        shown.contains("source-fetched") && shown.contains("`/app/generated.py`"),
        "{shown}"
    );
    let report = project.succeeds(env!("CARGO_BIN_EXE_swath"), &["report", "--show-missing"]);
    for text in [&shown, &report] {
        let row = text.lines().find(|line| line.contains("/generated.py  "));
        let row = row.unwrap_or_else(|| panic!("{text}"));
        let words = row.split_whitespace().skip(1).collect::<Vec<_>>();
        assert_eq!(words, ["4", "1", "75%", "6"], "{text}");
    }
    // Changed since the image was built: named and left out.
    assert!(shown.contains("source-changed]: `old.py`"), "{shown}");
}
