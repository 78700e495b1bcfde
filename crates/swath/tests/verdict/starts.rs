//! Starts of programs by a measured one: what failed or ended at once is not missed, what ran without
//! the agent is.

use crate::setup::{Need, Setup, play_all, setup};

const ONE: (&str, &str) = ("one.py", "x = 1\n");
/// Makes a folder with a file in it that may be executed.
const MAKE: (&str, &str) = (
    "make.py",
    "import os\ndef program(path, text):\n    os.makedirs(os.path.dirname(path), exist_ok=True)\n    with open(path, 'w') as file:\n        file.write(text)\n    os.chmod(path, 0o755)\n",
);

/// Starts a Python that reads its settings from a pipe, long before it gets to code.
const STUCK: (&str, &str) = (
    "stuck.py",
    "import os, subprocess, time\ndef start(seconds):\n    os.remove('v/pyvenv.cfg')\n    os.mkfifo('v/pyvenv.cfg')\n    child = subprocess.Popen(['v/bin/python', 'one.py'])\n    time.sleep(seconds)\n    return child\n",
);

const FAILED: &[Setup] = &[
    setup(
        "Pythons that are ended before they begin",
        &[
            ONE,
            (
                "end.py",
                "import subprocess, sys\nfor n in range(8):\n    child = subprocess.Popen([sys.executable, 'one.py', str(n)])\n    (child.kill if n % 2 else child.terminate)()\n    child.wait()\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON end.py",
        &["Complete"],
    ),
    setup(
        "a Python that is ended while its interpreter begins",
        &[
            ONE,
            STUCK,
            ("end.py", "import stuck\nstuck.start(0.3).kill()\n"),
        ],
        "$PYTHON -m venv --without-pip v; $SWATH run --source . --omit 'v/*' -- $PYTHON end.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "starts that CPython or the system refuses",
        &[ONE, REFUSED],
        "$SWATH run --source . -- $PYTHON fail.py",
        &["Complete 2 of 2"],
    ),
    setup(
        "a shell script that is named as a Python",
        &[
            MAKE,
            (
                "shim.py",
                "import make, subprocess\nmake.program('bin/python3', '#!/bin/sh\\nexit 0\\n')\nsubprocess.run(['bin/python3', 'no.py'], check=True)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON shim.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a shell script that becomes a Python",
        &[
            ONE,
            MAKE,
            (
                "shim.py",
                "import make, subprocess, sys\nmake.program('bin/python3', '#!/bin/sh\\nexec %s -B \"$@\"\\n' % sys.executable)\nsubprocess.run(['bin/python3', 'one.py'], check=True)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON shim.py",
        &["Complete 2 of 2"],
    ),
    setup(
        "a script that is started by a relative path",
        &[(
            "start.py",
            "import os, subprocess, sys\nwith open('job', 'w') as job:\n    job.write('#!%s\\nx = 1\\n' % sys.executable)\nos.chmod('job', 0o755)\nsubprocess.run(['./job', 'a'], check=True)\n",
        )],
        "$SWATH run --source . -- $PYTHON start.py",
        &["Complete 2 of 2"],
    ),
];

/// Starts that CPython or the system refuses, each for another reason.
pub(crate) const REFUSED: (&str, &str) = (
    "fail.py",
    "import subprocess, sys\ndef fails(n, *more, **options):\n    try:\n        subprocess.Popen([sys.executable, 'one.py', n, *more], **options)\n    except (OSError, TypeError, ValueError, subprocess.SubprocessError):\n        return\n    raise SystemExit('it was started: ' + n)\nlong = {'A%d' % n: 'x' * 100000 for n in range(100)}\nfails('1', env=long)\nfails('2', 'a\\0b')\nfails('3', 7)\nfails('4', env={1: 'b'})\nfails('5', env={'A=': 'b'})\nfails('6', env={'A': 'b\\0'})\nfails('7', env={'A': 'x' * 200000})\nfails('8', preexec_fn=lambda: 1 / 0)\nfails('9', pass_fds=(-1,))\nfails('10', cwd='/', executable='\\0')\n",
);

const MISSED: &[Setup] = &[
    Setup {
        needs: &[Need::Mount],
        ..setup(
            "short Pythons for whose stores no inode is left",
            &[
                ONE,
                (
                    "fill.py",
                    "import os, subprocess, sys\nfolder = os.environ['TMPDIR'] + '/'\nnames = []\ntry:\n    while True:\n        open(folder + str(len(names)), 'w').close()\n        names.append(folder + str(len(names)))\nexcept OSError:\n    pass\nfor _ in range(3):\n    subprocess.run([sys.executable, 'one.py'])\nfor name in names:\n    os.remove(name)\n",
                ),
            ],
            "mkdir small; mount -t tmpfs -o size=16m,nr_inodes=200 none small || exit 1; TMPDIR=$PWD/small $SWATH run --source . -- $PYTHON fill.py",
            &["Incomplete 1 of 4"],
        )
    },
    setup(
        "a Python that has the agent and does not begin for two seconds",
        &[
            ONE,
            STUCK,
            ("end.py", "import stuck\nstuck.start(2).kill()\n"),
        ],
        "$PYTHON -m venv --without-pip v; $SWATH run --source . --omit 'v/*' -- $PYTHON end.py",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "Pythons that only a search path of the program's own has, and some that are nowhere",
        &[(
            "paths.py",
            "import os, subprocess, sys\nos.mkdir('bin')\nos.symlink(os.path.realpath(sys.executable), 'bin/python3.99')\nown = os.getcwd() + '/bin'\nfor name in ('python3.98', 'python3.99'):\n    for options in ({'env': {'PATH': own}}, {'env': {'PATH': 'bin'}}, {}):\n        try:\n            subprocess.run([name, '-I', '-S', '-c', ''], **options)\n        except FileNotFoundError:\n            pass\n",
        )],
        "$SWATH run --source . -- $PYTHON paths.py",
        &["Incomplete 1 of 3"],
    ),
    setup(
        "a Python without the agent between two measured ones, by exec",
        &[(
            "chain.py",
            "import json, os, sys\nif len(sys.argv) == 1:\n    code = \"import json, os, sys; os.execve(sys.executable, [sys.executable, 'chain.py', 'x'], json.loads(sys.argv[1]))\"\n    os.execve(sys.executable, [sys.executable, '-I', '-c', code, json.dumps(dict(os.environ))], {})\n",
        )],
        "$SWATH run --source . -- $PYTHON chain.py",
        &["Incomplete 2 of 3"],
    ),
    setup(
        "a short Python with an empty environment, started by a script that is named as a Python",
        &[
            MAKE,
            (
                "shim.py",
                "import make, subprocess, sys\nmake.program('bin/python3', '#!/bin/sh\\nexec %s \"$@\"\\n' % sys.executable)\nsubprocess.run(['bin/python3', '-c', ''], check=True, env={})\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON shim.py",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a Python without the agent whose parent ends at once",
        &[
            ("slow.py", "import time\ntime.sleep(0.8)\n"),
            (
                "leave.py",
                "import os, subprocess, sys, time\nif len(sys.argv) > 1:\n    subprocess.Popen([sys.executable, 'slow.py'], env={})\n    os._exit(0)\nsubprocess.run([sys.executable, 'leave.py', 'x'])\ntime.sleep(1.2)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON leave.py",
        &["Incomplete 2 of 3"],
    ),
    Setup {
        needs: &[Need::OldPython("3.7.")],
        ..setup(
            "Python 3.7, started by a measured one",
            &[
                ONE,
                (
                    "old.py",
                    "import os, subprocess\nsubprocess.run([os.environ['OLD'], 'one.py'])\n",
                ),
            ],
            "$SWATH run --source . -- $PYTHON old.py",
            &["Incomplete 1 of 2"],
        )
    },
    setup(
        "a package of the project's own that is named as a tool, without the agent",
        &[
            ("installer/__init__.py", ""),
            ("installer/__main__.py", "import time\ntime.sleep(0.8)\n"),
            ONE,
        ],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; env -i $PYTHON -m installer'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a tool in an environment in the project, without the agent",
        &[ONE],
        "$PYTHON -m venv --without-pip v; echo 'import time; time.sleep(0.8)' > v/bin/pip; $SWATH run --source . --omit 'v/*' -- sh -c '$PYTHON one.py; env -i v/bin/python v/bin/pip'",
        &["Complete 1 of 1"],
    ),
];

#[test]
fn verdicts_of_starts_that_come_to_nothing() {
    play_all("Verdicts: starts that come to nothing", FAILED);
}

#[test]
fn verdicts_of_programs_that_a_measured_one_starts() {
    play_all("Verdicts: programs that a measured one starts", MISSED);
}
