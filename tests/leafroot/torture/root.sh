#!/bin/sh
# root.sh KIT FS LINES... -- COMMAND... - make a root of type FS, run LINES there
# as a program on it could, then COMMAND as PID 1, and print what could be seen
# before and after
#
# FS "overlay" is one of two tmpfs that have files of the same inode numbers.
# It runs in a mount and pid namespace of its own. KIT is a tmpfs with busybox
# and all else that is needed, and is the root's /bin. A line that can't be done
# does nothing. Prints what observe sees, "ended STATUS", what COMMAND said, "ran"
# if init did, and what observe sees now, each after a line "== NAME".
# Copyright 2026 The leafroot authors
# shellcheck shell=dash disable=SC2317
# SPDX-License-Identifier: 0BSD

if [ "$1" != inside ]
then
  kit=$1 fs=$2
  shift 2
  mount --make-rprivate / || exit 1
  if [ "$fs" = overlay ]
  then
    mount -t tmpfs layers /mnt && mkdir /mnt/lower /mnt/upper || exit 1
    for i in lower upper
    do
      mount -t tmpfs $i /mnt/$i && mkdir -p /mnt/$i/work /mnt/$i/root/l1 /mnt/$i/root/l2 ||
        exit 1
      for j in 1 2 3 4 5 6 7 8 9
      do
        echo $i $j > /mnt/$i/root/l1/$i$j &&
          ln /mnt/$i/root/l1/$i$j /mnt/$i/root/l2/$i$j
      done
    done
    mount -t overlay -o lowerdir=/mnt/lower/root,upperdir=/mnt/upper/root,workdir=/mnt/upper/work \
      rooted /mnt || exit 1
  else
    mount -t "$fs" -o mode=755 rooted /mnt || exit 1
  fi
  mkdir /mnt/bin /mnt/dev /mnt/out /mnt/proc /mnt/host &&
    mount --bind "$kit" /mnt/bin && mount -t tmpfs out /mnt/out &&
    mount -t proc proc /mnt/proc && mknod -m 666 /mnt/dev/null c 1 3 &&
    cd /mnt && pivot_root . host && cd / && /bin/busybox umount -l /host &&
    /bin/busybox rmdir /host && exec /bin/busybox sh /bin/root.sh inside "$@"
  exit 1
fi

shift
export PATH=/bin
while [ "$1" != -- ]
do
  eval "$1" 2> /dev/null
  shift
done
shift
cd /
echo "== before"
observe /bin/manifest 2>&1
unshare -pf "$@" > /out/err 2>&1 < /dev/null 9> /out/injected
rc=$?
cd /
echo "== after"
observe /bin/manifest 2>&1
echo "== said"
cat /out/err
[ ! -s /out/injected ] || echo "== injected"
[ ! -s /out/ran ] || echo "== ran"
echo "== ended $rc"
