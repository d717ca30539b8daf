#!/bin/sh
# cover.sh - which of our lines and branches the tests reach that need no boot:
# the unit tables, the fuzz targets on their corpus, and the applet in the tests
# that move a root on this machine. A table of all files is printed; each line
# that was not reached is in generated/cover/uncovered. Needs root.
#
# The data is written when a program ends or executes another one (libgcov's
# __gcov_execve), for _exit() too. While a root is moved it's written to the
# machine's own file system, that applet.sh binds into it.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && mkdir -p generated/cover generated/log || exit 1
out=generated/cover log=generated/log/cover
# To start anew: what was counted for other sources is of no use.
find "$out" -name '*.gcda' -delete
export GCOV_ERROR_FILE="$PWD/$out/errors" LEAFROOT_COVER="$PWD/$out"
flags="-O0 --coverage -fprofile-update=atomic -fprofile-abs-path"
scripts/need.sh gcov=gcc python3=python3 || exit 1

wrapped="$PWD/$out/wrapped.c"
cat > "$wrapped" << 'END' || exit 1
void __gcov_dump(void);
void __real__exit(int rc) __attribute__((noreturn));
__attribute__((noreturn)) void __wrap__exit(int rc)
{
  __gcov_dump();
  __real__exit(rc);
}
END

# Tests of what this build is not: fast, with musl's words for an error, and with
# no mount more than the test made
cat > "$out/not" << 'END' || exit 1
host: a dry run of -x
host: a dry run of -k /bin/sh
host: a dry run of -k /bin/..
host: a dry run of -k /
host: a dry run of a switch to what is mounted
host: a leaf takes less than 10 ms
END

applet()
{
  # shellcheck disable=SC2086
  scripts/glibc.sh "$out" $flags -static -Wl,--wrap=_exit "$wrapped" ||
    { echo "FAIL: cannot build"; return; }
  scripts/test.sh --list > "$out/list"
  gone=$(grep -vxFf "$out/list" "$out/not")
  [ -z "$gone" ] || echo "FAIL: no such test: $gone"
  T=$(grep '^\(host\|move\|copy first\|survey\|undo\): ' "$out/list" |
    grep -vxFf "$out/not" | tr '\n' '|') BIN=$out scripts/test.sh
}

{
  # shellcheck disable=SC2086
  gcc -c -o "$out/wrapped.o" "$wrapped" &&
    LIMIT=300 scripts/units.sh "$out/units" -- $flags -Wno-error \
      "$PWD/$out/wrapped.o" -Wl,--wrap=_exit
  applet | grep --line-buffered -av '^[0-9]* passed, [0-9]* failed$'
} 2>&1 | tee "$log"
scripts/cover-report.py "$out" lib/*.c toys/pending/*.c || exit 1
scripts/count.sh "$log"
