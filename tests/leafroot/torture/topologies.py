#!/usr/bin/python3
"""topologies.py KIT - random trees of mounts, moved to another root
topologies.py --boot SEED - print the lines of SEED for a real boot, its command
topologies.py --judge SEED LOG - and say why what that boot printed is red

A seed makes a few lines of shell that mount things, and a command of leafroot.
Each is run on a root of its own by root.sh. What can be seen of mounts and files
has to be the same afterwards: on the new root, or, where leafroot refused or a
system call was made to fail, on the old one. What is not is red: its lines are
printed, without those that it is red without too.

From the environment: N seeds, the first of which is SEED. The last line says
how many were red. SHRINK= leaves the lines of a red one as they are.
"""
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

import collections
import os
import random
import re
import subprocess
import sys

DIRS = ['/a', '/a/b', '/a/b/c', '/d', '/d/e', '/f', '/m', '/m/h', '/m/h/b',
        '/a/b/file', '/m/b', '/d/new/er']
FILES = ['/a/file', '/a/b/file', '/d/link', '/d/e/file', '/f/file', '/m/file']
KINDS = ['shared', 'shared', 'slave', 'private', 'unbindable', 'rshared',
         'rslave', 'rprivate']
OPTIONS = ['rw', 'ro', 'nosuid', 'nodev,noexec', 'noatime', 'strictatime',
           'nodiratime', 'size=1M', 'mode=700', 'nr_inodes=50']
# Calls that a run makes, and what they can fail with
CALLS = {
    'move_mount': 40, 'mount': 30, 'umount2': 15, 'open_tree': 12,
    'openat2': 60, 'fsopen': 3, 'fsconfig': 6, 'fsmount': 3, 'mkdirat': 20,
    'openat': 60, 'fchdir': 40, 'pivot_root': 1, 'unlinkat': 20, 'statx': 80,
    'fchownat': 4, 'utimensat': 10, 'linkat': 2, 'readlinkat': 2}


# What there is before the lines are run
BASE = ['mkdir -p /a/b/c /d/e /f /m /old',
        'for i in /a /a/b /a/b/c /d /d/e /f; do echo "$i" > "$i/file"; done',
        'ln /a/file /d/link; ln -s /a /l']


def fill(path, name):
    """What makes the file system on PATH one that can be told from others."""
    return f'mkdir -p {path}/b {path}/h/b && echo {name} > {path}/file'


def line(r, n, dirs, mounted):
    """A line of shell, the Nth, about DIRS, drawn by R. MOUNTED are those that
    were mounted on before, which it adds to."""
    where, other = r.choice(dirs), r.choice(dirs)
    there = r.choice(mounted or dirs)
    what = r.randrange(24)
    if what < 11 or what in (19, 20, 21):
        mounted.append(where)
    if what < 7:
        kind = r.choice(['tmpfs', 'tmpfs', 'ramfs'])
        o = ','.join(r.sample(OPTIONS[:7] if kind == 'ramfs' else OPTIONS,
                              r.choice([0, 0, 1, 2])))
        return (f'mkdir -p {where}; mount -t {kind} {"-o " + o if o else ""} '
                f'm{n} {where} && {fill(where, f"m{n}")}')
    if what < 11:
        src = r.choice(dirs + ['/', '/', where, there, there, there])
        return (f'mkdir -p {where}; mount --{r.choice(["", "", "r"])}bind '
                f'{src} {where}')
    if what < 13:
        return f'mount --bind {r.choice(FILES)} {r.choice(FILES)}'
    if what < 17:
        return f'mount --make-{r.choice(KINDS)} {r.choice([there, there, "/"])}'
    if what < 18:
        return f'mount -o remount,bind,{r.choice(OPTIONS[:7])} {there}'
    if what < 19:
        return f'mkdir -p {other}; mount --move {there} {other}'
    if what < 21:
        # Layers that overlap are undefined, says the kernel's documentation
        on = r.choice(['', '/d/new', '/m/b', '/f'])
        up = f'{on}/u{n}'
        while up.startswith(other + '/') or other.startswith((up, where)) or (
                on and where.startswith(on)):
            other, where = r.choice(dirs), r.choice(dirs)
        return (f'mkdir -p {where} {up}/u {up}/w; mount -t overlay -o lowerdir='
                f'{other},upperdir={up}/u,workdir={up}/w o{n} {where} && '
                f'echo o{n} > {where}/o{n}')
    if what < 22:
        if r.randrange(2):
            return f'mkdir /z{n}; mount --bind /z{n} {where}; rmdir /z{n}'
        return (f'echo z > /z{n}; mount --bind /z{n} {r.choice(FILES)}; '
                f'rm /z{n}')
    if what < 23:
        return f'umount {r.choice(["", "-l"])} {there}'
    return f'(cd {where} && exec sleep 30 < {r.choice(FILES)}) &'


def case(seed, boot=False):
    """The file system, the lines and the command of SEED, for a real BOOT."""
    r = random.Random(seed)
    fs = r.choice(['tmpfs', 'tmpfs', 'ramfs'])
    dirs, mounted, lines = DIRS, [], []
    if r.randrange(4) == 0:
        dirs = DIRS + ['/newroot', '/newroot/d', '/newroot/m', '/newroot/own']
        there = ' '.join('/newroot' + i for i in [
            '/bin', '/out', '/proc', '/dev', '/old', '/own'
            ] + r.sample(DIRS[:8], 5))
        lines = [f'mkdir /newroot; mount -t tmpfs new /newroot && mkdir -p '
                 f'{there} && echo new > /newroot/file && '
                 + ('cp -a /t /bin /sbin /newroot && mkdir /newroot/sys '
                    '/newroot/run' if boot else
                    'mount --bind /bin /newroot/bin')]
        if r.randrange(5) == 0:
            lines = [f'mkdir /newroot; mount --{r.choice(["", "r"])}bind / '
                     '/newroot']
    for n in range(r.randint(2, 9)):
        # The one that fills NEWROOT need not be the first
        lines.insert(len(lines) if r.randrange(6) else 0,
                     line(r, n, dirs, mounted))
    command = ['/bin/leafroot', '-f'] if dirs != DIRS else [
        '/bin/leafroot', '-qf', '-t', fs]
    command += r.choice([[], [], [], ['-2'], ['-k', '/old']])
    command += ['/newroot', '/bin/init']
    if r.randrange(3) == 0:
        call = r.choice(list(CALLS))
        error = r.choice(['EIO', 'ENOMEM', 'EINVAL'])
        command = ['inject', f'{call}:{r.randint(1, CALLS[call])}:{error}'
                   ] + command
    if boot:
        command = [i.replace('/bin/', '/t/' if 'leaf' in i else '/sbin/')
                   for i in command]
    return fs, lines, command


def sections(text):
    """What root.sh printed, by section: name to lines."""
    got, now = collections.defaultdict(list), ''
    for i in text.splitlines():
        if i.startswith('== '):
            now = i[3:].split()[0]
            got[now] = i[3:].split()[1:]
        elif not i.startswith('['):
            # (Not what a kernel says meanwhile)
            got[now].append(i)
    return got


def run(kit, fs, lines, command):
    """What root.sh printed, by section: name to lines."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        out = subprocess.run(
            ['unshare', '-mpf', '--kill-child', here + '/root.sh', kit, fs,
             *BASE, *lines, '--', *command], stdin=subprocess.DEVNULL, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            ).stdout
    except subprocess.TimeoutExpired as hung:
        out = (hung.stdout or b'') + b'\n== hung\n'
    if os.environ.get('SHOW'):
        print(out.decode(errors='replace'))
    return sections(out.decode(errors='replace'))


def without_old(seen, old='/old'):
    """Of what was SEEN, all but the kept root and what is mounted there."""
    left, depth = [], None
    for text in seen:
        if not text.startswith('- '):
            words = text.split()
            if depth is not None and int(words[0]) <= depth:
                depth = None
            if depth is None and words[1] == old:
                depth = int(words[0])
        if depth is None:
            left.append(text)
    return left


def renumber(seen):
    """What was SEEN with the numbers of file systems and of peer groups, which
    differ between two trees that are the same, in the order they are met in. An
    overlay's workdir is cleared each time it's mounted: its times say nothing.
    What was removed exists only while it is mounted, in the old file system,
    and is no peer of what is in the new one."""
    met, left = collections.defaultdict(dict), []
    for text in seen:
        if not text.startswith('- '):
            words = text.split()
            if len(words) > 3 and words[3].endswith('//deleted'):
                text = ' '.join(words[:2] + words[3:5])
            text = ' '.join(
                i.split(':')[0] + ':' + str(met[i[:2] == 'fs'].setdefault(
                    i.split(':', 1)[1], len(met[i[:2] == 'fs'])))
                if i.startswith(('fs:', 'shared:', 'master:')) else i
                for i in text.split(' ') if not i.startswith('propagate_from'))
        elif re.search(r'/u\d+/w(/work)? d ', text):
            text = text.rsplit(' ', 1)[0]
        left.append(text)
    return left


def mounts(seen):
    """Of what was SEEN each mount: depth, directory, what is mounted with its
    options, and its files, whose times can be others where they are
    directories."""
    found = []
    for text in seen:
        words = text.split()
        if words[0] != '-':
            found.append((int(words[0]), words[1], words[2:5], []))
        else:
            found[-1][3].append(
                ' '.join(words[:5] if words[2:3] == ['d'] else words))
    return found


def taken(before, after, said):
    """Why it's not right what became of mounts and files when a NEWROOT that
    was filled was switched to, or ''. All that was on NEWROOT has to be there
    as before. Where the new root has no place for another mount that is said,
    unless it has a mount of its own there, or the mount stays on the old root,
    which is kept."""
    old, now = mounts(before), mounts(after)
    new = [i for i, m in enumerate(old) if m[1] == '/newroot']
    if not new:
        return 'NEWROOT was no mount'
    first = new[-1]
    end = next((i for i in range(first + 1, len(old))
                if old[i][0] <= old[first][0]), len(old))
    on_new = [(m[1].replace('/newroot', '', 1), m[2], m[3])
              for m in old[first+1:end]]

    def there(m):
        """Is M, perhaps with directories that were made to mount on?"""
        return any(i[1] in (m[0], '/old' + m[0]) and i[2] == m[1]
                   and set(i[3]) >= set(m[2]) for i in now)

    for file in old[first][3]:
        if file not in now[0][3] and file.split()[1] != '/':
            return f'of the new root is missing {file}'
    for m in on_new:
        if not there(m):
            return f'of NEWROOT is missing {m}'
    own = [m[0] for m in on_new]
    for m in old[1:new[0]] + old[end:]:
        if not there(m[1:]) and not any(
                (m[1] + '/').startswith(i + '/') for i in own) and not any(
                f' {m[1][:n]} is unmounted' in i for i in said
                for n in range(2, len(m[1]) + 1)):
            return f'missing is {m[1:]}'
    return ''


def judge(got, command):
    """What became of it, in a word, and why it is red or ''."""
    if 'hung' in got:
        return 'hung', 'it hangs'
    before, after = got['before'], got['after']
    if not before or not before[-1].startswith('id '):
        # What is to look at it was unmounted, by a peer of what was meant
        return 'void', ''
    said = [i for i in got['said'] if i]
    if 'ran' not in got:
        return 'lost', f'init did not run ({got["ended"]}): {said}'
    if not after or not after[-1].startswith('id '):
        return 'lost', 'after: ' + ' '.join(after)[-300:]
    moved = before[-1] != after[-1]
    what = 'moved' if moved else 'failed' if 'injected' in got else 'refused'
    before, after = before[:-1], after[:-1]
    if '-f' in command:
        # Without -q, so that it says what it unmounts
        said = [i for i in said if '; old root ' not in i and ' stays on ' not in
                i and not i.startswith('leafroot: / is ')]
        if moved and any(m[1] == '/newroot' for m in mounts(before)):
            why = taken(before, after, said)
            return 'taken', why and f'taken: {why}: {said}'
    if '-k' in command and moved:
        before, after = without_old(before), without_old(after)
    before, after = renumber(before), renumber(after)
    if after != before:
        diff = [f'-{i}' for i in before if i not in after] + [
            f'+{i}' for i in after if i not in before] or ['other order']
        return what, f'{what}, not the same: {said}\n  ' + '\n  '.join(diff[:6])
    most = 1 if not moved or 'injected' in got else 0
    if len(said) > most or (not said and not moved):
        return what, f'{what}, said: {said}'
    return what, ''


def shrink(kit, fs, lines, command):
    """LINES without those that it is red without too."""
    i = len(lines)
    while i:
        i -= 1
        fewer = lines[:i] + lines[i+1:]
        if judge(run(kit, fs, fewer, command), command)[1]:
            lines = fewer
    return lines


def main():
    kit = sys.argv[1]
    if kit == '--boot':
        fs, lines, command = case(int(sys.argv[2]), True)
        print('root=/dev/none' if fs == 'ramfs' else '')
        print(' '.join(command))
        print(*BASE, *lines, sep='\n')
        return
    if kit == '--judge':
        with open(sys.argv[3], encoding='utf-8', errors='replace') as log:
            got = sections(log.read())
        what, why = judge(got, case(int(sys.argv[2]), True)[2])
        print(f'red, {what}: {why}' if why else 'same')
        return
    first, n = int(os.environ.get('SEED') or 1), int(os.environ.get('N') or 3000)
    ends, red = collections.Counter(), []
    for seed in range(first, first + n):
        fs, lines, command = case(seed)
        what, why = judge(run(kit, fs, lines, command), command)
        ends[what] += 1
        if not why:
            continue
        red.append(seed)
        if os.environ.get('SHRINK', 'y'):
            lines = shrink(kit, fs, lines, command)
            why = judge(run(kit, fs, lines, command), command)[1] or why
        print(f'SEED={seed}, a {fs}:', *lines, ' '.join(command), why,
              sep='\n  ', flush=True)
    if ends['void'] > n / 50 + 1:
        red.append('void')
    print('ends:', *(f'{i} {ends[i]}' for i in ends))
    print(f'| topologies | | | {n} | {n} | {ends["lost"]} | {ends["hung"]} | '
          f'| {len(red)} |')
    print('red:', *red or ['none'])


if __name__ == '__main__':
    main()
