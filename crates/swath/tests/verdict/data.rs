//! Files, sources, and data that is combined or reported on later.

use crate::setup::{Need, Setup, play_all, setup};

const ONE: (&str, &str) = ("one.py", "x = 1\n");
const TWO: (&str, &str) = ("two.py", "y = 1\n");

/// A data file as another tool writes it: coverage.py's schema, one file, lines 1 to 8.
const FOREIGN: (&str, &str) = (
    "foreign.py",
    "import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript('''
create table coverage_schema (version integer);
create table meta (key text, value text, unique (key));
create table file (id integer primary key, path text, unique (path));
create table context (id integer primary key, context text, unique (context));
create table line_bits (file_id integer, context_id integer, numbits blob, unique (file_id, context_id));
create table arc (file_id integer, context_id integer, fromno integer, tono integer, unique (file_id, context_id, fromno, tono));
create table tracer (file_id integer primary key, tracer text);
insert into coverage_schema values (7);
insert into meta values ('has_arcs', '0');
insert into context values (1, '');
''')
db.execute('insert into file values (1, ?)', [os.path.abspath('two.py')])
db.execute('insert into line_bits values (1, 1, ?)', [bytes([2])])
db.commit()
",
);

const FILES: &[Setup] = &[
    setup(
        "a file edited in mid-run",
        &[ONE, TWO],
        "$SWATH run --source . -- bash -c '$PYTHON one.py; $PYTHON two.py; echo z = 1 > two.py'",
        &["Incomplete 2 of 2", "1 file left out, changed since it ran"],
    ),
    setup(
        "a file deleted in mid-run",
        &[ONE, TWO],
        "$SWATH run --source . -- bash -c '$PYTHON one.py; $PYTHON two.py; rm two.py'",
        &[
            "Incomplete 2 of 2",
            "1 file left out, without a source here",
        ],
    ),
    setup(
        "a file edited after the run",
        &[ONE, TWO],
        "$SWATH run --source . -- bash -c '$PYTHON one.py; $PYTHON two.py; true'; echo z = 1 > two.py; $SWATH report",
        &[
            "Incomplete: 2 of 2",
            "1 file left out, changed since it ran",
        ],
    ),
    setup(
        "modules in an archive",
        &[
            ("app/__main__.py", "import lib\n"),
            ("app/lib.py", "x = 1\n"),
        ],
        "$PYTHON -m zipapp app -o app.pyz; $SWATH run --source . -- $PYTHON app.pyz",
        &["Complete 1 of 1"],
    ),
    setup(
        "a name with a newline",
        &[("odd\nname/one.py", "x = 1\n")],
        "cd odd*; $SWATH run --source . -- $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a package through a link",
        &[
            ("vendor/lib/__init__.py", "x = 1\n"),
            (
                "main.py",
                "import sys\nsys.path.insert(0, 'libs')\nimport lib\n",
            ),
        ],
        "mkdir libs; ln -s ../vendor/lib libs/lib; $SWATH run --source lib -- $PYTHON main.py",
        &["Complete 1 of 1"],
    ),
];

const COMBINED: &[Setup] = &[
    setup(
        "two runs of swath",
        &[ONE, TWO],
        "$SWATH run --source . --data-file a -- $PYTHON one.py; $SWATH run --source . --data-file b -- $PYTHON two.py; $SWATH combine a b; $SWATH report",
        &["Complete: 2 of 2 Python processes measured"],
    ),
    setup(
        "with a run that was incomplete",
        &[ONE, ("slow.py", "import time\ntime.sleep(0.6)\n")],
        "$SWATH run --source . --data-file a -- $PYTHON one.py; $SWATH run --source . --data-file b -- sh -c '$PYTHON one.py; env -i $PYTHON slow.py'; $SWATH combine a b; $SWATH report",
        &["Incomplete: 2 of 3"],
    ),
    setup(
        "with a run whose tests failed",
        &[ONE, TWO],
        "$SWATH run --source . --data-file a -- $PYTHON one.py; $SWATH run --source . --data-file b -- sh -c '$PYTHON two.py; exit 4'; $SWATH combine a b; $SWATH report",
        &["Complete: 2 of 2", "the tests failed (exit 4)"],
    ),
    setup(
        "with another tool's data",
        &[ONE, TWO, FOREIGN],
        "$SWATH run --omit foreign.py --source . --data-file a -- $PYTHON one.py; $PYTHON foreign.py b; $SWATH combine a b; $SWATH report",
        &[
            "Complete: 1 of 1",
            "also holds 1 file that swath did not record (1 line from there only)",
        ],
    ),
    setup(
        "appended to another tool's data",
        &[ONE, TWO, FOREIGN],
        "$PYTHON foreign.py .coverage; $SWATH run --omit foreign.py --append --source . -- $PYTHON one.py; $SWATH report",
        &[
            "Complete: 1 of 1",
            "also holds 1 file that swath did not record",
        ],
    ),
    setup(
        "another tool's data alone",
        &[ONE, TWO, FOREIGN],
        "$PYTHON foreign.py .coverage; $SWATH report",
        &["Unknown: this data was not recorded by swath"],
    ),
    setup(
        "a run that was killed",
        &[(
            "slow.py",
            "import time\nopen('up', 'w').close()\ntime.sleep(30)\n",
        )],
        "$SWATH run --source . -- $PYTHON slow.py & until [ -e up ]; do sleep 0.05; done; kill -9 $!; wait; sleep 0.5; $SWATH combine $TMPDIR/swath-*; $SWATH report",
        &["Incomplete", "killed before it could account"],
    ),
    setup(
        "reported as Markdown",
        &[ONE],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; exit 1'; $SWATH report --format=markdown | tr -d '*'",
        &["Complete: 1 of 1", "the tests failed"],
    ),
    setup(
        "reported as a bare number",
        &[ONE],
        "$SWATH run --source . -- $PYTHON one.py; $SWATH report --format=total",
        &["Complete: 1 of 1"],
    ),
    setup(
        "reported as XML",
        &[ONE],
        "$SWATH run --source . -- $PYTHON one.py; $SWATH xml",
        &["Complete: 1 of 1"],
    ),
    Setup {
        needs: &[Need::Root],
        ..setup(
            "reported elsewhere, by another user",
            &[ONE],
            "$SWATH run --source . -- sh -c '$PYTHON one.py; exit 1'; mkdir ../else; cp -r . ../else; cd ../else; chmod -R a+rX .. ; printf '[paths]\\ns = .\\n    %s\\n' \"$OLDPWD\" > .coveragerc; $SWATH report",
            &["Complete: 1 of 1", "the tests failed"],
        )
    },
];

#[test]
fn verdicts_of_files() {
    play_all("Verdicts: files", FILES);
}

#[test]
fn verdicts_of_combined_data() {
    play_all("Verdicts: data", COMBINED);
}
