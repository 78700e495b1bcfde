pub(super) mod property;

use super::*;
use crate::choice::PythonPath;
use crate::kubernetes::note::{LeftContainer, Remark};
use crate::kubernetes::request::Sidecars;
use crate::order::AgentOrder;

fn request() -> KubernetesRequest {
    KubernetesRequest {
        image: Some("registry/swath:1".to_owned()),
        run: Some("r1".to_owned()),
        store: Some("s3://bucket/runs/".to_owned()),
        agent: AgentOrder::default(),
        ..KubernetesRequest::default()
    }
}

fn deployment(pod: &str) -> String {
    let pod = pod.replace('\n', "\n      ");
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n      {pod}\n"
    )
}

fn injected(text: &str, request: &KubernetesRequest) -> Injected {
    inject(text, request).unwrap()
}

/// The pod of the one document in a text.
fn pod_of(text: &str) -> Node {
    let trees = yaml::parse(text).unwrap();
    let keys: &[&str] = match trees[0].text_at(&["kind"]) {
        Some("Pod") => &["spec"],
        Some("CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    };
    trees[0].at(keys).unwrap().clone()
}

fn named<'a>(items: &'a [Node], name: &str) -> Option<&'a Node> {
    items
        .iter()
        .rfind(|item| item.text_at(&["name"]) == Some(name))
}

/// The variables of the first container, as they are written.
fn variables(text: &str) -> Vec<(String, String)> {
    let pod = pod_of(text);
    let variables = pod.items("containers")[0].items("env").iter();
    variables
        .map(|variable| {
            let text = |keys: &[&str]| variable.text_at(keys).unwrap_or("?").to_owned();
            (text(&["name"]), text(&["value"]))
        })
        .collect()
}

fn left(text: &str, request: &KubernetesRequest) -> LeftWorkload {
    let injected = injected(text, request);
    assert_eq!(injected.text, text, "what is left is left as it is");
    let [note] = &injected.workloads[..] else {
        panic!("{:?}", injected.workloads);
    };
    match &note.outcome {
        Outcome::Left(reason) => reason.clone(),
        Outcome::Injected { .. } => panic!("{note}"),
    }
}

#[test]
fn the_agent_comes_before_the_path_that_is_there() {
    let check = |env: &str, expected: &[(&str, &str)]| {
        let pod = format!("containers:\n- name: web\n  image: web:1\n{env}");
        let injected = injected(&deployment(&pod), &request());
        let found = variables(&injected.text);
        let found: Vec<_> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(found, expected, "{env}");
    };
    let service = ("SWATH_SERVICE", "web");
    let agent = "/swath/web/agent";
    check("", &[("PYTHONPATH", agent), service]);
    check("  env: null\n", &[("PYTHONPATH", agent), service]);
    check("  env: []\n", &[("PYTHONPATH", agent), service]);
    check(
        "  env:\n  - {name: A, value: x}\n  - {name: PYTHONPATH, value: '$(A):/app'}\n  - {name: B, value: $(PYTHONPATH)}\n",
        &[
            ("A", "x"),
            ("PYTHONPATH", "/swath/web/agent:$(A):/app"),
            ("B", "$(PYTHONPATH)"),
            service,
        ],
    );
    check(
        "  env:\n  - {name: PYTHONPATH}\n  - {name: SWATH_SERVICE, value: mine}\n",
        &[("PYTHONPATH", agent), ("SWATH_SERVICE", "mine")],
    );
    check(
        "  env:\n  - {name: PYTHONPATH, value: /first}\n  - {name: PYTHONPATH, value: /last}\n",
        &[
            ("PYTHONPATH", "/first"),
            ("PYTHONPATH", "/swath/web/agent:/last"),
            service,
        ],
    );
    check(
        "  env:\n  - name: PYTHONPATH\n    valueFrom: {configMapKeyRef: {name: c, key: p}}\n",
        &[
            ("SWATH_PYTHONPATH", "?"),
            ("PYTHONPATH", "/swath/web/agent:$(SWATH_PYTHONPATH)"),
            service,
        ],
    );
    check(
        "  envFrom:\n  - configMapRef: {name: c}\n",
        &[("PYTHONPATH", "/swath/web/agent:$(PYTHONPATH)"), service],
    );
}

#[test]
fn what_an_image_sets_is_what_the_user_says() {
    let mut request = request();
    request.python_paths = vec![
        PythonPath {
            containers: Some("other".to_owned()),
            path: "/no".to_owned(),
        },
        PythonPath {
            containers: Some("web/w*".to_owned()),
            path: "/app:/lib".to_owned(),
        },
    ];
    let text = deployment("containers:\n- name: web");
    let injected = injected(&text, &request);
    assert_eq!(variables(&injected.text)[0].1, "/swath/web/agent:/app:/lib");
    let Outcome::Injected { remarks, .. } = &injected.workloads[0].outcome else {
        panic!("{injected:?}");
    };
    assert_eq!(remarks, &[], "nothing is unknown");
    let injected = super::inject(&text, &super::tests::request()).unwrap();
    let Outcome::Injected { remarks, .. } = &injected.workloads[0].outcome else {
        panic!("{injected:?}");
    };
    assert_eq!(remarks, &[("web".to_owned(), Remark::PathOfImage)]);
}

#[test]
fn containers_are_chosen_by_globs_and_the_others_are_named() {
    let pod = "initContainers:\n- name: migrate\ncontainers:\n- name: web\n- name: worker\n- name: proxy\n- name: Bad/Name";
    let mut request = request();
    request.measure = vec!["web/w*".to_owned(), "other".to_owned()];
    let injected = injected(&deployment(pod), &request);
    let Outcome::Injected { measured, left, .. } = &injected.workloads[0].outcome else {
        panic!("{injected:?}");
    };
    assert_eq!(measured, &["web", "worker"]);
    let expected = [
        ("proxy", LeftContainer::NotChosen),
        ("Bad/Name", LeftContainer::Name),
        ("migrate", LeftContainer::Init),
    ];
    let left = left.iter().map(|(name, reason)| (name.as_str(), *reason));
    assert!(left.eq(expected));
    assert_eq!(injected.unused, ["other"]);
    let pod = pod_of(&injected.text);
    let proxy = named(pod.items("containers"), "proxy").unwrap();
    assert!(proxy.get("env").is_none() && proxy.get("volumeMounts").is_none());
    let worker = named(pod.items("containers"), "worker").unwrap();
    let service = named(worker.items("env"), "SWATH_SERVICE").unwrap();
    assert_eq!(service.text_at(&["value"]), Some("web/worker"));
    let names = pod.items("initContainers").iter();
    let names: Vec<_> = names.filter_map(|one| one.text_at(&["name"])).collect();
    assert_eq!(names, ["swath-prepare", "swath-ship", "migrate"]);
}

#[test]
fn a_folder_in_use_is_left_to_its_user() {
    let mounts = |paths: &[&str]| {
        let mounts = paths
            .iter()
            .map(|path| format!("{{name: x, mountPath: {path}}}"));
        let mounts: Vec<String> = mounts.collect();
        deployment(&format!(
            "containers:\n- name: web\n- name: b\n  volumeMounts: [{}]",
            mounts.join(", ")
        ))
    };
    let at = |paths: &[&str]| {
        let text = injected(&mounts(paths), &request()).text;
        let pod = pod_of(&text);
        let web = named(pod.items("containers"), "web").unwrap();
        let mount = named(web.items("volumeMounts"), "swath").unwrap();
        mount.text_at(&["mountPath"]).unwrap().to_owned()
    };
    assert_eq!(at(&["/data", "/swathe"]), "/swath");
    assert_eq!(at(&["/swath/"]), "/swath-run");
    assert_eq!(at(&["/swath/cache"]), "/swath-run");
    assert_eq!(
        left(&mounts(&["/swath", "/swath-run"]), &request()),
        LeftWorkload::FolderTaken
    );
}

#[test]
fn what_cannot_get_the_agent_is_left_as_it_is() {
    let check = |text: &str, expected: LeftWorkload| assert_eq!(left(text, &request()), expected);
    check(
        &deployment("os: {name: windows}\ncontainers:\n- name: web"),
        LeftWorkload::Windows,
    );
    check(
        &deployment("volumes: [{name: swath}]\ncontainers:\n- name: web"),
        LeftWorkload::NameTaken {
            what: "volume",
            name: "swath",
        },
    );
    check(
        &deployment("containers:\n- name: swath-ship"),
        LeftWorkload::NameTaken {
            what: "container",
            name: "swath-ship",
        },
    );
    check(
        &deployment("containers: all"),
        LeftWorkload::Malformed { what: "containers" },
    );
    let left_over = vec![("web".to_owned(), LeftContainer::Malformed)];
    check(
        &deployment("containers:\n- name: web\n  env: all"),
        LeftWorkload::NoContainer { left: left_over },
    );
    check(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec: {template: {spec: {containers: []}}}\n",
        LeftWorkload::Kind,
    );
    let mut other = request();
    other.namespace = Some("shop".to_owned());
    let text = deployment("containers:\n- name: web");
    let elsewhere = text.replace("  name: web\nspec", "  name: web\n  namespace: b\nspec");
    assert_eq!(left(&elsewhere, &other), LeftWorkload::Namespace);
    let here = text.replace("  name: web\nspec", "  name: web\n  namespace: shop\nspec");
    for text in [text, here] {
        assert_ne!(injected(&text, &other).text, text);
    }
}

#[test]
fn a_plain_sidecar_keeps_no_job_from_ending() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: j}]}}}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {restartPolicy: OnFailure, containers: [{name: p}]}\n";
    let mut plain = request();
    plain.sidecars = Sidecars::Plain;
    for text in [job, pod] {
        assert_eq!(left(text, &plain), LeftWorkload::WouldNotEnd);
        let native = injected(text, &request()).text;
        let ship = pod_of(&native);
        let ship = named(ship.items("initContainers"), "swath-ship").unwrap();
        assert_eq!(ship.text_at(&["restartPolicy"]), Some("Always"));
        // Without a store there is nothing that would not end.
        plain.store = None;
        assert_ne!(injected(text, &plain).text, text);
        plain.store = request().store;
    }
    let web = injected(&deployment("containers:\n- name: web"), &plain).text;
    let ship = pod_of(&web);
    let ship = named(ship.items("containers"), "swath-ship").unwrap();
    assert_eq!(ship.get("restartPolicy"), None);
    let command = ship.items("command").iter();
    let command: Vec<_> = command.filter_map(Node::as_text).collect();
    let expected = [
        "swath",
        "ship",
        "--from",
        "/swath",
        "--to",
        "s3://bucket/runs/r1",
    ];
    assert_eq!(command, expected);
}

#[test]
fn only_the_container_that_ships_gets_the_stores_secret() {
    let mut request = request();
    request.store_secret = Some("coverage".to_owned());
    let text = injected(&deployment("containers:\n- name: web"), &request).text;
    let secret = "envFrom:\n            - secretRef:\n                name: coverage\n";
    assert_eq!(text.matches("secretRef").count(), 1);
    let (_, ship) = text.split_once("name: swath-ship").unwrap();
    assert!(ship.contains(secret), "{ship}");
}

#[test]
fn a_second_time_says_for_which_run_it_was_done() {
    let once = injected(&deployment("containers:\n- name: web"), &request()).text;
    let mut other = request();
    other.run = Some("r2".to_owned());
    let run = Some("r1".to_owned());
    assert_eq!(left(&once, &other), LeftWorkload::Already { run });
    let nameless = KubernetesRequest {
        run: None,
        store: None,
        ..request()
    };
    let once = injected(&deployment("containers:\n- name: web"), &nameless).text;
    assert_eq!(left(&once, &other), LeftWorkload::Already { run: None });
}

#[test]
fn swaths_own_containers_never_run_as_root() {
    let check = |rights: &str, user: Option<&str>| {
        let pod = format!("{rights}\ncontainers:\n- name: web");
        let text = injected(&deployment(&pod), &request()).text;
        let pod = pod_of(&text);
        for name in ["swath-prepare", "swath-ship"] {
            let own = named(pod.items("initContainers"), name).unwrap();
            let at = |key: &str| own.text_at(&["securityContext", key]);
            assert_eq!(at("runAsUser"), user, "{rights}");
            assert_eq!(at("runAsNonRoot"), Some("true"));
        }
    };
    check("securityContext: {}", None);
    check("securityContext: {runAsUser: 1000, fsGroup: 2000}", None);
    check("securityContext: {runAsUser: 0}", Some("65532"));
}

#[test]
fn variables_of_others_are_not_put_into_what_is_told() {
    let pod = "containers:\n- name: web\n  command: [sh, -c, \"exec gunicorn -b :$(PORT) $$HOME\"]";
    let text = injected(&deployment(pod), &request()).text;
    let pod = pod_of(&text);
    let prepare = named(pod.items("initContainers"), "swath-prepare").unwrap();
    let places = named(prepare.items("env"), "SWATH_PLACES").unwrap();
    let value = places.text_at(&["value"]).unwrap();
    assert!(value.contains("$$(PORT) $$$$HOME"), "{value}");
}

#[test]
fn a_document_on_the_line_of_its_marker_keeps_both() {
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "p"}]}}"#;
    let text = format!("# first\na: 1\n--- {pod}\n...\n# end\n");
    let injected = injected(&text, &request()).text;
    assert!(
        injected.starts_with("# first\na: 1\n---\n\"apiVersion\": \"v1\"\n"),
        "{injected}"
    );
    assert!(
        injected.ends_with("restartPolicy: Always\n...\n# end\n"),
        "{injected}"
    );
}

#[test]
fn nothing_is_measured_without_an_image() {
    let mut request = request();
    request.image = None;
    let text = deployment("containers:\n- name: web");
    let workload = "Deployment/web".to_owned();
    assert_eq!(
        inject(&text, &request),
        Err(ManifestError::NoImage { workload })
    );
    let config = "apiVersion: v1\nkind: ConfigMap\ndata: {containers: x}\n";
    assert_eq!(inject(config, &request).unwrap().text, config);
    request.measure = vec!["no/one".to_owned()];
    assert_eq!(inject(&text, &request).unwrap().text, text);
}

#[test]
fn requests_that_mean_nothing_are_refused() {
    let refused = |change: &dyn Fn(&mut KubernetesRequest)| {
        let mut request = request();
        change(&mut request);
        inject("", &request).unwrap_err().message().code
    };
    for run in ["", "a/b", "-a", "a b", &"a".repeat(64), ".."] {
        let code = refused(&|request| request.run = Some(run.to_owned()));
        assert_eq!(code, "bad-run-name", "{run}");
    }
    assert_eq!(refused(&|request| request.run = None), "bad-run-name");
    let code = refused(&|request| request.measure = vec!["***".to_owned()]);
    assert_eq!(code, "bad-container-pattern");
}

#[test]
fn what_is_no_yaml_is_named_by_its_line() {
    let text = format!("a: 1\n---\n# x\n{}      ]\n", deployment("containers: ["));
    let Err(ManifestError::NotYaml { line, .. }) = inject(&text, &request()) else {
        panic!("{:?}", inject(&text, &request()));
    };
    assert!((13..=15).contains(&line), "{line}");
    let deep = format!("containers: {}{}\n", "[".repeat(200), "]".repeat(200));
    assert!(matches!(
        inject(&format!("---\n{deep}"), &request()),
        Err(ManifestError::TooDeep { line: 2, .. })
    ));
    // What has no containers is none of swath's business.
    assert_eq!(injected("a: ]\n", &request()).text, "a: ]\n");
}
