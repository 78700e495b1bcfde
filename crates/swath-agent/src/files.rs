//! The files that an interpreter needs.

use std::borrow::Cow;

use swath_store::settings;

use crate::machine::Machine;

include!(concat!(env!("OUT_DIR"), "/attribution.rs"));

/// What loads the shared object when an interpreter starts: to be written as `sitecustomize.py`.
pub const SITECUSTOMIZE: &str = include_str!("../../../python/sitecustomize.py");

/// The name of the agent's configuration, in the same folder.
pub const CONFIGURATION_FILE_NAME: &str = swath_store::settings::FILE_NAME;

/// The folder of the Python side of attribution, beside `sitecustomize.py`.
pub const ATTRIBUTION_FOLDER: &str = "swath_attribution";

/// The files that an interpreter needs, by their names in the agent's folder: the objects for all
/// machines, of which `sitecustomize.py` takes the one of its own. The configuration is not among
/// them.
pub fn files(attribution: bool) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let attribution = ATTRIBUTION.iter().filter(move |_| attribution);
    let objects = Machine::with_agent().map(|machine| (machine.file_name(), machine.agent()));
    [("sitecustomize.py", SITECUSTOMIZE.as_bytes())]
        .into_iter()
        .chain(objects)
        .chain(attribution.map(|(name, text)| (*name, text.as_bytes())))
}

/// The objects that `LD_PRELOAD` may name, for all machines, by their names in the same folder.
pub fn preloads() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    Machine::with_agent().map(|machine| (machine.preload_file_name(), machine.preload()))
}

/// The settings of an agent, with the folder for its hit stores as the interpreter sees it.
pub fn with_data(agent_settings: &[u8], data: &[u8]) -> Vec<u8> {
    let mut own = agent_settings.to_vec();
    settings::write(settings::DATA, data, |bytes| own.extend_from_slice(bytes));
    own
}

/// Everything that an agent's folder holds, by names in it: the files, and the settings with `data`,
/// the folder for the hit stores as the interpreter sees it.
pub fn folder(
    agent_settings: &[u8],
    data: &[u8],
) -> impl Iterator<Item = (&'static str, Cow<'static, [u8]>)> {
    let own = with_data(agent_settings, data);
    let attribution = settings::read(agent_settings)
        .any(|setting| setting == (settings::ATTRIBUTION.as_bytes(), b"1"));
    files(attribution)
        .map(|(name, content)| (name, Cow::Borrowed(content)))
        .chain([(CONFIGURATION_FILE_NAME, Cow::Owned(own))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sitecustomize_has_the_names_of_the_files_beside_it() {
        let unrecorded = format!("\"/{}\"", settings::UNRECORDED_FILE);
        assert!(SITECUSTOMIZE.contains(&unrecorded), "{unrecorded}");
    }
}
