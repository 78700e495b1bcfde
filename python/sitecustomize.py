# Loads swath's agent into this interpreter, then steps aside for the sitecustomize that it
# shadows. It runs in every Python that is started under a run, so it must parse on all of them;
# where the agent does not fit it does nothing but say so in the run's data folder.


def _swath_start(folder):
    import sys

    flags = getattr(sys, "abiflags", "")
    implementation = getattr(getattr(sys, "implementation", None), "name", "cpython")
    if implementation != "cpython":
        return "not-cpython"
    if not (3, 8) <= sys.version_info[:2] <= (3, 15):
        return "unknown-version"
    if hasattr(sys, "getobjects"):
        # Where its list of all objects goes through them, they begin with two more words.
        return "reference-tracing-build"
    if "t" in flags and sys.version_info[:2] not in [(3, 13)]:
        return "free-threaded-build"

    import _imp
    import os

    # The kernel's name may be that of the machine's 32-bit mode.
    is_arm = os.uname()[4].startswith(("aarch64", "arm"))
    machine = "aarch64" if is_arm else "x86_64"
    path = folder + "/_swath." + machine + ".so"
    if not os.path.exists(path):
        return "other-machine"

    class Spec(object):
        name = "_swath"
        origin = path
        loader = None

    try:
        agent = _imp.create_dynamic(Spec)
    except ImportError as error:
        if "subinterpreter" not in str(error):
            return "agent-not-loadable"
        # It has a lock of its own. The agent of the first interpreter hears this.
        sys.audit("swath.not_recorded")
        return None
    library = os.path.dirname(os.__file__)
    level = sys.flags.optimize
    given = [folder, library, sys.prefix, sys.base_prefix, level, lambda: None]
    started = agent.start(*given)
    if started:
        hooks = {"before": agent.before_fork, "after_in_child": agent.after_fork}
        if "t" in flags:
            # What is begun while all threads are stopped, for a fork or at the end, would not end.
            is_imported = "atexit" in sys.modules
            import atexit

            hooks["after_in_parent"] = agent.after_fork_in_parent
            atexit.register(agent.before_end)
            if not is_imported:
                del sys.modules["atexit"]
        os.register_at_fork(**hooks)
    if started == 2:
        sys.path.insert(0, folder)
        import swath_attribution

        swath_attribution.start(agent)
    return None


def _swath_say(folder, reason):
    import os

    with open(folder + "/swath-agent.conf", "rb") as file:
        rest = file.read()
    data, below = b".", None
    # Key, length, value: a value may hold anything.
    while rest:
        key, length, rest = rest.split(b" ", 2)
        if key == b"data":
            data = rest[: int(length)]
        if key == b"data-below":
            below = rest[: int(length)]
        rest = rest[int(length) + 1 :]
    # As the agent makes it, which is not there.
    if below and data.startswith(below + b"/"):
        made = below
        for part in data[len(made) + 1 :].split(b"/"):
            made += b"/" + part
            if not os.path.isdir(made):
                os.mkdir(made)
                os.chmod(made, 0o1777)
    digits = "".join(["%02x" % byte for byte in bytearray(os.urandom(8))])
    name = "/%d-%s.failed-%s" % (os.getpid(), digits, reason)
    open(data + name.encode(), "a").close()


def _swath_keep_byte_code():
    # Where Python may not write byte code, it would compile this anew in each process, which takes
    # longer than all else that happens here. The folder is the run's own.
    import os
    import sys

    if not sys.dont_write_bytecode or sys.pycache_prefix is not None:
        return
    external = sys.modules["_frozen_importlib_external"]
    kept = external.cache_from_source(__file__)
    if os.path.exists(kept) or not os.access(os.path.dirname(kept), os.W_OK):
        return
    # This file as it runs, two frames up.
    code = sys._getframe(2).f_code
    stats = __loader__.path_stats(__file__)
    text = external._code_to_timestamp_pyc(code, int(stats["mtime"]), stats["size"])
    __loader__._cache_bytecode(__file__, kept, text)


def _swath_touch(folder):
    # Neither a store nor a note could be made: to say that takes no room and no descriptor (`UNRECORDED_FILE` in
    # swath-store).
    try:
        import os

        os.utime(folder + "/unrecorded", None)
    except Exception:
        pass


def _swath_run(folder):
    import sys

    try:
        reason = _swath_start(folder)
        if reason is not None:
            _swath_say(folder, reason)
        # The preloaded object hears this, and need not do the same again.
        sys.audit("swath.started")
        if reason is None:
            _swath_keep_byte_code()
    except Exception:
        # The program must run as it would without swath, whatever happened.
        _swath_touch(folder)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    if __name__ == "sitecustomize":
        sys.modules.pop("sitecustomize", None)


_swath_run(__file__.rpartition("/")[0])

# The preloaded object runs this file as well, in interpreters that do not get here or got here
# before. Otherwise: the one that would have been imported without swath. When there is none, or it
# fails, the error goes to where it would have gone.
if __name__ == "sitecustomize":
    import sitecustomize
