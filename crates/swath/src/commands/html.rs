//! `swath html`: the report as pages, in coverage.py's words and on its streams.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use swath_config::CoverageConfig;
use swath_coverage::{ModelOptions, ModelWarning, Report, build_report, exclusion_rules};
use swath_data::CoverageData;
use swath_pattern::Directory;
use swath_report::{HtmlOptions, Piece, render_html};

use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::reporting::{Failure, ReportError, Session};

/// The names of the files of the last report, to take away those that are no longer part of it.
const MANIFEST: &str = "swath-pages.txt";
/// A larger single file is slow to open.
const LARGE: usize = 20 * 1024 * 1024;

/// Writes the HTML report of the data file.
pub(crate) fn html(parsed: &Parsed) -> Exit {
    write(parsed).unwrap_or_else(|failure| failure.print())
}

fn write(parsed: &Parsed) -> Result<Exit, Failure> {
    let (mut session, data) = Session::begin_report(parsed)?;
    override_config(&mut session.settings.config, parsed);
    let config = &session.settings.config;
    let single_file = parsed.is_set("single_file");
    let request = HtmlRequest {
        config,
        directory: &session.settings.directory,
        files: &parsed.words(),
        single_file,
        no_source: parsed.is_set("no_source"),
    };
    let written = write_html(&data, &request)?;
    session.messages.warn_of(&written.warnings);
    let index = config.html_dir.trim_end_matches('/');
    session
        .messages
        .say(&format!("Wrote HTML report to {index}/index.html"));
    if written.largest > LARGE && single_file {
        anstream::eprintln!(
            "warning[large-report]: the report has {} MB in one file and opens slowly; without `--single-file` every page is a file of its own",
            written.largest / (1024 * 1024)
        );
    }
    Ok(session.judge(written.total))
}

fn override_config(config: &mut CoverageConfig, parsed: &Parsed) {
    if let Some(skip_covered) = parsed.said("skip_covered") {
        config.html_skip_covered = Some(skip_covered);
    }
    if parsed.is_set("skip_empty") {
        config.html_skip_empty = Some(true);
    }
    config.show_contexts |= parsed.is_set("show_contexts");
    if let Some(directory) = parsed.text("directory") {
        directory.clone_into(&mut config.html_dir);
    }
    if let Some(title) = parsed.text("title") {
        title.clone_into(&mut config.html_title);
    }
}

/// What an HTML report is made from, besides the data.
pub(crate) struct HtmlRequest<'a> {
    pub(crate) config: &'a CoverageConfig,
    pub(crate) directory: &'a Directory,
    /// Only these files, if any are named.
    pub(crate) files: &'a [String],
    pub(crate) single_file: bool,
    pub(crate) no_source: bool,
}

/// A report on the disk.
pub(crate) struct Written {
    /// The total that `fail_under` is held against.
    pub(crate) total: f64,
    /// What could not be analysed.
    pub(crate) warnings: Vec<ModelWarning>,
    /// The size of the largest file.
    pub(crate) largest: usize,
}

/// Why there is no HTML report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HtmlError {
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("Couldn't write the HTML report: {0}")]
    Write(#[from] io::Error),
}

impl From<HtmlError> for Failure {
    fn from(error: HtmlError) -> Self {
        match error {
            HtmlError::Report(error) => error.into(),
            HtmlError::Write(_) => Self::new(error.to_string()),
        }
    }
}

/// Analyses the data and writes the report into `[html] directory`.
pub(crate) fn write_html(
    data: &CoverageData,
    request: &HtmlRequest<'_>,
) -> Result<Written, HtmlError> {
    let config = request.config;
    let (report, mut options) = model(data, request)?;
    options.single_file = request.single_file;
    options.no_source = request.no_source;
    let folder = Path::new(request.directory.path());
    if let Some(style) = config.extra_css.as_ref().filter(|style| !style.is_empty()) {
        options.extra_css = Some(fs_err::read(folder.join(style))?);
    }
    let target = folder.join(&config.html_dir);
    let pieces = render_html(&report, data, &options);
    let largest = write_pieces(&target, pieces)?;

    // coverage.py's HTML report calls nothing to run 0 %.
    let total = match report.totals.statements {
        0 => 0.0,
        _ => report.totals.percent(),
    };
    Ok(Written {
        total,
        warnings: report.warnings,
        largest,
    })
}

fn model(
    data: &CoverageData,
    request: &HtmlRequest<'_>,
) -> Result<(Report, HtmlOptions), ReportError> {
    let rules = exclusion_rules(request.config)?;
    let mut model = ModelOptions::from_config(request.config, &rules, data, request.directory)?;
    model.files = request.files;
    model.details = true;
    let report = build_report(data, &model)?;
    let mut options = HtmlOptions::from_config(request.config)?;
    options.contexts = model.contexts;
    Ok((report, options))
}

/// Writes the pieces that differ from what is there, and takes away pages of an earlier report.
/// Gives the size of the largest.
fn write_pieces(target: &Path, pieces: impl Iterator<Item = Piece>) -> io::Result<usize> {
    let was_empty = fs_err::read_dir(target).map_or(true, |mut entries| entries.next().is_none());
    fs_err::create_dir_all(target)?;
    let before = fs_err::read_to_string(target.join(MANIFEST)).unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut folders = BTreeSet::new();
    let mut largest = 0;
    for piece in pieces {
        largest = largest.max(piece.bytes.len());
        let path = target.join(&piece.name);
        if let Some(parent) = path.parent()
            && folders.insert(parent.to_owned())
        {
            fs_err::create_dir_all(parent)?;
        }
        write_if_changed(&path, &piece.bytes)?;
        names.insert(piece.name);
    }
    for name in before.lines().filter(|name| !names.contains(*name)) {
        if is_page(name) {
            // A page that is gone already is no harm.
            let _ = fs_err::remove_file(target.join(name));
        }
    }
    let manifest: String = names.iter().flat_map(|name| [name, "\n"]).collect();
    write_if_changed(&target.join(MANIFEST), manifest.as_bytes())?;
    if was_empty {
        write_if_changed(&target.join(".gitignore"), b"# Created by swath\n*\n")?;
    }
    Ok(largest)
}

/// Only pages are taken away, whatever a list says.
fn is_page(name: &str) -> bool {
    let path = Path::new(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_html = path
        .extension()
        .is_some_and(|extension| extension == "html");
    plain && is_html && (name.starts_with("f/") || name.starts_with("d/") || !name.contains('/'))
}

/// Writes beside the file and renames, unless it holds these bytes already.
fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let same_size = fs_err::metadata(path).is_ok_and(|file| file.len() == bytes.len() as u64);
    if same_size && fs_err::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    fs_err::write(&beside, bytes)?;
    fs_err::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_in_the_folder_are_taken_away() {
        for (name, expected) in [
            ("f/a-py-123456.html", true),
            ("holes.html", true),
            ("../x.html", false),
            ("/etc/x.html", false),
            ("f/../../x.html", false),
            ("src/x.html", false),
            ("f/x.py", false),
        ] {
            assert_eq!(is_page(name), expected, "{name}");
        }
    }

    #[test]
    fn unchanged_pages_are_not_written_and_gone_pages_are_taken_away() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let piece = |name: &str, text: &str| Piece {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let inode = |name: &str| fs_err::metadata(target.join(name)).unwrap().ino();
        write_pieces(
            &target,
            [piece("f/a.html", "a"), piece("f/b.html", "b")].into_iter(),
        )
        .unwrap();
        let before = inode("f/a.html");
        fs_err::write(target.join("mine.html"), "mine").unwrap();
        write_pieces(&target, [piece("f/a.html", "a")].into_iter()).unwrap();
        assert_eq!(inode("f/a.html"), before);
        assert!(!target.join("f/b.html").exists());
        assert!(target.join("mine.html").exists());
        write_pieces(&target, [piece("f/a.html", "c")].into_iter()).unwrap();
        assert_ne!(inode("f/a.html"), before);
        assert_eq!(
            fs_err::read_to_string(target.join(".gitignore")).unwrap(),
            "# Created by swath\n*\n"
        );
    }
}
