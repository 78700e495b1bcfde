"""swath: code coverage for system tests. The command is a program of its own; this package finds it."""

import os
import shutil
import sys
import sysconfig


def find_swath():
    """The path of the `swath` program that was installed with this package, or else of the one on PATH."""
    name = "swath" + (sysconfig.get_config_var("EXE") or "")
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        # `pip install --prefix`, and environments that borrow the packages of another one.
        os.path.join(here, "..", "..", "..", "..", "bin"),
        # `pip install --target`.
        os.path.join(here, "..", "bin"),
    ]
    if hasattr(sysconfig, "get_preferred_scheme"):
        folders.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    for folder in folders:
        path = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    path = shutil.which("swath")
    if path is None:
        raise FileNotFoundError("the program `swath` is neither beside %s nor on PATH" % sys.executable)
    return path
