"""Makes a project of many files in git, and what a run of it recorded: arguments are the folder and the number of
files. The second commit changes two hundred of them, the work tree all."""
import os
import subprocess
import sys

from coverage import CoverageData

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
    out.write('.coverage\ncoverage.xml\n')
git('init', '-q', '-b', 'main')
git('add', '-A')
git('commit', '-q', '-m', 'one')
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
