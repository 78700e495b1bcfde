//! How the agent gets into the processes of a run on this host.

use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use swath_agent::{Inject, Machine, PRELOAD_VARIABLE, foreign_loaders};

/// Both ways, unless something says that the loader's could disturb a program.
pub(crate) fn harmless(object: &Path) -> Inject {
    let is_foreign = foreign_loaders(Machine::OWN).any(|path| Path::new(path).exists());
    if is_foreign || check(Inject::Both, object).is_err() || !is_silent(object) {
        return Inject::Path;
    }
    Inject::Both
}

/// Whether a way can name a file there: the loader takes blanks and colons as separators.
pub(crate) fn check(inject: Inject, folder: &Path) -> io::Result<()> {
    let bytes = folder.as_os_str().as_bytes();
    if !inject.is_by_preload() || !bytes.iter().any(|byte| b" :\t\n".contains(byte)) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "LD_PRELOAD cannot name a file in `{}`, because of a blank or a colon",
            folder.display()
        ),
    ))
}

/// Writes the object, for everybody to read.
pub(crate) fn write_object(path: &Path) -> io::Result<()> {
    use fs_err::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    let mut file = options.open(path)?;
    // Whatever the umask says.
    file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.write_all(swath_agent::PRELOAD)
}

/// Whether a program of this system runs with the object as it runs without.
fn is_silent(object: &Path) -> bool {
    let output = Command::new("true")
        .env(PRELOAD_VARIABLE, object)
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| output.status.success() && output.stderr.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_cannot_name_every_folder() {
        assert!(check(Inject::Both, Path::new("/tmp/swath-1")).is_ok());
        assert!(check(Inject::Path, Path::new("/tmp/a b")).is_ok());
        let error = check(Inject::Preload, Path::new("/tmp/a:b")).unwrap_err();
        assert!(error.to_string().contains("`/tmp/a:b`"));
    }
}
