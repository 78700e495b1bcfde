//! What the tests and the services did.

use crate::setup::{Setup, play_all, setup};

const WEB: (&str, &str) = (
    "web.py",
    "import signal, sys, time\nopen('up' + ''.join(sys.argv[1:]), 'w').close()\nprint('up', flush=True)\nwhile True:\n    time.sleep(0.05)\n",
);
const SHOP: (&str, &str) = ("shop.py", "x = 1\n");

const TESTS: &[Setup] = &[
    setup(
        "the tests fail",
        &[SHOP],
        "$SWATH run --source . -- bash -c '$PYTHON shop.py; exit 1'",
        &["Complete 1 of 1", "the tests failed (exit 1)"],
    ),
    setup(
        "the tests are killed",
        &[SHOP],
        "$SWATH run --source . -- bash -c '$PYTHON shop.py; kill -9 $$'",
        &["Complete 1 of 1", "the tests failed (was ended by SIGKILL"],
    ),
    setup(
        "unittest passes",
        &[
            SHOP,
            (
                "test_shop.py",
                "import unittest, shop\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.assertEqual(shop.x, 1)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON -m unittest -q",
        &["Complete 1 of 1"],
    ),
    setup(
        "unittest fails",
        &[
            SHOP,
            (
                "test_shop.py",
                "import unittest, shop\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.assertEqual(shop.x, 2)\n",
            ),
        ],
        "$SWATH run --source . -- $PYTHON -m unittest -q",
        &["Complete 1 of 1", "the tests failed (exit 1)"],
    ),
    setup(
        "no test ran",
        &[SHOP, ("test_shop.py", "import shop\n")],
        "$SWATH run --source . -- $PYTHON -m unittest -q",
        &["Complete 1 of 1", "no test ran"],
    ),
    setup(
        "interrupted",
        &[(
            "slow.py",
            "import time\nopen('up', 'w').close()\ntime.sleep(30)\n",
        )],
        "$SWATH run --source . -- $PYTHON slow.py & until [ -e up ]; do sleep 0.05; done; kill -INT $!; wait $!",
        &["Partial", "the tests failed (was ended by SIGINT"],
    ),
];

const SERVICES: &[Setup] = &[
    setup(
        "a service",
        &[WEB],
        "$SWATH run --source . --service \"web=$PYTHON web.py\" --ready log:up -- true",
        &["Complete 1 of 1"],
    ),
    setup(
        "two services, one without the agent",
        &[WEB],
        "$SWATH run --source . --service \"a=$PYTHON web.py\" --ready a=log:up --service \"b=env -i $PYTHON web.py\" --ready b=log:up -- sleep 0.5",
        &["Incomplete 1 of 2"],
    ),
    setup(
        "a service that ignores its signal",
        &[(
            "deaf.py",
            "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)\n",
        )],
        "$SWATH run --source . --service \"web=$PYTHON deaf.py\" --ready log:up --stop-timeout 1s -- true",
        &["Complete 1 of 1"],
    ),
    setup(
        "a service that ends by itself",
        &[("brief.py", "x = 1\n")],
        "$SWATH run --source . --service \"web=$PYTHON brief.py\" -- sleep 1",
        &["Complete 1 of 1"],
    ),
    setup(
        "a service that forks workers",
        &[(
            "pre.py",
            "import os, signal, time\nchildren = []\nfor _ in range(2):\n    pid = os.fork()\n    if pid == 0:\n        while True:\n            time.sleep(0.05)\n    children.append(pid)\ndef stop(*_):\n    [os.kill(pid, signal.SIGTERM) for pid in children]\n    raise SystemExit\nsignal.signal(signal.SIGTERM, stop)\nprint('up', flush=True)\nwhile True:\n    time.sleep(0.05)\n",
        )],
        "$SWATH run --source . --service \"web=$PYTHON pre.py\" --ready log:up -- true",
        &["Complete 3 of 3"],
    ),
    setup(
        "a shell that starts two servers",
        &[WEB],
        "$SWATH run --source . --service \"web=bash -c '$PYTHON web.py 1 & $PYTHON web.py 2 & wait'\" --ready log:up --stop-timeout 20s -- bash -c 'until [ -e up1 ] && [ -e up2 ]; do sleep 0.02; done'",
        &["Complete 2 of 2"],
    ),
    setup(
        "a worker that the test command starts",
        &[
            (
                "worker.py",
                "import time\nopen('up', 'w').close()\ntime.sleep(0.5)\n",
            ),
            (
                "test_x.py",
                "import unittest\nclass T(unittest.TestCase):\n    def test_x(self):\n        pass\n",
            ),
        ],
        "$SWATH run --source . -- bash -c '$PYTHON worker.py & until [ -e up ]; do sleep 0.05; done; $PYTHON -m unittest -q test_x; wait'",
        &["Complete 2 of 2"],
    ),
];

#[test]
fn verdicts_of_what_the_tests_did() {
    play_all("Verdicts: what the tests did", TESTS);
}

#[test]
fn verdicts_of_services() {
    play_all("Verdicts: services", SERVICES);
}
