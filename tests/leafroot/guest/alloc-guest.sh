# alloc-guest.sh MODE FROM STEP COUNT - a move, copy or whatever MODE is for which
# memory is out (busybox sh, on a rooted() root, leafroot with wrap/alloc.c)
# shellcheck shell=dash disable=SC1091,SC2086
#
# The allocations FROM, FROM+STEP... fail, COUNT of them or as many as there are,
# each in a run of its own, and each of them once alone and once with all that
# come after it. After each run the root is the new one or the old one, the tree
# and its mounts are the same, and nothing ended by a signal. What was not so is
# said, and how many runs there were.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

. /etc/lib

mode=$1 n=$2 step=$3 count=$4 runs=0 bad=0
hurt /hurt small && hurt-big /big small || exit 1
mkdir -p /a/b /c && mount -t tmpfs one /a/b && mount -t tmpfs two /c || exit 1
opts=-f
case "$mode" in
  copy) opts=-f2 ;;
  keep) opts="-f -k /old" ;;
  namespace) opts=-u ;;
  unpack)
    (cd / && find . -xdev | cpio -oH newc 2> /out/cpio) > /out/a.cpio
    cp /out/a.cpio /a/b
    opts="-f -x /a/b/a.cpio" ;;
esac
snap before
# What an archive can't hold: names of sockets stay, but attributes, holes and
# parts of seconds are gone. So after a success only what failed has to be seen.
[ "$mode" != unpack ] || loose=1

# one N: a run in which allocation N fails, or N+ those after it too
one()
{
  id=$(root_id) why='' moved=''
  rm -f /out/ran /out/err
  LEAFROOT_ALLOC=$1
  export LEAFROOT_ALLOC
  if [ "$mode" = namespace ]
  then
    timeout 20 leafroot -q $opts /newroot /sbin/init < /dev/null 2> /out/err 9> /out/injected
  else
    LIMIT=20 pid1 leafroot -q $opts /newroot /sbin/init < /dev/null
  fi
  rc=$?
  unset LEAFROOT_ALLOC
  [ "$rc" -lt 124 ] || why="ended by $rc, "
  [ -s /out/ran ] || [ "$mode" = namespace ] || why="${why}init did not run, "
  [ "$(root_id)" = "$id" ] || moved=1
  if [ -n "$moved" ] && [ "$mode" = keep ]
  then
    umount -l /old || why="${why}the old root is not kept, "
    rmdir /old
  fi
  snap after
  [ ! -e /newroot ] || why="${why}/newroot is left, "
  if [ -n "$moved" ] && [ -n "$loose" ]
  then
    snap before
  else
    same before after > /out/diff || why="${why}not the same, "
  fi
  runs=$((runs+1))
  [ -z "$why" ] && return
  bad=$((bad+1))
  echo "$mode $1: ${why%, }: $(said | tr '\n' '|')"
  head -n 8 /out/diff
  # What is left over is no root for the next run
  [ "$rc" -ge 124 ] && ! [ -e /newroot ] || { [ "$why" = "init did not run, " ] || exit 1; }
}

while [ "$count" -gt 0 ]
do
  one "$n+"
  [ -s /out/injected ] || break
  one "$n"
  n=$((n+step)) count=$((count-1))
done
[ "$runs" -gt 3 ] && [ "$bad" = 0 ] && echo "$mode: good" || echo "$mode: $bad of $runs bad"
