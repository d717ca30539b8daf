#!/bin/sh
# decoders.sh - generated/lib/lib/libdecoders.a and its headers: what turns
# xz, lzma, zstd, bzip2, lz4, lzo (and on x86-64, fast, gzip) back into bytes.
#
# Decoders only, chosen file by file, since each library's own build makes its
# encoders too. Link with -Wl,--gc-sections: what no one calls is left out.
# SPDX-License-Identifier: 0BSD

die() { echo "decoders.sh: $*" >&2; exit 1; }

cd "${0%/*}/.." && top=$PWD lib=$PWD/generated/lib src=$PWD/generated/src &&
  mkdir -p "$lib" generated/log || exit 1
log=$top/generated/log/decoders obj=$lib/decoders machine=$(uname -m)
names='xz-utils libzstd lz4 lzo2 bzip2'
[ "$machine" != x86_64 ] || names="$names libisal"

# cc PACKAGE DIR FLAGS FILE...: compile files of generated/src/PACKAGE/DIR.
cc()
{
  package=$1 dir=$src/$1/$2 flags=$3
  shift 3
  for i
  do
    # shellcheck disable=SC2086
    scripts/musl-cc.sh ${CFLAGS:--Os} -w -ffunction-sections -fdata-sections \
      -fno-asynchronous-unwind-tables $flags -c "$dir/$i.c" \
      -o "$obj/$package-${i##*/}.o" || exit 1
  done
}

xz()
{
  # xz-embedded's reach: LZMA, LZMA2 and the branch converters, no delta.
  flags="-DTUKLIB_SYMBOL_PREFIX=lzma_ -DHAVE_SMALL -DHAVE_STDBOOL_H
    -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_STRING_H -DHAVE_DECODERS
    -DHAVE_DECODER_LZMA1 -DHAVE_DECODER_LZMA2 -DHAVE_DECODER_X86
    -DHAVE_DECODER_ARM -DHAVE_DECODER_ARMTHUMB -DHAVE_DECODER_ARM64
    -DHAVE_DECODER_POWERPC -DHAVE_DECODER_SPARC -DHAVE_CHECK_CRC32
    -DHAVE_CHECK_CRC64 -DHAVE_FUNC_ATTRIBUTE_CONSTRUCTOR -DNDEBUG
    -D_GNU_SOURCE $order"
  a=$src/xz-utils/src
  for i in common liblzma/api liblzma/common liblzma/check liblzma/lz \
    liblzma/lzma liblzma/rangecoder liblzma/simple liblzma/delta
  do
    flags="$flags -I$a/$i"
  done
  cc xz-utils src/liblzma "$flags" common/common common/alone_decoder \
    common/block_decoder common/block_header_decoder common/block_util \
    common/filter_common common/filter_decoder common/filter_flags_decoder \
    common/index_hash common/stream_decoder common/stream_flags_common \
    common/stream_flags_decoder common/vli_decoder common/vli_size \
    check/check check/crc32_small check/crc64_small lz/lz_decoder \
    lzma/lzma_decoder lzma/lzma2_decoder simple/simple_coder \
    simple/simple_decoder simple/x86 simple/arm simple/armthumb simple/arm64 \
    simple/powerpc simple/sparc
  cp -r "$a"/liblzma/api/lzma.h "$a"/liblzma/api/lzma "$lib/include"
}

# One loop of each kind, but inlined and at -O2: 4k more than what its makefile
# calls MINIFY, and two to three times as fast.
zstd()
{
  cc libzstd lib "-O2 -DHUF_FORCE_DECOMPRESS_X1
    -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT
    -DZSTD_STRIP_ERROR_STRINGS -DDYNAMIC_BMI2=0 -DZSTD_DISABLE_ASM
    -DZSTD_LEGACY_SUPPORT=0 -DZSTD_NO_TRACE -DXXH_NAMESPACE=ZSTD_
    -DDEBUGLEVEL=0" common/entropy_common common/error_private \
    common/fse_decompress common/xxhash common/zstd_common \
    decompress/huf_decompress decompress/zstd_ddict \
    decompress/zstd_decompress decompress/zstd_decompress_block
  cp "$src"/libzstd/lib/zstd.h "$src"/libzstd/lib/zstd_errors.h "$lib/include"
}

small()
{
  cc lz4 lib "-DLZ4_MEMORY_USAGE=10 -O2" lz4
  cc lzo2 src "-I$src/lzo2/include -I$src/lzo2/src" lzo1x_d2 lzo_crc lzo_util
  cc bzip2 . -DBZ_NO_STDIO bzlib decompress crctable randtable huffman
  cp -r "$src/lz4/lib/lz4.h" "$src/bzip2/bzlib.h" "$src/lzo2/include/lzo" \
    "$lib/include"
}

# Which of its loops fits the processor lib/un_gzip.c finds out: ISA-L's own
# way of asking draws everything in.
isal()
{
  [ "$machine" = x86_64 ] || return 0
  a=$src/libisal
  cc libisal igzip "-DNO_STATIC_INFLATE_H -I$a/include -I$a/igzip" \
    igzip_inflate
  for i in igzip/igzip_decode_block_stateless_01 \
    igzip/igzip_decode_block_stateless_04 igzip/rfc1951_lookup \
    crc/crc32_gzip_refl_by8
  do
    nasm -f elf64 -i "$a/include/" -i "$a/igzip/" "$a/$i.asm" \
      -o "$obj/libisal-${i##*/}.o" || exit 1
  done
  cp "$a/include/igzip_lib.h" "$lib/include"
}

build()
{
  rm -rf "$obj" && mkdir -p "$obj" "$lib/include" "$lib/lib" || exit 1
  order=
  echo 'int a = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;' |
    gcc -E -x c - | grep -q '4321 == 4321' && order=-DWORDS_BIGENDIAN
  xz && zstd && small && isal || exit 1
  rm -f "$lib/lib/libdecoders.a" &&
    ar rcs "$lib/lib/libdecoders.a" "$obj"/*.o && rm -r "$obj"
}

scripts/need.sh gcc=gcc musl-gcc=musl-tools nasm=nasm || exit 1
# shellcheck disable=SC2086
scripts/fetch.sh $names || exit 1
id=$(cd "$src" && for i in $names; do cat "$i.id"; done
  cksum "$top/scripts/decoders.sh"; echo "$CFLAGS")
[ "$id" != "$(cat "$lib/decoders.id" 2> /dev/null)" ] || exit 0
echo "build decoders" >&2
(build) > "$log" 2>&1 || die "$(tail -n 1 "$log")"
echo "$id" > "$lib/decoders.id"
