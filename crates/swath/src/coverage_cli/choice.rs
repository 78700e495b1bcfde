//! The options of coverage.py's verbs.

/// What an option takes, and what it says when it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing; it says yes, or no.
    Nothing(bool),
    Text,
    /// A text each time that it is given.
    Texts,
    Integer,
    Float,
    OneOf(&'static [&'static str]),
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    /// The name of its value.
    pub(crate) key: &'static str,
    pub(crate) short: Option<char>,
    /// With its hyphens.
    pub(crate) long: Option<&'static str>,
    pub(crate) takes: Takes,
    pub(crate) metavar: &'static str,
    pub(crate) help: &'static str,
    /// The same under the name `swath`, where that has more; else empty.
    own_help: &'static str,
    /// swath's own: only in the help under that name, and never abbreviated.
    pub(crate) own: bool,
}

const fn flag(key: &'static str, long: &'static str, help: &'static str) -> Choice {
    Choice {
        key,
        short: None,
        long: Some(long),
        takes: Takes::Nothing(true),
        metavar: "",
        help,
        own_help: "",
        own: false,
    }
}

impl Choice {
    /// What it is for, under swath's `own` name or under coverage.py's.
    pub(crate) fn help_under(&self, own: bool) -> &'static str {
        if own && !self.own_help.is_empty() {
            self.own_help
        } else {
            self.help
        }
    }
}

const fn text(
    key: &'static str,
    long: &'static str,
    metavar: &'static str,
    help: &'static str,
) -> Choice {
    Choice {
        takes: Takes::Text,
        metavar,
        ..flag(key, long, help)
    }
}

const fn short(letter: char, choice: Choice) -> Choice {
    Choice {
        short: Some(letter),
        ..choice
    }
}

const fn output(help: &'static str) -> Choice {
    Choice {
        short: Some('o'),
        long: None,
        ..text("outfile", "", "OUTFILE", help)
    }
}

const fn own(key: &'static str, long: &'static str, help: &'static str) -> Choice {
    Choice {
        own: true,
        ..flag(key, long, help)
    }
}

pub(super) const APPEND: Choice = short(
    'a',
    flag(
        "append",
        "--append",
        "Append data to the data file. Otherwise it starts clean each time.",
    ),
);
pub(super) const BRANCH: Choice = flag(
    "branch",
    "--branch",
    "Measure branch coverage in addition to statement coverage.",
);
pub(super) const BY: Choice = Choice {
    own: true,
    takes: Takes::OneOf(&["test", "endpoint"]),
    ..text(
        "by",
        "--by",
        "test|endpoint",
        "A row for each test (how it ended, what it reached, what it called) or each endpoint of a service \
         (statuses, tests, lines; never called first) instead of each file.",
    )
};
pub(super) const CONCURRENCY: Choice = text(
    "concurrency",
    "--concurrency",
    "LIBS",
    "Properly measure code using a concurrency library. Valid values are: eventlet, gevent, \
     greenlet, multiprocessing, thread, or a comma-list of them.",
);
pub(super) const CONTEXT: Choice = text(
    "context",
    "--context",
    "LABEL",
    "The context label to record for this coverage run.",
);
pub(super) const CONTEXTS: Choice = text(
    "contexts",
    "--contexts",
    "REGEX1,REGEX2,...",
    "Only display data from lines covered in the given contexts. Accepts Python regexes, which \
     must be quoted.",
);
pub(super) const DATA_FILE: Choice = text(
    "data_file",
    "--data-file",
    "DATAFILE",
    "Base name of the data files to operate on. Defaults to '.coverage'. [env: COVERAGE_FILE]",
);
pub(super) const DATA_FILE_INPUT: Choice = text(
    "data_file",
    "--data-file",
    "INFILE",
    "Read coverage data for report generation from this file. Defaults to '.coverage'. [env: \
     COVERAGE_FILE]",
);
pub(super) const DATA_FILE_OUTPUT: Choice = text(
    "data_file",
    "--data-file",
    "OUTFILE",
    "Write the recorded coverage data to this file. Defaults to '.coverage'. [env: COVERAGE_FILE]",
);
pub(super) const DEBUG: Choice = text(
    "debug",
    "--debug",
    "OPTS",
    "Debug options, separated by commas. [env: COVERAGE_DEBUG]",
);
pub(super) const DIRECTORY: Choice = short(
    'd',
    text(
        "directory",
        "--directory",
        "DIR",
        "Write the output files to DIR.",
    ),
);
pub(super) const FAIL_UNDER: Choice = Choice {
    takes: Takes::Float,
    ..text(
        "fail_under",
        "--fail-under",
        "MIN",
        "Exit with a status of 2 if the total coverage is less than MIN.",
    )
};
pub(super) const FORMAT: Choice = Choice {
    own_help: "Output format: text (default), markdown, total, github (annotations, and a summary of the step) or \
               gitlab (code quality).",
    ..text(
        "format",
        "--format",
        "FORMAT",
        "Output format, either text (default), markdown, or total.",
    )
};
pub(super) const GATE: Choice = Choice {
    own: true,
    takes: Takes::Texts,
    ..text(
        "gate",
        "--gate",
        "NAME=MIN,...",
        "Exit with a status of 2 unless these pass as well: total, lines, branches, changed (lines), service:NAME or \
         a pattern of paths; not-below=BRANCH; or every-route-called and no-server-errors, without a minimum. Those \
         of swath.toml hold too.",
    )
};
pub(super) const HELP: Choice = short('h', flag("help", "--help", "Get help on this command."));
pub(super) const IGNORE_ERRORS: Choice = short(
    'i',
    flag(
        "ignore_errors",
        "--ignore-errors",
        "Ignore errors while reading source files.",
    ),
);
pub(super) const INCLUDE: Choice = text(
    "include",
    "--include",
    "PAT1,PAT2,...",
    "Include only files whose paths match one of these patterns. Accepts shell-style wildcards, \
     which must be quoted.",
);
pub(super) const KEEP: Choice = flag(
    "keep",
    "--keep",
    "Keep original coverage files, otherwise they are deleted.",
);
pub(super) const KEEP_COMBINED: Choice = flag(
    "keep_combined",
    "--keep-combined",
    "Keep original coverage files, otherwise they are deleted after combining.",
);
pub(super) const MARK_SINCE: Choice = Choice {
    help: "Mark the lines that changed since the branch left REVISION.",
    ..SINCE
};
pub(super) const MODULE: Choice = short(
    'm',
    flag(
        "module",
        "--module",
        "<pyfile> is an importable Python module, not a script path, to be run as 'python -m' \
         would run it.",
    ),
);
pub(super) const NO_SKIP_COVERED: Choice = Choice {
    takes: Takes::Nothing(false),
    ..flag(
        "skip_covered",
        "--no-skip-covered",
        "Disable --skip-covered.",
    )
};
pub(super) const NO_PLUGINS: Choice = own(
    "no_plugins",
    "--no-plugins",
    "Go on without the plugins that the settings name.",
);
pub(super) const NO_SOURCE: Choice = own(
    "no_source",
    "--no-source",
    "Numbers and states of lines only: no source text.",
);
pub(super) const OMIT: Choice = text(
    "omit",
    "--omit",
    "PAT1,PAT2,...",
    "Omit files whose paths match one of these patterns. Accepts shell-style wildcards, which \
     must be quoted.",
);
pub(super) const OPENAPI: Choice = Choice {
    own: true,
    ..text(
        "openapi",
        "--openapi",
        "FILE",
        "An OpenAPI description: name what it promises and no service serves, and the statuses that were never \
         answered.",
    )
};
pub(super) const OUTPUT_JSON: Choice =
    output("Write the JSON report to this file. Defaults to 'coverage.json'");
pub(super) const OUTPUT_LCOV: Choice =
    output("Write the LCOV report to this file. Defaults to 'coverage.lcov'");
pub(super) const OUTPUT_BADGE: Choice =
    output("Write the badge to this file. Defaults to 'coverage.svg'; '-' is standard output");
pub(super) const OUTPUT_XML: Choice =
    output("Write the XML report to this file. Defaults to 'coverage.xml'");
pub(super) const PARALLEL_MODE: Choice = short(
    'p',
    flag(
        "parallel_mode",
        "--parallel-mode",
        "Append a unique suffix to the data file name to collect separate data from multiple \
         processes.",
    ),
);
pub(super) const PRECISION: Choice = Choice {
    takes: Takes::Integer,
    ..text(
        "precision",
        "--precision",
        "N",
        "Number of digits after the decimal point to display for reported coverage percentages.",
    )
};
pub(super) const PRETTY_PRINT: Choice = flag(
    "pretty_print",
    "--pretty-print",
    "Format the JSON for human readers.",
);
pub(super) const PYLIB: Choice = short(
    'L',
    flag(
        "pylib",
        "--pylib",
        "Measure coverage even inside the Python installed library, which isn't done by default.",
    ),
);
pub(super) const PYTHON: Choice = Choice {
    own: true,
    ..text(
        "python",
        "--python",
        "PYTHON",
        "The Python that recorded data which does not say it, as a version or a path. Defaults to the \
         environment's. A path also names the Python that loads plugins.",
    )
};
pub(super) const LABEL: Choice = Choice {
    own: true,
    takes: Takes::Texts,
    ..text(
        "label",
        "--label",
        "NAME=PATH",
        "Combine this path too, and keep what it holds under a name, for `compare --labels`. May be repeated.",
    )
};
pub(super) const REQUIRE_COMPLETE: Choice = own(
    "require_complete",
    "--require-complete",
    "Exit with 3 unless everything that counts is in the number.",
);
pub(super) const QUIET: Choice = short(
    'q',
    flag(
        "quiet",
        "--quiet",
        "Don't print messages about what is happening.",
    ),
);
pub(super) const RCFILE: Choice = text(
    "rcfile",
    "--rcfile",
    "RCFILE",
    "Specify configuration file. By default '.coveragerc', 'setup.cfg', 'tox.ini', and \
     'pyproject.toml' are tried. [env: COVERAGE_RCFILE]",
);
pub(super) const SAVE_SIGNAL: Choice = Choice {
    takes: Takes::OneOf(&["USR1", "USR2"]),
    ..text(
        "save_signal",
        "--save-signal",
        "SIGNAL",
        "Specify a signal that will trigger coverage to write its collected data. Supported \
         values are: USR1, USR2. Not available on Windows.",
    )
};
pub(super) const SHOW_CONTEXTS: Choice = flag(
    "show_contexts",
    "--show-contexts",
    "Show contexts for covered lines.",
);
pub(super) const SHOW_MISSING: Choice = short(
    'm',
    flag(
        "show_missing",
        "--show-missing",
        "Show line numbers of statements in each module that weren't executed.",
    ),
);
pub(super) const SINCE: Choice = Choice {
    own: true,
    ..text(
        "since",
        "--since",
        "REVISION",
        "With --format=markdown: a comment for a pull request, with what changed since the branch left REVISION.",
    )
};
pub(super) const SINGLE_FILE: Choice = own(
    "single_file",
    "--single-file",
    "Everything in one index.html, to mail it.",
);
pub(super) const SKIP_COVERED: Choice = flag(
    "skip_covered",
    "--skip-covered",
    "Skip files with 100% coverage.",
);
pub(super) const SKIP_EMPTY: Choice =
    flag("skip_empty", "--skip-empty", "Skip files with no code.");
pub(super) const SORT: Choice = text(
    "sort",
    "--sort",
    "COLUMN",
    "Sort the report by the named column: name, stmts, miss, branch, brpart, or cover. Default \
     is name.",
);
pub(super) const SOURCE: Choice = text(
    "source",
    "--source",
    "SRC1,SRC2,...",
    "A list of directories or importable names of code to measure.",
);
pub(super) const TIMID: Choice = flag(
    "timid",
    "--timid",
    "Use the slower Python trace function core.",
);
pub(super) const TITLE: Choice = text(
    "title",
    "--title",
    "TITLE",
    "A text string to use as the title on the HTML.",
);
pub(super) const VERSION: Choice = flag(
    "version",
    "--version",
    "Display version information and exit.",
);
