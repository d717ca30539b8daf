#!/bin/sh
# help.sh - what "make VERB" does, one line each, and the settings
#
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cat << 'EOF'
make              build generated/bin/toybox, .../leafroot, leafroot.cpio.gz
make help         this
make boot         boot a Debian root, a container before and after leafroot
make check        what needs no boot: under 30 seconds, no root, no network
make test         every test, with real boots (25 minutes, as root)
make list         the names of all tests, or of those that T matches
make lint         shellcheck, warnings, line widths, lengths, names, includes
make fuzz         a minute of fuzzing for each thing that parses
make torture      random mounts, failing calls, signals, little memory (30
                  minutes, as root; PART= is one of these)
make cover        which of our lines and branches tests reach
make asan         tests with the address and undefined sanitizers
make tsan         the workers with the thread sanitizer
make bench        time and memory beside cp, tar, rsync...
make image        the Debian root that make boot boots
make menuconfig   try other applets in generated/bin/toybox
make check-warnings
                  compile our sources with -Wall -Wextra -Werror
make install      generated/bin/leafroot into DESTDIR/PREFIX/sbin
make clean        remove what was built; make distclean: downloads too

make test T='GLOB|GLOB...'         the tests whose names match as a whole, and
                                   only what they need: T='boot keep-*',
                                   T='undo:*|archive: zstd*', T='host: *'
make test KERNEL=6.12 CPUS=4       the kernel of most boots; boots at once
make TOYBOX=DIR                    on that toybox checkout, not release 0.8.9
make boot INITRD=FILE APPEND='...' your own initramfs; also KERNEL=, MEM=MiB
make bench TREES=unpack            see scripts/bench.sh
make install PREFIX=/usr/local DESTDIR=
EOF
