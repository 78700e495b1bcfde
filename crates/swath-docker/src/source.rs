//! The text of a file that a container ran, for reports: from the container, or from its image.

use std::io::Read as _;

use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::owner::this_process;
use crate::patience::Limits;
use crate::python::Carrier;
use crate::record::ContainerRecord;

/// A source that is longer is none.
const LONGEST: u64 = 16 << 20;

/// Reads a file as the container has it. One that is gone is asked for in its image.
pub fn read_source(
    endpoint: &Endpoint,
    record: &ContainerRecord,
    path: &str,
) -> Result<Vec<u8>, EngineError> {
    let engine = Engine::new(endpoint.clone(), Limits::default());
    engine.patience.end();
    match read(&engine, &record.id, path) {
        Err(error) if error.is_not_found() => {}
        other => return other,
    }
    let carrier = Carrier::create(&engine, &record.image_id, &this_process(), None)?;
    read(&engine, &carrier.id, path)
}

fn read(engine: &Engine, id: &str, path: &str) -> Result<Vec<u8>, EngineError> {
    let mut archive = tar::Archive::new(engine.get_archive(id, path)?);
    let broken = |source| EngineError::Broken {
        what: format!("the file {path} of a container"),
        source,
    };
    let mut text = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if entry.header().entry_type() == tar::EntryType::Regular {
            entry.take(LONGEST).read_to_end(&mut text).map_err(broken)?;
            break;
        }
    }
    Ok(text)
}
