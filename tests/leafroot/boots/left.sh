# left.sh - what keeps the old root from being closed is named, before and after
# shellcheck shell=bash disable=SC2016
#
# One process for each way to stay there, which has no other: a root directory, a
# current directory, a program, a mapping, an open file; one is a storage daemon,
# one has nothing there. The others have /run/c for root, where files of the root
# are bound.
# SPDX-License-Identifier: 0BSD

boot left '
  mkdir -p /run/c/opt /opt
  mount --bind /opt /run/c/opt
  cp /t/busybox /run/c/sh
  echo > /run/c/file
  for i in cwdonly mapsonly fdonly nothing; do cp /t/holdfile /run/c/$i; done
  cp /t/holdfile /run/rootonly
  { cat /t/holdfile; head -c 1048576 /dev/zero; } | head -c 1048576 > /opt/exeonly
  chmod 755 /opt/exeonly
  head -c 3145728 /dev/zero > /opt/mapped
  head -c 2097152 /dev/zero > /opt/opened
  # hold COMMAND, HOW and FILE: run it, until it holds the file
  hold()
  {
    "$@" /ready /go < /dev/null > /dev/null 2>&1 &
    soon [ -e /run/c/ready ] || echo "=== hold BAD $*"
    rm -f /run/c/ready
  }
  in_run() { cd /run && exec "$@"; }
  in_c() { exec chroot /run/c "$@"; }
  ln -s /run/c/ready /ready
  hold in_run /run/rootonly shared /run/c/file
  hold in_c /sh -c "cd /opt && exec /cwdonly shared /file /ready /go"
  hold in_c /opt/exeonly shared /file
  hold in_c /mapsonly shared /opt/mapped
  hold in_c /fdonly write /opt/opened
  hold in_c /nothing shared /file
  stored() { cd /run && exec -a @stored /run/rootonly "$@"; }
  hold stored shared /run/c/file
' '
  want leaf is_leaf
  want emptied soon emptied
  wiped() { ! grep -qs leafroot-wipe /proc/[0-9]*/comm; }
  soon wiped || want wiped soon wiped
  want after escape pivot
  want alive sh -c "[ \$(pidof mapsonly fdonly exeonly | wc -w) = 3 ]"
' says='leafroot: process * (rootonly) stays on the old root with 0 KiB
leafroot: process * (cwdonly) stays on the old root with 0 KiB
leafroot: process * (exeonly) stays on the old root with 1 MiB
leafroot: process * (mapsonly) stays on the old root with 3 MiB
leafroot: process * (fdonly) stays on the old root with 2 MiB
leafroot: process * (rootonly), a storage daemon, stays on the old root with 0 KiB
leafroot: / is a tmpfs now: *
leafroot: sealing the old root: Invalid argument
leafroot: process * (rootonly) uses 0 KiB of the old root
leafroot: process * (cwdonly) uses 0 KiB of the old root
leafroot: process * (exeonly) uses 1 MiB of the old root
leafroot: process * (mapsonly) uses 3 MiB of the old root
leafroot: process * (fdonly) uses 2 MiB of the old root
leafroot: process * (rootonly) uses 0 KiB of the old root' \
  stage='cp "$WORK/holdfile" "$WORK/escape" t && echo secret > SECRET'

# One that is in a file system whose server does not answer: it can't be looked
# at, but it is nobody's of the old root either, and the boot goes on.
boot left-dead '
  insmod /t/fuse.ko
  mkdir /dead
  mknod /dev/fuse c 10 229 2> /dev/null
  mkfifo /run/ready
  /t/deadfuse /dead > /run/ready 2>&1 < /dev/null &
  same ready ready head -n 1 /run/ready
' '
  want leaf is_leaf
  same dead "fuse / rw,relatime" mounted /dead
  want alive sh -c "[ \$(pidof deadfuse | wc -w) = 2 ]"
' says='leafroot: process * (deadfuse) stays on the old root with * KiB
leafroot: process * (deadfuse) stays on the old root with * KiB
leafroot: / is a tmpfs now: *' \
  modules='loop fuse' limit=60 stage='cp "$WORK/deadfuse" t'
