//! The proxy between the real `docker` and a real engine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stand_in/delivery.rs"]
mod stand_in_delivery;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use swath_docker::{AgentFile, Delivery, Endpoint, Gathered, Proxy, SettingsOf};
use swath_test::{base_image, composes, engine, image_python, scale, skip, temp_dir, wait_until};
use tempfile::TempDir;

use crate::stand_in_delivery::delivery;

/// Writes what a hit store would hold: the proxy does not look into it.
const AGENT: &str = "\
import os
folder = os.path.dirname(__file__)
with open(folder + '/swath-agent.conf') as lines:
    data = [line.split(None, 2)[2].rstrip() for line in lines if line.startswith('data ')]
if data:
    name = '%d-%s.hits' % (os.getpid(), os.urandom(8).hex())
    with open(data[-1] + '/' + name, 'w') as store:
        store.write(os.environ.get('SWATH_SERVICE', ''))
";

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A proxy in front of the engine of this machine, and the image that its containers are made of.
struct Fixture {
    folder: TempDir,
    proxy: Option<Proxy>,
    run: String,
    image: String,
}

impl Fixture {
    /// None, and a named skip, without an engine.
    fn start(test: &str) -> Option<Fixture> {
        let Some(python) = image_python() else {
            skip(test, "no CPython found");
            return None;
        };
        let image = base_image(python, test)?;
        let folder = temp_dir();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let run = format!("test-{}-{number}", std::process::id());
        let delivery = Delivery {
            agent: vec![AgentFile {
                name: "sitecustomize.py".to_owned(),
                bytes: AGENT.into(),
            }],
            settings: SettingsOf::same(b"branch 0\n".to_vec()),
            ..delivery(&run, folder.path())
        };
        let endpoint = Endpoint::in_effect(&|name| std::env::var(name).ok()).unwrap();
        let socket = folder.path().join("docker.sock");
        let proxy = Proxy::start(&socket, endpoint, delivery, || ()).unwrap();
        Some(Fixture {
            folder,
            proxy: Some(proxy),
            run,
            image,
        })
    }

    fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        let proxy = self.proxy.as_ref().unwrap();
        command
            .args(arguments)
            .env("DOCKER_HOST", proxy.address())
            .stdin(Stdio::null());
        command
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments).output().unwrap();
        text(&output, &arguments.join(" "))
    }

    /// The labels of an image, as a list of containers shows those of a container of it.
    fn labels_of(&self, image: &str) -> &'static str {
        if image == self.image { "" } else { "kept=yes" }
    }

    fn finish(&mut self) -> Gathered {
        self.proxy.take().unwrap().finish()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let filter = format!("label=swath.run={}", self.run);
        let ids = docker(&["ps", "-aq", "--filter", &filter]);
        for id in ids.split_whitespace() {
            docker(&["rm", "-fv", id]);
        }
        for volume in volumes_of(&self.run) {
            docker(&["volume", "rm", "-f", &volume]);
        }
    }
}

/// `docker` without a proxy.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text(output: &Output, what: &str) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn volumes_of(run: &str) -> Vec<String> {
    docker(&["volume", "ls", "-q"])
        .lines()
        .filter(|name| name.starts_with(&format!("swath-{run}-")))
        .map(str::to_owned)
        .collect()
}

fn stores(gathered: &Gathered) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for container in &gathered.containers {
        let entries: Vec<PathBuf> = fs_err::read_dir(&container.data).map_or_else(
            |_| Vec::new(),
            |entries| entries.map(|entry| entry.unwrap().path()).collect(),
        );
        for path in entries {
            let service = fs_err::read_to_string(path).unwrap();
            found.push((container.name.clone(), service));
        }
    }
    found.sort();
    found
}

#[test]
fn a_removed_container_loses_nothing_and_leaves_nothing() {
    let Some(mut fixture) = Fixture::start("a_removed_container_loses_nothing_and_leaves_nothing")
    else {
        return;
    };
    let image = fixture.image.clone();
    let name = format!("{}-once", fixture.run);
    let script = "import os; print(os.environ['PYTHONPATH'], flush=True); os._exit(7)";
    let output = fixture
        .docker(&[
            "run",
            "--rm",
            "--name",
            &name,
            "--read-only",
            "--user",
            "1000",
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "-e",
            "PYTHONPATH=/mine",
            &image,
            "python",
            "-c",
            script,
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert_eq!(output.stdout, b"/dev/swath/agent:/mine\n");
    let gathered = fixture.finish();
    assert_eq!(stores(&gathered), [(name.clone(), name)]);
    let container = &gathered.containers[0];
    assert!(container.in_foreground());
    assert_eq!(container.exits[0].code, 7);
    assert_eq!(gathered.notes, []);
    assert_eq!(volumes_of(&fixture.run), Vec::<String>::new());
}

#[test]
fn streams_and_sessions_pass_unchanged() {
    let Some(mut fixture) = Fixture::start("streams_and_sessions_pass_unchanged") else {
        return;
    };
    let image = fixture.image.clone();
    let name = format!("{}-long", fixture.run);
    let mut echo = fixture
        .docker(&["run", "--rm", "-i", &image, "sh", "-c", "cat; echo end"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    echo.stdin
        .take()
        .unwrap()
        .write_all(b"to and fro\n")
        .unwrap();
    let output = echo.wait_with_output().unwrap();
    assert_eq!(text(&output, "run -i"), "to and fro\nend\n");

    let script =
        "import time\nfor i in range(3): print(i, flush=True); time.sleep(0.2)\ntime.sleep(600)";
    fixture.succeeds(&[
        "run", "-d", "--init", "--name", &name, &image, "python", "-c", script,
    ]);
    assert_eq!(
        fixture.succeeds(&["exec", &name, "sh", "-c", "echo in; exit 0"]),
        "in\n"
    );
    let terminal = fixture.succeeds(&["exec", "-t", &name, "sh", "-c", "echo in"]);
    assert_eq!(terminal, "in\r\n");
    let mut logs = fixture
        .docker(&["logs", "-f", &name])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let file = fixture.folder.path().join("file");
    fs_err::write(&file, "copied").unwrap();
    let inside = format!("{name}:/tmp/file");
    fixture.succeeds(&["cp", file.to_str().unwrap(), &inside]);
    let back = fixture.folder.path().join("back");
    fixture.succeeds(&["cp", &inside, back.to_str().unwrap()]);
    assert_eq!(fs_err::read_to_string(back).unwrap(), "copied");
    wait_until(Duration::from_secs(30), "the last line of the log", || {
        fixture.succeeds(&["logs", &name]).ends_with("2\n")
    });
    fixture.succeeds(&["stop", "-t", "5", &name]);
    assert!(logs.wait().unwrap().success());
    let log = fixture.succeeds(&["logs", &name]);
    assert_eq!(log, "0\n1\n2\n");
    let now = fixture.succeeds(&["inspect", "-f", "{{.State.FinishedAt}}", &name]);
    let events = fixture.succeeds(&[
        "events",
        "--until",
        now.trim(),
        "--since",
        "10m",
        "--filter",
        &format!("container={name}"),
        "--format",
        "{{.Action}}",
    ]);
    assert!(
        events.contains("start") && events.contains("die"),
        "{events}"
    );
    let gathered = fixture.finish();
    assert!(!stores(&gathered).is_empty());
    let long = gathered
        .containers
        .iter()
        .find(|container| container.name == name)
        .unwrap();
    assert!(!long.in_foreground());
    assert_eq!(long.exits[0].signals, [15]);
}

#[test]
fn images_are_built_through_it_by_either_builder() {
    let test = "images_are_built_through_it_by_either_builder";
    let Some(fixture) = Fixture::start(test) else {
        return;
    };
    let folder = fixture.folder.path();
    let dockerfile = format!(
        "FROM {}\nCOPY file /file\nRUN cp /file /copy && ls -l /copy\n",
        fixture.image
    );
    fs_err::write(folder.join("Dockerfile"), dockerfile).unwrap();
    let newer = composes()
        .into_iter()
        .filter_map(|compose| compose.folder)
        .next_back();
    if newer.is_none() {
        skip(
            &format!("{test}, BuildKit"),
            "no newer `docker` with BuildKit found",
        );
    }
    let tag = format!("swath-test/{}:built", fixture.run);
    for builder in [None, newer.as_ref()] {
        let (program, kit) = match builder {
            None => (PathBuf::from("docker"), "0"),
            Some(folder) => (folder.join("bin/docker"), "1"),
        };
        fs_err::write(folder.join("file"), kit).unwrap();
        let mut command = Command::new(program);
        if let Some(folder) = builder {
            command.arg("--config").arg(folder);
        }
        let output = command
            .args(["build", "--tag", &tag, "."])
            .current_dir(folder)
            .env("DOCKER_HOST", fixture.proxy.as_ref().unwrap().address())
            .env("DOCKER_BUILDKIT", kit)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        text(&output, "build");
        let said = fixture.succeeds(&["run", "--rm", &tag, "cat", "/copy"]);
        assert_eq!(said, kit);
    }
    docker(&["rmi", "-f", &tag]);
}

#[test]
fn images_without_a_python_are_left_alone() {
    let Some(mut fixture) = Fixture::start("images_without_a_python_are_left_alone") else {
        return;
    };
    let tag = format!("swath-test/no-python:{}", fixture.run);
    let context = fixture.folder.path().join("context");
    fs_err::create_dir_all(&context).unwrap();
    fs_err::write(context.join("marker"), "x").unwrap();
    let dockerfile = format!(
        "FROM {}\nRUN rm -rf $(dirname $(dirname $(readlink -f /proc/self/exe)))/none; rm -f ${{PATH%%/bin*}}/bin/python*\nENV PATH=/bin\nCOPY marker /marker\n",
        fixture.image
    );
    fs_err::write(context.join("Dockerfile"), dockerfile).unwrap();
    let built = fixture
        .docker(&[
            "build",
            "-q",
            "--network",
            "none",
            "-t",
            &tag,
            context.to_str().unwrap(),
        ])
        .env("DOCKER_BUILDKIT", "0")
        .output()
        .unwrap();
    text(&built, "build");
    let environment = fixture.succeeds(&["run", "--rm", &tag, "env"]);
    docker(&["rmi", &tag]);
    assert!(!environment.contains("PYTHONPATH"), "{environment}");
    let gathered = fixture.finish();
    assert_eq!(gathered.containers, []);
    assert_eq!(gathered.notes, []);
}

#[test]
fn the_engine_is_contacted_when_the_first_client_is_there() {
    let folder = temp_dir();
    let delivery = delivery("none", folder.path());
    let endpoint = Endpoint::Unix(folder.path().join("no-engine.sock"));
    let socket = folder.path().join("docker.sock");
    let proxy = Proxy::start(&socket, endpoint, delivery, || ()).unwrap();
    let mode = fs_err::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    if engine().is_ok() {
        let output = Command::new("docker")
            .arg("ps")
            .env("DOCKER_HOST", proxy.address())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("no-engine.sock"), "{errors}");
    }
    proxy.finish();
    assert!(!socket.exists());
}

#[test]
fn a_large_stream_passes_unchanged() {
    let Some(mut fixture) = Fixture::start("a_large_stream_passes_unchanged") else {
        return;
    };
    let image = fixture.image.clone();
    let name = format!("{}-big", fixture.run);
    // A sample is large enough to see a proxy that is slow, and the whole for the figures.
    let megabytes = scale().pick(20, 100);
    let script = format!(
        "import sys; open('/tmp/big', 'wb').write(bytes({megabytes}_000_000 * 2)); line = b'x' * 99 + b'\\n'; [sys.stdout.buffer.write(line * 10000) for _ in range({megabytes})]"
    );
    let output = fixture
        .docker(&["run", "--name", &name, &image, "python", "-c", &script])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    text(&output, "run");
    let inside = format!("{name}:/tmp/big");
    let proxy = fixture.proxy.as_ref().unwrap().address();
    let time = |arguments: &[&str], through: Option<&str>| {
        let mut command = Command::new("docker");
        command.args(arguments);
        if let Some(address) = through {
            command.env("DOCKER_HOST", address);
        }
        let begun = Instant::now();
        let output = command.output().unwrap();
        assert!(output.status.success());
        (begun.elapsed(), output.stdout)
    };
    for (what, arguments) in [
        ("cp", vec!["cp", &inside, "-"]),
        ("logs", vec!["logs", &name]),
    ] {
        let ((direct, expected), (proxied, passed)) =
            (time(&arguments, None), time(&arguments, Some(&proxy)));
        assert!(
            expected == passed,
            "docker {what}: {} bytes without, {} with the proxy",
            expected.len(),
            passed.len()
        );
        assert!(
            expected.len() > 1_000_000,
            "docker {what}: {} bytes",
            expected.len()
        );
        // How fast is a figure, no condition: other work on the machine disturbs it.
        let ratio = direct.as_secs_f64() / proxied.as_secs_f64();
        swath_test::record_figure(
            "Docker proxy",
            what,
            "throughput, of the engine's own",
            format!("{ratio:.2}"),
        );
    }
    fixture.succeeds(&["rm", "-f", &name]);
    fixture.finish();
}

#[test]
fn an_image_made_of_a_container_is_what_it_would_be_without_swath() {
    let test = "an_image_made_of_a_container_is_what_it_would_be_without_swath";
    let Some(fixture) = Fixture::start(test) else {
        return;
    };
    let folder = fixture.folder.path();
    let dockerfile = format!(
        "FROM {}\nENV FIRST=1\nENV PYTHONPATH=/own\nENV LAST=1\nLABEL kept=yes\n",
        fixture.image
    );
    fs_err::write(folder.join("Dockerfile"), dockerfile).unwrap();
    let with_path = format!("swath-test/{}:path", fixture.run);
    let build = ["build", "-q", "-t", &with_path, folder.to_str().unwrap()];
    fixture.succeeds(&build);
    let of_image = |image: &str| {
        let format = "{{json .Config.Env}} {{json .Config.Labels}} {{json .Config.Cmd}}";
        docker(&["image", "inspect", "-f", format, image])
    };
    for (number, image) in [&fixture.image, &with_path].into_iter().enumerate() {
        let name = format!("{}-state-{number}", fixture.run);
        let (with, without) = (
            format!("swath-test/{}:with-{number}", fixture.run),
            format!("swath-test/{}:without-{number}", fixture.run),
        );
        let script = "open('/kept', 'w').write('state'); print('up', flush=True)";
        let start = [
            "--name", &name, "-e", "MINE=2", image, "python", "-c", script,
        ];
        // The same without swath.
        docker(&[&["run"], &start[..]].concat());
        docker(&["commit", "-c", "ENV ADDED=3", &name, &without]);
        docker(&["rm", "-f", &name]);
        fixture.succeeds(&[&["run"], &start[..]].concat());
        let shown = fixture.succeeds(&["inspect", &name]) + &fixture.succeeds(&["ps", "-a"]);
        assert!(!shown.contains("/dev/swath"), "{shown}");
        let named = format!("name={name}");
        let listed = [
            "ps",
            "-a",
            "--filter",
            &named,
            "--format",
            "{{.Labels}} {{.Mounts}}",
        ];
        assert_eq!(fixture.succeeds(&listed).trim(), fixture.labels_of(image));
        fixture.succeeds(&["commit", "-c", "ENV ADDED=3", &name, &with]);
        assert_eq!(of_image(&with), of_image(&without));
        assert!(of_image(&with).contains("ADDED=3"));
        let kept = docker(&[
            "run",
            "--rm",
            &with,
            "python",
            "-c",
            "print(open('/kept').read())",
        ]);
        assert_eq!(kept, "state\n");
        let steps = |image: &str| {
            docker(&["history", "-q", "--no-trunc", image])
                .lines()
                .count()
        };
        assert_eq!(steps(&with), steps(&without));
        // One without a name is answered by its id.
        let id = fixture.succeeds(&["commit", &name]);
        assert!(!of_image(id.trim()).contains("swath"), "{id}");
        let tar = fixture.folder.path().join("export.tar");
        fixture.succeeds(&["export", "-o", tar.to_str().unwrap(), &name]);
        let mut archive = tar::Archive::new(fs_err::File::open(&tar).unwrap());
        for entry in archive.entries().unwrap() {
            let path = entry.unwrap().path().unwrap().into_owned();
            assert!(
                !path.to_string_lossy().contains("swath"),
                "{}",
                path.display()
            );
        }
        // For a copy the engine makes the folder that the volume is mounted upon.
        let inside = format!("{name}:/tmp/kept");
        fixture.succeeds(&["cp", tar.to_str().unwrap(), &inside]);
        assert!(docker(&["diff", &name]).contains("A /dev/swath"));
        let changes = fixture.succeeds(&["diff", &name]);
        assert!(changes.contains("A /tmp/kept"), "{changes}");
        assert!(!changes.contains("/dev"), "{changes}");
        fixture.succeeds(&["rm", "-fv", &name]);
        docker(&["rmi", "-f", &with, &without, id.trim()]);
    }
    docker(&["rmi", "-f", &with_path]);
}
