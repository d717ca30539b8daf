# leafroot: a fork of toybox kept as an overlay. Every verb is one script.
#
#   make TOYBOX=DIR    build on that toybox checkout instead of release 0.8.9
#   make boot INITRD=FILE APPEND='...'    boot your own initramfs
#   make install DESTDIR=DIR PREFIX=/usr/local
# SPDX-License-Identifier: 0BSD

export TOYBOX INITRD APPEND MEM KERNEL DESTDIR PREFIX CPUS V

all:
	@scripts/build.sh

boot: all
	@scripts/boot.sh

test: all
	@scripts/test.sh

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

install: all
	@scripts/install.sh

# Build results only: what was downloaded stays.
clean:
	rm -rf generated/toybox generated/single generated/lib generated/bin generated/log

distclean:
	find generated -mindepth 1 -maxdepth 1 ! -name .gitignore -exec rm -rf {} +

.PHONY: all boot test bench image fuzz menuconfig check-warnings install clean distclean
.NOTPARALLEL:
