"""Whether `coverage run` could run this at all: printed is what coverage.py would say instead, with exit code 3.

The arguments: `module` or `file`; the name; libraries for light-weight threads that are to be there. Nothing of
the program is run or imported, also no package that holds the module.
"""

import os
import sys
from importlib import util


def refuse(text):
    print(text)
    sys.exit(3)


def find(name):
    """The module's spec; the packages around it are not imported, as `find_spec` would."""
    spec, path, full = None, None, ""
    for part in name.split("."):
        holder, full = full, full + "." + part if full else part
        if not holder:
            spec = util.find_spec(full)
        elif path is None:
            refuse("__path__ attribute not found on %r while trying to find %r" % (holder, full))
        else:
            finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
            found = (finder.find_spec(full, path) for finder in finders)
            spec = next((spec for spec in found if spec), None)
        if spec is None:
            if full != name:
                refuse("No module named %r" % full)
            return None
        path = spec.submodule_search_locations
    return spec


def file_of_module(name):
    spec = find(name)
    if spec is None:
        refuse("No module named %r" % name)
    if spec.submodule_search_locations is not None:
        main = name + ".__main__"
        spec = find(main)
        if spec is None:
            refuse("No module named %s; %r is a package and cannot be directly executed" % (main, name))
    return spec.origin


def main(kind, name, *libraries):
    for library in libraries:
        if util.find_spec(library) is None:
            refuse("Couldn't trace with concurrency=%s, the module isn't installed." % library)
    path = file_of_module(name) if kind == "module" else name
    if path in ("built-in", "frozen"):
        refuse("No file to run: '%s'" % os.path.abspath(path))
    if not path or not path.endswith(".py") and kind == "module":
        return
    try:
        with open(path, "rb") as file:
            source = file.read()
        compile(source, path, "exec", dont_inherit=True)
    except OSError:
        refuse("No file to run: '%s'" % path)
    except Exception as error:
        refuse("Couldn't run '%s' as Python code: %s: %s" % (path, error.__class__.__name__, error))


main(*sys.argv[1:])
