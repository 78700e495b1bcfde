//! `swath erase`.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::reporting::{Failure, Session};

/// Removes the data file, and the parallel ones beside it where the configuration makes such.
pub(crate) fn erase(parsed: &Parsed) -> Exit {
    let session = match Session::begin_with_plugins(&parsed.into()) {
        Ok(session) => session,
        Err(failure) => return failure.print(),
    };
    let config = &session.settings.config;
    let data_file = session.settings.data_file();
    let mut paths = vec![data_file.clone()];
    let multiprocessing = config
        .concurrency
        .iter()
        .any(|library| library == "multiprocessing");
    if config.parallel || multiprocessing {
        paths.extend(parallel_files(&data_file));
    }
    for path in paths {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Failure::new(error.to_string()).print();
            }
            _ => {}
        }
    }
    Exit::Success
}

/// `BASE.*` beside the data file, sorted.
pub(crate) fn parallel_files(data_file: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(base)) = (data_file.parent(), data_file.file_name()) else {
        return Vec::new();
    };
    let is_parallel = |name: &std::ffi::OsStr| {
        let rest = name
            .as_encoded_bytes()
            .strip_prefix(base.as_encoded_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"."))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| is_parallel(&entry.file_name()))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}
