//! `swath html`: the report as pages, in coverage.py's words and on its streams.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use swath_config::CoverageConfig;
use swath_coverage::{Gate, ModelOptions, Report, build_report, exclusion_rules};
use swath_data::{CoverageData, read_data_file};
use swath_pattern::Directory;
use swath_report::{HtmlOptions, Piece, render_html};

use crate::arguments::HtmlArguments;
use crate::commands::combine::combine_before_report;
use crate::commands::report::{current_folder, fail, print, print_warnings};
use crate::exit::Exit;
use crate::reporting::ReportError;
use crate::settings::Settings;

/// The names of the files of the last report, to take away those that are no longer part of it.
const MANIFEST: &str = "swath-pages.txt";
/// A larger single file is slow to open.
const LARGE: usize = 20 * 1024 * 1024;

/// Writes the HTML report of the data file.
pub(crate) fn html(arguments: &HtmlArguments) -> Exit {
    let mut settings = match Settings::load(arguments.rcfile.as_deref(), &current_folder()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    print_warnings(&settings.warnings);
    override_config(&mut settings.config, arguments);
    combine_before_report(&settings, arguments.keep_combined);
    let data_file = settings.data_file();
    if !data_file.exists() {
        return fail("No data to report.");
    }
    let data = match read_data_file(&data_file) {
        Ok(data) => data,
        Err(error) => return fail(&error.to_string()),
    };
    let request = HtmlRequest {
        config: &settings.config,
        directory: &settings.directory,
        files: &arguments.modules,
        single_file: arguments.single_file,
        no_source: arguments.no_source,
    };
    match write_html(&data, &request) {
        Ok(written) => {
            print_warnings(&written.warnings);
            if !arguments.quiet {
                let index = settings.config.html_dir.trim_end_matches('/');
                anstream::eprintln!("Wrote HTML report to {index}/index.html");
            }
            if written.largest > LARGE && arguments.single_file {
                anstream::eprintln!(
                    "warning[large-report]: the report has {} MB in one file and opens slowly; without `--single-file` every page is a file of its own",
                    written.largest / (1024 * 1024)
                );
            }
            match written.gate_failure {
                Some(failure) => {
                    print(&format!("Coverage failure: {failure}\n"));
                    Exit::BelowFailUnder
                }
                None => Exit::Success,
            }
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn override_config(config: &mut CoverageConfig, arguments: &HtmlArguments) {
    if arguments.skip_covered || arguments.no_skip_covered {
        config.html_skip_covered = Some(arguments.skip_covered);
    }
    if arguments.skip_empty {
        config.html_skip_empty = Some(true);
    }
    config.show_contexts |= arguments.show_contexts;
    config.ignore_errors |= arguments.ignore_errors;
    if let Some(directory) = &arguments.directory {
        config.html_dir.clone_from(directory);
    }
    if let Some(title) = &arguments.title {
        config.html_title.clone_from(title);
    }
    if let Some(precision) = arguments.precision {
        config.precision = i64::from(precision);
    }
    if let Some(fail_under) = arguments.fail_under {
        config.fail_under = fail_under;
    }
    if let Some(contexts) = &arguments.contexts {
        config.report_contexts = Some(contexts.clone());
    }
    if let Some(include) = &arguments.include {
        config.report_include = Some(include.clone());
    }
    if let Some(omit) = &arguments.omit {
        config.report_omit = Some(omit.clone());
    }
    if let Some(data_file) = &arguments.data_file {
        config.data_file.clone_from(data_file);
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
    /// What coverage.py prints after `Coverage failure: `.
    pub(crate) gate_failure: Option<String>,
    /// What could not be analysed.
    pub(crate) warnings: Vec<String>,
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

/// Analyses the data and writes the report into `[html] directory`.
pub(crate) fn write_html(
    data: &CoverageData,
    request: &HtmlRequest<'_>,
) -> Result<Written, HtmlError> {
    let config = request.config;
    let precision = usize::try_from(config.precision).unwrap_or(0);
    let gate = Gate::new(config.fail_under, precision).map_err(ReportError::from)?;
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
        gate_failure: match config.fail_under {
            0.0 => None,
            _ => gate.failure(total),
        },
        warnings: report.warnings.into_iter().map(|it| it.text).collect(),
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
