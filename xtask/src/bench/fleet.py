"""Makes the pods of a fleet, ships each of them with a process of its own, and gathers them.

Arguments: swath, the number of pods, where the id of a process stands in its hit store. Prints one
JSON object. The hit stores are recorded by Python, one for each variant of each application; those
of pods differ in the ids of their processes.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

APPLICATIONS = 10
MODULES = 200
VARIANTS = 5
WORKERS = 2
# The tasks of one node of a Swarm.
TASKS = 100

MODULE = "def even(n):\n    return n * 2\n\n\ndef odd(n):\n    return n * 3\n" + "".join(
    f"\n\ndef step_{step}(n):\n    if n > {step}:\n        n += 1\n    return n\n" for step in range(12)
)
MAIN = """\
import importlib
import sys

variant = int(sys.argv[1])
for number in range({modules}):
    module = importlib.import_module("{application}.module_%d" % number)
    if (number >> variant) & 1:
        module.even(1)
    else:
        module.odd(1)
    for step in range(12):
        getattr(module, "step_%d" % step)(number % 24)
"""


def cost(command, **options):
    """CPU seconds and MiB of a command, told by a process that has no other child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        done = subprocess.run(command, capture_output=True, text=True, **options)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        error = done.stderr[-2000:] if done.returncode else ""
        said = [error, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]
        os.write(write, json.dumps(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        error, seconds, memory = json.load(pipe)
    os.waitpid(child, 0)
    if error:
        sys.exit(f"{command}: {error}")
    return seconds, memory


def record(swath, project, application, variant, volume):
    """The hit store of one process."""
    environment = dict(os.environ, PYTHONPATH=f"{volume}/web/agent")
    command = [sys.executable, "main.py", str(variant)]
    subprocess.run(command, cwd=project / application, env=environment, check=True)
    (store,) = (volume / "web/data").glob("*.hits")
    content = store.read_bytes()
    store.unlink()
    return content


def ids(content, id_at, instance, worker):
    """A hit store with the id of a process of its own."""
    own = instance.to_bytes(8, "little") + worker.to_bytes(8, "little")
    return content[:id_at] + own + content[id_at + len(own) :]


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def node(swath, folder, recorded, id_at):
    """What all tasks of a node take to be shipped, by the process that ships for all of them."""
    tasks, store = folder / "tasks", folder / "store-of-node"
    for task in range(TASKS):
        application = task % APPLICATIONS
        data = tasks / f"web_{application}.{task}.id{task}" / f"web_{application}" / "data"
        data.mkdir(parents=True)
        content = recorded[application, task // APPLICATIONS % VARIANTS]
        for worker in range(WORKERS):
            (data / f"{worker + 7}-{worker:016x}.hits").write_bytes(ids(content, id_at, task, worker))
    names = {"SWATH_NAMESPACE": "shop", "SWATH_NODE": "node"}
    words = [swath, "ship", "--tasks", "--once", f"--from={tasks}", f"--to=file://{store}/run"]
    seconds, memory = cost(words, env=dict(os.environ, **names))
    shipped = len(list(store.rglob("pod.json")))
    if shipped != TASKS:
        sys.exit(f"{shipped} of {TASKS} tasks were shipped")
    return seconds, memory, size(store)


def main():
    swath, pods, id_at = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        project, volume, store = folder / "project", folder / "volume", folder / "store"
        for application in range(APPLICATIONS):
            package = project / f"app_{application}" / f"app_{application}"
            package.mkdir(parents=True)
            for number in range(MODULES):
                (package / f"module_{number}.py").write_text(MODULE)
            text = MAIN.format(modules=MODULES, application=package.name)
            (package.parent / "main.py").write_text(text)
        volume.mkdir()
        words = [swath, "fleet", "prepare", str(volume), "web"]
        subprocess.run(words, check=True, capture_output=True)
        recorded = {
            (application, variant): record(swath, project, f"app_{application}", variant, volume)
            for application in range(APPLICATIONS)
            for variant in range(VARIANTS)
        }
        run = f"file://{store}/run"
        shipped = 0.0
        largest = 0.0
        for pod in range(pods):
            application = pod % APPLICATIONS
            content = recorded[application, pod // APPLICATIONS % VARIANTS]
            data = volume / "web/data"
            for worker in range(WORKERS):
                own = ids(content, id_at, pod, worker)
                (data / f"{worker + 7}-{worker:016x}.hits").write_bytes(own)
            names = {
                "SWATH_POD": f"web-{pod}",
                "SWATH_POD_UID": f"uid-{pod}",
                "SWATH_NAMESPACE": "shop",
                "SWATH_WORKLOAD": f"Deployment/web-{application}",
            }
            words = [swath, "ship", "--once", f"--from={volume}", f"--to={run}"]
            seconds, memory = cost(words, env=dict(os.environ, **names))
            shipped += seconds
            largest = max(largest, memory)
        stored = size(store)
        words = [swath, "gather", "--require-complete", run]
        gathered, memory = cost(words, cwd=project)
        of_node, memory_of_node, stored_of_node = node(swath, folder, recorded, id_at)
    figures = {
        "store_bytes": sum(map(len, recorded.values())) / len(recorded),
        "shipped": shipped / pods,
        "shipping_memory": largest,
        "stored": stored / pods,
        "tasks": TASKS,
        "shipped_of_node": of_node,
        "memory_of_node": memory_of_node,
        "stored_of_node": stored_of_node,
        "gathered": gathered,
        "gathering_memory": memory,
    }
    print(json.dumps(figures))


main()
