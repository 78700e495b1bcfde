//! What `coverage run` refuses before a program runs, in coverage.py's words and order.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use swath_analysis::{ExclusionRules, PythonVersion, analyze_lines};
use swath_config::CoverageConfig;
use swath_pattern::{Directory, Globs, prepare_globs, python_repr};
use swath_run::ask;

use crate::reporting::current_folder;

/// What of this only a Python can tell.
const SCRIPT: &str = include_str!("../../../../python/refusals.py");

/// The exit code of the script when it has something to say.
const REFUSED: i32 = 3;

/// How long a Python may take to look for a module.
const PATIENCE: Duration = Duration::from_secs(30);

/// Libraries for light-weight threads; coverage.py tries the first that is named, in this order.
const LIGHT_THREADS: [&str; 3] = ["greenlet", "eventlet", "gevent"];

const CORES: [&str; 3] = ["ctrace", "pytrace", "sysmon"];

const PATCHES: [&str; 4] = ["_exit", "execv", "fork", "subprocess"];

/// What was asked for.
pub(super) struct Request<'a> {
    pub(super) config: &'a CoverageConfig,
    /// The program or module.
    pub(super) program: &'a OsStr,
    pub(super) module: bool,
    pub(super) interpreter: &'a Path,
}

impl Request<'_> {
    /// Why coverage.py would run nothing.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refused_setting()
            .or_else(|| self.refused_program())
            .or_else(|| self.refused_by_python())
    }

    fn refused_setting(&self) -> Option<String> {
        let config = self.config;
        let uses = |library: &str| config.concurrency.iter().any(|name| name == library);
        if uses("multiprocessing") && config.config_file.is_none() {
            return Some("multiprocessing requires a configuration file".to_owned());
        }
        match config.dynamic_context.as_deref() {
            None | Some("" | "none" | "test_function") => {}
            Some(other) => {
                let other = python_repr(other);
                return Some(format!("Don't understand dynamic_context setting: {other}"));
            }
        }
        if let Some(core) = config.core.as_deref().filter(|core| !CORES.contains(core)) {
            return Some(format!("Unknown core value: {}", python_repr(core)));
        }
        let unknown = |patch: &&String| !PATCHES.contains(&patch.as_str());
        if let Some(patch) = config.patch.iter().find(unknown) {
            return Some(format!("Unknown patch {}", python_repr(patch)));
        }
        self.refused_source().or_else(|| self.refused_pattern())
    }

    fn refused_source(&self) -> Option<String> {
        let config = self.config;
        let is_folder = |source: &&String| Path::new(source).is_dir();
        let sources = config.source.iter().flatten().filter(is_folder);
        for source in config.source_dirs.iter().chain(sources) {
            let (shown, folder) = (python_repr(source), fs_err::canonicalize(source).ok());
            match folder.filter(|folder| folder.is_dir()) {
                None => return Some(format!("Source dir is not a directory: {shown}")),
                Some(folder) if folder.parent().is_none() => {
                    return Some(format!("Source dir can't be a file system root: {shown}"));
                }
                Some(_) => {}
            }
        }
        None
    }

    fn refused_pattern(&self) -> Option<String> {
        let directory = Directory::new(&current_folder());
        [&self.config.run_include, &self.config.run_omit]
            .into_iter()
            .find_map(|patterns| Globs::new(prepare_globs(patterns, &directory)).err())
            .map(|error| error.to_string())
    }

    /// What can be seen of a program that is no module.
    fn refused_program(&self) -> Option<String> {
        let program = Path::new(self.program);
        if self.module {
            return None;
        }
        if program.is_dir() {
            let main = ["__main__.py", "__main__.pyc"];
            let has_main = main.iter().any(|name| program.join(name).exists());
            let shown = program.display();
            return (!has_main).then(|| format!("Can't find '__main__' module in '{shown}'"));
        }
        (!program.exists()).then(|| format!("No file to run: '{}'", absolute(program).display()))
    }

    /// A Python is started only where there is something to ask.
    fn refused_by_python(&self) -> Option<String> {
        let libraries = LIGHT_THREADS
            .into_iter()
            .filter(|library| self.config.concurrency.iter().any(|name| name == library));
        let mut words: Vec<OsString> = vec!["-c".into(), SCRIPT.into()];
        if self.module {
            words.extend(["module".into(), self.program.to_owned()]);
        } else {
            words.extend(["file".into(), absolute(Path::new(self.program)).into()]);
        }
        let before = words.len();
        words.extend(libraries.map(OsString::from));
        if words.len() == before && !self.module && !is_wrong(Path::new(self.program)) {
            return None;
        }
        // A Python that cannot be asked will say itself what is wrong with it.
        let answer = ask(self.interpreter, &words, b"", PATIENCE).ok()?;
        let refused = answer.code == Some(REFUSED);
        refused.then(|| {
            String::from_utf8_lossy(&answer.stdout)
                .trim_end()
                .to_owned()
        })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file looks as if no Python could compile it; the words are the Python's own.
fn is_wrong(program: &Path) -> bool {
    if program.extension() == Some(OsStr::new("pyc")) {
        return false;
    }
    let rules = ExclusionRules::default();
    // An archive with a program in it runs well, though not with coverage.py.
    fs_err::read(program).is_ok_and(|source| {
        !source.contains(&0)
            && analyze_lines(&source, PythonVersion::DEFAULT, &rules)
                .problem
                .is_some()
    })
}
