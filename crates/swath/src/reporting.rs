//! From data and settings to a report, for coverage.py's verbs and for the end of a run.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swath_config::{ConfigError, CoverageConfig};
use swath_coverage::{
    Gate, GateError, ModelError, ModelOptions, ModelWarning, Report, ReportedFile, build_report,
    exclusion_rules, traced_files,
};
use swath_data::{ContextError, CoverageData, DataError, read_data_file};
use swath_pattern::{Directory, GlobError, PathAliases, RegexError};
use swath_report::{TextError, TextOptions, error_with_page, render_text, warning_with_page};

use crate::arguments::SharedReportArguments;
use crate::commands::combine::combine_parallel;
use crate::coverage_cli::Parsed;
use crate::exit::Exit;
use crate::patience::Patience;
use crate::plugins::{PluginChoice, Plugins, unreported};
use crate::recorder::{AssumedPython, Grounds, SaidPython};
use crate::run_report::left_out;
use crate::settings::Settings;

/// More digits than this have no meaning, and no formatter takes many more.
const MOST_DIGITS: i64 = 10_000;

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

impl ReportError {
    /// Whether there is nothing to report, which is no fault of the settings.
    pub(crate) fn is_no_data(&self) -> bool {
        matches!(
            self,
            ReportError::Model(ModelError::NoData) | ReportError::Text(TextError::NoData)
        )
    }
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

/// A report and whether its total passes.
pub(crate) struct Rendered {
    pub(crate) report: Report,
    pub(crate) text: String,
    /// What coverage.py prints after `Coverage failure: `.
    pub(crate) gate_failure: Option<String>,
}

/// Lets the options of a report override the configuration.
pub(crate) fn override_report(config: &mut CoverageConfig, arguments: &SharedReportArguments) {
    config.skip_covered |= arguments.skip_covered;
    if arguments.no_skip_covered {
        config.skip_covered = false;
    }
    config.skip_empty |= arguments.skip_empty;
    config.ignore_errors |= arguments.ignore_errors;
    if let Some(fail_under) = arguments.fail_under {
        config.fail_under = fail_under;
    }
    if let Some(precision) = arguments.precision {
        config.precision = i64::from(precision);
    }
    if let Some(sort) = &arguments.sort {
        config.sort = Some(sort.clone());
    }
    if let Some(format) = &arguments.format {
        config.format = Some(format.clone());
    }
}

/// Analyses the data and renders the text report of a run; `details` keeps in the model what pages need.
pub(crate) fn render(
    data: &CoverageData,
    config: &CoverageConfig,
    directory: &Directory,
    details: bool,
) -> Result<Rendered, ReportError> {
    let precision = usize::try_from(config.precision).unwrap_or(0);
    let gate = Gate::new(config.fail_under, precision)?;
    let rules = exclusion_rules(config)?;
    let mut options = ModelOptions::from_config(config, &rules, data, directory)?;
    options.details = details;
    options.without_sources = true;
    let report = build_report(data, &options)?;
    let text = render_text(&report, &TextOptions::from_config(config))?;
    let gate_failure = if config.fail_under == 0.0 {
        None
    } else {
        gate.failure(report.totals.percent())
    };
    Ok(Rendered {
        report,
        text,
        gate_failure,
    })
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
            anstream::eprintln!("{text}");
        }
    }

    /// A live line on a terminal while what follows takes long.
    pub(crate) fn patience(&self, verb: &'static str) -> Patience {
        Patience::begin(verb, self.quiet)
    }

    pub(crate) fn warn(&self, texts: &[String]) {
        for text in texts {
            if self.shown.borrow_mut().insert(text.clone()) {
                anstream::eprintln!("CoverageWarning: {text}");
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

/// A verb of coverage.py's at work: its settings and where they hold.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) messages: Messages,
    /// The Python of `--python`.
    pub(crate) python: Option<SaidPython>,
    /// The verb's name.
    verb: &'static str,
    /// Whether something is not as the settings ask, so that a gate which passes says nothing.
    is_unsure: Cell<bool>,
    /// Whether swath was started as coverage.py, for which a file without a source ends a report.
    as_coverage: bool,
}

impl Session {
    /// Reads the configuration, and the options that all verbs have.
    pub(crate) fn begin(parsed: &Parsed) -> Result<Self, Failure> {
        let mut settings = Settings::load(parsed.text("rcfile"), &current_folder())?;
        let config = &mut settings.config;
        let messages = Messages {
            quiet: parsed.is_set("quiet"),
            disabled: config.disable_warnings.clone(),
            shown: RefCell::default(),
        };
        messages.warn(&settings.warnings);
        if let Some(data_file) = parsed.text("data_file").filter(|name| !name.is_empty()) {
            data_file.clone_into(&mut config.data_file);
        }
        if let Some(include) = parsed.list("include") {
            config.run_include.clone_from(&include);
            config.report_include = Some(include);
        }
        if let Some(omit) = parsed.list("omit") {
            config.run_omit.clone_from(&omit);
            config.report_omit = Some(omit);
        }
        if let Some(debug) = parsed.list("debug") {
            config.debug = debug;
        }
        let python = parsed.text("python").map(SaidPython::parse).transpose();
        let session = Self {
            settings,
            messages,
            python: python.map_err(Failure::new)?,
            verb: parsed.verb,
            is_unsure: Cell::new(false),
            as_coverage: parsed.as_coverage,
        };
        Ok(session)
    }

    /// Reads the configuration, and has the plugins that it names change it.
    pub(crate) fn begin_with_plugins(parsed: &Parsed) -> Result<Self, Failure> {
        let mut session = Self::begin(parsed)?;
        let choice = PluginChoice {
            interpreter: session
                .python
                .as_ref()
                .and_then(|said| said.interpreter.clone()),
            path: None,
            left_out: parsed.is_set("no_plugins"),
        };
        let plugins = Plugins::apply(&mut session.settings.config, choice);
        if let Some(error) = plugins.error() {
            if session.as_coverage {
                let names = plugins.names();
                return Err(Failure::new(format!(
                    "Couldn't load the plugins {names}: {error}"
                )));
            }
            session.is_unsure.set(true);
        }
        if let Some(diagnostic) = plugins.without_effect() {
            diagnostic.print();
        }
        session.settings.plugins = plugins;
        Ok(session)
    }

    /// Reads the configuration and the options of reports; then the data, with the parallel files
    /// beside it combined into it.
    pub(crate) fn begin_report(parsed: &Parsed) -> Result<(Self, CoverageData), Failure> {
        let mut session = Self::begin_with_plugins(parsed)?;
        let config = &mut session.settings.config;
        config.ignore_errors |= parsed.is_set("ignore_errors");
        if let Some(contexts) = parsed.list("contexts") {
            config.report_contexts = Some(contexts);
        }
        if let Some(precision) = parsed.integer("precision") {
            config.precision = precision;
        }
        config.precision = config.precision.min(MOST_DIGITS);
        if let Some(fail_under) = parsed.float("fail_under") {
            config.fail_under = fail_under;
        }
        combine_parallel(&session, parsed.is_set("keep_combined"))?;
        let data = session.data()?;
        Ok((session, data))
    }

    /// The data, with the rules of `[paths]` applied once more.
    fn data(&self) -> Result<CoverageData, Failure> {
        let path = self.settings.data_file();
        if !path.exists() {
            return Ok(CoverageData::default());
        }
        let data = read_data_file(&path)?;
        if self.settings.config.paths.is_empty() {
            return Ok(data);
        }
        let mut aliases = self.aliases()?;
        let mut mapped = CoverageData::default();
        let name = path.display().to_string();
        mapped.update(&data, ("", &name), |path| aliases.map(path))?;
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
        let report = report?;
        let doubt = assumed.and_then(|assumed| assumed.doubt(self.verb, &report.undecided));
        if let Some(doubt) = doubt {
            doubt.print();
        }
        self.judge_unreported(&report)?;
        self.messages.warn_of(&report.warnings);
        if let Some(name) = report.unmapped.first()
            && self.as_coverage
            && !config.ignore_errors
        {
            let path = self.settings.directory.absolute(name);
            return Err(ModelError::NoSource { path }.into());
        }
        for diagnostic in left_out(&report) {
            diagnostic.print();
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
        let is_known = options.said_python.is_some()
            || accounting
                .processes
                .iter()
                .any(|process| process.python.is_some())
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

    /// Files that only a plugin could report end the report as errors of sources do.
    fn judge_unreported(&self, report: &Report) -> Result<(), Failure> {
        let config = &self.settings.config;
        if config.ignore_errors {
            for (name, problem) in &report.unreported {
                let text = format!("Couldn't parse '{name}': {problem}");
                self.messages
                    .warn(&[warning_with_page(&text, "couldnt-parse")]);
            }
            return Ok(());
        }
        let Some((name, problem)) = report.unreported.first() else {
            return Ok(());
        };
        if self.as_coverage {
            return Err(Failure::new(format!("Couldn't report '{name}': {problem}")));
        }
        if let Some(diagnostic) = unreported(&report.unreported) {
            diagnostic.print();
        }
        self.is_unsure.set(true);
        Ok(())
    }

    /// Holds the total against `fail_under`.
    pub(crate) fn judge(&self, total: f64) -> Exit {
        let config = &self.settings.config;
        let precision = usize::try_from(config.precision).unwrap_or(0);
        let gate = match Gate::new(config.fail_under, precision) {
            Ok(gate) => gate,
            Err(error) => return fail(&error.to_string().replace("NaN", "nan")),
        };
        match gate.failure(total) {
            Some(failure) => {
                print(&format!("Coverage failure: {failure}\n"));
                Exit::BelowFailUnder
            }
            None if self.is_unsure.get() => Exit::Failure,
            None => Exit::Success,
        }
    }
}

/// What a report needs of the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Only what ran in the contexts that were asked for.
    pub(crate) contexts: bool,
    /// Functions and classes.
    pub(crate) details: bool,
    /// The texts of the files.
    pub(crate) sources: bool,
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

/// Prints data; a closed pipe ends quietly.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints warnings as coverage.py does.
pub(crate) fn print_warnings(warnings: &[String]) {
    for warning in warnings {
        anstream::eprintln!("CoverageWarning: {warning}");
    }
}
