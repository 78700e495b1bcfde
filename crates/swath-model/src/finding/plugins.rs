//! Findings about coverage.py's plugins, and about the Python that only coverage.py's place knows.

use super::Finding;
use crate::{Gap, GapKind, Message, count, join_and};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::PluginsWithoutEffect { plugins } => Message::warning(
            "plugins-without-effect",
            format!(
                "the plugins {} have no effect: `--no-plugins` leaves them out",
                join_and(plugins)
            ),
        ),
        Finding::PluginsNotLoaded { plugins, reason } => Message::error(
            "plugins-not-loaded",
            format!("the plugins {} could not be loaded: {reason}", join_and(plugins)),
        )
        .note("settings and gates that come of them are not in force")
        .hint(
            "`--python` names the Python that has them and coverage.py; `--no-plugins` goes on without them"
                .to_owned(),
        ),
        Finding::PluginFilesNotMeasured { plugin } => Message::warning(
            "plugin-files-not-measured",
            format!("`{plugin}` measures files that are not Python, and swath records none of them"),
        )
        .hint(
            "the files are missing from the number; measure them with coverage.py itself".to_owned(),
        ),
        Finding::PluginFilesLeftOut { files, reason } => {
            let is = if files.len() == 1 { "is" } else { "are" };
            let first = files.first().map_or("", String::as_str);
            Message::error(
                "plugin-files-left-out",
                format!(
                    "{} that a plugin measured {is} left out, `{first}` first: {reason}",
                    count(files.len(), "file")
                ),
            )
            .hint(
                "configure the plugin, and name the Python that has it and coverage.py with `--python`"
                    .to_owned(),
            )
        }
        Finding::PluginContexts { plugin } => Message::warning(
            "dynamic-context-without-effect",
            format!(
                "`{plugin}` names contexts while the program runs, and all that is recorded gets one context"
            ),
        ),
        Finding::PythonAssumed {
            python,
            grounds,
            file,
        } => {
            Message::warning(
                "python-assumed",
                format!(
                    "the data does not say which Python recorded it: Python {python} is assumed, {grounds}"
                ),
            )
            .note(format!(
                "on another Python `{file}` counts otherwise, and others may"
            ))
            .hint(format!(
                "`--python {python}` says that it is so, and `--python` with another version what is"
            ))
        }
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let (kind, number) = match finding {
        Finding::PluginsNotLoaded { plugins, .. } => (GapKind::Settings, plugins.len()),
        Finding::PluginFilesNotMeasured { .. } => (GapKind::Settings, 1),
        Finding::PluginFilesLeftOut { files, .. } => (GapKind::UnanalyzedFiles, files.len()),
        _ => return None,
    };
    Some(Gap::new(kind, number))
}
