//! The private folder of a run: the agent goes in, hit stores come out.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_store::settings;

use crate::error::RunError;
use crate::inject::Inject;
use crate::request::Scope;

/// A folder that only this user can enter, removed on drop unless [`RunFolder::keep`] was called.
///
/// Layout: `agent/` (sitecustomize, the shared object, its settings) and `data/` (hit stores).
/// Its path stays short, because a unix socket's path must stay under 107 bytes.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    keep: bool,
    inject: Inject,
}

impl RunFolder {
    /// Makes the folder and puts the agent with its settings into it.
    pub(crate) fn create(scope: &Scope, inject: Inject) -> Result<RunFolder, RunError> {
        let make = || -> io::Result<RunFolder> {
            let base = base_folder();
            inject.check(&base)?;
            let path = tempfile::Builder::new()
                .prefix("swath-")
                .permissions(std::fs::Permissions::from_mode(0o700))
                .tempdir_in(base)?
                .keep();
            let folder = RunFolder {
                path,
                keep: false,
                inject,
            };
            folder.fill(scope)?;
            Ok(folder)
        };
        make().map_err(|source| RunError::Folder {
            what: "the run's folder",
            source,
        })
    }

    fn fill(&self, scope: &Scope) -> io::Result<()> {
        fs::create_dir(self.agent())?;
        fs::create_dir(self.data())?;
        // Services that give up root write here too, where they can reach it.
        fs::set_permissions(self.data(), std::fs::Permissions::from_mode(0o1777))?;
        fs::write(
            self.agent().join("sitecustomize.py"),
            swath_agent::SITECUSTOMIZE,
        )?;
        fs::write(
            self.agent().join(swath_agent::AGENT_FILE_NAME),
            swath_agent::AGENT,
        )?;
        if self.inject.is_by_preload() {
            let preload = self.agent().join(swath_agent::PRELOAD_FILE_NAME);
            fs::write(preload, swath_agent::PRELOAD)?;
        }
        fs::write(self.agent().join(settings::FILE_NAME), self.settings(scope))?;
        Ok(())
    }

    /// The run's folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the agent is.
    pub(crate) fn agent(&self) -> PathBuf {
        self.path.join("agent")
    }

    /// Where the hit stores are.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Where the hit stores of containers are gathered, a folder for each.
    pub(crate) fn containers(&self) -> PathBuf {
        self.path.join("containers")
    }

    /// Leaves the folder in place when this value is dropped.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    /// The variables that bring the agent into a process, which has `current` without them.
    pub(crate) fn variables(
        &self,
        current: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        self.inject.variables(&self.agent(), current)
    }

    /// The agent's settings.
    fn settings(&self, scope: &Scope) -> Vec<u8> {
        let mut file = scope_settings(scope);
        let mut add = |key, value: &[u8]| {
            settings::write(key, value, |bytes| file.extend_from_slice(bytes));
        };
        for package in &scope.source_packages {
            add(settings::SOURCE_PACKAGE, package.as_bytes());
        }
        for glob in &scope.include {
            add(settings::INCLUDE, glob.as_bytes());
        }
        for glob in &scope.omit {
            add(settings::OMIT, glob.as_bytes());
        }
        for folder in &scope.source_folders {
            add(settings::SOURCE_FOLDER, folder.as_os_str().as_bytes());
        }
        add(settings::DATA, self.data().as_os_str().as_bytes());
        file
    }
}

/// The settings that a scope has on this host and in containers.
pub(crate) fn scope_settings(scope: &Scope) -> Vec<u8> {
    let mut file = Vec::new();
    for (key, value) in [
        (settings::BRANCH, scope.branch),
        (settings::COVER_PYLIB, scope.cover_pylib),
    ] {
        let value = if value { b"1" } else { b"0" };
        settings::write(key, value, |bytes| file.extend_from_slice(bytes));
    }
    file
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !self.keep {
            // A folder that cannot be removed is found and named by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The runtime folder where it is usable and not mounted `noexec`-prone for others, else the temporary one.
fn base_folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute() && path.is_dir() && !is_mounted_noexec(path))
        .unwrap_or_else(std::env::temp_dir)
}

/// A shared object cannot be loaded from a file system mounted `noexec`.
fn is_mounted_noexec(path: &Path) -> bool {
    rustix::fs::statvfs(path).map_or(true, |stat| {
        stat.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_every_rule_of_the_scope() {
        let scope = Scope {
            source_folders: vec![PathBuf::from("/src/a\nb")],
            source_packages: vec!["xy".to_owned()],
            include: vec![],
            omit: vec!["*/gen/**".to_owned()],
            cover_pylib: false,
            branch: true,
        };
        let folder = RunFolder {
            path: PathBuf::from("/run/x"),
            keep: true,
            inject: Inject::Path,
        };
        let file = folder.settings(&scope);
        let expected = [
            ("branch", "1"),
            ("cover-pylib", "0"),
            ("source-pkg", "xy"),
            ("omit", "*/gen/**"),
            ("source-dir", "/src/a\nb"),
            ("data", "/run/x/data"),
        ];
        let expected = expected.map(|(key, value)| (key.as_bytes(), value.as_bytes()));
        assert!(settings::read(&file).eq(expected), "{file:?}");
    }
}
