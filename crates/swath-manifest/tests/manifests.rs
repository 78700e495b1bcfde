//! Manifests as Helm, kustomize and kubectl print them, with the agent: against files in
//! `tests/manifests`, and against the schemas of Kubernetes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use swath_manifest::{AgentOrder, Injected, Installation, KubernetesRequest, Sidecars, inject};
use swath_test::{Requirements, newest_python, skip, temp_dir, venv};

/// The first Kubernetes with native sidecars that the schemas are there for, and the last one.
const VERSIONS: [&str; 2] = ["1.29", "1.37"];
/// The schemas are those of this version of the package.
const VALIDATOR: &str = "kubernetes-validate==1.37.0";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn request() -> KubernetesRequest {
    KubernetesRequest {
        image: Some("registry.example.com/swath:1".to_owned()),
        run: Some("pr-17".to_owned()),
        store: Some("s3://coverage/shop".to_owned()),
        agent: AgentOrder {
            branch: true,
            attribution: false,
            own_packages: vec!["shop".to_owned()],
        },
        ..KubernetesRequest::default()
    }
}

fn read(name: &str) -> String {
    fs_err::read_to_string(folder().join("manifests").join(name)).unwrap()
}

/// What becomes of a file of manifests is what is in another file.
fn check(name: &str, expected: &str, request: &KubernetesRequest) -> Injected {
    let injected = inject(&read(name), request).unwrap();
    let path = folder().join("manifests").join(expected);
    let there = fs_err::read_to_string(&path).unwrap_or_default();
    if there != injected.text {
        let actual = swath_test::target_dir().join(expected);
        fs_err::write(&actual, &injected.text).unwrap();
        panic!("`diff {} {}`", path.display(), actual.display());
    }
    let again = inject(&injected.text, request).unwrap();
    assert_eq!(again.text, injected.text, "a second time changes nothing");
    injected
}

/// What is told of each workload.
fn notes(injected: &Injected) -> Vec<String> {
    let notes = injected.workloads.iter();
    notes.map(ToString::to_string).collect()
}

#[test]
fn what_helm_prints_gets_the_agent() {
    let injected = check("helm.yaml", "helm.expected.yaml", &request());
    insta::assert_snapshot!(notes(&injected).join("\n"), @r"
    Deployment/release-shop: web, metrics; not `migrate`, an init container; `metrics` takes variables from elsewhere; a PYTHONPATH among them is kept
    StatefulSet/release-shop-worker: worker
    CronJob/release-shop-nightly: nightly
    Pod/release-shop-test-connection: pytest
    ");
    // What is no workload is there as it was, comments and all.
    let before = read("helm.yaml");
    let (others, _) = before
        .split_once("# Source: shop/templates/deployment.yaml")
        .unwrap();
    assert!(injected.text.starts_with(others));
}

#[test]
fn what_kubectl_prints_as_json_gets_the_agent() {
    let mut request = request();
    request.namespace = Some("shop".to_owned());
    request.sidecars = Sidecars::Plain;
    let injected = check("list.json", "list.expected.yaml", &request);
    insta::assert_snapshot!(notes(&injected).join("\n"), @r"
    DaemonSet/agent in shop: collect
    ReplicaSet/old in elsewhere: it is of another namespace
    ");
}

#[test]
fn what_kustomize_prints_gets_the_agent() {
    let test = "what_kustomize_prints_gets_the_agent";
    let Some(text) = kustomized(test) else {
        return;
    };
    let injected = inject(&text, &request()).unwrap();
    insta::assert_snapshot!(notes(&injected).join("\n"), @r"
    Deployment/pr-17-web in shop-test: web
    Job/pr-17-tests in shop-test: tests
    ");
    assert!(injected.text.contains("value: \"/swath/web/agent:/app\""));
    assert_eq!(
        inject(&injected.text, &request()).unwrap().text,
        injected.text
    );
}

#[test]
fn every_result_is_what_kubernetes_takes() {
    let test = "every_result_is_what_kubernetes_takes";
    let Some(python) = newest_python() else {
        return skip(test, "no CPython from 3.8 found");
    };
    let Some(venv) = venv(python, &Requirements::from([VALIDATOR])) else {
        return;
    };
    let place = temp_dir();
    let mut texts = vec![
        ("helm.yaml", read("helm.yaml")),
        ("list.yaml", read("list.json")),
    ];
    texts.extend(kustomized(test).map(|text| ("kustomize.yaml", text)));
    let mut plain = request();
    plain.sidecars = Sidecars::Plain;
    for request in [request(), plain] {
        for (name, text) in &texts {
            let text = inject(text, &request).unwrap().text;
            assert!(text.contains("swath-prepare"), "{name}");
            // The validator knows no lists.
            let text = match name.strip_prefix("list") {
                Some(_) => items(&text),
                None => text,
            };
            swath_test::write_file(place.path().join(name), &text);
            for version in VERSIONS {
                let output = venv
                    .command("kubernetes-validate")
                    .args(["--strict", "--kubernetes-version", version])
                    .arg(place.path().join(name))
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{name}: {}", said(&output));
                assert!(
                    said(&output).contains("passed"),
                    "{name}: {}",
                    said(&output)
                );
            }
        }
    }
    let installation = Installation {
        namespace: "swath".to_owned(),
        secret: "swath-webhook-tls".to_owned(),
        authority: Some("-----BEGIN CERTIFICATE-----\n".to_owned()),
    };
    let webhook = installation.manifests(&request()).unwrap();
    swath_test::write_file(place.path().join("webhook.yaml"), &webhook);
    for version in VERSIONS {
        let mut validate = venv.command("kubernetes-validate");
        validate.args(["--strict", "--kubernetes-version", version]);
        let output = validate
            .arg(place.path().join("webhook.yaml"))
            .output()
            .unwrap();
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("passed").count(), 4, "{said}");
    }
    // It does find what is wrong.
    let wrong = read("helm.yaml").replace("mountPath", "mountpath");
    swath_test::write_file(place.path().join("wrong.yaml"), &wrong);
    let mut validate = venv.command("kubernetes-validate");
    let output = validate
        .args(["--strict", "--kubernetes-version", VERSIONS[0]])
        .arg(place.path().join("wrong.yaml"));
    assert!(!output.output().unwrap().status.success());
}

/// The items of a list as documents.
fn items(list: &str) -> String {
    let (_, items) = list.split_once("items:\n").unwrap();
    let lines = items
        .lines()
        .take_while(|line| line.starts_with("  "))
        .map(|line| match line.strip_prefix("  - ") {
            Some(first) => format!("---\n{first}\n"),
            None => format!("{}\n", line.strip_prefix("    ").unwrap_or(line)),
        });
    lines.collect()
}

/// What `kubectl kustomize` prints of the overlay.
fn kustomized(test: &str) -> Option<String> {
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(folder().join("kustomize/overlay"))
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{}", said(&output));
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            skip(test, &format!("`kubectl` cannot be started: {error}"));
            None
        }
    }
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}
