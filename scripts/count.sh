#!/bin/sh
# count.sh LOG [RC] - the last line of a test run whose lines are in LOG: count
# those that begin with PASS: and FAIL:, and fail if there is one of the latter.
# What said nothing did not run, which is a failure, as is RC, the exit status
# of what was run, when no line tells of it.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

# The test framework colours its words on a terminal.
plain() { sed 's/\x1b\[[0-9;]*m//g' "$1"; }
passed=$(plain "$1" | grep -ac '^PASS: ')
failed=$(plain "$1" | grep -ac '^FAIL: \|^SKIP: ')
if [ $((passed+failed)) -eq 0 ] ||
  { [ "${2:-0}" -ne 0 ] && [ "$failed" -eq 0 ]; }
then
  failed=$((failed+1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
