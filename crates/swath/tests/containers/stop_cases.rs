//! However a container ends, what it recorded is kept.

use serde_json::Value;

use crate::project::Project;

const WORK: &str = "\
import sys
import time


def handle(number):
    return number * 2


print(handle(2), flush=True)
if 'hog' in sys.argv:
    kept = [bytearray(b'x' * 1_000_000) for _ in range(4000)]
time.sleep(600)
";

const CASES: &str = r#"
set -eu
docker build -q --build-arg BASE="$BASE" -t "$IMAGE" . >/dev/null
up() { name="$PROJECT-$1"; shift; docker run -d --name "$name" "$@" >/dev/null; }
ready() { until docker logs "$PROJECT-$1" 2>&1 | grep -q 4; do sleep 0.1; done; }
up wrapper "$IMAGE" sh -c 'python /app/work.py; true'
up killed "$IMAGE" python /app/work.py
up paused --read-only --user 1000 --cap-drop ALL "$IMAGE" python /app/work.py
up hog --memory 64m --memory-swap 64m "$IMAGE" python /app/work.py hog
up installed "$IMAGE" python -c 'import shop, time; print(shop.double(2), flush=True); time.sleep(600)'
up removed --rm --init "$IMAGE" python /app/work.py
for name in wrapper killed paused removed installed; do ready "$name"; done
docker pause "$PROJECT-paused" >/dev/null
docker kill "$PROJECT-killed" >/dev/null
docker stop -t 1 "$PROJECT-wrapper" >/dev/null
docker rm -f "$PROJECT-removed" "$PROJECT-installed" >/dev/null
timeout 20 docker wait "$PROJECT-hog" >/dev/null || docker kill "$PROJECT-hog" >/dev/null
docker volume prune -f --filter label=of-nobody >/dev/null
"#;

#[test]
fn every_way_to_end_keeps_the_data() {
    let Some(project) = Project::new("every_way_to_end_keeps_the_data") else {
        return;
    };
    project.write("work.py", WORK);
    project.write("cases.sh", CASES);
    project.write_dockerfile(
        "ARG BASE\nFROM ${BASE}\nCOPY work.py /app/work.py\nCOPY shop /app/shop\nRUN mv /app/shop $(python -c 'import site; print(site.getsitepackages()[0])')\n",
    );
    fs_err::create_dir(project.folder().join("shop")).unwrap();
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
    for name in ["wrapper", "killed", "paused", "hog", "removed", "installed"] {
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
        counted.clone().count() == 6 && counted.clone().all(|p| p["files"] == 1),
        "{shown}"
    );
    assert!(
        shown.contains("signal-swallowed") && shown.contains("by `exec`"),
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
