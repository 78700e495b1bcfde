"""Writes parallel data files with coverage.py: python generator.py FOLDER FILES SOURCES KIND SEED.

KIND is what the files are like. `lines` and `arcs`: processes of one service, each of which ran one of
twenty selections of functions of every source, so that the sets of lines of a source repeat from file
to file. `unlike`: sets of lines that do not repeat. `contexts`: tests, each with the few dozen sources that it reached.
"""

import random
import sys

from coverage import CoverageData

PACKAGES = ["api", "billing", "catalogue", "common", "delivery", "identity", "orders", "storage"]


def make_sources(count, chooser):
    """Each source: its path and its functions, each a first and a last line."""
    sources = []
    for number in range(count):
        package = PACKAGES[number % len(PACKAGES)]
        path = f"/srv/application/source/company/services/{package}/components/component_{number // 8:03}/module_{number:04}.py"
        functions, line = [], 1
        for _ in range(max(1, int(chooser.lognormvariate(2.95, 0.7)))):
            length = chooser.randint(3, 14)
            functions.append((line, line + length))
            line += length + 2
        sources.append((path, functions))
    return sources


def ran(functions, chosen):
    """The lines of the chosen functions, and the first line of each."""
    lines = [first for first, _ in functions]
    for number in chosen:
        first, last = functions[number]
        lines.extend(range(first + 1, last))
    return lines


def arcs_of(lines):
    lines = sorted(lines)
    steps = [(-1, lines[0]), (lines[-1], -1)]
    steps.extend(zip(lines, lines[1:]))
    return steps


def choose(functions, seed):
    chooser = random.Random(seed)
    share = chooser.choice((0.2, 0.5, 0.8, 1.0))
    return [number for number in range(len(functions)) if chooser.random() < share]


def process(sources, kind, number, seed, known):
    """What one process ran: lines or arcs by path. No two processes ran the same."""
    chooser = random.Random(f"{seed}-{number}")
    data = {}
    for index, (path, functions) in enumerate(sources):
        if kind == "unlike":
            lines = ran(functions, choose(functions, f"{seed}-{number}-{index}"))
            data[path] = [line for line in lines if chooser.random() < 0.7] or [1]
            continue
        selection = (index, chooser.randrange(20))
        if selection not in known:
            lines = ran(functions, choose(functions, f"{seed}-{selection}"))
            known[selection] = arcs_of(lines) if kind == "arcs" else lines
        data[path] = known[selection]
    return data


def tests(data, sources, number, count, seed):
    """Each test reached some of the sources, in one of four selections for each of them."""
    chooser = random.Random(f"{seed}-{number}")
    for test in range(count):
        data.set_context(f"tests/test_{number:02}.py::test_case_{test:04}[{chooser.choice('abc')}]|run")
        lines = {}
        for index in chooser.sample(range(len(sources)), 62):
            path, functions = sources[index]
            lines[path] = ran(functions, choose(functions, f"{chooser.randrange(4)}-{index}"))
        data.add_lines(lines)


def main():
    folder, files, count, kind, seed = sys.argv[1:]
    sources = make_sources(int(count), random.Random(seed))
    known = {}
    for number in range(int(files)):
        data = CoverageData(basename=f"{folder}/.coverage", suffix=True)
        if kind == "contexts":
            tests(data, sources, number, 500, seed)
        elif kind == "arcs":
            data.add_arcs(process(sources, kind, number, seed, known))
        else:
            data.add_lines(process(sources, kind, number, seed, known))
        data.write()
        data.close()


main()
