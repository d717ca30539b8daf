#!/bin/sh
# lib.sh [uapi] [NAME...] - fill generated/lib: uapi/ (the kernel's headers for
# musl) and static libraries with their headers, each made once.
# SPDX-License-Identifier: 0BSD

die() { echo "lib.sh: $*" >&2; exit 1; }

cd "${0%/*}/.." && top=$PWD lib=$PWD/generated/lib &&
  mkdir -p "$lib" generated/log || exit 1
log=$top/generated/log

uapi()
{
  [ -e "$lib/uapi/asm" ] && return
  scripts/need.sh gcc=gcc musl-gcc=musl-tools \
    /usr/include/linux/version.h=linux-libc-dev make=make || exit 1
  mkdir -p "$lib/uapi" || exit 1
  for i in linux asm-generic mtd
  do
    ln -sfn "/usr/include/$i" "$lib/uapi/$i" || exit 1
  done
  ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$lib/uapi/asm" || exit 1
}

zlib()
{
  cmp -s generated/src/zlib.id "$lib/zlib.id" && return
  echo "build zlib" >&2
  rm -rf "$lib/zlib" && cp -r generated/src/zlib "$lib/zlib" &&
    (cd "$lib/zlib" &&
      CC=musl-gcc CFLAGS="-Os -ffunction-sections -fdata-sections" \
        ./configure --static --prefix="$lib" && make libz.a &&
      mkdir -p "$lib/lib" "$lib/include" && cp libz.a "$lib/lib" &&
      cp zlib.h zconf.h "$lib/include") > "$log/zlib" 2>&1 ||
    die "zlib: $(tail -n 1 "$log/zlib")"
  rm -rf "$lib/zlib" && cp generated/src/zlib.id "$lib/zlib.id"
}

[ $# -ne 0 ] || set -- uapi zlib
for i
do
  "$i" || exit 1
done
