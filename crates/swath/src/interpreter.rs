//! Which Python runs the program of `swath run PROGRAM`.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The Python that was asked for, else that of the environment swath is installed in, of the active
/// virtual environment, or the first one on `PATH`.
pub(crate) fn find_interpreter(asked: Option<&Path>) -> OsString {
    if let Some(asked) = asked {
        return asked.into();
    }
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(|folder| folder.join("python")));
    let active =
        std::env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("bin/python"));
    let found = beside
        .into_iter()
        .chain(active)
        .find(|path| is_program(path));
    if let Some(found) = found {
        return found.into();
    }
    let name = ["python", "python3"]
        .into_iter()
        .find(|name| is_on_path(name))
        .unwrap_or("python3");
    name.into()
}

fn is_on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(OsStr::new(name))))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
