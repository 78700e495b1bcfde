//! The run of another time that a total is compared with.

use std::path::{Path, PathBuf};

use swath_config::SwathConfig;
use swath_history::{Entry, Store, StoreError};
use swath_model::{Completeness, Message};

/// The file of the history, unless the settings say another one.
const NAME: &str = ".swath-history";

/// Where the settings, or those that there would be, have the history.
pub(crate) fn history_file(config: &SwathConfig, folder: &Path) -> PathBuf {
    let beside = config.file.as_deref().and_then(Path::parent);
    let default = || beside.unwrap_or(folder).join(NAME);
    config.history.clone().unwrap_or_else(default)
}

/// The last run of a branch whose number is whole; if none is, the last one.
pub(crate) fn last_run(store: &Path, branch: &str) -> Result<Option<Entry>, StoreError> {
    let store = match Store::open(store) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        store => store?,
    };
    let mut entries = store.entries()?;
    entries.retain(|entry| entry.branch.as_deref() == Some(branch));
    let is_whole = |entry: &Entry| entry.verdict == Completeness::Complete;
    let whole = entries.iter().rposition(is_whole);
    let index = whole.or_else(|| entries.len().checked_sub(1));
    Ok(index.map(|index| entries.swap_remove(index)))
}

/// What people are told of a store that cannot be used.
pub(crate) fn refused(error: &StoreError) -> Message {
    let hint = match error {
        StoreError::Missing { .. } => "`swath history add` makes one; `--store FILE` names another",
        StoreError::Newer { .. } => "use the swath that wrote it, or a newer one",
        StoreError::NoFile { .. } | StoreError::Foreign { .. } => {
            "name the file of a history with `--store FILE`, or as `history` in swath.toml"
        }
        StoreError::Unusable { .. } => {
            "name another file with `--store FILE`, or take this one away: `swath history add` makes a new one"
        }
    };
    Message::error("no-history", error.to_string()).hint(hint.to_owned())
}
