//! Whether a file of a place is measured, judged where it ran.

use std::path::{Path, PathBuf};

use swath_checkout::normal_path;
use swath_config::CoverageConfig;
use swath_pattern::{GlobError, Globs};

use crate::request::Scope;
use crate::settings::SettingsOverrides;

/// What of a place is measured. What its own configuration file names are paths of the place; what
/// the run's settings name are paths here, or in the place.
pub(crate) struct PlaceScope {
    folders: Vec<PathBuf>,
    packages: Vec<String>,
    include: Option<Globs>,
    omit: Globs,
    /// Which of the three come from the place itself.
    own: Own,
}

#[derive(Default)]
struct Own {
    source: bool,
    include: bool,
    omit: bool,
}

impl PlaceScope {
    /// By the settings of the run.
    pub(crate) fn of_run(scope: &Scope) -> Result<PlaceScope, GlobError> {
        Ok(PlaceScope {
            folders: scope.source_folders.clone(),
            packages: scope.source_packages.clone(),
            include: globs(&scope.include)?,
            omit: Globs::new(scope.omit.iter().map(String::as_str))?,
            own: Own::default(),
        })
    }

    /// By the settings of the place, as far as the command line does not say otherwise. `run` is
    /// what the run's own settings say, and `is_folder` whether a path of the place is a folder.
    pub(crate) fn of_place(
        config: &CoverageConfig,
        working_folder: &str,
        overrides: &SettingsOverrides,
        run: &Scope,
        is_folder: &dyn Fn(&str) -> bool,
    ) -> Result<PlaceScope, GlobError> {
        let mut scope = PlaceScope::of_run(run)?;
        if overrides.source.is_none() {
            let sources = PlaceSources::of(config, working_folder, is_folder);
            scope.folders = sources.folders.into_iter().map(PathBuf::from).collect();
            scope.packages = sources.packages;
            scope.own.source = true;
        }
        if overrides.include.is_none() {
            scope.include = globs(&absolute_globs(&config.run_include, working_folder))?;
            scope.own.include = true;
        }
        if overrides.omit.is_none() {
            let omit = absolute_globs(&config.run_omit, working_folder);
            scope.omit = Globs::new(omit.iter().map(String::as_str))?;
            scope.own.omit = true;
        }
        Ok(scope)
    }

    /// Whether a file counts that the place has at `there`, and the checkout at `here`.
    pub(crate) fn holds(&self, there: &str, here: Option<&str>) -> bool {
        let there = normal_path(there);
        let either = |own: bool, test: &dyn Fn(&str) -> bool| {
            test(&there) || (!own && here.is_some_and(test))
        };
        let wanted = if !self.folders.is_empty() || !self.packages.is_empty() {
            either(self.own.source, &|path| self.in_source(path))
        } else if let Some(include) = &self.include {
            either(self.own.include, &|path| include.is_match(path))
        } else {
            true
        };
        wanted && !either(self.own.omit, &|path| self.omit.is_match(path))
    }

    /// The folders of the place that its own settings name as sources.
    pub(crate) fn own_folders(&self) -> &[PathBuf] {
        if self.own.source { &self.folders } else { &[] }
    }

    /// The packages that its own settings name as sources.
    pub(crate) fn own_packages(&self) -> &[String] {
        if self.own.source { &self.packages } else { &[] }
    }

    fn in_source(&self, path: &str) -> bool {
        self.folders
            .iter()
            .any(|folder| Path::new(path).starts_with(folder))
            || self.packages.iter().any(|package| {
                let package = package.replace('.', "/");
                path.contains(&format!("/{package}/")) || path.ends_with(&format!("/{package}.py"))
            })
    }
}

fn globs(patterns: &[String]) -> Result<Option<Globs>, GlobError> {
    (!patterns.is_empty())
        .then(|| Globs::new(patterns.iter().map(String::as_str)))
        .transpose()
}

/// `source` and its companions, as coverage.py takes them apart in the place.
struct PlaceSources {
    folders: Vec<String>,
    packages: Vec<String>,
}

impl PlaceSources {
    fn of(
        config: &CoverageConfig,
        working_folder: &str,
        is_folder: &dyn Fn(&str) -> bool,
    ) -> PlaceSources {
        let absolute = |path: &str| normal_path(&format!("{}/{path}", base(path, working_folder)));
        let mut sources = PlaceSources {
            folders: config
                .source_dirs
                .iter()
                .map(|path| absolute(path))
                .collect(),
            packages: config.source_pkgs.clone(),
        };
        for source in config.source.iter().flatten() {
            let folder = absolute(source);
            if source.contains('/') || source.starts_with('.') || is_folder(&folder) {
                sources.folders.push(folder);
            } else {
                sources.packages.push(source.clone());
            }
        }
        sources
    }
}

/// What a relative path is relative to.
fn base<'f>(path: &str, working_folder: &'f str) -> &'f str {
    if path.starts_with('/') {
        ""
    } else {
        working_folder
    }
}

/// Patterns as coverage.py makes them absolute in the place.
pub(crate) fn absolute_globs(patterns: &[String], working_folder: &str) -> Vec<String> {
    let absolute = |pattern: &String| {
        if pattern.starts_with(['*', '?']) {
            return pattern.clone();
        }
        normal_path(&format!("{}/{pattern}", base(pattern, working_folder)))
    };
    patterns.iter().map(absolute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_run_matches_the_path_there_or_here() {
        let scope = Scope {
            source_folders: vec![PathBuf::from("/home/me/xy/source")],
            omit: vec!["*/gen/*".to_owned()],
            ..Scope::default()
        };
        let scope = PlaceScope::of_run(&scope).unwrap();
        assert!(scope.holds("/xy/a.py", Some("/home/me/xy/source/a.py")));
        assert!(!scope.holds("/xy/a.py", None));
        assert!(!scope.holds("/xy/gen/a.py", Some("/home/me/xy/source/a.py")));
        let scope = Scope {
            source_packages: vec!["xy.web".to_owned()],
            ..Scope::default()
        };
        let scope = PlaceScope::of_run(&scope).unwrap();
        assert!(scope.holds("/lib/site-packages/xy/web/a.py", None));
        assert!(!scope.holds("/lib/site-packages/xy/a.py", None));
    }

    #[test]
    fn an_entry_of_the_place_is_a_path_of_the_place() {
        let config = CoverageConfig {
            source: Some(["//svc/app/", "lib", "shop"].map(str::to_owned).to_vec()),
            run_omit: vec!["app/gen/*".to_owned(), "*/old.py".to_owned()],
            ..CoverageConfig::default()
        };
        let none = SettingsOverrides::default();
        let is_folder = |path: &str| path == "/svc/lib";
        let place = |overrides: &SettingsOverrides| {
            let run = Scope {
                source_folders: vec![PathBuf::from("/home/me")],
                ..Scope::default()
            };
            PlaceScope::of_place(&config, "/svc", overrides, &run, &is_folder).unwrap()
        };
        let scope = place(&none);
        let here = Some("/home/me/svc/app/x.py");
        assert!(scope.holds("/svc/app/x.py", here) && scope.holds("/svc/./lib/x.py", None));
        assert!(scope.holds("/py/site-packages/shop/x.py", None));
        assert!(!scope.holds("/svc/other/x.py", here), "a path here decides");
        assert!(!scope.holds("/svc/app/gen/x.py", None) && !scope.holds("/svc/app/old.py", None));
        let command_line = SettingsOverrides {
            source: Some(vec!["/home/me".to_owned()]),
            ..none
        };
        let scope = place(&command_line);
        assert!(scope.holds("/svc/other/x.py", here));
        assert!(
            !scope.holds("/svc/app/gen/x.py", here),
            "the rest of the file holds"
        );
    }
}
