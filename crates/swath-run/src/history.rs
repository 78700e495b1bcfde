//! The last runs' logs and accounts, in a folder of the user's cache that nobody else can enter.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fs_err as fs;
use swath_checkout::{Owner, private_folder, write_private_file};

use crate::error::RunError;
use crate::leftover::ActiveRun;

/// How many runs are kept.
const KEPT_RUNS: usize = 10;

/// Names the engine of a run that has contacted one and has not ended.
pub(crate) const ENGINE_FILE: &str = "engine";

/// One run's folder in the cache: logs of its services and its accounting.
#[derive(Debug)]
pub struct RunHistory {
    path: PathBuf,
}

impl RunHistory {
    /// Makes the folder of a new run and removes those of all but the last ten.
    pub fn create() -> Result<RunHistory, RunError> {
        let create = || {
            let runs = runs_folder().or_else(|error| {
                tracing::debug!("no history is kept: {error}");
                folder_without_history()
            })?;
            RunHistory::create_in(&runs)
        };
        create().map_err(|source| RunError::Folder {
            what: "the folder of logs",
            source,
        })
    }

    fn create_in(runs: &Path) -> io::Result<RunHistory> {
        let name = format!("{:013}-{}", milliseconds_now(), std::process::id());
        let path = runs.join(name);
        private_folder(&path)?;
        remove_old(runs);
        Ok(RunHistory { path })
    }

    /// Where the logs are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where sources are kept that are in containers only: reports need them later.
    pub fn sources(&self) -> PathBuf {
        let runs = self.path.parent().unwrap_or(&self.path);
        runs.with_file_name("sources")
    }

    /// Notes that `run_folder` holds data of `checkout` that nobody has gathered yet.
    pub fn mark_active(&self, run_folder: &Path, checkout: &Path) {
        let run = ActiveRun {
            owner: Owner::this_process().to_string(),
            folder: run_folder.as_os_str().to_owned(),
            checkout: checkout.as_os_str().to_owned(),
            begun: seconds_now(),
            named: false,
            not_saved: None,
            not_gathered: false,
            shipped_to: None,
        };
        // Without this file a killed run's data is still in the temporary folder, only not named.
        let _ = run.write(&self.path);
    }

    /// Notes that the run has brought up a Compose project.
    pub(crate) fn note_project(&self, project: &str) {
        use std::io::Write as _;
        let file = fs::OpenOptions::new()
            .append(true)
            .open(self.path.join(ENGINE_FILE));
        // Without it the project of a killed run stays up, and is named by Compose's own means.
        let _ = file.and_then(|mut file| writeln!(file, "project {project}"));
    }

    /// Notes why the data could not be saved.
    pub(crate) fn mark_unsaved(&self, error: &str) {
        ActiveRun::change(&self.path, |run| run.not_saved = Some(error.to_owned()));
    }

    /// Notes that the run has ended, and that an engine still holds data of it.
    pub(crate) fn mark_ungathered(&self) {
        ActiveRun::change(&self.path, |run| {
            run.not_gathered = true;
            // What was shipped has been fetched.
            run.shipped_to = None;
        });
    }

    /// Notes where services that the tests make ship to.
    pub(crate) fn note_shipping(&self, address: &str) {
        ActiveRun::change(&self.path, |run| run.shipped_to = Some(address.to_owned()));
    }

    /// Notes that the data has been gathered.
    pub fn mark_ended(&self) {
        ActiveRun::forget(&self.path);
    }
}

/// Writes down which engine a run has contacted.
pub(crate) fn note_engine(file: &Path, address: &str) {
    let text = format!("{}\n{address}\n", Owner::this_process());
    // Without it, what a killed run leaves in the engine waits for the next contact.
    let _ = write_private_file(file, text.as_bytes());
}

/// The folders of the last runs, the oldest first.
pub(crate) fn runs() -> Vec<PathBuf> {
    runs_folder().map_or_else(|_| Vec::new(), |runs| sorted_runs(&runs))
}

/// `$XDG_CACHE_HOME/swath/runs`, `~/.cache/swath/runs`, or a folder of this user's under the
/// temporary one: the first that can be made, or is there and is nobody else's.
fn runs_folder() -> io::Result<PathBuf> {
    let mut error = None;
    for folders in places(&|name| std::env::var_os(name), &std::env::temp_dir()) {
        match folders.iter().try_for_each(|folder| private_folder(folder)) {
            Ok(()) => return Ok(folders.last().cloned().unwrap_or_default()),
            Err(problem) => {
                error.get_or_insert(problem);
            }
        }
    }
    Err(error.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

/// The places for the history, each as the folders of swath's own on the way to it.
fn places(
    variable: &dyn Fn(&str) -> Option<OsString>,
    temporary: &Path,
) -> impl Iterator<Item = Vec<PathBuf>> {
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    let user = rustix::process::geteuid().as_raw();
    let own = temporary.join(format!("swath-{user}"));
    let in_cache = cache.map(|cache| vec![cache.join("swath")]);
    let in_temporary = vec![own.clone(), own.join("swath")];
    in_cache
        .into_iter()
        .chain([in_temporary])
        .map(|mut folders| {
            let runs = folders.last().map(|folder| folder.join("runs"));
            folders.extend(runs);
            folders
        })
}

/// Where every place for a history is somebody else's, this run has its logs all the same.
fn folder_without_history() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new()
        .prefix("swath-logs-")
        .tempdir()?
        .keep();
    let runs = folder.join("runs");
    private_folder(&runs)?;
    Ok(runs)
}

fn remove_old(runs: &Path) {
    let all = sorted_runs(runs);
    let ended = all
        .iter()
        .filter(|run| !ActiveRun::is_noted(run))
        .collect::<Vec<_>>();
    for run in ended.iter().take(ended.len().saturating_sub(KEPT_RUNS)) {
        let _ = fs::remove_dir_all(run);
    }
}

pub(crate) fn sorted_runs(runs: &Path) -> Vec<PathBuf> {
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut all = fs::read_dir(runs)
        .map(|entries| {
            entries
                .flatten()
                .filter(is_folder)
                .map(|entry| entry.path())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    all.sort();
    all
}

fn milliseconds_now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}

fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn last_of(variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        places(&variable, Path::new("/tmp"))
            .map(|folders| folders.last().unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn the_cache_comes_first_and_a_folder_of_the_users_own_last() {
        let user = rustix::process::geteuid().as_raw();
        let temporary = format!("/tmp/swath-{user}/swath/runs");
        assert_eq!(last_of(&[]), [temporary.as_str()]);
        assert_eq!(
            last_of(&[("HOME", "/home/me")]),
            ["/home/me/.cache/swath/runs", temporary.as_str()]
        );
        assert_eq!(
            last_of(&[("HOME", "/home/me"), ("XDG_CACHE_HOME", "/cache")]),
            ["/cache/swath/runs", temporary.as_str()]
        );
        assert_eq!(last_of(&[("HOME", "here")]), [temporary.as_str()]);
    }

    #[test]
    fn the_last_ten_runs_are_kept_and_are_private() {
        let runs = tempfile::tempdir().unwrap();
        for number in 0..12 {
            fs::create_dir(runs.path().join(format!("{number:013}-1"))).unwrap();
        }
        let history = RunHistory::create_in(runs.path()).unwrap();
        let left = sorted_runs(runs.path());
        assert_eq!(left.len(), KEPT_RUNS);
        assert_eq!(left.last().unwrap(), history.path());
        let rights = fs::metadata(history.path()).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, 0o700);
    }
}
