#!/usr/bin/env python3
# cover-report.py DIR FILE... - add up what all .gcda below DIR say of our FILEs,
# print how many of the lines and branches of each were reached, and write the
# lines that were not to DIR/uncovered.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

import gzip
import json
import os
import subprocess
import sys
import tempfile

out, files = sys.argv[1], sys.argv[2:]
top = os.getcwd()
lines = {name: {} for name in files}
branches = {name: {} for name in files}


# Only what was run has a .gcda, but each object has its lines in a .gcno.
def objects():
    for where, _, names in os.walk(out):
        for name in names:
            if name.endswith('.gcno'):
                yield os.path.abspath(os.path.join(where, name))


# The same branch has the same place in a line's list, however often the file is
# compiled; with other -D there may be other branches.
def add(name, line):
    n = line['line_number']
    lines[name][n] = lines[name].get(n, 0)+line['count']
    for i, branch in enumerate(b for b in line['branches'] if not b['throw']):
        key = n, len(line['branches']), i
        branches[name][key] = branches[name].get(key, 0)+branch['count']


for path in sorted(objects()):
    with tempfile.TemporaryDirectory() as where:
        run = subprocess.run(['gcov', '-jbp', '--object-file', path, path],
                             cwd=where, capture_output=True, text=True)
        for name in os.listdir(where):
            with gzip.open(os.path.join(where, name)) as data:
                for source in json.load(data)['files']:
                    name = os.path.relpath(
                        os.path.join(top, source['file']), top)
                    if name in lines:
                        for line in source['lines']:
                            add(name, line)
        if run.returncode:
            sys.exit(f'{path}: {run.stderr}')


def percent(counts):
    hit = sum(1 for count in counts.values() if count)
    return f'{100*hit/len(counts):5.1f} %' if counts else '      -'


print(f'{"file":28} {"lines":>5} reached  {"branches":>8} taken')
for name in files:
    print(f'{name:28} {len(lines[name]):5} {percent(lines[name])} '
          f'{len(branches[name]):9} {percent(branches[name])}')
total = {(name, n): c for name in files for n, c in lines[name].items()}
taken = {(name, n): c for name in files for n, c in branches[name].items()}
print(f'{"all":28} {len(total):5} {percent(total)} '
      f'{len(taken):9} {percent(taken)}')
with open(os.path.join(out, 'uncovered'), 'w') as to:
    for name in files:
        with open(name) as f:
            text = f.read().split('\n')
        for n, count in sorted(lines[name].items()):
            if not count:
                to.write(f'{name}:{n}: {text[n-1]}\n')
