//! Every way in which a container is stopped: what coverage.py saves and what swath saves. Shown in
//! `docs/reference/stop-cases.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use swath_test::{Requirements, Scale, record_figure, scale, temp_dir};

use crate::project::{Project, text};

/// The lines marked `hit` run in every case, whatever becomes of the container.
const APP: &str = "\
import sys  # hit
import time  # hit


def handle(path):  # hit
    if path == '/slow':  # hit
        time.sleep(3)
        return slow()
    if path == '/hog':  # hit
        return [bytearray(b'x' * 1_000_000) for _ in range(4000)]
    return b'done'  # hit


def slow():  # hit
    return b'slow'


def wsgi(environ, start_response):  # hit
    body = handle(environ['PATH_INFO'])  # hit
    start_response('200 OK', [])  # hit
    return [body]  # hit


async def asgi(scope, receive, send):  # hit
    if scope['type'] == 'http':
        body = handle(scope['path'])
        await send({'type': 'http.response.start', 'status': 200})
        await send({'type': 'http.response.body', 'body': body})


if 'serve' in sys.argv:  # hit
    from wsgiref.simple_server import make_server
    make_server('', 8000, wsgi).serve_forever()
";

const RCFILE: &str = "[run]\nparallel = True\ndata_file = /data/.coverage\nsource = /app\n";
const CUSTOMIZE: &str = "import coverage\ncoverage.process_startup()\n";
const WRAPPER: &str = "#!/bin/sh\ngunicorn --workers=2 --bind=:8000 app:wsgi\ntrue\n";

const GUNICORN: &str = "gunicorn --workers=2 --bind=:8000 app:wsgi";
/// Sends a signal to the process whose parent is the shell of the wrapper.
const SIGNAL_MASTER: &str = "docker exec $C sh -c 'for p in $(ps -e -o pid= -o ppid= -o comm= | grep gunicorn | grep -E \"^ *[0-9]+ +1 \" | while read a b c; do echo $a; done); do kill -TERM $p; done'";

struct Case {
    name: &'static str,
    signal: &'static str,
    options: &'static str,
    command: &'static str,
    stop: &'static str,
    /// Runs under `cargo xtask test` as well.
    sample: bool,
}

const fn case(
    name: &'static str,
    signal: &'static str,
    options: &'static str,
    command: &'static str,
    stop: &'static str,
) -> Case {
    Case {
        name,
        signal,
        options,
        command,
        stop,
        sample: false,
    }
}

const fn sample(mut case: Case) -> Case {
    case.sample = true;
    case
}

const TERM: &str = "docker stop $C";
const INT: &str = "docker kill -s INT $C; timeout 10 docker wait $C || docker kill $C";
const IN_FLIGHT: &str = "ask /slow & ask /slow & sleep 0.5; docker stop -t 1 $C";

const CASES: &[Case] = &[
    case("`exec gunicorn`", "TERM", "", GUNICORN, TERM),
    case("`exec gunicorn`", "INT", "", GUNICORN, INT),
    case(
        "a shell script that does not `exec`",
        "TERM",
        "",
        "/app/wrapper.sh",
        "docker stop -t 2 $C",
    ),
    case(
        "a shell script that does not `exec`",
        "INT",
        "",
        "/app/wrapper.sh",
        INT,
    ),
    case(
        "`bash -c 'gunicorn …'`",
        "TERM",
        "",
        "bash -c 'gunicorn --workers=2 --bind=:8000 app:wsgi'",
        TERM,
    ),
    case(
        "a shell script under `--init`",
        "TERM",
        "--init",
        "/app/wrapper.sh",
        TERM,
    ),
    case(
        "a shell script under `--init`",
        "INT",
        "--init",
        "/app/wrapper.sh",
        INT,
    ),
    case(
        "a shell script, the signal sent to gunicorn's master",
        "TERM",
        "",
        "/app/wrapper.sh",
        SIGNAL_MASTER,
    ),
    case(
        "`python app.py` as first process",
        "TERM",
        "",
        "python /app/app.py serve",
        "docker stop -t 2 $C",
    ),
    case(
        "`python app.py` as first process",
        "INT",
        "",
        "python /app/app.py serve",
        INT,
    ),
    sample(case(
        "requests of 3 s in flight, `stop -t 1`",
        "TERM",
        "",
        GUNICORN,
        IN_FLIGHT,
    )),
    case(
        "requests of 3 s in flight",
        "TERM",
        "",
        GUNICORN,
        "ask /slow & ask /slow & sleep 0.5; docker stop $C",
    ),
    case(
        "every worker killed",
        "KILL",
        "",
        GUNICORN,
        "docker exec $C sh -c 'kill -9 $(ps -e -o pid= -o ppid= | while read a b; do if [ $b = 1 ]; then echo $a; fi; done)'; docker stop $C",
    ),
    case(
        "`--max-requests 2`",
        "TERM",
        "",
        "gunicorn --workers=2 --bind=:8000 --max-requests 2 app:wsgi",
        TERM,
    ),
    case(
        "`--preload`",
        "TERM",
        "",
        "gunicorn --workers=2 --bind=:8000 --preload app:wsgi",
        TERM,
    ),
    case(
        "`-k gevent`",
        "TERM",
        "",
        "gunicorn --workers=2 --bind=:8000 -k gevent app:wsgi",
        TERM,
    ),
    case(
        "paused",
        "TERM",
        "",
        GUNICORN,
        "docker pause $C; docker stop $C",
    ),
    case("`docker kill`", "KILL", "", GUNICORN, "docker kill $C"),
    case(
        "out of memory (`--memory 64m`)",
        "KILL",
        "--memory 64m --memory-swap 64m",
        "python /app/app.py serve",
        "ask /hog & timeout 30 docker wait $C || docker kill $C",
    ),
    case(
        "`docker rm -f`",
        "KILL",
        "--rm",
        GUNICORN,
        "docker rm -f $C",
    ),
    case(
        "uvicorn `--workers 2`",
        "TERM",
        "",
        "uvicorn --workers 2 --host 0.0.0.0 --port 8000 app:asgi",
        TERM,
    ),
    case(
        "uvicorn `--workers 2`",
        "INT",
        "",
        "uvicorn --workers 2 --host 0.0.0.0 --port 8000 app:asgi",
        INT,
    ),
];

/// Starts the container, has it answer, stops it, and removes it.
fn script(case: &Case) -> String {
    format!(
        r#"C="$PROJECT-case"
docker run -d --name "$C" $COVER {} "$IMAGE" {} || exit 1
ip=$(docker inspect -f '{{{{.NetworkSettings.IPAddress}}}}' "$C")
ask() {{ exec 3<>/dev/tcp/$ip/8000 && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3 && timeout 5 cat <&3; }}
for try in $(seq 150); do
    (ask /) 2>&1 | grep -q done && break
    sleep 0.2
done
for request in 1 2 3 4 5 6 7 8; do (ask /); done
{}
timeout 30 docker wait "$C"
docker rm -f "$C"
true
"#,
        case.options, case.command, case.stop
    )
}

/// What was saved of the application: its lines, and how many processes ran some of it.
#[derive(Debug, Default)]
struct Saved {
    lines: BTreeSet<u32>,
    processes: usize,
}

/// Prints the lines that data files hold of a file, a line of output for each data file. One that a
/// process was writing when it was killed holds none.
const READ: &str = "\
import sys
import coverage
for name in sys.argv[2:]:
    data = coverage.CoverageData(basename=name)
    try:
        data.read()
    except coverage.exceptions.DataError:
        continue
    print(*(data.lines(sys.argv[1]) or []))
";

fn saved(project: &Project, file: &str, data: &[String]) -> Saved {
    let mut arguments = vec!["-c", READ, file];
    arguments.extend(data.iter().map(String::as_str));
    let output = project.succeeds("python", &arguments);
    let mut saved = Saved::default();
    for row in output.lines().filter(|row| !row.trim().is_empty()) {
        saved.processes += 1;
        saved
            .lines
            .extend(row.split(' ').filter_map(|line| line.parse::<u32>().ok()));
    }
    saved
}

fn by_coverage(project: &Project, case: &Case) -> Saved {
    use std::os::unix::fs::PermissionsExt as _;
    let data = temp_dir();
    fs_err::set_permissions(data.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    project.write("case.sh", &script(case));
    let cover = format!(
        "-v {}:/data -e COVERAGE_PROCESS_START=/app/.coveragerc",
        data.path().display()
    );
    text(
        &project
            .command("bash", &["case.sh"])
            .env("COVER", cover)
            .output()
            .unwrap(),
    );
    let files = files_in(data.path());
    saved(project, "/app/app.py", &files)
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect()
}

fn by_swath(project: &Project, case: &Case) -> Saved {
    project.write("case.sh", &script(case));
    let (output, account) = project.swath(&["--omit=*/sitecustomize.py"], &["bash", "case.sh"]);
    text(&output);
    let folder = project.folder().display();
    let mut saved = saved(
        project,
        &format!("{folder}/app.py"),
        &[format!("{folder}/.coverage")],
    );
    let processes = account["processes"].as_array().unwrap();
    saved.processes = processes
        .iter()
        .filter(|process| process["counted"] == true)
        .count();
    saved
}

fn expected(case: &Case) -> BTreeSet<u32> {
    let asgi = case.command.starts_with("uvicorn");
    let lines = (1..).zip(APP.lines());
    let wsgi_only = |line: &str| {
        line.contains("environ") || line.contains("start_response('") || line.contains("[body]")
    };
    lines
        .filter(|(_, line)| {
            let body = line.contains("scope[") || line.contains("await");
            if asgi {
                let handler = line.starts_with("def");
                body || (line.contains("# hit") && (!wsgi_only(line) || handler))
            } else {
                line.contains("# hit")
            }
        })
        .map(|(number, _)| number)
        .collect()
}

/// `all 17 lines`, `7 of 17 lines`, `nothing`.
fn described(saved: &Saved, expected: &BTreeSet<u32>) -> String {
    let found = saved.lines.intersection(expected).count();
    let mut text = match found {
        0 => return "**nothing**".to_owned(),
        all if all == expected.len() => format!("all {all} lines"),
        some => format!("**{some} of {} lines**", expected.len()),
    };
    let noun = if saved.processes == 1 {
        "process"
    } else {
        "processes"
    };
    let _ = write!(text, ", {} {noun}", saved.processes);
    text
}

#[test]
fn however_it_is_stopped_swath_saves_every_line() {
    let test = "however_it_is_stopped_swath_saves_every_line";
    let project = match scale() {
        Scale::Sample => Project::new(test),
        Scale::Whole => Project::with(test, &Requirements::from(["uvicorn", "gevent"])),
    };
    let Some(project) = project else {
        return;
    };
    for (name, text) in [
        ("app.py", APP),
        (".coveragerc", RCFILE),
        ("sitecustomize.py", CUSTOMIZE),
        ("wrapper.sh", WRAPPER),
    ] {
        project.write(name, text);
    }
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY app.py .coveragerc sitecustomize.py wrapper.sh /app/\nRUN chmod +x /app/wrapper.sh\nWORKDIR /app\nENV PYTHONPATH=/app\n");
    let base = format!("BASE={}", project.base);
    let image = project.image();
    project.succeeds(
        "docker",
        &["build", "--build-arg", &base, "-t", &image, "."],
    );
    // In the checkout it would choose what swath measures.
    fs_err::remove_file(project.folder().join(".coveragerc")).unwrap();
    for (number, case) in (1..).zip(CASES) {
        if scale() == Scale::Sample && !case.sample {
            continue;
        }
        let expected = expected(case);
        let theirs = by_coverage(&project, case);
        let ours = by_swath(&project, case);
        let name = format!("{}, {}", case.name, case.signal);
        let missing = expected.difference(&ours.lines).collect::<Vec<_>>();
        assert!(missing.is_empty(), "{name}: {missing:?} of {ours:?}");
        let lost = theirs.lines.difference(&ours.lines).collect::<Vec<_>>();
        assert!(lost.is_empty(), "{name}: coverage.py has {lost:?}");
        let row = format!("{number}. {} ({})", case.name, case.signal);
        record_figure(
            "Stop cases",
            &row,
            "coverage.py saves",
            described(&theirs, &expected),
        );
        record_figure(
            "Stop cases",
            &row,
            "swath saves",
            described(&ours, &expected),
        );
    }
}
