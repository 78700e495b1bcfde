//! A pod as `swath kubernetes inject` leaves it, run on the engine that is here: the very volumes,
//! variables, users and rights of the manifest.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_data::{StoredProcess, read_hit_stores};
use swath_test::{temp_dir, wait_until};

use crate::project::{Project, text};

/// The app of the first container: what it imports is found by the path of the manifest alone.
const APP: &str = "\
import flask
import greeting

app = flask.Flask(__name__)


@app.get('/')
def index():
    return greeting.of('you')  # hit


@app.get('/never')
def never():
    return 'never'  # miss
";

const GREETING: &str = "\
def of(name):
    return 'hello ' + name  # hit
";

/// The second container: another user, and a path that only the cluster knows.
const WORKER: &str = "\
import greeting
import time


def work():
    return greeting.of('me')  # hit


print(work(), flush=True)
time.sleep(600)
print('never')  # miss
";

const MANIFESTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
data:
  PYTHONPATH: /srv/lib
  MODE: test
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      securityContext:
        runAsUser: 10001
      containers:
        - name: web
          image: IMAGE
          workingDir: /srv
          command: [gunicorn, --workers, '2', --bind, '127.0.0.1:8000', 'app:app']
          env:
            - name: LIBRARY
              value: /srv/lib
            - name: PYTHONPATH
              value: $(LIBRARY):/srv
          securityContext:
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
        - name: worker
          image: IMAGE
          command: [python3, /srv/worker.py]
          envFrom:
            - configMapRef: {name: shop}
          securityContext:
            runAsUser: 20002
            readOnlyRootFilesystem: true
        - name: idle
          image: IMAGE
          command: [sleep, '600']
      volumes:
        - name: tmp
          emptyDir: {}
";

#[test]
fn a_pod_keeps_what_it_ran_when_it_is_killed() {
    let Some(project) = Project::new("a_pod_keeps_what_it_ran_when_it_is_killed") else {
        return;
    };
    project.write("srv/app.py", APP);
    project.write("srv/worker.py", WORKER);
    project.write("srv/lib/greeting.py", GREETING);
    project.write_dockerfile("ARG BASE\nFROM ${BASE}\nCOPY srv /srv");
    let base = format!("BASE={}", project.base);
    let image = project.image();
    project.succeeds(
        "docker",
        &["build", "-q", "--build-arg", &base, "-t", &image, "."],
    );
    project.write("pod.yaml", &MANIFESTS.replace("IMAGE", &image));
    let arguments = [
        "kubernetes",
        "inject",
        "-f",
        "pod.yaml",
        "--branch",
        "--image",
        &image,
        "--measure",
        "shop/w*",
    ];
    let output = project
        .command(env!("CARGO_BIN_EXE_swath"), &arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let injected = String::from_utf8(output.stdout).unwrap();
    let volumes = temp_dir();
    let pod = Pod::new(&project, &injected, volumes.path());

    pod.prepare();
    for name in ["web", "worker", "idle"] {
        pod.start(name);
    }
    let ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/').read())";
    let container = pod.container("web");
    wait_until(Duration::from_mins(1), "an answer of the app", || {
        // With -I it is none of the pod's Pythons.
        let arguments = ["exec", &container, "python3", "-I", "-c", ask];
        let output = project.command("docker", &arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains("hello you")
    });
    wait_until(Duration::from_mins(1), "the worker's work", || {
        let logs = project.succeeds("docker", &["logs", &pod.container("worker")]);
        logs.contains("hello me")
    });
    for name in ["web", "worker"] {
        project.succeeds(
            "docker",
            &["kill", "--signal", "KILL", &pod.container(name)],
        );
    }
    // A pod whose network is made anew runs its init containers again.
    pod.prepare();
    pod.can_be_read_by_others(&project.base);

    let volume = volumes.path().join("swath");
    let web = read_hit_stores(&volume.join("web/data")).unwrap();
    assert!(web.unreadable.is_empty(), "{:?}", web.unreadable);
    assert_eq!(web.processes.len(), 3, "gunicorn and two workers");
    check_lines(&web.processes, "/srv/app.py", APP);
    check_lines(&web.processes, "/srv/lib/greeting.py", GREETING);
    let worker = read_hit_stores(&volume.join("worker/data")).unwrap();
    assert_eq!(worker.processes.len(), 1);
    check_lines(&worker.processes, "/srv/worker.py", WORKER);
    check_lines(&worker.processes, "/srv/lib/greeting.py", GREETING);
    for process in web.processes.iter().chain(&worker.processes) {
        assert_eq!(process.state, "measured");
        assert!(process.branch);
    }
    assert_eq!(web.processes[0].service.as_deref(), Some("shop/web"));
    check_report(&project, &volume);
    let place = fs_err::read_to_string(volume.join("web/place.json")).unwrap();
    let place: serde_json::Value = serde_json::from_str(&place).unwrap();
    assert_eq!(place["image"], image);
    assert_eq!(place["command"][0], "gunicorn");
    assert!(
        !volume.join("idle").exists(),
        "nothing of what no glob names"
    );
}

/// What the pod recorded is sent to a store, and reported from there: two services of one workload,
/// with the paths of the checkout.
fn check_report(project: &Project, volume: &Path) {
    let store = temp_dir();
    let run = format!("file://{}/one", store.path().display());
    let from = volume.display().to_string();
    let mut ship = project.command(
        env!("CARGO_BIN_EXE_swath"),
        &["ship", "--once", "--from", &from, "--to", &run],
    );
    for (name, value) in [
        ("SWATH_POD", "shop-7f9c-x2"),
        ("SWATH_POD_UID", "0b6f1c"),
        ("SWATH_NAMESPACE", "default"),
        ("SWATH_NODE", "here"),
        ("SWATH_WORKLOAD", "Deployment/shop"),
    ] {
        ship.env(name, value);
    }
    text(&ship.output().unwrap());
    let said = project.succeeds(
        env!("CARGO_BIN_EXE_swath"),
        &["gather", "--require-complete", "--json", "run.json", &run],
    );
    let account = fs_err::read_to_string(project.folder().join("run.json")).unwrap();
    let account: serde_json::Value = serde_json::from_str(&account).unwrap();
    assert_eq!(account["complete"], true, "{said}");
    let services: Vec<_> = account["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|container| container["service"].as_str().unwrap())
        .collect();
    assert_eq!(services, ["shop/web", "shop/worker"], "{said}");
    let app = said.lines().find(|line| line.starts_with("srv/app.py "));
    let app = app.unwrap_or_else(|| panic!("{said}"));
    assert!(app.trim_end().ends_with(" 14"), "{said}");
}

/// Lines that are marked as hit ran in one of the processes, and those that are marked as missed in
/// none.
fn check_lines(processes: &[StoredProcess], path: &str, source: &str) {
    let files = processes.iter().flat_map(|process| &process.files);
    let files: Vec<_> = files.filter(|file| file.path == path).collect();
    assert!(!files.is_empty(), "{path} is not measured");
    for (number, line) in (1..).zip(source.lines()) {
        let is_hit = files.iter().any(|file| file.hit.contains(number));
        if line.ends_with("# hit") {
            assert!(is_hit, "{path}:{number}: {line}");
        }
        if line.ends_with("# miss") {
            assert!(!is_hit, "{path}:{number}: {line}");
        }
    }
}

/// The pod of the manifests, its volumes as folders here.
struct Pod<'a> {
    project: &'a Project,
    documents: Vec<Yaml<'a>>,
    volumes: &'a Path,
}

impl<'a> Pod<'a> {
    fn new(project: &'a Project, manifests: &'a str, volumes: &'a Path) -> Pod<'a> {
        let pod = Pod {
            project,
            documents: Yaml::load_from_str(manifests).unwrap(),
            volumes,
        };
        for volume in list(&pod.spec()["volumes"]) {
            assert!(volume.contains_mapping_key("emptyDir"));
            let folder = volumes.join(word(&volume["name"]));
            fs_err::create_dir(&folder).unwrap();
            // As the kubelet makes them.
            let everybody = std::fs::Permissions::from_mode(0o777);
            fs_err::set_permissions(&folder, everybody).unwrap();
        }
        pod
    }

    fn spec(&self) -> &Yaml<'a> {
        let mut workloads = self.documents.iter();
        let deployment = workloads.find(|one| word(&one["kind"]) == "Deployment");
        &deployment.unwrap()["spec"]["template"]["spec"]
    }

    fn container(&self, name: &str) -> String {
        format!("{}-{name}", self.project.name)
    }

    /// Runs the container that fills the volume, with the swath of this build in the image.
    fn prepare(&self) {
        let first = &list(&self.spec()["initContainers"])[0];
        assert_eq!(word(&first["name"]), "swath-prepare");
        let here = env!("CARGO_BIN_EXE_swath");
        let mut arguments = vec!["run".to_owned(), "--rm".to_owned()];
        arguments.extend(["-v".to_owned(), format!("{here}:/usr/bin/swath:ro")]);
        // A release has a static one.
        let libraries = self.project.succeeds("ldd", &[here]);
        for library in libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            arguments.extend(["-v".to_owned(), format!("{library}:{library}:ro")]);
        }
        // The image that a release describes has this user.
        arguments.extend(self.options(first, "65532"));
        let said = self.docker(&arguments);
        assert!(said.contains("Prepared web, worker"), "{said}");
    }

    fn start(&self, name: &str) {
        let containers = list(&self.spec()["containers"]);
        let found = containers.iter().find(|one| word(&one["name"]) == name);
        let mut arguments = vec!["run".to_owned(), "-d".to_owned()];
        arguments.extend(["--name".to_owned(), self.container(name)]);
        arguments.extend(self.options(found.unwrap(), "0"));
        self.docker(&arguments);
    }

    /// What the container that ships needs: it has no rights either.
    fn can_be_read_by_others(&self, image: &str) {
        let volume = format!("{}/swath:/swath:ro", self.volumes.display());
        let read = "cat /swath/*/data/* /swath/*/place.json >/dev/null && echo whole";
        let arguments = [
            "run",
            "--rm",
            "--user",
            "65532",
            "--cap-drop",
            "ALL",
            "-v",
            &volume,
            image,
            "sh",
            "-c",
            read,
        ];
        let said = self.docker(&arguments.map(str::to_owned));
        assert!(said.contains("whole"), "{said}");
    }

    fn docker(&self, arguments: &[String]) -> String {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = self.project.command("docker", &arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    /// A container as the engine is told of it: what the kubelet would tell.
    fn options(&self, container: &Yaml<'a>, user_of_image: &str) -> Vec<String> {
        let mut options = Vec::new();
        let mut add = |words: &[&str]| options.extend(words.iter().map(|word| (*word).to_owned()));
        let own = container.as_mapping_get("securityContext");
        let pod = self.spec().as_mapping_get("securityContext");
        let mut rights = [own, pod].into_iter().flatten();
        let user = rights.find_map(|rights| rights.as_mapping_get("runAsUser")?.as_integer());
        let user = user.map_or(user_of_image.to_owned(), |user| user.to_string());
        add(&["--user", &user]);
        let right = |key: &str| own.and_then(|rights| rights.as_mapping_get(key));
        let has = |key: &str| right(key).and_then(Yaml::as_bool);
        if has("readOnlyRootFilesystem") == Some(true) {
            add(&["--read-only"]);
        }
        if has("allowPrivilegeEscalation") == Some(false) {
            add(&["--security-opt", "no-new-privileges"]);
        }
        if let Some(capabilities) = right("capabilities") {
            for name in list(&capabilities["drop"]) {
                add(&["--cap-drop", word(name)]);
            }
        }
        if let Some(resources) = container.as_mapping_get("resources") {
            let memory = word(&resources["limits"]["memory"]).replace("Mi", "m");
            add(&["--memory", &memory]);
        }
        if let Some(folder) = container.as_mapping_get("workingDir") {
            add(&["--workdir", word(folder)]);
        }
        for mount in list_at(container, "volumeMounts") {
            let volume = self.volumes.join(word(&mount["name"]));
            let bind = format!("{}:{}", volume.display(), word(&mount["mountPath"]));
            add(&["-v", &bind]);
        }
        for (name, value) in self.variables(container) {
            add(&["--env", &format!("{name}={value}")]);
        }
        add(&[word(&container["image"])]);
        let words: Vec<&str> = list(&container["command"]).iter().map(word).collect();
        add(&words);
        options
    }

    /// The variables of a container by the rules of the kubelet: those of `envFrom` come first, and
    /// each can name those before it.
    fn variables(&self, container: &Yaml<'a>) -> BTreeMap<String, String> {
        let mut known = BTreeMap::new();
        for source in list_at(container, "envFrom") {
            let name = word(&source["configMapRef"]["name"]);
            let mut documents = self.documents.iter();
            let map = documents.find(|one| {
                word(&one["kind"]) == "ConfigMap" && word(&one["metadata"]["name"]) == name
            });
            for (key, value) in map.unwrap()["data"].as_mapping().unwrap() {
                known.insert(word(key).to_owned(), word(value).to_owned());
            }
        }
        for variable in list_at(container, "env") {
            let value = expanded(word(&variable["value"]), &known);
            known.insert(word(&variable["name"]).to_owned(), value);
        }
        known
    }
}

/// A value with the variables in it: `$(NAME)`; `$$` is one `$`.
fn expanded(value: &str, known: &BTreeMap<String, String>) -> String {
    let mut result = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
            continue;
        }
        let named = rest
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .and_then(|(name, after)| Some((known.get(name)?, after)));
        match named {
            Some((value, after)) => {
                result.push_str(value);
                rest = after;
            }
            None => result.push('$'),
        }
    }
    result + rest
}

fn word<'a>(node: &'a Yaml<'_>) -> &'a str {
    node.as_str().unwrap()
}

fn list<'a, 'b>(node: &'a Yaml<'b>) -> &'a [Yaml<'b>] {
    node.as_sequence().unwrap()
}

fn list_at<'a, 'b>(node: &'a Yaml<'b>, key: &str) -> &'a [Yaml<'b>] {
    node.as_mapping_get(key).map_or(&[], list)
}
