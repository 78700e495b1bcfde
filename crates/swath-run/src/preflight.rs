//! What can be known before the tests start is tried before they start.

use std::io;
use std::path::{Path, PathBuf};

use swath_checkout::{check_folder_writable, check_writable};

use crate::data_file::check_appendable;
use crate::error::RunError;
use crate::request::RunRequest;

/// Tries to write where the run will write.
pub(crate) fn check_outputs(request: &RunRequest) -> Result<(), RunError> {
    check_file("the data file", &request.data_file)?;
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
    Ok(())
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
