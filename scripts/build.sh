#!/bin/sh
# build.sh [menuconfig] - generated/bin/toybox, the multicall binary, and
# generated/bin/leafroot, the applet alone: static, with musl.
#
# The two are built in trees of their own, since each has its own configuration
# and toybox's build starts over when that changes.
# SPDX-License-Identifier: 0BSD

die() { echo "build.sh: $*" >&2; exit 1; }

cd "${0%/*}/.." && top=$PWD lib=$PWD/generated/lib bin=$PWD/generated/bin &&
  mkdir -p generated/bin generated/log || exit 1
# One build at a time: the second waits, and then finds its work done.
exec 9> generated/.lock && flock 9 || exit 1
[ -f toys/pending/leafroot.c ] || die "no toys/pending/leafroot.c"

scripts/need.sh bash=bash make=make gcc=gcc musl-gcc=musl-tools \
  /usr/include/stdio.h=libc6-dev || exit 1
[ "$1" != menuconfig ] || scripts/need.sh \
  /usr/include/curses.h=libncurses-dev || exit 1
[ -n "$TOYBOX" ] || scripts/fetch.sh toybox || exit 1
scripts/fetch.sh zlib && scripts/lib.sh && scripts/decoders.sh || exit 1

# One segment for code and constants saves up to two pages. Debian's gcc makes
# position-independent code by default, which is larger, and a static program has
# next to nothing that could be made read-only after the start (relro).
export CC=musl-gcc HOSTCC=gcc LDFLAGS="-static -no-pie -Wl,-z,noseparate-code,-z,norelro -L$lib/lib"
LDFLAGS="$LDFLAGS -ldecoders"
export CFLAGS="-fno-pie -idirafter $lib/uapi -I$lib/include"
unset KCONFIG_CONFIG GENDIR OUTNAME OPTIMIZE STRIP

# configure BASE LINES: toybox's own BASE configuration, changed by LINES. What
# has no prompt (TOYBOX itself) follows no line and is edited out. A symbol can
# be missing in another version of toybox: then that is said.
configure()
{
  echo "$2" > .lines
  cmp -s .lines .lines.done && [ -e .config ] && return
  KCONFIG_ALLCONFIG=$PWD/.lines make -s "$1" > "$log" 2>&1 || return 1
  for i in $2
  do
    case "$i" in
      *=y) grep -qxF "$i" .config || {
        echo "this toybox has no $i" >> "$log"; return 1; } ;;
      *) sed -i "s/^${i%n}y\$/# ${i%=n} is not set/" .config ;;
    esac
  done
  # toybox's build does not look whether an option of lib/ changed
  grep '\.c$' .ours | xargs -r touch
  mv .lines .lines.done
}

# build TREE BASE LINES OUTPUT: bring a tree up to date and compile it.
build()
{
  log=$top/generated/log/$1
  : > "$log" || exit 1
  scripts/merge.sh "generated/$1" && cd "generated/$1" || exit 1
  configure "$2" "$3" || { cat "$log" >&2; die "cannot configure $1"; }
  [ -z "$menu" ] || make menuconfig || exit 1
  if [ ! -e "$4" ] || [ -n "$(find . "$lib/lib" -newer "$4" \( \
    -name '*.[ch]' -o -name '*.a' -o -name .config -o -name .ours \) \
    ! -path './generated/*' -print -quit)" ]
  then
    echo "build $1" >&2
    # toybox compiles what is in lib/ again for a new header, not for a new
    # configuration: it has no #if there, we do.
    [ -z "$(find .config -newer "$4" 2>&1)" ] || rm -rf generated/obj
    OUTNAME=$4 scripts/make.sh > "$log" 2>&1 || {
      cat "$log" >&2; die "cannot build $1"; }
    touch "$4"
  fi
  cmp -s "$4" "$bin/$4" ||
    { cp "$4" "$bin/.$4" && mv -f "$bin/.$4" "$bin/$4"; } || exit 1
  cd "$top" || exit 1
}

menu=
[ "$1" != menuconfig ] || menu=y
build toybox defconfig "$(sed '/^#/d;/^$/d' Config.in)" toybox
menu=
build single allnoconfig "$(printf 'CONFIG_%s\n' LEAFROOT=y TOYBOX=n \
  TOYBOX_HELP=y TOYBOX_HELP_DASHDASH=y TOYBOX_LIBZ=y)
$(sed -n '/^CONFIG_LEAFROOT_/p' Config.in)" leafroot

scripts/dropin.sh || exit 1
# By the configuration that was built, as menuconfig can have set it
! grep -q '^CONFIG_LEAFROOT_LZO=y' generated/toybox/.config \
  generated/single/.config || echo "with LEAFROOT_LZO there is lzo2 in the" \
  "binary, which puts it under the GPL, version 2 or later"
size() { wc -c < "$bin/$1"; }
echo "generated/bin/toybox $(size toybox) bytes, leafroot alone" \
  "$(size leafroot) bytes"
