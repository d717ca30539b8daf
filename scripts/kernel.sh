#!/bin/sh
# kernel.sh [VERSION|SUITE] [--modules "NAME..."] - a Debian cloud kernel, taken
# as a package and unpacked, never installed. Prints its directory, which has
# vmlinuz and lib/modules/RELEASE. VERSION is as much of one as matters (6.1, the
# default, 7.0, 6.12.94); the newest that begins so is taken.
#
# With --modules a second line names a directory with those modules, what they
# need, and modules.dep, uncompressed, to put into an archive.
# SPDX-License-Identifier: 0BSD

die() { echo "kernel.sh: $*" >&2; exit 1; }

want=6.1 modules=''
while [ $# -ne 0 ]
do
  case "$1" in
    --modules) modules=$2 && shift 2 || die "--modules needs names" ;;
    -*|'') die "unknown option '$1'" ;;
    *) want=$1; shift ;;
  esac
done

cd "${0%/*}/.." && top=$PWD dir=$PWD/generated/kernel/$want || exit 1
mkdir -p "$dir" && exec 8> "$dir/lock" && flock 8 || exit 1

# Print the releases of cloud kernels in a suite that begin with $2, newest
# first. From 6.19 on linux-binary-* holds what linux-image-* held.
releases()
{
  APT_CONFIG=$1 apt-cache pkgnames linux-image- |
    sed -n 's/^linux-image-\([0-9].*-cloud-amd64\)$/\1/p' | sort -rV |
    while read -r i
    do
      case "$i" in
        "$2"|"$2"[!0-9]*|"") echo "$i" ;;
        *) [ -n "$2" ] || echo "$i" ;;
      esac
    done
}

# Unpack those packages of release $2 that exist. Backports keep old kernels but
# of some not their modules; such a kernel has an empty lib/modules/RELEASE.
take()
{
  for i in image binary binary-unsigned base modules
  do
    [ -n "$(APT_CONFIG=$1 apt-cache madison "linux-$i-$2")" ] || continue
    [ "$i" = binary-unsigned ] && [ -n "$(find "$dir/tmp" -name 'vmlinuz*')" ] &&
      continue
    (cd "$dir/deb" && APT_CONFIG=$1 apt-get download -qq "linux-$i-$2" &&
      dpkg-deb -x ./*.deb "$dir/tmp" && rm ./*.deb) > "$dir/log" 2>&1 ||
      die "linux-$i-$2: $(tail -n 1 "$dir/log")"
  done
  image=$(find "$dir/tmp" -name 'vmlinuz*' -type f)
  [ -n "$image" ] || return 1
  rm -rf "${dir:?}/lib" && mkdir -p "$dir/lib/modules/$2" || exit 1
  for i in "$dir/tmp/lib/modules/$2"/* "$dir/tmp/usr/lib/modules/$2"/*
  do
    [ -e "$i" ] && [ "$i" != "$image" ] && { mv "$i" "$dir/lib/modules/$2/" ||
      exit 1; }
  done
  mv "$image" "$dir/vmlinuz" && depmod -b "$dir" "$2" 2> "$dir/log" &&
    rm -rf "$dir/tmp" "$dir/deb" && echo "$2" > "$dir/release" ||
    die "$2: $(tail -n 1 "$dir/log")"
}

fetch()
{
  scripts/need.sh depmod=kmod dpkg-deb=dpkg xz=xz-utils || exit 1
  rm -rf "$dir/tmp" "$dir/deb" && mkdir -p "$dir/tmp" "$dir/deb" || exit 1
  # The suites that may have it, the likeliest first.
  case "$want" in
    5.*) set -- bullseye ;;
    6.1|6.1.*) set -- bookworm ;;
    6.12*) set -- trixie bookworm-backports ;;
    [0-9]*) set -- trixie-backports forky sid experimental ;;
    # What was new there may have moved on
    experimental) set -- experimental sid ;;
    *) set -- "$want" ;;
  esac
  for suite
  do
    conf=$("$top"/scripts/apt.sh "$suite") || continue
    case "$want" in [0-9]*) v=$want ;; *) v='' ;; esac
    for r in $(releases "$conf" "$v")
    do
      echo "fetch linux $r from $suite" >&2
      take "$conf" "$r" && return
    done
  done
  rm -rf "$dir"
  die "no cloud kernel $want in: $*"
}

# A tree of the wanted modules and what they need, in the order modprobe would.
pick()
{
  release=$(cat "$dir/release")
  tree=$dir/modules-$(echo "$modules" | tr -s ' ' +)
  [ -e "$dir/lib/modules/$release/kernel" ] ||
    die "the archive has no modules of $release any more"
  echo "$tree"
  [ ! -e "$tree/lib/modules/$release/modules.dep" ] || return 0
  scripts/need.sh depmod=kmod xz=xz-utils zstd=zstd || exit 1
  rm -rf "$tree" && mkdir -p "$tree/lib/modules/$release" || exit 1
  for i in $modules
  do
    list=$(modprobe -d "$dir" -S "$release" -a --show-depends "$i" 2>&1) ||
      { rm -rf "$tree"; die "$release: $list"; }
    # "builtin NAME" needs no file.
    echo "$list" | sed -n 's/^insmod //p'
  done | while read -r i _
  do
    cp "$i" "$tree/lib/modules/$release/" || exit 1
  done || exit 1
  find "$tree" -name '*.ko.xz' -exec xz -d {} + &&
    find "$tree" -name '*.ko.zst' -exec zstd -qd --rm {} + &&
    cp "$dir/lib/modules/$release"/modules.[ob]* "$tree/lib/modules/$release/" &&
    depmod -b "$tree" "$release" || die "depmod $tree"
}

[ -e "$dir/release" ] || fetch
echo "$dir"
[ -z "$modules" ] || pick
