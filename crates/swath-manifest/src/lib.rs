//! Manifests in, manifests out: the workloads in them get the agent.
//!
//! Engines that create containers themselves pass no proxy; what they create is written in a manifest,
//! so that is where the agent goes in. This crate owns what is added to a workload, and what the
//! added containers are told ([`VolumeOrder`]). It reads no file, asks no cluster, and prints nothing.

mod choice;
mod documents;
mod error;
mod kubernetes;
mod node;
mod order;
mod python_path;
mod stack;
mod yaml;

pub use choice::PythonPath;
pub use error::{Input, ManifestError};
pub use kubernetes::added::SHIP as SHIPPING_CONTAINER;
pub use kubernetes::admission::{Admission, Admitted, ReviewError};
pub use kubernetes::inject;
pub use kubernetes::installation::{HEALTH_PATH, Installation, WEBHOOK_PATH, WEBHOOK_PORT};
pub use kubernetes::note::{LeftContainer, LeftWorkload, Outcome, Remark, WorkloadNote};
pub use kubernetes::pod::INJECTED as INJECTED_ANNOTATION;
pub use kubernetes::request::{Injected, KubernetesRequest, Sidecars};
pub use order::{
    AgentOrder, DeclaredContainer, OrderError, PLACES_VARIABLE, SETTINGS_VARIABLE, VolumeOrder,
    is_container_name,
};
pub use stack::addition::{SpecificationError, TaskAddition, TaskVolume};
pub use stack::note::{LeftService, ServiceNote, ServiceOutcome};
pub use stack::request::{AgentConfig, InjectedStack, StackRequest};
pub use stack::shipper::ShippingService;
pub use stack::{
    RUN_LABEL as STACK_RUN_LABEL, SERVICE_LABEL, SHIP_SERVICE, inject_stack, without_templates,
};
