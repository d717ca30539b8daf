#!/bin/sh
# archive-build.sh - generated/test/archives/archive, from archive.c and lib/,
# and the same with zlib instead of ISA-L (archive-zlib), and with no
# decompressor at all (archive-none)
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/../../.." && mkdir -p generated/test/archives || exit 1
scripts/fetch.sh zlib && scripts/lib.sh uapi zlib && scripts/decoders.sh || exit 1

build()
{
  out=generated/test/archives/archive$1
  shift
  scripts/musl-cc.sh -O2 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
    -Wno-missing-field-initializers -ffunction-sections -fdata-sections \
    -Wl,--gc-sections -Itests/leafroot/include -I. "$@" -o "$out" \
    tests/leafroot/archives/archive.c lib/initramfs.c lib/entry.c lib/unpack.c lib/names.c \
    lib/initcheck.c lib/decompress.c lib/un_*.c lib/fault.c -ldecoders -lz
}

off() { for i; do printf ' -DCFG_%s=0' "$i"; done; }

# shellcheck disable=SC2046
build '' && build -zlib $(off LEAFROOT_ISAL) &&
  build -none -Wno-unused-function $(off LEAFROOT_ISAL LEAFROOT_BZIP2 \
    LEAFROOT_LZ4 LEAFROOT_LZO LEAFROOT_XZ LEAFROOT_ZSTD TOYBOX_LIBZ)
