//! The copy of the checkout that packages are built of: the files that git knows, as they are now.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use swath_test::{target_dir, workspace_root};

/// The version of what is built.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The copy, and the time of everything in what is made of it.
pub(crate) struct Stage {
    folder: PathBuf,
    time: String,
}

impl Stage {
    /// Makes it anew. Files that are as they were keep their times, so that cargo knows them again.
    pub(crate) fn make() -> Result<Stage> {
        let root = workspace_root();
        let folder = target_dir().join("dist-build/source");
        fs::create_dir_all(&folder)?;
        let files = git(&["ls-files", "-z"])?;
        let files: Vec<&str> = files.split('\0').filter(|name| !name.is_empty()).collect();
        for name in &files {
            let (from, to) = (root.join(name), folder.join(name));
            // One that was removed and is not committed yet.
            if from.is_file() {
                copy(&from, &to)?;
            }
        }
        let time = git(&["log", "-1", "--format=%ct"])?.trim().to_owned();
        let stage = Stage { folder, time };
        stage.remove_others(&files)?;
        Ok(stage)
    }

    /// The copy's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// When the commit was made, in seconds since 1970.
    pub(crate) fn time(&self) -> &str {
        &self.time
    }

    fn remove_others(&self, files: &[&str]) -> Result<()> {
        let root = workspace_root();
        for entry in walkdir::WalkDir::new(&self.folder) {
            let entry = entry?;
            let name = entry.path().strip_prefix(&self.folder)?;
            let is_known = name.to_str().is_some_and(|name| files.contains(&name));
            if entry.file_type().is_file() && !(is_known && root.join(name).is_file()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, bytes)?;
    Ok(fs::set_permissions(to, fs::metadata(from)?.permissions())?)
}

fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .current_dir(workspace_root())
        .args(arguments)
        .output()
        .context("cannot start git")?;
    ensure!(
        output.status.success(),
        "git {arguments:?} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}
