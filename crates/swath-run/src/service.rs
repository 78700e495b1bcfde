//! A service of the run while it runs.

use std::ffi::OsString;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use fs_err::File;
use rustix::process::Signal;
use swath_config::Service;
use swath_model::printable;

use crate::error::RunError;
use crate::process_table::{ProcessKey, Root};
use crate::run_folder::RunFolder;
use crate::spawn::Spawn;

/// How much of a log is shown when a service failed.
const SHOWN_LINES: usize = 12;

/// A service that has been started.
#[derive(Debug)]
pub(crate) struct RunningService {
    pub(crate) spec: Service,
    /// Its first process, and the mark of the others.
    pub(crate) root: Root,
    pub(crate) log: PathBuf,
    pub(crate) started: Instant,
    /// Its end during the tests has been told.
    pub(crate) end_told: bool,
    /// That it went into the background has been told.
    pub(crate) background_told: bool,
    /// When it was last looked what lives of it without its first process.
    pub(crate) looked: Option<Instant>,
    /// What was found then.
    pub(crate) remains: Remains,
}

/// What is left of a service when its first process has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remains {
    /// It has not been looked.
    Unknown,
    /// Nothing was seen, once: a child of one that has just ended may have been missed.
    NothingSeen,
    /// Something of it lives.
    LivesOn,
    /// Nothing of it lives.
    Nothing,
}

impl RunningService {
    /// Starts it in a process group of its own, its output in `logs/NAME.log`.
    pub(crate) fn start(
        spec: &Service,
        folder: &Path,
        run_folder: &RunFolder,
        logs: &Path,
    ) -> Result<RunningService, RunError> {
        let log = logs.join(format!("{}.log", file_name(&spec.name)));
        let file =
            swath_checkout::create_private_file(&log).map_err(|source| RunError::Folder {
                what: "a log",
                source,
            })?;
        let command = spec.command.iter().map(OsString::from).collect::<Vec<_>>();
        let pid = Spawn {
            command: &command,
            folder: spec.directory.as_deref().unwrap_or(folder),
            environment: &spec.environment,
            run_folder,
            service: Some(&spec.name),
            apart: true,
            log: Some(&file),
            death_signal: Signal::from_named_raw(spec.stop_signal.number()).unwrap_or(Signal::TERM),
        }
        .start()
        .map_err(|source| service_error(spec, source))?;
        Ok(RunningService {
            spec: spec.clone(),
            root: Root {
                key: ProcessKey::of(pid),
                service: spec.name.clone(),
            },
            log,
            started: Instant::now(),
            end_told: false,
            background_told: false,
            looked: None,
            remains: Remains::Unknown,
        })
    }

    /// The last lines of its log.
    pub(crate) fn last_output(&self) -> Vec<String> {
        last_lines(&self.log)
    }
}

fn service_error(spec: &Service, source: std::io::Error) -> RunError {
    let service = spec.name.clone();
    if source.kind() == std::io::ErrorKind::NotFound {
        let command = spec.command.first().cloned().unwrap_or_default();
        RunError::ServiceNotFound { service, command }
    } else {
        RunError::ServiceNotRunnable { service, source }
    }
}

/// A service's name as a file name: nothing leaves the folder of logs.
pub(crate) fn file_name(service: &str) -> String {
    let name = service
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .collect::<String>();
    name.trim_start_matches('.').to_owned()
}

pub(crate) fn last_lines(log: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(16 * 1024)))?;
        file.read_to_end(&mut bytes)
    });
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect::<Vec<_>>();
    let first = lines.len().saturating_sub(SHOWN_LINES);
    lines
        .iter()
        .skip(first)
        .map(|line| printable(line).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_name_stays_in_the_folder_of_logs() {
        assert_eq!(file_name("../../etc/x"), "_.._etc_x");
        assert_eq!(file_name("web 1"), "web_1");
    }

    #[test]
    fn the_last_lines_of_a_log_are_shown_without_control_characters() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let lines = (0..40).map(|n| format!("line {n}\n")).collect::<Vec<_>>();
        let text = format!("{}\n\x1b[31mred\n", lines.join("\n"));
        fs_err::write(&log, text).unwrap();
        let lines = last_lines(&log);
        assert_eq!(lines.len(), SHOWN_LINES);
        assert_eq!(lines.first().map(String::as_str), Some("line 29"));
        assert_eq!(lines.last().map(String::as_str), Some("\u{fffd}[31mred"));
    }
}
