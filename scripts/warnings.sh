#!/bin/sh
# warnings.sh - compile each of our own sources with -Wall -Wextra. A warning is
# an error. toybox's headers come as system headers, so what they have is not
# ours; char subscripts and pointer signs are toybox's own style.
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." || exit 1
fail=0
for i in toys/pending/*.c lib/*.c
do
  scripts/musl-cc.sh -Os -funsigned-char -Wall -Wextra -Werror \
    -Wno-char-subscripts -Wno-pointer-sign -isystem generated/single \
    -c -o /dev/null "$i" || { echo "warnings in $i" >&2; fail=1; }
done
[ "$fail" -eq 0 ] && echo "no warnings"
