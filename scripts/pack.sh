#!/bin/sh
# pack.sh DIR... OUT - an initramfs archive of the DIRs, joined in that order,
# compressed as OUT's name says (.gz, .xz, .zst), else plain.
#
# A directory an earlier DIR has is left out of the later ones: the kernel would
# put a real sbin in the place of the symlink sbin -> usr/sbin.
# SPDX-License-Identifier: 0BSD

die() { echo "pack.sh: $*" >&2; rm -f "$out.new" "$out.known"; exit 1; }

out=
[ $# -ge 2 ] || die "usage: pack.sh DIR... OUT"
"${0%/*}"/need.sh cpio=cpio xz=xz-utils zstd=zstd || exit 1
for out
do
  :
done

: > "$out.new" || exit 1
for i
do
  [ "$i" != "$out" ] || break
  [ -d "$i" ] || die "$i: not a directory"

  # The directories of this one that those before it have.
  : > "$out.known"
  for j
  do
    [ "$j" != "$i" ] || break
    find "$i" -mindepth 1 -type d -printf '%P\n' | while read -r k
    do
      [ ! -d "$j/$k" ] || echo "./$k"
    done >> "$out.known"
  done

  (cd "$i" && find . -mindepth 1 -print0) | LC_ALL=C sort -z |
    grep -zvxFf "$out.known" | (cd "$i" && cpio -0 -o -H newc --quiet) \
    >> "$out.new" || die "cannot pack $i"
done

case "$out" in
  *.gz) gzip -1nf "$out.new" && mv "$out.new.gz" "$out.new" ;;
  *.xz) xz -T0 -0 --check=crc32 "$out.new" && mv "$out.new.xz" "$out.new" ;;
  *.zst) zstd -qT0 --rm "$out.new" && mv "$out.new.zst" "$out.new" ;;
esac && mv "$out.new" "$out" && rm "$out.known" || die "cannot write $out"
