//! `swath erase`.

use std::path::Path;

use fs_err as fs;

use crate::arguments::EraseArguments;
use crate::commands::report::{current_folder, fail};
use crate::exit::Exit;
use crate::settings::Settings;

/// Removes the data file, and the parallel ones beside it where the configuration makes such.
pub(crate) fn erase(arguments: &EraseArguments) -> Exit {
    let mut settings = match Settings::load(arguments.rcfile.as_deref(), &current_folder()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    if let Some(data_file) = &arguments.data_file {
        settings.config.data_file.clone_from(data_file);
    }
    let data_file = settings.data_file();
    let mut paths = vec![data_file.clone()];
    if settings.config.parallel {
        paths.extend(parallel_files(&data_file));
    }
    for path in paths {
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return fail(&error.to_string());
        }
    }
    Exit::Success
}

/// `BASE.*` beside the data file.
fn parallel_files(data_file: &Path) -> Vec<std::path::PathBuf> {
    let (Some(folder), Some(name)) = (data_file.parent(), data_file.file_name()) else {
        return Vec::new();
    };
    let prefix = format!("{}.", name.to_string_lossy());
    std::fs::read_dir(folder)
        .map(|entries| {
            entries
                .flatten()
                .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
                .map(|entry| entry.path())
                .collect()
        })
        .unwrap_or_default()
}
