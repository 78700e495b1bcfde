//! The ways in: what starts a Python, and what that does to its environment.

use swath_test::scale;

use crate::setup::{Need, Setup, play_all, setup};

const ONE: (&str, &str) = ("one.py", "x = 1\n");
const PLAIN: &[(&str, &str)] = &[ONE];
const SLOW: (&str, &str) = ("slow.py", "import time\ntime.sleep(0.8)\n");
/// Ends whoever started it.
const ENDS: (&str, &str) = (
    "ends.py",
    "import os, signal, sys, time\nx = 1\nif not os.path.exists('ended'):\n    open('ended', 'w').close()\n    os.kill(int(open('pid').read()) if os.path.exists('pid') else os.getppid(), signal.SIGTERM)\n    time.sleep(0.1)\n",
);
const WEB: (&str, &str) = (
    "app.py",
    "def application(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [b'fine']\napp = application\n",
);
/// Asks a server until it answers.
const ASK: (&str, &str) = (
    "ask.py",
    "import sys, time, urllib.request\nfor _ in range(200):\n    try:\n        urllib.request.urlopen(sys.argv[1]).read()\n        break\n    except OSError:\n        time.sleep(0.1)\nelse:\n    sys.exit('no answer')\n",
);

const fn of_packages(setup: Setup, needs: &'static [Need]) -> Setup {
    Setup { needs, ..setup }
}

const OPTIONS: &[Setup] = &[
    setup(
        "python -I",
        PLAIN,
        "$SWATH run --source . -- $PYTHON -I one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -E",
        PLAIN,
        "$SWATH run --source . -- $PYTHON -E one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -S",
        PLAIN,
        "$SWATH run --source . -- $PYTHON -S one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -P (-s before 3.11)",
        PLAIN,
        "$SWATH run --source . -- sh -c '$PYTHON -P one.py 2> /dev/null || $PYTHON -s one.py'",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -X importtime -O -u -B",
        PLAIN,
        "$SWATH run --source . -- sh -c '$PYTHON -X importtime -O -u -B one.py 2> /dev/null'",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -X dev",
        PLAIN,
        "$SWATH run --source . -- $PYTHON -X dev one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "python -I and --inject=path",
        &[ONE, SLOW],
        "$SWATH run --inject=path --source . -- sh -c '$PYTHON one.py; $PYTHON -I slow.py'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "python -m pdb",
        PLAIN,
        "$SWATH run --source . -- $PYTHON -m pdb -c continue -c quit one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a zip archive with __main__.py",
        &[
            (
                "z/__main__.py",
                "import sys\nsys.path.insert(0, '.')\nimport one\n",
            ),
            ONE,
        ],
        "$PYTHON -m zipapp z; $SWATH run --source . -- $PYTHON z.pyz",
        &["Complete 1 of 1"],
    ),
    setup(
        "a script with `env -S python -I` in its first line",
        &[("job", "x = 1\n")],
        "(echo \"#!/usr/bin/env -S $PYTHON -I\"; cat job) > job.py; chmod +x job.py; $SWATH run --source . -- ./job.py",
        &["Complete 1 of 1"],
    ),
];

const WRAPPERS: &[Setup] = &[
    setup(
        "setsid",
        PLAIN,
        "$SWATH run --source . -- setsid -w $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "nohup",
        PLAIN,
        "$SWATH run --source . -- nohup $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "nice -n 10",
        PLAIN,
        "$SWATH run --source . -- nice -n 10 $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "timeout",
        PLAIN,
        "$SWATH run --source . -- timeout -k 5 20 $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "xargs -P",
        &[ONE, ("two.py", "x = 2\n")],
        "$SWATH run --source . -- sh -c 'ls *.py | xargs -n 1 -P 2 $PYTHON'",
        &["Complete 2 of 2"],
    ),
    Setup {
        needs: &[Need::Program("script")],
        ..setup(
            "script, on a terminal",
            PLAIN,
            "$SWATH run --source . -- script -qec \"$PYTHON one.py\" /dev/null",
            &["Complete 1 of 1"],
        )
    },
    setup(
        "env -u PYTHONPATH",
        PLAIN,
        "$SWATH run --source . -- env -u PYTHONPATH $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "env -u LD_PRELOAD",
        PLAIN,
        "$SWATH run --source . -- env -u LD_PRELOAD $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "env -i",
        &[ONE, SLOW],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; env -i $PYTHON slow.py'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "an entry script that replaces PYTHONPATH",
        &[ONE, ("start.sh", "PYTHONPATH=src exec $PYTHON one.py\n")],
        "$SWATH run --source . -- sh start.sh",
        &["Complete 1 of 1"],
    ),
    setup(
        "a Python that replaces PYTHONPATH for its children",
        &[
            ONE,
            (
                "start.py",
                "import os, subprocess, sys\nos.environ['PYTHONPATH'] = 'src'\nsubprocess.run([sys.executable, 'one.py'], check=True)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON start.py",
        &["Complete 2 of 2"],
    ),
    setup(
        "a sitecustomize of the project's own in front",
        &[ONE, ("own/sitecustomize.py", "y = 1\n")],
        "$SWATH run --source . -- sh -c 'PYTHONPATH=own:$PYTHONPATH $PYTHON one.py'",
        &["Complete 1 of 1"],
    ),
    Setup {
        needs: &[Need::OtherUser],
        ..setup(
            "su",
            PLAIN,
            "chmod 755 .. .; $SWATH run --source . -- su nobody -s /bin/sh -c \"$PYTHON one.py\"",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::OtherUser],
        ..setup(
            "su -, which empties the environment",
            &[ONE, SLOW],
            "chmod 755 .. .; $SWATH run --source . -- sh -c \"$PYTHON one.py; su - nobody -s /bin/sh -c 'cd $PWD; $PYTHON slow.py'\"",
            &["Incomplete 1 of 2"],
        )
    },
    Setup {
        needs: &[Need::OtherUser, Need::Program("runuser")],
        ..setup(
            "runuser",
            PLAIN,
            "chmod 755 .. .; $SWATH run --source . -- runuser -u nobody -- $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::OtherUser, Need::Program("setpriv")],
        ..setup(
            "setpriv --reuid --no-new-privs",
            PLAIN,
            "chmod 755 .. .; $SWATH run --source . -- setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
];

const TOOLS: &[Setup] = &[
    of_packages(
        setup(
            "tox, which empties the environment",
            &[
                ONE,
                (
                    "tox.ini",
                    "[testenv]\nskip_install = true\ncommands = python one.py\n",
                ),
            ],
            "$SWATH run --source . --omit '.tox/*' -- sh -c '$PYTHON one.py; $BIN/tox -q run -e py'",
            &["Incomplete"],
        ),
        &[Need::Packages(&["tox"])],
    ),
    of_packages(
        setup(
            "tox with pass_env",
            &[
                ONE,
                (
                    "tox.ini",
                    "[testenv]\nskip_install = true\npass_env = PYTHONPATH,LD_PRELOAD\ncommands = python one.py\n",
                ),
            ],
            "$SWATH run --source . --omit '.tox/*' -- $BIN/tox -q run -e py",
            &["Complete"],
        ),
        &[Need::Packages(&["tox"])],
    ),
    of_packages(
        setup(
            "nox",
            &[
                ONE,
                (
                    "noxfile.py",
                    "import nox\n@nox.session(python=False)\ndef tests(session):\n    session.run('python', 'one.py')\n",
                ),
            ],
            "$SWATH run --source . -- env PATH=$BIN:$PATH nox -s tests",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["nox"])],
    ),
    of_packages(
        setup(
            "opentelemetry-instrument",
            PLAIN,
            "$SWATH run --source . -- $BIN/opentelemetry-instrument $BIN/python one.py",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["opentelemetry-distro"])],
    ),
    of_packages(
        setup(
            "ddtrace-run",
            PLAIN,
            "$SWATH run --source . -- env DD_TRACE_ENABLED=false DD_INSTRUMENTATION_TELEMETRY_ENABLED=false $BIN/ddtrace-run $BIN/python one.py",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["ddtrace"])],
    ),
    of_packages(
        setup(
            "newrelic-admin",
            PLAIN,
            "$SWATH run --source . -- $BIN/newrelic-admin run-program $BIN/python one.py",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["newrelic"])],
    ),
    of_packages(
        setup(
            "supervisord",
            &[
                ENDS,
                (
                    "s.conf",
                    "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\n[program:one]\ncommand=%(ENV_BIN)s/python ends.py\nautorestart=false\nstartsecs=0\n",
                ),
            ],
            "$SWATH run --source . -- $BIN/supervisord -c s.conf",
            &["Complete 3 of 3"],
        ),
        &[Need::Packages(&["supervisor", "setuptools<80"])],
    ),
    of_packages(
        setup(
            "honcho",
            &[ONE, ("Procfile", "web: $BIN/python one.py\n")],
            "$SWATH run --source . -- $BIN/honcho start",
            // Three; from 3.14 on multiprocessing has a server of forks and a tracker besides.
            &["Complete"],
        ),
        &[Need::Packages(&["honcho"])],
    ),
    of_packages(
        setup(
            "circus",
            &[
                ENDS,
                (
                    "c.ini",
                    "[circus]\nendpoint = ipc://e\npubsub_endpoint = ipc://p\n[watcher:one]\ncmd = $(circus.env.bin)/python ends.py\nsingleton = true\ncopy_env = true\nrespawn = false\n",
                ),
            ],
            "$SWATH run --source . -- $BIN/circusd c.ini",
            &["Complete 3 of 3"],
        ),
        &[Need::Packages(&["circus"])],
    ),
    of_packages(
        setup(
            "watchmedo auto-restart",
            &[ENDS],
            "$SWATH run --source . -- $BIN/watchmedo auto-restart -d . -p '*.none' -- $BIN/python ends.py",
            &["Complete 3 of 3"],
        ),
        &[Need::Packages(&["watchdog[watchmedo]"])],
    ),
    of_packages(
        setup(
            "uv run",
            PLAIN,
            "$SWATH run --source . -- $BIN/uv run -q --offline --no-project --python $PYTHON one.py",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["uv"])],
    ),
    of_packages(
        setup(
            "pipx run",
            &[(
                "slow.py",
                "# /// script\n# dependencies = []\n# ///\nimport time\ntime.sleep(0.8)\n",
            )],
            "export PIPX_HOME=$PWD/pipx; $SWATH run --source . --omit 'pipx/*' -- $BIN/pipx run ./slow.py",
            &["Complete 2 of 2"],
        ),
        &[Need::Packages(&["pipx"])],
    ),
    of_packages(
        setup(
            "a program made by PyInstaller",
            &[ONE, SLOW],
            "$BIN/pyinstaller --log-level ERROR -F slow.py > /dev/null; $SWATH run --source . --omit 'build/*' -- sh -c '$PYTHON one.py; dist/slow'",
            &["Incomplete 1 of 2"],
        ),
        &[Need::Packages(&["pyinstaller"])],
    ),
    of_packages(
        setup(
            "gunicorn --daemon",
            &[(
                "app.py",
                "import os\ndef app(environ, start_response):\n    pass\nopen('up-%d' % os.getpid(), 'w').close()\n",
            )],
            "$SWATH run --source . -- sh -c '$BIN/gunicorn --daemon -w 2 -p pid -b unix:s app:app; until [ $(ls | grep -c ^up-) = 2 ]; do sleep 0.1; done; kill $(cat pid); while [ -e pid ]; do sleep 0.1; done'",
            &["Complete 5 of 5"],
        ),
        &[Need::Packages(&["gunicorn"])],
    ),
    of_packages(
        setup(
            "uWSGI with two applications",
            &[
                WEB,
                ASK,
                (
                    "other.py",
                    "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'other']\n",
                ),
            ],
            "port=$($PYTHON -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); print(s.getsockname()[1])'); $SWATH run --source . -- sh -c \"$BIN/uwsgi --http-socket 127.0.0.1:$port --master --need-app --manage-script-name --mount /a=app.py --mount /b=other.py --pidfile pid > log 2>&1 & $BIN/python ask.py http://127.0.0.1:$port/a && $BIN/python ask.py http://127.0.0.1:$port/b && kill -INT \\$(cat pid); wait\"",
            &["Complete 4 of 4"],
        ),
        &[Need::Packages(&["uwsgi"])],
    ),
];

#[test]
fn verdicts_of_options_of_python() {
    play_all("Ways in: options of Python", OPTIONS);
}

#[test]
fn verdicts_of_wrappers() {
    play_all("Ways in: wrappers", WRAPPERS);
}

#[test]
fn verdicts_of_tools_that_start_pythons() {
    // Each tool has an environment of its own to be made first.
    let some = TOOLS.split_at(3).0;
    play_all(
        "Ways in: tools that start Pythons",
        scale().pick(some, TOOLS),
    );
}
