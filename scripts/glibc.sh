#!/bin/sh
# glibc.sh DIR [FLAGS... FILE.c...] - DIR/leafroot, the applet as generated/single
# has it, but with the host's own C library and compiled with FLAGS: sanitizers
# and coverage want that. FILE.c, named from /, is one more source. What did not
# change is not compiled again.
#
# The decoders are those of generated/lib, made for musl. They ask nothing of a C
# library that glibc would do otherwise.
# Copyright 2026 The leafroot authors
# shellcheck disable=SC2016
# SPDX-License-Identifier: 0BSD

[ -n "$1" ] || { echo "usage: glibc.sh DIR [FLAGS...]" >&2; exit 1; }
cd "${0%/*}/.." && mkdir -p "$1/applet" && out=$1/applet || exit 1
shift
single=generated/single
[ -e $single/generated/config.h ] ||
  { echo 'glibc.sh: first run "make"' >&2; exit 1; }
scripts/need.sh gcc=gcc make=make /usr/include/stdio.h=libc6-dev || exit 1

flags='' more=''
for i
do
  case "$i" in
    *.c) more="$more $i" ;;
    *) flags="$flags $i" ;;
  esac
done

# toybox declares a basename() of its own where glibc has one already, if it's
# asked for what is not in POSIX: it gets another name.
cat > "$out/rules.new" << END || exit 1
TOP = $PWD
FLAGS = -g -D_GNU_SOURCE -Dbasename=toybox_basename -funsigned-char \\
  -ffunction-sections -fdata-sections -fno-strict-aliasing -w$flags \\
  -I\$(TOP) -I\$(TOP)/$single -idirafter \$(TOP)/generated/lib/uapi \\
  -I\$(TOP)/generated/lib/include
LIBS = -L\$(TOP)/generated/lib/lib -ldecoders -lz -lm -pthread
all: ../leafroot
END
objects=
for i in lib/*.c toys/pending/*.c "$single/main.c" "$single"/lib/*.c $more
do
  case "$i" in "$single"/lib/*) [ ! -e "lib/${i##*/}" ] || continue ;; esac
  name=$(echo "$i" | tr / +)
  name=obj/${name%.c}.o
  objects="$objects $name"
  printf '%s:\n\t@mkdir -p obj\n\t@gcc $(FLAGS) -MMD -MP -c -o $@ %s\n' "$name" \
    "$PWD/${i#"$PWD/"}" >> "$out/rules.new"
done
{
  printf '../leafroot:%s rules\n\t@gcc $(FLAGS) -Wl,--gc-sections -o $@' \
    "$objects"
  printf ' $(filter-out rules,$^) $(LIBS)\n-include $(wildcard obj/*.d)\n'
} >> "$out/rules.new"
if cmp -s "$out/rules.new" "$out/rules"
then
  rm -f "$out/rules.new"
else
  rm -rf "$out/obj" && mv "$out/rules.new" "$out/rules" || exit 1
fi
make -s -C "$out" -f rules -j "${CPUS:-$(nproc)}" > "$out/make.log" 2>&1 && exit
grep 'error\|undefined' "$out/make.log" >&2
exit 1
