//! Services of a Swarm that are made through the proxy, in front of an engine that a test plays.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stand_in/delivery.rs"]
mod stand_in_delivery;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};
use swath_docker::{
    ContainerNote, Delivery, Endpoint, Gathered, Proxy, Shipping, TaskConfig, TaskConfigs,
};
use swath_manifest::AgentConfig;
use swath_model::ServiceLeft;
use swath_test::{SwarmEngine, temp_dir};
use tempfile::TempDir;

use crate::stand_in_delivery::delivery;

/// A proxy in front of a Swarm that has the image `shop:1`.
struct Stage {
    folder: TempDir,
    engine: SwarmEngine,
    proxy: Option<Proxy>,
}

impl Stage {
    fn of(nodes: usize) -> Stage {
        let folder = temp_dir();
        let engine = SwarmEngine::start(folder.path());
        engine.set_nodes(nodes);
        engine.add_image("shop:1");
        let delivery = Delivery {
            configs: TaskConfigs::new(|_, _| vec![config()]),
            shipping: (nodes > 1).then(|| Shipping {
                image: "swath:1".to_owned(),
                store: "s3://coverage/shop".to_owned(),
                store_secret: None,
            }),
            ..delivery("r1", folder.path())
        };
        let endpoint = Endpoint::Unix(engine.socket());
        let socket = folder.path().join("docker.sock");
        let proxy = Proxy::start(&socket, endpoint, delivery, || ()).unwrap();
        Stage {
            folder,
            engine,
            proxy: Some(proxy),
        }
    }

    /// What a client is answered.
    fn ask(&self, request: &str, body: &Value) -> String {
        let mut client = UnixStream::connect(self.folder.path().join("docker.sock")).unwrap();
        let body = body.to_string();
        let length = body.len();
        write!(
            client,
            "{request} HTTP/1.1\r\nHost: d\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    fn create(&self, specification: &Value) {
        let answer = self.ask("POST /v1.41/services/create", specification);
        assert!(answer.contains("201"), "{answer}");
    }

    /// The only service that is not swath's, as the engine has it.
    fn service(&self) -> Value {
        let mut services = self.engine.services();
        services.retain(|one| one["Spec"]["Labels"].get("swath.owner").is_none());
        assert_eq!(services.len(), 1, "{services:?}");
        services.remove(0)
    }

    /// Lays down what a Python of a task would have recorded.
    fn record(&self, task: &str, service: &str) {
        let volume = self.engine.volume("swath-r1-tasks").unwrap();
        let folder = volume.join("r1").join(task).join(service).join("data");
        swath_test::write_file(folder.join("1-0f.hits"), task);
    }

    fn finish(&mut self) -> Gathered {
        self.proxy.take().unwrap().finish()
    }
}

fn config() -> TaskConfig {
    TaskConfig {
        config: AgentConfig {
            key: "swath-0123456789abcdef".to_owned(),
            path: String::new(),
            target: "sitecustomize.py".to_owned(),
            is_template: false,
        },
        content: Vec::new(),
    }
}

fn service(name: Option<&str>) -> Value {
    let mut specification = json!({
        "Labels": {},
        "TaskTemplate": {"ContainerSpec": {"Image": "shop:1", "Labels": {}}, "ForceUpdate": 0},
        "Mode": {"Replicated": {"Replicas": 1}},
    });
    if let Some(name) = name {
        specification["Name"] = json!(name);
    }
    specification
}

/// Whether a service carries the agent.
fn is_measured(service: &Value) -> bool {
    let labels = &service["Spec"]["TaskTemplate"]["ContainerSpec"]["Labels"];
    labels["swath.run"] == "r1"
}

fn labels_of_task<'t>(service: &'t str, task: &'t str) -> Value {
    let id = task.rsplit('.').next();
    json!({"swath.run": "r1", "swath.volume": "swath-r1-tasks", "swath.dev/injected": service,
        "com.docker.swarm.service.name": service, "com.docker.swarm.task.id": id,
        "com.docker.swarm.task.name": task})
}

/// The names of the containers that gave something, and what is in their hit stores.
fn stores(gathered: &Gathered) -> Vec<(String, String)> {
    let read = |folder: &Path| fs_err::read_to_string(folder.join("1-0f.hits")).ok();
    let all = gathered.containers.iter();
    let all = all.filter_map(|one| Some((one.name.clone(), read(&one.data)?)));
    all.collect()
}

fn lefts(gathered: &Gathered) -> Vec<(&str, &ServiceLeft)> {
    let notes = gathered.notes.iter();
    let lefts = notes.filter_map(|note| match note {
        ContainerNote::ServiceNotInjected { service, left } => Some((service.as_str(), left)),
        _ => None,
    });
    lefts.collect()
}

#[test]
fn a_service_without_a_name_is_measured_under_one() {
    let mut stage = Stage::of(1);
    for nameless in [service(None), service(Some(""))] {
        stage.create(&nameless);
    }
    let names: Vec<String> = (stage.engine.services().iter())
        .map(|one| {
            assert!(is_measured(one), "{one}");
            one["Spec"]["Name"].as_str().unwrap().to_owned()
        })
        .collect();
    let [one, other] = &names[..] else {
        panic!("{names:?}");
    };
    assert!(one != other && one.starts_with("shop-"), "{names:?}");
    // Its tasks are known by that name.
    let task = format!("{one}.1.t1");
    stage.record(&task, one);
    stage
        .engine
        .add_container("c1", &labels_of_task(one, &task));
    let gathered = stage.finish();
    assert_eq!(stores(&gathered), [(task.clone(), task)]);
    assert_eq!(gathered.notes, []);
}

#[test]
fn a_task_of_which_no_event_told_is_found_in_the_volume() {
    let mut stage = Stage::of(1);
    stage.create(&service(Some("shop_web")));
    let (told, untold) = ("shop_web.1.t1", "shop_web.2.t2");
    for task in [told, untold] {
        stage.record(task, "shop_web");
    }
    stage
        .engine
        .add_container("c1", &labels_of_task("shop_web", told));
    // Anybody can lay something into the volume.
    let volume = stage.engine.volume("swath-r1-tasks").unwrap();
    swath_test::write_file(volume.join("r1/stray"), "x");
    swath_test::write_file(volume.join("r1/empty/web/other/1-0f.hits"), "x");
    stage.ask("DELETE /v1.41/services/shop_web", &Value::Null);
    let gathered = stage.finish();
    let named = |task: &str| (task.to_owned(), task.to_owned());
    assert_eq!(stores(&gathered), [told, untold].map(named));
    assert!(gathered.containers.iter().all(|one| one.image == "shop:1"));
    assert!(
        gathered
            .containers
            .iter()
            .all(|one| one.service() == "shop_web")
    );
    assert_eq!(gathered.notes, []);
    assert_eq!(stage.engine.volume("swath-r1-tasks"), None);
}

#[test]
fn what_a_task_recorded_and_could_not_be_read_stays_and_is_named() {
    for stays in [false, true] {
        let mut stage = Stage::of(1);
        stage.create(&service(Some("web")));
        stage.record("web.1.t1", "web");
        stage
            .engine
            .add_container("c1", &labels_of_task("web", "web.1.t1"));
        if !stays {
            stage.ask("DELETE /v1.41/services/web", &Value::Null);
        }
        stage.engine.refuse("GET", "/containers/ca");
        let gathered = stage.finish();
        let problem = gathered.containers[0].problem.clone().unwrap_or_default();
        assert!(problem.contains("`swath-r1-tasks`"), "{problem}");
        assert!(gathered.keeps_volume);
        let volume = stage.engine.volume("swath-r1-tasks").unwrap();
        let store = volume.join("r1/web.1.t1/web/data/1-0f.hits");
        assert_eq!(fs_err::read_to_string(store).unwrap(), "web.1.t1");
    }
}

#[test]
fn a_volume_that_nobody_could_look_through_stays_and_is_named() {
    let mut stage = Stage::of(1);
    stage.create(&service(Some("web")));
    stage.record("web.1.t1", "web");
    stage.engine.refuse("GET", "/containers/ca");
    let gathered = stage.finish();
    let is_named = |note: &ContainerNote| matches!(note, ContainerNote::Failed { what } if what.contains("`swath-r1-tasks`"));
    assert!(gathered.notes.iter().any(is_named), "{:?}", gathered.notes);
    assert!(gathered.keeps_volume);
    let volume = stage.engine.volume("swath-r1-tasks").unwrap();
    assert!(volume.join("r1/web.1.t1/web/data/1-0f.hits").is_file());
}

#[test]
fn later_tasks_of_a_service_that_stays_record_nothing() {
    let mut stage = Stage::of(1);
    stage.create(&service(Some("web")));
    stage.record("web.1.t1", "web");
    let gathered = stage.finish();
    assert_eq!(stores(&gathered).len(), 1);
    let volume = stage.engine.volume("swath-r1-tasks").unwrap();
    assert!(volume.join("r1").is_file());
}

#[test]
fn a_volume_that_was_removed_meanwhile_is_made_again() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut stage = Stage::of(1);
    let is_for_everybody = |stage: &Stage| {
        let volume = stage.engine.volume("swath-r1-tasks").unwrap();
        fs_err::metadata(volume).unwrap().permissions().mode() & 0o7777 == 0o1777
    };
    stage.create(&service(Some("web")));
    assert!(is_for_everybody(&stage));
    // Past the proxy, which sees it when the next service is made.
    stage.engine.remove_volume("swath-r1-tasks");
    stage.create(&service(Some("other")));
    assert!(is_for_everybody(&stage));
    // By way of the proxy, whose client finds it made again. What was in it is here.
    stage.record("web.1.t1", "web");
    let answer = stage.ask("POST /v1.41/volumes/prune", &Value::Null);
    assert!(answer.contains("VolumesDeleted"), "{answer}");
    assert!(is_for_everybody(&stage));
    stage.record("web.1.t2", "web");
    let gathered = stage.finish();
    let names: Vec<String> = stores(&gathered).into_iter().map(|one| one.0).collect();
    assert_eq!(names, ["web.1.t1", "web.1.t2"]);
}

/// A service of a stack.
fn of_stack(stack: &str, own: &str) -> Value {
    let mut service = service(Some(&format!("{stack}_{own}")));
    service["Labels"]["com.docker.stack.namespace"] = json!(stack);
    service
}

#[test]
fn services_of_one_name_in_two_stacks_are_two() {
    let called = |stacks: &[&str]| {
        let mut stage = Stage::of(1);
        for stack in stacks {
            stage.create(&of_stack(stack, "web"));
            let service = format!("{stack}_web");
            let task = format!("{service}.1.{stack}1");
            stage.record(&task, &service);
            let mut labels = labels_of_task(&service, &task);
            labels["com.docker.stack.namespace"] = json!(stack);
            stage.engine.add_container(stack, &labels);
        }
        let gathered = stage.finish();
        let all = gathered.containers.iter();
        let of_containers: Vec<String> = all.map(|one| one.service().to_owned()).collect();
        assert_eq!(stores(&gathered).len(), stacks.len());
        of_containers
    };
    assert_eq!(called(&["shop"]), ["web"]);
    assert_eq!(called(&["blog", "shop"]), ["blog_web", "shop_web"]);
}

#[test]
fn services_of_one_name_whose_tasks_are_elsewhere_have_a_place_each() {
    let mut stage = Stage::of(2);
    for (stack, folder) in [("shop", "/shop"), ("blog", "/blog")] {
        let mut service = of_stack(stack, "web");
        service["TaskTemplate"]["ContainerSpec"]["Dir"] = json!(folder);
        stage.create(&service);
    }
    let shipped = stage.finish().shipped.unwrap();
    let places = ["shop", "blog"].map(|stack| {
        let service = format!("{stack}_web");
        let known = &shipped.services[&service];
        assert_eq!(known.service(), service);
        known.place.working_folder.clone()
    });
    assert_eq!(places, ["/shop", "/blog"]);
    // That is also where their tasks record.
    let of_shop = &stage.engine.seen("POST /services/create")[1].1;
    assert_eq!(of_shop["Labels"]["swath.dev/injected"], "shop_web");
    shipped.remove();
}

/// A task as its manager tells of it.
fn task(service: &str, id: &str, state: &str) -> Value {
    json!({"ID": id, "Slot": 1, "ServiceID": "service9", "Status": {"State": state},
        "Spec": {"ContainerSpec": {"Labels": {"swath.dev/injected": service, "swath.dev/run": "r1"}}}})
}

#[test]
fn the_tasks_of_a_service_are_known_before_it_is_removed() {
    let mut stage = Stage::of(2);
    stage.create(&service(Some("web")));
    // It began just now, and is forgotten with its service.
    stage.engine.set_tasks(vec![task("web", "t1", "running")]);
    stage.ask("DELETE /v1.41/services/web", &Value::Null);
    stage.engine.set_tasks(Vec::new());
    let gathered = stage.finish();
    let shipped = gathered.shipped.unwrap();
    let tasks: Vec<_> = shipped
        .tasks
        .iter()
        .map(|(id, task)| (id.as_str(), task.has_run))
        .collect();
    assert_eq!(tasks, [("t1", true)]);
    assert_eq!(gathered.notes, []);
    shipped.remove();
}

#[test]
fn a_service_that_its_swarm_took_back_is_named_though_it_is_removed() {
    let mut stage = Stage::of(1);
    let mut before = service(Some("web"));
    stage.engine.add_service(&before);
    before["TaskTemplate"]["ForceUpdate"] = json!(1);
    stage.ask("POST /v1.41/services/web/update?version=1", &before);
    assert!(is_measured(&stage.service()));
    // A failed update that the Swarm undoes asks nobody.
    stage.engine.roll_back("web");
    assert!(!is_measured(&stage.service()));
    stage.ask("DELETE /v1.41/services/web", &Value::Null);
    let gathered = stage.finish();
    assert_eq!(lefts(&gathered), [("web", &ServiceLeft::Before)]);
}

#[test]
fn a_task_that_its_manager_alone_knows_is_a_task() {
    let mut stage = Stage::of(1);
    stage.create(&service(Some("web")));
    let tasks = [("t1", "complete"), ("t2", "preparing")];
    stage
        .engine
        .set_tasks(tasks.map(|(id, state)| task("web", id, state)).into());
    let gathered = stage.finish();
    let all = gathered.containers.iter();
    let all: Vec<_> = all.map(|one| (one.name.as_str(), one.has_run())).collect();
    assert_eq!(all, [("web.1.t1", true)]);
}

#[test]
fn a_service_of_an_earlier_run_that_is_only_scaled_keeps_its_tasks() {
    let mut stage = Stage::of(1);
    // As a run that is over left it.
    let mut earlier = Stage::of(1);
    earlier.create(&service(Some("web")));
    let there = earlier.service()["Spec"].to_string();
    let there: Value = serde_json::from_str(&there.replace("\"r1\"", "\"r0\"")).unwrap();
    earlier.finish();
    stage.engine.add_service(&there);
    // The client sends what it was shown.
    let shown = stage.ask("GET /v1.41/services/web", &Value::Null);
    assert!(!shown.contains("swath"), "{shown}");
    let mut scaled = service(Some("web"));
    scaled["Mode"] = json!({"Replicated": {"Replicas": 3}});
    stage.ask("POST /v1.41/services/web/update?version=1", &scaled);
    let now = stage.service();
    assert_eq!(now["Spec"]["TaskTemplate"], there["TaskTemplate"]);
    assert_eq!(now["Spec"]["Labels"], there["Labels"]);
    assert_eq!(now["Spec"]["Mode"], scaled["Mode"]);
    // Anything else replaces them, and the new ones are measured.
    let gathered = stage.finish();
    assert_eq!(lefts(&gathered), [("web", &ServiceLeft::Before)]);
    let mut stage = Stage::of(1);
    stage.engine.add_service(&there);
    scaled["TaskTemplate"]["ForceUpdate"] = json!(1);
    stage.ask("POST /v1.41/services/web/update?version=1", &scaled);
    assert!(is_measured(&stage.service()));
    assert_eq!(lefts(&stage.finish()), []);
}

#[test]
fn an_image_with_a_tag_and_a_digest_is_asked_for_as_it_is() {
    let mut stage = Stage::of(1);
    let (known, unknown) = ("team/shop:2@sha256:0a", "team/shop:2@sha256:0b");
    stage.engine.add_image(known);
    stage.engine.add_image("team/shop:2");
    for (name, image) in [("one", known), ("other", unknown)] {
        let mut service = service(Some(name));
        service["TaskTemplate"]["ContainerSpec"]["Image"] = json!(image);
        stage.create(&service);
    }
    let measured: Vec<bool> = stage.engine.services().iter().map(is_measured).collect();
    assert_eq!(measured, [true, false]);
    stage.record("one.1.t1", "one");
    let gathered = stage.finish();
    assert_eq!(gathered.containers[0].image, known);
    // The tag alone may be another image by now.
    let image = unknown.to_owned();
    assert_eq!(
        lefts(&gathered),
        [("other", &ServiceLeft::NoImage { image })]
    );
}

#[test]
fn a_service_of_this_run_that_is_only_scaled_keeps_its_tasks() {
    let mut stage = Stage::of(1);
    stage.create(&service(Some("web")));
    let before = stage.service();
    let mut scaled = service(Some("web"));
    scaled["Mode"] = json!({"Replicated": {"Replicas": 3}});
    stage.ask("POST /v1.41/services/web/update?version=1", &scaled);
    let now = stage.service();
    assert_eq!(now["Spec"]["TaskTemplate"], before["Spec"]["TaskTemplate"]);
    assert_eq!(now["Spec"]["Labels"], before["Spec"]["Labels"]);
    assert_eq!(now["Spec"]["Mode"], scaled["Mode"]);
    assert_eq!(lefts(&stage.finish()), []);
}

#[test]
fn what_is_left_of_a_killed_run_goes_though_one_thing_of_it_cannot() {
    let folder = temp_dir();
    let engine = SwarmEngine::start(folder.path());
    engine.add_image("shop:1");
    // A process that is gone: nobody has the number of the first one with another start.
    let (this, _) = swath_checkout::Owner::this_process()
        .to_string()
        .rsplit_once(' ')
        .map(|(process, start)| (process.to_owned(), start.to_owned()))
        .unwrap();
    let owner = json!({"swath.owner": format!("{this} 1")});
    for name in ["swath-r0-1", "swath-r0-2"] {
        engine.make("/volumes/create", &json!({"Name": name, "Labels": owner}));
    }
    engine.make("/configs/create", &json!({"Name": "c", "Labels": owner}));
    engine.refuse("DELETE", "/volumes/swath-r0-1");
    engine.refuse("GET", "/containers/json");
    let endpoint = Endpoint::Unix(engine.socket());
    let error = swath_docker::remove_leftovers_of_killed_runs(&endpoint).unwrap_err();
    let said = error.to_string();
    for named in ["/containers/json", "/volumes/swath-r0-1"] {
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(engine.left(), ["swath-r0-1"]);
    engine.refuse_nothing();
    assert!(swath_docker::remove_leftovers_of_killed_runs(&endpoint).unwrap());
    assert_eq!(engine.left(), Vec::<String>::new());
}
