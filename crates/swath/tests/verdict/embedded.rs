//! Pythons inside other programs, and interpreters inside Pythons.

use crate::setup::{Setup, play_all, setup};

const EMBEDDED: &[Setup] = &[
    setup(
        "code in a sub-interpreter",
        &[
            (
                "sub.py",
                "import importlib\nfor name in ('_interpreters', '_xxsubinterpreters'):\n    try:\n        interpreters = importlib.import_module(name)\n        break\n    except ImportError:\n        pass\nid = interpreters.create()\ncode = \"import sys; sys.path.insert(0, '.'); import handler\"\ntry:\n    interpreters.exec(id, code)\nexcept AttributeError:\n    interpreters.run_string(id, code)\n",
            ),
            ("handler.py", "x = 1\n"),
        ],
        "$SWATH run --source . -- $PYTHON sub.py",
        &["Incomplete", "in part"],
    ),
    setup(
        "code that is compiled and executed",
        &[(
            "made.py",
            "exec(compile('x = 1', '<made>', 'exec'))\nexec('y = 1')\n",
        )],
        "$SWATH run --source . -- $PYTHON made.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a program that traces itself",
        &[(
            "traced.py",
            "import sys\nsys.settrace(lambda *_: None)\nx = 1\nsys.settrace(None)\ny = 1\n",
        )],
        "$SWATH run --source . -- $PYTHON traced.py",
        &["Complete 1 of 1"],
    ),
];

#[test]
fn verdicts_of_interpreters_inside_programs() {
    play_all("Verdicts: interpreters inside programs", EMBEDDED);
}
