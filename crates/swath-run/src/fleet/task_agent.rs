//! The agent of a Swarm's tasks: files that the Swarm brings to every node as configs of the services.

use sha2::{Digest as _, Sha256};
use swath_agent::CONFIGURATION_FILE_NAME;
use swath_manifest::{AgentConfig, SERVICE_LABEL, without_templates};
use swath_store::settings;

use crate::agent_settings;

/// What the agent of tasks records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskAgent<'a> {
    /// The run's name.
    pub run: &'a str,
    /// Record branches as well as lines.
    pub branch: bool,
    /// Record for which test and which request code runs.
    pub attribution: bool,
    /// Packages that are measured where they are installed, too, as paths: `shop/web`.
    pub own_packages: &'a [String],
}

/// A file of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFile {
    /// Its path in the agent's folder.
    pub target: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// Whether the Swarm fills in what it knows of a task.
    pub is_template: bool,
}

impl TaskAgent<'_> {
    /// The files, for tasks whose folders are below `tasks`.
    pub fn files(&self, tasks: &str) -> Vec<TaskFile> {
        let files = swath_agent::files(self.attribution);
        let settings = agent_settings::in_pod(self.attribution, self.branch, self.own_packages);
        task_files(files, settings, self.run, tasks)
    }
}

/// The files of an agent with these settings, for the tasks of a run whose folders are below `tasks`. A
/// task's own is `RUN/TASK/SERVICE/data`: only the Swarm knows the name of a task, and the agent makes
/// it.
pub(crate) fn task_files<'a>(
    agent: impl Iterator<Item = (&'a str, &'a [u8])>,
    settings: Vec<u8>,
    run: &str,
    tasks: &str,
) -> Vec<TaskFile> {
    let files = agent.map(|(name, content)| TaskFile {
        target: name.to_owned(),
        content: content.to_owned(),
        is_template: false,
    });
    let settings = TaskFile {
        target: CONFIGURATION_FILE_NAME.to_owned(),
        content: template(settings, run, tasks),
        is_template: true,
    };
    files.chain([settings]).collect()
}

/// The agent's settings, as a template. The length of a value stands before it, so the Swarm counts,
/// too.
fn template(mut settings: Vec<u8>, run: &str, tasks: &str) -> Vec<u8> {
    settings::write(settings::DATA_BELOW, tasks.as_bytes(), |bytes| {
        settings.extend_from_slice(bytes);
    });
    let fixed = without_templates(&String::from_utf8_lossy(&settings));
    let folder = format!("{tasks}/{run}");
    let service = format!("index .Service.Labels {SERVICE_LABEL:?}");
    let key = settings::DATA;
    let length = format!("printf \"{folder}/%s/%s/data\" .Task.Name ({service}) | len");
    let path = format!("{folder}/{{{{.Task.Name}}}}/{{{{{service}}}}}/data");
    format!("{fixed}{key} {{{{{length}}}}} {path}\n").into_bytes()
}

impl TaskFile {
    /// The config that holds it, from a file in this folder. A config never changes, so its name is that
    /// of the content.
    pub fn config(&self, folder: &str) -> AgentConfig {
        let mut hash = Sha256::new();
        hash.update(self.target.as_bytes());
        hash.update([0, u8::from(self.is_template)]);
        hash.update(&self.content);
        let hash = hash.finalize();
        let first = hash.first_chunk().copied().unwrap_or_default();
        let key = format!("swath-{:016x}", u64::from_be_bytes(first));
        AgentConfig {
            path: format!("{folder}/{key}"),
            key,
            target: self.target.clone(),
            is_template: self.is_template,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_agent_fits_a_config_and_a_config_is_its_content() {
        /// The most that a Swarm takes, in bytes.
        const MOST: usize = 1000 * 1024;
        let agent = |run| TaskAgent {
            run,
            branch: true,
            attribution: true,
            own_packages: &[],
        };
        let files = agent("42").files("/swath/tasks");
        assert!(files.iter().all(|file| file.content.len() < MOST));
        let keys = |run| {
            let files = agent(run).files("/swath/tasks");
            let keys = files.iter().map(|file| file.config("x").key);
            keys.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(keys("42").len(), files.len());
        assert_eq!(keys("42"), keys("42"));
        // The settings hold the run, nothing else does.
        assert_eq!(keys("42").difference(&keys("43")).count(), 1);
        let settings = files.last().unwrap();
        let text = String::from_utf8_lossy(&settings.content);
        assert!(settings.is_template, "{text}");
        let expected = "data-below 12 /swath/tasks\ndata \
            {{printf \"/swath/tasks/42/%s/%s/data\" .Task.Name (index .Service.Labels \"swath.dev/injected\") | len}} \
            /swath/tasks/42/{{.Task.Name}}/{{index .Service.Labels \"swath.dev/injected\"}}/data\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
