//! The Compose project of the settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::SwathConfigError;
use super::keys::COMPOSE;
use super::table::Entry;
use super::{duration, path, ready};
use crate::ready::Ready;

/// A Compose project that is brought up for the tests. Paths are absolute if that of the settings is.
#[derive(Debug, Clone, Default)]
pub struct ComposeProject {
    /// Its files: at least one.
    pub files: Vec<PathBuf>,
    /// The service that runs the tests.
    pub test_service: Option<String>,
    /// The profiles to activate.
    pub profiles: Vec<String>,
    /// Its name; Compose's own choice without one.
    pub name: Option<String>,
    /// The services that are measured; all if none is named.
    pub measured: Vec<String>,
    /// The file for Compose's `--env-file`.
    pub env_file: Option<PathBuf>,
    /// When services are ready, by their names.
    pub ready: Vec<(String, Ready)>,
    /// How long all of them may take until they are ready.
    pub ready_timeout: Option<Duration>,
    /// How long a container may take to stop.
    pub stop_timeout: Option<Duration>,
}

/// Reads `compose`: the path of a file, a list of paths, or a table.
pub(super) fn read(entry: &Entry<'_>, folder: &Path) -> Result<ComposeProject, SwathConfigError> {
    if !entry.is_table() {
        return Ok(ComposeProject {
            files: files(entry, folder)?,
            ..ComposeProject::default()
        });
    }
    let table = entry.table()?;
    table.check_keys(&COMPOSE)?;
    let Some(file) = table.entry("file") else {
        return Err(table.missing("file"));
    };
    let texts = |key: &str| -> Result<Vec<String>, SwathConfigError> {
        let texts = table.entry(key).map(|entry| entry.texts()).transpose()?;
        Ok(texts
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect())
    };
    let text = |key: &str| -> Result<Option<String>, SwathConfigError> {
        let text = table.entry(key).map(|entry| entry.text()).transpose()?;
        Ok(text.map(str::to_owned))
    };
    let time = |key: &str| table.entry(key).map(|entry| duration(&entry)).transpose();
    let mut project = ComposeProject {
        files: files(&file, folder)?,
        test_service: text("test-service")?,
        profiles: texts("profile")?,
        name: text("project-name")?,
        measured: texts("measure")?,
        env_file: path(table.entry("env-file"), folder)?,
        ready: Vec::new(),
        ready_timeout: time("ready-timeout")?,
        stop_timeout: time("stop-timeout")?,
    };
    if let Some(checks) = table.entry("ready") {
        for check in checks.table()?.entries() {
            let parsed = ready(&check)?;
            if matches!(parsed, Ready::Log(_)) {
                let reason = "swath does not read the log of a Compose service";
                let hint = "use `http://HOST:PORT/PATH` or `tcp:HOST:PORT`".to_owned();
                return Err(check.bad_value(check.text()?, reason, Some(hint)));
            }
            project.ready.push((check.key().to_owned(), parsed));
        }
    }
    Ok(project)
}

fn files(entry: &Entry<'_>, folder: &Path) -> Result<Vec<PathBuf>, SwathConfigError> {
    let names = entry.texts()?;
    if names.is_empty() || names.iter().any(|name| name.is_empty()) {
        return Err(entry.bad_value("", "no compose file is named", None));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
