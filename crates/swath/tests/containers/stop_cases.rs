//! However a container ends, what it recorded is kept.

use serde_json::Value;

use crate::project::Project;

const WORK: &str = "\
import sys
import time


def handle(number):
    return number * 2


print(handle(2), flush=True)
if 'once' in sys.argv:
    sys.exit(1)
if 'hog' in sys.argv:
    kept = [bytearray(b'x' * 1_000_000) for _ in range(4000)]
time.sleep(600)
";

const CASES: &str = r#"
set -eu
docker build -q --build-arg BASE="$BASE" -t "$IMAGE" . >/dev/null
docker build -q --build-arg BASE="$IMAGE" -t "$IMAGE-shell-less" -f shell-less/Dockerfile . >/dev/null
up() { name="$PROJECT-$1"; shift; docker run -d --name "$name" "$@" >/dev/null; }
gone() { if docker inspect "$PROJECT-$1" >/dev/null 2>&1; then echo "$1 is still there" >&2; exit 1; fi; }
ready() { until docker logs "$PROJECT-$1" 2>&1 | grep -q 4; do sleep 0.1; done; }
up wrapper "$IMAGE" sh -c 'python /app/work.py; true'
up killed "$IMAGE" python /app/work.py
up paused --read-only --user 1000 --cap-drop ALL "$IMAGE" python /app/work.py
up installed "$IMAGE" python -c 'import shop, time; print(shop.double(2), flush=True); time.sleep(600)'
up shell-less --security-opt no-new-privileges "$IMAGE-shell-less" python /app/work.py
up again --restart always "$IMAGE" python /app/work.py once
up removed --rm --init "$IMAGE" python /app/work.py
up pruned "$IMAGE" python /app/work.py once
for name in wrapper killed paused removed installed shell-less again pruned; do ready "$name"; done
if type docker-init >/dev/null; then
    up group -v "$(command -v docker-init):/docker-init:ro" "$IMAGE" /docker-init -g -- sh -c 'python /app/work.py; true'
    ready group
    docker stop -t 5 "$PROJECT-group" >/dev/null
fi
docker wait "$PROJECT-pruned" >/dev/null
docker container prune -f --filter "label=swath-test=$PROJECT" >/dev/null
gone pruned
up swept "$IMAGE" python /app/work.py once
docker wait "$PROJECT-swept" >/dev/null
docker system prune -f --filter "label=swath-test=$PROJECT" >/dev/null
gone swept
up hog --memory 64m --memory-swap 64m "$IMAGE" python /app/work.py hog
until [ "$(docker inspect -f '{{.RestartCount}}' "$PROJECT-again")" -ge 1 ]; do sleep 0.1; done
docker pause "$PROJECT-paused" >/dev/null
docker kill "$PROJECT-killed" >/dev/null
docker stop -t 1 "$PROJECT-wrapper" >/dev/null
docker rm -f "$PROJECT-removed" "$PROJECT-installed" "$PROJECT-shell-less" "$PROJECT-again" >/dev/null
timeout 20 docker wait "$PROJECT-hog" >/dev/null || docker kill "$PROJECT-hog" >/dev/null
docker volume prune -f --filter label=of-nobody >/dev/null
docker rmi "$IMAGE-shell-less" >/dev/null
"#;

#[test]
fn every_way_to_end_keeps_the_data() {
    let Some(project) = Project::new("every_way_to_end_keeps_the_data") else {
        return;
    };
    project.write("work.py", WORK);
    project.write("cases.sh", CASES);
    project.write_dockerfile(
        "ARG BASE\nFROM ${BASE}\nCOPY work.py /app/work.py\nCOPY pyproject.toml /src/\nCOPY shop /src/shop\nRUN pip install --no-build-isolation /src && rm -r /src\n",
    );
    for folder in ["shop", "shell-less"] {
        fs_err::create_dir(project.folder().join(folder)).unwrap();
    }
    project.write(
        "pyproject.toml",
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n[project]\nname = 'shop'\nversion = '1'\n[tool.setuptools]\npackages = ['shop']\n",
    );
    project.write(
        "shell-less/Dockerfile",
        "ARG BASE\nFROM ${BASE}\nUSER root\nRUN [\"rm\", \"-f\", \"/bin/sh\", \"/bin/bash\"]\nUSER app\n",
    );
    project.write(
        "shop/__init__.py",
        "def double(number):\n    return number * 2\n",
    );
    let (output, account) = project.swath(&[], &["sh", "cases.sh"]);
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{shown}");
    let containers = account["containers"].as_array().unwrap();
    let case = |name: &str| -> &Value {
        let name = format!("{}-{name}", project.name);
        containers
            .iter()
            .find(|c| c["name"] == name.as_str())
            .unwrap()
    };
    let with_init = containers
        .iter()
        .any(|one| one["name"] == format!("{}-group", project.name).as_str());
    let mut names = vec![
        "wrapper",
        "killed",
        "paused",
        "hog",
        "removed",
        "installed",
        "shell-less",
        "pruned",
        "swept",
    ];
    names.extend(with_init.then_some("group"));
    // Started again by the engine: each time a process of its own, all of them kept.
    assert!(case("again")["processes"].as_u64() >= Some(2), "{shown}");
    for name in &names {
        let case = case(name);
        assert_eq!(case["processes"], 1, "{name}: {shown}");
        assert_eq!(case["role"], "service", "{name}: {shown}");
        assert_eq!(case["problem"], Value::Null, "{name}: {shown}");
    }
    let code = |name: &str| &case(name)["ends"][0]["code"];
    assert_eq!(
        (code("wrapper"), code("killed")),
        (&Value::from(137), &Value::from(137))
    );
    assert_eq!(case("paused")["running"], true);
    // A kernel with time for it reclaims for longer than a test can wait.
    let out_of_memory = case("hog")["ends"][0]["out_of_memory"] == true;
    assert_eq!(code("hog"), &Value::from(137), "{shown}");
    let processes = account["processes"].as_array().unwrap();
    let counted = processes
        .iter()
        .filter(|process| process["counted"] == true);
    assert!(
        counted.clone().count() >= names.len() + 2 && counted.clone().all(|p| p["files"] == 1),
        "{shown}"
    );
    assert!(
        shown.contains("signal-swallowed") && shown.contains("with `exec`"),
        "{shown}"
    );
    assert_eq!(shown.contains("out-of-memory"), out_of_memory, "{shown}");
    // The last line runs when the sleep is over: in none of them.
    assert!(shown.contains("work.py"), "{shown}");
    // Installed in the image, and the checkout's own.
    assert!(
        shown.contains("shop/__init__.py       2      0   100%"),
        "{shown}"
    );
}
