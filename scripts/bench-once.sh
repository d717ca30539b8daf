#!/bin/sh
# bench-once.sh time|check TREE WHO - one run, in a mount namespace of its own.
# time prints run.c's figures; check prints two numbers: lines of the manifest
# in which the copy differs, and those that differ in more than time.
#
# Warm (the default): as much memory as the copy can need is touched and freed
# before, so that the host of a virtual machine has it backed. Cold: a host
# that takes free memory back (free page reporting of the balloon, which looks
# every 2 s for free blocks of 2 MiB and takes a sixteenth of them) has done so
# after compaction and 45 s of rest (COLD_WAIT). The moves of others spoil it.
# run.c then says how fast fresh memory was: where that is some GB/s the host
# did not take it, and there is no cold to be measured.
# SPDX-License-Identifier: 0BSD

set -e
die() { echo "bench-once.sh: $*" >&2; exit 1; }
top=$(cd "${0%/*}/.." && pwd) dir=$top/generated/bench
bin=$dir/bin src=$dir/src dst=$dir/dst how=$1 tree=$2 who=$3
PATH=$top/generated/bin:$PATH

type=ramfs
[ "$tree" != traits ] || type=tmpfs
mount --make-rprivate /
mount -t "$type" -o mode=0755 source "$src"
large=
[ "$who" != limit-large ] || large=,huge=within_size
mount -t tmpfs -o "size=90%,nr_inodes=0,mode=0755$large" leaf "$dst"
case "$tree" in
  debian) cp -a "${image:?}/." "$src" && "$bin/tree" links "$src" ;;
  tiny|few) [ "$tree" = few ] && n=2048 || n=200000
    "$bin/tree" "$tree" "$src" "$n" ;;
  tiny:*|few:*) "$bin/tree" "${tree%:*}" "$src" "${tree#*:}" ;;
  traits) "$bin/tree" traits "$src" ;;
  unpack-*) cp "$dir/archive.${tree#*-}" "$src/archive" ;;
  *) die "no tree $tree" ;;
esac
mkdir "$src/.bench"
case "$who" in old) leafroot=$bin/old ;; *) leafroot=$bin/leafroot ;; esac
cp "$leafroot" "$src/.bench/leafroot"
cp "$bin/init" "$src/.bench"
unpack=
[ "$tree" = "${tree#unpack-}" ] || unpack='-x /archive'

a='--xattrs --xattrs-include=* --acls --numeric-owner' pre=
case "$who" in
  leafroot|old|limit*) copy= ;;
  cp) copy="cp -a . $dst" ;;
  mv) copy="mv * .b* $dst" ;;
  tar) copy="set -f; tar $a -cf - . | tar $a -xpf - -C $dst; set +f" ;;
  cpio) copy="find . -depth -print0 | cpio -0pdm --quiet $dst" ;;
  bsdtar) copy="bsdtar --acls --xattrs --fflags -cf - . |
    bsdtar --acls --xattrs --fflags --numeric-owner -xpf - -C $dst" ;;
  rsync) copy="rsync -aHAX --numeric-ids . $dst" ;;
  busybox|toybox) pre="$who " copy="$who cp -a . $dst" ;;
  bsdcpio) ;;
  *) die "no peer $who" ;;
esac
if [ -n "$unpack" ]
then
  from="${tree#*-} -dc $src/archive |"
  case "$who" in
    leafroot|old) ;;
    cpio) copy="$from cpio -idm --quiet" ;;
    busybox) copy="$from busybox cpio -idm 2> /dev/null" ;;
    bsdcpio) copy="bsdcpio -idm --quiet < $src/archive" ;;
    bsdtar) copy="bsdtar -xpf $src/archive" ;;
    *) die "$who unpacks nothing" ;;
  esac
  copy="(cd $dst; $copy)"
fi

cd "$src"
if [ "$how" = check ]
then
  if [ -z "$unpack" ]
  then
    "$bin/manifest" . > "$dir/was"
  else
    # A copy: the image's inodes can have names outside of it
    cp -a "$image" "$dst/ref"
    "$bin/manifest" "$dst/ref" > "$dir/was"
    rm -rf "$dst/ref"
  fi
  inspect="-i $bin/manifest"
else
  mib=$(($(du -sk . | cut -f 1)/1024))
  free=$(($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)/1024))
  warm=$((mib*9/8+256))
  [ $warm -lt $((free-1024)) ] || warm=$((free-1024))
  how="-w $warm"
  if [ -n "$COLD" ]
  then
    how=-c
    echo 1 > /proc/sys/vm/compact_memory
    sleep "${COLD_WAIT:-45}"
  fi
fi
run="${RT:+chrt -r 1 }$bin/run"
case "$who" in
  leafroot|old)
    cd /
    # shellcheck disable=SC2086
    set -- -p "$src" /.bench/leafroot -q -f $unpack \
      /newroot /.bench/init ;;
  limit*) set -- -r "$src" "$bin/limit" "$src" "$dst" ;;
  *) set -- "$src" sh -ec "$copy; ${pre}rm -rf * .b*" ;;
esac
if [ "$how" != check ]
then
  # shellcheck disable=SC2086
  $run $how "$@"
elif [ "$leafroot" = "$bin/$who" ]
then
  # shellcheck disable=SC2086
  $run $inspect "$@" > "$dir/is"
else
  $run "$@" > /dev/null
  "$bin/manifest" "$dst" > "$dir/is"
fi
if [ "$leafroot" != "$bin/$who" ]
then
  cd "$src"
  [ -z "$(ls -A)" ] || die "$who left something of $tree: $(find . | head -n 3)"
fi
[ "$how" = check ] || exit 0

# The limit keeps no owner, mode, time or xattr: what it must have is the rest
# shellcheck disable=SC2016
cut='{ $5 = ""; print }'
# shellcheck disable=SC2016
[ "${who%-large}" != limit ] || cut='{ s = $1 " " $2; for (i = 6; i <= NF; i++)
  if ($i ~ /^(size|sha256|rdev|link)=/) s = s " " $i; print s }'
# An archive has seconds and no xattrs, and .bench in addition
# shellcheck disable=SC2016
if [ -n "$unpack" ]
then
  cut='$1 !~ /^\/\.bench/ && $1 != "/" { $5 = ""; gsub(/ (user|security|trusted)\.[^ ]*/, ""); print }'
fi
differ() { diff "$@" | grep -c '^>' || :; }
awk "$cut" "$dir/was" > "$dir/was2"
awk "$cut" "$dir/is" > "$dir/is2"
[ "$(wc -l < "$dir/was2")" -eq "$(wc -l < "$dir/is2")" ] ||
  echo "$who loses or adds entries of $tree" >&2
echo "$(differ "$dir/was" "$dir/is") $(differ "$dir/was2" "$dir/is2")"
