#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""archives-test.py [NAME...] - what archives.py has, and archives of other
programs, unpacked by lib/initramfs.c and compared with archives.expect. Prints
"NAME ok" or "NAME: what is wrong" for each NAME, or for all. To be run as root
in a mount namespace of its own (it mounts a tmpfs), after archive-build.sh.

archives-test.py --list   prints the names, and tests nothing.

Each part below yields a name and the function that does the test: it returns
what is wrong, or ''.
"""
import functools
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys

# A clone stays as it is.
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(HERE, '../../../generated/test/archives')
TOOL = os.path.join(WORK, 'archive')
TREE = os.path.join(WORK, 'tree')


def module(name):
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(HERE, name + '.py'))
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m


os.environ['PATH'] = os.path.join(HERE, '../../../generated/bin') + ':' + os.environ['PATH']

archives = module('archives')
expect = module('archives-expect')


class Tree:
    """An empty tmpfs, unmounted when done. Its root is as rootfs's: 1777."""
    def __init__(self, options='mode=1777'):
        self.options = options

    def __enter__(self):
        os.makedirs(TREE, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', self.options, 'tmpfs',
                        TREE], check=True)

    def __exit__(self, *_):
        subprocess.run(['umount', TREE], check=True)


def tool(*args, data=b'', program=TOOL):
    """Run archive.c's program: exit status, first line of stderr, stdout."""
    p = subprocess.run(['timeout', '60', program, *args], input=data,
                       capture_output=True)
    return (p.returncode, p.stderr.decode(errors='replace').strip(),
            p.stdout.decode())


def listing():
    return expect.lines(tool('list', TREE)[2])


def expected():
    """archives.expect: {name: [(a kernel's verdict, its tree), ...]}"""
    rows = {}
    with open(os.path.join(HERE, 'archives.expect')) as f:
        for line in f.read().splitlines():
            if line.startswith('== '):
                kernels = {}
                rows[line[3:]] = kernels
            elif re.match(r'[\d.]+: ', line):
                version, verdict = line.split(': ', 1)
                kernels[version] = verdict, []
            elif re.match(r'[\d.]+\| ', line):
                version, entry = line.split('| ', 1)
                kernels[version][1].append(entry)
            else:
                for _, tree in kernels.values():
                    tree.append(line)
    return {name: list(kernels.values()) for name, kernels in rows.items()}


def told(data, tree):
    """What the dry pass says of each file, and of some that are none, where it
    is wrong. What is below a symlink is not looked at. No file of a row is a
    program or a script: whatever its mode is, it can't be run."""
    modes = {i[-1]: i[:2] for i in (line.split(' ') for line in tree)}
    paths = {i for i in modes if i and '\\' not in i}
    for path in sorted(paths | {'/t/' + i for i in 'abcx'})[:20]:
        parts = path.split('/')
        if any(modes.get('/'.join(parts[:i]), '-')[0] == 'l'
               for i in range(2, len(parts) + 1)):
            continue
        kind = modes.get(path, ('',))[0]
        want = 'found' if kind == '-' else 'not found'
        said = tool('verify', path, data=data)[2].strip()
        if not said.endswith(', ' + want):
            return '%s: %s, but should be %s' % (path, said, want)
    return ''


def check(data, order, verdict, other, kernel):
    """What is wrong with what we make of the archive, '' if nothing."""
    image = archives.image(data, order, archives.e('init') + archives.END)
    with Tree():
        rc, why, said = tool('boot', TREE, data=image)
        ours = listing()
    if rc not in (0, 1):
        return 'exit %d %s' % (rc, why)
    if rc and not re.match(r'archive: offset \d+', why):
        return 'not refused with an offset: ' + why
    # The dry pass sees what the other sees, and counts the same.
    dry = tool('verify', data=image)
    if dry[:2] != (rc, why) or dry[2].split('\n')[-2] != said.split('\n')[-2]:
        return 'verify differs: %s, %s' % (dry, (rc, why, said))
    wrong = '' if rc else told(image, ours)
    if wrong:
        return wrong
    kernel_verdict, tree = kernel
    refused = kernel_verdict != 'ok'
    if verdict == 'refuse':
        if refused:
            return 'the kernel refuses it too, so this is no difference'
        return '' if rc else 'accepted'
    if verdict in ('accept', 'tree'):
        if not refused if verdict == 'accept' else tree == other:
            return 'the kernel does the same, so this is no difference'
        refused, tree = False, other
    if refused != bool(rc):
        return 'kernel: %s, we: %s' % (kernel_verdict, why or 'accepted')
    if verdict == 'part':
        return '' if rc else 'accepted'
    if not kernel_verdict.startswith('no init') and ours != tree:
        return 'another tree: %s' % sorted(set(ours) ^ set(tree))
    return ''


def check_row(known, name, data, order, verdict, why, other):
    if name not in known:
        return 'not in archives.expect'
    # Where kernels differ the newest counts, and why is said.
    newest = known[name][-1]
    differ = any(i != newest for i in known[name])
    if len(known[name]) < 2 or differ and not why:
        return 'kernels differ, or are not two: %s' % known[name]
    if verdict == 'same' and why and not differ:
        return 'the kernels do not differ'
    if isinstance(other, str):
        other = known[other][-1][1]
    return check(data, order, verdict, other, newest)


def rows():
    known = expected()
    for i in archives.rows:
        yield i[0], functools.partial(check_row, known, *i)
    for name in sorted(set(known) - set(i[0] for i in archives.rows)):
        yield name, lambda: 'in archives.expect, but no row'


def sample(top):
    """A tree for other programs to pack: what their formats can hold."""
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(top + '/d/e')
    for name, text, mode in (('a', b'a' * 5000, 0o644), ('d/b', b'', 0o4755),
                             ('d/e/c', b'c', 0o600)):
        with open(os.path.join(top, name), 'wb') as f:
            f.write(text)
        os.chmod(os.path.join(top, name), mode)
    os.link(top + '/a', top + '/d/e/z')
    os.link(top + '/a', top + '/d/y')
    os.symlink('d/b', top + '/link')
    os.mkfifo(top + '/fifo')
    os.mknod(top + '/null', 0o20666, os.makedev(1, 3))
    os.chmod(top + '/null', 0o666)
    os.chown(top + '/d/b', 5, 6)
    os.chmod(top + '/d/b', 0o4755)
    for path, dirs, files in os.walk(top, topdown=False):
        for i in files + dirs + ['.']:
            os.utime(os.path.join(path, i), (10**9, 10**9),
                     follow_symlinks=False)


@functools.lru_cache(None)
def sampled(top):
    """The sample, made by the first who asks: what archive.c says of it."""
    sample(top)
    return tool('list', top)[2]


def peer(top, name, command, pack):
    want = sampled(top)
    data = subprocess.run(command, shell=True, check=True,
                          stdout=subprocess.PIPE).stdout
    with Tree():
        rc, why, _ = tool('unpack', TREE, data=pack(data))
        ours = tool('list', TREE)[2]
    # toybox 0.8.9 writes each name of a file as a file of its own: what it wrote
    # is what has to be there.
    if name.startswith('toybox'):
        same = contents(ours) == contents(want)
    else:
        same = ours == want
    return why or ('' if same else 'another tree: %s vs %s' % (ours, want))


def peers():
    """Archives of the programs that make them, with their own options."""
    top = os.path.join(WORK, 'sample')
    find = 'cd %s && find . ' % top
    # Its manifest: where a file is, and the name it gets.
    three = "(%%s; cd %s; find . -printf '%%%%p\\t%%%%p\\n') | (cd %s; %s/3cpio.sh -c %%s)" % (
        top, top, HERE)
    for name, command in (
            ('GNU cpio newc', find + '| cpio -oH newc --quiet'),
            ('GNU cpio crc', find + '| cpio -oH crc --quiet'),
            ('GNU cpio, renumbered',
             find + '| cpio -oH newc --quiet --renumber-inodes --reproducible'),
            ('bsdcpio', find + '| bsdcpio -oH newc --quiet'),
            ('bsdtar', 'cd %s && bsdtar -cf - --format newc .' % top),
            ('busybox cpio', find + '| busybox cpio -oH newc 2> /dev/null'),
            ('toybox cpio', find + '| toybox cpio -oH newc'),
            ('3cpio', three % (':', '')),
            # Data on pages, by NULs behind the names
            ('3cpio --data-align', three % (':', '--data-align=4096')),
            ('3cpio, zstd', three % ("echo '#cpio: zstd'", ''))):
        packers = bytes, archives.gz, archives.zstd
        for pack in packers[:1] if name.endswith('zstd') else packers:
            yield ('%s (%s)' % (name, pack.__name__),
                   functools.partial(peer, top, name, command, pack))


def contents(text):
    return [re.sub(r' \d+#\d+ ', ' - ', i) for i in text.splitlines()]


def hurt_one(name, pack, program=TOOL):
    """Cut off at bytes, and bytes changed: never a crash, a hang, a way out."""
    # These have no checksum, or of plain data not one of the header.
    noticed = [] if name in ('plain', 'lzma', 'lz4') else ['sum']
    step = os.environ.get('LEAFROOT_STEP', '211')
    with Tree():
        os.mkdir(TREE + '/in')
        open(TREE + '/neighbour', 'w').close()
        p = subprocess.run([program, 'hurt', TREE + '/in', '0', step] + noticed,
                           input=pack(archives.BIG), capture_output=True)
        rest = sorted(os.listdir(TREE))
    out = p.stdout.decode().strip()
    cuts = re.search(r'(\d+) cuts', out)
    ends = archives.BIG_ENDS if name == 'plain' else 0
    if p.returncode or rest != ['in', 'neighbour']:
        return '%d %s %s' % (p.returncode, out[-300:], rest)
    if not cuts or int(cuts.group(1)) > ends:
        return 'too many cuts are accepted: ' + out
    return ''


def hurt():
    for name, pack in [('plain', bytes)] + sorted(archives.PACKERS.items()):
        yield 'hurt ' + name, functools.partial(hurt_one, name, pack)


def large_one(pack):
    packed = pack(archives.e('big', random.Random(1).randbytes(3 << 20),
                             magic=b'070702') + archives.END)
    for at in range(1, 8):
        at = at * len(packed) // 8
        for bad in packed[:at], packed[:at] + b'damage' + packed[at + 6:]:
            rc, why, _ = tool('verify', data=bad)
            if rc != 1 or not why.startswith('archive: offset '):
                return '%d %s' % (rc, why)
    return ''


def large():
    """Damage behind megabytes, where pieces of it have been handed on."""
    for name, pack in sorted(archives.PACKERS.items()):
        yield 'large ' + name, functools.partial(large_one, pack)


def memory_one(name, window):
    zeros = archives.d('t') + archives.e('t/zeros', size=600 << 20)
    command = '(cat; head -c %d /dev/zero) ' % (600 << 20)
    if name != 'plain':
        command += '| ' + {'gzip': 'gzip -1', 'xz': 'xz -6 -T2 --check=crc32',
                           'zstd': 'zstd -q', 'bzip2': 'bzip2 -1',
                           'lz4': 'lz4 -l', 'lzo': 'lzop'}[name] + ' -c'
    command += ' | /usr/bin/time -f %%M %s verify' % TOOL
    p = subprocess.run(command, shell=True, input=zeros, capture_output=True)
    used = p.stderr.decode().strip().split('\n')[-1]
    ok = not p.returncode and used.isdigit() and (
        int(used) < (24 + window) * 1024)
    return '' if ok else '%s KiB %s' % (used, p.stderr)


def memory():
    """Not in proportion to the archive: 24 MiB, and the decoder's window."""
    for name, window in (('plain', 0), ('gzip', 0), ('zstd', 2), ('xz', 8),
                         ('bzip2', 0), ('lz4', 8), ('lzo', 0)):
        yield 'memory ' + name, functools.partial(memory_one, name, window)


def silent(name, pack):
    """Junk in an archive whose pipe stays open: '' if it's refused for that.
    (A block of lz4 is 8 MiB, which has to be there before it's unpacked.)"""
    noise = random.Random(2).randbytes(9 << 20 if name == 'lz4' else 3 << 20)
    packed = pack(archives.pad(archives.SOME) + b'junk' + noise)
    p = subprocess.Popen(['timeout', '10', TOOL, 'verify'], stdin=subprocess.PIPE,
                         stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        p.stdin.write(packed[:-1000])
        p.stdin.flush()
    except BrokenPipeError:
        pass
    p.wait()
    why = p.stderr.read().decode().strip()
    return '' if 'junk between archives' in why else 'exit %d %s' % (
        p.returncode, why)


def full(options, want):
    with Tree(options):
        rc, why, _ = tool('unpack', TREE, data=archives.SOME)
    return '' if (rc, why) == (1, want) else '%d %s' % (rc, why)


def directory():
    p = subprocess.run([TOOL, 'verify'], stdin=os.open('/', os.O_RDONLY),
                       capture_output=True)
    why = p.stderr.decode().strip()
    return '' if p.returncode == 1 and why == (
        'reading: archive at offset 0: Is a directory') else why


def wanted(path, want):
    out = tool('verify', path, data=archives.WANTED)[2]
    return '' if out.endswith(',%s\n' % want) else out


def counts():
    """In pages, each contents once, a target from 128 bytes on, every name."""
    d, e, l = archives.d, archives.e, archives.l
    out = tool('verify', data=d('t') + e('t/a', b'x' * 4097, ino=5, nlink=2)
               + e('t/b', b'x' * 4097, ino=5, nlink=2) + l('t/l', 'y' * 127)
               + l('t/m', 'y' * 128) + e('t/e') + archives.END)[2]
    return '' if out == '12288 bytes, 6 inodes, largest 4097\n' else out


def trailer(said):
    out = tool('verify', data=archives.SOME[:-124 if said else None])[2]
    return '' if said == ('ends without a trailer' in out) else out


def refusals():
    """What is no matter of the archive alone."""
    for name, options, want in (
            ('no space', 'size=4k', 'writing: t/one: No space left on device'),
            ('no inodes', 'nr_inodes=3',
             'creating: t/file: No space left on device')):
        yield name, functools.partial(full, options, want)
    yield 'a directory', directory
    for path, want in (('/init', ' found'), ('init', ' found'),
                       ('/run', ' found'), ('/bin/init', ' found'),
                       ('/bin/sub/../init', ' found'), ('/bin', ' not found'),
                       ('/sbin/no', ' not found'), ('/loop/x', ' not found'),
                       ('/gone', ' not found'), ('/full/x', ' found'),
                       ('/lib/init', ' not found')):
        yield 'wanted ' + path, functools.partial(wanted, path, want)
    yield 'counts', counts
    for said in 0, 1:
        yield 'trailer %d' % said, functools.partial(trailer, said)
    # What it is fed by does not end, the reader does.
    for name, pack in sorted(archives.PACKERS.items()):
        yield 'silent pipe ' + name, functools.partial(silent, name, pack)


def without(name, pack):
    options = {'gzip': 'LEAFROOT_ISAL or TOYBOX_LIBZ', 'lzma': 'LEAFROOT_XZ'}
    rc, why, _ = tool('verify', data=pack(archives.SOME), program=TOOL + '-none')
    return '' if (rc, why) == (1, 'archive: offset 0: %s: built without %s' % (
        name, options.get(name, 'LEAFROOT_' + name.upper()))) else why


def by_zlib():
    with Tree():
        tool('unpack', TREE, data=archives.SOME)
        want = listing()
    with Tree():
        _, why, _ = tool('unpack', TREE, data=archives.gz(archives.SOME),
                         program=TOOL + '-zlib')
        ours = listing()
    return why or ('' if ours == want else 'another tree')


def configured():
    """Other builds: zlib for ISA-L, and no decompressor at all."""
    for name, pack in sorted(archives.PACKERS.items()):
        yield 'without ' + name, functools.partial(without, name, pack)
    yield 'gzip by zlib', by_zlib
    yield 'hurt gzip by zlib', functools.partial(
        hurt_one, 'gzip', archives.PACKERS['gzip'], TOOL + '-zlib')


def main():
    chosen = sys.argv[1:]
    for part in rows, configured, peers, refusals, hurt, large, memory:
        for name, test in part():
            if chosen == ['--list']:
                print(name)
            elif not chosen or name in chosen:
                # A line each, whatever it quotes
                wrong = test().strip().replace('\n', ' | ')
                print('%s%s' % (name, ': ' + wrong if wrong else ' ok'),
                      flush=True)


if __name__ == '__main__':
    main()
