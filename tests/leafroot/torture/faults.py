#!/usr/bin/python3
"""faults.py KIT - make every system call of leafroot fail, one in each run
faults.py KIT allocs - make every allocation fail, alone and with all later ones
faults.py KIT signals - and send it signals at random times
faults.py KIT changes - and change the tree meanwhile (tools/mutate.c)

A root of each kind of run (MODES) is made by root.sh, and cases.sh makes one case
after another on it while nothing is lost. Each call that a run makes is made to
fail with each error in the file "errors"; and in a quarter as many runs a second
one fails after the first, at random, mostly on the way back. What is seen of mounts
and files has to be the same as before, where leafroot refused, or else the same as
without the failure. What is not is red, and is printed with how to do it again.

From the environment: FAULTS, how many cases drawn by SEED, all without it; N, how
many signals or changes; MODES, only some of the ways; CASES, those to do again, with commas
between: "MODE INJECT-ARGUMENT", or "MODE alloc:N", where N+ is all from the Nth on;
CPUS at once. The last line says how many were red.
"""
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

import collections
import os
import queue
import random
import re
import select
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from topologies import renumber, sections, without_old  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
# Seconds a case may take; and microseconds after which all are done
LIMIT, LONGEST = 30, 45000

# All that hurts, few of each; mounts of all kinds
TREE = [
    'mkdir -p /a/b /c /e /lower /up/u /up/w /srv /t/h',
    'hurt /hurt ${hurt:-few}; yes 0123456 | head -c 4500007 > /big; '
    'ln /big /a/big2',
    'echo lower > /lower/f; echo e > /e/file',
    'mount -t tmpfs -o nosuid one /a/b; echo one > /a/b/one',
    'mount -t tmpfs two /c; mkdir /c/d; mount --bind /hurt/links /c/d; '
    'mount --make-shared /c',
    'mount --bind /hurt/times/ns /e/file; mount -o remount,bind,ro /e/file',
    'mount -t overlay -o lowerdir=/lower,upperdir=/up/u,workdir=/up/w o /srv',
    'mount -t tmpfs hidden /t/h; mount -t tmpfs hides /t']

NEWROOT = ['mkdir /newroot; mount -t tmpfs new /newroot; cd /newroot; '
           'mkdir bin out proc dev c own; mount --bind /bin bin; '
           'mount -t tmpfs own own; echo own > own/file; cd /']
ARCHIVE = ['umount /srv; cd /; mkdir /x; cp /bin/inject /x/init; mkdir /x/bin; '
           'mv /x/init /x/bin; cp -a /hurt /x; rm -r /x/hurt/names; mkdir /x/dev /x/proc /x/out; '
           'cd /x; find . | cpio -oH newc | gzip > /out/a.cpio.gz; cd /; '
           'rm -r /x']
PID1 = 'as="unshare -pf"'
LEAF = '/bin/leafroot -qf -t tmpfs '

# For each: the root's type, more lines, how leafroot is called, what is done
# before each, and when a root that was made is of no use any more
MODES = {
    'move': ('tmpfs', [PID1], LEAF + '/newroot /bin/init', ''),
    'ramfs': ('ramfs', [PID1, 'mount --make-rshared /'],
              '/bin/leafroot -qf -t ramfs /newroot /bin/init', ''),
    'copy': ('tmpfs', [PID1], LEAF + '-2 /newroot /bin/init', ''),
    'devices': ('overlay', [PID1], LEAF + '/newroot /bin/init', ''),
    'extract': ('tmpfs', ARCHIVE + [PID1],
                LEAF + '-x /out/a.cpio.gz /newroot /bin/init', ''),
    'keep': ('tmpfs', [PID1, 'mkdir /kept'], LEAF + '-k /kept /newroot /bin/init', ''),
    'filled': ('tmpfs', NEWROOT + [PID1], '/bin/leafroot -f /newroot /bin/init',
               ''),
    'own': ('tmpfs', ['> /out/own'],
            '/bin/leafroot -qu -t tmpfs /newroot /bin/init', ''),
    'stay': ('tmpfs', ['options=y'],
             '/bin/leafroot -q -o size=90M,nr_inodes=5k,nosuid,relatime /newroot '
             '/bin/init', 'mount -o remount,size=80M,nr_inodes=4k,suid,noatime,'
             'nodiratime /')}
FAULTS, SIGNALS, CHANGES = list(MODES), {}, ['move', 'ramfs', 'copy', 'keep']
for _mode in 'move', 'copy', 'extract', 'keep':
    SIGNALS[_mode] = 'HUP', 'INT', 'TERM'
    # Not as PID 1, for which the kernel drops all others
    SIGNALS[_mode + '-child'] = ('HUP', 'INT', 'TERM', 'QUIT', 'ALRM', 'USR1',
                                 'PIPE', 'XFSZ', 'VTALRM', 'PWR')
    MODES[_mode + '-child'] = (
        MODES[_mode][0], [i for i in MODES[_mode][1] if i != PID1],
        *MODES[_mode][2:])


class Session:
    """A root on which one case is done after another."""

    def __init__(self, kit, mode, cpu, more=''):
        fs, lines, run, reset = MODES[mode]
        lines = ([more] if more else []) + TREE + lines + [
            f'run="{run}"; reset="{reset}"; . /bin/cases.sh']
        self.mode, self.text = mode, b''
        # On one processor, so that calls come in the same order each time
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['taskset', '-c', str(cpu), 'unshare', '-mpf', '--kill-child',
             HERE + '/root.sh', kit, fs, *lines, '--', 'true'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def case(self, number, spec):
        """What was printed of case NUMBER, by section."""
        end, begin = time.monotonic() + LIMIT, f'== case {number} '.encode()
        try:
            self.process.stdin.write(f'{number} {spec}\n'.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        fd = self.process.stdout.fileno()
        while b'\n== done\n' not in self.text:
            left = end - time.monotonic()
            if left < 0 or not select.select([fd], [], [], left)[0]:
                self.text += b'\n== hung\n'
                break
            more = os.read(fd, 1 << 20)
            if not more:
                self.text += b'\n== broken\n'
                break
            self.text += more
        text, _, self.text = self.text.partition(b'\n== done\n')
        if os.environ.get('SHOW'):
            print(text.decode(errors='replace'))
        return sections(text[max(text.find(begin), 0):].decode(
            errors='replace'))

    def end(self):
        """End the root with all that is in it."""
        self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def clean(seen):
    """What was SEEN, without what an overlay makes anew in its work directory,
    the directory on which the old root is kept, and what others change."""
    return [i for i in seen if not i.startswith(('- /up/w', '- /kept ',
                                                 '- /mut'))]


def masked(seen):
    """What was SEEN, to compare that of different roots: no time of now, and no
    numbers."""
    return [re.sub(r' (\d+)\.\d{9}\b|overlay.uuid=\w+',
                   lambda m: m[0] if m[1] and int(m[1]) < 17e8 else ' now', i)
            for i in renumber(clean(seen)) if not i.startswith('id ')]


def difference(before, after):
    """A few lines of what differs, and whether that is only more than before."""
    gone = collections.Counter(before) - collections.Counter(after)
    new = collections.Counter(after) - collections.Counter(before)
    lines = [f'-{i}' for i in gone] + [f'+{i}' for i in new]
    return ' | '.join(lines[:4]) or 'other order', not gone and bool(new)


def without(seen, names):
    """What was SEEN, without the mounts that are named with what is on them, and
    files of the root: directories were made for those."""
    left, depth, root = [], None, False
    for text in seen:
        if not text.startswith('- '):
            here, name = text.split()[:2]
            root = here == '0'
            if depth is not None and int(here) <= depth:
                depth = None
            if depth is None and name in names:
                depth = int(here)
        if depth is None and not (root and text.startswith('- ')):
            left.append(re.sub(' (fs|shared|master):[0-9:]+', '', text))
    return left


def judge(mode, got, reference):
    """What became of it, in a word; why it is red or ''; and what is left of
    its root: 0 if it can't be used again."""
    if 'hung' in got:
        return 'hung', 'it hangs', 0
    if 'broken' in got or 'case' not in got:
        return 'lost', 'no result: ' + ' '.join(got[''])[-300:], 0
    ran, status = 'ran' in got, int(got['case'][1])
    child = mode.endswith('-child')
    alone = mode in ('own', 'stay')
    mode = mode.removesuffix('-child')
    # Of inject, which is one of them
    said = [i for i in got['said'] if i and ' stays on the old root' not in i]
    twice = [i.split()[1] for i in got['injected'] if i.startswith('again')]
    before, after = clean(got['before']), clean(got['after'])
    if 'same' in got:
        moved = False
    elif not before[-1:] or not before[-1].startswith(('id ', '- options')):
        return 'lost', 'before: ' + ' '.join(before)[-300:], 0
    elif not after[-1:] or not after[-1].startswith(('id ', '- options')):
        return 'lost', 'after: ' + ' '.join(after)[-300:], 0
    else:
        moved = [i for i in before if i.startswith('id ')] != [
            i for i in after if i.startswith('id ')]
    # An init that can't be run is none of leafroot's failures
    unrun = alone and status == 126 and (
        ': init ' in ''.join(said) or (twice and twice[0].startswith('write')))
    what = 'done' if moved or (alone and ran) or (
        unrun and mode == 'stay') else 'refused'
    # A signal can end it before it has begun
    if not ran and not unrun and not ((alone or child) and status == 1) and (
            not child or status < 129):
        return 'lost', f'{what}, init did not run ({status}): {said}', 0
    if ran and status:
        return what, f'{what}, ended {status}: {said}', 0
    kept, why = 1, ''
    if 'mutated' in got['injected']:
        if got['check']:
            return what, f'not the same: {got["check"][:3]}', 0
        if what == 'refused':
            return what, f'refused: {said}', 0
    if what == 'refused' and len(said) != 1 and status < 128 and not (
            twice and (said or twice[0].startswith('write'))):
        why = f'refused, said {said} {twice}'
    if what == 'refused' or mode == 'own' or mode in ('move', 'ramfs', 'copy', 'devices'):
        want, is_now = renumber(before), renumber(after)
    elif mode == 'keep':
        want, is_now = renumber(before), renumber(without_old(after, '/kept'))
        kept = 0
    else:
        want = is_now = []
        kept = mode == 'stay'
    want, is_now = [[i for i in j if not i.startswith('id ')]
                    for j in (want, is_now)]
    if want == is_now and what == 'done' and reference is not None:
        want = reference
        is_now = masked(got['inside'] if mode == 'own' else after)
    lost = [i.split()[1] for i in said if 'has no place for it' in i]
    if lost and mode == 'filled':
        want, is_now = without(want, lost), without(is_now, lost)
    if want != is_now:
        text, more = difference(want, is_now)
        why = f'{what}, {"left over" if more else "not the same"}: {text}: ' \
            f'{said}'
    return what, why, kept and not why


def errors():
    """The errors that each call can give."""
    found = {}
    with open(HERE + '/errors', encoding='utf-8') as lines:
        for text in lines:
            words = text.split('#')[0].split()
            if words:
                found[words[0]] = words[1:]
    return found


class Run:
    """All cases, their results, and who does them."""

    def __init__(self, kit, what):
        self.kit, self.lock = kit, threading.Lock()
        self.more = {'signals': 'hurt=small', 'changes': 'mkdir /mut'}.get(
            what, '')
        # Who changes the tree needs one, too
        self.cpus = 1 if what == 'changes' else 0
        self.count_by = 'alloc:0' if what == 'allocs' else 'count'
        self.reference, self.counts = {}, {}
        self.ends, self.red = collections.Counter(), []
        self.todo = queue.Queue()

    def look(self, mode):
        """What a run of MODE leaves, how long it takes, the calls it makes."""
        seen = []
        for spec in ('', '', self.count_by):
            session = Session(self.kit, mode, 0, self.more)
            session.case(0, 'close:1000000:EIO')
            if mode not in ('own', 'stay'):
                session.end()
                session = Session(self.kit, mode, 0, self.more)
            got = session.case(1, spec)
            what, why, _ = judge(mode, got, None)
            if why or what != 'done':
                sys.exit(f'{mode}: {what}: {why}: {got["said"]}')
            seen.append(masked(got['inside'] if mode == 'own'
                               else got['after']))
            session.end()
        if seen[0] != seen[1]:
            sys.exit(f'{mode} is not the same each time: '
                     f'{difference(*seen[:2])[0]}')
        self.reference[mode] = seen[0]
        self.counts[mode] = {i.split()[0]: int(i.split()[1])
                             for i in got['counts']}

    def count(self, what, why, got):
        """Count what became of one."""
        if 'injected' in got:
            self.ends['trials'] += 1
            self.ends[what] += what in ('done', 'refused')
        else:
            self.ends['not reached'] += 1
        if any(i.startswith('again') for i in got['injected']):
            self.ends['twice'] += 1
        if what == 'hung':
            self.ends['hung'] += 1
        elif 'left over' in why:
            self.ends['left over'] += 1
        elif what == 'lost' or 'not the same' in why:
            self.ends['lost'] += 1

    def worker(self, cpu):
        """Do cases until there are none."""
        session = None
        while True:
            try:
                mode, spec = self.todo.get_nowait()
            except queue.Empty:
                break
            if session and session.mode != mode:
                session.end()
                session = None
            session = session or Session(self.kit, mode, cpu, self.more)
            got = session.case(1, spec)
            what, why, kept = judge(mode, got, self.reference[mode])
            # That /out has no place, as its directory can't be opened, is said
            # in a file on /out
            if (mode == 'filled' and spec.endswith(':EACCES') and 'ran' in got
                    and why.startswith('before: ')):
                what, why = 'done', ''
            if not kept:
                session.end()
                session = None
            with self.lock:
                self.count(what, why, got)
                if why:
                    self.red.append((mode, spec, why))
                    print(f'CASES="{mode} {spec}" {why}'[:600], flush=True)
        if session:
            session.end()

    def do(self, cases):
        """Do CASES, on all processors."""
        for i in cases:
            self.todo.put(i)
        cpus = sorted(os.sched_getaffinity(0))
        cpus = cpus[:int(os.environ.get('CPUS') or self.cpus or len(cpus))]
        threads = [threading.Thread(target=self.worker, args=(i,))
                   for i in cpus]
        for i in threads:
            i.start()
        for i in threads:
            i.join()


def all_cases(run, r):
    """Each call of each run with each error; then two in one run, drawn by R."""
    can, cases = errors(), []
    for mode, counts in run.counts.items():
        known = {i: counts[i] for i in counts if i in can}
        one = [(mode, f'{call}:{n}:{error}') for call in known
               for n in range(1, known[call] + 1) for error in can[call]]
        two = [(mode, f'{spec}/{int(sum(known.values()) ** r.random())}')
               for _, spec in r.sample(one, len(one) // 4)]
        cases += one + two
    return cases


def all_allocs(counts):
    """Each allocation of each run, with COUNTS of them; and with all later."""
    return [(mode, f'alloc:{n}{more}') for mode in counts
            for n in range(1, counts[mode]['alloc'] + 1) for more in ('', '+')]


def all_changes(run, r, n):
    """N runs beside others, with seeds drawn by R."""
    return sorted((r.choice(list(run.counts)), f'mutate:{r.randrange(10**9)}')
                  for _ in range(n))


def all_signals(run, r, n):
    """N signals at random times, drawn by R."""
    cases = []
    for _ in range(n):
        mode = r.choice(list(run.counts))
        name = r.choice(SIGNALS[mode])
        cases.append((mode, f'after:{r.randrange(LONGEST)}:'
                      f'{signal.Signals["SIG" + name].value}'))
    return sorted(cases)


def main():
    kit, part = sys.argv[1], (sys.argv[2:] or ['faults'])[0]
    seed = int(os.environ.get('SEED') or 1)
    r = random.Random(seed)
    again = [tuple(i.split(None, 1)) for i in
             (os.environ.get('CASES') or '').split(',') if i.strip()]
    run = Run(kit, part)
    for mode in sorted({i[0] for i in again}) or (
            os.environ.get('MODES', '').split() or (
                {'signals': SIGNALS, 'changes': CHANGES}.get(part, FAULTS))):
        run.look(mode)
    if part == 'signals':
        cases = all_signals(run, r, int(os.environ.get('N') or 3000))
    elif part == 'changes':
        cases = all_changes(run, r, int(os.environ.get('N') or 2000))
    elif part == 'allocs':
        cases = all_allocs(run.counts)
    else:
        cases = all_cases(run, r)
    n = int(os.environ.get('FAULTS') or 0)
    if n and n < len(cases):
        cases = sorted(r.sample(cases, n))
    run.do(again or cases)
    calls = sum(sum(i.values()) for i in run.counts.values())
    ends = run.ends
    print('ends:', *(f'{i} {ends[i]},' for i in ends), f'SEED={seed}')
    print(f'| {part} | {calls} | | 1 | '
          f'{ends["trials"]} | {ends["lost"]} | {ends["hung"]} | '
          f'{ends["left over"]} | {len(run.red)} |')
    print('red:', len(run.red) or 'none')


if __name__ == '__main__':
    main()
