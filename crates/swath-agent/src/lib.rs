//! The agent: the shared object that runs inside CPython, and the Python that loads it.
//!
//! This library holds them as constants; the run writes them into a folder of its own. The
//! object's source is the crate `swath-inproc`, compiled a second time by the build script.

/// The shared object, for Linux on x86-64; empty when swath was built for anything else.
pub const AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent.so"));

/// The name that the shared object must have, beside `sitecustomize.py`.
pub const AGENT_FILE_NAME: &str = "_swath.so";

/// What loads the shared object when an interpreter starts: to be written as `sitecustomize.py`.
pub const SITECUSTOMIZE: &str = include_str!("../../../python/sitecustomize.py");

/// The name of the agent's configuration, in the same folder.
pub const CONFIGURATION_FILE_NAME: &str = "swath-agent.conf";
