//! The configurations that are compared.

use std::borrow::Cow;

use swath_test::Random;

/// Files in a folder, the environment, and the file that is named.
pub(crate) struct Case {
    pub(crate) files: Vec<(&'static str, Cow<'static, [u8]>)>,
    environment: &'static [(&'static str, &'static str)],
    /// `Some("")` is no file at all.
    pub(crate) rcfile: Option<&'static str>,
}

const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/home/me"),
    ("WORD", "value"),
    ("EMPTY", ""),
    ("LIST", "a, b,c"),
];

impl Case {
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let all = ENVIRONMENT.iter().chain(self.environment);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    }
}

fn file(name: &'static str, text: &'static str) -> Case {
    Case {
        files: vec![(name, Cow::Borrowed(text.as_bytes()))],
        environment: &[],
        rcfile: None,
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, content) in &self.files {
            writeln!(
                formatter,
                "--- {name}\n{}",
                String::from_utf8_lossy(content)
            )?;
        }
        write!(formatter, "--- {:?} {:?}", self.environment, self.rcfile)
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(INI.iter().map(|text| file(".coveragerc", text)));
    all.extend(
        SHARED_INI
            .iter()
            .flat_map(|text| [file("setup.cfg", text), file("tox.ini", text)]),
    );
    all.extend(OWN_TOML.iter().map(|text| file(".coveragerc.toml", text)));
    all.extend(OWN_TOML.iter().map(|text| file("pyproject.toml", text)));
    all.extend(PYPROJECT.iter().map(|text| file("pyproject.toml", text)));
    all.extend(searches());
    all.extend(environments());
    all
}

const RUN: &[u8] = b"[run]\nbranch = true\n";
const COVERAGE_RUN: &[u8] = b"[coverage:run]\nsource = here\n";
const TOML_RUN: &[u8] = b"[tool.coverage.run]\ncontext = 'toml'\n";

type Files = [(&'static str, &'static [u8])];
type Variables = &'static [(&'static str, &'static str)];

fn case(files: &Files, environment: Variables, rcfile: Option<&'static str>) -> Case {
    Case {
        files: files
            .iter()
            .map(|&(name, content)| (name, Cow::Borrowed(content)))
            .collect(),
        environment,
        rcfile,
    }
}

/// The order of files, and which of them is named.
fn searches() -> Vec<Case> {
    vec![
        case(&[], &[], None),
        case(
            &[(".coveragerc", RUN), ("tox.ini", COVERAGE_RUN)],
            &[],
            Some(""),
        ),
        case(
            &[(".coveragerc", b""), ("tox.ini", COVERAGE_RUN)],
            &[],
            None,
        ),
        case(
            &[(".coveragerc.toml", b""), ("tox.ini", COVERAGE_RUN)],
            &[],
            None,
        ),
        case(&[("setup.cfg", RUN), ("tox.ini", COVERAGE_RUN)], &[], None),
        case(
            &[
                ("setup.cfg", b"[coverage:run]\n"),
                ("pyproject.toml", TOML_RUN),
            ],
            &[],
            None,
        ),
        case(
            &[
                ("setup.cfg", b"[coverage:run]\nxyz = 1\n"),
                ("pyproject.toml", TOML_RUN),
            ],
            &[],
            None,
        ),
        case(
            &[("setup.cfg", b"not ini"), ("pyproject.toml", TOML_RUN)],
            &[],
            None,
        ),
        case(&[("pyproject.toml", TOML_RUN)], &[], None),
        case(&[("other.cfg", RUN)], &[], Some("other.cfg")),
        case(&[("setup.cfg", RUN)], &[], Some("./setup.cfg")),
        case(
            &[("pyproject.toml", b"[run]\nbranch = true\n")],
            &[],
            Some("pyproject.toml"),
        ),
        case(&[("other.cfg", RUN)], &[], Some("no.cfg")),
        case(&[("tox.ini", COVERAGE_RUN)], &[], Some(".coveragerc")),
    ]
}

/// What environment variables change, and files that are no clean text.
fn environments() -> Vec<Case> {
    vec![
        case(
            &[("other.cfg", RUN)],
            &[("COVERAGE_RCFILE", "other.cfg")],
            None,
        ),
        case(
            &[("other.cfg", RUN)],
            &[("COVERAGE_RCFILE", "no'.cfg")],
            None,
        ),
        case(&[(".coveragerc", RUN)], &[("COVERAGE_RCFILE", "")], None),
        case(
            &[(
                ".coveragerc",
                b"[run]\ndebug = sys\ncore = ctrace\ndata_file = x\n",
            )],
            &[
                ("COVERAGE_FILE", "~/y"),
                ("COVERAGE_DEBUG", "config, ,data"),
                ("COVERAGE_CORE", "sysmon"),
            ],
            None,
        ),
        case(
            &[
                (".coveragerc", RUN),
                ("forced.cfg", b"[run]\ntimid = 1\n[paths]\nx = a\n"),
            ],
            &[("COVERAGE_FORCE_CONFIG", "forced.cfg")],
            None,
        ),
        case(&[(".coveragerc", b"[run]\nbranch = \xff\n")], &[], None),
        case(
            &[("setup.cfg", b"[coverage:run]\nbranch = \xc3\n")],
            &[],
            None,
        ),
        case(&[(".coveragerc.toml", b"a = '\xe2\x82'\n")], &[], None),
        case(
            &[(
                ".coveragerc",
                b"[run]\r\nsource =\r\n    a\r\n    b\r\n[report]\rprecision = 1\r",
            )],
            &[],
            None,
        ),
    ]
}

const INI: &[&str] = &[
    "",
    "# only a comment\n; and another\n",
    "[run]\nbranch = True\nparallel: yes\ntimid=1\nsigterm = ON\nrelative_files = off\ncover_pylib = 0\n",
    "[run]\nbranch = maybe\n",
    "[run]\nbranch =\n",
    "[run]\nsource = a, b,,c\n    d\n\n    e # not a comment\n",
    "[run]\nomit =\n    */x.py\n    # a comment\n    ; another\n    y.py\ninclude = a\n",
    "[run]\nconcurrency = thread\n",
    "[run]\nconcurrency = multiprocessing, gevent\n",
    "[run]\nconcurrency = foo, thread,bar\n",
    "[run]\nconcurrency = gevent, eventlet\n",
    "[run]\ndata_file = ~/data/$WORD\ndebug_file = ~\n",
    "[run]\ncommand_line = -m pytest  x\ncontext = here\ndynamic_context = test_function\ncore = sysmon\n",
    "[run]\npatch = subprocess, _exit\n",
    "[run]\nplugins = my.plugin, other\n\n[my.plugin]\nA = 1\nb = $WORD\n[other]\n",
    "[run]\nplugins = mine\n[coverage:mine]\nx = ${NO?}\n",
    "[run]\nplugins = absent\n",
    "[run]\n_crash = here\ndisable_warnings = a,b\nsource_pkgs = p\nsource_dirs = d\n",
    "[run]\nxyzzy = 1\nBranch = 1\n[report]\nfoo: 1\n[nothing]\nx = 1\n",
    "[run]\nbranch = 1\nbranch = 0\n",
    "[run]\nbranch = 1\n[run]\ntimid = 1\n",
    "branch = 1\n",
    "\u{feff}[run]\nbranch = 1\n",
    "[run]\nthis is wrong\nbranch = 1\nso is 'this'\n",
    "[run]\n= 1\n",
    "[run]\n  branch = 1\n  timid = 1\n",
    "[run]\nbranch = 1\n  timid = 1\n",
    "  [run]\n  branch = 1\n[report]\nprecision = 2\n",
    "[run] ; comment\nbranch = 1\n",
    "[run]]\nbranch = 1\n",
    "[]\nbranch = 1\n",
    "[run\nbranch = 1\n",
    "[DEFAULT]\nbranch = 1\nx = 2\n[run]\ntimid = 1\n[report]\n",
    "[DEFAULT]\na = 1\n[DEFAULT]\na = 2\n",
    "[paths]\nsource =\n    src\n    ~/elsewhere/src\n    $WORD/x\nOther = a,b\nempty =\n",
    "[coverage:paths]\nx = a\n[paths]\ny = b\n",
    "[coverage:run]\nbranch = 1\n[run]\ntimid = 1\n",
    "[report]\nexclude_lines =\n    pragma: no cover\n    def __repr__\n\nexclude_also = raise\\s+X\n",
    "[report]\nexclude_also =\n    foo***\n",
    "[report]\nexclude_lines = (unclosed\n",
    "[report]\npartial_branches = a\npartial_also = b\npartial_branches_always = [z\n",
    "[report]\npartial_branches = a\npartial_also = b\n    c\npartial_branches_always =\n",
    "[report]\nfail_under = 99.5\nprecision = 2\nsort = -Cover\nformat = markdown\ncontexts = a,b\n",
    "[report]\nfail_under = 90%\n",
    "[report]\nfail_under = 1e400\n",
    "[report]\nfail_under = 1_0.5\nprecision = 1_0\n",
    "[report]\nprecision = 1.5\n",
    "[report]\nprecision =\n",
    "[report]\nprecision = \u{a0}3\u{a0}\n",
    "[report]\ninclude = a\nomit =\nshow_missing = 1\nskip_covered = 1\nskip_empty = 1\nignore_errors = 1\ninclude_namespace_packages = 1\n",
    "[html]\ndirectory = ~/out\ntitle = It's $$5 & $WORD\nextra_css = x.css\nskip_covered = no\nskip_empty = yes\nshow_contexts = 1\n",
    "[xml]\noutput = ~x/y.xml\npackage_depth = 3\n[json]\noutput = j\npretty_print = 1\nshow_contexts = 1\n[lcov]\noutput = l\nline_checksums = 1\n",
    "[run]\nsource = $LIST\ncontext = ${WORD}${NO}${NO-d e}${EMPTY-x}$$x ${bad $ ${}\n",
    "[run]\ncontext = a ${NO?} 'b'\n",
    "[run]\ncontext = %(branch)s %%\n",
    "[run]\ncontext = one\n\n  two\n\n\nbranch = 1\n\n\n",
    "[run]\ncontext : a = b : c\n",
    "[run]\nbranch\u{2003}=\u{2003}1\n",
    "[run]\ncontext = \u{1f}x\u{1f}\n\u{b}\ntimid = 1\n",
    "[report]\nexclude_also = a\u{c}b\u{2028}c\n",
    "[run]\ncontext = tab\there \\ 'q' \"dq\"\nSOURCE = ä\n",
];

const SHARED_INI: &[&str] = &[
    "[coverage:run]\nbranch = 1\nbogus = 1\n[coverage:report]\nskip_empty = yes\n[coverage:paths]\na = b, c\n",
    "[run]\nbranch = 1\n[coverage:xyz]\na = 1\n",
    "[tool:pytest]\nx = 1\n[tox]\nenvlist = py\n",
    "[coverage:run]\nconcurrency = nothing\n",
    "[coverage:run]\nplugins = p\n[p]\na = 1\n[coverage:p]\nb = 2\n",
    "[coverage:report]\nexclude_lines = [\n",
    "[flake8]\nx = 1\nx = 2\n",
];

/// In `.coveragerc.toml` without the prefix, and of no effect in `pyproject.toml`.
const OWN_TOML: &[&str] = &[
    "[run]\nbranch = true\nsource = ['a', \"b\"]\n[paths]\nb = ['x', '~/y']\na = []\n",
    "[tool.coverage.run]\nbranch = true\n[run]\ntimid = true\n",
    "[tool.coverage]\nrun = {branch = true}\n",
    "[report]\nprecision = 'x'\n",
];

const PYPROJECT: &[&str] = &[
    "[tool.coverage.run]\nbranch = true\nparallel = 'true'\ntimid = 'yes'\n",
    "[tool.coverage.run]\nbranch = 1\n",
    "[tool.coverage.run]\nbranch = 'false'\nsource = 'a'\n",
    "[tool.coverage.run]\nsource = ['a', 1]\n",
    "[tool.coverage.run]\nsource = [['a'], {b = 1}]\n",
    "[tool.coverage.run]\nomit = []\ninclude = ['$WORD', '${NO-x}']\nsource = ['${NO?}']\n",
    "[tool.coverage.run]\ndata_file = ['x']\n",
    "[tool.coverage.run]\ndata_file = '~/x$WORD'\ncontext = 'it''s'\n",
    "[tool.coverage.run]\ndata_file = '~/x$WORD'\ncontext = \"it's\\u00e9 ${WORD}\"\n",
    "[tool.coverage.run]\nconcurrency = ['thread', 'x']\n",
    "[tool.coverage.run]\nplugins = ['a.b', 'c']\n[tool.coverage.a.b]\nx = [1, 2.0, true]\nd = 1979-05-27T07:32:00Z\n[tool.coverage.c]\n",
    "[tool.coverage.run]\nplugins = ['c']\n[tool.coverage.c]\nd = 1979-05-27\nt = 07:32:00.5\nz = 1979-05-27T00:32:00.999999-07:00\nl = 1979-05-27T07:32:01\nn = {a = {b = 'c'}}\nf = 1e22\ng = -0.0\nh = inf\n",
    "[tool.coverage.run]\ncontext = 5\ncommand_line = true\ncore = 1.5\n",
    "[tool.coverage.run]\nbogus = 1\n[tool.coverage.report]\nx = 2\n[tool.coverage.foo]\ny = 1\n",
    "[tool.coverage.report]\nfail_under = 99\nprecision = 1\n",
    "[tool.coverage.report]\nfail_under = 99.5\nprecision = '2'\n",
    "[tool.coverage.report]\nfail_under = 'x'\n",
    "[tool.coverage.report]\nfail_under = true\n",
    "[tool.coverage.report]\nfail_under = [1]\n",
    "[tool.coverage.report]\nprecision = 1.5\n",
    "[tool.coverage.report]\nprecision = 1979-05-27\n",
    "[tool.coverage.report]\nexclude_lines = ['a', '', ' b ']\nexclude_also = ['c']\n",
    "[tool.coverage.report]\nexclude_also = ['[z-a]']\n",
    "[tool.coverage.report]\nexclude_also = 'abc'\n",
    "[tool.coverage.report]\npartial_also = ['''a\nb''']\n",
    "[tool.coverage.html]\ntitle = 'x'\nskip_covered = false\n[tool.coverage.xml]\npackage_depth = 0x10\n[tool.coverage.json]\noutput = 'o'\n[tool.coverage.lcov]\nline_checksums = true\n",
    "[tool.coverage.paths]\nz = ['b', 'a']\na = ['$WORD', 'c']\n",
    "[tool.coverage.paths]\nz = 'b'\n",
    "[tool.coverage.paths]\nz = [5]\n",
    "[tool.coverage.run]\n",
    "[tool.other]\nx = 1\n",
    "[tool.coverage.run\nbranch = true\n",
    "[tool.coverage.run]\nbranch = true\nbranch = false\n",
    "x = \n",
    "tool = 5\n",
    "[tool.coverage]\nrun = 5\n",
    "tool.coverage.run.branch = true\n",
];

/// What lines of ini files are made of.
const INI_PIECES: &[&str] = &[
    "[run]",
    "[report]",
    "[paths]",
    "[DEFAULT]",
    "[coverage:run]",
    "[html]",
    "[",
    "]",
    "branch",
    "source",
    "precision",
    "fail_under",
    "title",
    "exclude_also",
    "concurrency",
    " = ",
    "=",
    ":",
    " : ",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n\n",
    "\t",
    "1",
    "yes",
    "x",
    "a, b",
    "thread",
    "#",
    " # c",
    ";",
    "$WORD",
    "${NO-d}",
    "~/x",
    "é",
    "\r\n",
    "99.5",
    "'",
    "\u{a0}",
    "\u{1c}",
    "\u{2028}",
];

/// What TOML files are made of.
const TOML_KEYS: &[&str] = &[
    "a",
    "b",
    "a.b",
    "a.b.c",
    "\"q r\"",
    "'l'",
    "\"\"",
    "b . a",
    "é",
    "1",
    "-",
    "a.",
    ".a",
    "\"\\u00e9\"",
    "\"\n\"",
    "c",
    "a",
    "b",
];
const TOML_VALUES: &[&str] = &[
    "1",
    "-0",
    "+1_000",
    "1__0",
    "0x1F",
    "0o7",
    "0b1",
    "01",
    "1.5",
    "1e3",
    "-1.5E-7",
    "1.",
    "inf",
    "-nan",
    "true",
    "falsey",
    "\"s\\t\\\"\"",
    "\"\\x\"",
    "'it''s'",
    "'l'",
    "\"\"\"m\nx\\\n  y\"\"\"\"",
    "\"\"\"m",
    "'''m\n''''",
    "\"\"",
    "\"",
    "'",
    "[]",
    "[1, 'a', [2]]",
    "[1,\n# c\n2,]",
    "[1 2]",
    "[",
    "{}",
    "{a = 1, b.c = 2}",
    "{a = 1,}",
    "{a = 1, a = 2}",
    "{a = {b = 1}, a.c = 2}",
    "{",
    "1979-05-27",
    "1979-05-27T07:32:00Z",
    "1979-02-30",
    "07:32:00",
    "1979-05-27 07:32:00.123456789-07:30",
    "07:32",
    "1979-05-27T",
    "\"\\ud800\"",
    "\"\\U0001F600\"",
    "\"\t\"",
    "\"\u{1}\"",
    "x",
    "1e400",
    "12345678901234567",
    "\"\\u12\"",
    "'''a'b''c'''",
    "",
];

/// A file made of random pieces.
pub(crate) fn generated(random: &mut Random) -> Case {
    let (name, text) = if random.below(2) == 0 {
        (".coveragerc", generated_ini(random))
    } else {
        (".coveragerc.toml", generated_toml(random))
    };
    Case {
        files: vec![(name, Cow::Owned(text.into_bytes()))],
        environment: &[],
        rcfile: None,
    }
}

fn one_of(random: &mut Random, items: &[&'static str]) -> &'static str {
    items[usize::try_from(random.below(items.len() as u64)).unwrap()]
}

fn generated_ini(random: &mut Random) -> String {
    let starts = [
        "",
        "[run]\n",
        "[report]\n",
        "[paths]\n",
        "[coverage:html]\n",
    ];
    let mut text = one_of(random, &starts).to_owned();
    for _ in 0..random.below(16) {
        text += one_of(random, INI_PIECES);
    }
    text
}

fn generated_toml(random: &mut Random) -> String {
    let mut text = "[run]\nplugins = ['c']\n[c]\n".to_owned();
    for _ in 0..random.below(5) {
        let key = one_of(random, TOML_KEYS);
        let value = one_of(random, TOML_VALUES);
        text += &match random.below(10) {
            0 => ["[c.", key, "]\n"].concat(),
            1 => ["[[c.", key, "]]\n"].concat(),
            2 => ["[ c . ", key, " ] # c\n"].concat(),
            3 => value.to_owned(),
            _ => [key, " = ", value, "\n"].concat(),
        };
    }
    text
}
