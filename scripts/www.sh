#!/bin/sh
# www.sh [DIR] - check that the pages in www/ (of DIR, by default this tree) say
# what is so: links lead somewhere, files that they name are there, the map has
# every file of lib/ and its layers are kept, the steps are those of the applet.
# Says each thing that is wrong, and then fails.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

top=$(cd "${0%/*}/.." && pwd)
"$top"/scripts/need.sh python3=python3 && cd "${1:-$top}" || exit 1
exec python3 - << 'END'
import glob
import html.parser
import os
import re
import sys

wrong = []


class Page(html.parser.HTMLParser):
    """A page's links, the ids they can lead to, its text but for what is marked
    as the kernel's own files, and the cells of each row of its tables. A row
    comes after the id that was seen last."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.links, self.ids, self.text, self.rows = [], set(), [], []
        self.kernel, self.id, self.cell = False, None, None
        with open(name, encoding='utf-8') as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[i] for i in ('href', 'src') if i in attrs]
        if 'id' in attrs:
            if attrs['id'] in self.ids:
                wrong.append(f'{self.name}: id {attrs["id"]} is there twice')
            self.id = attrs['id']
            self.ids.add(self.id)
        self.kernel = tag == 'code' and attrs.get('class') == 'kernel'
        if tag == 'tr':
            self.rows.append((self.id, []))
        if tag in ('td', 'th'):
            self.rows[-1][1].append('')
            self.cell = tag

    def handle_endtag(self, tag):
        self.kernel = False
        if tag in ('td', 'th', 'tr'):
            self.cell = None

    def handle_data(self, data):
        if not self.kernel:
            self.text.append(data)
        if self.cell:
            self.rows[-1][1][-1] += data


def read(name):
    with open(name, encoding='utf-8') as f:
        return f.read()


pages = {os.path.basename(i): Page(i) for i in sorted(glob.glob('www/*.html'))}
for name in ('index.html', 'design.html', 'kernel.html', 'map.html'):
    if name not in pages:
        sys.exit(f'www.sh: no www/{name}')

# Links and the files that are named. A word in capitals stands for any.
links = files = 0
for name, page in pages.items():
    for link in page.links:
        if re.match(r'[a-z]+:', link):
            continue
        links += 1
        to, _, anchor = link.partition('#')
        if to and not os.path.exists('www/' + to):
            wrong.append(f'{name}: link to {to}, which is not there')
        elif anchor and anchor not in pages[to or name].ids:
            wrong.append(f'{name}: link to {link}: no such place')
    for path in re.findall(
            r'(?<![\w./-])(?:lib|toys|scripts|tests|www)/[\w.*/-]*',
            ' '.join(page.text)):
        path = path.rstrip('.')
        files += 1
        if not glob.glob(re.sub(r'\b[A-Z]{2,}\b|(?<=_)[A-Z]{2,}', '*', path)):
            wrong.append(f'{name}: {path} is not there')
    if name != 'index.html' and name not in pages['index.html'].links:
        wrong.append(f'index.html: no link to {name}')

# The map: every file once, and includes lead to the same layer or one below.
layer, order = {}, []
for id, cells in pages['map.html'].rows:
    if not cells or not cells[0].startswith('lib/'):
        continue
    if id not in order:
        order.append(id)
    room = os.path.splitext(cells[0])[0]
    if room in layer:
        wrong.append(f'map.html: {room} is there twice')
    layer[room] = order.index(id)
sources = sorted(glob.glob('lib/*.[ch]'))
for i in sources:
    room = os.path.splitext(i)[0]
    if room not in layer:
        wrong.append(f'map.html: {i} is missing')
        continue
    for included in re.findall(r'^#include "(lib/[\w/]+)\.h"', read(i), re.M):
        if included in layer and layer[included] < layer[room]:
            wrong.append(f'{i} of layer {order[layer[room]]} includes '
                         f'{included}.h of {order[layer[included]]}, above it')

# The steps: name, plans and whether there is an undo.
applet = read('toys/pending/leafroot.c')
table = re.search(r'\bsteps\[\] = \{(.*?)^\};', applet, re.M | re.S)
steps = re.findall(r'\{"(\w+)",\s*\w+,\s*(\w+),\s*([\w|]+)\}',
                   table.group(1) if table else '')
if not steps:
    wrong.append('toys/pending/leafroot.c: no table of steps')
want = [(step, plans.replace('PLAN_', '').replace('|', ' ').lower(),
         undo != '0') for step, undo, plans in steps]
have = [(cells[0], cells[1], cells[3].strip() != 'none')
        for id, cells in pages['design.html'].rows
        if id == 'steps-table' and len(cells) == 4 and cells[0] != 'step']
for i in range(max(len(want), len(have))):
    a, b = [j[i] if i < len(j) else None for j in (want, have)]
    if a != b:
        wrong.append(f'design.html: step {i+1} is {b}, in the applet {a}')
        break

for i in wrong:
    print('www.sh: ' + i, file=sys.stderr)
if wrong:
    sys.exit(1)
print(f'{len(pages)} pages: {links} links, {files} names of files, '
      f'{len(sources)} of lib/ in {len(order)} layers, {len(want)} steps')
END
