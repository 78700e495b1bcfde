//! The tasks of a Swarm's stack that carry the agent, as `docker` tells of them.
//!
//! A Swarm has no events of tasks, so it is asked for them again and again; it keeps the last five of
//! each place of a service, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use swath_docker::has_run;
use swath_manifest::{SERVICE_LABEL, SHIP_SERVICE, STACK_RUN_LABEL};
use swath_model::Orchestrator;

use super::engine::{answer, ask, asking};
use super::engine_watch::{Shared, locked};
use super::seen::{Now, SeenInstance, learn};
use crate::error::RunError;

/// The program that asks the Swarm.
const DOCKER: &str = "docker";
/// What makes it answer with an object per line.
const JSON: [&str; 2] = ["--format", "{{json .}}"];
/// How often it asks.
const INTERVAL: Duration = Duration::from_secs(1);

/// A stack of a Swarm that a run is about.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    known: Arc<Mutex<Known>>,
}

/// What is known of a stack.
#[derive(Debug, Default)]
struct Known {
    /// What its tasks carry, as far as they were asked: that does not change.
    carried: BTreeMap<String, Carried>,
    /// Its measured services, with the run that they are measured for.
    runs: BTreeMap<String, Option<String>>,
    /// The tasks of these services that were there before it was ready, and are not of that run.
    before: BTreeSet<String>,
    /// Whether it was ready: whatever task of these services comes after that is missed.
    was_ready: bool,
}

impl PartialEq for Stack {
    fn eq(&self, other: &Stack) -> bool {
        self.name == other.name
    }
}

impl Eq for Stack {}

impl std::str::FromStr for Stack {
    type Err = String;

    fn from_str(text: &str) -> Result<Stack, String> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        // What begins with a dash would be an option to `docker`.
        if text.is_empty() || text.starts_with('-') || !text.bytes().all(is_name) {
            return Err(format!("`{text}` is not the name of a stack"));
        }
        Ok(Stack {
            name: text.to_owned(),
            known: Arc::default(),
        })
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// What a task carries.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Carried {
    /// The agent, for a run.
    Agent(Option<String>),
    /// What others record, to here.
    Others(Option<String>),
    Nothing,
}

/// A line of `docker stack ps`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    #[serde(rename = "ID")]
    id: String,
    name: String,
    desired_state: String,
    current_state: String,
    #[serde(default)]
    error: String,
}

/// A line of `docker stack services`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    name: String,
    replicas: String,
}

/// What `docker service inspect` says of a service, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceSpec {
    name: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

/// What `docker inspect` says of a task, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Inspected {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Spec")]
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    container_spec: ContainerSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ContainerSpec {
    labels: Option<BTreeMap<String, String>>,
    args: Option<Vec<String>>,
}

impl Stack {
    /// The tasks of the run that the stack carries now.
    pub(super) fn now(&self) -> Result<Now, RunError> {
        self.look().map_err(|what| RunError::EngineCommand {
            orchestrator: Orchestrator::Swarm,
            what,
        })
    }

    /// Asks again and again until the watch is over; how often. Who waits until the stack is ready asks
    /// for itself.
    pub(super) fn follow(&self, shared: &Shared) -> Result<usize, String> {
        let mut asked = 0;
        while !shared.is_over() {
            if locked(&self.known).was_ready {
                let tasks = match self.tasks() {
                    Ok(tasks) => tasks,
                    Err(problem) if asked == 0 => return Err(format!("{DOCKER} {problem}")),
                    // A manager that answered before does so again, or the next time says that it does not.
                    Err(problem) => {
                        tracing::debug!("{DOCKER} {problem}");
                        return Ok(asked);
                    }
                };
                let instances = locked(&self.known).instances(&tasks);
                learn(&mut locked(&shared.instances), instances);
            }
            asked += 1;
            shared.pause(INTERVAL);
        }
        Ok(asked)
    }

    fn look(&self) -> Result<Now, String> {
        let tasks = self.tasks()?;
        let mut services: Vec<Service> = Vec::new();
        let mut specs: Vec<ServiceSpec> = Vec::new();
        if !tasks.is_empty() {
            let mut command = asking(DOCKER);
            command.args(["stack", "services"]);
            services = lines(command.args(JSON).arg(&self.name))?;
            let mut command = asking(DOCKER);
            command.args(["service", "inspect", "--format", "{{json .Spec}}"]);
            specs = lines(command.args(services.iter().map(|service| &service.name)))?;
        }
        Ok(locked(&self.known).judge(&tasks, &services, specs))
    }

    /// The tasks that there are; what they carry is known afterwards.
    fn tasks(&self) -> Result<Vec<Task>, String> {
        let mut command = asking(DOCKER);
        command.args(["stack", "ps", "--no-trunc"]);
        let tasks: Vec<Task> = match lines(command.args(JSON).arg(&self.name)) {
            // That is what it says of a stack that it does not know.
            Err(problem) if problem.contains("nothing found in stack") => Vec::new(),
            tasks => tasks?,
        };
        let mut ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        ids.retain(|id| !locked(&self.known).carried.contains_key(*id));
        if ids.is_empty() {
            return Ok(tasks);
        }
        let mut command = asking(DOCKER);
        command.args(["inspect", "--type=task"]).args(ids);
        // Of tasks that are gone by now it says so, and shows the others.
        let answer = ask(&mut command)?;
        let inspected: Vec<Inspected> = serde_json::from_slice(&answer.stdout)
            .map_err(|error| format!("answered with something else than tasks: {error}"))?;
        let inspected = inspected.into_iter();
        let carried = inspected.map(|task| (task.id, task.spec.carried()));
        locked(&self.known).carried.extend(carried);
        Ok(tasks)
    }
}

impl Spec {
    fn carried(self) -> Carried {
        let labels = self.container_spec.labels.unwrap_or_default();
        let run = labels.get(STACK_RUN_LABEL).cloned();
        let arguments = self.container_spec.args.unwrap_or_default();
        if labels.contains_key(SERVICE_LABEL) {
            Carried::Agent(run)
        } else if run.is_some() {
            let to = arguments.iter().position(|word| word == "--to");
            Carried::Others(to.and_then(|place| arguments.get(place + 1)).cloned())
        } else {
            Carried::Nothing
        }
    }
}

impl Known {
    /// What there is. A stack that was deployed just now has tasks that its services do not want any
    /// more, of another run or of none.
    fn judge(&mut self, tasks: &[Task], services: &[Service], specs: Vec<ServiceSpec>) -> Now {
        if !self.was_ready {
            let specs = specs.into_iter();
            let measured = specs.filter_map(ServiceSpec::measured);
            self.runs = measured.collect();
            let old = tasks.iter().filter(|task| self.is_old(task));
            self.before = old.map(|task| task.id.clone()).collect();
        }
        let mut now = Now {
            instances: self.instances(tasks).into_iter().collect(),
            ..Now::default()
        };
        for task in tasks.iter().filter(|task| task.is_wanted()) {
            if self.before.contains(&task.id) {
                let text = format!("{} (to be replaced)", task.plain_name());
                now.lacking.push(text);
            }
            if let Some(Carried::Others(to)) = self.carried.get(&task.id) {
                now.stores.extend(to.clone());
            }
        }
        let ship = format!("_{SHIP_SERVICE}");
        for service in services {
            let matters = self.runs.contains_key(&service.name) || service.name.ends_with(&ship);
            if matters && !service.is_whole() {
                let text = format!("{} ({})", service.name, service.replicas);
                now.lacking.push(text);
            }
        }
        let mut instances = now.instances.values();
        self.was_ready |= !now.instances.is_empty()
            && now.lacking.is_empty()
            && instances.all(|instance| instance.is_settled);
        now
    }

    /// Whether a task is of a measured service, and not of its run.
    fn is_old(&self, task: &Task) -> bool {
        let run = self.runs.get(task.service());
        run.is_some_and(|run| self.carried.get(&task.id) != Some(&Carried::Agent(run.clone())))
    }

    /// The tasks of the measured services, without those from before.
    fn instances(&self, tasks: &[Task]) -> Vec<(String, SeenInstance)> {
        let counts = |task: &&Task| {
            self.runs.contains_key(task.service()) && !self.before.contains(&task.id)
        };
        let seen = tasks.iter().filter(counts);
        seen.map(|task| (task.id.clone(), task.seen())).collect()
    }
}

impl ServiceSpec {
    /// The service and its run, if it is measured.
    fn measured(self) -> Option<(String, Option<String>)> {
        let mut labels = self.labels?;
        let run = labels.remove(STACK_RUN_LABEL);
        labels
            .contains_key(SERVICE_LABEL)
            .then_some((self.name, run))
    }
}

impl Task {
    /// Whether the Swarm wants it to run.
    fn is_wanted(&self) -> bool {
        self.desired_state == "Running"
    }

    fn state(&self) -> &str {
        self.current_state.split(' ').next().unwrap_or_default()
    }

    /// Its name without the mark of one that has gone before another.
    fn plain_name(&self) -> &str {
        self.name.trim_start_matches(['\\', '_', ' '])
    }

    /// Its service: the name of a task ends in its place.
    fn service(&self) -> &str {
        let name = self.plain_name();
        name.rsplit_once('.').map_or(name, |(service, _)| service)
    }

    fn seen(&self) -> SeenInstance {
        let state = self.state();
        let problem = self.error.trim_matches('"');
        SeenInstance {
            name: self.plain_name().to_owned(),
            has_run: has_run(state, problem),
            is_settled: state == "Running"
                || state == "Complete"
                || self.desired_state == "Shutdown",
            trouble: Some(problem.to_owned()).filter(|problem| !problem.is_empty()),
        }
    }
}

impl Service {
    /// Whether as many tasks run as there should be: `2/3`, with more words behind it for some.
    fn is_whole(&self) -> bool {
        let numbers = self.replicas.split(' ').next().unwrap_or_default();
        // Of a job it says how many have ended.
        let is_job = self.replicas.contains("completed");
        is_job
            || numbers
                .split_once('/')
                .is_some_and(|(there, wanted)| there == wanted)
    }
}

/// What a command tells, a JSON object per line.
fn lines<T: DeserializeOwned>(command: &mut Command) -> Result<Vec<T>, String> {
    let text = answer(command)?;
    let values = serde_json::Deserializer::from_slice(&text).into_iter();
    values
        .collect::<Result<_, _>>()
        .map_err(|error| format!("answered with something else than tasks: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `docker stack ps` told of a rolling update: a task that was killed, one that is stopped for
    /// it, one that is not replaced yet, and the service that ships.
    const TASKS: &str = r#"
{"CurrentState":"Running 33 seconds ago","DesiredState":"Running","Error":"","ID":"ship1","Image":"swath:1","Name":"shop_swath-ship.ou94ibrw9vzya7ra7alirvmrg","Node":"vm","Ports":""}
{"CurrentState":"Running 2 seconds ago","DesiredState":"Running","Error":"","ID":"new1","Image":"shop:1","Name":"shop_web.1","Node":"vm","Ports":""}
{"CurrentState":"Failed 29 seconds ago","DesiredState":"Shutdown","Error":"\"task: non-zero exit (137)\"","ID":"killed1","Image":"shop:1","Name":" \\_ shop_web.1","Node":"vm","Ports":""}
{"CurrentState":"Preparing 1 second ago","DesiredState":"Running","Error":"","ID":"new2","Image":"shop:1","Name":"shop_web.2","Node":"vm","Ports":""}
{"CurrentState":"Shutdown 25 seconds ago","DesiredState":"Shutdown","Error":"","ID":"before2","Image":"shop:1","Name":" \\_ shop_web.2","Node":"vm","Ports":""}
{"CurrentState":"Running 5 minutes ago","DesiredState":"Running","Error":"","ID":"before3","Image":"shop:1","Name":"shop_web.3","Node":"vm","Ports":""}
{"CurrentState":"Running 5 minutes ago","DesiredState":"Running","Error":"","ID":"db","Image":"postgres","Name":"shop_db.1","Node":"vm","Ports":""}
"#;
    const SERVICES: &str = r#"
{"ID":"s1","Image":"shop:1","Mode":"replicated","Name":"shop_web","Ports":"","Replicas":"2/3"}
{"ID":"s2","Image":"postgres","Mode":"replicated","Name":"shop_db","Ports":"","Replicas":"0/1"}
{"ID":"s3","Image":"swath:1","Mode":"global","Name":"shop_swath-ship","Ports":"","Replicas":"2/2"}
"#;

    fn all<T: DeserializeOwned>(text: &str) -> Vec<T> {
        let values = serde_json::Deserializer::from_str(text).into_iter();
        values.map(Result::unwrap).collect()
    }

    /// Its services, as `docker service inspect` has them.
    fn specs() -> Vec<ServiceSpec> {
        all(r#"
{"Name": "shop_web", "Labels": {"swath.dev/injected": "web", "swath.dev/run": "43"}}
{"Name": "shop_db", "Labels": {"com.docker.stack.namespace": "shop"}}
{"Name": "shop_swath-ship", "Labels": {"swath.dev/run": "43"}}
"#)
    }

    fn known() -> Known {
        let agent = |run: &str| Carried::Agent(Some(run.to_owned()));
        let carried = [
            ("ship1", Carried::Others(Some("s3://b/43".to_owned()))),
            ("new1", agent("43")),
            ("killed1", agent("43")),
            ("new2", agent("43")),
            ("before2", agent("42")),
            ("before3", Carried::Nothing),
            ("db", Carried::Nothing),
        ];
        Known {
            carried: carried.map(|(id, carried)| (id.to_owned(), carried)).into(),
            ..Known::default()
        }
    }

    #[test]
    fn tasks_of_the_run_are_waited_for_and_those_before_it_are_not_its_own() {
        let mut known = known();
        let now = known.judge(&all(TASKS), &all(SERVICES), specs());
        assert_eq!(now.stores, BTreeSet::from(["s3://b/43".to_owned()]));
        let seen = |uid: &str| {
            let one = &now.instances[uid];
            (one.to_string(), one.has_run, one.is_settled)
        };
        let killed = "shop_web.1 (task: non-zero exit (137))".to_owned();
        assert_eq!(seen("killed1"), (killed, true, true));
        assert_eq!(seen("new1"), ("shop_web.1".to_owned(), true, true));
        assert_eq!(seen("new2"), ("shop_web.2".to_owned(), false, false));
        assert_eq!(now.instances.len(), 3);
        let lacking = ["shop_web.3 (to be replaced)", "shop_web (2/3)"];
        assert_eq!(now.lacking, lacking);
        assert!(!known.was_ready);
    }

    #[test]
    fn once_a_stack_was_ready_a_task_without_the_agent_is_missed() {
        let mut known = known();
        let tasks = TASKS.replace("Preparing", "Running");
        let mut tasks: Vec<Task> = all(&tasks);
        for task in &mut tasks {
            if task.id == "before3" {
                task.desired_state = "Shutdown".to_owned();
            }
        }
        let services = SERVICES.replace("2/3", "3/3");
        let now = known.judge(&tasks, &all(&services), specs());
        assert!(known.was_ready && now.lacking.is_empty(), "{now:?}");
        // Somebody deploys the stack as it was: its tasks are of no run.
        let mut later: Task = all(TASKS).remove(1);
        later.id = "raw".to_owned();
        tasks.push(later);
        known.carried.insert("raw".to_owned(), Carried::Nothing);
        let now = known.judge(&tasks, &all(&services), Vec::new());
        assert!(now.instances.contains_key("raw"));
        assert!(!now.instances.contains_key("before3"));
        assert!(!now.instances.contains_key("before2"));
    }

    #[test]
    fn what_could_not_be_started_has_not_run_and_is_waited_for() {
        let told = |desired: &str, state: &str, error: &str| {
            let text = serde_json::json!({
                "ID": "a", "Name": "shop_web.1", "DesiredState": desired,
                "CurrentState": format!("{state} 3 seconds ago"), "Error": error,
            });
            let task: Task = serde_json::from_value(text).unwrap();
            let seen = task.seen();
            (seen.has_run, seen.is_settled)
        };
        assert_eq!(
            told("Running", "Pending", "\"no suitable node\""),
            (false, false)
        );
        assert_eq!(told("Running", "Running", ""), (true, true));
        assert_eq!(
            told("Shutdown", "Rejected", "\"No such image: x\""),
            (false, true)
        );
        let not_started = "\"starting container failed: OCI runtime create failed\"";
        assert_eq!(told("Shutdown", "Failed", not_started), (false, true));
        assert_eq!(
            told("Shutdown", "Failed", "\"task: non-zero exit (1)\""),
            (true, true)
        );
        assert_eq!(told("Shutdown", "Complete", ""), (true, true));
        // It is restarted after a pause.
        assert_eq!(told("Ready", "Ready", ""), (false, false));
    }

    #[test]
    fn a_stack_is_a_name_and_a_service_says_how_much_of_it_runs() {
        assert_eq!("shop".parse::<Stack>().unwrap().to_string(), "shop");
        for wrong in ["", "--all", "a b", "a/b"] {
            assert!(wrong.parse::<Stack>().is_err(), "{wrong}");
        }
        let whole = |replicas: &str| Service {
            name: String::new(),
            replicas: replicas.to_owned(),
        };
        for text in ["3/3", "0/0", "3/3 (max 1 per node)", "0/1 (1/1 completed)"] {
            assert!(whole(text).is_whole(), "{text}");
        }
        for text in ["2/3", "2/3 (max 1 per node)", ""] {
            assert!(!whole(text).is_whole(), "{text}");
        }
    }

    #[test]
    fn labels_and_arguments_say_what_a_task_carries() {
        let carried = |text: &str| {
            let spec: Spec = serde_json::from_str(text).unwrap();
            spec.carried()
        };
        let run = Some("42".to_owned());
        assert_eq!(
            carried(
                r#"{"ContainerSpec": {"Labels": {"swath.dev/injected": "web", "swath.dev/run": "42"}}}"#
            ),
            Carried::Agent(run)
        );
        let ships = r#"{"ContainerSpec": {"Labels": {"swath.dev/run": "42"},
            "Args": ["ship", "--tasks", "--to", "s3://b/42", "--grace", "20s"]}}"#;
        let to = Some("s3://b/42".to_owned());
        assert_eq!(carried(ships), Carried::Others(to));
        for none in ["{}", r#"{"ContainerSpec": {"Labels": null}}"#] {
            assert_eq!(carried(none), Carried::Nothing);
        }
    }
}
