# leafroot: a fork of toybox kept as an overlay. Every verb is one script, and
# "make help" says what each is for.
# SPDX-License-Identifier: 0BSD

export TOYBOX INITRD APPEND MEM KERNEL DESTDIR PREFIX CPUS V T

all:
	@scripts/build.sh

help:
	@scripts/help.sh

boot: all
	@scripts/boot.sh

check:
	@scripts/check.sh

test: all
	@scripts/test.sh

list: all
	@scripts/test.sh --list

lint: all
	@scripts/lint.sh

cover:
	@scripts/cover.sh

asan:
	@scripts/asan.sh

tsan:
	@scripts/tsan.sh

bench: all
	@scripts/bench.sh

image: all
	@scripts/image.sh

fuzz: all
	@scripts/fuzz.sh

menuconfig:
	@scripts/build.sh menuconfig

check-warnings: all
	@scripts/warnings.sh

torture: all
	@scripts/torture.sh

install: all
	@scripts/install.sh

clean:
	@scripts/clean.sh

distclean:
	@scripts/clean.sh all

.PHONY: all help boot check test list lint cover asan tsan bench image fuzz \
  torture menuconfig check-warnings install clean distclean
.NOTPARALLEL:
