//! Processes of this host: how they start, what they start, what they may do.

use crate::setup::{Need, Setup, play_all, setup};

const ONE: (&str, &str) = ("one.py", "x = 1\n");
const PLAIN: &[(&str, &str)] = &[ONE];
/// Over before the looks at intervals would see it twice.
const BRIEF: (&str, &str) = ("brief.py", "import time\ntime.sleep(.06)\n");

const STARTS: &[Setup] = &[
    setup(
        "one program",
        PLAIN,
        "$SWATH run --source . -- $PYTHON one.py",
        &["Complete 1 of 1 Python process measured; swath added"],
    ),
    setup(
        "branches",
        PLAIN,
        "$SWATH run --branch --source . -- $PYTHON one.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "forks that end by os._exit",
        &[(
            "fork.py",
            "import os\nfor _ in range(5):\n    if os.fork() == 0:\n        os._exit(0)\n    os.wait()\n",
        )],
        "$SWATH run --source . -- $PYTHON fork.py",
        &["Complete 6 of 6"],
    ),
    setup(
        "a child that is killed",
        &[(
            "kill.py",
            "import os, signal, subprocess, sys\nif len(sys.argv) > 1:\n    os.kill(os.getpid(), signal.SIGKILL)\nsubprocess.run([sys.executable, __file__, 'x'])\n",
        )],
        "$SWATH run --source . -- $PYTHON kill.py",
        &["Complete 2 of 2"],
    ),
    setup(
        "a child that crashes",
        &[(
            "crash.py",
            "import ctypes, subprocess, sys\nif len(sys.argv) > 1:\n    ctypes.string_at(0)\nsubprocess.run([sys.executable, __file__, 'x'])\n",
        )],
        "$SWATH run --source . -- $PYTHON crash.py",
        &["Complete 2 of 2"],
    ),
    setup(
        "multiprocessing, spawn",
        &[(
            "mp.py",
            "import multiprocessing\ndef work(n):\n    return n\nif __name__ == '__main__':\n    multiprocessing.set_start_method('spawn')\n    with multiprocessing.Pool(2) as pool:\n        pool.map(work, range(4))\n",
        )],
        "$SWATH run --source . -- $PYTHON mp.py",
        &["Complete"],
    ),
    setup(
        "multiprocessing, forkserver",
        &[(
            "mp.py",
            "import multiprocessing\ndef work(n):\n    return n\nif __name__ == '__main__':\n    multiprocessing.set_start_method('forkserver')\n    with multiprocessing.Pool(2) as pool:\n        pool.map(work, range(4))\n",
        )],
        "$SWATH run --source . -- $PYTHON mp.py",
        &["Complete"],
    ),
    setup(
        "multiprocessing, a manager",
        &[(
            "mp.py",
            "import multiprocessing\nif __name__ == '__main__':\n    with multiprocessing.Manager() as manager:\n        manager.dict()['x'] = 1\n",
        )],
        "$SWATH run --source . -- $PYTHON mp.py",
        &["Complete"],
    ),
    setup(
        "a process pool of concurrent.futures",
        &[(
            "pool.py",
            "from concurrent.futures import ProcessPoolExecutor\nif __name__ == '__main__':\n    with ProcessPoolExecutor(2) as pool:\n        list(pool.map(abs, range(4)))\n",
        )],
        "$SWATH run --source . -- $PYTHON pool.py",
        &["Complete"],
    ),
    setup(
        "Pythons that start Pythons",
        &[(
            "deep.py",
            "import subprocess, sys\nn = int(sys.argv[1])\nif n:\n    subprocess.run([sys.executable, __file__, str(n - 1)])\n",
        )],
        "$SWATH run --source . -- $PYTHON deep.py 4",
        &["Complete 5 of 5"],
    ),
    setup(
        "exec over and over",
        &[(
            "again.py",
            "import os, sys\nn = int(sys.argv[1])\nif n:\n    os.execv(sys.executable, [sys.executable, __file__, str(n - 1)])\n",
        )],
        "$SWATH run --source . -- $PYTHON again.py 3",
        &["Complete"],
    ),
    setup(
        "threads",
        &[(
            "threads.py",
            "import threading\nall = [threading.Thread(target=print) for _ in range(8)]\n[t.start() for t in all]\n[t.join() for t in all]\n",
        )],
        "$SWATH run --source . -- $PYTHON threads.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a short Python that a shell starts without the agent",
        &[ONE, BRIEF],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; env -i $PYTHON brief.py'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a short Python behind one program after the other",
        &[ONE, BRIEF],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; timeout 9 setsid -w env -i nice $PYTHON brief.py'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "programs that are no Python",
        PLAIN,
        "$SWATH run --source . -- sh -c '$PYTHON one.py; ls; sleep 0.3; cat one.py'",
        &["Complete 1 of 1"],
    ),
    setup(
        "a start that fails",
        &[
            (
                "fail.py",
                "import subprocess\nfor program in ['./no/such/python3', './python3']:\n    try:\n        subprocess.run([program, 'x.py'])\n    except OSError:\n        pass\n",
            ),
            ("python3", "\u{7f}ELF no program\n"),
        ],
        "chmod +x python3; $SWATH run --source . -- $PYTHON fail.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a virtual environment's Python",
        PLAIN,
        "$PYTHON -m venv --without-pip v; $SWATH run --source . --omit 'v/*' -- v/bin/python one.py",
        &["Complete 1 of 1"],
    ),
];

const SHUT_OUT: &[Setup] = &[
    setup(
        "env -i",
        &[ONE, ("slow.py", "import time\ntime.sleep(0.6)\n")],
        "$SWATH run --source . -- sh -c '$PYTHON one.py; env -i $PYTHON slow.py'",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a fork that becomes a Python with an empty environment",
        &[
            (
                "become.py",
                "import os, sys\nenv = ['env', '-i', sys.executable, 'slow.py']\nos.spawnvp(os.P_WAIT, 'env', env)\n",
            ),
            ("slow.py", "import time\ntime.sleep(0.6)\n"),
        ],
        "$SWATH run --source . -- $PYTHON become.py",
        &["Incomplete 2 of 3"],
    ),
    setup(
        "a Python that becomes another with an empty environment",
        &[
            (
                "become.py",
                "import os, sys\nos.execve(sys.executable, [sys.executable, 'slow.py'], {'A': 'b'})\n",
            ),
            ("slow.py", "import time\ntime.sleep(0.6)\n"),
        ],
        "$SWATH run --source . -- $PYTHON become.py",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a launcher that becomes the Python of its own arguments, with an empty environment",
        &[
            (
                "become.py",
                "import os, sys\nargv = [sys.executable] + sys.argv[1:]\nos.execve(sys.executable, argv, {'A': 'b'})\n",
            ),
            ("slow.py", "import time\ntime.sleep(0.8)\n"),
        ],
        "$SWATH run --source . -- $PYTHON become.py slow.py",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a Python that becomes itself once more, with an empty environment, for 5 ms",
        &[(
            "again.py",
            "import os, sys\nif 'A' not in os.environ:\n    os.execve(sys.executable, [sys.executable, __file__], {'A': 'b'})\n",
        )],
        "env -u A $SWATH run --source . -- $PYTHON again.py",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a Python of 5 ms with an empty environment",
        &[(
            "quick.py",
            "import subprocess, sys\nsubprocess.run([sys.executable, '-I', '-S', '-c', ''], env={})\n",
        )],
        "$SWATH run --source . -- $PYTHON quick.py",
        &["Incomplete 1 of 2"],
    ),
    Setup {
        needs: &[Need::OldPython("3.7")],
        ..setup(
            "Python 3.7",
            &[ONE, ("slow.py", "import time\ntime.sleep(0.8)\n")],
            "$SWATH run --source . -- sh -c '$PYTHON one.py; $OLD slow.py'",
            &["Incomplete 1 of 2"],
        )
    },
    Setup {
        needs: &[Need::OldPython("2.7")],
        ..setup(
            "Python 2.7",
            &[ONE, ("slow.py", "import time\ntime.sleep(0.8)\n")],
            "$SWATH run --source . -- sh -c '$PYTHON one.py; $OLD slow.py'",
            &["Incomplete 1 of 2"],
        )
    },
    setup(
        "a daemon that is left running",
        &[(
            "daemon.py",
            "import time\nopen('up', 'w').close()\ntime.sleep(20)\n",
        )],
        "$SWATH run --source . -- bash -c '($PYTHON daemon.py & echo $! > pid) > /dev/null; until [ -e up ]; do sleep 0.05; done'; kill $(cat pid)",
        &["Incomplete 1 of 1", "1 process still running"],
    ),
];

const PLACES: &[Setup] = &[
    Setup {
        needs: &[Need::Root, Need::Program("unshare")],
        ..setup(
            "a pid namespace",
            PLAIN,
            "$SWATH run --source . -- unshare --pid --fork --mount-proc $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::Root, Need::Program("unshare")],
        ..setup(
            "pid namespaces in each other, with forks",
            &[(
                "fork.py",
                "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\n",
            )],
            "$SWATH run --source . -- unshare --pid --fork --mount-proc unshare --pid --fork --mount-proc $PYTHON fork.py",
            &["Complete 2 of 2"],
        )
    },
    Setup {
        needs: &[Need::Root, Need::Program("unshare")],
        ..setup(
            "a mount namespace",
            PLAIN,
            "$SWATH run --source . -- unshare --mount $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::Root, Need::Program("unshare")],
        ..setup(
            "mounts that hide the agent from a short Python",
            &[ONE, BRIEF],
            "$SWATH run --source . -- sh -c '$PYTHON one.py; unshare --mount sh -c \"mount -t tmpfs none $TMPDIR && exec $PYTHON brief.py\"'",
            &["Incomplete 1 of 2"],
        )
    },
    Setup {
        needs: &[Need::Root, Need::Program("unshare")],
        ..setup(
            "a network namespace",
            PLAIN,
            "$SWATH run --source . -- unshare --net $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::OtherUser],
        ..setup(
            "another user",
            PLAIN,
            "chmod 755 .. .; $SWATH run --source . -- setpriv --reuid 65534 --regid 65534 --clear-groups $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::Root],
        ..setup(
            "root given up, then a fork",
            &[(
                "drop.py",
                "import os\nos.setgid(65534)\nos.setuid(65534)\nif os.fork() == 0:\n    x = 1\n    os._exit(0)\nos.wait()\n",
            )],
            "chmod 755 .. .; $SWATH run --source . -- $PYTHON drop.py",
            &["Complete 2 of 2"],
        )
    },
];

const LIMITS: &[Setup] = &[
    setup(
        "no descriptors left for a fork",
        &[(
            "fds.py",
            "import os, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nheld = []\ntry:\n    while True:\n        held.append(os.open('/dev/null', 0))\nexcept OSError:\n    pass\nif os.fork() == 0:\n    y = 1\n    os._exit(0)\nos.wait()\n",
        )],
        "$SWATH run --source . --fail-under 100 -- $PYTHON fds.py || echo Unknown: a line is lost",
        &["Complete 2 of 2"],
    ),
    setup(
        "no descriptors left for forks of forks that live on",
        &[(
            "fds.py",
            "import os, resource, time\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nheld = []\ntry:\n    while True:\n        held.append(os.open('/dev/null', 0))\nexcept OSError:\n    pass\nif os.fork() == 0:\n    if os.fork():\n        os.wait()\n    time.sleep(1)\n    os._exit(0)\nos.wait()\n",
        )],
        "$SWATH run --source . --fail-under 100 -- $PYTHON fds.py || echo Unknown: a line is lost",
        &["Complete 3 of 3"],
    ),
    setup(
        "a limit on the address space, set by the program",
        &[(
            "mem.py",
            "import resource\nresource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))\nx = bytearray(100 << 20)\n",
        )],
        "$SWATH run --source . -- $PYTHON mem.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "ulimit -f too small for the store",
        &[ONE],
        "$SWATH run --source . -- bash -c '$PYTHON one.py; (ulimit -f 4; $PYTHON one.py); true'",
        &["Incomplete"],
    ),
    Setup {
        needs: &[Need::Mount],
        ..setup(
            "a temporary folder without room from the start",
            PLAIN,
            "mkdir small; mount -t tmpfs -o size=16k none small || exit 1; TMPDIR=$PWD/small $SWATH run --source . -- $PYTHON one.py",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::Mount],
        ..setup(
            "a temporary folder that fills up",
            &[(
                "fill.py",
                "import os\nwith open(os.environ['TMPDIR'] + '/filler', 'wb', 0) as filler:\n    try:\n        while True:\n            filler.write(b'x' * 4096)\n    except OSError:\n        pass\nfor n in range(1, 1501):\n    __import__(f'm{n}')\n",
            )],
            "mkdir small; mount -t tmpfs -o size=4m none small || exit 1; seq -f 'x%g = 1' 200 > m; for n in $(seq 1500); do cp m m$n.py; done; TMPDIR=$PWD/small $SWATH run --source . --omit m -- $PYTHON fill.py | tail -3",
            &["Incomplete", "found no room for"],
        )
    },
];

#[test]
fn verdicts_of_starts() {
    play_all("Verdicts: how processes start", STARTS);
}

#[test]
fn verdicts_of_pythons_without_the_agent() {
    play_all("Verdicts: Pythons without the agent", SHUT_OUT);
}

#[test]
fn verdicts_of_users_and_namespaces() {
    play_all("Verdicts: users and namespaces", PLACES);
}

#[test]
fn verdicts_of_limits() {
    play_all("Verdicts: limits", LIMITS);
}
