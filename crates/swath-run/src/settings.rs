//! The coverage settings of a run: configuration files, then the command line.

use std::path::{Path, PathBuf};

use swath_config::{ConfigError, CoverageConfig, ProcessEnvironment, RcFile};
use swath_model::{Finding, Message};
use swath_pattern::{Directory, GlobError, Globs, prepare_globs};

use crate::plugins::{PluginChoice, Plugins};
use crate::request::Scope;

/// Settings in force, and where paths in them are relative to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What coverage.py's files and the command line say.
    pub config: CoverageConfig,
    /// Warnings in coverage.py's words.
    pub warnings: Vec<String>,
    /// The folder that paths are relative to.
    pub directory: Directory,
    /// What the plugins made of them.
    pub plugins: Plugins,
    /// Whether a `source` that looks like a folder and is none counts as a package, as with coverage.py.
    pub any_source: bool,
}

/// Whether what functions of tests run is recorded as theirs.
pub(crate) fn is_test_function(config: &CoverageConfig) -> bool {
    config.dynamic_context.as_deref() == Some("test_function")
}

impl Settings {
    /// Reads the configuration as coverage.py does, from the file that `rcfile` names or that it finds.
    pub fn load(rcfile: Option<&str>, folder: &Path) -> Result<Settings, ConfigError> {
        let rcfile = rcfile.map_or(RcFile::Search, |name| RcFile::Named(name.to_owned()));
        let loaded = CoverageConfig::load(&rcfile, folder, &ProcessEnvironment)?;
        Ok(Settings {
            config: loaded.config,
            warnings: loaded.warnings,
            directory: Directory::new(folder),
            plugins: Plugins::default(),
            any_source: false,
        })
    }

    /// What the files say of which swath does otherwise.
    pub fn findings(&self) -> Vec<Finding> {
        let config = &self.config;
        let mut found: Vec<Finding> = self
            .warnings
            .iter()
            .map(|text| Finding::Configuration { text: text.clone() })
            .collect();
        if self.include_is_ignored() {
            found.push(Finding::IncludeIgnored);
        }
        let dynamic = config.dynamic_context.as_ref();
        let has_effect = |value: &String| value == "none" || is_test_function(config);
        found.extend(dynamic.filter(|value| !has_effect(value)).map(|value| {
            Finding::DynamicContextWithoutEffect {
                value: value.clone(),
            }
        }));
        found
    }

    /// Whether `include` has no effect because `source` says what is measured.
    pub fn include_is_ignored(&self) -> bool {
        let config = &self.config;
        let has_source = config
            .source
            .as_ref()
            .is_some_and(|source| !source.is_empty())
            || !config.source_dirs.is_empty()
            || !config.source_pkgs.is_empty();
        has_source && !config.run_include.is_empty()
    }

    /// Where the data is written.
    pub fn data_file(&self) -> PathBuf {
        Path::new(self.directory.path()).join(&self.config.data_file)
    }

    /// What the agent is to measure.
    pub fn scope(&self) -> Result<Scope, SettingsError> {
        let config = &self.config;
        let mut scope = Scope {
            source_packages: config.source_pkgs.clone(),
            include: self.globs(&config.run_include)?,
            omit: self.globs(&config.run_omit)?,
            cover_pylib: config.cover_pylib,
            branch: config.branch,
            test_functions: is_test_function(config),
            ..Scope::default()
        };
        for source in config.source.iter().flatten() {
            let folder = self.directory.absolute(source);
            if Path::new(&folder).is_dir() {
                scope.source_folders.push(PathBuf::from(folder));
            } else if source.contains('/') && !self.any_source {
                return Err(self.no_folder("source", source));
            } else {
                scope.source_packages.push(source.clone());
            }
        }
        for source in &config.source_dirs {
            let folder = self.directory.absolute(source);
            if !Path::new(&folder).is_dir() {
                return Err(self.no_folder("source_dirs", source));
            }
            scope.source_folders.push(PathBuf::from(folder));
        }
        if scope
            .source_folders
            .iter()
            .any(|folder| folder.parent().is_none())
        {
            return Err(SettingsError::SourceIsRoot);
        }
        Ok(scope)
    }

    fn no_folder(&self, key: &'static str, source: &str) -> SettingsError {
        SettingsError::SourceNotFound {
            key,
            source_entry: source.to_owned(),
            folder: self.directory.path().to_owned(),
        }
    }

    fn globs(&self, patterns: &[String]) -> Result<Vec<String>, SettingsError> {
        let prepared = prepare_globs(patterns, &self.directory);
        Globs::new(prepared.iter().map(String::as_str))?;
        Ok(prepared)
    }

    /// Whether anything says what the source is.
    pub fn names_source(&self) -> bool {
        self.config.names_source()
    }
}

/// The variable that starts coverage.py in the services, if one is set.
pub fn twin_of_services(environments: &[&[(String, String)]]) -> Option<&'static str> {
    ["COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"]
        .into_iter()
        .find(|name| variable(environments, name).is_some())
}

/// The configuration file that a service's own environment names.
pub fn rcfile_of_services(environments: &[&[(String, String)]]) -> Option<String> {
    ["COVERAGE_PROCESS_START", "COVERAGE_RCFILE"]
        .into_iter()
        .find_map(|name| variable(environments, name))
}

/// A variable of the services, or of swath itself: they inherit it.
fn variable(environments: &[&[(String, String)]], name: &str) -> Option<String> {
    environments
        .iter()
        .flat_map(|environment| environment.iter())
        .find(|(variable, value)| variable == name && !value.is_empty())
        .map(|(_, value)| value.clone())
        .or_else(|| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Why settings cannot hold.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file of settings cannot be read or understood.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A pattern is no pattern.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// `source` names a folder that does not exist.
    #[error("`{key}` names `{source_entry}`, which is not a folder")]
    SourceNotFound {
        /// `source` or `source_dirs`.
        key: &'static str,
        /// What it names.
        source_entry: String,
        /// The folder that it is relative to.
        folder: String,
    },
    /// `source` names `/`.
    #[error("`source` names the root of the file system")]
    SourceIsRoot,
}

impl SettingsError {
    /// What people are told.
    pub fn message(&self) -> Message {
        let (code, hint) = match self {
            SettingsError::Config(error) => (error.code(), error.hint()),
            SettingsError::Glob(error) => (error.code(), None),
            SettingsError::SourceNotFound { folder, .. } => {
                ("source-not-found", Some(format!("ls {folder}")))
            }
            SettingsError::SourceIsRoot => ("source-is-root", None),
        };
        Message::error(code, self.to_string()).hint(hint)
    }
}

/// What the command line says in place of the files.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub struct SettingsOverrides {
    /// `--source`.
    pub source: Option<Vec<String>>,
    /// `--include`.
    pub include: Option<Vec<String>>,
    /// `--omit`.
    pub omit: Option<Vec<String>>,
    /// `--branch`.
    pub branch: bool,
    /// `--pylib`.
    pub cover_pylib: bool,
    /// `--data-file`.
    pub data_file: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--skip-covered` or its opposite.
    pub skip_covered: Option<bool>,
    /// `--skip-empty`.
    pub skip_empty: bool,
    /// `--ignore-errors`.
    pub ignore_errors: bool,
    /// `--fail-under`.
    pub fail_under: Option<f64>,
    /// `--precision`.
    pub precision: Option<u32>,
    /// `--sort`.
    pub sort: Option<String>,
    /// `--format`.
    pub format: Option<String>,
    /// How plugins are to be treated.
    pub plugins: PluginChoice,
    /// Whether a `source` that looks like a folder and is none counts as a package.
    pub any_source: bool,
}

impl SettingsOverrides {
    /// Lets the command line win, as coverage.py's does: plugins see what it says of the run, and it has the last word
    /// on the report.
    pub fn apply(&self, settings: &mut Settings) {
        settings.any_source = self.any_source;
        self.apply_to_run(&mut settings.config);
        settings.plugins = Plugins::apply(&mut settings.config, &self.plugins);
        self.apply_to_report(&mut settings.config);
    }

    /// What it says of what is measured.
    pub(crate) fn apply_to_run(&self, config: &mut CoverageConfig) {
        if let Some(source) = &self.source {
            config.source = Some(source.clone());
        }
        if let Some(include) = &self.include {
            config.run_include.clone_from(include);
            config.report_include = Some(include.clone());
        }
        if let Some(omit) = &self.omit {
            config.run_omit.clone_from(omit);
            config.report_omit = Some(omit.clone());
        }
        config.branch |= self.branch;
        config.cover_pylib |= self.cover_pylib;
        if let Some(data_file) = &self.data_file {
            config.data_file.clone_from(data_file);
        }
        if let Some(context) = &self.context {
            config.context = Some(context.clone());
        }
    }

    fn apply_to_report(&self, config: &mut CoverageConfig) {
        if let Some(skip_covered) = self.skip_covered {
            config.skip_covered = skip_covered;
        }
        config.skip_empty |= self.skip_empty;
        config.ignore_errors |= self.ignore_errors;
        if let Some(fail_under) = self.fail_under {
            config.fail_under = fail_under;
        }
        if let Some(precision) = self.precision {
            config.precision = i64::from(precision);
        }
        if let Some(sort) = &self.sort {
            config.sort = Some(sort.clone());
        }
        if let Some(format) = &self.format {
            config.format = Some(format.clone());
        }
    }
}
