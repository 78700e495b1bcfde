//! The files of a container, read from its image and from what it mounts, also when it is gone.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use swath_checkout::{Links, normal_path, open_regular};

use crate::endpoint::Endpoint;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::owner::this_process;
use crate::patience::Limits;
use crate::python::Carrier;
use crate::record::ContainerRecord;

/// What is longer is no file of settings and no script.
const LONGEST: u64 = 1 << 20;
/// A chain of links that is longer leads nowhere.
const MOST_LINKS: usize = 10;

/// The files of one container.
pub struct PlaceFiles<'a> {
    engine: Engine,
    record: &'a ContainerRecord,
}

impl<'a> PlaceFiles<'a> {
    /// Those of a container of the engine there.
    pub fn new(endpoint: &Endpoint, record: &'a ContainerRecord) -> PlaceFiles<'a> {
        let engine = Engine::new(endpoint.clone(), Limits::default());
        engine.patience.end();
        PlaceFiles { engine, record }
    }

    /// The beginnings of the files at these paths, `None` for those that are not there.
    pub fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, EngineError> {
        let image = &self.record.image_id;
        let carrier = Carrier::create(&self.engine, image, &this_process(), None)?;
        paths
            .iter()
            .map(|path| read_at(&self.engine, self.record, &carrier.id, path))
            .collect()
    }
}

/// What a container has at a path: from this machine, if it mounts it from here, else from its image,
/// which `carrier` is made of.
pub(crate) fn read_at(
    engine: &Engine,
    record: &ContainerRecord,
    carrier: &str,
    path: &str,
) -> Result<Option<Vec<u8>>, EngineError> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Some(here) = record.place.on_host(&path) {
            return Ok(read_here(engine, Path::new(&here)));
        }
        match read_in_image(engine, carrier, &path)? {
            Found::Text(text) => return Ok(Some(text)),
            Found::Link(target) => path = linked(&path, &target),
            Found::Nothing => return Ok(None),
        }
    }
    Ok(None)
}

/// A file of this machine, if the engine's is the same one.
fn read_here(engine: &Engine, path: &Path) -> Option<Vec<u8>> {
    if !engine.endpoint.is_local() {
        return None;
    }
    let mut text = Vec::new();
    let file = open_regular(path, Links::Follow).ok()?;
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    Some(text)
}

enum Found {
    Text(Vec<u8>),
    Link(PathBuf),
    Nothing,
}

fn read_in_image(engine: &Engine, id: &str, path: &str) -> Result<Found, EngineError> {
    let broken = |source| EngineError::Broken {
        what: format!("the file {path} of a container"),
        source,
    };
    let answer = match engine.get_archive(id, path) {
        Ok(answer) => answer,
        Err(error) if error.is_not_found() => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let mut archive = tar::Archive::new(answer);
    let mut entries = archive.entries().map_err(broken)?;
    let Some(entry) = entries.next() else {
        return Ok(Found::Nothing);
    };
    let entry = entry.map_err(broken)?;
    match entry.header().entry_type() {
        tar::EntryType::Regular => {
            let mut text = Vec::new();
            entry.take(LONGEST).read_to_end(&mut text).map_err(broken)?;
            Ok(Found::Text(text))
        }
        tar::EntryType::Symlink => {
            let target = entry.link_name().map_err(broken)?;
            Ok(target.map_or(Found::Nothing, |target| Found::Link(target.into_owned())))
        }
        _ => Ok(Found::Nothing),
    }
}

/// Where a link leads.
fn linked(path: &str, target: &Path) -> String {
    let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
    normal_path(&folder.join(target).to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_from_its_own_folder() {
        let check = |path, target, expected| assert_eq!(linked(path, Path::new(target)), expected);
        check("/usr/bin/python3", "python3.13", "/usr/bin/python3.13");
        check("/usr/bin/x", "../lib/x", "/usr/lib/x");
        check("/bin/x", "/etc/alternatives/x", "/etc/alternatives/x");
        check("/x", "../../../y", "/y");
    }
}
