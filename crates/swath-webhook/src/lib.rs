//! The admission webhook of a cluster: pods get the agent as they are created.
//!
//! API servers ask over HTTPS before they create a pod; `swath-manifest` decides what the answer is.
//! This crate owns what lies between: connections, certificates, and the limits of size, number and
//! time. Whoever asks is not trusted. It asks no cluster, and prints nothing.

mod answer;
mod certificates;
mod error;
mod event;
mod server;

pub use certificates::{CertificateFiles, authority};
pub use error::WebhookError;
pub use event::Event;
pub use server::{Ended, Webhook};
