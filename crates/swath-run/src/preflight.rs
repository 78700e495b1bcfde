//! What can be known before the tests start is tried before they start.

use std::io;
use std::path::{Path, PathBuf};

use swath_checkout::{check_folder_writable, check_writable, is_pipe_or_device};

use crate::data_file::check_appendable;
use crate::error::RunError;
use crate::request::RunRequest;

/// Tries to write where the run will write.
pub(crate) fn check_outputs(request: &RunRequest) -> Result<(), RunError> {
    check_file("the data file", &request.data_file)?;
    if is_pipe_or_device(&request.data_file) {
        // Data needs a file that can be read again.
        let error = io::Error::other("it is a pipe or a device");
        return Err(refused("the data file", &request.data_file, error));
    }
    if request.append {
        check_appendable(&request.data_file, request.settings.config.branch)
            .map_err(RunError::NotAppendable)?;
    }
    for output in &request.outputs {
        if output.is_folder {
            check_folder(output.option, &output.path)?;
        } else {
            check_file(output.option, &output.path)?;
        }
    }
    check_apart(request)
}

/// No file is to be written twice.
fn check_apart(request: &RunRequest) -> Result<(), RunError> {
    let data = ("the data file", request.data_file.as_path());
    let files = request.outputs.iter().filter(|output| !output.is_folder);
    let mut known = vec![data];
    for file in files.filter(|file| !is_pipe_or_device(&file.path)) {
        let same = known
            .iter()
            .find(|(_, path)| in_its_folder(path) == in_its_folder(&file.path));
        if let Some((what, _)) = same {
            let error = io::Error::other(format!("{what} goes there as well"));
            return Err(refused(file.option, &file.path, error));
        }
        known.push((file.option, &file.path));
    }
    Ok(())
}

/// Where a file is that may not be there yet, by whatever name.
fn in_its_folder(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().map(fs_err::canonicalize);
    match (folder, absolute.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => absolute,
    }
}

fn check_file(what: &'static str, path: &Path) -> Result<(), RunError> {
    if path.is_dir() {
        return Err(refused(
            what,
            path,
            io::Error::from(io::ErrorKind::IsADirectory),
        ));
    }
    check_writable(path).map_err(|error| refused(what, path, error))
}

/// A folder that is made with its parents: the nearest one that exists has to take it.
fn check_folder(what: &'static str, path: &Path) -> Result<(), RunError> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let nearest = absolute
        .ancestors()
        .find(|folder| folder.symlink_metadata().is_ok())
        .map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    check_folder_writable(&nearest).map_err(|error| refused(what, path, error))
}

fn refused(what: &'static str, path: &Path, source: io::Error) -> RunError {
    RunError::OutputNotWritable {
        what,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_file("--json", &folder.path().join("a.json")).is_ok());
        assert!(check_file("--json", &folder.path().join("gone/a.json")).is_err());
        assert!(check_file("--json", folder.path()).is_err());
        assert!(check_file("--json", Path::new("/dev/stdout")).is_ok());
        assert!(check_folder("--html", &folder.path().join("gone/deeper")).is_ok());
        assert!(check_folder("--html", Path::new("/proc/gone")).is_err());
        let left = fs_err::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "the check leaves nothing");
    }
}
