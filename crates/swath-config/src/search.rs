//! Finding and reading coverage.py's configuration files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::CoverageConfig;
use crate::environment::{Environment, filled};
use crate::error::ConfigError;
use crate::ini::{Ini, IniSettings};
use crate::options::{OPTIONS, SECTIONS, is_known};
use crate::piped::read_file;
use crate::python_text::decode;
use crate::settings::Settings;
use crate::substitution::expand_user;
use crate::toml_file::TomlSettings;

/// Which configuration file to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RcFile {
    /// The one that `COVERAGE_RCFILE` names, or else the first one found here.
    #[default]
    Search,
    /// This one, which must exist. As in coverage.py, `.coveragerc` is the same as [`RcFile::Search`], and
    /// an empty name the same as [`RcFile::Nothing`].
    Named(String),
    /// None at all.
    Nothing,
}

/// A configuration, with what is odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: CoverageConfig,
    /// Warnings in coverage.py's words, such as an option that it does not know.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// The plugins that are asked for. swath runs none, and some change the numbers.
    #[must_use]
    pub fn plugins(&self) -> &[String] {
        &self.config.plugins
    }
}

/// A file that may hold the configuration.
struct Candidate {
    name: String,
    /// The file is coverage.py's own: reading it ends the search, whatever is in it.
    own: bool,
    /// It must be there.
    required: bool,
}

impl CoverageConfig {
    /// Reads the configuration as coverage.py does: from a file in `directory`, then from `environment`.
    pub fn load(
        rcfile: &RcFile,
        directory: &Path,
        environment: &dyn Environment,
    ) -> Result<Loaded, ConfigError> {
        // The current directory has no symbolic links in it for coverage.py either.
        let directory = &fs_err::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let mut reader = Reader {
            directory,
            environment,
            loaded: Loaded {
                config: Self::default(),
                warnings: Vec::new(),
            },
        };
        for candidate in candidates(rcfile, environment) {
            if reader.read(&candidate.name, candidate.own)? {
                break;
            }
            if candidate.required {
                return Err(ConfigError::NotFound {
                    file: candidate.name,
                });
            }
        }
        reader.read_environment();
        if let Some(forced) = filled(environment, "COVERAGE_FORCE_CONFIG") {
            reader.read(&forced, true)?;
        }
        let mut loaded = reader.loaded;
        for (_, list) in &mut loaded.config.paths {
            for path in list {
                *path = expand_user(path, environment);
            }
        }
        loaded.config.finish()?;
        Ok(loaded)
    }
}

impl CoverageConfig {
    /// Reads the configuration in `text` as if it were that of the only file, which is called `file`. No variable of the
    /// environment is set.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let environment: BTreeMap<String, String> = BTreeMap::new();
        let mut reader = Reader {
            directory: Path::new("/"),
            environment: &environment,
            loaded: Loaded {
                config: Self::default(),
                warnings: Vec::new(),
            },
        };
        let own = matches!(file, ".coveragerc" | ".coveragerc.toml");
        let settings = parse(file, text.as_bytes(), own, &environment)?;
        reader.read_settings(file, settings.as_ref())?;
        let mut config = reader.loaded.config;
        config.finish()?;
        Ok(config)
    }
}

fn candidates(rcfile: &RcFile, environment: &dyn Environment) -> Vec<Candidate> {
    let named = match rcfile {
        RcFile::Nothing => return Vec::new(),
        RcFile::Named(name) if name.is_empty() => return Vec::new(),
        RcFile::Named(name) if name != ".coveragerc" => Some(name.clone()),
        RcFile::Named(_) | RcFile::Search => filled(environment, "COVERAGE_RCFILE"),
    };
    let first = Candidate {
        required: named.is_some(),
        name: named.unwrap_or_else(|| ".coveragerc".to_owned()),
        own: true,
    };
    let others = [
        (".coveragerc.toml", true),
        ("setup.cfg", false),
        ("tox.ini", false),
        ("pyproject.toml", false),
    ];
    let others = others.map(|(name, own)| Candidate {
        name: name.to_owned(),
        own,
        required: false,
    });
    std::iter::once(first).chain(others).collect()
}

struct Reader<'a> {
    directory: &'a Path,
    environment: &'a dyn Environment,
    loaded: Loaded,
}

impl Reader<'_> {
    /// Reads `file`; whether the search is over.
    fn read(&mut self, file: &str, own: bool) -> Result<bool, ConfigError> {
        let path = absolute(self.directory, file);
        let shown = path.to_string_lossy().into_owned();
        self.loaded
            .config
            .config_files_attempted
            .push(shown.clone());
        let bytes = match read_file(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                return Err(ConfigError::Invalid {
                    file: file.to_owned(),
                    reason: error.to_string(),
                });
            }
            Err(_) => return Ok(false),
        };
        let settings = parse(file, &bytes, own, self.environment)?;
        self.loaded.config.config_files_read.push(shown.clone());
        let any = self.read_settings(file, settings.as_ref())?;
        if own || any {
            self.loaded.config.config_file = Some(shown);
        }
        Ok(own || any)
    }

    /// Takes over what is set; whether anything is.
    fn read_settings(&mut self, file: &str, settings: &dyn Settings) -> Result<bool, ConfigError> {
        let config = &mut self.loaded.config;
        let mut any = false;
        for option in OPTIONS {
            any |= option
                .read(config, settings)
                .map_err(|error| error.in_file(file))?;
        }
        for section in SECTIONS {
            let Some(real_section) = settings.real_section(section) else {
                continue;
            };
            for option in settings.options(section) {
                if !is_known(section, &option) {
                    self.loaded.warnings.push(format!(
                        "Unrecognized option '[{real_section}] {option}=' in config file {file}"
                    ));
                }
            }
        }
        for name in settings.options("paths") {
            let list = settings
                .list("paths", &name)
                .map_err(|error| error.in_file(file))?;
            match config.paths.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = list,
                None => config.paths.push((name, list)),
            }
            any = true;
        }
        for plugin in config.plugins.clone() {
            if settings.real_section(&plugin).is_none() {
                continue;
            }
            let options = settings
                .plugin_section(&plugin)
                .map_err(|error| error.in_file(file))?;
            config.plugin_options.retain(|(known, _)| *known != plugin);
            config.plugin_options.push((plugin, options));
            any = true;
        }
        Ok(any)
    }

    fn read_environment(&mut self) {
        let config = &mut self.loaded.config;
        if let Some(file) = filled(self.environment, "COVERAGE_FILE") {
            config.data_file = file;
        }
        if let Some(debug) = filled(self.environment, "COVERAGE_DEBUG") {
            let names = debug.split(',').map(|name| name.trim().to_owned());
            config.debug.extend(names);
        }
        if let Some(core) = filled(self.environment, "COVERAGE_CORE") {
            config.core = Some(core);
        }
    }
}

fn parse<'e>(
    file: &str,
    bytes: &[u8],
    own: bool,
    environment: &'e dyn Environment,
) -> Result<Box<dyn Settings + 'e>, ConfigError> {
    let invalid = |reason: String| ConfigError::Invalid {
        file: file.to_owned(),
        reason,
    };
    let text = decode(bytes).map_err(invalid)?;
    if is_toml(file) {
        let settings = TomlSettings::parse(&text, own, environment).map_err(invalid)?;
        Ok(Box::new(settings))
    } else {
        let ini = Ini::parse(&text, file).map_err(invalid)?;
        Ok(Box::new(IniSettings::new(ini, own, environment)))
    }
}

/// Whether the name ends in `.toml` as `os.path.splitext` sees it: `.toml` alone has no extension.
fn is_toml(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".toml")
        .is_some_and(|stem| !stem.trim_start_matches('.').is_empty())
}

/// `os.path.abspath`: without `.` and `..`, symbolic links kept.
fn absolute(directory: &Path, file: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in directory.join(file).components() {
        match component {
            std::path::Component::ParentDir => {
                path.pop();
            }
            std::path::Component::CurDir => {}
            other => path.push(other),
        }
    }
    path
}
