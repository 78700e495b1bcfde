//! What runs containers, and whose words therefore help.

/// What a container was created by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Orchestrator {
    /// Somebody who asked the engine for this one container.
    #[default]
    Engine,
    /// Docker Compose.
    Compose,
    /// Docker Swarm.
    Swarm,
    /// Kubernetes.
    Kubernetes,
}

impl Orchestrator {
    /// What it calls one instance of a service.
    pub fn instance(self) -> &'static str {
        match self {
            Orchestrator::Engine | Orchestrator::Compose => "container",
            Orchestrator::Swarm => "task",
            Orchestrator::Kubernetes => "pod",
        }
    }

    /// How an init is put before the first process of a container.
    pub fn init_advice(self, service: &str) -> String {
        match self {
            Orchestrator::Engine => {
                "start it with `docker run --init`, or with `--stop-signal SIGINT`".to_owned()
            }
            Orchestrator::Compose => format!(
                "put `init: true` at `{service}` in the compose file, or `stop_signal: SIGINT`"
            ),
            Orchestrator::Swarm => format!(
                "put `init: true` at `{service}` in the stack file, or `docker service update --init {service}`"
            ),
            Orchestrator::Kubernetes => format!(
                "start the container `{service}` through an init such as `tini`, or give its pod `shareProcessNamespace: true`"
            ),
        }
    }

    /// How a container is given more time to stop.
    pub fn time_advice(self, service: &str) -> String {
        match self {
            Orchestrator::Engine => "give it more time: `docker stop -t SECONDS`".to_owned(),
            Orchestrator::Compose | Orchestrator::Swarm => {
                format!("give it more time: `stop_grace_period` at `{service}`")
            }
            Orchestrator::Kubernetes => format!(
                "give it more time: `terminationGracePeriodSeconds` of the pod with `{service}`"
            ),
        }
    }

    /// How a container is given more memory.
    pub fn memory_advice(self, service: &str) -> String {
        match self {
            Orchestrator::Engine => {
                format!("raise the memory limit of `{service}`: `docker run --memory`")
            }
            Orchestrator::Compose => format!("raise `mem_limit` of `{service}`"),
            Orchestrator::Swarm => {
                format!("raise `deploy.resources.limits.memory` of `{service}`")
            }
            Orchestrator::Kubernetes => format!("raise `resources.limits.memory` of `{service}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_in_the_words_of_what_runs_the_container() {
        let all = [
            Orchestrator::Engine,
            Orchestrator::Compose,
            Orchestrator::Swarm,
            Orchestrator::Kubernetes,
        ];
        let advice = all.map(|one| one.memory_advice("web"));
        assert!(advice[3].contains("resources.limits") && advice[1].contains("mem_limit"));
        assert!(
            !Orchestrator::Kubernetes
                .init_advice("web")
                .contains("compose")
        );
        assert!(
            Orchestrator::Swarm
                .time_advice("web")
                .contains("stop_grace_period")
        );
    }
}
