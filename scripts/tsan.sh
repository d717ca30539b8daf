#!/bin/sh
# tsan.sh - under gcc's thread sanitizer, what has threads: the unit tables that
# are linked with -pthread, the archives that the fuzz target unpacks, and the
# applet moving roots on this machine, with a worker for each processor. Needs
# root, as the last does.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && mkdir -p generated/tsan generated/log || exit 1
out=generated/tsan log=generated/log/tsan
flags="-O1 -fno-omit-frame-pointer -fsanitize=thread -Wno-error"

# The workers of a tree count for themselves, and the figures shown on the way
# are added up meanwhile. Those at the end are added up when all have ended. Where
# the machine can't read 64 bits at once a figure on the way can be wrong.
suppressed="$PWD/$out/suppressed.c"
echo 'char *__tsan_default_suppressions(void) { return "race_top:^sum$"; }' \
  > "$suppressed" || exit 1

applet()
{
  # shellcheck disable=SC2086
  scripts/glibc.sh "$out" $flags "$suppressed" || { echo "FAIL: cannot build"; return; }
  # The sanitizer's own libraries are in use, which "progress" does not expect.
  T=$(scripts/test.sh --list | grep '^\(move\|copy first\): ' |
    grep -vxF 'move: progress' | tr '\n' '|') BIN=$out scripts/test.sh
}

tables=
for i in tests/leafroot/unit/*.c
do
  i=${i##*/}
  ! grep -q '^// unit:.* -pthread' "tests/leafroot/unit/$i" ||
    tables="$tables ${i%.c}"
done
{
  # shellcheck disable=SC2086
  LIMIT=600 scripts/units.sh "$out/units" $tables replay -- $flags
  applet | grep --line-buffered -av '^[0-9]* passed, [0-9]* failed$'
} 2>&1 | tee "$log"
scripts/count.sh "$log"
