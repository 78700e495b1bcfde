//! Pythons inside other programs, and interpreters inside Pythons.

use crate::setup::{Need, Setup, play_all, setup};

const EMBEDDED: &[Setup] = &[
    setup(
        "code in a sub-interpreter that shares the interpreters' lock",
        &[
            (
                "sub.py",
                "import importlib\nfor name in ('_interpreters', '_xxsubinterpreters'):\n    try:\n        interpreters = importlib.import_module(name)\n        break\n    except ImportError:\n        pass\nid = None\nfor arguments, named in ((['legacy'], {}), ([], {'isolated': False}), ([], {})):\n    try:\n        id = interpreters.create(*arguments, **named)\n        break\n    except TypeError:\n        pass\ncode = \"import sys; sys.path.insert(0, '.'); import handler\"\ntry:\n    interpreters.exec(id, code)\nexcept AttributeError:\n    interpreters.run_string(id, code)\n",
            ),
            ("handler.py", "x = 1\n"),
        ],
        "$SWATH run --source . -- $PYTHON sub.py | grep -q 'handler.py.* 1 .* 100%' || echo Unknown: not measured",
        &["Complete 1 of 1"],
    ),
    setup(
        "code in a sub-interpreter with a lock of its own (3.12 and newer)",
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
    Setup {
        needs: &[Need::Program("cc"), Need::Library],
        ..setup(
            "a program whose forks begin the interpreter (mod_wsgi)",
            &[
                (
                    "host.c",
                    "#include <dlfcn.h>\n#include <sys/wait.h>\n#include <unistd.h>\nint main(int count, char **words)\n{\n    void *library = dlopen(words[1], RTLD_NOW | RTLD_GLOBAL);\n    if (!library)\n        return 3;\n    if (fork() == 0) {\n        ((void (*)(void))dlsym(library, \"Py_Initialize\"))();\n        ((int (*)(const char *, void *))dlsym(library, \"PyRun_SimpleStringFlags\"))(\n            \"import sys; sys.path.insert(0, '.'); import handler\", 0);\n        return ((int (*)(void))dlsym(library, \"Py_FinalizeEx\"))();\n    }\n    wait(0);\n    sleep(1);\n    return 0;\n}\n",
                ),
                ("handler.py", "import time\ntime.sleep(0.8)\n"),
            ],
            "cc -o host host.c -ldl && $SWATH run --source . -- env PYTHONHOME=$($PYTHON -c 'import sys; print(sys.base_prefix)') ./host $($PYTHON -c 'import sysconfig as s; print(s.get_config_var(\"LIBDIR\") + \"/\" + s.get_config_var(\"INSTSONAME\"))')",
            &["Complete 1 of 1"],
        )
    },
    Setup {
        needs: &[Need::Program("cc"), Need::Library],
        ..setup(
            "a program that begins the interpreter when it starts itself again (an emperor)",
            &[
                (
                    "host.c",
                    "#include <dlfcn.h>\n#include <sys/wait.h>\n#include <unistd.h>\nint main(int count, char **words)\n{\n    void *library = dlopen(words[1], RTLD_NOW | RTLD_GLOBAL);\n    if (!library)\n        return 3;\n    if (count > 2) {\n        ((void (*)(void))dlsym(library, \"Py_Initialize\"))();\n        ((int (*)(const char *, void *))dlsym(library, \"PyRun_SimpleStringFlags\"))(\n            \"import sys; sys.path.insert(0, '.'); import handler\", 0);\n        return ((int (*)(void))dlsym(library, \"Py_FinalizeEx\"))();\n    }\n    if (fork() == 0)\n        execl(words[0], words[0], words[1], \"again\", (char *)0);\n    wait(0);\n    sleep(1);\n    return 0;\n}\n",
                ),
                ("handler.py", "import time\ntime.sleep(0.8)\n"),
            ],
            "cc -o host host.c -ldl && $SWATH run --source . -- env PYTHONHOME=$($PYTHON -c 'import sys; print(sys.base_prefix)') ./host $($PYTHON -c 'import sysconfig as s; print(s.get_config_var(\"LIBDIR\") + \"/\" + s.get_config_var(\"INSTSONAME\"))')",
            &["Complete 1 of 1"],
        )
    },
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
        "code that is compiled under a name that is no file",
        &[(
            "made.py",
            "exec(compile('x = 1', '_middleware', 'exec'))\nexec(compile('y = 1', 'context.py', 'exec'))\n",
        )],
        "$SWATH run --source . -- $PYTHON made.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "code of an extension module's tracebacks, whose source is elsewhere on sys.path",
        &[
            (
                "src/main.py",
                "import sys\nsys.path.append('../lib')\nexec(compile('x = 1', 'shop/core.py', 'exec'))\n",
            ),
            ("lib/shop/core.py", "x = 1\n"),
        ],
        "cd src; $SWATH run --source . -- $PYTHON main.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "code of an extension module's tracebacks, whose source is nowhere",
        &[(
            "main.py",
            "exec(compile('x = 1', 'shop/core.pyx', 'exec'))\n",
        )],
        "$SWATH run --source . -- $PYTHON main.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a module of an archive that is named relative to the working folder",
        &[
            ("app/lib.py", "x = 1\n"),
            (
                "main.py",
                "import sys\nsys.path.insert(0, 'app.zip')\nimport lib\n",
            ),
        ],
        "(cd app; $PYTHON -m zipfile -c ../app.zip lib.py); $SWATH run --source . -- $PYTHON main.py",
        &["Complete 1 of 1"],
    ),
    setup(
        "a source that a program compiles under its bare name",
        &[
            (
                "main.py",
                "exec(compile(open('plugins/mail.py').read(), 'mail.py', 'exec'))\n",
            ),
            ("plugins/__init__.py", ""),
            ("plugins/mail.py", "x = 1\n"),
        ],
        "$SWATH run --source . -- $PYTHON main.py",
        &["Incomplete 1 of 1", "1 file left out"],
    ),
    setup(
        "byte code without its source",
        &[("main.py", "import gone\n"), ("gone.py", "x = 1\n")],
        "$PYTHON -m compileall -q -b gone.py; rm gone.py; $SWATH run --source . -- $PYTHON main.py",
        &["Incomplete 1 of 1", "1 file left out"],
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
