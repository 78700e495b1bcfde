"""Makes a project of many files in git, and what runs of it recorded: arguments are the folder and the number of
files. The second commit changes two hundred of them, the work tree all. `.coverage` is coverage.py's; `tests.coverage`
is of the first commit, and says which of two thousand tests ran which line, as swath records it."""
import hashlib
import os
import sqlite3
import subprocess
import sys

from coverage import CoverageData
from coverage.numbits import nums_to_numbits

FUNCTION = """
def work_{number}(value, limit={number}):
    # Why {number}.
    total = value + {number}
    if total % 2:
        total += 1
    elif total > limit:
        total = max(
            total,
            limit,
        )
    for item in (total, value):
        total += item
    return total
"""

folder, count = sys.argv[1], int(sys.argv[2])
os.chdir(folder)


def git(*words):
    identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
    subprocess.run(['git', *identity, *words], check=True, stdout=subprocess.DEVNULL)


def name(file):
    return f'shop/part_{file // 50}/module_{file}.py'


def write(file, text):
    os.makedirs(os.path.dirname(name(file)), exist_ok=True)
    with open(name(file), 'w') as out:
        out.write(text)


texts = [''.join(FUNCTION.format(number=file + number) for number in range(15)) for file in range(count)]
for file, text in enumerate(texts):
    write(file, text)
with open('.gitignore', 'w') as out:
    out.write('.coverage\ncoverage.xml\ntests.coverage\n')
git('init', '-q', '-b', 'main')
git('add', '-A')
git('commit', '-q', '-m', 'one')
first = list(texts)
git('checkout', '-q', '-b', 'feature')
for file in range(0, count, count // 200):
    texts[file] = texts[file].replace('total += 1', 'total += 2') + FUNCTION.format(number=7000 + file)
    write(file, texts[file])
git('commit', '-q', '-a', '-m', 'two')
for file in range(count):
    texts[file] = texts[file].replace('# Why', '# Because of').replace('total += item', 'total -= item')
    write(file, texts[file])
data = CoverageData()
arcs = {}
for file, text in enumerate(texts):
    length = text.count('\n')
    arcs[os.path.abspath(name(file))] = [(line, line + 1) for line in range(1, length) if line % 7]
data.add_arcs(arcs)
data.write()

TESTS = 2000
TABLES = """
CREATE TABLE swath_schema (version integer);
CREATE TABLE swath_run (id text, position integer, key text, value text);
CREATE TABLE swath_file (path text, hash text, python text);
CREATE TABLE swath_process (
    id text primary key, run text, pid integer, parent_pid integer, fork_parent text, service text, role text,
    counted integer, command blob, executable text, python text, state text, started integer, ended text,
    exit_status integer, dropped integer
) without rowid;
CREATE TABLE swath_touched (process text, path text, primary key (process, path)) without rowid;
CREATE TABLE swath_test (id integer primary key, context text);
CREATE TABLE swath_outcome (test integer, outcome text, primary key (test, outcome)) without rowid;
CREATE TABLE swath_endpoint (id integer primary key, service text, method text, route text, offered integer);
CREATE TABLE swath_call (endpoint integer, test integer, status integer, primary key (endpoint, test, status)) without rowid;
CREATE TABLE swath_endpoint_lines (endpoint integer, path text, lines blob, primary key (endpoint, path)) without rowid;
INSERT INTO swath_schema VALUES (1);
INSERT INTO swath_run VALUES ('5eed', 0, 'complete', '1');
"""
data = CoverageData('tests.coverage')
paths = [os.path.abspath(name(file)) for file in range(count)]
data.add_lines({path: [] for path in paths})
tests = [f'tests/test_{test // 20}.py::test_{test}' for test in range(TESTS)]
for test in tests:
    data.set_context(f'{test}|run')
    data.add_lines({paths[0]: [2]})
data.write()
connection = sqlite3.connect('tests.coverage')
connection.executescript(TABLES)
files = dict(connection.execute('SELECT path, id FROM file'))
contexts = dict(connection.execute('SELECT context, id FROM context'))
connection.execute('DELETE FROM line_bits')
for file, text in enumerate(first):
    code = text.encode()
    digest = hashlib.sha1(b'blob %d\0' % len(code) + code).hexdigest()
    connection.execute('INSERT INTO swath_file VALUES (?, ?, ?)', (paths[file], digest, '3.12.1'))
for number, test in enumerate(tests):
    connection.execute('INSERT INTO swath_test VALUES (?, ?)', (number + 1, f'{test}|run'))
    connection.execute('INSERT INTO swath_outcome VALUES (?, ?)', (number + 1, 'passed'))
    for step in range(60):
        file = (number * 7 + step * 23) % count
        lines = [line for line in range(1, 200) if (line + number) % 14 > 6]
        row = files[paths[file]], contexts[f'{test}|run'], nums_to_numbits(lines)
        connection.execute('INSERT OR REPLACE INTO line_bits VALUES (?, ?, ?)', row)
connection.commit()
