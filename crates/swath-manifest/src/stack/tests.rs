use super::*;
use crate::choice::PythonPath;
use crate::order::VolumeOrder;

fn request() -> StackRequest {
    StackRequest {
        image: "registry/swath:1".to_owned(),
        run: "r1".to_owned(),
        store: "s3://bucket/runs/".to_owned(),
        ..StackRequest::default()
    }
}

fn configs(tasks: &str) -> Vec<AgentConfig> {
    let config = |key: &str, target: &str, is_template| AgentConfig {
        key: key.to_owned(),
        path: format!("./configs/{key}"),
        target: target.to_owned(),
        is_template,
    };
    let settings = if tasks == "/swath/tasks" {
        "swath-2"
    } else {
        "swath-3"
    };
    vec![
        config("swath-1", "sitecustomize.py", false),
        config(settings, "swath-agent.conf", true),
    ]
}

fn injected(text: &str, request: &StackRequest) -> InjectedStack {
    inject_stack(text, request, &mut configs).unwrap()
}

fn tree(text: &str) -> Node {
    yaml::parse(text).unwrap().remove(0)
}

/// A stack of one service with these lines.
fn stack(service: &str) -> String {
    let service = service.replace('\n', "\n    ");
    format!("version: \"3.8\"\nservices:\n  web:\n    image: web:1\n    {service}\n")
}

/// The service of [`stack`] with the agent.
fn web(service: &str, request: &StackRequest) -> Node {
    let text = injected(&stack(service), request).text;
    tree(&text).at(&["services", "web"]).unwrap().clone()
}

fn left(text: &str, request: &StackRequest) -> Vec<String> {
    let injected = injected(text, request);
    assert_eq!(injected.text, text, "what is left is left as it is");
    let notes = injected.services.iter().map(ToString::to_string);
    notes.collect()
}

#[test]
fn a_stack_gets_configs_a_volume_and_a_service_that_ships() {
    let mut request = request();
    request.measure = vec!["w*".to_owned()];
    request.store_secret = Some("store".to_owned());
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stacks");
    let read = |name: &str| fs_err::read_to_string(folder.join(name)).unwrap();
    let injected = injected(&read("shop.yml"), &request);
    let expected = read("shop.expected.yml");
    assert_eq!(injected.text, expected, "{}", injected.text);
    let notes: Vec<String> = injected.services.iter().map(ToString::to_string).collect();
    assert_eq!(notes, ["web", "db: no --measure names it"]);
    // A second time nothing.
    assert_eq!(
        left(&injected.text, &request),
        [
            "web: the stack has the agent already, for run r1",
            "db: the stack has the agent already, for run r1",
        ]
    );
}

#[test]
fn the_agent_comes_before_the_path_that_is_there() {
    let check = |environment: &str, expected: &[&str], may_lose: bool| {
        let text = stack(environment);
        let injected = injected(&text, &request());
        let web = tree(&injected.text)
            .at(&["services", "web", "environment"])
            .unwrap()
            .clone();
        let found: Vec<String> = match web {
            Node::Mapping(entries) => {
                let entries = entries.iter();
                let text = |node: &Node| node.as_text().unwrap_or("?").to_owned();
                entries
                    .map(|(key, value)| format!("{}={}", text(key), text(value)))
                    .collect()
            }
            Node::Sequence(items) => items
                .iter()
                .map(|item| item.as_text().unwrap().to_owned())
                .collect(),
            Node::Scalar(_) => panic!("{web:?}"),
        };
        assert_eq!(found, expected, "{environment}");
        let outcome = ServiceOutcome::Injected {
            may_lose_path: may_lose,
        };
        assert_eq!(injected.services[0].outcome, outcome, "{environment}");
    };
    let (agent, service) = ("PYTHONPATH=/swath/agent", "SWATH_SERVICE=web");
    check("", &[agent, service], true);
    check("environment:", &[agent, service], true);
    check("environment: []", &[agent, service], true);
    check("env_file: ./vars", &[agent, service], true);
    check(
        "environment: {A: '{{.Node.ID}}', PYTHONPATH: '$$X:${Y}:/app'}",
        &[
            "A={{.Node.ID}}",
            "PYTHONPATH=/swath/agent:$$X:${Y}:/app",
            service,
        ],
        false,
    );
    check(
        "environment: [PYTHONPATH=/app, A, SWATH_SERVICE=mine]",
        &["A", "SWATH_SERVICE=mine", "PYTHONPATH=/swath/agent:/app"],
        false,
    );
    check("environment: {PYTHONPATH: ''}", &[agent, service], false);
    // What the shell has that deploys the stack.
    let of_shell = "PYTHONPATH=/swath/agent:${PYTHONPATH:-/swath/agent}";
    check("environment: [PYTHONPATH]", &[of_shell, service], false);
    check("environment: {PYTHONPATH: }", &[of_shell, service], false);
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
            containers: None,
            path: "/app:/$lib{{x".to_owned(),
        },
    ];
    let web = web("", &request);
    let path = web.text_at(&["environment", "PYTHONPATH"]).unwrap();
    assert_eq!(path, r#"/swath/agent:/app:/$$lib{{"{{"}}x"#);
}

#[test]
fn a_folder_in_use_is_left_to_its_user() {
    let at = |service: &str| {
        let web = web(service, &request());
        let volume = web.items("volumes").last().unwrap();
        let config = web.items("configs").last().unwrap();
        let source = config.text_at(&["source"]).unwrap();
        // The settings hold the folder.
        let (folder, settings) = match volume.text_at(&["target"]).unwrap() {
            "/swath/tasks" => ("/swath", "swath-2"),
            "/swath-run/tasks" => ("/swath-run", "swath-3"),
            other => panic!("{other}"),
        };
        assert_eq!(source, settings);
        let target = format!("{folder}/agent/swath-agent.conf");
        assert_eq!(config.text_at(&["target"]), Some(target.as_str()));
        folder
    };
    for free in ["", "volumes: ['swath:/data', /swathe]", "tmpfs: /swathe"] {
        assert_eq!(at(free), "/swath", "{free}");
    }
    for taken in [
        "volumes: ['x:/swath']",
        "volumes: [/swath/cache]",
        "volumes: [{type: tmpfs, target: /swath}]",
        "configs: [{source: x, target: /swath/x}]",
        "tmpfs: [/swath]",
    ] {
        assert_eq!(at(taken), "/swath-run", "{taken}");
    }
}

#[test]
fn what_the_swarm_would_fill_in_stays_what_it_is() {
    let text = stack("command: ['--format', '{{.ID}}', '$$HOME', '${X}']");
    let injected = tree(&injected(&text, &request()).text);
    let ship = injected.at(&["services", "swath-ship"]).unwrap();
    let places = ship.text_at(&["environment", "SWATH_PLACES"]).unwrap();
    // As Compose and then the Swarm read it.
    let read = places.replace("$$", "$").replace(r#"{{"{{"}}"#, "{{");
    let order = VolumeOrder::read(None, Some(&read)).unwrap();
    assert_eq!(
        order.places["web"].args,
        ["--format", "{{.ID}}", "$HOME", "${X}"]
    );
}

#[test]
fn a_store_that_is_a_folder_is_one_of_every_node() {
    let mut request = request();
    request.store = "file:///srv/coverage/".to_owned();
    let injected = tree(&injected(&stack(""), &request).text);
    let ship = injected.at(&["services", "swath-ship"]).unwrap();
    let bind = &ship.items("volumes")[1];
    for key in ["source", "target"] {
        assert_eq!(bind.text_at(&[key]), Some("/srv/coverage"));
    }
    let command = ship.items("command").iter().filter_map(Node::as_text);
    let command: Vec<&str> = command.collect();
    assert!(
        command
            .windows(2)
            .any(|two| two == ["--to", "file:///srv/coverage/r1"])
    );
}

#[test]
fn what_cannot_get_the_agent_is_named() {
    let request = request();
    let windows = "deploy: {placement: {constraints: ['node.platform.os==windows']}}";
    assert_eq!(left(&stack(windows), &request), ["web: it runs on Windows"]);
    for (line, key) in [
        ("environment: A=b", "environment"),
        ("configs: {a: b}", "configs"),
        ("volumes: x", "volumes"),
        ("deploy: [x]", "deploy"),
    ] {
        let said = format!("web: its `{key}` is not as Compose has it");
        assert_eq!(left(&stack(line), &request), [said]);
    }
    let taken = "services: {swath-ship: {image: x}, web: {image: y}}\n";
    let said = "web: the stack has a service with the name of swath's own";
    assert_eq!(left(taken, &request), [said]);
    let taken = "services: {web: {image: y}}\nvolumes: {swath-tasks: {}}\n";
    let said = "web: the stack has a volume with the name of swath's own";
    assert_eq!(left(taken, &request), [said]);
    assert_eq!(left("version: '3.8'\n", &request), [""; 0]);
    assert_eq!(left("- a\n", &request), [""; 0]);
}

#[test]
fn only_versions_without_templates_are_raised() {
    let version = |written: &str| {
        let text = format!("version: {written}\nservices: {{web: {{image: y}}}}\n");
        let injected = tree(&injected(&text, &request()).text);
        injected.text_at(&["version"]).unwrap().to_owned()
    };
    let check = [
        ("3", "3.8"),
        ("'3.7'", "3.8"),
        ("3.8", "3.8"),
        ("'3.10'", "3.10"),
        ("'2.4'", "2.4"),
    ];
    for (written, expected) in check {
        assert_eq!(version(written), expected, "{written}");
    }
    let without = injected("services: {web: {image: y}}\n", &request());
    assert!(tree(&without.text).get("version").is_none());
}

#[test]
fn what_is_no_stack_file_is_refused() {
    let request = request();
    let refused = |text: &str| {
        inject_stack(text, &request, &mut configs)
            .unwrap_err()
            .to_string()
    };
    assert!(refused("services: [\n").starts_with("line "));
    assert!(refused("services: !reset {}\n").contains("the tag `!reset`"));
    let deep = format!("services: {}{}\n", "[".repeat(200), "]".repeat(200));
    assert!(refused(&deep).contains("line 1 of the stack file nests too deep"));
    let mut bad = request.clone();
    bad.run = "pull/17".to_owned();
    assert!(inject_stack("", &bad, &mut configs).is_err());
    bad = request.clone();
    bad.measure = vec!["w***".to_owned()];
    let told = inject_stack("", &bad, &mut configs)
        .unwrap_err()
        .to_string();
    assert!(told.contains("not a pattern of services"), "{told}");
}
