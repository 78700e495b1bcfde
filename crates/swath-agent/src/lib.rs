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

/// The folder of the Python side of attribution, beside `sitecustomize.py`.
pub const ATTRIBUTION_FOLDER: &str = "swath_attribution";

include!(concat!(env!("OUT_DIR"), "/attribution.rs"));

/// The files that an interpreter needs, by their names in the agent's folder. The configuration is
/// not among them.
pub fn files(attribution: bool) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let attribution = ATTRIBUTION.iter().filter(move |_| attribution);
    [
        ("sitecustomize.py", SITECUSTOMIZE.as_bytes()),
        (AGENT_FILE_NAME, AGENT),
    ]
    .into_iter()
    .chain(attribution.map(|(name, text)| (*name, text.as_bytes())))
}

/// What loads the shared object when an interpreter starts: to be written as `sitecustomize.py`.
pub const SITECUSTOMIZE: &str = include_str!("../../../python/sitecustomize.py");

/// The name of the agent's configuration, in the same folder.
pub const CONFIGURATION_FILE_NAME: &str = swath_store::settings::FILE_NAME;
