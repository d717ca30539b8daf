#!/bin/sh
# bench.sh - how long a move takes beside what else can copy a tree, and beside
# the least it can cost here: make bench [TREES=...] [PEERS=...] [ROUNDS=7]
#
#   TREES   debian tiny few, or with a number of their own: tiny:1000 (files),
#           few:64 (MiB); growth stands for a row of those. unpack-gzip -zstd
#           -lz4: an archive of the first, unpacked; unpack stands for all three
#   PEERS   leafroot limit limit-large cp tar cpio bsdtar rsync mv busybox
#           toybox. The limit (limit.c) is on a tmpfs as it comes by default,
#           limit-large on one with huge=within_size
#   OLD=FILE  another leafroot binary, to be compared with this one: a peer whose
#           name is old. Without PEERS these two run alone
#   COLD=1  with free memory that the host has taken back (bench-once.sh)
#   RT=1    at real-time priority, on a machine that others use. What the kernel
#           frees late (RCU) waits then, so peaks are higher
#
# Each run is a process of its own on a fresh ramfs and tmpfs in a mount
# namespace; peers take turns within a round. First each peer's copy is compared
# by manifest, once: faithful is who keeps hard links, xattrs, ACLs,
# capabilities, devices, owners and modes. Results: a table, generated/bench/
# result.json, and what www/ shows, generated/bench/bench.svg.
# SPDX-License-Identifier: 0BSD

die() { echo "bench.sh: $*" >&2; exit 1; }

cd "${0%/*}/.." && top=$PWD dir=$PWD/generated/bench || exit 1
[ "$(id -u)" -eq 0 ] || die "needs root, to mount"
[ -z "$OLD" ] || PEERS=${PEERS:-leafroot} PEERS="$PEERS old"
traits='' peers=${PEERS:-leafroot limit limit-large cp tar cpio bsdtar rsync mv busybox toybox}
trees=${TREES:-debian tiny few}
rounds=${ROUNDS:-7}
case "$rounds" in ''|*[!0-9]*|0) die "ROUNDS=$rounds: no number" ;; esac
case "$trees" in
  growth)
    trees='tiny:1000 tiny:3000 tiny:10000 tiny:30000 tiny:100000 tiny:300000
      tiny:1000000 few:64 few:256 few:1024 few:4096 few:8192'
    peers=${PEERS:-leafroot limit} ;;
  unpack*)
    [ "$trees" != unpack ] || trees='unpack-gzip unpack-zstd unpack-lz4'
    peers=${PEERS:-leafroot cpio bsdcpio bsdtar busybox} ;;
esac

scripts/need.sh tar=tar cpio=cpio bsdtar=libarchive-tools rsync=rsync zstd=zstd lz4=lz4 \
  busybox=busybox unshare=util-linux python3=python3 || exit 1
mkdir -p "$dir/bin" "$dir/faith" "$dir/src" "$dir/dst" || exit 1
exec 7> "$dir/lock" && flock -n 7 || die "another bench runs"
for i in run limit tree init
do
  scripts/musl-cc.sh -O2 -pthread -Wno-unused-result -o "$dir/bin/$i" \
    "tests/leafroot/bench/$i.c" || exit 1
done
scripts/musl-cc.sh -O2 -o "$dir/bin/manifest" tests/leafroot/tools/manifest.c &&
  cp generated/bin/leafroot "$dir/bin/leafroot" || exit 1
[ -z "$OLD" ] || cp "$OLD" "$dir/bin/old" || exit 1
case " $trees" in
  *' debian'*|*' unpack'*)
    image=$(scripts/image.sh --name bench --include "build-essential,git,\
golang-go,linux-headers-amd64,libboost-dev,python3,tzdata,ncurses-term") ||
      exit 1
    export image ;;
esac
# What an archive has beside the root is what runs in it.
if [ "$trees" != "${trees#*unpack}" ] && [ -z "$(find "$dir/archive.lz4" \
  -newer "${image%/root}/packages" 2> /dev/null)" ]
then
  echo "pack $image" >&2
  mkdir -p "$dir/add/.bench" && cp "$dir/bin/init" "$dir/add/.bench" || exit 1
  # GNU cpio sees hard links by inode: what is added has to be of another
  (cd "$image" && find . | cpio -oH newc --quiet > "$dir/archive") &&
    (cd "$dir/add" && find .bench | cpio -oH newc --quiet >> "$dir/archive") &&
    gzip -c "$dir/archive" > "$dir/archive.gzip" &&
    zstd -qfT0 "$dir/archive" -o "$dir/archive.zstd" &&
    lz4 -lqf "$dir/archive" "$dir/archive.lz4" || die "cannot pack $image"
  rm "$dir/archive"
fi

# Who is faithful is found out once for each tree; leafroot's own result is
# void when leafroot changed.
faith()
{
  id=$(cksum "$dir/bin/manifest" scripts/bench-once.sh tests/leafroot/bench/tree.c)
  case "$2" in leafroot|old) id="$id $(cksum "$dir/bin/$2")" ;; esac
  file=$dir/faith/$(echo "$1" | tr : -)-$2
  [ "$(tail -n +2 "$file" 2> /dev/null)" = "$id" ] && return
  echo "compare $1 $2" >&2
  n=$(unshare -m "$top"/scripts/bench-once.sh check "$1" "$2") ||
    die "$2 fails on $1"
  case "$2 ${n#* }" in
    limit*\ 0) ;;
    limit*|leafroot\ [1-9]*|old\ [1-9]*) die "$2 differs on $1" ;;
  esac
  printf '%s\n%s\n' "$n" "$id" > "$file"
}

case "$trees" in unpack*) ;; *) traits=traits ;; esac
for tree in $traits $trees
do
  case "$tree" in *:*) continue ;; esac
  for who in $peers
  do
    faith "$tree" "$who" || exit 1
  done
done

: > "$dir/runs"
round=0
while [ $((round+=1)) -le "$rounds" ]
do
  for tree in $trees
  do
    for who in $peers
    do
      line=$(unshare -m "$top"/scripts/bench-once.sh time "$tree" "$who") ||
        die "$who fails on $tree"
      echo "{\"tree\": \"$tree\", \"who\": \"$who\", \"round\": $round, $line}" \
        >> "$dir/runs"
    done
  done
  [ ! -t 2 ] || printf '\rround %s of %s' "$round" "$rounds" >&2
done
[ ! -t 2 ] || printf '\r\033[K' >&2
exec python3 scripts/bench-report.py "$dir"
