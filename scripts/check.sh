#!/bin/sh
# check.sh - what can be checked in half a minute, without root or a network:
# the unit tables (tests/leafroot/unit), the fuzz targets on their committed
# corpus, compiler warnings, and shellcheck on every script. "make" comes first:
# it makes the libraries and toybox's headers.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && mkdir -p generated/check generated/log || exit 1
out=generated/check
[ -e generated/single/generated/config.h ] ||
  { echo 'check.sh: first run "make"' >&2; exit 1; }

# The files of the repository, or those that are there where git is not
files()
{
  git ls-files 2> /dev/null | grep . ||
    find . -type f ! -path './generated/*' ! -path './.git/*' | cut -c 3-
}

# A shell script is one by its name or by its first line.
scripts()
{
  files | while read -r i
  do
    [ -f "$i" ] || continue
    case "$i" in
      *.sh|tests/*.test) echo "$i" ;;
      */*.*) ;;
      *) head -n 1 "$i" | LC_ALL=C grep -aqE '^#!.*[/ ](ba|da|k)?sh( |$)' &&
           echo "$i" ;;
    esac
  done
}

shell()
{
  scripts/need.sh shellcheck=shellcheck > "$out/shellcheck" 2>&1 ||
    { echo "FAIL: shellcheck: $(tail -n 1 "$out/shellcheck")"; return 1; }
  # SC1091: what is sourced by a path of the machine that is booted
  if scripts | tee "$out/scripts" | tr '\n' '\0' |
    xargs -0 -n 8 -P 2 shellcheck -e SC1091 > "$out/shellcheck" 2>&1
  then
    echo "PASS: shellcheck: $(grep -c . "$out/scripts") scripts"
  else
    echo "FAIL: shellcheck, see $out/shellcheck"
    grep -a '^In \|\^.*SC[0-9]' "$out/shellcheck" | head -n 40
  fi
}

warnings()
{
  if scripts/warnings.sh > "$out/warnings" 2>&1
  then
    echo "PASS: $(tail -n 1 "$out/warnings")"
  else
    echo "FAIL: compiler warnings, see $out/warnings"
    grep 'warning\|error' "$out/warnings" | head -n 20
  fi
}

# Two at once, in whole lines
shell > "$out/shell.out" 2>&1 &
warnings > "$out/warnings.out" 2>&1 &
scripts/units.sh "$out/units" -- -O1 > "$out/units.out" 2>&1
rc=$?
wait
cat "$out/units.out" "$out/warnings.out" "$out/shell.out" |
  tee generated/log/check
scripts/count.sh generated/log/check "$rc"
