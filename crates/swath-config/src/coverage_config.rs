//! coverage.py's settings and their defaults.

use crate::error::ConfigError;

/// The default regular expressions for lines to leave out.
const DEFAULT_EXCLUDE: [&str; 3] = [
    r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)",
    r"^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)",
    r"^\s*if (typing\.)?TYPE_CHECKING:",
];

/// The default regular expressions for lines whose branches need not all be taken.
const DEFAULT_PARTIAL: [&str; 1] = [r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(branch|BRANCH)"];

/// Lines whose branches cannot all be taken.
const DEFAULT_PARTIAL_ALWAYS: [&str; 2] =
    [r"^\s*while (True|1|False|0):", r"^\s*if (True|1|False|0):"];

const CONCURRENCY_CHOICES: [&str; 5] = [
    "thread",
    "gevent",
    "greenlet",
    "eventlet",
    "multiprocessing",
];

/// Libraries for light-weight threads, of which only one may be used.
const LIGHT_THREADS: [&str; 3] = ["greenlet", "eventlet", "gevent"];

/// All the settings of coverage.py 7.17.3, under coverage.py's own names.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of coverage.py's"
)]
pub struct CoverageConfig {
    /// The files that were looked for, as absolute paths.
    pub config_files_attempted: Vec<String>,
    /// The files that were read, as absolute paths.
    pub config_files_read: Vec<String>,
    /// The file that the settings come from, as an absolute path.
    pub config_file: Option<String>,

    /// `[run] branch`
    pub branch: bool,
    /// `[run] command_line`
    pub command_line: Option<String>,
    /// `[run] concurrency`
    pub concurrency: Vec<String>,
    /// `[run] context`
    pub context: Option<String>,
    /// `[run] core`
    pub core: Option<String>,
    /// `[run] cover_pylib`
    pub cover_pylib: bool,
    /// `[run] data_file`, or `COVERAGE_FILE`
    pub data_file: String,
    /// `[run] debug`
    pub debug: Vec<String>,
    /// `[run] debug_file`
    pub debug_file: Option<String>,
    /// `[run] disable_warnings`
    pub disable_warnings: Vec<String>,
    /// `[run] dynamic_context`
    pub dynamic_context: Option<String>,
    /// `[run] parallel`
    pub parallel: bool,
    /// `[run] patch`
    pub patch: Vec<String>,
    /// `[run] plugins`
    pub plugins: Vec<String>,
    /// `[run] relative_files`
    pub relative_files: bool,
    /// `[run] include`
    pub run_include: Vec<String>,
    /// `[run] omit`
    pub run_omit: Vec<String>,
    /// `[run] sigterm`
    pub sigterm: bool,
    /// `[run] source`
    pub source: Option<Vec<String>>,
    /// `[run] source_pkgs`
    pub source_pkgs: Vec<String>,
    /// `[run] source_dirs`
    pub source_dirs: Vec<String>,
    /// `[run] timid`
    pub timid: bool,
    /// `[run] _crash`, which coverage.py uses in its own tests
    pub crash: Option<String>,

    /// `[report] exclude_lines`, with `exclude_also` added: the regular expressions in force
    pub exclude_list: Vec<String>,
    /// `[report] exclude_also`
    pub exclude_also: Vec<String>,
    /// `[report] fail_under`
    pub fail_under: f64,
    /// `[report] format`
    pub format: Option<String>,
    /// `[report] ignore_errors`
    pub ignore_errors: bool,
    /// `[report] include_namespace_packages`
    pub include_namespace_packages: bool,
    /// `[report] include`
    pub report_include: Option<Vec<String>>,
    /// `[report] omit`
    pub report_omit: Option<Vec<String>>,
    /// `[report] partial_branches_always`
    pub partial_always_list: Vec<String>,
    /// `[report] partial_branches`, with `partial_also` added
    pub partial_list: Vec<String>,
    /// `[report] partial_also`
    pub partial_also: Vec<String>,
    /// `[report] precision`
    pub precision: i64,
    /// `[report] contexts`
    pub report_contexts: Option<Vec<String>>,
    /// `[report] show_missing`
    pub show_missing: bool,
    /// `[report] skip_covered`
    pub skip_covered: bool,
    /// `[report] skip_empty`
    pub skip_empty: bool,
    /// `[report] sort`
    pub sort: Option<String>,

    /// `[html] extra_css`
    pub extra_css: Option<String>,
    /// `[html] directory`
    pub html_dir: String,
    /// `[html] skip_covered`; `[report]`'s where not set
    pub html_skip_covered: Option<bool>,
    /// `[html] skip_empty`; `[report]`'s where not set
    pub html_skip_empty: Option<bool>,
    /// `[html] title`
    pub html_title: String,
    /// `[html] show_contexts`
    pub show_contexts: bool,

    /// `[xml] output`
    pub xml_output: String,
    /// `[xml] package_depth`
    pub xml_package_depth: i64,

    /// `[json] output`
    pub json_output: String,
    /// `[json] pretty_print`
    pub json_pretty_print: bool,
    /// `[json] show_contexts`
    pub json_show_contexts: bool,

    /// `[lcov] output`
    pub lcov_output: String,
    /// `[lcov] line_checksums`
    pub lcov_line_checksums: bool,

    /// `[paths]`: names and their lists, in the order of the file
    pub paths: Vec<(String, Vec<String>)>,
    /// The sections of the plugins in `plugins`
    pub plugin_options: Vec<(String, toml::Table)>,
}

impl Default for CoverageConfig {
    fn default() -> Self {
        let texts = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        Self {
            config_files_attempted: Vec::new(),
            config_files_read: Vec::new(),
            config_file: None,
            branch: false,
            command_line: None,
            concurrency: Vec::new(),
            context: None,
            core: None,
            cover_pylib: false,
            data_file: ".coverage".into(),
            debug: Vec::new(),
            debug_file: None,
            disable_warnings: Vec::new(),
            dynamic_context: None,
            parallel: false,
            patch: Vec::new(),
            plugins: Vec::new(),
            relative_files: false,
            run_include: Vec::new(),
            run_omit: Vec::new(),
            sigterm: false,
            source: None,
            source_pkgs: Vec::new(),
            source_dirs: Vec::new(),
            timid: false,
            crash: None,
            exclude_list: texts(&DEFAULT_EXCLUDE),
            exclude_also: Vec::new(),
            fail_under: 0.0,
            format: None,
            ignore_errors: false,
            include_namespace_packages: false,
            report_include: None,
            report_omit: None,
            partial_always_list: texts(&DEFAULT_PARTIAL_ALWAYS),
            partial_list: texts(&DEFAULT_PARTIAL),
            partial_also: Vec::new(),
            precision: 0,
            report_contexts: None,
            show_missing: false,
            skip_covered: false,
            skip_empty: false,
            sort: None,
            extra_css: None,
            html_dir: "htmlcov".into(),
            html_skip_covered: None,
            html_skip_empty: None,
            html_title: "Coverage report".into(),
            show_contexts: false,
            xml_output: "coverage.xml".into(),
            xml_package_depth: 99,
            json_output: "coverage.json".into(),
            json_pretty_print: false,
            json_show_contexts: false,
            lcov_output: "coverage.lcov".into(),
            lcov_line_checksums: false,
            paths: Vec::new(),
            plugin_options: Vec::new(),
        }
    }
}

impl CoverageConfig {
    /// Whether anything says what the source is.
    #[must_use]
    pub fn names_source(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|source| !source.is_empty())
            || !self.source_dirs.is_empty()
            || !self.source_pkgs.is_empty()
            || !self.run_include.is_empty()
    }

    /// Sets `concurrency`, as the command line does.
    pub fn set_concurrency(&mut self, names: Vec<String>) -> Result<(), ConfigError> {
        self.concurrency = names;
        self.check_concurrency()
    }

    /// The lists of `[paths]`, for path aliases.
    pub fn path_lists(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(|(_, list)| list.as_slice())
    }

    /// The last steps, when everything has been read (coverage.py's `post_process`).
    pub(crate) fn finish(&mut self) -> Result<(), ConfigError> {
        self.exclude_list.extend(self.exclude_also.iter().cloned());
        self.partial_list.extend(self.partial_also.iter().cloned());
        if self.patch.iter().any(|patch| patch == "subprocess") {
            self.parallel = true;
        }
        self.check_concurrency()
    }

    pub(crate) fn check_concurrency(&self) -> Result<(), ConfigError> {
        let chosen = |wanted: &dyn Fn(&str) -> bool| {
            let mut names: Vec<String> = self.concurrency.clone();
            names.retain(|name| wanted(name));
            names.sort();
            names.dedup();
            names
        };
        let unknown = chosen(&|name| !CONCURRENCY_CHOICES.contains(&name));
        if !unknown.is_empty() {
            return Err(ConfigError::UnknownConcurrency { names: unknown });
        }
        let light = chosen(&|name| LIGHT_THREADS.contains(&name));
        if light.len() > 1 {
            return Err(ConfigError::ConflictingConcurrency { names: light });
        }
        Ok(())
    }
}
