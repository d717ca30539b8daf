#!/bin/sh
# lint.sh - what can be told of the sources without running them. One line for
# each check, and before it what is wrong. They all run.
#
# Copyright 2026 The leafroot authors
# shellcheck disable=SC2317  # check calls them
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && dir=$PWD/generated/lint && rm -rf "$dir" &&
  mkdir -p "$dir" || exit 1
scripts/need.sh shellcheck=shellcheck nm=binutils gcc=gcc python3=python3 || exit 1
[ -e generated/single/generated/config.h ] || scripts/build.sh || exit 1
scripts/lib.sh uapi || exit 1
fail=0

# check NAME COMMAND: COMMAND prints what is wrong, and nothing if nothing is.
check()
{
  if "$2" > "$dir/said" 2>&1 && [ ! -s "$dir/said" ]
  then
    echo "lint: $1: ok"
  else
    cat "$dir/said"
    echo "lint: $1: FAILED"
    fail=1
  fi
}

# Every file of the repository, or, where it is none, of the directory
tracked()
{
  git ls-files -co --exclude-standard "$@" 2> /dev/null || find "$@" -type f
}

shell()
{
  tracked . | while read -r i
  do
    [ ! -f "$i" ] || case "$i" in
      *.sh) echo "$i" ;;
      *) head -n 1 "$i" | grep -aqE '^#!/.*sh$' && echo "$i" ;;
    esac
  done | xargs shellcheck
}

warnings() { scripts/warnings.sh > "$dir/warnings" 2>&1 || cat "$dir/warnings"; }

ours() { tracked toys lib | grep '\.[ch]$'; }

# With tabs as wide as they are shown
columns()
{
  ours | while read -r i
  do
    expand "$i" | awk -v f="$i" \
      'length > 80 { print f ":" NR ": " length " columns" }'
  done
}

files()
{
  ours | while read -r i
  do
    n=$(wc -l < "$i")
    [ "$n" -le 500 ] || echo "$i: $n lines"
  done
}

# From its name to the brace that closes it, both at the line's beginning
functions()
{
  # shellcheck disable=SC2016
  ours | grep '\.c$' | xargs awk '
    FNR == 1 { name = ""; open = 0 }
    !open && /^[a-z][^;=]*\(/ && !/^(struct|union|enum) [a-z_]* *{/ {
      name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); start = FNR
    }
    (/^{/ || /^[a-z ].*\) *{$/) && name != "" { open = 1 }
    /^}/ && open {
      if (FNR-start+1 > 60)
        print FILENAME ":" start ": " name ": " FNR-start+1 " lines"
      open = 0; name = ""
    }'
}

# lib/ with every decoder, as the tests see it; the applet as it is built. A
# table of pointers is constant only where the program has a fixed place.
objects()
{
  for i in lib/*.c
  do
    scripts/musl-cc.sh -Os -funsigned-char -fno-pie -w -Itests/leafroot/include \
      -I. -c -o "$dir/$(basename "$i" .c).o" "$i" || return 1
  done
  scripts/musl-cc.sh -Os -funsigned-char -fno-pie -w -isystem generated/single \
    -c -o "$dir/applet.o" toys/pending/leafroot.c
}

# What a library looks for by that name is not ours to call: ISA-L's parts that
# lib/decompress.c has in the place of its own, and libbz2's way out.
HOOKS='isal_.*|crc32_gzip_refl.*|decode_huffman_code_block_stateless
|hufftables_default|bz_internal_error'
exported()
{
  for i in lib/*.c
  do
    nm -g --defined-only "$dir/$(basename "$i" .c).o" |
      awk '{ print $3 }' | grep -vxE "lr_.*|$(echo "$HOOKS" | tr -d '\n')" |
      sed "s@^@$i: @"
  done
}

# The one that is allowed, in one place: a signal handler can reach nothing else.
FLAG=asked
mutable()
{
  for i in "$dir"/*.o
  do
    nm "$i" | awk '$2 ~ /^[BbDdCcGgSs]$/ { print $2, $3 }' |
      grep -vxE "B ($(echo "$HOOKS" | tr -d '\n'))" |
      sed "s@^@$(basename "$i" .o): @"
  done > "$dir/data"
  if [ "$(grep -cx ".*: [Bb] $FLAG" "$dir/data")" -le 1 ]
  then
    grep -vx ".*: [Bb] $FLAG" "$dir/data"
  else
    cat "$dir/data"
  fi
  :
}

# Who includes whom in lib/, where x.c and x.h are one
arrows()
{
  grep -HoE '^#include "(lib/)?[a-z0-9_]+\.h"' lib/*.[ch] |
    sed -E 's@^lib/([a-z0-9_]+)\.[ch]:#include "(lib/)?([a-z0-9_]+)\.h"@\1 \3@' |
    awk '$1 != $2 && $2 != "toys"' | sort -u | tsort > /dev/null
  grep -nE '#include.*toys/|FOR_[a-z]+|TT\.|GLOBALS' lib/*.[ch]
  :
}

# Nothing on the pages names or links to what is not there
pages() { scripts/www.sh > "$dir/pages" 2>&1 || cat "$dir/pages"; }

check "shellcheck of every script" shell
check "-Wall -Wextra -Werror" warnings
check "80 columns in toys/ and lib/" columns
check "no file of toys/ and lib/ over 500 lines" files
check "no function of toys/ and lib/ over 60 lines" functions
check "lib/ and the applet compile by themselves" objects
check "what lib/ exports begins with lr_" exported
check "nothing of lib/ and the applet can be changed but $FLAG" mutable
check "no circle in lib/, and no way up to toys/" arrows
check "www/ agrees with the tree" pages
exit "$fail"
