#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""archives-expect.py DIR VERSION... - one text of what each kernel made of each
archive, from the consoles in DIR/VERSION/NAME.log (see archives-kernel.sh).

For each row a line "== NAME", for each kernel "VERSION: ok", "VERSION: refused:
ITS REASON" or "VERSION: no init" (refused before it came to /init), and the tree
as archive.c lists it, without what every tree here has. Where kernels differ,
a line that not all have begins with "VERSION| ".
"""
import re
import sys

# What every tree has: rootfs as the kernel mounts it, its built-in archive, and
# the archive of the test.
COMMON = ('d 1777 0:0 - now - - ', 'd 0755 0:0 - now - - ',
          'd 0755 0:0 - now - - /dev', 'c 0600 0:0 5,1 now - - /dev/console',
          'd 0700 0:0 - now - - /root')


def lines(text):
    return [i for i in text.splitlines()
            if i not in COMMON and not i.endswith(' /init')]


def read(name):
    with open(name, errors='replace') as f:
        text = f.read()
    m = re.search(r'=== list\n(.*?)^=== end', text, re.S | re.M)
    why = re.search(r'Initramfs unpacking failed: (.*)', text)
    verdict = 'refused: ' + why.group(1).strip() if why else 'ok'
    if not m:
        verdict = 'no init' + (', ' + verdict if why else '')
    return verdict, lines(m.group(1)) if m else []


def main():
    work, versions = sys.argv[1], sys.argv[2:]
    with open(work + '/list') as f:
        names = [i.split()[0] for i in f]
    for name in names:
        print('==', name)
        got = {v: read('%s/%s/%s.log' % (work, v, name)) for v in versions}
        for v in versions:
            print('%s: %s' % (v, got[v][0]))
        trees = [got[v][1] for v in versions]
        if all(i == trees[0] for i in trees):
            print('\n'.join(trees[0]), end='\n' * bool(trees[0]))
        else:
            for v in versions:
                for i in got[v][1]:
                    print('%s| %s' % (v, i))


if __name__ == '__main__':
    main()
