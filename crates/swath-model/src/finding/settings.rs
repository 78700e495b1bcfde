//! Findings about settings, and about what earlier runs left.

use super::{Finding, LeftoverCause};
use crate::{Gap, GapKind, Message, count, join_and};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::ModuleNotImported { package, nearest } => Message::warning(
            "module-not-imported",
            format!("`source` names `{package}`, which no process imported"),
        )
        .hint(
            nearest
                .as_ref()
                .map(|nearest| format!("did you mean `{nearest}`?")),
        ),
        Finding::SourceNotSet {
            modules,
            example,
            source,
        } => {
            let were = if *modules == 1 { "was" } else { "were" };
            Message::warning(
                "source-not-set",
                format!(
                    "`source` is not set: {} here {were} never imported and {were} not counted",
                    count(*modules, "module")
                ),
            )
            .note(format!("for example `{example}`"))
            .hint(format!(
                "swath run --source {source} …, or `source = {source}` under `[run]` in .coveragerc"
            ))
        }
        Finding::TestsInSource {
            files,
            first,
            pattern,
        } => {
            let verb = if *files == 1 { "counts" } else { "count" };
            Message::warning(
                "tests-in-source",
                format!(
                    "{} {verb} at 0 % because `source` holds them, `{first}` first",
                    count(*files, "test file")
                ),
            )
            .hint(format!(
                "add `{pattern}` to `omit` under `[run]` in .coveragerc"
            ))
        }
        Finding::Configuration { text } => Message::warning("configuration", text.clone()),
        Finding::SettingsUnused { used, unused } => Message::warning(
            "settings-unused",
            format!("`[tool.swath]` in `{unused}` is not used: `{used}` is there"),
        )
        .hint("put all settings into one of the two files".to_owned()),
        Finding::IncludeIgnored => Message::warning(
            "include-ignored",
            "`include` has no effect: `source` says what is measured",
        ),
        Finding::DynamicContextWithoutEffect { value } => Message::warning(
            "dynamic-context-without-effect",
            format!(
                "`dynamic_context = {value}` has no effect: all that is recorded gets one context"
            ),
        ),
        Finding::CoveragePyToo { variable } => Message::warning(
            "coverage-py-too",
            format!("coverage.py is started in the services as well: `{variable}` is set"),
        )
        .note("both measure, and both numbers are right")
        .hint(
            "swath needs neither the variable nor a sitecustomize that calls coverage".to_owned(),
        ),
        Finding::LeftoverRun {
            hit_stores,
            age,
            rescue,
            cause,
            shipped_to,
        } => {
            let files = match hit_stores {
                0 => "anything".to_owned(),
                more => count(*more, "raw data file"),
            };
            let elsewhere = shipped_to.as_ref().map(|address| {
                format!("what its services on several nodes of a Swarm shipped, if they did, is in `{address}`, for `swath gather --append`")
            });
            let message = leftover_run(&files, age, cause).notes(elsewhere);
            message.hint(rescue.clone())
        }
        other => return of_place(other),
    })
}

/// A run whose data is still in its folder: what became of it.
fn leftover_run(files: &str, age: &str, cause: &LeftoverCause) -> Message {
    let (text, error) = match cause {
        LeftoverCause::Killed => (
            format!("a run of this checkout was killed {age} ago, before it could save {files}"),
            None,
        ),
        LeftoverCause::NotSaved { error } => (
            format!("a run of this checkout could not save {files}, {age} ago"),
            Some(error.clone()),
        ),
        LeftoverCause::NotGathered => (
            format!(
                "a run of this checkout ended {age} ago, before an engine answered; {files} of it are there now"
            ),
            None,
        ),
    };
    Message::warning("leftover-run", text).notes(error)
}

/// What a place's own settings file has to do with the number.
fn of_place(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::PlaceSetting {
            place,
            rcfile,
            problem,
        } => Message::warning(
            "place-setting",
            format!("`{rcfile}` of `{place}`: {problem}"),
        )
        .note("the rest of it holds"),
        Finding::ReportSettingsDiffer { files, followed } => {
            let followed = match followed {
                Some(file) => format!("`{file}`"),
                None => "coverage.py's defaults".to_owned(),
            };
            Message::warning(
                "report-settings-differ",
                {
                    let have = if files.len() == 1 { "has" } else { "have" };
                    format!("{} {have} rules for a report that are not followed: reports are made here by {followed}", join_and(files))
                },
            )
            .hint("put the rules into .coveragerc here, or name the file with `--rcfile`".to_owned())
        }
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    matches!(finding, Finding::PlaceSetting { .. }).then(|| Gap::new(GapKind::Settings, 1))
}
