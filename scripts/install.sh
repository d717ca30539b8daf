#!/bin/sh
# install.sh - put leafroot into $DESTDIR$PREFIX/sbin. Nothing else.
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && dir=$DESTDIR${PREFIX:-/usr/local}/sbin || exit 1
mkdir -p "$dir" && install -m 755 generated/bin/leafroot "$dir/leafroot" &&
  echo "$dir/leafroot"
