//! From data and settings to a report, for coverage.py's verbs and for the end of a run.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swath_checkout::source_exists;
use swath_config::ConfigError;
use swath_coverage::{
    GateError, MeasuredTexts, ModelError, ModelOptions, ModelWarning, Report, ReportedFile,
    build_report, exclusion_rules, file_findings, traced_files, verdict,
};
use swath_data::{ContextError, CoverageData, DataError, SourceHash, read_data_file};
use swath_model::{Finding, Message};
use swath_pattern::{GlobError, PathAliases, RegexError};
use swath_report::{TextError, error_with_page, verdict_line, verdict_markdown, warning_with_page};
use swath_run::{PluginChoice, Plugins, Settings};

use crate::commands::combine::combine_parallel;
use crate::coverage_cli::Parsed;
use crate::diagnostic::Show as _;
use crate::exit::Exit;
use crate::gates::judge_total;
use crate::interpreter::environment_interpreter;
use crate::patience::Patience;
use crate::recorder::{AssumedPython, Grounds, SaidPython};
use crate::terminal::{print, tell};

/// Why there is no report, in coverage.py's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Contexts(#[from] ContextError),
    #[error("Invalid [report].exclude_lines value: {0}")]
    Rules(#[from] RegexError),
}

/// A failure of a verb of coverage.py's, in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    text: String,
    /// The entry of coverage.py's page of messages.
    slug: Option<&'static str>,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            slug: None,
        }
    }

    /// The same as a verb of swath's own says it.
    pub(crate) fn message(&self) -> Message {
        Message::error("report-failed", self.text.clone())
    }

    /// Prints it where coverage.py does: on standard output.
    pub(crate) fn print(&self) -> Exit {
        fail(&error_with_page(&self.text, self.slug))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<GlobError> for Failure {
    fn from(error: GlobError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self {
            slug: error.slug(),
            ..Self::new(error.to_string())
        }
    }
}

impl<E: Into<ReportError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let slug = match &error {
            ReportError::Model(error) => error.slug(),
            _ => None,
        };
        Self {
            text: error.to_string(),
            slug,
        }
    }
}

/// What a verb of coverage.py's says besides its result.
pub(crate) struct Messages {
    quiet: bool,
    /// The slugs of `disable_warnings`.
    disabled: Vec<String>,
    /// Python shows a warning once.
    shown: RefCell<BTreeSet<String>>,
}

impl Messages {
    /// Says what was done, unless that is not wanted.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            tell(text);
        }
    }

    /// A live line on a terminal while what follows takes long.
    pub(crate) fn patience(&self, verb: &'static str) -> Patience {
        Patience::begin(verb, self.quiet)
    }

    pub(crate) fn warn(&self, texts: &[String]) {
        for text in texts {
            if self.shown.borrow_mut().insert(text.clone()) {
                tell(&format!("CoverageWarning: {text}"));
            }
        }
    }

    pub(crate) fn warn_of(&self, warnings: &[ModelWarning]) {
        for ModelWarning { slug, text } in warnings {
            if !self.disabled.iter().any(|disabled| disabled == slug) {
                self.warn(&[warning_with_page(text, slug)]);
            }
        }
    }
}

/// What a verb that looks at data is told, whoever read its command line.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct SessionOptions {
    pub(crate) rcfile: Option<String>,
    pub(crate) data_file: Option<String>,
    pub(crate) include: Option<Vec<String>>,
    pub(crate) omit: Option<Vec<String>>,
    pub(crate) debug: Option<Vec<String>>,
    pub(crate) contexts: Option<Vec<String>>,
    pub(crate) python: Option<String>,
    pub(crate) precision: Option<i64>,
    pub(crate) fail_under: Option<f64>,
    pub(crate) quiet: bool,
    pub(crate) no_plugins: bool,
    pub(crate) ignore_errors: bool,
    pub(crate) keep_combined: bool,
    /// Whether swath was started as coverage.py.
    pub(crate) as_coverage: bool,
}

impl From<&Parsed> for SessionOptions {
    fn from(parsed: &Parsed) -> Self {
        let text = |key| parsed.text(key).map(str::to_owned);
        Self {
            rcfile: text("rcfile"),
            data_file: text("data_file"),
            include: parsed.list("include"),
            omit: parsed.list("omit"),
            debug: parsed.list("debug"),
            contexts: parsed.list("contexts"),
            python: text("python"),
            precision: parsed.integer("precision"),
            fail_under: parsed.float("fail_under"),
            quiet: parsed.is_set("quiet"),
            no_plugins: parsed.is_set("no_plugins"),
            ignore_errors: parsed.is_set("ignore_errors"),
            keep_combined: parsed.is_set("keep_combined"),
            as_coverage: parsed.as_coverage,
        }
    }
}

/// A verb that looks at data, at work: its settings and where they hold.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) messages: Messages,
    /// The Python of `--python`.
    pub(crate) python: Option<SaidPython>,
    /// Whether something is not as the settings ask, so that a gate which passes says nothing.
    is_unsure: Cell<bool>,
    /// Whether swath was started as coverage.py, for which a file without a source ends a report.
    as_coverage: bool,
}

impl Session {
    /// Reads the configuration, and the options that all verbs have.
    pub(crate) fn begin(options: &SessionOptions) -> Result<Self, Failure> {
        let mut settings = Settings::load(options.rcfile.as_deref(), &current_folder())?;
        let config = &mut settings.config;
        let messages = Messages {
            quiet: options.quiet,
            disabled: config.disable_warnings.clone(),
            shown: RefCell::default(),
        };
        messages.warn(&settings.warnings);
        if let Some(data_file) = options.data_file.as_ref().filter(|name| !name.is_empty()) {
            config.data_file.clone_from(data_file);
        }
        if let Some(include) = &options.include {
            config.run_include.clone_from(include);
            config.report_include = Some(include.clone());
        }
        if let Some(omit) = &options.omit {
            config.run_omit.clone_from(omit);
            config.report_omit = Some(omit.clone());
        }
        if let Some(debug) = &options.debug {
            config.debug.clone_from(debug);
        }
        let python = options.python.as_deref().map(SaidPython::parse).transpose();
        Ok(Self {
            settings,
            messages,
            python: python.map_err(Failure::new)?,
            is_unsure: Cell::new(false),
            as_coverage: options.as_coverage,
        })
    }

    /// Reads the configuration, and has the plugins that it names change it.
    pub(crate) fn begin_with_plugins(options: &SessionOptions) -> Result<Self, Failure> {
        let mut session = Self::begin(options)?;
        let said = session.python.as_ref();
        let said = said.and_then(|said| said.interpreter.clone());
        let choice = PluginChoice {
            interpreter: said.or_else(environment_interpreter),
            path: None,
            left_out: options.no_plugins,
        };
        let plugins = Plugins::apply(&mut session.settings.config, &choice);
        if let Some(error) = plugins.error() {
            if session.as_coverage {
                let names = plugins.names().join(", ");
                let text = format!("Couldn't load the plugins {names}: {error}");
                return Err(Failure::new(text));
            }
            session.is_unsure.set(true);
        }
        if let Some(finding) = plugins.finding() {
            finding.message().print();
        }
        session.settings.plugins = plugins;
        Ok(session)
    }

    /// Reads the configuration and the options of reports; then the data, with the parallel files
    /// beside it combined into it.
    pub(crate) fn begin_report(options: &SessionOptions) -> Result<(Self, CoverageData), Failure> {
        let session = Self::begin_reading(options)?;
        combine_parallel(&session, options.keep_combined)?;
        let data = session.read(&session.settings.data_file())?;
        Ok((session, data))
    }

    /// Reads the configuration and the options of reports.
    pub(crate) fn begin_reading(options: &SessionOptions) -> Result<Self, Failure> {
        let mut session = Self::begin_with_plugins(options)?;
        let config = &mut session.settings.config;
        config.ignore_errors |= options.ignore_errors;
        if let Some(contexts) = &options.contexts {
            config.report_contexts = Some(contexts.clone());
        }
        if let Some(precision) = options.precision {
            config.precision = precision;
        }
        if let Some(fail_under) = options.fail_under {
            config.fail_under = fail_under;
        }
        Ok(session)
    }

    /// The data of a file, with the rules of `[paths]` applied once more.
    pub(crate) fn read(&self, path: &Path) -> Result<CoverageData, Failure> {
        if !path.exists() {
            return Ok(CoverageData::default());
        }
        let data = read_data_file(path)?;
        if self.settings.config.paths.is_empty() {
            return Ok(data);
        }
        let mut aliases = self.aliases()?;
        let mut mapped = CoverageData::default();
        let name = path.display().to_string();
        mapped.update(&data, ("", &name), |path| aliases.map(path, &source_exists))?;
        Ok(mapped)
    }

    /// The rules of `[paths]`.
    pub(crate) fn aliases(&self) -> Result<PathAliases, GlobError> {
        let config = &self.settings.config;
        let directory = self.settings.directory.clone();
        PathAliases::from_lists(config.path_lists(), directory, config.relative_files)
    }

    /// Analyses the files of the data, or those that are named.
    pub(crate) fn model(
        &self,
        data: &CoverageData,
        files: &[String],
        wanted: Wanted,
    ) -> Result<Report, Failure> {
        self.model_followed(data, files, wanted, None)
    }

    /// The same, with files that changed since followed to what they are now, where `texts_of` has
    /// the texts that were measured.
    pub(crate) fn model_followed(
        &self,
        data: &CoverageData,
        files: &[String],
        wanted: Wanted,
        texts_of: Option<&TextsOf<'_>>,
    ) -> Result<Report, Failure> {
        let config = &self.settings.config;
        let rules = exclusion_rules(config)?;
        let directory = &self.settings.directory;
        let mut options = ModelOptions::from_config(config, &rules, data, directory)?;
        if !wanted.contexts {
            options.contexts = None;
        }
        options.files = files;
        options.details = wanted.details;
        options.without_sources = !wanted.sources;
        let assumed = self.assume_python(data, &mut options);
        let reported = self.ask_plugins(data, &options)?;
        options.reported = Some(&reported);
        let patience = self.messages.patience("Reporting");
        let report = build_report(data, &options);
        drop(patience);
        let mut report = match report {
            Err(ModelError::NoData) if wanted.or_nothing => Report {
                has_arcs: data.has_arcs(),
                ..Report::default()
            },
            report => report?,
        };
        if let Some(texts_of) = texts_of.filter(|_| !report.stale.is_empty()) {
            let texts = texts_of(&report.texts_to_follow());
            report.follow(data, &options, &texts);
        }
        let doubt = assumed.and_then(|assumed| assumed.doubt(report.undecided.as_deref()));
        if let Some(doubt) = doubt {
            doubt.message().print();
        }
        if let Some((name, problem)) = report.unreported.first() {
            if self.as_coverage {
                return Err(Failure::new(format!("Couldn't report '{name}': {problem}")));
            }
            self.is_unsure.set(true);
        }
        self.messages.warn_of(&report.warnings);
        let mut without_source = report
            .unmapped
            .iter()
            .chain(&report.unproved)
            .chain(&report.made);
        if let Some(name) = without_source.next()
            && self.as_coverage
            && !config.ignore_errors
        {
            let path = self.settings.directory.absolute(name);
            return Err(ModelError::NoSource { path }.into());
        }
        for finding in file_findings(&report) {
            // What could not be analyzed has been said in coverage.py's words.
            if !matches!(finding, Finding::NotAnalyzed { .. }) {
                finding.message().print();
            }
        }
        Ok(report)
    }

    /// Says whose rules hold for files of which nobody knows the Python; gives what is assumed, if anything is.
    fn assume_python(
        &self,
        data: &CoverageData,
        options: &mut ModelOptions<'_>,
    ) -> Option<AssumedPython> {
        options.said_python = self.python.as_ref().map(|said| said.version);
        let accounting = &data.accounting;
        let mut processes = accounting.processes.iter();
        let is_known = options.said_python.is_some()
            || processes.any(|process| process.python.is_some())
            || data
                .files()
                .all(|(path, _)| accounting.python(path).is_some());
        if is_known {
            return None;
        }
        let assumed = AssumedPython::find(Path::new(self.settings.directory.path()));
        options.python = assumed.version;
        // coverage.py would be run by that Python: its number, by definition.
        let is_its = matches!(assumed.grounds, Grounds::Environment(_));
        options.compare_rules = !(self.as_coverage && is_its);
        Some(assumed)
    }

    /// What plugins say of the files that they measured.
    fn ask_plugins(
        &self,
        data: &CoverageData,
        options: &ModelOptions<'_>,
    ) -> Result<BTreeMap<String, ReportedFile>, Failure> {
        let traced = traced_files(data, options)?;
        if traced.is_empty() {
            return Ok(BTreeMap::new());
        }
        let reported = self.settings.plugins.report(&traced);
        let reported = reported.map_err(|error| Failure::new(error.to_string()))?;
        let names = traced.into_iter().map(|file| file.recorded);
        Ok(names.zip(reported).collect())
    }

    /// Says whether the number can be trusted, in one line on standard error: for reports that are
    /// not for people. coverage.py has no such word, so that swath says none in its place.
    pub(crate) fn say_verdict(&self, data: &CoverageData, report: &Report) {
        if !self.as_coverage {
            self.messages.say(&verdict_line(&verdict(data, report)));
        }
    }

    /// The same as a line under a table, where the report is for people.
    pub(crate) fn verdict_under_table(
        &self,
        data: &CoverageData,
        report: &Report,
        format: Option<&str>,
    ) -> String {
        if self.as_coverage {
            return String::new();
        }
        let verdict = verdict(data, report);
        match format.unwrap_or_default() {
            "total" => {
                self.messages.say(&verdict_line(&verdict));
                String::new()
            }
            "markdown" => format!("\n{}\n", verdict_markdown(&verdict)),
            _ => format!("\n{}\n", verdict_line(&verdict)),
        }
    }

    /// Whether something is not as the settings ask, so that no gate is passed.
    pub(crate) fn is_unsure(&self) -> bool {
        self.is_unsure.get()
    }

    /// Holds the total against `fail_under`. coverage.py says on standard output what did not pass; beside `data`,
    /// which a program reads from there, that would be a part of it.
    pub(crate) fn judge(&self, total: f64, beside: Stdout) -> Exit {
        let failure = match judge_total(&self.settings.config, total) {
            Ok(failure) => failure,
            Err(error) => return fail(&error.to_string().replace("NaN", "nan")),
        };
        match failure {
            Some(failure) => {
                let text = format!("Coverage failure: {failure}");
                if beside == Stdout::Data && !self.as_coverage {
                    tell(&text);
                } else {
                    print(&format!("{text}\n"));
                }
                Exit::BelowFailUnder
            }
            None if self.is_unsure.get() => Exit::Failure,
            None => Exit::Success,
        }
    }
}

/// Where texts of other revisions come from.
pub(crate) type TextsOf<'a> = dyn Fn(&[SourceHash]) -> MeasuredTexts + 'a;

/// What a verb writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdout {
    /// Text for people, or nothing.
    Text,
    /// A report that programs read.
    Data,
}

/// What a report needs of the model.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Wanted {
    /// Only what ran in the contexts that were asked for.
    pub(crate) contexts: bool,
    /// Functions and classes.
    pub(crate) details: bool,
    /// The texts of the files.
    pub(crate) sources: bool,
    /// That the settings leave all files out is an empty report, and no error.
    pub(crate) or_nothing: bool,
}

/// The current folder; `/` if it is gone.
pub(crate) fn current_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
}

/// Prints an error where coverage.py prints it: on standard output.
pub(crate) fn fail(message: &str) -> Exit {
    print(&format!("{message}\n"));
    Exit::Failure
}

/// Prints warnings as coverage.py does.
pub(crate) fn print_warnings(warnings: &[String]) {
    for warning in warnings {
        tell(&format!("CoverageWarning: {warning}"));
    }
}
