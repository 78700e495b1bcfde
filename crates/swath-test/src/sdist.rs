//! The sources of packages, with their tests, as their authors published them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{pip_python, target_dir};

/// Puts the sources of a package (`name==version`), which are fetched once, into a folder; else
/// says why not.
pub fn unpack_sources(requirement: &str, folder: &Path) -> Result<(), String> {
    let sources = sources(requirement)?;
    copy_tree(&sources, folder).map_err(|error| error.to_string())
}

fn sources(requirement: &str) -> Result<PathBuf, String> {
    let name = requirement.replace("==", "-");
    let folder = target_dir().join("sources");
    let lock = folder.join(format!("{name}.lock"));
    let locked = fs_err::create_dir_all(&folder)
        .and_then(|()| fs_err::File::create(lock))
        .and_then(|lock| lock.file().lock().map(|()| lock));
    let _lock = locked.map_err(|error| error.to_string())?;
    let unpacked = folder.join(&name);
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    let python = pip_python().ok_or("no interpreter with a pip found")?;
    // An archive may write the package's name in another way than the requirement does.
    let partial = folder.join(format!("{name}.partial"));
    let tree = partial.join("tree");
    let _ = fs_err::remove_dir_all(&partial);
    fs_err::create_dir_all(&tree).map_err(|error| error.to_string())?;
    let mut download = python.command();
    download
        .args(["-m", "pip", "--disable-pip-version-check"])
        .args(["download", "--quiet", "--no-deps", "--no-binary", ":all:"])
        .arg("--dest")
        .arg(&partial)
        .arg(requirement);
    run(&mut download)?;
    let entries = fs_err::read_dir(&partial).map_err(|error| error.to_string())?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let archive = paths
        .find(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .ok_or_else(|| format!("{requirement} has no .tar.gz"))?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(&tree);
    run(unpack.arg("--strip-components=1"))?;
    fs_err::rename(&tree, &unpacked)
        .and_then(|()| fs_err::remove_dir_all(&partial))
        .map_err(|error| error.to_string())?;
    Ok(unpacked)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(error.trim().replace('\n', " / "))
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &place)?;
        } else {
            fs_err::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
