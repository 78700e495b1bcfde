//! What the caller asks for, and what it gets.

use super::note::ServiceNote;
use crate::choice::PythonPath;

/// How a stack file is to be rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackRequest {
    /// The image that holds swath.
    pub image: String,
    /// The run's name: a label of its services, and the folder of the store.
    pub run: String,
    /// Where what is recorded is shipped to.
    pub store: String,
    /// The secret of the Swarm with the variables that let the shipping service write to the store.
    pub store_secret: Option<String>,
    /// Globs of services; none means all.
    pub measure: Vec<String>,
    /// What images set as `PYTHONPATH`; the first that fits a service counts.
    pub python_paths: Vec<PythonPath>,
}

/// A file of the agent, as a config of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConfig {
    /// What the stack calls it; another content has another name.
    pub key: String,
    /// Where the file is when the stack is deployed.
    pub path: String,
    /// Its path in the agent's folder.
    pub target: String,
    /// Whether the Swarm fills in what it knows of a task.
    pub is_template: bool,
}

/// A stack file with the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InjectedStack {
    /// The file.
    pub text: String,
    /// What became of each service, in order.
    pub services: Vec<ServiceNote>,
    /// Globs of `measure` that no service matched.
    pub unused: Vec<String>,
}
