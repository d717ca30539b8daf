#!/bin/sh
# archives-kernel.sh [VERSION...] - what kernels (by default 6.1 and 7.2) make of
# the archives in archives.py, into archives.expect, which the tests compare
# leafroot with. Each archive is a boot of some seconds. To be run again when
# the table changes; what is booted already is not booted again, unless the
# row differs.
# SPDX-License-Identifier: 0BSD

die() { echo "archives-kernel.sh: $*" >&2; exit 1; }

cd "${0%/*}/../../.." && here=tests/leafroot/archives work=generated/test/archives &&
  mkdir -p "$work" || exit 1
[ $# -ne 0 ] || set -- 6.1 7.2
scripts/need.sh qemu-system-x86_64=qemu-system-x86 python3=python3 zstd=zstd \
  lz4=lz4 lzop=lzop cpio=cpio && scripts/decoders.sh && "$here"/archive-build.sh &&
  python3 "$here"/archives.py "$work"/rows || exit 1

mkdir -p "$work"/init && cp "$work"/archive "$work"/init/init &&
  (cd "$work"/init && echo init | cpio -oH newc --quiet -R 0:0) > "$work"/init.cpio ||
  exit 1

# boot VERSION NAME ORDER: leave "$work"/VERSION/NAME.log, what the console said.
boot()
{
  dir="$work"/$1 row="$work"/rows/$2
  id=$(sha256sum < "$row")
  [ "$id" != "$(cat "$dir/$2.id" 2> /dev/null)" ] || return 0
  if [ "$3" = first ]
  then
    (cat "$row"; head -c $((-$(wc -c < "$row") & 3)) /dev/zero
      cat "$work"/init.cpio) > "$dir/$2.img"
  else
    cat "$work"/init.cpio "$row" > "$dir/$2.img"
  fi
  # Under TCG a boot in some thirty dies early, so what came to no end is tried
  # again, but for a kernel that hangs.
  for _ in 1 2 3
  do
    timeout 150 qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm \
      -m 256 -nographic -no-reboot -net none \
      -kernel "$vmlinuz" -initrd "$dir/$2.img" \
      -append 'console=ttyS0 panic=-1 no_timer_check loglevel=1' < /dev/null \
      > "$dir/$2.raw" 2>&1
    rc=$?
    tr -d '\r' < "$dir/$2.raw" > "$dir/$2.log"
    if [ $rc -eq 124 ] || grep -q '^=== end' "$dir/$2.log"
    then
      break
    fi
  done
  rm "$dir/$2.raw"
  rm "$dir/$2.img"
  echo "$id" > "$dir/$2.id"
  echo "booted $1 with $2"
}

python3 "$here"/archives.py --list > "$work"/list
for version
do
  mkdir -p "$work/$version"
  vmlinuz=$(scripts/kernel.sh "$version")/vmlinuz || exit 1
  pids=''
  # As many at once as there are processors, each every n-th row.
  n=$(nproc) i=0
  while [ $i -lt "$n" ]
  do
    (awk "NR % $n == $i" "$work"/list | while read -r name order _
    do
      boot "$version" "$name" "$order" < /dev/null || exit 1
    done) &
    pids="$pids $!" i=$((i+1))
  done
  for i in $pids
  do
    wait "$i" || die "not all booted"
  done
done
python3 "$here"/archives-expect.py "$work" "$@" > "$work"/expect &&
  mv "$work"/expect "$here"/archives.expect
