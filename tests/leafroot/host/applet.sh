#!/bin/sh
# applet.sh ROOT FILE - put FILE, the leafroot under test, on ROOT as
# /bin/leafroot. What is shipped is static and that is all. A build for a
# sanitizer gets its loader and libraries, and one that writes coverage data the
# directory $LEAFROOT_COVER, by its own name, so that no data is on ROOT itself.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cp "$2" "$1/bin/leafroot" || exit 1
ldd "$2" 2> /dev/null | grep -o '/[^ ]*' | while read -r i
do
  mkdir -p "$1/${i%/*}" && cp "$i" "$1/$i" || exit 1
done || exit 1
[ -z "$LEAFROOT_COVER" ] || { mkdir -p "$1/$LEAFROOT_COVER" &&
  mount --bind "$LEAFROOT_COVER" "$1/$LEAFROOT_COVER"; }
