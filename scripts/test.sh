#!/bin/bash
# test.sh - run tests/leafroot.test in the merged tree, under toybox's own test
# framework, on the binaries that are shipped: generated/bin is the PATH's head
# and TEST_HOST keeps the framework from building its own. The last line counts
# what was really reported. With T, globs with | between them, only the tests
# whose whole name matches one: the name as PASS: shows it, without "leafroot".
# test.sh --list prints these names and tests nothing. BIN is the directory of
# another leafroot to test: asan.sh and its sisters have one each.
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." || exit 1
export LEAFROOT_TOP=$PWD TEST_HOST=1 PATH=$PWD/${BIN:-generated/bin}:$PATH
export VERBOSE=${VERBOSE:-all} LEAFROOT_TESTS=$T
unset T
log=$LEAFROOT_TOP/generated/log/test
# The framework has one directory to work in. What it starts does not get the
# lock: it may outlive a run that is killed.
exec 5> "$LEAFROOT_TOP/generated/log/test.lock" && flock -n 5 ||
  { echo "test.sh: another make test runs" >&2; exit 1; }
if [ "$1" = --list ]
then
  cd generated/toybox && LEAFROOT_LIST=y exec scripts/test.sh leafroot
fi

(cd generated/toybox && scripts/test.sh "${@:-leafroot}") 5>&- 2>&1 |
  tee "$log" 5>&-
rc=${PIPESTATUS[0]}

# The framework colours its words on a terminal.
plain() { sed 's/\x1b\[[0-9;]*m//g' "$log"; }
passed=$(plain | grep -c '^PASS: ') failed=$(plain | grep -c '^FAIL: ')
skipped=$(plain | grep '^SKIP: ')

# Nothing is skipped here, and a suite that reported nothing did not run.
if [ -n "$skipped" ]
then
  echo "$skipped"
  failed=$((failed+$(echo "$skipped" | wc -l)))
fi
if [ $((passed+failed)) -eq 0 ]
then
  [ -z "$LEAFROOT_TESTS" ] || [ "$rc" -ne 0 ] ||
    echo "no test's name matches '$LEAFROOT_TESTS': see make list"
  failed=1
fi
[ "$rc" -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
