//! Runs that were killed before they saved what was recorded, or could not save it: which they are, to
//! whom they belong, and how they go.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use swath_checkout::{Life, Links, OwnedFolder, Owner, read_regular, write_private_file};
use swath_model::{Finding, LeftoverCause, count};

use crate::history::runs;
use crate::run_folder::RunFolder;

/// Names the folder of a run that has not ended.
const ACTIVE_FILE: &str = "active.json";
/// No such file is longer.
const LONGEST_NOTE: u64 = 64 << 10;
/// Data that nobody wanted for so long goes.
const EXPIRY: Duration = Duration::from_hours(14 * 24);
/// A run of which nobody can see from here whether it lives is taken for killed when nothing of it
/// has changed for so long.
const SILENCE: Duration = Duration::from_hours(24);

/// What a run notes while it goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ActiveRun {
    /// The process, as [`Owner`] writes it.
    pub(crate) owner: String,
    /// The run's folder.
    pub(crate) folder: OsString,
    /// Where it was started.
    pub(crate) checkout: OsString,
    /// When, in seconds since 1970.
    pub(crate) begun: u64,
    /// Whether it has been named as a leftover.
    pub(crate) named: bool,
    /// Why it could not save its data, if it came to that.
    #[serde(default)]
    pub(crate) not_saved: Option<String>,
    /// Whether it ended while an engine held data of its containers.
    #[serde(default)]
    pub(crate) not_gathered: bool,
    /// Its address in the object store that services which the tests made ship to.
    #[serde(default)]
    pub(crate) shipped_to: Option<String>,
}

impl ActiveRun {
    fn read(history: &Path) -> Option<ActiveRun> {
        let file = history.join(ACTIVE_FILE);
        let text = read_regular(&file, Links::Refuse, LONGEST_NOTE).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(crate) fn write(&self, history: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        write_private_file(&history.join(ACTIVE_FILE), &text)
    }

    /// Notes how the run ended, of which data is still there.
    pub(crate) fn change(history: &Path, change: impl FnOnce(&mut ActiveRun)) {
        if let Some(mut run) = ActiveRun::read(history) {
            change(&mut run);
            // Where that cannot be noted it is said as before.
            let _ = run.write(history);
        }
    }

    fn cause(&self) -> LeftoverCause {
        match &self.not_saved {
            Some(error) => LeftoverCause::NotSaved {
                error: error.clone(),
            },
            None if self.not_gathered => LeftoverCause::NotGathered,
            None => LeftoverCause::Killed,
        }
    }

    pub(crate) fn is_noted(history: &Path) -> bool {
        history.join(ACTIVE_FILE).exists()
    }

    pub(crate) fn forget(history: &Path) {
        let _ = fs::remove_file(history.join(ACTIVE_FILE));
    }
}

/// A run that was killed before it could gather, or that could not save: its data is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverRun {
    /// The folder that holds its hit stores.
    pub data: PathBuf,
    /// How many hit stores it holds.
    pub hit_stores: usize,
    /// How long ago it was begun.
    pub age: Duration,
    /// Whether a run has named it already: once is enough.
    pub named: bool,
    /// Why it is still there.
    pub cause: LeftoverCause,
    /// Where its services shipped to, if any did.
    pub shipped_to: Option<String>,
    /// Its folder in the history.
    history: PathBuf,
}

impl LeftoverRun {
    /// Notes that it has been named.
    pub fn note_named(&self) {
        ActiveRun::change(&self.history, |run| run.named = true);
    }

    /// As a finding of the next run.
    pub fn finding(&self) -> Finding {
        // With nothing here, what is elsewhere is all.
        let rescue = match &self.shipped_to {
            Some(address) if self.hit_stores == 0 => {
                format!("swath gather --append {}", quoted(address))
            }
            _ => combine_command(&self.data),
        };
        Finding::LeftoverRun {
            hit_stores: self.hit_stores,
            age: in_words(self.age),
            rescue,
            cause: self.cause.clone(),
            shipped_to: self.shipped_to.clone(),
        }
    }
}

/// The command that counts hit stores which were kept. It adds: what the data file holds already
/// stays.
pub(crate) fn combine_command(hit_stores: &Path) -> String {
    format!(
        "swath combine --append {}",
        quoted(&hit_stores.to_string_lossy())
    )
}

/// How long something took, as people say it.
fn in_words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => count(usize::try_from(minutes).unwrap_or(usize::MAX), "minute"),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 60 / 24),
    }
}

/// A path as a word of a shell.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The killed runs of a checkout whose data is still there. What is left of runs of any checkout
/// goes when it holds nothing, or is old.
pub fn leftovers(checkout: &Path) -> Vec<LeftoverRun> {
    let now = SystemTime::now();
    let found = runs()
        .into_iter()
        .filter_map(|history| leftover(&history, checkout, now));
    found.collect()
}

fn leftover(history: &Path, checkout: &Path, now: SystemTime) -> Option<LeftoverRun> {
    let run = ActiveRun::read(history)?;
    let owner: Owner = run.owner.parse().ok()?;
    let life = owner.life();
    // Only a folder that says itself whose it is can be looked into, or removed.
    let folder = OwnedFolder::at(Path::new(&run.folder)).filter(|folder| *folder.owner() == owner);
    let Some(folder) = folder else {
        if life == Life::Gone {
            ActiveRun::forget(history);
        }
        return None;
    };
    let data = RunFolder::data_in(folder.path());
    let quiet = quiet_time(&[history, folder.path(), &data], now);
    match life {
        Life::Alive => return None,
        Life::Unknown if quiet < SILENCE => return None,
        Life::Unknown | Life::Gone => {}
    }
    let is_here = Path::new(&run.checkout) == checkout;
    // Where the owner's life is not known the folder must stay quiet until its checkout asks.
    if life == Life::Gone || is_here {
        take_from_containers(&folder.path().join("containers"), &data);
    }
    let hit_stores = swath_data::count_hit_stores(&data);
    // What is in an object store stays there, and somebody has to be told once.
    let is_elsewhere = run.shipped_to.is_some() && !run.named;
    if quiet >= EXPIRY || (hit_stores == 0 && life == Life::Gone && !is_elsewhere) {
        if let Err(error) = folder.remove() {
            tracing::debug!("the folder of a killed run stays: {error}");
        }
        ActiveRun::forget(history);
        return None;
    }
    if (hit_stores == 0 && !is_elsewhere) || !is_here {
        return None;
    }
    let begun = UNIX_EPOCH + Duration::from_secs(run.begun);
    Some(LeftoverRun {
        data,
        hit_stores,
        age: now.duration_since(begun).unwrap_or_default(),
        named: run.named,
        cause: run.cause(),
        shipped_to: run.shipped_to,
        history: history.to_owned(),
    })
}

/// How long nothing has changed in any of the folders.
fn quiet_time(folders: &[&Path], now: SystemTime) -> Duration {
    let changed = |path: &Path| fs::symlink_metadata(path).and_then(|there| there.modified());
    folders
        .iter()
        .flat_map(|folder| {
            let entries = fs::read_dir(*folder).into_iter().flatten().flatten();
            let inside = entries.map(|entry| entry.path());
            inside.chain([folder.to_path_buf()])
        })
        .filter_map(|path| changed(&path).ok())
        .max()
        .map_or(Duration::ZERO, |last| {
            now.duration_since(last).unwrap_or_default()
        })
}

/// Puts what was gathered from containers beside what was recorded on this host: their names are
/// unique.
fn take_from_containers(containers: &Path, data: &Path) {
    let folders = fs::read_dir(containers).into_iter().flatten().flatten();
    let files = folders
        .filter(|folder| folder.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|folder| fs::read_dir(folder.path()).ok())
        .flatten()
        .flatten()
        // What is half written has a hidden name.
        .filter(|file| !file.file_name().as_encoded_bytes().starts_with(b"."));
    for file in files {
        if let Err(error) = fs::rename(file.path(), data.join(file.file_name())) {
            tracing::debug!("data of a container stays: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run's folder in the history, and the folder that it names, of an owner of one's choice.
    struct Run {
        base: tempfile::TempDir,
        folder: PathBuf,
    }

    impl Run {
        fn of(owner: &str) -> Run {
            let base = tempfile::tempdir().unwrap();
            let folder = OwnedFolder::create(base.path()).unwrap().path().to_owned();
            fs::write(folder.join("owner"), owner).unwrap();
            fs::create_dir(folder.join("data")).unwrap();
            let run = Run { base, folder };
            fs::create_dir(run.history()).unwrap();
            run.note(owner, &run.folder);
            run
        }

        fn note(&self, owner: &str, folder: &Path) {
            let active = ActiveRun {
                owner: owner.to_owned(),
                folder: folder.as_os_str().to_owned(),
                checkout: "/home/me/shop".into(),
                begun: 0,
                named: false,
                not_saved: None,
                not_gathered: false,
                shipped_to: None,
            };
            active.write(&self.history()).unwrap();
        }

        fn history(&self) -> PathBuf {
            self.base.path().join("history")
        }

        fn add_store(&self) {
            fs::write(self.folder.join("data/7-00.hits"), "").unwrap();
        }

        fn leftover(&self, checkout: &str, later: Duration) -> Option<LeftoverRun> {
            let now = SystemTime::now() + later;
            leftover(&self.history(), Path::new(checkout), now)
        }
    }

    #[test]
    fn a_leftover_has_an_age_and_a_command_that_adds() {
        let of = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(of(59), "less than a minute");
        assert_eq!(of(60), "1 minute");
        assert_eq!(of(7_199), "119 minutes");
        assert_eq!(of(7_200), "2 hours");
        assert_eq!(of(172_800), "2 days");
        let run = LeftoverRun {
            data: PathBuf::from("/tmp/it's/data"),
            hit_stores: 1,
            age: Duration::from_mins(5),
            named: false,
            cause: LeftoverCause::Killed,
            shipped_to: None,
            history: PathBuf::new(),
        };
        let message = run.finding().message();
        assert_eq!(
            message.hint.as_deref(),
            Some("swath combine --append '/tmp/it'\\''s/data'")
        );
        assert!(message.text.contains("killed 5 minutes ago"), "{message:?}");
    }

    const HERE: &str = "/home/me/shop";
    const AT_ONCE: Duration = Duration::ZERO;

    /// An owner of this boot and namespace that is no more.
    fn gone() -> String {
        let this = Owner::this_process().to_string();
        let (process, _) = this.rsplit_once(' ').unwrap();
        format!("{process} 1")
    }

    const ELSEWHERE: &str = "another-boot pid:[4026531836] 7 42";

    #[test]
    fn a_killed_run_whose_services_shipped_names_where_though_nothing_is_here() {
        let run = Run::of(&gone());
        let address = "s3://coverage/shop/r1";
        ActiveRun::change(&run.history(), |active| {
            active.shipped_to = Some(address.to_owned());
        });
        assert_eq!(run.leftover("/elsewhere", AT_ONCE), None);
        let left = run.leftover(HERE, AT_ONCE).unwrap();
        let message = left.finding().message();
        assert!(
            message.notes.iter().any(|note| note.contains(address)),
            "{message:?}"
        );
        let hint = format!("swath gather --append {address}");
        assert_eq!(message.hint, Some(hint));
        left.note_named();
        assert_eq!(run.leftover(HERE, AT_ONCE), None, "once is enough");
        assert!(!run.folder.exists());
    }

    #[test]
    fn a_killed_run_is_named_once_and_only_in_its_checkout() {
        let run = Run::of(&gone());
        run.add_store();
        assert_eq!(run.leftover("/home/me/other", AT_ONCE), None);
        let found = run.leftover(HERE, AT_ONCE).unwrap();
        assert_eq!((found.hit_stores, found.data), (1, run.folder.join("data")));
        let again = run.leftover(HERE, AT_ONCE).unwrap();
        assert!(!again.named, "nobody has named it yet");
        again.note_named();
        assert!(run.leftover(HERE, AT_ONCE).unwrap().named);
        assert!(run.folder.exists());
    }

    #[test]
    fn a_run_that_could_not_save_was_not_killed() {
        let run = Run::of(&gone());
        run.add_store();
        let full = "the disk is full".to_owned();
        ActiveRun::change(&run.history(), |run| run.not_gathered = true);
        let found = run.leftover(HERE, AT_ONCE).unwrap();
        assert_eq!(found.cause, LeftoverCause::NotGathered);
        ActiveRun::change(&run.history(), |run| run.not_saved = Some(full));
        let message = run.leftover(HERE, AT_ONCE).unwrap().finding().message();
        assert!(message.text.contains("could not save 1 raw"), "{message:?}");
        assert_eq!(message.notes, ["the disk is full"]);
    }

    #[test]
    fn what_containers_recorded_is_kept_of_a_run_of_another_boot_too() {
        let run = Run::of(ELSEWHERE);
        let gathered = run.folder.join("containers/0");
        fs::create_dir_all(&gathered).unwrap();
        fs::write(gathered.join("1-0f.hits"), "").unwrap();
        assert_eq!(run.leftover("/home/me/other", SILENCE), None);
        assert_eq!(run.leftover(HERE, AT_ONCE), None, "it may go on");
        let found = run.leftover(HERE, SILENCE).unwrap();
        assert_eq!(found.hit_stores, 1);
        assert!(found.data.join("1-0f.hits").exists());
    }

    #[test]
    fn what_holds_nothing_or_is_old_goes() {
        let run = Run::of(&gone());
        assert_eq!(run.leftover(HERE, AT_ONCE), None);
        assert!(!run.folder.exists() && !ActiveRun::is_noted(&run.history()));
        for owner in [gone().as_str(), ELSEWHERE] {
            let run = Run::of(owner);
            run.add_store();
            assert_eq!(run.leftover("/home/me/other", EXPIRY), None);
            assert!(!run.folder.exists() && !ActiveRun::is_noted(&run.history()));
        }
    }

    #[test]
    fn a_run_that_lives_or_may_live_is_left_alone() {
        let run = Run::of(&Owner::this_process().to_string());
        assert_eq!(run.leftover(HERE, EXPIRY), None);
        assert!(run.folder.exists());
        let run = Run::of(ELSEWHERE);
        assert_eq!(run.leftover(HERE, AT_ONCE), None);
        assert!(run.folder.exists(), "it may not have recorded anything yet");
        run.add_store();
        assert_eq!(run.leftover(HERE, AT_ONCE), None);
        assert!(run.leftover(HERE, SILENCE).is_some());
    }

    #[test]
    fn no_folder_is_removed_on_the_word_of_a_file() {
        let run = Run::of(&gone());
        let victim = run.base.path().join("swath-victim");
        fs::create_dir_all(victim.join("data")).unwrap();
        for folder in [
            victim.as_path(),
            Path::new("/"),
            Path::new("relative"),
            &run.folder.join(".."),
        ] {
            run.note(&gone(), folder);
            assert_eq!(run.leftover(HERE, AT_ONCE), None);
        }
        // A folder of swath's own, and of another run.
        let other = OwnedFolder::create(run.base.path()).unwrap();
        run.note(&gone(), other.path());
        assert_eq!(run.leftover(HERE, AT_ONCE), None);
        assert!(victim.join("data").exists() && other.path().exists() && run.folder.exists());
    }

    #[test]
    fn data_of_containers_counts_and_what_is_half_written_does_not() {
        let run = Run::of(&gone());
        let web = run.folder.join("containers/web");
        fs::create_dir_all(&web).unwrap();
        fs::write(web.join("1-0a.hits"), "").unwrap();
        fs::write(web.join(".swath-writing-x.hits"), "").unwrap();
        assert_eq!(run.leftover(HERE, AT_ONCE).unwrap().hit_stores, 1);
    }
}
