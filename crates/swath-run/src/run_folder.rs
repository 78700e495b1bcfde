//! The private folder of a run: the agent goes in, hit stores come out.

pub(crate) mod packing;

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use swath_agent::Inject;
use swath_checkout::OwnedFolder;

use crate::data_file::random_id;
use crate::error::RunError;
use crate::inject;

/// A folder that only this user can look into, removed on drop unless [`RunFolder::keep`] was called.
///
/// Layout: `NAME/RANDOM/agent/` (sitecustomize, the shared object, its settings) and
/// `NAME/RANDOM/data/` (hit stores), to which `NAME/data` is a link; beside them what is of this
/// user alone. A service may run as another user, who must get there: so `NAME` lets everybody
/// through who knows what comes after it, which is random, and which only processes of the run are
/// given. The path stays short, because a unix socket's path must stay under 107 bytes.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// The folder in it that others are let into.
    inner: PathBuf,
    keep: bool,
    /// `None`: nothing that is started gets the agent.
    inject: Option<Inject>,
}

impl RunFolder {
    /// Makes the folder and puts the agent with its settings into it, in the first place where that
    /// can be done and where the agent can be loaded. `settings` are of `agent_settings`.
    /// `inject` is how the agent is to get into processes; `None` takes what disturbs nothing here.
    pub(crate) fn create(settings: &[u8], inject: Option<Inject>) -> Result<RunFolder, RunError> {
        Self::create_in(&places(), settings, inject).map_err(|source| RunError::Folder {
            what: "the run's folder",
            source,
        })
    }

    fn create_in(
        places: &[PathBuf],
        settings: &[u8],
        inject: Option<Inject>,
    ) -> io::Result<RunFolder> {
        let mut problems = Vec::new();
        for place in places {
            match Self::create_at(place, settings, inject) {
                Ok(folder) => return Ok(folder),
                // The same everywhere.
                Err(problem) if problem.kind() == io::ErrorKind::FileTooLarge => {
                    return Err(problem);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let problems: Vec<String> = problems.iter().map(io::Error::to_string).collect();
        let text = format!(
            "{}; set TMPDIR to a folder with room where programs may run",
            problems.join("; ")
        );
        Err(io::Error::other(text))
    }

    fn create_at(place: &Path, settings: &[u8], inject: Option<Inject>) -> io::Result<RunFolder> {
        if is_mounted_noexec(place)? {
            let text = format!("`{}` is mounted noexec", place.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        if let Some(inject) = inject {
            inject::check(inject, place)?;
        }
        let path = OwnedFolder::create(place)?.path().to_owned();
        // From here on it is removed when something fails.
        let inner = path.join(random_id());
        let mut folder = RunFolder {
            path,
            inner,
            keep: false,
            inject: Some(inject.unwrap_or_default()),
        };
        folder.fill(settings).map_err(with_limit)?;
        if inject != Some(Inject::Path) {
            inject::write_object(&folder.object()).map_err(with_limit)?;
            folder.inject = inject.or_else(|| Some(inject::harmless(&folder.object())));
        }
        Ok(folder)
    }

    fn fill(&self, settings: &[u8]) -> io::Result<()> {
        let make = |folder: &Path, mode| {
            fs::create_dir(folder)?;
            // Whatever the umask says.
            fs::set_permissions(folder, std::fs::Permissions::from_mode(mode))
        };
        make(&self.inner, 0o711)?;
        make(&self.agent(), 0o755)?;
        // Of this user: who runs the services may put files into it, and cannot keep it.
        make(
            &self.agent().join(swath_store::settings::BYTE_CODE_FOLDER),
            0o755,
        )?;
        // Services of other users write here too.
        make(&self.data(), 0o1777)?;
        make(&self.containers(), 0o700)?;
        make(&self.engine(), 0o700)?;
        self.show_data_to_its_user()?;
        for (name, content) in swath_agent::folder(settings, self.data().as_os_str().as_bytes()) {
            let file = self.agent().join(name);
            if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
                make(folder, 0o755)?;
            }
            fs::write(&file, content)?;
            fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
        }
        // For everybody to touch.
        let unrecorded = fs::File::create_new(unrecorded_in(&self.agent()))?;
        unrecorded.set_permissions(std::fs::Permissions::from_mode(0o666))?;
        unrecorded.file().set_modified(UNIX_EPOCH)?;
        // Only now, when nothing in it is open to others that should not be.
        fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o711))?;
        Ok(())
    }

    /// Puts `data` beside the folder that others are let into, for a user who looks for the stores of
    /// a run: a link through a folder that only this user can pass, so that it tells nobody else the
    /// name.
    fn show_data_to_its_user(&self) -> io::Result<()> {
        let own = self.path.join("own");
        fs::create_dir(&own)?;
        fs::set_permissions(&own, std::fs::Permissions::from_mode(0o700))?;
        fs::os::unix::fs::symlink(self.data(), own.join("data"))?;
        fs::os::unix::fs::symlink("own/data", self.path.join("data"))
    }

    /// The run's folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the agent is.
    pub(crate) fn agent(&self) -> PathBuf {
        self.inner.join("agent")
    }

    /// Where the hit stores are.
    pub(crate) fn data(&self) -> PathBuf {
        self.inner.join("data")
    }

    /// Where the hit stores of containers are gathered, a folder for each.
    pub(crate) fn containers(&self) -> PathBuf {
        self.path.join("containers")
    }

    /// Where the socket of the engine is.
    pub(crate) fn engine(&self) -> PathBuf {
        self.path.join("engine")
    }

    /// Where the hit stores of the run with this folder are.
    pub(crate) fn data_in(path: &Path) -> PathBuf {
        let folders = fs::read_dir(path).into_iter().flatten().flatten();
        folders
            .map(|folder| folder.path().join("data"))
            .find(|data| data.is_dir() && !data.is_symlink())
            .unwrap_or_else(|| path.join("data"))
    }

    /// Leaves the folder in place when this value is dropped.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    /// Gives nothing that is started the agent.
    pub(crate) fn inject_nothing(&mut self) {
        self.inject = None;
    }

    /// The variables that bring the agent into a process, which has `current` without them.
    pub(crate) fn variables(
        &self,
        current: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        self.inject.map_or_else(Vec::new, |inject| {
            inject.variables(&self.agent(), &self.object(), current)
        })
    }

    /// The object for the loader.
    fn object(&self) -> PathBuf {
        self.agent().join(swath_agent::PRELOAD_FILE_NAME)
    }
}

fn unrecorded_in(agent: &Path) -> PathBuf {
    agent.join(swath_store::settings::UNRECORDED_FILE)
}

/// Whether each agent that did not work could say so. `agent` is the folder that it was in.
pub(crate) fn failures_are_noted(agent: &Path) -> bool {
    let changed = fs::metadata(unrecorded_in(agent)).and_then(|file| file.modified());
    changed.is_ok_and(|changed| changed == UNIX_EPOCH)
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // After a fault of swath's own the hit stores are all that is left of the run: the next one
        // finds them.
        if !self.keep && !std::thread::panicking() {
            // A folder that cannot be removed is found and named by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Where the folder may be, the best place first: the runtime folder, the temporary one, and those
/// that every system has. Nobody but its owner gets into a runtime folder, and root starts services
/// of other users.
fn places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let usual = ["/tmp", "/var/tmp"].map(PathBuf::from);
    let mut all: Vec<PathBuf> = std::iter::once(std::env::temp_dir()).chain(usual).collect();
    if rustix::process::geteuid().is_root() {
        all.extend(runtime);
    } else {
        all.splice(0..0, runtime);
    }
    let mut places: Vec<PathBuf> = Vec::new();
    for place in all {
        if place.is_absolute() && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// A shared object cannot be loaded from a file system mounted `noexec`.
fn is_mounted_noexec(place: &Path) -> io::Result<bool> {
    let stat = rustix::fs::statvfs(place).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("`{}`: {error}", place.display()))
    })?;
    let flags = stat.f_flag;
    Ok(flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
}

/// The error, with the limit on the size of files where that is the cause.
fn with_limit(error: io::Error) -> io::Error {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    match limit {
        Some(limit) if error.kind() == io::ErrorKind::FileTooLarge => io::Error::new(
            error.kind(),
            format!("{error}: the limit on the size of files (`ulimit -f`) is {limit} bytes"),
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_where_the_agent_cannot_be_loaded_is_passed_by() {
        let base = tempfile::tempdir().unwrap();
        // Never executable, wherever the tests run.
        let noexec = PathBuf::from("/proc");
        let gone = base.path().join("gone");
        let usable = base.path().to_owned();
        let places = [noexec.clone(), gone.clone(), usable];
        let folder = RunFolder::create_in(&places, &[], None).unwrap();
        assert!(folder.path().starts_with(base.path()));
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
        let error = RunFolder::create_in(&[noexec, gone], &[], None).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/proc"), "{text}");
        assert!(text.ends_with("set TMPDIR to a folder with room where programs may run"));
    }
}
