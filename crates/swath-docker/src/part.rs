//! What a container is part of, in the words of what created it.

use std::path::PathBuf;

use serde_json::Value;
use swath_model::Orchestrator;

use crate::config_hash::SERVICE_LABEL;

/// The label of a task's container that names its service.
pub(crate) const TASK_SERVICE_LABEL: &str = "com.docker.swarm.service.name";
/// The label of what `docker stack deploy` makes that names the stack.
pub(crate) const STACK_LABEL: &str = "com.docker.stack.namespace";

/// A container as a part of something larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePart {
    /// What runs it.
    pub orchestrator: Orchestrator,
    /// The name of the service there; every replica has the same one.
    pub service: String,
    /// The files of a Compose project, as it was told them, and the folder that they are relative to.
    pub compose: Option<(PathBuf, Vec<PathBuf>)>,
}

impl ServicePart {
    /// What labels say.
    pub(crate) fn of(labels: &Value) -> Option<ServicePart> {
        let label = |name: &str| labels[name].as_str().filter(|value| !value.is_empty());
        let (orchestrator, service) = if let Some(service) = label(SERVICE_LABEL) {
            (Orchestrator::Compose, service)
        } else if let Some(service) = label(TASK_SERVICE_LABEL) {
            let own = name_in_stack(service, label(STACK_LABEL));
            (Orchestrator::Swarm, own)
        } else {
            let name = label("io.kubernetes.container.name");
            // What holds the network of a pod runs nothing.
            let is_pause = label("io.kubernetes.docker.type") == Some("podsandbox");
            (Orchestrator::Kubernetes, name.filter(|_| !is_pause)?)
        };
        Some(ServicePart {
            orchestrator,
            service: service.to_owned(),
            compose: label("com.docker.compose.project.working_dir").map(|folder| {
                let files = label("com.docker.compose.project.config_files").unwrap_or_default();
                let files = files.split(',').filter(|file| !file.is_empty());
                let folder = PathBuf::from(folder);
                let files = files.map(|file| folder.join(file)).collect();
                (folder, files)
            }),
        })
    }
}

/// The name of a service as its stack file has it: without that of the stack before it.
pub(crate) fn name_in_stack<'n>(service: &'n str, stack: Option<&str>) -> &'n str {
    let own = stack.and_then(|stack| service.strip_prefix(stack)?.strip_prefix('_'));
    own.unwrap_or(service)
}

/// `xy` for `registry:5000/team/xy:latest`: how a container without a name is known.
pub(crate) fn short_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split(['@', ':']).next().unwrap_or(last);
    if name.is_empty() { image } else { name }.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_is_what_its_engine_calls_it() {
        let part =
            |labels: Value| ServicePart::of(&labels).map(|part| (part.orchestrator, part.service));
        let named = |orchestrator| Some((orchestrator, "web".to_owned()));
        let compose =
            json!({"com.docker.compose.service": "web", "com.docker.compose.project": "p"});
        assert_eq!(part(compose), named(Orchestrator::Compose));
        let swarm = json!({"com.docker.swarm.service.name": "web", "com.docker.swarm.task.name": "web.1.x"});
        assert_eq!(part(swarm), named(Orchestrator::Swarm));
        let stack = json!({"com.docker.swarm.service.name": "shop_web", STACK_LABEL: "shop"});
        assert_eq!(part(stack), named(Orchestrator::Swarm));
        let pod =
            json!({"io.kubernetes.container.name": "web", "io.kubernetes.pod.name": "web-7f-x"});
        assert_eq!(part(pod), named(Orchestrator::Kubernetes));
        let pause = json!({
            "io.kubernetes.container.name": "POD", "io.kubernetes.docker.type": "podsandbox",
        });
        assert_eq!(part(pause), None);
        assert_eq!(part(json!(null)), None);
        assert_eq!(part(json!({"com.docker.compose.service": ""})), None);
    }

    #[test]
    fn a_container_without_a_name_is_known_by_its_image() {
        assert_eq!(short_name("registry:5000/team/xy:latest"), "xy");
        assert_eq!(short_name("xy@sha256:0123"), "xy");
        assert_eq!(short_name("sha256:0123"), "sha256");
    }
}
