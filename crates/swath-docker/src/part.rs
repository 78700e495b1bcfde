//! What a container is part of, in the words of what created it.

use std::path::PathBuf;

use serde_json::Value;
use swath_model::Orchestrator;

use crate::config_hash::SERVICE_LABEL;

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
        } else if let Some(service) = label("com.docker.swarm.service.name") {
            (Orchestrator::Swarm, service)
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
}
