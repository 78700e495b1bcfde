//! The coverage settings of a run: configuration files, then the command line.

use std::path::{Path, PathBuf};

use swath_config::{ConfigError, CoverageConfig, ProcessEnvironment, RcFile};
use swath_pattern::{Directory, Globs, prepare_globs};
use swath_run::Scope;

use crate::arguments::MeasureArguments;
use crate::diagnostic::Diagnostic;
use crate::plugins::Plugins;

/// Settings in force, and where paths in them are relative to.
pub(crate) struct Settings {
    pub(crate) config: CoverageConfig,
    /// Warnings in coverage.py's words.
    pub(crate) warnings: Vec<String>,
    pub(crate) directory: Directory,
    /// Whether a `source` that looks like a folder and is none counts as a package, as with coverage.py.
    pub(crate) any_source: bool,
    /// What the plugins made of them.
    pub(crate) plugins: Plugins,
}

impl Settings {
    /// Reads the configuration as coverage.py does, from the file that `rcfile` names or that it finds.
    pub(crate) fn load(rcfile: Option<&str>, folder: &Path) -> Result<Settings, ConfigError> {
        let rcfile = rcfile.map_or(RcFile::Search, |name| RcFile::Named(name.to_owned()));
        let loaded = CoverageConfig::load(&rcfile, folder, &ProcessEnvironment)?;
        Ok(Settings {
            config: loaded.config,
            warnings: loaded.warnings,
            directory: Directory::new(folder),
            any_source: false,
            plugins: Plugins::default(),
        })
    }

    /// Lets the options of `run` override the files, as coverage.py's command line does.
    pub(crate) fn override_by(&mut self, measure: &MeasureArguments) {
        let config = &mut self.config;
        if let Some(source) = &measure.source {
            config.source = Some(source.clone());
        }
        if let Some(include) = &measure.include {
            config.run_include.clone_from(include);
            config.report_include = Some(include.clone());
        }
        if let Some(omit) = &measure.omit {
            config.run_omit.clone_from(omit);
            config.report_omit = Some(omit.clone());
        }
        config.branch |= measure.branch;
        config.cover_pylib |= measure.pylib;
        if let Some(data_file) = &measure.data_file {
            config.data_file.clone_from(data_file);
        }
    }

    /// Where the data is written.
    pub(crate) fn data_file(&self) -> PathBuf {
        Path::new(self.directory.path()).join(&self.config.data_file)
    }

    /// What the agent is to measure.
    pub(crate) fn scope(&self) -> Result<Scope, Diagnostic> {
        let config = &self.config;
        let mut scope = Scope {
            source_packages: config.source_pkgs.clone(),
            include: self.globs(&config.run_include)?,
            omit: self.globs(&config.run_omit)?,
            cover_pylib: config.cover_pylib,
            branch: config.branch,
            ..Scope::default()
        };
        for source in config.source.iter().flatten() {
            let folder = self.directory.absolute(source);
            if Path::new(&folder).is_dir() {
                scope.source_folders.push(PathBuf::from(folder));
            } else if source.contains('/') && !self.any_source {
                return Err(Diagnostic::error(
                    "source-not-found",
                    format!("`source` names `{source}`, which is not a folder"),
                )
                .hint(format!("ls {}", self.directory.path())));
            } else {
                scope.source_packages.push(source.clone());
            }
        }
        for source in &config.source_dirs {
            let folder = self.directory.absolute(source);
            if !Path::new(&folder).is_dir() {
                return Err(Diagnostic::error(
                    "source-not-found",
                    format!("`source_dirs` names `{source}`, which is no folder"),
                ));
            }
            scope.source_folders.push(PathBuf::from(folder));
        }
        if scope
            .source_folders
            .iter()
            .any(|folder| folder.parent().is_none())
        {
            return Err(Diagnostic::error(
                "source-is-root",
                "`source` names the root of the file system",
            ));
        }
        Ok(scope)
    }

    fn globs(&self, patterns: &[String]) -> Result<Vec<String>, Diagnostic> {
        let prepared = prepare_globs(patterns, &self.directory);
        Globs::new(prepared.iter().map(String::as_str))
            .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
        Ok(prepared)
    }

    /// Whether anything says what the source is.
    pub(crate) fn names_source(&self) -> bool {
        let config = &self.config;
        config.source.is_some()
            || !config.source_dirs.is_empty()
            || !config.source_pkgs.is_empty()
            || !config.run_include.is_empty()
    }
}

/// The variable that starts coverage.py in the services, if one is set.
pub(crate) fn twin_of_services(environments: &[&[(String, String)]]) -> Option<&'static str> {
    ["COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"]
        .into_iter()
        .find(|name| variable(environments, name).is_some())
}

/// The configuration file that a service's own environment names.
pub(crate) fn rcfile_of_services(environments: &[&[(String, String)]]) -> Option<String> {
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
