#!/bin/sh
# asan.sh - under the address and undefined-behaviour sanitizers of gcc: the unit
# tables, the fuzz targets on their corpus, and the applet itself in those tests
# that move a root on this machine (tests/leafroot/host/host.sh and move.sh).
# Needs root, as those do.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && mkdir -p generated/asan generated/log || exit 1
out=generated/asan log=generated/log/asan
# What is compiled for a sanitizer gets warnings that the sources don't deserve.
flags="-O1 -fno-omit-frame-pointer -fsanitize=address,undefined
  -fno-sanitize-recover=all -Wno-error"

# Tests of what this build is not: musl's words for an error, a small root, one
# without shared libraries or without a /proc for the sanitizer, fast, and
# silent about files in use, which its own libraries are
cat > "$out/not" << 'END' || exit 1
host: options of a leaf are remounted
host: a dry run of -k /bin/sh
host: a dry run of -k /bin/..
host: a dry run of -k /
host: /proc not mounted
host: a chroot is refused
host: -p in a chroot
host: a leaf takes less than 10 ms
move: progress
END

applet()
{
  # shellcheck disable=SC2086
  scripts/glibc.sh "$out" $flags || { echo "FAIL: cannot build"; return; }
  scripts/test.sh --list > "$out/list"
  gone=$(grep -vxFf "$out/list" "$out/not")
  [ -z "$gone" ] || echo "FAIL: no such test: $gone"
  # Memory that is not freed goes with the process, which ends at once or
  # becomes init.
  T=$(grep '^\(host\|move\|copy first\|survey\): ' "$out/list" |
    grep -vxFf "$out/not" | tr '\n' '|') BIN=$out \
    ASAN_OPTIONS=detect_leaks=0 scripts/test.sh
}

# What a table forgets to free, lib/ may have forgotten to; but a request lives as
# long as the process. Statically linked there is no sanitizer.
echo leak:lr_request_read > "$out/leaks" || exit 1
tables=
for i in tests/leafroot/unit/*.c
do
  grep -q '^// unit:.* -static' "$i" || [ "${i##*/}" = replay.c ] || {
    i=${i##*/}
    tables="$tables ${i%.c}"
  }
done

# An archive can ask for windows of gigabytes, which only a sanitizer fills: the
# table of lib/decompress.c has one such, the corpus many.
{
  export LIMIT=300
  # shellcheck disable=SC2086
  LSAN_OPTIONS="suppressions=$PWD/$out/leaks:print_suppressions=0" \
    scripts/units.sh "$out/units" $tables -- $flags
  # shellcheck disable=SC2086
  ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256 \
    scripts/units.sh "$out/replay" replay -- $flags
  applet | grep --line-buffered -av '^[0-9]* passed, [0-9]* failed$'
} 2>&1 | tee "$log"
scripts/count.sh "$log"
