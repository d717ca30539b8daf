#!/bin/sh
# fuzz.sh [SECONDS [NAME...]] - run libFuzzer, with the address and undefined-
# behaviour sanitizers, on what parses: each tests/leafroot/fuzz/NAME.c, for
# SECONDS (60). It starts from the corpus: the files in tests/leafroot/fuzz/NAME/,
# or, for archives, what archives.py makes. What it finds grows in
# generated/fuzz/NAME, and what fails stands beside. SECONDS 0: only replay the
# corpus.
# SPDX-License-Identifier: 0BSD

die() { echo "fuzz.sh: $*" >&2; exit 1; }

seconds=${1:-60}
[ $# -eq 0 ] || shift
cd "${0%/*}/.." && mkdir -p generated/fuzz generated/log || exit 1
scripts/need.sh clang-14=clang-14 \
  /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a=libclang-rt-14-dev &&
  scripts/fetch.sh zlib && scripts/lib.sh uapi zlib && scripts/decoders.sh || exit 1

# An archive can ask for windows of gigabytes, which only a sanitizer fills.
export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256

[ $# -ne 0 ] || for i in tests/leafroot/fuzz/*.c
do
  i=${i##*/}
  set -- "$@" "${i%.c}"
done
for name
do
  corpus=tests/leafroot/fuzz/$name found=generated/fuzz/$name
  log=generated/log/fuzz-$name target=generated/fuzz/fuzz-$name
  mkdir -p "$found" || exit 1
  if [ "$name" = initramfs ]
  then
    corpus=generated/fuzz/seeds
    scripts/need.sh python3=python3 zstd=zstd lz4=lz4 lzop=lzop &&
      rm -rf "$corpus" &&
      python3 tests/leafroot/archives/archives.py --seeds "$corpus" || exit 1
  fi
  # A target names what it's made of: "// fuzz: lib/x.c lib/y.c -lz", or is
  # made of all of lib/.
  with=$(sed -n 's@^// fuzz: @@p' "tests/leafroot/fuzz/$name.c")
  # shellcheck disable=SC2086
  clang-14 -g -O1 -Wl,--gc-sections -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=undefined -Itests/leafroot/include -I. \
    -idirafter generated/lib/uapi -Igenerated/lib/include -o "$target" \
    "tests/leafroot/fuzz/$name.c" \
    ${with:-lib/*.c} > "$log" 2>&1 || die "$name: $(grep -m1 error "$log")"
  if [ "$seconds" -eq 0 ]
  then
    "$target" "$corpus"/* > "$log" 2>&1 || die "$name: see $log"
    echo "fuzz $name: $(find "$corpus" -type f | wc -l) replayed"
    continue
  fi
  nice "$target" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="generated/fuzz/$name-" \
    "$found" "$corpus" > "$log" 2>&1 ||
    die "$name: $(grep -m1 'ERROR\|SUMMARY' "$log"), see $log"
  echo "fuzz $name: $(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
    "a second, $(sed -n 's/.*\(cov: [0-9]*\).*\(corp: [^ ]*\).*/\1 \2/p' \
      "$log" | tail -n 1)"
done
