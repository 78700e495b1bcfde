//! coverage.py's verbs.

use super::choice::{
    APPEND, BRANCH, BY, CONCURRENCY, CONTEXT, CONTEXTS, Choice, DATA_FILE, DATA_FILE_INPUT,
    DATA_FILE_OUTPUT, DEBUG, DIRECTORY, FAIL_UNDER, FORMAT, GATE, HELP, IGNORE_ERRORS, INCLUDE,
    KEEP, KEEP_COMBINED, LABEL, MARK_SINCE, MODULE, NO_PLUGINS, NO_SKIP_COVERED, NO_SOURCE, OMIT,
    OPENAPI, OUTPUT_BADGE, OUTPUT_JSON, OUTPUT_LCOV, OUTPUT_XML, PARALLEL_MODE, PRECISION,
    PRETTY_PRINT, PYLIB, PYTHON, QUIET, RCFILE, REQUIRE_COMPLETE, SAVE_SIGNAL, SHOW_CONTEXTS,
    SHOW_MISSING, SINCE, SINGLE_FILE, SKIP_COVERED, SKIP_EMPTY, SORT, SOURCE, TIMID, TITLE,
    VERSION,
};

/// A verb: its options in the order of its help.
#[derive(Debug)]
pub(crate) struct Verb {
    /// Empty for the options before any verb.
    pub(crate) name: &'static str,
    pub(crate) options: &'static [Choice],
    pub(crate) usage: &'static str,
    /// Paragraphs.
    pub(crate) description: &'static [&'static str],
}

/// What may stand where a verb would.
pub(super) static GLOBAL: Verb = Verb {
    name: "",
    options: &[HELP, VERSION],
    usage: "[options]",
    description: &[],
};

/// swath's own verb, read by the same rules; coverage.py has none of that name.
pub(crate) static BADGE: Verb = Verb {
    name: "badge",
    options: &[
        DATA_FILE_INPUT,
        FAIL_UNDER,
        IGNORE_ERRORS,
        INCLUDE,
        KEEP_COMBINED,
        OMIT,
        OUTPUT_BADGE,
        PRECISION,
        QUIET,
        PYTHON,
        NO_PLUGINS,
        HELP,
        RCFILE,
    ],
    usage: "[options] [modules]",
    description: &[
        "Draw the total as a badge, an SVG picture. A number that is not complete says so, and has no color.",
    ],
};

static VERBS: [Verb; 11] = [
    Verb {
        name: "annotate",
        options: &[
            DIRECTORY,
            DATA_FILE_INPUT,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OMIT,
            PYTHON,
            NO_PLUGINS,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &[
            "Make annotated copies of the given files, marking statements that are executed with \
             > and statements that are missed with !.",
        ],
    },
    Verb {
        name: "combine",
        options: &[
            APPEND, DATA_FILE, KEEP, LABEL, QUIET, PYTHON, NO_PLUGINS, DEBUG, HELP, RCFILE,
        ],
        usage: "[options] <path1> <path2> ... <pathN>",
        description: &[
            "Combine data from multiple coverage files. The combined results are written to a \
             single file representing the union of the data. The positional arguments are data \
             files or directories containing data files. If no paths are provided, data files in \
             the default data file's directory are combined.",
        ],
    },
    Verb {
        name: "debug",
        options: &[DEBUG, HELP, RCFILE],
        usage: "<topic>",
        description: &[
            "Display information about the internals of coverage.py, for diagnosing problems. \
             Topics are:",
            "'config' to show configuration settings.",
            "'data [filenames]' to summarize data files.",
            "'premain' to show what is calling coverage.",
            "'pybehave' to show internal flags describing Python behavior.",
            "'sqlite' to show SQLite compilation options.",
            "'sys' to show installation information.",
        ],
    },
    Verb {
        name: "erase",
        options: &[DATA_FILE, DEBUG, HELP, RCFILE],
        usage: "[options]",
        description: &["Erase previously collected coverage data."],
    },
    Verb {
        name: "help",
        options: &[DEBUG, HELP, RCFILE],
        usage: "[command]",
        description: &["Describe how to use coverage.py"],
    },
    Verb {
        name: "html",
        options: &[
            CONTEXTS,
            DIRECTORY,
            DATA_FILE_INPUT,
            FAIL_UNDER,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OMIT,
            PRECISION,
            QUIET,
            SHOW_CONTEXTS,
            SKIP_COVERED,
            NO_SKIP_COVERED,
            SKIP_EMPTY,
            TITLE,
            SINGLE_FILE,
            NO_SOURCE,
            MARK_SINCE,
            OPENAPI,
            PYTHON,
            NO_PLUGINS,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &[
            "Create an HTML report of coverage results. Each file gets its own page, with the \
             source decorated to show executed, excluded, and missed lines.",
        ],
    },
    Verb {
        name: "json",
        options: &[
            CONTEXTS,
            DATA_FILE_INPUT,
            FAIL_UNDER,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OMIT,
            OUTPUT_JSON,
            PRETTY_PRINT,
            QUIET,
            SHOW_CONTEXTS,
            PYTHON,
            NO_PLUGINS,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &["Generate a JSON report of coverage results."],
    },
    Verb {
        name: "lcov",
        options: &[
            DATA_FILE_INPUT,
            FAIL_UNDER,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OUTPUT_LCOV,
            OMIT,
            QUIET,
            PYTHON,
            NO_PLUGINS,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &["Generate an LCOV report of coverage results."],
    },
    Verb {
        name: "report",
        options: &[
            CONTEXTS,
            DATA_FILE_INPUT,
            FAIL_UNDER,
            FORMAT,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OMIT,
            PRECISION,
            SORT,
            SHOW_MISSING,
            SKIP_COVERED,
            NO_SKIP_COVERED,
            SKIP_EMPTY,
            PYTHON,
            NO_PLUGINS,
            REQUIRE_COMPLETE,
            GATE,
            SINCE,
            BY,
            OPENAPI,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &["Report coverage statistics on modules."],
    },
    Verb {
        name: "run",
        options: &[
            APPEND,
            BRANCH,
            CONCURRENCY,
            CONTEXT,
            DATA_FILE_OUTPUT,
            INCLUDE,
            MODULE,
            OMIT,
            PYLIB,
            PARALLEL_MODE,
            SAVE_SIGNAL,
            SOURCE,
            TIMID,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] <pyfile> [program options]",
        description: &["Run a Python program, measuring code execution."],
    },
    Verb {
        name: "xml",
        options: &[
            DATA_FILE_INPUT,
            FAIL_UNDER,
            IGNORE_ERRORS,
            INCLUDE,
            KEEP_COMBINED,
            OMIT,
            OUTPUT_XML,
            QUIET,
            SKIP_EMPTY,
            PYTHON,
            NO_PLUGINS,
            DEBUG,
            HELP,
            RCFILE,
        ],
        usage: "[options] [modules]",
        description: &["Generate an XML report of coverage results."],
    },
];

/// All verbs.
pub(crate) fn verbs() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter()
}

/// The verb of this name.
pub(super) fn verb_named(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}
