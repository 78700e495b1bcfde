//! The last runs' logs, in the user's cache folder, and what a killed run left behind.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fs_err as fs;

use crate::error::RunError;

/// How many runs are kept.
const KEPT_RUNS: usize = 10;
/// Names the run folder of a run that has not ended.
const ACTIVE_FILE: &str = "active";

/// Names the engine of a run that has contacted one and has not ended.
pub(crate) const ENGINE_FILE: &str = "engine";

/// One run's folder in the cache: logs of its services and its accounting.
#[derive(Debug)]
pub struct RunHistory {
    path: PathBuf,
}

/// A run that was killed before it could gather: its data is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverRun {
    /// The folder that holds its hit stores.
    pub data: PathBuf,
    /// How many hit stores it holds.
    pub hit_stores: usize,
}

impl RunHistory {
    /// Makes the folder of a new run and removes those of all but the last ten.
    pub fn create() -> Result<RunHistory, RunError> {
        let runs = runs_folder();
        let name = format!("{:013}-{}", milliseconds_now(), std::process::id());
        let path = runs.join(name);
        fs::create_dir_all(&path).map_err(|source| RunError::Folder {
            what: "the folder of logs",
            source,
        })?;
        remove_old(&runs);
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

    /// Notes that `run_folder` holds data that nobody has gathered yet.
    pub fn mark_active(&self, run_folder: &Path) {
        // Without this file a killed run's data is still in the temporary folder, only not named.
        let text = format!("{}\n{}\n", std::process::id(), run_folder.display());
        let _ = fs::write(self.path.join(ACTIVE_FILE), text);
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

    /// Notes that the data has been gathered.
    pub fn mark_ended(&self) {
        let _ = fs::remove_file(self.path.join(ACTIVE_FILE));
    }

    /// Runs whose swath is gone and whose data is still there.
    pub fn leftovers() -> Vec<LeftoverRun> {
        let mut found = Vec::new();
        for run in sorted_runs(&runs_folder()) {
            let Ok(text) = fs::read_to_string(run.join(ACTIVE_FILE)) else {
                continue;
            };
            let mut lines = text.lines();
            let (Some(pid), Some(folder)) = (lines.next(), lines.next()) else {
                continue;
            };
            if Path::new("/proc").join(pid).exists() {
                continue;
            }
            let data = Path::new(folder).join("data");
            take_from_containers(&Path::new(folder).join("containers"), &data);
            let hit_stores = count_hit_stores(&data);
            if hit_stores > 0 {
                found.push(LeftoverRun { data, hit_stores });
            } else {
                let _ = fs::remove_dir_all(folder);
                let _ = fs::remove_file(run.join(ACTIVE_FILE));
            }
        }
        found
    }
}

/// Puts what was gathered from containers beside what was recorded on this host: their names are
/// unique.
fn take_from_containers(containers: &Path, data: &Path) {
    let folders = fs::read_dir(containers).into_iter().flatten().flatten();
    let files = folders
        .filter_map(|folder| fs::read_dir(folder.path()).ok())
        .flatten()
        .flatten()
        .filter(|file| file.path().extension().is_none_or(|kind| kind != "part"));
    for file in files {
        if let Err(error) = fs::rename(file.path(), data.join(file.file_name())) {
            tracing::debug!("data of a container stays: {error}");
        }
    }
}

/// The folders of the last runs.
pub(crate) fn runs() -> Vec<PathBuf> {
    sorted_runs(&runs_folder())
}

fn count_hit_stores(data: &Path) -> usize {
    fs::read_dir(data).map_or(0, |entries| {
        entries
            .flatten()
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "hits")
            })
            .count()
    })
}

/// `$XDG_CACHE_HOME/swath/runs`, `~/.cache/swath/runs`, or a folder of this user's under the temporary one.
fn runs_folder() -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| {
            std::env::temp_dir().join(format!("swath-{}", rustix::process::getuid().as_raw()))
        })
        .join("swath/runs")
}

fn remove_old(runs: &Path) {
    let all = sorted_runs(runs);
    let ended = all
        .iter()
        .filter(|run| !run.join(ACTIVE_FILE).exists())
        .collect::<Vec<_>>();
    for run in ended.iter().take(ended.len().saturating_sub(KEPT_RUNS)) {
        let _ = fs::remove_dir_all(run);
    }
}

fn sorted_runs(runs: &Path) -> Vec<PathBuf> {
    let mut all = fs::read_dir(runs)
        .map(|entries| {
            entries
                .flatten()
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
