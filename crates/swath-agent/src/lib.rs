//! The agent: the shared object that runs inside CPython, and the Python that loads it.
//!
//! This library holds them as constants; the run writes them into a folder of its own. The
//! object's source is the crate `swath-inproc`, compiled a second time by the build script, once
//! for each machine.

mod files;
mod inject;
mod machine;

pub use files::{
    ATTRIBUTION, ATTRIBUTION_FOLDER, CONFIGURATION_FILE_NAME, SITECUSTOMIZE, files, folder,
    preloads, with_data,
};
pub use inject::{ANY_ORDER, Inject, PRELOAD_VARIABLE, PYTHON_PATH, SANITIZER, foreign_loaders};
pub use machine::{AGENT, AGENT_FILE_NAME, Machine, PRELOAD, PRELOAD_FILE_NAME};
