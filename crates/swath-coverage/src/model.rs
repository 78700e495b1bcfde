//! The model: every file of the data, analysed and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use swath_analysis::{
    Analysis, Arc, ExclusionRules, Problem, ProblemKind, PythonVersion, analyze_text,
    analyze_text_among, analyze_text_lines, analyze_text_regions, decode_source,
};
use swath_checkout::SourceRoots;
use swath_config::CoverageConfig;
use swath_data::{ContextError, ContextId, CoverageData, LineSet, SourceHash};
use swath_pattern::{Directory, GlobError, Globs, RegexError, prepare_globs};

use crate::followed::NotFollowed;
use crate::reported::tracer_of;
use crate::rules_of_python::{Rules, other_kinds, other_rules_differ};
use crate::{FileReport, Numbers, ReportedFile};

/// What a report is about.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct ModelOptions<'a> {
    /// The current folder: names are relative to it.
    pub directory: &'a Directory,
    /// Only these files, if any are named.
    pub files: &'a [String],
    /// `[report] include`.
    pub include: &'a [String],
    /// `[report] omit`.
    pub omit: &'a [String],
    /// Only what ran in these contexts.
    pub contexts: Option<BTreeSet<ContextId>>,
    /// Go on without files that cannot be analysed.
    pub ignore_errors: bool,
    /// Paths in the data are relative to the folder.
    pub relative_files: bool,
    /// What is excluded.
    pub rules: &'a ExclusionRules,
    /// The Python whose rules hold for files of which the data does not say it.
    pub python: PythonVersion,
    /// The Python that somebody says recorded those files; it comes before that of other files in the data.
    pub said_python: Option<PythonVersion>,
    /// Find out which of those files count otherwise by the rules of another Python.
    pub compare_rules: bool,
    /// What plugins say of the files that they measured, by the paths in the data.
    pub reported: Option<&'a BTreeMap<String, ReportedFile>>,
    /// Find functions and classes, and keep the sources: what every report but text and XML needs.
    pub details: bool,
    /// The folders whose sources are read on the word of the data alone.
    pub roots: SourceRoots,
    /// With details, leave the sources out all the same: [`read_source`] gives them one by one.
    pub without_sources: bool,
}

impl<'a> ModelOptions<'a> {
    /// What the configuration says; `rules` are its [`exclusion_rules`].
    pub fn from_config(
        config: &'a CoverageConfig,
        rules: &'a ExclusionRules,
        data: &CoverageData,
        directory: &'a Directory,
    ) -> Result<Self, ContextError> {
        Ok(Self {
            directory,
            files: &[],
            include: config.report_include.as_deref().unwrap_or_default(),
            omit: config.report_omit.as_deref().unwrap_or_default(),
            contexts: chosen_contexts(config, data)?,
            ignore_errors: config.ignore_errors,
            relative_files: config.relative_files,
            rules,
            python: PythonVersion::DEFAULT,
            said_python: None,
            compare_rules: false,
            reported: None,
            details: false,
            roots: SourceRoots::new(directory, named_folders(config)),
            without_sources: false,
        })
    }
}

/// The folders of sources that the configuration names.
fn named_folders(config: &CoverageConfig) -> impl Iterator<Item = &str> {
    let sources = config.source.iter().flatten().chain(&config.source_dirs);
    let mapped_to = config.path_lists().filter_map(|list| list.first());
    sources.chain(mapped_to).map(String::as_str)
}

/// The contexts that the configuration narrows reports to, if it does.
pub fn chosen_contexts(
    config: &CoverageConfig,
    data: &CoverageData,
) -> Result<Option<BTreeSet<ContextId>>, ContextError> {
    let contexts = config.report_contexts.as_deref();
    let contexts = contexts.filter(|contexts| !contexts.is_empty());
    contexts
        .map(|contexts| data.matching_contexts(contexts))
        .transpose()
}

/// The exclusions that the configuration asks for.
pub fn exclusion_rules(config: &CoverageConfig) -> Result<ExclusionRules, RegexError> {
    let partial = [config.partial_list.as_slice(), &config.partial_always_list].concat();
    ExclusionRules::new(&config.exclude_list, &partial)
}

/// The data, analysed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The files, by path.
    pub files: Vec<FileReport>,
    /// What they count together.
    pub totals: Numbers,
    /// Whether there are branches.
    pub has_arcs: bool,
    /// Files left out because their text here is not the text that ran.
    pub stale: Vec<StaleFile>,
    /// Those of the files whose text changed, and that were followed to the text that is here; by
    /// their paths in the data.
    pub followed: BTreeSet<String>,
    /// Files left out because they were measured and are not here.
    pub unmapped: Vec<String>,
    /// Left out because the program made it itself, under the name of a file that never was.
    pub made: Vec<String>,
    /// Files left out because they lie outside the project, and the data does not say which
    /// content ran: no reason to show what is there.
    pub unproved: Vec<String>,
    /// Files left out because only a plugin could report them, with what it said instead.
    pub unreported: Vec<(String, String)>,
    /// Every file left out of which nobody can say what ran, but for stale ones; with the reason.
    pub unanalyzed: Vec<UnanalyzedFile>,
    /// The first file that counts otherwise by the rules of another Python, and nobody knows which Python ran it.
    pub undecided: Option<String>,
    /// Files left out for other reasons, in coverage.py's words.
    pub warnings: Vec<ModelWarning>,
}

/// A file whose text is not what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleFile {
    /// The file on this machine.
    pub path: String,
    /// Its path in the data.
    pub recorded: String,
    /// Its name in reports.
    pub name: String,
    /// What was measured.
    pub measured: BTreeSet<SourceHash>,
    /// What is here.
    pub here: SourceHash,
    /// How many lines ran.
    pub lines: usize,
    /// Why [`Report::follow`] left it here; nothing if that was not tried.
    pub not_followed: Option<NotFollowed>,
}

/// A file of the data that a report cannot speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnanalyzedFile {
    /// Its path in the data.
    pub recorded: String,
    /// Its name in reports.
    pub name: String,
    /// What is in the way.
    pub problem: String,
}

/// Something that did not stop the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelWarning {
    /// The slug by which it can be disabled.
    pub slug: &'static str,
    /// What happened.
    pub text: String,
}

/// Why there is no report, in coverage.py's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No file is left.
    #[error("No data to report.")]
    NoData,
    /// A measured file is not here.
    #[error("No source for code: '{path}'.")]
    NoSource {
        /// The file.
        path: String,
    },
    /// A measured file is here and cannot be read.
    #[error("No source for code: '{path}': {problem}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        problem: String,
    },
    /// A measured file is no Python.
    #[error("{text}")]
    NotPython {
        /// The file.
        path: String,
        /// What is wrong with it.
        text: String,
    },
    /// A pattern of `include` or `omit` is no pattern.
    #[error(transparent)]
    Glob(#[from] GlobError),
}

impl ModelError {
    /// The slug of coverage.py's page of messages, for the errors that it documents.
    pub fn slug(&self) -> Option<&'static str> {
        matches!(self, Self::NoSource { .. }).then_some("no-source")
    }
}

enum Outcome {
    File(Box<FileReport>),
    /// A plugin measured it, and does not report it.
    Unreported(String, String),
    Stale(StaleFile),
    Unmapped(String),
    /// No file: the program made the code.
    Made(String),
    Unproved(String),
    /// Measured, and not meant to be Python.
    Other,
    Error(ModelError),
}

impl Outcome {
    /// What keeps the report from saying what ran of a file.
    fn problem(&self) -> Option<String> {
        match self {
            Self::File(_) | Self::Stale(_) | Self::Other => None,
            Self::Unreported(_, problem) => Some(problem.clone()),
            Self::Unmapped(_) => Some("it is not here".to_owned()),
            Self::Made(_) => Some("the program made it itself".to_owned()),
            Self::Unproved(_) => Some(
                "it lies outside the project, and the data does not say which text of it ran"
                    .to_owned(),
            ),
            Self::Error(error) => Some(error.to_string()),
        }
    }
}

/// Analyses the files of the data, or those that the options name.
pub fn build_report(data: &CoverageData, options: &ModelOptions<'_>) -> Result<Report, ModelError> {
    let files = chosen_files(data, options)?;
    if files.is_empty() {
        return Err(ModelError::NoData);
    }
    let rules = Rules::new(data, options);
    let outcomes: Vec<(Outcome, Option<UnanalyzedFile>)> = files
        .into_par_iter()
        .enumerate()
        .map(|(index, file)| {
            let outcome = report_file(data, options, &rules, (index, file.clone()));
            let unanalyzed = outcome.problem().map(|problem| UnanalyzedFile {
                recorded: recorded_key(&file, options),
                name: options.directory.relative(&file.recorded).to_owned(),
                problem,
            });
            (outcome, unanalyzed)
        })
        .collect();

    let mut report = Report {
        has_arcs: data.has_arcs(),
        ..Report::default()
    };
    let undecided = rules.first_undecided();
    for (index, (outcome, unanalyzed)) in outcomes.into_iter().enumerate() {
        if let Outcome::File(file) = &outcome
            && undecided == Some(index)
        {
            report.undecided = Some(file.name.clone());
        }
        report.unanalyzed.extend(unanalyzed);
        match outcome {
            Outcome::File(file) => {
                report.totals += file.numbers;
                report.files.push(*file);
            }
            Outcome::Unreported(name, problem) if options.ignore_errors => {
                report.warnings.push(ModelWarning {
                    slug: "couldnt-parse",
                    text: format!("Couldn't parse '{name}': {problem}"),
                });
            }
            Outcome::Unreported(name, problem) => report.unreported.push((name, problem)),
            Outcome::Stale(stale) => report.stale.push(stale),
            Outcome::Unmapped(name) => report.unmapped.push(name),
            Outcome::Made(name) => report.made.push(name),
            Outcome::Unproved(name) => report.unproved.push(name),
            Outcome::Other => {}
            Outcome::Error(error) if options.ignore_errors => {
                report.warnings.push(could_not_parse(&error));
            }
            Outcome::Error(error) => return Err(error),
        }
    }
    report.doubt_made();
    Ok(report)
}

/// The last part of a path.
fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Report {
    /// What a program compiled under the bare name of a source may be that source, loaded by other
    /// means than an import: what ran of it is missing then, and no report may vouch for it.
    fn doubt_made(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let sources: BTreeSet<&str> = self
            .files
            .iter()
            .map(|file| base_name(&file.name))
            .collect();
        let all = std::mem::take(&mut self.made).into_iter();
        let (doubtful, made): (Vec<_>, Vec<_>) =
            all.partition(|name| sources.contains(base_name(name)));
        self.made = made;
        self.unmapped.extend(doubtful);
    }
}

fn could_not_parse(error: &ModelError) -> ModelWarning {
    let text = match error {
        ModelError::NotPython { path, .. } => format!("Couldn't parse Python file '{path}'"),
        ModelError::NoSource { path } | ModelError::Unreadable { path, .. } => {
            format!("Couldn't parse '{path}': {error}")
        }
        ModelError::NoData | ModelError::Glob(_) => error.to_string(),
    };
    ModelWarning {
        slug: "couldnt-parse",
        text,
    }
}

/// A file to report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chosen {
    /// Where it is here; files are reported in this order.
    path: String,
    /// Its path as the data or the caller has it.
    recorded: String,
}

/// The path of a chosen file in the data.
pub(crate) fn recorded_key(file: &Chosen, options: &ModelOptions<'_>) -> String {
    if options.relative_files {
        options.directory.relative(&file.path).to_owned()
    } else {
        file.path.clone()
    }
}

pub(crate) fn chosen_files(
    data: &CoverageData,
    options: &ModelOptions<'_>,
) -> Result<Vec<Chosen>, ModelError> {
    let globs = |patterns: &[String]| -> Result<Option<Globs>, GlobError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        Globs::new(prepare_globs(patterns, options.directory)).map(Some)
    };
    let (include, omit) = (globs(options.include)?, globs(options.omit)?);
    let recorded: Vec<String> = if options.files.is_empty() {
        data.files().map(|(path, _)| path.to_owned()).collect()
    } else {
        options.files.to_vec()
    };
    let mut chosen = Vec::with_capacity(recorded.len());
    for recorded in recorded {
        let path = if options.relative_files {
            recorded.clone()
        } else {
            options.directory.absolute(&recorded)
        };
        let wanted = include
            .as_ref()
            .is_none_or(|include| include.is_match(&path));
        if wanted && !omit.as_ref().is_some_and(|omit| omit.is_match(&path)) {
            chosen.push(Chosen { path, recorded });
        }
    }
    chosen.sort();
    Ok(chosen)
}

fn report_file(
    data: &CoverageData,
    options: &ModelOptions<'_>,
    rules: &Rules,
    (index, file): (usize, Chosen),
) -> Outcome {
    let key = recorded_key(&file, options);
    let Chosen { path, recorded } = file;
    let name = options.directory.relative(&recorded).to_owned();
    let tracer = data.file(&key).and_then(|file| file.tracer.as_deref());
    if let Some(tracer) = tracer_of(tracer) {
        return traced(data, options, tracer, Named { path, key, name });
    }
    let on_disk = options.directory.absolute(&path);
    let measured = data.accounting.was_recorded(&key);
    if data.accounting.was_made(&key) && !Path::new(&on_disk).exists() {
        return Outcome::Made(name);
    }
    if measured && data.accounting.hashes(&key).is_empty() && !options.roots.hold(&on_disk) {
        return Outcome::Unproved(name);
    }
    let source = match swath_checkout::read_source(Path::new(&on_disk)) {
        Ok(source) => source,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return if measured {
                Outcome::Unmapped(name)
            } else {
                Outcome::Error(ModelError::NoSource { path })
            };
        }
        Err(error) => {
            let problem = error.to_string();
            return Outcome::Error(ModelError::Unreadable { path, problem });
        }
    };
    let lines = data
        .lines(&key, options.contexts.as_ref())
        .unwrap_or_default();
    let names = Named { path, key, name };
    if let Some(stale) = stale(data, &names, &source, &lines) {
        return Outcome::Stale(stale);
    }
    let Named { path, key, name } = names;
    let python = rules.python_of(data, &key);
    let text = match decode_source(&source) {
        Ok(text) => text,
        Err(problem) => return problem_outcome(&problem, path),
    };
    let (analysis, may_differ) = if rules.ask_for_comparison(data, &key, index) {
        analyze_and_compare(&text, python, data, options)
    } else {
        (analyze_as_wanted(&text, python, data, options), false)
    };
    if let Some(problem) = &analysis.problem {
        return problem_outcome(problem, path);
    }
    if may_differ && other_rules_differ(&text, python, options.rules, &analysis, data.has_arcs()) {
        rules.note_undecided(index);
    }
    let arcs = data.has_arcs().then(|| measured_arcs(data, options, &key));
    let report = Box::new(FileReport {
        path,
        recorded: key,
        name,
        source: if options.details && !options.without_sources {
            text
        } else {
            String::new()
        },
        ..FileReport::new(analysis, lines.iter(), arcs)
    });
    Outcome::File(report)
}

/// Analyses a text as far as the data and the options need it.
pub(crate) fn analyze_as_wanted(
    text: &str,
    python: PythonVersion,
    data: &CoverageData,
    options: &ModelOptions<'_>,
) -> Analysis {
    if data.has_arcs() {
        analyze_text(text, python, options.rules)
    } else if options.details {
        analyze_text_regions(text, python, options.rules)
    } else {
        analyze_text_lines(text, python, options.rules)
    }
}

/// The same, and whether it may be another analysis on another Python.
fn analyze_and_compare(
    text: &str,
    python: PythonVersion,
    data: &CoverageData,
    options: &ModelOptions<'_>,
) -> (Analysis, bool) {
    let branches = data.has_arcs();
    if !branches && options.details {
        return (analyze_as_wanted(text, python, data, options), true);
    }
    analyze_text_among(text, python, &other_kinds(python), options.rules, branches)
}

/// A file under all its names.
struct Named {
    path: String,
    key: String,
    name: String,
}

/// A file that a plugin measured is what the plugin says it is.
fn traced(data: &CoverageData, options: &ModelOptions<'_>, tracer: &str, file: Named) -> Outcome {
    let Named { path, key, name } = file;
    let reported = options.reported.and_then(|reported| reported.get(&key));
    let problem = match reported {
        None => Some(format!("`{tracer}` was not asked")),
        Some(reported) => reported.problem.clone(),
    };
    match (problem, reported) {
        (None, Some(reported)) => {
            let details = options.details && !options.without_sources;
            Outcome::File(Box::new(FileReport {
                path,
                recorded: key,
                name,
                ..reported.file_report(data.has_arcs(), details)
            }))
        }
        (problem, _) => Outcome::Unreported(name, problem.unwrap_or_default()),
    }
}

/// Reads the decoded text of a file of the report once more.
pub fn read_source(file: &FileReport, directory: &Directory) -> std::io::Result<String> {
    let source = swath_checkout::read_source(Path::new(&directory.absolute(&file.path)))?;
    decode_source(&source).map_err(|problem| std::io::Error::other(problem.describe(&file.path)))
}

/// A file is stale if any process ran another text than the one that is here.
fn stale(data: &CoverageData, names: &Named, source: &[u8], lines: &LineSet) -> Option<StaleFile> {
    let measured = data.accounting.hashes(&names.key);
    if measured.is_empty() {
        return None;
    }
    let here = SourceHash::of(source);
    if measured.iter().all(|&hash| hash == here) {
        return None;
    }
    Some(StaleFile {
        path: names.path.clone(),
        recorded: names.key.clone(),
        name: names.name.clone(),
        measured,
        here,
        lines: lines.len(),
        not_followed: None,
    })
}

fn problem_outcome(problem: &Problem, path: String) -> Outcome {
    // A file of another kind that some template engine ran is no error.
    if problem.kind == ProblemKind::Syntax && !should_be_python(&path) {
        return Outcome::Other;
    }
    let text = problem.describe(&path);
    Outcome::Error(ModelError::NotPython { path, text })
}

/// Names that end in `.py…`, and names without an ending.
fn should_be_python(path: &str) -> bool {
    match base_name(path).trim_start_matches('.').rsplit_once('.') {
        Some((_, extension)) => extension.starts_with("py"),
        None => true,
    }
}

pub(crate) fn measured_arcs(
    data: &CoverageData,
    options: &ModelOptions<'_>,
    key: &str,
) -> Vec<Arc> {
    let arcs = data
        .arcs(key, options.contexts.as_ref())
        .unwrap_or_default();
    arcs.iter().collect()
}

#[cfg(test)]
mod tests {
    use swath_data::{FileFacts, Mode};

    use super::*;

    #[test]
    fn only_files_with_pythons_endings_must_be_python() {
        for (path, expected) in [
            ("/a/b.py", true),
            ("/a.d/b", true),
            ("/a/.hidden", true),
            ("/a/b.pyw", true),
            ("/a/b.html", false),
        ] {
            assert_eq!(should_be_python(path), expected, "{path}");
        }
    }

    fn build(folder: &Path, data: &CoverageData) -> Result<Report, ModelError> {
        let rules = ExclusionRules::default();
        let options = ModelOptions {
            directory: &Directory::new(folder),
            files: &[],
            include: &[],
            omit: &[],
            contexts: None,
            ignore_errors: false,
            relative_files: false,
            rules: &rules,
            python: PythonVersion::DEFAULT,
            said_python: None,
            compare_rules: false,
            reported: None,
            details: false,
            roots: SourceRoots::new(&Directory::new(folder), []),
            without_sources: false,
        };
        build_report(data, &options)
    }

    fn one_file(folder: &Path, source: &str) -> (CoverageData, String) {
        let path = Directory::new(folder).absolute("a.py");
        fs_err::write(&path, source).unwrap();
        let mut data = CoverageData::new(Mode::Lines);
        let context = data.intern_context("");
        data.add_lines(&path, context, &[1].into_iter().collect());
        (data, path)
    }

    #[test]
    fn a_file_that_changed_since_is_stale_and_not_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (mut data, path) = one_file(folder.path(), "x = 1\n");
        let mut note = |source: &[u8]| {
            let hash = Some(SourceHash::of(source));
            data.accounting
                .files
                .entry(path.clone())
                .or_default()
                .insert(FileFacts {
                    hash,
                    ..FileFacts::default()
                });
            build(folder.path(), &data).unwrap()
        };
        let report = note(b"x = 1\n");
        assert_eq!((report.totals.statements, report.stale.len()), (1, 0));
        let report = note(b"y = 1\n");
        assert_eq!((report.totals.statements, report.stale.len()), (0, 1));
        assert_eq!(
            (report.stale[0].name.as_str(), report.stale[0].lines),
            ("a.py", 1)
        );
    }

    #[test]
    fn a_file_outside_the_project_is_read_only_if_its_content_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        fs_err::create_dir(&project).unwrap();
        let (mut data, path) = one_file(folder.path(), "secret = 1\n");
        // Data of another tool says nothing of contents, and is the user's own.
        assert_eq!(build(&project, &data).unwrap().files.len(), 1);
        let facts = |hash| {
            [FileFacts {
                hash,
                ..FileFacts::default()
            }]
            .into()
        };
        data.accounting.files.insert(path.clone(), facts(None));
        let report = build(&project, &data).unwrap();
        assert_eq!(
            (report.files.len(), report.unproved),
            (0, vec![path.clone()])
        );
        assert_eq!(build(folder.path(), &data).unwrap().files.len(), 1);
        let known = Some(SourceHash::of(b"secret = 1\n"));
        data.accounting.files.insert(path, facts(known));
        assert_eq!(build(&project, &data).unwrap().files.len(), 1);
    }

    #[test]
    fn a_link_in_the_project_leads_to_nothing_outside() {
        let folder = tempfile::tempdir().unwrap();
        let (mut data, secret) = one_file(folder.path(), "secret = 1\n");
        let project = folder.path().join("project");
        fs_err::create_dir(&project).unwrap();
        std::os::unix::fs::symlink(secret, project.join("link.py")).unwrap();
        let context = data.intern_context("");
        data.add_lines("link.py", context, &[1].into_iter().collect());
        data.accounting
            .files
            .insert("link.py".to_owned(), [FileFacts::default()].into());
        let rules = ExclusionRules::default();
        let directory = Directory::new(&project);
        let config = CoverageConfig {
            relative_files: true,
            ..CoverageConfig::default()
        };
        let mut options = ModelOptions::from_config(&config, &rules, &data, &directory).unwrap();
        let only = ["link.py".to_owned()];
        options.files = &only;
        assert_eq!(build_report(&data, &options).unwrap().unproved, ["link.py"]);
    }

    #[test]
    fn a_measured_file_that_is_not_here_is_unmapped() {
        let folder = tempfile::tempdir().unwrap();
        let (mut data, path) = one_file(folder.path(), "x = 1\n");
        fs_err::remove_file(&path).unwrap();
        let error = build(folder.path(), &data).unwrap_err();
        assert_eq!(error, ModelError::NoSource { path: path.clone() });
        data.accounting.files.entry(path).or_default();
        assert_eq!(build(folder.path(), &data).unwrap().unmapped, ["a.py"]);
    }

    #[test]
    fn code_that_was_made_under_a_plain_name_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (mut data, _) = one_file(folder.path(), "x = 1\n");
        let context = data.intern_context("");
        for (name, is_absent) in [("_middleware", true), ("mail.py", true), ("serve", false)] {
            let path = folder.path().join(name).display().to_string();
            data.add_lines(&path, context, &[1].into_iter().collect());
            let facts = FileFacts {
                is_absent,
                ..FileFacts::default()
            };
            data.accounting.files.insert(path, [facts].into());
        }
        let report = build(folder.path(), &data).unwrap();
        assert_eq!(report.made, ["_middleware", "mail.py"]);
        assert_eq!(report.unmapped, ["serve"]);
        // It may be the source of that name, which ran then, and counts as if it had not.
        let source = folder.path().join("plugins/mail.py");
        fs_err::create_dir(folder.path().join("plugins")).unwrap();
        fs_err::write(&source, "x = 1\n").unwrap();
        data.touch(&source.display().to_string());
        let report = build(folder.path(), &data).unwrap();
        assert_eq!(report.made, ["_middleware"]);
        assert_eq!(report.unmapped, ["serve", "mail.py"]);
    }
}
