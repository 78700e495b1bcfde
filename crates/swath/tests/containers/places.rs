//! Containers as places: each with its own settings, its own paths, its own process ids.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::project::{Project, text};

/// Brings up what `$1` says and waits until each has said that it is up.
const WAIT: &str = r#"
wait_for() {
    i=0
    until docker logs "$1" 2>&1 | grep -q '^up'; do
        i=$((i + 1)); [ $i -lt 300 ] || { docker logs "$1"; exit 8; }
        sleep 0.1
    done
}
"#;

/// The missing lines of every file of the data.
fn missing(project: &Project) -> BTreeMap<String, Vec<u64>> {
    project.succeeds(
        env!("CARGO_BIN_EXE_swath"),
        &["json", "-q", "-o", "report.json"],
    );
    let report = fs_err::read_to_string(project.folder().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let files = report["files"].as_object().unwrap();
    files
        .iter()
        .map(|(name, file)| {
            let lines = file["missing_lines"].as_array().unwrap();
            let lines = lines.iter().map(|line| line.as_u64().unwrap());
            (name.clone(), lines.collect())
        })
        .collect()
}

fn write_all(project: &Project, files: &[(&str, &str)]) {
    for (path, text) in files {
        project.write(path, text);
    }
}

#[test]
fn a_configuration_file_is_read_from_the_container_that_names_it() {
    let test = "a_configuration_file_is_read_from_the_container_that_names_it";
    let Some(project) = Project::new(test) else {
        return;
    };
    let main = "\
import sys

import plugin
from parts import used

if len(sys.argv) > 1:
    print('never')
print('up', used.VALUE, plugin.NAME, flush=True)
while True:
    sys.stdin.read() or __import__('time').sleep(1)
";
    let commands = format!(
        "set -eu\n{WAIT}
docker build -q --build-arg BASE=\"$BASE\" -t \"$IMAGE\" . >/dev/null
docker run -d --name \"$PROJECT-web\" \"$IMAGE\" >/dev/null
wait_for \"$PROJECT-web\"
docker rm -f \"$PROJECT-web\" >/dev/null
"
    );
    // The file is in the image only, under this name, and so is one of its folders.
    let rules = "\
[run]
branch = true
source =
    /${CODE}/server
    ${PLUGINS-/nowhere}
omit = server/parts/left_*
[report]
exclude_also = if len.sys
";
    write_all(
        &project,
        &[
            ("src/server/main.py", main),
            ("src/server/parts/__init__.py", ""),
            ("src/server/parts/used.py", "VALUE = 1\n"),
            ("src/server/parts/unused.py", "VALUE = 2\n"),
            ("src/server/parts/left_out.py", "VALUE = 3\n"),
            ("tools/helper.py", "VALUE = 4\n"),
            ("plugin.in", "NAME = 'p'\nif not NAME:\n    NAME = 'none'\n"),
            ("rules.in", rules),
            ("commands.sh", &commands),
        ],
    );
    project.write_dockerfile(
        "ARG BASE\nFROM ${BASE}\nWORKDIR /srv/code\nCOPY src /srv/code\nCOPY plugin.in /opt/plugins/plugin.py\nCOPY rules.in /etc/measure.ini\nENV CODE=/srv/code PLUGINS=/opt/plugins PYTHONPATH=/opt/plugins COVERAGE_PROCESS_START=/etc/./measure.ini\nCMD [\"python3\", \"server/main.py\"]\n",
    );
    let (output, account) = project.swath(&["--verbose"], &["sh", "commands.sh"]);
    let shown = text(&output);
    for line in [
        "a client asks: POST /v",
        "gets the agent at /",
        "its configuration file: /etc/./measure.ini",
        "gave 1 hit store, after",
        "settings /etc/measure.ini, folders here",
        "/proc was looked at",
        "accounting took",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }

    // The rest of the file holds, and what does not is named with the file and its place.
    let named = "place-setting]: `/etc/measure.ini` of";
    assert!(
        shown.contains(named) && shown.contains("`/opt/plugins`"),
        "{shown}"
    );
    assert_eq!(account["complete"], false, "{shown}");
    let missing = missing(&project);
    assert_eq!(missing["src/server/main.py"], [7], "{shown}");
    let plugin = missing
        .iter()
        .find(|(name, _)| name.ends_with("/opt/plugins/plugin.py"));
    assert_eq!(plugin.unwrap().1, &[3], "{shown}");
    let names: Vec<_> = missing.keys().map(String::as_str).collect();
    assert!(names.contains(&"src/server/parts/unused.py"), "{names:?}");
    for left in ["left_out.py", "helper.py"] {
        assert!(!names.iter().any(|name| name.ends_with(left)), "{names:?}");
    }
    // Branches are the container's wish. What a report leaves out is this folder's, now and later.
    assert!(
        shown.contains("Branch") && account["totals"]["branches"].as_u64() > Some(0),
        "{shown}"
    );
    let row = shown
        .lines()
        .find(|line| line.starts_with("src/server/main.py"));
    assert!(row.unwrap().ends_with(" 7"), "{shown}");
    assert!(
        shown.contains("report-settings-differ]: `/etc/measure.ini` of"),
        "{shown}"
    );
}

#[test]
fn the_same_path_in_two_containers_is_two_files() {
    let test = "the_same_path_in_two_containers_is_two_files";
    let Some(project) = Project::new(test) else {
        return;
    };
    let main = |other: &str| {
        format!(
            "import time\n\nimport {other}_only\nimport price\nimport shared\n\nprint('up', shared.pick('{other}'), price.of(1), {other}_only.X, flush=True)\ntime.sleep(600)\n"
        )
    };
    let shared = "def pick(name):\n    if name == 'cart':\n        return 1\n    return 2\n";
    let commands = format!(
        "set -eu\n{WAIT}
for part in cart stock; do
    docker build -q --build-arg BASE=\"$BASE\" -t \"$IMAGE-$part\" -f Dockerfile \"$part\" >/dev/null
    docker run -d --name \"$PROJECT-$part\" \"$IMAGE-$part\" >/dev/null
done
for part in cart stock; do wait_for \"$PROJECT-$part\"; done
docker rm -f \"$PROJECT-cart\" \"$PROJECT-stock\" >/dev/null
docker rmi -f \"$IMAGE-cart\" \"$IMAGE-stock\" >/dev/null
"
    );
    let old = "def of(number):\n    return number\n";
    let new = "def of(number):\n    number += 1\n    return number\n";
    write_all(
        &project,
        &[
            ("cart/main.py", &main("cart")),
            ("cart/cart_only.py", "X = 1\n"),
            ("cart/shared.py", shared),
            ("cart/price.py", old),
            ("stock/main.py", &main("stock")),
            ("stock/stock_only.py", "X = 2\n"),
            ("stock/shared.py", shared),
            ("stock/price.py", old),
            ("commands.sh", &commands),
        ],
    );
    project.write_dockerfile(
        "ARG BASE\nFROM ${BASE}\nWORKDIR /app\nCOPY . .\nENV COVERAGE_PROCESS_START=/app/.rc\nCMD [\"python3\", \"main.py\"]\n",
    );
    project.write("cart/.rc", "[run]\nsource = .\n");
    project.write(
        "stock/.rc",
        "[run]\nsource = /app\nomit = */stock_only.py\n",
    );
    let (output, account) = project.swath(&[], &["sh", "commands.sh"]);
    let shown = text(&output);
    assert_eq!(account["complete"], true, "{shown}");
    let expected = |stock_price: Option<&[u64]>| {
        let mut expected = BTreeMap::from([
            ("cart/main.py".to_owned(), vec![]),
            ("cart/cart_only.py".to_owned(), vec![]),
            ("cart/price.py".to_owned(), vec![]),
            ("cart/shared.py".to_owned(), vec![4]),
            ("stock/main.py".to_owned(), vec![]),
            ("stock/shared.py".to_owned(), vec![3]),
        ]);
        if let Some(lines) = stock_price {
            expected.insert("stock/price.py".to_owned(), lines.to_vec());
        }
        expected
    };
    assert_eq!(missing(&project), expected(Some(&[])), "{shown}");
    // Both are process 1 of their containers, and each is its own service.
    let processes = account["processes"].as_array().unwrap();
    let of = |part: &str| {
        let name = format!("{}-{part}", project.name);
        let mut own = processes
            .iter()
            .filter(|one| one["container"] == name.as_str());
        own.find(|one| one["pid"] == 1 && one["role"] == "service")
            .is_some()
    };
    assert!(of("cart") && of("stock"), "{account}");

    // The image of one holds an older text, which is the other's own: it is stale all the same.
    let build = "docker build";
    let stale = commands.replacen(
        build,
        &format!("[ $part = cart ] || cp new.py stock/price.py; {build}"),
        1,
    );
    let stale = stale.replacen(
        "for part in cart stock; do wait_for",
        "cp new.py cart/price.py; cp old.py stock/price.py\nfor part in cart stock; do wait_for",
        1,
    );
    write_all(
        &project,
        &[("old.py", old), ("new.py", new), ("commands.sh", &stale)],
    );
    let (output, account) = project.swath(&[], &["sh", "commands.sh"]);
    let shown = text(&output);
    for file in ["cart/price.py", "stock/price.py"] {
        assert!(
            shown.contains(&format!("source-changed]: `{file}`")),
            "{shown}"
        );
    }
    assert_eq!(account["complete"], false, "{shown}");
}

#[test]
fn a_container_that_recorded_nothing_is_named_unless_it_cannot_have_run_a_python() {
    let test = "a_container_that_recorded_nothing_is_named_unless_it_cannot_have_run_a_python";
    let Some(project) = Project::new(test) else {
        return;
    };
    let harmless = "\
docker run --rm \"$IMAGE\" ls /app >/dev/null
docker run --rm \"$IMAGE\" sh -c 'cat /dev/null; echo done' >/dev/null
docker run --rm --entrypoint /app/keeps.sh \"$IMAGE\" ls >/dev/null
docker create --name \"$PROJECT-never\" \"$IMAGE\" python3 /app/job.py >/dev/null
docker rm \"$PROJECT-never\" >/dev/null
docker run --rm --name \"$PROJECT-job\" \"$IMAGE\" python3 /app/job.py
";
    let shut_out = "\
docker run --rm --name \"$PROJECT-replaced\" --entrypoint /app/replaces.sh \"$IMAGE\" python3 /app/job.py
docker run --rm --name \"$PROJECT-tool\" \"$IMAGE\" /app/tool
";
    let build = "set -eu\ndocker build -q --build-arg BASE=\"$BASE\" -t \"$IMAGE\" . >/dev/null\n";
    write_all(
        &project,
        &[
            ("job.py", "print('ran')\n"),
            (
                "keeps.sh",
                "#!/bin/sh\nexport PYTHONPATH=\"/app${PYTHONPATH:+:$PYTHONPATH}\"\nexec \"$@\"\n",
            ),
            (
                "replaces.sh",
                "#!/bin/sh\nexport PYTHONPATH=/app\nexec \"$@\"\n",
            ),
            ("tool", "#!/usr/local/bin/python3 -E\nprint('tool')\n"),
            ("commands.sh", &format!("{build}{harmless}")),
        ],
    );
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY job.py keeps.sh replaces.sh tool /app/\nRUN chmod +x /app/keeps.sh /app/replaces.sh /app/tool\n");
    let complete = ["--require-complete"];
    let (output, account) = project.swath(&complete, &["sh", "commands.sh"]);
    let shown = text(&output);
    assert_eq!(account["complete"], true, "{shown}");
    assert!(!shown.contains("container-silent"), "{shown}");

    project.write("commands.sh", &format!("{build}{harmless}{shut_out}"));
    let by_path = ["--require-complete", "--inject=path"];
    let (output, account) = project.swath(&by_path, &["sh", "commands.sh"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert_eq!(account["complete"], false, "{shown}");
    for (name, why) in [
        ("replaced", "its PYTHONPATH was replaced"),
        ("tool", "started with `-E`"),
    ] {
        let container = format!("{}-{name}", project.name);
        // Where the Python itself was seen, it is that which is named.
        let is_seen = shown.contains(&format!("(container {container})")) && shown.contains(why);
        let is_silent = shown.contains(&format!("`{container}`: {why}"));
        assert!(is_seen || is_silent, "{container}: {shown}");
        assert_eq!(shown.matches(&container).count(), 1, "{shown}");
    }
}

/// What ignores or replaces `PYTHONPATH` is reached by the loader, and no program says a word more.
#[test]
fn pythons_that_the_path_does_not_reach_are_measured_in_containers() {
    let test = "pythons_that_the_path_does_not_reach_are_measured_in_containers";
    let Some(project) = Project::new(test) else {
        return;
    };
    let commands = "\
set -eu
docker build -q --build-arg BASE=\"$BASE\" -t \"$IMAGE\" . >/dev/null
docker run --rm --entrypoint /app/replaces.sh \"$IMAGE\" python3 /app/job.py replaced
for option in -I -E -S; do docker run --rm \"$IMAGE\" python3 $option /app/job.py $option; done
docker run --rm -e LD_PRELOAD= \"$IMAGE\" env -u PYTHONPATH python3 /app/job.py unset
docker run --rm --user 12345 --read-only \"$IMAGE\" python3 -I /app/job.py nobody
docker run --rm \"$IMAGE\" ls /app/job.py >&2
";
    let job = "import sys\n\n\ndef of(kind):\n    return kind\n\n\nprint(of(sys.argv[1]))\n";
    write_all(
        &project,
        &[
            ("job.py", job),
            (
                "replaces.sh",
                "#!/bin/sh\nexport PYTHONPATH=/app\nexec \"$@\"\n",
            ),
            ("commands.sh", commands),
        ],
    );
    project.write_dockerfile(
        "ARG BASE\nFROM ${BASE}\nCOPY job.py replaces.sh /app/\nRUN chmod +x /app/replaces.sh\n",
    );
    let options = ["--require-complete", "--count=all"];
    let (output, account) = project.swath(&options, &["sh", "commands.sh"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{shown}");
    assert_eq!(account["complete"], true, "{shown}");
    let measured = account["processes"].as_array().unwrap();
    let of_job = measured
        .iter()
        .filter(|one| one["command"].to_string().contains("job.py"));
    assert_eq!(of_job.count(), 6, "{shown}");
    for said in ["replaced", "-I", "-E", "-S", "unset", "nobody"] {
        assert!(shown.lines().any(|line| line == said), "{said}: {shown}");
    }
    assert!(!shown.contains("cannot be preloaded"), "{shown}");
}

/// A program of another word size would say that it cannot load the object.
#[test]
fn an_image_with_another_loader_gets_nothing_preloaded() {
    let test = "an_image_with_another_loader_gets_nothing_preloaded";
    let Some(project) = Project::new(test) else {
        return;
    };
    let commands = "\
set -eu
docker build -q --build-arg BASE=\"$BASE\" -t \"$IMAGE\" . >/dev/null
docker run --rm \"$BASE\" env >plain
docker run --rm \"$IMAGE\" env >foreign
";
    write_all(&project, &[("loader", "\n"), ("commands.sh", commands)]);
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY loader /lib/ld-linux.so.2\n");
    let (output, _) = project.swath(&[], &["sh", "commands.sh"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let environment = |name: &str| {
        let path = project.folder().join(name);
        fs_err::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {shown}"))
    };
    for (name, is_preloaded) in [("plain", true), ("foreign", false)] {
        let environment = environment(name);
        assert!(environment.contains("PYTHONPATH=/dev/swath/agent"));
        for variable in ["LD_PRELOAD=/dev/swath/agent/", "ASAN_OPTIONS="] {
            assert_eq!(
                environment.contains(variable),
                is_preloaded,
                "{environment}"
            );
        }
    }
}

#[test]
fn a_tie_is_decided_by_the_build_context_or_named() {
    let test = "a_tie_is_decided_by_the_build_context_or_named";
    let Some(compose) = swath_test::composes_for(test).pop() else {
        return;
    };
    let Some(project) = Project::new(test) else {
        return;
    };
    // Every file of the two is the same: nothing that ran shows which it is.
    let main = "import sys\nimport time\n\nif sys.argv[1] == 'a':\n    print('up a', flush=True)\nelse:\n    print('up b', flush=True)\ntime.sleep(600)\n";
    let compose_file = format!(
        "version: '2.4'\nservices:\n  first:\n    build: {{context: ./one, args: {{BASE: '{base}'}}}}\n    command: [python3, main.py, a]\n  second:\n    build:\n      context: two\n      args: {{BASE: '{base}'}}\n    command: [python3, main.py, b]\n",
        base = project.base
    );
    let dockerfile = format!(
        "ARG BASE\nFROM ${{BASE}}\nLABEL swath-test={}\nWORKDIR /app\nCOPY main.py .\n",
        project.name
    );
    let up = |words: &str| {
        format!(
            "set -eu\n{WAIT}
compose=\"{words} -p $PROJECT\"
$compose build -q >/dev/null
$compose up -d >/dev/null 2>&1
for service in first second; do wait_for \"$($compose ps -q $service)\"; done
$compose down -v -t 0 >/dev/null 2>&1
docker rmi -f $(docker images -q --filter label=swath-test=\"$PROJECT\") >/dev/null
"
        )
    };
    write_all(
        &project,
        &[
            ("one/main.py", main),
            ("two/main.py", main),
            ("one/Dockerfile", &dockerfile),
            ("two/Dockerfile", &dockerfile),
            ("docker-compose.yml", &compose_file),
            ("commands.sh", &up(&compose.command_line())),
        ],
    );
    let (output, account) = project.swath(&["--source", "one,two"], &["sh", "commands.sh"]);
    let shown = text(&output);
    let expected = [("one/main.py", vec![7]), ("two/main.py", vec![5])];
    let expected = expected.map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(missing(&project), BTreeMap::from(expected), "{shown}");
    assert_eq!(account["complete"], true, "{shown}");

    // A compose file that does not say it plainly decides nothing.
    let variables = compose_file
        .replace("./one", "'${NOWHERE_SET-one}'")
        .replace("context: two", "context: ${NOWHERE_SET-two}");
    project.write("docker-compose.yml", &variables);
    let (output, account) = project.swath(&["--source", "one,two"], &["sh", "commands.sh"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        shown.contains("path-ambiguous]: `/app/main.py` of `first`"),
        "{shown}"
    );
    assert_ne!(account["complete"], true, "{shown}");
}
