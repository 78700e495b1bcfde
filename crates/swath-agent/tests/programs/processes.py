import multiprocessing
import os
import subprocess
import sys


def work(method):
    value = method + "!"
    return value


def main():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        process = context.Process(target=work, args=(method,))
        process.start()
        process.join()
        assert process.exitcode == 0
    subprocess.run([sys.executable, __file__, "child"], check=True)
    child = os.posix_spawn(sys.executable, [sys.executable, __file__, "spawned"], os.environ)
    os.waitpid(child, 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        value = 1
    elif sys.argv[1:] == ["spawned"]:
        value = 2
    else:
        main()
