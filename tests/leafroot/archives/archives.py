#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""archives.py DIR [NAME...] - write the table of archives, one file per row.

archives.py --list   prints "NAME ORDER VERDICT" for each. ORDER: last (the
archive follows the one that holds /init, as the table assumes) or first (it
comes first, where that makes a difference). VERDICT: what leafroot is meant to
do: "same" (as the kernel does, whatever that is), "part" (both refuse it, but
not after the same part), or "refuse" or "accept" or "tree" where it differs on
purpose: refused although the kernel goes on, accepted though the kernel
refuses, or another tree. The reason stands in the row.
"""
import bz2
import gzip
import lzma
import os
import struct
import subprocess
import sys
import zlib

REG, DIR, LNK, CHR, BLK, FIFO, SOCK = (
    0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000)
T = 1000000000
rows = []
total = sum


def pad(data, to=4):
    return data + bytes(-len(data) % to)


def e(name, body=b'', mode=REG | 0o644, ino=0, uid=0, gid=0, nlink=1, mtime=T,
      dev=(0, 0), rdev=(0, 0), magic=b'070701', sum=None, size=None,
      namesize=None, end=b'\0', field=None):
    """One entry. size, namesize, sum, field: what the header says instead."""
    if isinstance(name, str):
        name = name.encode()
    if sum is None:
        sum = total(body) if magic == b'070702' else 0
    name += end
    head = [b'%08X' % (i & 0xffffffff) for i in (
        ino, mode, uid, gid, nlink, mtime, len(body) if size is None else size,
        dev[0], dev[1], rdev[0], rdev[1],
        len(name) if namesize is None else namesize, sum)]
    for i, text in (field or {}).items():
        head[i] = text
    return pad(pad(magic + b''.join(head) + name) + body)


def d(name, mode=0o755, **more):
    return e(name, mode=DIR | mode, **more)


def l(name, to, **more):
    return e(name, to if isinstance(to, bytes) else to.encode(),
             mode=LNK | 0o777, **more)


END = e('TRAILER!!!', mode=0, mtime=0)


def tool(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


def gz(data):
    return gzip.compress(data, 9, mtime=0)


def xz(data, check=lzma.CHECK_CRC32):
    return lzma.compress(data, check=check)


def zstd(data, *more):
    return tool(data, 'zstd', '-qc', *more)


def lz4(data, *more):
    return tool(data, 'lz4', '-qc', *(more or ('-l',)))


def lzo(data, *more):
    """What lzop writes, but for the time, so that it is the same each time."""
    out = bytearray(tool(data, 'lzop', '-c', *more))
    check = next(i for i in (zlib.adler32, zlib.crc32)
                 if struct.pack('>I', i(out[9:34])) == out[34:38])
    out[25:33] = bytes(8)
    out[34:38] = struct.pack('>I', check(out[9:34]))
    return bytes(out)


def alone(data):
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


PACKERS = {'gzip': gz, 'bzip2': bz2.compress, 'xz': xz, 'lzma': alone,
           'lzo': lzo, 'lz4': lz4, 'zstd': zstd}


def row(name, data, verdict='same', why='', tree=None, order='last'):
    """tree: with "accept" and "tree" the one meant, as a list of lines or the
    name of the row that has it. why: so also where the kernels differ."""
    assert verdict == 'same' or why
    rows.append((name, data, order, verdict, why, tree))


def first(name, data, verdict='same', why=''):
    row(name, data, verdict, why, order='first')


TEXT = b'The quick brown fox jumps over the lazy dog.\n' * 40
SOME = (d('t') + e('t/empty') + e('t/file', TEXT) + e('t/one', b'x', 0o100600)
        + l('t/link', 'file') + END)

# -- the format itself
row('plain', SOME)
row('no-trailer', SOME[:-len(END)])
row('nothing', b'')
row('crc', d('t') + e('t/a', TEXT, magic=b'070702') + END)
row('crc-wrong', d('t') + e('t/a', TEXT, magic=b'070702', sum=1) + e('t/b'))
row('crc-wrong-dropped', e('no/a', TEXT, magic=b'070702', sum=1) + d('t'),
    'refuse', 'the kernel sums only what it writes')
row('crc-not-a-file', e('t', mode=DIR | 0o755, magic=b'070702', sum=5))
row('crc-mixed', d('t') + e('t/a', TEXT, sum=7)
    + e('t/b', TEXT, magic=b'070702') + e('t/c', TEXT, sum=7))
row('joined', SOME + d('t') + e('t/file', b'second\n') + e('u', b'u') + END)
row('joined-no-trailer', d('t') + e('t/x') + e('t/x', b'again') + d('t/y'))
for n in 4, 512, 100000:
    row('padding-%d' % n, SOME + bytes(n) + e('u', b'u') + END)
row('padding-odd', SOME + bytes(3) + e('u', b'u') + END)
row('padding-odd-end', SOME + bytes(7))
row('padding-odd-gzip', SOME + bytes(3) + gz(e('u', b'u') + END))
row('old-cpio', d('t') + b'070707' + bytes(70) + END)
row('no-magic', d('t') + b'070703' + e('u')[6:] + d('v'))
row('garbage-end', SOME + b'garbage')
row('garbage-byte', SOME + b'\x1f')
row('hex-lower', d('t').replace(b'41ED', b'41ed') + e('t/a', b'x' * 10))
# Newer kernels (7.2) take hexadecimal digits only, and so do we.
LAX = '6.1 takes what its strtoul takes, up to the first that is no digit'
row('hex-space', d('t') + e('t/a', field={3: b'       1'}) + e('t/b'), why=LAX)
row('hex-0x', d('t') + e('t/a', field={2: b'0x000001'}) + e('t/b'), why=LAX)
row('hex-plus', d('t') + e('t/a', field={2: b'+0000001'}) + e('t/b'), why=LAX)
row('hex-g', d('t') + e('t/a', field={2: b'0000000g'}) + e('t/b'), why=LAX)
row('hex-colon', d('t') + e('t/a', field={2: b'0000000:'}) + e('t/b'), why=LAX)
row('hex-sum', d('t') + e('t/a', field={12: b'zzzzzzzz'}) + e('t/b'), why=LAX)

SILENT = 'the kernel does not look whether all of the last entry was there'
row('garbage-zero', SOME + b'0', 'refuse', SILENT)
row('short-header', SOME + END[:60], 'refuse', SILENT)
row('short-name', SOME + e('u' * 40)[:120], 'refuse', SILENT)
row('short-body', d('t') + e('t/a', TEXT)[:-100], 'refuse', SILENT)
row('short-pad', d('t') + e('t/a', b'12345')[:-3])
row('short-skip', d('t') + e('t/a', TEXT, DIR)[:-100], 'refuse', SILENT)
row('size-huge', d('t') + e('t/a', TEXT, size=0x1000000), 'refuse', SILENT)
row('size-huge-skip', d('t') + e('t/a', size=0xfffffffc, mode=CHR), 'refuse',
    SILENT)

# -- names
row('name-none', d('t') + e('t/a', namesize=0, end=b'', body=b'')
    [:110] + bytes(2) + e('t/b'))
row('name-empty', d('t') + e('', b'body') + e('t/b'))
row('name-open', d('t') + e('t/abc', end=b'') + e('t/b'))
row('name-open-link', d('t') + l('t/abc', 'x', end=b'') + e('t/b'))
row('name-padded', d('t') + e('t/a', end=bytes(9)) + e('t/b'))
row('name-nul', d('t') + e('t/a\0b', b'x') + e('t/c'))
row('name-255', d('t') + e('t/' + 'n' * 255, b'x'))
row('name-256', d('t') + e('t/' + 'n' * 256, b'x') + e('t/b'))
LONG = 't/' + 'l' * 200
DEEP = b''.join(d(LONG + ('/' + 'l' * 200) * i) for i in range(20))
row('name-4095', d('t') + DEEP
    + e(('t' + ('/' + 'l' * 200) * 20 + '/').ljust(4095, 'x'), b'x'))
row('name-4096', d('t') + DEEP
    + e(('t' + ('/' + 'l' * 200) * 20 + '/').ljust(4096, 'x'), b'x') + e('t/b'))
row('name-5000', d('t') + e('t/' + 'x' * 5000, b'body') + e('t/b'))
row('name-bytes', d('t') + e(b't/\xff\xfe\n\x1b[m\\ ', b'x'))
row('name-slash', d('t') + e('/t/a', b'x') + e('//t///b', b'x') + d('/')
    + e('./t/./c', b'x'))
row('name-slash-end', d('t/') + d('t/u//') + e('t/a/', b'x')
    + e('t/f/', mode=FIFO) + l('t/l/', 'x') + l('t/s', 'u')
    + d('t/s/', 0o700) + e('t/b'))
row('name-root', d('.', 0o711, uid=3) + e('.', b'x') + l('.', 'x')
    + d('..', 0o710) + d('t'))
row('name-up', d('t') + d('t/u') + e('t/u/../a', b'x') + e('../b', b'x')
    + e('../../../t/c', b'x') + d('t/u/..', 0o700))
row('trailer-body', d('t') + e('TRAILER!!!', TEXT) + e('t/b'))
row('trailer-link', d('t') + l('TRAILER!!!', 't') + e('t/b'))
row('trailer-dir', d('t') + d('TRAILER!!!') + e('t/b'))
row('trailer-fifo-body', d('t') + e('TRAILER!!!', b'x', FIFO) + e('t/b'))
row('trailer-in-dir', d('t') + e('t/TRAILER!!!', b'x') + e('./TRAILER!!!'))

# -- where entries go
row('parent-missing', e('no/a', b'x') + d('no/d') + l('no/l', 'x')
    + e('no/c', mode=CHR, rdev=(1, 3)) + d('t'))
row('parent-later', e('t/a', b'x') + d('t') + e('t/b', b'x'))
row('parent-file', e('t', b'x') + e('t/a', b'x') + d('t/d'))
row('parent-link', d('u') + d('u/lib') + l('lib', 'u/lib') + e('lib/a', b'x')
    + d('lib/d') + e('lib/d/b', b'x') + l('up', 'u/lib/d/..')
    + e('up/c', b'x'))
row('parent-link-absolute', d('u') + l('abs', '/u') + e('abs/a', b'x')
    + l('u/more', '/../../u') + e('abs/more/b', b'x'))
row('parent-link-out', d('u') + l('out', '../../../../u') + e('out/a', b'x')
    + l('bad', '/no') + e('bad/b', b'x'))
row('parent-loop', l('a', 'b') + l('b', 'a') + e('a/x', b'x') + d('t'))
row('parent-replaced', d('a') + d('b') + l('p', 'a') + e('p/1', b'x')
    + l('p', 'b') + e('p/2', b'x') + d('p') + e('p/3', b'x'))
row('parent-through', d('d') + l('d/l', '.') + l('x', 'd/l') + e('x/1', b'x')
    + e('x/l', b'now a file') + e('x/2', b'x') + e('d/3'))

# -- what is there already
row('file-over-file', d('t') + e('t/a', TEXT, 0o100755, uid=5)
    + e('t/a', b'short', mtime=T + 5) + e('t/b', b'x') + e('t/b', TEXT))
row('file-over-empty', d('t') + e('t/a', TEXT) + e('t/a', b''))
row('file-over-linked', d('t') + e('t/a', b'aaaa', ino=9, nlink=2)
    + e('t/b', ino=9, nlink=2) + END + e('t/a', b'new', mtime=T + 9, uid=7))
row('file-over-sticky', d('t', 0o1777) + e('t/a', TEXT, uid=5, gid=5)
    + e('t/a', b'short'))
row('file-over-suid', d('t') + e('t/a', b'x', 0o104755) + e('t/a', b'yy'))
row('dir-over-file', d('t') + e('t/a', b'x') + d('t/a') + e('t/a/b', b'x'))
row('dir-over-dir', d('t') + d('t/a', 0o2700, uid=4) + e('t/a/b', b'x')
    + d('t/a', 0o1755, gid=6, mtime=T + 1))
# To the kernel "x/" is where a symlink x leads, and nothing if x is a file.
row('slash-over-link', d('u') + d('u/b') + l('b', 'u/b') + e('u/b/a', b'x')
    + d('b/', 0o700) + e('b/c', b'x'))
row('slash-over-file', d('t') + e('t/x', b'x') + d('t/x/') + e('t/b'))
row('slash-over-file-link', d('t') + e('t/f', b'x') + l('t/x', 'f') + d('t/x/')
    + e('t/b'))
row('slash-over-nowhere', d('t') + l('t/x', 'no') + d('t/x/') + e('t/b'))
row('dir-over-link', d('t') + l('t/a', '.') + d('t/a') + e('t/a/b', b'x'))
row('file-over-dir', d('t') + d('t/a') + e('t/a', b'x'))
row('file-over-full', d('t') + d('t/a') + e('t/a/b', b'x') + e('t/a', TEXT)
    + e('t/c', b'x'))
row('file-over-link', d('t') + e('t/b', b'bbb') + l('t/a', 'b')
    + e('t/a', b'x'))
row('link-over-all', d('t') + e('t/f', b'x') + l('t/f', 'a') + l('t/f', 'b')
    + d('t/d') + l('t/d', 'c') + d('t/n') + e('t/n/x')
    + l('t/n', 'c', uid=8, gid=9, mtime=T + 3))
row('node-over-all', d('t') + e('t/f', b'x') + e('t/f', mode=FIFO | 0o600)
    + e('t/c', mode=CHR | 0o600, rdev=(1, 3))
    + e('t/c', mode=CHR | 0o666, rdev=(1, 5), uid=3, mtime=T + 3)
    + e('t/c2', mode=CHR | 0o600, rdev=(1, 3))
    + e('t/c2', mode=BLK | 0o600, rdev=(1, 3))
    + d('t/n') + e('t/n/x') + e('t/n', mode=FIFO | 0o611, uid=3, mtime=T + 4)
    + l('t/l', 'f') + e('t/l', mode=SOCK | 0o622))
row('unknown-over-all', d('t') + e('t/f', b'x') + e('t/f', mode=0o644)
    + d('t/d') + e('t/d', mode=0o030644) + e('t/new', mode=0) + e('t/b'))

# -- kinds of file
row('modes', d('t', 0o1777) + e('t/a', b'x', 0o104755)
    + e('t/b', b'x', 0o102755, uid=1, gid=2) + e('t/c', b'x', 0o101000)
    + e('t/d', b'x', 0o106777, uid=1000, gid=1000) + d('t/e', 0o7777, uid=9)
    + e('t/f', b'x', 0o100000) + e('t/g', mode=FIFO | 0o7777)
    + d('t/h', 0o6711))
row('mode-over-16-bits', d('t') + e('t/a', b'x', 0o7100644))
row('owners', d('t') + e('t/a', b'x', uid=0xfffffffe, gid=0x7fffffff)
    + e('t/b', b'x', uid=0xffffffff, gid=4) + l('t/l', 'a', uid=5, gid=6)
    + d('t/d', uid=7, gid=8) + e('t/c', mode=CHR, uid=9, gid=10))
row('setgid-dir', d('t', 0o2775, gid=50) + e('t/a', b'x') + d('t/d')
    + e('t/d/x') + l('t/l', 'a') + e('t/f', mode=FIFO | 0o644)
    + e('t/b', b'x', gid=50))
row('setgid-dir-later', d('t') + e('t/a', b'x') + d('t', 0o2775, gid=50)
    + e('t/b', b'x') + d('t', 0o755) + e('t/c', b'x'))
row('nodes', d('t') + e('t/c', mode=CHR | 0o620, rdev=(5, 1), gid=5)
    + e('t/b', mode=BLK | 0o660, rdev=(259, 70000))
    + e('t/max', mode=BLK, rdev=(4095, 0xfffff)) + e('t/zero', mode=CHR)
    + e('t/p', mode=FIFO | 0o666) + e('t/s', mode=SOCK | 0o777))
row('node-spill', d('t') + e('t/c', mode=CHR, rdev=(1, 0x300005))
    + e('t/d', mode=CHR, rdev=(0x12345, 7)))
row('node-body', d('t') + e('t/c', b'body', CHR | 0o600) + d('t/d', size=4)
    + b'body' + e('t/f', b'b', FIFO) + e('t/g', b'x', 0) + e('t/b'))
row('links', d('t') + l('t/a', '/x/y') + l('t/b', 'a' * 4095)
    + l('t/c', 'a' * 4096) + l('t/d', b'a\0b') + e('t/g'))
row('link-empty', d('t') + l('t/e', '') + l('t/f', b'\0x') + e('t/g'), 'tree',
    'symlink(2) makes none to nowhere, the kernel does',
    ['d 0755 0:0 - %d.000000000 - - /t' % T,
     '- 0644 0:0 0 %d.000000000 - 811c9dc5 /t/g' % T])
row('link-4097', d('t') + l('t/a', 'a' * 4097) + e('t/b'))
row('link-mode', d('t') + e('t/a', b'x', mode=LNK | 0o4600, uid=3))

# -- times
row('times', d('t', mtime=1) + e('t/a', b'x', mtime=0)
    + e('t/b', b'x', mtime=0xffffffff) + l('t/l', 'a', mtime=0x80000000)
    + e('t/p', mode=FIFO, mtime=123) + d('t/d', mtime=0x7fffffff)
    + e('t/d/x', b'x', mtime=7) + d('t/d/e', mtime=9) + e('t/d/e/f'))
row('times-twice', d('t', mtime=1) + d('t/a', mtime=2) + d('t', mtime=3)
    + e('t/a/x', b'x') + d('t/b') + d('t/b', mtime=4))
row('times-moved', d('t') + d('t/a', mtime=5) + l('t/a', 'b', mtime=6)
    + d('t/b', mtime=7) + l('p', 't') + d('p/c', mtime=8) + l('p', 't/b'))
row('times-linked', d('t') + e('t/a', b'x', ino=5, nlink=2, mtime=1)
    + e('t/b', ino=5, nlink=2, mtime=2))

# -- hard links
H = dict(ino=77, nlink=3)
row('hard-first', d('t') + e('t/a', TEXT, **H) + e('t/b', **H) + e('t/c', **H))
row('hard-last', d('t') + e('t/a', **H) + e('t/b', **H) + e('t/c', TEXT, **H))
row('hard-all', d('t') + e('t/a', TEXT, **H) + e('t/b', TEXT[:50], **H)
    + e('t/c', TEXT[:9], **H))
row('hard-dirs', d('t') + d('u') + e('t/a', TEXT, **H) + d('t/v')
    + e('u/b', **H) + e('t/v/c', **H))
row('hard-owner', d('t') + e('t/a', TEXT, 0o104755, uid=4, **H)
    + e('t/b', b'', 0o100600, uid=5, **H))
row('hard-nodes', d('t') + e('t/a', mode=CHR | 0o600, rdev=(1, 3), **H)
    + e('t/b', mode=CHR | 0o666, rdev=(9, 9), uid=4, **H)
    + e('t/f', mode=FIFO | 0o600, ino=5, nlink=2)
    + e('t/g', mode=FIFO | 0o600, ino=5, nlink=2)
    + e('t/s', mode=SOCK, ino=6, nlink=2) + e('t/t', mode=SOCK, ino=6, nlink=2))
row('hard-itself', d('t') + e('t/a', TEXT, **H) + e('t/a', **H) + e('t/b'))
row('hard-not-links', d('t') + l('t/a', 'x', **H) + l('t/b', 'x', **H)
    + d('t/c', **H) + d('t/d', **H) + e('t/e', b'e', **H))
row('hard-keys', d('t') + e('t/a', b'a', dev=(1, 1), **H)
    + e('t/b', b'b', dev=(1, 2), **H) + e('t/c', b'c', dev=(2, 1), **H)
    + e('t/d', b'd', ino=78, nlink=2) + e('t/e', mode=FIFO, dev=(1, 1), **H)
    + e('t/f', dev=(1, 2), **H))
row('hard-one', d('t') + e('t/a', b'a', ino=5) + e('t/b', b'b', ino=5)
    + e('t/c', b'c', ino=5, nlink=0))
row('hard-trailer', d('t') + e('t/a', b'a', **H) + END + e('t/b', b'b', **H)
    + e('t/c', **H))
row('hard-name-twice', d('t') + e('t/a', TEXT, **H) + e('t/a', TEXT, **H)
    + e('t/b', b'x', **H))
row('hard-first-dropped', d('t') + e('no/a', TEXT, **H) + e('t/b', b'x', **H)
    + e('t/c', b'y', **H))
row('hard-over-all', d('t') + e('t/a', TEXT, **H) + e('t/f', b'x')
    + e('t/f', **H) + d('t/d') + e('t/d', **H) + d('t/n') + e('t/n/x')
    + e('t/n', b'x', **H) + l('t/l', 'n') + e('t/l', **H))
row('hard-first-replaced', d('t') + e('t/a', TEXT, **H) + d('x')
    + e('t/a', b'other') + e('t/b', **H) + e('t/c', b'cc', **H))
row('hard-first-dir', d('t') + e('t/a', TEXT, **H) + d('t/a')
    + e('t/b', b'x', **H))
row('hard-first-link', d('t') + e('t/a', TEXT, **H) + e('t/x', b'safe')
    + l('t/a', 'x') + e('t/b', b'x', **H), 'tree',
    'the kernel writes to what the symlink leads to',
    ['d 0755 0:0 - %d.000000000 - - /t' % T,
     'l 0777 0:0 1 %d.000000000 2#1 x /t/a' % T,
     'l 0777 0:0 1 %d.000000000 2#1 x /t/b' % T,
     '- 0644 0:0 4 %d.000000000 - ad27ee58 /t/x' % T])
row('hard-first-fifo', d('t') + e('t/a', TEXT, **H) + e('t/a', mode=FIFO | 0o600)
    + e('t/b', b'x', **H) + e('t/c'), 'accept',
    'the kernel waits for someone to read the FIFO, for ever',
    ['d 0755 0:0 - %d.000000000 - - /t' % T,
     'p 0600 0:0 0 %d.000000000 2#1 - /t/a' % T,
     'p 0600 0:0 0 %d.000000000 2#1 - /t/b' % T,
     '- 0644 0:0 0 %d.000000000 - 811c9dc5 /t/c' % T])
row('hard-many', d('t') + b''.join(
    e('t/%d.%d' % (i % 100, i), b'x' if i < 100 else b'', ino=i % 100, nlink=3)
    for i in range(300)))

# -- compressors
PART = 'how much comes out before the damage is the decoder\'s choice'
for name, pack in PACKERS.items():
    row(name, pack(SOME))
    row(name + '-plain', pad(pack(SOME) + (b'' if name == 'lz4' else bytes(4)))
        + e('u', b'u') + END)
    row(name + '-gzip', pack(SOME) + gz(e('u', b'u') + END))
    row('plain-' + name, e('u', b'u') + END + pack(SOME))
    row(name + '-zeros-gzip', pack(SOME) + bytes(5) + gz(e('u', b'u') + END))
row('lz4-magic', lz4(SOME)[:2] + b'zz' + lz4(SOME)[4:])
row('microcode', d('k') + e('k/x', bytes(3000)) + END + bytes(300)
    + gz(SOME) + zstd(e('u', b'u') + END) + bytes(1) + xz(e('v', b'v')))
row('gzip-entry-in-two', gz(SOME[:300]) + gz(SOME[300:]))
row('gzip-padding', gz(SOME + bytes(512) + e('u', b'u') + END + bytes(100)))
row('gzip-padding-first', gz(bytes(512) + SOME))
first('gzip-padding-first-of-all', gz(bytes(512) + SOME))
first('gzip-zeros-before', bytes(7) + gz(SOME))
row('gzip-padding-odd', gz(SOME + bytes(3) + e('u', b'u')))
row('gzip-padding-odd-first', gz(bytes(3) + SOME))
row('gzip-junk', gz(SOME + b'x'))
row('gzip-junk-first', gz(b'hello'))
row('gzip-nested', gz(gz(SOME)))
row('gzip-empty', gz(b'') + gz(SOME))
first('gzip-empty-first', gz(b'') + gz(SOME))
row('gzip-zeros', gz(bytes(99)) + gz(SOME))
row('gzip-short-entry', gz(SOME[:-60]))
row('gzip-short-pad', gz((d('t') + e('t/a', b'12345'))[:-3]))
row('gzip-truncated', gz(SOME)[:-30],
    'part', PART)
row('gzip-truncated-sum', gz(SOME)[:-5])
row('gzip-wrong-sum', gz(SOME)[:-8] + b'sum!' + gz(SOME)[-4:], 'refuse',
    'the kernel skips the checksum')
row('gzip-wrong-size', gz(SOME)[:-4] + b'size', 'refuse',
    'the kernel skips the checksum')
row('gzip-name', b'\x1f\x8b\x08\x08' + gz(SOME)[4:10] + b'name\0'
    + gz(SOME)[10:])
row('gzip-extra', b'\x1f\x8b\x08\x04' + gz(SOME)[4:10] + b'\3\0abc'
    + gz(SOME)[10:], 'accept', 'the kernel skips names, but no extra field',
    'plain')
row('gzip-method', b'\x1f\x8b\x07' + gz(SOME)[3:])
row('gzip-old', b'\x1f\x9e' + gz(SOME)[2:])
row('bzip2-truncated', bz2.compress(SOME)[:-9],
    'part', PART)
row('bzip2-wrong', bz2.compress(SOME)[:60] + b'?' + bz2.compress(SOME)[61:],
    'part', PART)
row('xz-crc64', xz(SOME, lzma.CHECK_CRC64), 'accept',
    'what xz makes by default; the kernel has CRC32 only', 'plain')
row('xz-none', xz(SOME, lzma.CHECK_NONE))
row('xz-sha256', xz(SOME, lzma.CHECK_SHA256))
row('xz-x86', lzma.compress(SOME, check=lzma.CHECK_CRC32, filters=[
    {'id': lzma.FILTER_X86}, {'id': lzma.FILTER_LZMA2}]))
row('xz-delta', lzma.compress(SOME, check=lzma.CHECK_CRC32, filters=[
    {'id': lzma.FILTER_DELTA}, {'id': lzma.FILTER_LZMA2}]))
row('xz-truncated', xz(SOME)[:-20],
    'part', PART)
row('xz-wrong', xz(SOME)[:70] + b'?' + xz(SOME)[71:],
    'part', PART)
row('lzma-size', alone(SOME)[:5] + struct.pack('<Q', len(SOME))
    + alone(SOME)[13:], 'accept',
    'the kernel takes no end marker after a known size', 'plain')
row('lzma-truncated', alone(SOME)[:-20],
    'part', PART)
row('zstd-no-sum', zstd(SOME, '--no-check'))
row('zstd-wrong-sum', zstd(SOME)[:-1] + b'?',
    'part', PART)
row('zstd-truncated', zstd(SOME)[:-20],
    'part', PART)
row('zstd-skippable', b'\x50\x2a\x4d\x18\4\0\0\0skip' + zstd(SOME))
for n in 27, 28:
    # one raw block, last of a frame without checksum
    row('zstd-window-%d' % n, b'\x28\xb5\x2f\xfd\0' + bytes([(n - 10) << 3])
        + struct.pack('<I', len(SOME) << 3 | 1)[:3] + SOME)
row('lz4-frame', lz4(SOME, '-1'))
row('lz4-twice', lz4(SOME) + lz4(e('u', b'u') + END))
row('lz4-plain-at-once', lz4(SOME) + e('u', b'u') + END)
row('lz4-zeros-plain', lz4(SOME) + bytes(4 + -len(lz4(SOME)) % 4)
    + e('u', b'u') + END)
row('lz4-truncated', lz4(SOME)[:-20],
    'part', PART)
row('lz4-big', lz4(d('t') + e('t/big', bytes(9 << 20)) + SOME))
row('lzo-no-sum', lzo(SOME, '--no-checksum'))
row('lzo-crc32', lzo(SOME, '--crc32'))
row('lzo-truncated', lzo(SOME)[:-20],
    'part', PART)
row('lzo-wrong-sum', lzo(SOME)[:46] + b'sum!' + lzo(SOME)[50:], 'refuse',
    'the kernel skips the checksum')
row('unknown-magic', b'PK\3\4' + bytes(40))


def image(data, order, init=b''):
    """What the kernel is given: INIT is the archive that holds /init."""
    return pad(data) + init if order == 'first' else init + data


# To look up a path in, without unpacking.
WANTED = (e('init', mode=REG | 0o755) + d('usr') + d('usr/bin') + d('lib')
          + l('bin', 'usr/bin') + l('bin/init', '/lib/../usr/bin/real')
          + d('bin/sub') + e('usr/bin/real', TEXT) + l('loop', 'loop')
          + e('gone', b'x') + d('gone') + d('full')
          + e('full/x') + e('full', b'x') + e('no/init')
          + e('run', TEXT, mode=REG | 0o755) + END)


# About 64 KiB that do not compress, in a few files, one of them in the kernel's
# other format, for cutting off and changing bytes.
def noise(length, seed=1):
    out = bytearray()
    while len(out) < length:
        seed = seed * 6364136223846793005 + 1442695040888963407 & 2 ** 64 - 1
        out.append(seed >> 56)
    return bytes(out)


_parts = [d('t'), e('t/a', noise(30000), ino=5, nlink=2), e('t/b', ino=5, nlink=2),
          e('t/c', noise(20000, 2), magic=b'070702'), l('t/l', 'a'),
          e('t/n', mode=CHR, rdev=(1, 3)), e('t/d', noise(14000, 3)), END]
BIG = b''.join(_parts)
# Where it can be cut off and still be an archive: between its entries, and in
# the 3 bytes of padding after the symlink's target, as for the kernel.
BIG_ENDS = len(_parts) - 1 + 3


# What reaches a line of lib/ that no row does: SOME as each packer packs it, cut
# off after so many bytes, or with one byte changed (offset=value). They were
# chosen by libFuzzer's -merge=1 from all cuts and from many changed bytes.
DAMAGE = {
    'plain': '8=00 10=00',
    'bzip2': '98=00 217=00 217=ff',
    'xz': '189',
    'lzma': '65 84 154 4=40 19=80 23=01 23=80 24=20 29=20 31=01',
    'lzo': '2 16 21 34 38 42 315 4=80 34=20 38=ff 40=00 40=ff 203=ff',
    'lz4': '2 5 6 7 4=01 32=40 39=40 98=00',
    'zstd': '2 6 54 4=01 49=01 49=80 52=01 56=01',
}


def damaged():
    """{name: archive} as DAMAGE has them."""
    made = {}
    for name, how in DAMAGE.items():
        data = PACKERS.get(name, bytes)(SOME)
        for i in how.split():
            at, _, value = i.partition('=')
            at = int(at)
            if value:
                made['%s-byte-%d-%s' % (name, at, value)] = (
                    data[:at] + bytes.fromhex(value) + data[at + 1:])
            else:
                made['%s-cut-%d' % (name, at)] = data[:at]
    return made


def seeds():
    """{name: archive} for the fuzzer: every row, the damaged ones, what init is,
    and more than one piece of the ring, in small blocks."""
    made = {'row-' + i[0]: i[1] for i in rows}
    made.update(damaged())
    run, linked = {'mode': REG | 0o755}, {'mode': REG | 0o755, 'ino': 9, 'nlink': 2}
    text = bytes(b'abcdefgh '[i % 9] for i in noise(9000))
    pieces = (d('t') + e('t/a', text, magic=b'070702')
              + e('t/b', text[:3000], ino=4, nlink=2) + e('t/c', ino=4, nlink=2)
              + END)
    blocks = tool(pieces, 'zstd', '-qc', '-9', '--target-compressed-block-size=600')
    made.update({
        'zero-byte': bytes(1), 'zeros-8': bytes(8), 'zero-digit': bytes(1) + b'0',
        'found': WANTED,
        'itself': e('init', b'#!x', **linked) + e('init', **linked) + END,
        'none': e('init', b'#!x', **run) + e('init', mode=0) + d('sbin')
        + e('sbin/init', b'x') + END,
        'slash': d('u') + l('sbin', 'u') + e('u/init', b'#!x', **run) + d('sbin/')
        + e('init', b'x') + d('init/') + END,
        'links': e('a', b'#!x', **linked) + l('b', 'a') + l('init', 'b')
        + e('a', mode=FIFO | 0o600) + d('sbin') + e('sbin/init', b'x', **linked)
        + END,
        'gzip': gz(pieces), 'xz': xz(pieces), 'zstd': blocks,
        'zstd-cut': blocks[:len(blocks) * 2 // 3]})
    return made


def main():
    names = [i[0] for i in rows]
    assert len(set(names)) == len(names)
    if sys.argv[1:2] == ['--seeds']:
        os.makedirs(sys.argv[2], exist_ok=True)
        for name, data in seeds().items():
            with open(os.path.join(sys.argv[2], name), 'wb') as f:
                f.write(data)
        return
    if sys.argv[1:] == ['--list']:
        for name, _, order, verdict, _, _ in rows:
            print(name, order, verdict)
        return
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data, _, _, _, _ in rows:
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            with open(os.path.join(sys.argv[1], name), 'wb') as f:
                f.write(data)


if __name__ == '__main__':
    main()
