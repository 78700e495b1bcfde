//! The test that runs, where nothing in it names itself: told to the run around a command.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use swath_agent::{PRELOAD_VARIABLE, PYTHON_PATH};
use swath_checkout::{Links, NewFile, read_regular};
use swath_model::Message;
use swath_store::settings;

/// The file's name, beside the hit stores; `python/attribution/named.py` reads it.
const FILE_NAME: &str = "current-test";
/// The longest name of a test, in characters; `python/attribution/current.py` has the same.
const LONGEST: usize = 1024;
/// No settings of an agent are longer.
const LARGEST_SETTINGS: u64 = 1 << 20;

/// Why the run cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum CurrentTestError {
    /// The environment is not that of a run.
    #[error("no run of swath is around this command")]
    NoRun,
    /// The run does not record for whom code runs.
    #[error("the run does not record which test code runs for")]
    NoAttribution,
    /// The name cannot be one.
    #[error("a test's name has up to {LONGEST} characters, all of them printable")]
    Name,
    /// The file cannot be written, or removed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl CurrentTestError {
    /// The error for people.
    pub fn message(&self) -> Message {
        let text = self.to_string();
        match self {
            Self::NoRun => Message::error("no-run", text)
                .hint("call it in what `swath run --attribution -- COMMAND` runs".to_owned()),
            Self::NoAttribution => {
                Message::error("no-run", text).hint("swath run --attribution".to_owned())
            }
            Self::Name => Message::error("usage", text),
            Self::Io(_) => Message::error("no-run", text),
        }
    }
}

/// Tells the run around this command, which `variable` gives the environment of, which test runs from
/// now on; none ends the one that did. Requests that name a test themselves are that one's.
pub fn tell_current_test(
    name: Option<&str>,
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<(), CurrentTestError> {
    let data = data_folder(variable)?;
    let file = data.join(FILE_NAME);
    let Some(name) = name else {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    };
    let count = name.chars().count();
    if count == 0 || count > LONGEST || name.chars().any(char::is_control) {
        return Err(CurrentTestError::Name);
    }
    let mut new = NewFile::create(&file)?;
    std::io::Write::write_all(&mut new, name.as_bytes())?;
    new.put()?;
    // Services of other users read it.
    fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
    Ok(())
}

/// The folder of the hit stores of the run around.
fn data_folder(
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<PathBuf, CurrentTestError> {
    let path = variable(PYTHON_PATH).unwrap_or_default();
    let objects = variable(PRELOAD_VARIABLE).unwrap_or_default();
    let folders = std::env::split_paths(&path).map(|folder| folder.join(settings::FILE_NAME));
    let beside = objects
        .as_bytes()
        .split(|byte| matches!(byte, b':' | b' '))
        .filter_map(|object| Path::new(OsStr::from_bytes(object)).parent())
        .map(|folder| folder.join(settings::FILE_NAME));
    let file = folders
        .chain(beside)
        .filter(|file| file.is_absolute())
        .find_map(|file| read_regular(&file, Links::Refuse, LARGEST_SETTINGS).ok())
        .ok_or(CurrentTestError::NoRun)?;
    let value = |wanted: &str| {
        let mut all = settings::read(&file);
        all.find(|(key, _)| *key == wanted.as_bytes())
            .map(|(_, value)| value)
    };
    if value(settings::ATTRIBUTION) != Some(b"1") {
        return Err(CurrentTestError::NoAttribution);
    }
    let data = value(settings::DATA).ok_or(CurrentTestError::NoRun)?;
    Ok(PathBuf::from(OsStr::from_bytes(data)))
}
