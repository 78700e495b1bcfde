//! `swath history`: what runs reached over time.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use swath_changes::{Head, Repository};
use swath_config::SwathConfig;
use swath_coverage::verdict;
use swath_data::{CoverageData, RunRecord};
use swath_history::{Entry, Kept, Store};
use swath_model::{Message, TestsResult, count};
use swath_report::{Trend, render_trend, render_trend_page, write_trend_json};

use super::{no_data, not_written, put_report, written};
use crate::arguments::{
    CompareFormat, HistoryAddArguments, HistoryArguments, HistoryShowArguments, HistoryVerb,
};
use crate::baseline::{history_file, refused};
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::gates::GatesError;
use crate::page_folder::PageFolder;
use crate::progress::status;
use crate::reporting::{Session, Wanted, current_folder};

/// What branches are called that others start from.
const USUAL: [&str; 3] = ["main", "master", "trunk"];
/// How CI services name the branch that they checked out a commit of: GitHub's pull requests, its
/// other events, GitLab, Jenkins, Bitbucket and Circle.
const BRANCH_VARIABLES: [&str; 7] = [
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_REF_NAME",
    "BRANCH_NAME",
    "BITBUCKET_BRANCH",
    "CIRCLE_BRANCH",
];
const NANOSECONDS_OF_A_DAY: i64 = 86_400_000_000_000;

/// Keeps what runs reached, or shows it.
pub(crate) fn history(arguments: &HistoryArguments) -> Exit {
    match perform(arguments) {
        Ok(()) => Exit::Success,
        Err(message) => {
            message.print();
            Exit::Failure
        }
    }
}

fn perform(arguments: &HistoryArguments) -> Result<(), Message> {
    let folder = current_folder();
    let path = match &arguments.store {
        Some(path) => path.clone(),
        None => SwathConfig::load(&folder)
            .map(|config| history_file(&config, &folder))
            .map_err(|error| GatesError::File(error).message())?,
    };
    let path = &path;
    match &arguments.verb {
        HistoryVerb::Add(wanted) => add(path, wanted),
        HistoryVerb::Show(wanted) => show(path, wanted),
        HistoryVerb::Merge { files } => merge(path, files),
        HistoryVerb::Prune { keep, older_than } => {
            let since = older_than.map(|days| now() - i64::from(days) * NANOSECONDS_OF_A_DAY);
            let kept = Kept {
                of_each_branch: *keep,
                since,
            };
            let mut store = Store::open_to_write(path).map_err(|error| refused(&error))?;
            let gone = store.prune(&kept).map_err(|error| refused(&error))?;
            status("Removed", &count(gone, "run"));
            Ok(())
        }
    }
}

fn add(path: &Path, arguments: &HistoryAddArguments) -> Result<(), Message> {
    let session = Session::begin_reading(&arguments.data.session());
    let session = session.map_err(|error| error.message())?;
    let data_file = session.settings.data_file();
    let data = session.read(&data_file).map_err(|error| error.message())?;
    if data.is_empty() {
        return Err(no_data(&data_file));
    }
    let wanted = Wanted {
        contexts: true,
        details: false,
        sources: false,
        or_nothing: false,
    };
    let report = session.model(&data, &[], wanted);
    let report = report.map_err(|error| error.message())?;
    let head = head();
    let entry = Entry {
        commit: arguments.commit.clone().or(head.commit),
        branch: arguments.branch.clone().or(head.branch),
        time: time_of(&data, &data_file),
        verdict: verdict(&data, &report).completeness,
        tests: tests_of(&data),
        folders: Entry::folders_of(&report.files),
    };
    let mut store = Store::create(path).map_err(|error| refused(&error))?;
    let is_new = store.add(&entry).map_err(|error| refused(&error))?;
    let total = report.totals.shown_percent(1);
    let branch = entry.branch.as_deref().unwrap_or("no branch");
    let said = format!("{total}% of {branch} to {}", path.display());
    status(if is_new { "Added" } else { "Kept" }, &said);
    Ok(())
}

/// What is checked out here, as far as anybody says.
fn head() -> Head {
    let found = Repository::find(&current_folder()).and_then(|repository| repository.head());
    let mut head = found.unwrap_or_else(|error| {
        tracing::debug!("no commit and no branch: {error}");
        Head::default()
    });
    if head.branch.is_none() {
        let values = BRANCH_VARIABLES
            .iter()
            .filter_map(|name| env::var(name).ok());
        head.branch = values.into_iter().find(|value| !value.is_empty());
    }
    head
}

/// When the first run of the data began, in nanoseconds since 1970; without runs, when it was written.
fn time_of(data: &CoverageData, path: &Path) -> i64 {
    let started = data.accounting.runs.iter().filter_map(RunRecord::started);
    if let Some(first) = started.min() {
        return first;
    }
    let changed = path.metadata().and_then(|file| file.modified());
    changed.map_or_else(|_| now(), nanoseconds)
}

fn now() -> i64 {
    nanoseconds(SystemTime::now())
}

fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What came of the tests of all runs: the first that did not pass.
fn tests_of(data: &CoverageData) -> TestsResult {
    let mut all = data.accounting.runs.iter().map(RunRecord::tests).peekable();
    let first = all.peek().copied().unwrap_or(TestsResult::Unknown);
    all.find(|tests| tests.doubt().is_some()).unwrap_or(first)
}

fn merge(path: &Path, files: &[PathBuf]) -> Result<(), Message> {
    let others: Vec<Store> = files
        .iter()
        .map(|file| Store::open(file))
        .collect::<Result<_, _>>()
        .map_err(|error| refused(&error))?;
    let mut store = Store::create(path).map_err(|error| refused(&error))?;
    let mut added = 0;
    for other in &others {
        added += store.merge(other).map_err(|error| refused(&error))?;
    }
    status("Added", &count(added, "run"));
    Ok(())
}

fn show(path: &Path, arguments: &HistoryShowArguments) -> Result<(), Message> {
    let store = Store::open(path).map_err(|error| refused(&error))?;
    let all = store.entries().map_err(|error| refused(&error))?;
    let is_shown = |entry: &&Entry| {
        let branch = arguments.branch.as_ref();
        branch.is_none_or(|branch| entry.branch.as_ref() == Some(branch))
    };
    let mut entries: Vec<Entry> = all.iter().filter(is_shown).cloned().collect();
    entries.drain(..entries.len().saturating_sub(arguments.limit.max(1)));
    let Some(newest) = entries.last() else {
        return Err(nothing_kept(path, arguments.branch.as_deref(), &all));
    };
    let trend = Trend {
        against: compared(&all, newest, arguments.against.as_deref())?,
        entries: &entries,
        precision: arguments.precision,
        has_folders: arguments.folders,
        is_markdown: arguments.format == CompareFormat::Markdown,
    };
    let text = match arguments.format {
        CompareFormat::Json => written(|out| write_trend_json(&entries, out))?,
        CompareFormat::Text | CompareFormat::Markdown => render_trend(&trend),
    };
    put_report(&text, arguments.output.as_deref())?;
    if let Some(folder) = &arguments.html {
        write_page(folder, &trend).map_err(|error| not_written(&error))?;
        status("Wrote", &folder.join("index.html").display().to_string());
    }
    Ok(())
}

/// The newest entry of the branch that is compared with, other than the one that is shown and what
/// came after it.
fn compared<'a>(
    all: &'a [Entry],
    newest: &Entry,
    wanted: Option<&str>,
) -> Result<Option<&'a Entry>, Message> {
    let earlier = || {
        all.iter()
            .rev()
            .skip_while(|entry| *entry != newest)
            .skip(1)
    };
    let of_branch = |name: &str| earlier().find(|entry| entry.branch.as_deref() == Some(name));
    let Some(wanted) = wanted else {
        return Ok(USUAL.iter().find_map(|name| of_branch(name)));
    };
    let found = of_branch(wanted);
    if found.is_none() {
        let text = format!("the history has no earlier run of `{wanted}`");
        return Err(Message::error("no-history", text).hint(branches_hint(all)));
    }
    Ok(found)
}

fn branches_hint(all: &[Entry]) -> String {
    let mut names: Vec<&str> = all
        .iter()
        .filter_map(|entry| entry.branch.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return "`swath history add` adds a run, `--branch NAME` says of which branch".to_owned();
    }
    let names: Vec<String> = names
        .iter()
        .take(8)
        .map(|name| format!("`{}`", swath_model::printable(name)))
        .collect();
    format!("the history has runs of {}", names.join(", "))
}

fn nothing_kept(path: &Path, branch: Option<&str>, all: &[Entry]) -> Message {
    let text = match branch {
        Some(branch) => format!("`{}` has no run of `{branch}`", path.display()),
        None => format!("`{}` has no run", path.display()),
    };
    Message::error("no-history", text).hint(branches_hint(all))
}

fn write_page(folder: &Path, trend: &Trend<'_>) -> io::Result<()> {
    let pages = PageFolder::open(folder)?;
    for piece in render_trend_page(trend, "Coverage") {
        pages.put(&piece)?;
    }
    pages.finish().map(drop)
}
