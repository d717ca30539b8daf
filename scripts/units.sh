#!/bin/sh
# units.sh DIR [NAME...] -- [FLAGS...] - build the unit tables, or those of the
# NAMEs, tests/leafroot/unit/NAME.c, with the host's own C library and FLAGS in
# DIR, and run them: "PASS: unit NAME: N rows" for each. What did not change is
# not compiled again. The NAME "replay" is no table: it is every fuzz target, on
# the files of its committed corpus.
#
# A table says what it is linked with: "// unit: lib/x.c lib/y.c -lz", a fuzz
# target the same by "// fuzz: ".
# Copyright 2026 The leafroot authors
# shellcheck disable=SC2016
# SPDX-License-Identifier: 0BSD

# The header that stands in for toybox's toys.h is here.
stand_in=tests/leafroot/include
units=tests/leafroot/unit

die() { echo "units.sh: $*" >&2; exit 1; }

[ -n "$1" ] || die "usage: units.sh DIR [NAME...] -- [FLAGS...]"
cd "${0%/*}/.." && mkdir -p "$1" && out=$1 || exit 1
shift
names=
while [ $# -ne 0 ]
do
  [ "$1" != -- ] || { shift; break; }
  names="$names $1"
  shift
done
flags=$*

scripts/need.sh gcc=gcc make=make /usr/include/stdio.h=libc6-dev || exit 1
[ -n "$names" ] || for i in "$units"/*.c
do
  i=${i##*/}
  names="$names ${i%.c}"
done

# linked FILE KIND: the words of its line "// KIND: "
linked() { sed -n "s@^// $2: @@p" "$1"; }

# object FILE FLAGS: a rule to compile it. Prints what is made: a file that is
# compiled with other FLAGS is another object.
object()
{
  # shellcheck disable=SC2086
  key=$(echo "$1" $2 | sed 's/[^A-Za-z0-9_.-]/+/g')
  key=obj/$key.o
  echo "$key"
  grep -qxF "$key:" "$out/rules.new" ||
    printf '%s:\n\t@mkdir -p obj\n\t@$(CC) $(FLAGS) %s -MMD -MP -c -o $@ %s\n' \
      "$key" "${2# }" "\$(TOP)/$1" >> "$out/rules.new"
}

# program NAME FILE KIND MORE: the rules for a program NAME of FILE, of what
# stands in its line and of the files MORE
program()
{
  defines='' objects='' libraries=''
  words=$(linked "$2" "$3")
  [ -n "$words" ] || die "$2 has no line // $3: FILE..."
  for i in $words
  do
    case "$i" in -[DUfW]*) defines="$defines $i" ;; esac
  done
  for i in "$2" $4 $words
  do
    case "$i" in
      # Warnings of the fuzz targets are not looked for
      tests/leafroot/fuzz/*.c) objects="$objects $(object "$i" "$defines -w")" ;;
      *.c) objects="$objects $(object "$i" "$defines")" ;;
      *.a) objects="$objects \$(TOP)/$i" ;;
      -[DUfW]*) ;;
      *) libraries="$libraries $i" ;;
    esac
  done
  # What a library of ours lacks is left out: --gc-sections
  {
    printf '%s:%s rules\n\t@$(CC) $(FLAGS) -Wl,--gc-sections -o $@' "$1" \
      "$objects"
    printf ' $(filter-out rules,$^)%s\nall: %s\n' "$libraries" "$1"
  } >> "$out/rules.new"
  programs="$programs $1"
}

programs=
cat > "$out/rules.new" << END || exit 1
TOP = $PWD
CC = gcc
FLAGS = -g -funsigned-char -ffunction-sections -fdata-sections -Wall -Wextra \\
  -Werror -Wno-char-subscripts -Wno-pointer-sign -Wno-unused-result $flags \\
  -I\$(TOP)/$stand_in -I\$(TOP) -idirafter \$(TOP)/generated/lib/uapi \\
  -I\$(TOP)/generated/lib/include
all:
END
for name in $names
do
  if [ "$name" = replay ]
  then
    for target in tests/leafroot/fuzz/*.c
    do
      target=${target##*/}
      program "fuzz-${target%.c}" "tests/leafroot/fuzz/$target" fuzz \
        "$units/replay.c"
    done
    # The corpus of archives is made, not kept. The same files each time.
    scripts/need.sh python3=python3 zstd=zstd lz4=lz4 lzop=lzop &&
      rm -rf "$out/initramfs" &&
      python3 tests/leafroot/archives/archives.py --seeds "$out/initramfs" ||
      die "cannot make the corpus of archives"
  else
    program "unit-$name" "$units/$name.c" unit
  fi
done
echo '-include $(wildcard obj/*.d)' >> "$out/rules.new"

# Other flags, other compiler: all anew
if cmp -s "$out/rules.new" "$out/rules"
then
  rm -f "$out/rules.new"
else
  [ "$(sed -n '/^FLAGS/,/^all/p' "$out/rules" 2> /dev/null)" = \
    "$(sed -n '/^FLAGS/,/^all/p' "$out/rules.new")" ] || rm -rf "$out/obj"
  mv "$out/rules.new" "$out/rules" || exit 1
fi
cpus=${CPUS:-$(nproc)}
for i in $programs
do
  rm -f "$out/$i.log" "$out/$i.status"
done
make -k -s -C "$out" -f rules -j "$cpus" > "$out/make.log" 2>&1 ||
  grep 'error\|undefined\|No rule' "$out/make.log"

# What a program says is in PROGRAM.log, its exit status in PROGRAM.status.
# The fuzz targets make file systems: without root in a user namespace.
cat > "$out/run" << 'END'
#!/bin/sh
make -q -f rules "$1" 2> /dev/null ||
  { echo "did not compile" > "$1.log"; echo 127 > "$1.status"; exit; }
case "$1" in
  unit-*) set -- "$1" "./$1" ;;
  *) corpus=$TOP/tests/leafroot/fuzz/${1#fuzz-}
     [ -d "$corpus" ] || corpus=${1#fuzz-}
     set -- "$1" "./$1" "$corpus"/*
     [ "$(id -u)" -eq 0 ] || {
       name=$1
       shift
       set -- "$name" unshare -rm "$@"
     } ;;
esac
name=$1
shift
timeout -k 5 "${LIMIT:-60}" "$@" > "$name.log" 2>&1
echo $? > "$name.status"
END
chmod +x "$out/run" || exit 1
export TOP="$PWD"
# shellcheck disable=SC2086
(cd "$out" && printf '%s\n' $programs | xargs -n 1 -P "$cpus" ./run)

rc=0
for i in $programs
do
  status=$(cat "$out/$i.status" 2> /dev/null)
  said=$(tail -n 1 "$out/$i.log")
  case "$i" in unit-*) what="unit ${i#unit-}" ;; *) what="replay ${i#fuzz-}" ;; esac
  if [ "$status" = 0 ]
  then
    echo "PASS: $what: ${said#*: }"
  else
    rc=1
    echo "FAIL: $what: status $status, see $out/$i.log"
    grep -a -m 20 '^FAIL \|ERROR: \|runtime error\|WARNING: Thread' "$out/$i.log"
  fi
done
exit $rc
