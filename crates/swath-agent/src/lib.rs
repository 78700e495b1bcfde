//! The agent: the shared object that runs inside CPython, and the Python that loads it.
//!
//! This library holds them as constants; the run writes them into a folder of its own. The
//! object's source is the crate `swath-inproc`, compiled a second time by the build script.

/// The shared object, for Linux on x86-64; empty when swath was built for anything else.
pub const AGENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent.so"));

/// The name that the shared object must have, beside `sitecustomize.py`.
pub const AGENT_FILE_NAME: &str = "_swath.so";

/// The object that `LD_PRELOAD` may name, for interpreters that do not run `sitecustomize.py`; empty
/// where [`AGENT`] is.
pub const PRELOAD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/preload.so"));

/// The name of that object, beside `sitecustomize.py`.
pub const PRELOAD_FILE_NAME: &str = "swath-preload.so";

/// What loads the shared object when an interpreter starts: to be written as `sitecustomize.py`.
pub const SITECUSTOMIZE: &str = include_str!("../../../python/sitecustomize.py");

/// The name of the agent's configuration, in the same folder.
pub const CONFIGURATION_FILE_NAME: &str = swath_store::settings::FILE_NAME;
