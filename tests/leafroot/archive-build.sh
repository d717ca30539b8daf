#!/bin/sh
# archive-build.sh - generated/test/archives/archive, from archive.c and lib/

cd "${0%/*}/../.." && mkdir -p generated/test/archives || exit 1
scripts/fetch.sh zlib && scripts/lib.sh uapi zlib && scripts/decoders.sh &&
  scripts/musl-cc.sh -O2 -Wall -Wextra -Wno-unused-parameter \
    -Wno-sign-compare -Wno-missing-field-initializers -ffunction-sections \
    -fdata-sections -Wl,--gc-sections -Itests/leafroot/host -I. -o \
    generated/test/archives/archive tests/leafroot/archive.c lib/initramfs.c \
    lib/names.c lib/decompress.c lib/fault.c -ldecoders -lz
