//! Findings about what was measured: files, sources, and the data file.

use super::{Finding, NAMED};
use crate::{Gap, GapKind, Message, count};

pub(super) fn message(finding: &Finding) -> Option<Message> {
    Some(match finding {
        Finding::SourceChanged {
            file,
            measured,
            here,
            lines,
        } => Message::warning(
            "source-changed",
            format!("`{file}` is not the file that was measured"),
        )
        .note(format!(
            "measured {}, here {here}; its {} left out of the total",
            measured.join(", "),
            match lines {
                1 => "1 line is".to_owned(),
                more => format!("{more} lines are"),
            }
        ))
        .hint("run again without changing it meanwhile".to_owned()),
        Finding::ModulesCompiled { sources, compiled } => {
            let text = match sources.len() {
                1 => "1 module is compiled: its lines cannot be measured, and count as missed".to_owned(),
                more => format!("{more} modules are compiled: their lines cannot be measured, and count as missed"),
            };
            let example = sources.first().map(|first| format!("Python runs `{compiled}` instead of `{first}`"));
            Message::warning("module-compiled", text).notes(example).hint(
                "test a build without compiled modules, or leave their sources out with `omit`".to_owned(),
            )
        }
        Finding::PathsUnmapped { paths } => {
            let have = if paths.len() == 1 { "has" } else { "have" };
            let text = format!("{} {have} no source here", count(paths.len(), "measured file"));
            let example = paths.first().map(|first| format!("for example `{first}`"));
            Message::warning("paths-unmapped", text).notes(example).hint(
                "map them under `[paths]` in .coveragerc, or leave them out with `omit`".to_owned(),
            )
        }
        Finding::SourceUnproved { paths } => {
            let (are, they) = match paths.len() {
                1 => ("1 measured file is".to_owned(), "it lies"),
                more => (format!("{more} measured files are"), "they lie"),
            };
            let text = format!(
                "{are} left out: {they} outside the project, and the data does not say which content ran"
            );
            let example = paths.first().map(|first| format!("for example `{first}`"));
            Message::warning("source-unproved", text).notes(example).hint(
                "add their folder to `source`, or leave them out with `--omit`".to_owned(),
            )
        }
        Finding::PathAmbiguous {
            path,
            place,
            candidates,
        } => Message::warning(
            "path-ambiguous",
            format!("`{path}` of `{place}` can be several files here; its lines are left out of the total"),
        )
        .notes(candidates.iter().take(NAMED).map(|file| format!("`{file}`")))
        .hint("map it under `[paths]` in .coveragerc, or give the services folders of their own".to_owned()),
        Finding::NotAnalyzed { slug, text } => Message::warning(slug, text.clone()),
        Finding::AnalysisDiffers {
            python,
            file,
            lines,
        } => {
            let shown = lines.iter().take(NAMED).map(u32::to_string).collect::<Vec<_>>();
            Message::warning(
                "analysis-differs",
                format!("CPython {python} has code in `{file}` where the analysis sees no statement"),
            )
            .note(format!("lines {}", shown.join(", ")))
            .hint("this is a fault in swath: report it with the file".to_owned())
        }
        Finding::NothingToReport => Message::warning(
            "nothing-to-report",
            "`include` and `omit` leave nothing to report",
        ),
        Finding::DataFileWritten { wanted, written } => Message::warning(
            "data-file-written",
            format!("`{wanted}` was written by another program during the run and was not touched"),
        )
        .note(format!("the data of this run is in `{written}`"))
        .hint("`swath combine --append` takes both together".to_owned()),
        Finding::ForeignData { files, lines } => Message::warning(
            "foreign-data",
            format!(
                "the number holds data from {} that swath did not record; {} from there only",
                count(*files, "file"),
                match lines {
                    1 => "1 line comes".to_owned(),
                    more => format!("{more} lines come"),
                }
            ),
        ),
        _ => return None,
    })
}

pub(super) fn gap(finding: &Finding) -> Option<Gap> {
    let (kind, number) = match finding {
        Finding::SourceChanged { .. } => (GapKind::ChangedFiles, 1),
        Finding::PathsUnmapped { paths } => (GapKind::UnmappedFiles, paths.len()),
        Finding::SourceUnproved { paths } => (GapKind::UnprovedFiles, paths.len()),
        Finding::PathAmbiguous { .. } => (GapKind::AmbiguousFiles, 1),
        Finding::NotAnalyzed { .. } => (GapKind::UnanalyzedFiles, 1),
        _ => return None,
    };
    Some(Gap::new(kind, number))
}
