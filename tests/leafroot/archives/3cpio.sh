#!/bin/sh
# 3cpio.sh ARG... - run 3cpio, which only sid has so far, on sid's own libc
# SPDX-License-Identifier: 0BSD

die() { echo "3cpio.sh: $*" >&2; exit 1; }

top=$(cd "${0%/*}/../../.." && pwd) dir=$top/generated/test/3cpio
lib=$dir/usr/lib/$(uname -m)-linux-gnu
[ -x "$dir/usr/bin/3cpio" ] || (
  conf=$("$top"/scripts/apt.sh sid) && rm -rf "$dir.new" "$dir" &&
    mkdir -p "$dir.new" && cd "$dir.new" || exit 1
  APT_CONFIG=$conf apt-get -q download 3cpio libc6 libgcc-s1 > log 2>&1 ||
    die "$(grep '^E:' log | tail -n 1)"
  for i in *.deb
  do
    dpkg -x "$i" . && rm "$i" || die "$i does not unpack"
  done
  mv "$dir.new" "$dir"
) || exit 1
exec "$lib"/ld-linux-x86-64.so.2 --library-path "$lib" "$dir/usr/bin/3cpio" "$@"
